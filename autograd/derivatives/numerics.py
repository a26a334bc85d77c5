"""What rules need of shapes, axes, dtypes and powers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.table import data_of

__all__ = [
    "along",
    "array_of",
    "axes_of",
    "axis_of",
    "conj",
    "divisor",
    "dtype_of",
    "holds_somewhere",
    "is_final",
    "is_large_and_regular",
    "is_regular",
    "lines",
    "method",
    "on_axes",
    "power",
    "shape",
    "unlines",
    "where",
    "zeros_of",
]


def shape(x: Any) -> tuple[int, ...]:
    """np.shape, without its detour for numbers, arrays and Values."""
    return getattr(x, "shape", ())


def method(name: str) -> Callable[..., Any]:
    """The method of arrays that NumPy's function of that name comes to in the end."""
    of_array = getattr(np.ndarray, name)

    def forward(x: Any, *args: Any, **settings: Any) -> Any:
        return of_array(x if type(x) is np.ndarray else np.asarray(x), *args, **settings)

    return forward


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


def divisor(y: Any) -> Any:
    """y, with ∞ in place of 0: what is divided by it is 0 there, and so is every derivative."""
    if np.all(data_of(y)):
        return y
    return np.where(y == 0, np.inf, y)


def where(mask: Any, a: Any, b: Any) -> Any:
    """np.where with a 0; of many numbers as a product, without a branch for each of them."""
    if isinstance(a, np.ndarray) and a.size > 1000 and type(b) is int:
        return a * np.not_equal(mask, 0)
    if isinstance(b, np.ndarray) and b.size > 1000 and type(a) is int:
        return b * np.equal(mask, 0)
    return np.where(mask, a, b)


def holds_somewhere(mask: Any) -> bool:
    """False of an array without a single True: then nothing needs to be added there."""
    return not isinstance(mask, np.ndarray) or bool(mask.any())


def is_regular(y: Any) -> Any:
    """Whether products y are so far from 0 and ∞ that quotients of them are exact to rounding."""
    if type(y) is float:
        return 1e-290 < abs(y) < math.inf
    limits, size = np.finfo(np.result_type(y)), np.abs(data_of(y))
    return limits.tiny / limits.eps < np.min(size, initial=1) and np.max(size, initial=1) < math.inf


def is_large_and_regular(y: Any) -> bool:
    """True of many numbers that are regular: of a few, it takes longer to find that out."""
    return getattr(y, "size", 1) > 500 and bool(is_regular(y))


def power(x: Any, p: Any) -> Any:
    """xᵖ as NumPy has it: quick for Python numbers, whose own ** leaves the reals or raises."""
    if type(x) in _NUMBERS and type(p) in _NUMBERS:
        if x > 0 or (p % 1 == 0 and (x or p >= 0)):
            try:
                return x**p
            except OverflowError:
                pass
        return np.power(float(x), float(p))
    if type(p) in _NUMBERS and type(x) is np.ndarray and p in _PRODUCTS:
        root = x if p == 3 else power(x, p // 2)
        return root * root * x if p % 2 else root * root
    return x**p


_NUMBERS = (float, int)
_PRODUCTS = (3, 4, 5)  # exponents for which products are right to 4 units in the last place
