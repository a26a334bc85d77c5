"""Convolutions: matrix products of the weights with the windows of an image.

Three maps, each linear in two arguments, are one another's derivatives: windows times weights, the
same read backwards (a transposed convolution), and the gradient of the weights. So each rule is
one of the three, and all orders of derivatives are there.

The windows are copied into a matrix in pieces of at most `LARGEST` bytes, so that the memory of a
convolution is that of its input and output and little more.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from autograd import ShapeMismatch, defvjp, primitive
from nn.functional.arrays import as_floats
from nn.functional.windows import (
    Ints,
    Windows,
    counts,
    is_whole,
    padded,
    paddings,
    per_axis,
    tap,
    taps,
    views,
    within,
)

__all__ = [
    "LARGEST",
    "check_bias",
    "conv1d",
    "conv2d",
    "conv3d",
    "convolve_back",
    "images",
    "pad_around",
    "shifted",
]  # fmt: skip

LARGEST = 1 << 20
"""The most bytes of windows that are copied at a time (but one row is): what a cache holds."""

Padding = int | Sequence[int] | Literal["same", "valid"]
PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]


def conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """The convolution of sequences: (N, C, L) → (N, out, L'); see `conv2d`.

    >>> conv1d(np.arange(5.0).reshape(1, 1, 5), np.ones((1, 1, 2)))
    array([[[1., 3., 5., 7.]]])
    """
    return _conv("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Each window of x times the weight, summed, plus bias: (N, C, H, W) → (N, out, H', W').

    weight: (out, C / groups, *kernel), not flipped (as everywhere in this field). bias: (out,).
    padding: zeros around the image, or "same" for an output of the input's size (with stride 1),
    or "valid" for none. groups: the channels are split, and each part makes out / groups channels.
    H' = ⌊(H + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1. the axis N is optional.

    Raises ShapeMismatch where the shapes do not fit, ValueError for other settings.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), padding="same")[0, 0]
    array([[4., 6., 4.],
           [6., 9., 6.],
           [4., 6., 4.]])
    """
    return _conv("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """The convolution of volumes: (N, C, D, H, W) → (N, out, D', H', W'); see `conv2d`.

    >>> conv3d(np.ones((1, 2, 3, 3, 3)), np.ones((1, 2, 3, 3, 3))).item()
    54.0
    """
    return _conv("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def pad_around(x: Any, padding: tuple[tuple[int, int], ...], mode: PaddingMode) -> Any:
    """x with a border of its own: mirrored, its edge repeated, or from the other side."""
    modes: Any = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    lead = ((0, 0),) * (x.ndim - len(padding))
    sizes = x.shape[len(lead) :]
    if not all(sizes):
        raise ShapeMismatch(f"padding_mode={mode!r} has nothing to repeat in the shape {x.shape}.")
    most = {"reflect": -1, "circular": 0}.get(mode)
    if most is not None and any(max(p) > n + most for p, n in zip(padding, sizes, strict=True)):
        raise ShapeMismatch(
            f"padding_mode={mode!r} takes at most {'the size less 1' if most else 'the size'} of "
            f"an axis: the input's spatial axes are {sizes}, the padding {padding}."
        )
    return np.pad(x, (*lead, *padding), mode=modes[mode])


def images(
    who: str, axes: int, x: Any, weight: Any, groups: int, place: int
) -> tuple[Any, Any, bool]:
    """With the axis N: x, the weight, whether x had it; `place` is the channels' in the weight."""
    weight = as_floats(weight)
    x = as_floats(x, like=weight)
    letters = ", ".join("DHW"[-axes:] if axes > 1 else "L")
    if x.ndim not in (axes + 1, axes + 2) or weight.ndim != axes + 2:
        wanted = "(out, C / groups" if place else "(C, out / groups"
        raise ShapeMismatch(
            f"{who} takes an input of shape (N, C, {letters}) or (C, {letters}) and a weight of "
            f"shape {wanted}, *kernel), not {x.shape} and {weight.shape}."
        )
    if not all(weight.shape):
        raise ShapeMismatch(f"{who} takes a weight with elements, not one of {weight.shape}.")
    if not all(x.shape[-axes:]):
        raise ShapeMismatch(f"{who}: an input of shape {x.shape} has no place for a window.")
    if not is_whole(groups, 1):
        raise ValueError(f"groups is an integer of at least 1, not {groups!r}.")
    batched = x.ndim == axes + 2
    return (x if batched else x[None]), weight, batched


def _conv(
    who: str,
    axes: int,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Any:
    x, weight, batched = images(who, axes, x, weight, groups, 1)
    channels, (out, expected, *kernel) = x.shape[1], weight.shape
    if out % groups or channels != expected * groups:
        raise ShapeMismatch(
            f"{who} with groups={groups}: an input of shape {x.shape} has {channels} channels, "
            f"a weight of shape {weight.shape} takes {expected * groups}"
            + ("." if out % groups == 0 else f" and makes {out}, not divisible.")
        )
    stride, dilation = per_axis("stride", stride, axes), per_axis("dilation", dilation, axes)
    around = paddings(padding, tuple(kernel), stride, dilation)
    settings = {"stride": stride, "padding": around, "dilation": dilation, "groups": groups}
    places = counts(who, x.shape[2:], (tuple(kernel), stride, around, dilation))
    if bias is None:
        y = _convolve(x, weight, places=places, **settings)
    else:
        check_bias(who, bias, out)
        y = _convolve_and_shift(x, weight, bias, places=places, **settings)
    return y if batched else y[0]


def check_bias(who: str, bias: Any, channels: int) -> None:
    if np.shape(bias) != (channels,):
        raise ShapeMismatch(
            f"{who} makes {channels} channels: a bias has the shape ({channels},), "
            f"not {np.shape(bias)}."
        )


@primitive
def shifted(y: Any, bias: Any) -> Any:
    """y with a number added to each channel."""
    return y + np.reshape(bias, (-1, *[1] * (y.ndim - 2)))


def _sum_of_channels(g: Any) -> Any:
    return np.sum(g, axis=(0, *range(2, g.ndim)))


defvjp(
    shifted,
    lambda g, y, x, bias: g,
    lambda g, y, x, bias: _sum_of_channels(g),
    symbol="+ bias",
    facts={"channels": "kept"},
)


# ------------------------------------------------- three maps that are one another's derivatives


@primitive
def _convolve(
    x: Any,
    weight: Any,
    *,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    groups: int,
    places: Ints,
) -> Any:
    """(N, C, *sizes), (O, C / groups, *kernel) → (N, O, *places): windows times weights."""
    windows = (weight.shape[2:], stride, padding, dilation)
    rows = weight.reshape(groups, len(weight) // groups, -1)
    y = np.empty((len(x), *rows.shape[:2], math.prod(places)), np.result_type(x, weight))
    for part, columns in _columns(x, windows, places, groups):
        np.matmul(rows, columns, out=y[part])
        del columns  # before the next are made
    return y.reshape(len(x), len(weight), *places)


@primitive
def _convolve_and_shift(
    x: Any,
    weight: Any,
    bias: Any,
    *,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    groups: int,
    places: Ints,
) -> Any:
    """_convolve, and a number added to each channel, as one call: no array between."""
    y = _convolve(
        x, weight, stride=stride, padding=padding, dilation=dilation, groups=groups, places=places
    )
    bias = np.reshape(bias, (-1, *[1] * (y.ndim - 2)))
    return np.add(y, bias, out=y if np.result_type(y, bias) == y.dtype else None)


@primitive
def convolve_back(
    g: Any,
    weight: Any,
    *,
    sizes: Ints,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    groups: int,
) -> Any:
    """(N, O, *out), (O, C / groups, *kernel) → (N, C, *sizes): what each window gets, added up."""
    kernel, out, channels = weight.shape[2:], g.shape[2:], weight.shape[1] * groups
    made = len(weight) // groups
    axes = zip(kernel, dilation, padding, sizes, out, strict=True)
    around = tuple((d * (k - 1) - lo, n + lo - m) for k, d, (lo, _), n, m in axes)
    # Windows of g are copied then: of many, or where most of them are padding, adding is quicker.
    few = len(weight) <= channels * len(out) and math.prod(sizes) <= 2 * math.prod(out)
    if few and set(stride) == {1} and min(map(min, around)) >= 0:
        # With the kernel turned round it is a convolution, and only matrix products add.
        turned = weight.reshape(groups, made, -1, *kernel).swapaxes(1, 2)
        turned = np.flip(turned.reshape(channels, made, *kernel), tuple(range(2, g.ndim)))
        same = {"stride": stride, "dilation": dilation, "groups": groups}
        return _convolve(g, turned, padding=around, places=sizes, **same)
    windows = (kernel, stride, padding, dilation)
    whole = [size + sum(p) for size, p in zip(sizes, padding, strict=True)]
    x = np.zeros((len(g), channels, *whole), np.result_type(g, weight))
    rows = weight.reshape(groups, made, -1).swapaxes(1, 2)
    g = g.reshape(len(g), groups, made, math.prod(out))
    for part, where, some in _parts(len(g), windows, out, rows[..., 0].size * x.itemsize):
        columns = (rows @ g[part]).reshape(-1, channels, *kernel, *some)
        for place in taps(windows):
            tap(x[where], place, windows, some)[...] += columns[:, :, *place]
        del columns
    return x[within(padding, sizes)]


@primitive
def _convolve_weight(
    x: Any,
    g: Any,
    *,
    kernel: Ints,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    groups: int,
) -> Any:
    """(N, C, *sizes), (N, O, *out) → (O, C / groups, *kernel): windows times their gradients."""
    windows, out, made = (kernel, stride, padding, dilation), g.shape[2:], g.shape[1]
    g = g.reshape(len(g), groups, made // groups, math.prod(out))
    size = x.shape[1] // groups * math.prod(kernel)
    weight = np.zeros((groups, size, g.shape[2]), np.result_type(x, g))
    for part, columns in _columns(x, windows, out, groups):
        weight += (columns @ g[part].swapaxes(2, 3)).sum(axis=0)
        del columns
    return weight.swapaxes(1, 2).reshape(made, -1, *kernel)


def _columns(x: Any, windows: Windows, out: Ints, groups: int) -> Iterator[tuple[Any, Any]]:
    """The windows as matrices (n, groups, C / groups · kernel, places), and of which results."""
    kernel, _, padding, _ = windows
    rows, images = x.shape[1] * math.prod(kernel), None
    for part, (some, *where), places in _parts(len(x), windows, out, rows * x.itemsize):
        if some != images:
            images, inside = some, padded(x[some], padding)
        piece = views(inside[:, *where], windows, places)
        if piece.strides[-1] == x.itemsize:  # places in a row are copied as one
            piece = piece.view(f"V{places[-1] * x.itemsize}")
        piece = np.ascontiguousarray(piece).view(x.dtype)
        yield part, piece.reshape(len(piece), groups, rows // groups, -1)


def _parts(n: int, windows: Windows, out: Ints, bytes_each: int) -> Iterator[tuple[Any, Any, Ints]]:
    """The results in pieces whose windows stay below LARGEST: of images, or of rows of one.

    Of each: which results, of (n, groups, channels, places); where in the images its windows begin;
    and how many there are.
    """
    every, row = slice(None), math.prod(out[1:])
    together = LARGEST // max(1, bytes_each * row * out[0])
    rows = out[0] if together else max(1, LARGEST // (bytes_each * row))
    for image, first in itertools.product(range(0, n, max(1, together)), range(0, out[0], rows)):
        images, last = slice(image, image + max(1, together)), min(first + rows, out[0])
        yield (
            (images, every, every, slice(first * row, last * row)),
            (images, every, slice(first * windows[1][0], None)),
            (last - first, *out[1:]),
        )


def _to_input(
    g: Any, y: Any, x: Any, weight: Any, *bias: Any, places: Ints, **settings: Any
) -> Any:
    return convolve_back(g, weight, sizes=x.shape[2:], **settings)


def _to_weight(
    g: Any, y: Any, x: Any, weight: Any, *bias: Any, places: Ints, **settings: Any
) -> Any:
    return _convolve_weight(x, g, kernel=weight.shape[2:], **settings)


def _multiply_adds(results: Any, weight: Any) -> int:
    """As many for each result as a window of all channels in its group has elements."""
    return int(results.size) * math.prod(weight.shape[1:])


_FACTS = {"channels": "made", "multiply_adds": lambda v: _multiply_adds(v, v.seen[1])}

defvjp(_convolve, _to_input, _to_weight, symbol="convolution", facts=_FACTS)
defvjp(
    _convolve_and_shift,
    _to_input,
    _to_weight,
    lambda g, y, x, weight, bias, **settings: _sum_of_channels(g),
    symbol="convolution",
    facts=_FACTS,
)
defvjp(
    convolve_back,
    lambda gx, x, g, weight, *, sizes, **settings: _convolve(
        gx, weight, places=g.shape[2:], **settings
    ),
    lambda gx, x, g, weight, *, sizes, **settings: _convolve_weight(
        gx, g, kernel=weight.shape[2:], **settings
    ),
    symbol="transposed convolution",
    facts={"channels": "made", "multiply_adds": lambda v: _multiply_adds(*v.seen)},
)
defvjp(
    _convolve_weight,
    lambda gw, weight, x, g, *, kernel, **settings: convolve_back(
        g, gw, sizes=x.shape[2:], **settings
    ),
    lambda gw, weight, x, g, *, kernel, **settings: _convolve(
        x, gw, places=g.shape[2:], **settings
    ),
)
