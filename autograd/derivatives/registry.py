"""The table of derivatives: which rules belong to which function.

A rule is plain NumPy, `rule(g, y, *args, **kwargs)`: the incoming gradient g, the result y, and
what the function was called with; it returns the gradient of one argument. Rules run on arrays for
first derivatives, and on Values for higher ones: so they may only use functions of this table.

This module knows neither Value nor backprop.
"""

import inspect
import operator
import sys
from collections.abc import Callable, Iterator
from functools import cached_property, partial, wraps
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import NotDifferentiable

__all__ = [
    "ABOUT",
    "COMPOSED",
    "PLAIN",
    "REFUSED",
    "TABLE",
    "TRACKED",
    "Derivative",
    "compose",
    "data_of",
    "defvjp",
    "is_tracked",
    "name_of",
    "named",
    "primitive",
    "refuse",
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
        yield partial(self.rule, 0)  # which has the parameters of all


class About(NamedTuple):
    """What users want to know of a derivative; the tests hold it to that."""

    domain: str = ""  # where it is defined, if not everywhere
    kink: str = ""  # the convention where there is no one derivative
    note: str = ""  # by which arguments, if not by all; what else a user should know
    complex: bool = True  # of complex arguments too
    orders: int = 2  # the order of derivatives that is tested


class Derivative:
    """All that the engine knows of one differentiable function."""

    def __init__(
        self,
        fn: Callable[..., Any],
        rules: tuple[Rule | None, ...] | _Each,
        *,
        broadcasts: bool,
        sequence: bool,
        several: bool,
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
        self.several = several
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
        if shared is None and any(self.rules):
            return frozenset(self.names[self.arity :]) - {"out"}
        return frozenset(shared or ())

    @cached_property
    def casts(self) -> bool:
        """Whether the function takes dtype=, to compute in it, and the rules need not know."""
        takes = isinstance(self.fn, np.ufunc) or "dtype" in self.names
        return takes and "dtype" not in self.settings

    def _is_default(self, name: str, value: Any) -> bool:
        """Whether a setting is given as it is when it is not given."""
        if value is None or value is np._NoValue:
            return True
        default = self.defaults.get(name)
        return type(value) is type(default) and isinstance(value, bool | str) and value == default

    @cached_property
    def defaults(self) -> dict[str, Any]:
        try:
            parameters = inspect.signature(self.forward).parameters.values()
        except ValueError:  # of ufuncs, and of some functions in older NumPys
            return {"where": True, "order": "K", "subok": True, "casting": "same_kind"}
        return {p.name: p.default for p in parameters}

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
                raise TypeError(
                    f"{name_of(self.fn)} takes {len(self.names)} arguments at most, "
                    f"not {len(args)}."
                )
            given = dict(zip(names, args[arity:], strict=True))
            if twice := given.keys() & kwargs.keys():
                raise TypeError(f"{name_of(self.fn)} is given {', '.join(twice)} twice.")
            given |= kwargs
        elif any(name not in self.settings for name in kwargs):
            given = dict(kwargs)
            for name in self.names[len(args) : arity]:
                if any(later in given for later in self.names[len(arrays) : arity]):
                    arrays.append(given.pop(name, None))
        unset = [n for n, v in given.items() if n not in self.settings and self._is_default(n, v)]
        settings = {name: value for name, value in given.items() if name not in unset}
        refused = [f"{name}=" for name in settings if name not in self.settings]
        if self.casts and "dtype=" in refused:
            refused.remove("dtype=")
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
}


ABOUT: dict[Callable[..., Any], About] = {}
TABLE: dict[Callable[..., Any], Derivative] = {}
COMPOSED: dict[Callable[..., Any], Callable[..., Any]] = {}
PLAIN: set[Callable[..., Any]] = set()
REFUSED: dict[Callable[..., Any], str] = {}  # and what to write instead
TRACKED: dict[type, Callable[..., Any]] = {}  # types that remember calls, and what applies theirs


def named(name: str) -> list[Any]:
    """The NumPy function of that name ("linalg.det"), in a list; none where NumPy lacks it."""
    if name in _NOT_IN_EVERY_NUMPY and not hasattr(np, name):
        return []
    return [operator.attrgetter(name)(np)]


# In NumPy 2.0 to 2.5; any other name that is missing is misspelt.
_NOT_IN_EVERY_NUMPY = {
    "cumulative_prod", "cumulative_sum", "in1d", "matvec", "trapz", "unstack", "vecmat",
}  # fmt: skip


def defvjp(
    fn: Callable[..., Any],
    *rules: Rule | None,
    broadcasts: bool | None = None,
    each: Rule | None = None,
    sequence: bool = False,
    several: bool = False,
    scalar: Callable[..., float] | None = None,
    symbol: str | None = None,
    domain: str = "",
    kink: str = "",
    note: str = "",
    complex: bool = True,
    orders: int | None = None,
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
    several: the result is a tuple of arrays; the rule finds the gradient of the i-th in g[i], or
        None, and that result with `part(y, i)`.
    domain, kink, note, complex, orders: where it is defined, the convention at points without one
        derivative, what else there is to know, whether it takes complex numbers, and the order of
        derivatives that is tested (3 of elementwise functions, else 2): what
        `python -m autograd supported` tells.
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
    elementwise = isinstance(fn, np.ufunc) and fn.signature is None
    COMPOSED.pop(fn, None)  # whoever gives rules wants them used
    derivative = Derivative(
        fn,
        rules if each is None else _Each(each),
        broadcasts=isinstance(fn, np.ufunc) if broadcasts is None else broadcasts,
        sequence=sequence,
        several=several,
        scalar=scalar,
        symbol=symbol,
    )
    known = TABLE.setdefault(fn, derivative)
    if known is not derivative:  # operators and methods hold on to it
        vars(known).clear()
        vars(known).update(vars(derivative))
    ABOUT[fn] = About(domain, kink, note, complex, orders or (3 if elementwise else 2))


def compose(
    *fns: Callable[..., Any] | str,
    like: Callable[..., Any] | None = None,
    complex: bool = True,
    note: str = "",
    kink: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give functions of a Value as a composition of functions that have derivatives.

    Of a function that has rules too, it is asked first, and returns NotImplemented for the calls
    that they serve.

    like: a function of which the same is true, of domain, kinks and complex numbers.
    """
    about = ABOUT[like] if like else About(kink=kink, note=note, complex=complex)

    def register(composition: Callable[..., Any]) -> Callable[..., Any]:
        for fn in fns:
            for f in named(fn) if isinstance(fn, str) else [fn]:
                COMPOSED[f] = composition
                ABOUT.setdefault(f, about)
        return composition

    return register


def without_derivative(*names: str) -> None:
    """Declare functions without a derivative: of a Value they give what they give of its data."""
    for name in names:
        PLAIN.update(named(name))


def refuse(reason: str, *names: str) -> None:
    """Declare functions that take no Value, and why, or what to write instead."""
    for name in names:
        REFUSED.update(dict.fromkeys(named(name), reason))


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


@primitive
def data_of(x: Any) -> Any:
    """The plain data of a Value: for rules and compositions that only decide by them."""
    return x


PLAIN.add(data_of)


def is_tracked(x: Any) -> bool:
    """Whether it is a Value."""
    return type(x) in TRACKED


def name_of(fn: Callable[..., Any]) -> str:
    """What users call the function: `np.tanh`, `np.linalg.det`, or its own name."""
    module = (getattr(fn, "__module__", None) or "").replace("numpy", "np", 1)
    name: str = getattr(fn, "__name__", repr(fn))
    if isinstance(fn, np.ufunc):
        homes = {
            "np": np,
            "np.linalg": np.linalg,
            "scipy.special": sys.modules.get("scipy.special"),
        }
        found = (home for home, m in homes.items() if getattr(m, name, None) is fn)
        return ".".join([*[*found][:1], name])
    return f"{module}.{name}" if module.split(".")[0] == "np" else name
