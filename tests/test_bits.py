"""Same seed, same bits; same data, same bits: over instruction sets, threads, chunks, offsets, buffers and strides.

Every comparison is of bits, NaN and -0 included; there are no tolerances here.
"""

from __future__ import annotations

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import THREADS, assert_same_bits

DTYPES = (np.float64, np.float32)
VECTOR_METHODS = ("log_prob", "prob", "component_log_prob", "responsibilities", "assign", "grad_log_prob")
CONFIGURATIONS = [(isa, threads) for isa in _core.available_isas() for threads in THREADS]


def methods(case):
    """What the mixtures of a case answer: counts have no gradient."""
    names = VECTOR_METHODS[:-1] if case.discrete else VECTOR_METHODS
    return (*names, "cdf", "icdf") if case.scalar else names


def configure(isa, threads):
    _core.set_isa(isa)
    _core.set_num_threads(threads)


def enough(case):
    """Points that make a few thread tasks (a quarter of a millisecond each) and cut tiles and vectors unevenly."""
    return 1237 + 100_000 // (case.k * case.d * (1 + case.d // 4))


def special_points(case, n, dtype):
    """Points with everything in them that takes another path: NaN, infinities, -0, far away, denormal."""
    x = case.points(n, dtype, seed=1)
    x[:: n // 7] = np.resize([np.nan, np.inf, -np.inf, -0.0, 1e30, 1e-40], (len(x[:: n // 7]),) + (1,) * (x.ndim - 1))
    if not case.scalar:
        x[n // 3, 0], x[n // 2, -1] = np.nan, np.inf
    return x


def arguments(case, method, n, dtype):
    if method == "icdf":
        q = np.random.default_rng(2).random(n)
        q[:4], q[5::50] = (0.0, 1.0, 0.5, np.nan), q[5::50] ** 30
        return q.astype(dtype)
    return special_points(case, n, dtype)


@pytest.mark.parametrize(("case", "dtype"), cases.in_both_precisions(cases.BIT_CASES))
def test_evaluation(case, dtype):
    """Every method, on every instruction set with every number of threads; mixtures made there and made elsewhere."""
    for method in methods(case):
        # Distribution functions may be quadratures, and the search for a quantile takes some twenty of their values.
        n = enough(case) // {"cdf": 4, "icdf": 40}.get(method, 1)
        x = arguments(case, method, n, dtype)
        configure(_core.available_isas()[-1], 1)
        expected = getattr(case.mixture(), method)(x)
        for isa, threads in CONFIGURATIONS:
            configure(isa, threads)
            assert_same_bits(getattr(case.mixture(), method)(x), expected, f"{method} {isa} {threads} threads")
        for isa in _core.available_isas():
            configure(isa, 1)
            few = x[: n // 20]
            assert_same_bits(getattr(case.fresh(), method)(few), expected[: n // 20], f"{method} {isa}, new mixture")


@pytest.mark.parametrize("case", cases.BIT_CASES, ids=repr)
def test_evaluation_of_many_points(case):
    """Enough work for dozens of tasks, on the best instruction set."""
    n = 10 * enough(case)
    x = case.points(n)
    m = case.mixture()
    for method in ("log_prob", "assign"):
        _core.set_num_threads(1)
        expected = getattr(m, method)(x)
        for threads in THREADS[1:]:
            _core.set_num_threads(threads)
            assert_same_bits(getattr(m, method)(x), expected, f"{method} with {threads} threads")


@pytest.mark.parametrize(("case", "dtype"), cases.in_both_precisions(cases.BIT_CASES))
def test_evaluation_in_chunks(case, dtype, isa):
    """An answer depends on its own point alone: not on its place in the array, nor on its neighbours."""
    n = 700
    m = case.mixture()
    for method in methods(case):
        call = getattr(m, method)
        x = arguments(case, method, n, dtype)
        whole = call(x)
        for cuts in ((1, 2, 3, 66), (7, 130, 131, 400), (64, 128, 512)):
            pieces = [call(part) for part in np.split(x, cuts)]
            assert_same_bits(np.concatenate(pieces), whole, f"{method} cut at {cuts}")
        assert_same_bits(call(x[::-1])[::-1], whole, f"{method} of the reversed rows")
        for i in (0, 1, 100, n - 1):
            assert_same_bits(call(x[i]), whole[i], f"{method} of point {i} alone")


def clusters(k, d, spread, n, dtype):
    """A mixture of k components whose means are `spread` standard deviations apart in each feature, and rows from it:
    sorted by component, then mixed, then far from everything."""
    rng = np.random.default_rng([k, d])
    parameters = cases.FULL.parameters(rng, k, d)
    parameters["means"] *= spread / 3
    m = fg.Mixture(rng.uniform(0.1, 1, k), cases.FULL.construct(**parameters))
    x, labels = m.sample(n, rng=1, return_labels=True)
    x[: n // 2] = x[: n // 2][np.argsort(labels[: n // 2], kind="stable")]
    x[-20:] += 1e8
    x[7], x[n // 2] = np.nan, np.inf
    return m, x.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda t: t.__name__)
@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize(("k", "d"), [(4, 32), (16, 32), (9, 70), (100, 35)])
def test_pruning_changes_no_bit(k, d, spread, dtype, isa):
    """Rows one by one are evaluated in full; in company, components that a bound rules out are left out."""
    m, x = clusters(k, d, spread, 400, dtype)
    order = np.random.default_rng(3).permutation(len(x))
    for method in VECTOR_METHODS:
        call = getattr(m, method)
        whole = call(x)
        alone = np.stack([call(row) for row in x])
        assert_same_bits(whole, alone, f"{method}, rows one by one")
        assert_same_bits(call(x[order]), whole[order], f"{method}, in another order")


@pytest.mark.parametrize("case", cases.BIT_CASES, ids=repr)
def test_strided_points(case):
    """Strides, byte order, alignment and the fast path for one point change nothing."""
    m, x = case.mixture(), case.points(300)
    wide = np.zeros((600, *x.shape[1:]))
    wide[::2] = x
    shapes = [wide[::2], x[::-1][::-1], np.asfortranarray(x), x.astype(">f8")]
    raw = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float64) if x.ndim == 1 else None
    if raw is None:
        doubled = np.zeros((300, 2 * case.d))
        doubled[:, ::2] = x
        backwards = np.ascontiguousarray(x[:, ::-1])[:, ::-1]
        shapes += [doubled[:, ::2], backwards]
    else:
        raw[:] = x
        assert not raw.flags.aligned
        shapes.append(raw)
    for method in (name for name in methods(case) if name in VECTOR_METHODS):
        expected = getattr(m, method)(x)
        for i, same in enumerate(shapes):
            assert_same_bits(getattr(m, method)(same), expected, f"{method}, layout {i}")
    expected = m.log_prob(x)
    for i in range(3):
        point = float(x[i]) if case.scalar else x[i]
        assert_same_bits(m.log_prob(point), expected[i], "one point")
        assert_same_bits(m.log_prob(x[i : i + 1])[0], expected[i], "one row")


# Sampling


def draw(m, n, start, dtype, seed=5):
    return m.sample(n, rng=seed, start=start, dtype=dtype, return_labels=True)


@pytest.mark.parametrize(("case", "dtype"), cases.in_both_precisions(cases.BIT_CASES))
def test_sample(case, dtype):
    n = 64 + 120_000 // (case.d * (1 + case.d // 8))
    configure(_core.available_isas()[-1], 1)
    x, labels = draw(case.mixture(), n, 0, dtype)
    assert x.shape == ((n,) if case.scalar else (n, case.d))
    assert x.dtype == dtype
    assert labels.dtype == np.int64
    for isa, threads in CONFIGURATIONS:
        configure(isa, threads)
        again, labels_again = draw(case.mixture(), n, 0, dtype)
        assert_same_bits(again, x, f"{isa} {threads} threads")
        assert_same_bits(labels_again, labels, f"labels, {isa} {threads} threads")
    for isa in _core.available_isas():
        configure(isa, 1)
        assert_same_bits(draw(case.fresh(), 500, 0, dtype)[0], x[:500], f"{isa}, new mixture")


@pytest.mark.parametrize("k", [1, 2, 15, 16, 17, 31, 32, 33])
def test_samples_of_few_components(k):
    """Constants are held in registers up to a number of components that depends on the instruction set."""
    rng = np.random.default_rng(k)
    loc, scale, factor = rng.normal(size=k), rng.uniform(0.5, 2, k), np.tril(rng.uniform(0.5, 2, (k, 2, 2)))
    shape = rng.uniform(0.3, 4, k)
    laws = [
        fg.Normal(loc, scale),
        fg.MultivariateNormal.from_cholesky(loc[:, None], factor[:, :1, :1]),
        fg.MultivariateNormal.from_cholesky(rng.normal(size=(k, 2)), factor),
        fg.MultivariateNormal(rng.normal(size=(k, 2)), factor[0] @ factor[0].T, covariance_type="tied"),
        fg.Gumbel(loc, scale),
        fg.Gamma(shape, scale),
        fg.StudentT(shape, loc, scale),
        fg.Beta(shape, scale),
    ]
    mixtures = [fg.Mixture(None, law) for law in laws]
    mixtures.append(fg.Mixture(None, [law for law in laws if not isinstance(law, fg.MultivariateNormal)]))
    for m in mixtures:
        for dtype in DTYPES:
            configure(_core.available_isas()[-1], 1)
            x, labels = draw(m, 1100, 3, dtype)
            for isa in _core.available_isas():
                configure(isa, 1)
                again, labels_again = draw(m, 1100, 3, dtype)
                assert_same_bits(again, x, f"{m.components!r} {isa}")
                assert_same_bits(labels_again, labels, f"labels, {isa}")


@pytest.mark.parametrize(("case", "dtype"), cases.in_both_precisions(cases.BIT_CASES))
def test_sample_in_pieces(case, dtype, isa):
    """Any part of a stream, of any length, from any place, equals that part of the whole."""
    n = 2500
    m = case.mixture()
    x, labels = draw(m, n, 0, dtype)
    for start, count in (
        (0, 1),
        (0, 63),
        (1, 1),
        (1, 200),
        (63, 2),
        (64, 64),
        (511, 514),
        (1000, 1500),
        (2047, 3),
        (2499, 1),
    ):
        part, part_labels = draw(m, count, start, dtype)
        assert_same_bits(part, x[start : start + count], f"{count} from {start}")
        assert_same_bits(part_labels, labels[start : start + count], f"labels, {count} from {start}")
    # Labels asked for or not, a buffer given or not.
    assert_same_bits(m.sample(n, rng=5, dtype=dtype), x, "without labels")
    out = np.full_like(x, np.nan)
    assert m.sample(n, rng=5, dtype=dtype, out=out) is out
    assert_same_bits(out, x, "into a buffer")
    assert_same_bits(m.sample(n, rng=fg.Stream(5), dtype=dtype), x, "a Stream and its seed")


# Where the index, and the index times the features, pass 32 bits; and close to 63 bits.
FAR_STARTS = (2**32 - 40, 2**33 + 17, 2**40 + 1, 2**62 - 77, 2**63 + 5)


@pytest.mark.parametrize("start", FAR_STARTS)
@pytest.mark.parametrize("case", cases.BIT_CASES, ids=repr)
def test_sample_far_into_a_stream(case, start):
    m = case.mixture()
    expected = None
    for isa, threads in CONFIGURATIONS:
        configure(isa, threads)
        x, labels = draw(m, 150, start, np.float64)
        parts = [draw(m, 50, start + i, np.float64) for i in (0, 50, 100)]
        assert_same_bits(np.concatenate([p[0] for p in parts]), x, "pieces")
        assert_same_bits(np.concatenate([p[1] for p in parts]), labels, "labels of pieces")
        if expected is not None:
            assert_same_bits(x, expected, f"{isa} {threads} threads")
        expected = x
    assert case.discrete or np.unique(x.ravel()).size == x.size  # nothing repeats


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda t: t.__name__)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 16, 100])
def test_index_space_can_be_shared_out(d, dtype):
    """A stream holds 2^64 samples, so workers may take one part of the indices each, by the high bits. Were the noise
    addressed by index times D in 64 bits, worker 1 of 16 would repeat worker 0's from D = 16 on."""
    m = cases.case((cases.NORMAL, 1) if d == 1 else (cases.DIAG, 1), d=d).mixture()
    for bits_ in (54, 58, 60, 61, 62, 63):
        x = np.concatenate(
            [m.sample(30, rng=5, start=w << bits_, dtype=dtype) for w in range(min(4, 2 ** (64 - bits_)))]
        )
        repeated = x.size - np.unique(x.ravel()).size
        # Of 12,000 float32 values some 20 agree by chance; whole repeated parts are a quarter of all.
        assert repeated <= (0 if dtype is np.float64 else x.size // 50), f"parts of 2^{bits_} samples"


def test_last_samples_of_a_stream():
    m = cases.BIT_CASES[1].mixture()
    x = m.sample(3, rng=5, start=2**64 - 3)
    assert_same_bits(m.sample(1, rng=5, start=2**64 - 1), x[2:])


def test_streams_differ():
    """Neighbouring seeds, spawned streams and start values give unrelated numbers."""
    m = cases.BIT_CASES[1].mixture()
    streams = [fg.Stream(seed) for seed in range(20)]
    streams += fg.Stream(0).spawn(20) + fg.Stream(0).spawn(1)[0].spawn(5) + [fg.Stream([0, 1]), fg.Stream([1, 1])]
    draws = np.concatenate([m.sample(1000, rng=s) for s in streams])
    assert np.unique(draws).size == draws.size


# Learning

FIT_CASES = [(3, 1), (2, 2), (4, 3), (5, 5), (7, 8), (3, 9), (2, 20), (4, 37)]


def fit_data(k, d, dtype, n=1500):
    rng = np.random.default_rng([k, d])
    x = rng.normal(size=(n, d)) + 2.5 * rng.integers(0, k, size=(n, 1))
    return x.astype(dtype)


def fitted(x, k, covariance_type, weight):
    r = fg.fit(x, k, covariance_type=covariance_type, sample_weight=weight, rng=3, max_iter=5, tol=0)
    block = r.mixture.components
    parameters = (block.loc, block.scale) if x.ndim == 1 else (block.means, block.covariances, block.cholesky)
    return (r.mixture.weights, *parameters, r.history, np.float64(r.log_likelihood))


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda t: t.__name__)
@pytest.mark.parametrize(("k", "d"), FIT_CASES)
def test_fit(k, d, dtype, covariance_type):
    """The start (k-means++ and k-means), the steps, and their history."""
    x = fit_data(k, d, dtype)
    x = x[:, 0] if d == 1 else x
    weight = np.random.default_rng(1).uniform(0.5, 2, size=len(x)) if d % 2 else None
    expected = None
    for isa, threads in CONFIGURATIONS:
        if threads in (2, 3) and isa == _core.available_isas()[-1]:
            continue  # the slowest instruction set: one thread and seven say it
        configure(isa, threads)
        parts = fitted(x, k, covariance_type, weight)
        for a, b in zip(parts, expected or parts, strict=True):
            assert_same_bits(a, b, f"{isa} {threads} threads")
        expected = parts


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_fit_of_many_rows(covariance_type):
    """Dozens of chunks, summed in the order of the data whichever thread brings them."""
    x = fit_data(5, 4, np.float64, 60_000)
    _core.set_num_threads(1)
    expected = fitted(x, 5, covariance_type, None)
    for threads in THREADS[1:]:
        _core.set_num_threads(threads)
        for _ in range(2):
            for a, b in zip(fitted(x, 5, covariance_type, None), expected, strict=True):
                assert_same_bits(a, b, f"{threads} threads")


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_fit_of_strided_data(init):
    x = fit_data(3, 5, np.float64)
    wide = np.zeros((len(x), 11))
    wide[:, 1::2] = x
    expected = fg.fit(x, 3, rng=1, init=init, max_iter=4, tol=0)
    for same in (wide[:, 1::2], np.asfortranarray(x), x.astype(">f8"), x.tolist()):
        result = fg.fit(same, 3, rng=1, init=init, max_iter=4, tol=0)
        assert_same_bits(result.history, expected.history)
        assert result.mixture == expected.mixture


def test_marginals_and_conditionals():
    m = cases.case((cases.FULL, 5), d=6).mixture()
    expected = None
    for isa in _core.available_isas():
        _core.set_isa(isa)
        given = m.condition([4, 0], [0.5, -1.0])
        parts = (
            given.weights,
            given.components.means,
            given.components.cholesky,
            m.marginal([3, 1]).components.cholesky,
        )
        for a, b in zip(parts, expected or parts, strict=True):
            assert_same_bits(a, b, isa)
        expected = parts
