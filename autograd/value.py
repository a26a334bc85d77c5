"""Value: a number or an array that remembers the NumPy call that made it.

Here it is given what users handle: data and gradients, the operators and methods of NumPy's
arrays, NumPy's and Python's protocols. How it remembers stands in `call`, how gradients flow back
in `backward`.
"""

import operator
import sys
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, final

import numpy as np

from autograd.backward import add_gradients
from autograd.binding import Settings
from autograd.call import (
    TABLE, About, Record, apply, as_seen, leaf, next_number, plain, record, values_in,
)  # fmt: skip
from autograd.derivatives import indexing, joining, shaping
from autograd.derivatives.numerics import power
from autograd.derivatives.ufunc_methods import METHODS
from autograd.errors import Detached, ShapeMismatch
from autograd.functions import __all__ as _OURS
from autograd.functions import relu, sigmoid
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, alike, as_constant, as_data, as_result, like
from autograd.recording import is_recording
from autograd.table import Plain

__all__ = ["Value"]

# ------------------------------------------------------------------ operators and methods

_new = object.__new__


def _binary(fn: np.ufunc, compute: Callable[[Data, Data], Data]) -> tuple[Any, Any]:
    """An operator and its reflected form: the call of `fn` with two operands."""
    call = TABLE[fn]

    def result(x: Data, y: Data) -> Data:
        try:
            data = compute(x, y)
        except ZeroDivisionError:  # NumPy has an answer, inf or nan, and a warning
            data = fn(x, y)
        except ValueError as error:
            raise call.mismatch((x, y), error) from None
        return data if type(data) is float else as_result(data, fn)

    def forward(self: "Value", other: Any) -> Any:
        x, kind, parent = self._value, type(other), None
        if kind is Value:
            y, parent = other._value, other
        elif kind is float or kind is int:
            y = other
        elif (y := as_constant(other)) is NotImplemented:
            return NotImplemented
        try:
            data = compute(x, y)
        except (ZeroDivisionError, ValueError):
            data = result(x, y)
        if type(data) is not float:
            data = as_result(data, fn)
        if not is_recording():
            return leaf(data)
        out = _new(Value)  # record() written out: it would be a third of a scalar program's time
        out._value = data
        out._grad = None
        out._number = next_number()
        out.label = ""
        out._call = call
        out._a = self
        out._b = parent
        out._x = x
        out._w = y
        return out

    def reflected(self: "Value", other: Any) -> Any:
        kind = type(other)
        x = other if kind is float or kind is int else as_constant(other)
        if x is NotImplemented:
            return NotImplemented
        y = self._value
        return record(call, result(x, y), None, self, x, y)

    return forward, reflected


def _method(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a method of Value."""

    def method(self: "Value", *args: Any, **kwargs: Any) -> Any:
        return TABLE[fn](self, *args, **kwargs)

    method.__doc__ = f"{name_of(fn)}, of a Value."
    return method


def _comparison(compare: Callable[[Any, Any], Any]) -> Any:
    """A comparison, elementwise and plain."""

    def method(self: "Value", other: Any) -> Any:
        other = plain(other)
        return compare(self._value, np.asarray(other) if type(other) in (list, tuple) else other)

    return method


def _conversion(kind: type) -> Any:
    """The Value as a Python number, if it holds a single one; warns, as that forgets the record.

    NumPy and `math` convert in silence: `array[0] = v`, `math.sin(v)`.
    """

    def convert(self: "Value") -> Any:
        if self.size != 1:
            raise Detached(f"a Value of shape {self.shape} is no {kind.__name__}: use v.data.")
        if is_recording():
            warnings.warn(
                f"a Value became a plain {kind.__name__}, which no gradient flows through: write "
                "v.item() if that is meant; np.sin(v), not math.sin(v); v.at[i].set(w) or "
                "np.stack, not array[i] = w.",
                RuntimeWarning,
                stacklevel=2,
            )
        return kind(self.item())

    return convert


def _is_foreign(x: Any) -> bool:
    """Whether a container of another library, which handles Values itself, should do so."""
    return hasattr(x, "__array_ufunc__") and not isinstance(x, (Value, np.ndarray, np.generic))


def _asking_function() -> tuple[str, str] | None:
    """Module and name of the function of NumPy's or SciPy's that the user called, if it is one."""
    frame: FrameType | None = sys._getframe(2)
    found = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.split(".")[0] not in ("numpy", "scipy"):
            break
        found = module, frame.f_code.co_name
        frame = frame.f_back
    return found


def _unpickled(data: Any, label: str) -> "Value":
    return Value(data, label=label)


@final
class Value(Record):
    """A number or an array whose computations are remembered, so that they can be differentiated.

    A Python number stays a Python number (ints become floats), and NumPy's doubles become one. An
    array is copied and keeps its dtype (ints and bools become float64). Operators, NumPy's
    functions and the methods below give Values; comparisons give plain bools.

    data: the number or array. A new one may be assigned to a leaf; earlier records keep the old.
    grad: the gradient of the last `backward()`, in the shape of data; zero before there was one. Of
        complex data it is the direction of ascent, the conjugate of what flows between Values.
    label: a name, for pictures.
    fn, args, kwargs: the call that made it, as in `np.tanh, (x,), {}`; None and empty for a leaf.
    parents: the Values among the arguments, in their order.
    facts: what the table says of the function besides, for summaries and diagnoses.

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

    __slots__ = ()

    def __init__(self, data: Any, *, label: str = "") -> None:
        data = as_data(data)
        self._value = data.copy("K") if type(data) is np.ndarray else data
        self._number, self.label = next_number(), label
        self._call = self._grad = self._a = self._b = self._x = self._w = None

    # -------------------------------------------------------------- data and gradient

    def _set_data(self, data: Any) -> None:
        if self._call is not None:
            raise Detached(
                f"the data of a result (of {name_of(self._call.fn)}) cannot be replaced: "
                "the calls after it have used them. Make a new Value, or assign to a leaf."
            )
        if type(data) is not float or type(self._value) is not float:
            data = as_data(data)
            if self._grad is not None and not alike(data, self._grad):
                self._grad = None
        self._value = data

    data = property(operator.attrgetter("_value"), _set_data)

    @property
    def grad(self) -> Any:
        grad, data = self._grad, self._value
        if type(grad) is float:
            return grad
        if self._call is not None and np.iscomplexobj(grad):
            return like(np.conjugate(grad), grad)
        if type(data) is tuple:  # of a call with several results
            return tuple(
                like(0, x) if grad is None or grad[i] is None else grad[i]
                for i, x in enumerate(data)
            )
        if grad is None:
            grad = like(0, data)
            if type(grad) is np.ndarray:
                self._grad = grad  # so that it may be written into
        return grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        if type(self._value) is float and type(grad) in (float, int):
            grad = float(grad)
        elif grad is not None:
            grad = as_data(grad)
            if np.shape(grad) != self.shape:
                if np.ndim(grad) > 0:
                    raise ShapeMismatch(f"grad has the shape {self.shape}, not {np.shape(grad)}.")
                grad = like(grad, self._value)
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
        add_gradients(self, self._seed(gradient), retain_grads)

    def _seed(self, gradient: Any) -> Cotangent:
        """The gradient that a backward pass begins with."""
        if type(self._value) is tuple:
            raise ShapeMismatch("these are several results: call backward() on one of them.")
        if gradient is None and type(self._value) is float:
            return 1.0
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
        g = like(gradient, self._value)
        return np.conjugate(g) if self.dtype.kind == "c" else g

    def detach(self) -> "Value":
        """A leaf with the same data."""
        return leaf(self._value, self.label)

    def item(self) -> Any:
        """The Python number of a Value that holds a single one."""
        if self.size != 1:
            raise ShapeMismatch(f"a Value of shape {self.shape} is not a single number.")
        return self._value.item() if hasattr(self._value, "item") else self._value

    @property
    def facts(self) -> Settings:
        """What the table says of the function for summaries and diagnoses; nothing of a leaf."""
        return About().facts if self._call is None else self._call.about.facts

    # ---------------------------------------------------------------------- an array

    @property
    def shape(self) -> tuple[int, ...]:
        return getattr(self._value, "shape", ())

    @property
    def ndim(self) -> int:
        return getattr(self._value, "ndim", 0)

    @property
    def size(self) -> int:
        return getattr(self._value, "size", 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(getattr(self._value, "dtype", type(self._value)))

    @property
    def at(self) -> indexing.at:
        """Assignments that give a new Value: `v.at[i].set(w)`, `.add(w)`, `.multiply(w)`."""
        return indexing.at(self)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a Value that holds one number has no len().")
        return len(self._value)

    def __iter__(self) -> Iterator["Value"]:
        len(self)  # a number has none
        return iter(joining.rows(self))

    def __getitem__(self, index: Any) -> "Value":
        if values_in((index,)):
            raise TypeError("an index is no Value: write v[int(i)], or v[i.data.astype(int)].")
        try:
            data = as_result(np.asarray(self._value)[index], operator.getitem)
        except IndexError:
            if self.ndim:
                raise
            raise IndexError("a Value that holds one number cannot be indexed.") from None
        return record(TABLE[operator.getitem], data, self, None, self._value, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise Detached("a Value is not written into: write v = v.at[index].set(w), or .add(w).")

    # ------------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if type(arg) not in _OUR_OPERANDS and _is_foreign(arg):
                return NotImplemented
        if method == "__call__" and not kwargs:
            return TABLE[ufunc](*args)
        if method == "at":
            raise Detached(f"{name_of(ufunc)}.at works in place: use v.at[index].add(w) and so on.")
        has_none = isinstance(TABLE.get(ufunc), Plain)
        if "out" in kwargs and not has_none:
            raise Detached(
                f"{name_of(ufunc)} cannot write a Value into an array, which would forget how it "
                "was computed: write a = a + v, not a += v or out=a."
            )
        if method == "__call__":
            return TABLE[ufunc](*args, **kwargs)
        if has_none:
            return getattr(ufunc, method)(*map(plain, args), **kwargs)
        return METHODS[method](ufunc, *args, **kwargs)

    def __array_function__(self, fn: Any, types: Any, args: Any, kwargs: Any) -> Any:
        for kind in types:
            if kind is not Value and not issubclass(kind, np.ndarray):
                return NotImplemented
        return apply(fn, *args, **kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        asking = _asking_function()
        module, name = asking or ("", "")
        raise Detached(
            "an array cannot hold a Value without forgetting how it was computed"
            + (f", as {name} of {module} would have it" if asking else "")
            + ": use v.data for the plain array, np.stack or np.concatenate for an array of Values"
            + (f", autograd.{name} for this function." if asking and name in _OURS else ".")
        )

    # --------------------------------------------------------------- Python's protocols

    def __bool__(self) -> bool:
        return bool(self._value)

    __float__, __int__, __complex__ = _conversion(float), _conversion(int), _conversion(complex)

    def __repr__(self) -> str:
        parts = [repr(self._value)]
        if self.label:
            parts.append(f"label={self.label!r}")
        if self._grad is not None and type(self._value) is not tuple:
            parts.append(f"grad={self._grad!r}")
        return f"Value({', '.join(parts)})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __reduce__(self) -> Any:
        return _unpickled, (self._value, self.label)  # a leaf, never a graph

    __hash__ = object.__hash__

    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)

    # -------------------------------------------------------------------- arithmetic

    __add__, __radd__ = _binary(np.add, operator.add)
    __sub__, __rsub__ = _binary(np.subtract, operator.sub)
    __mul__, __rmul__ = _binary(np.multiply, operator.mul)
    __truediv__, __rtruediv__ = _binary(np.divide, operator.truediv)
    __mod__, __rmod__ = _binary(np.remainder, operator.mod)
    __pow__, __rpow__ = _binary(np.power, power)
    __matmul__, __rmatmul__ = _binary(np.matmul, operator.matmul)

    def __neg__(self) -> "Value":
        data = self._value
        return record(TABLE[np.negative], -data, self, None, data, None)

    def __pos__(self) -> "Value":
        return as_seen(self, self._value)

    def __divmod__(self, other: Any) -> Any:
        return np.divmod(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return np.divmod(other, self)

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(self.item(), ndigits)

    def __floordiv__(self, other: Any) -> Any:
        return np.floor_divide(self._value, plain(other))

    def __rfloordiv__(self, other: Any) -> Any:
        return np.floor_divide(other, self._value)

    # ---------------------------------------------------------- methods, as NumPy's arrays

    sum, mean, prod = _method(np.sum), _method(np.mean), _method(np.prod)
    max, min, var, std = _method(np.max), _method(np.min), _method(np.var), _method(np.std)
    cumsum, cumprod = _method(np.cumsum), _method(np.cumprod)
    diagonal, trace, take = _method(np.diagonal), _method(np.trace), _method(np.take)
    round = _method(np.round)
    argpartition, searchsorted = _method(np.argpartition), _method(np.searchsorted)
    argmax, argmin, argsort = _method(np.argmax), _method(np.argmin), _method(np.argsort)
    all, any, nonzero = _method(np.all), _method(np.any), _method(np.nonzero)
    ravel, flatten, squeeze = _method(np.ravel), _method(np.ravel), _method(np.squeeze)
    swapaxes, repeat, dot = _method(np.swapaxes), _method(np.repeat), _method(np.dot)
    conj, conjugate, copy = _method(np.conjugate), _method(np.conjugate), _method(np.copy)
    real, imag = property(_method(np.real)), property(_method(np.imag))
    T, __abs__ = property(_method(np.transpose)), _method(np.absolute)
    mT = property(shaping.matrix_transpose)
    exp, log, sqrt, tanh = (
        _method(np.exp),
        _method(np.log),
        _method(np.sqrt),
        _method(np.tanh),
    )
    relu, sigmoid, astype = _method(relu), _method(sigmoid), _method(shaping.astype)

    def clip(self, min: Any = None, max: Any = None) -> "Value":
        """np.clip, with either bound."""
        return apply(np.clip, self, min, max)

    def compress(self, condition: Any, axis: Any = None) -> "Value":
        """np.compress, with the array first."""
        return apply(np.compress, condition, self, axis)

    def reshape(self, *shape: Any, order: Any = "C") -> "Value":
        """np.reshape, with the shape as one tuple or as several numbers."""
        return apply(np.reshape, self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> "Value":
        """np.transpose, with the axes as one tuple, as several numbers, or none."""
        return apply(np.transpose, self, axes[0] if len(axes) == 1 else axes or None)


_OUR_OPERANDS = {Value, np.ndarray, float, int}  # which need no second look
