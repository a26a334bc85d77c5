"""Derivatives of indexing, and of its adjoint, which puts gradients back where elements came from.

`take` of an index and `scatter` to it are each other's rule. An index is any that NumPy knows:
integers, slices, `...`, `np.newaxis`, integer arrays (repeated indices too), masks.
"""

import math
import operator
from typing import Any

import numpy as np

from autograd.call import primitive
from autograd.derivatives.numerics import array_of
from autograd.table import defvjp

__all__ = ["at", "at_add", "at_multiply", "at_set", "scatter"]


def _may_repeat(index: Any) -> bool:
    """Whether an index can name one element twice: only arrays of integers can."""
    parts = index if type(index) is tuple else (index,)
    single = (slice, int, np.integer, type(None), type(...))
    return any(not isinstance(p, single) and np.asarray(p).dtype.kind in "iu" for p in parts)


@primitive
def scatter(g: Any, index: Any, *, shape: tuple[int, ...], unique: bool = False) -> Any:
    """Zeros of the shape, with g added at the index: the adjoint of x[index].

    unique: the index, though an array of integers, names no element twice.
    """
    out = np.zeros(shape, np.result_type(g))
    if unique or not _may_repeat(index):
        out[index] = g
    else:
        _add_at(out, index, g)
    return out


def _add_at(out: Any, index: Any, g: Any) -> None:
    """np.add.at along one axis, several times as fast as at an index of several."""
    if isinstance(index, np.ndarray) and out.ndim == 1:
        places = index
    elif isinstance(index, np.ndarray) and index.dtype.kind in "iu":
        width = math.prod(out.shape[1:])
        if width > _WIDE:
            rows = np.broadcast_to(g, (*index.shape, *out.shape[1:])).reshape(-1, *out.shape[1:])
            for row, place in zip(rows, index.ravel().tolist(), strict=True):
                out[place] += row
            return
        places = index.reshape(-1, 1) % len(out) * width + np.arange(width)
        places = places.reshape((*index.shape, *out.shape[1:]))
    else:
        places = _places(out.shape, index)
    g = g if np.shape(g) == places.shape else np.broadcast_to(g, places.shape)
    np.add.at(out.reshape(-1), places.ravel(), np.ravel(g))


_WIDE = 500  # rows so wide that a loop over them in Python takes less than np.add.at


def _places(shape: tuple[int, ...], index: Any) -> Any:
    """The number of each element that the index names, in the order of memory."""
    return np.arange(math.prod(shape)).reshape(shape)[index]


def _picked(x: Any, index: Any) -> Any:
    """x[index], of a number too."""
    return np.asarray(x)[index] if isinstance(x, float | complex) else x[index]


defvjp(
    operator.getitem,
    lambda g, y, x, index: scatter(g, index, shape=np.shape(x)),
    None,
    symbol="[ ]",
    routes=True,
)
defvjp(scatter, lambda g, y, x, index, *, shape, unique=False: _picked(g, index), None)


# ------------------------------------------------------------------- new arrays by at[]


@primitive
def at_set(x: Any, index: Any, w: Any) -> Any:
    """x with x[index] = w, as a new array; of repeated indices the last one counts."""
    out = np.array(x, np.result_type(x, w))
    out[index] = w
    return out


@primitive
def at_add(x: Any, index: Any, w: Any) -> Any:
    """x with w added at the index, as a new array; repeated indices add up."""
    out = np.array(x, np.result_type(x, w), order="C")
    _add_at(out, index, w)
    return out


@primitive
def at_multiply(x: Any, index: Any, w: Any) -> Any:
    """x with x[index] multiplied by w, as a new array; the index names no element twice."""
    out = np.array(x, np.result_type(x, w))
    out[index] *= w
    return out


def _multiplied(x: Any, index: Any, w: Any) -> Any:
    """x multiplied by w at the index, repeated ones too: at each repetition in its turn."""
    places = _places(np.shape(x), index)
    order = np.argsort(places, axis=None, kind="stable")
    line = np.ravel(places)[order]
    turns = np.arange(line.size) - np.searchsorted(line, line)
    if not np.any(turns):
        return at_multiply(x, index, w)
    factors = np.ravel(np.broadcast_to(w, np.shape(places)))
    flat = np.ravel(x)
    for turn in range(np.max(turns) + 1):
        now = order[turns == turn]
        flat = at_multiply(flat, np.ravel(places)[now], factors[now])
    return np.reshape(flat, np.shape(x))


def _written(x: Any, index: Any) -> Any:
    """For each element of x[index] whether it is the one that an assignment leaves there."""
    if not _may_repeat(index):
        return True
    last = np.zeros(np.shape(x), int)
    order = np.arange(np.size(last[index])).reshape(np.shape(last[index]))
    last[index] = order
    return last[index] == order


defvjp(
    at_set,
    lambda g, y, x, index, w: at_set(g, index, 0),
    None,
    lambda g, y, x, index, w: _picked(g, index) * _written(x, index),
    broadcasts=True,
    routes=True,
)
defvjp(
    at_add,
    lambda g, y, x, index, w: g,
    None,
    lambda g, y, x, index, w: _picked(g, index),
    broadcasts=True,
)
defvjp(
    at_multiply,
    lambda g, y, x, index, w: at_multiply(g, index, w),
    None,
    lambda g, y, x, index, w: _picked(g, index) * _picked(x, index),
    broadcasts=True,
)


class at:
    """Assignments that give a new array: `at(x)[i].set(w)`, `.add(w)`, `.multiply(w)`.

    For arrays and Values alike; `v.at[i]` is `at(v)[i]`. They can be differentiated by x and w.

    >>> import numpy as np
    >>> at(np.zeros(3))[[0, 2, 2]].add(1.0)
    array([1., 0., 2.])
    """

    def __init__(self, x: Any, index: Any = ...) -> None:
        self._x, self._index = array_of(x), index

    def __getitem__(self, index: Any) -> "at":
        return at(self._x, index)

    def set(self, w: Any) -> Any:
        """The array with w there; of repeated indices the last one counts."""
        return at_set(self._x, self._index, array_of(w))

    def add(self, w: Any) -> Any:
        """The array with w added there; repeated indices add up."""
        return at_add(self._x, self._index, array_of(w))

    def multiply(self, w: Any) -> Any:
        """The array multiplied by w there; by each, where an index is repeated."""
        return _multiplied(self._x, self._index, array_of(w))
