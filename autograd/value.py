"""Value: a number or an array that remembers the NumPy call that made it.

Here it is given what users handle: data and gradients, the operators and methods of NumPy's
arrays, NumPy's and Python's protocols. How it remembers stands in `call`, how gradients flow back
in `backward`.
"""

import operator
from collections.abc import Callable
from typing import Any, final

import numpy as np

from autograd.backward import add_gradients
from autograd.binding import Facts
from autograd.call import TABLE, as_seen
from autograd.derivatives import indexing
from autograd.derivatives.numerics import power
from autograd.errors import Detached, ShapeMismatch
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, alike, as_constant, as_data, as_result, like
from autograd.protocols import ArrayLike
from autograd.record import Record, leaf, next_number, record, values_in
from autograd.recording import is_recording

__all__ = ["Value"]

_new = object.__new__


def _binary(fn: np.ufunc, compute: Callable[[Data, Data], Data]) -> tuple[Any, Any]:
    """An operator and its reflected form: the call of `fn` with two operands."""
    call = TABLE[fn]

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
        except (ZeroDivisionError, ValueError):  # NumPy has an answer, or a better message
            data = call.compute(x, y)
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
        x, y = as_constant(other), self._value
        if x is NotImplemented:
            return NotImplemented
        try:
            data = compute(x, y)
        except (ZeroDivisionError, ValueError):
            data = call.compute(x, y)
        return record(call, as_result(data, fn), None, self, x, y)

    return forward, reflected


def _unpickled(data: Any, label: str) -> "Value":
    return Value(data, label=label)


@final
class Value(ArrayLike, Record):
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
        if not (type(data) is type(self._value) is float or alike(data, self._grad)):
            data = as_data(data)
            if not alike(data, self._grad):
                self._grad = None
        self._value = data

    data = property(operator.attrgetter("_value"), _set_data)

    @property
    def grad(self) -> Any:
        grad, data = self._grad, self._value
        if type(grad) is float or (self._call is None and grad is not None):
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
        elif type(grad) is np.ndarray and not grad.flags.writeable:  # one number for all elements
            grad = grad.copy()
        if type(grad) is np.ndarray:
            self._grad = grad  # so that it may be written into
        return grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        if grad is None:
            pass
        elif type(self._value) is float and type(grad) in (float, int):
            grad = float(grad)
        else:
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
        if gradient is None:
            if type(self._value) is float:
                return 1.0
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

    def __reduce__(self) -> Any:
        return _unpickled, (self._value, self.label)  # a leaf, never a graph

    def detach(self) -> "Value":
        """A leaf with the same data."""
        return leaf(self._value, self.label)

    @property
    def facts(self) -> Facts:
        """What the table says of the function for summaries and diagnoses; nothing of a leaf."""
        return {} if self._call is None else self._call.about.facts

    @property
    def at(self) -> indexing.at:
        """Assignments that give a new Value: `v.at[i].set(w)`, `.add(w)`, `.multiply(w)`."""
        return indexing.at(self)

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
