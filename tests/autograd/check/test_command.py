"""`python -m autograd check`, run in the process."""

import sys

import numpy as np
import pytest

from autograd.__main__ import main
from autograd.testing import faults


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of the user's own in the working directory."""
    (tmp_path / "mine_to_check.py").write_text(
        "import numpy as np\n"
        "def loss(w, b): return np.sum(np.tanh(w @ np.ones(2) + b['offset']))\n"
        "def cube(x): return x**3\n"
        "def wrong(x): return 2 * x**2\n"
        "def d_loss(w, b): return w * 0 + 1, {'offset': 2.0}\n"
        "def rows(x, axis): return np.sum(x * x, axis=axis)\n"
        "def two(w, b): return np.sum(w**2) * b\n"
        "def d_two(w, b): return 2 * w * b, np.sum(w**2)\n"
        "number = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mine_to_check", raising=False)
    return "mine_to_check"


def test_the_verdict_table(capsys):
    assert main(["check", "numpy:tanh", "--at", "x=[0.3, 1.2]"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("tanh: passed; 2 ok.")
    assert "0.915137 " in out


def test_arguments_by_name_in_any_order(mine, capsys):
    arguments = ["--at", "b={'offset': 0.5}", "--at", "w=[[1, 2], [0.1, 0.3]]", "--order", "2"]
    assert main(["check", f"{mine}:loss", *arguments]) == 0
    assert "b['offset']" in capsys.readouterr().out
    arguments = ["--grad", f"{mine}:d_two", "--at", "b=0.5", "--at", "w=[1.0, 2.0]"]
    assert main(["check", f"{mine}:two", *arguments]) == 0


def test_arguments_that_are_kept(mine):
    assert main(["check", f"{mine}:rows", "--at", "x=[[1, 2], [3, 4]]", "--fixed", "axis=1"]) == 0
    assert main(["check", "numpy:sum", "--at", "[1, 2]", "--fixed", "axis=0"]) == 0


def test_a_mismatch_exits_with_1(mine, capsys):
    assert main(["check", f"{mine}:cube", "--grad", f"{mine}:wrong", "--at", "2.0"]) == 1
    assert "wrong gradient" in capsys.readouterr().out
    assert main(["check", "numpy:abs", "--at", "0.0"]) == 0
    assert main(["check", "numpy:abs", "--at", "0.0", "--strict"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere:f", "--at", "1"], "nowhere"),
        (["numpy:nothing", "--at", "1"], "has no 'nothing'"),
        (["numpy", "--at", "1"], "module:function"),
        (["numpy:pi", "--at", "1"], "no function, but float"),
        (["numpy:tanh", "--at", "x=__import__('os')"], "is no argument"),
        (["numpy:tanh", "--at", "x=[1, 2"], "is no argument"),
        (["numpy:sum", "--at", "y=1.0"], "not y"),
        (["numpy:hypot", "--at", "x1=1.0", "--at", "2.0"], "by name or none"),
        (["numpy:tanh", "--at", "x=1.0", "--at", "x=2.0"], "given twice"),
        (["numpy:tanh", "--at", "x=True"], "is no argument"),
        (["numpy:tanh", "--at", "x='1'"], "is no argument"),
        (["numpy:tanh", "--at", "1.0", "--order", "0"], "order is 1"),
        (["numpy:tanh", "--at", "1.0", "--rtol", "-1"], "rtol is a positive"),
        (["numpy:tanh", "--at", "1.0", "--grad", "numpy:cos", "--order", "2"], "of its own"),
    ],
)
def test_mistakes_have_one_line(arguments, words, capsys):
    assert main(["check", *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1


def test_nothing_to_check(capsys):
    with pytest.raises(SystemExit):
        main(["check", "numpy:tanh"])
    assert "--at" in capsys.readouterr().err


@pytest.mark.slow
def test_the_ledger(capsys):
    assert main(["check", "--table"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "0 wrong" in lines[-1]
    assert any(line.startswith("np.linalg.svd") and "2: " in line for line in lines)
    with faults.plant("wrong sign"), np.errstate(all="ignore"):
        assert main(["check", "--table"]) == 1
    assert "np.cos" in capsys.readouterr().out
