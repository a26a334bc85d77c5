"""Losses of vectors: which should lie near one another, and which should not."""

from typing import Any

import numpy as np

from autograd import ShapeMismatch, relu
from nn.functional.arrays import as_array, as_floats
from nn.functional.losses.reduction import Reduction, reduced

__all__ = ["cosine_embedding_loss", "triplet_margin_loss"]


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, *, margin: float = 0.0, reduction: Reduction = "mean"
) -> Any:
    """1 - cos for a target of 1, max(0, cos - margin) for -1: vectors (N, D) or (D,), target (N,).

    Raises ShapeMismatch for other shapes, ValueError for other targets.

    >>> cosine_embedding_loss(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([1])).item()
    1.0
    """
    input1, input2, target = (as_floats(input1), as_floats(input2), as_array(target))
    if input1.shape != input2.shape or not input1.shape or target.shape != input1.shape[:-1]:
        raise ShapeMismatch(
            "cosine_embedding_loss takes two arrays (N, D) or (D,) and a target (N,) or (), not "
            f"{input1.shape}, {input2.shape} and {target.shape}."
        )
    if not np.all((target == 1) | (target == -1)):
        raise ValueError("the targets of cosine_embedding_loss are 1 or -1.")
    if not input1.size:
        raise ValueError("cosine_embedding_loss of an empty batch has no mean.")
    product = np.sum(input1 * input2, axis=-1)
    squares = [np.sum(x * x, axis=-1) + 1e-12 for x in (input1, input2)]
    cos = product / np.sqrt(squares[0] * squares[1])
    return reduced(np.where(target == 1, 1 - cos, relu(cos - margin)), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: Reduction = "mean",
) -> Any:
    """max(0, margin + ‖anchor - positive‖ₚ - ‖anchor - negative‖ₚ): three arrays (N, D) or (D,).

    eps: added to each difference, as in PyTorch. swap: take the negative's distance from the
    positive, where that is less. Balntas et al. 2016. Raises ShapeMismatch where shapes differ,
    ValueError for a p that is not positive.

    >>> a, b = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])
    >>> round(float(triplet_margin_loss(a, b, a)), 4)
    6.0
    """
    anchor, positive, negative = map(as_floats, (anchor, positive, negative))
    if not anchor.shape == positive.shape == negative.shape != ():
        raise ShapeMismatch(
            "triplet_margin_loss takes three arrays of one shape, (N, D) or (D,); not "
            f"{anchor.shape}, {positive.shape} and {negative.shape}."
        )
    if not p > 0:
        raise ValueError(f"the p of triplet_margin_loss is positive, not {p}.")
    if not anchor.size:
        raise ValueError("triplet_margin_loss of an empty batch has no mean.")

    def distance(a: Any, b: Any) -> Any:
        return np.linalg.norm(a - b + eps, ord=p, axis=-1)

    away = distance(anchor, negative)
    if swap:
        away = np.minimum(away, distance(positive, negative))
    return reduced(relu(margin + distance(anchor, positive) - away), reduction)
