"""Classify by Bayes' rule, one mixture for each class, p(x, y) = p(y) p(x | y): ``python examples/classify.py``."""

import fastgen as fg
import numpy as np

# Two classes that no straight line parts: y = 1 lies between the two clusters of y = 0.
truth = [
    fg.Mixture([0.5, 0.5], fg.MultivariateNormal([[-3, 0], [3, 0]], [np.eye(2)] * 2)),
    fg.Mixture(None, fg.MultivariateNormal([[0, 0]], [[[1, 0.7], [0.7, 1]]])),
]
prior = np.array([0.7, 0.3])


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and their classes."""
    y = np.random.default_rng(seed).choice(2, n, p=prior)
    both = np.stack([m.sample(n, rng=s) for m, s in zip(truth, fg.Stream(seed).spawn(2), strict=True)])
    return both[y, np.arange(n)], y


def posterior(classes: list[fg.Mixture], shares: np.ndarray, x: np.ndarray) -> np.ndarray:
    """p(y | x), (n, classes), from logarithms: also where both densities are too small for a number."""
    joint = np.stack([m.log_prob(x) for m in classes], axis=1) + np.log(shares)
    p = np.exp(joint - joint.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


x, y = draw(4_000, 1)
learned = [fg.fit(x[y == c], k, rng=2).mixture for c, k in ((0, 2), (1, 1))]
shares = np.bincount(y) / len(y)

x, y = draw(100_000, 3)
p, best = posterior(learned, shares, x), posterior(truth, prior, x)
right, bound = (p.argmax(axis=1) == y).mean(), (best.argmax(axis=1) == y).mean()
print(f"{right:.2%} of new rows classified correctly; the true densities reach {bound:.2%}, and nothing can do better")
assert bound - 0.005 < right <= bound + 0.002

# The probabilities mean what they say: of rows given 80 to 90 %, so many are of class 1.
for low in (0.1, 0.3, 0.5, 0.7, 0.9):
    rows = (p[:, 1] >= low - 0.1) & (p[:, 1] < low + 0.1)
    print(f"p(y = 1 | x) about {p[rows, 1].mean():.2f}: {y[rows].mean():.2f} of {rows.sum():6,} are of class 1")
    assert abs(p[rows, 1].mean() - y[rows].mean()) < 0.05
