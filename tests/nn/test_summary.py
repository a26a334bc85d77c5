"""The table of a network's layers: its numbers counted by hand, and the model left as it was."""

import numpy as np
import pytest

import nn
from autograd import ShapeMismatch, Value, no_grad


class Calling(nn.Module):
    """A module of a function, and the parts that it calls."""

    def __init__(self, function, *parts):
        self.function, self.parts = function, list(parts)

    def forward(self, *args, **kwargs):
        return self.function(*self.parts, *args, **kwargs)


def row(table, kind, k=0):
    return [r for r in table.rows if r.kind == kind][k]


def test_a_convolutional_network():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, rng=0),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 4, 10, rng=0),
    )
    table = nn.summary(model, np.ones((2, 3, 8, 8)))
    assert [(r.name, r.kind, r.depth, r.output, r.parameters) for r in table.rows] == [
        ("", "Sequential", 0, "(2, 10)", 0),
        ("0", "Conv2d", 1, "(2, 4, 8, 8)", 3 * 4 * 9 + 4),
        ("1", "BatchNorm2d", 1, "(2, 4, 8, 8)", 8),
        ("2", "ReLU", 1, "(2, 4, 8, 8)", 0),
        ("3", "MaxPool2d", 1, "(2, 4, 4, 4)", 0),
        ("4", "Flatten", 1, "(2, 64)", 0),
        ("5", "Linear", 1, "(2, 10)", 650),
    ]
    assert row(table, "Conv2d").multiply_adds == 2 * 4 * 8 * 8 * 3 * 9
    assert row(table, "Linear").multiply_adds == 2 * 64 * 10
    assert table.multiply_adds == 2 * 4 * 8 * 8 * 3 * 9 + 2 * 64 * 10
    assert table.parameters == 3 * 4 * 9 + 4 + 8 + 650
    assert table.parameter_memory == 8 * (table.parameters + 4 + 4 + 1)
    assert row(table, "ReLU").memory == 8 * 2 * 4 * 8 * 8
    assert row(table, "MaxPool2d").memory == 8 * 2 * 4 * 4 * 4
    assert row(table, "Flatten").memory == 0  # a view
    assert table.memory == sum(r.memory for r in table.rows)


T, N, D, H = 7, 2, 3, 5


@pytest.mark.parametrize(
    ("layer", "shape", "multiply_adds", "parameters"),
    [
        (nn.Linear(4, 8), (5, 4), 5 * 4 * 8, 40),
        (nn.Linear(4, 8, bias=False), (5, 4), 5 * 4 * 8, 32),
        (nn.Linear(4, 8), (2, 3, 4), 6 * 4 * 8, 40),
        (nn.Linear(4, 8), (4,), 4 * 8, 40),
        (nn.Conv1d(2, 4, 3, stride=2), (1, 2, 9), 4 * 4 * 2 * 3, 28),
        (nn.Conv2d(4, 6, 3, groups=2), (2, 4, 5, 5), 2 * 6 * 9 * 2 * 9, 6 * 2 * 9 + 6),
        (nn.Conv3d(1, 2, 2), (1, 1, 3, 3, 3), 2 * 8 * 8, 18),
        (nn.Conv2d(1, 2, 3, dilation=2), (1, 1, 6, 6), 2 * 4 * 9, 20),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (1, 4, 5, 5), 100 * 3 * 9, 4 * 27 + 6),
        (nn.ConvTranspose1d(2, 3, 4), (1, 2, 5), 10 * 3 * 4, 27),
        (nn.RNN(D, H), (T, N, D), T * N * H * (D + H), H * (D + H + 2)),
        (nn.GRU(D, H), (T, N, D), 3 * T * N * H * (D + H), 3 * H * (D + H + 2)),
        (nn.LSTM(D, H), (T, N, D), 4 * T * N * H * (D + H), 4 * H * (D + H + 2)),
        (
            nn.LSTM(D, H, 2, bidirectional=True, bias=False),
            (T, N, D),
            2 * 4 * T * N * H * (D + H + 2 * H + H),
            2 * 4 * H * (D + H + 2 * H + H),
        ),
        (nn.LayerNorm(4), (5, 4), 0, 8),
        (nn.ReLU(), (5, 4), 0, 0),
    ],
)
def test_multiply_adds_and_parameters_by_formula(layer, shape, multiply_adds, parameters):
    table = nn.summary(layer, np.ones(shape))
    assert (table.multiply_adds, table.parameters) == (multiply_adds, parameters)
    assert len(table.rows) == 1


@pytest.mark.parametrize("memory_length", [None, 6])
def test_a_transformer(memory_length):
    d, heads, inner, length, batch = 8, 2, 16, 5, 4
    if memory_length is None:
        layer = nn.TransformerEncoderLayer(d, heads, inner, batch_first=True)
        table = nn.summary(nn.TransformerEncoder(layer, 2), np.ones((batch, length, d)))
        sources = [length]
    else:
        layer = nn.TransformerDecoderLayer(d, heads, inner, batch_first=True)
        memory = np.ones((batch, memory_length, d))
        table = nn.summary(nn.TransformerDecoder(layer, 2), np.ones((batch, length, d)), memory)
        sources = [length, memory_length]
    # query and output, key and value; scores and sums; the two linear maps
    attention = [2 * length * d * d + 2 * s * d * d + 2 * length * s * d for s in sources]
    one = batch * (sum(attention) + 2 * length * d * inner)
    assert table.multiply_adds == 2 * one
    maps = len(sources) * (4 * d * d + 4 * d) + 2 * d * inner + inner + d
    assert table.parameters == 2 * (maps + (len(sources) + 1) * 2 * d)
    assert sum(r.parameters for r in table.rows) == table.parameters
    assert {r.output for r in table.rows if r.kind == "LayerNorm"} == {"(4, 5, 8)"}
    assert max(r.depth for r in table.rows) == 3


@pytest.mark.parametrize(
    ("function", "multiply_adds"),
    [
        (lambda x, w: x @ w, 24),
        (lambda x, w: np.dot(x, w), 24),
        (lambda x, w: np.dot(2.0, x), 0),
        (lambda x, w: np.dot(x[0], w[:, 0]), 3),
        (lambda x, w: [[1.0] * 4] @ x, 12),
        (lambda x, w: np.matmul(x[None], w), 24),
        (lambda x, w: np.tensordot(x, w, 1), 24),
        (lambda x, w: np.inner(x, w.T), 24),
        (lambda x, w: np.einsum("ij,jk->ik", x, w), 24),
        (lambda x, w: np.einsum("...j,jk", x, w), 24),
        (lambda x, w: np.einsum("ij,ij->ij", x, np.ones((1, 3))), 12),
        (lambda x, w: np.einsum(x, [0, 1], w, [1, 2]), 24),
        (lambda x, w: nn.functional.bilinear(x, x, np.ones((5, 3, 3))), 4 * 5 * 9),
        (lambda x, w: x * 2 + 1, 0),
        (lambda x, w: np.sum(x), 0),
    ],
)
def test_products_by_formula(function, multiply_adds):
    w = Value(np.ones((3, 2)))
    table = nn.summary(Calling(lambda x: function(x, w)), np.ones((4, 3)))
    assert table.multiply_adds == multiply_adds


def test_layers_that_are_shared_count_once_and_work_each_time():
    shared = nn.Linear(3, 3)
    table = nn.summary(nn.Sequential(shared, nn.ReLU(), shared), np.ones((2, 3)))
    assert [r.parameters for r in table.rows] == [0, 12, 0, None]
    assert (table.parameters, table.multiply_adds) == (12, 2 * 2 * 9)
    assert [r.memory for r in table.rows] == [0, 48, 48, 48]
    assert str(table).count("(shared)") == 1
    tied = nn.Linear(3, 3)
    tied.weight = shared.weight
    table = nn.summary(nn.Sequential(shared, tied), np.ones((2, 3)))
    assert [r.parameters for r in table.rows] == [0, 12, 3]
    assert table.parameters == 15


def test_what_is_there_already_is_no_memory_of_a_call():
    model = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Dropout(0.5))
    assert nn.summary(model, np.ones((2, 3, 4))).memory == 0
    x = Value(np.ones((2, 3)))
    assert nn.summary(Calling(lambda x: x.T), x * 2).memory == 0
    single = nn.summary(nn.Linear(2, 3, dtype="f4"), np.ones((5, 2), "f4"))
    assert (single.memory, single.parameter_memory) == (4 * 15, 4 * 9)


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=0), nn.BatchNorm2d(2), nn.Dropout(0.5, rng=3), nn.Dropout(0.5)
    )
    model[1].eval()
    model[0].weight.grad = np.ones((2, 1, 3, 3))
    attributes = [set(vars(module)) | {"training"} for module in model.modules()]
    state = model.state_dict()
    draws = [g.bit_generator.state for g in model.generators()]
    nn.summary(model, np.random.default_rng(0).normal(size=(2, 1, 5, 5)))
    assert [g.bit_generator.state for g in model.generators()] == draws
    assert [module.training for module in model.modules()] == [True, True, False, True, True]
    assert [set(vars(module)) | {"training"} for module in model.modules()] == attributes
    assert (model[0].weight.grad == 1).all()
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, state[name])


def test_a_forward_of_the_instance_is_kept():
    model = nn.Linear(2, 2)
    model.forward = twice = lambda x: x * 2
    assert nn.summary(model, np.ones(2)).multiply_adds == 0
    assert vars(model)["forward"] is twice


def test_the_call_is_in_evaluation_mode():
    seen = []
    part = Calling(lambda x: seen.append(part.training) or x)
    nn.summary(nn.Sequential(part), np.ones(3))
    assert seen == [False]
    assert part.training


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
def test_a_model_that_raises_stays_usable(error):
    def breaks(x):
        raise error

    model = nn.Sequential(nn.Linear(2, 2, rng=0), Calling(breaks))
    with pytest.raises(type(error)):
        nn.summary(model, np.ones(2))
    assert all(module.training for module in model.modules())
    assert not any("forward" in vars(module) for module in model.modules())
    assert model[0](np.ones(2)).shape == (2,)
    with pytest.raises(ShapeMismatch, match=r"\(\.\.\., 2\), not \(3,\)"):
        nn.summary(model, np.ones(3))
    assert nn.summary(model[0], np.ones(2)).multiply_adds == 4


def test_without_recording_the_numbers_are_the_same():
    model, x = nn.Sequential(nn.Linear(4, 8), nn.LSTM(8, 2)), np.ones((5, 4))
    expected = nn.summary(model, x)
    with no_grad():
        table = nn.summary(model, x)
    assert (table.multiply_adds, table.memory) == (expected.multiply_adds, expected.memory)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (lambda x: (x * 2, x + 1), "(2, 3), (2, 3)"),
        (lambda x: {"a": x * 2, "b": [np.sum(x), None]}, "(2, 3), ()"),
        (lambda x: (x, None), "(2, 3)"),
        (lambda x: x.data, "(2, 3)"),
        (lambda x: 1.0, "()"),
        (lambda x: None, ""),
    ],
)
def test_outputs_may_be_nested(output, shown):
    assert nn.summary(Calling(output), np.ones((2, 3))).rows[0].output == shown


def test_inputs_by_keyword_are_as_those_by_position():
    image = np.ones((1, 1, 4, 4))
    named, placed = nn.summary(nn.MaxPool2d(2), x=image), nn.summary(nn.MaxPool2d(2), image)
    assert named.memory == placed.memory == 32
    lengths = np.array([7, 3])
    table = nn.summary(nn.LSTM(D, H), np.ones((T, N, D)), lengths=lengths)
    assert table.multiply_adds == 4 * T * N * H * (D + H)


def test_inputs_may_be_integers_or_lists_or_numbers():
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2))
    for indices in (np.array([[1, 2]]), [[1, 2]]):
        table = nn.summary(model, indices)
        assert [r.output for r in table.rows] == ["(1, 2, 2)", "(1, 2, 3)", "(1, 2, 2)"]
        assert (table.parameters, table.multiply_adds) == (15 + 8, 12)
    assert nn.summary(nn.Linear(2, 1), [1.0, 2.0]).multiply_adds == 2
    assert nn.summary(Calling(lambda x: x * 2), 1.5).memory > 0


def test_inputs_may_be_several_arrays_in_one():
    state = np.zeros((1, N, H)), np.zeros((1, N, H))
    table = nn.summary(nn.LSTM(D, H), np.ones((T, N, D)), state)
    assert table.rows[0].output == "(7, 2, 5), (1, 2, 5), (1, 2, 5)"
    pair = [np.ones((2, 3)), np.ones((3, 4))]
    assert nn.summary(Calling(lambda both: both[0] @ both[1]), pair).multiply_adds == 24
    named = {"a": pair[0], "b": pair[1]}
    assert nn.summary(Calling(lambda both: both["a"] @ both["b"]), named).multiply_adds == 24


def test_what_a_layer_does_itself_is_not_what_its_parts_do():
    model = Calling(lambda part, x: part(x) @ np.ones((3, 4)), nn.Linear(2, 3))
    table = nn.summary(model, np.ones((5, 2)))
    assert [(r.kind, r.multiply_adds) for r in table.rows] == [("Calling", 60), ("Linear", 30)]


def test_scalar_networks():
    model = nn.MLP(2, [3, 1])
    table = nn.summary(model, [1.0, 2.0])
    assert [r.kind for r in table.rows] == ["MLP", "Layer", *["Neuron"] * 3, "Layer", "Neuron"]
    assert table.parameters == len(model.parameters()) == 13


def test_it_is_shown_as_a_table(capsys):
    model = nn.Sequential(nn.Linear(40, 50), nn.Sequential(nn.Tanh()))
    table = nn.summary(model, np.ones((1000, 40)))
    print(table)
    assert capsys.readouterr().out == (
        "layer            output shape  parameters  memory  multiply-adds\n"
        "────────────────────────────────────────────────────────────────\n"
        "Sequential       (1000, 50)             0     0 B              0\n"
        "  0: Linear      (1000, 50)         2,050  400 kB      2,000,000\n"
        "  1: Sequential  (1000, 50)             0     0 B              0\n"
        "    0: Tanh      (1000, 50)             0  400 kB              0\n"
        "────────────────────────────────────────────────────────────────\n"
        "parameters: 2,050, 16.4 kB with buffers\n"
        "memory of a call for backward: 800 kB\n"
        "multiply-adds of a call: 2,000,000\n"
    )
    assert repr(table) == str(table)


@pytest.mark.parametrize("model", [np.tanh, nn.Linear, None, "model", [nn.Linear(1, 1)]])
def test_what_is_no_module_is_refused(model):
    with pytest.raises(TypeError, match="takes a module first"):
        nn.summary(model, np.ones(1))
