"""Counts with too many zeros: a point mass at 0 beside a Poisson law: ``python examples/zero_inflated.py``."""

import fastgen as fg


def model(share: float, rate: float) -> fg.Mixture:
    """Nobody fishes (always 0), or somebody does and catches a Poisson number, which may be 0 too."""
    return fg.Mixture([share, 1 - share], [fg.Delta(0.0), fg.Poisson(rate)])


truth = model(0.35, 2.5)
caught = truth.sample(20_000, rng=1)

# EM: whose 0 is it? The number that were caught are all of those who fish.
m = model(0.5, 1.0)
for _ in range(100):
    idle = m.responsibilities(caught)[:, 0]
    m = model(idle.mean(), caught.sum() / (1 - idle).sum())
share, rate = m.weights[0], m.components[1].rate[0]
print(f"learned: {share:.3f} do not fish, the others catch {rate:.3f}; the truth: 0.350 and 2.500")
assert abs(share - 0.35) < 0.02
assert abs(rate - 2.5) < 0.05

plain = fg.Mixture(None, fg.Poisson(caught.mean()))
print("caught   observed   learned   a Poisson law alone")
for n in range(5):
    print(f"{n:6d} {(caught == n).mean():10.3f} {m.prob(n):9.3f} {plain.prob(n):21.3f}")
print(f"nats a count: {m.log_prob(caught).mean():.3f} learned, {plain.log_prob(caught).mean():.3f} by Poisson alone")
print(f"of those who caught nothing, {m.responsibilities(0.0)[0]:.1%} did not fish")
