"""How a call is remembered: the slots of a Value, and the rules that say what to remember.

A Value is a leaf, made by the user, or the result of a call: then `fn`, `args` and `kwargs` say
of which. There is nothing else to the graph: whatever draws, steps through or differentiates it
reads these records. Calling an entry of the table is how one is made: `TABLE[np.tanh](v)`.
"""

import itertools
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.binding import Args, Binding, Rule, Settings
from autograd.errors import Detached, NotDifferentiable, ShapeMismatch
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, as_result, checked_array, quick
from autograd.recording import is_recording

__all__ = [
    "TABLE", "About", "Contribution", "Parts", "Record", "Rules", "apply", "as_seen",
    "contributions", "is_tracked", "leaf", "linked", "next_number", "part", "plain", "primitive", "pulled",
    "record", "values_in", "wanted",
]  # fmt: skip

next_number = itertools.count(1).__next__
_new = object.__new__
PACKED = type("PACKED", (), {"__doc__": "The arguments stand in tuples, and there are settings."})()


class Record:
    """The slots of a Value, and how to read the call in them. Value is the one subclass.

    One object a call, and no other: CPython's cyclic collector is most of the time of a scalar
    graph, and it counts objects. So the Values among one or two arguments stand in `_a` and `_b`
    (None for a constant), and what the call saw of either in `_x` and `_w`. A call of more, or with
    settings, is packed: its arguments in a tuple in `_a`, what it saw in `_x`, the settings in `_w`.
    """

    __slots__ = (
        "__weakref__", "_a", "_b", "_call", "_grad", "_number", "_value", "_w", "_x", "label",
    )  # fmt: skip
    _a: Any
    _b: Any
    _call: "Rules | None"
    _grad: Cotangent
    _number: int
    _value: Data  # not _data: np.ma takes whatever has that for an array of its own
    _w: Any
    _x: Any
    label: str

    def __init_subclass__(cls) -> None:
        global _Value
        if _Value is not None:
            raise TypeError("Value has no subclasses: write functions, or a class that holds one.")
        _Value = cls

    @property
    def fn(self) -> Callable[..., Any] | None:
        """The function whose result it is, as np.tanh; None for a leaf."""
        return None if self._call is None else self._call.fn

    @property
    def args(self) -> Args:
        """What the function was called with: Values, and constants."""
        return tuple(map(_argument, self._parents(), self.seen))

    @property
    def seen(self) -> Args:
        """The arguments as the call saw them: arrays and numbers, of Values their data."""
        if self._call is None:
            return ()
        if self._b is PACKED:
            return tuple(self._x)
        return (self._x, self._w)[: self._call.arity]

    @property
    def kwargs(self) -> Settings:
        """The settings of the call, such as axis=0."""
        return dict(self._w) if self._b is PACKED else {}

    @property
    def parents(self) -> tuple[Any, ...]:
        """The Values among the arguments, one for each time that it was given."""
        a, b = self._a, self._b
        if b is PACKED:
            return tuple(values_in(a))
        if a is None or b is None:
            return () if a is b else (b,) if a is None else (a,)
        return a, b

    def _parents(self) -> Args:
        """For each argument the Value that it was, or None; a tuple of these for a sequence."""
        if self._call is None:
            return ()
        return self._a if self._b is PACKED else (self._a, self._b)[: self._call.arity]


_Value: Any = None  # set to Value, as soon as that is defined


def _argument(parent: Any, seen: Any) -> Any:
    if type(parent) is tuple:
        return tuple(map(_argument, parent, seen))
    return seen if parent is None else parent


def is_tracked(x: Any) -> bool:
    """True for a Value."""
    return type(x) is _Value


def values_in(args: Iterable[Any]) -> list[Any]:
    """The Values among the arguments, and in lists and tuples among them."""
    found = []
    for arg in args:
        if type(arg) is _Value:
            found.append(arg)
        elif type(arg) is tuple or type(arg) is list:
            found += values_in(arg)
    return found


def plain(arg: Any) -> Any:
    """An argument with the data of Values in their place, in lists and tuples too."""
    kind = type(arg)
    if kind is _Value:
        return arg._value
    if kind is list or kind is tuple:
        return kind(map(plain, arg))
    return float(arg) if kind is np.float64 else arg


def leaf(data: Data, label: str = "") -> Any:
    return _filled(_new(_Value), data, label)


def _filled(v: Any, data: Data, label: str) -> Any:
    v._value, v._number, v.label = data, next_number(), label
    v._call = v._grad = v._a = v._b = v._x = v._w = None
    return v


def record(call: "Rules", data: Data, a: Any, b: Any, x: Any, w: Any) -> Any:
    """The result of a call, which remembers the call if that is wanted."""
    if not is_recording():
        return leaf(data)
    out = _new(_Value)
    out._value = data
    out._grad = None
    out._number = next_number()
    out.label = ""
    out._call = call
    out._a = a
    out._b = b
    out._x = x
    out._w = w
    return out


# --------------------------------------------------------------------------- the table


class Table(dict[Callable[..., Any], Callable[..., Any]]):
    """What to do with a Value, by function: each entry is called as the function would be.

    Most entries are Rules; `table` has the other kinds, and says what happens to a function that
    is missing.
    """

    missing: Callable[[Callable[..., Any]], Callable[..., Any]]

    def __missing__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
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
            if type(arg) is _Value:
                return TABLE[call](*args, **kwargs)
        for arg in (*args, *kwargs.values()):
            for member in arg if type(arg) in (list, tuple) else (arg,):
                protocol = getattr(type(member), "__array_function__", None)
                if protocol not in (None, np.ndarray.__array_function__):
                    return member.__array_function__(call, (type(member),), args, kwargs)
        return fn(*args, **kwargs)

    vars(call)["implementation"] = fn  # what the engine runs on plain arrays
    return call


class About(NamedTuple):
    """What users want to know of a derivative; the tests hold it to that."""

    domain: str = ""  # where it is defined, if not everywhere
    kink: str = ""  # the convention where there is no one derivative
    note: str = ""  # by which arguments, if not by all; what else a user should know
    complex: bool = True  # of complex arguments too
    orders: int = 2  # the order of derivatives that is tested
    facts: dict[str, Any] = {}  # noqa: RUF012 (what summaries and diagnoses ask; never written to)


class Rules(Binding):
    """A function with a rule for each of its arrays: the one kind of call that is remembered."""

    def __init__(
        self,
        fn: Callable[..., Any],
        rules: tuple[Rule | None, ...],
        *,
        settings: str = "",
        broadcasts: bool = False,
        elementwise: bool = False,
        routes: tuple[Rule | None, ...] = (),
        sequence: bool = False,
        several: bool = False,
        scalar: Callable[..., float] | None = None,
        symbol: str | None = None,
        about: About = About(),
    ) -> None:
        super().__init__(fn, rules, settings)
        self.first, self.second = (*rules, None)[:2]
        self.broadcasts = broadcasts or elementwise
        self.elementwise = elementwise
        self.routes = routes
        self.sequence = sequence
        self.several = several
        self.scalar = scalar
        self.symbol = symbol
        self.about = about
        self._is_unary = self.arity == 1 and not sequence and not several

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._is_unary and len(args) == 1 and not kwargs and type(v := args[0]) is _Value:
            x = v._value
            return record(self, self.compute(x), v, None, x, None)
        if len(args) != self.arity or kwargs:
            args, kwargs = self.bind(args, kwargs)
            if "dtype" in kwargs and self.casts:
                dtype = np.dtype(kwargs.pop("dtype"))
                return apply(self.fn, *[_cast(self.fn, arg, dtype) for arg in args], **kwargs)
            if kwargs and values_in(kwargs.values()):
                raise NotDifferentiable(
                    f"{name_of(self.fn)} takes Values as its arrays, not as settings: "
                    f"{', '.join(kwargs)}."
                )
        if self.sequence:
            members = tuple(args[0])
            parents: Args = (tuple([m if type(m) is _Value else None for m in members]),)
            seen: Args = (tuple([m._value if type(m) is _Value else _see_array(m) for m in members]),)
        else:
            parents = tuple([arg if type(arg) is _Value else None for arg in args])
            seen = tuple([self._see(arg, i) for i, arg in enumerate(args)])
        data = self.compute(*seen, **kwargs)
        if self.several:
            return self._several(parents, seen, kwargs, data)
        if len(args) != self.arity or self.arity > 2 or kwargs or self.sequence:
            return record(self, data, parents, PACKED, seen, kwargs)
        return record(self, data, *(*parents, None)[:2], *(*seen, None)[:2])

    def compute(self, *seen: Any, **kwargs: Any) -> Data:
        """The result for plain data; of Python's numbers in Python, ten times as fast."""
        if type(seen[0]) is float and self.scalar and all([type(x) is float for x in seen]):
            try:
                return self.scalar(*seen)
            except (ValueError, OverflowError, ZeroDivisionError):  # NumPy has an answer, and warns
                return as_result(self.forward(*map(np.float64, seen)), self.fn)
        try:
            data = self.forward(*seen, **kwargs)
        except np.linalg.LinAlgError:
            raise
        except ValueError as error:
            raise self.mismatch(seen, error) from None
        return data if self.several else as_result(data, self.fn)

    def mismatch(self, seen: Args, error: ValueError) -> ValueError:
        """NumPy's error, with the shapes that it was given, which it does not always name."""
        shapes = [x.shape for x in seen if isinstance(x, np.ndarray)]
        named = all(str(shape) in str(error) for shape in shapes)
        if named or len(shapes) < 2 or hasattr(self.fn, "implementation"):
            return error
        given = ", ".join(map(str, shapes))
        return ShapeMismatch(f"{name_of(self.fn)} of the shapes {given}: {error}")

    def _see(self, arg: Any, i: int) -> Any:
        """The argument as the function and its rules see it."""
        if type(arg) is _Value:
            return arg._value
        if type(arg) is np.ndarray:
            return arg
        return plain(arg) if self.rules[i] is None else _see_array(arg)

    def _several(self, parents: Args, seen: Args, kwargs: Settings, data: Any) -> Any:
        """One Value of the whole tuple, and each result as a part of it."""
        results = tuple(map(quick, data))
        whole = record(self, results, parents, PACKED, seen, kwargs)
        parts = [record(_PART, y, whole, None, results, i) for i, y in enumerate(results)]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)


def _see_array(arg: Any) -> Any:
    if not isinstance(arg, (list, tuple, np.ndarray)):
        return plain(arg)
    if type(arg) is not np.ndarray and values_in(arg):
        raise Detached("a list of Values is no array: join them with np.stack.")
    return checked_array(arg)


def _cast(fn: Callable[..., Any], arg: Any, dtype: np.dtype[Any]) -> Any:
    """An argument in the dtype that a call with dtype= computes in."""
    if type(arg) is list or type(arg) is tuple:
        return tuple(_cast(fn, member, dtype) for member in arg)
    if not isinstance(arg, _Value | np.ndarray | np.generic):
        return arg
    if dtype.kind not in "fc" or (dtype.kind == "f" and np.iscomplexobj(arg)):
        raise NotDifferentiable(
            f"{name_of(fn)} of {arg.dtype} with dtype={dtype} would lose what has a derivative: "
            "take v.data, or v.real."
        )
    return arg.astype(dtype)


# ------------------------------------------------------------------------ several results


class Parts:
    """Gradients of some of several results, by their places; of the others None."""

    def __init__(self, gradients: dict[int, Cotangent]) -> None:
        self.gradients = gradients

    def __getitem__(self, i: int) -> Cotangent:
        return self.gradients.get(i)

    def __add__(self, other: "Parts") -> "Parts":
        """Itself with the other's added: each belongs to one walk, and they may be many."""
        both = self.gradients
        for i, g in other.gradients.items():
            both[i] = both[i] + g if i in both else g
        return self


@primitive
def part(results: Any, i: int) -> Any:
    """The i-th of several results of a function defined with `several=True`; for its rules.

    >>> part((1.0, 2.0), 1)
    2.0
    """
    return results[i]


_PART = TABLE[part] = Rules(part, (lambda g, y, results, i: Parts({i: g}), None))

# ---------------------------------------------------------------------- reading the record


# The chain rule along one edge: which argument, the Value there, what the call saw of it, and what
# its rule gives.
Contribution: TypeAlias = tuple[int, Any, Data, Cotangent]


def contributions(
    node: Any, g: Cotangent, needed: Collection[Any] | None = None, recorded: bool = False
) -> list[Contribution]:
    """What a call passes back to each of its Values, or to those that are needed.

    recorded: the rules run on Values, so that their results can be differentiated.
    """
    call, a, b, y, x, w = node._call, node._a, node._b, node._value, node._x, node._w
    if b is PACKED:
        places = wanted(node, needed)
        y, seen = (node, linked(node)) if recorded else (y, x)
        shares = pulled(node, g, y, seen, places)
        return [(*place, share) for place, share in zip(places, shares, strict=True)]
    u, v = x, w
    if recorded:
        y, u, v = node, _linked(a, x), _linked(b, w)
    found = []
    if a is not None and (rule := call.first) and (needed is None or a in needed):
        found.append((0, a, x, rule(g, y, u) if call.arity == 1 else rule(g, y, u, v)))
    if b is not None and (rule := call.second) and (needed is None or b in needed):
        found.append((1, b, w, rule(g, y, u, v)))
    return found


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
    rules: tuple[Rule | None, ...] | None = None,
) -> list[Cotangent]:
    """What the rules give for some places of a call: its own, or others, for any y and arguments."""
    call, settings = node._call, node._w if node._b is PACKED else {}
    rules = rules or call.rules
    if call.sequence:
        shares = rules[0](g, y, *seen, **call.given(0, settings))
        return [shares[i] for i, _, _ in places]
    return [rules[i](g, y, *seen, **call.given(i, settings)) for i, _, _ in places]


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
