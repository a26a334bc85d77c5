"""Speed as ratios: this library and a neighbour, measured in turns in one run.

    python3 dev.py bench          all rows
    python3 dev.py bench gpt mlp  the rows whose names contain one of the words
    python3 dev.py bench each     another table, of every function's gradient: see each.py

A row shows the medians of both, the median of the ratios of neighbouring rounds, and their range.
The neighbours PyTorch, JAX and micrograd are needed for their rows only. One thread each, but for
whole networks (`layers`), which are measured with two as well.
"""

import os

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = os.environ.get("BENCH_THREADS", "1")

import gc
import importlib.util
import math
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import functions
import layers as whole
import networks
import numpy as np
import scalar_gpt
import training

import nn
from autograd import Value, draw, explain, gradcheck

ROOT = Path(__file__).parent.parent.parent
HIPS = ROOT / ".venv-hips" / "bin" / "python"
# For processes that keep the memory that they free: else the chance of what was freed before
# decides, up to ten times, whether arrays of some 100,000 numbers go back to the system each time.
KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**30)}


def seconds(f, times=1):
    began = time.perf_counter()
    for _ in range(times):
        f()
    return (time.perf_counter() - began) / times


def compare(name, target, ours, theirs, *, rounds=15, times=1):
    """Print one row: `ours` and `theirs` timed alternately; more than 1 × is faster than theirs."""
    first, second = ours(), theirs()
    assert first is None or math.isclose(first, second, rel_tol=1e-4), (first, second)
    for f in (ours, theirs):
        f()
    pairs = []
    for _ in range(rounds):
        gc.collect()
        a = seconds(ours, times)
        gc.collect()
        pairs.append((a, seconds(theirs, times)))
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    middle = statistics.median(ratios)
    print(
        f"{name:46} {mine * 1e3:9.3f} ms  {other * 1e3:9.3f} ms   {middle:6.3f} of its time "
        f"({ratios[0]:.3f}–{ratios[-1]:.3f}), {1 / middle:5.1f} x as fast   target: {target}",
        flush=True,
    )


def missing(module):
    if importlib.util.find_spec(module):
        return False
    print(f"({module} is not installed: its rows are left out)")
    return True


def micrograd():
    if missing("micrograd"):
        return
    from micrograd.engine import Value as Theirs
    from micrograd.nn import MLP as TheirMLP

    rng = np.random.default_rng(0)
    points = rng.normal(size=(100, 2))
    labels = np.where(points[:, 0] * points[:, 1] > 0, 1, -1)

    def demo(value, mlp):
        random.seed(1337)
        model = mlp(2, [16, 16, 1])

        def step():
            inputs = [list(map(value, row)) for row in points]
            scores = list(map(model, inputs))
            losses = [(1 + -yi * s).relu() for yi, s in zip(labels, scores, strict=True)]
            data_loss = sum(losses) * (1.0 / len(losses))
            total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
            model.zero_grad()
            total.backward()
            for p in model.parameters():
                p.data -= 0.1 * p.grad
            return float(total.data)

        return step

    ours, theirs = demo(Value, nn.MLP), demo(Theirs, TheirMLP)
    compare("micrograd's demo step, by micrograd", "12 x", ours, theirs, rounds=5, times=4)


def gpt():
    for batch in (1, 4):
        ours, theirs = (
            scalar_gpt.GPT(value, batch=batch).step for value in (Value, scalar_gpt.HandMade)
        )
        name = f"GPT of floats, {batch} name{'s' * (batch > 1)} a step, hand-made Value"
        compare(name, "2 x", ours, theirs, rounds=7, times=8 // batch)


def chain():
    """A million calls: time a call for two lengths, memory a call, freed by reference counts."""

    def run(length):
        x = Value(0.5)
        y = x
        for _ in range(length):
            y = y * 0.999999
        y.backward()
        return y

    gc.disable()
    try:
        short, long = (
            min(seconds(lambda n=n: run(n)) / n for _ in range(3)) for n in (10**5, 10**6)
        )
        tracemalloc.start()
        y = run(10**6)
        used = tracemalloc.get_traced_memory()[0]
        del y
        left = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    finally:
        gc.enable()
    print(
        f"chain of 1,000,000 calls: {long / short:.2f} of the time a call of one of 100,000 "
        f"(target: linear), {used / 1e6:.0f} bytes a call (target: 300), {left / 1e6:.3f} left "
        "when dropped, without the cyclic collector"
    )


def mlp():
    tiny = networks.Task([2, 16, 16, 1], 32, np.float64, "mse", "sgd")
    middle = networks.Task([64, 128, 64, 10], 32, np.float32, "cross_entropy", "momentum")
    large = networks.Task([784, 1024, 1024, 10], 256, np.float32, "cross_entropy", "adam")
    compare(
        "MLP 64-128-64-10, float32, by hand in NumPy",
        "1.3 of its time",
        networks.ours(middle),
        networks.by_hand(middle),
        rounds=21,
        times=200,
    )
    for module, neighbour, by, targets in (
        ("torch", "PyTorch", networks.by_torch, ("0.4 of its time", "-", "1.0 of its time")),
        ("jax", "JAX's jit", networks.by_jax, ("-", "-", "-")),
    ):
        if missing(module):
            continue
        for name, target, task, times in (
            ("MLP 2-16-16-1, float64", targets[0], tiny, 200),
            ("MLP 64-128-64-10, float32", targets[1], middle, 200),
            ("MLP 784-1024-1024-10, Adam", targets[2], large, 5),
        ):
            name = f"{name}, {neighbour}"
            compare(name, target, networks.ours(task), by(task), rounds=21, times=times)


def imports():
    env = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def import_(module):
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True, env=env)

    compare(
        "import autograd, import numpy",
        "1.5 of its time",
        lambda: import_("autograd"),
        lambda: import_("numpy"),
    )


def hips():
    """Gradients of single functions, against HIPS autograd in an environment of its own."""
    if not HIPS.exists():
        print("(.venv-hips is not there: the rows of HIPS autograd are left out)")
        return
    script = ROOT / "tests" / "benchmarks" / "functions.py"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= KEEPING
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen([sys.executable, script], env=env | {"PYTHONPATH": ROOT}, **pipes) as ours,
        subprocess.Popen([HIPS, script], env=env, **pipes) as theirs,
    ):

        def ask(worker, name, times):
            print(name, times, file=worker.stdin, flush=True)
            return map(float, worker.stdout.readline().split())

        for name in functions.TASKS:
            (once, mine), (_, other) = ask(ours, name, 1), ask(theirs, name, 1)
            assert math.isclose(mine, other, rel_tol=1e-6), name
            times = max(1, int(0.02 / once))
            ratios = sorted(
                next(ask(ours, name, times)) / next(ask(theirs, name, times)) for _ in range(15)
            )
            print(
                f"{name:14} {statistics.median(ratios):6.3f} of the time of HIPS autograd "
                f"({ratios[0]:.3f}–{ratios[-1]:.3f})   target: below 1",
                flush=True,
            )
        ours.stdin.close()
        theirs.stdin.close()


def checker():
    """A gradient check, against as many calls of the function as its elements need."""
    x = np.random.default_rng(0).normal(size=1000)
    matrix = np.random.default_rng(1).normal(size=(60, 1000)) / 1000

    def f(x):  # some 20 µs
        return np.sum(np.abs(matrix @ np.tanh(x)))

    def slope(x):
        y = np.tanh(x)
        return (np.sign(matrix @ y) @ matrix) * (1 - y * y)

    for name, given in (("of this library", None), ("by hand", slope)):
        compare(
            f"gradcheck of 1,000 inputs, {name}, 2,000 calls of f",
            "1 s where f costs 20 µs",
            lambda given=given: assert_passed(gradcheck(f, x, given)),
            lambda: [f(x) for _ in range(2000)] and None,
            rounds=5,
        )
        report = gradcheck(f, x, given, cheap=True)
        print(f"  cheap: {report.evaluations} calls of f   target: about 10")


def assert_passed(report):
    assert report.complete, report


def show():
    """Pictures and pages, against Graphviz on the same graph; and the page in Chromium."""
    graphs = {}
    for size, hidden in ((500, 10), (1000, 15)):
        loss = nn.MLP(3, [hidden, hidden, 1], rng=0)([Value(x) for x in (0.5, -1.0, 2.0)]) ** 2
        loss.backward()
        graphs[size] = loss
    y = graphs[1000]
    if shutil.which("dot"):
        dot = draw(y, max_nodes=2000, engine="dot")
        compare(
            "draw() of 1,000 Values, no layout; dot's layout of it",
            "dot",
            lambda: draw(y, max_nodes=2000) and None,
            lambda: dot.pipe("svg") and None,
            rounds=3,
        )
        builtin = draw(y, max_nodes=2000, engine="builtin")
        compare(
            "our layout of 1,000 Values; dot's",
            "dot",
            lambda: builtin.pipe("svg") and None,
            lambda: dot.pipe("svg") and None,
            rounds=3,
        )
    else:
        print("(dot is not installed: its rows are left out)")
    page = explain(graphs[500])
    print(f"explain() of 500 Values: {len(page.encode()) / 1e6:.2f} MB; the bound is 2 MB")
    chromium = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if importlib.util.find_spec("playwright") is None or chromium is None:
        print("(playwright or Chromium is not installed: the first paint is left out)")
        return
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "page.html"
        path.write_text(page, "utf-8")
        empty = Path(folder) / "empty.html"
        empty.write_text("<!DOCTYPE html><title>empty</title>.", "utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        paints = {}
        for file in (empty, path):
            times = []
            for _ in range(5):
                tab = browser.new_page()
                tab.goto(file.as_uri())
                tab.wait_for_function("() => performance.getEntriesByType('paint').length > 0")
                times.append(tab.evaluate("performance.getEntriesByType('paint')[0].startTime"))
                tab.close()
            paints[file] = statistics.median(times)
        browser.close()
    print(
        f"first paint of that page: {paints[path]:.0f} ms, of an empty one {paints[empty]:.0f} ms; "
        "the bound is 1,000 ms"
    )


def trainer():
    """What fit costs beside the steps themselves, in time and in memory."""
    for batch_size, epochs, target in ((32, 20, "1.03"), (1, 2, "1.10")):
        compare(
            f"Trainer.fit, batches of {batch_size}; a loop by hand",
            target,
            lambda size=batch_size, n=epochs: training.by_trainer(size, n),
            lambda size=batch_size, n=epochs: training.by_hand(size, n),
            rounds=25,
        )
    for samples, epochs in ((10**5, 1), (10**6, 1), (10**6, 10)):
        share = training.peak(samples, epochs) / (samples * 11 * 8)
        print(
            f"  memory of fit, {samples:,} samples x 10, {epochs} epochs: {share:.3f} of the data"
        )


def layers():
    """Whole networks, in processes of their own with one and two threads."""
    if missing("torch"):
        return
    if "BENCH_THREADS" not in os.environ:
        for threads in ("2", "1"):
            environment = os.environ | {"BENCH_THREADS": threads}
            environment |= {f"{name}_NUM_THREADS": threads for name in ("OMP", "OPENBLAS", "MKL")}
            subprocess.run([sys.executable, __file__, "layers"], env=environment, check=True)
        print(f"a convolution of 16 images of 64 × 64, 16 → 16 channels: {whole.peaks()}")
        return
    import torch

    threads = int(os.environ["BENCH_THREADS"])
    for task in (whole.lenet, whole.lstm, whole.gpt_block):
        ours, theirs = whole.steps(task, torch, threads)
        name = f"{task.__name__}, {threads} threads, PyTorch eager"
        compare(name, "1.5", ours, theirs, rounds=25, times=2)


def each(*words):
    """Every function's gradient, in a process of its own; see each.py for the words."""
    script = ROOT / "tests" / "benchmarks" / "each.py"
    env = os.environ | KEEPING | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, script, *words], env=env).returncode


ROWS = [micrograd, gpt, chain, mlp, imports, hips, checker, show, trainer, layers]

if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["each"]:
        sys.exit(each(*words[1:]))
    for row in ROWS:
        if not words or any(word in row.__name__ for word in words):
            row()
