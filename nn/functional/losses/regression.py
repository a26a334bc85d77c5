"""Losses of numbers: how far predictions are from their targets."""

import math
from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value, defvjp, primitive
from nn.functional.arrays import as_array, plain
from nn.functional.losses.reduction import Reduction, alike, reduced

__all__ = [
    "gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss",
]  # fmt: skip


def mse_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """The squared error (input - target)²; both of one shape (ShapeMismatch otherwise).

    >>> mse_loss(Value([1.0, 2.0]), np.array([1.0, 4.0])).data
    2.0
    """
    input, target = alike("mse_loss", input, target)
    if reduction == "mean":
        return _mean_squared_error(input, target)
    return reduced((input - target) ** 2, reduction)


@primitive
def _mean_squared_error(x: Any, target: Any) -> Any:
    """One call, because it is the loss of every regression."""
    d = np.asarray(x - target)
    if d.dtype == np.float16:  # which a sum of squares soon outgrows
        return np.mean(d * d)
    return np.vdot(d, d) / d.size


defvjp(
    _mean_squared_error,
    lambda g, y, x, target: g * (2 / math.prod(getattr(x, "shape", ()))) * (x - target),
    lambda g, y, x, target: g * (2 / math.prod(getattr(x, "shape", ()))) * (target - x),
    symbol="mse_loss",
    complex=False,
)


def l1_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """|input - target|; both of one shape. Where they are equal the derivative is 0.

    >>> l1_loss(Value([1.0, 2.0]), np.array([1.0, 4.0])).data
    1.0
    """
    input, target = alike("l1_loss", input, target)
    return reduced(np.abs(input - target), reduction)


def huber_loss(
    input: Any, target: Any, *, reduction: Reduction = "mean", delta: float = 1.0
) -> Any:
    """½ d² where d = |input - target| is below delta, delta·(d - ½ delta) beyond. Huber 1964.

    Both of one shape. Raises ValueError for a delta that is not positive.

    >>> huber_loss(Value([0.0, 0.0]), np.array([1.0, 3.0]), reduction="none").data
    array([0.5, 2.5])
    """
    if not delta > 0:
        raise ValueError(f"the delta of huber_loss is positive, not {delta}.")
    input, target = alike("huber_loss", input, target)
    return reduced(_huber(input, target, delta=delta), reduction)


@primitive
def _huber(x: Any, target: Any, *, delta: float) -> Any:
    """within · (d - ½ within), for the distance d and the part of it within delta."""
    d = np.abs(x - target)
    within = np.minimum(d, delta)
    return within * (d - 0.5 * within)


defvjp(
    _huber,
    lambda g, y, x, target, *, delta: g * np.clip(x - target, -delta, delta),
    lambda g, y, x, target, *, delta: g * np.clip(target - x, -delta, delta),
    by_tiles=True,
    symbol="huber_loss",
    complex=False,
    elementwise=True,
)


def smooth_l1_loss(
    input: Any, target: Any, *, reduction: Reduction = "mean", beta: float = 1.0
) -> Any:
    """½ d² / beta where d = |input - target| is below beta, d - ½ beta beyond: `huber_loss` / beta.

    Both of one shape; beta = 0 makes it `l1_loss`. Girshick 2015 (arXiv:1504.08083). Raises
    ValueError for a negative beta.

    >>> smooth_l1_loss(Value([0.0, 0.0]), np.array([1.0, 3.0]), reduction="none").data
    array([0.5, 2.5])
    """
    if not beta >= 0:
        raise ValueError(f"the beta of smooth_l1_loss is not negative; this is {beta}.")
    input, target = alike("smooth_l1_loss", input, target)
    if beta == 0:
        return reduced(np.abs(input - target), reduction)
    return reduced(_huber(input, target, delta=beta), reduction) / beta


def poisson_nll_loss(
    input: Any,
    target: Any,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: Reduction = "mean",
) -> Any:
    """exp(input) - target·input: -log of a Poisson probability, for counts and their log-rate.

    Both of one shape. log_input=False: input - target·log(input + eps), for the rate itself.
    full: with Stirling's formula t·log t - t + ½ log(2πt) for targets above 1.

    >>> poisson_nll_loss(Value([0.0]), np.array([2.0])).data
    1.0
    """
    input, target = alike("poisson_nll_loss", input, target)
    logarithm = input if log_input else np.log(input + eps)
    losses = (np.exp(input) if log_input else input) - target * logarithm
    if full:
        large = np.where(target > 1, target, 1)
        stirling = large * np.log(large) - large + 0.5 * np.log(2 * math.pi * large)
        losses = losses + np.where(target > 1, stirling, 0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    *,
    full: bool = False,
    eps: float = 1e-6,
    reduction: Reduction = "mean",
) -> Any:
    """½ (log var + (input - target)² / var): -log of a normal density with the variance var.

    var: a number, an array of the input's shape, one with a last axis of 1, or one without the last
    axis. Where it is below eps, eps is taken in its place, which the gradient ignores. full:
    with the constant ½ log 2π. Nix and Weigend 1994.

    Raises ShapeMismatch for other shapes, ValueError for a negative variance.

    >>> gaussian_nll_loss(Value([1.0]), np.array([3.0]), np.array([1.0])).data
    2.0
    """
    input, target = alike("gaussian_nll_loss", input, target)
    var = as_array(var)
    if var.shape and var.shape == input.shape[:-1] != input.shape:
        var = np.expand_dims(var, -1)
    if var.shape not in ((), input.shape, (*input.shape[:-1], 1)):
        raise ShapeMismatch(
            f"the variance of gaussian_nll_loss has the input's shape {input.shape}, a last axis "
            f"of 1, or none; not {var.shape}."
        )
    data = plain(var)
    if (data < 0).any():
        raise ValueError("the variance of gaussian_nll_loss is not negative.")
    if not isinstance(var, Value):
        var = var.astype(input.dtype)
    var = var + np.maximum(eps - data, 0).astype(input.dtype)
    d = input - target
    losses = 0.5 * (np.log(var) + d * d / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
