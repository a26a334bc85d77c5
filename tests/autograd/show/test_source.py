"""The source of a loss: it runs without this library, and computes what the engine computes."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

import nn
from autograd import NotDifferentiable, ShapeMismatch, Value, defvjp, primitive, relu, source, steps
from autograd.check.catalogue import CALLS, ELEMENTWISE, distinct
from autograd.naming import name_of
from autograd.testing import networks, programs


def total(y, k=0):
    """One real number of whatever a function returns: each element with a weight of its own."""
    if isinstance(y, tuple | list):
        parts = [total(part, i) for i, part in enumerate(y) if type(part) is Value]
        return sum(parts[1:], parts[0])
    weights = np.cos(np.arange(y.size) + k).reshape(y.shape)
    z = y * weights
    return (np.real(z) + np.imag(z) if np.iscomplexobj(z) else z).sum()


def agrees(loss, leaves, rtol=1e-9, **settings):
    """Whether the text computes the loss and the gradients of the leaves; the text."""
    for leaf in leaves:
        leaf.zero_grad()
    loss.backward()
    text = source(loss, leaves, **settings)
    found, gradients = text.function()(**text.inputs)
    np.testing.assert_allclose(found, loss.data, 1e-12, 1e-12)
    assert len(gradients) == len(leaves)
    for leaf, g in zip(leaves, gradients.values(), strict=True):
        assert np.shape(g) == leaf.shape
        np.testing.assert_allclose(g, leaf.grad, rtol, 1e-11)
    return text


def test_the_whole_text():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = np.tanh(a * b + 5) + a**2
    c.label = "c"
    assert agrees(c, [a, b]).splitlines() == [
        "import numpy as np",
        "",
        "",
        "def loss_and_gradients(a, b):",
        "    v4 = a * b + 5",
        "    v5 = np.tanh(v4)",
        "    c = v5 + a ** 2",
        "    dv4 = 1 - v5 * v5",
        "    da = 2 * a + dv4 * b",
        "    db = dv4 * a",
        "    return c, {'a': da, 'b': db}",
    ]


def test_the_derivation_in_latex():
    w, x = Value(2.0, label="w1"), Value(0.3, label="x")
    y = np.exp(w * x) / np.sqrt(x)
    y.label = "L"
    assert source(y, language="latex").splitlines() == [
        r"\begin{aligned}",
        r"v_{3} &= w_{1} \cdot x \\",
        r"v_{4} &= e^{v_{3}} \\",
        r"v_{5} &= \sqrt{x} \\",
        r"L &= \frac{v_{4}}{v_{5}} \\",
        r"\frac{\partial L}{\partial v_{3}} &= \frac{1}{v_{5}} \cdot v_{4} \\",
        r"\frac{\partial L}{\partial w_{1}} &= \frac{\partial L}{\partial v_{3}} \cdot x \\",
        r"\frac{\partial L}{\partial x} &= \frac{-\frac{L}{v_{5}}}{2 \cdot v_{5}} + "
        r"\frac{\partial L}{\partial v_{3}} \cdot w_{1}",
        r"\end{aligned}",
    ]


def test_it_runs_where_this_library_is_not(tmp_path):
    x = Value(np.array([[0.5, -1.0], [2.0, 0.1]]), label="x")
    loss = (nn.softmax(x, axis=-1)[:, 0] * relu(x)[:, 1]).sum()
    text = agrees(loss, [x])
    program = text + "\nprint(loss_and_gradients(np.array([[0.5, -1.0], [2.0, 0.1]]))[0])\n"
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['autograd'] = None\n" + program],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert float(done.stdout) == pytest.approx(loss.data, rel=1e-15)


def test_shapes_stand_in_comments_and_labels_are_names():
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=1))
    data = np.random.default_rng(0).normal(size=(5, 3))
    loss = nn.cross_entropy(model(data), np.array([0, 1, 1, 0, 1]))
    text = agrees(loss, model.parameters(), names={"model": model, "data": data})
    assert "    # model_0_weight: (3, 4) float64" in text
    assert "@ model_0_weight + model_0_bias  # (5, 4)" in text
    assert "dmodel_0_weight = data.T @ " in text
    assert "autograd" not in text


def test_what_is_not_asked_for_is_left_out():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    y = a * b + np.exp(b)
    text = source(y, a)
    assert "db" not in text
    assert text.count("np.exp") == 1
    assert list(text.inputs) == ["a", "b"]


def test_common_pieces_are_computed_once():
    x = Value(0.7, label="x")
    y = np.sin(x) * np.sin(x) + np.cos(x)
    text = agrees(y, [x])
    assert text.count("np.sin(x)") == 1
    assert text.count("np.cos(x)") == 1


def test_other_numbers_than_those_of_the_record():
    x = Value(0.7, label="x")
    text = source(np.tanh(x) * x + np.maximum(x, 0.2) ** 2)
    loss, gradients = text.function()(-0.3)
    assert loss == pytest.approx(np.tanh(-0.3) * -0.3 + 0.04)
    assert gradients["x"] == pytest.approx(np.tanh(-0.3) - 0.3 * (1 - np.tanh(-0.3) ** 2))


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("0.weight", "layer_0_weight"), ("lambda", "lambda_"), ("∂L/∂θ", "L_θ"), ("a b", "a_b"),
        ("np", "np_2"), ("'); import os", "import_os"), ("θ", "θ"), ("💥", "v"), ("_", "v"),
        ("x²", "x2"), ("½", "layer_1_2"), ("ﬁ", "fi"), ("2x", "layer_2x"),
    ],
)  # fmt: skip
def test_strange_labels_become_names(label, name):
    x = Value(2.0, label=label)
    text = source(x * x)
    assert list(text.inputs) == [name]
    assert text.function()(**text.inputs)[1] == {name: 4.0}


def test_equal_labels_stay_apart():
    a, b = Value(2.0, label="w"), Value(3.0, label="w")
    assert list(source(a * b).inputs) == ["w", "w_2"]


def test_a_leaf_a_constant_and_what_the_loss_does_not_depend_on():
    x, other = Value(2.0, label="x"), Value([1.0, 2.0], label="other")
    assert source(x).function()(3.0) == (3.0, {"x": 1.0})
    text = source(x * 3, [x, other])
    loss, gradients = text.function()(**text.inputs)
    assert loss == 6
    assert gradients["x"] == 3
    np.testing.assert_array_equal(gradients["other"], [0, 0])


def test_data_that_were_replaced_after_the_call():
    w = Value(2.0, label="w")
    y = w * w
    w.data = 5.0
    text = source(y)
    assert text.inputs == {"w": 2.0}
    assert text.function()(**text.inputs) == (4.0, {"w": 4.0})


def test_a_gradient_is_exact_where_a_factor_is_infinite():
    x = Value(np.array([0.0, 4.0]), label="x")
    with np.errstate(all="ignore"):
        y = np.where(x.data > 1, np.sqrt(x), 0.0).sum()
        agrees(y, [x])


def test_single_precision_stays():
    x = Value(np.array([1.0, 2.0], np.float32), label="x")
    text = source((x * np.float32(2) + 1).sum())
    loss, gradients = text.function()(**text.inputs)
    assert gradients["x"].dtype == np.float32
    assert np.result_type(loss) == np.float32


def test_a_function_of_the_users_own():
    @primitive
    def softsign(x):
        """A docstring, which the text leaves out."""
        out = np.array(x)
        out[...] = x / (1 + np.abs(x))  # writes into an array: so the text defines it
        return out

    defvjp(softsign, lambda g, y, x: g / (1 + np.abs(x)) ** 2)
    x = Value(np.array([0.5, 2.0]), label="x")
    text = agrees((softsign(x) * x).sum(), [x])
    assert "def softsign(x):" in text
    assert "docstring" not in text


def test_a_function_without_source_text_is_named():
    hidden = primitive(eval("lambda x: np.asarray(x) * 2", {"np": np}))
    defvjp(hidden, lambda g, y, x: 2 * g)
    with pytest.raises(NotDifferentiable, match="cannot write"):
        source(hidden(Value([1.0, 2.0])).sum())


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"language": "C"}, ValueError, "'numpy' or 'latex'"),
        ({"wrt": 3.0}, TypeError, "float"),
        ({"wrt": [1.0]}, TypeError, "wrt is a Value"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        source(Value(1.0) * 2, **arguments)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.power(-2, x) * 1.0,
        lambda x: (x - 10) ** 0.5,
        lambda x: 1 / (x - 2),
        lambda x: x % (x - 2),
        lambda x: (x * 1e200) ** 2.0,
        lambda x: 0.0 / np.log(-x),
        lambda x: np.copysign(x, -0.0),
    ],
    ids=["-2 ** x", "root", "1 / 0", "% 0", "overflow", "0 · nan", "-0"],
)
def test_numbers_at_the_ends_of_arithmetic(f):
    x = Value(2.0, label="x")
    with np.errstate(all="ignore"):
        agrees(f(x), [x])


def test_negative_zeros_stay():
    x = Value([1.0, 2.0], label="x")
    with np.errstate(all="ignore"):
        agrees((x / np.array([-0.0, -0.0])).sum(), [x])


def test_a_double_beside_single_precision_is_weak():
    x = Value(np.float32(2), label="x")
    text = source(np.sin(Value(1.0, label="a")) * x)
    assert np.result_type(text.function()(**text.inputs)[0]) == np.float32


def test_the_names_of_unused_leaves_are_their_own():
    x, y = Value(3.0, label="a b"), Value(2.0, label="a_b")
    gradients = source(x * x, [x, y]).function()(3.0)[1]
    assert sorted(gradients.values()) == [0.0, 6.0]


def test_inputs_are_copies():
    x = Value([1.0, 2.0], label="x")
    source(x.sum()).inputs["x"][0] = 99
    assert x.data[0] == 1


def test_many_arguments_take_no_longer_than_they_must():
    xs = [Value(float(k)) for k in range(600)]
    text = source(np.stack(xs).sum())
    assert len(text.inputs) == 600


def test_only_leaves_and_single_numbers():
    x = Value(2.0)
    y = x * 2
    with pytest.raises(ValueError, match="result of a call"):
        source(y * 3, y)
    with pytest.raises(ShapeMismatch):
        source(Value([1.0, 2.0]))


# ------------------------------------------------------------- every function of the table

ROWS = [(name_of(fn), f, shapes) for fn, rows in CALLS.items() for f, shapes in rows]


@pytest.mark.parametrize(("name", "f", "shapes"), ROWS, ids=[name for name, *_ in ROWS])
def test_every_call_of_the_catalogue(name, f, shapes):
    leaves = [Value(x) for x in distinct(shapes, 0)]
    with np.errstate(all="ignore"):
        loss = total(f(*leaves))
        agrees(loss, leaves)
        latex = source(loss, leaves, language="latex")
    assert latex.count("{") == latex.count("}")


@pytest.mark.parametrize("fn", ELEMENTWISE, ids=name_of)
@pytest.mark.parametrize("shape", [(), (3,)])
def test_every_elementwise_function(fn, shape):
    rng = np.random.default_rng(0)
    leaves = [Value(rng.uniform(*i, size=shape)[()]) for i in ELEMENTWISE[fn].intervals]
    text = agrees(total(fn(*leaves)), leaves, rtol=1e-7)
    assert text.count("def ") <= 3


@given(programs())
def test_every_program(program):
    leaves = [Value(x) for x in program.inputs]
    agrees(program(*leaves), leaves)


@given(networks())
def test_every_network(network):
    parameters = [{name: Value(x) for name, x in layer.items()} for layer in network.parameters]
    leaves = [p for layer in parameters for p in layer.values()]
    agrees(network.loss(parameters), leaves)


@pytest.mark.parametrize("name", ["neuron", "square", "diamond", "small_net", "cross_entropy",
                                  "small_conv", "attention"])  # fmt: skip
def test_every_graph_of_the_gallery(name, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "examples")
    loss, _ = getattr(importlib.import_module("gallery"), name)()
    agrees(loss, [v for v in steps(loss).passed.values if v.fn is None])


def test_a_cast_of_a_number_and_quotients_beside_single_precision():
    x = Value(2.0, label="x")
    agrees(x.astype(np.float32) * 2, [x], rtol=1e-6)
    q, s = Value(np.ones(2, np.float32), label="q"), Value(0.0, label="s")
    with np.errstate(all="ignore"):
        agrees(np.sum(1 / s) * q.sum(), [q, s])
        z = Value(1 + 2j, label="z")
        agrees(np.real(np.maximum(z, 0)), [z])


def test_the_rule_with_a_case_of_its_own_is_not_simplified_away():
    @primitive
    def odd(x):
        return np.where(x > 5, 7 * x, 2 * x)

    defvjp(odd, lambda g, y, x: np.where((x == 0) | (x > 5), 7 * g, 2 * g))
    assert "2 · g" not in str(steps(odd(Value(6.0, label="x")))).replace("else 2 · g", "")


def test_shares_that_are_nothing_are_not_added():
    x = Value(2.0, label="x")
    text = agrees(np.where(False, x, x * 3) + x, [x])
    assert "np.zeros" not in text


def test_half_precision_stays_where_a_number_stands_beside_it():
    s, q = Value(2.0, label="s"), Value(np.ones(3, np.float16), label="q")
    loss = np.sum(np.where(False, s, np.sqrt(s)) - np.float32(1.5)) + np.sum(q)
    text = agrees(loss, [s, q], rtol=1e-3)
    assert np.result_type(text.function()(**text.inputs)[0]) == loss.dtype


def test_latex_has_a_name_for_each_and_no_python():
    text = source(Value(2.0, label="x1") * Value(3.0, label="x_1"), language="latex")
    assert r"x_{1} \cdot \text{x\_1}" in text
    assert text.count(r"{\partial x_{1}}") == text.count(r"{\partial \text{x\_1}}") == 1
    text = source(np.max(Value([1.0, 2.0, 4.0], label="x")), language="latex")
    assert "np." not in text
    assert "astype" not in text


def test_zero_shares_of_what_is_not_a_number():
    x = Value(-1.0, label="x")
    with np.errstate(all="ignore"):
        agrees(np.where(True, x * x, np.copysign(np.log(x), 1)), [x])
