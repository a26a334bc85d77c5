"""Derivatives of running sums and products.

Products are exact where factors are 0, to every order, since nothing is divided: what reaches a
factor is a product of those before it and a recurrence over those after it.
"""

from typing import Any

import numpy as np

from autograd.call import primitive
from autograd.derivatives.numerics import axis_of, is_final, is_regular, method, shape
from autograd.table import compose, defvjp

__all__ = ["product_of_others", "recurrence"]


def _cumsum_vjp(g: Any, y: Any, x: Any, *, axis: int | None = None) -> Any:
    along = 0 if axis is None else axis
    if is_final(g):
        reverse = (slice(None),) * axis_of(along, g) + (slice(None, None, -1),)
        return np.cumsum(g[reverse], along)[reverse].reshape(shape(x))
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), shape(x))


def _cumprod_vjp(g: Any, y: Any, x: Any, *, axis: int | None = None) -> Any:
    if axis is None or np.ndim(x) == 0:
        return np.reshape(_cumprod_vjp(g, y, np.ravel(x), axis=0), shape(x))
    if is_final(x) and is_regular(y):
        return _cumsum_vjp(g * y, y, x, axis=axis) / x
    g, x = np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)
    return np.moveaxis(_before(x) * _backwards(x, g), -1, axis)


def _before(x: Any) -> Any:
    """The product of all elements before each, along the last axis."""
    return _delayed(np.cumprod(x, axis=-1), 1)


def _backwards(a: Any, b: Any) -> Any:
    """The solution of r[k] = b[k] + a[k + 1] r[k + 1], along the last axis."""
    return np.flip(recurrence(_delayed(np.flip(a, -1), 0), np.flip(b, -1)), -1)


def _delayed(x: Any, first: float) -> Any:
    start = np.full_like(x[..., :1], first)
    return np.concatenate([start, x[..., :-1]], axis=-1)


@primitive
def recurrence(a: Any, b: Any) -> Any:
    """The solution of r[k] = a[k] r[k - 1] + b[k], r[-1] = 0, along the last axis.

    By doubling: each pass joins what came of the last 1, 2, 4, … steps to the same before them
    (W. D. Hillis, G. L. Steele, Data parallel algorithms, 1986).
    """
    a, b = np.array(a), np.array(b, np.result_type(a, b))
    step = 1
    while step < b.shape[-1]:
        b[..., step:] += a[..., step:] * b[..., :-step]
        a[..., step:] *= a[..., :-step]
        step *= 2
    return b


defvjp(
    recurrence,
    lambda g, r, a, b: _backwards(a, g) * _delayed(r, 0),
    lambda g, r, a, b: _backwards(a, g),
)


def product_of_others(lines: Any) -> Any:
    """For each element the product of all the others along the last axis, in O(n)."""
    return _before(lines) * np.flip(_before(np.flip(lines, -1)), -1)


defvjp(np.cumsum, _cumsum_vjp, forward=method("cumsum"))
defvjp(
    np.cumprod, _cumprod_vjp, forward=method("cumprod"), note="exact where factors are 0", orders=3
)


def _cumulative(fn: str, accumulate: Any, start: int) -> None:
    @compose(fn)
    def composed(
        x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
    ) -> Any:
        if axis is None:
            if np.ndim(x) > 1:
                raise ValueError(f"np.{fn} of {np.ndim(x)} dimensions needs an axis.")
            axis = 0
        y = accumulate(x, axis=axis, dtype=dtype)
        if not include_initial:
            return y
        edge = [1 if k == axis % np.ndim(y) else n for k, n in enumerate(shape(y))]
        return np.concatenate([np.full(edge, start, np.result_type(y)), y], axis=axis)


_cumulative("cumulative_sum", np.cumsum, 0)
_cumulative("cumulative_prod", np.cumprod, 1)
