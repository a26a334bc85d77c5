"""Pictures: what is in the DOT text, and what happens with and without an engine."""

import importlib.util
import shutil
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autograd.show.graph
from autograd import Value, draw
from autograd.errors import GraphvizMissing

HAS_ENGINE = bool(shutil.which("dot") or importlib.util.find_spec("pygraphviz"))
needs_engine = pytest.mark.skipif(not HAS_ENGINE, reason="neither dot nor pygraphviz is installed")


def edges(graph):
    return [line.strip() for line in graph.source.splitlines() if "->" in line]


def test_a_product_with_itself_has_two_edges():
    a = Value(3.0, label="a")
    y = a * a
    y.backward()
    graph = draw(y)
    assert edges(graph) == ["v0 -> call1", "v0 -> call1", "call1 -> v1"]
    assert "data 9" in graph.source
    assert "grad 6" in graph.source


def test_arguments_keep_their_order_and_constants_are_shown():
    a, b = Value(3.0), Value(2.0)
    source = draw(a - b).source
    assert source.index("v0 -> call2") < source.index("v1 -> call2")
    assert "ordering=in" in source
    assert '"call1c0"' in draw(7.0 / a).source or "call1c0 [label=7" in draw(7.0 / a).source
    assert edges(draw(np.concatenate([Value([1.0]), np.ones(2), Value([2.0])])))[:3] == [
        "v0 -> call2", "call2c1 -> call2", "v1 -> call2",
    ]  # fmt: skip


def test_settings_shapes_and_summaries_are_shown():
    x = Value(np.arange(100.0).reshape(10, 10))
    source = draw(np.sum(x, axis=0)).source
    assert "axis=0" in source
    assert "(10, 10) float64" in source
    assert "0 … 99, mean 49.5" in source


def test_the_text_is_the_same_every_time():
    def text():
        x = [Value(float(k), label=f"x{k}") for k in range(5)]
        y = sum(v * w for v in x for w in x)
        y.backward()
        return draw(y).source

    assert text() == text()


def test_a_large_graph_says_what_it_leaves_out():
    y = Value(1.0)
    for _ in range(300):
        y = y + 1.0
    graph = draw(y, max_nodes=10)
    assert "… 291 more" in graph.source
    assert graph.source.count('">data') == 10
    assert "more" not in draw(y, max_nodes=301).source


@pytest.mark.parametrize(
    "label", ["<b>", "{a|b}", 'quo"te', "∂L/∂θ", "a\\nb", "\\N", "&amp;", "<<x>>", "a\\"], ids=repr
)
@needs_engine
def test_labels_survive(label):
    tree = ET.fromstring(draw(Value(1.0, label=label)).pipe("svg"))
    texts = [t.text for t in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert label in texts


@needs_engine
@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_files(tmp_path, format):
    path = draw(Value(1.0) * 2).render(outfile=tmp_path / f"graph.{format}")
    head = (tmp_path / f"graph.{format}").read_bytes()[:8]
    assert str(path).endswith(format)
    assert head.startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[format])
    path = draw(Value(1.0) * 2).render("other", directory=tmp_path, format=format, cleanup=True)
    assert (
        tmp_path / f"other.{'gv.' if (tmp_path / f'other.gv.{format}').exists() else ''}{format}"
    ).exists()


@needs_engine
def test_notebooks_show_the_picture():
    bundle = draw(Value(1.0))._repr_mimebundle_()
    assert bundle["image/svg+xml"].rstrip().endswith("</svg>")


@pytest.mark.skipif(
    importlib.util.find_spec("pygraphviz") is None, reason="pygraphviz is not installed"
)
def test_pygraphviz_draws_where_dot_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(autograd.show.graph.shutil, "which", lambda name: None)
    assert draw(Value(1.0)).pipe("svg", encoding="utf-8").startswith("<?xml")
    draw(Value(1.0)).render(outfile=tmp_path / "graph.png")
    assert (tmp_path / "graph.png").stat().st_size > 100


def test_without_an_engine_one_sentence_names_both_cures(monkeypatch, tmp_path):
    monkeypatch.setattr(autograd.show.graph.shutil, "which", lambda name: None)
    monkeypatch.setattr(autograd.show.graph.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    graph = draw(Value(1.0))
    assert "digraph" in graph.source
    with pytest.raises(GraphvizMissing, match=r"apt install graphviz.*valuegrad\[draw\]"):
        graph.render(outfile=tmp_path / "graph.svg")
    assert list(graph._repr_mimebundle_()) == ["text/plain"]


def test_refusals():
    with pytest.raises(TypeError, match="Value"):
        draw(3.0)
    with pytest.raises(ValueError, match="max_nodes"):
        draw(Value(1.0), max_nodes=0)


def test_drawing_changes_nothing():
    x = Value(2.0)
    y = x * x
    y.backward()
    draw(y)
    assert (x.grad, y.grad) == (4.0, 1.0)
    y.backward()
    assert x.grad == 8.0


def test_several_results_of_one_call():
    a = Value(np.array([[2.0, 1.0], [1.0, 3.0]]))
    w, v = np.linalg.eigh(a)
    before = draw(w.sum()).source
    assert before.count('label="linalg.eigh"') == 1
    assert "(2,) float64" in before
    whole = w.parents[0]
    assert [np.shape(g) for g in whole.grad] == [(2,), (2, 2)]
    (w.sum() + v[0, 0]).backward()
    assert whole.grad[0].tolist() == [1, 1]
    assert draw(v).source == draw(v).source
