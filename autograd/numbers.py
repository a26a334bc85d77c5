"""What a Value may hold: a Python float or complex number, or an array of either.

NumPy's double scalars become Python's numbers, which compute ten times as fast; other precisions
stay what they are. Nothing here knows Value.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import NotDifferentiable
from autograd.naming import name_of

__all__ = [
    "Array", "Axis", "Cotangent", "Data", "Setting", "alike", "as_constant", "as_data", "as_result",
    "checked_array", "is_finite", "like", "quick",
]  # fmt: skip

# NumPy's stubs cannot say "a number or an array, or a Value where a rule is recorded", so these
# names are for the reader; the type checker takes them for Any.
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Data: TypeAlias = Any  # float, complex, a NumPy scalar or an Array; a Value in a recorded rule
Cotangent: TypeAlias = Any  # the gradient of a loss with respect to a result: Data of its shape
Setting: TypeAlias = Any  # what a keyword such as axis= or mode= is given
Axis: TypeAlias = int | tuple[int, ...] | None

_NUMBERS = (int, float, complex, np.number, np.bool)


def as_data(data: Data) -> Data:
    """Data for a Value; ints and bools become floats. Raises TypeError for anything but numbers."""
    kind = type(data)
    if kind is float or kind is complex or (kind is np.ndarray and data.dtype.kind in "fc"):
        return data
    if isinstance(data, bool | int):
        return float(data)
    if hasattr(data, "backward"):
        raise TypeError("it is a Value already: use it as it is, or its .data.")
    array = checked_array(data)
    if array.dtype.kind in "iub":
        array = array.astype(float)
    elif array.dtype.kind not in "fc":
        raise TypeError(
            f"a Value holds real or complex numbers, not {kind.__name__} of dtype {array.dtype}."
        )
    return quick(array)


def as_constant(x: Data) -> Data:
    """An operand that is no Value; NotImplemented for anything but numbers and arrays of them."""
    if type(x) is float or type(x) is int:
        return x
    if isinstance(x, _NUMBERS):
        return quick(x)
    if isinstance(x, (list, tuple, np.ndarray)):
        x = checked_array(x)
        return x if x.dtype.kind in "fciub" else NotImplemented
    return NotImplemented


def as_result(data: Data, fn: Callable[..., Data]) -> Data:
    """The result of a function; raises NotDifferentiable if it is not real or complex."""
    kind = type(data)
    if kind is float or (kind is np.ndarray and data.dtype.kind in "fc" and data.ndim):
        return data
    if kind is np.float64:
        return float(data)
    if kind is np.float32:
        return data
    if isinstance(data, (np.ndarray, *_NUMBERS)):
        data = np.asarray(data)[()]
        if data.dtype.kind in "fc":
            return quick(data)
        kind = data.dtype
    raise NotDifferentiable(
        f"{name_of(fn)} returned {kind} here; only real or complex numbers have a derivative."
    )


def alike(a: Data, b: Data) -> bool:
    """True if both have one shape and one dtype."""
    if type(a) is type(b) is np.ndarray:
        return a.shape == b.shape and a.dtype == b.dtype
    return type(a) is type(b)


def like(number: Data, data: Data) -> Data:
    """`number` as a fresh array or scalar like `data`."""
    if type(data) is np.ndarray:
        if data.dtype.kind != "c" and np.iscomplexobj(number):
            raise TypeError(f"complex numbers do not fit an array of {data.dtype}: take .real.")
        if type(number) is np.ndarray and number.shape == data.shape:
            return number.astype(data.dtype)
        return np.full_like(data, number)
    return type(data)(number)


def quick(data: Data) -> Data:
    """A double of NumPy's as a Python number; anything else as it is."""
    kind = type(data)
    return float(data) if kind is np.float64 else complex(data) if kind is np.complex128 else data


def checked_array(data: Data) -> Data:
    """A list, an array or a NumPy scalar as an array or such a scalar."""
    if type(data) is np.ndarray:
        return data
    if isinstance(data, np.ma.MaskedArray | np.matrix):
        raise TypeError(f"a {type(data).__name__} is no plain array: give np.asarray(x).")
    return data if isinstance(data, np.generic) else np.asarray(data)


def is_finite(x: Data) -> bool:
    """True if no element is infinite or NaN, by one pass over an array; True of what is no data."""
    if type(x) is not np.ndarray:
        if type(x) is float:
            return x - x == 0
        if type(x) is tuple:
            return all(map(is_finite, x))
        x = np.asarray(x if isinstance(x, complex | np.inexact) else 0.0)
    if x.dtype.kind != "f":
        return x.dtype.kind != "c" or (is_finite(x.real) and is_finite(x.imag))
    if x.size > 4096 and 0 in x.strides:
        x = x[tuple(slice(None if step else 1) for step in x.strides)]  # what it repeats
    # A sum of squares shows either; one that overflowed is looked at again.
    flat = x if x.ndim == 1 else x.ravel("K")
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(x).all())
