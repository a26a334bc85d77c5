"""Losses of classes: how probable the right one is held, or by how much it wins."""

from typing import Any, Literal

import numpy as np

from autograd import ShapeMismatch, defvjp, log_softmax, primitive, relu, softmax
from nn.functional.arrays import as_array, as_floats, plain
from nn.functional.losses.reduction import Reduction, alike, check_reduction, reduced

__all__ = ["cross_entropy", "hinge_loss", "kl_div", "multi_margin_loss", "nll_loss"]


def cross_entropy(
    input: Any,
    target: Any,
    *,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax(input)[target]: logits (N, C) and class indices (N,), or (C,) and one index.

    Further axes are allowed, as in (N, C, H, W) with (N, H, W). Instead of indices, probabilities
    of the input's shape: then it is -Σ target · log softmax(input).
    weight: one for each class, (C,); a mean of indices is then Σ w·l / Σ w. ignore_index: a target
    that does not count. label_smoothing: the share of each target that goes to all classes alike
    (Szegedy et al. 2015, arXiv:1512.00567).

    Raises ShapeMismatch for other shapes, TypeError for indices that are no integers, IndexError
    for a class outside 0 … C-1, ValueError where there is nothing to take the mean of.

    >>> from autograd import Value
    >>> round(cross_entropy(Value(np.zeros((2, 10))), np.array([3, 7])).data, 6)
    2.302585
    """
    check_reduction(reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing is between 0 and 1, not {label_smoothing}.")
    input, target = as_floats(input), as_array(target)
    if target.shape == input.shape and target.dtype.kind == "f" and input.shape:
        return _with_probabilities(input, target, weight, reduction, label_smoothing)
    target, ignored = _indices(input, target, ignore_index)
    x = _classes_last(input)
    if weight is None and ignored is None and not label_smoothing:
        return _cross_entropy(x, target, reduction=reduction)
    logs = log_softmax(x)
    weights = _class_weights(weight, x)
    counted = _counted(weights, target, ignored)
    losses = _without(ignored, -logs[_places(target)]) * counted
    if label_smoothing:
        every = -np.sum(logs * weights, axis=-1)
        every = _without(ignored, every)
        losses = (1 - label_smoothing) * losses + (label_smoothing / x.shape[-1]) * every
    return _weighted(losses, counted, reduction)


@primitive
def _cross_entropy(x: Any, target: Any, *, reduction: Reduction) -> Any:
    """One call, because it is the loss of every classifier; the classes are x's last axis."""
    dtype = x.dtype
    if dtype == np.float16:  # which a sum over a batch soon outgrows
        x = x.astype(np.float32)
    shifted = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    picked = shifted[_places(target)]
    losses = np.log(np.add.reduce(np.exp(shifted), axis=-1)) - picked
    total = losses if reduction == "none" else np.add.reduce(losses, axis=None)
    total = total / target.size if reduction == "mean" else total
    return total if total.dtype == dtype else total.astype(dtype)


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


defvjp(
    _cross_entropy,
    _cross_entropy_vjp,
    None,
    symbol="cross_entropy",
    complex=False,
    facts={"logarithm": True, "logits": "together", "word": "cross entropy"},
)
defvjp(_softmax_less_one_hot, _softmax_less_one_hot_vjp, None, complex=False)


def _with_probabilities(
    input: Any, target: Any, weight: Any, reduction: Reduction, smoothing: float
) -> Any:
    x, target = _classes_last(input), _classes_last(target)
    if not x.size:
        raise ValueError("the batch is empty: there is nothing to take the mean of.")
    if smoothing:
        target = target * (1 - smoothing) + smoothing / x.shape[-1]
    terms = target * log_softmax(x)
    if weight is not None:
        terms = terms * _class_weights(weight, x)
    return reduced(-np.sum(terms, axis=-1), reduction)


def nll_loss(
    input: Any,
    target: Any,
    *,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Any:
    """-input[target]: log-probabilities (N, C) and class indices (N,); see `cross_entropy`.

    >>> from autograd import Value
    >>> nll_loss(Value([[-1.5, -0.25]]), np.array([0])).data
    1.5
    """
    check_reduction(reduction)
    input = as_floats(input)
    target, ignored = _indices(input, target, ignore_index)
    x = _classes_last(input)
    if weight is None and ignored is None:
        return reduced(-x[_places(target)], reduction)
    counted = _counted(_class_weights(weight, x), target, ignored)
    losses = _without(ignored, -x[_places(target)])
    return _weighted(losses * counted, counted, reduction)


def _indices(input: Any, target: Any, ignore_index: int | None = None) -> tuple[Any, Any]:
    """Class indices for this input, 0 where they are to be ignored; and where, or None."""
    target = plain(target)
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
    least = np.minimum.reduce(target, axis=None)
    ignored = None
    if ignore_index is not None and (least < 0 or ignore_index >= 0):
        found = target == ignore_index
        if found.any():
            ignored, target = found, np.where(found, 0, target)
            least = np.minimum.reduce(target, axis=None)
    if not (least >= 0 and np.maximum.reduce(target, axis=None) < classes):
        raise IndexError(
            f"class indices for {classes} classes are 0 … {classes - 1}; "
            f"the target has {target.min()} … {target.max()}."
        )
    return target, ignored


def _classes_last(input: Any) -> Any:
    return input if input.ndim <= 2 else np.moveaxis(input, 1, -1)


def _places(target: Any) -> tuple[Any, ...]:
    """The index of each target's class in an array whose last axis is the classes."""
    if target.ndim == 1:
        return np.arange(len(target)), target
    return (*np.ogrid[tuple(map(slice, target.shape))], target) if target.ndim else (target,)


def _class_weights(weight: Any, x: Any) -> Any:
    if weight is None:
        return np.ones(x.shape[-1], x.dtype)
    weight = plain(weight)
    if weight.shape != x.shape[-1:]:
        raise ShapeMismatch(
            f"there is one weight for each of {x.shape[-1]} classes, shape ({x.shape[-1]},); "
            f"not {weight.shape}."
        )
    return weight.astype(x.dtype)


def _without(ignored: Any, losses: Any) -> Any:
    """0 for targets that are ignored, whatever their scores are, infinite or NaN too."""
    return losses if ignored is None else np.where(ignored, 0, losses)


def _counted(weights: Any, target: Any, ignored: Any) -> Any:
    """The weight of each target's class, 0 where it is ignored."""
    return weights[target] if ignored is None else weights[target] * ~ignored


def _weighted(losses: Any, counted: Any, reduction: Reduction) -> Any:
    if reduction != "mean":
        return reduced(losses, reduction)
    total = np.sum(counted)
    if not total:
        raise ValueError("every target is ignored, or of weight 0: there is no mean.")
    return np.sum(losses) / total


def hinge_loss(input: Any, target: Any, *, reduction: Reduction = "mean") -> Any:
    """max(0, 1 - target·input) for scores and targets of -1 or 1, of one shape.

    Raises ShapeMismatch for other shapes, ValueError for other targets. Its kink, at a margin of
    exactly 1, has the derivative 0.

    >>> from autograd import Value
    >>> hinge_loss(Value([0.5, 3.0]), np.array([1, 1])).data
    0.25
    """
    input, target = alike("hinge_loss", input, target)
    if not np.all((target == 1) | (target == -1)):
        raise ValueError("the targets of a hinge loss are -1 or 1; for 0 and 1 give 2 * t - 1.")
    return reduced(relu(1 - target * input), reduction)


def multi_margin_loss(
    input: Any,
    target: Any,
    *,
    p: Literal[1, 2] = 1,
    margin: float = 1.0,
    weight: Any = None,
    reduction: Reduction = "mean",
) -> Any:
    """Σⱼ max(0, margin - xₜ + xⱼ)ᵖ / C over the classes j ≠ t: scores (N, C), class indices (N,).

    weight: one for each class, (C,), by which its samples' losses are multiplied. Raises as
    `cross_entropy` does, and ValueError for a p other than 1 and 2.

    >>> from autograd import Value
    >>> multi_margin_loss(Value([[0.5, 1.0, 0.0]]), np.array([1])).data
    0.16666666666666666
    """
    check_reduction(reduction)
    if p not in (1, 2):
        raise ValueError(f"the p of multi_margin_loss is 1 or 2, not {p}.")
    input = as_floats(input)
    if input.ndim > 2:
        raise ShapeMismatch(f"multi_margin_loss takes scores (N, C) or (C,), not {input.shape}.")
    target, _ = _indices(input, target)
    own = np.expand_dims(input[_places(target)], -1)
    others = np.ones(input.shape, bool)
    others[_places(target)] = False
    losses = relu((margin - own + input) * others) ** p
    losses = np.sum(losses, axis=-1) / input.shape[-1]
    if weight is not None:
        losses = losses * _class_weights(weight, input)[target]
    return reduced(losses, reduction)


def kl_div(
    input: Any,
    target: Any,
    *,
    reduction: Reduction | Literal["batchmean"] = "mean",
    log_target: bool = False,
) -> Any:
    """target · (log target - input), for the logarithms of probabilities and probabilities.

    Both of one shape; 0 where the target is 0. log_target: the target is of logarithms too.
    reduction: "batchmean", the sum divided by the length of the first axis, is the divergence of
    Kullback and Leibler (1951); "mean" divides by the number of elements.

    >>> log_p = np.log(np.array([[0.5, 0.5]]))
    >>> kl_div(log_p, np.array([[1.0, 0.0]]), reduction="batchmean").round(6)
    np.float64(0.693147)
    """
    check_reduction(reduction, "batchmean")
    input, target = alike("kl_div", input, target)
    if log_target:
        losses = np.exp(target) * (target - input)
    else:
        some = target > 0
        gain = np.log(np.where(some, target, 1)) - np.where(some, input, 0)
        losses = target * gain
    if reduction == "batchmean":
        return np.sum(losses) / (input.shape[0] if input.ndim else 1)
    return reduced(losses, reduction)
