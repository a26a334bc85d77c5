"""Functions of this library, or of the user, as they stand in source text that runs without it."""

import ast
import builtins
import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import NotDifferentiable
from autograd.naming import name_of
from autograd.record import is_tracked
from autograd.show.names import unique
from autograd.show.text.rules import Unreadable, function_text
from autograd.table import data_of

__all__ = ["Helpers"]

_CACHED = type(functools.cache(lambda: None))
_MODULES = {
    "np": "import numpy as np", "itertools": "import itertools", "math": "import math",
    "operator": "import operator",
}  # fmt: skip


class Helpers:
    """The functions that a text has to define, in an order in which each finds what it needs."""

    def __init__(self, taken: dict[str, int]) -> None:
        self.taken = taken
        self.imports_scipy = False
        self._names: dict[Any, str] = {}
        self._texts: dict[str, str] = {}
        self._imports: set[str] = set()

    def imports(self) -> list[str]:
        """The lines that import what the text needs, the standard library first."""
        own = sorted(self._imports - {_MODULES["np"]})
        others = [_MODULES["np"]] + ["import scipy.special"] * self.imports_scipy
        return [*own, *([""] if own else []), *others]

    def definitions(self) -> list[str]:
        return list(self._texts.values())

    def needs(self, module: str) -> None:
        """The text uses a module by its usual name."""
        self._imports.add(_MODULES[module])

    def name(self, fn: Callable[..., Any]) -> str:
        """The name by which the text knows the function, which it defines from now on."""
        if fn not in self._names:
            own = getattr(fn, "__name__", "rule").replace("<lambda>", "rule")
            self._names[fn] = unique(own, self.taken)
            self._define(fn, self._names[fn])
        return self._names[fn]

    def _define(self, fn: Callable[..., Any], name: str) -> None:
        inside = getattr(fn, "implementation", fn)
        bound: list[Any] = []
        while hasattr(inside, "func") and hasattr(inside, "args"):  # a partial
            bound, inside = [*inside.args, *bound], inside.func
        try:
            tree = function_text(inside)
            tree = self._completed(tree, inside)
        except Unreadable as reason:
            raise NotDifferentiable(
                f"source() cannot write {name_of(fn)}: its own source text is not to be had, or "
                f"depends on what cannot be written ({reason})."
            ) from None
        tree.name = name
        if bound:
            first, rest = tree.args.args[: len(bound)], tree.args.args[len(bound) :]
            tree.args.args = rest
            for argument, value in zip(first, bound, strict=True):
                tree.body.insert(0, ast.parse(f"{argument.arg} = {value!r}").body[0])
        ast.fix_missing_locations(tree)
        self._texts[name] = ast.unparse(tree)

    def _completed(self, tree: ast.FunctionDef, fn: Any) -> ast.FunctionDef:
        """The function without annotations and docstring, and with what it refers to defined."""
        tree.decorator_list, tree.returns = [], None
        if len(tree.body) > 1 and ast.get_docstring(tree) is not None:
            del tree.body[0]
        around = inspect.getclosurevars(fn)
        known = fn.__globals__ | dict(around.nonlocals)
        return _Rewriter(self, known).visit(tree)


class _Rewriter(ast.NodeTransformer):
    """Takes annotations away, and refers to helpers by their names in the text."""

    def __init__(self, helpers: Helpers, known: dict[str, Any]) -> None:
        self.helpers = helpers
        self.known = known

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        a = node.args
        own = {x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if x}
        stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        own |= {n.id for n in stored if isinstance(n.ctx, ast.Store)}
        self.known = {name: x for name, x in self.known.items() if name not in own}
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is None:
            return None
        return ast.Assign([node.target], self.visit(node.value), lineno=node.lineno)

    def visit_Call(self, node: ast.Call) -> Any:
        called = self.known.get(node.func.id) if isinstance(node.func, ast.Name) else None
        return self.visit(node.args[0]) if called is data_of else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id not in self.known or isinstance(node.ctx, ast.Store):
            return node
        value = self.known[node.id]
        if isinstance(value, _CACHED):
            value = value.__wrapped__
        if isinstance(value, types.ModuleType):
            if node.id not in _MODULES:
                raise Unreadable(node.id)
            self.helpers.needs(node.id)
            return node
        if getattr(builtins, node.id, None) is value:
            return node
        if value is np._NoValue:
            return ast.parse("np._NoValue", mode="eval").body
        if value is is_tracked:
            return ast.parse("(lambda x: False)", mode="eval").body
        if value is None or isinstance(value, bool | int | float | str):
            return ast.Constant(value)
        if isinstance(value, tuple) and all(isinstance(m, type) for m in value):
            return ast.parse(f"({', '.join(m.__name__ for m in value)},)", mode="eval").body
        module = "numpy" if isinstance(value, np.ufunc) else getattr(value, "__module__", "")
        if callable(value) and module.startswith("numpy"):
            return ast.parse(name_of(value), mode="eval").body
        if isinstance(value, types.FunctionType):
            return ast.Name(self.helpers.name(value))
        raise Unreadable(node.id)
