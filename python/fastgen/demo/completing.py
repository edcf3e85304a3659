"""Completing digits whose lower half is hidden: the mixture of all digits, given the pixels that are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import fastgen as fg

from ._pictures import SIDE, add_row, centres, figure, frame, show_images, style
from ._terminal import fact, say
from .digits import LEVELS, N_CLASSES

if TYPE_CHECKING:
    from ._pictures import Pictures
    from .digits import Learned

__all__ = ["run"]

_SEED = 2
_SEEN = list(range(SIDE * SIDE // 2))
_HIDDEN = list(range(SIDE * SIDE // 2, SIDE * SIDE))
_DRAWS = 3
_MOST = 8  # grey levels, the top of the scale of standard deviations


def run(learned: Learned, pictures: Pictures) -> None:
    """Complete the held-out digits, measure how well, and show some."""
    images, labels = learned.held_out
    points, scale = learned.scaling.points(images, _SEED), learned.scaling.scale
    say("  given = m.condition(seen_pixels, their_values) is the mixture of the hidden pixels. It is not told")
    say("  the digit.")

    given = [learned.everything.condition(_SEEN, point[_SEEN]) for point in points]
    # Half a level less: the mixture describes grey levels with a number in [0, 1) added.
    guess = np.array([mixture.mean for mixture in given]) * scale[_HIDDEN] - 0.5
    blind = learned.train.images[:, _HIDDEN].mean(axis=0)
    truth = images[:, _HIDDEN]
    fact("error of a hidden pixel, upper half seen", f"{_rms(guess - truth):.2f}", "grey levels, root mean square")
    fact("error of the mean image of all digits", f"{_rms(blind - truth):.2f}", "the same, without looking")
    posterior = learned.posterior(learned.everything.marginal(_SEEN).responsibilities(points[:, _SEEN]))
    correct = posterior.argmax(axis=1) == labels
    fact("digits recognised from the upper half alone", f"{100 * correct.mean():.1f} %", "m.marginal(seen_pixels)")

    # Of each digit the first, and the one whose upper half tells least which digit it is.
    doubt = -(posterior * np.log(np.maximum(posterior, 1e-300))).sum(axis=1)
    mine = [np.flatnonzero(labels == digit) for digit in range(N_CLASSES)]
    shown = np.array([i for rows in mine for i in (rows[0], rows[1:][doubt[rows[1:]].argmax()])])
    hidden = images[shown].copy()
    hidden[:, _HIDDEN] = np.nan
    completed = np.repeat(images[shown][None], _DRAWS, axis=0)
    decided = np.empty((_DRAWS, len(shown)), dtype=np.int64)
    deviation = np.zeros_like(hidden)
    for column, (i, stream) in enumerate(zip(shown, fg.Stream(_SEED).spawn(len(shown)), strict=True)):
        full = np.repeat(points[i][None], _DRAWS, axis=0)
        full[:, _HIDDEN] = given[i].sample(_DRAWS, rng=stream)
        completed[:, column] = learned.scaling.images(full)
        decided[:, column] = learned.posterior(learned.everything.responsibilities(full)).argmax(axis=1)
        deviation[column, _HIDDEN] = np.sqrt(np.diagonal(given[i].covariance)) * scale[_HIDDEN]
    average = images[shown].copy()
    average[:, _HIDDEN] = np.clip(guess[shown], 0, LEVELS - 1)

    with style():
        fig = figure(11, 4.0)
        ax = fig.subplots()
        draws = [f"draw {i + 1}" for i in range(_DRAWS)]
        rows = np.stack([images[shown], hidden, *completed, average])
        show_images(ax, rows, ["real, held out", "what is seen", *draws, "mean"])
        image = add_row(ax, deviation, "standard deviation", _MOST)
        fig.colorbar(image, ax=ax, label="standard deviation (grey levels)", ticks=[0, 4, 8], shrink=0.6, pad=0.01)
        for draw, column in zip(*np.nonzero(decided != labels[shown]), strict=True):
            frame(ax, 2 + draw, column)
        sure = posterior[np.arange(len(labels)), labels][shown]
        ax.set_xticks(centres(len(shown)), [_percent(p) for p in sure])
        ax.set_xlabel("p(true digit | upper half) in %; framed: drawn as another digit, by Bayes' rule")
        ax.set_title("Lower halves drawn, given the upper ones; on the right of each pair one that is hard to tell")
        pictures.save(fig, "digits_completed.png", "digits completed from their upper half")


def _percent(p: float) -> str:
    """A probability in percent, never a 0 or 100 that is none."""
    return ">99" if p > 0.99 else "<1" if p < 0.01 else f"{100 * p:.0f}"


def _rms(error: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.sqrt((error**2).mean()))
