"""Pooling: the largest or the mean of every window, channel by channel."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import ShapeMismatch, defvjp, primitive
from nn.functional.arrays import as_floats
from nn.functional.windows import Ints, Windows, padded, per_axis, tap, taps, within

__all__ = [
    "avg_pool1d", "avg_pool2d", "image", "in_dtype_of", "max_pool1d", "max_pool2d",
    "sum_of_windows",
]  # fmt: skip

Setting = int | Sequence[int]


def max_pool1d(
    x: Any,
    kernel_size: Setting,
    *,
    stride: Setting | None = None,
    padding: Setting = 0,
    dilation: Setting = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest of every window: (N, C, L) → (N, C, L'); see `max_pool2d`.

    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return _max_pool("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    x: Any,
    kernel_size: Setting,
    *,
    stride: Setting | None = None,
    padding: Setting = 0,
    dilation: Setting = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest of every window: (N, C, H, W) → (N, C, H', W'); the axis N is optional.

    stride: the kernel's size by default. padding: with -inf, at most half the kernel's size.
    ceil_mode: windows that begin in the image may reach beyond its end.
    H' = ⌊(H + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1, or ⌈…⌉ + 1. Of equal
    elements the first gets the gradient, as in PyTorch (np.max shares it).

    Raises ShapeMismatch where no window fits, ValueError for other settings.

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 5.,  7.],
            [13., 15.]]])
    """
    return _max_pool("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)


def avg_pool1d(
    x: Any,
    kernel_size: Setting,
    *,
    stride: Setting | None = None,
    padding: Setting = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of every window: (N, C, L) → (N, C, L'); see `avg_pool2d`.

    >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return _avg_pool(
        "avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, None
    )


def avg_pool2d(
    x: Any,
    kernel_size: Setting,
    *,
    stride: Setting | None = None,
    padding: Setting = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of every window: (N, C, H, W) → (N, C, H', W'); the axis N is optional.

    stride, padding (with zeros), ceil_mode: as for `max_pool2d`. count_include_pad: whether padding
    counts among what is divided by. divisor_override: divide by this instead.

    Raises ShapeMismatch where no window fits, ValueError for other settings.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    return _avg_pool(
        "avg_pool2d",
        2,
        x,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def image(who: str, axes: int, x: Any) -> Any:
    x = as_floats(x)
    if x.ndim not in (axes + 1, axes + 2):
        letters = "H, W" if axes == 2 else "L"
        raise ShapeMismatch(f"{who} takes (N, C, {letters}) or (C, {letters}), not {x.shape}.")
    return x


def _settings(
    who: str,
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> tuple[Windows, Ints]:
    """The windows, padded at their end as far as the last reaches; and how many there are."""
    sizes = x.shape[-axes:]
    kernel = per_axis("kernel_size", kernel_size, axes)
    stride = kernel if stride is None else per_axis("stride", stride, axes)
    dilation, around = per_axis("dilation", dilation, axes), per_axis("padding", padding, axes, 0)
    if any(2 * p > k for p, k in zip(around, kernel, strict=True)):
        raise ValueError(f"{who}: padding is at most half of kernel_size={kernel}, not {around}.")
    out, paddings = [], []
    for n, k, s, p, d in zip(sizes, kernel, stride, around, dilation, strict=True):
        free = n + 2 * p - d * (k - 1) - 1
        count = (-(-free // s) if ceil_mode else free // s) + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        if count < 1 or n < 1:
            raise ShapeMismatch(
                f"{who}: a window of {d * (k - 1) + 1} does not fit into an axis of {n}; the "
                f"input has the shape {x.shape}."
            )
        out.append(count)
        paddings.append((p, max(p, (count - 1) * s + d * (k - 1) + 1 - n - p)))
    return (kernel, stride, tuple(paddings), dilation), tuple(out)


# ---------------------------------------------------------------------------- the largest


def _max_pool(
    who: str,
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> Any:
    x = image(who, axes, x)
    if x.dtype.kind == "c":
        raise TypeError(f"{who} takes real numbers: complex ones have no largest.")
    windows, out = _settings(who, axes, x, kernel_size, stride, padding, dilation, ceil_mode)
    kernel, stride, padding, dilation = windows
    return _max_of_windows(
        x, kernel=kernel, stride=stride, padding=padding, dilation=dilation, out_sizes=out
    )


@primitive
def _max_of_windows(
    x: Any,
    *,
    kernel: Ints,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    out_sizes: Ints,
) -> Any:
    windows = (kernel, stride, padding, dilation)
    x = padded(x if x.dtype.kind == "f" else x.astype(float), padding, -np.inf)
    places = taps(windows)
    y = tap(x, next(places), windows, out_sizes).copy()
    for place in places:
        np.maximum(y, tap(x, place, windows, out_sizes), out=y)
    return y


@primitive
def _from_winners(
    v: Any,
    x: Any,
    y: Any,
    *,
    kernel: Ints,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    out_sizes: Ints,
) -> Any:
    """What v has where x has the largest of each window: of equal ones, at the first."""
    windows = (kernel, stride, padding, dilation)
    v = padded(v, padding)
    picked = np.zeros(y.shape, v.dtype)
    for place, won in _winners(x, y, windows, out_sizes):
        picked += tap(v, place, windows, out_sizes) * won
    return picked


@primitive
def _to_winners(
    g: Any,
    x: Any,
    y: Any,
    *,
    kernel: Ints,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    out_sizes: Ints,
) -> Any:
    """The gradient of each window at the place of its largest."""
    windows = (kernel, stride, padding, dilation)
    spread = padded(np.zeros(x.shape, g.dtype), padding)
    apart = all(s > d * (k - 1) for k, s, d in zip(kernel, stride, dilation, strict=True))
    for place, won in _winners(x, y, windows, out_sizes):
        target = tap(spread, place, windows, out_sizes)
        if apart:
            np.multiply(g, won, out=target)
        else:
            target += g * won
    return spread[within(padding, x.shape[x.ndim - len(out_sizes) :])]


def _winners(x: Any, y: Any, windows: Windows, out: Ints) -> Any:
    """Each place within the windows, and for which windows the largest stands there."""
    image = padded(x, windows[2], -np.inf)
    odd = not np.isfinite(y).all()  # a largest of -inf is padding's too, and NaN equals nothing
    inside = padded(np.ones(x.shape, bool), windows[2], 0) if odd else None
    free = np.ones(y.shape, bool)
    for place in taps(windows):
        element = tap(image, place, windows, out)
        won = element == y
        if odd:
            won |= np.isnan(element) & np.isnan(y)
            won &= tap(inside, place, windows, out)
        won &= free
        free ^= won
        yield place, won


defvjp(
    _max_of_windows,
    lambda g, y, x, **settings: _to_winners(g, x, y, **settings),
    symbol="max_pool",
    kink="the first of equal elements",
    complex=False,
    routes=True,
    facts={"channels": "kept"},
)
defvjp(
    _to_winners,
    lambda v, spread, g, x, y, **settings: _from_winners(v, x, y, **settings),
    None,
    None,
)
defvjp(
    _from_winners,
    lambda g, picked, v, x, y, **settings: _to_winners(g, x, y, **settings),
    None,
    None,
)


# ------------------------------------------------------------------------------- the mean


def _avg_pool(
    who: str,
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Any:
    x = image(who, axes, x)
    around = per_axis("padding", padding, axes, 0)
    windows, out = _settings(who, axes, x, kernel_size, stride, padding, 1, ceil_mode)
    kernel, stride, padding, _ = windows
    total = sum_of_windows(x, kernel=kernel, stride=stride, padding=padding, out_sizes=out)
    if divisor is not None:
        if not divisor:
            raise ValueError(f"{who}: divisor_override is 0.")
        return in_dtype_of(x, total / divisor)
    if not any(map(any, padding)):
        return in_dtype_of(x, total / math.prod(kernel))
    each = []
    for n, k, s, p, m in zip(x.shape[-axes:], kernel, stride, around, out, strict=True):
        first = np.arange(m) * s - p
        last = np.minimum(first + k, n + p)
        if not count_include_pad:
            first, last = np.maximum(first, 0), np.minimum(last, n)
        each.append(last - first)
    counts: Any = math.prod(np.ix_(*each))
    return in_dtype_of(x, total / counts.astype(total.dtype))


def in_dtype_of(x: Any, mean: Any) -> Any:
    """The mean as x is: of half precision, sums are in single precision, lest they overflow."""
    return mean if mean.dtype == x.dtype else mean.astype(x.dtype)


@primitive
def sum_of_windows(
    x: Any, *, kernel: Ints, stride: Ints, padding: tuple[tuple[int, int], ...], out_sizes: Ints
) -> Any:
    windows = (kernel, stride, padding, (1,) * len(kernel))
    x = padded(x, padding)
    places = taps(windows)
    wide = np.result_type(x, np.float32 if math.prod(kernel) < 64 else np.float64)
    y = tap(x, next(places), windows, out_sizes).astype(wide)
    for place in places:
        y += tap(x, place, windows, out_sizes)
    return y.astype(np.result_type(x, np.float32), copy=False)


@primitive
def _to_windows(
    g: Any, *, kernel: Ints, stride: Ints, padding: tuple[tuple[int, int], ...], sizes: Ints
) -> Any:
    """What each element gets from all windows that it is in."""
    windows = (kernel, stride, padding, (1,) * len(kernel))
    out = g.shape[g.ndim - len(sizes) :]
    spread = padded(np.zeros((*g.shape[: -len(sizes)], *sizes), g.dtype), padding)
    for place in taps(windows):
        target = tap(spread, place, windows, out)
        target += g
    return spread[within(padding, sizes)]


defvjp(
    sum_of_windows,
    lambda g, y, x, *, out_sizes, **settings: _to_windows(
        g, sizes=x.shape[x.ndim - len(out_sizes) :], **settings
    ),
    symbol="sum_pool",
    facts={"channels": "kept"},
)
defvjp(
    _to_windows,
    lambda v, y, g, *, sizes, **settings: sum_of_windows(
        v, out_sizes=g.shape[g.ndim - len(sizes) :], **settings
    ),
)
