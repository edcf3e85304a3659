"""Make the pictures of the README: ``python docs/make_images.py``, with the `demo` extra installed."""

from __future__ import annotations

from pathlib import Path

import fastgen as fg
import numpy as np
from fastgen.demo import digits, drawing
from fastgen.demo._pictures import BLUE, ORANGE, figure, show_images, style
from matplotlib.patches import Patch

# From the least dense band to the densest.
SHADES = ("#E9F1F8", "#C6DBEC", "#93BCDC")
ROOT = Path(__file__).parents[1]


def demo_picture(folder: Path) -> None:
    """Two learned distributions beside their data: eruptions of Old Faithful, and handwritten digits."""
    x = np.loadtxt(ROOT / "tests" / "data" / "faithful.csv", delimiter=",", skiprows=1)
    mixture = fg.fit(x, 2, rng=1).mixture
    new = mixture.sample(len(x), rng=1)
    train, held_out = digits.load()
    learned = digits.learn(train, held_out, digits.Choice("full", 2, 0.1))

    with style():
        fig = figure(10, 3.9)
        geyser, real, drawn = fig.subplots(1, 3, width_ratios=[1.45, 1, 1])
        eruption, waiting = np.meshgrid(np.linspace(1.1, 5.9, 241), np.linspace(36, 104, 241))
        log_density = mixture.log_prob(np.stack([eruption, waiting], axis=-1))
        # Each line encloses this share of the draws: the log density that all but so many of them exceed.
        shares = np.array([0.99, 0.9, 0.5])
        levels = np.quantile(mixture.log_prob(mixture.sample(100_000, rng=2)), 1 - shares)
        bands = [*levels, log_density.max() + 1]
        geyser.contourf(eruption, waiting, log_density, bands, colors=SHADES)
        geyser.contour(eruption, waiting, log_density, levels, colors=BLUE, linewidths=0.8, linestyles="solid")
        regions = [Patch(facecolor=shade, edgecolor=BLUE, lw=0.8) for shade in SHADES]
        names = [f"{100 * share:.0f} %" for share in shares]
        geyser.add_artist(
            geyser.legend(
                regions[::-1], names[::-1], title="share of the probability within", alignment="left", loc="upper left"
            )
        )
        geyser.scatter(*x.T, s=13, color="#404040", lw=0, label="real")
        geyser.scatter(*new.T, s=13, facecolor="none", edgecolor=ORANGE, lw=1.0, label="drawn")
        geyser.set(xlim=(1.1, 5.9), ylim=(36, 104))
        geyser.set_xlabel("eruption (minutes)")
        geyser.set_ylabel("time to the next (minutes)")
        geyser.set_title("Old Faithful: p(x) learned")
        geyser.legend(loc="lower right", handletextpad=0.2)
        show_images(real, drawing.by_class(held_out, 8))
        real.set_title("Digits: real")
        show_images(drawn, drawing.by_class(drawing.draw(learned), 8))
        drawn.set_title("Digits: drawn")
        real.set_xlabel("scikit-learn's load_digits", fontsize=9)
        drawn.set_xlabel("faint dots: noise that the learning adds", fontsize=9)
        fig.savefig(folder / "demo.png", dpi=120, metadata={"Software": None})


if __name__ == "__main__":
    images = ROOT / "docs" / "images"
    images.mkdir(exist_ok=True)
    demo_picture(images)
