"""Transposed convolutions: they map as the gradients of convolutions do, from outputs to inputs."""

from collections.abc import Sequence
from typing import Any

from autograd import ShapeMismatch
from nn.functional.convolution import check_bias, convolve_back, images, shifted
from nn.functional.windows import per_axis

__all__ = ["conv_transpose1d", "conv_transpose2d"]


def conv_transpose1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """The transposed convolution of sequences: (N, C, L) → (N, out, L'); see `conv_transpose2d`.

    >>> import numpy as np
    >>> conv_transpose1d(np.array([[[1.0, 2.0]]]), np.ones((1, 1, 3)), stride=2)
    array([[[1., 1., 3., 2., 2.]]])
    """
    return _transposed(
        "conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Each element of x times the weight, laid out and summed: (N, C, H, W) → (N, out, H', W').

    It maps as the gradient of `conv2d` does, from its outputs to its inputs. weight: (C, out /
    groups, *kernel). padding: what is cut off all around. output_padding: how much longer the
    output is at its end. H' = (H - 1)·stride - 2·padding + dilation·(kernel - 1) + output_padding
    + 1. the axis N is optional. Zeiler et al. 2010.

    Raises ShapeMismatch where the shapes do not fit, ValueError for other settings.

    >>> import numpy as np
    >>> conv_transpose2d(np.ones((1, 1, 1, 1)), np.ones((1, 1, 2, 2)), stride=2)[0, 0]
    array([[1., 1.],
           [1., 1.]])
    """
    return _transposed(
        "conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _transposed(
    who: str,
    axes: int,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    x, weight, batched = images(who, axes, x, weight, groups, 0)
    channels, (expected, _, *kernel) = x.shape[1], weight.shape
    if channels != expected or channels % groups:
        raise ShapeMismatch(
            f"{who} with groups={groups}: an input of shape {x.shape} has {channels} channels, "
            f"a weight of shape {weight.shape} takes {expected}."
        )
    stride, dilation = per_axis("stride", stride, axes), per_axis("dilation", dilation, axes)
    around = per_axis("padding", padding, axes, 0)
    extra = per_axis("output_padding", output_padding, axes, 0)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(
            f"output_padding is less than the stride or the dilation: {extra} is not, for "
            f"stride={stride} and dilation={dilation}."
        )
    sizes = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(
            x.shape[2:], stride, around, dilation, kernel, extra, strict=True
        )
    )
    if min(sizes) < 1:
        raise ShapeMismatch(
            f"{who} of an input of shape {x.shape} would have the spatial axes {sizes}: the "
            "padding takes all there is."
        )
    y = convolve_back(
        x,
        weight,
        sizes=sizes,
        stride=stride,
        padding=tuple((p, p) for p in around),
        dilation=dilation,
        groups=groups,
    )
    if bias is not None:
        check_bias(who, bias, y.shape[1])
        y = shifted(y, bias)
    return y if batched else y[0]
