"""What NumPy and Python ask of an array, for Values: protocols, methods, and what is refused.

A request that would lose the record of how a Value was computed raises Detached, and says what to
write instead.
"""

import operator
import sys
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from autograd.call import TABLE, apply
from autograd.derivatives import joining, shaping
from autograd.derivatives.ufunc_methods import METHODS
from autograd.errors import Detached, ShapeMismatch
from autograd.functions import __all__ as _OURS
from autograd.functions import relu, sigmoid
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data
from autograd.record import Record, plain
from autograd.recording import is_recording
from autograd.table import Plain

__all__ = ["ArrayLike"]


def _method(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a method of Value."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return TABLE[fn](self, *args, **kwargs)

    method.__doc__ = f"{name_of(fn)}, of a Value."
    return method


def _comparison(compare: Callable[[Any, Any], Any]) -> Any:
    """A comparison, elementwise and plain."""

    def method(self: Any, other: Any) -> Any:
        other = plain(other)
        return compare(self._value, np.asarray(other) if type(other) in (list, tuple) else other)

    return method


def _conversion(kind: type) -> Any:
    """The Value as a Python number, if it holds a single one; warns, as that forgets the record.

    NumPy and `math` convert in silence: `array[0] = v`, `math.sin(v)`.
    """

    def convert(self: Any) -> Any:
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
    """True for a container of another library, which handles Values itself."""
    if type(x) in _OWN:
        return False
    return hasattr(x, "__array_ufunc__") and not isinstance(x, (Record, np.ndarray, np.generic))


_OWN = {np.ndarray, float, int}


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


class ArrayLike:
    """What makes NumPy's functions, and NumPy's users, take a Record for an array."""

    __slots__ = ()
    _grad: Cotangent
    _value: Data
    label: str

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

    def item(self) -> Any:
        """The Python number of a Value that holds a single one."""
        if self.size != 1:
            raise ShapeMismatch(f"a Value of shape {self.shape} is not a single number.")
        return self._value.item() if hasattr(self._value, "item") else self._value

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a Value that holds one number has no len().")
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        len(self)  # a number has none
        return iter(joining.rows(self))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise Detached("a Value is not written into: write v = v.at[index].set(w), or .add(w).")

    # ------------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 1 and any(map(_is_foreign, args)):
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
            if not issubclass(kind, (Record, np.ndarray)):
                return NotImplemented
        return TABLE[fn](*args, **kwargs)

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

    __hash__ = object.__hash__

    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)

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
    exp, log = _method(np.exp), _method(np.log)
    sqrt, tanh = _method(np.sqrt), _method(np.tanh)
    relu, sigmoid, astype = _method(relu), _method(sigmoid), _method(shaping.astype)

    def clip(self, min: Any = None, max: Any = None) -> Any:
        """np.clip, with either bound."""
        return apply(np.clip, self, min, max)

    def compress(self, condition: Any, axis: Any = None) -> Any:
        """np.compress, with the array first."""
        return apply(np.compress, condition, self, axis)

    def reshape(self, *shape: Any, order: Any = "C") -> Any:
        """np.reshape, with the shape as one tuple or as several numbers."""
        shape = shape[0] if len(shape) == 1 else shape
        return TABLE[np.reshape](self, shape, *([] if order == "C" else [order]))

    def transpose(self, *axes: Any) -> Any:
        """np.transpose, with the axes as one tuple, as several numbers, or none."""
        return apply(np.transpose, self, axes[0] if len(axes) == 1 else axes or None)
