"""Groups of pictures: modules and scopes, folded and open; names of Values, parameters, arrays."""

import contextlib
import re

import numpy as np
import pytest

import nn
from autograd import Value, draw, scope
from tests.autograd.show.shared import drawn, edges


def test_modules_are_groups_and_can_be_folded():
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=0))
    out = model(np.ones((1, 2))).sum()
    source = draw(out).source
    assert re.findall(r"subgraph cluster_\d", source) == [
        "subgraph cluster_0", "subgraph cluster_1", "subgraph cluster_2", "subgraph cluster_3",
    ]  # fmt: skip
    for label in ("Sequential", "0: Linear", "1: Tanh", "2: Linear"):
        assert label in source
    layers = draw(out, level="layer")
    assert edges(layers) == [
        "layer0 -> layer1", "layer1 -> layer2", "layer2 -> call3", "call3 -> v3",
    ]  # fmt: skip
    assert "9 parameters" in layers.source
    assert edges(draw(out, depth=0)) == ["layer0 -> call1", "call1 -> v1"]
    assert "13 parameters" in draw(out, depth=0).source
    assert draw(out, depth=1).source == layers.source
    assert draw(out, depth=9).source == source


def test_a_layer_that_is_called_twice_is_two_groups():
    layer = nn.Linear(2, 2, rng=0)
    out = layer(layer(np.ones(2))).sum()
    assert edges(draw(out, level="layer"))[:2] == ["v0 -> layer2", "v1 -> layer2"]
    assert draw(out).source.count("subgraph cluster") == 2


def test_scopes_stand_in_one_another():
    x = Value(2.0)
    with scope("outer"):
        a = x * 2
        with scope("inner"):
            b = a + 1
        c = b * a
    assert edges(draw(c + x, depth=0)) == [
        "v0 -> layer1", "layer1 -> call2", "v0 -> call2", "call2 -> v2",
    ]  # fmt: skip
    assert {"v1 -> layer2", "layer2 -> call3", "v1 -> call3"} <= set(edges(draw(c, level="layer")))


def test_a_group_whose_module_is_gone_has_its_name_still():
    out = nn.Sequential(nn.Linear(2, 2, rng=0))(np.ones(2)).sum()
    assert re.findall(r"label=(\w+) labeljust", draw(out).source) == ["Sequential", "Linear"]


def test_scopes_as_deep_as_they_may_be():
    x = y = Value(1.0)
    with contextlib.ExitStack() as stack:
        for k in range(2000):
            stack.enter_context(scope(f"s{k}"))
        y = x * 2
    draw(y)


def test_a_folded_layer_with_several_outputs_shows_them_all():
    with scope("S"):
        a = Value(2.0, label="a")
        p, q = a * 3, a * 5
    texts = drawn(p * q, level="layer", shares=True)
    assert [t for t in texts if t.startswith(("data", "grad"))] == [
        "data 6", "grad 10", "data 10", "grad 6", "data 60", "grad 1",
    ]  # fmt: skip
    assert {"2 outputs", "1 × 10 = 10", "1 × 6 = 6", "‖grad of leaves‖ 60"} <= set(texts)
    model = nn.MLP(2, [3, 1], rng=0)
    loss = model([Value(1.0), Value(-2.0)]) ** 2
    assert drawn(loss, depth=1, shares=True).count("3 shares") == 3


def test_a_block_of_leaves_alone_is_not_folded():
    with scope("leaves"):
        x = Value(1.0, label="x")
    assert "data 1" in drawn(x * 2, level="layer")
    assert "data 1" in drawn(x * 2, depth=0)


def test_modules_in_scopes_keep_their_names():
    class Block(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 1, rng=0)

        def forward(self, x):
            with scope("inner"):
                return self.fc(x)

    block = Block()
    assert {"Block", "inner", "fc: Linear"} <= set(drawn(block(np.ones(2)).sum()))


def test_names_after_parts_were_called_alone():
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Linear(2, 1, rng=0))
    model[0](np.ones(2))
    assert {"0.weight", "1.weight"} <= set(drawn(model(np.ones(2)).sum()))


def test_a_scope_is_entered_once_and_has_an_owner():
    once = scope("a")
    with once, pytest.raises(RuntimeError, match="entered once"), once:
        pass
    with pytest.raises(TypeError, match="weak reference"):
        scope(3)


def test_names_of_variables_and_of_parameters():
    w = [Value(1.0), Value(2.0)]
    y = w[0] * w[1]
    assert {"w[0]", "w[1]", "y"} <= set(drawn(y, names={"w": w, "y": y}))
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=0))
    out = model(np.ones((1, 2))).sum()
    assert {"0.weight", "0.bias", "2.weight", "2.bias"} <= set(drawn(out))
    assert {"model.0.weight"} <= set(drawn(out, names={"model": model}))


def test_arrays_are_named_by_variables():
    data = np.arange(20.0).reshape(5, 4)
    y = (Value(np.ones((4, 1)), label="w").T * data).sum()
    assert "data" in drawn(y, names={"data": data, 1: data, "_": data})
    assert "array of shape (5, 4)" in drawn(y)
    with pytest.raises(TypeError, match=r"locals\(\)"):
        draw(y, names=["data"])


def test_classes_among_the_variables_are_no_modules():
    x = Value(1.0)
    assert "x" in drawn(x * 2, names={"Linear": nn.Linear, "np": np, "x": x})
