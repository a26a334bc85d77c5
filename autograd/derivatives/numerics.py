"""Quotients, products and powers for rules, right where the local derivative is infinite.

Where no gradient comes in, none goes out: 0 · ∞ and 0 · NaN are 0 in the chain rule, so that
`np.where(x > 0, np.sqrt(x), 0)` has the gradient 0 at 0, and `np.nanmean((x - data) ** 2)` passes
over what is missing. This holds for elementwise functions of arrays here, for numbers in the walk
itself; a matrix product with an infinite factor mixes it into sums, and is what NumPy says.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.derivatives.registry import data_of

__all__ = [
    "along",
    "array_of",
    "axes_of",
    "axis_of",
    "conj",
    "dtype_of",
    "is_final",
    "is_regular",
    "lines",
    "on_axes",
    "over",
    "power",
    "shape",
    "times",
    "unlines",
    "zeros_of",
]


def shape(x: Any) -> tuple[int, ...]:
    """np.shape, without its detour for numbers, arrays and Values."""
    return getattr(x, "shape", ())


def is_final(x: Any) -> bool:
    """Whether a rule runs on plain data, so that what it returns is not differentiated again.

    Then a quotient will do where only a product can be differentiated exactly.
    """
    return isinstance(x, np.ndarray | np.generic | float | complex)


def array_of(x: Any) -> Any:
    """A list or tuple as an array; arrays, numbers and Values as they are."""
    return np.asarray(x) if isinstance(x, list | tuple) else x


def dtype_of(x: Any) -> Any:
    """The dtype of an array, a number, a list or a Value; that of Python's numbers is weak."""
    return np.result_type(array_of(data_of(x)))


def axis_of(axis: Any, x: Any) -> int:
    """An axis of x, counted from the front; NumPy's error if x has no such axis."""
    return normalize_axis_index(axis, np.ndim(x))


def axes_of(axis: Any, x: Any) -> tuple[int, ...]:
    """Axes of x, counted from the front; all of them for None."""
    return tuple(range(np.ndim(x))) if axis is None else normalize_axis_tuple(axis, np.ndim(x))


def along(line: Any, axis: int, ndim: int) -> Any:
    """A vector along one axis, of length 1 in the others: it broadcasts with ndim dimensions."""
    return np.reshape(line, [-1 if k == axis % ndim else 1 for k in range(ndim)])


def on_axes(weights: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Weights of these axes alone, in their order, ready to broadcast with the whole shape."""
    weights = np.transpose(weights, np.argsort(axes))
    return np.reshape(weights, [n if k in axes else 1 for k, n in enumerate(shape)])


def zeros_of(x: Any) -> Any:
    """Zeros, in the shape and dtype of x."""
    return np.zeros(np.shape(x), dtype_of(x))


def lines(x: Any, axes: tuple[int, ...]) -> Any:
    """x with these axes moved to the end and made one."""
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    kept = np.ndim(x) - len(axes)
    return np.reshape(moved, (*np.shape(moved)[:kept], math.prod(np.shape(moved)[kept:])))


def unlines(y: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """The inverse of `lines`, for an x of that shape."""
    last = tuple(range(-len(axes), 0))
    moved = [n for k, n in enumerate(shape) if k not in axes] + [shape[k] for k in axes]
    return np.moveaxis(np.reshape(y, moved), last, axes)


def conj(x: Any) -> Any:
    """The complex conjugate; of real numbers they themselves, not a copy."""
    return np.conjugate(x) if np.iscomplexobj(x) else x


def over(g: Any, d: Any) -> Any:
    """The quotient g / d, and 0 where g is 0, whatever d is (of numbers the walk sees to that)."""
    if type(g) is type(d) is float:
        return 0.0 if not g else g / d if d else np.divide(g, d)
    if not (_nowhere_0(d) and _is_finite(d)):
        idle = (g == 0) & ((d == 0) | np.isnan(d))
        g, d = np.where(idle, 0, g), np.where(idle, 1, d)
    return g / d


def times(g: Any, d: Any) -> Any:
    """The product g · d, and 0 where g is 0 and d infinite or not a number."""
    if type(g) is type(d) is float:
        return g * d if g else 0.0
    if not _is_finite(d):
        d = np.where(~np.isfinite(d) & (g == 0), 0, d)
    return g * d


def _nowhere_0(d: Any) -> Any:
    if type(d) is np.ndarray:  # a third, or half, of the time of np.all
        return np.count_nonzero(d) == d.size if d.size < 4096 else (d != 0).all()
    return np.all(d)


def _is_finite(d: Any) -> Any:
    floats = type(d) is np.ndarray and d.dtype.kind in "fc"
    if floats and math.isfinite(np.vdot(d, d).real):  # likewise; an overflow is looked at again
        return True
    return np.all(np.isfinite(d))


def is_regular(y: Any) -> Any:
    """Whether products y are so far from 0 and ∞ that quotients of them are exact to rounding."""
    if type(y) is float:
        return 1e-290 < abs(y) < math.inf
    limits = np.finfo(np.result_type(y))
    return np.all(np.isfinite(y) & (np.abs(y) > limits.tiny / limits.eps))


def power(x: Any, p: Any) -> Any:
    """xᵖ as NumPy has it: quick for Python numbers, whose own ** leaves the reals or raises."""
    if type(x) in _NUMBERS and type(p) in _NUMBERS:
        if x > 0 or (p % 1 == 0 and (x or p >= 0)):
            try:
                return x**p
            except OverflowError:
                pass
        return np.power(float(x), float(p))
    return x**p


_NUMBERS = (float, int)
