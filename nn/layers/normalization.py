"""Normalization as layers: with a scale and a shift to learn, and running statistics."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from autograd import Value
from nn import functional
from nn.layers.shapes import shape_of, unfit
from nn.module import Module

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "LayerNorm",
    "RMSNorm",
]  # fmt: skip


def _ones(shape: Any, dtype: Any, wanted: bool) -> Value | None:
    return Value(np.ones(shape, dtype), label="weight") if wanted else None


def _zeros(shape: Any, dtype: Any, wanted: bool) -> Value | None:
    return Value(np.zeros(shape, dtype), label="bias") if wanted else None


class _Running(Module):
    """Batch and instance norm: a weight, a bias and running statistics for each channel."""

    shapes: ClassVar[dict[int, str]]

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        bias: bool,
        track_running_stats: bool,
        dtype: Any,
    ) -> None:
        if num_features < 1:
            raise ValueError(f"{type(self).__name__}({num_features}): it must be at least 1.")
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = _ones(num_features, dtype, affine)
        self.bias = _zeros(num_features, dtype, affine and bias)
        tracked = (np.zeros(num_features, dtype), np.ones(num_features, dtype), np.array(0))
        names = ("running_mean", "running_var", "num_batches_tracked")
        for name, buffer in zip(names, tracked, strict=True):
            self.register_buffer(name, buffer if track_running_stats else None)

    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def _check(self, x: Any) -> None:
        shape = shape_of(x)
        wanted = self.shapes.get(len(shape))
        if wanted is None or shape[wanted.split(", ").index("C")] != self.num_features:
            every = " or ".join(f"({s})" for s in self.shapes.values())
            raise unfit(self, every.replace("C", str(self.num_features)), shape)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Running):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        *,
        affine: bool = True,
        bias: bool = True,
        track_running_stats: bool = True,
        dtype: Any = np.float64,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, bias, track_running_stats, dtype)

    def forward(self, x: Any) -> Any:
        self._check(x)
        by_batch = self.training or self.running_mean is None
        tracks = self.training and self.track_running_stats
        keeps = tracks or not by_batch
        momentum = self.momentum
        if momentum is None:  # all batches count alike
            momentum = 1 / (int(self.num_batches_tracked) + 1) if tracks else 0.0
        y = functional.batch_norm(
            x,
            self.running_mean if keeps else None,
            self.running_var if keeps else None,
            self.weight,
            self.bias,
            by_batch,
            momentum=momentum,
            eps=self.eps,
        )
        if tracks:
            self.num_batches_tracked += 1
        return y


class BatchNorm1d(_BatchNorm):
    """Each feature with mean 0 and variance 1 over the batch: (N, C) or (N, C, L) as it is.

    The settings, parameters and running statistics are `BatchNorm2d`'s.

    >>> BatchNorm1d(3)(np.random.default_rng(0).normal(size=(8, 3))).mean().round(6).item()
    0.0
    """

    shapes: ClassVar = {2: "N, C", 3: "N, C, L"}


class BatchNorm2d(_BatchNorm):
    """Each channel with mean 0 and variance 1 over batch and places: (N, C, H, W) as it is.

    (x - mean) / √(var + eps) · weight + bias, in training by the batch, and the running mean and
    variance follow: r ← (1 - momentum)·r + momentum·batch's, or with momentum=None the mean over
    all batches. In evaluation by the running ones; with track_running_stats=False always by the
    batch. weight and bias: (C,), 1 and 0 at first, or None with affine=False, the bias with
    bias=False. Ioffe and Szegedy 2015.

    Raises ShapeMismatch for other inputs, ValueError in training for one value per channel.

    >>> layer = BatchNorm2d(6)
    >>> layer(np.ones((8, 6, 4, 4))).shape
    (8, 6, 4, 4)
    >>> layer.running_mean[:2]
    array([0.1, 0.1])
    """

    shapes: ClassVar = {4: "N, C, H, W"}


class _InstanceNorm(_Running):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        affine: bool = False,
        bias: bool = True,
        track_running_stats: bool = False,
        dtype: Any = np.float64,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, bias, track_running_stats, dtype)

    def forward(self, x: Any) -> Any:
        self._check(x)
        single = len(shape_of(x)) == min(self.shapes)
        own = self.training or not self.track_running_stats
        keeps = self.track_running_stats
        y = functional.instance_norm(
            np.expand_dims(x, 0) if single else x,
            self.running_mean if keeps else None,
            self.running_var if keeps else None,
            self.weight,
            self.bias,
            own,
            momentum=self.momentum or 0.0,
            eps=self.eps,
        )
        return y[0] if single else y


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sample with mean 0 and variance 1: (N, C, L) or (C, L) as it is.

    The settings are `InstanceNorm2d`'s.

    >>> InstanceNorm1d(1)(np.array([[[1.0, 3.0]]])).round(4)
    array([[[-1.,  1.]]])
    """

    shapes: ClassVar = {2: "C, L", 3: "N, C, L"}


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample with mean 0 and variance 1: (N, C, H, W) or (C, H, W) as it is.

    affine and track_running_stats are False by default; with them it has the parameters and the
    running statistics of `BatchNorm2d`. Ulyanov et al. 2016. Raises ShapeMismatch for other
    inputs, ValueError for one value per channel.

    >>> InstanceNorm2d(3)(np.random.default_rng(0).normal(size=(2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    shapes: ClassVar = {3: "C, H, W", 4: "N, C, H, W"}


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last axes: (..., *normalized_shape) as it is.

    weight and bias: of normalized_shape, 1 and 0 at first; None with elementwise_affine=False, the
    bias with bias=False. Ba et al. 2016. Raises ShapeMismatch for an input that ends otherwise.

    >>> LayerNorm(2)(np.array([[1.0, 3.0]])).data.round(4)
    array([[-1.,  1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        *,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> None:
        self.normalized_shape = _last(type(self).__name__, normalized_shape)
        self.eps = eps
        self.weight = _ones(self.normalized_shape, dtype, elementwise_affine)
        self.bias = _zeros(self.normalized_shape, dtype, elementwise_affine and bias)

    def forward(self, x: Any) -> Any:
        _check_end(self, x, self.normalized_shape)
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.weight is not None}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """x / √(mean(x²) + eps) · weight over the last axes: (..., *normalized_shape) as it is.

    weight: of normalized_shape, 1 at first; None with elementwise_affine=False. eps: by default the
    smallest step from 1 of the input's dtype. Zhang and Sennrich 2019. Raises ShapeMismatch for an
    input that ends otherwise.

    >>> RMSNorm(2)(np.array([[3.0, 3.0]])).data
    array([[1., 1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        *,
        elementwise_affine: bool = True,
        dtype: Any = np.float64,
    ) -> None:
        self.normalized_shape = _last(type(self).__name__, normalized_shape)
        self.eps = eps
        self.weight = _ones(self.normalized_shape, dtype, elementwise_affine)

    def forward(self, x: Any) -> Any:
        _check_end(self, x, self.normalized_shape)
        return functional.rms_norm(x, self.normalized_shape, self.weight, eps=self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.weight is not None}"
        )


def _last(name: str, shape: int | Sequence[int]) -> tuple[int, ...]:
    shape = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    if not shape or not all(isinstance(n, int | np.integer) and n > 0 for n in shape):
        raise ValueError(f"{name} takes a length or several, of at least 1; not {shape}.")
    return tuple(map(int, shape))


def _check_end(layer: Module, x: Any, end: tuple[int, ...]) -> None:
    shape = shape_of(x)
    if shape[len(shape) - len(end) :] != end or len(shape) < len(end):
        raise unfit(layer, f"(..., {', '.join(map(str, end))})", shape)


class GroupNorm(Module):
    """Each group of channels of each sample with mean 0 and variance 1: (N, C, *sizes) as it is.

    weight and bias: (num_channels,), 1 and 0 at first, or None with affine=False. Wu and He 2018.
    Raises ShapeMismatch for other inputs, ValueError for groups that do not divide the channels.

    >>> GroupNorm(2, 4)(np.array([[1.0, 3.0, 5.0, 9.0]])).data.round(4)
    array([[-1.,  1., -1.,  1.]])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        *,
        affine: bool = True,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> None:
        if num_groups < 1 or num_channels < 1 or num_channels % num_groups:
            raise ValueError(
                f"GroupNorm({num_groups}, {num_channels}): the groups divide the channels."
            )
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight = _ones(num_channels, dtype, affine)
        self.bias = _zeros(num_channels, dtype, affine and bias)

    def forward(self, x: Any) -> Any:
        shape = shape_of(x)
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise unfit(self, f"(N, {self.num_channels}, *sizes)", shape)
        return functional.group_norm(x, self.num_groups, self.weight, self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        affine, bias = self.weight is not None, self.bias is not None
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={affine}, bias={bias}"
        )
