"""Value: a number or an array that remembers the NumPy call that made it.

A Value is a leaf, made by the user, or the result of a call: then `fn`, `args` and `kwargs` say
of which. There is nothing else to the graph: whatever draws, steps through or differentiates it
reads these records.
"""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, final

import numpy as np

from autograd.backprop import ALONE, MORE, newest_first, walk
from autograd.data import as_constant, as_data, as_result, checked_array, like
from autograd.derivatives import indexing, shaping
from autograd.derivatives.numerics import power
from autograd.derivatives.registry import COMPOSED, PLAIN, TABLE, TRACKED, Derivative, name_of
from autograd.errors import Detached, NotDifferentiable, ShapeMismatch
from autograd.functions import relu, sigmoid
from autograd.recording import is_recording

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


def _record(call: Derivative, data: Any, a: Any, b: Any, a_seen: Any, b_seen: Any) -> "Value":
    """The result of a call, which remembers the call if that is wanted."""
    if not is_recording():
        return _leaf(data, "")
    out = _new(Value)
    out._data = data
    out._grad = out._search = None
    out._number = _next_number()
    out.label = ""
    out._call, out._a, out._b, out._a_seen, out._b_seen = call, a, b, a_seen, b_seen
    return out


def _leaf(data: Any, label: str) -> "Value":
    out = _new(Value)
    out._data = data
    out._grad = out._search = out._call = out._a = out._a_seen = out._b_seen = None
    out._b = ALONE
    out._number = _next_number()
    out.label = label
    return out


def _unpickled(data: Any, label: str) -> "Value":
    return Value(data, label=label)


def apply(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function on the data of its arguments, and remember the call in the result.

    Functions without a derivative (comparisons, argmax, shape) give plain results; raises
    NotDifferentiable, a TypeError, for a function or a setting that is not in the table.
    """
    derivative = TABLE.get(fn)
    if derivative is None:
        return _apply_other(fn, args, kwargs)
    if len(args) != derivative.arity or (kwargs and not derivative.settings.issuperset(kwargs)):
        args, kwargs = derivative.bind(args, kwargs)
    if derivative.sequence:
        args = (tuple(args[0]),)
    elif len(args) == 1 and not kwargs:
        return _apply_unary(derivative, args[0])
    seen = tuple([_seen(arg, derivative, i) for i, arg in enumerate(args)])
    if derivative.scalar is not None and all(type(x) is float for x in seen):
        data = _compute_scalar(derivative, seen)
    else:
        data = as_result(derivative.forward(*seen, **kwargs), fn)
    if kwargs or derivative.sequence or len(args) > 2:
        return _record(derivative, data, args, MORE, seen, kwargs)
    return _record(derivative, data, args[0], args[1], seen[0], seen[1])


def _apply_unary(derivative: Derivative, v: "Value") -> "Value":
    x = v._data
    if derivative.scalar is not None and type(x) is float:
        data = _compute_scalar(derivative, (x,))
    else:
        data = as_result(derivative.forward(x), derivative.fn)
    return _record(derivative, data, v, ALONE, x, None)


def _compute_scalar(derivative: Derivative, seen: tuple[float, ...]) -> Any:
    """The function of Python floats, in Python: NumPy takes ten times as long for a number."""
    assert derivative.scalar is not None
    try:
        return derivative.scalar(*seen)
    except (ValueError, OverflowError, ZeroDivisionError):  # NumPy has an answer, and a warning
        return as_result(derivative.forward(*map(np.float64, seen)), derivative.fn)


def _apply_other(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if fn in COMPOSED:
        return COMPOSED[fn](*args, **kwargs)
    if fn in PLAIN:
        return fn(*_plain(args), **{name: _plain(arg) for name, arg in kwargs.items()})
    raise NotDifferentiable(
        f"{name_of(fn)} has no derivative in the table: call it on v.data for a plain result, "
        f"or give it derivatives with autograd.defvjp({name_of(fn)}, ...)."
    )


def _seen(arg: Any, derivative: Derivative, i: int) -> Any:
    """An argument as the function, and later its rules, are given it."""
    kind = type(arg)
    if kind is Value:
        return arg._data
    if derivative.sequence:
        return tuple(map(_plain, arg))
    if isinstance(arg, (list, tuple, np.ndarray)) and derivative.rules[i] is not None:
        if kind is not np.ndarray and _values_in(arg):
            raise Detached("a list of Values is no array: join them with np.stack.")
        return checked_array(arg)
    return _plain(arg)


def _operator(fn: np.ufunc, compute: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """A binary operator and its reflected form: `apply` for two operands."""
    derivative = TABLE[fn]

    def forward(self: "Value", other: Any) -> Any:
        x = self._data
        kind = type(other)
        if kind is Value:
            y = other._data
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
        if type(data) is not float:
            data = as_result(data, fn)
        if not is_recording():
            return _leaf(data, "")
        out = _new(Value)  # _record written out: it would be a third of a scalar program's time
        out._data = data
        out._grad = out._search = None
        out._number = _next_number()
        out.label = ""
        out._call = derivative
        out._a = self
        out._b = other
        out._a_seen = x
        out._b_seen = y
        return out

    def reflected(self: "Value", other: Any) -> Any:
        x = other if type(other) is float else as_constant(other)
        if x is NotImplemented:
            return NotImplemented
        y = self._data
        try:
            data = compute(x, y)
        except ZeroDivisionError:
            data = fn(x, y)
        return _record(derivative, as_result(data, fn), x, self, x, y)

    return forward, reflected


def _comparison(compare: Callable[[Any, Any], Any]) -> Any:
    """A comparison, elementwise and plain."""
    return lambda self, other: compare(self._data, _plain(other))


def _conversion(kind: type) -> Any:
    """The Value as a Python number, if it holds a single one."""

    def convert(self: "Value") -> Any:
        if self.size != 1:
            raise Detached(f"a Value of shape {self.shape} is no {kind.__name__}: use v.data.")
        return kind(self.item())

    return convert


def _method(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a method of Value."""
    derivative = TABLE.get(fn)
    unary = derivative if derivative is not None and derivative.arity == 1 else None

    def method(self: "Value", *args: Any, **kwargs: Any) -> Any:
        if unary is not None and not args and not kwargs:
            return _apply_unary(unary, self)
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
        "__weakref__", "_a", "_a_seen", "_b", "_b_seen", "_call", "_data", "_grad", "_number",
        "_search", "label",
    )  # fmt: skip
    _a: Any
    _a_seen: Any
    _b: Any
    _b_seen: Any
    _call: Derivative | None
    _data: Any
    _grad: Any
    _number: int
    _search: object
    label: str

    def __init__(self, data: Any, *, label: str = "") -> None:
        data = as_data(data)
        self._data = data.copy() if type(data) is np.ndarray else data
        self._grad = self._search = self._call = self._a = self._a_seen = self._b_seen = None
        self._b = ALONE
        self._number = _next_number()
        self.label = label

    # ------------------------------------------------------------------ the record

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
    def kwargs(self) -> dict[str, Any]:
        """The settings of the call, such as axis=0."""
        return dict(self._b_seen) if self._b is MORE else {}

    @property
    def parents(self) -> tuple["Value", ...]:
        """The Values among the arguments, one for each time that it was given."""
        return tuple(_values_in(self.args))

    def as_seen(self, data: Any) -> "Value":
        """A copy of it that leads back to it, with the data that an earlier call saw."""
        return _record(TABLE[np.positive], data, self, ALONE, data, None)

    # -------------------------------------------------------------- data and gradient

    def _set_data(self, data: Any) -> None:
        if self._call is not None:
            raise Detached(
                f"the data of a result (of {name_of(self._call.fn)}) cannot be replaced: "
                "the calls after it have used them. Make a new Value, or assign to a leaf."
            )
        self._data = data if type(data) is float else as_data(data)

    data = property(operator.attrgetter("_data"), _set_data)

    @property
    def grad(self) -> Any:
        if self._grad is None:
            self._grad = like(0, self._data)
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        if type(self._data) is float and isinstance(grad, float | int):
            grad = float(grad)
        elif grad is not None:
            grad = as_data(grad)
            if np.shape(grad) != self.shape:
                if np.ndim(grad) > 0:
                    raise ShapeMismatch(f"grad has the shape {self.shape}, not {np.shape(grad)}.")
                grad = like(grad, self._data)
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
        if gradient is None:
            if self.size != 1 or self.dtype.kind == "c":
                raise ShapeMismatch(
                    f"backward() starts from one real number, not from the shape {self.shape} and "
                    f"{self.dtype}: call .sum().backward(), or .backward(gradient) with the "
                    "gradient of a loss with respect to this Value."
                )
            gradient = 1.0
        elif np.shape(gradient := as_data(gradient)) != self.shape:
            raise ShapeMismatch(
                f"the gradient has the shape {np.shape(gradient)}, the Value {self.shape}."
            )
        grads = {self: like(gradient, self._data)}
        walk(newest_first((self,)), grads, retain=retain_grads)
        for leaf, g in grads.items():
            if type(g) is complex or (type(g) is np.ndarray and g.dtype.kind == "c"):
                g = np.conjugate(g)  # so that leaf.data - lr * leaf.grad descends
            leaf._grad = g if leaf._grad is None else leaf._grad + g

    def detach(self) -> "Value":
        """A leaf with the same data."""
        return _leaf(self._data, self.label)

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
        return _record(TABLE[operator.getitem], data, self, index, self._data, index)

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
        for kind in types:
            if kind is not Value and not issubclass(kind, np.ndarray):
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

    __float__, __int__, __complex__ = _conversion(float), _conversion(int), _conversion(complex)

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
        return _unpickled, (self._data, self.label)  # a leaf, never a graph

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
        return _record(TABLE[np.negative], -data, self, ALONE, data, None)

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


TRACKED[Value] = apply
