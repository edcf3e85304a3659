"""The random numbers, by independent means: published answers, another implementation, and the layout in NumPy."""

from __future__ import annotations

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import mixed_cell

# The purposes of src/cpp/core/purpose.hpp.
LABELS, LABEL_TIES, NORMALS_F64, NORMALS_F32, STARTS, RADII_F64 = range(6)
SLOT = 0
KEY = fg.Stream(2024).key


# Philox itself

PUBLISHED = [  # Random123, kat_vectors, philox4x32 10: counter, key, answer
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), PUBLISHED)
def test_published_answers(counter, key, answer, isa):
    low, high = words(key)
    # More than one row: whole vectors and what is left over.
    counters = np.tile(np.array(words(counter), np.uint32), (37, 1))
    assert (_core.philox(low | high << 32, counters) == words(answer)).all()


def test_against_randomgen(isa):
    """randomgen draws the block after the counter it is given."""
    from randomgen import Philox

    rng = np.random.default_rng(1)
    for _ in range(50):
        key = int(rng.integers(2**64, dtype=np.uint64))
        counter = int(rng.integers(2**64 - 1, dtype=np.uint64)) << 64 | int(rng.integers(2**64 - 1, dtype=np.uint64))
        theirs = Philox(key=key, counter=counter, number=4, width=32).random_raw(4 * 33)
        block = [counter + 1 + i for i in range(33)]
        counters = np.array([[b >> 32 * w & 0xFFFFFFFF for w in range(4)] for b in block], np.uint32)
        assert _core.philox(key, counters).ravel().tolist() == theirs.tolist()


# The layout, from blocks


def blocks(key, purpose, first, n):
    """Words (n, 4) of n blocks."""
    index = np.uint64(first) + np.arange(n, dtype=np.uint64)
    counters = np.zeros((n, 4), np.uint32)
    counters[:, 0], counters[:, 1] = index & np.uint64(0xFFFFFFFF), index >> np.uint64(32)
    counters[:, 2], counters[:, 3] = SLOT, purpose
    return _core.philox(key, counters)


def stream_words(key, purpose, start, n):
    """Words start .. start + n: groups of 64 from 16 blocks, the first words of all 16, then the second ones, ..."""
    first, last = start // 64, (start + n - 1) // 64 + 1
    b = blocks(key, purpose, first * 16, (last - first) * 16)
    flat = b.reshape(-1, 16, 4).transpose(0, 2, 1).ravel()
    return flat[start - first * 64 :][:n]


def extended(key, n_pairs):
    """The pairs whose 48 bits of radius are below 2^32: they take another word."""
    return np.flatnonzero(radius_bits(key, n_pairs) >> np.uint64(32) == 0)


def pair_words(key, n_pairs):
    """Words of the radius, of the angle, and of both, for pairs 0 .. n_pairs: groups of 32 from 24 blocks. Blocks 0 .. 7
    and 8 .. 15 hold radius, angle, radius, angle; block 16 + b the words of both for pairs b, 8 + b, 16 + b, 24 + b."""
    groups = -(-n_pairs // 32)
    w = blocks(key, NORMALS_F64, 0, groups * 24).reshape(groups, 3, 8, 4).astype(np.uint64)
    first = w[:, :2].transpose(0, 1, 3, 2)  # group, half, word, lane
    radius, angle = first[:, :, 0::2].reshape(-1), first[:, :, 1::2].reshape(-1)
    both = w[:, 2].transpose(0, 2, 1).reshape(-1)
    return radius[:n_pairs], angle[:n_pairs], both[:n_pairs]


def radius_bits(key, n_pairs):
    radius, _, both = pair_words(key, n_pairs)
    return radius | (both & np.uint64(0xFFFF)) << np.uint64(32)


def normals_f64(key, n):
    """Normals 0 .. n: eight cosines, then their sines. The radius is the middle of one of 2^48 cells, or of one of 2^32 parts
    of a cell; of the angle's 48 bits the top two are the signs, the others place it around pi/4."""
    n_pairs = -(-n // 64) * 32
    _, angle, both = pair_words(key, n_pairs)
    u = (radius_bits(key, n_pairs).astype(np.longdouble) + 0.5) / 2.0**48
    for pair in extended(key, n_pairs):
        more = int(stream_words(key, RADII_F64, int(pair), 1)[0])
        u[pair] = (np.floor(u[pair] * 2.0**48) + (more + np.longdouble(0.5)) / 2.0**32) / 2.0**48
    r = np.sqrt(-2 * np.log(u))
    t = (angle | (both >> np.uint64(16) & np.uint64(0x3FFF)) << np.uint64(32)).astype(np.longdouble) / 2.0**46 - 0.5
    phi = np.arctan(np.longdouble(1)) * (1 + 2 * t)
    c = np.where(both >> np.uint64(31), -1.0, 1.0) * np.cos(phi)
    s = np.where(both >> np.uint64(30) & np.uint64(1), -1.0, 1.0) * np.sin(phi)
    return np.stack([(r * c).reshape(-1, 8), (r * s).reshape(-1, 8)], axis=1).ravel()[:n].astype(np.float64)


def normals_f32(key, n):
    """Normals 0 .. n: groups of 64 from 16 blocks: cosines and sines of words 0, 1, then of words 2, 3."""
    groups = -(-n // 64)
    w = blocks(key, NORMALS_F32, 0, groups * 16).astype(np.uint32)
    parts = []
    for half in (0, 2):
        # The kernel rounds u to float32 before the logarithm, and so do we: near u = 1 that is most of log u.
        u = (w[:, half].astype(np.float32) * np.float32(2.0**-32)).astype(np.float64)
        u = (u + 2.0**-33).astype(np.float32).astype(np.float64)
        r = np.sqrt(-2 * np.log(u))
        angle = w[:, half + 1]
        t = (angle & np.uint32(0x7FFFFF)).astype(np.float64) / 2.0**23 - 0.5
        phi = np.pi / 4 + np.pi / 2 * t
        c = np.where(angle >> np.uint32(31), -1.0, 1.0) * np.cos(phi)
        s = np.where(angle >> np.uint32(30) & np.uint32(1), -1.0, 1.0) * np.sin(phi)
        parts += [(r * c).reshape(-1, 16), (r * s).reshape(-1, 16)]
    return np.stack(parts, axis=1).ravel()[:n]


def label_halves(key, start, n):
    """The 16 bits of samples start .. start + n: lower and upper halves of words."""
    w = stream_words(key, LABELS, start // 2, n // 2 + 2)
    return np.stack([w & 0xFFFF, w >> 16], axis=1).ravel()[start % 2 :][:n].astype(np.int64)


def labels(weights, key, start, n):
    """Comparison of 64 bits with cumulative weights, in Python's integers where the first 16 do not decide."""
    if len(weights) == 1:
        return np.zeros(n, np.int64)
    exact = [int(t) for t in np.cumsum(weights)[:-1] * 2.0**64]
    last = np.flatnonzero(weights).max()
    thresholds = np.array([t >> 48 for t in exact])
    u = label_halves(key, start, n)
    result = np.minimum((thresholds[None, :] < u[:, None]).sum(axis=1), last)
    for i in np.flatnonzero(np.isin(u, thresholds)):
        low = [int(w) for w in stream_words(key, LABEL_TIES, 2 * (start + int(i)), 2)]
        bits = int(u[i]) << 48 | low[0] << 16 | low[1] & 0xFFFF
        result[i] = min(sum(t <= bits for t in exact), last)
    return result


@pytest.mark.parametrize("start", [0, 1, 63, 64, 1000, 2**36 + 5, 2**62 + 7])
@pytest.mark.parametrize("purpose", [LABELS, LABEL_TIES, STARTS, RADII_F64])
def test_word_layout(start, purpose, isa):
    assert (_core.stream_words(KEY, purpose, start, 300) == stream_words(KEY, purpose, start, 300)).all()


def test_purposes_do_not_share_words():
    """64,000 words of six purposes: equal words would be chance, so compare pairs of neighbouring words, which are 64
    bits: the chance of one equal pair is 1e-9."""
    pairs = []
    for purpose in range(6):
        w = _core.stream_words(KEY, purpose, 0, 64_000).astype(np.uint64)
        pairs.append(w[::2] << np.uint64(32) | w[1::2])
    assert np.unique(np.concatenate(pairs)).size == 6 * 32_000


STANDARD = fg.Mixture(None, fg.Normal(0.0, 1.0))


def test_normals_f64(isa):
    """A few ulp of the normal, and of its radius: the unit vector is a sum and difference of two polynomials, so that a
    cosine near 0 is as good as numbers near 0.7 are, an ulp of 1. Among them are radii of an extra word."""
    n = 2**20
    far = extended(KEY, n // 2)
    assert 2 <= len(far) <= 22  # 8 expected
    expected = normals_f64(KEY, n)
    actual = STANDARD.sample(n, rng=fg.Stream(2024))
    pairs = expected.reshape(-1, 2, 8)
    radius = np.repeat(np.hypot(pairs[:, :1], pairs[:, 1:]), 2, axis=1).ravel()
    eps = np.finfo(np.float64).eps
    assert (np.abs(actual - expected) <= 2 * eps * np.abs(expected) + eps * radius).all()
    # u < 2^-16 is r > 4.7; and a stream read from the middle extends the same pairs.
    assert (np.hypot(pairs[:, 0], pairs[:, 1]).ravel()[far] > 4.7).all()
    for pair in far:
        i = int(pair) // 8 * 16 + int(pair) % 8
        assert STANDARD.sample(1, rng=fg.Stream(2024), start=i)[0] == actual[i]
        assert STANDARD.sample(3, rng=fg.Stream(2024), start=i + 7)[1] == actual[i + 8]


def test_radii_are_resolved_far_out():
    """2^-16 of the radii take an extra word: their u are uniform below 2^-16 and all different, where 32 bits without it would
    leave 2^16 values. 2^25 pairs hold 512 (+- 115 at 1e-6)."""
    n, piece, far = 2**26, 2**22, []
    for start in range(0, n, piece):
        z = STANDARD.sample(piece, rng=3, start=start).reshape(-1, 2, 8)
        square = z[:, 0] ** 2 + z[:, 1] ** 2
        far.append(square[square > 2 * 16 * np.log(2)])
    u = np.exp(-np.concatenate(far) / 2) * 2.0**16
    assert abs(len(u) - 512) < 115
    assert len(np.unique(u)) == len(u)
    # Kolmogorov's distance from the uniform law, by the bound of Dvoretzky, Kiefer, Wolfowitz and Massart.
    u = np.sort(u)
    distance = np.abs(u - (np.arange(len(u)) + 0.5) / len(u)).max() + 0.5 / len(u)
    assert distance < np.sqrt(np.log(2e6) / (2 * len(u)))


def test_normals_f32(isa):
    n = 64_000
    expected = normals_f32(KEY, n)
    actual = STANDARD.sample(n, rng=fg.Stream(2024), dtype=np.float32)
    eps = np.finfo(np.float32).eps
    pairs = expected.reshape(-1, 2, 2, 16)
    radius = np.repeat(np.hypot(pairs[:, :, 0], pairs[:, :, 1])[:, :, None], 2, axis=2).ravel()
    assert (np.abs(actual - expected) <= 2 * eps * np.abs(expected) + eps * radius).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("start", [0, 777, 2**40 + 3])
def test_labels(dtype, start, isa):
    """Exactly, with weights that are no binary fractions, zeros among them; and where the first 16 bits do not decide."""
    n = 20_000
    thresholds = np.cumsum(np.arange(1, 32.0)) / 528 * 2**16 // 1
    ties = np.isin(label_halves(fg.Stream(9).key, start, n), thresholds.astype(int)).sum()
    assert 1 <= ties <= 30  # 9.5 expected
    for weights in ([0.3, 0.7], [0.0, 0.1, 0.2, 0.0, 0.7, 0.0], np.arange(1, 33.0)):
        m = fg.Mixture(weights, fg.Normal(np.arange(len(weights)), 1.0))
        expected = labels(m.weights, fg.Stream(9).key, start, n)
        _, actual = m.sample(n, rng=9, start=start, dtype=dtype, return_labels=True)
        assert (actual == expected).all()


def alias_labels(weights, key, n):
    """Walker's method by its definition: 64-bit u, column = high part of u K, the rest against the column's share. The
    table is read off the sampler's own behaviour only in so far as each column may hold two components."""
    w = stream_words(key, LABELS, 0, 2 * n).astype(object)
    u = w[::2] + w[1::2] * 2**32
    k = len(weights)
    return np.array([int(x * k >> 64) for x in u]), np.array([float((x * k) % 2**64) / 2.0**64 for x in u])


def test_alias_table(isa):
    """Every column has one threshold: its own component below, one other above. Together the shares are the weights."""
    k, n = 40, 60_000
    weights = np.random.default_rng(3).uniform(0.05, 1, size=k)
    weights[7] = 0
    m = fg.Mixture(weights, fg.Normal(np.arange(k), 1.0))
    _, actual = m.sample(n, rng=9, return_labels=True)
    column, rest = alias_labels(m.weights, fg.Stream(9).key, n)
    mass = np.zeros(k)
    for c in range(k):
        here, at = actual[column == c], rest[column == c]
        others = np.unique(here[here != c])
        assert others.size <= 1
        below, above = at[here == c], at[here != c]
        assert below.size == 0 or above.size == 0 or below.max() < above.min()
        # The threshold lies in the gap between the two.
        low, high = below.max(initial=0.0), above.min(initial=1.0)
        threshold = (low + high) / 2 if below.size and above.size else float(above.size == 0)
        mass[c] += threshold
        if others.size:
            mass[others[0]] += 1 - threshold
    # 1,500 values a column leave gaps of about 1 / 1500 (at most 0.02, being below 20 / 1500 with probability e^-20); a
    # component collects such errors from as many columns as it is an alias in.
    assert np.abs(mass / k - m.weights).max() < 0.02
    assert not (actual == 7).any()


@pytest.mark.parametrize(
    "case", [c for c in cases.SMALL_CASES if c.k <= 32 and c.gaussian and c.parts[0][0] is not cases.FACTOR], ids=repr
)
def test_sample_from_the_layout(case, isa):
    """Labels exactly, and mean + L z with the normals of NumPy, sample i taking normals i D .. i D + D; of several blocks the
    r-th of a cell that belongs to block b those of sample (first of the cell) + r, from key + b."""
    n, d = 9000, case.d
    m = case.mixture()
    x, chosen = m.sample(n, rng=2024, return_labels=True)
    assert (chosen == labels(m.weights, KEY, 0, n)).all()
    blocks_ = m.components if isinstance(m.components, tuple) else (m.components,)
    block = np.repeat(np.arange(len(blocks_)), [len(b) for b in blocks_])[chosen]
    z = np.empty((n, d))
    for b in range(len(blocks_)):
        own = normals_f64(KEY + b, n * d).reshape(n, d)
        for first in range(0, n, mixed_cell(d)):
            here = np.flatnonzero(block[first : first + mixed_cell(d)] == b) + first
            z[here] = own[first : first + len(here)]
    mean = np.concatenate([np.reshape(b.mean, (len(b), d)) for b in blocks_])
    covariance = np.concatenate([np.reshape(b.covariance, (len(b), d, d)) for b in blocks_])
    lower = np.linalg.cholesky(covariance)
    expected = mean[chosen] + np.einsum("nij,nj->ni", lower[chosen], z)
    # Each normal is off by a few ulp of a radius below 6, each product by an ulp, each sum by D; and two Cholesky
    # factorisations of a matrix with condition below 10 differ by 10 D eps of it.
    size = np.abs(mean[chosen]).max(axis=1) + np.abs(lower[chosen]).sum(axis=(1, 2)) * 6
    assert (np.abs(x.reshape(n, d) - expected).max(axis=1) <= 40 * d * np.finfo(np.float64).eps * size).all()


# Seeds


def test_seeds_are_numpys_seed_sequence():
    """The key is the first 64-bit word of SeedSequence, for ints, sequences and spawned streams."""
    for entropy in (0, 7, 2**130 + 1, [1, 2, 3]):
        assert fg.Stream(entropy).key == int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
    children = np.random.SeedSequence(7).spawn(3)
    assert [s.key for s in fg.Stream(7).spawn(3)] == [int(c.generate_state(1, np.uint64)[0]) for c in children]
    assert [fg.Stream(c).key for c in children] == [s.key for s in fg.Stream(7).spawn(3)]
    assert fg.Stream(7).spawn(2)[1].spawn(1)[0].key == int(children[1].spawn(1)[0].generate_state(1, np.uint64)[0])


def test_generators_are_advanced_by_128_bits():
    m = STANDARD
    used, untouched = np.random.default_rng(3), np.random.default_rng(3)
    first, second = m.sample(5, rng=used), m.sample(5, rng=used)
    assert not np.array_equal(first, second)
    untouched.integers(0, 2**64 - 1, size=4, dtype=np.uint64, endpoint=True)
    assert used.random() == untouched.random()
    assert np.array_equal(m.sample(5, rng=np.random.default_rng(3)), first)
    # A failing call leaves it alone.
    with pytest.raises(ValueError, match="out has shape"):
        m.sample(5, rng=used, out=np.empty(4))
    assert used.bit_generator.state == untouched.bit_generator.state


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "SFC64", "Philox", "MT19937"])
def test_the_stream_of_a_generator(kind):
    """128 bits drawn as two words of 64, high first, name the stream as an int does: also after an odd 32-bit draw."""
    for make in (getattr(np.random, kind), lambda seed: np.random.Generator(getattr(np.random, kind)(seed))):
        source, twin = make(3), make(3)
        drawn = twin if isinstance(twin, np.random.Generator) else np.random.Generator(twin)
        if source is not twin and isinstance(source, np.random.Generator):
            source.integers(2**32, dtype=np.uint32)
            drawn.integers(2**32, dtype=np.uint32)
        high, low = drawn.integers(0, 2**64 - 1, size=2, dtype=np.uint64, endpoint=True).tolist()
        stream = fg.Stream(high << 64 | low)
        assert np.array_equal(STANDARD.sample(5, rng=source), STANDARD.sample(5, rng=stream))
        high, low = drawn.integers(0, 2**64 - 1, size=2, dtype=np.uint64, endpoint=True).tolist()
        assert fg.Stream(source) == fg.Stream(high << 64 | low)


def test_keys_of_the_core_are_numpys():
    """`stream_key` of the core is the first word of SeedSequence."""
    words = [0, 1, 7, 2**32 - 1, 2**32, 2**64 - 1, *np.random.default_rng(1).integers(2**63, size=20).tolist()]
    for low in words:
        for high in words:
            expected = int(np.random.SeedSequence(high << 64 | low).generate_state(1, np.uint64)[0])
            assert _core.stream_key(low, high) == expected


@pytest.mark.parametrize("seed", [0, 7, 2**64 - 1, 2**64, 2**128 - 1, 2**128, 2**200 + 1])
def test_an_int_names_the_stream_that_numpy_makes_of_it(seed):
    """Up to 128 bits the core mixes them, beyond NumPy does."""
    key = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    assert fg.Stream(seed).key == key
    assert np.array_equal(STANDARD.sample(5, rng=seed), STANDARD.sample(5, rng=fg.Stream(seed)))


def test_fresh_streams():
    assert len({fg.Stream().key for _ in range(100)}) == 100
    assert len({float(STANDARD.sample(1)[0]) for _ in range(1000)}) == 1000
