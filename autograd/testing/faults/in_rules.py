"""Wrong rules: mistakes in the derivative of one function."""

import operator
from typing import Any

import numpy as np

import autograd
from autograd.record import is_tracked
from autograd.table import data_of
from autograd.testing.faults.fault import Fault, rules

__all__ = ["FAULTS"]

X = np.array([0.5, -1.5, 2.0])
POSITIVE = np.array([0.5, 1.5, 2.0])
SQUARE = np.array([[0.3, -1.2, 0.9], [1.4, 0.2, -0.6], [-0.8, 0.5, 1.1]])
TALL = np.array([[0.3, -1.2], [1.4, 0.2], [-0.8, 0.5], [0.7, 1.9]])


def _stale() -> Any:
    """A rule that keeps the first result it sees."""
    kept: list[Any] = []

    def rule(g: Any, y: Any, x: Any) -> Any:
        if not kept:
            kept.append(y)
        return g * (1 - kept[0] * kept[0]) if np.shape(kept[0]) == np.shape(x) else g * (1 - y * y)

    return rule


def _noisy() -> Any:
    rng = np.random.default_rng(0)
    return lambda g, y, x: g * np.cos(x) * (1 + 1e-3 * rng.normal(size=np.shape(x)))


def _assigned(g: Any, y: Any, x: Any, index: Any) -> Any:
    c = np.zeros_like(x)
    c[index] = g
    return c


def _in_memory_order(g: Any, y: Any, x: Any) -> Any:
    return g * 2 * np.reshape(np.ravel(data_of(x), "K"), np.shape(x))


def _g_in_memory_order(g: Any, y: Any, x: Any) -> Any:
    return np.reshape(np.ravel(data_of(g), "K"), np.shape(x)) * np.exp(x)


def _only_in_single(g: Any, y: Any, x: Any) -> Any:
    return g * y * (1.05 if np.result_type(data_of(x)) == np.float32 else 1.0)


def _every_tie(g: Any, y: Any, x: Any) -> Any:
    return np.where(x == y, g, 0.0)


def _last_forgotten(g: Any, y: Any, x: Any) -> Any:
    return g * y * (np.arange(np.size(x)) < np.size(x) - 1)


def _constant_to_the_second(g: Any, y: Any, x: Any) -> Any:
    return g * np.cos(data_of(x))


def _wrong_to_the_second(g: Any, y: Any, x: Any) -> Any:
    """Right, but for the Values that a second derivative is made of."""
    return g * np.exp(x) * (1 + (0.5 * (x - data_of(x)) if is_tracked(x) else 0.0))


def _fault(
    name: str, words: str, fn: Any, *wrong: Any, f: Any = None, x: Any = X, order: int = 1,
    fresh: Any = None,
) -> Fault:  # fmt: skip
    """A fault in the rules of fn, shown by f (fn itself, if it is not given) at x."""
    return Fault(name, words, f or fn, x, {"order": order}, rules(fn, *wrong, fresh=fresh))


FAULTS = [
    _fault("wrong sign", "wrong sign", np.cos, lambda g, y, x: g * np.sin(x)),
    _fault("forgotten factor 2", "exactly half", np.square, lambda g, y, x: g * x),
    _fault("forgotten ½", "exactly twice", np.sqrt, lambda g, y, x: g / y, x=POSITIVE),
    _fault("0.1 % off", "1.001 times", np.exp, lambda g, y, x: g * y * 1.001),
    _fault("logarithm of the wrong base", "2.303 times", np.log10, lambda g, y, x: g / x,
           x=POSITIVE),
    _fault("degrees for radians", "57.3 times", np.sin, lambda g, y, x: g * np.cos(x) * 57.3),
    _fault("chain rule forgotten", "g is not multiplied in", np.tanh, lambda g, y, x: 1 - y * y),
    _fault("local derivative forgotten", "without the local derivative", np.sin,
           lambda g, y, x: g),
    _fault("exponent not lowered", "a factor x too much", np.power,
           lambda g, y, x, n: g * n * x**n, None, f=lambda x: x**3.0),
    _fault("operand not transposed", "Jacobian looks transposed", np.matmul,
           lambda g, y, a, b: g @ b, lambda g, y, a, b: np.swapaxes(a, -1, -2) @ g,
           f=lambda x: x @ SQUARE, x=SQUARE + 1),
    _fault("gradient not transposed", "looks transposed", np.transpose,
           lambda g, y, x, *, axes=None: g, x=SQUARE),
    _fault("sum along the wrong axis", "looks transposed", np.sum,
           lambda g, y, x, *, axis=None: np.expand_dims(g, 1 - axis) + 0 * x,
           f=lambda x: np.sum(x, axis=0), x=SQUARE),
    _fault("cumsum along the wrong axis", "is an axis mistaken", np.cumsum,
           lambda g, y, x, *, axis=None: np.flip(np.cumsum(np.flip(g, 1), 1), 1),
           f=lambda x: np.cumsum(x, axis=0), x=SQUARE),
    _fault("cumsum not reversed", "Jacobian looks transposed", np.cumsum,
           lambda g, y, x, *, axis=None: np.cumsum(g), f=np.cumsum),
    _fault("flip not undone", "runs backwards", np.flip, lambda g, y, x, *, axis=None: g),
    _fault("roll the wrong way", "shifted by", np.roll,
           lambda g, y, x, *, shift, axis=None: np.roll(g, shift),
           f=lambda x: np.roll(x, shift=1), x=np.arange(5.0)),
    _fault("sort not undone", "right numbers in the wrong places", np.sort,
           lambda g, y, x, *, axis=-1: g, f=lambda x: np.sort(x), x=np.array([2.0, 5.0, 1.0, 4.0])),
    _fault("mean without 1/n", "a mean without its 1/3", np.mean,
           lambda g, y, x, *, axis=None: g + 0 * x),
    _fault("sum divided by n", "a mean where a sum belongs", np.sum,
           lambda g, y, x, *, axis=None: g / np.size(x) + 0 * x),
    _fault("variance with n - 1", "1.5 times", np.var,
           lambda g, y, x, *, axis=None: g * 2 * (x - np.mean(x)) / (np.size(x) - 1)),
    _fault("operands exchanged", "each other's gradient", np.multiply,
           lambda g, z, x, y: g * x, lambda g, z, x, y: g * y, f=lambda x, y: x * y,
           x=(X, X + 4)),
    _fault("denominator forgotten", "y: no gradient arrives", np.divide,
           lambda g, z, x, y: g / y, None, f=lambda x, y: x / y, x=(X, X + 4)),
    _fault("= for += in indexing", "= where += belongs", operator.getitem, _assigned, None,
           f=lambda x: x[np.array([0, 0, 2])]),
    _fault("sign forgotten", "only where it is negative", np.absolute, lambda g, y, x: g, x=X - 1),
    _fault("last element forgotten", "only the last along axis 0", np.exp, _last_forgotten,
           x=np.arange(5.0)),
    _fault("clipped gradient", "cut off at ±1", np.square,
           lambda g, y, x: np.clip(g * 2 * x, -1, 1), f=lambda x: np.sum(np.square(x))),
    _fault("off by a constant", "off by the constant 0.001", np.sin,
           lambda g, y, x: g * np.cos(x) + 1e-3),
    _fault("computed in integers", "whole numbers only", np.exp,
           lambda g, y, x: np.rint(g * y), x=X + 1),
    _fault("0 / 0", "not finite where the slope is", np.square,
           lambda g, y, x: g * 2 * y / x, x=np.array([0.0, 1.0])),
    _fault("off-diagonal terms forgotten", "only the diagonal", autograd.softmax,
           lambda g, y, x, *, axis=-1: g * y * (1 - y), f=autograd.softmax),
    _fault("mean taken for a constant", "without the local derivative", np.mean,
           lambda g, y, x, *, axis=None: 0 * x, f=lambda x: x - np.mean(x)),
    _fault("wrong shape", "wrong shape or dtype", np.sum, lambda g, y, x, *, axis=None: g),
    _fault("stale cache", "looks stale", np.tanh, fresh=_stale),
    _fault("noise", "from call to call", np.sin, fresh=_noisy),
    _fault("every tie gets all of it", "Wrong at ties", np.max, _every_tie,
           x=np.array([1.0, 3.0, 3.0])),
    _fault("wrong at a kink", "slopes 0 and 1", autograd.relu,
           lambda g, y, x: g * np.where(x == 0, 2.0, x > 0), x=np.array([-1.0, 0.0, 2.0])),
    _fault("only in single precision", "right in double precision", np.exp, _only_in_single,
           x=X.astype(np.float32)),
    _fault("only in Fortran order", "right for contiguous copies", np.square, _in_memory_order,
           x=np.asfortranarray(TALL)),
    _fault("only for a gradient that is not contiguous", "incoming gradient looks transposed",
           np.exp, _g_in_memory_order, f=lambda x: np.exp(x).T + SQUARE, x=SQUARE),
    _fault("conjugate forgotten", "complex conjugate", np.conjugate, lambda g, y, x: g,
           x=np.array([1 + 2j, 0.5 - 1j])),
    _fault("imaginary part dropped", "imaginary part is missing", np.square,
           lambda g, y, x: np.real(g * 2 * x) + 0j, x=np.array([1 + 2j, 0.5 - 1j])),
    _fault("a constant to the second derivative", "not differentiable again", np.sin,
           _constant_to_the_second, order=2),
    _fault("wrong in the second derivative only", "1.5 times", np.exp, _wrong_to_the_second,
           order=2, x=0.5),
    _fault("wrong sign in the second derivative", "wrong sign", np.cos,
           lambda g, y, x: g * np.sin(x), f=np.sin, order=2, x=0.5),
]  # fmt: skip
