"""The record: what a call leaves behind, and the functions that make it.

A Value is a leaf, made by the user, or the result of a call: then `fn`, `args` and `kwargs` say
of which. There is nothing else to the graph: whatever draws, steps through or differentiates it
reads these records.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd.backprop import ALONE, MORE
from autograd.data import as_constant, as_result, checked_array, quick
from autograd.derivatives import late
from autograd.derivatives.registry import (
    COMPOSED,
    PLAIN,
    REFUSED,
    TABLE,
    TRACKED,
    Derivative,
    name_of,
)
from autograd.derivatives.several import part
from autograd.derivatives.shaping import astype
from autograd.errors import Detached, NotDifferentiable, ShapeMismatch
from autograd.recording import is_recording

__all__ = [
    "Record", "apply", "leaf", "method_of", "next_number", "operator_pair", "plain", "record",
    "values_in",
]  # fmt: skip

next_number = itertools.count(1).__next__
_new = object.__new__


class Record:
    """The slots of a Value, and how to read the call in them. Value is the one subclass."""

    # One object a call, and no other: CPython's cyclic collector is most of the time of a scalar
    # graph, and it counts objects. So one or two arguments stand in slots, with what the call saw
    # of them; calls of more, or with settings, put tuples into the slots of the first.
    __slots__ = (
        "__weakref__",
        "_a",
        "_a_seen",
        "_b",
        "_b_seen",
        "_call",
        "_grad",
        "_number",
        "_search",
        "_value",
        "label",
    )  # fmt: skip
    _a: Any
    _a_seen: Any
    _b: Any
    _b_seen: Any
    _call: Derivative | None
    _value: Any  # not _data: np.ma takes whatever has that for an array of its own
    _grad: Any
    _number: int
    _search: object
    label: str

    def __init_subclass__(cls) -> None:
        global _Value
        if _Value is not None:
            raise TypeError("Value has no subclasses: write functions, or a class that holds one.")
        _Value = cls
        TRACKED[cls] = apply

    def __init__(self, data: Any, label: str) -> None:
        self._value = data
        self._grad = self._search = self._call = self._a = self._a_seen = self._b_seen = None
        self._b = ALONE
        self._number = next_number()
        self.label = label

    @property
    def fn(self) -> Callable[..., Any] | None:
        """The function whose result it is, as np.tanh; None for a leaf."""
        return None if self._call is None else self._call.fn

    @property
    def args(self) -> tuple[Any, ...]:
        """What the function was called with: Values, and constants."""
        if self._b is MORE:
            return tuple(self._a)
        return () if self._call is None else (self._a,) if self._b is ALONE else (self._a, self._b)

    @property
    def seen(self) -> tuple[Any, ...]:
        """The arguments as the call saw them: arrays and numbers, of Values their data."""
        if self._b is MORE:
            return tuple(self._a_seen)
        both = (self._a_seen, self._b_seen)
        return () if self._call is None else both[: 1 if self._b is ALONE else 2]

    @property
    def kwargs(self) -> dict[str, Any]:
        """The settings of the call, such as axis=0."""
        return dict(self._b_seen) if self._b is MORE else {}

    @property
    def parents(self) -> tuple[Any, ...]:
        """The Values among the arguments, one for each time that it was given."""
        return tuple(values_in(self.args))

    def as_seen(self, data: Any) -> Any:
        """A copy of it that leads back to it, with the data that an earlier call saw."""
        return record(TABLE[np.positive], data, self, ALONE, data, None)


_Value: Any = None  # set to Value, as soon as that is defined


def plain(arg: Any) -> Any:
    """An argument with the data of Values in their place, in lists and tuples too."""
    kind = type(arg)
    if kind is _Value:
        return arg._value
    if kind is list or kind is tuple:
        return kind(map(plain, arg))
    return float(arg) if kind is np.float64 else arg


def values_in(args: Iterable[Any]) -> list[Any]:
    found = []
    for arg in args:
        if type(arg) is _Value:
            found.append(arg)
        elif type(arg) is tuple or type(arg) is list:
            found += values_in(arg)
    return found


def record(call: Derivative, data: Any, a: Any, b: Any, a_seen: Any, b_seen: Any) -> Any:
    """The result of a call, which remembers the call if that is wanted."""
    if not is_recording():
        return leaf(data)
    out = _new(_Value)
    out._value = data
    out._grad = out._search = None
    out._number = next_number()
    out.label = ""
    out._call, out._a, out._b, out._a_seen, out._b_seen = call, a, b, a_seen, b_seen
    return out


def leaf(data: Any, label: str = "") -> Any:
    out = _new(_Value)
    Record.__init__(out, data, label)
    return out


def apply(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function on the data of its arguments, and remember the call in the result.

    Functions without a derivative (comparisons, argmax, shape) give plain results; raises
    NotDifferentiable, a TypeError, for a function or a setting that is not in the table.
    """
    if fn in COMPOSED:
        if kwargs.pop("out", None) is not None:
            raise Detached(f"{name_of(fn)} of a Value takes no out=: assign the result instead.")
        result = COMPOSED[fn](*args, **kwargs)
        if result is not NotImplemented:
            return result
    derivative = TABLE.get(fn)
    if derivative is None:
        return _apply_other(fn, args, kwargs)
    if len(args) != derivative.arity or (kwargs and not derivative.settings.issuperset(kwargs)):
        args, kwargs = derivative.bind(args, kwargs)
        if derivative.casts and "dtype" in kwargs:
            dtype = np.dtype(kwargs.pop("dtype"))
            return apply(fn, *[_cast(fn, arg, dtype) for arg in args], **kwargs)
    if kwargs and values_in(kwargs.values()):
        raise NotDifferentiable(
            f"{name_of(fn)} takes Values as its arrays, not as settings: {', '.join(kwargs)}."
        )
    if derivative.sequence:
        args = (tuple(args[0]),)
    elif len(args) == 1 and not kwargs and not derivative.several:
        return _apply_unary(derivative, args[0])
    seen = tuple([_seen(arg, derivative, i) for i, arg in enumerate(args)])
    if derivative.scalar is not None and all(type(x) is float for x in seen):
        data = _compute_scalar(derivative, seen)
    else:
        try:
            data = derivative.forward(*seen, **kwargs)
        except np.linalg.LinAlgError:
            raise
        except ValueError as error:
            raise _mismatch(fn, seen, error) from None
        if derivative.several:
            whole = record(derivative, tuple(map(quick, data)), args, MORE, seen, kwargs)
            parts = [apply(part, whole, i) for i in range(len(data))]
            return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
        data = as_result(data, fn)
    if kwargs or derivative.sequence or len(args) > 2:
        return record(derivative, data, args, MORE, seen, kwargs)
    return record(derivative, data, args[0], args[1], seen[0], seen[1])


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
    return astype(arg, dtype)


def _apply_unary(derivative: Derivative, v: Any) -> Any:
    x = v._value
    if derivative.scalar is not None and type(x) is float:
        data = _compute_scalar(derivative, (x,))
    else:
        data = as_result(derivative.forward(x), derivative.fn)
    return record(derivative, data, v, ALONE, x, None)


def _compute_scalar(derivative: Derivative, seen: tuple[float, ...]) -> Any:
    """The function of Python floats, in Python: NumPy takes ten times as long for a number."""
    assert derivative.scalar is not None
    try:
        return derivative.scalar(*seen)
    except (ValueError, OverflowError, ZeroDivisionError):  # NumPy has an answer, and a warning
        return as_result(derivative.forward(*map(np.float64, seen)), derivative.fn)


def _apply_other(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if fn in PLAIN:
        return fn(*plain(args), **{name: plain(arg) for name, arg in kwargs.items()})
    if late.load():
        return apply(fn, *args, **kwargs)
    if fn in REFUSED:
        raise NotDifferentiable(f"{name_of(fn)} takes no Value: {REFUSED[fn]}")
    raise NotDifferentiable(
        f"{name_of(fn)} has no derivative in the table: call it on v.data for a plain result, "
        f"or give it derivatives with autograd.defvjp({name_of(fn)}, ...)."
    )


def _mismatch(fn: Callable[..., Any], seen: Iterable[Any], error: ValueError) -> ValueError:
    """NumPy's error, with the shapes that it was given, which it does not always name."""
    shapes = [x.shape for x in seen if isinstance(x, np.ndarray)]
    if (
        hasattr(fn, "implementation")
        or len(shapes) < 2
        or all(str(shape) in str(error) for shape in shapes)
    ):
        return error
    return ShapeMismatch(f"{name_of(fn)} of the shapes {', '.join(map(str, shapes))}: {error}")


def _seen(arg: Any, derivative: Derivative, i: int) -> Any:
    """An argument as the function, and later its rules, are given it."""
    if type(arg) is _Value:
        return arg._value
    if type(arg) is np.ndarray:
        return arg
    if derivative.sequence:
        return tuple(map(_seen_array, arg))
    return _seen_array(arg) if derivative.rules[i] is not None else plain(arg)


def _seen_array(arg: Any) -> Any:
    if not isinstance(arg, (list, tuple, np.ndarray)):
        return plain(arg)
    if type(arg) is not np.ndarray and values_in(arg):
        raise Detached("a list of Values is no array: join them with np.stack.")
    return checked_array(arg)


def operator_pair(fn: np.ufunc, compute: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """A binary operator and its reflected form: `apply` for two operands."""
    derivative = TABLE[fn]

    def forward(self: Any, other: Any) -> Any:
        x = self._value
        kind = type(other)
        if kind is _Value:
            y = other._value
        elif kind is float or kind is int:
            y = other
        else:
            y = other = as_constant(other)
            if y is NotImplemented:
                return NotImplemented
        try:
            data = compute(x, y)
        except ZeroDivisionError:  # NumPy has an answer, inf or nan, and a warning
            data = fn(x, y)
        except ValueError as error:
            raise _mismatch(fn, (x, y), error) from None
        if type(data) is not float:
            data = as_result(data, fn)
        if not is_recording():
            return leaf(data)
        out = _new(_Value)  # record() written out: it would be a third of a scalar program's time
        out._value = data
        out._grad = out._search = None
        out._number = next_number()
        out.label = ""
        out._call = derivative
        out._a = self
        out._b = other
        out._a_seen = x
        out._b_seen = y
        return out

    def reflected(self: Any, other: Any) -> Any:
        x = other if type(other) is float else as_constant(other)
        if x is NotImplemented:
            return NotImplemented
        y = self._value
        try:
            data = compute(x, y)
        except ZeroDivisionError:
            data = fn(x, y)
        except ValueError as error:
            raise _mismatch(fn, (x, y), error) from None
        return record(derivative, as_result(data, fn), x, self, x, y)

    return forward, reflected


def method_of(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a method of Value."""
    derivative = TABLE.get(fn)
    unary = derivative if derivative is not None and derivative.arity == 1 else None
    assert unary is None or fn not in COMPOSED

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if unary is not None and not args and not kwargs:
            return _apply_unary(unary, self)
        return apply(fn, self, *args, **kwargs)

    method.__doc__ = f"{name_of(fn)}, of a Value."
    return method
