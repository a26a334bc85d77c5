"""Expressions that are typed: `tanh(w*x + b)` with numbers for its names, as a graph of Values.

The grammar is names, numbers, + - * / % ** @, parentheses, and functions of the table; nothing
else of Python's is there to be reached. A mistake is shown where it is, with a caret under it.
"""

import ast
import difflib
import importlib.util
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import autograd.functions as functions
from autograd.call import TABLE
from autograd.naming import name_of
from autograd.table import about_of, load_chapters
from autograd.value import Value

__all__ = ["ExpressionError", "evaluated", "number_from"]

_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Mod: operator.mod,
    ast.Div: operator.truediv, ast.Pow: operator.pow, ast.MatMult: operator.matmul,
}  # fmt: skip
_SIGNS: dict[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_OTHER_NAMES = {
    "ln": "log",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
}
_SIGNS_OF_PRINT = {"×": "*", "·": "*", "÷": "/", "−": "-", "²": "** 2", "³": "** 3", "√": "sqrt(x)"}
_LARGEST = 10_000  # of whole numbers as arguments: shapes, orders, numbers of repetitions
_CONSTANTS = {"pi": math.pi, "e": math.e}


_ERRORS = (ArithmeticError, AttributeError, IndexError, MemoryError, TypeError, ValueError)


class ExpressionError(ValueError):
    """A mistake in an expression, with the place where it is.

    >>> print(ExpressionError("2 * y", 4, "there is no number for y"))
    2 * y
        ^ there is no number for y
    """

    def __init__(self, text: str, column: int, message: str) -> None:
        super().__init__(f"{text}\n{' ' * column}^ {message}")


def evaluated(text: str, numbers: Mapping[str, Any]) -> Value:
    """The Value of an expression; its leaves are the names, labelled so.

    numbers: for each name a number, or a list of numbers, which is an array.

    Raises ExpressionError for anything outside of the grammar, and for names without a number.

    >>> y = evaluated("tanh(w * x) ** 2", {"w": 0.5, "x": 2})
    >>> round(y.data, 6), y.fn
    (0.580026, <ufunc 'power'>)
    """
    if importlib.util.find_spec("scipy"):
        importlib.import_module("scipy.special")
    load_chapters()
    text = " ".join(text.splitlines()).strip()
    for sign, meant in _SIGNS_OF_PRINT.items():
        if sign in text:
            raise ExpressionError(text, text.index(sign), f"is not typed here: write {meant}.")
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        end = len(text)
        column = min(error.offset - 1, end) if error.offset else end
        message = f"cannot be read: {error.msg}."
        if "literal" in message:
            message += " A product is written 2 * w."
        raise ExpressionError(text, column, message) from None
    except (RecursionError, MemoryError, ValueError) as error:
        raise ExpressionError(text[:60], 0, f"cannot be read: {error}") from None
    reader = _Reader(text, {k: Value(x, label=k) for k, x in numbers.items()})
    with np.errstate(all="ignore"):
        try:
            found = reader.read(tree)
        except RecursionError:
            raise ExpressionError(text[:60], 0, "is nested too deeply.") from None
    if unused := [name for name in numbers if name not in reader.used]:
        raise ExpressionError(text, 0, f"does not have {', '.join(unused)} in it.")
    if not isinstance(found, Value):
        raise ExpressionError(text, 0, "has no names in it, so no derivatives.")
    if found.fn is not None:
        found.label = next((n for n in ("y", "f", "L") if n not in numbers), "result")
    return found


class _Reader:
    """Computes a syntax tree, node by node."""

    def __init__(self, text: str, leaves: Mapping[str, Value]) -> None:
        self.text = text
        self.leaves = leaves
        self.used: set[str] = set()

    def mistake(self, node: ast.AST, message: str) -> ExpressionError:
        column = len(self.text.encode()[: getattr(node, "col_offset", 0)].decode())
        return ExpressionError(self.text, column, message)

    def read(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=bool() | str() | bytes() | None):
                raise self.mistake(node, "only numbers, names and functions stand here.")
            case ast.Constant(value=int() | float() as value):
                return value
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self.computed(node, _OPERATORS[type(op)], [left, right])
            case ast.BinOp(op=ast.BitXor(), right=right):
                caret = self.text.encode()[: right.col_offset].decode().rindex("^")
                raise ExpressionError(self.text, caret, "a power is written x ** n, not x ^ n.")
            case ast.UnaryOp(op=op, operand=x) if type(op) in _SIGNS:
                return self.computed(node, _SIGNS[type(op)], [x])
            case ast.Call(func=func, args=args, keywords=keywords):
                if keywords:
                    raise self.mistake(keywords[0], "functions take numbers by place here.")
                return self.computed(node, self.function(func), args)
        raise self.mistake(
            node, "is not one of names, numbers, + - * / % ** @ and functions of the table."
        )

    def name(self, node: ast.expr, name: str) -> Any:
        if name in self.leaves:
            self.used.add(name)
            return self.leaves[name]
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        given = f"; given: {', '.join(self.leaves)}" if self.leaves else ""
        raise self.mistake(
            node, f"there is no number for {name}: write {name}=1.5 after the expression{given}."
        )

    def computed(self, node: ast.expr, fn: Callable[..., Any], args: list[ast.expr]) -> Any:
        found = [self.read(arg) for arg in args]
        try:
            if isinstance(node, ast.Call):
                if any(isinstance(x, int) and abs(x) > _LARGEST for x in found):
                    raise self.mistake(node, f"takes no whole numbers above {_LARGEST:,} here.")
            elif not any(isinstance(x, Value) for x in found):
                found = list(map(float, found))  # whole numbers would grow without an end
            result = fn(*found)
        except ExpressionError:
            raise
        except _ERRORS as error:
            reason = str(error.args[-1] if isinstance(error, OverflowError) else error)
            raise self.mistake(node, f"cannot be computed: {reason.rstrip('.')}.") from None
        if isinstance(result, Value | float | int | np.number):
            return result if isinstance(result, Value) else float(result)
        raise self.mistake(node, f"gives {type(result).__name__}, which has no derivative.")

    def function(self, func: ast.expr) -> Callable[..., Any]:
        """A function of the table by its name: tanh, np.tanh, linalg.norm."""
        name = ast.unparse(func)
        if not all(part.isidentifier() for part in name.split(".")):
            raise self.mistake(func, "a function is called by its name here.")
        known = functions_by_name()
        if name in self.leaves:
            raise self.mistake(func, f"{name} is a number: a product is written {name} * (…).")
        short = name.removeprefix("numpy.").removeprefix("np.").removeprefix("autograd.")
        if short in known:
            return known[short]
        short = _OTHER_NAMES.get(short, short)
        near = difflib.get_close_matches(short, known, 3)
        near = [short] if short in known else near
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise self.mistake(func, f"there is no function {name} with a derivative.{hint}")


def functions_by_name() -> dict[str, Callable[..., Any]]:
    """The functions of the table by the names they are typed with."""
    found: dict[str, Callable[..., Any]] = {}
    for fn in filter(about_of, TABLE):
        name = name_of(fn)
        if name.startswith(("np.", "scipy.special.")):
            found[name.removeprefix("np.")] = fn
            found.setdefault(name.removeprefix("scipy.special."), fn)
    for module in (np, functions):
        for name in getattr(module, "__all__", ()):
            thing: Any = getattr(module, name, None)
            if callable(thing) and about_of(thing):
                found[name] = thing
    return found


def number_from(text: str) -> Any:
    """A number, or a list of numbers, from text. Raises ValueError."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        value = None
    if value is None:
        value = float(text)  # nan, inf
    kind = np.asarray(value).dtype.kind
    if kind not in "if":
        raise ValueError(f"{text!r} is no number, and no list of numbers.")
    return value
