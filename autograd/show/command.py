"""`python -m autograd draw|steps|explain|source EXPR name=value …`: backprop at a command line."""

import argparse
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import Any

import numpy as np

from autograd.errors import NotDifferentiable
from autograd.show.backward import everything_behind
from autograd.show.explaining import explain
from autograd.show.expressions import evaluated, number_from
from autograd.show.graph import draw
from autograd.show.sourcing import source
from autograd.show.stepping import steps
from autograd.value import Value

__all__ = ["add_to"]

_EXAMPLE = 'example: %(prog)s "tanh(w1*x1 + w2*x2 + b)" w1=-3 x1=2 w2=1 x2=0 b=6.8'


def add_to(commands: Any) -> None:
    """Add the commands and their options to a parser's commands."""
    command = _command(
        commands, "draw", "the graph of an expression, as a picture or as a tree", _draw
    )
    command.add_argument(
        "-o", "--output", metavar="FILE",
        help=".svg, .png, .pdf, .dot, .mermaid, .html or .txt; without it a tree is printed",
    )  # fmt: skip
    command.add_argument("--shares", action="store_true", help="the chain rule along each edge")
    command.add_argument("--direction", default="LR", choices=["LR", "TB", "RL", "BT"])
    command.add_argument("--theme", default="light", choices=["light", "dark"])
    command = _command(commands, "steps", "the forward and backward pass, call by call", _steps)
    command.add_argument("--phase", default="both", choices=["both", "forward", "backward"])
    command = _command(commands, "explain", "a page to play and step through both passes", _explain)
    command.add_argument("-o", "--output", metavar="FILE", default="backprop.html")
    command.add_argument("--still", action="store_true", help="without sliders on the leaves")
    command.add_argument("--open", action="store_true", help="show it in the browser")
    command = _command(commands, "source", "a NumPy function of the loss and gradients", _source)
    command.add_argument("--latex", action="store_true", help="the derivation, in LaTeX")
    command.add_argument("--wrt", metavar="NAMES", help="gradients by these alone: w1,w2")


def _command(commands: Any, name: str, help: str, run: Any) -> Any:
    command = commands.add_parser(name, help=help, description=help, epilog=_EXAMPLE)
    command.add_argument(
        "expression",
        help="names, numbers, + - * / %% ** @, functions of the table; in quotes",
    )
    command.add_argument(
        "values", nargs="*", metavar="NAME=VALUE", help="numbers, or lists of them"
    )
    command.set_defaults(run=lambda options: _run(run, options))
    return command


def _run(run: Any, options: argparse.Namespace) -> int:
    try:
        numbers = _assignments(options.values)
        with np.errstate(all="ignore"):  # an infinite result is one to look at
            run(evaluated(options.expression, numbers), options)
    except (ValueError, TypeError, RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _assignments(texts: list[str]) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name, value in map(_assignment, texts):
        if name in numbers:
            raise ValueError(f"{name} is given twice.")
        numbers[name] = value
    return numbers


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise ValueError(f"{text!r} is not of the form name=value, as w1=-3.")
    try:
        return name.strip(), number_from(value)
    except ValueError:
        raise ValueError(f"{text!r}: {value!r} is no number, and no list of numbers.") from None


def _draw(loss: Value, options: argparse.Namespace) -> None:
    if options.shares and not options.output:
        raise ValueError("--shares are on the edges of a picture: give a file, -o graph.svg.")
    if loss.size == 1:
        loss.backward()
    graph = draw(loss, shares=options.shares, direction=options.direction, theme=options.theme)
    print(graph.render(outfile=options.output) if options.output else graph.text)


def _steps(loss: Value, options: argparse.Namespace) -> None:
    print(steps(loss, phase=options.phase))


def _explain(loss: Value, options: argparse.Namespace) -> None:
    path = Path(options.output)
    try:
        explain(loss, path, live=not options.still, title=options.expression)
    except NotDifferentiable as reason:  # arrays, and functions that JavaScript has not
        explain(loss, path, title=options.expression)
        print(f"without sliders: {reason}", file=sys.stderr)
    print(path)
    if options.open:
        webbrowser.open(path.resolve().as_uri())


def _source(loss: Value, options: argparse.Namespace) -> None:
    wrt = None
    if options.wrt is not None:
        leaves = {v.label: v for v in everything_behind(loss) if v.fn is None}
        names = [name.strip() for name in options.wrt.split(",")]
        if missing := [name for name in names if name not in leaves]:
            raise ValueError(
                f"--wrt {', '.join(missing)}: the names are {', '.join(filter(None, leaves))}."
            )
        wrt = [leaves[name] for name in names]
    print(source(loss, wrt, language="latex" if options.latex else "numpy"))
