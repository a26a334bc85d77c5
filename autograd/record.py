"""The record: the slots of a Value, and how to read the call in them.

A Value is a leaf, made by the user, or the result of a call: then `fn`, `args` and `kwargs` say
of which. There is nothing else to the graph: whatever draws, steps through or differentiates it
reads these records.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd.numbers import Cotangent, Data
from autograd.recording import is_recording

__all__ = [
    "PACKED", "Record", "is_tracked", "leaf", "next_number", "plain", "record", "values_in",
]  # fmt: skip

next_number = itertools.count(1).__next__
_new = object.__new__
PACKED = type("PACKED", (), {"__doc__": "The arguments stand in tuples, and there are settings."})()


class Record:
    """The slots of a Value, and how to read the call in them. Value is the one subclass.

    One object a call, and no other: CPython's cyclic collector is most of the time of a scalar
    graph, and it counts objects. So the Values among one or two arguments stand in `_a` and `_b`
    (None for a constant), and what the call saw of either in `_x` and `_w`. A call of more, or with
    settings, is packed: its arguments in a tuple in `_a`, what it saw in `_x`, settings in `_w`.
    """

    __slots__ = (
        "__weakref__", "_a", "_b", "_call", "_grad", "_number", "_value", "_w", "_x", "label",
    )  # fmt: skip
    _a: Any
    _b: Any
    _call: Any  # the Rules of the function, of which this is a call
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
    def args(self) -> tuple[Any, ...]:
        """What the function was called with: Values, and constants."""
        return tuple(map(_argument, self._parents(), self.seen))

    @property
    def seen(self) -> tuple[Any, ...]:
        """The arguments as the call saw them: arrays and numbers, of Values their data."""
        if self._call is None:
            return ()
        if self._b is PACKED:
            return tuple(self._x)
        return (self._x, self._w)[: self._call.arity]

    @property
    def kwargs(self) -> dict[str, Any]:
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

    def _parents(self) -> tuple[Any, ...]:
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


def record(call: Any, data: Data, a: Any, b: Any, x: Any, w: Any) -> Any:
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
