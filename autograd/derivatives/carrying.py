"""Derivatives of functions that only carry elements about, whatever their settings.

What such a function makes of the numbers 1, 2, 3, … says where each element of its result comes
from, and so where its gradient goes.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.binding import Rule
from autograd.derivatives.indexing import scatter
from autograd.derivatives.numerics import array_of
from autograd.derivatives.shaping import astype
from autograd.numbers import Cotangent, Data, Setting
from autograd.table import data_of, defvjp

__all__ = ["carried_from", "carries"]


def _numbered(shape: tuple[int, ...], start: int = 1) -> Any:
    """The numbers start, start + 1, … in an array of the shape.

    What a function makes of them says where each element of its result comes from; 0: from none.
    """
    return np.arange(start, start + math.prod(shape)).reshape(shape)


def carries(*fns: Any, array: int = 0, arity: int = 1, once: bool = False) -> None:
    """Give derivatives to functions that only carry elements of one of their arguments about.

    array: which of their arguments, of as many as arity says. once: no element comes twice.
    """

    def rule_of(fn: Any) -> Rule:
        def rule(g: Cotangent, y: Data, *args: Any, **settings: Setting) -> Cotangent:
            shape = np.shape(args[array])
            numbers = (*args[:array], _numbered(shape), *args[array + 1 :])
            places = np.ravel(fn(*numbers, **settings))
            back = scatter(np.ravel(g), places, shape=(math.prod(shape) + 1,), unique=once)
            return np.reshape(back[1:], shape)

        return rule

    for fn in fns:
        defvjp(fn, *(rule_of(fn) if k == array else None for k in range(arity)), routes=True)


def carried_from(arrays: Sequence[Any], places_of: Callable[..., Any], dtype: Any = None) -> Any:
    """Elements of several arrays, as a function of their numbers carries them."""
    arrays = [array_of(a) for a in arrays]
    ends = np.cumsum([1, *map(np.size, arrays)]).tolist()
    numbers = [_numbered(np.shape(a), start) for a, start in zip(arrays, ends[:-1], strict=True)]
    dtype = np.result_type(*map(data_of, arrays)) if dtype is None else dtype
    every = np.concatenate([np.zeros(1, dtype), *map(np.ravel, arrays)])
    return astype(every[places_of(numbers)], dtype)
