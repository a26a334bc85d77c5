"""How a row of the catalogue is written."""

from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]
Shapes = tuple[tuple[int, ...], ...]
Rows = list[tuple[Function, Shapes]]  # calls of a function, each with the shapes of its arrays
Calls = dict[Function, Rows]


def with_settings(fn: Function, shapes: Shapes, *settings: dict[str, Any]) -> Rows:
    """Calls of a function of one array with each of the settings."""
    return [(lambda x, s=s: fn(x, **s), shapes) for s in settings]


def on_shapes(fn: Function, *shapes: Shapes) -> Rows:
    """Calls of a function on arrays of each of these tuples of shapes."""
    return [(fn, s) for s in shapes]


AXES: list[dict[str, Any]] = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}]
CUBE: Shapes = ((2, 3, 2),)
SOME = [[[True, False], [True, True], [False, True]], [[True, True], [False, True], [True, False]]]
