"""The methods of ufuncs: `np.add.reduce`, `np.maximum.accumulate`, `np.multiply.outer` and so on.

Where NumPy has a function that does the same, that one is called. Associative ufuncs are called of
halves; any other ufunc with a derivative once for each element along the axis. A running maximum
is, with its gradient, the first element that reached it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.joining import rows
from autograd.derivatives.numerics import along
from autograd.derivatives.shaping import astype
from autograd.errors import NotDifferentiable
from autograd.naming import name_of
from autograd.table import data_of

__all__ = ["METHODS"]

_REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.fmax: np.nanmax,
    np.fmin: np.nanmin,
}
_ASSOCIATIVE = (np.logaddexp, np.logaddexp2, np.hypot)
_ACCUMULATIONS: dict[np.ufunc, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}


def _reduce(
    ufunc: np.ufunc,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    **settings: Any,
) -> Any:
    if dtype is not None:
        array = astype(array, dtype)
    if ufunc in _REDUCTIONS:
        return _REDUCTIONS[ufunc](array, axis=axis, keepdims=keepdims, **settings)
    if settings or not isinstance(axis, int | np.integer):
        names = [f"{name}=" for name in settings] or ["axis=" + repr(axis)]
        raise NotDifferentiable(
            f"{name_of(ufunc)}.reduce of a Value cannot be differentiated with {', '.join(names)}: "
            "reduce along one axis."
        )
    if np.shape(array)[axis] == 0:
        return ufunc.reduce(data_of(array), axis, keepdims=keepdims)
    array = np.moveaxis(array, axis, 0)
    while ufunc in _ASSOCIATIVE and len(array) > 2:  # halves at once
        half, odd = len(array) // 2, array[2 * (len(array) // 2) :]
        array = np.concatenate([ufunc(array[:half], array[half : 2 * half]), odd])
    lines = rows(array)
    result = lines[0] if ufunc.identity is None else ufunc(ufunc.identity, lines[0])
    for line in lines[1:]:
        result = ufunc(result, line)
    return np.expand_dims(result, axis) if keepdims else result


def _accumulate(
    ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None, out: None = None
) -> Any:
    if dtype is not None:
        array = astype(array, dtype)
    if ufunc in _ACCUMULATIONS:
        return _ACCUMULATIONS[ufunc](array, axis)
    if ufunc in (np.maximum, np.minimum) and np.size(array):
        return np.take_along_axis(array, _record_holders(ufunc, data_of(array), axis), axis)
    lines = rows(np.moveaxis(array, axis, 0))
    results = list(lines[:1])
    for line in lines[1:]:
        results.append(ufunc(results[-1], line))
    return np.stack(results, axis) if results else 1 * array


def _record_holders(ufunc: np.ufunc, x: Any, axis: int) -> Any:
    """Where the running extremum is: at the first element that reached it."""
    best = ufunc.accumulate(x, axis)
    places = along(np.arange(x.shape[axis]), axis, x.ndim)
    before = np.roll(best, 1, axis)
    new = (best != before) & ~np.isnan(before) & (places > 0)
    return np.maximum.accumulate(np.where(new, places, 0), axis)


def _outer(ufunc: np.ufunc, a: Any, b: Any, /, **settings: Any) -> Any:
    return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **settings)


def _reduceat(
    ufunc: np.ufunc, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: None = None
) -> Any:
    lines = np.moveaxis(array, axis, 0)
    indices = np.asarray(indices, int)
    if len(indices) == 0:
        return np.moveaxis(lines[:0], 0, axis)
    if np.any(indices < 0) or np.any(indices >= len(lines)):
        raise IndexError(f"{name_of(ufunc)}.reduceat of {len(lines)} elements at {indices}.")
    if np.all(np.diff(indices) > 0):
        parts = np.split(lines, indices)[1:]
    else:
        ends = np.append(indices[1:], len(lines))
        parts = [lines[i : max(i + 1, end)] for i, end in zip(indices, ends, strict=True)]
    return np.stack([_reduce(ufunc, part, 0, dtype) for part in parts], axis)


METHODS: dict[str, Callable[..., Any]] = {
    "reduce": _reduce,
    "accumulate": _accumulate,
    "outer": _outer,
    "reduceat": _reduceat,
}
