"""The functions of networks: activations, the linear map, dropout, losses. PyTorch's names.

Losses take `reduction`: "mean" over all elements (by default), "sum", or "none".
"""

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
    """X @ weight + bias: (..., in) → (..., out), for a weight of the shape (in, out).

    >>> linear(np.ones((5, 3)), np.ones((3, 2)), np.zeros(2)).shape
    (5, 2)
    """
    y = x @ weight
    return y if bias is None else y + bias


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
    _check_shapes("mse_loss", input, target)
    return _reduce((input - target) ** 2, reduction)


def cross_entropy(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """-log softmax(input)[target]: logits (N, C) and class indices (N,), or (C,) and one index.

    Further axes are allowed, as in (N, C, H, W) with (N, H, W).
    Raises ShapeMismatch for other shapes, TypeError for targets that are no integers, IndexError
    for a class outside 0 … C-1.

    >>> round(cross_entropy(Value(np.zeros((2, 10))), np.array([3, 7])).data, 6)
    2.302585
    """
    return nll_loss(log_softmax(input, axis=_class_axis(input)), target, reduction=reduction)


def nll_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """-input[target]: log-probabilities (N, C) and class indices (N,); see `cross_entropy`.

    >>> nll_loss(Value([[-1.5, -0.25]]), np.array([0])).data
    1.5
    """
    target = np.asarray(target.data if isinstance(target, Value) else target)
    axis = _class_axis(input)
    shape = np.shape(input)
    classes, expected = shape[axis], shape[:axis] + shape[axis + 1 :]
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
    if target.size and not (target.min() >= 0 and target.max() < classes):
        raise IndexError(
            f"class indices for {classes} classes are 0 … {classes - 1}; "
            f"the target has {target.min()} … {target.max()}."
        )
    return _reduce(_negative_at(input, target, axis=axis), reduction)


@primitive
def _negative_at(x: Any, target: Any, *, axis: int) -> Any:
    """-x at the target's index along the axis."""
    return -np.take_along_axis(x, np.expand_dims(target, axis), axis).squeeze(axis)


@primitive
def _put_negative(g: Any, target: Any, *, axis: int, shape: tuple[int, ...]) -> Any:
    """Zeros, with -g at the target's index along the axis: the adjoint of `_negative_at`."""
    out = np.zeros(shape, np.result_type(g))
    np.put_along_axis(out, np.expand_dims(target, axis), -np.expand_dims(g, axis), axis)
    return out


defvjp(
    _negative_at,
    lambda g, y, x, target, *, axis: _put_negative(g, target, axis=axis, shape=np.shape(x)),
    None,
)
defvjp(
    _put_negative,
    lambda g, y, x, target, *, axis, shape: _negative_at(g, target, axis=axis),
    None,
)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, *, reduction: Reduction = "mean"
) -> Any:
    """-t·log σ(x) - (1-t)·log(1 - σ(x)) for logits x and targets t in [0, 1], of one shape.

    Exact for logits of any size. Raises ShapeMismatch for other shapes, ValueError for targets
    outside [0, 1].

    >>> round(binary_cross_entropy_with_logits(Value([0.0]), np.array([1.0])).data, 6)
    0.693147
    """
    _check_shapes("binary_cross_entropy_with_logits", input, target)
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
    _check_shapes("hinge_loss", input, target)
    if not np.all((target == 1) | (target == -1)):
        raise ValueError("the targets of a hinge loss are -1 or 1; for 0 and 1 give 2 * t - 1.")
    return _reduce(relu(1 - target * input), reduction)


def _class_axis(input: Any) -> int:
    if np.ndim(input) == 0:
        raise ShapeMismatch("classes need an input of the shape (C,) or (N, C), not a number.")
    return min(np.ndim(input) - 1, 1)


def _check_shapes(loss: str, input: Any, target: Any) -> None:
    if np.shape(input) != np.shape(target):
        raise ShapeMismatch(
            f"{loss} compares arrays of one shape; the input has {np.shape(input)}, the target "
            f"{np.shape(target)}: reshape one of them, lest they broadcast."
        )


def _reduce(losses: Any, reduction: Reduction) -> Any:
    if reduction == "mean":
        return np.mean(losses)
    if reduction == "sum":
        return np.sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f"reduction is {reduction!r}; it is 'mean', 'sum' or 'none'.")
