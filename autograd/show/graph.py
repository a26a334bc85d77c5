"""The graph of a Value as a picture: a box for each Value, an ellipse for each call.

It only reads the record. Layout and rendering are Graphviz's: the dot program where it is
installed, else the library inside pygraphviz.
"""

import html
import importlib.util
import os
import shutil
from collections.abc import Iterable
from typing import Any

import graphviz
import numpy as np

from autograd.backprop import newest_first
from autograd.data import like
from autograd.derivatives.registry import TABLE, name_of
from autograd.errors import GraphvizMissing
from autograd.value import Value

__all__ = ["Graph", "draw"]

_NO_ENGINE = (
    "Drawing needs Graphviz: install the dot program (Debian and Ubuntu: apt install graphviz; "
    "macOS: brew install graphviz), or pip install 'valuegrad[draw]', whose wheels carry it inside."
)
_LEAF, _RESULT, _ROOT = "#e3f1e3", "#ffffff", "#fdeec9"
_CALL = {
    "shape": "ellipse",
    "style": "filled",
    "fillcolor": "#eeeeee",
    "color": "#888888",
    "fontname": "Helvetica,Arial,sans-serif",
    "fontsize": "11",
}
_BARE = {"shape": "plaintext", "style": "", "fontcolor": "#666666"}
_SMALL = 6  # arrays of so many elements are shown whole


def draw(value: Value, *, max_nodes: int = 200, direction: str = "LR") -> "Graph":
    """The graph of all calls that led to the Value, with data and gradients.

    A box is a Value: its label, data and gradient (of large arrays the shape, dtype and range).
    An ellipse is a call, with its arguments in their order, constants too. Shown inline in
    notebooks; `.source` is the DOT text, `.render(outfile="graph.svg")` writes a file.

    max_nodes: so many Values are drawn, the newest ones; of the others only the number is told.
    direction: "LR" from left to right, "TB" from top to bottom.

    Two drawings of the same graph are the same text, byte for byte.

    >>> a = Value(2.0, label="a")
    >>> print(draw(a * a).source.count("->"))
    3
    """
    if type(value) is not Value:
        raise TypeError(f"draw takes a Value, not {type(value).__name__}.")
    if max_nodes < 1:
        raise ValueError(f"max_nodes is {max_nodes}; it must be at least 1.")
    if direction not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f"direction is {direction!r}; it is 'LR' or 'TB'.")
    shown, hidden = _values(value, max_nodes)
    graph = Graph(
        graph_attr={"rankdir": direction, "ordering": "in", "nodesep": "0.15", "ranksep": "0.3"},
        node_attr=_CALL,
        edge_attr={"color": "#666666", "arrowsize": "0.6"},
    )
    ids = {v: f"v{i}" for i, v in enumerate(shown)}
    for v, name in ids.items():
        color = _LEAF if v.fn is None else _ROOT if v is value else _RESULT
        graph.node(name, _box(v, color), shape="plain", style="")
        if v.fn is None:
            continue
        call = f"call{name[1:]}"
        graph.node(call, _call_label(v))
        for k, arg in enumerate(_operands(v)):
            if type(arg) is not Value:
                constant = f"{call}c{k}"
                graph.node(constant, _text(_short(arg)), **_BARE)
                graph.edge(constant, call)
            elif arg in ids:
                graph.edge(ids[arg], call)
            else:
                graph.edge("more", call, style="dashed")
        graph.edge(call, name)
    if hidden:
        graph.node("more", f"… {hidden} more", **_BARE)
    return graph


class Graph(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A graphviz.Digraph that is also rendered without the dot program, by pygraphviz.

    Raises GraphvizMissing, a RuntimeError, if neither is there.
    """

    def pipe(self, format: Any = None, *, encoding: Any = None, **settings: Any) -> Any:
        if shutil.which("dot"):
            return super().pipe(format=format, encoding=encoding, **settings)
        if importlib.util.find_spec("pygraphviz") is None:
            raise GraphvizMissing(_NO_ENGINE)
        import pygraphviz

        picture = pygraphviz.AGraph(string=self.source).draw(
            format=format or self.format, prog=self.engine
        )
        return picture.decode(encoding) if encoding else picture

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
        if shutil.which("dot"):
            return super().render(
                filename,
                directory=directory,
                view=view,
                cleanup=cleanup,
                format=format,
                outfile=outfile,
                **settings,
            )
        if outfile is not None:
            format = format or os.path.splitext(outfile)[1][1:]
        format = format or self.format
        picture = self.pipe(format)
        if outfile is None:
            source = self.save(filename, directory=directory)
            outfile = f"{source}.{format}"
            if cleanup:
                os.remove(source)
        with open(outfile, "wb") as file:
            file.write(picture)
        if view:
            graphviz.view(outfile)
        return outfile

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, str]:
        try:
            return {"image/svg+xml": self.pipe("svg", encoding="utf-8")}
        except GraphvizMissing as missing:
            return {"text/plain": str(missing)}


def _values(root: Value, most: int) -> tuple[list[Value], int]:
    """The newest Values of the graph, oldest first, and how many others there are."""
    calls = newest_first((root,))
    every = dict.fromkeys([root, *calls, *(parent for call in calls for parent in call.parents)])
    newest = sorted(every, key=lambda v: -v._number)
    return newest[:most][::-1], len(newest[most:])


def _operands(v: Value) -> list[Any]:
    """The arguments, those in a sequence one by one."""
    return [m for arg in v.args for m in (arg if v.parents and _holds_value(arg) else (arg,))]


def _holds_value(arg: Any) -> bool:
    return type(arg) is tuple and any(type(member) is Value for member in arg)


def _call_label(v: Value) -> str:
    assert v.fn is not None
    symbol = TABLE[v.fn].symbol or name_of(v.fn).removeprefix("np.")
    settings = "".join(f"\n{name}={_short(value)}" for name, value in v.kwargs.items())
    return _text(symbol + settings)


def _box(v: Value, color: str) -> str:
    """A table with a row each for the label, the data, the gradient."""
    rows = [f"<b>{_markup(str(v.label))}</b>"] if v.label else []
    if type(v.data) is tuple:  # of a call with several results, which follow one by one
        rows += [_markup(f"{np.shape(x)} {np.result_type(x)}") for x in v.data]
    else:
        grad = like(0, v.data) if v._grad is None else v.grad
        if v.ndim:
            rows.append(_markup(f"{v.shape} {v.dtype}"))
        rows += [_markup(f"data {_short(v.data)}"), _markup(f"grad {_short(grad)}")]
    cells = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
    return (
        f'<<table border="1" cellborder="0" cellspacing="0" cellpadding="2" color="#888888" '
        f'bgcolor="{color}" style="rounded">{cells}</table>>'
    )


def _short(x: Any) -> str:
    """A number, or an array in a few words."""
    if isinstance(x, float | complex | np.inexact) and np.ndim(x) == 0:
        return f"{x:.4g}"
    if not isinstance(x, np.ndarray):
        return repr(x) if len(repr(x)) <= 30 else repr(x)[:29] + "…"
    if x.size <= _SMALL:
        return np.array2string(x, precision=3, separator=", ").replace("\n", "")
    if x.dtype.kind in "fiu":
        return f"{np.min(x):.3g} … {np.max(x):.3g}, mean {np.mean(x):.3g}"
    return f"{x.dtype} of shape {x.shape}"


def _markup(text: str) -> str:
    """Text in a table: there too Graphviz gives backslashes a meaning."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return html.escape(shown).replace("\\", "\\\\") if shown.strip() else "&#160;"


def _text(text: str) -> str:
    """Text as it is: without the meaning that Graphviz gives to backslashes and to <...>."""
    return graphviz.nohtml(graphviz.escape(text).replace("\n", "\\n"))
