"""The live part of a page: the graph as JavaScript, its derivatives the table's own.

The rules of the table are translated from their source text; what NumPy's functions of numbers
are in JavaScript stands in `page/live.js`.
"""

import ast
import functools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd.functions as functions
from autograd.binding import Rule
from autograd.call import TABLE, Rules
from autograd.errors import NotDifferentiable
from autograd.naming import name_of
from autograd.show.stepping import Steps
from autograd.show.text.notation import javascript, mathematics, regular
from autograd.show.text.rules import Unreadable, opened
from autograd.table import load_chapters, rules_of
from autograd.value import Value

__all__ = ["for_json", "in_javascript", "known_functions", "live_script"]

_RUNTIME = Path(__file__).with_name("page") / "live.js"


def for_json(x: Any) -> Any:
    """A number for JSON, which has none that are not finite."""
    text = repr(float(x))
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return words[text] if text in words else float(x)


class _Runtime(NamedTuple):
    """The script `live.js`: its tables, the rest of it, and the names that stand in the tables."""

    tables: str
    rest: str
    functions: frozenset[str]
    in_rules: frozenset[str]


@functools.cache
def _runtime() -> _Runtime:
    text = _RUNTIME.read_text("utf-8")
    tables, rest = text.split("// ---- the graph\n")
    own, more = (
        frozenset(re.findall(r"(?:^|[ ,])([a-z]\w*):", part, re.MULTILINE))
        for part in tables.split("// ---- what only rules ask\n")
    )
    return _Runtime(tables, rest, own, own | more)


def known_functions() -> list[Any]:
    """The functions of the table that a live page computes."""
    load_chapters()
    return [fn for fn in TABLE if in_javascript(fn, ()) is not None]


def in_javascript(fn: Any, args: Sequence[Any]) -> str | None:
    """A function with its rules, as an object of JavaScript; None if a page does not know it.

    `f` is the function; `d` its rules by argument, each as a function, and as text to read, in
    which ⟦g⟧, ⟦y⟧, ⟦x0⟧ stand for numbers. Arguments that are no Values are constants in it.
    """
    derivative = rules_of(fn)
    name = _short_name(fn)
    own = (getattr(module, name, None) for module in (np, functions))
    # A user's function may have the same name.
    if derivative is None or name not in _runtime().functions or fn not in own:
        return None
    try:
        rules = [_rule(derivative, place, args) for place in range(derivative.arity)]
    except Unreadable:
        return None
    return f"{{f: np.{name}, d: [{', '.join(rules)}]}}"


def _short_name(fn: Any) -> str:
    return name_of(fn).removeprefix("np.")


def _rule(derivative: Rules, place: int, args: Sequence[Any]) -> str:
    rule = derivative.rules[place]
    if rule is None:
        return "null"
    names = ["g", "y", *(f"x{k}" for k in range(derivative.arity))]
    inputs: list[ast.expr] = [ast.Name(n, ast.Load()) for n in names]
    for k, arg in enumerate(args):
        if type(arg) is not Value:
            inputs[2 + k] = ast.Constant(arg)
    expression = opened(rule, inputs)
    routes = ""
    if derivative.routes and (route := derivative.routes[place]):
        routes = f"routes: ({', '.join(names)}) => {_body(route, inputs)}, "
    text = mathematics(regular(expression), {n: f"⟦{n}⟧" for n in names})
    text = json.dumps(text, ensure_ascii=False)
    return f"{{f: ({', '.join(names)}) => {_body(rule, inputs)}, {routes}text: {text}}}"


def _body(rule: Rule, inputs: Sequence[ast.expr]) -> str:
    """A rule as an expression of JavaScript."""
    expression = opened(rule, inputs)
    names = {n.id for n in inputs if isinstance(n, ast.Name)}
    used = {n.id for n in ast.walk(expression) if isinstance(n, ast.Name)}
    called = {_function(n) for n in ast.walk(expression) if isinstance(n, ast.Call)}
    if not called <= _runtime().in_rules or not used <= {*names, "np", "π", "∞", *called}:
        raise Unreadable(rule)
    try:
        return javascript(expression)
    except (ValueError, KeyError) as error:
        raise Unreadable(error) from None


def _function(call: ast.Call) -> str:
    return ast.unparse(call.func).removeprefix("np.")


def live_script(passes: Steps, index: Mapping[Value, int]) -> str:
    """The script of a live page. Raises NotDifferentiable for what such a page cannot compute."""
    table: dict[str, str] = {}
    nodes = []
    for v in passes.passed.values:
        name = passes.names[v]
        if type(v.data) is not float:
            raise NotDifferentiable(
                f"live=True is for graphs of single real numbers; {name} has "
                + (f"the shape {v.shape} and {v.dtype}" if type(v.data) is not tuple else "several")
                + ": leave live out."
            )
        if v not in index:
            raise NotDifferentiable(
                f"live=True needs all of the graph, which has {len(passes.passed.values)} "
                f"Values: give a max_nodes as large."
            )
        if v.fn is None:
            continue
        script = None if v.kwargs else in_javascript(v.fn, v.args)
        if script is None:
            raise NotDifferentiable(
                f"live=True: the page does not compute {name_of(v.fn)}, of which {name} is the "
                "result; leave live out."
            )
        places = ["_" if type(a) is Value else repr(a) for a in v.args]
        fn = " ".join([_short_name(v.fn), *places])
        table[fn] = script
        nodes.append({"v": index[v], "fn": fn, "args": [_argument(a, index) for a in v.args]})
    rules = ",\n  ".join(f"{json.dumps(fn)}: {text}" for fn, text in table.items())
    listed = json.dumps(nodes, separators=(",", ":"), allow_nan=False)
    graph = f"const LIVE = {{nodes: {listed}, table: {{\n  {rules}\n}}}};"
    return f"{_runtime().tables}{graph}\n{_runtime().rest}"


def _argument(arg: Any, index: Mapping[Value, int]) -> Any:
    if type(arg) is Value:
        return {"v": index[arg]}
    return None if arg is None else for_json(arg)
