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
        help="an argument: numbers, lists (arrays), dicts; NAME= may be left out in f's order",
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
        names, inputs = _inputs(options.at)
        grad = _by_name(_function(options.grad), names) if options.grad else None
        report = gradcheck(_by_name(f, names), inputs, grad, **settings, raises=False)
    except Exception as error:  # also one of the module, or of f at these arguments
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(report.table(every=True))
    return int(not (report.complete if options.strict else report.ok))


def _by_name(f: Any, names: list[str]) -> Any:
    """f of arguments by position, in the order of these names, if it has such names."""
    try:
        known = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):  # some of NumPy's functions, whose arguments have no names
        return f
    if not all(names) or names == known[: len(names)]:
        return f
    if unknown := [name for name in names if name not in known]:
        raise TypeError(
            f"{getattr(f, '__name__', f)} has the arguments {', '.join(known)}, "
            f"not {', '.join(unknown)}"
        )

    def in_order(*args: Any) -> Any:
        given = dict(zip(names, args, strict=True))
        if set(known[: len(names)]) == set(names):  # NumPy's take them by position only
            return f(*(given[name] for name in known[: len(names)]))
        return f(**given)

    in_order.__name__ = getattr(f, "__name__", "f")
    parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in names]
    vars(in_order)["__signature__"] = inspect.Signature(parameters)
    return in_order


def _function(path: str) -> Any:
    """What module:function names, looked for in the working directory too."""
    module, colon, name = path.partition(":")
    if not colon or not name:
        raise ValueError(
            f"a function is given as module:function, such as numpy:tanh, not {path!r}"
        )
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = operator.attrgetter(name)(importlib.import_module(module))
    except AttributeError:
        raise AttributeError(f"the module {module!r} has no {name!r}") from None
    if not callable(found):
        raise ValueError(f"{path} is no function, but {type(found).__name__}")
    return found


def _inputs(given: list[str]) -> tuple[list[str], tuple[Any, ...]]:
    """The arguments, and their names if they have some: lists are arrays."""
    names, inputs = [], []
    for text in given:
        name, equals, value = text.partition("=")
        named = bool(equals) and name.strip().isidentifier()
        try:
            read = ast.literal_eval((value if named else text).strip())
            inputs.append(_as_arrays(read))
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
