"""New digits drawn from the learned mixtures: do they look right, and are they new?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.svm import SVC

import fastgen as fg

from ._pictures import BLUE, GREY, ORANGE, figure, show_images, style
from ._terminal import fact, say
from .digits import N_CLASSES, Set

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._pictures import Pictures
    from .digits import Images, Learned

__all__ = ["by_class", "draw", "nearest", "run"]

_SEED = 11


def draw(learned: Learned) -> Set:
    """Draw as many new images of each digit as there are held-out ones."""
    numbers = np.bincount(learned.held_out.labels, minlength=N_CLASSES)
    streams = fg.Stream(_SEED).spawn(N_CLASSES)
    images = [
        learned.scaling.images(mixture.sample(int(n), rng=stream))
        for mixture, n, stream in zip(learned.classes, numbers, streams, strict=True)
    ]
    return Set(np.concatenate(images), np.repeat(np.arange(N_CLASSES), numbers))


def nearest(images: Images, others: Images) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distance of each image to the nearest of the others, in grey levels, and which it is."""
    # Exact: sums of products of small whole numbers.
    squared = (images**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * images @ others.T
    index = squared.argmin(axis=1)
    return np.sqrt(squared[np.arange(len(images)), index]), index


def run(learned: Learned, pictures: Pictures) -> None:
    """Draw digits, have them recognised, measure how far they are from the training images, and show them."""
    drawn, held_out, train = draw(learned), learned.held_out, learned.train
    judge = SVC(gamma=0.001, C=10).fit(train.images, train.labels)
    say(f"  {len(drawn.labels)} new digits, of each as many as are held out. The judge of what they show is a support")
    say("  vector machine, learned from the same training images.")
    fact("new digits it takes for what they should be", f"{100 * judge.score(drawn.images, drawn.labels):.1f} %")
    fact("held-out real digits, for comparison", f"{100 * judge.score(held_out.images, held_out.labels):.1f} %")

    to_drawn, which = nearest(drawn.images, train.images)
    to_real, _ = nearest(held_out.images, train.images)
    spread, real_spread = (_log_density(learned, images).std() for images in (drawn, held_out))
    say("  An image or two more are chance. But new digits do keep to the common forms, while among real ones")
    say("  there are rare ones, and these are hard. The log densities show it: they vary less.")
    fact("standard deviation of log p, new digits", f"{spread:.1f}", f"nats; real digits: {real_spread:.1f}")

    say("\n  Faint dots beside the strokes: the noise and the floor of part 2 leave every pixel some variance,")
    say("  white paper too. A lower floor draws fewer dots, and describes real digits worse.")
    white = np.array([train.images[train.labels == digit].max(axis=0) == 0 for digit in range(N_CLASSES)])
    dots, real_dots = ((images.images[white[images.labels]] > 0).mean() for images in (drawn, held_out))
    fact("inked, of pixels always white in training", f"{100 * dots:.1f} %", f"real digits: {100 * real_dots:.1f} %")

    say("\n  Distance to the nearest training image, in grey levels over all 64 pixels (a copy: 0; every")
    say("  pixel off by one level: 8):")
    fact("median for new digits", f"{np.median(to_drawn):.1f}", f"smallest {to_drawn.min():.1f}")
    fact("median for held-out real digits", f"{np.median(to_real):.1f}", f"smallest {to_real.min():.1f}")
    fact("copies among the new digits", f"{int((to_drawn == 0).sum())}", f"of {len(drawn.labels)}")

    with style():
        fig = figure(10, 5.5)
        left, right = fig.subplots(1, 2)
        show_images(left, by_class(held_out), [str(digit) for digit in range(N_CLASSES)])
        left.set_title("Real: held-out digits of load_digits")
        show_images(right, by_class(drawn))
        right.set_title("New: drawn from the learned mixtures")
        right.set_xlabel("faint dots: the variance that noise and floor leave to white paper")
        pictures.save(fig, "digits_drawn.png", "real digits beside newly drawn ones")

        fig = figure(10, 4.2)
        top, bottom = fig.subplots(2, 1, height_ratios=[1, 2.6])
        starts = np.searchsorted(drawn.labels, np.arange(N_CLASSES))
        shown = (starts[:, None] + np.arange(2)).ravel()
        pairs = np.stack([drawn.images[shown], train.images[which[shown]]])
        show_images(top, pairs, ["newly drawn", "nearest in training"])
        top.set_title("New, not a copy: each drawn digit above the training image nearest to it")
        real, new = (to_real, GREY, "held-out real digits"), (to_drawn, BLUE, "newly drawn digits")
        for distances, colour, name in (real, new):
            counts, edges = np.histogram(distances, bins=np.arange(np.floor(distances.min()), distances.max() + 1))
            bottom.stairs(counts, edges, fill=True, color=colour, alpha=0.4, label=name)
            bottom.stairs(counts, edges, color=colour, lw=1.3)
            bottom.axvline(float(np.median(distances)), color=colour, lw=1.3, ls=(0, (4, 3)))
        bottom.plot([0], [0], marker="v", color=ORANGE, ms=9, clip_on=False, ls="none", label="a copy would be here")
        bottom.set(xlim=(0, None), xlabel="distance to the nearest training image (grey levels; dashed: median)")
        bottom.set_ylabel("number of images")
        bottom.legend(loc="upper left")
        pictures.save(fig, "digits_new.png", "drawn digits, the training images nearest to them, and the distances")


def _log_density(learned: Learned, images: Set) -> NDArray[np.float64]:
    """Log density of each image under the mixture of its own digit."""
    points = learned.scaling.points(images.images, _SEED)
    own = [learned.scaling.log_density(mixture, points) for mixture in learned.classes]
    return np.asarray(np.stack(own)[images.labels, np.arange(len(points))])


def by_class(images: Set, columns: int = 10) -> Images:
    """The first images of each digit, (10, columns, 64)."""
    return np.stack([images.images[images.labels == digit][:columns] for digit in range(N_CLASSES)])
