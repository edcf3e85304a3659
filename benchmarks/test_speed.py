"""Every operation of every contender over every shape, each checked: ``python -m pytest benchmarks`` (see README.md)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from contenders import Numpy, contenders
from laws import DRAWN, LAWS, SCORED, Law
from problems import CASES, DTYPES, Problem
from vector_laws import VECTOR_LAWS, VectorLaw

FIT_ITERATIONS = 5


@lru_cache(maxsize=1)
def reference(problem: Problem) -> Numpy:
    """The NumPy idiom in float64, whatever the precision of the problem."""
    return Numpy(Problem(problem.K, problem.D, problem.n))


@lru_cache(maxsize=1)
def expected(problem: Problem, quantity: str) -> np.ndarray:
    return getattr(reference(problem), quantity)(problem.rows.astype(np.float64))


@pytest.fixture(scope="module", params=[Problem(*case, dtype) for case in CASES for dtype in DTYPES], ids=str)
def problem(request: pytest.FixtureRequest) -> Problem:
    return request.param


@pytest.fixture(scope="module", params=contenders(), ids=lambda contender: contender.name)
def contender(request: pytest.FixtureRequest, problem: Problem):
    return request.param(problem)


@pytest.fixture
def timed(benchmark, problem: Problem, request: pytest.FixtureRequest):
    """Time a call under a group of its own: one table for each operation and problem."""
    benchmark.group = f"{request.function.__name__.removeprefix('test_')} {problem}"

    def run(call, *arguments, work: int):
        benchmark.extra_info["work"] = work  # divide a time by this for the time of one unit
        return benchmark(call, *arguments)

    return run


def test_sample(timed, contender, problem: Problem) -> None:
    problem.check_sample(timed(contender.sample, problem.n, work=problem.n * problem.D))


def test_log_prob(timed, contender, problem: Problem) -> None:
    answer = timed(contender.log_prob, problem.rows, work=problem.n * problem.K)
    problem.check_close(answer, expected(problem, "log_prob"))


def test_responsibilities(timed, contender, problem: Problem) -> None:
    answer = timed(contender.responsibilities, problem.rows, work=problem.n * problem.K)
    problem.check_close(answer, expected(problem, "responsibilities"))


def test_fit(timed, contender, problem: Problem) -> None:
    """Five iterations and what it takes to set them up; ratios.py times iterations alone."""
    learned = timed(contender.fit, problem.rows, FIT_ITERATIONS, work=problem.n * problem.K * FIT_ITERATIONS)
    wanted = reference(problem).fit(problem.rows.astype(np.float64), FIT_ITERATIONS)
    for mine, theirs in zip(learned, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, **_fit_tolerance(problem))


def _fit_tolerance(problem: Problem) -> dict[str, float]:
    return {"rtol": 1e-6, "atol": 1e-8} if problem.dtype is np.float64 else {"rtol": 1e-2, "atol": 1e-2}


def test_one_log_prob(timed, contender, problem: Problem) -> None:
    answer = timed(contender.log_prob_point, problem.rows[0], work=1)
    problem.check_close(answer, expected(problem, "log_prob")[0])


def test_one_sample(timed, contender, problem: Problem) -> None:
    point = timed(contender.sample_point, work=1)
    assert np.size(point) == problem.D
    far = np.sqrt(np.trace(problem.covariances, axis1=1, axis2=2)) * 7
    assert np.any(np.linalg.norm(np.ravel(point) - problem.means, axis=1) < far)  # within reach of a component


@pytest.mark.parametrize("peer", ["fastgen", "peer"])
@pytest.mark.parametrize("law", LAWS, ids=str)
class TestLaw:
    """Every scalar law alone, beside NumPy's Generator and SciPy."""

    def test_sample(self, benchmark, law: Law, peer: str) -> None:
        benchmark.group = f"sample {law}"
        benchmark.extra_info["work"] = DRAWN
        draw = law.mixture.sample if peer == "fastgen" else lambda n: law.draw(np.random.default_rng(3), n)
        law.check_sample(benchmark(draw, DRAWN))

    def test_log_prob(self, benchmark, law: Law, peer: str) -> None:
        benchmark.group = f"log_prob {law}"
        benchmark.extra_info["work"] = SCORED
        x = law.points(SCORED)
        answer = benchmark(law.mixture.log_prob if peer == "fastgen" else law.log_density, x)
        law.check_log_density(answer, law.log_density(x))


@pytest.mark.parametrize("peer", ["fastgen", "peer"])
@pytest.mark.parametrize("law", VECTOR_LAWS, ids=str)
class TestVectorLaw:
    """Laws of several features, beside SciPy or the NumPy idiom."""

    def test_sample(self, benchmark, law: VectorLaw, peer: str) -> None:
        benchmark.group = f"sample {law}"
        benchmark.extra_info["work"] = law.n
        draw = law.mixture.sample if peer == "fastgen" else lambda n: law.draw(np.random.default_rng(3), n)
        law.check_sample(benchmark(draw, law.n))

    def test_log_prob(self, benchmark, law: VectorLaw, peer: str) -> None:
        benchmark.group = f"log_prob {law}"
        benchmark.extra_info["work"] = law.n
        answer = benchmark(law.mixture.log_prob if peer == "fastgen" else law.log_density, law.points)
        law.check_log_density(answer, law.log_density(law.points))
