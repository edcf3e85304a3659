"""What objects say of themselves."""

from __future__ import annotations

import cases
import fastgen as fg
import numpy as np
import pytest


@pytest.mark.parametrize("size", [1e-300, 1e160, 1e300])
def test_extreme_parameters_are_shown(size):
    """Standard deviations whose squares overflow, or vanish, appear as they are, without a warning of NumPy's."""
    laws = [
        fg.Normal([size, -size], [size, size]),
        fg.MultivariateNormal.from_cholesky([[size, 0.0]], [[[0.6 * size, 0.0], [0.8 * size, 0.6 * size]]]),
    ]
    for law in laws:
        m = fg.Mixture(None, law)
        assert f"{0.6 * size:.4g}" in repr(m) or f"{size:.4g}" in repr(m)
        variance = m.covariance if m.n_features == 1 else m.covariance[0, 0]
        assert variance == np.inf if size > 1 else variance < 1e-290
        assert np.isfinite(m.mean).all()
    marginal = fg.Mixture(None, laws[1]).marginal(1)
    np.testing.assert_allclose(marginal.components.scale, size, rtol=1e-15)


@pytest.mark.parametrize(
    "law",
    [
        fg.Exponential(1e-300),
        fg.Gamma(1e200, 1e-200),
        fg.InverseGamma(1e10, 1e300),
        fg.Laplace(0.0, 1e300),
        fg.Geometric(1e-300),
        fg.LogNormal(0.0, 1e10),
        fg.Pareto(1e10, 1e300),
        fg.Weibull(2.3e-308, 1.0),
        fg.Weibull(1e-300, 1.0),
    ],
    ids=repr,
)
def test_infinite_moments_are_shown(law):
    """Moments beyond the numbers are inf, and no text or moment of a mixture warns or fails for that."""
    m = fg.Mixture(None, law)
    assert "inf" in repr(m) or "nan" in repr(m)
    assert "<table" in m._repr_html_()
    assert not np.isfinite(m.mean) or not np.isfinite(m.covariance)


def test_reprs():
    for case in cases.SMALL_CASES:
        text = repr(case.mixture())
        assert f"{case.k} component" in text
        assert max(map(len, text.splitlines())) < 120
        html = case.mixture()._repr_html_()
        assert html.count("<table") == html.count("</table>") == 1
    assert "and 32 more" in repr(cases.case((cases.NORMAL, 40)).mixture())
    assert repr(fg.Stream(7)) == "Stream(7)"
