"""Sliding windows over the spatial axes of an image: their geometry, for layers that use them.

An image has the shape (..., *sizes); a window begins at every `stride`-th place of the padded image
and takes `kernel` elements, `dilation` apart. All of this is arithmetic on plain arrays.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd import ShapeMismatch

__all__ = [
    "Ints",
    "Padding",
    "Windows",
    "counts",
    "is_whole",
    "padded",
    "paddings",
    "per_axis",
    "tap",
    "taps",
    "views",
    "within",
]

Ints = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]
Windows = tuple[Ints, Ints, Padding, Ints]
"""kernel, stride, what is put around, dilation: one entry for each spatial axis."""


def per_axis(name: str, setting: Any, axes: int, least: int = 1) -> Ints:
    """A setting as one integer for each axis, checked."""
    several = isinstance(setting, Sequence | np.ndarray) and not isinstance(setting, str)
    values = tuple(setting) if several else (setting,) * axes
    if len(values) != axes or not all(is_whole(v, least) for v in values):
        raise ValueError(
            f"{name} is one integer of at least {least}, or a tuple of {axes}; not {setting!r}."
        )
    return tuple(map(int, values))


def is_whole(x: Any, least: int) -> bool:
    return isinstance(x, int | np.integer) and bool(x >= least)


def paddings(padding: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Padding:
    """What is put before and after each axis: zeros, or as much as "same" needs."""
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        if set(stride) != {1}:
            raise ValueError(f"padding='same' is for a stride of 1, not {stride}.")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    if isinstance(padding, str):
        raise ValueError(f"padding is {padding!r}; it is an integer, a tuple, 'same' or 'valid'.")
    return tuple((p, p) for p in per_axis("padding", padding, len(kernel), 0))


def counts(who: str, sizes: Ints, windows: Windows) -> Ints:
    """How many windows there are along each axis. Raises ShapeMismatch where there is none."""
    kernel, stride, padding, dilation = windows
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    whole = [n + sum(p) for n, p in zip(sizes, padding, strict=True)]
    if any(n < r for n, r in zip(whole, reach, strict=True)):
        raise ShapeMismatch(
            f"{who}: a window of {_by(reach)} does not fit into {_by(whole)}, the input's "
            f"spatial axes{' with padding' if any(map(sum, padding)) else ''}."
        )
    return tuple((n - r) // s + 1 for n, r, s in zip(whole, reach, stride, strict=True))


def _by(sizes: Sequence[int]) -> str:
    return " × ".join(map(str, sizes))


def padded(x: Any, padding: Padding, fill: float = 0.0) -> Any:
    """x with `fill` around its last axes; x itself where there is nothing to put."""
    if not any(map(any, padding)):
        return x
    lead = x.shape[: -len(padding)]
    sizes = [n + sum(p) for n, p in zip(x.shape[len(lead) :], padding, strict=True)]
    out = np.full((*lead, *sizes), fill, x.dtype)
    out[within(padding, x.shape[len(lead) :])] = x
    return out


def within(padding: Padding, sizes: Ints) -> Any:
    """The index of what stands inside the padding."""
    return (..., *[slice(lo, lo + n) for (lo, _), n in zip(padding, sizes, strict=True)])


def views(x: Any, windows: Windows, out: Ints) -> Any:
    """All windows of a padded image, as a view: (N, C, *sizes) → (N, C, *kernel, *out)."""
    kernel, stride, _, dilation = windows
    steps = x.strides[2:]
    return np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:2], *kernel, *out),
        (
            *x.strides[:2],
            *(n * d for n, d in zip(steps, dilation, strict=True)),
            *(n * s for n, s in zip(steps, stride, strict=True)),
        ),
        writeable=False,
    )


def taps(windows: Windows) -> Iterator[Ints]:
    """The places within a window, in their order in memory."""
    return itertools.product(*map(range, windows[0]))


def tap(x: Any, place: Ints, windows: Windows, out: Ints) -> Any:
    """One element of every window of a padded image, as a view: (..., *sizes) → (..., *out)."""
    _, stride, _, dilation = windows
    places = zip(place, dilation, stride, out, strict=True)
    return x[(..., *[slice(k * d, k * d + s * (n - 1) + 1, s) for k, d, s, n in places])]
