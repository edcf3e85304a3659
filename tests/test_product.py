"""Products of scalar laws: what was not observed, columns of several kinds, streams of the columns."""

from __future__ import annotations

import pickle

import cases
import fastgen as fg
import numpy as np
import pytest
from helpers import assert_same_bits
from scipy import stats
from statistics_tools import ALPHA

TABLE = fg.Mixture(
    [0.5, 0.2, 0.3],
    fg.Product(
        [
            fg.Exponential([1.0, 0.1, 3.0]),
            fg.Normal([20.0, 50.0, -3.0], [5.0, 1.0, 2.0]),
            fg.Laplace([0.0, 1.0, 2.0], 2.0),
        ]
    ),
)


def test_missing_values_are_integrated_out(isa):
    """The density of a row with gaps is that of the marginal over what is there; so are the responsibilities."""
    x = TABLE.sample(200, rng=1)
    for gaps in ([0], [1], [2], [0, 1], [0, 2], [1, 2]):
        rest = [d for d in range(3) if d not in gaps]
        y = x.copy()
        y[:, gaps] = np.nan
        part = TABLE.marginal(rest)
        for method in ("log_prob", "prob", "component_log_prob", "responsibilities", "assign"):
            np.testing.assert_allclose(
                getattr(TABLE, method)(y), getattr(part, method)(x[:, rest]), rtol=1e-13, atol=1e-300, err_msg=method
            )
        slope = TABLE.grad_log_prob(y)
        assert np.isnan(slope[:, gaps]).all()
        np.testing.assert_allclose(slope[:, rest], part.grad_log_prob(x[:, rest]), rtol=1e-13)


def test_nothing_observed(isa):
    x = np.full((3, 3), np.nan)
    assert np.abs(TABLE.log_prob(x)).max() <= 2.3e-16  # the weights sum to 1 within one rounding
    np.testing.assert_allclose(TABLE.responsibilities(x), np.tile(TABLE.weights, (3, 1)), rtol=1e-15)


def test_gaps_stay_in_their_row(isa):
    """Neighbours of a row with gaps keep their bits; an infinity is still a density of 0."""
    x = TABLE.sample(301, rng=2)
    y = x.copy()
    y[::7, 1] = np.nan
    y[5, 0] = np.inf
    kept = np.setdiff1d(np.arange(301), [5, *range(0, 301, 7)])
    assert_same_bits(TABLE.log_prob(y)[kept], TABLE.log_prob(x)[kept])
    assert TABLE.log_prob(y)[5] == -np.inf
    for i in (0, 5, 7, 8):
        assert_same_bits(TABLE.log_prob(y[i]), TABLE.log_prob(y)[i])


def test_gaps_with_another_family():
    """A mixture with a family that knows no gaps has NaN for them, as everywhere."""
    m = fg.Mixture(None, [TABLE.components[0], fg.MultivariateNormal(np.zeros((1, 3)), 1.0, "spherical")])
    x = np.ones((2, 3))
    x[0, 1] = np.nan
    assert np.isnan(m.log_prob(x)).tolist() == [True, False]
    assert m.assign(x)[0] == -1


def test_columns_are_independent():
    """Columns of one law draw different numbers: no correlation, of values or of squares (limit at 1e-6 each)."""
    m = fg.Mixture(None, fg.Product([fg.Normal(0.0, 1.0)] * 6))
    x = m.sample(100_000, rng=3)
    for z in (x, (x * x - 1) / np.sqrt(2)):
        c = np.corrcoef(z.T) - np.eye(6)
        assert np.abs(c).max() * np.sqrt(len(x)) <= stats.norm.isf(ALPHA / 2)
        assert np.abs(z[1:].T @ z[:-1]).max() / np.sqrt(len(x)) <= stats.norm.isf(ALPHA / 2)
    assert len(np.unique(x)) == x.size


def test_marginal_and_condition():
    assert TABLE.marginal(1) == fg.Mixture(TABLE.weights, TABLE.components.columns[1])
    assert TABLE.marginal([2, 0]).components == fg.Product([TABLE.components.columns[d] for d in (2, 0)])
    x = TABLE.sample(50, rng=4)
    given = TABLE.condition([0], x[0, [0]])
    whole = x.copy()
    whole[:, 0] = x[0, 0]
    expected = TABLE.log_prob(whole) - TABLE.marginal([0]).log_prob(x[0, [0]])
    np.testing.assert_allclose(given.log_prob(x[:, 1:]), expected, rtol=1e-12)


def test_keeping(tmp_path):
    TABLE.save(tmp_path / "table")
    for again in (fg.load(tmp_path / "table"), pickle.loads(pickle.dumps(TABLE))):
        assert again == TABLE
        assert hash(again) == hash(TABLE)
        assert_same_bits(again.sample(10, rng=1), TABLE.sample(10, rng=1))
    assert fg.Mixture(TABLE.weights, fg.Product(TABLE.components.columns[::-1])) != TABLE


def test_blocks_join():
    """Products of the same families become one block; others stay apart, and give the same answers."""
    one, two = TABLE.components[:1], TABLE.components[1:]
    m = fg.Mixture(TABLE.weights, [one, two])
    assert m == TABLE
    other = fg.Product([fg.Laplace(0.0, 1.0), fg.Normal(0.0, 1.0), fg.Laplace(0.0, 2.0)])
    mixed = fg.Mixture([0.5, 0.2, 0.3, 1.0], [TABLE.components, other])
    x = mixed.sample(100, rng=1)
    expected = np.logaddexp(TABLE.log_prob(x), fg.Mixture(None, other).log_prob(x)) - np.log(2)
    np.testing.assert_allclose(mixed.log_prob(x), expected, rtol=1e-13)
    x[3, 2] = np.nan
    assert np.isfinite(mixed.log_prob(x)).all()


@pytest.mark.parametrize("method", ["cdf", "icdf"])
def test_what_needs_a_line(method):
    with pytest.raises(ValueError, match=r"needs a mixture of scalar components, this one has 3 features; .*marginal"):
        getattr(TABLE, method)(0.5)


def test_case_table_covers_products():
    assert any(law is cases.PRODUCT for case in cases.SMALL_CASES for law, _ in case.parts)


def test_condition_on_the_impossible():
    """A value of density 0 under every component says nothing: the weights stay."""
    given = TABLE.condition([0], [-1.0])
    np.testing.assert_array_equal(given.weights, TABLE.weights)
    far = fg.Mixture([0.3, 0.7], fg.FactorNormal([[0.0, 0.0], [1.0, 0.0]], np.ones((2, 2, 1)), 1.0)).condition(0, 1e200)
    np.testing.assert_array_equal(far.weights, [0.3, 0.7])


def test_point_masses_in_float32():
    """A float32 sample of a column of point masses is scored as what it was drawn from."""
    m = fg.Mixture([0.4, 0.6], fg.Product([fg.Delta([0.1, 0.7]), fg.Normal([0.0, 1.0], 1.0)]))
    x, labels = m.sample(50, rng=1, dtype=np.float32, return_labels=True)
    assert (m.assign(x) == labels).all()
    assert np.isfinite(m.log_prob(x)).all()
