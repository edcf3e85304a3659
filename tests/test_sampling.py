"""Samplers against the laws they claim, with stated error rates.

Each assertion rejects a perfect sampler with probability at most 1e-6 (`statistics_tools.ALPHA`); there are about 800,
so that a new stream fails this file for nothing with probability below 1e-3. Every kind of test is shown to have teeth
by a sampler that is wrong by the smallest error stated for it.
"""

from __future__ import annotations

import cases
import fastgen as fg
import numpy as np
import pytest
from helpers import assert_same_bits
from scipy import special, stats
from statistics_tools import ALPHA, accept, chi_square, correlation, count, ks_limit, ks_normal, reject

N = 400_000
STANDARD = fg.Mixture(None, fg.Normal(0.0, 1.0))
DTYPES = (np.float64, np.float32)

STAT_CASES = [
    *(cases.case((law, 3), d=1 if law.scalar else 4) for law in cases.LAWS),
    *(cases.case((law, 3), d=d) for law in cases.SURFACE for d in (2, 3, 9)),
    cases.case((cases.NORMAL, 50)),
    cases.case((cases.FULL, 40), d=3),
    cases.case((cases.FULL, 2), (cases.DIAG, 2), (cases.SPHERICAL, 1), d=3),
    cases.case((cases.FULL, 2), d=19),
]


def whitened(case, x, labels):
    """Every point in the coordinates in which its own component is standard normal, (n, D); on surfaces one less."""
    z = np.empty((len(x), case.d - case.surface))
    for k, whiten in enumerate(case.whiteners()):
        z[labels == k] = whiten(x[labels == k].astype(np.float64))
    return z


def draw(case, n=N, dtype=np.float64, seed=77):
    x, labels = case.mixture().sample(n, rng=seed, dtype=dtype, return_labels=True)
    return x, labels, whitened(case, x, labels)


# The law of each component


@pytest.mark.parametrize(("case", "dtype"), cases.in_both_precisions(STAT_CASES))
def test_law(case, dtype):
    """Coordinates by Kolmogorov-Smirnov (all together: distance 2 sqrt(7.25 / (N D)), 0.009 for D = 1; and one random
    projection), radii by chi-square in 50 cells, counts by chi-square, order by correlations.

    Smallest errors seen (test_power_*): scale 3%, location 0.015 standard deviations, a correlation of 0.015 between
    coordinates or neighbours, a component's weight 3% off.
    """
    n = N // max(1, case.d // 4)
    _, labels, z = draw(case, n, dtype)
    weights = case.mixture().weights
    # Which component.
    accept(chi_square(np.bincount(labels, minlength=case.k), n * weights) if case.k > 1 else (0, 0))
    # Its law: coordinates are independent standard normals, so all of them are one sample.
    accept(ks_normal(z))
    d = z.shape[1]
    direction = np.random.default_rng(d).normal(size=d)
    accept(ks_normal(z @ direction / np.linalg.norm(direction)))
    square = (z * z).sum(axis=1)
    cells = np.floor(50 * special.chdtr(d, square)).clip(0, 49).astype(int)
    accept(chi_square(np.bincount(cells, minlength=50), np.full(50, n / 50)))
    # Coordinates of one sample, and of one sample and those after it, are independent: also their squares.
    energy = (z * z - 1) / np.sqrt(2)
    for i in range(min(d, 4)):
        for j in range(i):
            accept(correlation(z[:, i], z[:, j]))
            accept(correlation(energy[:, i], energy[:, j]))
    for lag in (1, 2, 8, 16, 64):
        accept(correlation(z[lag:], z[:-lag]))
        accept(correlation(energy[lag:], energy[:-lag]))


@pytest.mark.parametrize("case", [c for c in STAT_CASES if c.k > 1], ids=repr)
def test_order_is_random(case):
    """Labels are i.i.d.: pairs of neighbours by chi-square, runs, and the label against the noise and the position.

    Sorted or blocked labels fail at once; a tendency of 1% to repeat the last label fails the chi-square on pairs of
    the case with three components.
    """
    _, labels, z = draw(case)
    weights = case.mixture().weights
    # At most 8 groups of components of about equal weight, so that cells of pairs are full.
    group = np.minimum((np.cumsum(weights) - weights / 2) * 8, 7).astype(int)
    _, group = np.unique(group, return_inverse=True)
    share = np.bincount(group, weights=weights)
    g = group[labels]
    pairs = np.outer(share, share).ravel()
    for lag in (1, 2, 7, 64, 512):
        a, b = g[: -lag or None : 2 * lag][: len(g) // (2 * lag)], g[lag :: 2 * lag][: len(g) // (2 * lag)]
        expected = len(a) * pairs
        if expected.min() >= 20:
            accept(chi_square(np.bincount(a * len(share) + b, minlength=len(pairs)), expected))
    same = float(share @ share)
    a, b = g[: len(g) // 2 * 2 : 2], g[1::2]
    accept(count((a == b).sum(), len(a), same))
    # Position: each tenth of the stream has its share of every group.
    tenth = np.arange(len(g)) * 10 // len(g)
    accept(chi_square(np.bincount(tenth * len(share) + g, minlength=10 * len(share)), np.tile(share * len(g) / 10, 10)))
    # The noise does not know the label: one group's points, by themselves, are standard normal; nor does its sign.
    first = z[g == 0]
    accept(ks_normal(first))
    sign = (z[:, 0] > 0).astype(int)
    accept(chi_square(np.bincount(g * 2 + sign, minlength=2 * len(share)), np.repeat(share, 2) * len(g) / 2))


# Teeth

SMALL = cases.case((cases.FULL, 3), d=4)


@pytest.mark.parametrize("sign", [1, -1])
def test_power_of_the_coordinate_test(sign):
    """A scale off by 1% moves the distribution function by 0.0024, seen in 1.6e6 coordinates; a location by 0.01."""
    _, _, z = draw(SMALL)
    reject(ks_normal(z * (1 + sign * 0.015)))
    reject(ks_normal(z + sign * 0.015))
    _, _, one = draw(STAT_CASES[0])
    reject(ks_normal(one * (1 + sign * 0.03)))
    accept(ks_normal(z * (1 + 1e-6)))  # and what is invisible stays so


def test_power_of_the_radius_test():
    _, _, z = draw(SMALL)
    square = (z * z).sum(axis=1) * 1.01**2
    cells = np.floor(50 * special.chdtr(4, square)).clip(0, 49).astype(int)
    reject(chi_square(np.bincount(cells, minlength=50), np.full(50, N / 50)))


def test_power_of_the_correlation_tests():
    _, _, z = draw(SMALL)
    reject(correlation(z[:, 0], z[:, 1] + 0.015 * z[:, 0]))
    energy = (z * z - 1) / np.sqrt(2)
    reject(correlation(energy[:, 0], energy[:, 1] + 0.015 * energy[:, 0]))
    mixed = z[1:] + 0.01 * z[:-1]
    reject(correlation(mixed, z[:-1]))


def test_power_of_the_label_tests():
    _, labels, _ = draw(SMALL)
    weights = SMALL.mixture().weights
    wrong = weights * [1.03, 1, 1] / (weights @ [1.03, 1, 1])
    reject(chi_square(np.bincount(labels), N * wrong))
    rng = np.random.default_rng(1)
    sticky = np.where(rng.random(N) < 0.03, np.roll(labels, 1), labels)
    a, b = sticky[::2], sticky[1::2]
    pairs = np.outer(weights, weights).ravel()
    reject(chi_square(np.bincount(a * 3 + b, minlength=9), len(a) * pairs))
    a, b = np.sort(labels)[::2], np.sort(labels)[1::2]
    reject(count((a == b).sum(), len(a), float(weights @ weights)))


def test_power_of_the_ks_limit():
    """The limit is honest: of 2,000 samples by NumPy none is rejected at 1e-6, and about 20 are at 1e-2."""
    rng = np.random.default_rng(1)
    evidence = [ks_normal(rng.normal(size=200), alpha=1e-2) for _ in range(2000)]
    rejected = sum(statistic > limit for statistic, limit in evidence)
    assert stats.binom.ppf(1e-6, 2000, 0.004) <= rejected <= stats.binom.isf(1e-6, 2000, 0.01)
    assert all(statistic <= ks_limit(200) for statistic, _ in evidence)


# Tails

TAIL_SAMPLES = 27_000_000


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda t: t.__name__)
def test_tails(dtype):
    """Counts beyond |z| = 3, 4, 4.5, 5, each side by itself: 27 million normals have 7.7 beyond +5.

    Smallest errors seen, a side (test_power_of_the_tail_test): 3% beyond 3 (36,400 expected), 20% beyond 4 (855
    expected); and a law that ends at 5 (15.5 expected on both sides: the chance of none is 2e-7). Uniforms of 24 bits
    would leave about 1,000 values beyond 4: the count of distinct values shows that.
    """
    n, piece = TAIL_SAMPLES, 3_000_000
    levels = (3.0, 4.0, 4.5, 5.0)
    counts = {(side, level): 0 for side in (1, -1) for level in levels}
    extreme, largest = [], 0.0
    for start in range(0, n, piece):
        z = STANDARD.sample(piece, rng=99, start=start, dtype=dtype)
        outer = z[np.abs(z) > levels[0]]
        for side, level in counts:
            counts[side, level] += int((side * outer > level).sum())
        extreme.append(outer[np.abs(outer) > 4])
        largest = max(largest, float(np.abs(outer).max()))
    for (_, level), observed in counts.items():
        accept(count(observed, n, stats.norm.sf(level)))
    both = counts[1, 5.0] + counts[-1, 5.0]
    accept(count(both, n, 2 * stats.norm.sf(5.0)))
    reject(count(0, n, 2 * stats.norm.sf(5.0)))
    # The largest of 27 million: P(|z| < 4.95 for all) = 2e-9, P(any > 7.6) = 8e-7.
    assert 4.95 < largest < 7.6
    # The law beyond 4, given that: uniform after its own distribution function.
    extreme = np.abs(np.concatenate(extreme)).astype(np.float64)
    u = stats.norm.sf(extreme) / stats.norm.sf(4.0)
    accept(ks_normal(special.ndtri(u)))
    # Not quantised: float32 values are 4.8e-7 apart here and the density falls over 0.22, so that 1,710 draws repeat
    # one 1.6 times on average, and more than 12 times with probability 1e-7.
    assert len(extreme) - len(np.unique(extreme)) <= (0 if dtype is np.float64 else 12)


def test_power_of_the_tail_test():
    """The stated errors, either way."""
    n = TAIL_SAMPLES
    for level, wrong in ((3.0, 0.03), (4.0, 0.2)):
        p = stats.norm.sf(level)
        reject(count(round(n * p * (1 - wrong)), n, p))
        reject(count(round(n * p * (1 + wrong)), n, p))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda t: t.__name__)
def test_both_halves_of_a_pair(dtype):
    """Box-Muller's cosine and sine: independent, with independent squares, each standard normal; no sign preferred."""
    z = STANDARD.sample(1_600_000, rng=5, dtype=dtype).astype(np.float64)
    pairs = z.reshape(-1, 2, 8 if dtype is np.float64 else 16)
    c, s = pairs[:, 0].ravel(), pairs[:, 1].ravel()
    for part in (c, s):
        accept(ks_normal(part))
    accept(correlation(c, s))
    accept(correlation((c * c - 1) / np.sqrt(2), (s * s - 1) / np.sqrt(2)))
    # The angle in 64 sectors, the radius in 32 rings, together.
    sector = np.floor((np.arctan2(s, c) / (2 * np.pi) + 0.5) * 64).clip(0, 63).astype(int)
    ring = np.floor(-np.expm1(-(c * c + s * s) / 2) * 32).clip(0, 31).astype(int)
    accept(chi_square(np.bincount(sector * 32 + ring, minlength=2048), np.full(2048, len(c) / 2048)))


INVERTED = [
    (fg.Exponential(1.0), lambda x: x),
    (fg.Uniform(0.0, 1.0), lambda x: x),
    (fg.Uniform(-1.0, 0.0), lambda x: -x),
    (fg.Weibull(1.0, 1.0), lambda x: x),
]


@pytest.mark.parametrize(("law", "distance"), INVERTED, ids=lambda v: repr(v) if isinstance(v, fg.Components) else "")
def test_ends_are_not_coarse(law, distance):
    """The million values' 61 within 2^-14 of an end at 0 keep their digits.

    A uniform of 53 bits would make all of them multiples of 2^-53. A number with 53 digits of its own is one with
    probability 2^-12 at most: four of 100 with probability 2e-8."""
    x = distance(fg.Mixture(None, law).sample(1_000_000, rng=21))
    accept(count((x < 2.0**-14).sum(), len(x), -np.expm1(-(2.0**-14))))
    near = x[x < 2.0**-14]
    assert (near > 0).all()
    assert (np.mod(near * 2.0**53, 1) == 0).sum() <= 3


# Streams


def test_streams_are_independent():
    """Streams of neighbouring seeds and of one parent, read side by side: interleaved they are one sample of the law,
    uncorrelated at every lag that joins two of them."""
    for streams in ([fg.Stream(s) for s in range(64)], fg.Stream(1).spawn(64), [fg.Stream([1, s]) for s in range(64)]):
        z = np.stack([STANDARD.sample(10_000, rng=s) for s in streams], axis=1)
        accept(ks_normal(z))
        energy = (z * z - 1) / np.sqrt(2)
        for lag in (1, 2, 3, 17):
            accept(correlation(z[:, lag:], z[:, :-lag]))
            accept(correlation(energy[:, lag:], energy[:, :-lag]))
        # Sums over streams at one index: what a parallel simulation averages.
        accept(ks_normal(z.sum(axis=1) / 8))
        # All pairs at once: the largest of 2,016 correlations, each at 1e-6 / 2,016.
        c = np.abs(np.corrcoef(z.T) - np.eye(64)).max() * np.sqrt(len(z))
        assert c <= stats.norm.isf(ALPHA / 2016 / 2)


def test_positions_are_independent():
    """Parts of one stream far from each other, where the counter's high words change."""
    starts = [0, 2**31 - 4000, 2**32 - 4000, 2**36, 2**40, 2**52, 2**62, 2**63]
    z = np.stack([STANDARD.sample(50_000, rng=3, start=s) for s in starts], axis=1)
    accept(ks_normal(z))
    for lag in range(1, len(starts)):
        accept(correlation(z[:, lag:], z[:, :-lag]))


def test_models_share_a_stream():
    """One seed for two models: the same noise, by design; the labels are another part of the stream."""
    m = fg.Mixture([0.5, 0.5], fg.Normal([0.0, 0.0], [1.0, 1.0]))
    z, labels = m.sample(N, rng=4, return_labels=True)
    assert np.array_equal(z, STANDARD.sample(N, rng=4))
    accept(correlation(2.0 * labels - 1, z))
    accept(correlation(2.0 * labels - 1, (z * z - 1) / np.sqrt(2)))


def test_laws_of_normals():
    """Half-normal and log-normal samples are those of the normal law of the same seed, folded and exponentiated."""
    normal = fg.Mixture(None, fg.Normal(0.0, 2.0)).sample(10_001, rng=4)
    assert np.array_equal(fg.Mixture(None, fg.HalfNormal(2.0)).sample(10_001, rng=4), np.abs(normal))
    np.testing.assert_allclose(
        fg.Mixture(None, fg.LogNormal(0.0, 2.0)).sample(10_001, rng=4), np.exp(normal), rtol=4 * np.finfo(float).eps
    )


# Components that are rare or impossible


@pytest.mark.parametrize("k", [8, 64])
def test_rare_components(k):
    """Weights over 12 orders of magnitude, by thresholds and by the alias table: each component's own count."""
    weights = np.geomspace(1e-12, 1, k)
    weights[k // 2] = 0
    m = fg.Mixture(weights, fg.Normal(np.arange(k), 1.0))
    n = 4_000_000
    _, labels = m.sample(n, rng=8, return_labels=True)
    counts = np.bincount(labels, minlength=k)
    assert counts[k // 2] == 0
    for observed, weight in zip(counts, m.weights, strict=True):
        accept(count(observed, n, weight) if weight else (observed, 0))


def test_weight_zero_is_never_drawn():
    """First, last and in the middle, where thresholds coincide."""
    for k in (3, 6, 64):
        for zero in ([0], [k - 1], [0, 1], [k - 2, k - 1], [k // 2]):
            weights = np.ones(k)
            weights[zero] = 0
            _, labels = fg.Mixture(weights, fg.Normal(np.arange(k), 1.0)).sample(200_000, rng=8, return_labels=True)
            assert not np.isin(labels, zero).any()


@pytest.mark.parametrize(
    "law",
    [
        fg.Uniform([0.2999999, 0.1], [0.3, 0.7]),
        fg.TruncatedNormal(0.0, 1.0, 0.2999999, 0.3),
        fg.Pareto(1e8, 0.7),
        fg.Product([fg.Uniform(0.2999999, 0.3), fg.Pareto(1e8, 0.7)]),
    ],
)
def test_float32_samples_stay_within_the_support(law):
    """Ends that are no float32: the nearest one may lie outside, where the law has no density. Hundreds of 1000 did."""
    m = fg.Mixture(None, [law, law])
    x = m.sample(1000, rng=1, dtype=np.float32)
    assert np.isfinite(m.log_prob(x)).all()
    labelled, _ = m.sample(1000, rng=1, dtype=np.float32, return_labels=True)
    assert_same_bits(labelled, x)
    np.testing.assert_allclose(x, m.sample(1000, rng=1), rtol=2**-23)
    tail = np.concatenate([x[:10], m.sample(990, rng=fg.Stream(1), start=10, dtype=np.float32)])
    assert_same_bits(tail, x)
