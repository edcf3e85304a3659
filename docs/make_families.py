"""Write docs/families.md, the table of families, from the registry: it cannot drift.

python docs/make_families.py
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import fastgen as fg
from fastgen.families.base import REGISTRY

FILE = Path(__file__).parent / "families.md"
HEAD = """# Families

Generated from the registry by `python docs/make_families.py`. A family object holds the parameters of K components;
`Mixture(weights, components)` does the work, with one component too: `Mixture(None, Gamma(2.0, 1.0))`. Mixtures of every
family have `sample`, `log_prob`, `prob`, `component_log_prob`, `responsibilities`, `assign`, `mean`, `covariance`, `save`; the
column *also* says what else. `fit` learns mixtures of `Normal` and `MultivariateNormal`. Which families one mixture may hold:
`help(fastgen.Mixture)`. Formulas, shapes, errors and examples: `help(fastgen.<name>)`.

| family | parameters | support | also | in `scipy.stats` | samples by | source |
|---|---|---|---|---|---|---|
"""


def methods(cls: type[fg.Components]) -> str:
    """What a mixture of the family can do that not every one can."""
    names = ["grad_log_prob"] if cls._has_slope() else []
    if cls._scalar:
        names += ["cdf", "icdf"]
    elif cls._slices:
        names += ["marginal", "condition"]
    return ", ".join(f"`{name}`" for name in names)


def text() -> str:
    """The page."""
    rows = []
    for name in sorted(REGISTRY):
        cls = REGISTRY[name]
        parameters = ", ".join(f"`{p}`" for p in list(inspect.signature(cls).parameters))
        peer = f"`{cls.scipy}`" if cls.scipy else ""
        cells = (f"`{name}`", parameters, cls.support, methods(cls), peer, cls.sampler, cls.source)
        rows.append(f"| {' | '.join(cells)} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    FILE.write_text(text())
    sys.stdout.write(f"wrote {FILE}\n")
