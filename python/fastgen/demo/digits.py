"""Learning the handwritten digits that ship inside scikit-learn: one mixture for each, chosen by cross-validation.

A pixel is a whole number of grey levels from 0 (white) to 16 (black). A density needs real numbers, so a uniform random
number in [0, 1) is added to each; the log density of the result is then, on average, at most the log probability of
the image itself [1]_. Each pixel is divided by its standard deviation, with one grey level added in quadrature so that
the pixels which are nearly always white do not dominate. Log densities are reported for images in grey levels, whatever
the scaling.

The images are of 13 writers, and the held-out ones are of the same writers: the numbers say how well the mixtures know
these hands, not every hand.

References
----------
.. [1] L. Theis, A. van den Oord and M. Bethge, "A note on the evaluation of generative models", ICLR 2016, section 3.1.
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, train_test_split

import fastgen as fg

from ._terminal import fact, say, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from fastgen._fit_model import CovarianceType

    Images = NDArray[np.float64]  # (n, 64) grey levels
    Points = NDArray[np.float64]  # (n, 64) what the mixtures are learned from
    Labels = NDArray[np.int64]  # (n,)

__all__ = ["LEVELS", "N_CLASSES", "Choice", "Learned", "Scaling", "Set", "bits_per_pixel", "learn", "load", "run"]

LEVELS = 17
N_CLASSES = 10
_N_HELD_OUT = 450
_SEED = 0
_CANDIDATES: tuple[tuple[CovarianceType, tuple[int, ...]], ...] = (
    ("full", (1, 2, 3)),
    ("tied", (4,)),
    ("diag", (1, 4, 8)),
    ("spherical", (8,)),
)
_FLOORS = (0.05, 0.1, 0.2)


class Set(NamedTuple):
    """Images and the digits they show."""

    images: Images
    labels: Labels


class Scaling(NamedTuple):
    """The way from images to points and back."""

    scale: NDArray[np.float64]  # (64,) grey levels

    @classmethod
    def of(cls, images: Images) -> Scaling:
        """The scaling for images like these."""
        return cls(np.sqrt(images.var(axis=0) + 1.0))

    def points(self, images: Images, seed: int) -> Points:
        """Add a uniform random number to each pixel and scale."""
        noise = np.random.default_rng(seed).random(images.shape)
        return np.asarray((images + noise) / self.scale)

    def images(self, points: Points) -> Images:
        """The images that points lie in: grey levels, cut off at white and black."""
        return np.clip(np.floor(points * self.scale), 0, LEVELS - 1)

    def log_density(self, mixture: fg.Mixture, points: Points) -> NDArray[np.float64]:
        """Log density of the images in grey levels, in nats per image, from a mixture of points."""
        return np.asarray(mixture.log_prob(points) - np.log(self.scale).sum())


class Choice(NamedTuple):
    """The kind of mixture."""

    covariance_type: CovarianceType
    n_components: int
    floor: float

    def fit(self, points: Points, n_init: int = 1) -> fg.Mixture:
        """Learn a mixture of this kind."""
        with warnings.catch_warnings():
            # It reports components that rest on `reg_covar`. Here all do, on purpose: 64 x 64 covariances of 60 images.
            warnings.simplefilter("ignore", fg.DegenerateWarning)
            return fg.fit(
                points,
                self.n_components,
                covariance_type=self.covariance_type,
                reg_covar=self.floor,
                n_init=n_init,
                tol=1e-4,
                rng=_SEED,
            ).mixture


class Learned(NamedTuple):
    """The learned digits, and the images they were learned from and are tested on."""

    train: Set
    held_out: Set
    scaling: Scaling
    classes: list[fg.Mixture]  # p(x | y), one for each digit y
    prior: NDArray[np.float64]  # p(y), (10,)
    everything: fg.Mixture  # p(x): the components of all classes

    def posterior(self, responsibilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """p(y | x), (n, 10), from the responsibilities of the components of all classes."""
        return np.asarray(responsibilities.reshape(len(responsibilities), N_CLASSES, -1).sum(axis=2))


def load() -> tuple[Set, Set]:
    """The images for learning and those held out, of each digit the same share."""
    data: Any = load_digits()
    images, labels = np.asarray(data.data, dtype=np.float64), np.asarray(data.target, dtype=np.int64)
    train, held_out = train_test_split(
        np.arange(len(labels)), test_size=_N_HELD_OUT, stratify=labels, random_state=_SEED
    )
    return Set(images[train], labels[train]), Set(images[held_out], labels[held_out])


def bits_per_pixel(log_density: NDArray[np.float64]) -> float:
    """Mean number of bits that a pixel costs when images are stored with a code made for the model."""
    return float(-log_density.mean() / (64 * np.log(2)))


def _score(choice: Choice, train: Set, folds: list[tuple[Labels, Labels]]) -> float:
    """Bits per pixel of images that were left out of the learning."""
    scores = []
    for learn_rows, score_rows in folds:
        scaling = Scaling.of(train.images[learn_rows])
        points = scaling.points(train.images, _SEED)
        for digit in range(N_CLASSES):
            mine = train.labels == digit
            mixture = choice.fit(points[learn_rows][mine[learn_rows]])
            scores.append(scaling.log_density(mixture, points[score_rows][mine[score_rows]]))
    return bits_per_pixel(np.concatenate(scores))


def _compare(train: Set, n_folds: int) -> Iterator[tuple[Choice, float]]:
    """The best floor for each candidate, and its bits per pixel."""
    folds = list(StratifiedKFold(3, shuffle=True, random_state=_SEED).split(train.images, train.labels))[:n_folds]
    for covariance_type, numbers in _CANDIDATES:
        for k in numbers:
            choices = [Choice(covariance_type, k, floor) for floor in _FLOORS]
            scores = [_score(choice, train, folds) for choice in choices]
            best = int(np.argmin(scores))
            yield choices[best], scores[best]


def learn(train: Set, held_out: Set, choice: Choice) -> Learned:
    """Learn one mixture for each digit."""
    scaling = Scaling.of(train.images)
    points = scaling.points(train.images, _SEED)
    classes = [choice.fit(points[train.labels == digit], n_init=4) for digit in range(N_CLASSES)]
    prior = np.bincount(train.labels) / len(train.labels)
    everything = fg.Mixture(
        np.concatenate([p * mixture.weights for p, mixture in zip(prior, classes, strict=True)]),
        [mixture.components for mixture in classes],
    )
    return Learned(train, held_out, scaling, classes, prior, everything)


def run(*, short: bool) -> Learned:
    """Choose the kind of mixture, learn the digits, and say how well."""
    train, held_out = load()
    n, n_held_out = len(train.labels), len(held_out.labels)
    say(f"  The digits are those of scikit-learn's load_digits, images of 8 x 8 pixels: {n} for learning, {n_held_out}")
    say("  others held out for testing. Noise from [0, 1) is added to each pixel, a whole number of grey")
    say("  levels from 0 to 16: densities need real numbers.\n")
    say("  Which kind of mixture? Compared on images left out of the learning, by the bits it takes to store")
    say(f"  a pixel: less is better, {np.log2(LEVELS):.2f} if all 17 grey levels were equally likely. The floor is the")
    say("  least variance allowed in any direction (reg_covar); the best of three is shown. This takes some")
    say("  seconds.\n")
    begin = time.perf_counter()
    results = list(_compare(train, 1 if short else 3))
    choice, _ = min(results, key=lambda result: result[1])
    table(
        ["covariances", "components", "floor", "bits per pixel", ""],
        [
            [c.covariance_type, str(c.n_components), f"{c.floor:g}", f"{bits:.3f}", "<- taken" if c == choice else ""]
            for c, bits in results
        ],
    )
    fits = len(results) * len(_FLOORS) * N_CLASSES * (1 if short else 3)
    say()
    fact("mixtures learned for this table", f"{fits}", f"in {time.perf_counter() - begin:.1f} s")

    begin = time.perf_counter()
    learned = learn(train, held_out, choice)
    fact("then one for each of the 10 digits", "10", f"in {time.perf_counter() - begin:.2f} s, from all {n} images")
    return learned
