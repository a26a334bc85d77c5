"""Every function with a derivative, with arguments inside its domain: what the tests run through.

ELEMENTWISE gives an interval for each argument; CALLS gives calls, each with the shapes of its
arrays. Kinks and ties have tests of their own.
"""

from autograd.derivatives import late
from tests.catalogue import (
    calculus,
    elementwise,
    fft,
    joining,
    linalg,
    networks,
    products,
    reductions,
    selecting,
    shaping,
)
from tests.catalogue.elementwise import ELEMENTWISE

late.load()

__all__ = ["CALLS", "ELEMENTWISE"]

CALLS = {
    fn: rows
    for chapter in (
        calculus, elementwise, fft, joining, linalg,
        networks, products, reductions, selecting, shaping,
    )
    for fn, rows in chapter.CALLS.items()
}  # fmt: skip
