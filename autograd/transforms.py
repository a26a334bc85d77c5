"""Transforms: functions that take a function and return its derivative.

All of them nest in one another, in any order. Arguments and results may be nests of dicts, lists,
tuples and named tuples, and a gradient has the nest of what it belongs to. What comes out is plain
numbers and arrays, unless it depends on a Value that the caller has: then it is a Value, and can
be differentiated again.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autograd.backward import leading_to, newest_first, walk
from autograd.call import as_seen
from autograd.errors import ShapeMismatch
from autograd.nests import flatten, map_nest
from autograd.numbers import alike, is_finite, like
from autograd.record import plain
from autograd.recording import is_recording, recording
from autograd.value import Value

__all__ = [
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
]

Function = Callable[..., Any]
Argnums = int | Sequence[int]


class _Run:
    """One call of a function, with Values of its own for some arguments, and the record it left."""

    def __init__(self, f: Function, args: Sequence[Any], kwargs: Any, argnums: Argnums) -> None:
        chosen = [argnums] if isinstance(argnums, int | np.integer) else list(argnums)
        for k in chosen:
            if not -len(args) <= k < len(args):
                raise TypeError(
                    f"argnums={argnums}, but the function was given {len(args)} arguments."
                )
        chosen = [k % len(args) for k in chosen]
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"argnums={argnums} names an argument twice.")
        given, self.rebuild = flatten([args[k] for k in chosen])
        with recording(True):
            self.inputs = [as_seen(x, x.data) if type(x) is Value else Value(x) for x in given]
            self.since = min((x._number for x in self.inputs), default=0)
            replaced = list(args)
            for k, arg in zip(chosen, self.rebuild(self.inputs), strict=True):
                replaced[k] = arg
            self.result = f(*replaced, **kwargs)
        older: list[Any] = []
        found = newest_first(_values_of(self.result), self.since, older)
        inputs = set(self.inputs)
        self.nodes = [node for node in found if node not in inputs]
        self.tied = bool(older)  # whether it all depends on Values that the caller has
        self.needed = leading_to(inputs, self.nodes) if self.tied else None

    def differentiate(self, y: Any, seed: Any) -> list[Any]:
        """The derivatives of Σ seed·y by the inputs; complex of a complex y, of real inputs too."""
        pulled = self.pull([y], [seed], self.recorded, basis=True)
        if not np.iscomplexobj(seed):
            return pulled
        imaginary = self.pull([y], [-1j * seed], self.recorded, basis=True)
        return [
            p if x.dtype.kind == "c" else p + 1j * q
            for x, p, q in zip(self.inputs, pulled, imaginary, strict=True)
        ]

    @property
    def recorded(self) -> bool:
        """Whether what comes out is to be differentiated again by the caller."""
        return self.tied and is_recording()

    def result_and_aux(self) -> tuple[Any, Any]:
        if not (isinstance(self.result, tuple) and len(self.result) == 2):
            raise TypeError(
                "with has_aux=True the function returns a pair, (result, anything else)."
            )
        return self.result

    def pull(
        self, outputs: Sequence[Any], cotangents: Sequence[Any], recorded: bool, basis: bool = False
    ) -> list[Any]:
        """The cotangents of the inputs, given those of the outputs; in memory of their own."""
        grads: dict[Any, Any] = {}
        for y, g in zip(outputs, cotangents, strict=True):
            if type(y) is Value:
                grads[y] = grads[y] + g if y in grads else g
        seeds = list(grads.values())  # which live as long as their ids are looked for
        taken = set(map(id, seeds))
        with recording(recorded):
            walk(self.nodes, grads, needed=self.needed, recorded=recorded, basis=basis)
        pulled = []
        for x in self.inputs:
            c = grads.get(x)
            if c is None:
                c = like(0, x.data)
            elif type(c) is np.ndarray and (c.base is not None or id(c) in taken):
                c = c.copy()
            taken.add(id(c))
            pulled.append(c)
        return pulled

    def pulled_back(self, cotangents: Any, argnums: Argnums) -> Any:
        """Pull a nest of cotangents of the result back to the arguments, as `gradients` does."""
        outputs, given = flatten(self.result)[0], flatten(cotangents)[0]
        _check_shapes("the cotangent", given, "the result", outputs)
        seeds = [
            g if type(g) is Value or alike(g, plain(y)) else like(g, plain(y))
            for g, y in zip(given, outputs, strict=True)
        ]
        recorded = is_recording() and (self.tied or any(type(seed) is Value for seed in seeds))
        pulled = self.pull(outputs, seeds, recorded)
        if not recorded:
            return self.gradients(list(map(plain, pulled)), argnums)
        nests = self.rebuild(pulled)
        return nests[0] if isinstance(argnums, int) else tuple(nests)

    def gradients(self, pulled: list[Any], argnums: Argnums) -> Any:
        """What was pulled, in the nests of the arguments: of one, or a tuple of several."""
        if self.tied and not is_recording():  # a Value for a Value, though it remembers nothing
            pulled = [Value(c) for c in pulled]
        nests = self.release(self.rebuild(pulled)) if self.tied else self.rebuild(pulled)
        return nests[0] if isinstance(argnums, int | np.integer) else tuple(nests)

    def release(self, nest: Any) -> Any:
        """What the caller gets: Values if they hang together with his own, else their data."""
        if self.recorded:
            return nest
        return map_nest(self._release, nest)

    def _release(self, y: Any) -> Any:
        if type(y) is not Value:
            return y
        if self.tied:
            return y.detach()
        return y.data.copy() if type(y.data) is np.ndarray else y.data


def _values_of(nest: Any) -> list[Value]:
    if type(nest) is Value:
        return [nest]
    return [leaf for leaf in flatten(nest)[0] if type(leaf) is Value]


def _number(y: Any) -> Any:
    """The plain data of what f returned, if it is one real number."""
    if type(y) is Value and type(y.data) is float:
        return y.data
    if not isinstance(y, Value | float | int | complex | np.ndarray | np.generic):
        raise TypeError(f"grad needs a function that returns one number, not a {type(y).__name__}.")
    data = plain(y)
    if np.size(data) != 1:
        raise ShapeMismatch(
            f"grad needs a function that returns one number, not the shape {np.shape(data)}: "
            "take its sum, or use jacobian, elementwise_grad or vjp."
        )
    if np.iscomplexobj(data):
        raise TypeError("grad needs a real number, not a complex one: use vjp, or abs(f(x)).")
    return data


def value_and_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that returns f's value and its gradient, as `(value, gradient)`.

    f returns one real number; with has_aux=True it returns `(number, anything)`, and the result
    is `((number, anything), gradient)`. The gradient has the shape and nest of the argument that
    argnums names; a tuple of argnums gives a tuple. Of a complex argument it is the direction of
    steepest ascent, the conjugate of the holomorphic derivative.

    Raises ShapeMismatch, a ValueError, if f returns an array, and TypeError for a complex result.

    >>> import numpy as np
    >>> value_and_grad(lambda w: np.sum(w**2))(np.array([1.0, 2.0]))
    (5.0, array([2., 4.]))
    """

    @wraps(f)
    def differentiate(*args: Any, **kwargs: Any) -> Any:
        run = _Run(f, args, kwargs, argnums)
        y = run.result_and_aux()[0] if has_aux else run.result
        grads = run.pull([y], [like(1, _number(y))], run.recorded)
        grads = [np.conjugate(g) if np.iscomplexobj(g) else g for g in grads]
        return run.release(run.result), run.gradients(grads, argnums)

    return differentiate


def grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that returns the gradient of f, which returns one real number.

    Arguments and errors are those of `value_and_grad`; with has_aux=True it returns
    `(gradient, anything)`. Nested, it gives derivatives of every order.

    >>> import numpy as np
    >>> grad(np.tanh)(0.0)
    1.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    both = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        result, g = both(*args, **kwargs)
        return (g, result[1]) if has_aux else g

    return gradient


def elementwise_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that returns the derivative of an elementwise f at each element.

    f must compute each element of its result from that element of its arguments alone, which is
    not checked; its result must have the shape of the argument, which is (ShapeMismatch).

    >>> import numpy as np
    >>> elementwise_grad(np.tanh)(np.array([0.0, 100.0]))
    array([1., 0.])
    """

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        run = _Run(f, args, kwargs, argnums)
        y = run.result_and_aux()[0] if has_aux else run.result
        for x in run.inputs:
            if x.shape != np.shape(plain(y)):
                raise ShapeMismatch(
                    f"an elementwise function of the shape {x.shape} has that shape, not "
                    f"{np.shape(plain(y))}: use jacobian, or broadcast the argument first."
                )
        grads = run.differentiate(y, like(1, plain(y)))
        result = run.gradients(grads, argnums)
        return (result, run.release(run.result[1])) if has_aux else result

    return derivative


def jacobian(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that returns all derivatives of f's result, each element by each element.

    The shape is that of the result followed by that of the argument; nests of results hold nests
    of arguments. One walk back over the record for each element of the result.

    >>> import numpy as np
    >>> jacobian(lambda x: x[:2] * x[2])(np.array([1.0, 2.0, 3.0]))
    array([[3., 0., 1.],
           [0., 3., 2.]])
    """

    @wraps(f)
    def derivatives(*args: Any, **kwargs: Any) -> Any:
        run = _Run(f, args, kwargs, argnums)
        outputs, rebuild = flatten(run.result_and_aux()[0] if has_aux else run.result)

        def rows(y: Any) -> Any:
            shape = np.shape(plain(y))
            basis = np.eye(np.size(plain(y)), dtype=np.result_type(plain(y)))
            pulled = [run.differentiate(y, like(e.reshape(shape), plain(y))) for e in basis]
            columns = [
                _stacked([row[k] for row in pulled], shape, x) for k, x in enumerate(run.inputs)
            ]
            return run.gradients(columns, argnums)

        result = rebuild([rows(y) for y in outputs])
        return (result, run.release(run.result[1])) if has_aux else result

    return derivatives


def _stacked(rows: list[Any], shape: tuple[int, ...], x: Value) -> Any:
    """The rows of a Jacobian, one for each element of a result of that shape, as one array."""
    if shape == ():
        return rows[0]
    if not rows:
        return np.zeros((*shape, *x.shape), x.dtype)
    return np.reshape(np.stack(rows), (*shape, *x.shape))


def hessian(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that returns the second derivatives of f, which returns one real number.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums, has_aux), argnums, has_aux)


def vjp(f: Function, *args: Any) -> tuple[Any, Function]:
    """f(*args), and its pullback: from a cotangent of the result to the tuple of the arguments'.

    The pullback of g is the vector-Jacobian product gᵀJ, without conjugation. It may be called
    any number of times, and differentiated.

    >>> import numpy as np
    >>> y, pullback = vjp(lambda x: x**2, np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    every = range(len(args))
    run = _Run(f, args, {}, every)

    def pullback(g: Any) -> tuple[Any, ...]:
        pulled: tuple[Any, ...] = run.pulled_back(g, every)
        return pulled

    return run.release(run.result), pullback


def _check_shapes(what: str, given: list[Any], like_what: str, wanted: list[Any]) -> None:
    shapes, expected = ([np.shape(plain(x)) for x in leaves] for leaves in (given, wanted))
    if shapes != expected:
        raise ShapeMismatch(f"{what} has the shapes {shapes}, {like_what} has {expected}.")


def jvp(f: Function, args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f(*args), and its derivative in the direction of the tangents: the product Jv.

    Reverse mode twice: the pullback is linear in its cotangent, so its own pullback is the
    pushforward (https://j-towns.github.io/2017/06/12/A-new-trick.html).

    >>> import numpy as np
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    if not isinstance(args, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError("jvp takes the arguments and the tangents in tuples: jvp(f, (x,), (v,)).")
    _check_shapes("tangents", flatten(list(tangents))[0], "args", flatten(list(args))[0])
    value, pullback = vjp(f, *args)
    anywhere = map_nest(lambda y: like(1, plain(y)), value)
    with np.errstate(all="ignore"):  # of walks whose results nobody sees
        _, pushforward = vjp(pullback, anywhere)
        tangent = pushforward(tuple(tangents))[0]
    bad = [t for t in map(plain, flatten(tangent)[0]) if not is_finite(t)]
    if bad:  # the walk back tells why
        said = any(np.isnan(t).any() for t in bad)
        with np.errstate(invalid=np.geterr()["invalid"] if said else "ignore"):
            pullback(anywhere)
    free = not _values_of([value, list(args), list(tangents)])
    return value, map_nest(plain, tangent) if free else tangent


def hvp(f: Function, x: Any, v: Any) -> Any:
    """The Hessian of f at x times v, at the cost of a few gradients; x and v may be nests.

    Raises TypeError for complex x, ShapeMismatch where v is not like x.

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    _check_shapes("v", flatten(v)[0], "x", flatten(x)[0])
    if any(map(np.iscomplexobj, map(plain, flatten(x)[0]))):
        raise TypeError("hvp needs real numbers, not complex ones: take their real and imag apart.")
    run = _Run(grad(f), (x,), {}, 0)
    return run.pulled_back(v, 0)  # the Hessian is its own transpose
