"""Products of scalar laws: what was not observed, columns of several kinds, streams of the columns."""

from __future__ import annotations

import pickle

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import assert_same_bits
from scipy import stats
from statistics_tools import ALPHA, accept, chi_square, count

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


# Point masses in columns

RETURNS = fg.Mixture(
    [0.4, 0.6],
    [fg.Product([fg.Delta(0.0), fg.Poisson(1.5)]), fg.Product([fg.Poisson(2.0), fg.Poisson(4.0)])],
)


def returns_terms(x):
    """Weight times mass of each component of RETURNS, by hand."""
    a, b = x.T
    return np.stack(
        [
            0.4 * (a == 0) * stats.poisson.pmf(b, 1.5),
            0.6 * stats.poisson.pmf(a, 2.0) * stats.poisson.pmf(b, 4.0),
        ],
        axis=1,
    )


def test_zero_inflated_columns(isa):
    """A point mass among counts in a column: masses add up."""
    x = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0)), axis=-1).reshape(-1, 2)
    terms = returns_terms(x)
    np.testing.assert_allclose(RETURNS.prob(x), terms.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(RETURNS.log_prob(x), np.log(terms.sum(axis=1)), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(RETURNS.responsibilities(x), terms / terms.sum(axis=1, keepdims=True), rtol=1e-12)
    assert RETURNS.log_prob([0.5, 1.0]) == -np.inf
    y = RETURNS.sample(40_000, rng=1)
    cells = np.ravel_multi_index(y.astype(int).clip(max=4).T, (5, 5))
    marks = np.arange(60.0)
    grid = returns_terms(np.stack(np.meshgrid(marks, marks, indexing="ij"), axis=-1).reshape(-1, 2)).sum(axis=1)
    small = np.minimum(np.arange(60), 4)
    expected = np.bincount((5 * small[:, None] + small).ravel(), grid, 25)
    accept(chi_square(np.bincount(cells, minlength=25), len(y) * expected / expected.sum()))


def test_zero_inflated_columns_in_parts(tmp_path):
    assert RETURNS.marginal(0) == fg.Mixture([0.4, 0.6], [fg.Delta(0.0), fg.Poisson(2.0)])
    np.testing.assert_allclose(RETURNS.marginal(0).prob(0.0), 0.4 + 0.6 * np.exp(-2), rtol=1e-14)
    given = RETURNS.condition(1, 3.0)
    share = np.array([0.4, 0.6]) * stats.poisson.pmf(3, [1.5, 4.0])
    np.testing.assert_allclose(given.weights, share / share.sum(), rtol=1e-12)
    np.testing.assert_array_equal(RETURNS.condition(0, 1.0).weights, [0.0, 1.0])
    np.testing.assert_allclose(RETURNS.mean, [1.2, 3.0], rtol=1e-14)
    assert "Product Delta,Poisson" in repr(RETURNS)
    RETURNS.save(tmp_path / "returns")
    for again in (fg.load(tmp_path / "returns"), pickle.loads(pickle.dumps(RETURNS))):
        assert again == RETURNS
        assert_same_bits(again.sample(10, rng=1), RETURNS.sample(10, rng=1))


# Rain at two places, each with dry days, and a component that knows no dry days at all.
RAIN = fg.Mixture(
    [0.2, 0.3, 0.1, 0.4],
    [
        fg.Product([fg.Delta(0.0), fg.Delta(0.0)]),
        fg.Product([fg.Delta(0.1), fg.Exponential(0.5)]),
        fg.Product([fg.Exponential(2.0), fg.Delta(0.0)]),
        fg.MultivariateNormal([[1.0, 2.0]], 0.5, "spherical"),
    ],
)


def test_point_masses_beside_continuous_columns(isa):
    """Densities are with respect to length and a unit mass at each atom of the column: continuous laws are 0 there."""
    points = [(0, 0), (0.1, 0), (0.1, 3), (0, 3), (2, 0), (2, 3), (0.5, 0.1), (np.nextafter(0.1, 1), 1), (-0.0, -0.0)]
    x = np.array(points * 5)
    a, b = x.T
    plain_a, plain_b = (a != 0) & (a != 0.1), b != 0
    terms = np.stack(
        [
            0.2 * (a == 0) * (b == 0),
            0.3 * (a == 0.1) * plain_b * stats.expon.pdf(b, scale=2.0),
            0.1 * plain_a * stats.expon.pdf(a, scale=0.5) * (b == 0),
            0.4 * plain_a * plain_b * np.prod(stats.norm.pdf(x, [1.0, 2.0], np.sqrt(0.5)), axis=1),
        ],
        axis=1,
    )
    total = terms.sum(axis=1)
    np.testing.assert_allclose(RAIN.prob(x), total, rtol=1e-13)
    assert (total == 0).any()  # (0.1, 0): no component has both
    seen = total > 0
    np.testing.assert_allclose(RAIN.responsibilities(x[seen]), terms[seen] / total[seen, None], rtol=1e-13)
    np.testing.assert_array_equal(RAIN.assign(x[seen]), terms[seen].argmax(axis=1))
    for i in range(len(points)):
        assert_same_bits(RAIN.log_prob(x[i]), RAIN.log_prob(x)[i])
    y, labels = RAIN.sample(20_000, rng=2, return_labels=True)
    np.testing.assert_array_equal(RAIN.assign(y), labels)  # whatever was drawn could only come from there
    for k, weight in enumerate(RAIN.weights):
        accept(count((labels == k).sum(), len(y), weight))
    y32, labels = RAIN.sample(2_000, rng=2, return_labels=True, dtype=np.float32)
    np.testing.assert_array_equal(RAIN.assign(y32), labels)


def test_point_masses_beside_continuous_columns_in_parts():
    """Marginals, conditions, slopes and missing values agree with the density."""
    # Of pairs where the values of one column rule out no atom of the other: an atom that no component has left is none.
    for d, value, rests in (
        (0, 0.0, (0.0, 0.1, 2.2)),
        (0, 0.1, (0.1, 2.2)),
        (0, 1.3, (0.0, 0.1, 2.2)),
        (1, 0.0, (0.0, 2.2)),
        (1, 0.1, (0.1, 2.2)),
        (1, 1.3, (0.1, 2.2)),
    ):
        given = RAIN.condition(d, value)
        for rest in rests:
            x = [value, rest] if d == 0 else [rest, value]
            joint = RAIN.marginal(d).prob(value) * given.prob([rest])
            np.testing.assert_allclose(joint, RAIN.prob(x), rtol=1e-12, atol=1e-300)
    slope = RAIN.grad_log_prob([[0.1, 3.0], [2.0, 0.0], [2.0, 3.0]])
    np.testing.assert_allclose(slope, [[np.nan, -0.5], [-2.0, np.nan], [-2.0, -2.0]], rtol=1e-13)
    table = fg.Mixture(RAIN.weights[:3], RAIN.components[:3])
    x = np.array([[np.nan, 0.0], [0.0, np.nan], [np.nan, 1.5], [1.5, np.nan], [np.nan, np.nan]])
    for row in x:
        seen = np.flatnonzero(~np.isnan(row))
        if len(seen):
            np.testing.assert_allclose(table.prob(row), table.marginal(seen).prob(row[seen]), rtol=1e-13)
    # A missing value is no atom, though it is kept as 0 within.
    np.testing.assert_allclose(table.responsibilities(x[-1]), table.weights, rtol=1e-14)
    np.testing.assert_allclose(table.responsibilities(x[2]), [0, 1, 0], rtol=1e-14)


def test_atoms_of_weight_zero_exclude_nothing():
    m = fg.Mixture([0.0, 1.0], [fg.Product([fg.Delta(0.0)] * 2), fg.Product([fg.Normal(0.0, 1.0)] * 2)])
    np.testing.assert_allclose(m.log_prob([0.0, 0.0]), -np.log(2 * np.pi), rtol=1e-15)


def test_masses_and_densities_are_not_mixed_in_a_column():
    delta, count_, real = fg.Delta(0.0), fg.Poisson(1.0), fg.Normal(0.0, 1.0)
    message = r"in column 1, components\[2\], continuous Normal cannot be mixed with components\[1\], discrete Poisson: .*Delta"
    blocks = [fg.Product([real, law]) for law in (delta, count_, real)]
    with pytest.raises(ValueError, match=message):
        fg.Mixture(None, blocks)
    with pytest.raises(ValueError, match=r"column 1, components\[1\], continuous MultivariateNormal cannot be mixed"):
        fg.Mixture(None, [blocks[1], fg.MultivariateNormal([[0.0, 0.0]], 1.0, "spherical")])
    with pytest.raises(ValueError, match="cannot be mixed"):
        _core.Mixture(np.full(3, 1 / 3), [block._core for block in blocks])


def test_products_of_counts_have_no_slope():
    """As counts by themselves; one continuous column is enough for a gradient, which is NaN in the others."""
    counts = fg.Product([fg.Poisson([1.0, 2.0]), fg.Bernoulli([0.3, 0.4])])
    with pytest.raises(ValueError, match="grad_log_prob needs continuous components, Product has masses"):
        fg.Mixture(None, counts).grad_log_prob([[1.0, 0.0]])
    mixed = fg.Product([fg.Poisson([1.0, 2.0]), fg.Normal([0.0, 1.0], 1.0)])
    assert np.isfinite(fg.Mixture(None, mixed).grad_log_prob([[1.0, 0.5]])[0, 1])
