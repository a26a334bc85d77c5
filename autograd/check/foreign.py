"""Gradients that this engine has no part in: functions, pairs, layers, other libraries' objects."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd.check.subjects import (
    Arrays,
    Subject,
    as_given,
    flatten_like,
    leaf_names,
    plain_leaves,
)
from autograd.errors import ShapeMismatch
from autograd.nests import flatten

__all__ = ["Given", "Layer", "Paired", "Wrapped"]


class Given(Subject):
    """A function, and another one that returns its gradient."""

    def __init__(self, f: Any, inputs: Any, grad: Callable[..., Any]) -> None:
        super().__init__(f, inputs)
        self.grad = grad

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        gradients = self.grad(*self.arguments(points))
        number = len(weights) == 1 and np.size(weights[0]) == 1
        results = weights if number else self.values(points)
        return self.contracted(gradients, results, weights)

    def contracted(self, gradients: Any, results: Arrays, weights: Arrays) -> Arrays:
        """What was returned for the arguments, as the gradients of one number."""
        if len(results) != 1:
            raise TypeError(
                f"{self.name} returns {len(results)} results; with grad= it returns one number or "
                "one array: join them by np.stack, or check one at a time."
            )
        leaves = self._leaves(gradients)
        y, w = np.asarray(results[0]), weights[0]
        found = []
        for g, x in zip(leaves, self.points, strict=True):
            c = _contracted(g, x, y, w)
            if y.dtype.kind != "c":  # of a real f, the way up; of a complex one, its derivative
                c = np.conjugate(c) if np.iscomplexobj(c) else c  # a cotangent
            elif x.dtype.kind != "c":
                c = np.real(c)
            found.append(c)
        return found

    def _leaves(self, gradients: Any) -> Arrays:
        """A gradient for each input, if they are in the same nests."""
        several = len(self.args) > 1
        inputs = self.args if several else self.args[0]
        if len(self.points) == 1 and isinstance(gradients, list) and not _is_nest(inputs):
            return [_as_numbers(gradients, self.points[0])]
        if several and isinstance(gradients, list):
            gradients = tuple(gradients)
        if len(self.points) == 1 and isinstance(gradients, tuple) and len(gradients) == 1:
            inputs = self.args  # (g,) for the one argument
        wanted, got = list(leaf_names(inputs, "")), list(leaf_names(gradients, ""))
        leaves = plain_leaves(gradients)
        if len(leaves) != len(self.points) or (got != wanted and _is_nest(inputs)):
            nest = "np.array([...]) is one array; " if isinstance(inputs, list) else ""
            raise ShapeMismatch(
                f"the gradient of {self.name} came as {_described(gradients)}, and its inputs are "
                f"{', '.join(self.names)}: {nest}return a gradient for each in the same nest"
                + (", a tuple." if several else ".")
            )
        return [_as_numbers(g, x) for g, x in zip(leaves, self.points, strict=True)]


class Paired(Given):
    """A function that returns (value, gradient), as SciPy takes it with jac=True."""

    def __init__(self, f: Any, inputs: Any) -> None:
        super().__init__(f, inputs, lambda *args: self._pair(args)[1])

    def _pair(self, args: Iterable[Any]) -> Any:
        pair = self.call(*args)
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            raise TypeError(
                f"with grad=True, {self.name} returns a pair, (value, gradient), not a "
                f"{type(pair).__name__}."
            )
        return pair

    def values(self, points: Arrays) -> Arrays:
        return self.numbers(self._pair(self.arguments(points))[0])


class Layer(Subject):
    """An object with forward(*inputs), and backward(g) for the call before.

    Several results of forward come back to backward as the same tuple of gradients.
    """

    numpy = False

    def __init__(self, f: Any, inputs: Any) -> None:
        if isinstance(f, type):
            try:
                f = f()
            except TypeError as error:
                raise TypeError(f"{error}: give an instance, not the class {f.__name__}.") from None
        super().__init__(f.forward, inputs, type(f).__name__)
        self.backward = f.backward

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        value = self.call(*self.arguments(points))
        gradients = self.backward(flatten_like(value, weights))
        leaves = plain_leaves(gradients)
        if len(leaves) != len(self.points):
            raise ShapeMismatch(
                f"{self.name}.backward returned {_described(gradients)}, and the inputs of forward "
                f"are {', '.join(self.names)}: return a gradient for each."
            )
        return [_as_numbers(g, x) for g, x in zip(leaves, self.points, strict=True)]


class Wrapped(Subject):
    """A function of another library's objects, which have .backward() and .grad."""

    numpy = False

    def __init__(self, f: Any, inputs: Any, wrap: Any, unwrap: Any) -> None:
        super().__init__(f, inputs)
        self.wrap, self.unwrap = wrap, unwrap or _data_of

    def _call(self, points: Arrays) -> tuple[Arrays, Any]:
        """The wrapped leaves, and the one result."""
        leaves = [self.wrap(as_given(g, x)) for g, x in zip(self.given, points, strict=True)]
        results, _ = flatten(self.call(*self.rebuild(leaves)))
        if len(results) != 1:
            raise TypeError(
                f"{self.name} returns {len(results)} results; with wrap= it returns one: check "
                "one at a time."
            )
        return leaves, results[0]

    def values(self, points: Arrays) -> Arrays:
        return self.numbers([np.asarray(self.unwrap(self._call(points)[1]))])

    def pull(self, points: Arrays, weights: Arrays) -> Arrays:
        leaves, y = self._call(points)
        if not hasattr(y, "backward"):
            raise TypeError(
                f"{self.name} returned a {type(y).__name__}, which has no .backward(): with wrap= "
                "it returns an object like those that it is given."
            )
        (w,) = weights
        if np.shape(w) == () and w == 1:
            y.backward()
        else:
            y.backward(self.wrap(np.conjugate(w)))
        if leaves and all(leaf.grad is None for leaf in leaves):
            raise TypeError(
                f"after .backward() no input of {self.name} has a .grad: wrap= makes leaves that "
                "ask for one, such as torch.tensor(x, requires_grad=True)."
            )
        return [
            np.zeros_like(x) if leaf.grad is None else np.conjugate(self._plain(leaf.grad))
            for leaf, x in zip(leaves, points, strict=True)
        ]

    def _plain(self, gradient: Any) -> Any:
        if isinstance(gradient, np.ndarray | np.generic | float | int | complex):
            return np.array(gradient)
        return np.array(self.unwrap(gradient))


def _data_of(thing: Any) -> Any:
    if isinstance(thing, np.ndarray | np.generic | float | int | complex):
        return thing
    if not hasattr(thing, "data"):
        raise TypeError(
            f"a {type(thing).__name__} has no .data: give unwrap=, which makes an array of it."
        )
    return thing.data


def _is_nest(thing: Any) -> bool:
    return isinstance(thing, dict | list | tuple)


def _as_numbers(g: Any, x: Any) -> Any:
    """A gradient as an array; Python's numbers have no precision of their own."""
    if isinstance(g, np.ndarray | np.generic):
        return g
    if isinstance(g, int | float | complex) and not isinstance(g, bool):
        return np.asarray(g, np.result_type(x.dtype, type(g) if isinstance(g, complex) else x))[()]
    found = np.asarray(g)
    if isinstance(g, list) and found.dtype.kind in "fiu":
        found = found.astype(x.dtype)
    return found


def _described(gradients: Any) -> str:
    if gradients is None:
        return "None"
    if isinstance(gradients, dict):
        return f"a dict of {', '.join(map(repr, gradients))}"
    if isinstance(gradients, list | tuple):
        kinds = ", ".join("None" if g is None else "a gradient" for g in gradients)
        return f"a {type(gradients).__name__} of {len(gradients)} ({kinds})"
    return f"one array of the shape {np.shape(gradients)}"


def _contracted(g: Any, x: Any, y: Any, w: Any) -> Any:
    """The gradient of Σ w·y, given that of a number y, a Jacobian, or elementwise derivatives."""
    if np.size(y) == 1 and np.shape(g) == np.shape(x):
        return g if np.all(w == 1) else np.reshape(w, ()) * g
    with np.errstate(all="ignore"):
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
