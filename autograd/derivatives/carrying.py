"""Derivatives of functions that only carry elements about, whatever their settings.

What such a function makes of the numbers 1, 2, 3, … says where each element of its result comes
from, and so where its gradient goes.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.derivatives.indexing import scatter
from autograd.derivatives.numerics import array_of
from autograd.derivatives.shaping import astype
from autograd.table import data_of, defvjp

__all__ = ["carried_from", "carries"]


def _numbered(shape: tuple[int, ...], start: int = 1) -> Any:
    """The numbers start, start + 1, … in an array of the shape.

    What a function makes of them says where each element of its result comes from; 0: from none.
    """
    return np.arange(start, start + math.prod(shape)).reshape(shape)


def carries(fn: Any, array: int = 0, arity: int = 1, *, once: bool = False) -> None:
    """Give derivatives to a function that only carries elements of one of its arguments about.

    once: no element comes twice.
    """

    def rule(g: Any, y: Any, *args: Any, **settings: Any) -> Any:
        shape = np.shape(args[array])
        numbers = (*args[:array], _numbered(shape), *args[array + 1 :])
        places = np.ravel(fn(*numbers, **settings))
        back = scatter(np.ravel(g), places, shape=(math.prod(shape) + 1,), unique=once)
        return np.reshape(back[1:], shape)

    defvjp(fn, *(rule if k == array else None for k in range(arity)))


def carried_from(arrays: Sequence[Any], places_of: Callable[..., Any], dtype: Any = None) -> Any:
    """Elements of several arrays, as a function of their numbers carries them."""
    arrays = [array_of(a) for a in arrays]
    ends = np.cumsum([1, *map(np.size, arrays)]).tolist()
    numbers = [_numbered(np.shape(a), start) for a, start in zip(arrays, ends[:-1], strict=True)]
    dtype = np.result_type(*map(data_of, arrays)) if dtype is None else dtype
    every = np.concatenate([np.zeros(1, dtype), *map(np.ravel, arrays)])
    return astype(every[places_of(numbers)], dtype)
