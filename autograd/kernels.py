"""Computations that NumPy's usual way makes several times as dear as their arithmetic.

NumPy passes over its arrays once for each operation of a formula. Where they are larger than the
cache, most of the time goes into fetching them again: by tiles, each operation finds its numbers in
the cache. Memory that goes back to the system is taken anew page by page at the next step. And sums
of short rows, or of rows, are quicker as products with ones.
"""

import math
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import numpy as np

__all__ = ["hypot", "logaddexp", "row_sums", "sum_of_rows", "tiled"]

# glibc keeps what is freed below twice the size of the largest array that ever was, up to 64 MB.
# This one is never written to, and so costs nothing.
np.empty(24 << 20, np.uint8)

_TILE = 1 << 15  # so many elements of a few arrays fit into the cache


def tiled(formula: Callable[..., Any]) -> Callable[..., Any]:
    """The same elementwise formula, computed by tiles where its arguments are large arrays.

    It must compute each element of its result from the same element of its arguments alone, which
    are arrays of one shape, and numbers.

    >>> import numpy as np
    >>> logistic = tiled(lambda x: 1 / (1 + np.exp(-x)))
    >>> float(logistic(np.zeros(100_000)).sum())
    50000.0
    """

    @wraps(formula)
    def by_tiles(*args: Any, **settings: Any) -> Any:
        first = args[0]
        if type(first) is not np.ndarray or first.size <= 2 * _TILE:
            return formula(*args, **settings)
        arrays = {i: a for i, a in enumerate(args) if type(a) is np.ndarray and a.ndim}
        if not all(a.shape == first.shape and _is_line(a) for a in arrays.values()):
            return formula(*args, **settings)
        lines = {i: a.reshape(-1) for i, a in arrays.items()}
        out: Any = None
        for start in range(0, first.size, _TILE):
            tile = slice(start, start + _TILE)
            parts = [lines[i][tile] if i in lines else a for i, a in enumerate(args)]
            part = formula(*parts, **settings)
            if out is None:
                out = np.empty(first.size, part.dtype)
            out[tile] = part
        return out.reshape(first.shape)

    return by_tiles


def _is_line(a: Any) -> bool:
    """True if its elements stand one after the other, or are one and the same."""
    return bool(a.flags.c_contiguous) or not any(a.strides)


@lru_cache(64)
def _ones(n: int, dtype: np.dtype[Any]) -> Any:
    ones = np.ones(n, dtype)
    ones.flags.writeable = False
    return ones


_SMALL = 4096  # below, a product's call takes longer than the sum
_SHORT = 512  # of longer rows, NumPy's own sum is as quick, and more exact


def row_sums(x: Any) -> Any:
    """The sums along the last axis, which stays, of length 1.

    >>> import numpy as np
    >>> row_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3.],
           [7.]])
    """
    if x.size < _SMALL or not _suits_a_product(x, x.shape[-1]):
        return np.add.reduce(x, axis=-1, keepdims=True)
    return (x @ _ones(x.shape[-1], x.dtype))[..., None]


def sum_of_rows(x: Any, axes: int) -> Any:
    """The sum over as many of the first axes.

    >>> import numpy as np
    >>> sum_of_rows(np.array([[1.0, 2.0], [3.0, 4.0]]), 1)
    array([4., 6.])
    """
    if x.size < _SMALL or not _suits_a_product(x, n := math.prod(x.shape[:axes])):
        return np.add.reduce(x, 0 if axes == 1 else tuple(range(axes)))
    return (_ones(n, x.dtype) @ x.reshape(n, -1)).reshape(x.shape[axes:])


def _suits_a_product(x: Any, n: int) -> bool:
    """True if BLAS adds up sums of n numbers each as it stands."""
    return n <= _SHORT and x.ndim > 1 and x.dtype.char in "fd" and bool(x.flags.c_contiguous)


# ------------------------------------------------------------------------ single functions

_FEW = 500  # below, NumPy's own call takes less than the several here


def logaddexp(x: Any, y: Any) -> Any:
    """np.logaddexp, of which NumPy's own takes several times as long for many numbers.

    >>> import numpy as np
    >>> float(logaddexp(np.zeros(1000), 0.0)[0])
    0.6931471805599453
    """
    if max(np.size(x), np.size(y)) < _FEW:
        return np.logaddexp(x, y)
    with np.errstate(invalid="ignore"):  # of equal infinities
        gap = np.abs(np.subtract(x, y))
    if np.isnan(np.min(gap)):
        return np.logaddexp(x, y)
    return np.maximum(x, y) + np.log1p(np.exp(-gap))


def hypot(x: Any, y: Any) -> Any:
    """np.hypot, without its cares where no square overflows or loses digits.

    >>> import numpy as np
    >>> float(hypot(np.full(1000, 3.0), 4.0)[0])
    5.0
    """
    if max(np.size(x), np.size(y)) < _FEW or np.result_type(x, y).kind != "f":
        return np.hypot(x, y)
    with np.errstate(all="ignore"):
        square = 1.0 * x * x + 1.0 * y * y
    limits = np.finfo(square.dtype)
    if limits.tiny / limits.eps < np.min(square) and np.max(square) < math.inf:
        return np.sqrt(square)
    return np.hypot(x, y)
