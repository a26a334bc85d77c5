"""A picture in DOT, the language of Graphviz."""

import html

import graphviz

from autograd.show.drawing.colors import Theme, blend, cell_kind, intensity, magnitude_color, scale
from autograd.show.drawing.groups import Group
from autograd.show.drawing.picture import Box, Grid, Picture
from autograd.show.words import number, visible

__all__ = ["written_to"]

# As wide in every browser as Graphviz takes it to be.
_FONT = "DejaVu Sans Mono,Menlo,Consolas,Courier New,monospace"


def written_to(graph: graphviz.Digraph, picture: Picture, theme: Theme, direction: str) -> None:
    """Put the picture into a Digraph."""
    graph.graph_attr.update(
        rankdir=direction, ordering="in", nodesep="0.15", ranksep="0.3", bgcolor=theme["paper"],
        fontname=_FONT, fontsize="11", fontcolor=theme["muted"],
    )  # fmt: skip
    graph.node_attr.update(
        shape="ellipse", style="filled", fillcolor=theme["call"], color=theme["call_line"],
        fontname=_FONT, fontsize="10", fontcolor=theme["ink"], margin="0.08,0.03", width="0.3",
        height="0.3",
    )  # fmt: skip
    graph.edge_attr.update(
        color=theme["line"], arrowsize="0.6", fontname=_FONT, fontsize="9",
        fontcolor=theme["gradient"],
    )  # fmt: skip
    members: dict[Group | None, list[Box]] = {None: []}
    for box in picture.boxes:
        for group in box.group.path if box.group else ():
            members.setdefault(group, [])
        members.setdefault(box.group, []).append(box)
    _write_group(graph, None, members, picture, theme)
    for edge in picture.edges:
        more = {"label": _text(f" {edge.label} ")} if edge.label else {}
        graph.edge(edge.tail, edge.head, **more, **({"style": "dashed"} if edge.dashed else {}))
    if picture.sizes:
        graph.node("legend", _legend(picture.sizes, theme), shape="plain", style="")


def _write_group(
    graph: graphviz.Digraph,
    group: Group | None,
    members: dict[Group | None, list[Box]],
    picture: Picture,
    theme: Theme,
) -> None:
    for box in members.get(group, ()):
        _write_box(graph, box, picture, theme)
    for inner in members:
        if inner is not None and inner.around is group:
            cluster = graphviz.Digraph(f"cluster_{inner.number}")
            cluster.graph_attr.update(
                label=_text(inner.label), style="rounded,filled", fillcolor=theme["group"],
                color=theme["group_line"], labeljust="l",
            )  # fmt: skip
            _write_group(cluster, inner, members, picture, theme)
            graph.subgraph(cluster)


def _write_box(graph: graphviz.Digraph, box: Box, picture: Picture, theme: Theme) -> None:
    if box.kind == "call":
        graph.node(box.id, _text("\n".join([box.title, *box.lines])))
    elif box.kind in ("constant", "more"):
        graph.node(box.id, _text(box.title), shape="plaintext", style="", fontcolor=theme["muted"])
    else:
        graph.node(box.id, _table(box, picture, theme), shape="plain", style="")


def _table(box: Box, picture: Picture, theme: Theme) -> str:
    """A row each for the title and the lines, and one for the grids side by side."""
    fill = theme[box.kind]
    if box.size is not None:
        fill = magnitude_color(box.size, picture.sizes, theme)
    rows = [f"<b>{_markup(box.title)}</b>"] if box.title else []
    for line in box.lines:
        text = _markup(line)
        if line.startswith(("grad", "‖grad")):
            text = f'<font color="{theme["gradient"]}">{text}</font>'
        rows.append(text)
    cells = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
    if box.grids:
        grids = "".join(f"<td>{_grid(grid, fill, theme)}</td>" for grid in box.grids)
        table = '<table border="0" cellborder="0" cellspacing="6" cellpadding="0">'
        cells += f"<tr><td>{table}<tr>{grids}</tr></table></td></tr>"
    return (
        f'<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" '
        f'color="{theme[f"{box.kind}_line"]}" bgcolor="{fill}" style="rounded">{cells}</table>>'
    )


def _grid(grid: Grid, fill: str, theme: Theme) -> str:
    columns = len(grid.rows[0])
    color = theme["gradient"] if grid.caption == "grad" else theme["ink"]
    caption = f'<font point-size="9" color="{color}">{_markup(grid.caption)}</font>'
    lines = [f'<tr><td colspan="{columns}" border="0">{caption}</td></tr>']
    for row in grid.rows:
        cells = ""
        for x in row:
            shade = blend(fill, theme[cell_kind(x)], 0.75 * intensity(x, grid.largest))
            text = f'<font point-size="8">{number(x, 3)}</font>' if grid.numbered else ""
            size = "" if text else ' width="9" height="9" fixedsize="true"'
            cells += f'<td bgcolor="{shade}"{size}>{text}</td>'
        lines.append(f"<tr>{cells}</tr>")
    return (
        f'<table border="0" cellborder="1" cellspacing="0" cellpadding="1" '
        f'color="{theme["line"]}">{"".join(lines)}</table>'
    )


def _legend(sizes: tuple[float, float], theme: Theme) -> str:
    low, high = sizes
    cells = "".join(
        f'<td bgcolor="{magnitude_color(s, sizes, theme)}" width="14" height="10"></td>'
        for s in scale(sizes, 7)
    )
    return (
        f'<<table border="0" cellborder="0" cellspacing="0"><tr>'
        f'<td><font color="{theme["gradient"]}">max |grad|, log scale: {number(low)} </font></td>'
        f"{cells}"
        f'<td><font color="{theme["gradient"]}"> {number(high)}</font></td></tr></table>>'
    )


def _markup(text: str) -> str:
    """Text in a table: there too Graphviz gives backslashes a meaning."""
    shown = visible(text)
    return html.escape(shown).replace("\\", "\\\\") if shown.strip() else "&#160;"


def _text(text: str) -> str:
    """Text as it is: without the meaning that Graphviz gives to backslashes and to <...>."""
    shown = "\n".join(map(visible, text.split("\n")))
    return graphviz.nohtml(graphviz.escape(shown).replace("\n", "\\n"))
