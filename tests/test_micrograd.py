"""Programs written for micrograd run with their import lines changed, and give the same numbers.

The figures were recorded from micrograd 0.1.0 with the same seeds.
"""

import random

import numpy as np
import pytest

import nn
from autograd import Value


def test_a_small_expression():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)


def test_many_operators():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert g.data == pytest.approx(24.70408163265306)
    assert a.grad == pytest.approx(138.83381924198252)
    assert b.grad == pytest.approx(645.5772594752186)


def demo(steps):
    """A multilayer perceptron tells two half circles apart, with a hinge loss and weight decay."""
    random.seed(1337)
    rng = np.random.RandomState(1337)
    angle = rng.uniform(0, np.pi, 40)
    y = np.where(np.arange(40) % 2, 1, -1)
    X = np.stack([np.cos(angle) * -y + (y > 0), np.sin(angle) * -y + 0.5 * (y > 0)], axis=1)
    model = nn.MLP(2, [8, 8, 1])
    losses = []
    for k in range(steps):
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        hinge = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(hinge) * (1.0 / len(hinge))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / steps) * p.grad
        losses.append(total.data)
    accuracy = np.mean([(yi > 0) == (s.data > 0) for yi, s in zip(y, scores, strict=True)])
    return losses, accuracy


def test_the_demo_learns_as_micrograd_does():
    losses, accuracy = demo(20)
    recorded = [0.843433568759404, 1.186270181517365, 0.6247641541451946]
    assert losses[:3] == pytest.approx(recorded, rel=1e-9)
    assert losses[-1] == pytest.approx(0.08977502044119272, rel=1e-6)
    assert accuracy == 0.975


def test_the_networks_have_micrograd_s_attributes():
    model = nn.MLP(3, [4, 1])
    assert repr(model) == (
        "MLP of [Layer of [ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3)], "
        "Layer of [LinearNeuron(4)]]"
    )
    neuron = model.layers[0].neurons[0]
    assert (len(neuron.w), neuron.b.data, neuron.nonlin) == (3, 0.0, True)
    assert neuron.parameters() == [*neuron.w, neuron.b]
    assert len(model.parameters()) == 4 * 4 + 5
    model([1.0, 2.0, 3.0]).backward()
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {0.0}


def test_a_layer_of_one_neuron_may_stand_in_the_middle():
    assert type(nn.MLP(2, [1, 3, 1])([1.0, 2.0])) is Value


def test_a_neuron_says_how_many_numbers_it_takes():
    with pytest.raises(ValueError, match=r"ReLUNeuron\(2\) takes 2 numbers, not 3"):
        nn.Neuron(2)([1.0, 2.0, 3.0])


def test_weights_from_a_generator():
    assert nn.Neuron(3, rng=0).w[0].data == nn.Neuron(3, rng=0).w[0].data
    assert nn.MLP(2, [2], rng=1).parameters()[0].data == nn.MLP(2, [2], rng=1).parameters()[0].data
