"""Sampling and log density beside what a good NumPy user writes: same machine, same run, checked answers."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

import fastgen as fg

from ._pictures import BLUE, GREY, ORANGE, TEXT, figure, style
from ._terminal import say, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ._pictures import Pictures

    Array = NDArray[np.float64]

__all__ = ["run"]

_SEED = 1
_DRAWING, _SCORING = "drawing", "log density"
_SHAPES = ((5, 1), (16, 8), (16, 32))  # components, features
_NUMBERS = 2_000_000  # drawn in one call
_PATIENCE = 0.5  # seconds to wait at most for threads of the call before
_DEVIATIONS = 6.0  # a correct sampler is further off than this twice in a billion


class Problem(NamedTuple):
    """Parameters of a mixture, and what the NumPy idiom prepares from them once."""

    weights: Array
    means: Array
    cholesky: Array
    whitening: Array  # transposed inverses of the Cholesky factors
    offsets: Array  # log of weight and normalisation
    mixture: fg.Mixture

    @classmethod
    def make(cls, k: int, d: int) -> Problem:
        """A mixture of k components with overlapping full covariances over d features."""
        rng = np.random.default_rng([_SEED, k, d])
        weights = rng.dirichlet(np.full(k, 5.0))
        means = rng.normal(0.0, 2.0, (k, d))
        cholesky = np.tril(rng.normal(0.0, 0.4 / d**0.5, (k, d, d)), -1)
        cholesky += np.eye(d) * rng.uniform(0.5, 1.5, (k, d, 1))
        if d == 1:
            mixture = fg.Mixture(weights, fg.Normal(means[:, 0], cholesky[:, 0, 0]))
        else:
            mixture = fg.Mixture(weights, fg.MultivariateNormal.from_cholesky(means, cholesky))
        whitening = np.linalg.inv(cholesky).transpose(0, 2, 1)
        log_det = np.log(np.diagonal(cholesky, axis1=1, axis2=2)).sum(axis=1)
        offsets = np.log(weights) - log_det - d / 2 * np.log(2 * np.pi)
        return cls(weights, means, cholesky, np.asarray(whitening, dtype=np.float64), offsets, mixture)

    def numpy_sample(self, n: int, rng: np.random.Generator) -> Array:
        """Choose components, draw standard normals, transform group by group."""
        labels = rng.choice(len(self.weights), n, p=self.weights)
        if self.mixture.n_features == 1:
            return np.asarray(rng.normal(self.means[labels, 0], self.cholesky[labels, 0, 0]))
        x = rng.standard_normal((n, self.mixture.n_features))
        for k in range(len(self.weights)):
            rows = np.flatnonzero(labels == k)
            x[rows] = x[rows] @ self.cholesky[k].T + self.means[k]
        return x

    def numpy_log_prob(self, x: Array) -> Array:
        """Whiten for each component by one matrix product, then a stable log of the sum."""
        rows = x.reshape(len(x), -1)
        joint = np.empty((len(rows), len(self.weights)))
        for k, (mean, whitening) in enumerate(zip(self.means, self.whitening, strict=True)):
            z = (rows - mean) @ whitening
            joint[:, k] = np.einsum("ij,ij->i", z, z)
        joint = self.offsets - 0.5 * joint
        top = joint.max(axis=1)
        return np.asarray(top + np.log(np.exp(joint - top[:, None]).sum(axis=1)))


class Timing(NamedTuple):
    """Seconds of a call for n points."""

    task: str
    components: int
    features: int
    n: int
    fastgen: float
    numpy: float

    @property
    def nanoseconds(self) -> tuple[float, float]:
        """Time of fastgen and of NumPy for a number drawn, or for a row under one component."""
        units = self.n * (self.features if self.task == _DRAWING else self.components)
        return 1e9 * self.fastgen / units, 1e9 * self.numpy / units

    @property
    def ratio(self) -> float:
        """How many times faster fastgen is."""
        return self.numpy / self.fastgen


def run(pictures: Pictures, *, short: bool) -> None:
    """Time both, check that they agree, and show the ratios."""
    repeats = 3 if short else 5
    say(f"  Medians of {repeats} calls each, in turns; float64, full covariances. Nanoseconds for a number drawn, and")
    say("  for the log density of a row under a component.")
    say()
    # NumPy's matrix products get as many threads as fastgen.
    with threadpool_limits(fg.get_num_threads(), "blas"):
        timings = [timing for k, d in _SHAPES for timing in _measure(k, d, _NUMBERS // (8 if short else 1), repeats)]
        machine = _machine()
    timings.sort(key=lambda timing: timing.task)
    table(
        ["", "features", "components", "points", "fastgen", "NumPy", "times faster"],
        [
            [
                t.task,
                str(t.features),
                str(t.components),
                f"{t.n:,}",
                *(f"{time:.2f} ns" for time in t.nanoseconds),
                f"{t.ratio:.1f}",
            ]
            for t in timings
        ],
    )
    say("\n  Checked: log densities agree to 1e-10; both samples have the means and variances of the mixture.")

    with style():
        fig = figure(10, 3.6)
        both = fig.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.1})
        for ax, task, unit in zip(both, (_DRAWING, _SCORING), ("number", "row and component"), strict=True):
            _show(ax, [t for t in timings if t.task == task])
            ax.set(xlabel=f"nanoseconds per {unit}")
            ax.set_title(f"{task.capitalize()}, beside NumPy")
        fig.legend(*both[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
        fig.supxlabel(machine, x=0.01, ha="left", fontsize=8.5, color=GREY)
        pictures.save(fig, "speed.png", "times of sampling and log density beside NumPy")


def _show(ax: Axes, timings: list[Timing]) -> None:
    """A line from the time of fastgen to that of NumPy for each shape."""
    rows = np.arange(len(timings))[::-1]
    fast, slow = zip(*(t.nanoseconds for t in timings), strict=True)
    ax.hlines(rows, fast, slow, color="#CCCCCC", lw=3, zorder=1)
    ax.scatter(fast, rows, s=60, color=BLUE, label="fastgen", zorder=2)
    ax.scatter(slow, rows, s=60, color=ORANGE, marker="s", label="NumPy", zorder=2)
    for row, timing, ends in zip(rows, timings, zip(fast, slow, strict=True), strict=True):
        words = f"{timing.ratio:.0f} times faster"
        ax.text((ends[0] * ends[1]) ** 0.5, row + 0.12, words, ha="center", va="bottom", fontsize=9)
    ax.set_yticks(rows, [f"{t.components} components,\n{t.features} feature{'s'[: t.features > 1]}" for t in timings])
    # From one labelled tick to another.
    steps = np.outer(10.0 ** np.arange(-3, 7), [1, 3]).ravel()
    first, last = np.searchsorted(steps, min(fast)) - 1, np.searchsorted(steps, max(slow))
    ticks = steps[first : last + 1]
    ax.set(xscale="log", xlim=(0.9 * ticks[0], 1.1 * ticks[-1]), ylim=(-0.5, len(rows) - 0.4))
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.tick_params(axis="y", length=0, labelcolor=TEXT)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color="#EEEEEE", zorder=0)
    ax.set_axisbelow(True)


def _machine() -> str:
    """What the times hold for."""
    runtime = fg.runtime_info()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    threads = f"{runtime['threads']} thread{'s'[: runtime['threads'] > 1]}"
    processor = names[0] if names else platform.machine()
    return (
        f"{processor}; fastgen {fg.__version__}, {runtime['instruction_set']}, {threads}; "
        f"NumPy {np.__version__}, BLAS threads: {max(blas, default='unknown')}; logarithmic axes"
    )


def _measure(k: int, d: int, numbers: int, repeats: int) -> list[Timing]:
    """Time sampling and log density of one mixture."""
    problem = Problem.make(k, d)
    rng = np.random.default_rng(_SEED)
    n = numbers // d
    sampling, samples = _race(lambda: problem.mixture.sample(n, rng=rng), lambda: problem.numpy_sample(n, rng), repeats)
    for x in samples:
        _check_moments(problem.mixture, x)
    # Fewer: the NumPy idiom takes k times as long here.
    points = np.ascontiguousarray(samples[0][: max(n // 4, 1)])
    scoring, answers = _race(lambda: problem.mixture.log_prob(points), lambda: problem.numpy_log_prob(points), repeats)
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-10, atol=1e-10)
    return [
        Timing(_DRAWING, k, d, n, *sampling),
        Timing(_SCORING, k, d, len(points), *scoring),
    ]


def _race(
    ours: Callable[[], Array], theirs: Callable[[], Array], repeats: int
) -> tuple[tuple[float, float], tuple[Array, Array]]:
    """Median seconds of both, in turns so that a change of the machine's speed meets both; and their answers."""
    seconds = np.empty((repeats, 2))
    for row in seconds:
        for i, call in enumerate((ours, theirs)):
            _wait_for_idle_threads()
            call()  # not timed: brings threads to their processors and data into the caches
            begin = time.perf_counter()
            call()
            row[i] = time.perf_counter() - begin
    first, second = np.median(seconds, axis=0)
    return (float(first), float(second)), (ours(), theirs())


def _wait_for_idle_threads() -> None:
    """Wait until this process uses no processor time.

    OpenBLAS keeps its threads spinning for tens of milliseconds after a matrix product, at the cost of whoever is
    timed next.
    """
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end:
        before = time.process_time()
        time.sleep(0.01)
        if time.process_time() - before < 0.001:
            return


def _check_moments(mixture: fg.Mixture, x: Array) -> None:
    """Mean and variance of each feature must be those of the mixture, to within chance."""
    rows = x.reshape(len(x), -1)
    centred = rows - np.reshape(mixture.mean, -1)
    variance = np.diagonal(np.reshape(mixture.covariance, (rows.shape[1], -1)))
    for powers, expected in ((centred, 0.0), (centred**2, variance)):
        error = (powers.mean(axis=0) - expected) / (powers.std(axis=0) / len(rows) ** 0.5)
        if not (np.abs(error) < _DEVIATIONS).all():
            raise AssertionError(f"sample moments are {np.abs(error).max():.1f} standard errors off")
