"""Optimizers against their formulas written out for one number, and what they share."""

import math

import numpy as np
import pytest

import nn
import optim
from autograd import Value


def gradient(w):
    return w + math.sin(3 * w)


def sgd(w, steps, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    v = None
    for _ in range(steps):
        g = gradient(w) + weight_decay * w
        if momentum:
            v = g if v is None else momentum * v + g
            g = g + momentum * v if nesterov else v
        w -= lr * g
    return w


def adam(w, steps, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    m = v = 0.0
    for t in range(1, steps + 1):
        g = gradient(w) + weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        w -= lr * (m / (1 - betas[0] ** t)) / (math.sqrt(v / (1 - betas[1] ** t)) + eps)
    return w


CASES = [
    (optim.SGD, sgd, {"lr": 0.05}),
    (optim.SGD, sgd, {"lr": 0.05, "momentum": 0.9}),
    (optim.SGD, sgd, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    (optim.SGD, sgd, {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1}),
    (optim.Adam, adam, {"lr": 0.1}),
    (optim.Adam, adam, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
]
# Numbers, small arrays, and arrays of more than a tile: the formula is one for all of them.
STARTS = [0.7, np.array([[0.7, 0.1], [1.3, 0.9]]), np.linspace(0.1, 1, 40_000).reshape(200, 200)]


@pytest.mark.parametrize(("kind", "formula", "settings"), CASES)
@pytest.mark.parametrize("start", STARTS, ids=["number", "array", "tiles"])
def test_the_formula(kind, formula, settings, start):
    w = Value(start)
    optimizer = kind([w], **settings)
    for _ in range(50):
        optimizer.zero_grad()
        (w**2 / 2 - np.cos(3 * w) / 3).sum().backward()
        optimizer.step()
    first = float(np.ravel(start)[0])
    assert float(np.ravel(w.data)[0]) == pytest.approx(formula(first, 50, **settings), rel=1e-10)
    last = float(np.ravel(start)[-1])
    assert float(np.ravel(w.data)[-1]) == pytest.approx(formula(last, 50, **settings), rel=1e-10)
    assert type(w.data) is type(start)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_complex_parameters_descend(kind):
    z = Value(np.array([1 + 2j, -1j]))
    optimizer = kind([z], lr=0.1)
    for _ in range(400):
        optimizer.zero_grad()
        (abs(z - (0.5 - 1j)) ** 2).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(z.data, 0.5 - 1j, atol=1e-2)


def test_layouts_other_than_c_are_updated():
    w = Value(1.0)
    w.data = np.ones((300, 200)).T
    optimizer = optim.SGD([w], lr=0.5)
    w.grad = np.ones((200, 300))
    optimizer.step()
    assert (w.data == 0.5).all()


def test_single_precision_stays():
    w = Value(np.ones(3, "f4"))
    for kind in (optim.SGD, optim.Adam):
        w.grad = np.ones(3, "f4")
        kind([w], lr=0.1).step()
        assert w.dtype == np.float32


def test_groups_have_settings_of_their_own():
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": 1.0}], lr=0.1)
    (a + b).backward()
    optimizer.step()
    assert (a.data, b.data) == (0.9, 0.0)
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert a.data == pytest.approx(0.4)


def test_a_parameter_is_anything_with_data_and_grad():
    class Plain:
        data, grad = 1.0, 2.0

    p = Plain()
    optim.SGD([p], lr=0.25).step()
    assert p.data == 0.5


@pytest.mark.parametrize(("kind", "formula", "settings"), CASES)
def test_state_goes_out_and_in(kind, formula, settings):
    def run(w, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            (w**2 / 2 - np.cos(3 * w) / 3).sum().backward()
            optimizer.step()

    w = Value(np.array([0.7]))
    optimizer = kind([w], **settings)
    run(w, optimizer, 5)
    again = Value(w.data)
    resumed = kind([again], lr=123.0, **({"momentum": 0.9} if settings.get("nesterov") else {}))
    resumed.load_state_dict(optimizer.state_dict())
    run(w, optimizer, 5)
    run(again, resumed, 5)
    assert (w.data == again.data).all()
    with pytest.raises(ValueError, match="groups"):
        kind([w, again], **settings).load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: optim.SGD([], lr=0.1), ValueError, "empty"),
        (
            lambda: optim.SGD([np.ones(3)], lr=0.1),
            TypeError,
            r"parameter 0 is a ndarray.*model\.parameters",
        ),
        (lambda: optim.SGD(nn.Linear(2, 2).parameters() * 2), ValueError, "twice"),
        (lambda: optim.SGD([Value(1.0)], lr=-1), ValueError, "lr is -1"),
        (lambda: optim.SGD([Value(1.0)], lr=float("nan")), ValueError, "lr is nan"),
        (lambda: optim.SGD([Value(1.0)], lr=0.1, nesterov=True), ValueError, "momentum"),
        (lambda: optim.Adam([Value(1.0)], betas=(1.0, 0.9)), ValueError, "betas"),
        (lambda: optim.SGD([{"params": [Value(1.0)], "rate": 1}]), TypeError, "no setting rate"),
    ],
)
def test_refusals(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_repr():
    assert repr(optim.SGD([Value(1.0)], lr=0.1)).startswith("SGD(lr=0.1, momentum=0.0")


@pytest.mark.parametrize("start", STARTS, ids=["number", "array", "tiles"])
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_a_step_replaces_data_and_leaves_the_old_as_it_was(start, kind):
    """So a record made before the step keeps its meaning, and so does whoever holds the data."""
    w = Value(start)
    held, copied = w.data, np.copy(w.data)
    y = (w * w).sum()
    y.backward()
    kind([w], lr=0.1).step()
    assert np.all(held == copied)
    w.zero_grad()
    y.backward()
    assert np.all(w.grad == 2 * copied)


def test_adam_of_a_complex_number_is_that_of_an_array():
    for z in (3 + 1j, np.complex64(3 + 1j), np.array([3 + 1j])):
        w = Value(z)
        (abs(w - 1) ** 2).sum().backward()
        optim.Adam([w], lr=0.1).step()
        assert np.ravel(w.data)[0] == pytest.approx(2.9 + 0.9j)
        assert type(w.data) is type(Value(z).data)


def test_a_gradient_of_none_is_zero():
    class Plain:
        data, grad = 1.0, 2.0

    p = Plain()
    optimizer = optim.SGD([p], lr=0.25)
    optimizer.zero_grad()
    optimizer.step()
    assert p.data == 1.0


def test_the_settings_of_groups_are_checked():
    w = Value(1.0)
    with pytest.raises(ValueError, match="lr is -1"):
        optim.SGD([{"params": [w], "lr": -1.0}])
    with pytest.raises(ValueError, match="nesterov"):
        optim.SGD([{"params": [w], "nesterov": True}])
    with pytest.raises(TypeError, match=r"\[w\]"):
        optim.SGD(Value([1.0, 2.0]))
