"""No function is known by its name: what programs must know of one are facts beside its rule."""

import ast
import re

import pytest

import nn
from autograd.table import TABLE, about_of, load_chapters
from tests.modules import MODULES, known_names, whole_name

DIAGNOSES = ("nn.summaries", "optim")  # which read facts

# `function.__name__` is for messages: a program that compares it with a string is wrong as soon as
# the function is renamed. What it must know of a function is among the facts beside its rule.
# NumPy's and SciPy's names are their own: some of them are rewritten, or an advice depends on them.
BY_NAME = {"autograd.show.text.writing", "autograd.protocols"}
ASKS = {
    "count", "difference", "endswith", "get", "index", "intersection", "isdisjoint", "issubset",
    "issuperset", "pop", "removeprefix", "removesuffix", "startswith",
}  # fmt: skip


def own_entries():
    """The functions of the table, but for those of other tests."""
    load_chapters()
    assert all(hasattr(nn, name) for name in nn.__all__)  # which loads what comes late
    return [fn for fn in TABLE if not str(getattr(fn, "__module__", "")).startswith("tests")]


def names_in_table():
    return {fn.__name__.strip("_") for fn in own_entries() if hasattr(fn, "__name__")}


class Names:
    """Where modules compare the name of a function with a string that is such a name.

    A name is `__name__` of what is no class, what is computed from one, a variable that is given
    one, and the result of a function that returns one, in whatever module that is.
    """

    def __init__(self, modules, names):
        self.modules, self.names = modules, names
        self.known = {
            name: {
                **{n.name: f"{name}.{n.name}" for n in tree.body if hasattr(n, "name")},
                **{n: f"{name}.{n}" for n in self.constants(tree)},
                **known_names(tree, modules),
            }
            for name, tree in modules.items()
        }
        self.strings = {
            f"{name}.{constant}"
            for name, tree in modules.items()
            for constant, value in self.constants(tree).items()
            if any(map(self.is_name, ast.walk(value)))
        }
        self.telling = set()  # functions that return a name
        before = -1
        while before < len(self.telling):
            before, self.found = len(self.telling), []
            for name, tree in modules.items():
                self.read(name, tree)

    @staticmethod
    def constants(tree):
        return {
            t.id: n.value
            for n in tree.body
            if isinstance(n, ast.Assign)
            for t in n.targets
            if isinstance(t, ast.Name)
        }

    def is_name(self, node):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            return False
        return node.value.rpartition(".")[2].strip("_") in self.names

    def read(self, module, tree):
        for scope in ast.iter_child_nodes(tree):
            parts = scope.body if isinstance(scope, ast.ClassDef) else [scope]
            for part in parts:
                variables, before = set(), -1
                while before < len(variables):
                    before, self.carrying = len(variables), set()
                    self.visit(module, part, variables)
                for node in ast.walk(part):
                    self.meet(module, node)
                if isinstance(part, ast.FunctionDef) and any(
                    isinstance(node, ast.Return | ast.Yield | ast.YieldFrom)
                    and node.value in self.carrying
                    for node in ast.walk(part)
                ):
                    self.telling.add(f"{module}.{part.name}")

    def visit(self, module, node, variables):
        """Note the expressions that carry a name, and the variables that are given one."""
        for child in ast.iter_child_nodes(node):
            self.visit(module, child, variables)
        carries = self.is_source(module, node, variables) or (
            any(child in self.carrying for child in ast.iter_child_nodes(node))
            and not isinstance(node, ast.Compare | ast.stmt)
        )
        if carries:
            self.carrying.add(node)
        given = getattr(node, "iter", getattr(node, "value", None))
        for target in [*getattr(node, "targets", []), getattr(node, "target", None)]:
            if target is not None and given in self.carrying:
                variables |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}

    def is_source(self, module, node, variables):
        if isinstance(node, ast.Attribute) and node.attr in ("__name__", "__qualname__"):
            of_class = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "type"
            return not of_class
        if isinstance(node, ast.Name) and node.id in variables:
            return True
        if isinstance(node, ast.Name | ast.Attribute):
            return whole_name(node, self.known[module]) in self.telling
        return isinstance(node, ast.Constant) and node.value == "__name__"

    def meet(self, module, node):
        """Note where a name and such a string are compared."""
        sides = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Mod):
            sides = [node.left, node.right]
        elif isinstance(node, ast.Subscript):
            sides = [node.value, node.slice]
        elif isinstance(node, ast.Match):
            sides = [node.subject, *(case.pattern for case in node.cases)]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ASKS:
            sides = [node.func.value, *node.args[:1]]
        for side in sides:
            if side in self.carrying and any(
                self.is_name(n) or whole_name(n, self.known[module]) in self.strings
                for other in sides
                if other is not side
                for n in ast.walk(other)
            ):
                self.found.append(f"{module}:{node.lineno}")


def test_no_function_is_known_by_its_name():
    found = Names(MODULES, names_in_table()).found
    assert {place.partition(":")[0] for place in found} == BY_NAME, found


NAMER = "def name(v):\n    return getattr(v.fn, '__name__', '').strip('_')\n"


@pytest.mark.parametrize(
    "source",
    [
        "ok = v.fn.__name__ == 'tanh'",
        "def f(v):\n    return 'relu' != name(v)",
        "def f(v):\n    return name(v) in ('convolve', 'np.tanh')",
        "KNOWN = {'_affine', 'x'}\ndef f(v):\n    kind = name(v)\n    return kind in KNOWN",
        "def f(v):\n    return {'expit': 1}.get(name(v), 0)",
        "BOUNDS = {'tanh': (-1, 1)}\ndef f(v):\n    return BOUNDS[name(v)]",
        "def f(vs):\n    names = {name(v) for v in vs}\n    return names & {'softmax'}",
        "def f(v):\n    for kind, _ in g(v):\n        kind.startswith('relu')\n"
        "def g(v):\n    yield f'{name(v)} 1', v",
        "def f(v):\n    match name(v):\n        case 'relu':\n            pass",
        "class A:\n    def f(self, v):\n        return name(v) == 'sum'",
    ],
)
def test_functions_known_by_their_names_are_found(source):
    modules = {"nn.planted": ast.parse(NAMER + source)}
    names = names_in_table() | {"convolve", "affine", "expit"}
    assert Names(modules, names).found != []
    apart = {
        "optim.naming": ast.parse(NAMER),
        "nn.planted": ast.parse("from optim.naming import name\n" + source),
    }
    assert Names(apart, names).found != []


@pytest.mark.parametrize(
    "source",
    [
        "def f(v):\n    return f'{name(v)} of tanh'",
        "def f(v):\n    return type(v).__name__ == 'tanh'",
        "def f(v):\n    return name(v) == 'a name that no function has'",
        "def f(v, mode):\n    return mode == 'max' and name(v)",
        "def f(v):\n    return v.fn is np.tanh",
        "def f(v):\n    return v.facts.get('word', name(v))",
        "__all__ = ['relu', 'tanh']",
        "def f(v):\n    kind = name(v)\n    return 'relu'",
    ],
)
def test_strings_that_are_no_names_are_let_be(source):
    assert Names({"nn.planted": ast.parse(NAMER + source)}, names_in_table()).found == []


def test_facts_are_those_that_are_explained():
    explained = set(re.findall(r"^ {4}(\w+)   ", nn.functional.__doc__, re.MULTILINE))
    said = set().union(*(about_of(fn).facts for fn in own_entries() if about_of(fn)))
    assert said == explained
    read = {
        n.value
        for name, tree in MODULES.items()
        if name.startswith(DIAGNOSES)
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and n.value in explained
    }
    assert read == explained
