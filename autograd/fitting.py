"""What a rule gives, brought into the shape and dtype of the argument that it is for."""

import numpy as np

from autograd.call import Parts, Rules
from autograd.errors import ShapeMismatch
from autograd.kernels import sum_of_rows
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data
from autograd.record import Record

__all__ = ["fit", "own", "sum_to"]


def fit(c: Cotangent, parent: Record, x: Data, call: Rules, place: int) -> Cotangent:
    """A rule's result c in the shape and dtype of the argument x."""
    kind = type(c)
    if kind is type(x) is float or kind is Parts:
        return c
    data = c._value if kind is type(parent) else c  # of a rule that ran on Values
    if type(data) is np.ndarray is type(x) and data.dtype is x.dtype:
        return c if data.shape == x.shape else sum_to(x.shape, c, call, place)
    if c is None:
        raise TypeError(f"rule {place} of {name_of(call.fn)} returned None: return the gradient.")
    c = c if hasattr(c, "dtype") else np.asarray(c)
    shape = getattr(x, "shape", ())
    if c.shape != shape:
        c = sum_to(shape, c, call, place)
    dtype = x.dtype if hasattr(x, "dtype") else np.dtype(type(x))
    if c.dtype is not dtype and c.dtype != dtype:
        c = (np.real(c) if c.dtype.kind == "c" != dtype.kind else c).astype(dtype)
    if type(c) is type(parent):
        return c
    return np.asarray(c) if type(x) is np.ndarray else type(x)(c)


def own(c: Cotangent, g: Cotangent) -> Cotangent:
    """A copy of what a rule made of g, if others may hold it: a leaf's gradient may be changed."""
    shared = type(c) is np.ndarray and (c is g or c.base is not None or type(g) is Parts)
    return c.copy() if shared else c


def sum_to(shape: tuple[int, ...], c: Cotangent, call: Rules, place: int) -> Cotangent:
    """Undo broadcasting: sum c over the axes along which an argument of this shape was repeated."""
    extra = c.ndim - len(shape)
    if call.broadcasts and c.shape[extra:] == shape and type(c) is np.ndarray:
        return sum_of_rows(c, extra)
    axes = (*range(extra), *[k for k, n in enumerate(shape, extra) if n == 1 != c.shape[k]])
    fits = extra >= 0 and all(n in (1, m) for n, m in zip(shape, c.shape[extra:], strict=True))
    if not call.broadcasts or not fits:
        raise ShapeMismatch(
            f"rule {place} of {name_of(call.fn)} returned the shape {c.shape} for an argument of "
            f"shape {shape}: return the gradient in the argument's shape"
            + ("." if call.broadcasts else ", or define the function with broadcasts=True.")
        )
    c = np.add.reduce(c, axes) if type(c) is np.ndarray else c.sum(axes)
    return c if c.shape == shape else c.reshape(shape)
