"""What a layer says of an input that it cannot take."""

from typing import Any

import numpy as np

from autograd import ShapeMismatch
from nn.functional.arrays import as_array

__all__ = ["called", "channels_first", "shape_of", "unfit"]


def called(layer: Any) -> str:
    """The layer as it was made, in one line: its repr without its parts."""
    return f"{type(layer).__name__}({layer.extra_repr()})"


def shape_of(x: Any) -> tuple[int, ...]:
    if isinstance(x, list | tuple):
        x = as_array(x)
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def unfit(layer: object, wanted: str, shape: tuple[int, ...]) -> ShapeMismatch:
    return ShapeMismatch(f"{called(layer)} takes an input of shape {wanted}, not {shape}.")


def channels_first(layer: object, x: Any, channels: int, axes: int) -> None:
    """Raise ShapeMismatch unless x is (N, channels, *sizes) or (channels, *sizes)."""
    shape = shape_of(x)
    if len(shape) not in (axes + 1, axes + 2) or shape[-axes - 1] != channels:
        letters = ("L", "H, W", "D, H, W")[axes - 1]
        raise unfit(layer, f"(N, {channels}, {letters}) or ({channels}, {letters})", shape)
