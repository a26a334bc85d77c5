"""Every function with a derivative, with arguments inside its domain.

ELEMENTWISE gives an interval for each argument; CALLS gives calls, each with the shapes of its
arrays; SPECIAL, scipy.special's functions by name. Kinks and ties are kept away from.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.check.catalogue import (
    calculus,
    elementwise,
    fft,
    joining,
    linalg,
    products,
    reductions,
    selecting,
    shaping,
)
from autograd.check.catalogue.elementwise import ELEMENTWISE, Interval
from autograd.check.catalogue.rows import Calls, Function
from autograd.check.catalogue.special import SPECIAL
from autograd.table import load_chapters

load_chapters()

__all__ = ["CALLS", "ELEMENTWISE", "SPECIAL", "call_of_special", "distinct"]

CALLS: Calls = {
    fn: rows
    for chapter in (
        calculus, elementwise, fft, joining, linalg, products, reductions, selecting, shaping,
    )
    for fn, rows in chapter.CALLS.items()
}  # fmt: skip


def call_of_special(name: str) -> tuple[Function, list[Interval]]:
    """One of scipy.special's functions of the arguments that have derivatives, and their intervals.

    The others are given the number that stands for them.
    """
    import scipy.special

    parts = SPECIAL[name]
    fixed = [p for p in parts if not isinstance(p, tuple)]

    def call(*arrays: Any) -> Any:
        rest, constants = iter(arrays), iter(fixed)
        return getattr(scipy.special, name)(
            *(next(rest) if isinstance(p, tuple) else next(constants) for p in parts)
        )

    call.__name__ = name
    return call, [p for p in parts if isinstance(p, tuple)]


def distinct(shapes: Sequence[tuple[int, ...]], seed: int) -> list[Any]:
    """Arrays of these shapes, all of whose numbers lie well apart: no tie is near.

    Unevenly so, that their sums lie apart too; and away from hundredths, where the rows of the
    catalogue have their kinks.

    >>> distinct([(2,)], seed=0)[0].round(3)
    array([1.57 , 0.209])
    """
    rng = np.random.default_rng(seed)
    ends = np.cumsum([math.prod(shape) for shape in shapes]).astype(int)
    uneven = rng.uniform(0.7, 1.3, max(2, *ends, 2)).cumsum()
    pool = rng.permutation(uneven / uneven[-1] * 3.07 - 1.5)
    pool = np.where(np.abs(np.round(pool, 2) - pool) < 1e-4, pool + 5e-4, pool)
    parts = np.split(pool, ends)
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=False)]
