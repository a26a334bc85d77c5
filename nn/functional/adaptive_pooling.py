"""Adaptive pooling: into as many parts as are asked for, whatever the size of the image."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value
from nn.functional.pooling import image, in_dtype_of, sum_of_windows
from nn.functional.windows import Ints, is_whole

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d",
]  # fmt: skip


def adaptive_avg_pool1d(x: Any, output_size: int | None) -> Any:
    """The means of output_size parts: (N, C, L) → (N, C, output_size).

    >>> adaptive_avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return _adaptive("adaptive_avg_pool1d", 1, x, output_size, _means)


def adaptive_avg_pool2d(x: Any, output_size: int | Sequence[int | None] | None) -> Any:
    """The means of as many parts as are asked for: (N, C, H, W) → (N, C, *output_size).

    The i-th of m parts of n elements is ⌊i·n/m⌋ … ⌈(i+1)·n/m⌉ - 1; parts may share elements.
    None leaves an axis as it is. the axis N is optional. Raises ShapeMismatch for other shapes.

    >>> adaptive_avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 1)
    array([[[7.5]]])
    """
    return _adaptive("adaptive_avg_pool2d", 2, x, output_size, _means)


def adaptive_max_pool1d(x: Any, output_size: int | None) -> Any:
    """The largest of output_size parts: (N, C, L) → (N, C, output_size).

    >>> adaptive_max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return _adaptive("adaptive_max_pool1d", 1, x, output_size, _largest)


def adaptive_max_pool2d(x: Any, output_size: int | Sequence[int | None] | None) -> Any:
    """The largest of as many parts as are asked for; the parts are `adaptive_avg_pool2d`'s.

    >>> adaptive_max_pool2d(np.arange(16.0).reshape(1, 4, 4), (1, 2))
    array([[[13., 15.]]])
    """
    return _adaptive("adaptive_max_pool2d", 2, x, output_size, _largest)


def _adaptive(who: str, axes: int, x: Any, output_size: Any, pool: Any) -> Any:
    x = image(who, axes, x)
    if pool is _largest and x.dtype.kind == "c":
        raise TypeError(f"{who} takes real numbers: complex ones have no largest.")
    sizes = x.shape[-axes:]
    asked = output_size if isinstance(output_size, Sequence) else (output_size,) * axes
    wanted = [n if m is None else m for n, m in zip(sizes, asked, strict=False)]
    if len(asked) != axes or not all(is_whole(m, 1) for m in wanted):
        raise ValueError(
            f"{who}: output_size is a positive integer or None, or {axes} of them; "
            f"not {output_size!r}."
        )
    if not all(sizes):
        raise ShapeMismatch(f"{who}: an input of shape {x.shape} has no elements to pool.")
    return pool(x, sizes, tuple(wanted))


def _ends(n: int, m: int) -> list[tuple[int, int]]:
    return [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]


def _means(x: Any, sizes: Ints, wanted: Ints) -> Any:
    if all(m == 1 for m in wanted):
        return np.mean(x, axis=tuple(range(x.ndim - len(sizes), x.ndim)), keepdims=True)
    if not any(n % m for n, m in zip(sizes, wanted, strict=True)):
        kernel = tuple(n // m for n, m in zip(sizes, wanted, strict=True))
        none = ((0, 0),) * len(kernel)
        total = sum_of_windows(x, kernel=kernel, stride=kernel, padding=none, out_sizes=wanted)
        return in_dtype_of(x, total / math.prod(kernel))
    for axis, (n, m) in enumerate(zip(sizes, wanted, strict=True), x.ndim - len(sizes)):
        parts = [x[(slice(None),) * axis + (slice(*ends),)] for ends in _ends(n, m)]
        x = np.stack([np.mean(part, axis=axis) for part in parts], axis=axis)
    return x


def _largest(x: Any, sizes: Ints, wanted: Ints) -> Any:
    """The elements at the places of the largest, which are looked for in the plain data."""
    data = np.asarray(x.data if isinstance(x, Value) else x)
    lead = data.shape[: -len(sizes)]
    places = np.empty((*lead, *wanted), np.intp)
    parts = [list(enumerate(_ends(n, m))) for n, m in zip(sizes, wanted, strict=True)]
    for where in itertools.product(*parts):
        ends = [end for _, end in where]
        window: Any = (..., *[slice(*end) for end in ends])
        part = data[window]
        inside = np.unravel_index(
            np.argmax(part.reshape(*lead, math.prod(part.shape[len(lead) :])), axis=-1),
            part.shape[-len(sizes) :],
        )
        starts = [begin for begin, _ in ends]
        place = [a + b for a, b in zip(inside, starts, strict=True)]
        index: Any = (..., *[i for i, _ in where])
        places[index] = np.ravel_multi_index(place, sizes)
    flat = np.reshape(x, (*lead, math.prod(sizes)))
    found = np.take_along_axis(flat, places.reshape(*lead, math.prod(wanted)), axis=-1)
    return np.reshape(found, (*lead, *wanted))
