"""Anybody's gradient: functions, pairs, layers, other libraries' objects, parameters of modules."""

from collections import namedtuple
from functools import partial

import numpy as np
import pytest

import nn
from autograd import GradientMismatch, Value, Verdict, elementwise_grad, gradcheck, jacobian

X = np.array([0.5, -1.5, 2.0])


def rosenbrock(x):
    a, b = x
    gradient = [-400 * a * (b - a**2) - 2 * (1 - a), 200 * (b - a**2)]
    return 100 * (b - a**2) ** 2 + (1 - a) ** 2, np.array(gradient)


# --------------------------------------------------------------------- functions


@pytest.mark.parametrize(
    ("f", "inputs", "grad"),
    [
        (np.sin, X, np.cos),  # elementwise
        (np.sin, 2.0, np.cos),
        (lambda x: 3 * x, 2.0, lambda x: 3),
        (lambda x: np.sum(x**2), X, lambda x: 2 * x),
        (lambda x: np.sum(x**2), X, lambda x: (2 * x,)),
        (lambda x: np.sum(x**2), X, lambda x: [2 * v for v in x.tolist()]),
        (lambda x, y: x @ y, (X, X + 1), lambda x, y: (y, x)),
        (lambda x, y: x * y, (X, 2.0), lambda x, y: (y * np.eye(3), x)),
        (np.cumsum, X, lambda x: np.tril(np.ones((3, 3)))),
        (lambda p: np.sum(p["w"] * p["b"]), {"w": X, "b": 2.0},
         lambda p: {"w": p["b"] * np.ones(3), "b": np.sum(p["w"])}),
        (lambda p: p[0] * p[1], [2.0, 3.0], lambda p: [p[1], p[0]]),
        (partial(np.power, 2.0), 3.0, lambda x: 2.0**x * np.log(2)),
        (lambda z: np.abs(z) ** 2, np.array([1 + 2j]), lambda z: 2 * z),  # the way up
        (lambda z: z**2, 1 + 2j, lambda z: 2 * z),  # a derivative
        (lambda z: z**2, np.array(1 + 2j), jacobian(lambda z: z**2)),
        (np.exp, np.array([1j, 0.5]), elementwise_grad(np.exp)),
        (lambda x: np.exp(1j * x), X, lambda x: 1j * np.exp(1j * x)),
        (rosenbrock, np.array([0.7, 0.9]), True),
    ],
)  # fmt: skip
def test_gradients_of_functions(f, inputs, grad):
    assert gradcheck(f, inputs, grad).complete


def test_none_of_it_needs_the_engine():
    def no_values(x):
        assert type(x) is np.ndarray
        return np.sum(x**2)

    assert gradcheck(no_values, X, lambda x: 2 * x)


# ------------------------------------------------------------------------ layers


class Square:
    """Keeps what it needs in a buffer, returns another, and writes into what it is given."""

    def __init__(self):
        self.x, self.out, self.gradient = (np.empty(3) for _ in range(3))

    def forward(self, x):
        self.x[...] = x
        return np.multiply(x, x, out=self.out)

    def backward(self, g):
        g *= 2 * self.x
        self.gradient[...] = g
        return self.gradient


class Split:
    def forward(self, x, w):
        self.x, self.w = x, w
        return x * w, x + w

    def backward(self, gradients):
        a, b = gradients
        return a * self.w + b, a * self.x + b


def test_layers():
    assert gradcheck(Square(), X).complete
    assert gradcheck(Square, X).complete
    assert gradcheck(Square(), X, cheap=True).complete
    assert gradcheck(Split(), (X, X + 1)).complete


def test_buffers_that_are_used_again_do_not_hide_a_fault():
    class Zero(Square):
        def backward(self, g):
            g *= 0
            return g

    assert not gradcheck(Zero(), X, raises=False)
    assert not gradcheck(Zero(), X, raises=False, cheap=True)


# -------------------------------------------------------------- other libraries' objects


class Tensor:
    """A reverse-mode engine in a few lines, with other names for its things."""

    def __init__(self, numbers, sources=()):
        self.numbers, self.sources, self.grad = np.asarray(numbers), sources, None

    def __mul__(self, other):
        return Tensor(self.numbers * other.numbers, ((self, other.numbers), (other, self.numbers)))

    def sum(self):
        return Tensor(self.numbers.sum(), ((self, np.ones_like(self.numbers)),))

    def backward(self, gradient=None):
        g = np.ones_like(self.numbers) if gradient is None else gradient.numbers
        self.grad = Tensor(g if self.grad is None else self.grad.numbers + g)
        for source, factor in self.sources:
            source.backward(Tensor(g * factor))


def numbers(tensor):
    return tensor.numbers


def test_objects_with_backward_and_grad():
    settings = {"wrap": Tensor, "unwrap": numbers}
    assert gradcheck(lambda x, y: (x * y).sum(), (X, X + 1), **settings).complete
    assert gradcheck(lambda x: x * x * x, X, **settings).complete
    assert gradcheck(lambda x: x * x, 3.0, **settings).complete
    with pytest.raises(GradientMismatch, match="exactly half"):
        gradcheck(lambda x: x * Tensor(x.numbers), X, **settings)


def test_data_is_what_unwrap_looks_for():
    assert gradcheck(lambda x, y: x * y + x**2, (2.0, 3.0), wrap=Value).complete


# --------------------------------------------------------------------- modules


def test_parameters_of_a_module():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    x = np.random.default_rng(0).normal(size=(4, 3))
    before = {name: np.copy(p.data) for name, p in model.named_parameters()}

    def loss():
        return nn.mse_loss(model(x), np.ones((4, 1)))

    for inputs in (model.parameters(), iter(model.parameters()), dict(model.named_parameters())):
        assert gradcheck(loss, inputs, order=2).complete
    report = gradcheck(loss, dict(model.named_parameters()))
    assert {e.input for e in report.elements} == set(before)
    for name, p in model.named_parameters():
        assert np.array_equal(p.data, before[name])
        assert not np.any(p.grad)


def test_parameters_are_put_back_when_f_fails():
    p = Value(X)

    def loss():
        total = (p**2).sum()
        total.backward()
        if p.data[0] != X[0]:
            raise KeyboardInterrupt
        return total

    with pytest.raises(KeyboardInterrupt):
        gradcheck(loss, [p])
    assert np.array_equal(p.data, X)
    assert not p.grad.any()


def test_a_parameter_that_occurs_twice():
    p = Value(X)
    assert gradcheck(lambda: (p**2).sum(), [p, p]).complete


def test_parameters_of_another_model():
    model, other = nn.Linear(3, 1), nn.Linear(3, 1)
    with pytest.raises(ValueError, match="uses none of these parameters"):
        gradcheck(lambda: model(X).sum(), other.parameters())


def test_dropout_that_is_on():
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5))
    with pytest.raises(GradientMismatch, match=r"model\.eval"):
        gradcheck(lambda: model(X).sum(), model.parameters())


# ------------------------------------------------------------------------ names, misuse


def test_names_of_inputs():
    pair = namedtuple("pair", "w b")

    def f(p, *rest):
        return p.w * p.b * rest[0] * rest[1]["k"][0]

    report = gradcheck(f, (pair(2.0, 3.0), 4.0, {"k": [5.0]}))
    assert [e.input for e in report.elements] == ["p.w", "p.b", "rest[0]", "rest[1]['k'][0]"]


def one(x):
    return np.sum(x)


def two(x, y):
    return x * y


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gradcheck(two, [1.0, 2.0]), "a list is one argument: write a tuple"),
        (lambda: gradcheck(one, (1.0, 2.0)), "2 arguments"),
        (lambda: gradcheck(3.0, 1.0), "no float"),
        (lambda: gradcheck(one, X, grad=1.0), "not a float"),
        (lambda: gradcheck(one, X, one, wrap=Tensor), "give one"),
        (lambda: gradcheck(one, X, unwrap=numbers), "give both"),
        (lambda: gradcheck(one, X, wrap=True), "is a function"),
        (lambda: gradcheck(one, X, True), "returns a pair"),
        (lambda: gradcheck(lambda x: None, X), "returned NoneType"),
        (lambda: gradcheck(lambda x: x > 0, X), "returned bool"),
        (lambda: gradcheck(lambda x: (x, x), X, lambda x: x), "returns 2 results"),
        (lambda: gradcheck(one, nn.Linear(2, 1)), r"parameters\(\)"),
        (lambda: gradcheck(one, Tensor(X)), "give its numbers as an array"),
        (lambda: gradcheck(lambda x: x.numbers, X, wrap=Tensor, unwrap=np.asarray), "no .backward"),
        (lambda: gradcheck(one, "x"), "real or complex numbers"),
        (lambda: gradcheck(lambda: 1.0, [Value(1.0), X]), "model.parameters"),
        (lambda: gradcheck(one, X, one, order=2), "function of its own"),
    ],
)
def test_mistakes_are_explained(call, words):
    with pytest.raises(TypeError, match=words):
        call()


@pytest.mark.parametrize("settings", [{"rtol": -1}, {"eps": 0}, {"atol": np.nan}, {"order": 1.5}])
def test_settings_out_of_range(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        gradcheck(one, X, **settings)


@pytest.mark.parametrize(
    ("f", "inputs", "note"),
    [
        (nn.Linear(3, 1), [Value(X), Value(1.0)], "takes no arguments"),
        (lambda x: x**2, [1.0, 2.0], "a list is a nest"),
        (lambda x, n: x[n], (X, 2), "integers are inputs too"),
    ],
)
def test_errors_of_f_have_advice(f, inputs, note):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever NumPy or Python raises)
        gradcheck(f, inputs)
    assert note in "".join(caught.value.__notes__)


@pytest.mark.parametrize(
    ("grad", "words"),
    [
        (lambda p: {"weight": X, "bias": X}, "a dict of 'weight', 'bias'"),
        (lambda p: [X, X], "a list of 2"),
        (lambda p: None, "None"),
        (lambda p: {"w": X}, "a dict of 'w'"),
    ],
)
def test_gradients_in_another_nest(grad, words):
    report = gradcheck(lambda p: np.sum(p["w"] * p["b"]), {"w": X, "b": X}, grad, raises=False)
    assert report.worst.verdict is Verdict.SHAPE
    assert words in report.worst.note
    assert "p['b'], p['w']" in report.worst.note


def test_a_jacobian_of_the_wrong_shape_is_told_the_right_one():
    report = gradcheck(lambda x: np.stack([x[0], x[1]]), X, lambda x: np.ones((3, 2)), raises=False)
    assert "a Jacobian has the shape (2, 3)" in report.worst.note


def test_what_f_raises_beside_the_inputs_is_told():
    def strict(x):
        if x > 1:
            raise RuntimeError("too large")
        return 2 * x

    report = gradcheck(strict, 1.0, lambda x: 2.0)
    assert report.elements[0].verdict is Verdict.DOMAIN
    assert "RuntimeError: too large" in report.elements[0].note


def test_functions_that_depend_on_nothing():
    report = gradcheck(lambda x: 3.0 + 0 * x, X)
    assert "None of the inputs changes f" in str(report)
