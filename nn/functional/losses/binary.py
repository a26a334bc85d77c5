"""Losses of yes and no: how probable the right answer of two is held."""

from typing import Any

import numpy as np

from autograd import ShapeMismatch, defvjp, primitive, sigmoid
from autograd import softplus as _softplus
from nn.functional.arrays import as_array, plain
from nn.functional.losses.reduction import Reduction, alike, reduced

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits"]


def binary_cross_entropy(
    input: Any, target: Any, *, weight: Any = None, reduction: Reduction = "mean"
) -> Any:
    """-t·log x - (1-t)·log(1 - x) for probabilities x and targets t in [0, 1], of one shape.

    Logarithms are not below -100, so that a loss stays finite; the derivative is
    (x - t) / max(x·(1 - x), 1e-12): both as in PyTorch. Of logits,
    `binary_cross_entropy_with_logits` is exact. weight: what the losses are multiplied by.

    Raises ShapeMismatch for other shapes, ValueError for what is outside [0, 1].

    >>> from autograd import Value
    >>> round(binary_cross_entropy(Value([0.5]), np.array([1.0])).data, 6)
    0.693147
    """
    input, target = alike("binary_cross_entropy", input, target)
    if not _are_probabilities(input):
        raise ValueError(
            "binary_cross_entropy takes probabilities, between 0 and 1; for logits there is "
            "binary_cross_entropy_with_logits."
        )
    _check_targets(target)
    losses = _binary_cross_entropy(input, target)
    return reduced(_times_weight(losses, "weight", weight), reduction)


@primitive
def _binary_cross_entropy(x: Any, target: Any) -> Any:
    return -(target * _log(x) + (1 - target) * _log(1 - np.asarray(x)))


@primitive
def _log(x: Any) -> Any:
    """log x, at least -100."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), -100)


defvjp(
    _log,
    lambda g, y, x: g * np.where(y > -100, 1 / np.where(y > -100, x, 1), 0),
    complex=False,
    routes=True,
    facts={"logarithm": True},
)
defvjp(
    _binary_cross_entropy,
    lambda g, y, x, target: g * (x - target) / np.maximum(x * (1 - x), 1e-12),
    lambda g, y, x, target: g * (_log(1 - x) - _log(x)),
    complex=False,
    domain="[0, 1]",
)


def _are_probabilities(x: Any) -> bool:
    x = plain(x)
    return bool(x.min() >= 0 and x.max() <= 1)


def _check_targets(target: Any) -> None:
    if not _are_probabilities(target):
        raise ValueError("the targets of a binary cross entropy are between 0 and 1.")


def _times_weight(losses: Any, name: str, weight: Any) -> Any:
    """losses times a weight that broadcasts to their shape."""
    if weight is None:
        return losses
    weight = as_array(weight)
    try:
        fits = np.broadcast_shapes(weight.shape, losses.shape) == losses.shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeMismatch(
            f"the {name} of a binary cross entropy broadcasts to {losses.shape}; {weight.shape} "
            "does not."
        )
    return losses * weight.astype(losses.dtype)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    *,
    weight: Any = None,
    reduction: Reduction = "mean",
    pos_weight: Any = None,
) -> Any:
    """-t·log σ(x) - (1-t)·log(1 - σ(x)) for logits x and targets t in [0, 1], of one shape.

    Exact for logits of any size. weight: what the losses are multiplied by. pos_weight: what the
    first term is multiplied by; both broadcast. Raises ShapeMismatch for other shapes, ValueError
    for targets outside [0, 1].

    >>> from autograd import Value
    >>> round(binary_cross_entropy_with_logits(Value([0.0]), np.array([1.0])).data, 6)
    0.693147
    """
    input, target = alike("binary_cross_entropy_with_logits", input, target)
    _check_targets(target)
    if pos_weight is None:
        losses = _of_logits(input, target)
    else:
        positive = _times_weight(target, "pos_weight", pos_weight)
        losses = positive * _softplus(-input) + (1 - target) * _softplus(input)
    return reduced(_times_weight(losses, "weight", weight), reduction)


@primitive
def _of_logits(x: Any, target: Any) -> Any:
    """log(1 + eˣ) - target·x."""
    return np.maximum(x, 0) - target * x + np.log1p(np.exp(-np.abs(x)))


defvjp(
    _of_logits,
    lambda g, y, x, target: g * ((1 - target) * sigmoid(x) - target * sigmoid(-x)),
    lambda g, y, x, target: -g * x,
    symbol="binary_cross_entropy_with_logits",
    complex=False,
    elementwise=True,
    by_tiles=True,
    facts={"logarithm": True, "logits": "each"},
)
