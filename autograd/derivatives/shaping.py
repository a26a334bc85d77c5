"""Derivatives of the functions that only move elements: reshaping, turning, repeating.

Each is linear, and its rule is its adjoint: the elements are carried back where they came from,
and those that were copied are summed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.call import primitive
from autograd.derivatives.indexing import scatter
from autograd.derivatives.numerics import axis_of, is_final, method
from autograd.errors import ShapeMismatch
from autograd.table import compose, data_of, defvjp

Axes = int | tuple[int, ...]


def _reshaped(x: Any, shape: Any = None, order: Any = "C", *, newshape: Any = None) -> Any:
    x = x if type(x) is np.ndarray else np.asarray(x)
    return x.reshape(newshape if shape is None else shape, order=order)


def _reshape_vjp(g: Any, y: Any, x: Any, *, order: str = "C") -> Any:
    return np.reshape(g, np.shape(x), order=_definite(order))


def _definite(order: str) -> Any:
    if order not in ("C", "F"):
        raise ValueError(f"order={order!r} depends on the array's layout: write order='C' or 'F'.")
    return order


def _transpose_vjp(g: Any, y: Any, x: Any, *, axes: Sequence[int] | None = None) -> Any:
    if axes is None:
        return np.transpose(g)
    return np.transpose(g, np.argsort(np.atleast_1d(axes) % max(np.size(axes), 1)))


def _moveaxis_vjp(g: Any, y: Any, x: Any, *, source: Axes, destination: Axes) -> Any:
    return np.moveaxis(g, destination, source)


def _swapaxes_vjp(g: Any, y: Any, x: Any, *, axis1: int, axis2: int) -> Any:
    return np.swapaxes(g, axis1, axis2)


def _reshaped_back(g: Any, y: Any, x: Any) -> Any:
    return np.reshape(g, np.shape(x))


def _flip_vjp(g: Any, y: Any, x: Any, *, axis: Axes | None = None) -> Any:
    return np.flip(g, axis)


def _repeat_vjp(g: Any, y: Any, x: Any, *, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        return np.reshape(_repeat_vjp(g, y, np.ravel(x), repeats=repeats, axis=0), np.shape(x))
    shape, axis = np.shape(x), axis % np.ndim(x)
    if np.size(repeats) == 1:
        times = int(np.ravel(repeats)[0])
        if axis == len(shape) - 1:  # sums of a few numbers each: as a product they are quicker
            return np.reshape(g, (*shape, times)) @ np.ones(times, np.result_type(data_of(g)))
        return np.sum(np.reshape(g, (*shape[: axis + 1], times, *shape[axis + 1 :])), axis=axis + 1)
    source = np.repeat(np.arange(shape[axis]), repeats)
    return scatter(g, (slice(None),) * axis + (source,), shape=shape)


defvjp(
    np.reshape,
    _reshape_vjp,
    settings="shape newshape",
    forward=_reshaped,
    facts={"channels": "kept", "numbers": "kept"},
)
defvjp(np.ravel, _reshape_vjp, forward=method("ravel"), facts={"numbers": "kept"})
defvjp(np.transpose, _transpose_vjp, forward=lambda x, axes=None: np.asarray(x).transpose(axes))
defvjp(np.moveaxis, _moveaxis_vjp, facts={"numbers": "kept"})
defvjp(
    np.swapaxes, _swapaxes_vjp, forward=lambda x, axis1, axis2: np.asarray(x).swapaxes(axis1, axis2)
)
defvjp(np.expand_dims, _reshaped_back, settings="axis", facts={"numbers": "kept"})
defvjp(np.squeeze, _reshaped_back, settings="axis", facts={"numbers": "kept"})
defvjp(np.broadcast_to, lambda g, y, x: g, settings="shape", broadcasts=True)
defvjp(np.flip, _flip_vjp)
defvjp(np.repeat, _repeat_vjp)
defvjp(np.copy, lambda g, y, x: g)


@primitive
def astype(x: Any, dtype: Any) -> Any:
    """x with another real or complex dtype; its gradient keeps x's own."""
    return np.asarray(x).astype(dtype)


defvjp(astype, lambda g, y, x, dtype: g, None, facts={"numbers": "kept"})


@compose("astype")
def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    if device not in (None, "cpu"):
        raise ValueError(f"np.astype knows the device 'cpu', not {device!r}.")
    return astype(x, dtype)


# ------------------------------------------------------------------ turned and mirrored


def _roll_vjp(g: Any, y: Any, x: Any, *, shift: Any, axis: Axes | None = None) -> Any:
    if is_final(g):
        return _rolled(g, -shift if type(shift) is int else np.negative(shift), axis)
    return np.roll(g, np.negative(shift), axis)


def _rolled(x: Any, shift: Any, axis: Any = None) -> Any:
    """np.roll; along one axis as two pieces."""
    if type(shift) is not int or type(axis) is not int or np.ndim(x) == 0 or not x.shape[axis]:
        return np.roll(x, shift, axis)
    before, k = (slice(None),) * axis_of(axis, x), -shift % x.shape[axis]
    return np.concatenate([x[(*before, slice(k, None))], x[(*before, slice(k))]], axis)


defvjp(np.roll, _roll_vjp, forward=_rolled)


@compose(np.fliplr)
def _fliplr(m: Any) -> Any:
    return np.flip(m, 1)


@compose(np.flipud)
def _flipud(m: Any) -> Any:
    return np.flip(m, 0)


@compose(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    ndim = np.ndim(a)
    axis, start = axis_of(axis, a), start + ndim if start < 0 else start
    return np.moveaxis(a, axis, normalize_axis_index(start, ndim + 1) - (axis < start))


@compose("matrix_transpose", "linalg.matrix_transpose")
def matrix_transpose(x: Any, /) -> Any:
    if np.ndim(x) < 2:
        raise ShapeMismatch(f"matrix_transpose needs 2 dimensions or more, not {np.ndim(x)}.")
    return np.swapaxes(x, -1, -2)


# ------------------------------------------------------------- to a number of dimensions


def _at_least(fn: Any, reshaped: Any) -> None:
    @compose(fn)
    def composed(*arys: Any) -> Any:
        results = tuple(reshaped(a if hasattr(a, "ndim") else np.asarray(a)) for a in arys)
        return results[0] if len(results) == 1 else results


def _to_2d(a: Any) -> Any:
    return np.reshape(a, (1, np.size(a))) if np.ndim(a) < 2 else a


def _to_3d(a: Any) -> Any:
    return (
        np.reshape(a, (1, np.size(a), 1))
        if np.ndim(a) < 2
        else (np.expand_dims(a, 2) if np.ndim(a) == 2 else a)
    )


_at_least(np.atleast_1d, lambda a: a if np.ndim(a) else np.reshape(a, (1,)))
_at_least(np.atleast_2d, _to_2d)
_at_least(np.atleast_3d, _to_3d)


@compose(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@compose(np.meshgrid)
def _meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Any, ...]:
    sizes: Any = [np.arange(np.size(x)) for x in xi]
    meshgrid: Any = np.meshgrid
    places = meshgrid(*sizes, sparse=sparse, indexing=indexing)
    return tuple(np.ravel(x)[place] for x, place in zip(xi, places, strict=True))
