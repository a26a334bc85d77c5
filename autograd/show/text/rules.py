"""Rules as they are written: the source text of a function, found and opened up.

The rule of np.tanh, `lambda g, y, x: g * (1 - y * y)`, is read as the expression
`g * (1 - y * y)` of its arguments: so what a page computes with is the table itself.
"""

import ast
import copy
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.derivatives import numerics
from autograd.table import data_of

__all__ = ["Unreadable", "function_text", "opened"]

_DEPTH = 12  # of functions that call functions


class Unreadable(Exception):
    """The source text of a function is not there, or does more than an expression says."""


def _binary(op: ast.operator) -> Callable[..., ast.expr]:
    return lambda left, right: ast.BinOp(left, op, right)


# What the helpers of rules stand for: their cases are for infinities and complex numbers.
_MEANINGS: dict[Any, Callable[..., ast.expr]] = {
    numerics.divisor: lambda y: ast.Call(
        ast.parse("np.where", mode="eval").body,
        [ast.Compare(y, [ast.Eq()], [ast.Constant(0)]), ast.Name("∞", ast.Load()), y],
        [],
    ),
    numerics.power: _binary(ast.Pow()),
    numerics.conj: lambda x: x,
    np.divide: _binary(ast.Div()),
    np.floor_divide: _binary(ast.FloorDiv()),
    np.greater: lambda x, y: ast.Compare(x, [ast.Gt()], [y]),
    np.less: lambda x, y: ast.Compare(x, [ast.Lt()], [y]),
    numerics.where: lambda mask, a, b: ast.Call(
        ast.parse("np.where", mode="eval").body, [mask, a, b], []
    ),
    numerics.zeros_of: lambda x: ast.Constant(0),
    numerics.holds_somewhere: lambda mask: ast.Constant(True),
    numerics.is_large_and_regular: lambda y: ast.Constant(False),
    data_of: lambda x: x,
}
_OF_TYPES = {"isinstance", "iscomplexobj", "hasattr", "is_tracked"}


def opened(
    fn: Callable[..., Any], arguments: Sequence[ast.expr], *, depth: int = _DEPTH
) -> ast.expr:
    """What a function of real numbers returns, as an expression of its arguments.

    Choices by type are made, choices by number stay. Raises Unreadable.
    """
    text = function_text(fn)
    parameters = [a.arg for a in (*text.args.posonlyargs, *text.args.args)]
    if depth == 0 or len(arguments) > len(parameters) or text.args.vararg:
        raise Unreadable(fn)
    given = dict(zip(parameters, arguments, strict=False))
    for parameter in list(inspect.signature(fn).parameters.values())[len(arguments) :]:
        if parameter.default is parameter.empty:
            raise Unreadable(fn)
        given[parameter.name] = ast.Constant(parameter.default)
    around = inspect.getclosurevars(fn).nonlocals if fn.__code__.co_freevars else {}
    return _Reader(given, fn.__globals__ | dict(around), depth).block(text.body)


class _Reader(ast.NodeTransformer):
    """Puts expressions for names, and what functions return for their calls."""

    def __init__(self, given: dict[str, ast.expr], known: dict[str, Any], depth: int) -> None:
        self.given = given
        self.known = known
        self.depth = depth

    def block(self, statements: Sequence[ast.stmt]) -> ast.expr:
        for k, statement in enumerate(statements):
            match statement:
                case ast.Return(value=value) if value is not None:
                    return self.visit(value)
                case ast.Expr(value=ast.Constant()):  # a docstring
                    continue
                case ast.Assign(targets=[ast.Name(id=target)], value=value):
                    self.given = self.given | {target: self.visit(value)}
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=members)):
                    parts = [self.visit(member) for member in members]
                    targets = [n.id for n in names if isinstance(n, ast.Name)]
                    self.given = self.given | dict(zip(targets, parts, strict=True))
                case ast.AnnAssign(target=ast.Name(id=target), value=value) if value is not None:
                    self.given = self.given | {target: self.visit(value)}
                case ast.With(body=body):  # of np.errstate
                    return self.block([*body, *statements[k + 1 :]])
                case ast.If(test=test, body=body, orelse=orelse):
                    rest = statements[k + 1 :]
                    return self.choice(test, [*body, *rest], [*orelse, *rest])
                case _:
                    break
        raise Unreadable

    def choice(
        self, test: ast.expr, if_so: Sequence[ast.stmt], if_not: Sequence[ast.stmt]
    ) -> ast.expr:
        if (known := self.decided(test)) is not None:
            return self.block(if_so if known else if_not)
        branches = [
            _Reader(self.given, self.known, self.depth).block(copy.deepcopy(statements))
            for statements in (if_so, if_not)
        ]
        return ast.IfExp(self.visit(test), *branches)

    def decided(self, test: ast.expr) -> bool | None:
        """The outcome of a test of types, or of constants; None for one of numbers."""
        if self.is_of_types(test):
            return bool(self.value(test))
        read = self.visit(copy.deepcopy(test))
        if {n.id for n in ast.walk(read) if isinstance(n, ast.Name)} <= {"np"}:
            return bool(self.value(read))
        return None

    def is_of_types(self, test: ast.expr) -> bool:
        """Whether a test asks for types alone: all arguments are real numbers."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return self.is_of_types(part)
            case ast.Compare(left=ast.Call(func=ast.Name(id="type")), ops=[ast.Is()]):
                return True
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
                return called in _OF_TYPES
        return False

    def value(self, node: ast.expr) -> Any:
        code = compile(ast.fix_missing_locations(ast.Expression(node)), "<rule>", "eval")
        try:
            return eval(code, self.known | dict.fromkeys(self.given, 1.5))  # any real number
        except Exception as error:  # a rule of other things than numbers
            raise Unreadable(error) from None

    # ------------------------------------------------------------------ expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.given:
            return copy.deepcopy(self.given[node.id])
        value = self.known.get(node.id)
        return ast.Constant(value) if isinstance(value, int | float) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "math":
            return ast.Constant(self.value(node))
        self.generic_visit(node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        if (known := self.decided(node.test)) is not None:
            return self.visit(node.body if known else node.orelse)
        return ast.IfExp(self.visit(node.test), self.visit(node.body), self.visit(node.orelse))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        read = ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))
        constant = isinstance(read.left, ast.Constant) and isinstance(read.right, ast.Constant)
        return ast.Constant(self.value(read)) if constant else read

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        raise Unreadable

    def visit_Call(self, node: ast.Call) -> ast.expr:
        called = self.value(node.func)
        arguments = [self.visit(a) for a in node.args]
        if called in _MEANINGS:
            return _MEANINGS[called](*arguments)
        ours = isinstance(called, types.FunctionType) and not hasattr(called, "implementation")
        if ours and not called.__module__.startswith("numpy"):
            return opened(called, arguments, depth=self.depth - 1)
        return ast.Call(node.func, arguments, [])


# ------------------------------------------------------------------- where the text stands


def function_text(fn: Callable[..., Any]) -> ast.FunctionDef:
    """The syntax tree of a function, or of a lambda as one that returns. Raises Unreadable."""
    code = getattr(fn, "__code__", None)
    if code is None:
        raise Unreadable(fn)
    nodes = _functions(fn).get(code.co_firstlineno, [])
    if code.co_name != "<lambda>":
        nodes = [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == code.co_name]
    elif len(nodes := [n for n in nodes if isinstance(n, ast.Lambda)]) > 1:
        places = {(p[0], p[2]) for p in code.co_positions() if p[0] and p[2] is not None}
        nodes = [n for n in nodes if any(_holds(n.body, place) for place in places)]
    if not nodes:
        raise Unreadable(fn)
    node = copy.deepcopy(nodes[0])  # which whoever asks may rebuild
    if isinstance(node, ast.Lambda):
        whole = ast.parse("def rule(): pass").body[0]
        assert isinstance(whole, ast.FunctionDef)
        whole.args, whole.body = node.args, [ast.Return(node.body)]
        return whole
    return node


def _holds(body: ast.expr, place: tuple[int | None, int | None]) -> bool:
    begin, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    return begin <= place < end


_parsed: dict[tuple[str, int], dict[int, list[Any]]] = {}


def _functions(fn: Callable[..., Any]) -> dict[int, list[Any]]:
    """All functions of the file, by the line that they begin in."""
    try:
        lines, _ = inspect.findsource(fn)
    except OSError as error:
        raise Unreadable(error) from None
    text = "".join(lines)
    key = (fn.__code__.co_filename, hash(text))
    if key not in _parsed:
        found: dict[int, list[Any]] = {}
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            raise Unreadable(error) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                first = [d.lineno for d in getattr(node, "decorator_list", [])]
                found.setdefault(min([*first, node.lineno]), []).append(node)
        _parsed[key] = found
    return _parsed[key]
