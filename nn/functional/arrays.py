"""What functions take for arrays: Values as they are, anything else as NumPy has it."""

from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value

__all__ = ["as_array", "as_floats", "one_or", "plain", "real"]


def as_array(x: Any) -> Any:
    if type(x) is tuple and any(isinstance(member, Value) for member in x):
        raise ShapeMismatch(
            f"an array is wanted, not a tuple of {len(x)}, such as recurrent layers and attention "
            "return: (output, state), (output, weights). Take its [0]."
        )
    return x if isinstance(x, Value) else np.asarray(x)


def as_floats(x: Any, like: Any = None) -> Any:
    """Integers and bools become numbers with a fraction: their sums wrap around, or are an or.

    like: an array of whose dtype they become, if that is one of floats.
    """
    x = as_array(x)
    if x.dtype.kind in "fc":
        return x
    return x.astype(like.dtype if getattr(like, "dtype", x.dtype).kind == "f" else float)


def one_or(number: float, mask: Any, like: Any) -> Any:
    """1 where the mask is true, else the number: without a branch for each element, if it can."""
    if not isinstance(mask, np.ndarray) or number < 0:
        return np.where(mask, 1.0, number)
    if number > 1:
        return np.maximum(1, np.multiply(~mask, number, dtype=like.dtype))
    return np.maximum(mask, number, dtype=like.dtype)


def plain(x: Any) -> Any:
    """The array, without a Value around it."""
    return np.asarray(x.data if isinstance(x, Value) else x)


def real(who: str, x: Any) -> Any:
    """An array of floats; TypeError for complex numbers."""
    x = as_floats(x)
    if x.dtype.kind == "c":
        raise TypeError(f"{who} takes real numbers, not {x.dtype}.")
    return x
