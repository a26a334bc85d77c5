"""The numbers that PyTorch 2.13 has recorded (record.py) are this library's, name by name."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import nn
from autograd import Value
from nn.functional import activations
from nn.functional.losses import binary, classification, distances, regression
from nn.interchange import arrays_for_torch
from tests.nn.recorded_cases import CASES, Part, arrays_in, condensed, weights_of

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text())

# layers and functions that PyTorch has not
OURS = {"HingeLoss", "Layer", "MLP", "Neuron", "PositionalEncoding", "Residual"}
OURS |= {"RotaryPositionalEmbeddings", "hinge_loss"}
# what has no forward of its own
HOLDERS = {"Module", "ModuleDict", "ModuleList"}


def built(part):
    """The layer that is described, with layers among its arguments built too."""
    if not isinstance(part, Part):
        return part
    kwargs = {name: built(x) for name, x in part.kwargs.items()}
    return getattr(nn, part.layer)(*map(built, part.args), **kwargs)


def called(case):
    """The layer if it is one, the inputs as Values where they have gradients, and the outputs."""
    layer = function = getattr(nn, case.layer)
    if inspect.isclass(layer):
        layer = function = built(Part(case.layer, case.args, case.kwargs)).train(case.training)
        state = {
            name: case.filled_state(name, x.shape) for name, x in arrays_for_torch(layer).items()
        }
        layer.load_state_dict(nn.from_torch(state))
    wanted = iter(case.differentiable())
    inputs = [
        tuple(Value(part) if next(wanted) else part for part in x)
        if isinstance(x, tuple)
        else (Value(x) if next(wanted) else x)
        for x in case.filled_inputs()
    ]
    return layer, inputs, arrays_in(function(*inputs, **case.call))


def numbers_of(case):
    """What record.py writes of PyTorch's module, of this library's."""
    layer, inputs, outputs = called(case)
    sum(np.sum(weights_of(y.shape, k) * y) for k, y in enumerate(outputs)).backward()
    moved = [x for x in arrays_in(tuple(inputs)) if isinstance(x, Value)]
    parts = {"outputs": [condensed(y.data) for y in outputs]}
    parts["inputs"] = [condensed(x.grad) for x in moved]
    if isinstance(layer, nn.Module):
        turned = layer.transposed_names()
        parts["parameters"] = {
            name: condensed(p.grad.T if name in turned else p.grad)
            for name, p in layer.named_parameters()
        }
        parts["buffers"] = {name: condensed(b) for name, b in layer.named_buffers()}
    return {name: part for name, part in parts.items() if part}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outputs_and_gradients_are_pytorchs(case):
    ours, theirs = numbers_of(case), RECORDED[case.name]
    assert ours.keys() == theirs.keys()
    for part, found in ours.items():
        named = isinstance(found, dict)
        expected = theirs[part] if named else dict(enumerate(theirs[part]))
        found = found if named else dict(enumerate(found))
        assert found.keys() == expected.keys(), part
        for name, (shape, *numbers) in found.items():
            assert shape == expected[name][0], (part, name)
            np.testing.assert_allclose(
                numbers, expected[name][1:], rtol=1e-9, atol=1e-9, err_msg=f"{part} {name}"
            )


def test_each_case_has_its_own_name_and_is_recorded():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert RECORDED.keys() == set(names)


def test_every_layer_that_pytorch_has_is_recorded():
    classes = {name for name in nn.__all__ if inspect.isclass(getattr(nn, name))}
    layers = {name for name in classes if issubclass(getattr(nn, name), nn.Module)}
    assert layers - OURS - HOLDERS <= {case.layer for case in CASES}


def test_every_activation_and_loss_that_pytorch_has_is_recorded():
    rooms = (activations, binary, classification, distances, regression)
    functions = {getattr(nn, name) for room in rooms for name in room.__all__ if name not in OURS}
    cases = [getattr(nn, case.layer) for case in CASES]
    recorded = {getattr(f, "function", f) for f in cases}
    # a layer of its own kind, because it has a parameter
    assert {f.__name__ for f in functions - recorded} == {"prelu"}
    assert nn.PReLU in cases


def test_what_pytorch_lacks_and_what_has_no_forward_is_named_rightly():
    assert set(nn.__all__) >= OURS | HOLDERS
    assert not (OURS | HOLDERS) & {case.layer for case in CASES}
