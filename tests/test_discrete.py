"""Counts and point masses: what the rows of rows_counts.py do not say.

Categorical and Delta against their definitions, what mixes with what, densities and quantiles at atoms, and every branch of
every sampler. Statistical tests reject a perfect sampler with probability ALPHA = 1e-6 each; there are about 1,500.
"""

from __future__ import annotations

import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import THREADS, assert_same_bits
from scipy import special, stats
from statistics_tools import chi_square, count, ks_normal

N = 400_000
EPS = np.finfo(np.float64).eps


def accept(evidence):
    statistic, limit = evidence
    assert statistic <= limit, f"{statistic:.6g} exceeds {limit:.6g}"


# Categorical

PROBS = np.array([[0.25, 0.0, 0.5, 0.25], [0.0, 1e-300, 1.0, 0.0], [1e-12, 1 - 1e-12 - 1e-15, 1e-15, 0.0]])


def test_categorical(isa):
    c = fg.Categorical(PROBS)
    m = fg.Mixture([0.5, 0.3, 0.2], c)
    points = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 0.5, -0.0, 1e300, -1e300])
    rows = np.column_stack([np.zeros(3), c.probs, np.zeros((3, 2)), c.probs[:, 0], np.zeros((3, 2))]).T
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(m.component_log_prob(points), np.log(rows), rtol=4e-16, atol=0)
    np.testing.assert_allclose(m.prob(points), rows @ m.weights, rtol=4e-16, atol=0)
    assert m.log_prob([-np.inf, np.inf]).tolist() == [-np.inf, -np.inf]
    assert np.isnan(m.log_prob(np.nan))
    assert m.assign([0.0, 1.0, 2.0]).tolist() == [0, 2, 1]
    np.testing.assert_allclose(m.cdf([-0.1, 0.0, 1.5, 2.0, 3.0, np.inf]), np.cumsum([0, 0.125 + 2e-13, 0.2 - 2.002e-13, 0.55 + 2e-16, 0.125, 0]), rtol=1e-14)  # fmt: skip
    assert m.icdf([0.0, 1e-9, 0.125, 0.126, 0.3, 0.33, 0.87, 0.88, 1.0]).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3]
    np.testing.assert_allclose(c.mean, c.probs @ np.arange(4), rtol=1e-15)
    np.testing.assert_allclose(c.variance, c.probs @ np.arange(4) ** 2 - c.mean**2, atol=1e-14)


def test_categorical_of_one_row_and_of_many_categories():
    assert fg.Categorical([1.0, 3.0]).probs.tolist() == [[0.25, 0.75]]
    joined = fg.Mixture(None, [fg.Categorical([1.0, 3.0]), fg.Categorical([[0.5, 0.5]])])
    assert joined.components.probs.shape == (2, 2)
    apart = fg.Mixture(None, [fg.Categorical([1.0, 3.0]), fg.Categorical([1.0, 1.0, 2.0])])
    assert len(apart.components) == 2
    np.testing.assert_allclose(apart.prob([0.0, 1.0, 2.0]), [0.25, 0.5, 0.25])
    wide = np.random.default_rng(0).dirichlet(np.ones(1000))
    m = fg.Mixture(None, fg.Categorical(wide))
    np.testing.assert_allclose(m.prob(np.arange(1000.0)), wide, rtol=1e-12)
    x = m.sample(N, rng=3).astype(int)
    cells = np.searchsorted(np.cumsum(wide), np.arange(1, 100) / 100)
    bounds = np.concatenate([[0], cells + 1, [1000]])
    expected = np.add.reduceat(wide, bounds[:-1]) * N
    accept(chi_square(np.histogram(x, bounds)[0], expected))


def test_categorical_draws():
    """Every category by its count, masses of 1e-5 and 0 among them, and the middle one of a row that begins with zeros."""
    probs = np.array([[0.0, 0.3, 1e-5, 0.0, 0.69999, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
    x, labels = fg.Mixture([0.9, 0.1], fg.Categorical(probs)).sample(4 * N, rng=1, return_labels=True)
    assert (x[labels == 1] == 2).all()
    drawn = x[labels == 0]
    for i, p in enumerate(probs[0]):
        accept(count((drawn == i).sum(), len(drawn), p) if p else ((drawn == i).sum(), 0))


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        ([[0.5, -0.5]], r"probs\[0, 1\] is -0\.5, expected a finite number of at least 0"),
        ([[0.5, np.nan]], r"probs\[0, 1\] is nan, expected"),
        ([[0.5, 0.5], [0.0, 0.0]], r"probs\[1\] is all 0, expected at least one"),
        (
            np.ones((1, 1, 1, 2)),
            r"probs has shape \(1, 1, 1, 2\), expected \(K, C\).*\(B, K, C\) for a batch of mixtures",
        ),
        (np.ones((0, 2)), r"probs has shape \(0, 2\), expected \(K, C\)"),
    ],
)
def test_bad_categories(probs, message):
    with pytest.raises(ValueError, match=message):
        fg.Categorical(probs)


# Point masses in continuous mixtures

INFLATED = fg.Mixture([0.3, 0.5, 0.2], [fg.Delta(0.0), fg.Normal(1.0, 2.0), fg.Delta(0.1)])


def test_zero_inflated_normal(isa):
    m, peer = INFLATED, stats.norm(1.0, 2.0)
    x = np.array([-1.0, 0.0, 5e-324, 0.1, np.nextafter(0.1, 1), 2.0, -0.0])
    atom = np.array([0, 0.3, 0, 0.2, 0, 0, 0.3])
    np.testing.assert_allclose(m.prob(x), np.where(atom, atom, 0.5 * peer.pdf(x)), rtol=1e-15)
    shares = np.where(atom[:, None], np.column_stack([atom == 0.3, atom < 0, atom == 0.2]), [0.0, 1.0, 0.0])
    assert m.responsibilities(x).tolist() == shares.tolist()
    assert m.assign(x).tolist() == [1, 0, 1, 2, 1, 1, 0]
    assert m.component_log_prob(0.0).tolist() == [0.0, -np.inf, -np.inf]
    gradient = m.grad_log_prob(x)
    assert np.isnan(gradient[atom > 0]).all()
    np.testing.assert_allclose(gradient[atom == 0], ((1.0 - x) / 4)[atom == 0], rtol=1e-14)
    # Special rows stay what they are.
    assert m.log_prob([np.inf, -np.inf]).tolist() == [-np.inf, -np.inf]
    assert np.isnan(m.log_prob(np.nan))


def test_cdf_and_quantiles_with_jumps(isa):
    m, peer = INFLATED, stats.norm(1.0, 2.0)

    def exact(x):
        return 0.5 * peer.cdf(x) + 0.3 * (x >= 0) + 0.2 * (x >= 0.1)

    x = np.array([-1.0, -5e-324, 0.0, 0.05, 0.1, 3.0])
    np.testing.assert_allclose(m.cdf(x), exact(x), rtol=1e-14)
    # Within the jumps, at their ends, and everywhere else: the least x whose distribution function reaches q.
    q = np.sort(np.concatenate([np.linspace(1e-6, 1 - 1e-6, 2001), m.cdf(x), np.logspace(-300, -3, 50)]))
    at = m.icdf(q)
    low, high = m.cdf(-5e-324), m.cdf(0.0)
    assert (at[(q > low) & (q <= high)] == 0).all()
    assert (at[(q > m.cdf(np.nextafter(0.1, 0))) & (q <= m.cdf(0.1))] == 0.1).all()
    assert (np.diff(at) >= 0).all()
    elsewhere = (at != 0) & (at != 0.1)
    assert elsewhere.sum() > 900
    # A rounding of x moves the tail of 1e-300 by 37 of it (the hazard there, in standard deviations, times x).
    np.testing.assert_allclose(m.cdf(at[elsewhere]), q[elsewhere], rtol=1e-12)
    assert m.icdf([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    assert m.icdf(0.4) == 0.0


def test_many_atoms(isa):
    """More atoms than steps of a search: each quantile lies where a table of the distribution function says."""
    values = np.arange(300) / 7
    weights = np.random.default_rng(2).uniform(0.1, 1.0, 301)
    m = fg.Mixture(weights, [fg.Delta(values), fg.Exponential(0.05)])
    q = np.random.default_rng(3).random(3000)
    x = m.icdf(q)
    before = np.nextafter(x, -np.inf)
    reached, below = m.cdf(x), m.cdf(before)
    inside = np.isin(x, values)
    assert 1000 < inside.sum() < 3000
    assert ((reached >= q) & (below < q))[inside].all()
    np.testing.assert_allclose(reached[~inside], q[~inside], rtol=1e-13)
    only = fg.Mixture(weights[:300], fg.Delta(values))
    np.testing.assert_array_equal(only.icdf(only.cdf(values)), values)
    assert only.icdf([0.0, 1e-300, 1.0]).tolist() == [0.0, 0.0, values[-1]]


def test_samples_of_atoms():
    x, labels = INFLATED.sample(N, rng=5, return_labels=True)
    assert (x[labels == 0] == 0).all()
    assert (x[labels == 2] == 0.1).all()
    assert not np.isin(x[labels == 1], (0.0, 0.1)).any()
    assert np.array_equal(INFLATED.assign(x), labels)
    accept(chi_square(np.bincount(labels), N * INFLATED.weights))
    accept(ks_normal((x[labels == 1] - 1) / 2))
    narrow = INFLATED.sample(1000, rng=5, dtype=np.float32)
    assert np.isfinite(INFLATED.log_prob(narrow)).all()
    assert np.array_equal(INFLATED.assign(narrow), labels[:1000])
    np.testing.assert_allclose(INFLATED.cdf(np.float32(0.1)), INFLATED.cdf(0.1), rtol=1e-6)
    # Only the float nearest to the atom is the atom.
    assert INFLATED.assign(np.nextafter(np.float32(0.1), np.float32(1))) == 1


def test_an_atom_of_weight_zero_is_none():
    m = fg.Mixture([0.0, 1.0], [fg.Delta(0.0), fg.Normal(0.0, 1.0)])
    plain = fg.Mixture(None, fg.Normal(0.0, 1.0))
    x = np.array([0.0, 1.0])
    assert_same_bits(m.log_prob(x), plain.log_prob(x))
    assert_same_bits(m.icdf(np.array([0.5, 0.7])), plain.icdf(np.array([0.5, 0.7])))
    np.testing.assert_array_equal(m.grad_log_prob(x), -x)


# Point masses among counts


def test_zero_inflated_poisson(isa):
    m = fg.Mixture([0.2, 0.8], [fg.Delta(0.0), fg.Poisson(3.0)])
    x = np.arange(40.0)
    mass = 0.8 * stats.poisson.pmf(x, 3.0)
    mass[0] += 0.2
    np.testing.assert_allclose(m.prob(x), mass, rtol=1e-12)
    np.testing.assert_allclose(m.responsibilities(0.0), [0.2 / mass[0], 0.8 * np.exp(-3) / mass[0]], rtol=1e-14)
    np.testing.assert_allclose(m.cdf(x), np.cumsum(mass), rtol=1e-12)
    assert m.icdf([0.0, 0.1, mass[0] * (1 - 1e-12), mass[0] * (1 + 1e-12), 1.0]).tolist() == [0, 0, 0, 1, np.inf]
    drawn = m.sample(N, rng=6)
    accept(
        chi_square(
            np.bincount(drawn.astype(int).clip(max=9), minlength=10), N * np.append(mass[:9], 1 - mass[:9].sum())
        )
    )


def test_atoms_between_counts(isa):
    m = fg.Mixture([0.1, 0.1, 0.8], [fg.Delta([0.5, -3.25]), fg.Poisson(1.0)])
    assert m.icdf([0.05, 0.1, 0.15, 0.45, 0.99]).tolist() == [-3.25, -3.25, 0.0, 0.5, 4.0]
    q = np.random.default_rng(1).random(500)
    x = m.icdf(q)
    assert (m.cdf(x) >= q).all()
    assert (m.cdf(np.nextafter(x, -np.inf)) < q).all()


# What mixes with what


def test_masses_and_densities_are_not_mixed():
    with pytest.raises(ValueError, match=r"components\[1\], discrete Poisson cannot be mixed with components\[0\], "
                       r"continuous Normal.*Product.*Delta"):  # fmt: skip
        fg.Mixture(None, [fg.Normal(0.0, 1.0), fg.Poisson(1.0)])
    with pytest.raises(ValueError, match=r"components\[2\], continuous Laplace cannot .* components\[1\], discrete"):
        fg.Mixture(None, [fg.Delta(0.0), fg.Bernoulli(0.5), fg.Laplace(0.0, 1.0)])
    with pytest.raises(ValueError, match="cannot be mixed"):
        _core.Mixture(np.array([0.5, 0.5]), [fg.Normal(0.0, 1.0)._core, fg.Poisson(1.0)._core])


@pytest.mark.parametrize("components", [fg.Poisson(1.0), fg.Delta(0.0), [fg.Delta(0.0), fg.Geometric(0.5)]])
def test_counts_have_no_gradient(components):
    with pytest.raises(ValueError, match=r"grad_log_prob needs continuous components, .*no slope"):
        fg.Mixture(None, components).grad_log_prob(0.0)


def test_all_laws_of_counts_together(isa, tmp_path):
    m = fg.Mixture(
        [1, 2, 3, 4, 5, 6, 7],
        [
            fg.Bernoulli(0.3), fg.Binomial(12, 0.4), fg.Categorical([0.2, 0.3, 0.5]), fg.Delta(2.0), fg.Geometric(0.2),
            fg.NegativeBinomial(2.5, 0.3), fg.Poisson(20.0),
        ],
    )  # fmt: skip
    x = np.arange(60.0)
    masses = np.column_stack(
        [
            stats.bernoulli.pmf(x, 0.3), stats.binom.pmf(x, 12, 0.4), np.append([0.2, 0.3, 0.5], np.zeros(57)), x == 2,
            stats.geom.pmf(x + 1, 0.2), stats.nbinom.pmf(x, 2.5, 0.3), stats.poisson.pmf(x, 20.0),
        ]
    )  # fmt: skip
    np.testing.assert_allclose(m.prob(x), masses @ m.weights, rtol=1e-11)
    np.testing.assert_allclose(m.responsibilities(x), masses * m.weights / (masses @ m.weights)[:, None], rtol=1e-10)
    q = np.random.default_rng(1).random(500)
    at = m.icdf(q)
    assert (m.cdf(at) >= q).all()
    assert (m.cdf(at - 1) < q).all()
    m.save(tmp_path / "counts")
    assert fg.load(tmp_path / "counts") == m
    assert "Poisson" in repr(m)
    assert fg.Categorical([0.5, 0.5])[0] == fg.Categorical([[1.0, 1.0]])


# Quantiles of counts, far and wide

SEARCHES = [
    fg.Poisson(1e-8), fg.Poisson(1e9), fg.Poisson([0.1, 1e6]), fg.Binomial(10**9, [1e-12, 0.5]), fg.Geometric([1e-12, 0.9]),
    fg.Geometric(1e-17), fg.NegativeBinomial([1e-3, 1e8], 0.5), fg.NegativeBinomial(1e-3, 1e-9),
]  # fmt: skip


@pytest.mark.parametrize("components", SEARCHES, ids=repr)
def test_quantile_is_the_least_count_that_reaches_q(components, isa):
    m = fg.Mixture(None, components)
    q = np.concatenate([np.logspace(-300, -1, 60), np.linspace(0.01, 0.99, 50), 1 - np.logspace(-2, -15, 30)])
    x = m.icdf(q)
    assert (x == np.floor(x)).all()
    reached = m.cdf(x)
    assert (reached >= q * (1 - EPS)).all()  # reached by the upper tail, which may round otherwise than the lower one
    previous = np.where(x < 2.0**53, x - 1, np.nextafter(x, 0))
    assert (m.cdf(previous) < q).all()
    # Its own inverse, where the next count is told apart.
    inner = (reached < 1) & (m.cdf(previous) < reached)
    assert np.array_equal(m.icdf(reached[inner]), x[inner])


# Samplers, branch by branch

BRANCHES = [
    (fg.Poisson, {"rate": rate}, stats.poisson(rate)) for rate in (1e-3, 0.1, 1.0, 5.0, 9.999, 10.0, 11.5, 40.0, 1e3, 1e6, 1e9)
] + [
    (fg.Binomial, {"n": n, "probs": p}, stats.binom(n, p))
    for n, p in ((1, 0.5), (7, 0.9), (30, 0.3), (10**6, 1e-6), (10**9, 3e-9), (20, 0.5), (25, 0.6), (1000, 0.98), (1000, 0.02),
                 (10**5, 0.5), (10**9, 0.3))
] + [
    (fg.Geometric, {"probs": p}, stats.geom(p, loc=-1)) for p in (1.0 - 1e-3, 0.5, 1e-3, 1e-12)
] + [
    (fg.NegativeBinomial, {"concentration": r, "probs": p}, stats.nbinom(r, p))
    for r, p in ((1e-3, 1e-3), (0.1, 0.5), (0.9, 1e-6), (1.0, 0.5), (3.5, 0.2), (100.0, 0.9), (1e4, 0.5), (1e8, 0.5))
] + [
    (fg.Bernoulli, {"probs": p}, stats.bernoulli(p)) for p in (0.3, 0.5, 0.9, 1e-3)
]  # fmt: skip


def uniforms(peer, x, rng):
    """Jumps filled evenly: standard normals if x is of the peer's law, from the nearer tail."""
    mass, u, low = peer.pmf(x), rng.random(len(x)), x <= peer.median()
    z = np.empty(len(x))
    z[low] = special.ndtri(peer.cdf(x[low] - 1) + u[low] * mass[low])
    z[~low] = -special.ndtri(peer.sf(x[~low]) + (1 - u[~low]) * mass[~low])
    return z


@pytest.mark.parametrize(
    ("construct", "parameters", "peer"),
    BRANCHES,
    ids=lambda v: repr(v) if isinstance(v, dict) else getattr(v, "__name__", ""),
)
def test_sampler(construct, parameters, peer):
    """Randomised distribution function by Kolmogorov-Smirnov (off by 0.009 somewhere is seen), each common value and both
    far tails by their counts."""
    m = fg.Mixture(None, construct(**parameters))
    x = m.sample(N, rng=11)
    assert (x == np.floor(x)).all()
    assert np.isfinite(x).all()
    accept(ks_normal(uniforms(peer, x, np.random.default_rng(4))))
    values, counts = np.unique(x, return_counts=True)
    for value, observed in list(zip(values, counts, strict=True))[: 60 if len(values) < 200 else 0]:
        accept(count(observed, N, peer.pmf(value)))
    for tail in (1e-2, 1e-3, 1e-4):
        low, high = peer.ppf(tail), peer.isf(tail)
        accept(count((x <= low).sum(), N, peer.cdf(low)))
        accept(count((x > high).sum(), N, peer.sf(high)))


def test_sampler_with_every_branch_in_a_vector():
    """Neighbouring samples take different branches, and each has its law."""
    rates = np.array([1e-8, 0.5, 9.0, 10.0, 1e3, 1e9])
    x, labels = fg.Mixture(None, fg.Poisson(rates)).sample(N, rng=2, return_labels=True)
    for k, rate in enumerate(rates):
        accept(ks_normal(uniforms(stats.poisson(rate), x[labels == k], np.random.default_rng(k))))
    trials, probs = np.array([5, 1000, 1000, 10**6]), np.array([0.9, 1e-3, 0.7, 0.5])
    x, labels = fg.Mixture(None, fg.Binomial(trials, probs)).sample(N, rng=2, return_labels=True)
    for k in range(4):
        accept(ks_normal(uniforms(stats.binom(trials[k], probs[k]), x[labels == k], np.random.default_rng(k))))


def test_constants():
    """Probabilities of 0 and 1, and rates that never come to anything."""
    for components, value in (
        (fg.Bernoulli(0.0), 0), (fg.Bernoulli(1.0), 1), (fg.Binomial(7, 0.0), 0), (fg.Binomial(7, 1.0), 7),
        (fg.Binomial(0, 0.5), 0), (fg.Geometric(1.0), 0), (fg.NegativeBinomial(3.0, 1.0), 0), (fg.Poisson(1e-300), 0),
        (fg.Categorical([0.0, 0.0, 1.0]), 2), (fg.NegativeBinomial(1e-300, 0.5), 0),
    ):  # fmt: skip
        assert (fg.Mixture(None, components).sample(5000, rng=1) == value).all(), components


# Bits

EVERYTHING = fg.Mixture(
    None,
    [
        fg.Bernoulli([0.3, 0.9]), fg.Binomial([5, 1000, 10**6], [0.9, 0.2, 0.7]), fg.Categorical([0.2, 0.3, 0.5]), fg.Delta(2.0),
        fg.Geometric([0.2, 1e-12]), fg.NegativeBinomial([0.1, 2.5, 1e4], 0.3), fg.Poisson([1e-8, 3.0, 10.0, 1e6]),
    ],
)  # fmt: skip


@pytest.mark.parametrize("m", [EVERYTHING, INFLATED], ids=["counts", "atoms"])
def test_bits_do_not_depend_on_instruction_set_threads_or_chunks(m):
    n, start = 20_011, 2**32 - 7000
    q = np.random.default_rng(3).random(1511)
    methods = ("log_prob", "prob", "component_log_prob", "responsibilities", "assign", "cdf")
    expected = None
    for isa in _core.available_isas():
        _core.set_isa(isa)
        for threads in THREADS:
            _core.set_num_threads(threads)
            fresh = fg.Mixture(m.weights, m.components)
            x, labels = fresh.sample(n, rng=9, start=start, return_labels=True)
            points = np.concatenate([x[:5000], x[:100] + 0.5, [np.nan, np.inf, -np.inf, -0.0]])
            found = [x, labels, fresh.sample(n, rng=9, start=start, dtype=np.float32), fresh.icdf(q)]
            found += [getattr(fresh, method)(p) for method in methods for p in (points, points.astype(np.float32))]
            expected = expected or found
            for a, b in zip(found, expected, strict=True):
                assert_same_bits(a, b, f"{isa} {threads}")
        pieces = [m.sample(k, rng=9, start=start + i) for i, k in ((0, 1), (1, 62), (63, 1000), (1063, n - 1063))]
        assert_same_bits(np.concatenate(pieces), expected[0])
        for i in (0, 3, 1510):
            assert m.icdf(q[i : i + 1])[0] == expected[3][i]


def test_rows_of_probabilities_are_scaled_as_weights_are():
    """The same bits, row by row, also where the sum overflows or is 1 already; and those of each component alone."""
    rng = np.random.default_rng(3)
    probs = rng.uniform(size=(300, 7)) * 10.0 ** rng.uniform(-300, 300, size=(300, 1))
    probs[::3] /= probs[::3].sum(axis=1, keepdims=True)
    probs[5] = 1.7e308
    together = fg.Categorical(probs)
    assert abs(together.probs.sum(axis=1) - 1).max() < 1e-15
    for k, row in enumerate(probs):
        expected = fg.Mixture(row, fg.Normal(np.zeros(7), 1.0)).weights
        assert np.array_equal(together.probs[k], expected)
        assert fg.Categorical(row) == together[k]
    assert fg.Categorical(together.probs) == together
