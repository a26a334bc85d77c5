"""Modules: how parameters are found, state, modes, and what a repr looks like."""

import copy
import pickle

import numpy as np
import pytest

import nn
from autograd import ShapeMismatch, Value


class Shared(nn.Module):
    def __init__(self):
        self.first = nn.Linear(2, 2, rng=0)
        self.again = self.first
        self.parts = {"a": [nn.Linear(2, 1, rng=1), (nn.Dropout(0.1), Value(1.0))]}
        self.scale = Value(2.0)
        self.count = 3


def test_parameters_are_found_wherever_they_are_and_once():
    model = Shared()
    names = [name for name, _ in model.named_parameters()]
    assert names == [
        "first.weight", "first.bias", "parts.a.0.weight", "parts.a.0.bias", "parts.a.1.1", "scale",
    ]  # fmt: skip
    assert len(model.parameters()) == 6
    assert model.parameters()[0] is model.first.weight


def test_sequential_names_its_layers_by_their_place():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert [name for name, _ in model.named_parameters()] == [
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    ]
    assert len(model) == 3
    assert len(model[:2]) == 2
    assert model[0] is next(iter(model))
    with pytest.raises(TypeError, match="layer 1"):
        nn.Sequential(nn.ReLU(), 3)


def test_state_goes_out_and_in_as_copies():
    model, other = Shared(), Shared()
    for p in other.parameters():
        p.data = p.data * 0
    state = model.state_dict()
    other.load_state_dict(state)
    assert all(
        (a.data == b.data).all() if a.ndim else a.data == b.data
        for a, b in zip(model.parameters(), other.parameters(), strict=True)
    )
    state["first.weight"][...] = 9
    assert not (model.first.weight.data == 9).any()
    assert type(other.scale.data) is float


def test_all_that_is_wrong_is_named_at_once_and_nothing_loaded():
    model = nn.Linear(2, 3)
    before = model.weight.data.copy()
    with pytest.raises(
        ValueError,
        match=r"weight has the shape \(2, 3\), not \(3, 2\); bias is missing; extra is unexpected",
    ):
        model.load_state_dict({"weight": np.ones((3, 2)), "extra": 1.0})
    with pytest.raises(ValueError, match="bias is missing"):
        model.load_state_dict({"weight": np.ones((2, 3))})
    assert (model.weight.data == before).all()
    model.load_state_dict({"weight": np.ones((2, 3)), "extra": 1.0}, strict=False)
    assert (model.weight.data == 1).all()


def test_train_and_eval_reach_every_part():
    model = Shared()
    dropout = model.parts["a"][1][0]
    assert model.eval() is model
    assert (model.training, dropout.training) == (False, False)
    model.train()
    assert (model.training, dropout.training) == (True, True)


def test_dtypes():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).astype(np.float32)
    y = model(np.ones((4, 2), "f4"))
    assert y.dtype == np.float32
    nn.mse_loss(y, np.zeros((4, 1), "f4")).backward()
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype("f4")}
    assert nn.Linear(2, 2, dtype="f4").bias.dtype == np.float32


def test_copies_have_weights_of_their_own():
    model = Shared()
    for duplicate in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert duplicate.first is duplicate.again
        duplicate.scale.data = 7.0
        duplicate.first.weight.data[...] = 0
        assert model.scale.data == 2.0
        assert model.first.weight.data.any()


def test_repr():
    model = nn.Sequential(
        nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Softmax(axis=1)), nn.Dropout(0.2)
    )
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Softmax(axis=1)\n"
        "  )\n"
        "  (2): Dropout(p=0.2)\n"
        ")"
    )


def test_linear():
    layer = nn.Linear(3, 2, rng=0)
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(layer(x).data, x @ layer.weight.data + layer.bias.data)
    assert abs(layer.weight.data).max() <= 1 / np.sqrt(3)
    assert layer(np.ones(3)).shape == (2,)
    assert layer(np.ones((4, 5, 3))).shape == (4, 5, 2)
    assert layer([1.0, 2.0, 3.0]).shape == (2,)
    without = nn.Linear(3, 2, bias=False)
    assert len(without.parameters()) == 1
    with pytest.raises(ShapeMismatch, match=r"Linear\(in_features=3.*\(\.\.\., 3\), not \(2, 4\)"):
        layer(np.ones((2, 4)))
    with pytest.raises(ShapeMismatch):
        layer(1.0)
    with pytest.raises(ValueError, match="at least 1"):
        nn.Linear(0, 2)


def test_dropout():
    layer = nn.Dropout(0.25, rng=0)
    x = np.ones((200, 50))
    y = layer(x)
    assert y.mean() == pytest.approx(1.0, abs=0.02)
    assert sorted(set(y.ravel().tolist())) == [0.0, pytest.approx(4 / 3)]
    assert layer.eval()(x) is x
    v = Value(x)
    z = layer.train()(v)
    z.sum().backward()
    np.testing.assert_array_equal(v.grad, z.data)
    assert nn.Dropout(1.0)(np.ones(3)).tolist() == [0, 0, 0]
    assert nn.dropout(np.ones(3, "f4"), 0.5).dtype == np.float32
    for attempt in (lambda: nn.Dropout(1.5), lambda: nn.dropout(x, -0.1)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            attempt()


def test_seeds():
    nn.manual_seed(3)
    a = nn.Linear(4, 4)
    nn.manual_seed(3)
    b = nn.Linear(4, 4)
    assert (a.weight.data == b.weight.data).all()
    assert (nn.Linear(4, 4, rng=5).weight.data == nn.Linear(4, 4, rng=5).weight.data).all()
    assert not (nn.Linear(4, 4, rng=5).weight.data == nn.Linear(4, 4, rng=6).weight.data).all()


def test_a_module_without_forward_says_so():
    with pytest.raises(TypeError, match="forward"):
        nn.Module()(1.0)


def test_subclasses_of_sequential_keep_what_they_add():
    class Net(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Linear(2, 2))
            self.scale = Value(1.0)
            self.drop = nn.Dropout()

    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "scale"]
    assert not net.eval().drop.training


def test_copies_of_dropout_follow_the_seed():
    layer = copy.deepcopy(nn.Dropout(0.5))
    masks = []
    for _ in range(2):
        nn.manual_seed(0)
        masks.append(layer(np.ones(50)).tolist())
    assert masks[0] == masks[1]


def test_parameters_stay_real_or_complex():
    with pytest.raises(TypeError, match="int64"):
        nn.Linear(2, 2).astype(int)


def test_a_state_that_cannot_be_converted_changes_nothing():
    model = nn.Linear(1, 1)
    before = model.weight.data.copy()
    with pytest.raises(ValueError, match="bias is of <U1, not float64"):
        model.load_state_dict({"weight": [[5.0]], "bias": ["a"]})
    assert (model.weight.data == before).all()
    model.load_state_dict(dict(nn.Linear(1, 1, rng=0).named_parameters()))


def test_linear_broadcasts_its_bias_as_the_formula_does():
    x, w, b = np.ones((4, 3), "f4"), Value(np.ones((3, 2), "f4")), Value(1.0)
    y = nn.linear(x, w, b)
    assert y.data.tolist() == [[4, 4]] * 4
    y.sum().backward()
    assert b.grad == 8.0
    rows = Value(np.ones((4, 2)))
    nn.linear(x, w, rows).sum().backward()
    assert rows.grad.tolist() == [[1, 1]] * 4
    assert nn.linear(np.ones((1, 2), int), np.ones((2, 2), int), np.ones(2)).tolist() == [[3, 3]]


@pytest.mark.parametrize("wrong", [None, "weights.npz", [1.0], nn.Linear(1, 1)])
def test_a_state_is_a_mapping(wrong):
    with pytest.raises(TypeError, match="state_dict"):
        nn.Linear(1, 1).load_state_dict(wrong)


def test_ragged_lists_are_said_with_their_name():
    with pytest.raises(ValueError, match="weight"):
        nn.Linear(1, 2).load_state_dict({"weight": [[1.0], [1.0, 2.0]], "bias": [1.0, 2.0]})


def test_modules_are_named_once_from_the_outside_in():
    model = Shared()
    model.itself = model
    assert [name for name, _ in model.named_modules()] == ["", "first", "parts.a.0", "parts.a.1.0"]
    assert model.modules()[0] is model
    assert model.modules() == [part for _, part in model.named_modules()]
    nested = nn.Sequential(nn.ModuleList([nn.ReLU()]), nn.ModuleDict({"a": nn.Tanh()}))
    assert [name for name, _ in nested.named_modules()] == ["", "0", "0.0", "1", "1.a"]


# ------------------------------------------------------------------------------------- notes


def notes(model, x):
    with pytest.raises(ShapeMismatch) as caught:
        model(x)
    return str(caught.value), getattr(caught.value, "__notes__", [])


def test_an_error_names_the_layer_and_its_place():
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)))
    text, added = notes(model, np.ones((5, 2)))
    assert text.startswith("Linear(in_features=4, out_features=1, bias=True) takes")
    assert added == ["It is layer 1 of a Sequential of 2."] * 2


def test_an_error_of_a_function_names_the_innermost_layer():
    class Adding(nn.Module):
        def forward(self, x):
            return nn.layer_norm(x, 7)

        def extra_repr(self):
            return "of 7"

    text, added = notes(nn.Sequential(nn.Tanh(), Adding()), np.ones(3))
    assert "Adding" not in text
    assert added == ["It was raised in Adding(of 7).", "It is layer 1 of a Sequential of 2."]


def test_other_errors_stay_as_they_are():
    def breaks(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        nn.Sequential(nn.ReLU(), breaks)(np.ones(3))
    assert not hasattr(caught.value, "__notes__")
