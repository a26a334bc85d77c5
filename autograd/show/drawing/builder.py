"""From a record to a picture: which boxes there are, what they say, and which edges lead where."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd.numbers import like
from autograd.show.backward import BackwardPass, everything_behind, is_number
from autograd.show.drawing.groups import Group, groups_of
from autograd.show.drawing.picture import Box, Edge, Grid, Kind, Options, Picture
from autograd.show.names import constants_of, names_of
from autograd.show.words import (
    constant_text,
    factor,
    number,
    operands,
    settings_of,
    short,
    symbol_of,
)  # fmt: skip
from autograd.value import Value

__all__ = ["picture_of"]

_MANY = 100  # leaves of a group, beyond which they stand where they fall
_OUTPUTS = 4  # of a layer, that are shown
_CELLS = 64  # an array of so many elements, in one or two dimensions, is shown cell by cell


def picture_of(
    root: Value,
    options: Options,
    backward: BackwardPass | None = None,
    names: Mapping[Value, str] | None = None,
) -> Picture:
    """The picture of the graph behind a Value.

    backward: the pass whose gradients are shown; without, `.grad` is. names: of every Value, for
    boxes that have no other.
    """
    every = everything_behind(root)
    colorless = options.color == "gradient" and all(v._grad is None for v in every)
    if backward is None and (options.shares or colorless):
        backward = BackwardPass(root)
    groups = groups_of(every)
    folded = {v: fold for v in every if (fold := _fold(groups.get(v), options))}
    with_calls = {fold for v, fold in folded.items() if v.fn is not None}
    folded = {v: fold for v, fold in folded.items() if fold in with_calls}
    return _Builder(root, every, groups, folded, backward, names or {}, options).picture()


def _fold(group: Group | None, options: Options) -> Group | None:
    """The group that a Value disappears in, if it does."""
    path = group.path if group else ()
    if options.depth is not None:
        return path[options.depth] if len(path) > options.depth else None
    if options.level == "layer":
        return path[-1] if path and not path[-1].inside else None
    return None


class _Builder:
    def __init__(
        self,
        root: Value,
        every: list[Value],
        groups: dict[Value, Group],
        folded: dict[Value, Group],
        backward: BackwardPass | None,
        all_names: Mapping[Value, str],
        options: Options,
    ) -> None:
        self.root = root
        self.every = every
        self.groups = groups
        self.folded = folded
        self.backward = backward
        self.all_names = all_names
        self.options = options
        self.names = names_of(every, options.names)
        self.constants = constants_of(options.names)
        # Before any backward pass a gradient of 0 would say what is not so.
        self.has_gradients = backward is not None or any(v._grad is not None for v in every)
        self.used_outside: dict[Group, set[Value]] = {}
        for v in every:
            for parent in v.parents:
                if parent in folded and folded.get(v) is not folded[parent]:
                    self.used_outside.setdefault(folded[parent], set()).add(parent)
        self.boxes: list[Box] = []
        self.edges: list[Edge] = []
        self.from_more: set[str] = set()
        self.edge_of: dict[tuple[Value, int], int] = {}
        units = dict.fromkeys(folded.get(v, v) for v in reversed(every))  # the newest first
        shown = set(list(units)[: options.max_nodes])
        self.hidden = len(units) - len(shown)
        self.ids: dict[Value, str] = {}
        numbers: dict[Any, str] = {}
        for v in sorted(every, key=lambda v: v in folded and v.fn is None):  # calls name layers
            unit = folded.get(v, v)
            if unit in shown:
                prefix = "v" if unit is v else "layer"
                self.ids[v] = numbers.setdefault(unit, f"{prefix}{len(numbers)}")

    def picture(self) -> Picture:
        if self.hidden:
            self.boxes.append(Box("more", "more", f"… {self.hidden} more"))
        members: dict[Group, list[Value]] = {}
        for v in self.every:
            if v in self.folded:
                members.setdefault(self.folded[v], []).append(v)
        done: set[Group] = set()
        for v in self.every:
            if v not in self.ids:
                continue
            fold = self.folded.get(v)
            if fold is None:
                self._value(v)
            elif fold not in done and v.fn is not None:
                done.add(fold)
                self._layer(fold, members[fold])
        self._sort()
        sizes = [b.size for b in self.boxes if b.size]
        limits = (min(sizes), max(sizes)) if sizes else None
        gradients = {v: self._gradient(v) for v in self.every} if self.has_gradients else None
        return Picture(
            self.boxes, self.edges, self.edge_of, self.ids, self.names, gradients, self.later,
            self.groups, limits,
        )  # fmt: skip

    def _sort(self) -> None:
        """Boxes so that every edge leads forward: a layer stands where its inputs are known."""
        self.later = self._later()
        before: dict[str, list[str]] = {}
        for tail, head in [*((e.tail, e.head) for e in self.edges), *self.later]:
            before.setdefault(head, []).append(tail)
        order: dict[str, None] = {}
        todo = [(box.id, False) for box in reversed(self.boxes)]
        while todo:
            name, ready = todo.pop()
            if ready:
                order[name] = None
            elif name not in order:
                todo.append((name, True))
                todo += [(t, False) for t in reversed(before.get(name, [])) if t not in order]
        rank = {name: k for k, name in enumerate(order)}
        self.boxes.sort(key=lambda box: rank[box.id])

    def _later(self) -> list[tuple[str, str]]:
        """What a group is given, with the group's own leaves: so it begins where its input ends."""
        has_input = {e.head for e in self.edges}
        path = {b.id: b.group.path if b.group else () for b in self.boxes}
        leaves: dict[Group, list[str]] = {}
        for box in self.boxes:
            if box.id not in has_input:
                for group in path[box.id]:
                    leaves.setdefault(group, []).append(box.id)
        pairs = {
            (e.tail, leaf): None
            for e in self.edges
            if e.tail in has_input
            for group in path[e.head]
            if group not in path[e.tail] and len(leaves.get(group, ())) <= _MANY
            for leaf in leaves.get(group, ())
        }
        return list(pairs)

    # ------------------------------------------------------------------------- boxes

    def _gradient(self, v: Value) -> Any:
        if self.backward:
            return self.backward.gradient(v)
        if v._grad is None and type(v.data) is not tuple:
            return like(0, v.data)  # without leaving it there
        return v.grad

    def _content(self, v: Value) -> tuple[list[str], list[Grid]]:
        """The lines of a Value, and its grids if it is a small array of real numbers."""
        if type(v.data) is tuple:  # of a call with several results, which follow one by one
            return [f"{np.shape(x)} {np.result_type(x)}" for x in v.data], []
        gradients = [self._gradient(v)] * self.has_gradients
        lines = [f"{v.shape} {v.dtype}"] if v.ndim else []
        if v.ndim in (1, 2) and 1 < v.size <= _CELLS and v.dtype.kind == "f":
            return lines, [
                Grid("data", _rows(v.data)),
                *(Grid("grad", _rows(g)) for g in gradients),
            ]
        return [*lines, f"data {short(v.data)}", *(f"grad {short(g)}" for g in gradients)], []

    def _value(self, v: Value) -> None:
        id_ = self.ids[v]
        kind: Kind = "leaf" if v.fn is None else "root" if v is self.root else "result"
        title = self.names.get(v) or self.all_names.get(v, "")
        quiet = v not in self.names
        box = Box(id_, kind, title, quiet=quiet, group=self.groups.get(v), shows=[v])
        box.lines, box.grids = self._content(v)
        if self.options.color == "gradient":
            box.size = _magnitude(self._gradient(v))
        self.boxes.append(box)
        if v.fn is None:
            return
        call = f"call{id_[1:]}"
        self.boxes.append(Box(call, "call", symbol_of(v), settings_of(v), group=self.groups.get(v)))
        for k, arg in enumerate(operands(v)):
            if type(arg) is not Value:
                text = constant_text(arg, self.constants)
                constant = Box(f"{call}c{k}", "constant", text, group=self.groups.get(v))
                self.boxes.append(constant)
                self.edges.append(Edge(constant.id, call))
            else:
                self._edge(v, k, arg, call)
        self.edges.append(Edge(call, id_))

    def _edge(self, call: Value, place: int, parent: Value, head: str) -> None:
        label = ""
        if self.backward and self.options.shares:
            found = [s for s in self.backward.shares.get(call, ()) if s.place == place]
            label = _share(self.backward, found[0]) if found else "0"
        tail = self.ids.get(parent)
        if tail is None:
            if head not in self.from_more:
                self.from_more.add(head)
                self.edges.append(Edge("more", head, dashed=True))
        elif tail != head:
            self.edge_of[call, place] = len(self.edges)
            self.edges.append(Edge(tail, head, label))

    def _layer(self, fold: Group, members: list[Value]) -> None:
        """One box for all that was made in a group, and edges for what comes in from outside."""
        calls = [v for v in members if v.fn is not None]
        box = Box(self.ids[members[-1]], "layer", fold.label, group=fold.around)
        used = self.used_outside.get(fold, ())
        box.shows = [v for v in calls if v in used or v is self.root]
        self._describe(box, fold, calls, [v for v in members if v.fn is None])
        if self.options.color == "gradient":
            box.size = max(_magnitude(self._gradient(v)) for v in members)
        self.boxes.append(box)
        self._edges_into(box.id, calls, set(members))

    def _describe(self, box: Box, fold: Group, calls: list[Value], leaves: list[Value]) -> None:
        """The lines of a layer: its settings, how much is in it, and its outputs."""
        if hasattr(fold.owner, "extra_repr") and (extra := fold.owner.extra_repr()):
            box.lines.append(extra)
        if leaves:
            count = sum(leaf.size for leaf in leaves)
            kind = "parameter" if hasattr(fold.owner, "parameters") else "leaf number"
            box.lines.append(f"{count:,} {kind}{'s' if count > 1 else ''}")
        if len(calls) > 1:
            box.lines.append(f"{len(calls)} calls")
        if len(box.shows) == 1:
            content, box.grids = self._content(box.shows[0])
            if box.shows[0].ndim:
                content[0] = f"out {content[0]}"
            box.lines += content
        else:
            box.lines.append(f"{len(box.shows)} outputs")
            more = ["…"] * (len(box.shows) > _OUTPUTS)
            del box.shows[_OUTPUTS:]
            for v in box.shows:
                box.lines.append(f"data {short(v.data)}")
                box.lines += [f"grad {short(self._gradient(v))}"] * self.has_gradients
            box.lines += more
        if leaves and self.has_gradients:
            norm = np.sqrt(sum(_norm(self._gradient(leaf)) ** 2 for leaf in leaves))
            box.lines.append(f"‖grad of leaves‖ {number(norm)}")

    def _edges_into(self, head: str, calls: list[Value], inside: set[Value]) -> None:
        """One edge from each box that gives the layer anything, however often."""
        given: dict[str, list[tuple[Value, int, Value]]] = {}
        for v in calls:
            for place, arg in enumerate(operands(v)):
                if type(arg) is Value and arg not in inside:
                    given.setdefault(self.ids.get(arg, "more"), []).append((v, place, arg))
        for tail, uses in given.items():
            edge = len(self.edges)
            self._edge(*uses[0], head)
            if tail == "more":
                continue
            self.edge_of |= {(v, place): edge for v, place, _ in uses}
            if len(uses) > 1 and self.options.shares:
                self.edges[edge].label = f"{len(uses)} shares"


def _rows(x: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(n) for n in row) for row in np.atleast_2d(x))


def _norm(x: Any) -> float:
    return float(np.linalg.norm(np.ravel(x))) if not isinstance(x, tuple) else 0.0


def _magnitude(gradient: Any) -> float:
    """The largest absolute value: what colours show."""
    sizes = [np.max(np.abs(g), initial=0) for g in _arrays(gradient)]
    finite = [float(s) for s in sizes if np.isfinite(s)]
    return max(finite, default=0.0)


def _arrays(gradient: Any) -> Iterable[Any]:
    return gradient if isinstance(gradient, tuple | list) else (gradient,)


def _share(backward: BackwardPass, share: Any) -> str:
    """The chain rule along one edge: incoming gradient × local derivative = contribution."""
    if share.local is not None:
        incoming = backward.gradients[share.call]
        return f"{number(incoming)} × {factor(share.local)} = {number(share.contribution)}"
    if is_number(share.contribution):
        return f"+ {number(share.contribution)}"
    return f"‖·‖ {number(_norm(share.contribution))}"
