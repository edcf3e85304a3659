"""A mixture for every row, scored and drawn in one call: two uses of `MixtureBatch`: ``python examples/batch.py``."""

import fastgen as fg
import numpy as np

rng = np.random.default_rng(1)

# 1. The head of a mixture density network. For each input a the net gives logits, means and log scales of K components;
# here formulas stand in for it: y is a or -a, and the larger a, the likelier a.
a = rng.uniform(-2, 2, 100_000)
logits = np.stack([a, -a], axis=1)
weights = np.exp(logits - logits.max(axis=1, keepdims=True))  # they need not sum to 1
head = fg.MixtureBatch(weights, fg.Normal(np.stack([a, -a], axis=1), np.full((len(a), 2), 0.3)))

y, component = (answer[:, 0] for answer in head.sample(rng=7, return_labels=True))  # one for each row
loss = -head.log_prob(y).mean()  # what training would make small
single = fg.fit(y, 3, rng=2).mixture
print(
    f"loss {loss:.3f} nats with a mixture for each of {len(head):,} rows, {-single.log_prob(y).mean():.3f} by one for all"
)
assert loss < -single.log_prob(y).mean()
for low in (-2, -1, 0, 1):
    rows = (a >= low) & (a < low + 1)
    drawn, stated = (component[rows] == 0).mean(), head.weights[rows, 0].mean()
    print(f"  a from {low:2d} to {low + 1:2d}: y near a in {drawn:.1%} of rows, stated {stated:.1%}")
    assert abs(drawn - stated) < 0.02

# 2. A particle filter: a robot moves by about 1 a step, or slips back a little; a sensor reads its place. Sometimes the
# sensor sees a wall, 3 further.
steps, particles = 30, 20_000
path = np.cumsum(rng.choice([1.0, -0.2], steps, p=[0.8, 0.2]) + rng.normal(0, 0.1, steps))
reading = path + rng.choice([0.0, 3.0], steps, p=[0.8, 0.2]) + rng.normal(0, 0.5, steps)


def at(place: np.ndarray, shifts: list[float], scale: float) -> fg.MixtureBatch:
    """For each particle its place plus one of two shifts, of probability 0.8 and 0.2."""
    means = place[:, None] + shifts
    return fg.MixtureBatch(np.tile([0.8, 0.2], (len(place), 1)), fg.Normal(means, np.full_like(means, scale)))


place, found = np.zeros(particles), np.empty(steps)
for t, stream in enumerate(fg.Stream(3).spawn(steps)):
    place = at(place, [1.0, -0.2], 0.1).sample(rng=stream)[:, 0]
    score = at(place, [0.0, 3.0], 0.5).log_prob(np.full(particles, reading[t]))
    weight = np.exp(score - score.max())
    found[t] = np.average(place, weights=weight)
    place = rng.choice(place, particles, p=weight / weight.sum())

raw, filtered = (np.sqrt(((guess - path) ** 2).mean()) for guess in (reading, found))
print(f"error of the place: {raw:.2f} by the sensor alone, {filtered:.2f} by the filter")
assert filtered < 0.5 * raw
