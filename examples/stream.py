"""Processes share a stream, or have one each; nothing is passed between them: ``python examples/stream.py [fork]``."""

import multiprocessing
import sys

import fastgen as fg
import numpy as np

MODEL = fg.Mixture([0.3, 0.7], fg.Normal([-2.0, 1.0], [0.5, 1.0]))
N, PARTS = 1_000_000, 8


def part(i: int) -> np.ndarray:
    """Part i of one stream. No worker draws what it does not return, and none knows of the others."""
    begin, end = i * N // PARTS, (i + 1) * N // PARTS
    return MODEL.sample(end - begin, rng=7, start=begin)


def experiment(stream: fg.Stream) -> float:
    """A repetition of an experiment, with a stream of its own: it may draw as much as it likes."""
    x = MODEL.sample(100_000, rng=stream)
    return float((x > 0).mean())


def main() -> None:
    # "spawn" starts afresh, "fork" copies this process: the numbers are the same.
    context = multiprocessing.get_context(sys.argv[1] if len(sys.argv) > 1 else "spawn")
    streams = fg.Stream(7).spawn(30)
    with context.Pool(2) as pool:
        together = np.concatenate(pool.map(part, range(PARTS)))
        shares = np.array(pool.map(experiment, streams))

    assert np.array_equal(together, MODEL.sample(N, rng=7))
    print(f"{PARTS} parts by 2 processes: the same {N:,} numbers as in one piece")

    assert [experiment(stream) for stream in streams] == shares.tolist()
    expected = 1 - MODEL.cdf(0.0)
    error = shares.std(ddof=1) / len(shares) ** 0.5
    print(f"{len(shares)} repetitions: P(x > 0) is {shares.mean():.4f} +- {error:.4f}, expected {expected:.4f}")
    assert abs(shares.mean() - expected) < 0.005

    # Sample 10^15 of the stream is as near as sample 0.
    print("far along:", MODEL.sample(3, rng=7, start=10**15))


if __name__ == "__main__":
    main()
