"""Completing digits whose lower half is hidden: the mixture of all digits, given the pixels that are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import fastgen as fg

from ._pictures import SIDE, figure, show_images, style
from ._terminal import fact, say
from .digits import N_CLASSES

if TYPE_CHECKING:
    from ._pictures import Pictures
    from .digits import Learned

__all__ = ["run"]

_SEED = 2
_SEEN = list(range(SIDE * SIDE // 2))
_HIDDEN = list(range(SIDE * SIDE // 2, SIDE * SIDE))
_DRAWS = 3
_PER_CLASS = 2


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

    shown = np.concatenate([np.flatnonzero(labels == digit)[:_PER_CLASS] for digit in range(N_CLASSES)])
    rows = [images[shown]]
    hidden = images[shown].copy()
    hidden[:, _HIDDEN] = np.nan
    rows.append(hidden)
    completed = np.repeat(images[shown][None], _DRAWS, axis=0)
    for column, (i, stream) in enumerate(zip(shown, fg.Stream(_SEED).spawn(len(shown)), strict=True)):
        full = np.repeat(points[i][None], _DRAWS, axis=0)
        full[:, _HIDDEN] = given[i].sample(_DRAWS, rng=stream)
        completed[:, column] = learned.scaling.images(full)
    rows.extend(completed)
    average = images[shown].copy()
    average[:, _HIDDEN] = np.clip(guess[shown], 0, 16)
    rows.append(average)

    with style():
        fig = figure(10, 3.05)
        ax = fig.subplots()
        names = ["real, held out", "what is seen", *(f"draw {i + 1}" for i in range(_DRAWS)), "mean"]
        show_images(ax, np.stack(rows), names)
        ax.set_title("The upper half is given; the lower half is drawn from the mixture, which is not told the digit")
        pictures.save(fig, "digits_completed.png", "digits completed from their upper half")


def _rms(error: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.sqrt((error**2).mean()))
