"""Functions that apply a user's function along axes: made of its results."""

from typing import Any

import numpy as np

from autograd.derivatives.joining import rows
from autograd.derivatives.numerics import array_of, axis_of
from autograd.table import compose, data_of


@compose(np.apply_along_axis)
def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    across = np.moveaxis(arr, axis, -1)
    outer = np.shape(across)[:-1]
    if 0 in outer:
        raise ValueError(f"np.apply_along_axis of no lines: the shape is {np.shape(arr)}.")
    each = rows(np.reshape(across, (-1, np.shape(across)[-1])))
    results = [array_of(func1d(line, *args, **kwargs)) for line in each]
    inner = np.shape(data_of(results[0]))
    y = np.reshape(np.stack(results), (*outer, *inner))
    k = axis_of(axis, arr)
    return np.moveaxis(y, range(len(outer), np.ndim(y)), range(k, k + len(inner)))


@compose(np.apply_over_axes)
def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    for axis in np.atleast_1d(axes).tolist():
        axis = axis_of(axis, a)
        reduced = func(a, axis)
        a = reduced if np.ndim(reduced) == np.ndim(a) else np.expand_dims(reduced, axis)
    return a
