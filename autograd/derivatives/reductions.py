"""Derivatives of sums, products, extrema and moments along axes.

max and min share a tie evenly; prod is exact where factors are 0; the deviation of a constant has
the derivative 0.
"""

import math
from typing import Any

import numpy as np

from autograd.derivatives.numerics import over, shape
from autograd.derivatives.registry import defvjp, without_derivative

Axis = int | tuple[int, ...] | None


def _spread(r: Any, x: Any, axis: Axis) -> Any:
    """A reduction's result r with the reduced axes put back, as long as 1: it broadcasts with x."""
    whole = shape(x)
    if axis is None:
        return r if shape(r) == () else np.reshape(r, (1,) * len(whole))
    kept = {a % len(whole) for a in np.atleast_1d(axis)}
    return np.reshape(r, tuple(1 if a in kept else n for a, n in enumerate(whole)))


def _broadcast(g: Any, x: Any) -> Any:
    """g, spread, in the shape of x."""
    if isinstance(g, float | np.generic | np.ndarray):
        out = np.empty(shape(x), np.result_type(g))
        out[...] = g
        return out
    return np.broadcast_to(g, shape(x))


def _count(x: Any, y: Any) -> int:
    """How many elements of x went into each element of the result y."""
    return math.prod(shape(x)) // max(math.prod(shape(y)), 1)


def _sum_vjp(g: Any, y: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    return _broadcast(_spread(g, x, axis), x)


def _mean_vjp(g: Any, y: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    return _broadcast(_spread(g * (1 / max(_count(x, y), 1)), x, axis), x)


def _extremum_vjp(g: Any, y: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    hit = x == _spread(y, x, axis)
    ties = np.maximum(np.count_nonzero(hit, axis=axis), 1)  # NaN hits nothing
    return _spread(g, x, axis) * (hit / _spread(ties, x, axis))


def _prod_vjp(g: Any, y: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    g = _spread(g, x, axis)
    if np.all(np.isfinite(y) & (y != 0)):
        return g * _spread(y, x, axis) / x
    return g * _prod_of_others(x, axis)


def _prod_of_others(x: Any, axis: Axis) -> Any:
    """For each element of x the product of those reduced with it, without division: O(n²)."""
    ndim = len(shape(x))
    axes = tuple(range(ndim)) if axis is None else tuple(a % ndim for a in np.atleast_1d(axis))
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    lines = np.reshape(moved, (*shape(moved)[: ndim - len(axes)], 1, -1))
    others = np.prod(np.where(np.eye(shape(lines)[-1], dtype=bool), 1, lines), axis=-1)
    return np.moveaxis(np.reshape(others, shape(moved)), last, axes)


def _centred(x: Any, axis: Axis) -> Any:
    """x less its mean, conjugated where complex: half the derivative of the sum of |x - mean|²."""
    centred = x - np.mean(x, axis=axis, keepdims=True)
    return np.conjugate(centred) if np.iscomplexobj(x) else centred


def _freedom(x: Any, y: Any, ddof: float) -> float:
    """What NumPy divides by; it too has no number for as many corrections as elements."""
    return max(_count(x, y) - ddof, 0) or math.nan


def _var_vjp(
    g: Any,
    y: Any,
    x: Any,
    *,
    axis: Axis = None,
    keepdims: bool = False,
    ddof: float = 0,
    correction: float = 0,
) -> Any:
    return _spread(g, x, axis) * _centred(x, axis) * (2 / _freedom(x, y, ddof or correction))


def _std_vjp(
    g: Any,
    y: Any,
    x: Any,
    *,
    axis: Axis = None,
    keepdims: bool = False,
    ddof: float = 0,
    correction: float = 0,
) -> Any:
    spread = _spread(y, x, axis) * _freedom(x, y, ddof or correction)
    return _spread(g, x, axis) * over(_centred(x, axis), spread)


def _cumsum_vjp(g: Any, y: Any, x: Any, *, axis: int | None = None) -> Any:
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), shape(x))


defvjp(np.sum, _sum_vjp)
defvjp(np.mean, _mean_vjp)
defvjp(np.max, _extremum_vjp)
defvjp(np.min, _extremum_vjp)
defvjp(np.prod, _prod_vjp)
defvjp(np.var, _var_vjp)
defvjp(np.std, _std_vjp)
defvjp(np.cumsum, _cumsum_vjp)

without_derivative(
    np.argmax, np.argmin, np.argsort, np.argpartition, np.all, np.any, np.count_nonzero
)
without_derivative(np.nonzero, np.flatnonzero, np.argwhere, np.searchsorted, np.digitize)
