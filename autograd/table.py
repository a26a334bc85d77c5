"""The table: what each function does with a Value.

`TABLE[fn]` is called as fn would be. It is one of four kinds: Rules, which remember the call and
know its derivatives; a Composition of functions that have derivatives; a Plain function, which has
none and gives plain results; a Refusal, which says what to write instead. The chapters in
`derivatives` fill it; users add to it with `defvjp`.

A rule is plain NumPy, `rule(g, y, *args, **kwargs)`: the incoming gradient g, the result y, and
what the function was called with; it returns the gradient of one argument. Rules run on arrays for
first derivatives, and on Values for higher ones: so they may only use functions of this table.
"""

import importlib
import operator
import sys
from _thread import RLock  # threading, which has it too, takes half a millisecond to import
from collections.abc import Callable, Collection
from types import MappingProxyType
from typing import Any

import numpy as np

from autograd.binding import About, Facts, Rule
from autograd.call import TABLE, Rules, primitive
from autograd.errors import Detached, NotDifferentiable
from autograd.naming import name_of
from autograd.record import plain

__all__ = [
    "Composition", "Plain", "Refusal", "about_of", "compose", "data_of", "defvjp", "load_chapters",
    "named", "refuse", "rules_of", "without_derivative",
]  # fmt: skip

_Function = Callable[..., Any]


class Composition:
    """A function that is made of others: of a Value it calls them.

    otherwise: the function's own Rules, for calls of which the composition is NotImplemented.
    """

    def __init__(
        self, fn: _Function, composition: _Function, about: About, otherwise: Rules | None
    ) -> None:
        self.fn, self.composition, self.about, self.otherwise = fn, composition, about, otherwise

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.pop("out", None) is not None:
            raise Detached(
                f"{name_of(self.fn)} of a Value takes no out=: assign the result instead."
            )
        result = self.composition(*args, **kwargs)
        if result is NotImplemented and self.otherwise is not None:
            return self.otherwise(*args, **kwargs)
        return result


class Plain:
    """A function without a derivative: of a Value it gives what it gives of its data."""

    def __init__(self, fn: _Function) -> None:
        self.fn = fn

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*plain(args), **{name: plain(arg) for name, arg in kwargs.items()})


class Refusal:
    """A function that takes no Value, and what to write instead."""

    def __init__(self, fn: _Function, reason: str) -> None:
        self.fn, self.reason = fn, reason

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotDifferentiable(f"{name_of(self.fn)} takes no Value: {self.reason}")


# ------------------------------------------------------------------------- what fills it


def defvjp(
    fn: _Function,
    *rules: Rule | None,
    settings: str = "",
    broadcasts: bool | None = None,
    elementwise: bool | None = None,
    routes: bool | Rule | tuple[Rule, ...] | None = None,
    sequence: bool = False,
    several: bool = False,
    scalar: Callable[..., float] | None = None,
    forward: Callable[..., Any] | None = None,
    by_tiles: bool = False,
    symbol: str | None = None,
    domain: str = "",
    kink: str = "",
    note: str = "",
    complex: bool = True,
    orders: int | None = None,
    facts: Facts | None = None,
) -> None:
    """Give `fn` its derivatives: one rule for each array argument.

    A rule is `rule(g, y, *args, **kwargs)`, with the arguments of the call: g is the gradient of
    the loss with respect to the result y, and the rule returns the one with respect to its
    argument, in that argument's shape. None stands for an argument that gets no gradient. A
    setting (`axis`, say) is a keyword-only parameter of each rule that needs it; the function
    refuses, by name, settings that no rule has. Written with functions that have derivatives
    themselves, the rules serve derivatives of every order.

    settings: names of further settings, which no rule needs, such as "keepdims casting".
    broadcasts: the function broadcasts its arguments, and the engine sums what a rule returns back
        to the shape of its argument; by default true of NumPy's ufuncs alone. For a function that
        does not, any other shape than the argument's is an error.
    elementwise: each element of the result depends on that element of each argument alone, after
        broadcasting; by default true of NumPy's ufuncs without a signature.
    routes: the gradient goes to some elements and not to others, as of np.where, and a 0 that a
        rule returns says so: True; or, if the rules are 0 elsewhere too, one that says where it
        goes, or one for each of them.
    sequence: the one argument is a sequence of arrays, and the rule returns as many gradients.
    several: the result is a tuple of arrays; the rule finds the gradient of the i-th in g[i], or
        None, and that result with `part(y, i)`.
    domain, kink, note, complex, orders: where it is defined, the convention at points without one
        derivative, what else there is to know, whether it takes complex numbers, and the order of
        derivatives that is tested (3 of elementwise functions, else 2): what
        `python -m autograd supported` tells.
    scalar: the same function for Python floats, where NumPy's own is slow.
    forward: the same function for plain data, where NumPy's own makes detours.
    by_tiles: large arrays are computed a piece at a time, which stays in the processor's cache;
        for elementwise formulas of several operations.
    symbol: what pictures call it, if not by its name.
    facts: what summaries and diagnoses ask of the function, in the words of nn.functional's
        docstring, such as {"channels": "kept"}, which is true of elementwise functions without
        being said; `Value.facts` has them, to read.

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
    ufunc = isinstance(fn, np.ufunc)
    simple = isinstance(fn, np.ufunc) and fn.signature is None and not several
    by_element = simple if elementwise is None else elementwise
    told = MappingProxyType({**({"channels": "kept"} if by_element else {}), **(facts or {})})
    defined = Rules(
        fn,
        rules,
        more=settings,
        broadcasts=by_element or (ufunc if broadcasts is None else broadcasts),
        elementwise=by_element,
        routes=_routes(rules, routes),
        sequence=sequence,
        several=several,
        scalar=scalar,
        forward=forward,
        by_tiles=by_tiles,
        symbol=symbol,
        about=About(domain, kink, note, complex, orders or (3 if simple else 2), told),
    )
    with _loading:  # a chapter that another thread is importing must not take this for its own
        if fn in _kept:
            return
        known = rules_of(fn)
        if known is None:
            known = defined
        else:  # operators hold on to it
            vars(known).clear()
            vars(known).update(vars(defined))
        TABLE[fn] = known  # without a composition: whoever gives rules wants them used


def _routes(rules: tuple[Rule | None, ...], routes: Any) -> tuple[Rule | None, ...]:
    if isinstance(routes, tuple):
        return routes
    return rules if routes is True else (routes,) * len(rules) if routes else ()


def rules_of(fn: _Function) -> Rules | None:
    """The rules of a function, if it has any."""
    entry = TABLE.get(fn)
    entry = entry.otherwise if isinstance(entry, Composition) else entry
    return entry if isinstance(entry, Rules) else None


def compose(
    *fns: _Function | str,
    like: _Function | None = None,
    complex: bool = True,
    note: str = "",
    kink: str = "",
) -> Callable[[_Function], _Function]:
    """Give functions of a Value as a composition of functions that have derivatives.

    Of a function that has rules too, it is asked first, and returns NotImplemented for the calls
    that they serve.

    like: a function of which the same is true, of domain, kinks and complex numbers.
    """
    about = TABLE[like].about if like else About(kink=kink, note=note, complex=complex)

    def register(composition: _Function) -> _Function:
        for fn in fns:
            for f in named(fn) if isinstance(fn, str) else [fn]:
                if f not in _kept:
                    rules = rules_of(f)
                    TABLE[f] = Composition(f, composition, rules.about if rules else about, rules)
        return composition

    return register


def about_of(fn: _Function) -> About | None:
    """What there is to know of a function's derivative; None if it has none."""
    return getattr(TABLE.get(fn), "about", None)


def without_derivative(*names: str) -> None:
    """Declare functions without a derivative: of a Value they give what they give of its data."""
    TABLE.update({fn: Plain(fn) for name in names for fn in named(name)})


def refuse(reason: str, *names: str) -> None:
    """Declare functions that take no Value, and why, or what to write instead."""
    TABLE.update({fn: Refusal(fn, reason) for name in names for fn in named(name)})


def named(name: str) -> list[_Function]:
    """The NumPy function of that name ("linalg.det"), in a list; none where NumPy lacks it."""
    if name in _NOT_IN_EVERY_NUMPY and not hasattr(np, name):
        return []
    return [operator.attrgetter(name)(np)]


# In NumPy 2.0 to 2.5; any other name that is missing is misspelt.
_NOT_IN_EVERY_NUMPY = {
    "cumulative_prod", "cumulative_sum", "in1d", "matvec", "trapz", "unstack", "vecmat",
}  # fmt: skip


@primitive
def data_of(x: Any) -> Any:
    """The plain data of a Value: for rules and compositions that only decide by them."""
    return x


TABLE[data_of] = Plain(vars(data_of)["implementation"])

# ---------------------------------------------------------------- chapters that come late

# Imported when a function is met that no other chapter has: each with the module whose functions it
# is about. They would be half of the time that importing this package takes, and many programs need
# none.
_CHAPTERS = {
    "calculus": "numpy",
    "decompositions": "numpy",
    "einsum": "numpy",
    "emath": "numpy",
    "linalg": "numpy",
    "mapping": "numpy",
    "ordering": "numpy",
    "polynomials": "numpy",
    "ranges": "numpy",
    "sinc_and_i0": "numpy",
    "statistics": "numpy",
    "fft": "numpy.fft",
    "special": "scipy.special",
}
_loading = RLock()
_kept: Collection[_Function] = ()  # what users have defined: a chapter leaves it as it is


def load_chapters() -> None:
    """Import the chapters about modules that have been imported."""
    global _kept
    with _loading:  # another thread may have begun to
        _kept = set(TABLE)
        try:
            for chapter, module in [*_CHAPTERS.items()]:
                if module in sys.modules:
                    importlib.import_module(f"autograd.derivatives.{chapter}")
                    del _CHAPTERS[chapter]
        finally:
            _kept = ()


def _missing(fn: _Function) -> _Function:
    load_chapters()
    if fn in TABLE:
        return TABLE[fn]
    raise NotDifferentiable(
        f"{name_of(fn)} has no derivative in the table: call it on v.data for a plain result, "
        f"or give it derivatives with autograd.defvjp({name_of(fn)}, ...)."
    )


TABLE.missing = _missing
