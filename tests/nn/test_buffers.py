"""Buffers: arrays that are saved and loaded with the parameters, but not trained."""

import copy
import pickle

import numpy as np
import pytest

import nn
from autograd import Value


class Counting(nn.Module):
    """A parameter and buffers, one of which may be missing, in a part as well."""

    def __init__(self, part=None):
        self.scale = Value(2.0)
        self.register_buffer("mean", np.zeros(3))
        self.register_buffer("steps", np.array(0))
        self.register_buffer("absent", None)
        self.other = np.ones(3)  # an array that is no buffer
        self.parts = [part]

    def forward(self, x):
        self.steps = self.steps + 1
        return x * self.scale


def test_buffers_are_named_by_their_way_and_once():
    part = Counting()
    model = nn.Sequential(part, part, Counting(nn.BatchNorm1d(3)))
    own = ["mean", "steps"]
    running = ["running_mean", "running_var", "num_batches_tracked"]
    assert [name for name, _ in model.named_buffers()] == [
        *(f"0.{name}" for name in own),
        *(f"2.{name}" for name in own),
        *(f"2.parts.0.{name}" for name in running),
    ]
    assert dict(model.named_buffers())["0.mean"] is part.mean
    assert [name for name, _ in part.named_parameters()] == ["scale"]
    assert part.absent is None


def test_a_buffer_may_be_registered_again_and_of_a_list():
    model = nn.Module()
    for data in (None, [1.0, 2.0], np.arange(3)):
        model.register_buffer("mean", data)
    assert [(name, x.tolist()) for name, x in model.named_buffers()] == [("mean", [0, 1, 2])]
    assert not list(nn.Module().named_buffers())


@pytest.mark.parametrize("data", [["a", None], "text", np.array([object()])])
def test_buffers_are_numbers(data):
    with pytest.raises(TypeError, match="mean"):
        nn.Module().register_buffer("mean", data)


@pytest.mark.parametrize("name", ["a.b", "", 3])
def test_a_buffer_has_a_name_without_a_dot(name):
    with pytest.raises((TypeError, ValueError), match="name"):
        nn.Module().register_buffer(name, np.ones(2))


def test_buffers_do_not_take_the_place_of_parameters_or_methods():
    model = nn.Linear(2, 2)
    for name in ("weight", "forward"):
        with pytest.raises((KeyError, TypeError, ValueError), match=name):
            model.register_buffer(name, np.ones(2))


def test_state_holds_copies_of_buffers():
    model, other = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    model.num_batches_tracked += 2**53 + 1
    state = model.state_dict()
    state["running_mean"][...] = [5.0, 6.0]
    assert model.running_mean.tolist() == [0, 0]
    other.load_state_dict(state)
    assert (other.running_mean.tolist(), int(other.num_batches_tracked)) == ([5, 6], 2**53 + 1)
    state["running_mean"][...] = 9
    assert other.running_mean.tolist() == [5, 6]
    assert other.num_batches_tracked.dtype == np.int64


def test_loading_does_not_write_into_the_array_that_was_registered():
    given = np.zeros(2)
    model = nn.Module()
    model.register_buffer("mean", given)
    model.load_state_dict({"mean": [1.0, 2.0]})
    assert (model.mean.tolist(), given.tolist()) == ([1, 2], [0, 0])


@pytest.mark.parametrize("buffer", [np.broadcast_to(0.0, 3), np.frombuffer(bytes(24))])
def test_buffers_that_are_read_only_are_loaded_too(buffer):
    model = Counting()
    model.register_buffer("mean", buffer)
    model.load_state_dict({"scale": 5.0, "mean": [1.0, 2.0, 3.0], "steps": 4})
    assert (model.scale.data, model.mean.tolist(), int(model.steps)) == (5, [1, 2, 3], 4)


def test_buffers_may_be_set_to_numbers():
    model = Counting()
    model(np.ones(3))  # steps is np.int64 now
    model.load_state_dict({"scale": 5.0, "mean": [1.0, 2.0, 3.0], "steps": 7})
    assert (model.scale.data, int(model.steps)) == (5, 7)
    model.steps = 3
    assert int(model.state_dict()["steps"]) == 3
    model.astype(np.float32).load_state_dict(Counting().state_dict())
    assert (int(model.steps), model.mean.dtype) == (0, np.float32)


def test_loading_is_strict_about_buffers_as_about_parameters():
    model = nn.Sequential(nn.BatchNorm1d(2))
    good = model.state_dict()
    with pytest.raises(ValueError, match="Sequential cannot load") as caught:
        model.load_state_dict(
            {"0.weight": [9, 9], "0.running_mean": np.zeros(3), "0.steps": 1, "0.bias": [1, 1j]}
        )
    for part in (
        "0.running_mean has the shape (2,), not (3,)",
        "0.running_var is missing",
        "0.num_batches_tracked is missing",
        "0.steps is unexpected",
        "0.bias is of complex128, not float64",
    ):
        assert part in str(caught.value)
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, good[name])
    model.load_state_dict({"0.running_var": [4, 5], "0.steps": 1}, strict=False)
    assert model[0].running_var.tolist() == [4, 5]
    with pytest.raises(ValueError, match="running_var has the shape"):
        model.load_state_dict({"0.running_var": 4.0}, strict=False)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 2.5, np.uint64(2**63 + 5)])
def test_counts_are_whole_numbers(wrong):
    model = nn.BatchNorm1d(2)
    with pytest.raises(ValueError, match="num_batches_tracked"):
        model.load_state_dict(model.state_dict() | {"num_batches_tracked": wrong})


@pytest.mark.parametrize("dtype", ["f4", "f2", "c16"])
def test_astype_takes_buffers_along_but_not_integers(dtype):
    model = nn.Sequential(nn.BatchNorm1d(2), Counting()).astype(dtype)
    assert {x.dtype for x in model.parameters()} == {np.dtype(dtype)}
    dtypes = {name: x.dtype for name, x in model.named_buffers()}
    assert dtypes.pop("0.num_batches_tracked") == dtypes.pop("1.steps") == np.int64
    assert set(dtypes.values()) == {np.dtype(dtype)}
    state = model.state_dict()
    model.load_state_dict(nn.Sequential(nn.BatchNorm1d(2), Counting()).state_dict())
    assert {name: x.dtype for name, x in model.state_dict().items()} == {
        name: x.dtype for name, x in state.items()
    }


def test_copies_have_buffers_of_their_own():
    model = nn.Sequential(nn.BatchNorm1d(2), Counting())
    for duplicate in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        duplicate(np.array([[1.0, 2.0], [3.0, 5.0]]))
        assert list(dict(duplicate.named_buffers())) == list(dict(model.named_buffers()))
        assert int(duplicate[0].num_batches_tracked) == 1
        assert int(model[0].num_batches_tracked) == 0
        assert not model[0].running_mean.any()
