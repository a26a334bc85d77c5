"""A picture as SVG, by the layout of our own: where Graphviz is not, and in pages."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograd.show.drawing.colors import Theme, cell_kind, intensity, magnitude_color, scale
from autograd.show.drawing.groups import Group
from autograd.show.drawing.layout import Point, laid_out
from autograd.show.drawing.picture import Box, Edge, Grid, Picture
from autograd.show.words import number, visible, width

__all__ = ["svg_of"]

_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
_LINE, _LETTER, _SMALL_LETTER = 17.0, 7.25, 6.65  # pixels of 12-pixel type, and of 11
_PAD = 8.0
_MARGIN, _GROUP_PAD = 16.0, 12.0


def svg_of(
    picture: Picture,
    theme: Theme,
    direction: str = "LR",
    *,
    whole: bool = True,
    roomy: bool = False,
) -> str:
    """The picture. Elements are named by the ids of boxes, edges `e0`, `e1` … in their order.

    whole: with the declaration that a file begins with. roomy: boxes wide enough for any number.
    """
    sideways = direction in ("LR", "RL")
    sizes = {box.id: _size(box, roomy) for box in picture.boxes}
    turned = sizes if sideways else _with_labels(sizes, picture)
    groups = {box.id: box.group.path if box.group else () for box in picture.boxes}
    frames = 2 * _GROUP_PAD * max((len(path) - 1 for path in groups.values() if path), default=0)
    edges = [(e.tail, e.head) for e in picture.edges]
    many = Counter(e.tail for e in picture.edges if e.label)
    rooms = [
        frames + 34 + (_label_room(e, many[e.tail], sideways) if e.label else 0)
        for e in picture.edges
    ]
    layout = laid_out(turned, edges, groups, later=picture.later, rooms=rooms)

    def at(point: Point) -> Point:
        along, across = point
        along = layout.length - along if direction in ("RL", "BT") else along
        return (along, across) if sideways else (across, along)

    centres = {name: at(point) for name, point in layout.centres.items()}
    paths = _ends([[at(p) for p in path] for path in layout.paths], picture, sizes, direction)
    drawing = _Drawing(theme, picture)
    for group, frame in _frames(picture, centres, sizes):
        drawing.group(group, frame)
    drawing.stacked = _stacked(picture, paths, sideways)
    for k, (edge, path) in enumerate(zip(picture.edges, paths, strict=True)):
        drawing.edge(k, edge, path, sideways)
    for box in picture.boxes:
        drawing.box(box, centres[box.id], sizes[box.id])
    if picture.sizes:
        drawing.legend(picture.sizes)
    return drawing.text(whole)


def _with_labels(sizes: Mapping[str, Point], picture: Picture) -> dict[str, Point]:
    """Sizes along and across for edges that go up or down: with room for labels on both sides."""
    widest: dict[str, float] = {}
    for edge in picture.edges:
        if edge.label:
            wide = 2 * width(edge.label) * _SMALL_LETTER + 14
            widest[edge.tail] = max(wide, widest.get(edge.tail, 0.0))
    return {name: (h, max(w, widest.get(name, 0.0))) for name, (w, h) in sizes.items()}


def _label_room(edge: Edge, labels: int, sideways: bool) -> float:
    """What a label needs beyond the usual: its length, or beside others its height."""
    return width(edge.label) * _SMALL_LETTER - 8 if sideways else 13.0 * ((labels + 1) // 2)


def _size(box: Box, roomy: bool) -> tuple[float, float]:
    """Width and height of a box."""
    if box.kind in ("call", "constant", "more"):
        lines = [box.title, *box.lines]
        wide = max(width(line) for line in lines) * _LETTER
        return wide + (2 * _PAD if box.kind == "call" else 4), len(lines) * _LINE + 6
    lines = ([box.title] if box.title else []) + box.lines
    wide = max((width(line) for line in lines), default=0)
    wide = max(wide, len("grad -0.0001234") if roomy else 0) * _LETTER
    high = len(lines) * _LINE
    if box.grids:
        grids = [_grid_size(grid) for grid in box.grids]
        wide = max(wide, sum(w for w, _ in grids) + 10 * (len(grids) - 1))
        high += max(h for _, h in grids) + 4
    return wide + 2 * _PAD, high + _PAD


def _cell(grid: Grid) -> Point:
    """The size of a cell, which has its number in it where there are few."""
    if not grid.numbered:
        return 11.0, 11.0
    return max(width(number(x, 3)) for row in grid.rows for x in row) * 6.1 + 6, 15.0


def _grid_size(grid: Grid) -> Point:
    w, h = _cell(grid)
    return max(w * len(grid.rows[0]), width(grid.caption) * _LETTER), h * len(grid.rows) + _LINE


def _ends(
    paths: list[list[Point]],
    picture: Picture,
    sizes: Mapping[str, tuple[float, float]],
    direction: str,
) -> list[list[Point]]:
    """The paths with their ends on the sides of boxes, side by side in the order they go in."""
    sideways = direction in ("LR", "RL")
    forward = 1 if direction in ("LR", "TB") else -1
    for end, near, sign in ((0, 1, forward), (-1, -2, -forward)):
        touching: dict[str, list[int]] = {}
        for k, edge in enumerate(picture.edges):
            touching.setdefault(edge.tail if end == 0 else edge.head, []).append(k)
        for name, ks in touching.items():
            w, h = sizes[name]
            beyond = near + (1 if end == 0 else -1)
            order = sorted((paths[k][beyond][sideways], k) for k in ks)
            for i, (_, k) in enumerate(order):
                (x, y), (u, v) = paths[k][end], paths[k][near]
                shift = (i + 1) / (len(ks) + 1) - 0.5
                if sideways:
                    y += shift * h * 0.7
                    paths[k][end], paths[k][near] = (x + sign * w / 2, y), (u, y)
                else:
                    x += shift * w * 0.7
                    paths[k][end], paths[k][near] = (x, y + sign * h / 2), (x, v)
    return paths


def _stacked(
    picture: Picture, paths: Sequence[Sequence[Point]], sideways: bool
) -> dict[int, tuple[bool, Point]]:
    """Where the labels of edges that leave one box together begin, and whether on the first side.

    Half of them are above the first edge, or left of it, the others below the last: a line each.
    """
    leaving: dict[str, list[int]] = {}
    for k, edge in enumerate(picture.edges):
        if edge.label:
            leaving.setdefault(edge.tail, []).append(k)
    found: dict[int, tuple[bool, Point]] = {}
    for ks in leaving.values():
        if len(ks) == 1:
            continue
        ks.sort(key=lambda k: paths[k][0][int(sideways)])
        half = (len(ks) + 1) // 2
        for i, k in enumerate(ks):
            first = i < half
            x, y = paths[ks[0] if first else ks[-1]][1]
            line = half - 1 - i if first else i - half
            shift = -5 - 13 * line if first else 12 + 13 * line
            found[k] = (first, (x, y + (shift if sideways else 14 + 13 * line)))
    return found


def _frames(
    picture: Picture, centres: Mapping[str, Point], sizes: Mapping[str, tuple[float, float]]
) -> list[tuple[Group, tuple[float, float, float, float]]]:
    """The rectangles around groups, outer ones first."""
    edges: dict[Group, list[tuple[float, float, float, float]]] = {}
    for box in picture.boxes:
        (x, y), (w, h) = centres[box.id], sizes[box.id]
        path = box.group.path if box.group else ()
        for k, group in enumerate(path):
            pad = _GROUP_PAD * (len(path) - k)
            top = pad + 13 * (len(path) - k)
            frame = (x - w / 2 - pad, y - h / 2 - top, x + w / 2 + pad, y + h / 2 + pad)
            edges.setdefault(group, []).append(frame)
    found = []
    for group in sorted(edges, key=lambda g: g.number):
        lefts, tops, rights, bottoms = zip(*edges[group], strict=True)
        found.append((group, (min(lefts), min(tops), max(rights), max(bottoms))))
    return found


@dataclass
class _Drawing:
    """The elements of an SVG, and how far they reach."""

    theme: Theme
    picture: Picture
    parts: list[str] = field(default_factory=list)
    reach: list[Point] = field(default_factory=list)
    stacked: dict[int, tuple[bool, Point]] = field(default_factory=dict)

    def group(self, group: Group, frame: tuple[float, float, float, float]) -> None:
        left, top, right, bottom = frame
        self.reach += [(left, top), (right, bottom)]
        self.parts.append(
            f'<g class="group" id="g{group.number}"><rect x="{left:.1f}" y="{top:.1f}" '
            f'width="{right - left:.1f}" height="{bottom - top:.1f}" rx="8" '
            f'fill="{self.theme["group"]}" stroke="{self.theme["group_line"]}"/>'
            + self._text(left + 8, top + 12, group.label, "muted", 11)
            + "</g>"
        )

    def edge(self, k: int, edge: Edge, path: Sequence[Point], sideways: bool) -> None:
        d = _curve(path, sideways)
        dash = ' stroke-dasharray="4 3"' if edge.dashed else ""
        parts = [
            f'<g class="edge" id="e{k}"><path d="{d}" fill="none" stroke="{self.theme["line"]}" '
            f'stroke-width="1.3"{dash}/>',
            self._arrow(path[-1], sideways, path[-2]),
        ]
        if edge.label:
            parts.append(self._label(k, edge, path, sideways))
        self.reach += path
        self.parts.append("".join(parts) + "</g>")

    def _label(self, k: int, edge: Edge, path: Sequence[Point], sideways: bool) -> str:
        """What an edge says, beside its beginning, and away from where it goes."""
        (x, y), (u, v) = path[1], path[2]
        wide = width(edge.label) * _SMALL_LETTER
        first, at = self.stacked.get(k, (None, (x, y)))
        if sideways:
            left = x + 5 if u >= x else x - 5 - wide
            y = at[1] if first is not None else y + (-5 if v >= y else 12)
        else:
            to_left = u > x if first is None else first
            left = x - 6 - wide if to_left else x + 6
            y = at[1] if first is not None else y + (14 if v >= y else -6)
        self.reach += [(left, y - 10), (left + wide, y + 4)]
        return (
            f'<text x="{left:.1f}" y="{y:.1f}" font-size="11" fill="{self.theme["gradient"]}" '
            f'stroke="{self.theme["paper"]}" stroke-width="4" paint-order="stroke" '
            f'stroke-linejoin="round">{_escaped(edge.label)}</text>'
        )

    def _arrow(self, tip: Point, sideways: bool, before: Point) -> str:
        x, y = tip
        back = 7.0 if before[0 if sideways else 1] <= tip[0 if sideways else 1] else -7.0
        corners = (
            [(x, y), (x - back, y - 3.5), (x - back, y + 3.5)]
            if sideways
            else [(x, y), (x - 3.5, y - back), (x + 3.5, y - back)]
        )
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
        return f'<polygon points="{points}" fill="{self.theme["line"]}"/>'

    def box(self, box: Box, centre: Point, size: tuple[float, float]) -> None:
        (x, y), (w, h) = centre, size
        left, top = x - w / 2, y - h / 2
        self.reach += [(left, top), (left + w, top + h)]
        inside = []
        if box.kind in ("constant", "more"):
            inside.append(self._text(x, y + 4, box.title, "muted", anchor="middle"))
        elif box.kind == "call":
            inside.append(self._frame(left, top, w, h, box, min(h / 2, 14)))
            for k, line in enumerate([box.title, *box.lines]):
                inside.append(
                    self._text(x, top + 16 + k * _LINE, line, "muted" if k else "ink",
                               anchor="middle")
                )  # fmt: skip
        else:
            inside.append(self._frame(left, top, w, h, box, 5))
            inside += self._content(box, left + _PAD, top + 16)
        self.parts.append(f'<g class="box {box.kind}" id="{box.id}">{"".join(inside)}</g>')

    def _frame(self, x: float, y: float, w: float, h: float, box: Box, radius: float) -> str:
        fill = self.theme[box.kind]
        if box.size is not None:
            fill = magnitude_color(box.size, self.picture.sizes, self.theme)
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius:.0f}" '
            f'fill="{fill}" stroke="{self.theme[f"{box.kind}_line"]}"/>'
        )

    def _content(self, box: Box, x: float, y: float) -> list[str]:
        parts = []
        if box.title:
            color, weight = ("muted", "") if box.quiet else ("ink", "bold")
            parts.append(self._text(x, y, box.title, color, weight=weight))
            y += _LINE
        for line in box.lines:
            of_gradient = line.startswith(("grad", "‖grad"))
            kind = "grad" if of_gradient else "data" if line.startswith("data") else ""
            parts.append(self._text(x, y, line, "gradient" if of_gradient else "ink", kind=kind))
            y += _LINE
        for grid in box.grids:
            parts.append(self._grid(grid, x, y))
            x += _grid_size(grid)[0] + 10
        return parts

    def _grid(self, grid: Grid, x: float, y: float) -> str:
        w, h = _cell(grid)
        color = "gradient" if grid.caption == "grad" else "ink"
        parts = [self._text(x, y - 2, grid.caption, color, 11, kind="caption")]
        for i, row in enumerate(grid.rows):
            for j, n in enumerate(row):
                left, top = x + j * w, y + 3 + i * h
                sign = self.theme[cell_kind(n)]
                parts.append(
                    f'<rect x="{left:.1f}" y="{top:.1f}" width="{w:.1f}" height="{h:.1f}" '
                    f'fill="{sign}" fill-opacity="{0.75 * intensity(n, grid.largest):.2f}" '
                    f'stroke="{self.theme["line"]}" stroke-width="0.5">'
                    f"<title>{number(n)}</title></rect>"
                )
                if grid.numbered:
                    parts.append(
                        self._text(left + w / 2, top + 11, number(n, 3), "ink", 10, anchor="middle")
                    )
        return f'<g class="grid {grid.caption}">{"".join(parts)}</g>'

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        color: str,
        size: float = 12,
        *,
        anchor: str = "",
        weight: str = "",
        kind: str = "",
    ) -> str:
        more = f' text-anchor="{anchor}"' if anchor else ""
        more += f' font-weight="{weight}"' if weight else ""
        more += f' class="{kind}"' if kind else ""
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.0f}" fill="{self.theme[color]}"'
            f"{more}>{_escaped(text)}</text>"
        )

    def legend(self, sizes: tuple[float, float]) -> None:
        """The scale of colours, under the picture."""
        low, high = sizes
        left, top = min(x for x, _ in self.reach), max(y for _, y in self.reach) + 18
        words = f"max |grad|, log scale: {number(low)}"
        parts = [self._text(left, top + 10, words, "gradient", 11)]
        x = left + width(words) * _LETTER + 6
        for k, size in enumerate(scale(sizes, 12)):
            color = magnitude_color(size, sizes, self.theme)
            parts.append(f'<rect x="{x + 10 * k:.1f}" y="{top:.1f}" width="10" height="12" '
                         f'fill="{color}"/>')  # fmt: skip
        parts.append(self._text(x + 126, top + 10, number(high), "gradient", 11))
        self.reach += [(left, top), (x + 126 + width(number(high)) * _LETTER, top + 14)]
        self.parts.append(f'<g class="legend">{"".join(parts)}</g>')

    def text(self, whole: bool) -> str:
        xs, ys = [x for x, _ in self.reach], [y for _, y in self.reach]
        left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
        w, h = max(xs) - left + _MARGIN, max(ys) - top + _MARGIN
        head = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' if whole else ""
        return (
            f'{head}<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" '
            f'viewBox="{left:.1f} {top:.1f} {w:.1f} {h:.1f}" font-family="{_FONT}">\n'
            f'<rect class="paper" x="{left:.1f}" y="{top:.1f}" width="{w:.1f}" height="{h:.1f}" '
            f'fill="{self.theme["paper"]}"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


def _curve(path: Sequence[Point], sideways: bool) -> str:
    """A smooth way through the points, which leaves and enters boxes straight."""
    x, y = path[0]
    d = f"M{x:.1f},{y:.1f}"
    for u, v in path[1:]:
        if (y == v) if sideways else (x == u):
            d += f" L{u:.1f},{v:.1f}" if (x, y) != (u, v) else ""
        elif sideways:
            middle = (x + u) / 2
            d += f" C{middle:.1f},{y:.1f} {middle:.1f},{v:.1f} {u:.1f},{v:.1f}"
        else:
            middle = (y + v) / 2
            d += f" C{x:.1f},{middle:.1f} {u:.1f},{middle:.1f} {u:.1f},{v:.1f}"
        x, y = u, v
    return d


def _escaped(text: str) -> str:
    """Text in an element: without what XML has no room for."""
    return html.escape(visible(text)).replace("  ", "\N{NO-BREAK SPACE} ")
