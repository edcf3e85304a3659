"""What a fit gives back: the result, the state a callback sees, and the warnings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ._frozen import Frozen
from ._habits import missing_attribute

if TYPE_CHECKING:
    from ._validate import FloatArray
    from .mixture import Mixture

__all__ = ["ConvergenceWarning", "DegenerateWarning", "FitResult", "FitState", "FitWarning"]


class FitWarning(UserWarning):
    """Base of the warnings of `fit`."""


class ConvergenceWarning(FitWarning):
    """The fit reached `max_iter` before its log-likelihood settled."""


class DegenerateWarning(FitWarning):
    """A component of the fit is empty, or has collapsed to the smallest covariance allowed."""


class FitState(Frozen):
    """What a callback of `fit` sees after each iteration.

    Attributes
    ----------
    start : int
        Index of the start, 0 .. n_init - 1.
    iteration : int
        Number of iterations done in this start, from 1.
    log_likelihood : float
        Mean log-likelihood of the data under `mixture`, in nats per observation.
    change : float
        By how much this iteration changed it; negative where rounding made it worse.
    mixture : Mixture
        The mixture after this iteration, or the best one before where that is better.

    See Also
    --------
    fit : Calls the callback.

    Examples
    --------
    Stop once an iteration gains little:

    >>> import fastgen as fg
    >>> x = fg.Mixture(None, fg.Normal([0.0, 3.0], 1.0)).sample(1000, rng=1)
    >>> result = fg.fit(x, 2, rng=0, callback=lambda state: state.iteration > 1 and state.change < 1e-4)
    >>> result.stopped_by_callback
    True
    """

    __slots__ = ("change", "iteration", "log_likelihood", "mixture", "start")

    start: int
    iteration: int
    log_likelihood: float
    change: float
    mixture: Mixture

    def __init__(self, start: int, iteration: int, log_likelihood: float, change: float, mixture: Mixture) -> None:
        self._set(start=start, iteration=iteration, log_likelihood=log_likelihood, change=change, mixture=mixture)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FitState):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.mixture, self.start, self.iteration))

    def __reduce__(self) -> tuple[Any, ...]:
        return FitState, (self.start, self.iteration, self.log_likelihood, self.change, self.mixture)

    def __repr__(self) -> str:
        return (
            f"FitState(start={self.start}, iteration={self.iteration}, log_likelihood={self.log_likelihood:.6g}, "
            f"change={self.change:.3g})"
        )


class FitResult(Frozen):
    r"""The outcome of `fit`.

    Attributes
    ----------
    mixture : Mixture
        The fitted mixture.
    converged : bool
        Whether the mean log-likelihood changed by less than `tol` in the last iteration.
    n_iter : int
        Number of iterations done in the start that was kept.
    log_likelihood : float
        Total log-likelihood of the data under `mixture`, in nats; weighted, if weights were given.
    history : ndarray of float64, (n_iter,)
        Mean log-likelihood of the best mixture after each iteration, never decreasing; read-only.
    n_observations : float
        Number of rows, or the sum of the sample weights.
    n_parameters : int
        Number of free parameters of the mixture.
    start_log_likelihoods : tuple of float
        Total log-likelihood that each start reached.
    empty_components : tuple of int
        Components without data: their weight is 0.
    floored_components : tuple of int
        Components with a variance in some direction that would be below `reg_covar` and was raised to it.
    stopped_by_callback : bool
        Whether the callback ended the fit.
    aic, bic : float
        Information criteria of Akaike and of Schwarz; smaller is better.

    See Also
    --------
    fit : The function that returns it.

    Examples
    --------
    >>> import fastgen as fg
    >>> x = fg.Mixture(None, fg.Normal([0.0, 8.0], 1.0)).sample(1000, rng=1)
    >>> result = fg.fit(x, 2, rng=0)
    >>> result.converged, result.n_parameters, result.mixture.n_components
    (True, 5, 2)
    >>> result.bic < fg.fit(x, 1).bic
    True
    """

    __slots__ = (
        "converged",
        "empty_components",
        "floored_components",
        "history",
        "log_likelihood",
        "mixture",
        "n_iter",
        "n_observations",
        "n_parameters",
        "start_log_likelihoods",
        "stopped_by_callback",
    )

    mixture: Mixture
    converged: bool
    n_iter: int
    log_likelihood: float
    history: FloatArray
    n_observations: float
    n_parameters: int
    start_log_likelihoods: tuple[float, ...]
    empty_components: tuple[int, ...]
    floored_components: tuple[int, ...]
    stopped_by_callback: bool

    def __init__(self, **attributes: Any) -> None:
        if attributes.keys() != set(self.__slots__):
            raise TypeError(
                "FitResult is what fastgen.fit returns and is not made by hand; call fastgen.fit(x, n_components)"
            )
        self._set(**attributes)
        self.history.flags.writeable = False

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say where the methods of the mixture are."""
            raise missing_attribute(self, name, "use result.mixture.")

    @property
    def aic(self) -> float:
        """Akaike's information criterion, 2 n_parameters - 2 log_likelihood; smaller is better."""
        return 2 * self.n_parameters - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Bayesian information criterion, n_parameters log(n_observations) - 2 log_likelihood; smaller is better."""
        return self.n_parameters * math.log(self.n_observations) - 2 * self.log_likelihood

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FitResult):
            return NotImplemented
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.mixture, self.n_iter, self.log_likelihood))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, ({name: getattr(self, name) for name in self.__slots__},)

    def __repr__(self) -> str:
        from ._text import fit_text

        return fit_text(self)

    def _repr_html_(self) -> str:
        from ._text import fit_html

        return fit_html(self)


def _restore(attributes: dict[str, Any]) -> FitResult:
    return FitResult(**attributes)
