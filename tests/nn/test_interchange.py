"""Weights from PyTorch and for it: layouts and names; the tensors only look like PyTorch's."""

import builtins
import sys
import types

import numpy as np
import pytest

import nn
from autograd import Value

# Each layer, and the shapes in which PyTorch keeps its parameters and buffers.
PYTORCH = {
    "Linear": (nn.Linear(2, 3), {"weight": (3, 2), "bias": (3,)}),
    "Bilinear": (nn.Bilinear(2, 3, 4), {"weight": (4, 2, 3), "bias": (4,)}),
    "Embedding": (nn.Embedding(5, 2), {"weight": (5, 2)}),
    "Conv1d": (nn.Conv1d(2, 3, 4), {"weight": (3, 2, 4), "bias": (3,)}),
    "Conv2d": (nn.Conv2d(4, 6, (3, 5), groups=2), {"weight": (6, 2, 3, 5), "bias": (6,)}),
    "Conv3d": (nn.Conv3d(2, 3, (4, 5, 6)), {"weight": (3, 2, 4, 5, 6), "bias": (3,)}),
    "ConvTranspose1d": (nn.ConvTranspose1d(2, 3, 4), {"weight": (2, 3, 4), "bias": (3,)}),
    "ConvTranspose2d": (
        nn.ConvTranspose2d(4, 6, (2, 5), groups=2),
        {"weight": (4, 3, 2, 5), "bias": (6,)},
    ),
    "BatchNorm1d": (
        nn.BatchNorm1d(3),
        {
            "weight": (3,),
            "bias": (3,),
            "running_mean": (3,),
            "running_var": (3,),
            "num_batches_tracked": (),
        },
    ),
    "InstanceNorm2d": (nn.InstanceNorm2d(3), {}),
    "LayerNorm": (nn.LayerNorm((2, 3)), {"weight": (2, 3), "bias": (2, 3)}),
    "RMSNorm": (nn.RMSNorm((2, 3)), {"weight": (2, 3)}),
    "GroupNorm": (nn.GroupNorm(1, 3), {"weight": (3,), "bias": (3,)}),
    "PReLU": (nn.PReLU(3), {"weight": (3,)}),
    "RNN": (
        nn.RNN(5, 2, bidirectional=True),
        {
            f"{kind}_l0{way}": shape
            for way in ("", "_reverse")
            for kind, shape in {
                "weight_ih": (2, 5),
                "weight_hh": (2, 2),
                "bias_ih": (2,),
                "bias_hh": (2,),
            }.items()
        },
    ),
    "LSTM": (
        nn.LSTM(5, 2, 2, bias=False, bidirectional=True),
        {
            f"weight_{kind}_l{k}{way}": (8, {"ih": (5, 4)[k], "hh": 2}[kind])
            for k in range(2)
            for way in ("", "_reverse")
            for kind in ("ih", "hh")
        },
    ),
    "GRU": (
        nn.GRU(5, 2),
        {"weight_ih_l0": (6, 5), "weight_hh_l0": (6, 2), "bias_ih_l0": (6,), "bias_hh_l0": (6,)},
    ),
    "MultiheadAttention": (
        nn.MultiheadAttention(4, 2, bias=False),
        {"in_proj_weight": (12, 4), "out_proj.weight": (4, 4)},
    ),
    "MultiheadAttention of other widths": (
        nn.MultiheadAttention(4, 2, kdim=3, vdim=5),
        {
            "q_proj_weight": (4, 4),
            "k_proj_weight": (4, 3),
            "v_proj_weight": (4, 5),
            "in_proj_bias": (12,),
            "out_proj.weight": (4, 4),
            "out_proj.bias": (4,),
        },
    ),
}
TRANSPOSED = {
    "Linear": {"weight"},
    "RNN": {f"weight_{k}_l0{way}" for k in ("ih", "hh") for way in ("", "_reverse")},
    "LSTM": set(PYTORCH["LSTM"][1]),
    "GRU": {"weight_ih_l0", "weight_hh_l0"},
    "MultiheadAttention": {"in_proj_weight", "out_proj.weight"},
    "MultiheadAttention of other widths": {
        "q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight",
    },
}  # fmt: skip


class Tensor:
    """What from_torch uses of a tensor: it has to leave the graph and the device first."""

    def __init__(self, data, dtype="torch.float64", on=("graph", "device")):
        self.data, self.dtype, self.on = np.asarray(data), dtype, on

    def detach(self):
        return Tensor(self.data, self.dtype, tuple(x for x in self.on if x != "graph"))

    def cpu(self):
        return Tensor(self.data, self.dtype, tuple(x for x in self.on if x != "device"))

    def float(self):
        return Tensor(self.data.astype("f4"), "torch.float32", self.on)

    def numpy(self):
        assert not self.on
        assert self.dtype != "torch.bfloat16", "NumPy has none"
        return self.data


@pytest.fixture
def torch(monkeypatch):
    """A module of this name, with all that to_torch uses."""
    module = types.ModuleType("torch")
    module.from_numpy = Tensor
    monkeypatch.setitem(sys.modules, "torch", module)


def numbered(shapes):
    """Arrays of these shapes, no two elements of which are the same."""
    arrays, start = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        arrays[name] = np.arange(start, start + size).reshape(shape) + 0.0
        start += size
    return arrays


def nested():
    """A model in which layers stand in containers of every kind, and theirs by name."""
    linear = {"weight": (3, 2), "bias": (3,)}
    model = nn.Module()
    model.parts = nn.Sequential(nn.ReLU(), nn.Residual(nn.Linear(2, 3)))
    model.items = nn.ModuleList([nn.Linear(2, 3), nn.GRU(5, 2)])
    model.named = nn.ModuleDict({"head": nn.Linear(2, 3)})
    model.plain = [{"a": (nn.Linear(2, 3), nn.Embedding(5, 2))}]
    within = {
        "parts.1.inner": linear,
        "items.0": linear,
        "items.1": PYTORCH["GRU"][1],
        "named.head": linear,
        "plain.0.a.0": linear,
        "plain.0.a.1": {"weight": (5, 2)},
    }
    names = {f"{way}.{name}": s for way, shapes in within.items() for name, s in shapes.items()}
    return model, names, {name for name, s in names.items() if len(s) == 2} - {"plain.0.a.1.weight"}


def transformer():
    vector, attention = (4,), {"in_proj_weight": (12, 4), "out_proj.weight": (4, 4)}
    attention |= {"in_proj_bias": (12,), "out_proj.bias": vector}
    linear = {"linear1.weight": (3, 4), "linear1.bias": (3,)}
    linear |= {"linear2.weight": (4, 3), "linear2.bias": vector}
    one = {
        f"{part}.{n}": s for part in ("self_attn", "multihead_attn") for n, s in attention.items()
    }
    one |= linear | {f"norm{k}.{n}": vector for k in (1, 2, 3) for n in ("weight", "bias")}
    model = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 3), 2)
    shapes = {f"layers.{k}.{name}": shape for k in range(2) for name, shape in one.items()}
    return model, shapes, {name for name, shape in shapes.items() if len(shape) == 2}


ROWS = [(*row, TRANSPOSED.get(name, set())) for name, row in PYTORCH.items()]
IDS = [*PYTORCH, "nested", "transformer"]
every_layer = pytest.mark.parametrize(
    ("model", "shapes", "turned"), [*ROWS, nested(), transformer()], ids=IDS
)


@every_layer
def test_what_pytorch_keeps_transposed_is_transposed_and_nothing_else(model, shapes, turned):
    assert model.transposed_names() == turned
    theirs = numbered(shapes)
    model.load_state_dict(nn.from_torch({name: Tensor(x) for name, x in theirs.items()}))
    ours = model.state_dict()
    assert set(ours) == set(theirs)
    for name, x in theirs.items():
        np.testing.assert_array_equal(ours[name], x.T if name in turned else x)


@every_layer
def test_what_goes_to_pytorch_comes_back(torch, model, shapes, turned):
    before = model.state_dict()
    tensors = nn.to_torch(model)
    assert {name: tensor.data.shape for name, tensor in tensors.items()} == shapes
    for name, tensor in tensors.items():
        assert tensor.data.flags.c_contiguous
        assert tensor.data.dtype == before[name].dtype
    for p in model.parameters():
        p.data = np.zeros(p.shape)
    model.load_state_dict(nn.from_torch(tensors))
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


def test_tensors_are_copies_which_pytorch_may_train(torch):
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.BatchNorm1d(2))
    before = model.state_dict()
    for tensor in nn.to_torch(model).values():
        tensor.data[...] = 9
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


def test_what_was_loaded_does_not_change_with_pytorchs_tensors():
    tensors = {"weight": Tensor(np.ones((3, 2))), "bias": Tensor(np.ones(3))}
    model = nn.Linear(2, 3)
    model.load_state_dict(nn.from_torch(tensors))
    for tensor in tensors.values():
        tensor.data[...] = 9
    assert (model.weight.data == 1).all()
    assert (model.bias.data == 1).all()


def test_dtypes_are_the_models_and_bfloat16_becomes_single_precision():
    state = nn.from_torch({"weight": Tensor(np.ones((3, 2)), "torch.bfloat16")})
    assert state["weight"].dtype == np.float32
    for dtype in ("f4", "f8"):
        model = nn.Linear(2, 3, bias=False, dtype=dtype)
        model.load_state_dict(state)
        assert model.weight.dtype == dtype


def test_buffers_and_integers_are_taken_as_they_are(torch):
    model = nn.BatchNorm1d(2)
    theirs = model.state_dict() | {"num_batches_tracked": np.array(2**53 + 1)}
    theirs["running_mean"] = np.array([1.0, 2.0])
    model.load_state_dict(nn.from_torch({name: Tensor(x) for name, x in theirs.items()}))
    assert int(model.num_batches_tracked) == 2**53 + 1
    assert model.running_mean.tolist() == [1, 2]
    assert nn.to_torch(model)["num_batches_tracked"].data.dtype == np.int64


def test_a_module_of_pytorchs_does_as_well():
    class Theirs:
        def state_dict(self):
            return {"weight": Tensor(np.arange(6.0).reshape(3, 2)), "bias": Tensor(np.zeros(3))}

    model = nn.Linear(2, 3)
    model.load_state_dict(nn.from_torch(Theirs()))
    assert model.weight.data.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_a_module_of_ours_is_not_taken_for_pytorchs():
    model = nn.Linear(3, 3, rng=0)  # square: a wrong layout would fit
    with pytest.raises(TypeError, match="state_dict"):
        nn.from_torch(model)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "weights.pt",
        [np.ones(2)],
        np.ones(2),
        {"state_dict": {"weight": np.ones(2)}, "epoch": 3},
        {"state": {}, "param_groups": [{"lr": 0.1}]},
        {"weight": "text"},
        {"weight": None},
        {"weight": Value([1.0])},
    ],
)
def test_what_holds_no_arrays_by_name_is_refused(given):
    with pytest.raises(TypeError, match="from_torch"):
        nn.from_torch(given)


def test_arrays_and_lists_do_as_well():
    model = nn.Linear(2, 2)
    model.load_state_dict(nn.from_torch({"weight": [[1, 2], [3, 4]], "bias": np.zeros(2, "f4")}))
    assert model.weight.data.tolist() == [[1, 3], [2, 4]]


def test_what_is_missing_unexpected_or_of_another_shape_is_said_and_nothing_loaded():
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.GRU(2, 4))
    before = model.state_dict()
    given = {"0.weight": np.ones((5, 2)), "1.weight_ih_l0": np.ones(12), "2.bias": np.ones(3)}
    with pytest.raises(ValueError, match="Sequential cannot load this") as caught:
        model.load_state_dict(nn.from_torch(given))
    for part in ("0.weight has", "1.weight_ih_l0 has", "0.bias is missing", "2.bias is unexpected"):
        assert part in str(caught.value)
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


def test_a_square_weight_stays_pytorchs_when_names_are_changed():
    theirs = nn.from_torch({"weight": np.array([[1.0, 2.0], [3.0, 4.0]])})
    for state in (theirs.copy(), theirs | {}):
        model = nn.Linear(2, 2, bias=False)
        model.load_state_dict(state)
        assert model.weight.data.tolist() == [[1, 3], [2, 4]]


def test_a_weight_that_has_another_name_first_is_transposed_too(torch):
    model = nn.Module()
    layer = nn.Linear(2, 3, bias=False)
    model.first, model.layer = layer.weight, layer
    assert nn.to_torch(model)["first"].data.shape == (3, 2)
    model.load_state_dict(nn.from_torch({"first": np.arange(6.0).reshape(3, 2)}))
    assert layer.weight.data.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_without_pytorch_to_torch_says_what_to_do(monkeypatch):
    real = builtins.__import__

    def importing(name, *args):
        if name == "torch":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ImportError, match=r'not installed; nn\.save\(model, "weights\.safetensors'):
        nn.to_torch(nn.Linear(2, 3))
    nn.from_torch({"weight": Tensor(np.ones(3))})  # which needs none
