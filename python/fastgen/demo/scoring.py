"""Log density of held-out digits, and digits that have been tampered with: the less likely, the more suspicious."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from ._pictures import COLOURS, GREY, SIDE, figure, show_images, style
from ._terminal import say, table
from .digits import LEVELS, N_CLASSES, bits_per_pixel

if TYPE_CHECKING:
    from ._pictures import Pictures
    from .digits import Images, Labels, Learned

__all__ = ["corruptions", "run"]

_SEED = 5
_FALSE_ALARMS = 0.05


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
        caught = float((score > np.quantile(real_score, 1 - _FALSE_ALARMS)).mean())
        lines.append([name, f"{auc:.3f}", f"{100 * caught:.0f} %"])
        curves.append((name, auc, *roc_curve(truth, both)[:2]))
    table(["spoilt by", "ROC AUC", "caught"], lines)
    say("\n  The last is there to show a limit: a paler digit is still a likely digit.")

    with style():
        fig = figure(10, 4.05)
        left, right = fig.subplots(1, 2, width_ratios=[1.45, 1])
        some = np.searchsorted(np.sort(held_out.labels), np.arange(N_CLASSES))
        some = np.argsort(held_out.labels, kind="stable")[some]
        shown = {"real": held_out.images, **spoilt}
        show_images(left, np.stack([images[some] for images in shown.values()]), list(shown))
        for label, colour in zip(left.get_yticklabels()[1:], COLOURS, strict=True):
            label.set_color(colour)
        left.set_title("Held-out digits, and the same spoilt")
        right.plot([0, 1], [0, 1], color=GREY, lw=1, ls=(0, (1, 2)))
        for (name, auc, false, true), colour in zip(curves, COLOURS, strict=True):
            right.plot(false, true, color=colour, lw=2, label=f"{auc:.3f}  {name}", clip_on=False)
        right.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        right.set_xlabel("share of real digits flagged (false alarms)")
        right.set_ylabel("share of spoilt digits flagged")
        right.set_title("Flagged by low log density")
        legend = right.legend(title="area under the curve", alignment="left", title_fontsize=9, loc="lower right")
        legend.set_frame_on(True)
        legend.get_frame().set(edgecolor="none", alpha=1.0)
        pictures.save(fig, "digits_anomalies.png", "spoilt digits, and how well the log density finds them")


def _row(name: str, log_density: Images, trained: Images) -> list[str]:
    return [
        name,
        str(len(log_density)),
        f"{log_density.mean():.1f}",
        f"{bits_per_pixel(log_density):.2f}",
        f"({bits_per_pixel(trained):.2f})",
    ]
