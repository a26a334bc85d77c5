"""The page of a backward pass: what is in the file; what it does stands in test_browser."""

import json
import re

import numpy as np
import pytest

import nn
from autograd import NotDifferentiable, ShapeMismatch, Value, defvjp, explain, primitive, steps
from autograd.check.catalogue import ELEMENTWISE
from autograd.naming import name_of
from autograd.show.drawing.colors import THEMES
from autograd.show.live import in_javascript, known_functions
from autograd.table import rules_of


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def neuron():
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    o = np.tanh(x * w + 6.5)
    o.label = "o"
    return o


def test_the_file_is_the_page(tmp_path):
    page = explain(neuron(), tmp_path / "backprop.html")
    assert (tmp_path / "backprop.html").read_text("utf-8") == page
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>Backprop through o</title>" in page
    assert "<h1>A neuron &amp; more</h1>" in explain(neuron(), title="A neuron & more")
    assert page._repr_html_().startswith("<iframe srcdoc=")
    assert explain(neuron()) == explain(neuron())


def test_it_refers_to_nothing_outside():
    page = explain(neuron(), live=True)
    assert "default-src 'none'" in page
    outside = re.findall(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?!data:)[\w/.]+""", page)
    assert outside == []
    assert re.findall(r"https?://[\w./]+", page) == ["http://www.w3.org/2000/svg"] * 2


def test_its_steps_are_those_of_steps():
    o = neuron()
    data = data_of(explain(o))
    walk = steps(o)
    assert [s["phase"] for s in data["steps"]] == [s.phase for s in walk]
    assert [data["values"][s["v"]]["name"] for s in data["steps"]] == [s.name for s in walk]
    for shown, step in zip(data["steps"], walk, strict=True):
        for share, c in zip(shown.get("shares", []), step.contributions, strict=True):
            assert (share["formula"], share["numbers"]) == (c.formula, c.numbers)
            assert share["c"]["n"] == c.contribution
            assert share["total"]["n"] == c.total
            assert float(share["local"]) == c.local


def test_it_shows_the_gradients_of_this_pass_whatever_grad_holds():
    o = neuron()
    before = explain(o)
    o.backward()
    o.backward()
    assert explain(o) == before


def test_small_arrays_are_there_and_large_ones_in_words():
    x = Value(np.arange(400.0), label="x")
    w = Value(np.ones((2, 2)), label="w")
    data = data_of(explain(x.sum() + (w * w).sum()))
    by_name = {v["name"]: v for v in data["values"]}
    assert by_name["w"]["grad"]["rows"] == [[2.0, 2.0], [2.0, 2.0]]
    assert by_name["x"]["data"] == {"text": "0 … 399, mean 200", "shape": "(400,)"}
    assert by_name["x"]["kind"] == "(400,) float64"


def test_layers_are_one_box_each():
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=1))
    loss = nn.cross_entropy(model(np.ones((5, 3))), np.zeros(5, int))
    data = data_of(explain(loss, level="layer"))
    assert sorted(data["boxes"]) == ["layer0", "layer1", "layer2", "v3"]
    boxes = [data["values"][s["v"]]["box"] for s in data["steps"]]
    assert boxes == ["layer0", "layer1", "layer2", "v3", "v3", "layer2", "layer1", "layer0"]
    assert {v["group"] for v in data["values"]} == {
        "", "Sequential › 0: Linear", "Sequential › 1: ReLU", "Sequential › 2: Linear",
    }  # fmt: skip


def test_a_page_of_500_values_is_small():
    x = [Value(float(k), label=f"x{k}") for k in range(20)]
    y = x[0]
    for k in range(240):
        y = np.tanh(y * x[k % 20]) if k % 2 else y + x[(7 * k) % 20]
    page = explain(y * 1)
    assert len(data_of(page)["values"]) > 350
    assert len(page.encode()) < 1_000_000


def test_of_a_larger_graph_the_newest():
    y = x = Value(1.0)
    for _ in range(50):
        y = y + x
    page = explain(y, max_nodes=10)
    assert "… 41 more" in page
    assert len(data_of(page)["values"]) == 10


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_nodes": 0}, "max_nodes is 0"),
        ({"depth": -1}, "depth is -1"),
        ({"level": "x"}, "'op', 'layer'"),
        ({"direction": "RL"}, "'LR', 'TB'"),
        ({"live": True, "level": "layer"}, "leave level and depth out"),
    ],
)
def test_refusals(settings, words):
    with pytest.raises(ValueError, match=words):
        explain(neuron(), **settings)


def test_only_of_a_single_number():
    with pytest.raises(ShapeMismatch, match="one real number"):
        explain(Value([1.0, 2.0]))


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda: Value([1.0, 2.0], label="w").sum(), r"w has the shape \(2,\) and float64"),
        (lambda: np.sum(Value(1.0)) * 2, "does not compute np.sum"),
        (lambda: Value(np.float32(1)) * 2, "float32"),
    ],
    ids=["an array", "a function", "single precision"],
)
def test_what_cannot_be_live_says_so(loss, words):
    with pytest.raises(NotDifferentiable, match=words):
        explain(loss(), live=True)


def test_a_live_page_needs_the_whole_graph():
    y = Value(1.0)
    for _ in range(20):
        y = y * 2
    with pytest.raises(NotDifferentiable, match="max_nodes"):
        explain(y, live=True, max_nodes=5)


def test_a_live_page_computes_every_elementwise_function_of_numpy():
    known = {name_of(fn) for fn in known_functions()}
    assert {name_of(fn) for fn in ELEMENTWISE} - known == set()
    assert {"np.clip", "np.where", "np.sinc", "np.i0"} <= known


def test_a_function_of_the_users_own_is_not_taken_for_the_one_of_that_name():
    @primitive
    def relu(x):
        return np.where(x < 0, 0.1 * x, x)

    defvjp(relu, lambda g, y, x: g * np.where(x < 0, 0.1, 1.0))
    with pytest.raises(NotDifferentiable, match="does not compute relu"):
        explain(relu(Value(-3.0)), live=True)


@pytest.mark.parametrize(
    "fn", [fn for fn in known_functions() if None not in rules_of(fn).rules], ids=name_of
)
def test_live_and_still_pages_say_the_same(fn):
    arity = rules_of(fn).arity
    names = "abc"[:arity]
    low = [ELEMENTWISE[fn].intervals[k][0] if fn in ELEMENTWISE else 0.3 for k in range(arity)]
    leaves = [Value(0.3 + max(x, 0), label=n) for x, n in zip(low, names, strict=True)]
    y = fn(*leaves)
    y.label = "y"
    rules = re.findall(r'text: ("(?:[^"\\]|\\.)*")', in_javascript(fn, y.args))
    texts = [json.loads(text) for text in rules]
    for contribution in steps(y)[-1].contributions:
        live = texts[contribution.place if len(texts) == arity else 0]
        for k, name in enumerate(names):
            live = live.replace(f"⟦x{k}⟧", name)
        assert live.replace("⟦y⟧", "y").replace("⟦g⟧", "g") == contribution.formula


def test_labels_cannot_break_out():
    page = explain(Value(1.0, label="</script><script>alert(1)</script>") * 2)
    assert "<script>alert" not in page


@pytest.mark.parametrize("theme", THEMES)
def test_colours_have_contrast(theme):
    """WCAG 2.2's ratio, at least 4.5 for text."""
    colors = THEMES[theme]

    def luminance(color):
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    for text in ("ink", "gradient", "muted"):
        for ground in ("paper", "leaf", "result", "root", "call", "layer", "group"):
            a, b = sorted([luminance(colors[text]), luminance(colors[ground])])
            assert (b + 0.05) / (a + 0.05) >= 4.5, (text, ground)
    for ground in ("scale_high", "positive", "negative"):
        a, b = sorted([luminance(colors["ink"]), luminance(colors[ground])])
        assert (b + 0.05) / (a + 0.05) >= 3, ground
