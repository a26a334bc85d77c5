"""Derivatives of the functions that only move elements: reshaping, joining, splitting, repeating.

Each is linear, and its rule is its adjoint: the elements are carried back where they came from,
and those that were copied are summed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.derivatives.indexing import scatter
from autograd.derivatives.registry import compose, defvjp, primitive, without_derivative

Axes = int | tuple[int, ...]


def _reshape_vjp(
    g: Any, y: Any, x: Any, *, shape: Any = None, newshape: Any = None, order: str = "C"
) -> Any:
    return np.reshape(g, np.shape(x), order=_definite(order))


def _ravel_vjp(g: Any, y: Any, x: Any, *, order: str = "C") -> Any:
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


def _squeeze_vjp(g: Any, y: Any, x: Any, *, axis: Axes | None = None) -> Any:
    return np.reshape(g, np.shape(x))


def _broadcast_to_vjp(g: Any, y: Any, x: Any, *, shape: Any) -> Any:
    return g  # the engine sums it back to the shape of x


def _flip_vjp(g: Any, y: Any, x: Any, *, axis: Axes | None = None) -> Any:
    return np.flip(g, axis)


def _repeat_vjp(g: Any, y: Any, x: Any, *, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        return np.reshape(_repeat_vjp(g, y, np.ravel(x), repeats=repeats, axis=0), np.shape(x))
    shape, axis = np.shape(x), axis % np.ndim(x)
    if np.size(repeats) == 1:
        parts = (*shape[: axis + 1], int(np.ravel(repeats)[0]), *shape[axis + 1 :])
        return np.sum(np.reshape(g, parts), axis=axis + 1)
    source = np.repeat(np.arange(shape[axis]), repeats)
    return scatter(g, (slice(None),) * axis + (source,), shape=shape)


def _tile_vjp(g: Any, y: Any, x: Any, *, reps: Any) -> Any:
    reps = (1,) * (np.ndim(y) - np.size(reps)) + tuple(np.ravel(reps).tolist())
    shape = (1,) * (np.ndim(y) - np.ndim(x)) + np.shape(x)
    pairs = [n for pair in zip(reps, shape, strict=True) for n in pair]
    return np.reshape(
        np.sum(np.reshape(g, pairs), axis=tuple(range(0, len(pairs), 2))), np.shape(x)
    )


defvjp(np.reshape, _reshape_vjp)
defvjp(np.ravel, _ravel_vjp)
defvjp(np.transpose, _transpose_vjp)
defvjp(np.moveaxis, _moveaxis_vjp)
defvjp(np.swapaxes, _swapaxes_vjp)
defvjp(np.expand_dims, _squeeze_vjp)
defvjp(np.squeeze, _squeeze_vjp)
defvjp(np.broadcast_to, _broadcast_to_vjp, broadcasts=True)
defvjp(np.flip, _flip_vjp)
defvjp(np.repeat, _repeat_vjp)
defvjp(np.tile, _tile_vjp)
defvjp(np.copy, lambda g, y, x: g)


@primitive
def astype(x: Any, dtype: Any) -> Any:
    """x with another real or complex dtype; its gradient keeps x's own."""
    return np.asarray(x).astype(dtype)


defvjp(astype, lambda g, y, x, dtype: g, None)

# ----------------------------------------------------------- joining, splitting


def _concatenate_vjp(g: Any, y: Any, arrays: Sequence[Any], *, axis: int | None = 0) -> list[Any]:
    if axis is None:
        pieces = _concatenate_vjp(g, y, [np.ravel(a) for a in arrays])
        return [np.reshape(piece, np.shape(a)) for piece, a in zip(pieces, arrays, strict=True)]
    ends = np.cumsum([np.shape(a)[axis] for a in arrays])
    return np.split(g, ends[:-1], axis=axis)


def _stack_vjp(g: Any, y: Any, arrays: Sequence[Any], *, axis: int = 0) -> list[Any]:
    return list(np.moveaxis(g, axis, 0))


defvjp(np.concatenate, _concatenate_vjp, sequence=True)
defvjp(np.stack, _stack_vjp, sequence=True)


@compose(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    where = np.arange(np.shape(ary)[axis])
    leading = (slice(None),) * (axis % np.ndim(ary))
    bounds = [(p[0], p[-1] + 1) if p.size else (0, 0) for p in np.split(where, indices_or_sections)]
    return [ary[(*leading, slice(start, stop))] for start, stop in bounds]


without_derivative(np.shape, np.ndim, np.size, np.result_type, np.broadcast_shapes)
without_derivative(
    np.zeros_like, np.ones_like, np.empty_like, np.array_repr, np.array_str, np.array2string
)
