"""A picture as text: Mermaid, for pages of Markdown, and a tree for the terminal."""

from autograd.show.backward import everything_behind
from autograd.show.drawing.colors import Theme
from autograd.show.drawing.groups import Group
from autograd.show.drawing.picture import Box, Picture
from autograd.show.names import identifiers
from autograd.show.words import call_text, short, visible
from autograd.value import Value

__all__ = ["mermaid_of", "tree_of"]


def mermaid_of(picture: Picture, direction: str, theme: Theme) -> str:
    """The picture in Mermaid's flowchart language."""
    lines = [f"flowchart {direction}"]
    boxes: dict[Group | None, list[Box]] = {}
    order: dict[Group | None, None] = {None: None}
    for box in picture.boxes:
        boxes.setdefault(box.group, []).append(box)
        order |= dict.fromkeys(box.group.path if box.group else ())
    _write(None, boxes, list(order), lines, "  ")
    for edge in picture.edges:
        arrow = "-.->" if edge.dashed else "-->"
        label = f'|"{_quoted(edge.label)}"|' if edge.label else ""
        lines.append(f"  {edge.tail} {arrow}{label} {edge.head}")
    for kind in ("leaf", "root", "result", "call", "layer"):
        look = f"fill:{theme[kind]},stroke:{theme[f'{kind}_line']},color:{theme['ink']}"
        lines.append(f"  classDef {kind} {look}")
    return "\n".join(lines) + "\n"


def _write(
    group: Group | None,
    boxes: dict[Group | None, list[Box]],
    order: list[Group | None],
    lines: list[str],
    indent: str,
) -> None:
    for box in boxes.get(group, ()):
        text = "<br/>".join(_quoted(line) for line in [box.title, *_lines(box)] if line) or " "
        left, right = ("([", "])") if box.kind == "call" else ("[", "]")
        kind = f":::{box.kind}" if box.kind not in ("constant", "more") else ""
        lines.append(f'{indent}{box.id}{left}"{text}"{right}{kind}')
    for inner in order:
        if inner is not None and inner.around is group:
            lines.append(f'{indent}subgraph g{inner.number}["{_quoted(inner.label)}"]')
            _write(inner, boxes, order, lines, indent + "  ")
            lines.append(f"{indent}end")


def _lines(box: Box) -> list[str]:
    grids = [f"{grid.caption} {[list(row) for row in grid.rows]}" for grid in box.grids]
    return box.lines + [grid if len(grid) <= 60 else grid[:59] + "…" for grid in grids]


def _quoted(text: str) -> str:
    shown = visible(text)
    for char, code in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"),
                       ("`", "#96;"), ("\\", "#92;")):  # fmt: skip
        shown = shown.replace(char, code)
    return shown


def tree_of(root: Value, picture: Picture) -> str:
    """The graph as a tree, the result at its root; what is used twice is written out once."""
    names = identifiers(everything_behind(root), picture.names)
    gradients = picture.gradients
    lines: list[str] = []
    seen: set[Value] = set()
    todo: list[tuple[Value, str, str]] = [(root, "", "")]
    while todo:
        v, before, below = todo.pop()
        again = v in seen and v.fn is not None
        seen.add(v)
        if v not in picture.ids:
            lines.append(f"{before}…")
            continue
        call = f" = {call_text(v, names)}" if v.fn is not None and not again else ""
        numbers = f"data {short(v.data)}" + (f", grad {short(gradients[v])}" if gradients else "")
        lines.append(f"{before}{names[v]}{call}  " + ("(see above)" if again else numbers))
        if again:
            continue
        parents = list(dict.fromkeys(v.parents))
        for k, parent in reversed(list(enumerate(parents))):
            last = k == len(parents) - 1
            todo.append(
                (parent, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
            )
    return "\n".join(lines)
