"""Workers read their own part of one stream; the whole is the same however it is cut: ``python examples/stream.py``."""

from concurrent.futures import ThreadPoolExecutor

import fastgen as fg
import numpy as np

model = fg.Mixture([0.3, 0.7], fg.Normal([-2.0, 1.0], [0.5, 1.0]))
stream = fg.Stream(7)
n, parts = 1_000_000, 8


def part(i: int) -> np.ndarray:
    """Samples of worker i. Nothing is passed between workers, and no worker draws what it does not return."""
    begin, end = i * n // parts, (i + 1) * n // parts
    return model.sample(end - begin, rng=stream, start=begin)


with ThreadPoolExecutor(4) as pool:
    together = np.concatenate(list(pool.map(part, range(parts))))
assert np.array_equal(together, model.sample(n, rng=7))
print(f"{parts} parts, the same {n:,} numbers as in one piece")

# Sample 10^15 of the stream is as near as sample 0.
print("far along:", model.sample(3, rng=stream, start=10**15))

# Streams for repetitions of an experiment: independent of each other, each reproducible by itself.
for i, repetition in enumerate(stream.spawn(3)):
    print(f"repetition {i}: mean {model.sample(100_000, rng=repetition).mean():.4f}, expected {model.mean:.4f}")
