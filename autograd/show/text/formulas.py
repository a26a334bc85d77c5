"""The chain rule of one call in words: the formula of a rule, and the same with the numbers in."""

import ast
import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

import autograd.functions as functions
from autograd.show.backward import is_number
from autograd.show.text.helpers import Helpers
from autograd.show.text.notation import mathematics, regular
from autograd.show.text.program import shares_of
from autograd.show.text.symbols import Symbol, Tracer
from autograd.show.text.writing import Writer
from autograd.show.words import SMALL, number, operands
from autograd.value import Value

__all__ = ["Formula", "formulas_of"]

_LONG = 160  # characters
_MANY = 64  # arguments of one call


class Formula(NamedTuple):
    """What a rule computes, as a syntax tree whose names stand for the gradient and the Values."""

    expression: ast.expr
    values: dict[str, Any]  # by the names in the expression: "g", an array's name, or a Value
    complex: bool  # then rules compute with the conjugates of what users know as gradients

    def text(self, names: Mapping[Value, str]) -> str:
        """The formula with names, as `g · (1 − y²)`; g is the incoming gradient."""
        shown = {k: v if type(v) is str else names[v] for k, v in self.values.items()}
        if list(shown.values()).count("g") > 1:  # a Value of that name
            shown["g"] = "g′"
        if self.complex:
            shown = shown | ({"g": f"conj({shown['g']})"} if "g" in shown else {})
            return f"conj({mathematics(self.expression, shown)})"
        return mathematics(self.expression, shown)

    def numbers(self, gradient: Any, result: Any) -> str:
        """The formula with the numbers put in; "" if they are not all single numbers.

        They have so many digits that the result comes out of them; "" if it never does.
        """
        if not is_number(result):
            return ""
        found: dict[str, Any] = {}
        for name, v in self.values.items():
            x = getattr(v, "data", None) if type(v) is not str else gradient if v == "g" else None
            if x is None or not is_number(x) or isinstance(x, complex):
                return ""
            found[name] = float(x)
        if isinstance(self.expression, ast.Name):  # what passes unchanged is said once
            return ""
        for digits in (4, 6, 9, 13):
            texts = {name: number(x, digits) for name, x in found.items()}
            rounded = {name: np.float64(text) for name, text in texts.items()}
            if _gives(self.expression, rounded, result):
                shown = {k: f"({t})" if t[0] == "-" else t for k, t in texts.items()}
                return mathematics(self.expression, shown).replace("−", "-")
        return ""


def _gives(expression: ast.expr, values: dict[str, Any], result: Any) -> bool:
    """Whether the formula gives the result, to three digits."""
    tree = ast.fix_missing_locations(ast.Expression(copy.deepcopy(expression)))
    with np.errstate(all="ignore"):
        try:
            found = eval(compile(tree, "<formula>", "eval"), vars(functions) | {"np": np} | values)
        except (NameError, TypeError, ValueError, ArithmeticError):
            return False  # it is not of NumPy's functions alone
        if np.shape(found) != np.shape(result):
            return False
        return bool(np.all(np.isclose(found, result, rtol=1e-3, atol=0, equal_nan=True)))


class _NoHelpers(Helpers):
    """Refers to functions by their names alone."""

    def name(self, fn: Any) -> str:
        return str(getattr(fn, "__name__", "rule")).strip("<>_")


def formulas_of(
    call: Value, gradient: Any, constants: Mapping[int, str] | None = None
) -> dict[int, Formula]:
    """The formulas by which a call passes its gradient on, by the places of its arguments.

    They are the rules themselves: run on Symbols, which note what they compute. One that is too
    long to be read is left out.
    """
    if type(call.data) is tuple:
        return {}
    notes = _Notes(call, constants or {})
    y = notes.symbol("y", call.data, call)
    args = tuple(map(notes.argument, call.args, call.seen))
    g = notes.symbol("g", gradient, "g")
    places = [place for place, arg in enumerate(operands(call)) if type(arg) is Value]
    derivative = call._call
    assert derivative is not None
    if not derivative.sequence:
        places = [place for place in places if derivative.rules[place] is not None]
    if len(places) > _MANY:
        return {}
    traced = shares_of(notes.tracer, call, places, g, y, args)
    found = {place: notes.formula(c) for place, c in zip(places, traced, strict=True)}
    return {place: formula for place, formula in found.items() if formula is not None}


class _Notes:
    """The Symbols of one call, and what their names stand for."""

    def __init__(self, call: Value, constants: Mapping[int, str]) -> None:
        self.call = call
        self.constants = constants
        self.tracer = Tracer()
        self.names: dict[Symbol, str] = {}
        self.values: dict[str, Any] = {}
        self.writer = Writer(self.names, _NoHelpers({}), lambda x: "constant")

    def symbol(self, name: str, data: Any, v: Any) -> Symbol:
        made = self.tracer.leaf(data)
        self.names[made], self.values[name] = name, v
        return made

    def argument(self, arg: Any, seen: Any) -> Any:
        if type(arg) is Value:
            return self.symbol(f"x{len(self.names)}", seen, arg)
        if type(arg) in (list, tuple) and type(seen) in (list, tuple) and len(arg) == len(seen):
            return type(seen)(map(self.argument, arg, seen))
        known = id(arg) in self.constants or id(seen) in self.constants
        if isinstance(seen, np.ndarray) and (known or seen.size > SMALL):
            named = self.constants.get(id(arg)) or self.constants.get(id(seen), "array")
            return self.symbol(f"x{len(self.names)}", seen, named)
        return seen

    def formula(self, c: Any) -> Formula | None:
        """What a rule computed, if it can be written in one line."""
        if not isinstance(c, Symbol | np.ndarray | np.generic | float | int | complex):
            return None  # gradients of several results
        expression = self.writer.argument(c)
        if (simple := regular(expression)) is not expression and self._holds(simple, c):
            expression = simple  # without the cases for poles, where none of them is this
        if len(ast.unparse(expression)) > _LONG:
            return None
        used = {n.id for n in ast.walk(expression) if isinstance(n, ast.Name)}
        values = {name: v for name, v in self.values.items() if name in used}
        return Formula(expression, values, np.iscomplexobj(self.call.data))

    def _holds(self, simple: ast.expr, c: Any) -> bool:
        """Whether a simplified formula gives what the rule does, of the numbers of this call."""
        result = c.data if isinstance(c, Symbol) else c
        numbers = {name: symbol.data for symbol, name in self.names.items()}
        if not any(isinstance(n, ast.IfExp | ast.Call) for n in ast.walk(simple)) and is_number(c):
            numbers = {
                name: np.float64(x) if type(x) is float else x for name, x in numbers.items()
            }
        return _gives(simple, numbers, result)
