"""The chain rule of one call in words: the formula of a rule, and the same with the numbers in."""

import ast
import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.show.backward import is_number
from autograd.show.helpers import Helpers
from autograd.show.notation import mathematics, regular
from autograd.show.program import share_of
from autograd.show.symbols import Symbol, Tracer
from autograd.show.words import number
from autograd.show.writing import Writer
from autograd.value import Value

__all__ = ["Formula", "formula_of"]

_LONG = 160  # characters
_SMALL = 6  # elements of an array that is written out


class Formula(NamedTuple):
    """What a rule computes, as a syntax tree whose names stand for the gradient and the Values."""

    expression: ast.expr
    values: dict[str, Any]  # by the names in the expression: "g", "array", or a Value

    def text(self, names: Mapping[Value, str]) -> str:
        """The formula with names, as `g · (1 − y²)`; g is the incoming gradient."""
        return mathematics(
            self.expression,
            {k: v if type(v) is str else names[v] for k, v in self.values.items()},
        )

    def numbers(self, gradient: Any, result: Any) -> str:
        """The formula with the numbers put in; "" if they are not all single numbers.

        They have so many digits that the result comes out of them.
        """
        found: dict[str, Any] = {}
        for name, v in self.values.items():
            x = getattr(v, "data", None) if type(v) is not str else gradient if v == "g" else None
            if x is None or not is_number(x) or isinstance(x, complex):
                return ""
            found[name] = float(x)
        texts: dict[str, str] = {}
        for digits in (4, 6, 9, 13):
            texts = {name: number(x, digits) for name, x in found.items()}
            if self._gives(result, {name: float(text) for name, text in texts.items()}):
                break
        shown = {name: f"({t})" if t.startswith("-") else t for name, t in texts.items()}
        return mathematics(self.expression, shown)

    def _gives(self, result: Any, numbers: dict[str, float]) -> bool:
        """Whether the formula of rounded numbers is the result, to three digits."""
        tree = ast.fix_missing_locations(ast.Expression(copy.deepcopy(self.expression)))
        try:
            with np.errstate(all="ignore"):
                found = eval(compile(tree, "<formula>", "eval"), {"np": np} | numbers)
            return not np.isfinite(result) or bool(abs(found - result) <= 1e-3 * abs(result))
        except Exception:  # functions that are not NumPy's
            return True


class _NoHelpers(Helpers):
    """Refers to functions by their names alone."""

    def name(self, fn: Any) -> str:
        return str(getattr(fn, "__name__", "rule")).strip("<>_")


def formula_of(call: Value, place: int, gradient: Any) -> Formula | None:
    """The formula by which a call passes its gradient on to one of its arguments.

    It is the rule itself: run on Symbols, which note what it computes. None if it is too long to
    be read.
    """
    tracer = Tracer()
    names: dict[Symbol, str] = {}
    values: dict[str, Any] = {"g": "g"}

    def symbol(name: str, data: Any, v: Any) -> Symbol:
        made = tracer.leaf(data)
        names[made], values[name] = name, v
        return made

    def argument(arg: Any, seen: Any) -> Any:
        if type(arg) is Value:
            return symbol(f"x{len(names)}", seen, arg)
        if type(arg) in (list, tuple) and type(seen) in (list, tuple) and len(arg) == len(seen):
            return type(seen)(map(argument, arg, seen))
        if isinstance(seen, np.ndarray) and seen.size > _SMALL:
            return symbol(f"x{len(names)}", seen, "array")
        return seen

    if type(call.data) is tuple:
        return None
    y = symbol("y", call.data, call)
    args = tuple(map(argument, call.args, call.seen))
    g = tracer.leaf(gradient)
    names[g] = "g"
    try:
        c = share_of(tracer, call, place, g, y, args)
    except Exception:  # a rule that is not to be read: whoever asks goes on without its formula
        return None
    if not isinstance(c, Symbol | np.ndarray | np.generic | float | int | complex):
        return None  # gradients of several results
    writer = Writer(names, _NoHelpers(set()), lambda x: "constant")
    expression = regular(writer.argument(c))
    used = {n.id for n in ast.walk(expression) if isinstance(n, ast.Name)}
    formula = Formula(expression, {k: v for k, v in values.items() if k in used})
    return formula if len(ast.unparse(expression)) <= _LONG else None
