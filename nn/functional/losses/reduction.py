"""What all losses share: how their elements become one number, and that shapes agree."""

from typing import Any, Literal

import numpy as np

from autograd import ShapeMismatch
from nn.functional.arrays import as_array

__all__ = ["Reduction", "alike", "check_reduction", "reduced"]

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
    return _of_numbers(input, target), _of_numbers(target, input)


def _of_numbers(x: Any, other: Any) -> Any:
    """Integers and bools as the other's kind of numbers: their differences wrap around."""
    if x.dtype.kind in "fc":
        return x
    return x.astype(other.dtype if other.dtype.kind == "f" else float)
