"""Pooling and upsampling as layers."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from nn import functional
from nn.functional.upsampling import Mode
from nn.layers.shapes import shape_of, unfit
from nn.module import Module

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AvgPool1d", "AvgPool2d", "MaxPool1d", "MaxPool2d", "Upsample",
]  # fmt: skip

Setting = int | Sequence[int]


class _Pool(Module):
    axes: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def _check(self, x: Any) -> None:
        if len(shape_of(x)) not in (self.axes + 1, self.axes + 2):
            sizes = "H, W" if self.axes == 2 else "L"
            raise unfit(self, f"(N, C, {sizes}) or (C, {sizes})", shape_of(x))


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Setting,
        stride: Setting | None = None,
        padding: Setting = 0,
        *,
        dilation: Setting = 1,
        ceil_mode: bool = False,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode

    def forward(self, x: Any) -> Any:
        self._check(x)
        return type(self).function(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest of every window: (N, C, L) → (N, C, L'); see `functional.max_pool2d`.

    >>> import numpy as np
    >>> MaxPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[3., 2.]])
    """

    axes, function = 1, staticmethod(functional.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest of every window: (N, C, H, W) → (N, C, H', W'); see `functional.max_pool2d`.

    >>> import numpy as np
    >>> MaxPool2d(2)(np.ones((8, 6, 28, 28))).shape
    (8, 6, 14, 14)
    """

    axes, function = 2, staticmethod(functional.max_pool2d)


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Setting,
        stride: Setting | None = None,
        padding: Setting = 0,
        *,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, x: Any) -> Any:
        self._check(x)
        return type(self).function(x, self.kernel_size, **self._settings())

    def _settings(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "ceil_mode": self.ceil_mode,
            "count_include_pad": self.count_include_pad,
        }

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of every window: (N, C, L) → (N, C, L'); see `functional.avg_pool2d`.

    >>> import numpy as np
    >>> AvgPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[2., 1.]])
    """

    axes, function = 1, staticmethod(functional.avg_pool1d)


class AvgPool2d(_AvgPool):
    """The mean of every window: (N, C, H, W) → (N, C, H', W'); see `functional.avg_pool2d`.

    >>> import numpy as np
    >>> AvgPool2d(2)(np.ones((8, 6, 28, 28))).shape
    (8, 6, 14, 14)
    """

    axes, function = 2, staticmethod(functional.avg_pool2d)

    def __init__(
        self,
        kernel_size: Setting,
        stride: Setting | None = None,
        padding: Setting = 0,
        *,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(
            kernel_size, stride, padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad
        )
        self.divisor_override = divisor_override

    def _settings(self) -> dict[str, Any]:
        return super()._settings() | {"divisor_override": self.divisor_override}


class _AdaptivePool(_Pool):
    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        self._check(x)
        return type(self).function(x, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The means of output_size parts: (N, C, L) → (N, C, output_size).

    >>> import numpy as np
    >>> AdaptiveAvgPool1d(2)(np.ones((8, 6, 9))).shape
    (8, 6, 2)
    """

    axes, function = 1, staticmethod(functional.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The means of as many parts as asked for: (N, C, H, W) → (N, C, *output_size).

    output_size: one number, or two; None leaves an axis as it is.

    >>> import numpy as np
    >>> AdaptiveAvgPool2d((1, None))(np.ones((8, 6, 9, 7))).shape
    (8, 6, 1, 7)
    """

    axes, function = 2, staticmethod(functional.adaptive_avg_pool2d)


class AdaptiveMaxPool1d(_AdaptivePool):
    """The largest of output_size parts: (N, C, L) → (N, C, output_size).

    >>> import numpy as np
    >>> AdaptiveMaxPool1d(2)(np.ones((8, 6, 9))).shape
    (8, 6, 2)
    """

    axes, function = 1, staticmethod(functional.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptivePool):
    """The largest of as many parts as asked for: (N, C, H, W) → (N, C, *output_size).

    >>> import numpy as np
    >>> AdaptiveMaxPool2d(3)(np.ones((8, 6, 9, 7))).shape
    (8, 6, 3, 3)
    """

    axes, function = 2, staticmethod(functional.adaptive_max_pool2d)


class Upsample(Module):
    """Larger images: (N, C, *sizes) → (N, C, *size); see `functional.interpolate`.

    mode: "nearest", "linear" for (N, C, L), or "bilinear" for (N, C, H, W).

    >>> import numpy as np
    >>> Upsample(scale_factor=2)(np.ones((8, 6, 7, 7))).shape
    (8, 6, 14, 14)
    """

    def __init__(
        self,
        size: Setting | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: Mode = "nearest",
        *,
        align_corners: bool | None = None,
    ) -> None:
        self.size = size
        factor: Any = scale_factor
        if isinstance(factor, Sequence):
            self.scale_factor: Any = tuple(map(float, factor))
        else:
            self.scale_factor = factor if factor is None else float(factor)
        self.mode, self.align_corners = mode, align_corners

    def forward(self, x: Any) -> Any:
        return functional.interpolate(
            x, self.size, self.scale_factor, mode=self.mode, align_corners=self.align_corners
        )

    def extra_repr(self) -> str:
        size = (
            f"size={self.size}"
            if self.scale_factor is None
            else f"scale_factor={self.scale_factor}"
        )
        return f"{size}, mode={self.mode!r}"
