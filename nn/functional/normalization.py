"""Normalization: mean 0 and variance 1 over some axes; then a scale and a shift that are learned.

All but RMS norm are one function, `_standardize`, over axes that differ:

    batch norm      each channel, over all samples and places
    layer norm      each sample, over its last axes
    group norm      each sample and group of channels, over the group and all places
    instance norm   each sample and channel, over all places
"""

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import ShapeMismatch, defvjp, part, primitive
from nn.functional.arrays import plain, real

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"]


def batch_norm(
    x: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    *,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """(x - mean) / √(var + eps) · weight + bias for each channel: (N, C, *sizes) as it is.

    In training mean and variance are those of the batch, and the running ones, arrays (C,), are
    changed in place: r ← (1 - momentum)·r + momentum·batch's (the variance with n - 1). Otherwise
    the running ones are taken. Ioffe and Szegedy 2015 (arXiv:1502.03167).

    Raises ShapeMismatch for other shapes, ValueError in training for a single value per channel.

    >>> batch_norm(np.array([[1.0], [3.0]]), training=True).round(4)
    array([[-1.],
           [ 1.]])
    """
    x = _array("batch_norm", x, 2, "(N, C) or (N, C, *sizes)")
    _check_channels("batch_norm", x, running_mean, running_var, weight, bias)
    if not training and (running_mean is None or running_var is None):
        raise ValueError("batch_norm in evaluation takes running_mean and running_var.")
    if training:
        axes = (0, *range(2, x.ndim))
        if x.size and x.size == x.shape[1]:
            raise ValueError(
                f"batch_norm in training takes more than one value per channel; the input has the "
                f"shape {x.shape}: give larger batches, or call eval()."
            )
        y, mean, var = _standardize(x, axis=axes, eps=eps)
        _keep_running(running_mean, running_var, mean, var, x.size // x.shape[1], momentum)
    else:
        shape = (-1, *[1] * (x.ndim - 2))
        y = (x - np.reshape(running_mean, shape)) / np.sqrt(np.reshape(running_var, shape) + eps)
    return _scaled_channels(y, weight, bias)


def instance_norm(
    x: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    *,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel of each sample with mean 0 and variance 1: (N, C, *sizes) as it is.

    The rest is as for `batch_norm`; running arrays get the means over the samples.
    Ulyanov et al. 2016 (arXiv:1607.08022).

    >>> instance_norm(np.array([[[1.0, 3.0]]])).round(4)
    array([[[-1.,  1.]]])
    """
    x = _array("instance_norm", x, 3, "(N, C, *sizes)")
    _check_channels("instance_norm", x, running_mean, running_var, weight, bias)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, eps=eps)
    places = math.prod(x.shape[2:])
    if places == 1:
        raise ValueError(
            f"instance_norm takes more than one value per channel, not a shape of {x.shape}."
        )
    y, mean, var = _standardize(x, axis=tuple(range(2, x.ndim)), eps=eps)
    if running_mean is not None and x.size:
        means = [np.mean(plain(a), axis=0, keepdims=True) for a in (mean, var)]
        _keep_running(running_mean, running_var, means[0], means[1], places, momentum)
    return _scaled_channels(y, weight, bias)


def layer_norm(
    x: Any,
    normalized_shape: int | Sequence[int],
    weight: Any = None,
    bias: Any = None,
    *,
    eps: float = 1e-5,
) -> Any:
    """Mean 0 and variance 1 over the last axes, then · weight + bias: (..., *normalized_shape).

    weight, bias: of normalized_shape. Raises ShapeMismatch for an input that ends otherwise.
    Ba et al. 2016 (arXiv:1607.06450).

    >>> layer_norm(np.array([[1.0, 3.0]]), 2).round(4)
    array([[-1.,  1.]])
    """
    x, axes = _last_axes("layer_norm", x, normalized_shape, weight, bias)
    y, _, _ = _standardize(x, axis=axes, eps=eps)
    return _scaled(y, weight, bias)


def rms_norm(
    x: Any,
    normalized_shape: int | Sequence[int],
    weight: Any = None,
    *,
    eps: float | None = None,
) -> Any:
    """x / √(mean(x²) + eps) · weight over the last axes: (..., *normalized_shape).

    eps: by default the smallest step from 1 of x's dtype. Zhang and Sennrich 2019
    (arXiv:1910.07467). Raises ShapeMismatch for an input that ends otherwise.

    >>> rms_norm(np.array([[3.0, 3.0]]), 2)
    array([[1., 1.]])
    """
    x, axes = _last_axes("rms_norm", x, normalized_shape, weight, None)
    if eps is None:
        eps = float(np.finfo(np.result_type(x, np.float16)).eps)
    wide = x.astype(np.float32) if x.dtype == np.float16 else x  # which squares soon outgrow
    y = x / np.sqrt(np.mean(wide * wide, axis=axes, keepdims=True) + eps)
    y = y.astype(x.dtype) if y.dtype != x.dtype else y
    return y if weight is None else y * weight


def group_norm(
    x: Any, num_groups: int, weight: Any = None, bias: Any = None, *, eps: float = 1e-5
) -> Any:
    """Each group of channels of each sample with mean 0 and variance 1: (N, C, *sizes) as it is.

    weight, bias: (C,). Raises ShapeMismatch where num_groups does not divide C. Wu and He 2018
    (arXiv:1803.08494).

    >>> group_norm(np.array([[1.0, 3.0, 5.0, 9.0]]), 2).round(4)
    array([[-1.,  1., -1.,  1.]])
    """
    x = _array("group_norm", x, 2, "(N, C) or (N, C, *sizes)")
    _check_channels("group_norm", x, weight, bias)
    if num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeMismatch(
            f"group_norm: {num_groups} groups do not divide the {x.shape[1]} channels of an input "
            f"of shape {x.shape}."
        )
    groups = np.reshape(x, (x.shape[0], num_groups, math.prod(x.shape[1:]) // num_groups))
    y, _, _ = _standardize(groups, axis=(2,), eps=eps)
    return _scaled_channels(np.reshape(y, x.shape), weight, bias)


def _array(who: str, x: Any, least: int, wanted: str) -> Any:
    x = real(who, x)
    if x.ndim < least:
        raise ShapeMismatch(f"{who} takes an input of shape {wanted}, not {x.shape}.")
    return x


def _check_channels(who: str, x: Any, *arrays: Any) -> None:
    for a in arrays:
        if a is not None and np.shape(a) != (x.shape[1],):
            raise ShapeMismatch(
                f"{who} of an input of shape {x.shape} has {x.shape[1]} channels: its weights and "
                f"running statistics have the shape ({x.shape[1]},), not {np.shape(a)}."
            )


def _last_axes(
    who: str, x: Any, normalized_shape: int | Sequence[int], *arrays: Any
) -> tuple[Any, tuple[int, ...]]:
    given: Any = normalized_shape
    shape = tuple(given) if isinstance(given, Sequence) else (operator.index(given),)
    x = _array(who, x, 0, "")
    if not shape or x.shape[x.ndim - len(shape) :] != shape or x.ndim < len(shape):
        ends = ", ".join(map(str, shape))
        raise ShapeMismatch(f"{who} takes an input of shape (..., {ends}), not {x.shape}.")
    for a in arrays:
        if a is not None and np.shape(a) != shape:
            raise ShapeMismatch(
                f"{who}: weight and bias have the shape {shape}, not {np.shape(a)}."
            )
    return x, tuple(range(x.ndim - len(shape), x.ndim))


def _keep_running(
    running_mean: Any, running_var: Any, mean: Any, var: Any, n: int, momentum: float
) -> None:
    if running_mean is None or running_var is None or not n:
        return
    unbiased = plain(var) * (n / (n - 1))
    for running, new in ((running_mean, plain(mean)), (running_var, unbiased)):
        running *= 1 - momentum
        running += momentum * new.reshape(running.shape)


def _scaled_channels(y: Any, weight: Any, bias: Any) -> Any:
    shape = (-1, *[1] * (y.ndim - 2))
    return _scaled(y, *[None if a is None else np.reshape(a, shape) for a in (weight, bias)])


def _scaled(y: Any, weight: Any, bias: Any) -> Any:
    if weight is not None and bias is not None:
        return _scale_and_shift(y, weight, bias)
    if weight is not None:
        return y * weight
    return y if bias is None else y + bias


@primitive
def _scale_and_shift(y: Any, weight: Any, bias: Any) -> Any:
    """y · weight + bias as one call, and no array between."""
    out = y * weight
    if out.dtype != np.result_type(bias):
        return out + bias
    out += bias
    return out


defvjp(
    _scale_and_shift,
    lambda g, out, y, weight, bias: g * weight,
    lambda g, out, y, weight, bias: g * y,
    lambda g, out, y, weight, bias: g,
    broadcasts=True,
    symbol="· weight + bias",
    facts={"channels": "kept"},
)


def _sum(x: Any, axis: tuple[int, ...]) -> Any:
    """The sum over the axes, which stay, of length 1."""
    if _are_rows(x, axis):
        return (x @ np.ones(x.shape[-1], x.dtype))[..., None]
    return np.sum(x, axis=axis, keepdims=True)


def _sum_of_products(a: Any, b: Any, axis: tuple[int, ...]) -> Any:
    if _are_rows(a, axis):
        return np.vecdot(a, b)[..., None]
    return np.sum(a * b, axis=axis, keepdims=True)


def _are_rows(x: Any, axis: tuple[int, ...]) -> bool:
    """True of the last axis of an array: then products take a fraction of the time of sums."""
    return isinstance(x, np.ndarray) and axis == (x.ndim - 1,)


@primitive
def _standardize(x: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    """(x - mean) / √(var + eps) over the axes; with the mean and the variance, which it needs."""
    n = math.prod([x.shape[k] for k in axis]) or 1
    dtype = x.dtype
    if dtype == np.float16:  # which squares soon outgrow
        x = x.astype(np.float32)
    mean = _sum(x, axis) / n
    y = x - mean
    var = _sum_of_products(y, y, axis) / n
    y *= 1 / np.sqrt(var + eps)
    return y.astype(dtype, copy=False), mean, var


def _standardize_vjp(g: Any, results: Any, x: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    n = math.prod([x.shape[k] for k in axis]) or 1
    y, scale = part(results, 0), 1 / np.sqrt(part(results, 2) + eps)

    total: Any = 0.0
    if g[0] is not None:
        total = g[0] - _sum(g[0], axis) / n
        total -= y * (_sum_of_products(g[0], y, axis) / n)  # of arrays in place
        total *= scale
    if g[1] is not None:
        total = total + g[1] / n
    if g[2] is not None:
        total = total + y * (g[2] * (2 / n) / scale)
    return total + np.zeros(x.shape, x.dtype) if np.shape(total) != x.shape else total


defvjp(
    _standardize,
    _standardize_vjp,
    several=True,
    symbol="standardize",
    complex=False,
    facts={"channels": "kept"},
)
