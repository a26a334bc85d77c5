"""The call: what calling a function of the table leaves in the record, and how rules read it.

`TABLE[np.tanh](v)` computes np.tanh of the data, and its result remembers the call.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import wraps
from typing import Any, TypeAlias

import numpy as np

from autograd.binding import About, Args, Binding
from autograd.errors import NotDifferentiable, ShapeMismatch
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, as_result
from autograd.record import PACKED, Record, record, values_in

__all__ = [
    "TABLE", "Contribution", "Parts", "Rules", "apply", "as_seen", "contributions", "linked",
    "part", "primitive", "pulled", "wanted",
]  # fmt: skip


_PLAIN = {int, bool, str, float, type(None), np.ndarray}  # what settings mostly are


def _is_plain(setting: Any) -> bool:
    """True if a setting is no Value, and has none in it."""
    kind = type(setting)
    if kind in _PLAIN or (kind is tuple and _PLAIN.issuperset(map(type, setting))):
        return True
    return not values_in((setting,))


class Rules(Binding):
    """A function with a rule for each of its arrays: the one kind of call that is remembered."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self.arity:
            args, kwargs = self._checked(*self.bind(args, kwargs))
        if kwargs or len(args) != self.arity or not self.fits_slots:
            return self._packed(args, kwargs)
        a, x = (v, v._value) if isinstance(v := args[0], Record) else (None, self.see(v, 0))
        if self.arity == 1:
            plainly = type(x) is np.ndarray
            data = as_result(self.forward(x), self.fn) if plainly else self.compute(x)
            return record(self, data, a, None, x, None)
        b, w = (v, v._value) if isinstance(v := args[1], Record) else (None, self.see(v, 1))
        return record(self, self.compute(x, w), a, b, x, w)

    def _checked(self, args: Args, settings: dict[str, Any]) -> tuple[Args, dict[str, Any]]:
        """The arguments in the dtype of a setting `dtype=`, and settings without Values."""
        if "dtype" in settings and self.casts:
            args = self.cast(args, settings.pop("dtype"))
        if not all(map(_is_plain, settings.values())):
            raise NotDifferentiable(
                f"{name_of(self.fn)} takes Values as its arrays, not as settings: "
                f"{', '.join(settings)}."
            )
        return args, settings

    def _packed(self, args: Args, settings: dict[str, Any]) -> Any:
        """The call of more than two arguments, or with settings, or of several results."""
        if self.sequence:
            members = tuple(args[0])
            parents: Args = (_values_among(members),)
            seen: Args = (self.see_all(members),)
        elif len(args) == 1 and isinstance(v := args[0], Record):
            parents, seen = args, (v._value,)
        else:
            parents = tuple([v if isinstance(v, Record) else None for v in args])
            seen = tuple([
                v._value if isinstance(v, Record) else self.see(v, i) for i, v in enumerate(args)
            ])  # fmt: skip
        data = self.compute(*seen, **settings)
        if self.several:
            return _each(self, parents, seen, settings, data)
        return record(self, data, parents, PACKED, seen, settings)


def _values_among(members: Args) -> Args:
    """Each member of a sequence if it is a Value, else None."""
    if len({*map(type, members)}) == 1 and isinstance(members[0], Record):
        return members
    return tuple([m if isinstance(m, Record) else None for m in members])


def _each(call: Rules, parents: Args, seen: Args, settings: dict[str, Any], data: Any) -> Any:
    """The results of a call: one Value of the whole tuple, and each of them as a part of it."""
    results = tuple([as_result(member, call.fn) for member in data])
    whole = record(call, results, parents, PACKED, seen, settings)
    parts = [record(TABLE[part], y, whole, None, results, i) for i, y in enumerate(results)]
    return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)


class Table(dict[Callable[..., Any], Any]):
    """What to do with a Value, by function: each entry is called as the function would be."""

    missing: Callable[[Callable[..., Any]], Any]  # `table` knows

    def __missing__(self, fn: Callable[..., Any]) -> Any:
        return self.missing(fn)


TABLE = Table()


def apply(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function on the data of its arguments, and remember the call in the result.

    Functions without a derivative (comparisons, argmax, shape) give plain results; raises
    NotDifferentiable, a TypeError, for a function or a setting that is not in the table.
    """
    return TABLE[fn](*args, **kwargs)


def primitive(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of one's own a primitive: one call in the record, with rules by `defvjp`.

    The function sees plain arrays and numbers. Called with a Value it is recorded as a NumPy
    function would be, through the same protocol; called without, it just runs. A backward pass that
    meets NaN may call it again, with numbers nearby, to see where gradients go.

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
            if isinstance(arg, Record):
                return TABLE[call](*args, **kwargs)
        for arg in (*args, *kwargs.values()):
            for member in arg if type(arg) in (list, tuple) else (arg,):
                protocol = getattr(type(member), "__array_function__", None)
                if protocol not in (None, np.ndarray.__array_function__):
                    return member.__array_function__(call, (type(member),), args, kwargs)
        return fn(*args, **kwargs)

    vars(call)["implementation"] = fn  # what the engine runs on plain arrays
    return call


# ------------------------------------------------------------------------ several results


class Parts(dict[int, Cotangent]):
    """Gradients of some of several results, by their places; of the others None."""

    def __missing__(self, i: int) -> None:
        return None

    def __add__(self, other: "Parts") -> "Parts":
        """Itself with the other's added: each belongs to one walk, and they may be many."""
        for i, g in other.items():
            self[i] = self[i] + g if i in self else g
        return self


@primitive
def part(results: Any, i: int) -> Any:
    """The i-th of several results of a function defined with `several=True`; for its rules.

    >>> part((1.0, 2.0), 1)
    2.0
    """
    return results[i]


TABLE[part] = Rules(
    part,
    (lambda g, y, results, i: Parts({i: g}), None),
    about=About(facts={"channels": "kept"}),
)

# ---------------------------------------------------------------------- reading the record

# The chain rule along one edge: which argument, the Value there, what the call saw of it, and what
# its rule gives.
Contribution: TypeAlias = tuple[int, Any, Data, Cotangent]


def contributions(
    node: Any, g: Cotangent, needed: Collection[Any] | None = None, recorded: bool = False
) -> Sequence[Contribution]:
    """What a call passes back to each of its Values, or to those that are needed.

    recorded: the rules run on Values, so that their results can be differentiated.
    """
    call, a, b, y, x, w = node._call, node._a, node._b, node._value, node._x, node._w
    if call.sequence:
        places = wanted(node, needed)
        y, seen = (node, linked(node)) if recorded else (y, x)
        shares = pulled(node, g, y, seen, places)
        return [(*place, share) for place, share in zip(places, shares, strict=True)]
    if b is PACKED:
        y, seen = (node, linked(node)) if recorded else (y, x)
        return [
            (i, parent, x[i], rule(g, y, *seen, **call.given(i, w)))
            for i, (parent, rule) in enumerate(zip(a, call.running, strict=False))
            if parent is not None and rule is not None and (needed is None or parent in needed)
        ]
    u, v = x, w
    if recorded:
        y, u, v = node, _linked(a, x), _linked(b, w)
    first = a is not None and (needed is None or a in needed) and call.first
    second = b is not None and (needed is None or b in needed) and call.second
    if call.arity == 1:
        return ((0, a, x, first(g, y, u)),) if first else ()
    if not second:
        return ((0, a, x, first(g, y, u, v)),) if first else ()
    if not first:
        return ((1, b, w, second(g, y, u, v)),)
    return (0, a, x, first(g, y, u, v)), (1, b, w, second(g, y, u, v))


def wanted(node: Any, needed: Collection[Any] | None = None) -> list[tuple[int, Any, Data]]:
    """The places of a call that get a gradient, each with its Value and what the call saw of it."""
    call, parents, seen = node._call, node._parents(), node.seen
    if call.sequence:
        parents, seen = parents[0] or (), seen[0]
    return [
        (i, parent, x)
        for i, (parent, x) in enumerate(zip(parents, seen, strict=False))
        if parent is not None
        and (call.sequence or call.rules[i] is not None)
        and (needed is None or parent in needed)
    ]


def pulled(
    node: Any,
    g: Cotangent,
    y: Data,
    seen: Args,
    places: Iterable[tuple[int, Any, Data]],
    rules: Sequence[Any] = (),
) -> list[Cotangent]:
    """What the rules give for some places of a call: its own, or others, of any y and arguments."""
    call, settings = node._call, node._w if node._b is PACKED else {}
    if call.sequence:
        shares = [*(rules or call.rules)[0](g, y, *seen, **call.given(0, settings))]
        if len(shares) != len(seen[0]):
            raise ShapeMismatch(
                f"the rule of {name_of(call.fn)} returned {len(shares)} gradients for "
                f"{len(seen[0])} arrays."
            )
        return [shares[i] for i, _, _ in places]
    return [(rules or call.rules)[i](g, y, *seen, **call.given(i, settings)) for i, _, _ in places]


def _linked(parent: Any, seen: Any) -> Any:
    """The argument of a recorded rule: the Value as the call saw it, or the constant."""
    if type(parent) is tuple:
        return tuple(map(_linked, parent, seen))
    if parent is None or parent._value is seen:
        return seen if parent is None else parent
    return as_seen(parent, seen)


def as_seen(v: Any, data: Data) -> Any:
    """A copy of a Value that leads back to it, with the data that an earlier call saw."""
    return record(TABLE[np.positive], data, v, None, data, None)


def linked(node: Any) -> Args:
    """The arguments of a call for a recorded rule."""
    return tuple(map(_linked, node._parents(), node.seen))
