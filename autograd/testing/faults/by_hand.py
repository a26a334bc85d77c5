"""Gradients written by hand, without the engine: as functions, in pairs, in layers."""

from typing import Any

import numpy as np

from autograd.testing.faults.fault import Fault

__all__ = ["FAULTS"]

X = np.array([0.5, -1.5, 2.0])
WEIGHT = np.array([[0.3, -1.2, 0.9], [1.4, 0.2, -0.6], [-0.8, 0.5, 1.1]])


def _rosenbrock(x: Any) -> Any:
    """The value, and a gradient with a slip of the sign in its second part."""
    a, b = x
    value = 100 * (b - a**2) ** 2 + (1 - a) ** 2
    return value, np.array([-400 * a * (b - a**2) - 2 * (1 - a), -200 * (b - a**2)])


class _Linear:
    """A layer whose backward takes the weight as it is."""

    def forward(self, x: Any) -> Any:
        return x @ WEIGHT

    def backward(self, g: Any) -> Any:
        return g @ WEIGHT


class _Stale:
    """A layer that remembers its first input."""

    def __init__(self) -> None:
        self.x: Any = None

    def forward(self, x: Any) -> Any:
        if self.x is None:
            self.x = x
        return np.sin(x)

    def backward(self, g: Any) -> Any:
        return g * np.cos(self.x)


class _NeverZeroed:
    """A layer that adds each gradient to the one before."""

    def __init__(self) -> None:
        self.total = np.zeros(3)

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.sin(x)

    def backward(self, g: Any) -> Any:
        self.total = self.total + g * np.cos(self.x)
        return self.total


class _Dropout:
    """A layer that leaves out another half each time."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def forward(self, x: Any) -> Any:
        self.kept = self.rng.random(3) < 0.5
        return x * self.kept

    def backward(self, g: Any) -> Any:
        return g * self.kept


class _Kept:
    """A layer that returns its first result again and again."""

    def __init__(self) -> None:
        self.y: Any = None

    def forward(self, x: Any) -> Any:
        self.x = x
        self.y = np.sin(x) if self.y is None else self.y
        return self.y

    def backward(self, g: Any) -> Any:
        return g * np.cos(self.x)


def _given(name: str, words: str, f: Any, grad: Any, inputs: Any = X, **settings: Any) -> Fault:
    return Fault(name, words, f, inputs, {"grad": grad, **settings})


FAULTS = [
    _given("a slip in one component", "wrong sign", _rosenbrock, True, np.array([0.7, 0.9])),
    _given("single precision for double", "float32", np.sum,
           lambda x: np.ones(3, np.float32)),
    _given("integers for floats", "int64", np.sum, lambda x: np.ones(3, np.int64)),
    _given("complex for real", "complex128", np.sum, lambda x: np.ones(3, complex)),
    _given("transposed shape", "looks transposed", lambda w: np.sum(w**2),
           lambda w: 2 * w.T, WEIGHT[:2]),
    _given("bias not summed over the batch", "over what was broadcast",
           lambda b: WEIGHT + b, lambda b: np.ones((3, 3)), X),
    _given("buffer read backwards", "right for contiguous copies", lambda x: np.sum(x**2),
           lambda x: 2 * (x if x.base is None else x.base), X[::-1]),
    Fault("a result that is kept", "f does not change", _Kept, X),
    Fault("dropout left on", "f gives other results each time", _Dropout, X),
    Fault("weight not transposed", "Jacobian looks transposed", _Linear, X),
    Fault("a layer that is stale", "looks stale", _Stale, X),
    Fault("gradients never zeroed", "adds to the first gradient", _NeverZeroed, X),
]  # fmt: skip
