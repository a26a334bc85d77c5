"""Pictures: what is in the DOT text, and what happens with and without an engine."""

import importlib.util
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import graphviz
import numpy as np
import pytest
from hypothesis import given

import autograd.show.graph
from autograd import Value, draw
from autograd.errors import GraphvizMissing, ShapeMismatch
from autograd.testing import programs
from tests.autograd.show.shared import SVG, drawn, edges
from tests.programs import printed

HAS_ENGINE = bool(shutil.which("dot") or importlib.util.find_spec("pygraphviz"))
needs_engine = pytest.mark.skipif(not HAS_ENGINE, reason="neither dot nor pygraphviz is installed")


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
@pytest.mark.parametrize("engine", ["auto", "builtin"])
def test_labels_survive(label, engine):
    if engine == "auto" and not HAS_ENGINE:
        pytest.skip("neither dot nor pygraphviz is installed")
    tree = ET.fromstring(draw(Value(1.0, label=label), engine=engine).pipe("svg"))
    assert label in [t.text for t in tree.iter(f"{SVG}text")]


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


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(autograd.show.graph.shutil, "which", lambda name: None)
    monkeypatch.setattr(autograd.show.graph.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


@pytest.mark.parametrize("format", ["svg", "html", "dot", "mermaid", "txt"])
def test_without_an_engine_these_are_drawn_all_the_same(no_engine, tmp_path, format):
    graph = draw(np.tanh(Value(0.5, label="x")))
    path = graph.render(outfile=tmp_path / f"graph.{format}")
    text = path.read_text("utf-8")
    assert "tanh" in text
    assert "data 0.5" in text
    if format == "svg":
        assert len(list(ET.fromstring(text).iter(f"{SVG}g"))) == 5
    assert list(tmp_path.iterdir()) == [path]
    assert "</svg>" in graph._repr_mimebundle_()["image/svg+xml"]


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_without_an_engine_one_sentence_names_both_cures(no_engine, tmp_path, format):
    with pytest.raises(GraphvizMissing, match=r"apt install graphviz.*valuegrad\[draw\].*SVG"):
        draw(Value(1.0)).render(outfile=tmp_path / f"graph.{format}")
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_was_asked_for_and_is_missing_is_named(no_engine):
    with pytest.raises(GraphvizMissing, match="engine='dot'"):
        draw(Value(1.0), engine="dot").pipe("svg")


@needs_engine
def test_a_file_that_is_named_is_the_only_one(tmp_path):
    draw(Value(1.0) * 2).render(outfile=tmp_path / "graph.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["graph.svg"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_nodes": 0}, "max_nodes is 0"),
        ({"depth": -1}, "depth is -1"),
        ({"direction": "up"}, "'LR', 'TB'"),
        ({"theme": "blue"}, "'light', 'dark'"),
        ({"level": "all"}, "'op', 'layer'"),
        ({"color": "red"}, "'kind', 'gradient'"),
        ({"engine": "neato"}, "'auto', 'dot'"),
    ],
)
def test_refusals(settings, words):
    with pytest.raises(ValueError, match=words):
        draw(Value(1.0), **settings)


def test_only_values_are_drawn():
    with pytest.raises(TypeError, match="Value"):
        draw(3.0)


def test_shares_are_of_a_single_number():
    with pytest.raises(ShapeMismatch, match="one real number"):
        draw(Value([1.0, 2.0]) * 2, shares=True)


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


# --------------------------------------------------------------------- what a picture shows


def test_shares_are_the_chain_rule_along_each_edge():
    a, b = Value(3.0, label="a"), Value(-2.0, label="b")
    y = a * b + a
    y.backward()
    y.backward()  # so that .grad is not that of one pass
    texts = drawn(y, shares=True)
    assert [t for t in texts if "×" in t and "=" in t] == [
        "1 × (-2) = -2", "1 × 3 = 3", "1 × 1 = 1", "1 × 1 = 1",
    ]  # fmt: skip
    assert "grad -1" in texts
    assert "grad -2" in drawn(y)


def test_the_same_number_twice_is_two_shares():
    a = Value(3.0)
    assert drawn(a * a, shares=True).count("1 × 3 = 3") == 2


def test_small_arrays_are_grids_of_data_and_gradient():
    x = Value([[1.0, -2.0], [0.5, 0.0]], label="x")
    y = (x * x).sum()
    y.backward()
    svg = ET.fromstring(draw(y, engine="builtin").pipe("svg"))
    box = next(g for g in svg.iter(f"{SVG}g") if g.get("id") == "v0")
    grids = [g for g in box.iter(f"{SVG}g") if "grid" in g.get("class", "")]
    cells = [[r.find(f"{SVG}title").text for r in g.findall(f"{SVG}rect")] for g in grids]
    assert cells == [["1", "-2", "0.5", "0"], ["2", "-4", "1", "0"]]
    strengths = [r.get("fill-opacity") for r in grids[0].findall(f"{SVG}rect")]
    assert strengths == ["0.38", "0.75", "0.19", "0.00"]
    assert "-2" in draw(y).source


def test_a_value_that_is_nan_or_infinite_is_drawn():
    x = Value([np.nan, np.inf, -np.inf, 0.0])
    assert {"nan", "inf", "-inf", "0"} <= set(drawn(x))
    assert "nan" in draw(x).source


def test_colours_by_the_size_of_the_gradient_have_a_legend():
    a, b = Value(1.0, label="a"), Value(100.0, label="b")
    y = a * b
    y.backward()
    graph = draw(y, color="gradient")
    fills = re.findall(r'bgcolor="(#\w+)" style="rounded"', graph.source)
    assert len(set(fills)) == 2  # a has the gradient 100; b and y have 1
    assert fills[1] == fills[2] != fills[0]
    assert "legend" in graph.source
    assert any(text.startswith("max |grad|, log scale: 1") for text in drawn(y, color="gradient"))


def test_gradients_at_both_ends_of_what_a_double_holds():
    x, y = Value(1e250), Value(1e-200)
    loss = x * y
    loss.backward()
    assert "legend" in draw(loss, color="gradient").source
    drawn(loss, color="gradient")


def test_dark_is_another_picture_of_the_same():
    y = Value(1.0) * 2
    assert drawn(y) == drawn(y, theme="dark")
    assert "#0d1117" in draw(y, theme="dark").source


@pytest.mark.parametrize("direction", ["LR", "RL", "TB", "BT"])
def test_directions(direction):
    y = np.sin(Value(1.0)) * 2
    svg = ET.fromstring(draw(y, direction=direction, engine="builtin").pipe("svg"))
    place = {}
    for g in svg.iter(f"{SVG}g"):
        if g.get("id", "").startswith("v"):
            rect = g.find(f"{SVG}rect")
            place[g.get("id")] = float(rect.get("x" if direction in ("LR", "RL") else "y"))
    falls = direction in ("RL", "BT")
    assert sorted(place, key=place.get, reverse=falls) == ["v0", "v1", "v2"]


def test_the_text_for_the_terminal():
    x = Value(2.0, label="x")
    u = np.sin(x)
    y = u * u + 1.0
    y.backward()
    assert draw(y).text.splitlines() == [
        "v4 = v3 + 1  data 1.827, grad 1",
        "└─ v3 = v2 × v2  data 0.8268, grad 1",
        "   └─ v2 = np.sin(x)  data 0.9093, grad 1.819",
        "      └─ x  data 2, grad -0.7568",
    ]


def test_what_is_hidden_is_said_in_every_form():
    y = Value(1.0)
    for _ in range(30):
        y = y + 1.0
    graph = draw(y, max_nodes=5)
    assert "… 26 more" in graph.mermaid
    assert graph.text.splitlines()[-1].strip() == "└─ …"
    assert "… 26 more" in drawn(y, max_nodes=5)


def test_the_picture_is_the_same_in_another_process():
    program = (
        "import numpy as np, nn; from autograd import draw",
        "m = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh())",
        "g = draw(m(np.ones((2, 2))).sum(), engine='builtin')",
        "print(hash((g.source, g.mermaid, g.text, g.pipe('svg'))) * 0, g.source, g.pipe('svg'))",
    )
    assert printed(*program) == printed(*program)


@given(programs())
def test_every_graph_is_drawn_and_parses(program):
    y = program(*[Value(x) for x in program.inputs])
    graph = draw(y, shares=True, engine="builtin", color="gradient")
    ET.fromstring(graph.pipe("svg"))
    assert graph.source.count("->") == len(graph.picture.edges)
    assert graph.text.count("\n") >= 1


@pytest.mark.skipif(shutil.which("dot") is None, reason="dot is not installed")
def test_where_dot_crashes_the_builtin_layout_draws(monkeypatch):
    def crash(*args, **kwargs):
        raise graphviz.CalledProcessError(-11, ["dot"])

    monkeypatch.setattr(graphviz.Digraph, "pipe", crash)
    y = Value(1.0) * 2
    assert "</svg>" in draw(y)._repr_mimebundle_()["image/svg+xml"]
    for graph, format in ((draw(y), "png"), (draw(y, engine="dot"), "svg")):
        with pytest.raises(graphviz.CalledProcessError):
            graph.pipe(format)


def test_before_any_backward_pass_there_are_no_gradients():
    y = Value(2.0, label="x") * 3
    assert not any("grad" in t for t in drawn(y))
    assert draw(y).text == "v2 = x × 3  data 6\n└─ x  data 2"
    assert "grad 3" in drawn(y, shares=True)


def test_a_graph_is_a_digraph_still():
    graph = draw(Value(1.0) * 2)
    copy = graph.copy()
    assert copy.source == graph.source
    for text in ("text", "mermaid"):
        with pytest.raises(TypeError, match="DOT text alone"):
            getattr(copy, text)


@pytest.mark.parametrize("name", ["graph", "graph.docx"])
def test_files_of_no_format(name, tmp_path):
    with pytest.raises(ValueError, match="names no format"):
        draw(Value(1.0)).render(outfile=tmp_path / name)
    with pytest.raises(GraphvizMissing, match="leave engine out"):
        draw(Value(1.0), engine="builtin").render(outfile=tmp_path / "graph.png")


def test_large_graphs_do_not_wait_for_dot():
    y = x = Value(1.0)
    for _ in range(400):
        y = y * x
    assert draw(y, max_nodes=1000)._chosen("svg") == "builtin"


def test_mermaid_is_dark_too():
    assert "fill:#12291c" in draw(Value(1.0) * 2, theme="dark").mermaid
