"""Every kind of array that may come in, what goes out, and sizes beyond all bounds."""

from __future__ import annotations

import array
import ctypes
import mmap
import sys

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import assert_same_bits

LINE = cases.case((cases.NORMAL, 3))
PLANE = cases.case((cases.FULL, 3), d=3)
CASES = (LINE, PLANE)
METHODS = ("log_prob", "prob", "component_log_prob", "responsibilities", "assign", "grad_log_prob")


def per_point(case, method):
    """Shape of one answer."""
    if method in ("component_log_prob", "responsibilities"):
        return (case.k,)
    return (case.d,) if method == "grad_log_prob" and not case.scalar else ()


# Layouts and types

LAYOUTS = {
    "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "reversed": lambda x: x[::-1].copy()[::-1],
    "Fortran": np.asfortranarray,
    "byte-swapped": lambda x: x.astype(x.dtype.newbyteorder("S")),
    "misaligned": lambda x: misaligned(x),
    "field of records": lambda x: as_field(x),
    "broadcast and written out": lambda x: np.lib.stride_tricks.as_strided(x, x.shape, x.strides),
}
COERCED = {
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(x.tolist()),
    "longdouble": lambda x: x.astype(np.longdouble),
    "object with __array__": lambda x: type("A", (), {"__array__": lambda _, dtype=None, copy=None: x})(),
    "subclass": lambda x: x.view(type("Sub", (np.ndarray,), {})),
    "numbers as objects": lambda x: x.astype(object),
    "masked array without a mask": lambda x: np.ma.masked_array(x),
    "masked array with nothing masked": lambda x: np.ma.masked_array(x, np.zeros(x.shape, bool)),
}


def misaligned(x):
    raw = np.zeros(x.nbytes + 1, np.uint8)[1:]
    raw[:] = np.frombuffer(x.tobytes(), np.uint8)
    y = raw.view(x.dtype).reshape(x.shape)
    assert not y.flags.aligned
    return y


def as_field(x):
    """Strides that are no multiple of the element: a field of packed records."""
    records = np.zeros(x.shape, np.dtype([("tag", "u1"), ("value", x.dtype)]))
    records["value"] = x
    return records["value"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda t: t.__name__)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_layout(case, layout, dtype):
    m, x = case.mixture(), case.points(200, dtype)
    same = LAYOUTS[layout](x)
    same.flags.writeable = False
    before = same.copy()
    for method in METHODS:
        assert_same_bits(getattr(m, method)(same), getattr(m, method)(x), f"{method}, {layout}")
    assert np.array_equal(same, before)


def between_guards(count, dtype, at_end):
    """An array at the very end (or beginning) of memory that may be touched: pages before and after it may not."""
    page, size = mmap.PAGESIZE, count * np.dtype(dtype).itemsize
    pages = -(-size // page)
    memory = mmap.mmap(-1, (pages + 2) * page)
    start = np.frombuffer(memory, np.uint8).ctypes.data
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    for guard in (start, start + (pages + 1) * page):
        assert protect(ctypes.c_void_p(guard), ctypes.c_size_t(page), 0) == 0
    offset = page + (pages * page - size if at_end else 0)
    return np.frombuffer(memory, dtype, count, offset)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda t: t.__name__)
@pytest.mark.parametrize("at_end", [True, False], ids=["at the end", "at the beginning"])
def test_nothing_beyond_the_data_is_touched(at_end, dtype, isa):
    """Points are loaded in whole vectors; those of the last rows must not reach beyond them. A crash of the process otherwise.

    Every number of rows and features, close together, in wider rows, and every second column.
    """
    rng = np.random.default_rng(0)
    for d in range(1, 41):
        m = fg.Mixture(None, fg.MultivariateNormal(rng.normal(size=(2, d)), 1.0, "spherical"))
        points = rng.normal(size=(70, d)).astype(dtype)
        expected = m.log_prob(points)
        for row, column in ((d, 1), (d + 3, 1), (2 * d - 1, 2), (1, 70)):
            most = between_guards((70 - 1) * row + (d - 1) * column + 1, dtype, at_end)
            step = most.itemsize
            for n in range(1, 71) if column != 70 else (70,):
                count = (n - 1) * row + (d - 1) * column + 1
                part = most[len(most) - count :] if at_end else most[:count]
                x = np.lib.stride_tricks.as_strided(part, (n, d), (row * step, column * step))
                x[:] = points[:n]
                np.testing.assert_array_equal(m.log_prob(x), expected[:n])
                if (column, row) == (1, d) and n < 9:
                    assert m.sample(n, rng=1, out=x) is x


@pytest.mark.parametrize("kind", COERCED)
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_coerced(case, kind):
    m, x = case.mixture(), case.points(50)
    for method in METHODS:
        answer = getattr(m, method)(COERCED[kind](x))
        assert type(answer) is np.ndarray
        assert_same_bits(answer, getattr(m, method)(x), f"{method}, {kind}")


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint16, np.int32, np.int64, np.uint64, np.bool_])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_other_real_types(case, dtype):
    """Everything real but float32 is taken as float64."""
    m = case.mixture()
    x = np.array([0, 1, 1, 0, 1, 1] if dtype is np.bool_ else [0, 1, 2, 3, 5, 9], dtype=dtype)
    x = x if case.scalar else x.reshape(2, 3)
    assert_same_bits(m.log_prob(x), m.log_prob(x.astype(np.float64)))


def test_buffers_and_scalars():
    m = LINE.mixture()
    assert_same_bits(m.log_prob(array.array("d", [1.0, 2.0])), m.log_prob([1.0, 2.0]))
    expected = m.log_prob([2.0])[0]
    for two in (2, 2.0, np.float64(2), np.int16(2), np.array(2.0), np.array(2)):
        value = m.log_prob(two)
        assert type(value) is np.float64
        assert_same_bits(value, expected)
    assert type(m.log_prob(np.float32(2))) is np.float32
    assert_same_bits(m.log_prob(np.float32(2)), m.log_prob(np.array([2], np.float32))[0])
    assert type(m.assign(2.0)) is np.int64
    assert m.responsibilities(2.0).shape == (3,)
    assert type(m.grad_log_prob(2.0)) is np.float64
    assert type(m.cdf(0.5)) is type(m.icdf(0.5)) is np.float64


def test_longdouble_beyond_float64():
    """Is infinite, without a warning."""
    largest = np.array([np.finfo(np.longdouble).max, 0.0], np.longdouble)
    assert np.isfinite(LINE.mixture().log_prob(largest)).tolist() == [largest[0] <= np.finfo(np.float64).max, True]


def test_one_point_of_several_features():
    m = PLANE.mixture()
    x = PLANE.points(1)[0]
    for point in (x, x.tolist(), np.repeat(x, 2)[::2], misaligned(x), x.astype(">f8")):
        assert type(m.log_prob(point)) is np.float64
        assert_same_bits(m.log_prob(point), m.log_prob(x[None])[0])
    single = m.log_prob(x.astype(np.float32))
    assert type(single) is np.float32
    assert_same_bits(single, m.log_prob(x[None].astype(np.float32))[0])
    assert m.grad_log_prob(x).shape == (3,)
    assert type(m.assign(x)) is np.int64


@pytest.mark.parametrize("lead", [(), (1,), (7,), (2, 3), (2, 1, 4), (0,), (3, 0)])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_shapes(case, method, lead):
    """(..., D) in, (..., answer) out, zero lengths included."""
    m = case.mixture()
    n = int(np.prod(lead))
    flat = case.points(max(n, 1))[:n]
    x = flat.reshape(lead if case.scalar else (*lead, case.d))
    answer = getattr(m, method)(x)
    assert np.shape(answer) == (*lead, *per_point(case, method))
    assert_same_bits(np.reshape(answer, (n, *per_point(case, method))), getattr(m, method)(flat))


def test_zero_samples():
    for case in CASES:
        x, labels = case.mixture().sample(0, rng=1, return_labels=True)
        assert x.shape == ((0,) if case.scalar else (0, case.d))
        assert labels.shape == (0,)
        assert case.mixture().sample(0, dtype=np.float32, out=np.empty_like(x, np.float32)).size == 0


# Output


@pytest.mark.parametrize("case", CASES, ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda t: t.__name__)
def test_out(case, dtype):
    m, x = case.mixture(), case.points(77, dtype)
    out = np.full(77, np.nan, dtype)
    assert m.log_prob(x, out=out) is out
    assert_same_bits(out, m.log_prob(x))
    # A block of rows of a larger array; what lies around it stays.
    large = np.full((100, 4), 7.5, dtype)
    block = large.reshape(-1)[10:87]
    assert m.log_prob(x, out=block) is block
    assert_same_bits(block, out)
    assert (np.delete(large.reshape(-1), np.s_[10:87]) == 7.5).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda t: t.__name__)
@pytest.mark.parametrize("case", [*CASES, cases.case((cases.NORMAL, 40)), cases.case((cases.DIAG, 2), d=21)], ids=repr)
def test_nothing_is_written_outside_the_answer(case, dtype, isa):
    """Kernels work on whole vectors; the answer ends where it ends, also between the parts of two threads."""
    m = case.mixture()._core
    guard = 64
    for n in (1, 2, 3, 5, 7, 9, 15, 17, 31, 33, 100, 129):
        x = np.abs(case.points(n, dtype)) % 1  # probabilities, for icdf
        methods = [*METHODS, "cdf", "icdf"] if case.scalar else METHODS
        for method in methods:
            answer = np.int64 if method == "assign" else dtype
            size = n * int(np.prod(per_point(case, method), dtype=int))
            buffer = np.full(size + 2 * guard, 77, answer)
            getattr(m, method)(x, buffer[guard : guard + size].reshape(n, *per_point(case, method)))
            assert (buffer[:guard] == 77).all(), f"{method} of {n} writes before its answer"
            assert (buffer[guard + size :] == 77).all(), f"{method} of {n} writes beyond its answer"
            assert not (buffer[guard : guard + size] == 77).any()
        size = n * case.d
        buffer, labels = np.full(size + 2 * guard, 77, dtype), np.full(n + 2 * guard, 77)
        m.sample(1, 3, buffer[guard : guard + size].reshape(x.shape), labels[guard : guard + n])
        for b, used in ((buffer, size), (labels, n)):
            assert (b[:guard] == 77).all()
            assert (b[guard + used :] == 77).all()


def test_failed_call_leaves_out_alone():
    m, x = PLANE.mixture(), PLANE.points(10)
    for wrong in (np.full(9, 7.0), np.full(10, 7.0, np.float32), np.full(20, 7.0)[::2]):
        with pytest.raises((ValueError, TypeError), match="out"):
            m.log_prob(x, out=wrong)
        assert (wrong == 7.0).all()


# Sizes


def test_more_than_2_to_the_31_elements():
    """2^32 elements in the memory of 64: a row broadcast to 2^26. Counts and sizes must be 64 bits wide."""
    case = cases.case((cases.DIAG, 1), d=64)
    point = case.points(1, np.float32)
    x = np.broadcast_to(point, (2**26 + 3, 64))
    assert x.size > 2**32
    out = np.zeros(len(x), np.float32)
    case.mixture()._core.log_prob(x, out)
    assert out.min() == out.max() == case.mixture().log_prob(point)[0]


def test_strides_beyond_2_to_the_31():
    """Rows that lie 2^32 elements apart from end to end, in an address space of which ten pages are touched."""
    m, points, step = PLANE.mixture(), PLANE.points(9), 2**29
    # Python names this flag from 3.13 on; elsewhere than on Linux such a mapping needs none.
    no_reserve = 0x4000 if sys.platform == "linux" else 0
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve
    with mmap.mmap(-1, 8 * (8 * step + 8), flags=flags) as memory:
        far = np.frombuffer(memory, np.float64)
        x = np.lib.stride_tricks.as_strided(far, (9, 3), (8 * step, 8))
        x[:] = points
        assert_same_bits(m.log_prob(x), m.log_prob(points))
        assert_same_bits(m.log_prob(x[::-1]), m.log_prob(points)[::-1])
        del x, far


@pytest.mark.parametrize("n", [2**40, 2**60, 2**63 - 1, 2**63, 2**64, 2**100])
def test_samples_that_do_not_fit(n):
    """One clear error, and no process that dies."""
    for m in (LINE.mixture(), PLANE.mixture()):
        with pytest.raises(
            (MemoryError, ValueError), match=rf"array of samples of shape \({n}.*would need|n is {n}, expected|start is"
        ):
            m.sample(n, rng=1)


def test_answers_that_do_not_fit():
    m = cases.case((cases.NORMAL, 1000)).mixture()
    for rows in (2**50, 2**59):
        x = np.lib.stride_tricks.as_strided(np.zeros(1), (rows,), (0,))
        for method in ("log_prob", "responsibilities"):
            with pytest.raises(MemoryError, match=r"answer of shape .* would need [\d,.]+ GiB"):
                getattr(m, method)(x)


def test_core_checks_sizes_too():
    """Below the Python layer nothing overflows either."""
    m = PLANE.mixture()._core
    with pytest.raises((ValueError, OverflowError, MemoryError)):
        m.sample_new(1, 0, 2**62)
    with pytest.raises((ValueError, TypeError)):
        m.sample_new(1, 0, 2**64)
    with pytest.raises(ValueError, match=r"."):
        m.log_prob(np.zeros((4, 2)), np.zeros(4))
    with pytest.raises(ValueError, match=r"."):
        m.log_prob(np.zeros((4, 3)), np.zeros(5))
    with pytest.raises(ValueError, match=r"."):
        m.log_prob(np.zeros((4, 3)), np.zeros(4, np.float32))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_start_at_2_to_the_62(case):
    m = case.mixture()
    x = m.sample(100, rng=1, start=2**62)
    assert np.isfinite(x).all()
    assert_same_bits(m.sample(50, rng=1, start=2**62 + 50), x[50:])
    assert not np.isin(x.ravel(), m.sample(1000, rng=1).ravel()).any()


def test_many_components_and_features():
    """K = 10,000 and D = 1,024: the ends of what is promised."""
    rng = np.random.default_rng(1)
    many = fg.Mixture(None, fg.Normal(rng.normal(size=10_000), 1.0))
    x = many.sample(50, rng=1)
    loc = many.components.loc
    direct = np.log(np.exp(-0.5 * (x[:, None] - loc) ** 2).mean(axis=1)) - 0.5 * np.log(2 * np.pi)
    # 10,000 positive terms, each within 1e-15 or so, added one after the other.
    np.testing.assert_allclose(many.log_prob(x), direct, rtol=1e-12)
    lower = np.tril(rng.normal(size=(1, 1024, 1024)) / 64, -1) + np.eye(1024)
    wide = fg.Mixture(None, fg.MultivariateNormal.from_cholesky(np.zeros((1, 1024)), lower))
    y = wide.sample(20, rng=1)
    z = np.linalg.solve(lower[0], y.T)
    np.testing.assert_allclose(wide.log_prob(y), -0.5 * (z * z).sum(axis=0) - 512 * np.log(2 * np.pi), rtol=1e-11)


# Arguments are never changed, objects never change


def test_parameters_are_copied():
    loc, weights = np.array([0.0, 1.0]), np.array([0.5, 0.5])
    m = fg.Mixture(weights, fg.Normal(loc, 1.0))
    before = m.log_prob(0.3)
    loc[:] = 99.0
    weights[:] = [1.0, 0.0]
    assert m.log_prob(0.3) == before
    assert m.components.loc.tolist() == [0.0, 1.0]
    for frozen in (m.weights, m.components.loc, m.components.scale, PLANE.mixture().components.covariances):
        with pytest.raises(ValueError, match="read-only"):
            frozen[...] = 0


def test_weights_are_normalised():
    components = fg.Normal([0.0, 1.0, 2.0], 1.0)
    for weights in ([1, 2, 5], [1e-300, 2e-300, 5e-300], [1e308, 2e307, 5e307], np.array([1, 2, 5], ">i4")):
        w = np.array(weights, float)
        np.testing.assert_allclose(
            fg.Mixture(weights, components).weights, w / w.max() / (w / w.max()).sum(), rtol=1e-15
        )
    assert fg.Mixture(None, components).weights.tolist() == [1 / 3] * 3
    same = fg.Mixture([0.1, 0.2, 0.7], components)
    assert_same_bits(fg.Mixture(same.weights, components).weights, same.weights)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_core_is_the_package(case):
    """The compiled module, by its own interface, gives what the package gives."""
    x = case.points(10)
    out = np.empty(10)
    case.mixture()._core.log_prob(x, out)
    assert_same_bits(out, case.mixture().log_prob(x))
    assert_same_bits(
        case.mixture()._core.sample_new(fg.Stream(3).key, 5, 10), case.mixture().sample(10, rng=3, start=5)
    )
    assert _core.stream_version == fg.STREAM_VERSION
