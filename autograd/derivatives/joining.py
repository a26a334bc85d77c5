"""Derivatives of joining arrays, of splitting them, and of padding."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.call import part, primitive
from autograd.derivatives.carrying import carried_from
from autograd.derivatives.indexing import scatter
from autograd.derivatives.numerics import along, axis_of, dtype_of, is_final, zeros_of
from autograd.derivatives.shaping import astype
from autograd.errors import NotDifferentiable, ShapeMismatch
from autograd.table import compose, data_of, defvjp

# ---------------------------------------------------------------------------- joining


def _concatenate_vjp(g: Any, y: Any, arrays: Sequence[Any], *, axis: int | None = 0) -> list[Any]:
    if axis is None:
        pieces = _concatenate_vjp(g, y, [np.ravel(a) for a in arrays])
        return [np.reshape(piece, np.shape(a)) for piece, a in zip(pieces, arrays, strict=True)]
    ends = [*itertools.accumulate([np.shape(a)[axis] for a in arrays])]
    if not is_final(g):
        return np.split(g, ends[:-1], axis=axis)
    before = (slice(None),) * axis_of(axis, g)
    return [
        g[(*before, slice(start, end))] for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def _stack_vjp(g: Any, y: Any, arrays: Sequence[Any], *, axis: int = 0) -> list[Any]:
    return list(np.moveaxis(g, axis, 0) if axis else g)


def _stacked(arrays: Sequence[Any], *, axis: int = 0, **settings: Any) -> Any:
    """np.stack, as one array with a longer axis; unless they are not alike."""
    first = np.shape(arrays[0])
    if axis or settings or any(np.shape(a) != first for a in arrays):
        return np.stack(arrays, axis=axis, **settings)
    return np.concatenate([np.atleast_1d(a) for a in arrays]).reshape(len(arrays), *first)


defvjp(np.concatenate, _concatenate_vjp, sequence=True)
defvjp(np.stack, _stack_vjp, sequence=True, forward=_stacked)


@compose(np.hstack)
def _hstack(tup: Sequence[Any], **settings: Any) -> Any:
    arrays = [np.atleast_1d(a) for a in tup]
    axis = 0 if np.ndim(arrays[0]) == 1 else 1
    return np.concatenate(arrays, axis=axis, **settings)


@compose(np.vstack)
def _vstack(tup: Sequence[Any], **settings: Any) -> Any:
    return np.concatenate([np.atleast_2d(a) for a in tup], **settings)


@compose(np.dstack)
def _dstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([np.atleast_3d(a) for a in tup], axis=2)


@compose(np.column_stack)
def _column_stack(tup: Sequence[Any]) -> Any:
    columns = [np.reshape(a, (-1, 1)) if np.ndim(a) < 2 else a for a in tup]
    return np.concatenate(columns, axis=1)


@compose(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return np.concatenate([arr, values], axis=axis)


@compose(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    return carried_from([arr, values], lambda n: np.insert(n[0], obj, n[1], axis), dtype_of(arr))


@compose(np.block)
def _block(arrays: Any) -> Any:
    found: list[Any] = []

    def put(nest: Any, numbers: Any) -> Any:
        return [put(n, numbers) for n in nest] if isinstance(nest, list) else next(numbers)

    def collect(nest: Any) -> None:
        if isinstance(nest, list):
            for member in nest:
                collect(member)
        else:
            found.append(nest)

    collect(arrays)
    return carried_from(found, lambda numbers: np.block(put(arrays, iter(numbers))))


# -------------------------------------------------------------------------- splitting


def _split_vjp(g: Any, y: Any, ary: Any, *, indices_or_sections: Any = None, axis: int = 0) -> Any:
    """The gradients of the pieces side by side; pieces may overlap, or leave elements out."""
    pieces = [zeros_of(part(y, i)) if g[i] is None else g[i] for i in range(len(data_of(y)))]
    joined = np.concatenate(pieces, axis)
    whole = np.arange(np.shape(ary)[axis])
    places = np.concatenate(np.array_split(whole, indices_or_sections))
    if np.array_equal(places, whole):
        return joined
    return scatter(joined, (slice(None),) * axis_of(axis, ary) + (places,), shape=np.shape(ary))


defvjp(np.array_split, _split_vjp, several=True)
defvjp(np.split, _split_vjp, several=True)


def _needs(ndim: int, name: str, ary: Any) -> None:
    if np.ndim(ary) < ndim:
        raise ShapeMismatch(f"np.{name} needs {ndim} dimensions or more, not {np.ndim(ary)}.")


@compose(np.hsplit)
def _hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    _needs(1, "hsplit", ary)
    return np.split(ary, indices_or_sections, axis=1 if np.ndim(ary) > 1 else 0)


@compose(np.vsplit)
def _vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    _needs(2, "vsplit", ary)
    return np.split(ary, indices_or_sections, axis=0)


@compose(np.dsplit)
def _dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    _needs(3, "dsplit", ary)
    return np.split(ary, indices_or_sections, axis=2)


@primitive
def rows(x: Any) -> tuple[Any, ...]:
    """x[0], x[1], …, by one call: as many calls of x[i] would each have a gradient of x's size."""
    return tuple(x)


def _rows_vjp(g: Any, y: Any, x: Any) -> Any:
    if not len(x):
        return zeros_of(x)
    return np.stack([zeros_of(x[0]) if g[i] is None else g[i] for i in range(len(x))])


defvjp(rows, _rows_vjp, several=True)


@compose("unstack")
def _unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    return rows(np.moveaxis(x, axis, 0))


# ---------------------------------------------------------------------------- padding


def _pad_vjp(g: Any, y: Any, x: Any, *, pad_width: Any) -> Any:
    if np.ndim(x) == 0:
        return g
    before = _widths(pad_width, np.ndim(x))[:, 0].tolist()
    return g[tuple(slice(b, b + n) for b, n in zip(before, np.shape(x), strict=True))]


def _padded_by_constant(
    x: Any, pad_width: Any, mode: Any = "constant", constant_values: Any = 0
) -> Any:
    """np.pad with one constant on all sides: an array of it, with x written into it."""
    if mode != "constant" or np.ndim(constant_values) or type(x) is not np.ndarray:
        return np.pad(x, pad_width, mode, constant_values=constant_values)
    widths = _widths(pad_width, x.ndim).tolist()
    shape = [n + before + after for n, (before, after) in zip(x.shape, widths, strict=True)]
    out = np.full(shape, constant_values, x.dtype)
    out[tuple(slice(b, b + n) for (b, _), n in zip(widths, x.shape, strict=True))] = x
    return out


defvjp(
    np.pad,
    _pad_vjp,
    settings="mode constant_values",
    forward=_padded_by_constant,
    routes=True,
)


@compose(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **settings: Any) -> Any:
    """A constant edge has a rule; the other modes are made of what they repeat or compute."""
    if callable(mode):
        raise NotDifferentiable("np.pad of a Value takes a mode by its name, not a function.")
    if mode in ("constant", "empty"):
        return NotImplemented
    widths = _widths(pad_width, np.ndim(array))
    shape = np.shape(array) if np.size(array) == 0 else (1,) * np.ndim(array)
    # NumPy refuses what it must.
    np.pad(np.zeros(shape), widths if 0 in shape else 0, mode, **settings)
    if mode in ("edge", "wrap") or (
        mode in ("reflect", "symmetric") and settings.get("reflect_type", "even") == "even"
    ):
        return carried_from([array], lambda numbers: np.pad(numbers[0], widths, mode, **settings))
    for axis, (before, after) in enumerate(widths.tolist()):
        array = _padded(array, axis, before, after, mode, settings)
    return array


def _widths(pad_width: Any, ndim: int) -> Any:
    if isinstance(pad_width, dict):  # of NumPy 2.3: {axis: widths}
        widths = np.zeros((ndim, 2), int)
        for axis, width in pad_width.items():
            widths[axis] = width
        return widths
    if isinstance(pad_width, int):
        return np.full((ndim, 2), pad_width)
    return np.broadcast_to(np.asarray(pad_width), (ndim, 2))


def _padded(x: Any, axis: int, before: int, after: int, mode: str, settings: dict[str, Any]) -> Any:
    """x padded along one axis, in a mode that computes what it puts there."""
    leading = (slice(None),) * axis

    def cut(start: int | None, stop: int | None, step: int = 1) -> Any:
        return x[(*leading, slice(start, stop, step))]

    if mode in ("reflect", "symmetric"):
        own = int(mode == "symmetric")
        while before or after:
            n = np.shape(x)[axis]
            reach = n - 1 + own
            if reach == 0:  # one element has nothing to reflect: it is repeated
                return np.concatenate(
                    [np.repeat(x, before, axis), x, np.repeat(x, after, axis)], axis
                )
            b, a = min(before, reach), min(after, reach)
            first, last = cut(0, 1), cut(n - 1, None)
            left = 2 * first - np.flip(cut(1 - own, b + 1 - own), axis)
            right = 2 * last - np.flip(cut(n - a - 1 + own, n - 1 + own), axis)
            x = np.concatenate([left, x, right], axis)
            before, after = before - b, after - a
        return x
    pieces = []
    for side, width in enumerate((before, after)):
        if mode == "linear_ramp":
            end = np.broadcast_to(settings.get("end_values", 0), (np.ndim(x), 2))[axis, side]
            edge = cut(-1, None) if side else cut(0, 1)
            steps = np.arange(1, width + 1) / max(width, 1)
            steps = steps if side else steps[::-1]
            pieces.append(edge + (end - edge) * along(steps, axis, np.ndim(x)))
        else:
            length = settings.get("stat_length")
            n = np.shape(x)[axis]
            if length is not None:
                n = min(n, int(np.broadcast_to(length, (np.ndim(x), 2))[axis, side]))
            part = cut(np.shape(x)[axis] - n, None) if side else cut(0, n)
            pieces.append(np.repeat(_STATISTICS[mode](part, axis=axis, keepdims=True), width, axis))
    pieces = [astype(piece, np.result_type(data_of(x))) for piece in pieces]
    return np.concatenate([pieces[0], x, pieces[1]], axis)


_STATISTICS: Any = {"maximum": np.max, "mean": np.mean, "median": np.median, "minimum": np.min}
