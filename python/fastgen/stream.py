"""Random streams: what `rng=` accepts, and the 64-bit key of the stream it names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from . import _core
from ._frozen import Frozen
from ._validate import as_int, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import SupportsIndex

    from numpy.typing import NDArray

    Seed: TypeAlias = (
        "SupportsIndex | Sequence[int] | NDArray[np.integer[Any]] | np.random.SeedSequence | np.random.BitGenerator"
        " | np.random.Generator | Stream | None"
    )

__all__ = ["STREAM_LENGTH", "Stream", "as_stream", "stream_key", "stream_part"]

# Samples that it holds.
STREAM_LENGTH = 2**64

_EXPECTED = "expected None, an int, a sequence of ints, a SeedSequence, BitGenerator, Generator or fastgen.Stream"

_SEED_POOL = 4
_WORD = (1 << 64) - 1

# Keys for rng=None. os.urandom costs a microsecond, so it is asked for many keys at a time. `list.pop` is atomic, so
# threads share the pool; a forked child empties it, or it would draw what its parent draws.
_POOL_SIZE = 512
_pool: list[int] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.clear)


def _fresh_key() -> int:
    while True:
        try:
            return _pool.pop()
        except IndexError:
            words = memoryview(os.urandom(8 * _POOL_SIZE)).cast("Q")
            _pool.extend(words.tolist())


def stream_key(rng: Any = None) -> int:
    """Return the 64-bit key of the stream that `rng` names; see `Stream` for what it may be.

    A Generator or BitGenerator is advanced by 128 bits. Everything else is left as it is, so that the same value
    always gives the same key, except None, which gives a new one each time.
    """
    if rng is None:
        return _fresh_key()
    if type(rng) is int and 0 <= rng < 1 << 128:
        return _core.stream_key(rng & _WORD, rng >> 64)  # what NumPy's SeedSequence takes 11 us for
    if type(rng) is Stream:
        return rng.key
    if isinstance(rng, (np.random.Generator, np.random.BitGenerator)):
        return _core.stream_key(*_two_words(rng))
    return as_stream(rng).key


def stream_part(n: Any, start: Any, name: str = "n", n_mixtures: int = 1) -> tuple[int, int]:
    """Check the number of samples, which is called `name`, and the first one's index; a stream serves so many mixtures."""
    if n_mixtures == 1:
        what, limit = "", "a stream has 2**64 samples"
    else:
        what, limit = " of each mixture", "a stream has 2**64 samples, over all mixtures"
    most = STREAM_LENGTH // n_mixtures
    number = as_int(n, name, 0, most, f"{name} is the number of samples{what}", limit)
    last = min(most - number, most - 1)
    return number, as_int(start, "start", 0, last, f"start is the index of the first sample{what}", limit)


def as_stream(rng: Any) -> Stream:
    """Return the stream that an argument called `rng` names."""
    return Stream._make(*_entropy(rng, "rng"))


class Stream(Frozen):
    """A random-access stream of numbers.

    The i-th sample drawn from a stream depends on the model, the stream and i alone, so any part of it can be read
    at any time, in any order, by any number of threads or processes: ``m.sample(k, rng=stream, start=i)``.

    Parameters
    ----------
    seed : int, sequence of int, SeedSequence, BitGenerator, Generator, Stream or None
        An int, a sequence of ints or a SeedSequence names one stream, always the same. A Generator or BitGenerator
        is advanced: 128 bits are drawn from it and name the stream. None takes fresh entropy from the operating
        system. These are also the values that every `rng=` argument of the package accepts, with the same meaning.

    Attributes
    ----------
    entropy : int or tuple of int
        What the stream was made from: `Stream(s.entropy)` is `s`, unless it was spawned.
    spawn_key : tuple of int
        Place in the tree of spawned streams; empty for a stream that was not spawned.
    key : int
        The 64-bit key of the counter-based generator.

    Raises
    ------
    TypeError
        If `seed` is of another type, for example a RandomState, a float or a bool.
    ValueError
        If an int is negative or a sequence is empty.

    Notes
    -----
    The generator is Philox4x32-10 [1]_, keyed by 64 bits that `numpy.random.SeedSequence` derives from the seed.
    A stream holds :math:`2^{64}` samples. Drawn bits are kept within one `fastgen.STREAM_VERSION`.

    **Who names the same stream gets the same random numbers.** Two calls with ``rng=7`` return the same samples, and those of
    two mixtures depend on each other, with correlations of 0.5 to 1. For independent ones use ``a, b = fg.Stream(7).spawn(2)``, or
    one ``rng = np.random.default_rng(7)`` for all calls, which each of them advances. ``rng=7`` and
    ``rng=np.random.default_rng(7)`` name different streams.

    References
    ----------
    .. [1] J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
       Proceedings of SC11, 2011.

    Examples
    --------
    >>> import fastgen as fg
    >>> import numpy as np
    >>> m = fg.Mixture(None, fg.Normal([-1.0, 1.0], 0.5))
    >>> stream = fg.Stream(7)
    >>> whole = m.sample(1000, rng=stream)
    >>> np.array_equal(whole[600:], m.sample(400, rng=stream, start=600))
    True
    >>> np.array_equal(whole, m.sample(1000, rng=7))
    True
    >>> stream.spawn(2)
    [Stream(7, spawn_key=(0,)), Stream(7, spawn_key=(1,))]
    """

    __slots__ = ("entropy", "key", "spawn_key")

    entropy: int | tuple[int, ...]
    spawn_key: tuple[int, ...]
    key: int

    def __init__(self, seed: Seed = None) -> None:
        self._fill(*_entropy(seed, "seed"))

    def _fill(self, entropy: int | tuple[int, ...], spawn_key: tuple[int, ...]) -> None:
        # NumPy imports its random module when it is first used, and so do we.
        sequence = np.random.SeedSequence(entropy, spawn_key=spawn_key)
        key = int(sequence.generate_state(1, np.uint64)[0])
        self._set(entropy=entropy, spawn_key=spawn_key, key=key)

    @classmethod
    def _make(cls, entropy: int | tuple[int, ...], spawn_key: tuple[int, ...]) -> Stream:
        self = cls.__new__(cls)
        self._fill(entropy, spawn_key)
        return self

    def spawn(self, n: SupportsIndex) -> list[Stream]:
        """Return n streams that are independent of this one and of each other.

        Parameters
        ----------
        n : int
            Number of streams, at least 0.

        Returns
        -------
        list of Stream
            Child i is the stream of ``SeedSequence(entropy).spawn(n)[i]``. A stream is immutable, so the children
            are always the same ones: ``s.spawn(2)`` gives the first two of ``s.spawn(3)``. Spawn from a child for
            more.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.Stream(7).spawn(3)[:2] == fg.Stream(7).spawn(2)
        True
        """
        count = as_int(n, "n", minimum=0, hint="n is the number of streams")
        return [self._make(self.entropy, (*self.spawn_key, i)) for i in range(count)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stream):
            return NotImplemented
        return (self.key, self.entropy, self.spawn_key) == (other.key, other.entropy, other.spawn_key)

    def __hash__(self) -> int:
        return hash((self.key, self.spawn_key))

    def __reduce__(self) -> tuple[Any, ...]:
        return Stream._make, (self.entropy, self.spawn_key)

    def __repr__(self) -> str:
        spawned = f", spawn_key={self.spawn_key}" if self.spawn_key else ""
        entropy = list(self.entropy) if isinstance(self.entropy, tuple) else self.entropy
        return f"Stream({entropy}{spawned})"


def _entropy(seed: Any, name: str) -> tuple[int | tuple[int, ...], tuple[int, ...]]:
    """Entropy and spawn key of whatever names a stream."""
    random = np.random
    if seed is None:
        return int.from_bytes(os.urandom(16), "little"), ()
    if isinstance(seed, Stream):
        return seed.entropy, seed.spawn_key
    if isinstance(seed, random.SeedSequence):
        if seed.pool_size != _SEED_POOL:
            raise ValueError(
                f"{name} is a SeedSequence with pool_size={seed.pool_size}, expected {_SEED_POOL}, NumPy's "
                "default: a stream is named by entropy and spawn_key alone; leave pool_size out"
            )
        return _plain_entropy(seed.entropy, name), tuple(int(word) for word in seed.spawn_key)
    if isinstance(seed, (random.Generator, random.BitGenerator)):
        low, high = _two_words(seed)
        return high << 64 | low, ()
    if isinstance(seed, random.RandomState):
        raise TypeError(
            f"{name} is a RandomState, NumPy's old generator; {_EXPECTED}; e.g. np.random.default_rng(seed), or the "
            "seed itself"
        )
    return _plain_entropy(seed, name), ()


def _two_words(source: np.random.Generator | np.random.BitGenerator) -> list[int]:
    """Advance a generator by 128 bits and return them, the low 64 first."""
    random = np.random
    bits = source.bit_generator if isinstance(source, random.Generator) else source
    if isinstance(bits, (random.PCG64, random.PCG64DXSM, random.SFC64, random.Philox)):
        # What these give raw are words of 64 bits, the same as below in a tenth of the time.
        words = bits.random_raw(2)
    else:
        generator = source if isinstance(source, random.Generator) else random.Generator(bits)
        words = generator.integers(0, 2**64 - 1, size=2, dtype=np.uint64, endpoint=True)
    high, low = words.tolist()
    return [low, high]


def _plain_entropy(seed: Any, name: str) -> int | tuple[int, ...]:
    """An int, or a tuple of ints, as SeedSequence takes them."""
    if isinstance(seed, (str, bytes, float, np.floating, bool, np.bool_)) or (
        isinstance(seed, np.ndarray) and seed.dtype.kind not in "iu"
    ):
        raise TypeError(f"{name} is {shown(seed)} of type {type(seed).__name__}; {_EXPECTED}")
    if not hasattr(seed, "__len__") or getattr(seed, "ndim", 1) == 0:
        if not hasattr(seed, "__index__"):
            raise TypeError(f"{name} is {shown(seed)} of type {type(seed).__name__}; {_EXPECTED}")
        return as_int(seed, name, minimum=0, hint="a seed is a non-negative integer")
    if len(seed) == 0:
        raise ValueError(f"{name} is empty; {_EXPECTED}")
    if not hasattr(seed, "__getitem__") or isinstance(seed, dict):
        raise TypeError(f"{name} is a {type(seed).__name__}; {_EXPECTED}")
    hint = "a seed is a sequence of non-negative integers"
    return tuple(as_int(word, f"{name}[{i}]", minimum=0, hint=hint) for i, word in enumerate(seed))
