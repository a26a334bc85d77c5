"""What can be checked: anything that has values at points, and says what their gradient is.

A subject has a list of points (its inputs, taken out of their nests), `values(points)`, the list
of f's results there, and `pull(points, weights)`, the gradients of Σ weights · results by each
point: cotangents, not conjugated. Here are the functions that this engine differentiates; those of
others are in foreign.py. All that user's code is given, and all that it returns, is copied: it may
write into the one, and use the other again.
"""

import inspect
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from autograd.backward import newest_first, walk
from autograd.nests import flatten
from autograd.numbers import as_data, like
from autograd.record import plain
from autograd.recording import recording
from autograd.transforms import vjp
from autograd.value import Value

__all__ = [
    "Arrays",
    "Differentiable",
    "Parameters",
    "Recorded",
    "Subject",
    "as_given",
    "flatten_like",
    "keeping_layout",
    "leaf_names",
    "plain_leaves",
    "takes_arguments",
]

Arrays = list[Any]


class Subject(ABC):
    """A function of the arguments in a tuple, or of one argument."""

    numpy = True  # f computes with plain arrays, so of any precision, and of complex ones

    def __init__(self, f: Any, inputs: Any, name: str = "") -> None:
        self.f = f
        self.args = inputs if type(inputs) is tuple else (inputs,)
        self.name = name or getattr(f, "__name__", None) or type(f).__name__
        given, self.rebuild = flatten(list(self.args))
        self.given = [_plain_point(x) for x in given]
        self.points = [keeping_layout(as_data(x)) for x in self.given]
        self.names = _distinct(_names(f, self.args))
        self.evaluations = 0
        self._check_arguments()

    def _check_arguments(self) -> None:
        try:
            signature = inspect.signature(self.f)
        except (TypeError, ValueError):  # of ufuncs and of some builtins
            return
        try:
            signature.bind(*self.args)
        except TypeError as error:
            kind = type(self.args[0]).__name__ if self.args else ""
            one = f" (a {kind} is one argument: write a tuple of several)"
            raise TypeError(
                f"{self.name}{signature} cannot be called with {_numbered(self.args, 'argument')}: "
                f"{error}. Inputs are one argument or a tuple of them"
                f"{one if kind in ('list', 'dict') else ''}."
            ) from None

    def call(self, *args: Any) -> Any:
        """f, counted; the first time, with what may help if it fails."""
        self.evaluations += 1
        if self.evaluations > 1:
            return self.f(*args)
        try:
            return self.f(*args)
        except Exception as error:
            for words in self._advice():
                error.add_note(words)
            raise

    def _advice(self) -> Iterator[str]:
        """What users mean when f cannot even be called with the inputs."""
        kinds = [type(x) for x in flatten(list(self.args))[0]]
        if Value in kinds:
            yield (
                "gradcheck: f was given the parameters' data. A loss that uses the parameters "
                "themselves takes no arguments: gradcheck(lambda: loss(x), model.parameters())."
            )
        elif any(isinstance(x, list) for x in self.args):
            yield "gradcheck: a list is a nest of numbers to f; give np.array([...]) for an array."
        if any(np.asarray(x).dtype.kind == "i" for x in self.given):
            yield (
                "gradcheck: integers are inputs too, and become floats. Keep an index or a count "
                "out of them: lambda x: f(x, 2)."
            )

    def arguments(self, points: Arrays) -> Arrays:
        """The points in the nests of the arguments; numbers as numbers."""
        pairs = zip(self.given, points, strict=True)
        return self.rebuild([as_given(given, x) for given, x in pairs])

    def values(self, points: Arrays) -> Arrays:
        """The results of f at the points."""
        return self.numbers(self.call(*self.arguments(points)))

    def numbers(self, results: Any) -> Arrays:
        """The results of f, as arrays and numbers of their own."""
        leaves = plain_leaves(results)
        kinds = [np.asarray(y).dtype for y in leaves]
        if results is None or any(kind.kind not in "fciu" for kind in kinds):
            found = ", ".join(map(str, kinds)) or type(results).__name__
            raise TypeError(f"{self.name} returned {found}: a gradient is one of numbers.")
        return leaves

    @abstractmethod
    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        """The gradients of Σ weights · results by each point."""


class Differentiable(Subject):
    """A function that this engine differentiates, to every order."""

    @abstractmethod
    def gradient(self, weights: Arrays) -> "Differentiable":
        """The gradient as a subject of its own, for the next order."""


class Recorded(Differentiable):
    """A function of its arguments."""

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        value, pullback = vjp(self.call, *self.arguments(points))
        return plain_leaves(list(pullback(flatten_like(value, weights))))

    def gradient(self, weights: Arrays) -> Differentiable:
        f = self.f

        def pulled(args: Any, cotangents: Any) -> Any:
            value, pullback = vjp(f, *args)
            return pullback(flatten_like(value, cotangents))

        inner = Recorded(pulled, (self.arguments(self.points), weights), self.name)
        inner.names = _distinct([*self.names, *("incoming gradient" for _ in weights)])
        return inner


class Parameters(Differentiable):
    """A loss without arguments, which the engine differentiates by Values that are there already.

    Their data is replaced for the calls, and put back; so are their gradients.
    """

    numpy = False

    def __init__(self, f: Any, inputs: Any, name: str = "") -> None:
        leaves, _ = flatten(inputs if isinstance(inputs, list | dict | tuple) else [inputs])
        if not all(type(leaf) is Value and leaf.fn is None for leaf in leaves):
            raise TypeError(
                "a function without arguments is checked by its parameters, which are Values that "
                "were computed from nothing, not by arrays: give model.parameters()."
            )
        self.leaves = list(dict.fromkeys(leaves))  # each once: it cannot move in two ways
        super().__init__(f, (self.leaves,), name)
        ways = dict(zip(reversed(leaves), reversed([*leaf_names(inputs, "")]), strict=True))
        labels = Counter(leaf.label for leaf in self.leaves)
        self.names = [
            leaf.label
            if labels[leaf.label] == 1 and leaf.label and not isinstance(inputs, dict)
            else ways[leaf]
            + (f" ({leaf.label})" if not isinstance(inputs, dict) and leaf.label else "")
            for leaf in self.leaves
        ]

    def _check_arguments(self) -> None:
        pass

    def _at(self, points: Arrays, run: Callable[[], Arrays]) -> Arrays:
        before = [(leaf.data, leaf._grad) for leaf in self.leaves]
        try:
            for leaf, (old, _), x in zip(self.leaves, before, points, strict=True):
                leaf.data = as_given(old, x)
            return run()
        finally:
            for leaf, (old, gradient) in zip(self.leaves, before, strict=True):
                leaf.data = old
                leaf._grad = gradient

    def values(self, points: Arrays) -> Arrays:
        return self._at(points, lambda: self.numbers(self.call()))

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        return self._at(points, lambda: [plain(g) for g in self._pulled(weights, False)])

    def _pulled(self, weights: Arrays, recorded: bool) -> Arrays:
        with recording(True):
            results, _ = flatten(self.call())
        grads: dict[Any, Any] = {}
        for y, w in zip(results, weights, strict=True):
            if type(y) is Value:  # one Value may be several of the results
                g = like(w, plain(y))
                grads[y] = grads[y] + g if y in grads else g
        with recording(recorded):
            walk(newest_first(grads), grads, recorded=recorded)
        return [grads.get(leaf, like(0, leaf.data)) for leaf in self.leaves]

    def gradient(self, weights: Arrays) -> Differentiable:
        inner = Parameters(lambda: self._pulled(weights, True), self.leaves, self.name)
        inner.names = self.names
        return inner


def takes_arguments(f: Any) -> bool:
    """Whether f must be given some."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # of ufuncs
        return True
    return any(p.kind in _POSITIONAL and p.default is p.empty for p in parameters)


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _plain_point(x: Any) -> Any:
    """An input without its Value, and arrays of other libraries as NumPy's."""
    if type(x) is Value or isinstance(x, np.ndarray | np.generic | bool | int | float | complex):
        return plain(x)
    if hasattr(x, "backward"):
        raise TypeError(
            f"an input is a {type(x).__module__}.{type(x).__name__}: give its numbers as an array, "
            "and wrap=, which makes such an object of them."
        )
    if callable(getattr(x, "parameters", None)):
        raise TypeError(f"an input is a {type(x).__name__}: give its parameters, x.parameters().")
    return np.asarray(x) if hasattr(x, "__array__") else x


def as_given(given: Any, x: Any) -> Any:
    """A point as the kind of thing that the user gave: a number as a number; a copy."""
    if isinstance(given, np.ndarray):
        return keeping_layout(x)
    if isinstance(given, np.generic):
        return x[()]
    return x.item()


def keeping_layout(x: Any) -> Any:
    """A copy that lies in memory as x does: in the order of its axes, backwards, not contiguous.

    Gaps are made along the last axis, wherever those of x are.
    """
    x = np.asarray(x)
    if x.ndim == 0 or x.size < 2:
        return x.copy()
    back = tuple(slice(None, None, -1 if step < 0 else 1) for step in x.strides)
    forward = x[back]
    dense = forward.copy("K")
    if dense.strides != forward.strides and forward.flags.forc is False:
        dense = np.repeat(dense, 2, axis=-1)[..., ::2]
    return dense[back]


def flatten_like(value: Any, leaves: Iterable[Any]) -> Any:
    """Copies of the leaves in the nest of value, real where that is real."""
    wanted, rebuild = flatten(value)
    return rebuild(
        [
            np.real(x) if np.iscomplexobj(x) and not np.iscomplexobj(plain(y)) else np.copy(x)[()]
            for x, y in zip(leaves, wanted, strict=True)
        ]
    )


def plain_leaves(nest: Any) -> Arrays:
    """The leaves of a nest, without their Values, and as copies."""
    leaves = (plain(x) for x in flatten(nest)[0])
    return [np.array(x) if isinstance(x, np.ndarray) else x for x in leaves]


def _numbered(things: Iterable[Any], word: str) -> str:
    n = len(list(things))
    return f"{n} {word}" + ("" if n == 1 else "s")


def _distinct(names: Iterable[str]) -> list[str]:
    """The names; those that occur several times with a number."""
    found = list(names)
    twice = {name for name, n in Counter(found).items() if n > 1}
    seen: Counter[str] = Counter()
    numbered = []
    for name in found:
        numbered.append(f"{name}[{seen[name]}]" if name in twice else name)
        seen[name] += 1
    return numbered


def _names(f: Any, args: tuple[Any, ...]) -> Iterator[str]:
    """A name for each leaf of the arguments: the parameter's, and the way through its nest."""
    names, rest = ["x", "y", "z"], "input"
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    if parameters:
        names = [p.name for p in parameters if p.kind in _POSITIONAL]
        rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "input")
    for k, arg in enumerate(args):
        yield from leaf_names(arg, names[k] if k < len(names) else f"{rest}[{k - len(names)}]")


def leaf_names(nest: Any, way: str) -> Iterator[str]:
    """A name for each leaf of a nest: the way to it."""
    if nest is None:
        return
    if isinstance(nest, dict):
        for key in sorted(nest, key=str):
            yield from leaf_names(nest[key], f"{way}[{key!r}]" if way else str(key))
    elif hasattr(nest, "_fields"):
        for field in nest._fields:
            yield from leaf_names(getattr(nest, field), f"{way}.{field}" if way else field)
    elif isinstance(nest, list | tuple):
        for k, member in enumerate(nest):
            yield from leaf_names(member, f"{way}[{k}]" if way else f"parameter {k}")
    else:
        yield way
