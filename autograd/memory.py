"""Where arrays are large, memory takes more time than arithmetic: what can be done about that.

NumPy passes over its arrays once for each operation of a formula. Where they are larger than the
cache, most of the time goes into fetching them again: by tiles, each operation finds its numbers in
the cache. And memory that goes back to the system is taken anew page by page at the next step.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

__all__ = ["tiled"]

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
