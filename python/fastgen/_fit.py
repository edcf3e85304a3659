"""Learning a mixture from data by expectation-maximisation. Every pass over the data is one call of the core."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ._fit_model import Model, as_data, listed
from ._fit_result import ConvergenceWarning, DegenerateWarning, FitResult, FitState
from ._habits import closed, unknown_keywords
from ._starts import SingularCovarianceError, as_init, feature_scale, singular_covariance, starting_mixture
from ._validate import as_int, as_number, as_option, shown
from .families import MultivariateNormal, Normal
from .families.base import Components
from .families.covariance import FORMS
from .mixture import Mixture
from .stream import as_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Never, SupportsIndex

    from numpy.typing import ArrayLike

    from . import _core
    from ._fit_model import CovarianceType, Data, Start
    from .stream import Seed

__all__ = ["fit"]

# reg_covar by default: a guard against collapse, not a choice of the user's.
_USUAL_FLOOR = 1e-6
# Where all data vary by less than so many floors, the floor is too high rather than a component too narrow.
_CLOSE_TO_FLOOR = 100.0
# With verbose=1, one line for so many iterations.
_LINES_EVERY = 10


@closed
def fit(
    x: ArrayLike,
    n_components: SupportsIndex,
    *,
    covariance_type: CovarianceType = "full",
    sample_weight: ArrayLike | None = None,
    init: Start | ArrayLike | Mixture = "k-means++",
    n_init: SupportsIndex = 1,
    max_iter: SupportsIndex = 200,
    tol: float = 1e-6,
    reg_covar: float = _USUAL_FLOOR,
    rng: Seed = None,
    callback: Callable[[FitState], Any] | None = None,
    verbose: int = 0,
    **unknown: Never,
) -> FitResult:
    r"""Learn a mixture of normal components from data, by maximum likelihood.

    Parameters
    ----------
    x : array_like of float, (n,) or (n, D)
        Data, one observation per row; all values finite, but for rows of weight 0. (n,) gives a mixture of `Normal`,
        (n, D) one of `MultivariateNormal`. float32 data is processed in float32; parameters are always float64.
    n_components : int
        Number of components K, at most the number of rows with positive weight.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        Form of the covariances; see `MultivariateNormal`. For (n,) data, "tied" means one scale for all components,
        and the others are the same: a scale for each.
    sample_weight : array_like of float, (n,), optional
        Weight of each row, non-negative. A whole number counts as so many copies of the row; 0 leaves the row out, whatever
        it holds: the result is that of the other rows alone, bit for bit.
    init : {"k-means++", "random"}, array_like (K, D) or Mixture, default "k-means++"
        Where to start. "k-means++": rows far apart [3]_, then k-means, with every feature scaled by its standard
        deviation. "random": random rows as means. An array: these means ((K,) for (n,) data). With both,
        components start with equal weights and the covariance of all the data. A Mixture: exactly there.
    n_init : int, default 1
        Number of starts with different random numbers; the best result is kept. Start i does not depend on `n_init`. From
        "k-means++" further starts are made to differ: less of k-means, and for every second one in one unit for all features.
        Every start finds a maximum, not always the highest: where the result matters, take 10.
    max_iter : int, default 200
        Largest number of iterations.
    tol : float, default 1e-6
        The fit has converged when an iteration changes the mean log-likelihood (nats per observation) by less than
        this. 0 runs all `max_iter` iterations.
    reg_covar : float, default 1e-6
        Smallest variance allowed in any direction (smallest eigenvalue of a covariance), in the square of the unit of
        the data. It is a floor, not an addition: covariances above it are not changed. 0 means none. A floor above
        the default is taken as meant: components that reach it are listed in the result, without a warning.
    rng : None, int, sequence of int, SeedSequence, BitGenerator, Generator or Stream, optional
        Randomness for the starts; see `Stream`.
    callback : callable, optional
        Called as ``callback(state)`` with a `FitState` after each iteration. If it returns a true value the fit stops
        there, starts no other, and returns what it has.
    verbose : int, default 0
        0 prints nothing, 1 a line for every ten iterations, 2 for every one.

    Returns
    -------
    FitResult
        The mixture, whether it converged, and how it got there.

    Raises
    ------
    ValueError
        If a value is out of range or not finite, shapes do not fit, or with ``reg_covar=0`` a covariance becomes
        singular.
    TypeError
        If an argument has a wrong type.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` iterations did not reach `tol`.
    DegenerateWarning
        If a component has no data, or its covariance collapsed to `reg_covar` (of at most 1e-6, the default: a
        larger one is a choice, and being raised to it no mishap).

    See Also
    --------
    FitResult : What is returned.
    Mixture : State a mixture without data.

    Notes
    -----
    Expectation-maximisation [1]_ in the form of [2]_, section 9.2. With weights :math:`v_i` and responsibilities
    :math:`r_{ik} = w_k p_k(x_i) / p(x_i)`, an iteration sets

    .. math::
        N_k = \sum_i v_i r_{ik}, \quad w_k = N_k / \sum_i v_i, \quad
        \mu_k = \frac{1}{N_k} \sum_i v_i r_{ik} x_i, \quad
        \Sigma_k = \frac{1}{N_k} \sum_i v_i r_{ik} (x_i - \mu_k)(x_i - \mu_k)^T,

    then raises the eigenvalues of :math:`\Sigma_k` to at least `reg_covar`, which is the maximum under that constraint;
    so the likelihood never falls, but for rounding: where an iteration lowers it, the best one so far is kept.

    Beyond float64 or float32 data the iterations take no memory that grows with n. What comes before does: choosing rows to
    start from ("k-means++", "random") keeps one number a row, of the type of the data, until EM begins; checking
    `sample_weight` takes three bytes a row for a moment. Weights that are not a contiguous float64 array are copied to one,
    data of another type than float64 and float32 is copied to float64, and leaving out rows of weight 0 copies the others
    and their weights.

    The same data and `rng` give the same bits on every machine, whatever the number of threads.

    Mixtures of other families are not learned. State their parameters, or iterate an EM of your own:
    `Mixture.responsibilities` is its E step.

    The number of components is not learned either: compare `FitResult.bic`, as in the example, or `Mixture.log_prob` of rows
    that were kept aside.

    Outliers attract components: a few rows far from all others may get one for themselves. Score the rows, leave out what the
    model would hardly ever draw, and fit again::

        m = fg.fit(x, 2, rng=0).mixture
        keep = m.log_prob(x) > np.quantile(m.log_prob(m.sample(1_000_000, rng=1)), 1e-5)
        m = fg.fit(x, 2, sample_weight=keep, rng=0).mixture

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data via the EM algorithm",
       Journal of the Royal Statistical Society B 39 (1977), 1-38.
    .. [2] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer, 2006, chapter 9.
    .. [3] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", Proceedings of SODA 2007,
       1027-1035.

    Examples
    --------
    >>> import fastgen as fg
    >>> truth = fg.Mixture([0.3, 0.7], fg.Normal([-2.0, 1.0], [0.5, 1.0]))
    >>> result = fg.fit(truth.sample(100_000, rng=1), 2, rng=2)
    >>> result.converged
    True
    >>> sorted(result.mixture.components.loc.round(1).tolist())
    [-2.0, 1.0]

    How many components? As many as make the BIC smallest.

    >>> truth = fg.Mixture([0.6, 0.4], fg.MultivariateNormal([[0.0, 0.0], [5.0, 3.0]], [[1.0, 1.0], [0.2, 4.0]], "diag"))
    >>> x = truth.sample(1000, rng=1)
    >>> best = min((fg.fit(x, k, n_init=10, max_iter=1000, rng=0) for k in range(1, 7)), key=lambda r: r.bic)
    >>> best.mixture.n_components
    2
    """
    if unknown:
        raise unknown_keywords(fit, unknown)

    # --- data and model
    _check_families(init)
    data = as_data(x, sample_weight)
    k = as_int(n_components, "n_components", minimum=1)
    if k > len(data.x):
        raise ValueError(
            f"n_components is {k}, expected at most {len(data.x)}, the number of rows of x"
            f"{'' if sample_weight is None else ' with positive weight'}{'; did you mean x.T?' * (data.n_features >= k)}"
        )
    form = as_option(covariance_type, "covariance_type", tuple(FORMS))
    model = Model(data.scalar, k, data.n_features, cast("CovarianceType", form))

    # --- how to start and when to stop
    scale = feature_scale(data, model)
    start_from = as_init(init, model, data.x.dtype)
    n_starts = as_int(n_init, "n_init", minimum=1)
    if n_starts > 1 and not isinstance(start_from, str):
        raise ValueError(f"n_init is {n_starts}, expected 1 when init says where to start: every start would be equal")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback is {shown(callback)}, expected a function of one argument, or None")
    settings = _Settings(
        max_iter=as_int(max_iter, "max_iter", minimum=1),
        tol=as_number(tol, "tol", minimum=0.0),
        reg_covar=as_number(reg_covar, "reg_covar", minimum=0.0),
        callback=callback,
        verbose=as_int(
            int(verbose) if isinstance(verbose, bool) else verbose, "verbose", 0, hint="verbose is 0, 1 or 2"
        ),
        n_starts=n_starts,
    )

    # --- the starts: each has a stream of its own, so that none depends on how many there are
    runs: list[_Run] = []
    failure: SingularCovarianceError | None = None
    for start, stream in enumerate(as_stream(rng).spawn(n_starts)):
        try:
            first = starting_mixture(data, model, start_from, scale, settings.reg_covar, stream.key, start)
            runs.append(_expectation_maximisation(data, model, first, settings, start))
        except SingularCovarianceError as error:
            failure = error
            continue
        if runs[-1].stopped:
            break
    if not runs:
        assert failure is not None
        raise failure
    best = max(runs, key=lambda run: run.history[-1])
    observed = data.total * data.unit

    result = FitResult(
        mixture=model.mixture(best.parameters),
        converged=best.converged,
        n_iter=len(best.history),
        log_likelihood=best.history[-1] * observed,
        history=np.array(best.history),
        n_observations=observed,
        n_parameters=model.n_parameters(),
        start_log_likelihoods=tuple(run.history[-1] * observed for run in runs),
        empty_components=tuple(best.parameters.empty),
        floored_components=tuple(best.parameters.floored),
        stopped_by_callback=runs[-1].stopped,
    )
    _warn(result, best, settings, data, float(scale.min()))
    return result


def _check_families(init: Any) -> None:
    """Raise TypeError for components that cannot be learned, before anything is said of data that might suit them."""
    blocks = init._blocks if isinstance(init, Mixture) else (init,) if isinstance(init, Components) else ()
    for block in blocks:
        if not isinstance(block, (Normal, MultivariateNormal)):
            raise TypeError(
                f"init has components of {type(block).__name__}, expected Normal or MultivariateNormal; fit learns normal "
                "mixtures only"
            )


class _Settings(NamedTuple):
    """When to stop, and what to tell meanwhile."""

    max_iter: int
    tol: float
    reg_covar: float
    callback: Callable[[FitState], Any] | None
    verbose: int
    n_starts: int


class _Run(NamedTuple):
    """What one start came to."""

    parameters: _core.EMStep
    history: list[float]
    change: float
    converged: bool
    stopped: bool


def _expectation_maximisation(data: Data, model: Model, first: _core.Mixture, settings: _Settings, start: int) -> _Run:
    """Iterate from `first` until the likelihood settles.

    A pass over the data gives the likelihood of the mixture it begins with and the parameters of the next one. So
    pass i measures iteration i's mixture and computes iteration i + 1's; the last pass only measures. n iterations
    take n + 1 passes.
    """
    begin = time.perf_counter()
    current = first
    history: list[float] = []
    made: _core.EMStep | None = None  # what `current` was made from
    best: _core.EMStep | None = None  # what history[-1] belongs to
    measured = -np.inf
    change = np.inf
    converged = stopped = False

    for iteration in range(settings.max_iter + 1):
        step = current.em_step(data.x, data.weight, model.covariance_type, settings.reg_covar, False)
        previous, measured = measured, step.log_likelihood / data.total
        change = measured - previous
        if made is not None:
            if not np.isfinite(measured):
                raise ValueError(
                    f"the log-likelihood became {measured} in iteration {iteration}: x spans too many orders of magnitude "
                    f"for {data.x.dtype}; rescale its features, e.g. divide each by its standard deviation"
                )
            # EM climbs, but for rounding, which may take back what little is left to gain, or much where covariances are
            # nearly singular: what counts is the best so far, and to settle below it is no convergence.
            if not history or measured >= history[-1]:
                best = made
                history.append(measured)
            else:
                history.append(history[-1])
            converged = settings.tol > 0 and abs(change) < settings.tol and history[-1] - measured < settings.tol
            last = converged or iteration == settings.max_iter
            if settings.verbose > 1 or (settings.verbose and (iteration % _LINES_EVERY == 0 or last)):
                _print_progress(start, iteration, history[-1], change, time.perf_counter() - begin, settings)
            if settings.callback is not None:
                assert best is not None
                state = FitState(start, iteration, history[-1], change, model.mixture(best))
                stopped = bool(settings.callback(state))
            if last or stopped:
                break
        if step.singular:
            raise singular_covariance(list(step.singular), settings.reg_covar)
        made = step
        current = model.core(step.weights, step.means, step.factor)

    assert best is not None
    return _Run(best, history, float(change), converged, stopped)


def _print_progress(
    start: int, iteration: int, value: float, change: float, seconds: float, settings: _Settings
) -> None:
    which = f"start {start + 1}/{settings.n_starts}  " if settings.n_starts > 1 else ""
    taken = f"{seconds:8.2f} s " if seconds >= 1 else f"{1000 * seconds:8.2f} ms"
    print(
        f"{which}iteration {iteration:>4}  {taken}  mean log-likelihood {value:.8g}  change {change:.2e}",
        flush=True,
    )


def _warn(result: FitResult, best: _Run, settings: _Settings, data: Data, smallest_scale: float) -> None:
    """One warning for each kind of trouble, with the remedy; they point at the caller of `fit`."""
    if not result.converged and not result.stopped_by_callback and settings.tol > 0:
        remedy = "raise max_iter, raise tol, or go on from here with init=result.mixture"
        if best.change < -settings.tol:
            wider = "" if data.x.dtype == np.float64 else "pass x in float64, "
            remedy = (
                f"it fell, as rounding in {data.x.dtype} counts where features nearly depend on each other: {wider}drop "
                "such features, rescale x, or raise reg_covar; the best iteration is what is returned"
            )
        warnings.warn(
            f"fit did not converge in max_iter={settings.max_iter} iterations: the last one still changed the mean "
            f"log-likelihood by {best.change:.3g}, tol is {settings.tol:g}; {remedy}",
            ConvergenceWarning,
            stacklevel=3,
        )
    if result.empty_components:
        warnings.warn(
            f"fit left components without data, at weight 0: {listed(result.empty_components)}; fit fewer components, "
            "or try other starts with n_init",
            DegenerateWarning,
            stacklevel=3,
        )
    if result.floored_components and settings.reg_covar <= _USUAL_FLOOR:
        remedy = (
            "fit fewer components, raise reg_covar, choose a simpler covariance_type, or drop features that are constant or "
            "depend on others"
        )
        if smallest_scale**2 < _CLOSE_TO_FLOOR * settings.reg_covar:
            remedy = (
                f"x itself varies little, by a standard deviation of {smallest_scale:.2g} in one feature: rescale x, or lower "
                "reg_covar, which is in the square of its unit"
            )
        elif len(data.x) < data.n_features:
            remedy += f"; x has {len(data.x)} rows of {data.n_features} features: did you mean x.T?"
        warnings.warn(
            "fit raised variances that collapsed to the floor "
            f"reg_covar={settings.reg_covar:g}, in components {listed(result.floored_components)}; {remedy}",
            DegenerateWarning,
            stacklevel=3,
        )
