"""Laws and mixtures of them at 50 digits, by mpmath, straight from their definitions.

A law's reference takes the parameters as given by the user (float64, taken as exact) and returns, for component k, a
function from a point (a list of mpf) to its log density and the gradient of that.
"""

from __future__ import annotations

import mpmath
import numpy as np
from mpmath import mp, mpf

mp.dps = 50

LOG_TOLERANCE = 1e-13  # what is promised of log densities (DESIGN, section 2)


def exact(values):
    """Nested lists of mpf with exactly these float values."""
    values = np.asarray(values)
    return mpf(float(values)) if values.ndim == 0 else [exact(v) for v in values]


def close(actual, expected, tolerance):
    """|actual - expected| <= tolerance max(1, |expected|), with `expected` at 50 digits."""
    if mp.isinf(expected):
        return actual == float(expected)
    return abs(mpf(float(actual)) - expected) <= tolerance * max(mpf(1), abs(expected))


def cholesky(a):
    """Lower factor of a symmetric positive definite matrix of mpf."""
    lower = [[mpf(0)] * len(a) for _ in a]
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i][j] - mpmath.fdot(lower[i][:j], lower[j][:j])
            lower[i][j] = mp.sqrt(rest) if i == j else rest / lower[j][j]
    return lower


def solve_lower(lower, b):
    """y with L y = b."""
    y = []
    for i, row in enumerate(lower):
        y.append((b[i] - mpmath.fdot(row[:i], y)) / row[i])
    return y


def solve_lower_transposed(lower, y):
    """z with L^T z = y."""
    n = len(lower)
    z = [mpf(0)] * n
    for i in reversed(range(n)):
        z[i] = (y[i] - mpmath.fdot([lower[j][i] for j in range(i + 1, n)], z[i + 1 :])) / lower[i][i]
    return z


def normal(loc, scale, k):
    """Normal(loc, scale)."""
    return _independent(exact([loc[k]]), [mpf(float(scale[k]))])


def independent_normal(mean, variances):
    """Independent normals with these variances (float64)."""
    return _independent(exact(mean), [mp.sqrt(v) for v in exact(variances)])


def _independent(mean, deviation):
    constant = -sum(mp.log(s) for s in deviation) - len(mean) * mp.log(2 * mp.pi) / 2

    def log_density(x):
        z = [(a - m) / s for a, m, s in zip(x, mean, deviation, strict=True)]
        return constant - mpmath.fdot(z, z) / 2, [-a / s for a, s in zip(z, deviation, strict=True)]

    return log_density


def multivariate_normal(mean, lower):
    """The normal law with this mean (float64) and lower factor of the covariance (mpf)."""
    mean = exact(mean)
    constant = -sum(mp.log(lower[i][i]) for i in range(len(mean))) - len(mean) * mp.log(2 * mp.pi) / 2

    def log_density(x):
        y = solve_lower(lower, [a - m for a, m in zip(x, mean, strict=True)])
        return constant - mpmath.fdot(y, y) / 2, [-z for z in solve_lower_transposed(lower, y)]

    return log_density


def multivariate_student_t(df, mean, lower):
    """The t law with these degrees of freedom and this centre (float64), and lower factor of the scale matrix (mpf)."""
    v, mean, d = mpf(float(df)), exact(mean), len(mean)
    constant = mp.loggamma((v + d) / 2) - mp.loggamma(v / 2) - d * mp.log(mp.pi * v) / 2
    constant -= sum(mp.log(lower[i][i]) for i in range(d))

    def log_density(x):
        y = solve_lower(lower, [a - m for a, m in zip(x, mean, strict=True)])
        square = mpmath.fdot(y, y)
        slope = -(v + d) / (v + square)
        return constant - (v + d) / 2 * mp.log1p(square / v), [slope * z for z in solve_lower_transposed(lower, y)]

    return log_density


def diagonal(scales):
    """Lower factor with these on its diagonal (mpf)."""
    return [[s if i == j else mpf(0) for j in range(len(scales))] for i, s in enumerate(scales)]


def factor_normal(mean, loadings, noise):
    """Normal with covariance loadings loadings^T + diag(noise)."""
    rows, variances = exact(loadings), exact(noise)
    covariance = [[mpmath.fdot(a, b) for b in rows] for a in rows]
    for i, variance in enumerate(variances):
        covariance[i][i] += variance
    return multivariate_normal(mean, cholesky(covariance))


def factor_of_inverse(precision):
    """Lower factor of the inverse of a matrix of float64."""
    matrix = mpmath.matrix(exact(precision))
    inverse = (matrix**-1).tolist()
    return cholesky(inverse)


def von_mises_fisher(direction, kappa):
    """The von Mises-Fisher law, as a density of the directions of points."""
    mu, kappa, d = exact(direction), mpf(float(kappa)), mpf(len(direction))
    length = mp.sqrt(mpmath.fdot(mu, mu))
    mu = [m / length for m in mu]
    order = d / 2 - 1
    # kappa^v / I_v(kappa), which has a limit at 0.
    if kappa:
        constant = order * mp.log(kappa) - mp.log(mp.besseli(order, kappa, maxterms=10**7)) - d / 2 * mp.log(2 * mp.pi)
    else:
        constant = mp.loggamma(d / 2) - mp.log(2) - d / 2 * mp.log(mp.pi)

    def log_density(x):
        cosine = mpmath.fdot(mu, x) / mp.sqrt(mpmath.fdot(x, x))
        return constant + kappa * cosine, [kappa * m for m in mu]

    return log_density


def dirichlet(concentrations):
    """The Dirichlet law, as a density of points over their sums."""
    a = exact(concentrations)
    constant = mp.loggamma(mp.fsum(a)) - mp.fsum(mp.loggamma(v) for v in a)

    def log_density(x):
        total = mp.fsum(x)
        logs = mp.fsum((v - 1) * mp.log(s / total) for v, s in zip(a, x, strict=True))
        return constant + logs, [(v - 1) / s for v, s in zip(a, x, strict=True)]

    return log_density


def mixture(weights, components, x):
    """Log density, its gradient, responsibilities and component log densities at one point.

    mpmath's exponents have no limits, so nothing needs shifting.
    """
    point = exact(np.atleast_1d(x))
    parts = [component(point) for component in components]
    used = [(mpf(float(w)), *part) for w, part in zip(weights, parts, strict=True)]
    terms = [w * mp.exp(lp) if w else mpf(0) for w, lp, _ in used]
    total = mp.fsum(terms)
    shares = [term / total for term in terms]
    # Where a component has no share its gradient, which may not exist, does not count.
    gradient = [mp.fsum(r * g[d] for r, (_, _, g) in zip(shares, used, strict=True) if r) for d in range(len(point))]
    return mp.log(total), gradient, shares, [lp for lp, _ in parts]


def normal_mixture_cdf(weights, loc, scale, x):
    """P(X <= x) of a mixture of normals."""
    w, mu, sigma = exact(weights), exact(loc), exact(scale)
    return mp.fsum(a * mp.erfc((m - x) / (s * mp.sqrt(2))) / 2 for a, m, s in zip(w, mu, sigma, strict=True))
