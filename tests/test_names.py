"""Public names and signatures are those of the design; classes that users do not make or derive say so."""

from __future__ import annotations

import inspect
import re

import cases
import fastgen as fg
import pytest
from fastgen import _core, _habits
from fastgen.families.base import REGISTRY
from helpers import run_python

LINE = fg.Mixture([0.4, 0.6], fg.Normal([0.0, 1.0], [1.0, 2.0]))
BATCH = fg.MixtureBatch(None, fg.Normal([[0.0, 4.0], [1.0, 2.0]], 1.0))
RESULT = fg.fit([0.0, 1.0, 3.0], 1, rng=0)
DESIGN_NAMES = {
    "Normal",
    "MultivariateNormal",
    "Mixture",
    "Stream",
    "load",
    "fit",
    "set_num_threads",
    "get_num_threads",
    "show_runtime",
    "STREAM_VERSION",
}
DESIGN_MEMBERS = {
    "Mixture": [
        "weights",
        "components",
        "n_components",
        "n_features",
        "mean",
        "covariance",
        "sample",
        "log_prob",
        "prob",
        "component_log_prob",
        "responsibilities",
        "assign",
        "grad_log_prob",
        "cdf",
        "icdf",
        "marginal",
        "condition",
        "save",
    ],
    "MultivariateNormal": ["from_cholesky", "from_precision", "means", "covariances", "covariance_type"],
    "Normal": ["loc", "scale"],
    "Stream": ["spawn"],
    "FitResult": ["mixture", "converged", "n_iter", "log_likelihood", "history", "aic", "bic"],
}
SIGNATURES = {
    "Mixture.sample": "(self, n, *, rng=None, start=0, return_labels=False, out=None, dtype=<class 'numpy.float64'>)",
    "Mixture.log_prob": "(self, x, *, out=None)",
    "fit": "(x, n_components, *, covariance_type='full', sample_weight=None, init='k-means++', n_init=1, max_iter=200, "
    "tol=1e-06, reg_covar=1e-06, rng=None, callback=None, verbose=0)",
    "MultivariateNormal": "(means, covariances, covariance_type='full')",
    "Normal": "(loc, scale)",
    "Mixture": "(weights, components)",
    "Stream.spawn": "(self, n)",
    "Mixture.condition": "(self, features, values)",
}


def public(name):
    found = fg
    for part in name.split("."):
        found = getattr(found, part)
    return found


def test_names_of_the_design():
    assert set(fg.__all__) >= DESIGN_NAMES
    assert len(set(fg.__all__)) == len(fg.__all__)
    for name in fg.__all__:
        assert hasattr(fg, name)
    for name, members in DESIGN_MEMBERS.items():
        for member in members:
            assert hasattr(getattr(fg, name), member), f"{name}.{member}"


def test_tab_completion_shows_public_names():
    assert dir(fg) == sorted(fg.__all__)
    done = run_python("import fastgen; print(*dir(fastgen))")
    assert set(done.stdout.split()) == set(fg.__all__), done.stderr


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_of_the_design(name):
    signature = inspect.signature(public(name))
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == SIGNATURES[name]


ELSEWHERE = [
    (LINE, "predict", r"'Mixture' object has no attribute 'predict'; use assign$"),
    (LINE, "std", r"use covariance\*\*0\.5$"),
    (LINE, "nothing", r"'Mixture' object has no attribute 'nothing'$"),
    (RESULT, "sample", r"'FitResult' object has no attribute 'sample'; use result\.mixture\.sample$"),
    (RESULT, "means_", r"use result\.mixture\.components\.mean$"),
    (RESULT, "score", r"use result\.mixture\.log_prob\(x\)\.mean\(\)$"),
    (BATCH, "logpdf", r"'MixtureBatch' object has no attribute 'logpdf'; use log_prob$"),
    (BATCH, "predict_proba", r"take one mixture: batch\.mixture\(b\)\.responsibilities$"),
    (BATCH, "icdf", r"take one mixture: batch\.mixture\(b\)\.icdf$"),
    (LINE.components, "rvs", r"make a mixture of it: fastgen\.Mixture\(None, components\)\.sample$"),
    (fg, "GaussianMixture", r"module 'fastgen' has no attribute 'GaussianMixture'; fastgen\.fit\(x, n_components\)"),
    (fg, "nothing", r"module 'fastgen' has no attribute 'nothing'$"),
]


@pytest.mark.parametrize(("thing", "name", "message"), ELSEWHERE, ids=lambda value: str(value)[:20])
def test_names_of_other_libraries(thing, name, message):
    """Whoever asks by habit is told what to use; the name is still none that the object has."""
    with pytest.raises(AttributeError, match=message):
        getattr(thing, name)
    assert not hasattr(thing, name)
    assert not hasattr(type(thing), name)
    assert name not in dir(thing)


@pytest.mark.parametrize("thing", [LINE, BATCH, RESULT, LINE.components], ids=lambda thing: type(thing).__name__)
def test_protocols_of_others_are_not_answered(thing):
    """Names that Python, NumPy and notebooks ask for come without advice."""
    for name in ("__array__", "__array_interface__", "__dataframe__", "_repr_png_", "_ipython_display_"):
        with pytest.raises(AttributeError, match=rf"has no attribute '{name}'$"):
            getattr(thing, name)


def test_advice_leads_somewhere():
    """What the tables of habits name exists."""
    m = fg.Mixture(None, fg.Normal([0.0, 1.0], 1.0))
    for advice in _habits._ATTRIBUTES.values():
        eval(f"m.{advice}", {"m": m, "x": 0.5})
    for advice in _habits._NAMES.values():
        assert hasattr(fg, re.match(r"\w+", advice)[0])
    functions = [fg.fit, fg.MixtureBatch.sample, *(getattr(fg, name) for name in ("Mixture", *fg.families.__all__))]
    known = {name for function in functions for name in inspect.signature(function).parameters}
    for entries in _habits._KEYWORDS.values():
        assert {entry.partition("=")[0] for entry in entries} <= known


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", fg.__version__)
    assert fg.__version__ == _core.version
    assert isinstance(fg.STREAM_VERSION, int)


def test_results_are_not_made_by_hand():
    with pytest.raises(TypeError, match=r"FitResult is what fastgen\.fit returns"):
        fg.FitResult()
    with pytest.raises(TypeError, match=r"FitResult is what fastgen\.fit returns"):
        fg.FitResult(mixture=None)


@pytest.mark.parametrize("family", [fg.Normal, fg.MultivariateNormal, fg.Product])
def test_families_are_not_subclassed(family):
    """A copy or a part would be of the family itself; nor may a class of that name take the place of the family."""
    for name in ("Mine", family.__name__):
        with pytest.raises(TypeError, match=rf"{name} cannot be a subclass of the family {family.__name__}: .*write a"):
            type(name, (family,), {})
    assert REGISTRY[family.__name__] is family
    assert set(REGISTRY) == set(fg.families.__all__)


def test_every_family_is_in_the_case_table():
    """But for two whose points are no numbers in the common sense: test_discrete.py has the like for them."""
    tested = {type(block).__name__ for case in cases.SMALL_CASES for block in case.mixture()._blocks}
    assert set(REGISTRY) - tested == {"Categorical", "Delta"}
