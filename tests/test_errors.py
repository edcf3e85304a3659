"""Bad input: one clear error each, that names the parameter, the value that is wrong, and what is expected."""

from __future__ import annotations

import warnings
from decimal import Decimal

import cases
import fastgen as fg
import numpy as np
import pytest
from helpers import Bad

LINE = fg.Mixture([0.4, 0.6], fg.Normal([0.0, 1.0], [1.0, 2.0]))
COLUMN = fg.Mixture(None, fg.MultivariateNormal([[0.0], [1.0]], 1.0, "diag"))
BATCH = fg.MixtureBatch(None, fg.Normal([[0.0, 4.0], [1.0, 2.0]], 1.0))
COUNTS = fg.Mixture(None, fg.Product([fg.Poisson([1.0, 2.0]), fg.Normal([0.0, 1.0], 1.0)]))
PLANE = fg.Mixture(None, fg.MultivariateNormal([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]], 1.0, "spherical"))
NORMALS = fg.Normal([0.0, 1.0], 1.0)
X = np.random.default_rng(0).normal(size=(30, 3))
RECORDS = np.zeros(3, [("a", "f8"), ("b", "f8")])


class Failing:
    """An array-like of somebody else's that cannot give its numbers."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("two\nlines")


def with_value(index, value):
    x = X.copy()
    x[index] = value
    return x


MIXTURE = [
    Bad(
        "weights negative",
        lambda: fg.Mixture([0.5, -0.5], NORMALS),
        ValueError,
        r"weights\[1\] is -0\.5, expected a finite number of at least 0; .* not logits: pass softmax\(logits\)$",
    ),
    Bad(
        "weights of a batch negative",
        lambda: fg.MixtureBatch([[0.5, 0.5], [1.0, -2.0]], fg.Normal([[0.0, 4.0], [1.0, 2.0]], 1.0)),
        ValueError,
        r"weights\[1, 1\] is -2\.0, expected .*softmax\(logits\)$",
    ),
    Bad(
        "weights nan",
        lambda: fg.Mixture([np.nan, 0.5], NORMALS),
        ValueError,
        r"weights\[0\] is nan, expected a finite number of at least 0$",
    ),
    Bad(
        "weights inf",
        lambda: fg.Mixture([1.0, np.inf], NORMALS),
        ValueError,
        r"weights\[1\] is inf, expected a finite number",
    ),
    Bad(
        "weights all 0",
        lambda: fg.Mixture([0.0, 0.0], NORMALS),
        ValueError,
        r"weights are all 0, expected at least one",
    ),
    Bad(
        "weights too many",
        lambda: fg.Mixture([1.0, 1.0, 1.0], NORMALS),
        ValueError,
        r"weights has shape \(3,\), expected \(2,\)",
    ),
    Bad(
        "weights 2-D",
        lambda: fg.Mixture([[1.0, 1.0]], NORMALS),
        ValueError,
        r"weights has shape \(1, 2\), expected \(2,\)",
    ),
    Bad(
        "weights text",
        lambda: fg.Mixture("uniform", NORMALS),
        TypeError,
        r"weights is 'uniform', expected a number for each component; None means equal weights",
    ),
    Bad(
        "weights left out",
        lambda: fg.Mixture(NORMALS),
        TypeError,
        r"weights is of type Normal, expected numbers or None; weights come first, .*: Mixture\(None, components\)",
    ),
    Bad(
        "weights last",
        lambda: fg.MixtureBatch(NORMALS, [[0.5, 0.5]]),
        TypeError,
        r"weights is of type Normal.*MixtureBatch\(None, components\)",
    ),
    Bad(
        "weights of categories",
        lambda: fg.Mixture([0.5, 0.5], fg.Categorical([0.5, 0.5])),
        ValueError,
        r"weights has shape \(2,\), expected \(1,\).*; a row of probs is one component",
    ),
    Bad(
        "components mixtures",
        lambda: fg.Mixture(None, [LINE, LINE]),
        TypeError,
        r"components\[0\] is of type Mixture, expected a family object.*; to mix mixtures pass np\.concatenate",
    ),
    Bad(
        "parameter masked",
        lambda: fg.Normal(np.ma.masked_array([1.0, 2.0], [0, 1]), 1.0),
        TypeError,
        r"loc is a masked array, whose mask would be lost; pass numbers for all of it",
    ),
    Bad(
        "components a list of numbers",
        lambda: fg.Mixture(None, [1.0]),
        TypeError,
        r"components\[0\] is of type float, expected a family object",
    ),
    Bad(
        "components text",
        lambda: fg.Mixture(None, "normal"),
        TypeError,
        r"components is of type str, expected a family object",
    ),
    Bad(
        "components None",
        lambda: fg.Mixture(None, None),
        TypeError,
        r"components is of type NoneType, expected a family object",
    ),
    Bad(
        "components a class",
        lambda: fg.Mixture(None, fg.Normal),
        TypeError,
        r"components is the class Normal, expected a family object such as fastgen\.Normal\(loc, scale\)",
    ),
    Bad("components empty", lambda: fg.Mixture(None, []), ValueError, r"components is empty, expected at least one"),
    Bad(
        "components of different features",
        lambda: fg.Mixture(
            None, [fg.MultivariateNormal([[0.0]], 1.0, "diag"), fg.MultivariateNormal([[0.0, 1.0]], 1.0, "diag")]
        ),
        ValueError,
        r"components\[1\], MultivariateNormal of points with 2 features, cannot be mixed with components\[0\]",
    ),
    Bad(
        "scalar with multivariate",
        lambda: fg.Mixture(None, [NORMALS, fg.MultivariateNormal([[0.0]], 1.0, "diag")]),
        ValueError,
        r"components\[1\].*cannot be mixed with components\[0\], Normal of scalar points",
    ),
    Bad("base class", lambda: fg.Components(), TypeError, r"."),
    Bad("component index", lambda: NORMALS[5], IndexError, r"5"),
    Bad("component selection empty", lambda: NORMALS[2:], IndexError, r"selects none of the 2 components"),
    Bad(
        "attribute",
        lambda: setattr(LINE, "weights", [1, 1]),
        AttributeError,
        r"Mixture objects are immutable: 'weights' cannot be set",
    ),
]
SAMPLE = [
    Bad(
        "n negative", lambda: LINE.sample(-1), ValueError, r"n is -1, expected at least 0; n is the number of samples$"
    ),
    Bad(
        "n float",
        lambda: LINE.sample(10.0),
        TypeError,
        r"n is 10\.0 of type float, expected an integer; wrap it in int\(\)",
    ),
    Bad("n bool", lambda: LINE.sample(True), TypeError, r"n is True, expected an integer"),
    Bad("n None", lambda: LINE.sample(None), TypeError, r"n is None of type NoneType, expected an integer"),
    Bad(
        "n tuple",
        lambda: LINE.sample((2, 3)),
        TypeError,
        r"n is \(2, 3\) of type tuple, expected an integer; n is the number of samples",
    ),
    Bad("n array", lambda: LINE.sample(X), TypeError, r"n is array\(.*\.\.\. of type ndarray, expected an integer"),
    Bad(
        "sample of a family",
        lambda: fg.Gamma(2.0, 1.0).sample(5),
        AttributeError,
        r"'Gamma' object has no attribute 'sample'; make a mixture of it: fastgen\.Mixture\(None, components\)\.sample$",
    ),
    Bad("no such attribute", lambda: fg.Gamma(2.0, 1.0).shape, AttributeError, r"has no attribute 'shape'$"),
    Bad(
        "categories of a batch",
        lambda: fg.Mixture(None, fg.Categorical(np.ones((2, 2, 3)))),
        ValueError,
        r"components\[0\] is a batch of 2 mixtures: .* \(B, K\), expected \(K,\), one value per component; pass it to",
    ),
    Bad("start negative", lambda: LINE.sample(1, start=-1), ValueError, r"start is -1, expected at least 0"),
    Bad(
        "start beyond",
        lambda: LINE.sample(2, start=2**64 - 1),
        ValueError,
        r"start is 18446744073709551615, expected at most 18446744073709551614; a stream has 2\*\*64 samples",
    ),
    Bad(
        "start float", lambda: LINE.sample(1, start=1.5), TypeError, r"start is 1\.5 of type float, expected an integer"
    ),
    Bad(
        "dtype int",
        lambda: LINE.sample(1, dtype=int),
        TypeError,
        r"dtype is int64, expected np\.float64 or np\.float32",
    ),
    Bad("dtype half", lambda: LINE.sample(1, dtype=np.float16), TypeError, r"dtype is float16, expected"),
    Bad("dtype nonsense", lambda: LINE.sample(1, dtype="real"), TypeError, r"dtype is 'real', expected"),
    Bad(
        "out list",
        lambda: LINE.sample(2, out=[0.0, 0.0]),
        TypeError,
        r"out is of type list, expected a NumPy array of shape \(2,\)",
    ),
    Bad(
        "out shape",
        lambda: PLANE.sample(2, out=np.empty((2, 2))),
        ValueError,
        r"out has shape \(2, 2\), expected \(2, 3\)",
    ),
    Bad("out type", lambda: LINE.sample(2, out=np.empty(2, int)), TypeError, r"out has type int64, expected float64"),
    *(
        Bad(
            f"out is {out}, dtype {dtype}",
            lambda out=out, dtype=dtype: LINE.sample(2, out=np.empty(2, out), dtype=dtype),
            TypeError,
            rf"out has type {out}, but dtype is {dtype}; leave dtype out",
        )
        for out, dtype in (("float32", "float64"), ("float64", "float32"))
    ),
    Bad("out strided", lambda: LINE.sample(2, out=np.empty(4)[::2]), ValueError, r"out is not C-contiguous"),
    Bad("out read-only", lambda: LINE.sample(2, out=LINE.weights), ValueError, r"out is read-only"),
    Bad("rng float", lambda: LINE.sample(1, rng=1.5), TypeError, r"rng is 1\.5 of type float; expected None, an int"),
    Bad("rng bool", lambda: LINE.sample(1, rng=True), TypeError, r"rng is True of type bool; expected"),
    Bad("rng text", lambda: LINE.sample(1, rng="seed"), TypeError, r"rng is 'seed' of type str; expected"),
    Bad("rng negative", lambda: LINE.sample(1, rng=-3), ValueError, r"rng is -3, expected at least 0"),
    Bad("rng sequence", lambda: LINE.sample(1, rng=[1, -3]), ValueError, r"rng\[1\] is -3, expected at least 0"),
    Bad("rng empty", lambda: LINE.sample(1, rng=[]), ValueError, r"rng is empty; expected"),
    Bad(
        "rng RandomState",
        lambda: LINE.sample(1, rng=np.random.RandomState(1)),
        TypeError,
        r"rng is a RandomState.*default_rng",
    ),
    Bad(
        "rng of another pool",
        lambda: LINE.sample(1, rng=np.random.SeedSequence(1, pool_size=8)),
        ValueError,
        r"rng is a SeedSequence with pool_size=8, expected 4.*leave pool_size out",
    ),
    Bad("rng module", lambda: LINE.sample(1, rng=np.random), TypeError, r"rng is .*module.*expected"),
    Bad("spawn negative", lambda: fg.Stream(1).spawn(-1), ValueError, r"n is -1, expected at least 0"),
    Bad("spawn float", lambda: fg.Stream(1).spawn(2.0), TypeError, r"n is 2\.0 of type float"),
]
POINTS = [
    Bad(
        "x of wrong width",
        lambda: PLANE.log_prob(np.zeros((5, 2))),
        ValueError,
        r"x has shape \(5, 2\), expected \(\.\.\., 3\) for a mixture over 3 features",
    ),
    Bad(
        "x transposed",
        lambda: PLANE.log_prob(np.zeros((3, 5))),
        ValueError,
        r"x has shape \(3, 5\).*did you mean x\.T\?",
    ),
    Bad("x scalar", lambda: PLANE.log_prob(0.0), ValueError, r"x has shape \(\), expected \(\.\.\., 3\)"),
    Bad("x text", lambda: LINE.log_prob(["a"]), TypeError, r"x holds text; convert it first"),
    Bad("x bytes", lambda: LINE.log_prob(b"abc"), TypeError, r"x holds bytes"),
    Bad("x complex", lambda: LINE.log_prob([1j]), TypeError, r"x holds complex numbers; pass x\.real"),
    Bad("x None", lambda: LINE.log_prob(None), TypeError, r"x is None, expected numbers"),
    Bad(
        "x with names in a column",
        lambda: COUNTS.log_prob(np.array([[1, 2.0], [3, "Paris"]], object)),
        TypeError,
        r"x\[1, 1\] is 'Paris', expected a number; encode categories as 0, 1, \.\.\. first",
    ),
    Bad(
        "x of one feature, scalar",
        lambda: COLUMN.prob(0.3),
        ValueError,
        r"x has shape \(\), expected \(\.\.\., 1\) .* 1 feature: one feature in vector form; .* or use marginal\(0\)",
    ),
    Bad(
        "cdf of one feature in vector form",
        lambda: COLUMN.cdf(0.3),
        ValueError,
        r"cdf needs .*, this one has one feature in vector form; use marginal\(0\)\.cdf",
    ),
    Bad(
        "x of a batch transposed",
        lambda: BATCH.log_prob(np.zeros((5, 2))),
        ValueError,
        r"x has shape \(5, 2\), expected \(2,\) or \(2, n\) for 2 mixtures; did you mean x\.swapaxes\(0, 1\)\?",
    ),
    Bad(
        "x for all of a batch",
        lambda: BATCH.log_prob(np.zeros(5)),
        ValueError,
        r"x has shape \(5,\).*; for the same points in every mixture pass np\.broadcast_to\(x, \(2, 5\)\)",
    ),
    Bad("x objects", lambda: LINE.log_prob([object()]), TypeError, r"x holds Python objects"),
    Bad("x dates", lambda: LINE.log_prob(np.zeros(2, "M8[s]")), TypeError, r"x holds dates"),
    Bad("x time differences", lambda: LINE.log_prob(np.zeros(2, "m8[s]")), TypeError, r"x holds time differences"),
    Bad("x records", lambda: LINE.log_prob(RECORDS), TypeError, r"x holds records"),
    Bad("x of Decimals", lambda: LINE.log_prob([Decimal(1)]), TypeError, r"x holds Python objects.*dtype=float"),
    Bad(
        "x an integer of many digits",
        lambda: LINE.log_prob(10**400),
        ValueError,
        r"x is an integer of 1329 bits, expected numbers within the range of float64",
    ),
    Bad("x has one", lambda: LINE.log_prob([0.5, -(10**5000)]), ValueError, r"x\[1\] is an integer of 16610 bits"),
    Bad("x an integer and None", lambda: LINE.log_prob([2**64, None]), TypeError, r"x holds Python objects.*missing"),
    Bad("x that fails", lambda: LINE.log_prob(Failing()), ValueError, r"x cannot be made into an array \(two lines\)"),
    Bad("x ragged", lambda: LINE.log_prob([[1.0], [1.0, 2.0]]), ValueError, r"x cannot be made into an array"),
    Bad(
        "x masked",
        lambda: LINE.log_prob(np.ma.masked_array([1.0, 2.0], [0, 1])),
        TypeError,
        r"x is a masked array, whose mask would be lost",
    ),
    Bad("x a dictionary", lambda: LINE.responsibilities({"a": 1}), TypeError, r"x holds .*\(got dict\)"),
    Bad(
        "out shape",
        lambda: LINE.log_prob([0.0, 1.0], out=np.empty(3)),
        ValueError,
        r"out has shape \(3,\), expected \(2,\)",
    ),
    Bad(
        "out type",
        lambda: LINE.log_prob(np.zeros(2, np.float32), out=np.empty(2)),
        TypeError,
        r"out has type float64, expected float32",
    ),
    Bad(
        "out for a scalar",
        lambda: LINE.log_prob(0.0, out=np.empty(1)),
        ValueError,
        r"out has shape \(1,\), expected \(\)",
    ),
    Bad("out overlaps", lambda: (lambda x: LINE.log_prob(x, out=x))(np.zeros(5)), ValueError, r"out overlaps"),
    Bad(
        "out byte-swapped",
        lambda: LINE.log_prob(np.zeros(2), out=np.empty(2, ">f8")),
        TypeError,
        r"out has type >f8, expected float64",
    ),
    Bad(
        "cdf of several features",
        lambda: PLANE.cdf(0.0),
        ValueError,
        r"cdf needs a mixture of scalar components, this one has 3 features",
    ),
    Bad("icdf of several features", lambda: PLANE.icdf(0.5), ValueError, r"icdf needs a mixture of scalar components"),
    Bad(
        "q above 1",
        lambda: LINE.icdf([0.5, 1.5]),
        ValueError,
        r"q\[1\] is 1\.5, expected a probability between 0 and 1",
    ),
    Bad("q below 0", lambda: LINE.icdf(-0.1), ValueError, r"q is -0\.1, expected a probability"),
    Bad("q text", lambda: LINE.icdf("half"), TypeError, r"q holds text"),
]
OTHERS = [
    Bad(
        "marginal of a scalar", lambda: LINE.marginal(0), ValueError, r"marginal needs a mixture over several features"
    ),
    Bad(
        "feature out of range",
        lambda: PLANE.marginal([0, 3]),
        ValueError,
        r"features\[1\] is 3, expected an index from -3 to 2",
    ),
    Bad(
        "feature twice",
        lambda: PLANE.marginal([0, -3]),
        ValueError,
        r"features\[1\] names feature 0 again; expected distinct features$",
    ),
    Bad(
        "mask of numbers",
        lambda: PLANE.condition([1, 0, 1], [0.0, 0.0]),
        ValueError,
        r"features\[2\] names feature 1 again; expected distinct features; for a mask pass booleans",
    ),
    Bad(
        "values of a whole row",
        lambda: PLANE.condition([True, False, True], [0.0, np.nan, 1.0]),
        ValueError,
        r"values has shape \(3,\), expected \(2,\): .*; of a whole row pass row\[features\]",
    ),
    Bad("no feature", lambda: PLANE.marginal([]), ValueError, r"features is empty, expected at least one"),
    Bad(
        "feature float", lambda: PLANE.marginal(1.0), TypeError, r"features is 1\.0 of type float, expected an integer"
    ),
    Bad(
        "feature of no dimension",
        lambda: PLANE.marginal(np.array(1.5)),
        TypeError,
        r"features is array\(1\.5\) of type ndarray, expected an integer; features is an int or a sequence of ints",
    ),
    Bad("features ragged", lambda: PLANE.marginal([[0], [1, 2]]), TypeError, r"features\[0\] is \[0\] of type list"),
    Bad("feature text", lambda: PLANE.marginal("height"), TypeError, r"features is 'height', expected an int"),
    Bad(
        "feature mask",
        lambda: PLANE.marginal(np.array([True, False, True, False])),
        ValueError,
        r"features is a boolean mask of shape \(4,\), expected \(3,\): one value for each feature",
    ),
    Bad(
        "condition on all",
        lambda: PLANE.condition([0, 1, 2], [0.0, 0.0, 0.0]),
        ValueError,
        r"features names all 3 features",
    ),
    Bad(
        "values missing",
        lambda: PLANE.condition([0, 1], [0.0]),
        ValueError,
        r"values has shape \(1,\), expected \(2,\)",
    ),
    Bad(
        "values nan",
        lambda: PLANE.condition([0, 1], [0.0, np.nan]),
        ValueError,
        r"values\[1\] is nan, expected a finite number.*leave features",
    ),
    Bad(
        "condition a scalar",
        lambda: LINE.condition(0, 0.0),
        ValueError,
        r"condition needs a mixture over several features",
    ),
    Bad("threads 0", lambda: fg.set_num_threads(0), ValueError, r"n is 0, expected at least 1"),
    Bad("threads many", lambda: fg.set_num_threads(10**6), ValueError, r"n is 1000000.*expected.*1024"),
    Bad("threads huge", lambda: fg.set_num_threads(10**30), ValueError, rf"n is {10**30}.*expected.*1024"),
    Bad("threads float", lambda: fg.set_num_threads(2.0), TypeError, r"n is 2\.0 of type float"),
    Bad("load of nothing", lambda: fg.load("/nonexistent/model"), FileNotFoundError, r"/nonexistent/model"),
    Bad("load of a number", lambda: fg.load(3.5), TypeError, r"float"),
    Bad("load of a null", lambda: fg.load("a\0b"), ValueError, r"path is 'a\\x00b', expected one without null"),
    Bad("save to a null", lambda: LINE.save("a\0b"), ValueError, r"path is 'a\\x00b', expected one without null"),
    Bad("save to no name", lambda: LINE.save(""), FileNotFoundError, r"No such file or directory: ''"),
    Bad(
        "far from symmetric",
        lambda: fg.MultivariateNormal([[0.0, 0.0]], [[[1e-300, 1e300], [-1e300, 1e-300]]]),
        ValueError,
        r"covariances\[0\] is not symmetric: element \[0, 1\] is 1e\+300 but \[1, 0\] is -1e\+300",
    ),
    Bad("save to nowhere", lambda: LINE.save("/nonexistent/model"), FileNotFoundError, r"nonexistent"),
]
FIT = [
    Bad(
        "x 3-D",
        lambda: fg.fit(np.zeros((2, 2, 2)), 1),
        ValueError,
        r"x has shape \(2, 2, 2\), expected \(n,\) or \(n, D\)",
    ),
    Bad(
        "x empty",
        lambda: fg.fit(np.zeros((0, 3)), 1),
        ValueError,
        r"x has shape \(0, 3\), expected at least one observation",
    ),
    Bad(
        "x no features",
        lambda: fg.fit(np.zeros((3, 0)), 1),
        ValueError,
        r"x has shape \(3, 0\), expected at least one observation and one feature",
    ),
    Bad(
        "x nan",
        lambda: fg.fit(with_value((4, 2), np.nan), 2),
        ValueError,
        r"x\[4, 2\] is nan, expected finite values for a fit; 1 of 30 rows.*drop them",
    ),
    Bad(
        "x inf",
        lambda: fg.fit(with_value((7, 0), -np.inf), 2),
        ValueError,
        r"x\[7, 0\] is -inf, expected finite values",
    ),
    Bad(
        "x nan behind a row of weight 0",
        lambda: fg.fit(np.r_[np.inf, np.nan, 0.0, 1.0], 1, sample_weight=[0.0, 1.0, 1.0, 0.0]),
        ValueError,
        r"x\[1\] is nan, expected finite values.*1 of 2 rows with positive weight.*sample_weight of 0",
    ),
    Bad("x text", lambda: fg.fit(["a", "b"], 1), TypeError, r"x holds text"),
    Bad(
        "x a number",
        lambda: fg.fit(2, X),
        ValueError,
        r"x has shape \(\), expected .*; the data come first: fit\(x, n_components\)",
    ),
    Bad(
        "x masked in a fit",
        lambda: fg.fit(np.ma.masked_array([1.0, 2.0], [0, 1]), 1),
        TypeError,
        r"x is a masked array.*; drop rows with gaps, or pass x\.filled\(np\.nan\) with a sample_weight of 0 for them",
    ),
    Bad(
        "K above n of rows that are columns",
        lambda: fg.fit(X.T, 5),
        ValueError,
        r"n_components is 5, expected at most 3, .*; did you mean x\.T\?",
    ),
    Bad(
        "init of another family, before x",
        lambda: fg.fit([[np.nan, 1.0]], 2, init=COUNTS),
        TypeError,
        r"init has components of Product, expected Normal or MultivariateNormal; fit learns normal mixtures only",
    ),
    Bad(
        "init components of another family",
        lambda: fg.fit([1.0, 2.0], 1, init=fg.Gamma(2.0, 1.0)),
        TypeError,
        r"init has components of Gamma, expected .*; fit learns normal mixtures only",
    ),
    Bad("K 0", lambda: fg.fit(X, 0), ValueError, r"n_components is 0, expected at least 1"),
    Bad("K float", lambda: fg.fit(X, 2.0), TypeError, r"n_components is 2\.0 of type float"),
    Bad(
        "K above n",
        lambda: fg.fit(X, 31),
        ValueError,
        r"n_components is 31, expected at most 30, the number of rows of x",
    ),
    Bad(
        "K above weighted n",
        lambda: fg.fit(X, 4, sample_weight=[1.0] * 3 + [0.0] * 27),
        ValueError,
        r"n_components is 4, expected at most 3.*positive weight",
    ),
    Bad(
        "covariance type",
        lambda: fg.fit(X, 2, covariance_type="round"),
        ValueError,
        r"covariance_type is 'round', expected one of",
    ),
    Bad(
        "weight shape",
        lambda: fg.fit(X, 2, sample_weight=[1.0, 2.0]),
        ValueError,
        r"sample_weight has shape \(2,\), expected \(30,\)",
    ),
    Bad(
        "weight scalar",
        lambda: fg.fit([1.0], 1, sample_weight=2.0),
        ValueError,
        r"sample_weight has shape \(\), expected",
    ),
    Bad(
        "weight negative",
        lambda: fg.fit(X, 2, sample_weight=np.r_[-1.0, np.ones(29)]),
        ValueError,
        r"sample_weight\[0\] is -1\.0, expected a finite number of at least 0",
    ),
    Bad(
        "weight nan",
        lambda: fg.fit(X, 2, sample_weight=np.r_[np.nan, np.ones(29)]),
        ValueError,
        r"sample_weight\[0\] is nan",
    ),
    Bad("weights all 0", lambda: fg.fit(X, 2, sample_weight=np.zeros(30)), ValueError, r"sample_weight.* 0.*expected"),
    Bad(
        "init unknown",
        lambda: fg.fit(X, 2, init="kmeans"),
        ValueError,
        r"init is 'kmeans', expected one of 'k-means\+\+', 'random'",
    ),
    Bad(
        "init shape",
        lambda: fg.fit(X, 2, init=np.zeros((3, 3))),
        ValueError,
        r"init has shape \(3, 3\), expected \(2, 3\)",
    ),
    Bad(
        "weights of infinite sum",
        lambda: fg.fit(X, 2, sample_weight=np.full(30, 1e308)),
        ValueError,
        r"sample_weight has an infinite sum, expected a finite one",
    ),
    Bad("init nan", lambda: fg.fit(X, 1, init=[[0.0, np.nan, 0.0]]), ValueError, r"init\[0, 1\] is nan"),
    Bad("init K", lambda: fg.fit(X, 3, init=PLANE), ValueError, r"init has 2 components, expected n_components=3"),
    Bad(
        "init family",
        lambda: fg.fit(X, 2, init=LINE),
        TypeError,
        r"init has components of Normal, expected MultivariateNormal",
    ),
    Bad("init D", lambda: fg.fit(X[:, :2], 2, init=PLANE), ValueError, r"init has 3 features, expected 2"),
    Bad("n_init 0", lambda: fg.fit(X, 2, n_init=0), ValueError, r"n_init is 0, expected at least 1"),
    Bad(
        "n_init with means",
        lambda: fg.fit(X, 2, n_init=2, init=X[:2]),
        ValueError,
        r"n_init is 2, expected 1 when init says where to start",
    ),
    Bad("max_iter 0", lambda: fg.fit(X, 2, max_iter=0), ValueError, r"max_iter is 0, expected at least 1"),
    Bad(
        "tol negative",
        lambda: fg.fit(X, 2, tol=-1e-3),
        ValueError,
        r"tol is -0\.001, expected a finite number of at least 0",
    ),
    Bad("tol nan", lambda: fg.fit(X, 2, tol=np.nan), ValueError, r"tol is nan, expected"),
    Bad("tol text", lambda: fg.fit(X, 2, tol="small"), TypeError, r"tol is 'small' of type str, expected a number"),
    Bad(
        "reg_covar negative",
        lambda: fg.fit(X, 2, reg_covar=-1.0),
        ValueError,
        r"reg_covar is -1\.0, expected a finite number of at least 0",
    ),
    Bad("callback", lambda: fg.fit(X, 2, callback=3), TypeError, r"callback is 3, expected a function"),
    Bad(
        "verbose",
        lambda: fg.fit(X, 2, verbose="yes"),
        TypeError,
        r"verbose is 'yes' of type str, expected an integer; verbose is 0, 1 or 2",
    ),
    Bad("rng", lambda: fg.fit(X, 2, rng=0.5), TypeError, r"rng is 0\.5 of type float"),
    Bad("x overflows", lambda: fg.fit((X * 1e30).astype(np.float32), 2), ValueError, r"float32.*rescale x"),
]
KEYWORDS = [
    Bad(
        "seed of a fit",
        lambda: fg.fit(X, 2, random_state=0),
        TypeError,
        r"fit has no parameter 'random_state'; pass rng=random_state$",
    ),
    Bad(
        "misspelt",
        lambda: fg.fit(X, 2, covarience_type="diag"),
        TypeError,
        r"fit has no parameter 'covarience_type'; pass covariance_type=\.\.\.$",
    ),
    Bad(
        "unheard of",
        lambda: fg.fit(X, 2, warm_start=True),
        TypeError,
        r"fit has no parameter 'warm_start'; its parameters are x, n_components, covariance_type, .*, verbose$",
    ),
    Bad(
        "seed of samples",
        lambda: LINE.sample(5, seed=1),
        TypeError,
        r"Mixture\.sample has no parameter 'seed'; pass rng=seed$",
    ),
    Bad(
        "size and seed of a batch",
        lambda: BATCH.sample(size=5, seed=1),
        TypeError,
        r"MixtureBatch\.sample has no parameter 'size' and no 'seed'; pass n_per=size, rng=seed$",
    ),
    Bad(
        "Normal by mean and std",
        lambda: fg.Normal(mean=0.0, std=1.0),
        TypeError,
        r"Normal has no parameter 'mean' and no 'std'; pass loc=mean, scale=std$",
    ),
    Bad(
        "Exponential by scale",
        lambda: fg.Exponential(scale=2.0),
        TypeError,
        r"Exponential has no parameter 'scale'; pass rate=1 / scale$",
    ),
    Bad("Gamma by scale", lambda: fg.Gamma(2.0, scale=2.0), TypeError, r"Gamma has no .*; pass rate=1 / scale$"),
    Bad(
        "covariances by another name",
        lambda: fg.MultivariateNormal([[0.0]], cov=[[[1.0]]]),
        TypeError,
        r"MultivariateNormal has no parameter 'cov'; pass covariances=cov$",
    ),
    Bad(
        "of a mixture",
        lambda: fg.Mixture(None, NORMALS, seed=1),
        TypeError,
        r"Mixture has no parameter 'seed'; its parameters are weights, components$",
    ),
]
CATALOGUE = {
    "keywords": KEYWORDS,
    "mixture": MIXTURE,
    "sample": SAMPLE,
    "points": POINTS,
    "others": OTHERS,
    "fit": FIT,
    **{law.id: law.bad for law in cases.LAWS},
}
ENTRIES = [pytest.param(bad, id=f"{group}: {bad.id}") for group, entries in CATALOGUE.items() for bad in entries]


@pytest.mark.parametrize("bad", ENTRIES)
def test_bad_input(bad):
    """The error, and nothing else: no warning on the way, and no chain of errors to read through."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(bad.error, match=bad.message) as caught:
            bad.construct()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    assert caught.type is bad.error


def test_catalogue_is_large():
    assert len(ENTRIES) >= 40
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)


def test_library_survives():
    """After all of the above everything still works."""
    for entry in ENTRIES:
        (bad,) = entry.values
        with pytest.raises(bad.error):
            bad.construct()
    assert LINE.sample(3, rng=1).shape == (3,)
    assert np.isfinite(PLANE.log_prob(X)).all()
    assert fg.fit(X, 1).converged
