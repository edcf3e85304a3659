"""The targets of the project, measured as ratios in one run: ``python benchmarks/ratios.py [--quick]`` (see README.md).

The two sides of a ratio take turns, round by round; what is printed is the median over rounds of the ratio within a
round, so that a machine whose speed drifts, or that others use, disturbs both sides alike. Every answer is checked.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, NamedTuple

import fastgen as fg
import numpy as np
from contenders import Fastgen, Numpy, NumpyBatch, TunedNumpy, contenders
from fastgen import _core
from laws import DRAWN, LAWS, SCORED, SCORING_TARGET
from problems import CASES, FactorProblem, Problem
from vector_laws import VECTOR_LAWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHORTEST = 0.05  # seconds: a shorter call is repeated until a measurement takes this long
# Seconds before each measurement. OpenBLAS's threads spin for up to 0.1 s after a matrix product, waiting for the next one,
# and take the cores from whoever comes after NumPy.
REST = 0.15
# The CPU falls asleep meanwhile, and runs at half speed for some milliseconds after: one call in so many goes first, untimed.
WAKING = 8


class Row(NamedTuple):
    """One line of the table. `target` is a floor, or a ceiling where `at_most`; None is for information."""

    item: str
    target: float | None
    reached: float
    detail: str
    at_most: bool = False
    unit: str = ""

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "reached" if (self.reached <= self.target if self.at_most else self.reached >= self.target) else "MISSED"


clock = time.perf_counter


def seconds(call: Callable[[], object], repeats: int) -> float:
    begin = clock()
    for _ in range(repeats):
        call()
    return (clock() - begin) / repeats


def take_turns(rounds: int, *calls: Callable[[], object]) -> list[list[float]]:
    """Seconds a call, for each call a list with one entry a round."""
    repeats = []
    for call in calls:
        call()
        repeats.append(max(1, round(SHORTEST / seconds(call, 1))))
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for column, call, n in zip(times, calls, repeats, strict=True):
            time.sleep(REST)
            seconds(call, -(-n // WAKING))
            column.append(seconds(call, n))
    return times


def ratio(slow: list[float], fast: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def nanoseconds(times: list[float], work: int) -> str:
    return f"{1e9 * statistics.median(times) / work:.3g}"


# The items, in the order of the table.


def against_numpy(rounds: int) -> Iterator[Row]:
    """Drawing and scoring beside the NumPy idiom."""
    for case, target in zip(CASES, [45, 45, 30, 12, 9, None], strict=True):
        problem = Problem(*case)
        drawers = Fastgen(problem), Numpy(problem), TunedNumpy(problem)
        for drawer in drawers:
            problem.check_sample(drawer.sample(problem.n))
        ours, *others = take_turns(rounds, *(lambda d=drawer: d.sample(problem.n) for drawer in drawers))
        for numpy, theirs, bound in zip(drawers[1:], others, (target, None), strict=True):
            work = problem.n * problem.D
            detail = f"{nanoseconds(ours, work)} against {nanoseconds(theirs, work)} ns a number ({numpy.idiom})"
            item = f"sample ({problem.K}, {problem.D}) against {numpy.name}"
            yield Row(item, bound, ratio(theirs, ours), detail)

    # Components apart, as clusters are, and all in one place, where no component can be left out.
    scoring = [(Problem(*case), target) for case, target in zip(CASES, [40, 40, 30, 11, 5, None], strict=True)]
    scoring += [(Problem(*case, spread=0.0), None) for case in CASES]
    for problem, target in scoring:
        fast, numpy, x = Fastgen(problem), Numpy(problem), problem.rows
        problem.check_close(fast.log_prob(x), numpy.log_prob(x))
        ours, theirs = take_turns(rounds, lambda: fast.log_prob(x), lambda: numpy.log_prob(x))
        work = problem.n * problem.K
        detail = f"{nanoseconds(ours, work)} against {nanoseconds(theirs, work)} ns a (row, component)"
        overlap = ", overlapping" if problem.spread == 0 else ""
        item = f"log density ({problem.K}, {problem.D}) against NumPy{overlap}"
        yield Row(item, target, ratio(theirs, ours), detail)


def of_peak(rounds: int) -> Iterator[Row]:
    """Multiply-adds of the triangular products alone, as a share of what the cores can do, where none can be left out."""
    threads = fg.get_num_threads()
    for K, D, n in CASES:
        if D < 32:
            continue
        problem = Problem(K, D, n, spread=0.0)
        fast, x = Fastgen(problem), problem.rows
        work = K * n * (D * (D + 1) // 2)
        for used in dict.fromkeys([threads, 1]):
            fg.set_num_threads(used)
            try:
                time.sleep(REST)
                fast.log_prob(x)
                shares, peaks = [], []
                for _ in range(rounds):
                    peaks.append(_core.fma_peak(False))
                    rate = work / seconds(lambda: fast.log_prob(x), max(1, round(1e9 * used / work)))
                    peaks.append(_core.fma_peak(False))
                    shares.append(100 * rate / (used * statistics.mean(peaks[-2:])))
            finally:
                fg.set_num_threads(threads)
            item = f"log density ({K}, {D}), share of the FMA peak, {used} thread{'s' * (used > 1)}"
            target = 75 if used == threads else None
            detail = f"peak {statistics.median(peaks) / 1e9:.1f} G multiply-adds a second and core"
            yield Row(item, target, statistics.median(shares), detail, unit="%")


def against_scikit_learn(rounds: int) -> Iterator[Row]:
    """EM iterations alone: the difference of a long and a short fit from the same start.

    Clusters that lie apart, as they do in many dimensions, and components on top of each other, where every row belongs
    to all of them.
    """
    peers = [peer for peer in contenders() if peer.name == "scikit-learn"]
    if not peers:
        return
    targets = {(16, 8): 60, (16, 32): 18}
    for spread, name in ((3.0, ""), (0.3, ", overlapping")):
        for K, D, n in CASES:
            if (K, D) not in targets:
                continue
            problem = Problem(K, D, n, spread=spread)
            fast, peer, x = Fastgen(problem), peers[0](problem), problem.rows
            for mine, theirs in zip(fast.fit(x, 6), peer.fit(x, 6), strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-8)
            few, many, peer_few, peer_many = take_turns(
                rounds,
                lambda: fast.fit(x, 5),
                lambda: fast.fit(x, 45),
                lambda: peer.fit(x, 1),
                lambda: peer.fit(x, 6),
            )
            ours = [(b - a) / 40 for a, b in zip(few, many, strict=True)]
            theirs = [(b - a) / 5 for a, b in zip(peer_few, peer_many, strict=True)]
            work = n * K
            detail = f"{nanoseconds(ours, work)} against {nanoseconds(theirs, work)} ns a (row, component, iteration)"
            item = f"fit ({K}, {D}){name} against scikit-learn"
            yield Row(item, None if name else targets[K, D], ratio(theirs, ours), detail)


def single_precision(rounds: int) -> Iterator[Row]:
    """float32 beside float64."""
    for operation in ("sample", "log_prob"):
        for K, D, n in CASES:
            double, single = Fastgen(Problem(K, D, n)), Fastgen(Problem(K, D, n, np.float32))
            wide = double.problem.n if operation == "sample" else double.problem.rows
            narrow = single.problem.n if operation == "sample" else single.problem.rows
            if operation == "sample":
                single.problem.check_sample(single.sample(n))
            else:
                single.problem.check_close(single.log_prob(narrow), double.log_prob(narrow.astype(np.float64)))
            a, b = take_turns(
                rounds,
                lambda: getattr(double, operation)(wide),
                lambda: getattr(single, operation)(narrow),
            )
            name = "sample" if operation == "sample" else "log density"
            target = None if K == 256 else 1.6
            yield Row(f"{name} ({K}, {D}), float32 against float64", target, ratio(a, b), "")


def one_point(rounds: int) -> Iterator[Row]:
    """Whole calls from Python on the smallest input."""
    scalar, plane = Fastgen(Problem(*CASES[0])).mixture, Fastgen(Problem(*CASES[1])).mixture
    point = np.array([0.3, 0.1])
    assert np.ndim(scalar.log_prob(0.3)) == 0
    assert scalar.log_prob(0.3) == scalar.log_prob(np.array([0.3]))[0]
    assert plane.log_prob(point) == plane.log_prob(point[None])[0]
    stream, generator = fg.Stream(7), np.random.default_rng(7)
    calls: dict[str, tuple[float | None, Callable[[], object]]] = {
        "log_prob of one point (5, 1)": (2, lambda: scalar.log_prob(0.3)),
        "log_prob of one point (8, 2)": (2, lambda: plane.log_prob(point)),
        "sample(1) (5, 1)": (2, lambda: scalar.sample(1)),
        "sample(1) (8, 2)": (2, lambda: plane.sample(1)),
        "sample(1, rng=stream, start=i) (5, 1)": (None, lambda: scalar.sample(1, rng=stream, start=5)),
        "sample(1, rng=Generator) (5, 1)": (None, lambda: scalar.sample(1, rng=generator)),
    }
    empty, *times = take_turns(rounds, lambda: None, *(call for _, call in calls.values()))
    for (item, (target, _)), column in zip(calls.items(), times, strict=True):
        # The loop and the lambda around the call are not the package's.
        reached = 1e6 * statistics.median(a - b for a, b in zip(column, empty, strict=True))
        yield Row(item, target, reached, "", at_most=True, unit="us")


def of_laws(rounds: int) -> Iterator[Row]:
    """Every scalar law alone, beside NumPy's Generator and SciPy's logpdf or logpmf."""
    for law in LAWS:
        mixture, rng = law.mixture, np.random.default_rng(3)
        for x in (mixture.sample(DRAWN, rng=1), law.draw(rng, DRAWN)):
            law.check_sample(x)
        ours, theirs = take_turns(rounds, lambda: mixture.sample(DRAWN, rng=1), lambda: law.draw(rng, DRAWN))
        detail = f"{nanoseconds(ours, DRAWN)} against {nanoseconds(theirs, DRAWN)} ns a number"
        yield Row(f"sample {law} against NumPy", law.target, ratio(theirs, ours), detail)
    for law in LAWS:
        mixture, x = law.mixture, law.points(SCORED)
        law.check_log_density(mixture.log_prob(x), law.log_density(x))
        ours, theirs = take_turns(rounds, lambda: mixture.log_prob(x), lambda: law.log_density(x))
        detail = f"{nanoseconds(ours, SCORED)} against {nanoseconds(theirs, SCORED)} ns a point"
        yield Row(f"log density {law} against SciPy", SCORING_TARGET, ratio(theirs, ours), detail)


def of_families(rounds: int) -> Iterator[Row]:
    """Laws of several features beside SciPy, factor models beside full covariances, many mixtures beside a broadcast, mixed laws
    beside each alone."""
    for law in VECTOR_LAWS:
        mixture, rng, n, x = law.mixture, np.random.default_rng(3), law.n, law.points
        for drawn in (mixture.sample(n, rng=1), x):
            law.check_sample(drawn)
        law.check_log_density(mixture.log_prob(x), law.log_density(x))
        for item, pair in {
            "sample": (lambda: mixture.sample(n, rng=1), lambda: law.draw(rng, n)),
            "log density": (lambda: mixture.log_prob(x), lambda: law.log_density(x)),
        }.items():
            ours, theirs = take_turns(rounds, *pair)
            detail = f"{nanoseconds(ours, n)} against {nanoseconds(theirs, n)} ns a row"
            yield Row(f"{item} {law} against {law.peer}", law.target, ratio(theirs, ours), detail)

    problem = FactorProblem(4, 784, 2_000, spread=0.0)  # all means in one place: nothing can be left out
    factors, x = fg.Mixture(problem.weights, fg.FactorNormal(problem.means, *problem.factors)), problem.rows
    peers = Fastgen(problem), Numpy(problem)
    for peer in peers:
        problem.check_close(factors.log_prob(x), peer.log_prob(x))
    ours, *others = take_turns(rounds, lambda: factors.log_prob(x), *(lambda p=p: p.log_prob(x) for p in peers))
    for name, theirs, target in zip(("MultivariateNormal", "NumPy"), others, (20, None), strict=True):
        work = problem.n * problem.K
        detail = f"{nanoseconds(ours, work)} against {nanoseconds(theirs, work)} ns a (row, component)"
        item = f"log density FactorNormal ({problem.K}, {problem.D}), rank 10, against {name}"
        yield Row(item, target, ratio(theirs, ours), detail)

    B, K = 10_000, 5
    numpy = NumpyBatch(B, K)
    batch = fg.MixtureBatch(numpy.weights, fg.Normal(numpy.loc, numpy.scale))
    x = batch.sample(rng=1)[:, 0]
    np.testing.assert_allclose(batch.log_prob(x), numpy.log_prob(x), rtol=1e-10, atol=1e-10)
    for drawn in (x, numpy.sample()):
        numpy.check_sample(drawn)
    for item, pair in {
        "log density": (lambda: batch.log_prob(x), lambda: numpy.log_prob(x)),
        "sample": (lambda: batch.sample(rng=1), numpy.sample),
    }.items():
        ours, theirs = take_turns(rounds, *pair)
        detail = f"{nanoseconds(ours, B)} against {nanoseconds(theirs, B)} ns a mixture"
        yield Row(f"{item}, {B:,} mixtures of {K}, against NumPy", 10, ratio(theirs, ours), detail)

    scalars = [
        fg.Normal([-4.0, 0.0, 3.0], [1.0, 0.5, 2.0]),
        fg.StudentT([3.0, 8.0], [-1.0, 2.0], [1.0, 0.7]),
        fg.Gamma([2.5, 7.0], [0.5, 1.0]),
        fg.Uniform(-5.0, 9.0),
    ]
    yield from of_mixed_laws(rounds, "four laws", scalars, 1_000_000)
    rows = Problem(3, 8, 100_000)
    multivariate = [
        fg.MultivariateNormal(rows.means, rows.covariances),
        fg.MultivariateStudentT([3.0, 5.0], rows.means[:2], rows.covariances[:2]),
        fg.FactorNormal(rows.means[:2], rows.covariances[:2, :, :2], 0.5),
    ]
    yield from of_mixed_laws(rounds, "three laws of 8 features", multivariate, rows.n)


def of_mixed_laws(rounds: int, name: str, parts: list[fg.Components], n: int) -> Iterator[Row]:
    """A mixture of several families beside each alone, of which each draws the samples that are its in the mixture."""
    mixed, alone = fg.Mixture(None, parts), [fg.Mixture(None, part) for part in parts]
    shares = [m.n_components / mixed.n_components for m in alone]
    x = mixed.sample(n, rng=1)
    densities = sum(share * m.prob(x) for share, m in zip(shares, alone, strict=True))
    np.testing.assert_allclose(mixed.log_prob(x), np.log(densities), rtol=1e-10, atol=1e-10)
    scoring = [lambda m=m: m.log_prob(x) for m in (mixed, *alone)]
    drawing = [
        lambda m=m, k=k: m.sample(k, rng=1)
        for m, k in ((mixed, n), *((m, round(n * share)) for m, share in zip(alone, shares, strict=True)))
    ]
    for item, calls in (("log density", scoring), ("sample", drawing)):
        ours, *others = take_turns(rounds, *calls)
        apart = [sum(times) for times in zip(*others, strict=True)]
        detail = f"{nanoseconds(ours, n)} against {nanoseconds(apart, n)} ns a row"
        yield Row(f"{item}, {name} in a mixture over each alone", 1.3, ratio(ours, apart), detail, at_most=True)


def of_process(rounds: int) -> Iterator[Row]:
    """What the package costs a process: time to import, memory beyond the answer."""
    code = "import numpy, time; t = time.perf_counter(); import fastgen; print(1e3 * (time.perf_counter() - t))"
    run_python(code)  # writes the bytecode
    times = [float(run_python(code)) for _ in range(rounds)]
    yield Row("import fastgen over import numpy", 40, statistics.median(times), "", at_most=True, unit="ms")
    if sys.platform == "linux":
        for K, D in ((5, 1), (16, 8)):
            extra = float(run_python(MEMORY.format(K=K, D=D, n=10_000_000)))
            item = f"memory of log_prob ({K}, {D}) on 10 million points, over the answer"
            yield Row(item, 32, extra, "", at_most=True, unit="MB")


# The high-water mark of a process of its own, before and after the call.
MEMORY = textwrap.dedent("""
    import numpy as np
    import fastgen as fg
    def most():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    law = fg.Normal(np.arange({K}), 1.0) if {D} == 1 else fg.MultivariateNormal(
        np.arange({K})[:, None] * np.ones({D}), np.tile(np.eye({D}) + 0.1, ({K}, 1, 1)))
    m = fg.Mixture(None, law)
    x = np.full(({n},) if {D} == 1 else ({n}, {D}), 0.5)
    before = most()
    answer = m.log_prob(x)
    assert np.isfinite(answer).all()
    print(most() - before - answer.nbytes / 2**20)
""")


def run_python(code: str) -> str:
    # A user's second import finds bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rounds a measurement in place of eleven")
    parser.add_argument(
        "--one-core", action="store_true", help="one thread a side, by processor time: for shared machines"
    )
    parser.add_argument("--only", metavar="PART", nargs="+", help="parts to run, of those named below", default=None)
    parts = {
        "numpy": against_numpy,
        "peak": of_peak,
        "fit": against_scikit_learn,
        "float32": single_precision,
        "laws": of_laws,
        "families": of_families,
        "point": one_point,
        "process": of_process,
    }
    parser.epilog = "parts: " + ", ".join(parts)
    options = parser.parse_args()
    if options.one_core:
        from threadpoolctl import threadpool_limits  # comes with scikit-learn

        global clock
        clock = time.process_time
        fg.set_num_threads(1)
        threadpool_limits(1)

    fg.show_runtime()
    print(f"processor                   {processor()}\n")
    print(f"{'item':<66} {'target':>10} {'reached':>10}  {'verdict':<8} detail")
    verdicts = []
    for name, part in parts.items():
        if options.only is None or name in options.only:
            for row in part(3 if options.quick else 11):
                if options.one_core and name != "process":
                    row = row._replace(target=None)  # the targets are for two cores
                bound = "" if row.target is None else f"{'<=' if row.at_most else '>='} {row.target:g}"
                line = f"{row.item:<66} {bound:>10} {row.reached:>7.3g} {row.unit:<2}  {row.verdict:<8} {row.detail}"
                print(line.rstrip(), flush=True)
                verdicts.append(row.verdict)
    print(f"\n{verdicts.count('reached')} targets reached, {verdicts.count('MISSED')} missed")


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
