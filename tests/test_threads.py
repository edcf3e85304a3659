"""Threads, forks and interrupts."""

from __future__ import annotations

import multiprocessing
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import assert_same_bits, run_python

BIG = cases.case((cases.FULL, 4), d=9)


def everything(seed):
    """A sample, its densities and a fit, all large enough for several threads."""
    m = BIG.mixture()
    x = m.sample(20_000, rng=seed)
    fit = fg.fit(x[:5000], 2, rng=seed, max_iter=3, tol=0)
    return x, m.log_prob(x), m.responsibilities(x[:500]), fit.history


def in_child(seed, queue):
    queue.put(everything(seed))


@pytest.mark.parametrize("threads", [2, 7])
def test_fork_after_threads(threads):
    """A child forked while the pool exists has no threads of it, and must neither wait for them nor crash."""
    _core.set_num_threads(threads)
    expected = everything(1)
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        queue = context.SimpleQueue()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 on warns of exactly what is tested
            children = [context.Process(target=in_child, args=(1, queue)) for _ in range(2)]
            for child in children:
                child.start()
        for _ in children:
            for a, b in zip(queue.get(), expected, strict=True):
                assert_same_bits(a, b, "in a forked child")
        for child in children:
            child.join(timeout=30)
            assert child.exitcode == 0
    for a, b in zip(everything(1), expected, strict=True):
        assert_same_bits(a, b, "in the parent, afterwards")


def test_fork_gives_fresh_streams():
    """rng=None in parent and children: all different, though they share memory at the fork."""
    m = cases.BIT_CASES[1].mixture()
    m.sample(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context("fork").Pool(3) as pool:
            draws = pool.map(_one_draw, range(60), chunksize=1)
    draws += [float(m.sample(1)[0]) for _ in range(60)]
    assert len(set(draws)) == 120


def _one_draw(_):
    return float(cases.BIT_CASES[1].mixture().sample(1)[0])


def test_many_threads_on_one_model():
    """Sixteen threads, each with its own seed, on one new model, whose constants are prepared by whichever comes first."""
    _core.set_num_threads(2)
    expected = [everything(seed) for seed in range(4)]
    for _ in range(3):
        m = BIG.fresh()
        gate = threading.Barrier(16)

        def work(i, m=m, gate=gate):
            gate.wait()
            x = m.sample(20_000, rng=i % 4)
            return x, m.log_prob(x), m.responsibilities(x[:500])

        with ThreadPoolExecutor(16) as pool:
            for i, parts in enumerate(pool.map(work, range(16))):
                for a, b in zip(parts, expected[i % 4], strict=False):
                    assert_same_bits(a, b, f"thread {i}")


def test_many_small_calls_from_many_threads():
    """The fast path for one point and the stream of rng=None, shared."""
    m = cases.BIT_CASES[1].mixture()
    expected = [float(m.log_prob(v)) for v in np.linspace(-3, 3, 50)]

    def work(_):
        values = [float(m.log_prob(v)) for v in np.linspace(-3, 3, 50)]
        return values, [float(m.sample(1)[0]) for _ in range(200)]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    assert all(values == expected for values, _ in results)
    assert len({v for _, draws in results for v in draws}) == 1600


def test_changing_the_number_of_threads_meanwhile():
    m = BIG.mixture()
    expected = m.sample(200_000, rng=1)
    stop = threading.Event()

    def change():
        n = 0
        while not stop.is_set():
            n = n % 5 + 1
            fg.set_num_threads(n)

    other = threading.Thread(target=change)
    other.start()
    try:
        for _ in range(10):
            assert_same_bits(m.sample(200_000, rng=1), expected)
    finally:
        stop.set()
        other.join()


@pytest.mark.parametrize("what", ["sample", "log_prob", "fit", "one point"])
def test_gil_is_released(what):
    """Meanwhile another Python thread runs, here one that wakes every 2 ms. If the GIL were held it would wake between
    passes over the data only: of these there are at most 12."""
    _core.set_num_threads(1)
    m = BIG.mixture()
    x = np.broadcast_to(np.zeros((1, 9)), (15_000_000, 9))
    out = np.empty(len(x))
    calls = {
        "sample": lambda: m.sample(6_000_000, rng=1),
        "log_prob": lambda: m.log_prob(x, out=out),
        "fit": lambda: fg.fit(x[:500_000], 4, init=m, max_iter=10, tol=0),
        "one point": lambda: crowd.log_prob(0.5),
    }
    crowd = fg.Mixture(None, fg.Normal(np.linspace(0.0, 1.0, 4_500_000), 1.0)) if what == "one point" else None
    if crowd:
        crowd.log_prob(0.5)  # short calls keep the GIL once the constants are prepared
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.wait(0.002):
            ticks.append(time.perf_counter())

    other = threading.Thread(target=tick)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fg.FitWarning)  # a point is no data
        other.start()
        begin = time.perf_counter()
        calls[what]()
        end = time.perf_counter()
        stop.set()
        other.join()
    assert end - begin > 0.15
    # A tenth of the ticks of an idle machine, at least 25.
    assert sum(begin < t < end for t in ticks) >= max(25, (end - begin) / 0.02)


# Interrupts

INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np
import fastgen as fg
m = fg.Mixture(None, fg.MultivariateNormal(np.arange(32.0).reshape(4, 8), np.stack([np.eye(8)] * 4)))
x = np.broadcast_to(np.zeros((1, 8)), (10**9, 8))  # no memory, days of work
out = np.empty(50_000_000 * 8)
small = m.sample(2000, rng=1)
stairs = fg.Mixture(None, fg.Normal(np.arange(100_000.0), 1e-3))  # a second and more for a tile of points
calls = {{
    "sample": lambda: [m.sample(50_000_000, rng=1, out=out.reshape(-1, 8)) for _ in range(100)],
    "log_prob": lambda: m.log_prob(x[: 10**8], out=out[: 10**8]),
    "responsibilities": lambda: m._core.responsibilities(x[: 10**8], out.reshape(-1, 4)),
    "fit": lambda: fg.fit(x[: 10**7], 2, init=small[:2], rng=1, tol=0, max_iter=10**6),
    "icdf": lambda: stairs.icdf(np.broadcast_to(0.3, 10**6)),
    "starts": lambda: fg.fit(many, 5000, rng=1, max_iter=1),  # one short job after another
    "from_precision": lambda: fg.MultivariateNormal.from_precision(np.zeros((2, 2500)), wide),  # one matrix for seconds
    "one point": lambda: [counts.log_prob(1e5) for _ in range(1000)],
    "constants": lambda: unused.log_prob(np.zeros((1, 3000))),  # of one matrix, in the first call
    "icdf of counts": lambda: crowd.icdf(np.linspace(0.1, 0.9, 48)),  # a tile takes seconds
}}
many = np.random.default_rng(1).normal(size=10**6) if {what!r} == "starts" else None
crowd = fg.Mixture(None, fg.Poisson(np.linspace(1.0, 1e5, 50_000)))
unused = None
if {what!r} == "constants":
    unused = fg.Mixture(None, fg.MultivariateNormal.from_cholesky(np.zeros((2, 3000)), np.stack([np.eye(3000)] * 2)))
counts = fg.Mixture(None, fg.NegativeBinomial(np.linspace(3, 900, 10**6), 1e-3)) if {what!r} == "one point" else None
wide = np.stack([np.eye(2500)] * 2) if {what!r} == "from_precision" else None
before = small.copy()
for threads in (1, 2):
    fg.set_num_threads(threads)
    sent = []
    def interrupt():
        time.sleep(0.4)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)
    other = threading.Thread(target=interrupt)
    other.start()
    try:
        calls[{what!r}]()
    except KeyboardInterrupt:
        print("interrupted after", time.perf_counter() - sent[0])
    else:
        print("never interrupted")
    other.join()
    # Everything still works, with the same bits.
    assert np.array_equal(m.sample(2000, rng=1), before)
    assert np.isfinite(m.log_prob(small)).all()
    assert fg.fit(small, 2, rng=1, max_iter=2, tol=0).n_iter == 2
print("usable")
"""


@pytest.mark.parametrize(
    "what",
    [
        "sample",
        "log_prob",
        "responsibilities",
        "fit",
        "icdf",
        "starts",
        "from_precision",
        "one point",
        "constants",
        "icdf of counts",
    ],
)
def test_ctrl_c(what):
    """SIGINT ends a long call within half a second, with one thread and with two; then everything works as before."""
    done = run_python(INTERRUPTED.format(what=what))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "usable"
    delays = [float(line.rsplit(" ", 1)[1]) for line in lines[:-1]]
    assert len(delays) == 2
    assert max(delays) < 0.5


def test_fewer_threads_than_asked_for():
    """Where no more threads may be started the work is done by those there are."""
    code = """
import resource
import numpy as np
import fastgen as fg
m = fg.Mixture(None, fg.Normal([0.0, 1.0], 1.0))
fg.set_num_threads(1)
out, expected = np.empty(20_000_000), m.sample(1000, rng=1)
fg.set_num_threads(1000)
with open("/proc/self/statm") as sizes:
    used = int(sizes.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, -1))  # room for stacks of 8 MB: a few dozen
m.sample(len(out), rng=1, out=out)
assert np.array_equal(out[:1000], expected)
print("drawn")
"""
    assert run_python(code).stdout == "drawn\n"


def test_interrupt_in_a_worker_thread_is_not_taken():
    """Signals belong to the main thread: a long call elsewhere goes on, and returns whole."""
    code = """
import os, signal, threading, time
import numpy as np
import fastgen as fg
m = fg.Mixture(None, fg.Normal([0.0, 1.0], 1.0))
got = []
worker = threading.Thread(target=lambda: got.append(m.sample(30_000_000, rng=1)))
worker.start()
try:
    time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    print("main thread interrupted")
worker.join()
assert got[0].shape == (30_000_000,)
assert np.array_equal(got[0][-1000:], m.sample(1000, rng=1, start=30_000_000 - 1000))
print("whole")
"""
    done = run_python(code)
    assert done.stdout.split("\n")[:2] == ["main thread interrupted", "whole"], done.stderr


def test_short_calls_during_the_first_one():
    """A first call prepares constants and looks for Ctrl-C, which takes the GIL: a short call that keeps it may not wait."""
    code = """
import threading, time
import numpy as np
import fastgen as fg
K, D = 3000, 64
m = fg.Mixture(None, fg.MultivariateNormal.from_cholesky(np.zeros((K, D)), np.tile(np.eye(D), (K, 1, 1))))
first = threading.Thread(target=lambda: m.log_prob(np.zeros((10, D))))
first.start()
time.sleep(0.02)
m.sample(1)
m.log_prob(np.zeros(D))
first.join()
print("done")
"""
    done = run_python(code)  # which gives up after a while
    assert done.stdout.strip() == "done", done.stderr


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1])
def test_interrupted_first_call(delay):
    """What a first call has prepared when it is interrupted is not counted twice by the next one."""
    code = f"""
import signal
import numpy as np
import fastgen as fg
D, K = 64, 8000
near = fg.MultivariateNormal(np.full((20, D), 5.0), np.ones(20), "spherical")
many = fg.MultivariateNormal.from_cholesky(np.zeros((K, D)), np.tile(np.eye(D), (K, 1, 1)))
class Alarm(Exception):
    pass
def ring(*_):
    raise Alarm
signal.signal(signal.SIGALRM, ring)
x = np.full((1, D), 5.3)
for _ in range(20):
    m = fg.Mixture(None, [near, many])
    signal.setitimer(signal.ITIMER_REAL, {delay})
    try:
        m.log_prob(x)
    except Alarm:
        break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
else:
    print("too fast to be interrupted")
print(np.allclose(m.grad_log_prob(x), -0.3))
"""
    done = run_python(code)
    assert done.stdout == "True\n", done.stderr
