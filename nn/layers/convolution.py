"""Convolutions, and transposed ones, as layers."""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from autograd import ShapeMismatch, Value
from nn import functional, init
from nn.functional.convolution import PaddingMode, pad_around
from nn.functional.windows import is_whole, paddings, per_axis
from nn.layers.shapes import called, channels_first, shape_of
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d"]

Setting = int | Sequence[int]


class _Convolution(Module):
    """What all convolutions share: settings, parameters, and how they are shown."""

    axes: ClassVar[int]
    function: ClassVar[Callable[..., Any]]
    transposes: ClassVar[bool] = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Setting,
        stride: Setting,
        padding: Any,
        dilation: Setting,
        groups: int,
        bias: bool,
        padding_mode: PaddingMode,
        dtype: Any,
        rng: RNG,
    ) -> None:
        name = type(self).__name__
        if in_channels < 1 or out_channels < 1:
            raise ValueError(f"{name}({in_channels}, {out_channels}, …): both must be at least 1.")
        if not is_whole(groups, 1) or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: groups is an integer that divides in_channels={in_channels} and "
                f"out_channels={out_channels}; {groups!r} does not."
            )
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f"padding_mode is {padding_mode!r}; it is 'zeros', 'reflect', 'replicate' or "
                "'circular'."
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = per_axis("kernel_size", kernel_size, self.axes)
        self.stride = per_axis("stride", stride, self.axes)
        self.dilation = per_axis("dilation", dilation, self.axes)
        self.padding_mode = padding_mode
        around = paddings(padding, self.kernel_size, self.stride, self.dilation)
        self.padding = padding if isinstance(padding, str) else tuple(p for p, _ in around)
        lead = (out_channels, in_channels // groups)
        if self.transposes:
            lead = (in_channels, out_channels // groups)
        rng = generator(rng)
        bound = 1 / math.sqrt(lead[1] * math.prod(self.kernel_size))
        self.weight = Value(np.empty((*lead, *self.kernel_size), dtype), label="weight")
        init.uniform_(self.weight, -bound, bound, rng=rng)
        self.bias: Value | None = None
        if bias:
            self.bias = Value(np.empty(out_channels, dtype), label="bias")
            init.uniform_(self.bias, -bound, bound, rng=rng)

    def extra_repr(self) -> str:
        none = (0,) * self.axes
        shown = {
            "padding": (self.padding, none),
            "dilation": (self.dilation, (1,) * self.axes),
            "output_padding": (getattr(self, "output_padding", none), none),
            "groups": (self.groups, 1),
            "bias": (self.bias is not None, True),
            "padding_mode": (self.padding_mode, "zeros"),
        }
        extra = "".join(f", {k}={v}" for k, (v, default) in shown.items() if v != default)
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}{extra}"
        )


class _Forward(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Setting,
        stride: Setting = 1,
        padding: Setting | Literal["same", "valid"] = 0,
        *,
        dilation: Setting = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: PaddingMode = "zeros",
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            dtype,
            rng,
        )

    def forward(self, x: Any) -> Any:
        channels_first(self, x, self.in_channels, self.axes)
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            around = paddings(padding, self.kernel_size, self.stride, self.dilation)
            x, padding = pad_around(x, around, self.padding_mode), 0
        return type(self).function(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
        )


class Conv1d(_Forward):
    """A convolution of sequences: (N, in_channels, L) → (N, out_channels, L'); N is optional.

    The settings and initial values are `Conv2d`'s.

    >>> Conv1d(2, 4, 3, rng=0)(np.ones((5, 2, 10))).shape
    (5, 4, 8)
    """

    axes, function = 1, staticmethod(functional.conv1d)


class Conv2d(_Forward):
    """A convolution of images: (N, in_channels, H, W) → (N, out_channels, H', W'); N is optional.

    H' = ⌊(H + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1; see `functional.conv2d`.
    padding: zeros on each side, or "same" or "valid". padding_mode: "zeros", or "reflect",
    "replicate", "circular" for a border made of the image. groups: the channels are split.

    weight: (out_channels, in_channels / groups, *kernel_size). bias: (out_channels,), or None with
    bias=False. Both start uniform within ± 1/√fan_in, PyTorch's default, where fan_in =
    in_channels / groups · the kernel's elements. Raises ShapeMismatch for other inputs.

    >>> Conv2d(1, 6, 5, padding=2, rng=0)(np.ones((8, 1, 28, 28))).shape
    (8, 6, 28, 28)
    """

    axes, function = 2, staticmethod(functional.conv2d)


class Conv3d(_Forward):
    """A convolution of volumes: (N, in_channels, D, H, W) → (N, out_channels, D', H', W').

    The settings and initial values are `Conv2d`'s.

    >>> Conv3d(1, 2, 3, rng=0)(np.ones((1, 1, 4, 4, 4))).shape
    (1, 2, 2, 2, 2)
    """

    axes, function = 3, staticmethod(functional.conv3d)


class _Transposed(_Convolution):
    transposes = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Setting,
        stride: Setting = 1,
        padding: Any = 0,
        output_padding: Setting = 0,
        *,
        groups: int = 1,
        bias: bool = True,
        dilation: Setting = 1,
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        if isinstance(padding, str):
            raise ValueError(f"{type(self).__name__} takes padding as numbers, not {padding!r}.")
        self.output_padding = per_axis("output_padding", output_padding, self.axes, 0)
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            "zeros",
            dtype,
            rng,
        )

    def forward(self, x: Any, output_size: Any = None) -> Any:
        """output_size: the spatial axes wanted, of those that the stride leaves open."""
        channels_first(self, x, self.in_channels, self.axes)
        return type(self).function(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            output_padding=self._extra(shape_of(x)[-self.axes :], output_size),
            dilation=self.dilation,
            groups=self.groups,
        )

    def _extra(self, sizes: tuple[int, ...], wanted: Any) -> tuple[int, ...]:
        if wanted is None:
            return self.output_padding
        settings: Any = (sizes, self.stride, self.padding, self.dilation, self.kernel_size)
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in zip(*settings, strict=True)
        ]
        several = isinstance(wanted, Sequence) and len(wanted) == self.axes + 2
        try:
            wanted = per_axis("output_size", wanted[2:] if several else wanted, self.axes)
        except ValueError as error:
            raise ShapeMismatch(f"{called(self)}: {error}") from None
        extra = tuple(w - m for w, m in zip(wanted, least, strict=True))
        if not all(0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            most = tuple(m + s - 1 for m, s in zip(least, self.stride, strict=True))
            raise ShapeMismatch(
                f"{called(self)} makes spatial axes from {tuple(least)} to {most} of {sizes}, "
                f"not {wanted}."
            )
        return extra


class ConvTranspose1d(_Transposed):
    """A transposed convolution of sequences: (N, in_channels, L) → (N, out_channels, L').

    The settings and initial values are `ConvTranspose2d`'s.

    >>> ConvTranspose1d(2, 4, 3, stride=2, rng=0)(np.ones((5, 2, 10))).shape
    (5, 4, 21)
    """

    axes, function = 1, staticmethod(functional.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """A transposed convolution: (N, in_channels, H, W) → (N, out_channels, H', W'); N is optional.

    H' = (H - 1)·stride - 2·padding + dilation·(kernel_size - 1) + output_padding + 1; see
    `functional.conv_transpose2d`.

    weight: (in_channels, out_channels / groups, *kernel_size). bias: (out_channels,), or None with
    bias=False. Both start uniform within ± 1/√fan, with fan = out_channels / groups · the kernel's
    elements, as PyTorch's do. Raises ShapeMismatch for other inputs.

    >>> ConvTranspose2d(4, 1, 2, stride=2, rng=0)(np.ones((8, 4, 7, 7))).shape
    (8, 1, 14, 14)
    """

    axes, function = 2, staticmethod(functional.conv_transpose2d)
