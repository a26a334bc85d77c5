"""Derivatives of the functions that select elements, and those of diagonals and triangles."""

from typing import Any

import numpy as np

from autograd.derivatives.carrying import carried_from, carries
from autograd.derivatives.indexing import at_set
from autograd.derivatives.numerics import axis_of
from autograd.errors import NotDifferentiable
from autograd.table import compose, data_of, defvjp

carries(np.resize, np.tile, np.lib.stride_tricks.sliding_window_view)
carries(np.diag, np.diagonal, np.rot90, once=True)
carries(np.take, np.take_along_axis, arity=2)
carries(np.delete, arity=2, once=True)
carries(np.compress, np.extract, array=1, arity=2, once=True)


@compose(np.take)
def _take(
    a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise"
) -> Any:
    if mode != "raise" or out is not None or np.size(indices) == 0:
        return NotImplemented
    indices = np.asarray(indices)
    indices = indices.astype(int) if indices.dtype.kind == "b" else indices
    if axis is None:
        return np.ravel(a)[indices]
    return a[(slice(None),) * axis_of(axis, a) + (indices,)]


@compose(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    return carried_from(
        [*choicelist, default], lambda numbers: np.select(condlist, numbers[:-1], numbers[-1])
    )


@compose(np.choose)
def _choose(a: Any, choices: Any, out: None = None, mode: Any = "raise") -> Any:
    if out is not None:
        raise NotDifferentiable("np.choose of a Value takes no out=: assign the result instead.")
    return carried_from(list(choices), lambda numbers: np.choose(data_of(a), numbers, mode=mode))


@compose(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kwargs: Any) -> Any:
    if np.ndim(condlist) == 0 or (np.ndim(condlist[0]) == 0 and np.ndim(x)):
        condlist = [condlist]
    conditions = [data_of(c) for c in condlist]
    conditions = [np.broadcast_to(np.asarray(c, bool), np.shape(x)) for c in conditions]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    if len(funclist) != len(conditions):
        raise ValueError(
            f"np.piecewise with {len(conditions)} conditions takes as many functions, or one more, "
            f"not {len(funclist)}."
        )
    y = np.where(False, x, 0)
    for condition, f in zip(conditions, funclist, strict=True):
        if not np.any(condition):
            continue
        piece = f(x[condition] if np.ndim(x) else x, *args, **kwargs) if callable(f) else f
        y = at_set(y, condition, piece) if np.ndim(x) else piece
    return y


# ---------------------------------------------------------------- diagonals, triangles


defvjp(np.tril, lambda g, y, x, *, k=0: np.tril(g, k), broadcasts=True, routes=True)
defvjp(np.triu, lambda g, y, x, *, k=0: np.triu(g, k), broadcasts=True, routes=True)


@compose(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    return np.diagonal(v, k) if np.ndim(v) == 2 else NotImplemented


@compose(np.diagflat)
def _diagflat(v: Any, k: int = 0) -> Any:
    return np.diag(np.ravel(v), k)


@compose(np.trace)
def _trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None
) -> Any:
    return np.sum(np.diagonal(a, offset, axis1, axis2), -1, dtype, out)


@compose(np.linalg.diagonal)
def _linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, -2, -1)


@compose(np.linalg.trace)
def _linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return np.trace(x, offset, -2, -1, dtype)


# ------------------------------------------------------------------------------ sets


@compose(np.unique)
def _unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    **settings: Any,
) -> Any:
    flags = (return_inverse, return_counts, axis)
    unique: Any = np.unique
    _, index, *others = unique(data_of(ar), True, *flags, **settings)
    results = (np.take(ar, index, axis), *([index] if return_index else []), *others)
    return results if len(results) > 1 else results[0]


def _unique_parts(fn: Any) -> None:
    @compose(fn)
    def composed(x: Any) -> Any:
        every = np.unique_all(data_of(x))
        values = np.take(x, every.indices)
        if fn is np.unique_values:
            return values
        kind = type(fn(data_of(x)))
        return kind(values, *(getattr(every, field) for field in kind._fields[1:]))


for _fn in (np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values):
    _unique_parts(_fn)


@compose(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    places = np.argwhere(data_of(filt))
    index = [slice(None)] * np.ndim(filt)
    for k in range(np.ndim(filt)) if axis is None else np.atleast_1d(axis):
        n, inside = np.shape(filt)[k], places[:, k]
        first = np.min(inside, initial=n) if "f" in trim.lower() else 0
        last = np.max(inside + 1, initial=0) if "b" in trim.lower() else n
        index[k] = slice(first, last)
    return filt[tuple(index)]
