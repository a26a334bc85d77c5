"""What a trainer asks of its parts, and of a loss: a Value of one number, or one a sample."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["check_parts", "checked", "of_each_sample", "pair"]


def checked(loss: Any) -> float:
    """The loss as a number, if it is one that can be differentiated."""
    if type(getattr(loss, "data", None)) is float and hasattr(loss, "backward"):  # as a rule
        number: float = loss.data
        return number
    if not hasattr(loss, "backward"):
        raise TypeError(
            f"the loss is a {type(loss).__name__}, no Value: nothing in it depends on parameters. "
            "Is the model made of Values, and the loss of NumPy's functions?"
        )
    if np.size(loss.data) != 1:
        raise ValueError(
            f"the loss of a batch is one number, the mean over its samples, not an array of shape "
            f"{np.shape(loss.data)}: use reduction='mean'."
        )
    return float(loss.data)


def of_each_sample(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The loss, if it takes reduction="none"."""
    try:
        parameters = inspect.signature(getattr(loss, "forward", loss)).parameters
    except (TypeError, ValueError):
        return loss
    if "reduction" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return loss
    raise TypeError(
        f"weights of samples and classes need the loss of each sample, but the loss "
        f"{getattr(loss, '__name__', loss)!r} has no reduction='none': add it, or override "
        "compute_loss."
    )


def check_parts(model: Any, loss: Any, optimizer: Any) -> None:
    """Raise TypeError if they are not what their names say."""
    for name, thing, kind in (("model", model, "a module"), ("loss", loss, "a loss")):
        if isinstance(thing, type):
            raise TypeError(f"{name} is the class {thing.__name__}; write {thing.__name__}(...).")
        if not callable(thing):
            raise TypeError(f"{name} is {thing!r}; it is {kind}, a function to call.")
    if isinstance(optimizer, type) or not hasattr(optimizer, "param_groups"):
        raise TypeError(
            f"optimizer is {optimizer!r}; it is made for the model's parameters, as in "
            "optim.Adam(model.parameters(), lr=1e-3)."
        )


def pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(
            f"compute_loss returned a {type(result).__name__}: it returns (loss, output)."
        )
    return result
