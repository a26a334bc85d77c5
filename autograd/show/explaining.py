"""explain: the forward and the backward pass as one page, to play, to step through, to ask.

The page is one file without any reference out of it: the picture of our own layout, what Python
read from the record, and the script and style that stand in the folder `page`.
"""

import html
import json
import os
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any, Literal

import numpy as np

from autograd.show.backward import is_number
from autograd.show.drawing.builder import picture_of
from autograd.show.drawing.colors import PAGE, THEMES
from autograd.show.drawing.picture import Options, Picture, one_of
from autograd.show.drawing.svg import svg_of
from autograd.show.live import for_json, live_script
from autograd.show.stepping import Contribution, Step, Steps
from autograd.show.words import call_text, operands, short
from autograd.value import Value

__all__ = ["Page", "explain"]

_FOLDER = Path(__file__).with_name("page")
_CELLS = 256  # an array of so many elements, in one or two dimensions, is shown cell by cell


class Page(str):
    """A page of HTML; in a notebook it shows itself.

    >>> from autograd import Value, explain
    >>> explain(Value(2.0) * 3).startswith("<!DOCTYPE html>")
    True
    """

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self)}" style="width: 100%; height: 640px; border: '
            '1px solid #8c959f; border-radius: 8px" title="backprop, explained"></iframe>'
        )


def explain(
    loss: Value,
    path: str | os.PathLike[str] | None = None,
    *,
    live: bool = False,
    names: Mapping[str, Any] | None = None,
    depth: int | None = None,
    level: Literal["op", "layer"] = "op",
    max_nodes: int = 500,
    direction: Literal["LR", "TB"] = "LR",
    theme: Literal["auto", "light", "dark"] = "auto",
    title: str = "",
) -> Page:
    """A page that explains a backward pass: play it, step through it, click what you wonder about.

    The graph is in the middle; at each step the call at work glows, its formula stands beside it
    with the numbers put in, and contributions travel along the edges and add up. A click on a node
    shows all there is to know about it, and the paths from the loss. Keys: → and ← step, space
    plays, Home and End, / searches, + - 0 zoom, d is light or dark. `#step=12` at the end of its
    address opens it at that step, of the same number as in `steps(loss)`.

    path: the file to write; one file, which needs no network. The page is returned too.
    live: sliders on the leaves, which compute the forward and backward pass anew in the page; for
        graphs of single real numbers, and the functions of them that NumPy has, and relu, sigmoid,
        softplus.
    names, depth, level, max_nodes: as of `draw`; the steps inside of a folded layer are all there.
    direction: "LR", or "TB" from top to bottom. theme: "auto" is the reader's own.
    title: the heading, by default the name of the loss.

    Raises ShapeMismatch for a loss that is not one real number, NotDifferentiable for a graph that
    cannot be live, ValueError for a file that is no .html, and for settings that are not there.

    >>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
    >>> page = explain(np.tanh(w * x), live=True)
    >>> "#step=" in page
    True
    """
    one_of("direction", direction, ("LR", "TB"))
    one_of("theme", theme, ("auto", "light", "dark"))
    if path is not None and Path(path).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"a page is a file that ends with .html, not {os.fspath(path)!r}.")
    options = Options(max_nodes, False, level, depth, "kind", names)
    if live and (level != "op" or depth is not None):
        raise ValueError("a live page shows every number: leave level and depth out.")
    passes = Steps(loss, "both", names)
    picture = picture_of(loss, options, passes.passed, passes.names)
    data = _Data(passes, picture)
    heading = title or f"Backprop through {passes.names[loss]}"
    script = (_FOLDER / "page.js").read_text("utf-8")
    if live:
        script += "\n" + live_script(passes, data.index)
    page = Template((_FOLDER / "page.html").read_text("utf-8")).substitute(
        theme="" if theme == "auto" else f' data-theme="{theme}"',
        title=html.escape(heading),
        style=_variables() + (_FOLDER / "page.css").read_text("utf-8"),
        picture=svg_of(picture, PAGE, direction, whole=False, roomy=True),
        data=_json(data.content()),
        script=script.replace("</", "<\\/") + "\nstart();",
    )
    if path is not None:
        Path(path).write_text(page, "utf-8")
    return Page(page)


def _variables() -> str:
    """The colours of both themes."""

    def rules(theme: str) -> str:
        return " ".join(f"--{k.replace('_', '-')}: {c};" for k, c in THEMES[theme].items())

    mono = "--mono: ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace;"
    return (
        f":root {{ color-scheme: light; {mono} {rules('light')} }}\n"
        "@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) "
        f"{{ color-scheme: dark; {rules('dark')} }} }}\n"
        f":root[data-theme=dark] {{ color-scheme: dark; {rules('dark')} }}\n"
    )


def _json(content: Any) -> str:
    """JSON that may stand in a page."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


class _Data:
    """What the page knows: Values by number, the steps, and which box shows what."""

    def __init__(self, passes: Steps, picture: Picture) -> None:
        self.passes = passes
        self.picture = picture
        self.values = [v for v in passes.passed.values if v in picture.ids]
        self.index = {v: i for i, v in enumerate(self.values)}
        self.steps = list(passes)
        self.uses: dict[Value, list[int]] = {}
        for v in self.values:
            for parent in dict.fromkeys(v.parents):
                self.uses.setdefault(parent, []).append(self.index[v])

    def content(self) -> dict[str, Any]:
        formulas = {s.node: s.contributions for s in self.steps if s.phase == "backward"}
        return {
            "loss": self.index[self.passes.passed.loss],
            "values": [self._value(v, formulas.get(v, ())) for v in self.values],
            "steps": [self._step(s) for s in self.steps if s.node in self.index],
            "count": len(self.steps),
            "hidden": len(self.passes.passed.values) - len(self.values),
            "boxes": {
                box.id: [self.index[v] for v in box.shows]
                for box in self.picture.boxes
                if box.shows
            },
        }

    def _value(self, v: Value, contributions: tuple[Contribution, ...]) -> dict[str, Any]:
        names, group = self.passes.names, self.picture.groups.get(v)
        return {
            "name": names[v],
            "box": self.picture.ids[v],
            "leaf": v.fn is None,
            "call": call_text(v, names, self.passes.constants) if v.fn is not None else "",
            "kind": f"{v.shape} {v.dtype}" if type(v.data) is not tuple and v.ndim else "",
            "data": _described(v.data),
            "grad": _described(self.passes.passed.gradient(v)),
            "group": " › ".join(g.label for g in group.path) if group else "",
            "uses": self.uses.get(v, []),
            "formulas": [
                [self.index[c.parent], c.formula]
                for c in contributions
                if c.formula and c.parent in self.index
            ],
        }

    def _step(self, step: Step) -> dict[str, Any]:
        edges = {
            place: self.picture.edge_of.get((step.node, place))
            for place, arg in enumerate(operands(step.node))
            if type(arg) is Value
        }
        found: dict[str, Any] = {
            "number": step.number, "phase": step.phase, "v": self.index[step.node],
        }  # fmt: skip
        if step.phase == "forward":
            return found | {"edges": [k for k in edges.values() if k is not None]}
        shares = [
            {
                "to": self.index.get(c.parent),
                "name": c.name,
                "edge": edges.get(c.place),
                "formula": c.formula,
                "numbers": c.numbers,
                "local": None if c.local is None or np.iscomplexobj(c.local) else for_json(c.local),
                "c": _described(c.contribution),
                "total": _described(c.total),
                "first": c.first,
            }
            for c in step.contributions
        ]
        return found | {"shares": shares, "edgeOf": edges}


def _described(x: Any) -> dict[str, Any]:
    """A number or array as the page shows it: in words, as a number, as rows of numbers."""
    found: dict[str, Any] = {"text": short(x)}
    if isinstance(x, tuple | list):
        return found
    if np.ndim(x):
        found["shape"] = str(np.shape(x))
    if is_number(x) and not np.iscomplexobj(x):
        found["n"] = for_json(x)
    elif np.ndim(x) in (1, 2) and 1 < np.size(x) <= _CELLS and np.result_type(x).kind == "f":
        rows = np.atleast_2d(x).tolist()
        found["rows"] = [[for_json(f"{n:.4g}") for n in row] for row in rows]
    return found
