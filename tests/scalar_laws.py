"""The scalar laws: one row each drives every test of them (test_laws.py, and by cases.py all generic ones).

To test a new law, add a row to the rows_*.py of its kind and its golden bits (test_golden.py says how). A row states the law
three times over, independently of the package: by mpmath, by SciPy, and by what must be refused.
"""

from __future__ import annotations

import numpy as np
import rows_counts
import rows_formula
import rows_gamma
import rows_normal
from law import Law, normal_of
from mpmath import mp, mpf
from row import Row, remembered

# In the order in which they are written.
ROWS = tuple(
    row._replace(log_density=remembered(row.log_density), tails=remembered(row.tails))
    for kind in (rows_formula, rows_counts, rows_gamma, rows_normal)
    for row in vars(kind).values()
    if isinstance(row, Row)
)


def scalar_law(row):
    """The row of a scalar law as the generic tests want it."""

    def reference_of(parameters, k):
        p = {name: mpf(float(values[k])) for name, values in parameters.items()}

        def log_density(x):
            (at,) = x
            value = row.log_density(p, at)
            slope = not row.discrete and mp.isfinite(value)
            return value, [mp.diff(lambda t: row.log_density(p, t), at, h=mpf(10) ** -20) if slope else mp.nan]

        return log_density

    def whiten(parameters, k, x):
        """Through the peer's distribution function, from the nearer end; jumps are filled evenly."""
        peer = row.peer({name: values[k] for name, values in parameters.items()})
        below, above = peer.cdf(x), peer.sf(x)
        if row.discrete:
            mass, u = peer.pmf(x), np.random.default_rng(3).random(len(x))
            below, above = below - u * mass, above + u * mass
        return normal_of(below, above)[:, None]

    def points(parameters, rng, n):
        """Half from the components, by the peer, and half anywhere between their extreme quantiles, inside the support."""
        k = len(next(iter(parameters.values())))
        peers = [row.peer({name: values[j] for name, values in parameters.items()}) for j in range(k)]
        x = np.concatenate([peer.rvs(size=n // k + 1, random_state=rng) for peer in peers]).astype(float)[:n]
        low, high = (combine(p.ppf(q) for p in peers) for combine, q in ((min, 1e-3), (max, 1 - 1e-3)))
        anywhere = rng.uniform(low, high, size=n)
        anywhere = np.round(anywhere) if row.discrete else anywhere
        inside = sum((peer.pmf if row.discrete else peer.pdf)(anywhere) for peer in peers) > 0
        return np.where(inside & (rng.random(n) < 0.5), anywhere, rng.permutation(x))

    return Law(
        row.id,
        scalar=True,
        construct=row.construct,
        parameters=lambda rng, k, d: row.parameters(rng, k),
        reference=reference_of,
        whiten=whiten,
        shapes=((1, 1), (3, 1)),
        bad=row.bad,
        points=points,
        golden=row.golden,
        discrete=row.discrete,
    )


SCALAR = tuple(scalar_law(row) for row in ROWS)
BY_ID = {law.id: law for law in SCALAR}
