"""Kinds of customers, learned from a table with gaps by an EM of your own: ``python examples/latent_class.py``.

`fit` learns normal laws. For others the E step is `responsibilities`, and the M step a few weighted means.
"""

import fastgen as fg
import numpy as np


def model(weights, rate, loc, scale, probs) -> fg.Mixture:
    """Within a kind the columns are independent: visits (a count), amount (above 0), shop (one of three)."""
    return fg.Mixture(weights, fg.Product([fg.Poisson(rate), fg.LogNormal(loc, scale), fg.Categorical(probs)]))


truth = model([0.6, 0.4], [2.0, 7.0], [3.0, 4.0], [0.5, 0.4], [[0.7, 0.2, 0.1], [0.2, 0.2, 0.6]])
x, kind = truth.sample(50_000, rng=1, return_labels=True)
x[np.random.default_rng(2).random(x.shape) < 0.3] = np.nan  # three values in ten are not known


def mean(values: np.ndarray, r: np.ndarray) -> np.ndarray:
    """For each kind the mean of the values that are known, each row weighted by r, (2, n)."""
    known = ~np.isnan(values)
    return (r * np.where(known, values, 0)).sum(axis=1) / (r * known).sum(axis=1)


visits, amount, shop = x.T
log_amount = np.log(amount)
in_shop = [np.where(np.isnan(shop), np.nan, shop == c) for c in range(3)]
m = model([0.5, 0.5], [1.0, 5.0], [3.0, 3.5], 1.0, np.full((2, 3), 1 / 3))  # a rough guess
likelihood = [-np.inf, m.log_prob(x).mean()]
while likelihood[-1] - likelihood[-2] > 1e-9:
    r = m.responsibilities(x).T  # E step: gaps are integrated out, a row counts by what is known of it
    loc = mean(log_amount, r)  # M step, from here
    scale = np.sqrt(mean((log_amount - loc[:, None]) ** 2, r))
    m = model(r.mean(axis=1), mean(visits, r), loc, scale, np.stack([mean(c, r) for c in in_shop], axis=1))
    likelihood.append(m.log_prob(x).mean())
assert (np.diff(likelihood) > -1e-12).all()  # no step of EM makes it worse

print(f"{len(likelihood) - 2} iterations; learned, and the truth in brackets:")
for name, learned, expected in (
    ("share", m.weights, truth.weights),
    ("visits", m.components.columns[0].rate, truth.components.columns[0].rate),
    ("log amount", m.components.columns[1].loc, truth.components.columns[1].loc),
    ("third shop", m.components.columns[2].probs[:, 2], truth.components.columns[2].probs[:, 2]),
):
    print(f"  {name:<10}", "   ".join(f"{a:5.3f} ({b:5.3f})" for a, b in zip(learned, expected, strict=True)))
    assert np.allclose(learned, expected, rtol=0.05)
right, best = ((mixture.assign(x) == kind).mean() for mixture in (m, truth))
print(f"kind told rightly: {right:.1%}; knowing the truth: {best:.1%}")
