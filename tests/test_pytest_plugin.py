"""The pytest plugin, in runs of pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

TESTS = """
import numpy as np
from autograd import gradcheck as checked
from autograd.testing import arrays, gradients

calls = []

def test_by_the_fixture(gradcheck):
    gradcheck(np.abs, np.zeros(3))

def test_by_the_function():
    checked(np.tanh, np.ones(2))

@gradients(x=arrays((2,), away_from=0.0))
def test_by_examples(x):
    calls.append(1)
    return np.abs(x)

def test_wrong(gradcheck):
    gradcheck(np.sin, 1.0, np.sin)
"""


def run(folder, *arguments, **files):
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "pytest_valuegrad", "-p", "no:cacheprovider",
         *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_fixture_and_the_summary(tmp_path):
    out = run(tmp_path, test_mine=TESTS)
    assert "1 failed, 3 passed" in out
    assert "the gradient" in out
    summary = out[out.index(" gradients ") :]
    assert "kink or tie" in summary.split("not compared:")[0]
    assert "test_mine.py::test_by_the_fixture: 3 kink or tie" in summary
    assert "test_by_examples:" not in summary


def test_the_number_of_examples(tmp_path):
    count = "\ndef test_count():\n    print('calls', len(calls))\n"
    few, many = (
        run(tmp_path, "-s", "--gradient-examples", n, test_mine=TESTS + count) for n in ("5", "50")
    )
    calls = [int(out.split("calls ")[1].split()[0]) for out in (few, many)]
    assert calls[1] > 4 * calls[0]
    assert "positive number" in run(tmp_path, "--gradient-examples", "0", test_mine=TESTS)


LAZY = """
import time
import numpy as np
import pytest
import autograd

@pytest.fixture
def checked():
    autograd.gradcheck(np.abs, np.zeros(2))

def test_first(checked):
    autograd.gradcheck(lambda x: time.sleep(0.02) or np.sum(x), np.ones(2), np.ones_like)

""" + "".join(f"def test_{k}():\n    autograd.gradcheck(np.abs, np.zeros(1))\n" for k in range(8))


def test_checks_of_fixtures_count_and_the_list_is_short(tmp_path):
    out = run(tmp_path, "-q", test_lazy=LAZY)
    summary = out[out.index(" gradients ") :]
    assert "10 checks" in summary
    assert "test_first: 2 kink or tie" in summary
    assert "in 4 more tests: 4 kink or tie" in summary
    assert "test_lazy.py::test_first" in summary.split("slowest:")[1]


def test_it_is_dormant_where_no_gradient_is_checked(tmp_path):
    out = run(
        tmp_path,
        test_other="import sys, pytest\n"
        "@pytest.fixture\ndef gradcheck():\n    return 'their own'\n"
        "def test_it(gradcheck):\n    assert gradcheck == 'their own'\n"
        "    assert not {'autograd', 'numpy'} & set(sys.modules)\n",
    )
    assert "1 passed" in out
    assert "gradients" not in out


def test_workers_send_what_they_found(tmp_path):
    pytest.importorskip("xdist")
    out = run(tmp_path, "-n", "2", test_mine=TESTS)
    assert "test_mine.py::test_by_the_fixture: 3 kink or tie" in out
