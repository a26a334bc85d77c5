"""Expressions that are typed, and the commands that take them."""

import contextlib
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import __main__ as program
from autograd.show.expressions import ExpressionError, evaluated, number_from


def run(*arguments):
    return program.main(list(arguments))


@pytest.mark.parametrize(
    ("text", "numbers", "expected"),
    [
        ("tanh(w1*x1 + b)", {"w1": -3, "x1": 2, "b": 6.8}, np.tanh(0.8)),
        ("-x**2", {"x": 3}, -9),
        ("2**-x", {"x": 1}, 0.5),
        ("(x + 1) / (x - 1) % 2", {"x": 3}, 0),
        ("np.sqrt(x) + numpy.exp(0)", {"x": 4}, 3),
        ("linalg.norm(x)", {"x": [3, 4]}, 5),
        ("sum(x @ w)", {"x": [[1, 2]], "w": [[3], [4]]}, 11),
        ("relu(x) + sigmoid(0*x)", {"x": 2}, 2.5),
        ("sin(pi*x) + log(e*x)", {"x": 1}, 1),
        ("+x", {"x": 1}, 1),
        ("θ * é", {"θ": 2, "é": 3}, 6),
        ("e * 2", {"e": 5}, 10),
        ("maximum(x, 1.5)", {"x": 1}, 1.5),
    ],
)
def test_expressions(text, numbers, expected):
    y = evaluated(text, numbers)
    assert y.data == pytest.approx(expected, abs=1e-12)
    y.backward()


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("tanh(w*q)", 7, "no number for q: write q=1.5 after the expression; given: w"),
        ("tnah(w)", 0, "Did you mean tanh"),
        ("1 + w^2", 5, r"x \*\* n"),
        ("2w", 0, r"2 \* w"),
        ("w + ", 3, "invalid syntax"),
        ("(w + 1", 0, "never closed"),
        ("", 0, "cannot be read"),
        ("w; w", 1, "cannot be read"),
        ("w = 1", 2, "cannot be read"),
        ("w.data", 0, "is not one of names"),
        ("w[0]", 0, "is not one of names"),
        ("[w]", 0, "is not one of names"),
        ("w if w else w", 0, "is not one of names"),
        ("w > 1", 0, "is not one of names"),
        ("w and w", 0, "is not one of names"),
        ("not w", 0, "is not one of names"),
        ("lambda: w", 0, "is not one of names"),
        ("[w for w in w]", 0, "is not one of names"),
        ("f'{w}'", 0, "is not one of names"),
        ("w * 'a'", 4, "only numbers"),
        ("w * True", 4, "only numbers"),
        ("w // 2", 0, "is not one of names"),
        ("(v := w)", 1, "is not one of names"),
        ("*w", 0, "cannot be read|is not one of"),
        ("w + 1j", 4, "is not one of names"),
        ("__import__('os')", 0, "no function __import__"),
        ("np.load(w)", 0, "no function np.load"),
        ("np.random.rand(w)", 0, "no function"),
        ("w.__class__(1)", 0, "no function"),
        ("(lambda: 1)()", 1, "called by its name"),
        ("sum(w, axis=0)", 7, "by place"),
        ("log(w, 2, 3, 4)", 0, "cannot be computed"),
        ("log(w, *w)", 7, "is not one of names"),
        ("w + 9**9**9", 4, "cannot be computed"),
        ("w + 1/0", 4, "cannot be computed"),
        ("é + wz", 4, "no number for wz"),
        ("w + round_(w)", 4, "no function"),
        ("ln(w)", 0, "Did you mean log"),
        ("w(2 + w)", 0, r"w \* \(…\)"),
        ("2 × w", 2, r"write \*"),
        ("w·w", 1, r"write \*"),
        ("(w +\n  v)", 7, "no number for v"),
        ("repeat(w, 10**12)", 0, "cannot be computed"),
        ("repeat(w, 1000000000000)", 0, "no whole numbers above"),
        ("diff(w, 1000000000)", 0, "no whole numbers above"),
        ("split(w, 2)", 0, "cannot be computed"),
        ("exp(1" + "0" * 320 + ")*w", 0, "no whole numbers above"),
    ],
)
def test_a_mistake_has_a_caret_under_it(text, column, words):
    with pytest.raises(ExpressionError, match=words) as raised:
        evaluated(text, {"w": 1.0, "é": 1.0} if "é" in text else {"w": 1.0})
    assert str(raised.value).splitlines()[1].index("^") == column


def test_deep_nesting_is_refused_not_a_crash():
    for text in ("(" * 5000 + "w" + ")" * 5000, "-" * 90_000 + "w", "+".join(["w"] * 60_000)):
        with pytest.raises(ExpressionError, match=r"\^"):
            evaluated(text, {"w": 1.0})


def test_without_names_there_is_nothing_to_differentiate():
    with pytest.raises(ExpressionError, match="no names in it"):
        evaluated("1 + 1", {})


def test_a_number_that_is_not_used_is_told():
    with pytest.raises(ExpressionError, match="does not have v in it"):
        evaluated("w * 2", {"w": 1, "v": 2})


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-3.5", -3.5), (" 1e3 ", 1000), ("[1, 2]", [1, 2]), ("inf", np.inf)],
)
def test_numbers(text, value):
    assert number_from(text) == value


@pytest.mark.parametrize(
    "text", ["", "x", "[1, [2]]", "'a'", "{}", "1j", "True", "__import__('os')"]
)
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match=r"number|could not convert|inhomogeneous"):
        number_from(text)


@given(st.text(max_size=12))
def test_no_text_does_anything_but_compute_or_complain(text):
    with contextlib.suppress(ExpressionError):
        evaluated(text, {"w": 1.0, "x": 2.0})


def test_draw_prints_a_tree_or_writes_a_file(capsys, tmp_path):
    assert run("draw", "w * x", "w=3", "x=-2") == 0
    assert capsys.readouterr().out.splitlines() == [
        "y = w × x  data -6, grad 1",
        "├─ w  data 3, grad -2",
        "└─ x  data -2, grad 3",
    ]
    path = tmp_path / "graph.dot"
    assert run("draw", "w * x", "w=3", "x=-2", "--shares", "-o", str(path)) == 0
    assert "1 × 3 = 3" in path.read_text("utf-8")
    assert run("draw", "x * 2", "x=[1, 2]") == 0


def test_steps(capsys):
    assert run("steps", "a * a", "a=3", "--phase", "backward") == 0
    assert capsys.readouterr().out.splitlines()[0] == "  0 backward  y = a × a, g = 1"


def test_source(capsys):
    assert run("source", "tanh(w * x)", "w=1", "x=2", "--wrt", "w") == 0
    text = capsys.readouterr().out
    assert "def loss_and_gradients(w, x):" in text
    assert "dx" not in text
    assert run("source", "tanh(w)", "w=1", "--latex") == 0
    assert r"\tanh\left(w\right)" in capsys.readouterr().out
    assert run("source", "tanh(w)", "w=1", "--wrt", "v") == 2
    assert "the names are w" in capsys.readouterr().err


def test_explain(capsys, tmp_path):
    path = tmp_path / "page.html"
    assert run("explain", "tanh(w * x)", "w=1", "x=2", "-o", str(path)) == 0
    assert capsys.readouterr().out.strip() == str(path)
    assert "const LIVE" in path.read_text("utf-8")
    assert run("explain", "tanh(w)", "w=1", "--still", "-o", str(path)) == 0
    assert "const LIVE" not in path.read_text("utf-8")
    assert run("explain", "sum(w * w)", "w=[1, 2]", "-o", str(path)) == 0
    assert "without sliders: live=True is for graphs of single" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("draw", "w^2", "w=1"), "w^2\n ^ a power"),
        (("draw", "w", "w=1", "w=2"), "w is given twice"),
        (("draw", "w", "w"), "'w' is not of the form name=value"),
        (("draw", "w", "w=x"), "'x' is no number"),
        (
            ("steps", "w * 2", "w=[1, 2]"),
            "begins at one real number, not at an array of shape (2,)",
        ),
        (("draw", "w", "w=1", "-o", "/no/such/folder/graph.svg"), "No such file"),
        (("draw", "w", "w=1", "-o", "graph"), "names no format"),
        (("explain", "w*w", "w=1", "-o", "page.pdf"), "ends with .html"),
    ],
)
def test_mistakes_are_told_on_stderr(arguments, words, capsys):
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_as_a_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "autograd", "draw", "tanh(q)", "w=1"],
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[1].startswith("     ^ there is no number for q")


def test_names_do_not_reach_the_page_as_code(tmp_path):
    path = tmp_path / "page.html"
    assert run("explain", "a < b", "a=1", "b=2", "-o", str(path)) == 2
    assert run("explain", "a + b", "a=1", "b=2", "-o", str(path)) == 0
    data = path.read_text("utf-8").split('id="data">')[1].split("</script>")[0]
    assert {v["name"] for v in json.loads(data)["values"]} == {"a", "b", "y"}
