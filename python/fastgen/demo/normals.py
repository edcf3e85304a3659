"""Draws of scalar distributions: one normal, and a mixture that is learned back from its own draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import fastgen as fg

from ._pictures import BLUE, ORANGE, figure, style
from ._terminal import fact, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ._pictures import Pictures

__all__ = ["run"]

_N = 1000
_SEED = 7


def run(pictures: Pictures) -> None:
    """Draw, compare with what was stated, learn a mixture back, and show both."""
    say("  m = fg.Mixture(None, fg.Normal(loc=0, scale=0.1));  x = m.sample(1000, rng=7)")
    normal = fg.Mixture(None, fg.Normal(0.0, 0.1))
    x = normal.sample(_N, rng=_SEED)
    fact("mean of the draws", f"{x.mean():.4f}", f"stated: 0, give or take {0.1 / _N**0.5:.4f}")
    fact("standard deviation of the draws", f"{x.std():.4f}", f"stated: 0.1, give or take {0.1 / (2 * _N) ** 0.5:.4f}")
    fact(
        "largest gap between their CDF and the stated",
        f"{_cdf_gap(normal, x):.4f}",
        f"95 of 100 such samples stay below {1.358 / _N**0.5:.4f}",
    )

    truth = fg.Mixture([0.5, 0.2, 0.3], fg.Normal([-2.0, 0.5, 2.5], [0.8, 0.3, 0.6]))
    y = truth.sample(_N, rng=_SEED)
    learned = fg.fit(y, 3, n_init=5, rng=_SEED).mixture
    say("\n  A mixture of three normals, and what fg.fit(y, 3) learns from 1000 draws y of it:")
    order = np.argsort(learned.components.loc)
    for name, stated, found in (
        ("weights", truth.weights, learned.weights[order]),
        ("means", truth.components.loc, learned.components.loc[order]),
        ("standard deviations", truth.components.scale, learned.components.scale[order]),
    ):
        say(f"    {name:<20} stated {_numbers(stated)}    learned {_numbers(found)}")

    with style():
        fig = figure(10, 4)
        left, right = fig.subplots(1, 2)
        _histogram(left, x, 30)
        grid = np.linspace(-0.4, 0.4, 401)
        left.plot(grid, normal.prob(grid), color=BLUE, lw=2, label="stated density  m.prob(x)")
        left.set_title("One normal: mean 0, standard deviation 0.1")

        _histogram(right, y, 45)
        grid = np.linspace(-5.5, 5.5, 601)
        parts = np.exp(learned.component_log_prob(grid)) * learned.weights
        lines = right.plot(grid, parts, color=ORANGE, lw=1.3)
        lines[0].set_label("learned components, weighted")  # one entry for all
        right.plot(grid, learned.prob(grid), color=BLUE, lw=2, label="learned density")
        right.plot(grid, truth.prob(grid), color="black", lw=1.3, ls=(0, (4, 3)), label="stated density")
        right.set_title("A mixture of three, learned back from its draws")
        for ax in (left, right):
            ax.set_xlabel("x")
            ax.set_ylabel("density")
            # Below the axes nothing is covered, and no room is left empty for it.
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        pictures.save(fig, "normals.png", "1000 draws and the density, of a normal and of a mixture")


def _cdf_gap(mixture: fg.Mixture, x: NDArray[np.float64]) -> float:
    """Largest distance between the empirical distribution function and that of the mixture (Kolmogorov-Smirnov)."""
    u = mixture.cdf(np.sort(x))
    steps = np.arange(len(x) + 1) / len(x)
    return float(max((u - steps[:-1]).max(), (steps[1:] - u).max()))


def _numbers(values: NDArray[np.float64]) -> str:
    return "  ".join(f"{value:5.2f}" for value in values)


def _histogram(ax: Axes, x: NDArray[np.float64], bins: int) -> None:
    ax.hist(x, bins=bins, density=True, color="#DDDDDD", edgecolor="white", lw=0.6, label="histogram of 1000 draws")
