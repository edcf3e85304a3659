"""Log density of held-out digits, and digits that have been tampered with: the less likely, the more suspicious."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from ._pictures import COLOURS, GREY, SIDE, TEXT, figure, show_images, style
from ._terminal import say, table
from .digits import LEVELS, N_CLASSES, bits_per_pixel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._pictures import Pictures
    from .digits import Images, Labels, Learned, Set

__all__ = ["corruptions", "run"]

_SEED = 5
_FALSE_ALARMS = 0.05
# Told apart without colour too.
_LINES = tuple(
    zip(COLOURS, ("-", (0, (5, 1.2)), (0, (3, 1, 1, 1)), "-", (0, (5, 1.2)), (0, (3, 1, 1, 1))), strict=True)
)


def corruptions(images: Images, labels: Labels) -> dict[str, Images]:
    """Ways to spoil every image, from easy to hard to notice."""
    rng = np.random.default_rng(_SEED)
    black = LEVELS - 1
    square = images.reshape(-1, SIDE, SIDE)

    blanked = square.copy()
    first = rng.integers(2, 5, len(blanked))  # rows 2 to 5 hold ink in every digit
    blanked[np.arange(len(blanked)), first] = 0
    blanked[np.arange(len(blanked)), first + 1] = 0

    # In the order of the labels, half the images away is always another digit.
    order = np.argsort(labels, kind="stable")
    partner = np.empty_like(order)
    partner[order] = np.roll(order, len(order) // 2)
    chimera = square.copy()
    chimera[:, SIDE // 2 :] = square[partner, SIDE // 2 :]

    spoilt = {
        "pixels shuffled": rng.permuted(images, axis=1),
        "noise of 3 grey levels": np.clip(np.rint(images + rng.normal(0, 3, images.shape)), 0, black),
        "two rows blanked": blanked,
        "halves of two digits": chimera,
        "upside down": square[:, ::-1, ::-1],
        "paler by a third": np.rint(square * (2 / 3)),
    }
    return {name: np.ascontiguousarray(value).reshape(images.shape) for name, value in spoilt.items()}


def run(learned: Learned, pictures: Pictures) -> None:
    """Score held-out and spoilt digits, and show how well the score tells them apart."""
    held_out, scaling = learned.held_out, learned.scaling
    points = scaling.points(held_out.images, _SEED)
    known = scaling.points(learned.train.images, _SEED)
    say("  Log density of images under the mixture of their own digit (nats: more is better; bits: less)")
    rows, own, own_known = [], [], []
    for digit, mixture in enumerate(learned.classes):
        mine, trained = held_out.labels == digit, learned.train.labels == digit
        own.append(scaling.log_density(mixture, points[mine]))
        own_known.append(scaling.log_density(mixture, known[trained]))
        rows.append(_row(str(digit), own[-1], own_known[-1]))
    rows.append(_row("all", np.concatenate(own), np.concatenate(own_known)))
    say()
    table(["digit", "held-out images", "nats per image", "bits per pixel", "(training images)"], rows)

    say("\n  Spoilt digits, scored by the log density of all digits together: how often is a spoilt image less")
    say("  likely than a real one (AUC: 1 always, 0.5 no better than a coin), and how many are caught at 5 %")
    say("  false alarms?")
    say()
    spoilt = corruptions(held_out.images, held_out.labels)
    real_score = -scaling.log_density(learned.everything, points)
    truth = np.repeat([0, 1], len(real_score))
    lines, curves = [], []
    for i, (name, images) in enumerate(spoilt.items()):
        score = -scaling.log_density(learned.everything, scaling.points(images, _SEED + 1 + i))
        both = np.concatenate([real_score, score])
        auc = float(roc_auc_score(truth, both))
        false, true, _ = roc_curve(truth, both, drop_intermediate=False)
        lines.append([name, f"{auc:.3f}", f"{100 * _caught(false, true):.0f} %"])
        curves.append((false, true))
    table(["spoilt by", "ROC AUC", "caught"], lines)
    say("\n  The last is there to show a limit: a paler digit is still a likely digit.")

    with style():
        fig = figure(12, 4.3)
        left, right = fig.subplots(1, 2, width_ratios=[1.9, 1])
        _show_spoilt(left, held_out, spoilt, lines)
        _show_curves(right, curves)
        pictures.save(fig, "digits_anomalies.png", "spoilt digits, and how well the log density finds them")


def _show_spoilt(ax: Axes, held_out: Set, spoilt: dict[str, Images], lines: list[list[str]]) -> None:
    """A digit of each kind, real and spoilt; the names of the rows are the legend of the curves."""
    some = np.searchsorted(np.sort(held_out.labels), np.arange(N_CLASSES))
    some = np.argsort(held_out.labels, kind="stable")[some]
    shown = {"real": held_out.images, **spoilt}
    show_images(ax, np.stack([images[some] for images in shown.values()]), list(shown))
    right, *rows = ax.get_xlim()[1], *ax.get_yticks()
    for row, (_, auc, caught), (colour, dashes) in zip(rows[1:], lines, _LINES, strict=True):
        ax.plot([-11, -3], [row, row], color=colour, ls=dashes, lw=2.5, clip_on=False)
        ax.text(right + 9, row, auc, ha="center", va="center")
        ax.text(right + 24, row, caught, ha="center", va="center")
    ax.text(right + 9, rows[0], "ROC\nAUC", ha="center", va="center", color=TEXT)
    ax.text(right + 24, rows[0], f"caught\nat {100 * _FALSE_ALARMS:.0f} %", ha="center", va="center", color=TEXT)
    ax.set_xlim(-12, right + 32)
    ax.set_title("Held-out digits, and the same spoilt")


def _show_curves(ax: Axes, curves: list[tuple[Images, Images]]) -> None:
    """The share of spoilt digits that is caught, over the share of false alarms that this costs."""
    # Logarithmic: all that tells these curves apart is at few false alarms.
    least = 0.002  # one of the 450 real digits
    alarms = np.geomspace(least, 1, 200)
    ax.plot(100 * alarms, 100 * alarms, color=GREY, lw=1, ls=(0, (1, 2)))
    ax.text(24, 15, "by chance", color=GREY, fontsize=9)
    for (false, true), (colour, dashes) in zip(curves, _LINES, strict=True):
        ax.step(100 * np.maximum(false, least / 2), 100 * true, where="post", color=colour, ls=dashes, lw=2)
        ax.plot([100 * _FALSE_ALARMS], [100 * _caught(false, true)], "o", color=colour, mec="white", ms=7, zorder=3)
    ax.axvline(100 * _FALSE_ALARMS, color=TEXT, lw=1, ls=(0, (4, 3)), zorder=0)
    ax.set(xscale="log", xlim=(100 * least, 100), ylim=(0, 103))
    ax.set_xticks([0.2, 1, 5, 20, 100], ["0.2", "1", "5", "20", "100"])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("real digits flagged (%, false alarms)")
    ax.set_ylabel("spoilt digits flagged (%)", labelpad=8)
    ax.set_title("Flagged by low log density")


def _caught(false: Images, true: Images) -> float:
    """Share of spoilt digits that is flagged at the false alarms that are allowed."""
    return float(true[np.searchsorted(false, _FALSE_ALARMS, side="right") - 1])


def _row(name: str, log_density: Images, trained: Images) -> list[str]:
    return [
        name,
        str(len(log_density)),
        f"{log_density.mean():.1f}",
        f"{bits_per_pixel(log_density):.2f}",
        f"({bits_per_pixel(trained):.2f})",
    ]
