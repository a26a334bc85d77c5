"""Derivatives of sorting, and of medians and quantiles.

Equal elements keep their order, as in a stable sort: so it is settled which of them gets the
gradient. An order statistic lies at a position among the sorted elements, mostly between two of
them; the same function of the elements' ranks says where.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.indexing import scatter
from autograd.derivatives.numerics import (
    along,
    axes_of,
    dtype_of,
    is_final,
    lines,
    on_axes,
    unlines,
    zeros_of,
)
from autograd.derivatives.shaping import astype
from autograd.errors import NotDifferentiable
from autograd.numbers import Axis
from autograd.record import is_tracked
from autograd.table import compose, data_of, defvjp


def _sort_vjp(g: Any, y: Any, x: Any, *, axis: int | None = -1) -> Any:
    if axis is None:
        return np.reshape(_sort_vjp(g, y, np.ravel(x), axis=0), np.shape(x))
    order = np.argsort(data_of(x), axis)
    ordered = data_of(y) if axis == -1 else np.moveaxis(data_of(y), axis, -1)
    if np.any(ordered[..., 1:] == ordered[..., :-1]) or np.any(np.isnan(ordered[..., -1:])):
        order = np.argsort(data_of(x), axis, kind="stable")
    if is_final(g) and np.ndim(x):
        out = np.empty_like(g, shape=np.shape(x))
        np.put_along_axis(out, order, g, axis)
        return out
    places = np.empty_like(order)
    numbers = along(np.arange(np.shape(x)[axis]), axis, np.ndim(x))
    np.put_along_axis(places, order, numbers, axis)
    return np.take_along_axis(g, places, axis)


_TIES = "ties in a stable order"

defvjp(np.sort, _sort_vjp, settings="kind stable", kink=_TIES, routes=True)


@compose(np.partition)
def _partition(
    a: Any, kth: Any, axis: int | None = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    if axis is None:
        a, axis = np.ravel(a), -1
    return np.take_along_axis(a, np.argpartition(a, kth, axis, kind, order), axis)


@compose(np.sort_complex)
def _sort_complex(a: Any) -> Any:
    return np.sort(a if np.iscomplexobj(a) else astype(a, np.result_type(data_of(a), complex)))


# ------------------------------------------------------------------- order statistics


def _back_to_elements(
    fn: Callable[..., Any], g: Any, x: Any, q: tuple[Any, ...], axis: Axis, **settings: Any
) -> Any:
    """The gradient g of fn(x, *q) carried back to the one or two elements that made each result."""
    data = np.asarray(data_of(x))
    if not data.size:
        return zeros_of(x)
    axes = axes_of(axis, data)
    elements = lines(data, axes)
    n = elements.shape[-1]
    if settings.get("weights") is None and not np.any(np.isnan(elements)):
        position = np.asarray(fn(np.arange(n, dtype=float), *q, **settings))
        position = np.broadcast_to(
            position.reshape(position.shape + (1,) * (elements.ndim - 1)),
            position.shape + elements.shape[:-1],
        )
        lost: Any = np.zeros((), bool)
        order = _order_of(elements, position)
    else:
        order = np.argsort(elements, axis=-1, kind="stable")
        position, lost = _positions(fn, elements, order, q, axes, data.shape, settings)
    below = np.floor(position)
    above = (position - below).astype(dtype_of(g))
    starts = np.arange(elements.size // n).reshape(elements.shape[:-1]) * n
    g = np.where(lost, 0, np.reshape(g, position.shape))
    places = [order.ravel()[starts + k.astype(int)] + starts for k in (below, np.ceil(position))]
    shares = np.concatenate([np.ravel(g * (1 - above)), np.ravel(g * above)])
    back = scatter(shares, np.concatenate([p.ravel() for p in places]), shape=(data.size,))
    return unlines(back, data.shape, axes)


def _order_of(elements: Any, position: Any) -> Any:
    """The order that sorts the lines, at least at these positions; stable if there are ties."""
    ranks = np.unique([np.floor(position), np.ceil(position)]).astype(int)
    if ranks.size <= 4:  # then a partition is quicker than sorting
        order = np.argpartition(elements, ranks, axis=-1)
        chosen = np.take_along_axis(elements, order[..., ranks], -1)
        if all(
            np.all(np.count_nonzero(elements == chosen[..., k, None], axis=-1) == 1)
            for k in range(ranks.size)
        ):
            return order
    return np.argsort(elements, axis=-1, kind="stable")


def _positions(
    fn: Callable[..., Any],
    elements: Any,
    order: Any,
    q: tuple[Any, ...],
    axes: tuple[int, ...],
    shape: tuple[int, ...],
    settings: dict[str, Any],
) -> tuple[Any, Any]:
    """What fn makes of the ranks of the elements, and where that is nothing."""
    ranks = np.empty(elements.shape)
    np.put_along_axis(ranks, order, np.arange(elements.shape[-1], dtype=float), -1)
    missing = np.isnan(elements)
    ranks[missing & ~np.all(missing, axis=-1, keepdims=True)] = np.nan
    if settings.get("weights") is not None:
        weights = np.asarray(settings["weights"])
        weights = weights if weights.shape == shape else on_axes(weights, axes, shape)
        settings["weights"] = lines(np.broadcast_to(weights, shape), axes)
    position = np.asarray(fn(ranks, *q, axis=-1, **settings))
    lost = np.isnan(position) | np.all(missing, axis=-1)  # NaN gets nothing
    return np.where(lost, 0, position), lost


def _middle(fn: Callable[..., Any]) -> None:
    def rule(g: Any, y: Any, x: Any, *, axis: Axis = None) -> Any:
        return _back_to_elements(fn, g, x, (), axis)

    defvjp(fn, rule, settings="keepdims", complex=False, routes=True, kink=_TIES)


def _quantiles(fn: Callable[..., Any]) -> None:
    def rule(
        g: Any,
        y: Any,
        x: Any,
        q: Any,
        *,
        axis: Axis = None,
        method: str = "linear",
        weights: Any = None,
    ) -> Any:
        given = {} if weights is None else {"weights": weights}
        return _back_to_elements(fn, g, x, (q,), axis, method=method, **given)

    def by_q(*_: Any, **settings: Any) -> Any:
        raise NotDifferentiable(f"np.{fn.__name__} has no derivative by its second argument here.")

    defvjp(
        fn, rule, by_q, settings="keepdims", complex=False, routes=True, kink=_TIES, note="not by q"
    )

    @compose(fn)
    def composed(a: Any, q: Any, *args: Any, **settings: Any) -> Any:
        """Several dimensions of q one after the other: NumPy confuses them without NaN."""
        if is_tracked(q):
            return by_q()
        if np.ndim(q) < 2 or not fn.__name__.startswith("nan"):
            return NotImplemented
        y = fn(a, np.ravel(q), *args, **settings)
        return np.reshape(y, np.shape(q) + np.shape(y)[1:])


_middle(np.median)
_middle(np.nanmedian)
for _fn in (np.quantile, np.percentile, np.nanquantile, np.nanpercentile):
    _quantiles(_fn)
