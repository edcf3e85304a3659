"""Statistical tests with a stated rate of false alarms.

Every test below rejects a perfect sampler with probability ALPHA = 1e-6. Seeds are fixed, so a suite that passes once
passes always; the rate says how likely a change of seed or stream is to fail for nothing. Each function returns
p-value-like evidence as (statistic, limit), to be used as ``statistic <= limit``.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

ALPHA = 1e-6


def accept(evidence):
    statistic, limit = evidence
    assert statistic <= limit, f"{statistic:.6g} exceeds {limit:.6g}"


def reject(evidence):
    statistic, limit = evidence
    assert statistic > limit, f"a wrong sampler went unseen: {statistic:.6g} is within {limit:.6g}"


def ks_normal(z, alpha=ALPHA):
    """Kolmogorov-Smirnov distance of z from the standard normal law, and its limit.

    The limit is of Dvoretzky, Kiefer, Wolfowitz and Massart: P(distance > e) <= 2 exp(-2 n e^2), true for every n. A
    sampler whose distribution function is off by 2 e somewhere is caught with probability at least 1 - alpha.
    """
    z = np.sort(np.asarray(z, dtype=np.float64).ravel())
    n = len(z)
    f = special.ndtr(z)
    distance = max((np.arange(1, n + 1) / n - f).max(), (f - np.arange(n) / n).max())
    return distance, ks_limit(n, alpha)


def ks_limit(n, alpha=ALPHA):
    """The distance that a perfect sample of n exceeds with probability at most alpha."""
    return np.sqrt(np.log(2 / alpha) / (2 * n))


def chi_square(counts, expected, alpha=ALPHA):
    """Pearson's statistic for counts in cells, and its limit. Every expected count should be at least 20 or so."""
    counts, expected = np.asarray(counts, dtype=float), np.asarray(expected, dtype=float)
    assert expected.min() >= 20
    assert abs(counts.sum() - expected.sum()) < 1e-6 * counts.sum()
    return ((counts - expected) ** 2 / expected).sum(), stats.chi2.isf(alpha, len(counts) - 1)


def count(observed, n, p, alpha=ALPHA):
    """Whether a binomial count is within its two-sided limits; returns (deviation, 1) in units of the limit."""
    low, high = stats.binom.ppf(alpha / 2, n, p), stats.binom.isf(alpha / 2, n, p)
    middle, half = (low + high) / 2, (high - low) / 2 + 1e-9
    return abs(observed - middle) / half, 1.0


def correlation(a, b, alpha=ALPHA):
    """Correlation of two columns with mean 0 and variance 1, times sqrt(n): standard normal for large n if they are
    independent (for n >= 1e5 and four finite moments the error of that at 1e-6 is a few percent of alpha)."""
    a, b = np.ravel(a), np.ravel(b)
    return abs(float(a @ b)) / np.sqrt(len(a)), stats.norm.isf(alpha / 2)
