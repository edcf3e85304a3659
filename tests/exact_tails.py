"""Tools that give both tails of a law to 1e-15 or better, by mpmath: sums of masses, and Gauss's quadrature."""

from __future__ import annotations

import numpy as np
from mpmath import mp, mpf

LARGE = 300  # standard deviation from which on tails are integrals and not sums


def log_gamma(x):
    """mp.loggamma of a large argument at the precision that a small difference of two needs."""
    return mp.re(mp.loggamma(x))


def swapped(pair):
    return pair[::-1]


def walk(log_mass, k, ratio, up, most):
    """The sum of the masses at k, k + 1, ... (or k, k - 1, ...) up to `most`, where ratio(j) = mass(j) / mass(j - 1); terms
    that do not count at 35 digits are left out."""
    total, term, j = mpf(0), mp.exp(log_mass(k)), k
    while 0 <= j <= most and term > total * mpf(10) ** -35:
        total += term
        j, term = (j + 1, term * ratio(j + 1)) if up else (j - 1, term / ratio(j) if j else mpf(0))
    return total


NODES, WEIGHTS = ([mpf(float(v)) for v in part] for part in np.polynomial.legendre.leggauss(24))


def split(at, log_density, mode, sd):
    """P(T < at) and P(T > at) of a unimodal law on the line, to 1e-15: the tail away from the mode by Gauss's quadrature, in
    steps over which the density falls by about e^3, until what is left is below 1e-20 of it."""
    step, total = (sd if at >= mode else -sd) / 2, mpf(0)
    while True:
        fall = log_density(at) - log_density(at + step)
        step = step if fall < 3 else step * 3 / fall
        values = (w * mp.exp(log_density(at + step * (1 + x) / 2)) for x, w in zip(NODES, WEIGHTS, strict=True))
        part = abs(step) / 2 * mp.fsum(values)
        total, at = total + part, at + step
        if part < total * mpf(10) ** -20:
            return (1 - total, total) if step > 0 else (total, 1 - total)


def gamma_law(a, b=None):
    """Log density, mode and standard deviation of the gamma law of shape a, or of the beta law of shapes a and b."""
    if b is None:
        constant = log_gamma(a)
        return (lambda t: (a - 1) * mp.log(t) - t - constant), a - 1, mp.sqrt(a)
    constant, s = log_gamma(a) + log_gamma(b) - log_gamma(a + b), a + b
    return (
        (lambda t: (a - 1) * mp.log(t) + (b - 1) * mp.log1p(-t) - constant),
        (a - 1) / (s - 2),
        mp.sqrt(a * b / (s + 1)) / s,
    )


def tails_of_counts(log_mass, ratio, mean, variance, integral, most=lambda p: mp.inf):
    """Both tails: the one away from the mean is computed, the other is what is left."""

    def tails(p, x):
        if x < 0:
            return mpf(0), mpf(1)
        k, end = mp.floor(x), most(p)
        if k >= end:
            return mpf(1), mpf(0)
        if variance(p) > LARGE**2:
            return integral(p, k)
        mass, step = (lambda j: log_mass(p, j)), (lambda j: ratio(p, j))
        if k < mean(p):
            lower = walk(mass, k, step, up=False, most=end)
            return lower, 1 - lower
        upper = walk(mass, k + 1, step, up=True, most=end)
        return 1 - upper, upper

    return tails
