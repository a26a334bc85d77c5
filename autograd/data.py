"""What a Value may hold: a Python float or complex number, or an array of either.

NumPy's double scalars become Python's numbers, which compute ten times as fast; other precisions
stay what they are. Nothing here knows Value.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.registry import name_of
from autograd.errors import NotDifferentiable

__all__ = ["alike", "as_constant", "as_data", "as_result", "checked_array", "like", "quick"]


def as_data(data: Any) -> Any:
    """What the user gives a Value to hold; ints and bools become floats."""
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


def as_constant(x: Any) -> Any:
    """An operand that is no Value; NotImplemented for what is not ours to compute with."""
    if isinstance(x, list | tuple | np.ndarray):
        x = checked_array(x)
        return x if x.dtype.kind in "fciub" else NotImplemented
    return (
        quick(x) if isinstance(x, int | float | complex | np.number | np.bool) else NotImplemented
    )


def as_result(data: Any, fn: Callable[..., Any]) -> Any:
    """What a function returned, if it is something that has a derivative."""
    kind = type(data)
    if kind is float or (kind is np.ndarray and data.ndim and data.dtype.kind in "fc"):
        return data
    if isinstance(data, int | float | complex | np.ndarray | np.generic):
        data = np.asarray(data)[()]
        if data.dtype.kind in "fc":
            return quick(data)
        kind = data.dtype
    raise NotDifferentiable(
        f"{name_of(fn)} returned {kind} here; only real or complex numbers have a derivative."
    )


def alike(a: Any, b: Any) -> bool:
    """Whether two are of one shape and one dtype."""
    if type(a) is type(b) is np.ndarray:
        return a.shape == b.shape and a.dtype == b.dtype
    return type(a) is type(b)


def like(number: Any, data: Any) -> Any:
    """A number, or an array of the same shape, in the type of data and in memory of its own."""
    if type(data) is np.ndarray:
        if data.dtype.kind != "c" and np.iscomplexobj(number):
            raise TypeError(f"complex numbers do not fit an array of {data.dtype}: take .real.")
        return np.full_like(data, number)
    return type(data)(number)


def quick(data: Any) -> Any:
    """A double of NumPy's as a Python number; anything else as it is."""
    kind = type(data)
    return float(data) if kind is np.float64 else complex(data) if kind is np.complex128 else data


def checked_array(data: Any) -> Any:
    """A list, an array or a NumPy scalar as an array or such a scalar."""
    if type(data) is np.ndarray:
        return data
    if isinstance(data, np.ma.MaskedArray | np.matrix):
        raise TypeError(f"a {type(data).__name__} is no plain array: give np.asarray(x).")
    return data if isinstance(data, np.generic) else np.asarray(data)
