"""Derivatives of differences, integrals, interpolation and convolution.

np.interp at a knot has the slope of the interval to its right, at the last one of that to its left.
"""

from typing import Any

import numpy as np

from autograd.call import primitive
from autograd.derivatives.numerics import along, array_of, axes_of, axis_of, conj
from autograd.derivatives.shaping import astype
from autograd.errors import ShapeMismatch
from autograd.table import compose, data_of, defvjp

# ------------------------------------------------------------------------- differences


def _diff_vjp(g: Any, y: Any, a: Any, *, n: int = 1, axis: int = -1) -> Any:
    ends = np.zeros((np.ndim(a), 2), int)
    ends[axis] = n
    return (-1) ** n * np.diff(np.pad(g, ends), n, axis)


defvjp(np.diff, _diff_vjp)


@compose(np.diff)
def _diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue
) -> Any:
    a = array_of(a)
    axis = axis_of(axis, a)
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"np.diff takes n ≥ 0, not {n}.")
    if prepend is append is np._NoValue and n < np.shape(a)[axis]:
        return NotImplemented
    parts = [a]
    shape = [1 if d == axis else m for d, m in enumerate(np.shape(a))]
    for place, edge in ((0, prepend), (2, append)):
        if edge is not np._NoValue:
            parts.insert(place, np.broadcast_to(edge, shape) if np.ndim(edge) == 0 else edge)
    joined = np.concatenate(parts, axis) if len(parts) > 1 else a
    if not 0 < n < np.shape(joined)[axis]:
        np.diff(np.empty(np.shape(joined)), n, axis)  # refuses what NumPy does
        index: list[Any] = [slice(None)] * np.ndim(joined)
        index[axis] = slice(0)
        return joined[tuple(index)]
    return np.diff(joined, n, axis)


@compose(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    parts = [to_begin, np.diff(np.ravel(ary)), to_end]
    dtype = np.result_type(data_of(ary))
    return np.concatenate([astype(np.ravel(part), dtype) for part in parts if part is not None])


@compose(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = array_of(f)
    axes = axes_of(axis, f)
    if edge_order not in (1, 2):
        raise ValueError(f"np.gradient has the edge orders 1 and 2, not {edge_order}.")
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError(
            f"np.gradient along {len(axes)} axes takes no spacing, one, or {len(axes)}, not "
            f"{len(varargs)}."
        )
    spacings = varargs if len(varargs) == len(axes) else (varargs or (1.0,)) * len(axes)
    slopes = []
    for k, spacing in zip(axes, spacings, strict=True):
        if edge_order == 1 and isinstance(spacing, int | float):
            slopes.append(even_slope(f, axis=k, step=spacing))
            continue
        if np.shape(f)[k] < edge_order + 1:
            raise ShapeMismatch(
                f"np.gradient needs {edge_order + 1} elements along axis {k} for "
                f"edge_order={edge_order}; the shape is {np.shape(f)}."
            )
        slope = _slope(np.moveaxis(f, k, 0), spacing, edge_order)
        slopes.append(astype(np.moveaxis(slope, 0, k), np.result_type(data_of(f))))
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


@primitive
def even_slope(f: Any, *, axis: int, step: float) -> Any:
    """np.gradient along one axis, of evenly spaced points: often used, so it has a rule."""
    return np.gradient(f, step, axis=axis)


def _even_slope_vjp(g: Any, y: Any, f: Any, *, axis: int, step: float) -> Any:
    """Each slope is the mean of the differences on its two sides; those at the ends have one."""
    g = np.moveaxis(g, axis, 0) * (0.5 / step)
    means = g[1:] + g[:-1]
    if len(g) == 2:
        inner = 2 * means
    else:
        inner = np.concatenate([means[:1] + g[:1], means[1:-1], means[-1:] + g[-1:]])
    back = np.concatenate([-inner[:1], inner[:-1] - inner[1:], inner[-1:]])
    return np.moveaxis(back, 0, axis)


defvjp(even_slope, _even_slope_vjp)


def _slope(f: Any, spacing: Any, edge_order: int) -> Any:
    """Second-order differences along the first axis, and one-sided ones at the ends."""
    n, spacing = len(f), array_of(spacing)
    if np.result_type(data_of(spacing)).kind in "iub":
        spacing = spacing * 1.0
    if np.ndim(spacing) == 0:
        steps = spacing * np.ones(n - 1)
    elif np.shape(spacing) == (n,):
        steps = np.diff(spacing)
    else:
        raise ShapeMismatch(f"the positions of {n} elements have the shape {np.shape(spacing)}.")
    steps = np.reshape(steps, (n - 1,) + (1,) * (np.ndim(f) - 1))
    secants = (f[1:] - f[:-1]) / steps
    left, right = steps[:-1], steps[1:]
    middle = (secants[:-1] * right + secants[1:] * left) / (left + right)
    first, last = secants[:1], secants[-1:]
    if edge_order == 2:  # the parabola through three points, at its end
        first = first - (secants[1:2] - first) * steps[:1] / (steps[:1] + steps[1:2])
        last = last + (last - secants[-2:-1]) * steps[-1:] / (steps[-2:-1] + steps[-1:])
    return np.concatenate([first, middle, last])


@compose(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    x, y = array_of(x), array_of(y)
    if x is None:
        steps = dx
    elif np.ndim(x) == 1:
        steps = along(np.diff(x), axis, np.ndim(y))
    else:
        steps = np.diff(x, axis=axis)
    leading = (slice(None),) * axis_of(axis, y)
    pairs = y[(*leading, slice(1, None))] + y[(*leading, slice(None, -1))]
    return np.sum(steps * pairs / 2, axis=axis)


@compose(np.interp, complex=False, kink="at a knot the slope to its right")
def _interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    x, xp, fp = map(array_of, (x, xp, fp))
    if np.ndim(xp) != 1 or np.shape(xp) != np.shape(fp) or np.size(xp) == 0:
        raise ShapeMismatch(
            f"np.interp needs as many numbers fp as xp in one dimension, and at least one, not the "
            f"shapes {np.shape(fp)} and {np.shape(xp)}."
        )
    if np.iscomplexobj(x) or np.iscomplexobj(xp):
        raise TypeError("np.interp takes complex fp, but real x and xp.")
    if np.result_type(data_of(xp)).kind in "iub":
        xp = xp * 1.0
    if period is not None:
        if period == 0:
            raise ValueError("np.interp needs a period other than 0.")
        period = np.abs(period)
        x, xp, left, right = x % period, xp % period, None, None
        order = np.argsort(xp)
        last, first = order[-1:], order[:1]
        xp = np.concatenate([xp[last] - period, xp[order], xp[first] + period])
        fp = np.concatenate([fp[last], fp[order], fp[first]])
    fp = astype(fp, np.result_type(data_of(fp), np.float64))
    knots, at = data_of(xp), np.asarray(data_of(x))
    final = np.searchsorted(knots, knots[-1]) - 1  # the last interval that has a length
    k = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, max(final, 0))
    if final < 0:
        y = fp[-1] + 0 * x
    else:
        y = fp[k] + (fp[k + 1] - fp[k]) * ((x - xp[k]) / (xp[k + 1] - xp[k]))
        if not np.all(np.isfinite(data_of(fp))):
            slope = (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k])  # what NumPy tries one by one
            y = np.where(
                at == knots[k], fp[k], np.where(np.isnan(y), fp[k] + slope * (x - xp[k]), y)
            )
            y = np.where(np.isnan(y), fp[k + 1] + slope * (x - xp[k + 1]), y)
            y = np.where(np.isnan(y) & (fp[k] == fp[k + 1]), fp[k], y)
            y = np.where(at == knots[-1], fp[-1], y)
        if final < len(knots) - 2:  # the last one of equal knots counts
            y = np.where(at == knots[-1], y + (fp[-1] - fp[final + 1]), y)
    y = np.where(at < knots[0], fp[0] if left is None else left, y)
    return np.where(at > knots[-1], fp[-1] if right is None else right, y)


# ------------------------------------------------------------------------ convolution


def _full(g: Any, a: Any, v: Any, mode: Any) -> Any:
    """The gradient of a convolution in the place of a mode's, from that mode's."""
    shorter, longer = sorted((np.size(a), np.size(v)))
    before = {"full": 0, "same": (shorter - 1) // 2, "valid": shorter - 1}[mode]
    return np.pad(g, (before, longer + shorter - 1 - before - np.size(g)))


def _convolve_left(g: Any, y: Any, a: Any, v: Any, *, mode: str = "full") -> Any:
    return np.correlate(_full(g, a, v, mode), conj(v), "valid")


def _convolve_right(g: Any, y: Any, a: Any, v: Any, *, mode: str = "full") -> Any:
    return np.correlate(_full(g, a, v, mode), conj(a), "valid")


defvjp(np.convolve, _convolve_left, _convolve_right)


_MODES = {0: "valid", 1: "same", 2: "full"}


@compose(np.convolve)
def _convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    a, v, mode = array_of(a), array_of(v), _MODES.get(mode, mode)
    if np.ndim(a) == 0 or np.ndim(v) == 0:
        return np.convolve(np.atleast_1d(a), np.atleast_1d(v), mode)
    if mode == "valid" and np.ndim(a) == np.ndim(v) == 1:
        a, v = (a, v) if np.size(a) >= np.size(v) else (v, a)
        return np.correlate(a, np.flip(conj(v)), "valid")
    return NotImplemented


defvjp(
    np.correlate,
    lambda g, y, a, v: np.convolve(g, conj(v), "full"),
    lambda g, y, a, v: conj(np.correlate(a, conj(g), "valid")),
    settings="mode",
)


@compose(np.correlate)
def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """The other modes are those of a, with zeros at its ends, that have the same numbers."""
    a, v, mode = array_of(a), array_of(v), _MODES.get(mode, mode)
    n, m = np.size(a), np.size(v)
    if np.ndim(a) != 1 or np.ndim(v) != 1 or 0 in (n, m) or mode not in _MODES.values():
        return np.correlate(data_of(a), data_of(v), mode)  # refuses it
    if n < m:
        return conj(np.flip(np.correlate(v, a, mode)))
    if mode == "valid":
        return NotImplemented
    ends = (m - 1, m - 1) if mode == "full" else (m // 2, m - 1 - m // 2)
    return np.correlate(np.pad(a, ends), v, "valid")
