"""The compiled core: arrays in, arrays out, no defaults and no coercion.

The Python layer above it validates and documents; this module checks only what would otherwise crash. Every
array must be native-endian, aligned float32 or float64; inputs may have any strides, outputs are C-contiguous.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

_Float: TypeAlias = np.float32 | np.float64
_F = TypeVar("_F", np.float32, np.float64)
_CovarianceType: TypeAlias = Literal["full", "tied", "diag", "spherical"]

version: str
compiler: str
stream_version: int

class Components:
    """K components of one family: canonical float64 parameters, already validated.

    Normal: ``[loc (K,), scale (K,)]``.
    MultivariateNormal: ``[means (K, D), factor]`` where factor is, by variant, the lower Cholesky factors
    (K, D, D) "full", (D, D) "tied", or the standard deviations (K, D) "diag", (K,) "spherical".
    MultivariateStudentT: ``[means (K, D), factor, df (K,)]``.
    """

    def __init__(self, family: str, variant: str, parameters: Sequence[NDArray[np.float64]], /) -> None: ...
    @staticmethod
    def product(columns: Sequence[Components], /) -> Components:
        """Independent features, one scalar family each, with equal numbers of components."""
    @property
    def family(self) -> str: ...
    @property
    def n_components(self) -> int: ...
    @property
    def n_features(self) -> int: ...

class Mixture:
    def __init__(self, weights: NDArray[np.float64], components: Sequence[Components], /) -> None: ...
    @property
    def n_components(self) -> int: ...
    @property
    def n_features(self) -> int: ...
    @property
    def scalar(self) -> bool: ...
    def sample(self, key: int, start: int, out: NDArray[_Float], labels: NDArray[np.int64] | None, /) -> None: ...
    def sample_new(self, key: int, start: int, n: int, /) -> NDArray[np.float64]:
        """The fast path of a plain call: a new float64 array, no labels."""
    def log_prob_point(self, x: object, /) -> Any:
        """The fast path for one point: a Python float (scalar families) or a C-contiguous float64 array (D,).

        Returns a NumPy float64, or None when `x` is anything else (or D is large, where speed is elsewhere, or nothing has been
        computed in float64 yet, and the constants for it have to be made first).
        """
    def log_prob(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def prob(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def component_log_prob(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def responsibilities(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def assign(self, x: NDArray[_Float], out: NDArray[np.int64], /) -> None: ...
    def grad_log_prob(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def cdf(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def icdf(self, q: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def em_step(
        self,
        x: NDArray[_Float],
        sample_weight: NDArray[np.float64] | None,
        covariance_type: _CovarianceType,
        reg_covar: float,
        hard: bool,
        /,
    ) -> EMStep:
        """One pass over the data: the log-likelihood of this mixture, and the parameters one EM step on.

        `hard` gives each row wholly to its most responsible component (k-means with a spherical mixture).
        """

class MixtureBatch:
    def __init__(self, n_mixtures: int, weights: NDArray[np.float64], components: Components, /) -> None: ...
    def sample(self, key: int, start: int, out: NDArray[_Float], labels: NDArray[np.int64] | None, /) -> None: ...
    def log_prob(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...
    def prob(self, x: NDArray[_Float], out: NDArray[_Float], /) -> None: ...

class EMStep:
    """What one pass of EM gives; `floored` and `empty` list the components that needed care."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    @property
    def log_likelihood(self) -> float:
        """Total, weighted, of the mixture that the step started from."""
    @property
    def weights(self) -> NDArray[np.float64]: ...
    @property
    def means(self) -> NDArray[np.float64]: ...
    @property
    def covariances(self) -> NDArray[np.float64]:
        """Shaped by covariance_type, as in scikit-learn."""
    @property
    def factor(self) -> NDArray[np.float64]:
        """What `Components` takes."""
    @property
    def floored(self) -> list[int]:
        """Components whose covariance had an eigenvalue below reg_covar, which was raised to it."""
    @property
    def empty(self) -> list[int]:
        """Components without mass: kept where they were, with weight 0."""
    @property
    def singular(self) -> list[int]:
        """Components whose covariance is not positive definite (only with reg_covar = 0)."""

def choose_rows(
    x: NDArray[_Float],
    sample_weight: NDArray[np.float64] | None,
    scale: NDArray[np.float64],
    n_components: int,
    key: int,
    spread: bool,
    /,
) -> NDArray[np.int64]:
    """Indices of starting rows: greedy k-means++ on x / scale if `spread`, else rows at random.

    Rows equal to a chosen one are not chosen while others remain.
    """

def cholesky(a: NDArray[np.float64], /) -> tuple[NDArray[np.float64], int]:
    """Lower factors of (K, D, D) and the index of the first matrix that is not positive definite, or -1."""

def cholesky_from_precision(a: NDArray[np.float64], /) -> tuple[NDArray[np.float64], int]:
    """Lower factors of the inverses of (K, D, D), and an index as `cholesky` gives."""

def condition_means(
    means: NDArray[np.float64], cholesky: NDArray[np.float64], values: NDArray[np.float64], /
) -> NDArray[np.float64]:
    """Means (K, D - m) of the last D - m features given that the first m are `values`.

    `cholesky` is (K, D, D), or (1, D, D) for all components alike.
    """

def stream_key(low: int, high: int, /) -> int:
    """First 64-bit word of `numpy.random.SeedSequence(low + 2**64 * high)`, at a hundredth of its time."""

def get_num_threads() -> int: ...
def set_num_threads(n: int, /) -> None: ...
def isa() -> str: ...
def available_isas() -> list[str]: ...
def set_isa(name: str, /) -> None: ...
def apply_math(name: str, /, *x: NDArray[_F]) -> NDArray[_F]:
    """One of the core's elementary functions, over arrays (n,); its bits do not depend on the CPU."""

# For tests and benchmarks.
def philox(key: int, counters: NDArray[np.uint32], /) -> NDArray[np.uint32]:
    """Philox4x32-10 of (n, 4) counters, by the active instruction set."""

def stream_words(key: int, purpose: int, start: int, n: int, /) -> NDArray[np.uint32]: ...
def fma_peak(float32: bool, /) -> float:
    """Multiply-adds a second that one core reaches, measured now."""
