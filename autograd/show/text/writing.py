"""Symbols as Python expressions: operators where there are some, literals for constants."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd.naming import name_of
from autograd.show.text.helpers import Helpers
from autograd.show.text.program import rule_called
from autograd.show.text.symbols import Symbol, attribute, method
from autograd.show.words import SMALL

__all__ = ["Writer", "is_narrow", "may_fail"]

_OPERATORS: dict[Any, type[ast.operator]] = {
    np.add: ast.Add, np.subtract: ast.Sub, np.multiply: ast.Mult, np.divide: ast.Div,
    np.matmul: ast.MatMult, np.power: ast.Pow, np.remainder: ast.Mod,
    np.floor_divide: ast.FloorDiv, np.bitwise_and: ast.BitAnd, np.bitwise_or: ast.BitOr,
}  # fmt: skip
_COMPARISONS: dict[Any, type[ast.cmpop]] = {
    np.greater: ast.Gt, np.less: ast.Lt, np.greater_equal: ast.GtE, np.less_equal: ast.LtE,
    np.equal: ast.Eq, np.not_equal: ast.NotEq,
}  # fmt: skip
_SIGNS: dict[Any, type[ast.unaryop]] = {np.negative: ast.USub, np.invert: ast.Invert}
_REDUCTIONS = {"maximum": "np.max", "minimum": "np.min", "add": "np.sum", "multiply": "np.prod"}


def parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def name_in_text(fn: Callable[..., Any]) -> str:
    """The name of a function of NumPy's or SciPy's, or "" if the text has to define it."""
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"{name_of(owner)}.{fn.__name__}"
    name = name_of(fn)
    return name if name.startswith(("np.", "scipy.special.")) else ""


class Writer:
    """Writes the call of a Symbol, with names for those that have one.

    constant: gives a name to an array that is too large to be written out.
    """

    def __init__(
        self, names: Mapping[Symbol, str], helpers: Helpers, constant: Callable[[Any], str]
    ) -> None:
        self.names = names
        self.helpers = helpers
        self.constant = constant
        self.expressions: dict[Symbol, ast.expr] = {}
        self.as_calls = False  # np.divide(x, y), where x / y may be one of Python's numbers

    def length(self, symbol: Symbol) -> int:
        return len(ast.unparse(self.expression(symbol)))

    def argument(self, x: Any) -> ast.expr:
        """An argument of a call: a name, another call, a constant."""
        if isinstance(x, Symbol):
            return ast.Name(self.names[x], ast.Load()) if x in self.names else self.expression(x)
        return self.literal(x)

    def expression(self, symbol: Symbol) -> ast.expr:
        if symbol not in self.expressions:
            self.expressions[symbol] = self._call(symbol)
        return self.expressions[symbol]

    def _call(self, symbol: Symbol) -> ast.expr:
        fn, args, kwargs = symbol.fn, symbol.args, symbol.kwargs
        assert fn is not None
        if not kwargs and fn in _OPERATORS and not (self.as_calls and may_fail(symbol)):
            left, right = self._operands(args)
            return ast.BinOp(left, _OPERATORS[fn](), right)
        if not kwargs and fn in _COMPARISONS and not any(np.iscomplexobj(_data(a)) for a in args):
            left, right = self._operands(args)
            return ast.Compare(left, [_COMPARISONS[fn]()], [right])
        if not kwargs and fn in _SIGNS:
            return ast.UnaryOp(_SIGNS[fn](), self.argument(args[0]))
        if fn is operator.getitem:
            return ast.Subscript(self.argument(args[0]), self.index(args[1]), ast.Load())
        if fn is attribute:
            return ast.Attribute(self.argument(args[0]), args[1], ast.Load())
        if fn is method:
            return self._called(
                ast.Attribute(self.argument(args[0]), args[1], ast.Load()), args[2:], kwargs
            )
        if fn is rule_called:
            return self._called(ast.Name(self.helpers.name(args[0]), ast.Load()), args[1:], kwargs)
        function = self._function(fn, kwargs)
        if kwargs.get("axis", 0) is None and ast.unparse(function) in _REDUCTIONS.values():
            kwargs = {name: value for name, value in kwargs.items() if name != "axis"}
        return self._called(function, args, kwargs)

    def _function(self, fn: Callable[..., Any], kwargs: dict[str, Any]) -> ast.expr:
        name = name_in_text(fn)
        if name.endswith(".reduce") and "axis" in kwargs:
            name = _REDUCTIONS.get(name.removeprefix("np.").removesuffix(".reduce"), name)
        if name.startswith("scipy"):
            self.helpers.imports_scipy = True
        return parsed(name or self.helpers.name(fn))

    def _called(self, called: ast.expr, args: Any, kwargs: dict[str, Any]) -> ast.expr:
        keywords = [ast.keyword(name, self.argument(value)) for name, value in kwargs.items()]
        return ast.Call(called, self._operands(args), keywords)

    def _operands(self, args: Any) -> list[ast.expr]:
        """The arguments of a call; doubles as Python's numbers, beside shorter ones.

        So they do not lengthen the result, in the text as in the engine.
        """
        narrow = any(is_narrow(_data(a)) for a in args)
        written = []
        for arg in args:
            expression = self.argument(arg)
            kind = type(getattr(arg, "data", None))
            if narrow and isinstance(arg, Symbol) and arg.fn and kind in (float, complex):
                expression = ast.Call(parsed(kind.__name__), [expression], [])
            written.append(expression)
        return written

    def index(self, index: Any) -> ast.expr:
        """What stands in brackets: there slices have a shorter form."""
        if isinstance(index, tuple) and index:
            return ast.Tuple([self._slice(i) for i in index], ast.Load())
        return self._slice(index)

    def _slice(self, x: Any) -> ast.expr:
        if isinstance(x, slice):
            return ast.Slice(*[None if i is None else self.argument(i)
                               for i in (x.start, x.stop, x.step)])  # fmt: skip
        return self.argument(x)

    def literal(self, x: Any) -> ast.expr:
        if isinstance(x, np.ndarray):
            return self._array(x)
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            x = tuple(x)
        if isinstance(x, tuple) and any(isinstance(i, slice) for i in x):
            return ast.Subscript(parsed("np.s_"), self.index(x), ast.Load())
        if isinstance(x, list | tuple):
            members = [self.argument(member) for member in x]
            return (ast.List if isinstance(x, list) else ast.Tuple)(members, ast.Load())
        if isinstance(x, dict):
            return ast.Dict(
                [self.argument(key) for key in x], [self.argument(value) for value in x.values()]
            )
        if isinstance(x, slice):
            return self._called(ast.Name("slice", ast.Load()), (x.start, x.stop, x.step), {})
        if isinstance(x, np.bool | bool):
            return ast.Constant(bool(x))
        if isinstance(x, np.generic) and not isinstance(x, np.float64 | np.complex128 | np.int64):
            return self._called(parsed(f"np.{type(x).__name__}"), (x.item(),), {})
        if isinstance(x, float | complex | int):
            return _number(x)
        if isinstance(x, np.dtype | type):
            if isinstance(x, type) and x in (int, float, bool, complex):
                return parsed(x.__name__)
            return parsed(f"np.{np.dtype(x).name}")
        if callable(x):
            return parsed(name_in_text(x) or self.helpers.name(x))
        return ast.Constant(x)

    def _array(self, x: Any) -> ast.expr:
        shape = [self.literal(tuple(x.shape) if x.ndim != 1 else x.size)]
        kind = [ast.keyword("dtype", self.literal(x.dtype))] if x.dtype != np.float64 else []
        if x.size == 0 or ((x == 0).all() and not np.signbit(x.real).any()):
            return ast.Call(parsed("np.zeros"), shape, kind)
        if (x == 1).all():
            return ast.Call(parsed("np.ones"), shape, kind)
        if x.size > 2 and (x == x.flat[0]).all() and x.flat[0] != 0:
            return ast.Call(parsed("np.full"), [*shape, self.literal(x.flat[0])], kind)
        if x.ndim == 1 and x.dtype == np.int64 and (x == np.arange(x.size)).all():
            return self._called(parsed("np.arange"), (x.size,), {})
        if x.size > SMALL:
            return ast.Name(self.constant(x), ast.Load())
        if x.dtype in (np.int64, np.bool):
            kind = []
        return ast.Call(parsed("np.array"), [self.literal(x.tolist())], kind)


def may_fail(symbol: Symbol) -> bool:
    """Whether Python's own numbers raise an error, or leave the reals, where NumPy's do not."""
    if symbol.fn in (np.divide, np.remainder):
        return np.ndim(symbol.data) == 0
    if symbol.fn is not np.power or np.ndim(symbol.data):
        return False
    exponent = symbol.args[1]
    return not (isinstance(exponent, int) and exponent >= 0)


def is_narrow(x: Any) -> bool:
    """Whether it is of single or half precision."""
    if not isinstance(x, np.ndarray | np.generic):
        return False
    return x.dtype.kind in "fc" and np.finfo(x.dtype).bits < 64


def _data(x: Any) -> Any:
    return x.data if isinstance(x, Symbol) else x


def _number(x: Any) -> ast.expr:
    """A number with all its digits; those that have no literal by their NumPy names."""
    if isinstance(x, complex):
        return ast.Call(ast.Name("complex", ast.Load()), [_number(x.real), _number(x.imag)], [])
    if isinstance(x, int):
        return parsed(str(int(x)))
    x = float(x)
    if x != x or x in (np.inf, -np.inf):
        return parsed("np.nan" if x != x else "np.inf" if x > 0 else "-np.inf")
    if x.is_integer() and abs(x) < 1e15 and str(x)[0] != "-":
        return ast.Constant(x)
    return parsed(repr(x))
