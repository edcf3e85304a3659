"""The multivariate t law, with every form of scale matrices."""

from __future__ import annotations

import fastgen as fg
import numpy as np
import reference
from gaussian_laws import DIAG, FULL, SPHERICAL, TIED
from helpers import Bad
from law import EYE, FINITE, MEANS, Law
from mpmath import mp
from scipy import special

_RAMP = np.arange(64) % 11 * 0.75


def student_law(form, shapes, bad=()):
    """The row of the multivariate t law with matrices of this form, from that of the normal law."""
    normal = {"full": FULL, "tied": TIED, "diag": DIAG, "spherical": SPHERICAL}[form]

    def construct(df, means, shapes):
        return fg.MultivariateStudentT(df, means, shapes, form)

    def parameters(rng, k, d):
        p = normal.parameters(rng, k, d)
        # Covariances exist, so that the generic tests find them; test_student_t.py has the others.
        return {"df": rng.uniform(2.5, 12.0, size=k), "means": p["means"], "shapes": p["covariances"]}

    def reference_of(p, k):
        d = p["means"].shape[1]
        if form in ("full", "tied"):
            lower = reference.cholesky(reference.exact(p["shapes"][k] if form == "full" else p["shapes"]))
        else:
            squares = np.broadcast_to(p["shapes"][k], d)
            lower = reference.diagonal([mp.sqrt(s) for s in reference.exact(squares)])
        return reference.multivariate_student_t(p["df"][k], p["means"][k], lower)

    def whiten(p, k, x):
        """The direction is that of a normal vector; |y|^2 / D, an F variate, becomes chi-square from the nearer end."""
        y = normal.whiten({"means": p["means"], "covariances": p["shapes"]}, k, x)
        square, d, v = (y * y).sum(axis=1), y.shape[1], p["df"][k]
        below, above = special.fdtr(d, v, square / d), special.fdtrc(d, v, square / d)
        wanted = np.where(below < above, 2 * special.gammaincinv(d / 2, below), special.chdtri(d, above))
        return y * np.sqrt(wanted / square)[:, None]

    def golden(k):
        means = _RAMP[: 3 * k].reshape(k, 3) - 2.0
        lower = np.tril(np.resize(_RAMP, (k, 3, 3)) / 8) + np.eye(3)
        matrices = {"full": lower @ lower.swapaxes(1, 2), "tied": lower[0] @ lower[0].T}
        matrices |= {"diag": 0.5 + _RAMP[: 3 * k].reshape(k, 3) / 4, "spherical": 0.5 + _RAMP[:k] / 4}
        return {"df": np.resize([0.5, 3.0, 40.0], k), "means": means, "shapes": matrices[form]}

    return Law(
        f"student-{form}",
        scalar=False,
        construct=construct,
        parameters=parameters,
        reference=reference_of,
        whiten=whiten,
        shapes=shapes,
        bad=bad,
        golden=golden,
    )


STUDENT_FULL = student_law(
    "full",
    ((1, 1), (3, 2), (2, 5), (3, 8), (2, 17), (40, 3)),
    (
        Bad(
            "df 0",
            lambda: fg.MultivariateStudentT([3.0, 0.0], MEANS, [EYE, EYE]),
            ValueError,
            r"df\[1\] is 0\.0, expected .*greater than 0",
        ),
        Bad("df nan", lambda: fg.MultivariateStudentT(np.nan, MEANS, [EYE, EYE]), ValueError, r"df is nan, expected"),
        Bad(
            "df shape",
            lambda: fg.MultivariateStudentT([3.0, 4.0, 5.0], MEANS, [EYE, EYE]),
            ValueError,
            r"df has shape \(3,\), expected \(2,\) for means of shape \(2, 2\), or a scalar",
        ),
        Bad("df text", lambda: fg.MultivariateStudentT("many", MEANS, [EYE, EYE]), TypeError, r"df holds text"),
        Bad(
            "means 1-D",
            lambda: fg.MultivariateStudentT(3.0, [0.0, 1.0], EYE),
            ValueError,
            r"means has shape \(2,\), expected \(K, D\)",
        ),
        Bad(
            "shapes nan",
            lambda: fg.MultivariateStudentT(3.0, MEANS[:1], [EYE * np.nan]),
            ValueError,
            rf"shapes\[0, 0, 0\] is nan, {FINITE}",
        ),
        Bad(
            "shapes of another type",
            lambda: fg.MultivariateStudentT(3.0, np.zeros((3, 2)), EYE),
            ValueError,
            r"shapes has shape \(2, 2\), expected \(3, 2, 2\).*covariance_type='tied'",
        ),
        Bad(
            "not symmetric",
            lambda: fg.MultivariateStudentT(3.0, MEANS, [EYE, [[1.0, 0.5], [0.2, 1.0]]]),
            ValueError,
            r"shapes\[1\] is not symmetric",
        ),
        Bad(
            "not positive definite",
            lambda: fg.MultivariateStudentT(3.0, MEANS, [EYE, [[1.0, 2.0], [2.0, 1.0]]]),
            ValueError,
            r"shapes\[1\] is not positive definite: its smallest eigenvalue is -1",
        ),
        Bad(
            "type unknown",
            lambda: fg.MultivariateStudentT(3.0, MEANS, 1.0, "round"),
            ValueError,
            r"covariance_type is 'round', expected one of 'full', 'tied', 'diag', 'spherical'",
        ),
        Bad(
            "upper factor",
            lambda: fg.MultivariateStudentT.from_cholesky(3.0, MEANS[:1], [[[1.0, 0.5], [0.0, 1.0]]]),
            ValueError,
            r"cholesky\[0, 0, 1\] is 0\.5 above the diagonal",
        ),
        Bad(
            "factor, df < 0",
            lambda: fg.MultivariateStudentT.from_cholesky(-3.0, MEANS[:1], [EYE]),
            ValueError,
            r"df is -3\.0, expected .*greater than 0",
        ),
        Bad(
            "precision not positive definite",
            lambda: fg.MultivariateStudentT.from_precision(3.0, MEANS[:1], [[[1.0, 3.0], [3.0, 1.0]]]),
            ValueError,
            r"precisions\[0\] is not positive definite",
        ),
    ),
)

STUDENT_TIED = student_law(
    "tied",
    ((3, 2), (2, 33), (50, 4)),
    (
        Bad(
            "not positive definite",
            lambda: fg.MultivariateStudentT(3.0, MEANS, [[1.0, 1.0], [1.0, 1.0]], "tied"),
            ValueError,
            r"shapes is not positive definite",
        ),
    ),
)

STUDENT_DIAG = student_law(
    "diag",
    ((3, 2), (100, 3)),
    (
        Bad(
            "square < 0",
            lambda: fg.MultivariateStudentT(3.0, MEANS, [[1.0, 1.0], [1.0, -4.0]], "diag"),
            ValueError,
            r"shapes\[1, 1\] is -4\.0, expected .*greater than 0.*squared scale",
        ),
    ),
)

STUDENT_SPHERICAL = student_law("spherical", ((1, 1), (5, 7)))

STUDENT = (STUDENT_FULL, STUDENT_TIED, STUDENT_DIAG, STUDENT_SPHERICAL)
