"""What can be checked: anything that has values at points, and says what their gradient is.

A subject has a list of points (its inputs, taken out of their nests), `values(points)`, the list
of f's results there, and `pull(points, weights)`, the gradients of Σ weights · results by each
point: cotangents, not conjugated. The engine is one such subject, and the others do not need it.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd.backprop import newest_first, walk
from autograd.data import as_data, like
from autograd.errors import ShapeMismatch
from autograd.nests import flatten
from autograd.record import plain
from autograd.recording import recording
from autograd.transforms import vjp
from autograd.value import Value

__all__ = ["Subject", "subject"]

Arrays = list[Any]


def subject(f: Any, inputs: Any, grad: Any, wrap: Any, unwrap: Any) -> "Subject":
    """The subject for what the user gave."""
    if wrap is not None:
        return Wrapped(f, inputs, wrap, unwrap or _data_of)
    if unwrap is not None:
        raise TypeError("unwrap= belongs to wrap=, which makes a leaf of an array: give both.")
    if grad is True:
        return Paired(f, inputs)
    if callable(grad):
        return Given(f, inputs, grad)
    if grad is not None:
        raise TypeError(
            "grad= is a function of the same arguments that returns the gradient, or True if f "
            f"returns (value, gradient), not a {type(grad).__name__}."
        )
    if hasattr(f, "forward") and hasattr(f, "backward"):
        return Layer(f() if isinstance(f, type) else f, inputs)
    leaves = flatten([inputs])[0]
    if any(type(leaf) is Value for leaf in leaves) and not _takes_arguments(f):
        return Parameters(f, inputs)
    return Recorded(f, inputs)


def _takes_arguments(f: Any) -> bool:
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # of ufuncs
        return True
    return any(p.kind in _POSITIONAL and p.default is p.empty for p in parameters) or any(
        p.kind is p.VAR_POSITIONAL for p in parameters
    )


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Subject:
    """A function of the arguments in a tuple, or of one argument."""

    numpy = True  # f computes with plain arrays, so of any precision, and of complex ones

    def __init__(self, f: Any, inputs: Any, name: str = "") -> None:
        self.f = f
        self.args = inputs if type(inputs) is tuple else (inputs,)
        self.name = name or name_of_function(f)
        given, self.rebuild = flatten(list(self.args))
        self.given = [plain(x) for x in given]
        self.points = [keeping_layout(as_data(x)) for x in self.given]
        self.names = list(_names(f, self.args))
        self.evaluations = 0

    def call(self, *args: Any) -> Any:
        """f, counted."""
        self.evaluations += 1
        return self.f(*args)

    def arguments(self, points: Arrays) -> Arrays:
        """The points in the nests of the arguments; numbers as numbers."""
        pairs = zip(self.given, points, strict=True)
        return self.rebuild([_as_given(given, x) for given, x in pairs])

    def values(self, points: Arrays) -> Arrays:
        """The results of f at the points."""
        return _plain_leaves(self.call(*self.arguments(points)))

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        """The gradients of Σ weights · results by each point."""
        raise NotImplementedError

    def gradient(self, weights: Arrays) -> "Subject":
        """The gradient as a subject of its own, for the next order."""
        raise TypeError(
            f"order=2 needs a function of this library: check the gradient of {self.name} as a "
            "function of its own, gradcheck(gradient, x, grad=hessian)."
        )


class Recorded(Subject):
    """A function that this engine differentiates."""

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        value, pullback = vjp(self.call, *self.arguments(points))
        return _plain_leaves(list(pullback(flatten_like(value, weights))))

    def gradient(self, weights: Arrays) -> Subject:
        f = self.f

        def pulled(args: Any, cotangents: Any) -> Any:
            value, pullback = vjp(f, *args)
            return pullback(flatten_like(value, cotangents))

        inner = Recorded(pulled, (self.arguments(self.points), weights), self.name)
        inner.names = [*self.names, *("g" for _ in weights)]
        return inner


class Parameters(Subject):
    """A loss without arguments, which the engine differentiates by Values that are there already.

    Their data is replaced for the calls, and put back.
    """

    numpy = False

    def __init__(self, f: Any, inputs: Any, name: str = "") -> None:
        leaves, _ = flatten(inputs if isinstance(inputs, list | dict | tuple) else [inputs])
        if not all(type(leaf) is Value and leaf.fn is None for leaf in leaves):
            raise TypeError(
                "a function without arguments is checked by its parameters, which are Values that "
                "were computed from nothing, not by arrays: give model.parameters()."
            )
        super().__init__(f, (inputs,), name)
        self.leaves = leaves
        labels = [leaf.label for leaf in leaves]
        self.names = [label or n for label, n in zip(labels, _leaf_names(inputs, ""), strict=True)]

    def _at(self, points: Arrays, run: Callable[[], Arrays]) -> Arrays:
        before = [leaf.data for leaf in self.leaves]
        try:
            for leaf, old, x in zip(self.leaves, before, points, strict=True):
                leaf.data = _as_given(old, x)
            return run()
        finally:
            for leaf, old in zip(self.leaves, before, strict=True):
                leaf.data = old

    def values(self, points: Arrays) -> Arrays:
        return self._at(points, lambda: _plain_leaves(self.call()))

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        return self._at(points, lambda: [plain(g) for g in self._pulled(weights, False)])

    def _pulled(self, weights: Arrays, recorded: bool) -> Arrays:
        with recording(True):
            results, _ = flatten(self.call())
        grads = {
            y: like(w, plain(y)) for y, w in zip(results, weights, strict=True) if type(y) is Value
        }
        with recording(recorded):
            walk(newest_first(grads), grads, recorded=recorded)
        return [grads.get(leaf, like(0, leaf.data)) for leaf in self.leaves]

    def gradient(self, weights: Arrays) -> Subject:
        inner = Parameters(
            lambda: self._pulled(weights, True), self.rebuild(self.leaves)[0], self.name
        )
        inner.names = self.names
        return inner


class Given(Subject):
    """A function, and another one that returns its gradient."""

    def __init__(self, f: Any, inputs: Any, grad: Callable[..., Any]) -> None:
        super().__init__(f, inputs)
        self.grad = grad

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        gradients = self.grad(*self.arguments(points))
        results = self.values(points) if len(weights) != 1 or np.size(weights[0]) != 1 else weights
        return self.contracted(gradients, results, weights)

    def contracted(self, gradients: Any, results: Arrays, weights: Arrays) -> Arrays:
        """What was returned for the arguments, as the gradients of one number."""
        leaves = _plain_leaves(gradients)
        if len(leaves) != len(self.points) and len(self.points) == 1:
            leaves = [np.asarray(gradients)]  # written as a list
        if len(leaves) != len(self.points):
            raise ShapeMismatch(
                f"{self.name} has {len(self.points)} inputs ({', '.join(self.names)}), and "
                f"{len(leaves)} gradients were returned: return a tuple with one for each."
            )
        if len(results) != 1:
            raise TypeError(
                f"{self.name} returns {len(results)} arrays; with grad= it returns one: check "
                "one result at a time."
            )
        pairs = zip(leaves, self.points, strict=True)
        return [np.conjugate(_contracted(g, x, results[0], weights[0])) for g, x in pairs]


class Paired(Given):
    """A function that returns (value, gradient), as SciPy takes it with jac=True."""

    def __init__(self, f: Any, inputs: Any) -> None:
        super().__init__(f, inputs, lambda *args: self._pair(args)[1])

    def _pair(self, args: Iterable[Any]) -> Any:
        pair = self.call(*args)
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            raise TypeError(f"with grad=True, {self.name} returns a pair, (value, gradient).")
        return pair

    def values(self, points: Arrays) -> Arrays:
        return _plain_leaves(self._pair(self.arguments(points))[0])


class Layer(Subject):
    """An object with forward(*inputs), and backward(g) for the call before."""

    numpy = False

    def __init__(self, f: Any, inputs: Any) -> None:
        super().__init__(f.forward, inputs, type(f).__name__)
        self.backward = f.backward

    def values(self, points: Arrays) -> Arrays:
        return _plain_leaves(self.call(*self.arguments(points)))

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        value = self.call(*self.arguments(points))
        gradients = self.backward(flatten_like(value, weights))
        leaves = _plain_leaves(gradients)
        if len(leaves) != len(self.points):
            raise ShapeMismatch(
                f"{self.name}.backward returned {len(leaves)} gradients for the "
                f"{len(self.points)} inputs of forward ({', '.join(self.names)})."
            )
        return leaves


class Wrapped(Subject):
    """A function of another library's objects, which have .backward() and .grad."""

    numpy = False

    def __init__(self, f: Any, inputs: Any, wrap: Any, unwrap: Any) -> None:
        super().__init__(f, inputs)
        self.wrap, self.unwrap = wrap, unwrap

    def values(self, points: Arrays) -> Arrays:
        leaves = [self.wrap(_as_given(g, x)) for g, x in zip(self.given, points, strict=True)]
        return [np.asarray(self.unwrap(y)) for y in flatten(self.call(*self.rebuild(leaves)))[0]]

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        leaves = [self.wrap(_as_given(g, x)) for g, x in zip(self.given, points, strict=True)]
        for y, w in zip(flatten(self.call(*self.rebuild(leaves)))[0], weights, strict=True):
            if np.shape(w) == () and w == 1:
                y.backward()
            else:
                y.backward(self.wrap(w))
        return [
            np.zeros_like(x) if leaf.grad is None else np.conjugate(self._plain(leaf.grad))
            for leaf, x in zip(leaves, points, strict=True)
        ]

    def _plain(self, gradient: Any) -> Any:
        if isinstance(gradient, np.ndarray | np.generic | float | int | complex):
            return gradient
        return np.asarray(self.unwrap(gradient))


def _data_of(thing: Any) -> Any:
    if isinstance(thing, np.ndarray | np.generic | float | int | complex):
        return thing
    if not hasattr(thing, "data"):
        raise TypeError(
            f"a {type(thing).__name__} has no .data: give unwrap=, which makes an array of it."
        )
    return thing.data


def _contracted(g: Any, x: Any, y: Any, w: Any) -> Any:
    """The gradient of Σ w·y, given that of a number y, a Jacobian, or elementwise derivatives."""
    if np.size(y) == 1 and np.shape(g) == np.shape(x):
        return g if np.all(w == 1) else np.reshape(w, ()) * g
    if np.shape(g) == (*np.shape(y), *np.shape(x)):
        return np.tensordot(w, g, np.ndim(y))
    if np.shape(g) == np.shape(x) == np.shape(y):
        return w * g
    if np.shape(g) == np.shape(x):
        raise ShapeMismatch(
            f"f returns the shape {np.shape(y)}, and its gradient has the input's, {np.shape(x)}, "
            "as that of a single number has: return the Jacobian, of the shape "
            f"{(*np.shape(y), *np.shape(x))}, or let f return a number."
        )
    return np.asarray(g)  # whose shape is wrong


def _as_given(given: Any, x: Any) -> Any:
    """A point as the kind of thing that the user gave: a number as a number."""
    if isinstance(given, np.ndarray):
        return keeping_layout(x)
    if isinstance(given, np.generic):
        return x[()]
    return x.item()


def keeping_layout(x: Any) -> Any:
    """A copy that lies in memory as x does: in the order of its axes, backwards, with gaps."""
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
    """The leaves in the nest of value."""
    return flatten(value)[1](list(leaves))


def _plain_leaves(nest: Any) -> Arrays:
    return [plain(x) for x in flatten(nest)[0]]


def name_of_function(f: Any) -> str:
    """What a report calls it."""
    return getattr(f, "__name__", None) or type(f).__name__


def _names(f: Any, args: tuple[Any, ...]) -> Iterable[str]:
    """A name for each leaf of the arguments: the parameter's, and the way through its nest."""
    try:
        parameters = inspect.signature(f).parameters.values()
        names = [p.name for p in parameters if p.kind in _POSITIONAL]
    except (TypeError, ValueError):
        names = ["x", "y", "z"]
    for k, arg in enumerate(args):
        yield from _leaf_names(arg, names[k] if k < len(names) else f"input {k}")


def _leaf_names(nest: Any, way: str) -> Iterable[str]:
    if nest is None:
        return
    if isinstance(nest, dict):
        for key in sorted(nest, key=str):
            yield from _leaf_names(nest[key], f"{way}[{key!r}]" if way else str(key))
    elif isinstance(nest, list | tuple):
        for k, member in enumerate(nest):
            yield from _leaf_names(member, f"{way}[{k}]" if way else f"parameter {k}")
    else:
        yield way
