"""A graph as a picture, before anything is drawn: boxes, edges and groups, with what they say.

Built from the record alone; DOT, SVG, Mermaid and text are made from it, each in its own room.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autograd.show.drawing.groups import Group
from autograd.value import Value

__all__ = ["Box", "Edge", "Grid", "Options", "Picture", "one_of"]

Kind = Literal["leaf", "result", "root", "call", "constant", "layer", "more"]
_NUMBERED = 4  # columns of a grid whose cells have their numbers in them


@dataclass(frozen=True)
class Grid:
    """A small array, cell by cell: what it is, and its numbers as rows."""

    caption: str
    rows: tuple[tuple[float, ...], ...]

    @property
    def largest(self) -> float:
        """The largest finite magnitude in it."""
        return max((abs(x) for row in self.rows for x in row if abs(x) < math.inf), default=0.0)

    @property
    def numbered(self) -> bool:
        """Whether there is room for the numbers in the cells."""
        return len(self.rows[0]) <= _NUMBERED


@dataclass(eq=False)
class Box:
    """A node of the picture: its title, its lines, its grids side by side.

    quiet: its title is no name that somebody gave. shows: the Values of its data, in their order.
    size: the magnitude of its gradient, if boxes are coloured by it.
    """

    id: str
    kind: Kind
    title: str = ""
    lines: list[str] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    quiet: bool = False
    group: Group | None = None
    size: float | None = None
    shows: list[Value] = field(default_factory=list)


@dataclass(eq=False)
class Edge:
    """An edge of the picture; its label is its share of the chain rule, if shares are shown."""

    tail: str
    head: str
    label: str = ""
    dashed: bool = False


@dataclass(eq=False)
class Picture:
    """Boxes in an order in which edges lead forward, and the pairs of `later` too.

    edge_of: the number of the edge to a call from its argument of a place, if that is drawn.
    ids, names, gradients: of the Values; sizes: the limits of the scale of colours.
    """

    boxes: list[Box]
    edges: list[Edge]
    edge_of: dict[tuple[Value, int], int]
    ids: dict[Value, str]
    names: dict[Value, str]
    gradients: dict[Value, Any] | None
    later: list[tuple[str, str]]
    groups: dict[Value, Group]
    sizes: tuple[float, float] | None = None


@dataclass(frozen=True)
class Options:
    """What a picture shows; see `draw`."""

    max_nodes: int = 200
    shares: bool = False
    level: Literal["op", "layer"] = "op"
    depth: int | None = None
    color: Literal["kind", "gradient"] = "kind"
    names: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.max_nodes, int) or self.max_nodes < 1:
            raise ValueError(f"max_nodes is {self.max_nodes!r}; it is a whole number from 1.")
        if self.depth is not None and (not isinstance(self.depth, int) or self.depth < 0):
            raise ValueError(f"depth is {self.depth!r}; it is a whole number from 0, or None.")
        one_of("level", self.level, ("op", "layer"))
        one_of("color", self.color, ("kind", "gradient"))


def one_of(setting: str, given: Any, allowed: tuple[str, ...]) -> None:
    """Raise ValueError unless the setting has one of the values that it may have."""
    if given not in allowed:
        raise ValueError(f"{setting} is {given!r}; it is one of {', '.join(map(repr, allowed))}.")
