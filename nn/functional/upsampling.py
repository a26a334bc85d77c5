"""Images made larger or smaller."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from autograd import ShapeMismatch
from nn.functional.arrays import as_floats

__all__ = ["interpolate"]

Mode = Literal["nearest", "linear", "bilinear"]


def interpolate(
    x: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    *,
    mode: Mode = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """x with its spatial axes made longer or shorter: (N, C, *sizes) → (N, C, *size).

    size, or scale_factor: what is wanted, or by what to multiply (rounded down). mode: "nearest"
    repeats elements, of sequences, images or volumes; "linear" is for (N, C, L), "bilinear" for
    (N, C, H, W): means of the two or four neighbours, weighted by their distance. align_corners:
    the outermost elements keep their place (else the outermost edges do; linear ones only).

    Raises ShapeMismatch for other shapes, ValueError for other settings.

    >>> interpolate(np.array([[[1.0, 2.0]]]), scale_factor=2)
    array([[[1., 1., 2., 2.]]])
    >>> interpolate(np.array([[[1.0, 2.0]]]), size=3, mode="linear", align_corners=True)
    array([[[1. , 1.5, 2. ]]])
    """
    x = as_floats(x)
    axes = {"linear": (1,), "bilinear": (2,), "nearest": (1, 2, 3)}.get(mode)
    if axes is None:
        raise ValueError(f"mode is {mode!r}; it is 'nearest', 'linear' or 'bilinear'.")
    if x.ndim - 2 not in axes:
        wanted = {"linear": "(N, C, L)", "bilinear": "(N, C, H, W)"}.get(mode, "(N, C, *sizes)")
        raise ShapeMismatch(f"mode={mode!r} takes an input of shape {wanted}, not {x.shape}.")
    if align_corners is not None and mode == "nearest":
        raise ValueError("align_corners is for mode='linear' or 'bilinear'.")
    sizes = x.shape[2:]
    given: Any = size if scale_factor is None else scale_factor
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate takes either size or scale_factor.")
    several = isinstance(given, Sequence) and not isinstance(given, str)
    each: Any = tuple(given) if several else (given,) * len(sizes)
    kind = (int | np.integer) if scale_factor is None else (float | int | np.number)
    if len(each) != len(sizes) or not all(isinstance(e, kind) and 0 < e < math.inf for e in each):
        raise ValueError(
            f"{'size is whole and' if scale_factor is None else 'scale_factor is'} positive, one "
            f"or {len(sizes)} for an input of shape {x.shape}; not {given!r}."
        )
    if not all(sizes):
        raise ShapeMismatch(f"interpolate: the input of shape {x.shape} has an axis of length 0.")
    for k, (n, e) in enumerate(zip(sizes, each, strict=True)):
        wanted_size = int(e) if scale_factor is None else math.floor(n * e)
        if not wanted_size:
            raise ShapeMismatch(f"scale_factor={e} leaves nothing of an axis of {n}.")
        step = n / e if scale_factor is None else 1 / e  # of the input, for one of the output
        if mode == "nearest" and len(sizes) == 2 and wanted_size in (n, 2 * n):
            step = n / wanted_size  # whatever the factor: so it is in PyTorch, with images only
        x = _resized(x, k + 2, wanted_size, step, mode, bool(align_corners))
    return x


def _resized(x: Any, axis: int, size: int, step: float, mode: Mode, corners: bool) -> Any:
    n = x.shape[axis]
    if mode == "nearest":
        if size % n == 0 and math.isclose(step * (size // n), 1):
            return np.repeat(x, size // n, axis=axis) if size > n else x
        # in single precision, as PyTorch rounds here, and what it picks depends on it
        places = np.floor(np.arange(size, dtype=np.float32) * np.float32(step)).astype(int)
        return np.take(x, np.minimum(places, n - 1), axis=axis)
    if size == n:
        return x
    if corners:
        where = np.arange(size) * ((n - 1) / (size - 1) if size > 1 else 0.0)
    else:
        where = np.maximum((np.arange(size) + 0.5) * step - 0.5, 0)
    low = np.minimum(where.astype(int), n - 1)
    share = (where - low).reshape(-1, *[1] * (x.ndim - axis - 1)).astype(np.result_type(x))
    high = np.minimum(low + 1, n - 1)
    return np.take(x, low, axis=axis) * (1 - share) + np.take(x, high, axis=axis) * share
