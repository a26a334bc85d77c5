"""Derivatives of sums, products, extrema and moments along axes.

max and min share a tie evenly; prod is exact where factors are 0; the deviation of a constant has
the derivative 0.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.numerics import (
    axes_of,
    conj,
    divisor,
    dtype_of,
    is_final,
    is_regular,
    lines,
    method,
    shape,
    unlines,
)  # fmt: skip
from autograd.derivatives.scans import product_of_others
from autograd.numbers import Axis
from autograd.table import compose, data_of, defvjp


def _spread(r: Any, x: Any, axis: Axis) -> Any:
    """A reduction's result r with the reduced axes put back, as long as 1: it broadcasts with x."""
    whole = shape(x)
    if axis is None or not whole:
        return r if shape(r) == () else np.reshape(r, (1,) * len(whole))
    kept = {a % len(whole) for a in ((axis,) if isinstance(axis, int) else np.atleast_1d(axis))}
    return np.reshape(r, tuple(1 if a in kept else n for a, n in enumerate(whole)))


def _broadcast(g: Any, x: Any) -> Any:
    """g, spread, in the shape of x."""
    if isinstance(g, float | np.generic | np.ndarray) and math.prod(shape(x)) < 4096:
        out = np.empty(shape(x), np.result_type(g))
        out[...] = g
        return out
    return np.broadcast_to(g, shape(x))


def _through(g: Any, where: Any) -> Any:
    """g where elements took part in the reduction, else 0."""
    return g if where is True else np.where(where, g, 0)


def _count(x: Any, axis: Axis, where: Any) -> Any:
    """How many elements of x go into each element of a reduction; spread, if they are not alike."""
    if where is not True:
        return np.sum(np.broadcast_to(where, shape(x)), axis=axis, keepdims=True)
    if axis is None or not shape(x):
        return math.prod(shape(x))
    if isinstance(axis, int):
        return shape(x)[axis]
    return math.prod(shape(x)[a] for a in np.atleast_1d(axis).tolist())


def _is_simple(x: Any, others: dict[str, Any]) -> bool:
    """True if a mean needs none of NumPy's cares: for wider sums, masks, and empty arrays."""
    return not others and type(x) is np.ndarray and x.dtype.char in "fd" and x.size > 0


def _mean(x: Any, axis: Axis = None, keepdims: Any = False, **others: Any) -> Any:
    """np.mean, without its detours."""
    if not _is_simple(x, others):
        return np.mean(x, axis, keepdims=keepdims, **others)
    return np.add.reduce(x, axis=axis, keepdims=keepdims) / _count(x, axis, True)


def _variance(
    x: Any, axis: Axis = None, ddof: float = 0, keepdims: Any = False, **others: Any
) -> Any:
    """np.var, without its detours."""
    if not _is_simple(x, others) or _count(x, axis, True) <= ddof:
        return np.var(x, axis, ddof=ddof, keepdims=keepdims, **others)
    d = x - _mean(x, axis, keepdims=True)
    d *= d
    return np.add.reduce(d, axis=axis, keepdims=keepdims) / (_count(x, axis, True) - ddof)


def _sum_vjp(g: Any, y: Any, x: Any, *, axis: Axis = None, where: Any = True) -> Any:
    return _through(_broadcast(_spread(g, x, axis), x), where)


def _mean_vjp(g: Any, y: Any, x: Any, *, axis: Axis = None, where: Any = True) -> Any:
    share = 1 / np.maximum(_count(x, axis, where), 1)
    if where is True:
        return _broadcast(_spread(g * float(share), x, axis), x)
    return _broadcast(_through(_spread(g, x, axis) * share.astype(dtype_of(g)), where), x)


# A reduction that is not given `initial` has none: 0 or inf would be one.
_NONE = np._NoValue


def _extremum_vjp(
    g: Any, y: Any, x: Any, *, axis: Axis = None, initial: Any = _NONE, where: Any = True
) -> Any:
    hit = data_of(x) == _spread(data_of(y), x, axis)
    hit = hit if where is True else hit & where
    ties = np.add.reduce(hit, axis=axis, dtype=dtype_of(g))
    if initial is not _NONE:
        ties = ties + np.reshape(data_of(y) == initial, np.shape(ties))
    ties = np.reshape(np.maximum(ties, 1), shape(g))  # NaN hits nothing
    return _spread(g / ties, x, axis) * hit


def _prod_vjp(
    g: Any, y: Any, x: Any, *, axis: Axis = None, initial: Any = 1, where: Any = True
) -> Any:
    g = _spread(g, x, axis)
    if is_final(x) and where is True and is_regular(y):
        return g * _spread(y, x, axis) / x
    factors = x if where is True else np.where(where, x, 1)
    return _through(g * initial * _product_of_others(factors, axis), where)


def _product_of_others(x: Any, axis: Axis) -> Any:
    """For each element of x the product of those that are reduced with it."""
    if shape(x) == ():
        return np.ones((), dtype_of(x))
    axes = axes_of(axis, x)
    return unlines(product_of_others(lines(x, axes)), shape(x), axes)


def _centred(x: Any, axis: Axis, where: Any) -> Any:
    """x less its mean, conjugated where complex: half the derivative of the sum of |x - mean|²."""
    if where is True:
        return conj(x - (_mean if is_final(x) else np.mean)(x, axis=axis, keepdims=True))
    return conj(_through(x - np.mean(x, axis=axis, keepdims=True, where=where), where))


def _freedom(x: Any, axis: Axis, where: Any, ddof: float) -> Any:
    """What NumPy divides by; it too has no number for as many corrections as elements."""
    freedom = _count(x, axis, where) - ddof
    enough = freedom > 0
    return freedom if enough is True or np.all(enough) else np.where(enough, freedom, math.nan)


def _var_vjp(
    g: Any, y: Any, x: Any, *, axis: Axis = None, ddof: float = 0, correction: float = 0,
    where: Any = True,
) -> Any:  # fmt: skip
    share = 2 / _freedom(x, axis, where, ddof or correction)
    return _through(_spread(g, x, axis) * _centred(x, axis, where) * share, where)


def _std_vjp(
    g: Any, y: Any, x: Any, *, axis: Axis = None, ddof: float = 0, correction: float = 0,
    where: Any = True,
) -> Any:  # fmt: skip
    scale = _spread(y, x, axis) * _freedom(x, axis, where, ddof or correction)
    return _through(_spread(g, x, axis) * (_centred(x, axis, where) / divisor(scale)), where)


defvjp(np.sum, _sum_vjp, settings="keepdims initial", forward=method("sum"))
defvjp(np.mean, _mean_vjp, settings="keepdims", forward=_mean)
for _fn in (np.max, np.min, np.nanmax, np.nanmin):
    defvjp(
        _fn,
        _extremum_vjp,
        settings="keepdims",
        forward=method(_fn.__name__) if _fn in (np.max, np.min) else None,
        kink="ties share evenly",
        routes=True,
    )
defvjp(
    np.prod,
    _prod_vjp,
    settings="keepdims",
    forward=method("prod"),
    note="exact where factors are 0",
    orders=3,
)
defvjp(np.var, _var_vjp, settings="keepdims", forward=_variance)
defvjp(
    np.std,
    _std_vjp,
    settings="keepdims",
    forward=lambda x, **settings: np.sqrt(_variance(x, **settings)),
    kink="0 of a constant",
)


@compose(np.amax, like=np.max)
def _amax(a: Any, *args: Any, **kwargs: Any) -> Any:
    return np.max(a, *args, **kwargs)


@compose(np.amin, like=np.min)
def _amin(a: Any, *args: Any, **kwargs: Any) -> Any:
    return np.min(a, *args, **kwargs)


@compose(np.ptp, like=np.max)
def _ptp(a: Any, axis: Axis = None, out: None = None, keepdims: bool = False) -> Any:
    return np.max(a, axis, out, keepdims) - np.min(a, axis, out, keepdims)


# ------------------------------------------------------------------ without the NaNs


def _without_nan(nan_fn: Any, fn: Callable[..., Any], filler: float, masks: bool) -> None:
    """The reduction of what is no NaN: the filler in its place, and if need be a mask."""

    @compose(nan_fn, like=fn)
    def composed(a: Any, *args: Any, **kwargs: Any) -> Any:
        missing = np.isnan(data_of(a))
        if masks:
            kwargs["where"] = ~missing & kwargs.get("where", True)
        return fn(np.where(missing, filler, a), *args, **kwargs)


_without_nan(np.nansum, np.sum, 0, masks=False)
_without_nan(np.nanprod, np.prod, 1, masks=False)
_without_nan(np.nancumsum, np.cumsum, 0, masks=False)
_without_nan(np.nancumprod, np.cumprod, 1, masks=False)
_without_nan(np.nanmean, np.mean, 0, masks=True)


def _nan_moment(nan_fn: Any, fn: Callable[..., Any]) -> None:
    @compose(nan_fn, like=fn)
    def composed(
        a: Any, axis: Axis = None, dtype: Any = None, out: None = None, ddof: float = 0, **rest: Any
    ) -> Any:
        missing = np.isnan(data_of(a))
        rest["where"] = ~missing & rest.get("where", True)
        y = fn(np.where(missing, 0, a), axis, dtype, out, ddof, **rest)
        ddof = rest.get("correction", ddof)
        count = np.sum(np.broadcast_to(rest["where"], shape(a)), axis=axis)
        return (
            y if np.all(count > ddof) else np.where(np.reshape(count, shape(y)) > ddof, y, np.nan)
        )


_nan_moment(np.nanvar, np.var)
_nan_moment(np.nanstd, np.std)
