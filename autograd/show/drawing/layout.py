"""A layered layout, for drawing where Graphviz is not: boxes in columns, edges from left to right.

Sugiyama's method (K. Sugiyama, S. Tagawa, M. Toda 1981): nodes get layers, long edges get a place
in every layer they cross, layers are ordered so that few edges cross, and nodes then move towards
their neighbours as far as the order leaves room.
"""

import bisect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Layout", "laid_out"]

Point = tuple[float, float]
Pair = tuple[Any, Any]

_SWEEPS = 12
_LONGEST = 24  # layers that an edge crosses in places of its own; a longer one goes straight
_GAP, _EDGE_GAP, _FRAME = 16.0, 8.0, 26.0  # between boxes, between edges, for a group's frame


@dataclass
class Layout:
    """Centres of nodes, points of edges, along the edges and across; and the whole length."""

    centres: dict[Any, Point]
    paths: list[list[Point]]
    length: float


def laid_out(
    sizes: Mapping[Any, Point],
    edges: Sequence[Pair],
    groups: Mapping[Any, tuple[Any, ...]],
    *,
    later: Iterable[Pair] = (),
    rooms: Sequence[float],
) -> Layout:
    """Places for an acyclic graph whose nodes come in an order in which edges lead forward.

    sizes: of each node its extent along and across; groups: what stays together, outermost first;
    later: pairs of nodes, the second in a later layer; rooms: what each edge needs after its tail.
    """
    layer = _layers(list(sizes), edges, later)
    plan = _Plan(sizes, layer, dict(groups))
    chains = [plan.chain(k, *edge) for k, edge in enumerate(edges)]
    plan.order([pair for chain in chains for pair in itertools.pairwise(chain)])
    plan.place()
    return plan.coordinates(chains, rooms)


def _layers(nodes: list[Any], edges: Sequence[Pair], later: Iterable[Pair]) -> dict[Any, int]:
    """The longest way from a beginning; what has no way in stands just before its first use."""
    before, after = _neighbours([*edges, *later])
    layer: dict[Any, int] = {}
    for n in nodes:
        layer[n] = max((layer[m] + 1 for m in before.get(n, ())), default=0)
    for n in after.keys() - before.keys():
        layer[n] = min(layer[m] for m in after[n]) - 1
    return layer


def _neighbours(links: Iterable[Pair]) -> tuple[dict[Any, list[Any]], dict[Any, list[Any]]]:
    """What stands before each node, and what after it."""
    before: dict[Any, list[Any]] = {}
    after: dict[Any, list[Any]] = {}
    for tail, head in links:
        after.setdefault(tail, []).append(head)
        before.setdefault(head, []).append(tail)
    return before, after


class _Plan:
    """Nodes, and places of edges, by layers; then where across each of them is."""

    def __init__(
        self, sizes: Mapping[Any, Point], layer: dict[Any, int], groups: dict[Any, tuple[Any, ...]]
    ) -> None:
        self.sizes = sizes
        self.layer = layer
        self.groups = groups
        self.across: dict[Any, float] = {}

    def chain(self, k: int, tail: Any, head: Any) -> list[Any]:
        """An edge as the nodes it leads over: in the layers between there are places for it."""
        steps = self.layer[head] - self.layer[tail] - 1
        between = [("edge", k, i) for i in range(steps if steps <= _LONGEST else 0)]
        ends = self.groups.get(tail, ()), self.groups.get(head, ())
        for i, n in enumerate(between, 1):
            self.layer[n] = self.layer[tail] + i
            self.groups[n] = tuple(a for a, b in zip(*ends, strict=False) if a is b)
        return [tail, *between, head]

    # ------------------------------------------------------------- the order in a layer

    def order(self, links: list[Pair]) -> None:
        """Order layers by the mean place of neighbours, groups together; keep the best order."""
        self.near_by = _neighbours(links)
        rows: list[list[Any]] = [[] for _ in range(max(self.layer.values(), default=0) + 1)]
        for n, k in self.layer.items():
            rows[k].append(n)
        best, least = rows, self.crossings(rows, links)
        for sweep in range(_SWEEPS if least else 0):
            rows = [list(row) for row in rows]
            place = {n: i / len(row) for row in rows for i, n in enumerate(row)}
            for row in rows if sweep % 2 == 0 else reversed(rows):
                mean = {n: _mean(n, self.near_by[sweep % 2], place) for n in row}
                row.sort(key=self.together(row, mean).__getitem__)
                place |= {n: i / len(row) for i, n in enumerate(row)}
            if (crossings := self.crossings(rows, links)) < least:
                best, least = rows, crossings
        self.rows = best

    def together(
        self, row: list[Any], mean: dict[Any, float]
    ) -> dict[Any, list[tuple[float, int]]]:
        """What to sort by, so that a group stays together, at the mean place of its members."""
        members: dict[Any, list[float]] = {}
        for n in row:
            for g in self.groups.get(n, ()):
                members.setdefault(g, []).append(mean[n])
        of = {g: (sum(m) / len(m), k) for k, (g, m) in enumerate(members.items())}
        return {n: [*(of[g] for g in self.groups.get(n, ())), (mean[n], -1)] for n in row}

    def crossings(self, rows: list[list[Any]], links: list[Pair]) -> int:
        """How many pairs of edges between neighbouring layers cross."""
        place = {n: i for row in rows for i, n in enumerate(row)}
        pairs: dict[int, list[tuple[int, int]]] = {}
        for tail, head in links:
            if self.layer[head] == self.layer[tail] + 1:
                pairs.setdefault(self.layer[tail], []).append((place[tail], place[head]))
        total = 0
        for between in pairs.values():
            ends: list[int] = []
            for _, head in sorted(between):
                at = bisect.bisect_right(ends, head)
                total += len(ends) - at
                ends.insert(at, head)
        return total

    # ----------------------------------------------------------------- places across

    def place(self) -> None:
        """Move every node as near to the mean of its neighbours as the order allows."""
        for row in self.rows:
            self.settle(row, dict.fromkeys(row, 0.0))
        before, after = self.near_by
        both = {n: [*before.get(n, ()), *after.get(n, ())] for n in self.layer}
        for sweep in range(_SWEEPS):
            near = both if sweep >= _SWEEPS - 4 else self.near_by[sweep % 2]
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                self.settle(row, {n: _mean(n, near, self.across) for n in row})

    def settle(self, row: list[Any], wanted: dict[Any, float]) -> None:
        """The places nearest to the wanted ones, by least squares, that keep order and gaps."""
        offsets = list(itertools.accumulate(map(self.gap, row, row[1:]), initial=0.0))
        blocks: list[tuple[float, int]] = []  # of each the sum of what its nodes want, and how many
        for n, offset in zip(row, offsets, strict=True):
            total, count = wanted[n] - offset, 1
            while blocks and blocks[-1][0] / blocks[-1][1] >= total / count:
                total, count = total + blocks[-1][0], count + blocks.pop()[1]
            blocks.append((total, count))
        settled = [total / count for total, count in blocks for _ in range(count)]
        self.across |= {n: s + o for n, s, o in zip(row, settled, offsets, strict=True)}

    def gap(self, n: Any, m: Any) -> float:
        """The least distance of two neighbours' centres."""
        boxes = [self.sizes[x][1] for x in (n, m) if x in self.sizes]
        frames = len(set(self.groups.get(n, ())) ^ set(self.groups.get(m, ())))
        return sum(boxes) / 2 + (_GAP if len(boxes) == 2 else _EDGE_GAP) + _FRAME * frames

    # ------------------------------------------------------------------- coordinates

    def coordinates(self, chains: list[list[Any]], rooms: Sequence[float]) -> Layout:
        """In its layer an edge runs straight, past the boxes beside it; it bends between them."""
        at, between, sides = 0.0, [0.0] * len(self.rows), []
        for chain, room in zip(chains, rooms, strict=True):
            between[self.layer[chain[0]]] = max(between[self.layer[chain[0]]], room)
        for row, gap in zip(self.rows, between, strict=True):
            deep = max((self.sizes[n][0] for n in row if n in self.sizes), default=0.0)
            sides.append((at, at + deep))
            at += deep + gap
        middle = {n: (sum(sides[self.layer[n]]) / 2, self.across[n]) for n in self.sizes}
        paths = []
        for chain in chains:
            points = [(x, self.across[n]) for n in chain for x in sides[self.layer[n]]]
            paths.append([middle[chain[0]], *points[1:-1], middle[chain[-1]]])
        return Layout(middle, paths, at)


def _mean(n: Any, near: Mapping[Any, list[Any]], place: Mapping[Any, float]) -> float:
    places = [place[m] for m in near.get(n, ())]
    return sum(places) / len(places) if places else place[n]
