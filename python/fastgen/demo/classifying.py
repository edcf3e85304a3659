"""Classification by Bayes' rule: the mixtures were learned to describe digits, and so can tell them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._pictures import RED, SIDE, TEXT, figure, style
from ._terminal import fact, say
from .digits import N_CLASSES

if TYPE_CHECKING:
    from ._pictures import Pictures
    from .digits import Learned

__all__ = ["run"]

_SEED = 3
_COLUMNS, _ROWS = 3, 2


def run(learned: Learned, pictures: Pictures) -> None:
    """Classify the held-out digits and show the confusions."""
    images, labels = learned.held_out
    points = learned.scaling.points(images, _SEED)
    say("  p(digit | image) is proportional to p(digit) p(image | digit). The components of all digits are")
    say("  one mixture; the sum of its responsibilities over the components of a digit is p(digit | image).")
    posterior = learned.posterior(learned.everything.responsibilities(points))
    decided = posterior.argmax(axis=1)
    right = decided == labels
    fact("held-out digits classified correctly", f"{100 * right.mean():.1f} %", f"{right.sum()} of {len(labels)}")
    sure = posterior.max(axis=1) > 0.999
    share = f"{100 * right[sure].mean():.1f} %"
    fact("where p(digit | image) exceeds 0.999", share, f"{right[sure].sum()} of {sure.sum()}")
    wrong = ~right
    if wrong.any():
        say("\n  Where it errs it can be too sure: log densities add up over 64 pixels, so the best digit is many")
        say("  nats ahead of the next and p(digit | image) near 0 or 1, also for an image unlike all those")
        say("  learned from. A low p(image) tells such an image. Where decisions rest on the probabilities,")
        say("  calibrate them on held-out data.")
        each = np.sort([mixture.log_prob(points) for mixture in learned.classes], axis=0)
        fact("lead of the best digit over the next, median", f"{np.median(each[-1] - each[-2]):.0f}", "nats")
        score = learned.everything.log_prob(points)
        rank = (score <= score[wrong].max()).mean()
        fact("the errors are among the least likely", f"{100 * rank:.1f} %", "of the held-out digits, by p(image)")

    confusion = np.zeros((N_CLASSES, N_CLASSES), dtype=np.int64)
    np.add.at(confusion, (labels, decided), 1)
    true = posterior[np.arange(len(labels)), labels]
    with style():
        fig = figure(10, 4.8)
        left, side = fig.subfigures(1, 2, squeeze=False, width_ratios=[1.1, 1])[0]
        ax = left.subplots()
        # Coloured by share, so that the few errors are seen beside the many right ones.
        ax.imshow(np.sqrt(confusion / confusion.sum(axis=1, keepdims=True)), cmap="Blues", vmin=0, vmax=1.15)
        for i, j in zip(*np.nonzero(confusion), strict=True):
            colour = "white" if i == j else "black"
            ax.text(j, i, str(confusion[i, j]), ha="center", va="center", color=colour, fontsize=9)
        ax.set_xticks(range(N_CLASSES))
        ax.set_yticks(range(N_CLASSES))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set(xlabel="digit decided on (the numbers count images)", ylabel="true digit")
        ax.set_title(f"{right.sum()} of {len(labels)} held-out images are right")
        side.suptitle("The hardest: p(true digit | image) is least", x=0.02, ha="left", fontsize=11, fontweight="bold")
        for ax, i in zip(side.subplots(_ROWS, _COLUMNS).flat, np.argsort(true, kind="stable"), strict=False):
            ax.imshow(images[i].reshape(SIDE, SIDE), cmap="gray_r", vmin=0, vmax=16)
            verdict = f"{labels[i]}, right" if right[i] else f"{labels[i]} taken for {decided[i]}"
            title = f"{verdict}\np({decided[i]}): {_percent(posterior[i, decided[i]])}"
            ax.set_title(title, fontsize=9.5, fontweight="normal", color=TEXT if right[i] else RED, loc="center")
            ax.set_axis_off()
        pictures.save(fig, "digits_classified.png", "which digits are taken for which, and the hardest ones")


def _percent(p: float) -> str:
    """A probability in percent, never a 100 that is not one."""
    return "over 99.9 %" if p > 0.999 else f"{100 * p:.1f} %"
