"""draw: the graph behind a Value as a picture, inline in a notebook, in a file, or as text."""

import html
import importlib.util
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import graphviz

from autograd.errors import GraphvizMissing
from autograd.show.backward import described
from autograd.show.drawing.as_text import mermaid_of, tree_of
from autograd.show.drawing.builder import picture_of
from autograd.show.drawing.colors import THEMES, Theme
from autograd.show.drawing.dot import written_to
from autograd.show.drawing.picture import Options, Picture, one_of
from autograd.show.drawing.svg import svg_of
from autograd.value import Value

__all__ = ["Graph", "draw"]

_LARGE = 600  # boxes, beyond which dot may take minutes, or crash
_TEXTS = {"dot", "gv", "mermaid", "mmd", "html", "txt"}  # which need no layout of Graphviz's


def draw(
    value: Value,
    *,
    shares: bool = False,
    names: Mapping[str, Any] | None = None,
    depth: int | None = None,
    level: Literal["op", "layer"] = "op",
    max_nodes: int = 200,
    color: Literal["kind", "gradient"] = "kind",
    theme: Literal["light", "dark"] = "light",
    direction: Literal["LR", "TB", "RL", "BT"] = "LR",
    engine: Literal["auto", "dot", "pygraphviz", "builtin"] = "auto",
) -> "Graph":
    """The graph of all calls that led to the Value, with data and gradients.

    A box is a Value: its name, data and gradient, once there was a backward pass; of small arrays
    every number, of larger ones shape, dtype and range. An ellipse is a call, with its arguments in
    their order, constants too. A frame is a module, or a `scope`. Shown inline in notebooks;
    `.render(outfile="graph.svg")` writes .svg, .png, .pdf, .dot, .mermaid, .html or .txt;
    `print(draw(y).text)`, a tree of all calls, is for terminals.

    shares: each edge has its share of the chain rule, incoming gradient × local derivative =
        contribution, and each box the sum of them: those of this Value's own backward pass, so it
        must be one real number. Without, boxes show `.grad` as it is.
    names: variables, such as `locals()`, to name Values by; else they have their labels, and
        parameters the names that their module knows them by.
    depth: how many modules inside one another are opened; those deeper are one box each. 0 leaves
        only the outermost. All are opened by default.
    level: "layer" shows every innermost module as one box.
    max_nodes: so many are drawn, the newest ones; of the others only the number is told.
    color: "gradient" colours boxes by the largest absolute gradient in them, with a legend; before
        any `backward()`, by those of this Value's own pass.
    theme: "light" or "dark".
    direction: "LR" from left to right, "TB" from top to bottom; "RL", "BT".
    engine: what lays it out: Graphviz's "dot" program, its library in "pygraphviz", or the
        "builtin" layout, which draws SVG and HTML only. "auto" is the first of them that is there,
        and for the SVG of large graphs the last.

    Two drawings of the same graph are the same text, byte for byte. Raises GraphvizMissing for PNG
    and PDF where neither dot nor pygraphviz is there.

    >>> a = Value(2.0, label="a")
    >>> print(draw(a * a).source.count("->"))
    3
    >>> b = a * a
    >>> b.backward()
    >>> print(draw(b).text)
    v2 = a × a  data 4, grad 1
    └─ a  data 2, grad 4
    """
    if type(value) is not Value:
        raise TypeError(f"draw takes a Value, not {described(value)}.")
    one_of("direction", direction, ("LR", "TB", "RL", "BT"))
    one_of("theme", theme, tuple(THEMES))
    one_of("engine", engine, ("auto", "dot", "pygraphviz", "builtin"))
    options = Options(max_nodes, shares, level, depth, color, names)
    graph = Graph()
    graph.picture = picture_of(value, options)
    graph._root, graph._theme = value, THEMES[theme]
    graph._direction, graph._by = direction, engine
    written_to(graph, graph.picture, THEMES[theme], direction)
    return graph


class Graph(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A graphviz.Digraph that is also drawn without the dot program.

    `.source` is the text in DOT, `.mermaid` that in Mermaid, `.text` a tree for the terminal.
    """

    picture: Picture | None = None  # of a copy, or a graph of one's own, None: then DOT is all
    _root: Value
    _theme: Theme
    _direction: str
    _by = "auto"

    @property
    def mermaid(self) -> str:
        picture = self._picture()
        return mermaid_of(picture, self._direction, self._theme)

    @property
    def text(self) -> str:
        picture = self._picture()
        return tree_of(self._root, picture)

    def _picture(self) -> Picture:
        if self.picture is None:
            raise TypeError("this graph was not made by draw(): it has its DOT text alone.")
        return self.picture

    def _chosen(self, format: str) -> str:
        """What draws the format: the engine that was asked for, or the first one there is."""
        large = self.picture is not None and len(self.picture.boxes) > _LARGE
        if self._by == "auto" and format == "svg" and large:
            return "builtin"
        if self._by in ("dot", "auto") and shutil.which("dot"):
            return "dot"
        if self._by in ("pygraphviz", "auto") and importlib.util.find_spec("pygraphviz"):
            return "pygraphviz"
        if self._by in ("builtin", "auto") and format == "svg" and self.picture:
            return "builtin"
        if self._by == "builtin":
            raise GraphvizMissing(
                f"engine='builtin' draws SVG and HTML, not {format.upper()}: leave engine out."
            )
        wanted = "" if self._by == "auto" else f", or engine={self._by!r},"
        raise GraphvizMissing(
            f"drawing {format.upper()}{wanted} needs Graphviz: install the dot program (Debian and "
            "Ubuntu: apt install graphviz; macOS: brew install graphviz), or pip install "
            "'valuegrad[draw]', whose wheels carry it inside. SVG and HTML are drawn without it."
        )

    def pipe(self, format: Any = None, *, encoding: Any = None, **settings: Any) -> Any:
        """The picture in a format, as bytes, or as text in an encoding."""
        format = format or self.format
        engine = "" if format in _TEXTS and self.picture else self._chosen(format)
        if engine == "dot":
            try:
                return super().pipe(format=format, encoding=encoding, **settings)
            except graphviz.CalledProcessError:  # it crashes on some graphs of many layers
                if self._by == "dot" or format != "svg" or not self.picture:
                    raise
                engine = "builtin"
        if engine != "pygraphviz":
            drawn = self._written(format)
            return drawn if encoding else drawn.encode()
        import pygraphviz

        picture = pygraphviz.AGraph(string=self.source).draw(format=format, prog=self.engine)
        return picture.decode(encoding) if encoding else picture

    def _written(self, format: str) -> str:
        """The formats that are ours."""
        if format in ("dot", "gv"):
            return str(self.source)
        if format in ("mermaid", "mmd"):
            return self.mermaid
        if format == "txt":
            return f"{self.text}\n"
        picture = svg_of(self._picture(), self._theme, self._direction, whole=format == "svg")
        if format == "svg":
            return picture
        title = html.escape(str(self._root.label) or "graph")
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>body {{ margin: 0; background: {self._theme['paper']} }}\n"
            f"svg {{ display: block; margin: auto; max-width: none }}</style></head>\n"
            f"<body>{picture}</body></html>\n"
        )

    def render(
        self,
        filename: Any = None,
        directory: Any = None,
        view: bool = False,
        cleanup: bool = False,
        format: Any = None,
        *,
        outfile: Any = None,
        **settings: Any,
    ) -> Any:
        """Write a file: in the format that outfile ends with, or beside the DOT text.

        Returns its path. Raises GraphvizMissing, and writes nothing, where a program is missing.
        """
        if outfile is not None and format is None:
            format = os.path.splitext(outfile)[1][1:].lower()
            if format not in {*_TEXTS, *graphviz.FORMATS}:
                raise ValueError(
                    f"{os.fspath(outfile)!r} names no format: let it end with .svg, .png, .pdf, "
                    ".dot, .mermaid, .html or .txt."
                )
        format = format or self.format
        if outfile is None and format not in _TEXTS and self._chosen(format) == "dot":
            settings |= {"directory": directory, "view": view, "cleanup": cleanup}
            return super().render(filename, format=format, **settings)
        for name in ("raise_if_result_exists", "overwrite_source", "quiet_view"):
            settings.pop(name, None)  # which are of the files that graphviz writes
        picture = self.pipe(format, **settings)
        if outfile is None:
            source = self.save(filename, directory=directory)
            outfile = f"{source}.{format}"
            if cleanup:
                os.remove(source)
        Path(outfile).write_bytes(picture)
        if view:
            graphviz.view(outfile)
        return outfile

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, str]:
        return {"image/svg+xml": self.pipe("svg", encoding="utf-8")}
