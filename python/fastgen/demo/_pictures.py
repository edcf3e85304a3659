"""How the pictures look, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

# Figures are made without pyplot: no window system, and nothing of the user's matplotlib changes.
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

__all__ = [
    "BLUE",
    "COLOURS",
    "GREY",
    "ORANGE",
    "RED",
    "SIDE",
    "TEXT",
    "Pictures",
    "add_row",
    "centres",
    "figure",
    "frame",
    "show_images",
    "style",
]

# The palette of Okabe and Ito, which people with any colour vision can tell apart.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
GREY, TEXT = "#6B6B6B", "#303030"

# Any: only the newest matplotlib knows the names of its settings as types.
_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": TEXT,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlepad": 8,
    "axes.labelsize": 10,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "figure.dpi": 100,
    "savefig.dpi": 140,
}

SIDE = 8  # pixels along an image
_WHITE, _BLACK = 0, 16
_GAP = -1  # drawn as white; a pixel that is NaN is drawn as hidden
_AMOUNT = mpl.colormaps["Purples"].with_extremes(under="white")
_INK = mpl.colormaps["gray_r"].with_extremes(under="white", bad="#F3DDB3")


def style() -> AbstractContextManager[None]:
    """Context in which figures are filled and saved; afterwards the user's settings of matplotlib are as they were."""
    return mpl.rc_context(_STYLE)


class Pictures:
    """The folder that the pictures go to, and what is in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.saved: list[tuple[str, str]] = []

    def save(self, fig: Figure, name: str, content: str) -> None:
        """Write a figure; `content` says in a few words what it shows."""
        with style():
            fig.savefig(self.folder / name, metadata={"Software": None})
        self.saved.append((name, content))


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches. Fill it within `style`."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def _mosaic(images: NDArray[Any]) -> NDArray[np.float64]:
    """One large picture of (rows, columns, 64) images, with gaps of one pixel."""
    rows, columns = images.shape[:2]
    canvas = np.full((rows * (SIDE + 1) - 1, columns * (SIDE + 1) - 1), float(_GAP))
    for i in range(rows):
        for j in range(columns):
            top, left = i * (SIDE + 1), j * (SIDE + 1)
            canvas[top : top + SIDE, left : left + SIDE] = images[i, j].reshape(SIDE, SIDE)
    return canvas


def show_images(ax: Axes, images: NDArray[Any], row_labels: list[str] | None = None) -> None:
    """Show (rows, columns, 64) images in black on white, with a name for each row; NaN pixels are shown as hidden."""
    ax.imshow(_mosaic(images), cmap=_INK, vmin=_WHITE, vmax=_BLACK, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks(centres(len(images)) if row_labels is not None else [], row_labels)
    ax.tick_params(length=0, labelcolor=TEXT)
    ax.spines[:].set_visible(False)


def add_row(ax: Axes, images: NDArray[Any], name: str, most: float) -> AxesImage:
    """Show (columns, 64) images below those of `show_images`, in a colour of their own, full at `most`."""
    rows, (left, right), bottom = list(ax.get_yticks()), ax.get_xlim(), ax.get_ylim()[0] + 1
    names = [label.get_text() for label in ax.get_yticklabels()]
    extent = (left, right, bottom + SIDE, bottom)
    added = ax.imshow(_mosaic(images[None]), cmap=_AMOUNT, vmin=0, vmax=most, interpolation="nearest", extent=extent)
    ax.set_ylim(bottom + SIDE, -0.5)
    ax.set_yticks([*rows, rows[-1] + SIDE + 1], [*names, name])
    return added


def centres(number: int) -> NDArray[np.float64]:
    """Where the middles of so many rows or columns of `show_images` are."""
    return np.arange(number, dtype=np.float64) * (SIDE + 1) + (SIDE - 1) / 2


def frame(ax: Axes, row: int, column: int) -> None:
    """Mark an image of `show_images`."""
    corner = (column * (SIDE + 1) - 1, row * (SIDE + 1) - 1)
    ax.add_patch(Rectangle(corner, SIDE + 1, SIDE + 1, fill=False, edgecolor=RED, lw=1.6, clip_on=False))
