"""Quantiles where the distribution function is flat or jumps; those of ordinary laws are in test_laws.py and test_density.py."""

from __future__ import annotations

import fastgen as fg
import numpy as np
import pytest

# Quantiles where the distribution function is flat: the least point that reaches them.
FLAT = {
    "between two intervals": (fg.Mixture(None, fg.Uniform([0.0, 10.0], [1.0, 11.0])), 0.5, 1.0),
    "before an atom": (fg.Mixture(None, [fg.Uniform(-3.0, -2.0), fg.Delta(0.0)]), 0.5, -2.0),
    "after an atom": (fg.Mixture([0.25, 0.75], [fg.Delta(0.0), fg.Uniform(2.0, 3.0)]), 0.25, 0.0),
    "from the upper tail": (fg.Mixture([0.75, 0.25], fg.Uniform([0.0, 1e9], [1.0, 1e9 + 1])), 0.75, 1.0),
    # Tenths do not add up without rounding.
    "between many": (
        fg.Mixture(None, fg.Uniform(2.0 * np.arange(10), 2.0 * np.arange(10) + 1)),
        np.arange(1, 10) / 10,
        2.0 * np.arange(1, 10) - 1,
    ),
}


@pytest.mark.parametrize("where", FLAT)
def test_icdf_on_a_flat_stretch(where, isa):
    m, q, expected = FLAT[where]
    np.testing.assert_allclose(m.icdf(q), expected, rtol=2 * np.finfo(float).eps, atol=0)
    assert np.isfinite(m.log_prob(m.icdf(q))).all()


def test_icdf_at_an_end_that_holds_probability(isa):
    """Half of the law rounds to 1 and half to 0: the least number that reaches q is an end."""
    m = fg.Mixture(None, fg.Beta(1e-3, 1e-3))
    assert m.cdf(np.nextafter(1.0, 0.0)) < 0.9
    assert m.icdf(0.9) == 1.0


@pytest.mark.parametrize(
    "law", [fg.Geometric(1.0), fg.Bernoulli(0.0), fg.Binomial(3, 0.0), fg.NegativeBinomial(1.0, 1.0)]
)
def test_icdf_of_counts_has_no_negative_zero(law, isa):
    x = fg.Mixture(None, law).icdf([0.0, 0.5, 1.0])
    assert x[0] == 0
    assert not np.signbit(x).any()
