"""The table of derivatives: which rules belong to which function.

A rule is plain NumPy, `rule(g, y, *args, **kwargs)`: the incoming gradient g, the result y, and
what the function was called with; it returns the gradient of one argument. Rules run on arrays for
first derivatives, and on Values for higher ones: so they may only use functions of this table.

This module knows neither Value nor backprop.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import cached_property, partial, wraps
from typing import Any

import numpy as np

from autograd.errors import NotDifferentiable

__all__ = [
    "COMPOSED",
    "PLAIN",
    "TABLE",
    "TRACKED",
    "Derivative",
    "compose",
    "defvjp",
    "name_of",
    "primitive",
    "without_derivative",
]

Rule = Callable[..., Any]
Args = tuple[Any, ...]


class _Each:
    """One rule for however many arrays: rule(i, g, y, *args) is the gradient of args[i]."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: int) -> Rule:
        return partial(self.rule, i)

    def __iter__(self) -> Iterator[Rule]:
        yield partial(self.rule, 0)


class Derivative:
    """All that the engine knows of one differentiable function."""

    def __init__(
        self,
        fn: Callable[..., Any],
        rules: tuple[Rule | None, ...] | _Each,
        *,
        broadcasts: bool,
        sequence: bool,
        scalar: Callable[..., float] | None,
        symbol: str | None,
    ) -> None:
        self.fn = fn
        self.forward = getattr(fn, "implementation", fn)
        self.rules = rules
        self.first = rules[0]
        self.second = rules[1] if isinstance(rules, _Each) or len(rules) > 1 else None
        self.arity = None if isinstance(rules, _Each) else len(rules)
        self.broadcasts = broadcasts
        self.sequence = sequence
        self.scalar = scalar
        self.symbol = symbol

    @cached_property
    def settings(self) -> frozenset[str]:
        """The keyword-only parameters that all the rules share; other settings are refused."""
        shared: set[str] | None = None
        for rule in filter(None, self.rules):
            parameters = inspect.signature(rule).parameters.values()
            if any(p.kind is p.VAR_KEYWORD for p in parameters):
                continue
            names = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
            shared = names if shared is None else shared & names
        return frozenset(self.names if shared is None and any(self.rules) else shared or ())

    @cached_property
    def names(self) -> list[str]:
        """The function's parameters in their order."""
        try:
            parameters = list(inspect.signature(self.forward).parameters.values())
        except ValueError:  # one of NumPy's compiled functions: the rule spells its parameters
            rule = next(filter(None, self.rules))
            parameters = list(inspect.signature(rule).parameters.values())[2:]
        return [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]

    def bind(self, args: Args, kwargs: dict[str, Any]) -> tuple[Args, dict[str, Any]]:
        """The call with its arrays by position and its settings by name, if all are handled."""
        arity = self.arity or len(args)
        arrays, given = list(args[:arity]), kwargs
        if len(args) > arity:
            names = self.names[arity : len(args)]
            if len(names) < len(args) - arity:
                raise TypeError(f"{name_of(self.fn)} takes {len(self.names)} arguments at most.")
            given = dict(zip(names, args[arity:], strict=True)) | kwargs
        elif any(name not in self.settings for name in kwargs):
            given = dict(kwargs)
            for name in self.names[len(args) : arity]:
                if any(later in given for later in self.names[len(arrays) : arity]):
                    arrays.append(given.pop(name, None))
        unset = [
            n
            for n, v in given.items()
            if n not in self.settings and (v is None or v is np._NoValue)
        ]
        settings = {name: value for name, value in given.items() if name not in unset}
        refused = [f"{name}=" for name in settings if name not in self.settings]
        if refused:
            allowed = ", ".join(sorted(self.settings)) or "none"
            raise NotDifferentiable(
                f"{name_of(self.fn)} of a Value cannot be differentiated with "
                f"{', '.join(refused)} (settings it takes: {allowed})."
                + _INSTEAD.get(refused[0], "")
            )
        return tuple(arrays), settings


_INSTEAD = {
    "out=": " Assign the result instead: y = f(x).",
    "where=": " Select from the result instead: np.where(mask, f(x), other).",
    "dtype=": " Convert instead: x.astype(dtype).",
}


TABLE: dict[Callable[..., Any], Derivative] = {}
COMPOSED: dict[Callable[..., Any], Callable[..., Any]] = {}
PLAIN: set[Callable[..., Any]] = set()
TRACKED: dict[type, Callable[..., Any]] = {}  # types that remember calls, and what applies theirs


def defvjp(
    fn: Callable[..., Any],
    *rules: Rule | None,
    broadcasts: bool | None = None,
    each: Rule | None = None,
    sequence: bool = False,
    scalar: Callable[..., float] | None = None,
    symbol: str | None = None,
) -> None:
    """Give `fn` its derivatives: one rule for each array argument.

    A rule is `rule(g, y, *args, **kwargs)`, with the arguments of the call: g is the gradient of
    the loss with respect to the result y, and the rule returns the one with respect to its
    argument, in that argument's shape. None stands for an argument that gets no gradient. A
    setting (`axis`, say) is a keyword-only parameter of the rules; the function refuses, by
    name, those that its rules do not have. Written with functions that have derivatives
    themselves, the rules serve derivatives of every order.

    broadcasts: the function broadcasts its arguments, and the engine sums what a rule returns back
        to the shape of its argument; by default true of NumPy's ufuncs alone. For a function that
        does not, any other shape than the argument's is an error.
    each: instead of `rules`, one `rule(i, g, y, *args)` for any number of array arguments.
    sequence: the one argument is a sequence of arrays, and the rule returns as many gradients.
    scalar: the same function for Python floats, where NumPy's own is slow.
    symbol: what pictures call it, if not by its name.

    >>> import numpy as np
    >>> from autograd import Value, defvjp, primitive
    >>> @primitive
    ... def cube(x):
    ...     return x * x * x
    >>> defvjp(cube, lambda g, y, x: g * 3 * x**2)
    >>> x = Value([1.0, 2.0])
    >>> cube(x).sum().backward()
    >>> x.grad
    array([ 3., 12.])
    """
    if broadcasts is None:
        broadcasts = isinstance(fn, np.ufunc)
    TABLE[fn] = Derivative(
        fn,
        rules if each is None else _Each(each),
        broadcasts=broadcasts,
        sequence=sequence,
        scalar=scalar,
        symbol=symbol,
    )


def compose(fn: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give `fn` of a Value as a composition of functions that have derivatives."""

    def register(composition: Callable[..., Any]) -> Callable[..., Any]:
        COMPOSED[fn] = composition
        return composition

    return register


def without_derivative(*fns: Callable[..., Any]) -> None:
    """Declare functions without a derivative: of a Value they give what they give of its data."""
    PLAIN.update(fns)


def primitive(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of one's own a primitive: one call in the record, with rules by `defvjp`.

    The function sees plain arrays and numbers. Called with a Value it is recorded as a NumPy
    function would be, through the same protocol; called without, it just runs.

    >>> import numpy as np
    >>> from autograd import defvjp, grad, primitive
    >>> @primitive
    ... def softsign(x):
    ...     return x / (1 + np.abs(x))
    >>> defvjp(softsign, lambda g, y, x: g / (1 + np.abs(x)) ** 2)
    >>> grad(softsign)(1.0)
    0.25
    """

    @wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if type(arg) in TRACKED:
                return TRACKED[type(arg)](call, *args, **kwargs)
        for arg in (*args, *kwargs.values()):
            for member in arg if type(arg) in (list, tuple) else (arg,):
                protocol = getattr(type(member), "__array_function__", None)
                if protocol not in (None, np.ndarray.__array_function__):
                    return member.__array_function__(call, (type(member),), args, kwargs)
        return fn(*args, **kwargs)

    vars(call)["implementation"] = fn  # what the engine runs on plain arrays
    return call


def name_of(fn: Callable[..., Any]) -> str:
    """What users call the function: `np.tanh`, `np.linalg.det`, or its own name."""
    module = (getattr(fn, "__module__", None) or "").replace("numpy", "np", 1)
    name: str = getattr(fn, "__name__", repr(fn))
    if isinstance(fn, np.ufunc):
        return f"np.{name}" if getattr(np, name, None) is fn else name
    return f"{module}.{name}" if module.split(".")[0] == "np" else name
