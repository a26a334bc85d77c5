"""Symbols: stand-ins for arrays that note every NumPy call, comparisons and masks too.

A rule that runs on Symbols leaves the calls that it is made of, as one that runs on Values leaves
its record; but here nothing is lost that has no derivative. Each Symbol knows its data, so that a
rule can ask for shapes, and choose between cases; equal calls are one Symbol.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autograd.call import Parts
from autograd.numbers import quick
from autograd.table import data_of

__all__ = ["Symbol", "Tracer", "attribute", "fitted", "method"]

# What is asked about an array, not computed from its numbers.
_FACTS = {
    np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.result_type, np.isscalar,
    np.can_cast, np.may_share_memory, np.shares_memory,
}  # fmt: skip

_WRITING = {
    np.put_along_axis, np.put, np.copyto, np.place, np.putmask, np.fill_diagonal, np.empty_like,
}  # fmt: skip


def attribute(x: Any, name: str) -> Any:
    """An attribute of an array, such as x.T."""
    return getattr(x, name)


def method(x: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """A method of an array, such as x.sum(axis=0)."""
    return getattr(x, name)(*args, **kwargs)


class Tracer:
    """Makes Symbols, one for all calls that are alike."""

    def __init__(self) -> None:
        self._made: dict[Any, Symbol] = {}

    def leaf(self, data: Any) -> "Symbol":
        return Symbol(self, data, None, (), {})

    def call(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The Symbol of a call; a constant where one does as well."""
        if fn in _NEUTRAL and not kwargs and (kept := _unchanged(fn, *args)) is not None:
            return kept
        return self.known(fn, args, kwargs, lambda: fn(*map(_plain, args), **_plain(kwargs)))

    def opened(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A function of ours as the calls that it makes, where it makes nothing but calls."""
        if hasattr(fn, "implementation"):
            try:
                return fn.implementation(*args, **kwargs)
            except (AttributeError, TypeError, ValueError):  # it writes into arrays, or the like
                pass
        return self.call(fn, args, kwargs)

    def known(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        compute: Callable[[], Any],
    ) -> "Symbol":
        key = (fn, _key(args), _key(kwargs))
        if key not in self._made:
            with np.errstate(all="ignore"):
                self._made[key] = Symbol(self, compute(), fn, args, kwargs)
        return self._made[key]


# With this other operand the result is the first one, or either of them.
_NEUTRAL: dict[Any, Any] = {np.multiply: 1, np.divide: 1, np.bitwise_and: True}


def _unchanged(fn: Any, x: Any, y: Any) -> Any:
    """The operand that is the result, if the other one changes nothing."""
    for neutral, other in ((x, y), (y, x))[fn is np.divide :]:
        if (
            isinstance(other, Symbol)
            and _is_all(neutral, _NEUTRAL[fn])
            and (other.dtype.kind in "fc") == (fn in _OF_FLOATS)
            and np.broadcast_shapes(np.shape(neutral), other.shape) == other.shape
            and np.result_type(other.data, neutral) == other.dtype
        ):
            return other
    return None


def _is_all(x: Any, number: Any) -> bool:
    return isinstance(x, float | int | np.ndarray) and bool(np.all(x == number))


_OF_FLOATS = {np.multiply, np.divide}


def _plain(arg: Any) -> Any:
    if isinstance(arg, Symbol):
        return arg.data
    if isinstance(arg, list | tuple):
        return type(arg)(map(_plain, arg))
    if isinstance(arg, dict):
        return {name: _plain(value) for name, value in arg.items()}
    return arg


def _key(arg: Any) -> Any:
    """What tells arguments apart."""
    if isinstance(arg, list | tuple):
        return (type(arg), *map(_key, arg))
    if isinstance(arg, dict):
        return tuple((name, _key(value)) for name, value in arg.items())
    if isinstance(arg, slice):
        return (slice, arg.start, arg.stop, arg.step)
    if isinstance(arg, int | float | complex | str | bytes | None):
        return (type(arg), repr(arg))
    if isinstance(arg, np.ndarray):
        return (arg.shape, arg.dtype.str, arg.tobytes()) if arg.size < 1000 else id(arg)
    return id(arg) if not isinstance(arg, np.dtype | type) else arg


class Symbol(NDArrayOperatorsMixin):
    """The result of a call, or a leaf: then `fn` is None."""

    def __init__(
        self,
        tracer: Tracer,
        data: Any,
        fn: Callable[..., Any] | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.tracer = tracer
        if isinstance(data, np.ndarray) and not data.ndim:
            data = data[()]
        self.data = quick(data)  # a double is a Python number, as in the engine
        self.fn = fn
        self.args = args
        self.kwargs = kwargs

    @property
    def symbols(self) -> list["Symbol"]:
        """The Symbols among the arguments."""
        return list(_symbols((self.args, self.kwargs)))

    # ------------------------------------------------------------------- as an array

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.data)

    @property
    def ndim(self) -> int:
        return np.ndim(self.data)

    @property
    def size(self) -> int:
        return int(np.size(self.data))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.result_type(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Any:
        return iter([self[i] for i in range(len(self.data))])

    def __getitem__(self, index: Any) -> Any:
        return self.tracer.call(operator.getitem, (self, index), {})

    def __bool__(self) -> bool:
        return bool(self.data)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("a Symbol is no array, and no number.")

    __float__ = __int__ = __complex__ = __index__ = __array__

    __hash__ = object.__hash__

    @property
    def T(self) -> Any:
        return self.tracer.call(attribute, (self, "T"), {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not (hasattr(self.data, name) or hasattr(np.ndarray, name)):
            raise AttributeError(name)
        if name in getattr(self.data, "_fields", ()) or name in ("mT", "real", "imag"):
            return self.tracer.call(attribute, (self, name), {})
        return lambda *args, **kwargs: self.tracer.call(method, (self, name, *args), kwargs)

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") == (args[0],) and isinstance(args[0], Symbol):
            del kwargs["out"]  # an operator such as +=, after which its name is the new Symbol's
        if how == "at" or kwargs.get("out") is not None:
            raise TypeError("a Symbol is not written into.")
        if how != "__call__":
            return self.tracer.call(getattr(ufunc, how), args, kwargs)
        return self.tracer.call(ufunc, args, kwargs)

    def __array_function__(self, fn: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if fn in _FACTS:
            return fn(*_plain(args), **_plain(kwargs))
        if fn is data_of:
            return args[0]
        if fn in _WRITING:
            raise TypeError("a Symbol is not written into.")
        return self.tracer.opened(fn, tuple(args), kwargs)


def _symbols(arg: Any) -> Iterable[Symbol]:
    if isinstance(arg, Symbol):
        yield arg
    elif isinstance(arg, list | tuple):
        for member in arg:
            yield from _symbols(member)
    elif isinstance(arg, dict):
        yield from _symbols(list(arg.values()))


def fitted(c: Any, x: Any) -> Any:
    """A rule's result in the shape and dtype of the argument x, as the engine makes it."""
    if isinstance(c, Parts) or isinstance(x, tuple):
        return c
    shape = np.shape(x)
    if c.shape != shape if hasattr(c, "shape") else shape != ():
        padded = (1,) * (np.ndim(c) - len(shape)) + shape
        axes = tuple(k for k, n in enumerate(padded) if n == 1 != np.shape(c)[k])
        if axes:
            c = np.sum(c, axis=axes)
        if np.shape(c) != shape:
            c = np.reshape(c, shape)
    dtype = np.result_type(x)
    if np.result_type(_plain(c)) != dtype:
        if np.iscomplexobj(c) and dtype.kind != "c":
            c = np.real(c)
        if np.result_type(_plain(c)) != dtype:
            c = c.astype(dtype) if hasattr(_plain(c), "astype") else c * dtype.type(1)
    return c
