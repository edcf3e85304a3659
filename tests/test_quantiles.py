"""Quantiles where the distribution function is flat or jumps; those of ordinary laws are in test_laws.py and test_density.py."""

from __future__ import annotations

import fastgen as fg
import numpy as np
import pytest
from scipy import stats

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
    # The density of angles goes on beyond pi; what is drawn does not.
    "after the angles": (fg.Mixture(None, [fg.VonMises(0.0, 1.0), fg.Uniform(10.0, 20.0)]), 0.5, np.pi),
    "before the angles": (fg.Mixture(None, [fg.Uniform(-20.0, -10.0), fg.VonMises(0.0, 1.0)]), 0.5, -10.0),
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


@pytest.mark.parametrize(
    ("weights", "law"),
    [
        ([0.5, 0.5], fg.Normal(0.0, 10.0)),
        ([0.999, 0.001], fg.Normal(0.0, 1e6)),
        ([0.5, 0.5], fg.Normal(0.0, 1e10)),
        ([0.486, 0.514], fg.Weibull(0.0288, 19.8274)),
    ],
)
def test_icdf_of_angles_beside_laws_of_the_line(weights, law, isa):
    """The distribution function of an angle is flat beyond pi, where its density is not 0."""
    m = fg.Mixture(weights, [fg.VonMises(-2.8, 3.0), law])
    q = np.concatenate([[1e-244, 1e-20, 1e-6], np.linspace(0.01, 0.99, 99)])
    q = q[q < 0.9] if isinstance(law, fg.Normal) else q[q > 0.5]
    # At 1e-244 a rounding of x changes the tail by |log q| = 560 roundings.
    np.testing.assert_allclose(m.cdf(m.icdf(q)), q, rtol=1e-13 + 600 * np.finfo(float).eps)


@pytest.mark.parametrize("place", [-1e16, -1e18, -1e300])
def test_icdf_of_counts_beside_a_mass_far_away(place, isa):
    m = fg.Mixture([0.01, 0.99], [fg.Delta(place), fg.Poisson(1000.0)])
    q = np.concatenate([[0.005], np.linspace(0.02, 0.98, 97)])
    expected = np.concatenate([[place], stats.poisson.ppf((q[1:] - 0.01) / 0.99, 1000.0)])
    np.testing.assert_array_equal(m.icdf(q), expected)


@pytest.mark.parametrize("components", [fg.Bernoulli(np.arange(1, 11) / 10), fg.Normal(np.arange(10.0), 1.0)])
def test_cdf_ends_at_one(components, isa):
    """Ten weights of 0.1 sum to less than 1; where nothing lies beyond, the distribution function is 1."""
    m = fg.Mixture([0.1] * 10, components)
    assert m.weights.sum() < 1 or m.weights.cumsum()[-1] < 1
    assert m.cdf([1.0 if isinstance(components, fg.Bernoulli) else 50.0, 1e9]).tolist() == [1.0, 1.0]
