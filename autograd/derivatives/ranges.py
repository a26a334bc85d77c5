"""Derivatives of arrays between two ends, and of arrays full of one number."""

from typing import Any

import numpy as np

from autograd.derivatives.numerics import array_of
from autograd.derivatives.shaping import astype
from autograd.record import is_tracked
from autograd.table import compose, data_of


def _fractions(num: int, endpoint: bool) -> Any:
    return np.linspace(0, 1, num, endpoint)


def _spaced(start: Any, stop: Any, fractions: Any, axis: int, between: Any) -> Any:
    """between(start, stop, fractions), with the fractions along the axis."""
    ndim = len(np.broadcast_shapes(np.shape(start), np.shape(stop)))
    start, stop = array_of(start), array_of(stop)
    real = np.real(np.empty(0, np.result_type(data_of(start), data_of(stop), 1.0))).dtype
    fractions = np.reshape(fractions, (-1, *(1,) * ndim)).astype(real)
    return np.moveaxis(between(start, stop, fractions), 0, axis)


@compose(np.linspace)
def _linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    start, stop = array_of(start), array_of(stop)
    fractions = _fractions(num, endpoint)
    y = _spaced(start, stop, fractions, axis, lambda a, b, t: np.where(t == 1, b, a + (b - a) * t))
    y = y if dtype is None else astype(y, dtype)
    if not retstep:
        return y
    steps = num - 1 if endpoint else num
    return y, (stop - start) / (steps if steps > 0 else np.nan)


@compose(np.logspace)
def _logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    start, stop, base = map(array_of, (start, stop, base))
    fractions = _fractions(num, endpoint)
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop), np.shape(base))
    first = start if np.shape(start) == shape else np.broadcast_to(start, shape)
    y = _spaced(first, stop, fractions, 0, lambda a, b, t: base ** (a + (b - a) * t))
    y = np.moveaxis(y, 0, axis)
    return y if dtype is None else astype(y, dtype)


@compose(np.geomspace)
def _geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    fractions = _fractions(num, endpoint)
    y = _spaced(start, stop, fractions, axis, lambda a, b, t: np.where(t == 1, b, a * (b / a) ** t))
    return astype(y, np.result_type(data_of(y), np.float64) if dtype is None else dtype)


@compose(np.full_like)
def _full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    a = np.asarray(data_of(a))
    filled = np.broadcast_to(fill_value, a.shape if shape is None else shape)
    if not is_tracked(filled):
        return np.full_like(a, fill_value, dtype, order, subok, shape)
    return astype(filled, a.dtype if dtype is None else dtype)
