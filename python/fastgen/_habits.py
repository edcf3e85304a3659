"""What things are called elsewhere: hints for who comes from scikit-learn, SciPy, NumPy or PyTorch.

Attributes have one table, keywords another. An object that lacks what a table names says what to use instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Elsewhere", "check_keywords", "closed", "missing_attribute", "missing_name", "unknown_keywords"]

Function = TypeVar("Function", bound="Callable[..., Any]")

_TAKES_ANY = 0x08  # the flag of functions with **keywords, inspect.CO_VARKEYWORDS

# Other libraries' names for what a mixture has.
_ATTRIBUTES = {
    "covariances_": "components.covariance",
    "log_pdf": "log_prob",
    "logpdf": "log_prob",
    "logpmf": "log_prob",
    "means_": "components.mean",
    "pdf": "prob",
    "pmf": "prob",
    "ppf": "icdf",
    "predict": "assign",
    "predict_proba": "responsibilities",
    "quantile": "icdf",
    "rvs": "sample",
    "score": "log_prob(x).mean()",
    "score_samples": "log_prob",
    "std": "covariance**0.5",
    "stddev": "covariance**0.5",
    "var": "covariance",
    "variance": "covariance",
    "weights_": "weights",
}

# Names that the package does not have, and what does their work.
_NAMES = {
    "GMM": "fit(x, n_components) learns one",
    "Gaussian": "Normal",
    "GaussianMixture": "fit(x, n_components) learns one, Mixture(weights, Normal(loc, scale)) states one",
    "MixtureSameFamily": "Mixture(weights, components)",
    "MultivariateGaussian": "MultivariateNormal",
}

# Other libraries' names for parameters, and the parameters that they may be here, with the value where it differs.
_KEYWORDS = {
    "a": ("concentration",),
    "alpha": ("concentration", "concentrations"),
    "beta": ("rate",),
    "cov": ("covariances",),
    "covariance": ("covariances",),
    "covariance_matrix": ("covariances",),
    "kappa": ("concentration", "concentrations"),
    "lam": ("rate",),
    "logits": ("probs=softmax(logits)", "weights=softmax(logits)"),
    "mean": ("loc", "means"),
    "means_init": ("init",),
    "mu": ("loc", "means", "rate"),
    "n_iter": ("max_iter",),
    "n_samples": ("n_per",),
    "nu": ("df",),
    "p": ("probs", "weights"),
    "random_state": ("rng",),
    "rate": ("scale=1 / rate",),
    "scale": ("rate=1 / scale",),
    "seed": ("rng",),
    "shape": ("concentration",),
    "sigma": ("scale", "covariances"),
    "size": ("n_per",),
    "std": ("scale",),
    "total_count": ("n",),
    "variance": ("scale=sqrt(variance)",),
    "weights": ("sample_weight",),
}


# Attributes


def missing_attribute(thing: object, name: str, path: str) -> AttributeError:
    """The error for an attribute that `thing` lacks; `path` leads from it to a mixture, as part of a sentence."""
    cls = type(thing)
    hint = ""
    if not name.startswith("_"):  # protocols of Python and NumPy ask for these
        from .mixture import Mixture

        found = _ATTRIBUTES.get(name, name)
        first = found.partition(".")[0].partition("(")[0].partition("*")[0]
        if first != name and hasattr(cls, first):
            hint = f"; use {found}"
        elif hasattr(Mixture, first):
            hint = f"; {path}{found}"
    return AttributeError(f"{cls.__name__!r} object has no attribute {name!r}{hint}", name=name, obj=thing)


class _Hint:
    """Stands where another library has an attribute: whoever asks for it is told what to use."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.__doc__ = f"Not here: use {_ATTRIBUTES[name]}."

    def __get__(self, thing: object, owner: type) -> Never:
        if thing is None:
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self._name!r}")
        raise missing_attribute(thing, self._name, "use ")


class Elsewhere:
    """A base of `Mixture`: it answers for other libraries' names.

    Not by `__getattr__`, which takes 40 ns of every attribute that is there.
    """

    __slots__ = ()

    def __dir__(self) -> Iterable[str]:
        return [name for name in object.__dir__(self) if name not in _ATTRIBUTES]


for _name in _ATTRIBUTES:
    setattr(Elsewhere, _name, _Hint(_name))


def missing_name(name: str) -> AttributeError:
    """The error for a name that the package lacks."""
    hint = f"; fastgen.{_NAMES[name]}" if name in _NAMES else ""
    return AttributeError(f"module 'fastgen' has no attribute {name!r}{hint}")


# Keywords


def check_keywords(cls: type, given: Iterable[str]) -> None:
    """Raise TypeError if some of these keywords are none that the constructor of a class has."""
    constructor = cls.__init__  # type: ignore[misc]
    unknown = [name for name in given if name not in _parameters(constructor)]
    if unknown and not constructor.__code__.co_flags & _TAKES_ANY:
        raise unknown_keywords(constructor, unknown)


def closed(function: Function) -> Function:
    """Leave `**unknown`, which is there to be refused, out of the signature that users see.

    A wrapper that catches what Python says of unknown keywords would cost short calls 100 ns.
    """
    from inspect import signature

    full = signature(function)
    known = [p for p in full.parameters.values() if p.kind is not p.VAR_KEYWORD]
    function.__signature__ = full.replace(parameters=known)  # type: ignore[attr-defined]
    return function


def unknown_keywords(function: Callable[..., Any], unknown: Iterable[str]) -> TypeError:
    """The error for keywords that are none of the parameters of a function."""
    from difflib import get_close_matches

    unknown, names = list(unknown), _parameters(function)
    advice = []
    for habit in unknown:
        entries = (entry.partition("=") for entry in _KEYWORDS.get(habit, ()))
        known = [f"{name}={value or habit}" for name, _, value in entries if name in names]
        advice += known[:1] or [f"{name}=..." for name in get_close_matches(habit, names, 1, 0.75)]
    hint = f"pass {', '.join(advice)}" if advice else f"its parameters are {', '.join(names)}"
    what = function.__qualname__.removesuffix(".__init__")
    return TypeError(f"{what} has no parameter {' and no '.join(map(repr, unknown))}; {hint}")


def _parameters(function: Callable[..., Any]) -> list[str]:
    code = function.__code__
    return [name for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if name != "self"]
