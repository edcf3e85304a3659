"""The one table of laws, and the mixtures of them over which every generic test runs.

To test a new family, add a row and its golden bits (test_golden.py says how): a scalar one to rows_*.py, another to the
*_laws.py of its kind. A row says how to make parameters, how to construct components from them, what their density is at 50
digits, and which parameters are bad. Cases are mixtures made of rows.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import fastgen as fg
import numpy as np
import pytest
from gaussian_laws import DIAG, FACTOR, FULL, GAUSSIAN, NORMAL, SPHERICAL, TIED
from product_law import PRODUCT
from scalar_laws import SCALAR
from student_laws import STUDENT, STUDENT_DIAG, STUDENT_FULL, STUDENT_SPHERICAL, STUDENT_TIED
from surface_laws import DIRICHLET, SURFACE, VMF

if TYPE_CHECKING:
    from law import Law


LAWS = (*GAUSSIAN, *STUDENT, *SCALAR, PRODUCT, *SURFACE)


class Case(NamedTuple):
    """A mixture: laws with their numbers of components, all with D features."""

    parts: tuple[tuple[Law, int], ...]
    d: int

    def __repr__(self):
        return "+".join(f"{law.id}-K{k}" for law, k in self.parts) + f"-D{self.d}"

    @property
    def scalar(self):
        return self.parts[0][0].scalar

    @property
    def gaussian(self):
        """Whether squared distances tell everything."""
        return all(law in GAUSSIAN for law, _ in self.parts)

    @property
    def discrete(self):
        return self.parts[0][0].discrete

    @property
    def surface(self):
        """Whether points satisfy an equation."""
        return self.parts[0][0] in SURFACE

    @property
    def k(self):
        return sum(k for _, k in self.parts)

    def parameters(self):
        """The parameters of each part; the same at every call."""
        rng = np.random.default_rng([self.d, *(k for _, k in self.parts)])
        return [law.parameters(rng, k, self.d) for law, k in self.parts]

    def weights(self):
        return np.random.default_rng([7, self.k, self.d]).uniform(0.05, 1.0, size=self.k)

    def fresh(self):
        """A new mixture."""
        components = [law.construct(**p) for (law, _), p in zip(self.parts, self.parameters(), strict=True)]
        return fg.Mixture(self.weights(), components)

    def mixture(self):
        """The mixture; one object, used by many tests, as a program would."""
        return _mixture(self)

    def references(self):
        """The reference of every component."""
        return _references(self)

    def whiteners(self):
        """For every component, the function that makes its points standard normals (n, D)."""
        return [
            (lambda x, law=law, p=p, k=k: law.whiten(p, k, x))
            for (law, count), p in zip(self.parts, self.parameters(), strict=True)
            for k in range(count)
        ]

    def points(self, n, dtype=np.float64, seed=0):
        """Points (n,) or (n, D) over the whole mixture and well outside it, drawn by NumPy."""
        m = self.mixture()
        rng = np.random.default_rng([seed, n, self.k, self.d])
        parts = zip(self.parts, self.parameters(), strict=True)
        drawn = [law.points(p, rng, n) for (law, _), p in parts if law.points]
        if drawn:
            x = drawn[0] if len(drawn) == 1 else rng.permutation(np.concatenate(drawn))[:n]
            return x.astype(dtype)
        spread = np.sqrt(np.diag(np.atleast_2d(m.covariance)))
        # One point in four is far out.
        far = np.where(rng.random(n) < 0.25, 6.0, 1.0)
        x = m.mean + spread * far[:, None] * rng.normal(size=(n, self.d))
        return (x[:, 0] if self.scalar else x).astype(dtype)


@cache
def _mixture(case):
    return case.fresh()


@cache
def _references(case):
    parts = zip(case.parts, case.parameters(), strict=True)
    return [law.reference(p, k) for (law, count), p in parts for k in range(count)]


def case(*parts, d=1):
    """A Case of (law, K) pairs."""
    return Case(tuple(parts), d)


# Where densities are compared with 50 digits: every row at each of its shapes, and mixtures of several blocks.
DENSITY_CASES = [
    *(case((law, k), d=d) for law in LAWS for k, d in law.shapes),
    case((FULL, 2), (DIAG, 3), (TIED, 2), (SPHERICAL, 1), d=5),
]

# Where bits are compared: few and many components (32 is where the alias table begins), features below and above the
# vector widths, blocks of several kinds, and from 32 features on clusters that pruning keeps apart.
BIT_CASES = [
    case((NORMAL, 1)),
    case((NORMAL, 5)),
    case((NORMAL, 40)),
    case((FULL, 3), d=1),
    case((FULL, 3), d=2),
    case((FULL, 3), d=4),
    case((FULL, 4), d=9),
    case((FULL, 40), d=3),
    case((FULL, 2), d=37),
    case((FULL, 12), d=40),
    case((FULL, 6), (DIAG, 2), d=33),
    case((TIED, 5), d=3),
    case((TIED, 4), d=19),
    case((DIAG, 5), d=2),
    case((DIAG, 3), d=21),
    case((SPHERICAL, 6), d=5),
    case((FACTOR, 3), d=3),
    case((FACTOR, 2), d=37),
    case((STUDENT_FULL, 3), d=2),
    case((STUDENT_FULL, 40), d=3),
    case((STUDENT_FULL, 4), d=9),
    case((STUDENT_TIED, 4), d=19),
    case((STUDENT_DIAG, 5), d=5),
    case((STUDENT_SPHERICAL, 3), d=2),
    case((STUDENT_FULL, 2), (FULL, 2), (STUDENT_SPHERICAL, 1), d=4),
    case((PRODUCT, 3), d=7),
    case((PRODUCT, 40), d=2),
    case((PRODUCT, 2), (FULL, 1), d=3),
    case((VMF, 1), d=2),
    case((VMF, 3), d=3),
    case((VMF, 40), d=4),
    case((VMF, 2), d=37),
    case((DIRICHLET, 1), d=2),
    case((DIRICHLET, 3), d=3),
    case((DIRICHLET, 40), d=5),
    case((DIRICHLET, 2), d=37),
    *(case((law, 3)) for law in SCALAR),
    case(*((law, 2) for law in SCALAR if not law.discrete)),
    case(*((law, 2) for law in SCALAR if law.discrete)),
    case((FULL, 2), (DIAG, 3), (TIED, 2), (SPHERICAL, 1), (FACTOR, 1), d=6),
]

# Small mixtures of every row: statistics, saving.
SMALL_CASES = [
    *(case((law, 3), d=1 if law.scalar else 3) for law in LAWS),
    case((NORMAL, 40)),
    case((FULL, 2), (DIAG, 2), d=3),
]

# Where drawn bits are written down: those, and mixtures of many families.
GOLDEN_CASES = [
    *SMALL_CASES,
    case(*((law, 1) for law in SCALAR if not law.discrete)),
    case((STUDENT_FULL, 2), (FACTOR, 1), (PRODUCT, 2), d=3),
]


def in_both_precisions(table):
    """(case, dtype) pairs. float32 values of one scalar law are its float64 values, rounded (`test_laws.test_float32`):
    all but the normal, which has kernels of its own, are listed in float64 alone."""
    pairs = [(c, dtype) for c in table for dtype in (np.float64, np.float32)]
    return [
        pytest.param(c, dtype, id=f"{c!r}-{dtype.__name__}")
        for c, dtype in pairs
        if dtype is np.float64 or not c.scalar or len(c.parts) > 1 or c.parts[0][0] is NORMAL
    ]
