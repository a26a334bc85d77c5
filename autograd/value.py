"""Value: a number or an array that remembers the NumPy call that made it.

A Value is a leaf, made by the user, or the result of a call: then `fn`, `args` and `kwargs` say
of which. There is nothing else to the graph: whatever draws, steps through or differentiates it
reads these records.
"""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, final

import numpy as np

from autograd.backprop import ALONE, MORE, newest_first, walk
from autograd.data import as_constant, as_data, as_result, checked_array, like
from autograd.derivatives import indexing, shaping
from autograd.derivatives.numerics import power
from autograd.derivatives.registry import COMPOSED, PLAIN, TABLE, Derivative, name_of
from autograd.errors import Detached, NotDifferentiable, ShapeMismatch
from autograd.functions import relu, sigmoid
from autograd.recording import is_recording, recording

__all__ = ["Value", "apply"]

_next_number = itertools.count(1).__next__
_new = object.__new__


def _plain(arg: Any) -> Any:
    """An argument with the data of Values in their place, in lists and tuples too."""
    kind = type(arg)
    if kind is Value:
        return arg._data
    if kind is list or kind is tuple:
        return kind(map(_plain, arg))
    return float(arg) if kind is np.float64 else arg


def _values_in(args: Iterable[Any]) -> list["Value"]:
    found = []
    for arg in args:
        if type(arg) is Value:
            found.append(arg)
        elif type(arg) is tuple or type(arg) is list:
            found += _values_in(arg)
    return found


def _is_foreign(x: Any) -> bool:
    """Whether a container of another library, which handles Values itself, should do so."""
    return not isinstance(x, Value | np.ndarray | np.generic) and hasattr(x, "__array_ufunc__")


# ---------------------------------------------------------------------- making records


def _record(fn: Any, data: Any, a: Any, b: Any, a_seen: Any, b_seen: Any) -> "Value":
    """The result of a call, which remembers the call if that is wanted."""
    out = _new(Value)
    out._data = data
    out._grad = None
    out.label = ""
    out._number = _next_number()
    if is_recording():
        out.fn, out._a, out._b, out._a_seen, out._b_seen = fn, a, b, a_seen, b_seen
    else:
        out.fn = out._a = out._a_seen = out._b_seen = None
        out._b = ALONE
    return out


def _leaf(data: Any, label: str) -> "Value":
    return Value(data, label=label)


def apply(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function on the data of its arguments, and remember the call in the result.

    Functions without a derivative (comparisons, argmax, shape) give plain results; raises
    NotDifferentiable, a TypeError, for a function or a setting that is not in the table.
    """
    if fn in COMPOSED:
        return COMPOSED[fn](*args, **kwargs)
    derivative = TABLE.get(fn)
    if derivative is None:
        if fn in PLAIN:
            return fn(*_plain(args), **{name: _plain(arg) for name, arg in kwargs.items()})
        raise NotDifferentiable(
            f"{name_of(fn)} has no derivative in the table: call it on v.data for a plain result, "
            f"or give it derivatives with autograd.defvjp({name_of(fn)}, ...)."
        )
    if kwargs or len(args) != derivative.arity:
        args, kwargs = derivative.bind(args, kwargs)
    if derivative.sequence:
        args = (tuple(args[0]),)
    seen = tuple([_seen(arg, derivative, i) for i, arg in enumerate(args)])
    data: Any = None
    if derivative.scalar and not kwargs and all(type(x) is float for x in seen):
        with suppress(ValueError, OverflowError, ZeroDivisionError):
            data = derivative.scalar(*seen)
    if data is None:  # also where Python raises, and NumPy has an answer and a warning
        data = as_result(derivative.forward(*seen, **kwargs), fn)
    if kwargs or derivative.sequence or len(args) > 2:
        return _record(fn, data, args, MORE, seen, kwargs)
    if len(args) == 2:
        return _record(fn, data, args[0], args[1], seen[0], seen[1])
    return _record(fn, data, args[0], ALONE, seen[0], None)


def _seen(arg: Any, derivative: Derivative, i: int) -> Any:
    """An argument as the function, and later its rules, are given it."""
    if derivative.sequence:
        return tuple(map(_plain, arg))
    if isinstance(arg, list | tuple | np.ndarray) and derivative.rules[i] is not None:
        if _values_in((arg,)):
            raise Detached("a list of Values is no array: join them with np.stack.")
        return checked_array(arg)
    return _plain(arg)


def _operator(fn: np.ufunc, compute: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """A binary operator and its reflected form: `apply` for two operands, quick for numbers."""

    def call(a: Any, b: Any, x: Any, y: Any) -> "Value":
        try:
            data = compute(x, y)
        except ZeroDivisionError:  # NumPy has an answer, inf or nan, and a warning
            data = fn(x, y)
        return _record(fn, data if type(data) is float else as_result(data, fn), a, b, x, y)

    def forward(self: "Value", other: Any) -> "Value":
        if type(other) is Value:
            return call(self, other, self._data, other._data)
        y = other if type(other) is float else as_constant(other)
        return NotImplemented if y is NotImplemented else call(self, y, self._data, y)

    def reflected(self: "Value", other: Any) -> "Value":
        x = other if type(other) is float else as_constant(other)
        return NotImplemented if x is NotImplemented else call(x, self, x, self._data)

    return forward, reflected


def _comparison(compare: Callable[[Any, Any], Any]) -> Any:
    """A comparison, elementwise and plain."""
    return lambda self, other: compare(self._data, _plain(other))


def _method(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a method of Value."""

    def method(self: "Value", *args: Any, **kwargs: Any) -> Any:
        return apply(fn, self, *args, **kwargs)

    method.__doc__ = f"{name_of(fn)}, of a Value."
    return method


@final
class Value:
    """A number or an array whose computations are remembered, so that they can be differentiated.

    A Python number stays a Python number (ints become floats), an array is copied and keeps its
    dtype (ints and bools become float64). Operators, NumPy's functions and the methods below give
    Values; comparisons give plain bools.

    data: the number or array. A new one may be assigned to a leaf; earlier records keep the old.
    grad: the gradient of the last `backward()`, in the shape of data; zero before there was one.
    label: a name, for pictures.
    fn, args, kwargs: the call that made it, as in `np.tanh, (x,), {}`; None and empty for a leaf.
    parents: the Values among the arguments, in their order.

    Raises TypeError for data that are no numbers, such as strings and objects.

    >>> import numpy as np
    >>> x = Value(2.0)
    >>> y = x * x + np.exp(x)
    >>> y.backward()
    >>> round(x.grad, 6)
    11.389056
    >>> y.fn, len(y.parents)
    (<ufunc 'add'>, 2)
    """

    # One object a call, and no other: CPython's cyclic collector is most of the time of a scalar
    # graph, and it counts objects. So one or two arguments stand in slots, with what the call saw
    # of them; calls of more, or with settings, put tuples into the slots of the first.
    __slots__ = (
        "__weakref__", "_a", "_a_seen", "_b", "_b_seen", "_data", "_grad", "_number", "fn", "label",
    )  # fmt: skip
    _a: Any
    _a_seen: Any
    _b: Any
    _b_seen: Any
    _data: Any
    _grad: Any
    fn: Callable[..., Any] | None
    label: str
    _number: int

    def __init__(self, data: Any, *, label: str = "") -> None:
        data = as_data(data)
        self._data = data.copy() if type(data) is np.ndarray else data
        self._grad = self.fn = self._a = self._a_seen = self._b_seen = None
        self._b = ALONE
        self.label = label
        self._number = _next_number()

    # ------------------------------------------------------------------ the record

    @property
    def args(self) -> tuple[Any, ...]:
        """What the function was called with: Values, and constants."""
        if self._b is MORE:
            return tuple(self._a)
        return () if self.fn is None else (self._a,) if self._b is ALONE else (self._a, self._b)

    @property
    def kwargs(self) -> dict[str, Any]:
        """The settings of the call, such as axis=0."""
        return dict(self._b_seen) if self._b is MORE else {}

    @property
    def parents(self) -> tuple["Value", ...]:
        """The Values among the arguments, one for each time that it was given."""
        return tuple(_values_in(self.args))

    def as_seen(self, data: Any) -> "Value":
        """A copy of it that leads back to it, with the data that an earlier call saw."""
        return _record(np.positive, data, self, ALONE, data, None)

    # -------------------------------------------------------------- data and gradient

    @property
    def data(self) -> Any:
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        if self.fn is not None:
            raise Detached(
                f"the data of a result (of {name_of(self.fn)}) cannot be replaced: "
                "the calls after it have used them. Make a new Value, or assign to a leaf."
            )
        self._data = as_data(data)

    @property
    def grad(self) -> Any:
        if self._grad is None:
            self._grad = like(0, self._data)
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        if grad is not None:
            grad = as_data(grad)
            if np.shape(grad) != self.shape:
                if np.ndim(grad) > 0:
                    raise ShapeMismatch(f"grad has the shape {self.shape}, not {np.shape(grad)}.")
                grad = np.full_like(self._data, grad)
        self._grad = grad

    def zero_grad(self) -> None:
        """Forget the gradient: it is zero again."""
        self._grad = None

    def backward(self, gradient: Any = None, *, retain_grads: bool = True) -> None:
        """Put the derivatives of this Value into the `grad` of every Value it was made from.

        Leaves add to the gradient they have; Values between hold this call's, or none with
        retain_grads=False, which saves memory in training.

        gradient: the derivative of a loss with respect to this Value, in its shape; needed unless
            this is a single number, whose default is 1.

        >>> x = Value([1.0, 2.0])
        >>> (x * x).backward([1.0, 1.0])
        >>> x.grad
        array([2., 4.])
        """
        if gradient is None and (self.size != 1 or self.dtype.kind == "c"):
            raise ShapeMismatch(
                f"backward() starts from one real number, not from the shape {self.shape} and "
                f"{self.dtype}: call .sum().backward(), or .backward(gradient) with the gradient "
                "of a loss with respect to this Value."
            )
        g = np.ones(self.shape) if gradient is None else as_data(gradient)
        if np.shape(g) != self.shape:
            raise ShapeMismatch(
                f"the gradient has the shape {np.shape(g)}, the Value {self.shape}."
            )
        grads = {self: like(g, self._data)}
        walk(newest_first((self,)), grads, retain=retain_grads)
        for leaf, g in grads.items():
            if np.iscomplexobj(g):
                g = np.conjugate(g)  # so that leaf.data - lr * leaf.grad descends
            leaf._grad = g if leaf._grad is None else leaf._grad + g

    def detach(self) -> "Value":
        """A leaf with the same data."""
        with recording(False):
            return self.as_seen(self._data)

    def item(self) -> Any:
        """The Python number of a Value that holds a single one."""
        if self.size != 1:
            raise ShapeMismatch(f"a Value of shape {self.shape} is not a single number.")
        return self._data.item() if hasattr(self._data, "item") else self._data

    # ---------------------------------------------------------------------- an array

    @property
    def shape(self) -> tuple[int, ...]:
        return getattr(self._data, "shape", ())

    @property
    def ndim(self) -> int:
        return getattr(self._data, "ndim", 0)

    @property
    def size(self) -> int:
        return getattr(self._data, "size", 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(getattr(self._data, "dtype", type(self._data)))

    @property
    def at(self) -> indexing.At:
        """Assignments that give a new Value: `v.at[i].set(w)`, `.add(w)`, `.multiply(w)`."""
        return indexing.At(self)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a Value that holds one number has no len().")
        return len(self._data)

    def __iter__(self) -> Iterator["Value"]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> "Value":
        if _values_in((index,)):
            raise TypeError("an index is no Value: write v[i.data].")
        if self.ndim == 0 and not hasattr(self._data, "dtype"):
            raise IndexError("a Value that holds one number cannot be indexed.")
        data = as_result(self._data[index], operator.getitem)
        return _record(operator.getitem, data, self, index, self._data, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise Detached("a Value is not written into: write v = v.at[index].set(w), or .add(w).")

    # ------------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        if any(map(_is_foreign, args)):
            return NotImplemented
        if method != "__call__":
            raise NotDifferentiable(f"{name_of(ufunc)}.{method} of a Value has no derivative here.")
        if "out" in kwargs and ufunc not in PLAIN:
            raise Detached(
                f"{name_of(ufunc)} cannot write a Value into an array, which would forget how it "
                "was computed: write a = a + v, not a += v or out=a."
            )
        return apply(ufunc, *args, **kwargs)

    def __array_function__(self, fn: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if not all(issubclass(kind, Value | np.ndarray) for kind in types):
            return NotImplemented
        return apply(fn, *args, **kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise Detached(
            "an array cannot hold a Value without forgetting how it was computed: use v.data for "
            "the plain array, np.stack or np.concatenate for an array of Values."
        )

    # --------------------------------------------------------------- Python's protocols

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __repr__(self) -> str:
        parts = [repr(self._data)]
        if self.label:
            parts.append(f"label={self.label!r}")
        if self._grad is not None:
            parts.append(f"grad={self._grad!r}")
        return f"Value({', '.join(parts)})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __reduce__(self) -> Any:
        return _leaf, (self._data, self.label)  # of copy and pickle: a leaf, never a graph

    __hash__ = object.__hash__

    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)

    # -------------------------------------------------------------------- arithmetic

    __add__, __radd__ = _operator(np.add, operator.add)
    __sub__, __rsub__ = _operator(np.subtract, operator.sub)
    __mul__, __rmul__ = _operator(np.multiply, operator.mul)
    __truediv__, __rtruediv__ = _operator(np.divide, operator.truediv)
    __mod__, __rmod__ = _operator(np.remainder, operator.mod)
    __pow__, __rpow__ = _operator(np.power, power)
    __matmul__, __rmatmul__ = _operator(np.matmul, operator.matmul)

    def __neg__(self) -> "Value":
        data = self._data
        return _record(np.negative, -data, self, ALONE, data, None)

    def __pos__(self) -> "Value":
        return self.as_seen(self._data)

    def __floordiv__(self, other: Any) -> Any:
        return self._data // _plain(other)

    def __rfloordiv__(self, other: Any) -> Any:
        return other // self._data

    # ---------------------------------------------------------- methods, as NumPy's arrays

    sum, mean, prod = _method(np.sum), _method(np.mean), _method(np.prod)
    max, min, var, std = _method(np.max), _method(np.min), _method(np.var), _method(np.std)
    cumsum, clip, round = _method(np.cumsum), _method(np.clip), _method(np.round)
    argmax, argmin, argsort = _method(np.argmax), _method(np.argmin), _method(np.argsort)
    all, any, nonzero = _method(np.all), _method(np.any), _method(np.nonzero)
    ravel, flatten, squeeze = _method(np.ravel), _method(np.ravel), _method(np.squeeze)
    swapaxes, repeat, dot = _method(np.swapaxes), _method(np.repeat), _method(np.dot)
    conj, conjugate, copy = _method(np.conjugate), _method(np.conjugate), _method(np.copy)
    real, imag = property(_method(np.real)), property(_method(np.imag))
    T, __abs__ = property(_method(np.transpose)), _method(np.absolute)
    exp, log, sqrt, tanh = _method(np.exp), _method(np.log), _method(np.sqrt), _method(np.tanh)
    relu, sigmoid, astype = _method(relu), _method(sigmoid), _method(shaping.astype)

    def reshape(self, *shape: Any, order: Any = "C") -> "Value":
        """np.reshape, with the shape as one tuple or as several numbers."""
        y: Value = apply(np.reshape, self, shape[0] if len(shape) == 1 else shape, order=order)
        return y

    def transpose(self, *axes: Any) -> "Value":
        """np.transpose, with the axes as one tuple, as several numbers, or none."""
        y: Value = apply(np.transpose, self, axes[0] if len(axes) == 1 else axes or None)
        return y
