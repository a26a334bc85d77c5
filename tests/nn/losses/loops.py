"""How losses are held against their definitions, written as loops over Python's numbers."""

import math

import numpy as np

from autograd import gradcheck

__all__ = ["agrees", "each"]


def each(formula, *arrays):
    """The formula of the numbers at each place, as an array of the shape."""
    arrays = np.broadcast_arrays(*arrays)
    rows = zip(*(a.ravel().tolist() for a in arrays), strict=True)
    return np.reshape([formula(*numbers) for numbers in rows], arrays[0].shape)


def agrees(loss, expected, *moved, count=None, order=2):
    """Holds loss(*moved, reduction=r) against the losses expected, and checks its derivatives.

    count: what a mean divides by, if that is not the number of losses.
    """
    numbers = np.ravel(expected).tolist()
    total = math.fsum(numbers)
    reductions = {
        "mean": total / (len(numbers) if count is None else count),
        "sum": total,
        "none": expected,
    }
    for reduction, wanted in reductions.items():
        found = loss(*moved, reduction=reduction)
        assert np.shape(found) == np.shape(wanted)
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
        assert gradcheck(lambda *x, r=reduction: loss(*x, reduction=r), moved, order=order)
