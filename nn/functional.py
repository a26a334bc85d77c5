"""The functions of networks: activations, the linear map, dropout, losses. PyTorch's names.

Losses take `reduction`: "mean" over all elements (by default), "sum", or "none".
"""

import math
from typing import Any, Literal

import numpy as np

from autograd import (
    ShapeMismatch,
    Value,
    defvjp,
    log_softmax,
    logsumexp,
    primitive,
    relu,
    sigmoid,
    softmax,
    softplus,
)
from nn.randomness import RNG, generator

__all__ = [
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "hinge_loss",
    "linear",
    "log_softmax",
    "logsumexp",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]

Reduction = Literal["mean", "sum", "none"]


def tanh(x: Any) -> Any:
    """The hyperbolic tangent: np.tanh.

    >>> tanh(Value(0.0)).data
    0.0
    """
    return np.tanh(x)


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight + bias: (..., in) → (..., out), for a weight of the shape (in, out).

    >>> linear(np.ones((5, 3)), np.ones((3, 2)), np.zeros(2)).shape
    (5, 2)
    """
    return x @ weight if bias is None else _affine(x, weight, bias)


@primitive
def _affine(x: Any, weight: Any, bias: Any) -> Any:
    """x @ weight + bias as one call: half the records of every network, and no array between."""
    y = x @ weight
    if y.dtype != getattr(bias, "dtype", None):
        return y + bias
    y += bias
    return y


defvjp(
    _affine,
    lambda g, y, x, weight, bias: g @ weight.T,
    lambda g, y, x, weight, bias: _rows(x).T @ _rows(g),
    lambda g, y, x, weight, bias: _rows(g).sum(axis=0) if getattr(bias, "ndim", 0) < 2 else g,
    broadcasts=True,
    symbol="linear",
)


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def dropout(x: Any, p: float = 0.5, training: bool = True, *, rng: RNG = None) -> Any:
    """Set each element to 0 with the probability p, and divide the others by 1 - p.

    So the mean stays what it is; with training=False, x itself. Srivastava et al. 2014.

    >>> dropout(np.ones(4), p=0.5, training=False)
    array([1., 1., 1., 1.])
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}; a probability is between 0 and 1.")
    if not training or p == 0:
        return x
    kept = generator(rng).random(np.shape(x)) >= p
    return x * (kept.astype(np.result_type(x)) / (1 - p if p < 1 else 1))


# ---------------------------------------------------------------------- losses


def mse_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """The squared error (input - target)²; both of one shape (ShapeMismatch otherwise).

    >>> mse_loss(Value([1.0, 2.0]), np.array([1.0, 4.0])).data
    2.0
    """
    input, target = _alike("mse_loss", input, target)
    if reduction == "mean":
        return _mean_squared_error(input, target)
    return _reduce((input - target) ** 2, reduction)


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


def cross_entropy(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """-log softmax(input)[target]: logits (N, C) and class indices (N,), or (C,) and one index.

    Further axes are allowed, as in (N, C, H, W) with (N, H, W).
    Raises ShapeMismatch for other shapes, TypeError for targets that are no integers, IndexError
    for a class outside 0 … C-1.

    >>> round(cross_entropy(Value(np.zeros((2, 10))), np.array([3, 7])).data, 6)
    2.302585
    """
    input, target = _classified(input, target)
    _check_reduction(reduction)
    return _cross_entropy(_classes_last(input), target, reduction=reduction)


@primitive
def _cross_entropy(x: Any, target: Any, *, reduction: Reduction) -> Any:
    """One call, because it is the loss of every classifier; the classes are x's last axis."""
    shifted = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    picked = shifted[_places(target)]
    losses = np.log(np.add.reduce(np.exp(shifted), axis=-1)) - picked
    total = losses if reduction == "none" else np.add.reduce(losses, axis=None)
    return total / target.size if reduction == "mean" else total


@primitive
def _softmax_less_one_hot(x: Any, target: Any) -> Any:
    """softmax(x), less 1 at the target: the derivative of the cross entropy."""
    y = softmax(x)
    y[_places(target)] -= 1
    return y


def _cross_entropy_vjp(g: Any, y: Any, x: Any, target: Any, *, reduction: Reduction) -> Any:
    if reduction == "none":
        g = np.expand_dims(g, -1)
    return _softmax_less_one_hot(x, target) * (g / target.size if reduction == "mean" else g)


def _softmax_less_one_hot_vjp(g: Any, y: Any, x: Any, target: Any) -> Any:
    p = softmax(x)
    return p * (g - np.sum(g * p, axis=-1, keepdims=True))


defvjp(_cross_entropy, _cross_entropy_vjp, None, symbol="cross_entropy", complex=False)
defvjp(_softmax_less_one_hot, _softmax_less_one_hot_vjp, None, complex=False)


def nll_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """-input[target]: log-probabilities (N, C) and class indices (N,); see `cross_entropy`.

    >>> nll_loss(Value([[-1.5, -0.25]]), np.array([0])).data
    1.5
    """
    input, target = _classified(input, target)
    return _reduce(-_classes_last(input)[_places(target)], reduction)


def _classified(input: Any, target: Any) -> tuple[Any, Any]:
    """Input and target, if that is an array of class indices for this input."""
    input = _array(input)
    target = np.asarray(target.data if isinstance(target, Value) else target)
    shape = input.shape
    if not shape:
        raise ShapeMismatch("class scores have the shape (N, C) or (C,); this is one number.")
    expected, classes = (shape[:1] + shape[2:], shape[1]) if shape[1:] else ((), shape[0])
    if target.shape != expected:
        raise ShapeMismatch(
            f"class indices for an input of shape {shape} have the shape {expected}, "
            f"not {target.shape}."
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"class indices are integers, not {target.dtype}: write target.astype(int), or "
            "one_hot.argmax(axis=1)."
        )
    if not target.size:
        raise ValueError("the batch is empty: there is nothing to take the mean of.")
    if not (
        np.minimum.reduce(target, axis=None) >= 0 and np.maximum.reduce(target, axis=None) < classes
    ):
        raise IndexError(
            f"class indices for {classes} classes are 0 … {classes - 1}; "
            f"the target has {target.min()} … {target.max()}."
        )
    return input, target


def _classes_last(input: Any) -> Any:
    return input if input.ndim <= 2 else np.moveaxis(input, 1, -1)


def _places(target: Any) -> tuple[Any, ...]:
    """The index of each target's class in an array whose last axis is the classes."""
    if target.ndim == 1:
        return np.arange(len(target)), target
    return (*np.ogrid[tuple(map(slice, target.shape))], target) if target.ndim else (target,)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, *, reduction: Reduction = "mean"
) -> Any:
    """-t·log σ(x) - (1-t)·log(1 - σ(x)) for logits x and targets t in [0, 1], of one shape.

    Exact for logits of any size. Raises ShapeMismatch for other shapes, ValueError for targets
    outside [0, 1].

    >>> round(binary_cross_entropy_with_logits(Value([0.0]), np.array([1.0])).data, 6)
    0.693147
    """
    input, target = _alike("binary_cross_entropy_with_logits", input, target)
    if not np.all((target >= 0) & (target <= 1)):
        raise ValueError("the targets of a binary cross entropy are between 0 and 1.")
    return _reduce(target * softplus(-input) + (1 - target) * softplus(input), reduction)


def hinge_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """max(0, 1 - target·input) for scores and targets of -1 or 1, of one shape.

    Raises ShapeMismatch for other shapes, ValueError for other targets. Its kink, at a margin of
    exactly 1, has the derivative 0.

    >>> hinge_loss(Value([0.5, 3.0]), np.array([1, 1])).data
    0.25
    """
    input, target = _alike("hinge_loss", input, target)
    if not np.all((target == 1) | (target == -1)):
        raise ValueError("the targets of a hinge loss are -1 or 1; for 0 and 1 give 2 * t - 1.")
    return _reduce(relu(1 - target * input), reduction)


def _array(x: Any) -> Any:
    return x if isinstance(x, Value) else np.asarray(x)


def _alike(loss: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Input and target, if they are of one shape."""
    input, target = _array(input), _array(target)
    if input.shape != target.shape:
        raise ShapeMismatch(
            f"{loss} compares arrays of one shape; the input has {input.shape}, the target "
            f"{target.shape}: reshape one of them, lest they broadcast."
        )
    if not target.size:
        raise ValueError(f"{loss} of an empty batch: there is nothing to take the mean of.")
    return input, target


def _check_reduction(reduction: Reduction) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction is {reduction!r}; it is 'mean', 'sum' or 'none'.")


def _reduce(losses: Any, reduction: Reduction) -> Any:
    _check_reduction(reduction)
    if reduction == "none":
        return losses
    return np.mean(losses) if reduction == "mean" else np.sum(losses)
