"""`python -m autograd check`: the verdicts on one function, or the ledger of all."""

import argparse
import ast
import importlib
import inspect
import operator
import os
import sys
from collections import Counter
from typing import Any

import numpy as np

from autograd.check.gradcheck import gradcheck

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command and its options to a parser's commands."""
    command = commands.add_parser(
        "check",
        help="whether a gradient is right",
        epilog="""examples: check numpy:tanh --at "x=[0.3, 1.2]"; check mine:loss --at "w=[[1, 2]]"
        --at "b=0.5" --order 2; check mine:f --grad mine:df --at 2.0; check --table""",
    )
    command.add_argument("function", nargs="?", help="module:function, also one of the directory")
    command.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an argument: numbers, lists (arrays), dicts; NAME= may be left out in f's order; "
        "--at=-1 if it begins with a minus",
    )
    command.add_argument(
        "--fixed",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an argument that is kept as it is: a number of axes, a name",
    )
    command.add_argument("--grad", metavar="MODULE:FUNCTION", help="what is to be its gradient")
    command.add_argument("--order", type=int, default=1, help="2: second derivatives too")
    command.add_argument("--cheap", action="store_true", help="one random direction only")
    command.add_argument("--rtol", type=float, help="relative tolerance")
    command.add_argument("--atol", type=float, help="absolute tolerance")
    command.add_argument("--strict", action="store_true", help="kinks and rounding fail too")
    command.add_argument("--table", action="store_true", help="every function of the table")
    command.set_defaults(run=_check, parser=command)


def _check(options: argparse.Namespace) -> int:
    if options.table:
        return _check_table()
    if not options.function or not options.at:
        options.parser.error(
            'give a function and its arguments: check numpy:tanh --at "x=[0.3, 1.2]"; or --table'
        )
    settings: dict[str, Any] = {"order": options.order, "cheap": options.cheap}
    settings |= {"rtol": options.rtol, "atol": options.atol}
    try:
        f = _function(options.function)
        names, inputs = _in_order(f, *_inputs(options.at))
        fixed = dict(zip(*_inputs(options.fixed, ast.literal_eval), strict=True))
        grad = _with(_function(options.grad), names, fixed) if options.grad else None
        report = gradcheck(_with(f, names, fixed), inputs, grad, **settings, raises=False)
    except Exception as error:  # also one of the module, or of f at these arguments
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(report.table(every=True))
    return int(not (report.complete if options.strict else report.ok))


def _in_order(f: Any, names: list[str], inputs: Any) -> tuple[list[str], tuple[Any, ...]]:
    """The arguments in the order that f has them in, if f names them."""
    try:
        known = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):  # some of NumPy's functions
        return names, inputs
    if not all(names) or hasattr(f, "forward"):
        return names, inputs
    if unknown := [name for name in names if name not in known]:
        raise TypeError(
            f"{getattr(f, '__name__', f)} has the arguments {', '.join(known)}, "
            f"not {', '.join(unknown)}"
        )
    order = sorted(range(len(names)), key=lambda k: known.index(names[k]))
    return [names[k] for k in order], tuple(inputs[k] for k in order)


def _with(f: Any, names: list[str], fixed: dict[str, Any]) -> Any:
    """f of the moved arguments alone: by position if they come first, else by name."""
    try:
        first = list(inspect.signature(f).parameters)[: len(names)]
    except (TypeError, ValueError):
        first = names
    if not fixed and (first == names or not all(names) or hasattr(f, "forward")):
        return f

    def moved(*args: Any) -> Any:
        if first == names or not all(names):
            return f(*args, **fixed)
        return f(**dict(zip(names, args, strict=True)), **fixed)

    moved.__name__ = getattr(f, "__name__", "f")
    if all(names):
        parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in names]
        vars(moved)["__signature__"] = inspect.Signature(parameters)
    return moved


def _function(path: str) -> Any:
    """What module:function names, looked for in the working directory too."""
    module, colon, name = path.partition(":")
    if not colon or not name:
        raise ValueError(
            f"a function is given as module:function, such as numpy:tanh, not {path!r}"
        )
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    home = importlib.import_module(module)
    try:
        found = operator.attrgetter(name)(home)
    except AttributeError:
        raise AttributeError(f"the module {module!r} has no {name!r}") from None
    if not callable(found):
        raise ValueError(f"{path} is no function, but {type(found).__name__}")
    return found


def _inputs(given: list[str], read: Any = None) -> tuple[list[str], tuple[Any, ...]]:
    """The arguments, and their names if they have some: lists are arrays."""
    read = read or (lambda text: _as_arrays(ast.literal_eval(text)))
    names, inputs = [], []
    for text in given:
        name, equals, value = text.partition("=")
        named = bool(equals) and name.strip().isidentifier()
        try:
            inputs.append(read((value if named else text).strip()))
        except (SyntaxError, ValueError, TypeError):
            raise ValueError(
                f"--at {text!r} is no argument: write numbers, lists or dicts of them, such as "
                '"x=[0.3, 1.2]", "x=2.0" or "p={\'w\': [1.0]}"'
            ) from None
        names.append(name.strip() if named else "")
    twice = [name for name in set(names) if name and names.count(name) > 1]
    if twice:
        raise ValueError(f"{', '.join(twice)} is given twice")
    if any(names) and not all(names):
        raise ValueError("give either all arguments by name or none: --at x=1.0 --at y=2.0")
    return names, tuple(inputs)


def _as_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_arrays(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_as_arrays, value))
    if isinstance(value, list):
        return np.array(value, complex if np.iscomplexobj(value) else float)
    if isinstance(value, bool | str):
        raise TypeError
    return value if isinstance(value, complex) else float(value)


def _check_table() -> int:
    """Print the ledger: a line for each function, with the verdicts of each order."""
    from autograd.check.ledger import ledger

    wrong, total = [], 0
    counts: Counter[str] = Counter()
    for line in ledger():
        print(line, flush=True)
        total += 1
        for verdicts in line.orders.values():
            counts.update({str(verdict): n for verdict, n in verdicts.items()})
        if not line.ok:
            wrong.append(line)
    summary = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    print(f"{total} functions, {len(wrong)} wrong; {summary}")
    for line in wrong:
        for report in line.reports:
            if not report:
                print(f"\n{line.name}\n{report}")
    return int(bool(wrong))
