"""What all losses share: how their elements become one number, and that shapes agree."""

from typing import Any, Literal

import numpy as np

from autograd import ShapeMismatch, Value

__all__ = ["Reduction", "alike", "as_array", "check_reduction", "reduced"]

Reduction = Literal["mean", "sum", "none"]


def check_reduction(reduction: str, *others: str) -> None:
    known = ("mean", "sum", "none", *others)
    if reduction not in known:
        listed = ", ".join(map(repr, known[:-1]))
        raise ValueError(f"reduction is {reduction!r}; it is {listed} or {known[-1]!r}.")


def reduced(losses: Any, reduction: Reduction) -> Any:
    check_reduction(reduction)
    if reduction == "none":
        return losses
    return np.mean(losses) if reduction == "mean" else np.sum(losses)


def as_array(x: Any) -> Any:
    return x if isinstance(x, Value) else np.asarray(x)


def alike(loss: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Input and target, if they are of one shape."""
    input, target = as_array(input), as_array(target)
    if input.shape != target.shape:
        raise ShapeMismatch(
            f"{loss} compares arrays of one shape; the input has {input.shape}, the target "
            f"{target.shape}: reshape one of them, lest they broadcast."
        )
    if not target.size:
        raise ValueError(f"{loss} of an empty batch: there is nothing to take the mean of.")
    return input, target
