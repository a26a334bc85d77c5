"""Functions that networks need and NumPy lacks, each with its derivative beside it.

They take arrays, numbers and Values alike. Every one is stable at both ends: no overflow for any
finite input.
"""

import itertools
import math
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.call import TABLE, primitive
from autograd.errors import ShapeMismatch
from autograd.kernels import row_sums
from autograd.numbers import Axis
from autograd.record import is_tracked
from autograd.table import defvjp

__all__ = [
    "dot", "log_softmax", "logsumexp", "polygamma", "relu", "sigmoid", "softmax", "softplus",
]  # fmt: skip


def _floats(x: Any) -> Any:
    """Integers and bools as floats: the differences of small ones wrap around."""
    x = np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(float)


@primitive
def relu(x: Any) -> Any:
    """max(x, 0). The derivative at 0 is 0, where `np.maximum(x, 0)` shares the tie and has ½.

    >>> import numpy as np
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return np.maximum(x, 0)


defvjp(
    relu,
    lambda g, y, x: g * (x > 0),
    scalar=lambda x: 0.0 if x < 0 else x,
    kink="0 at 0",
    complex=False,
    elementwise=True,
    routes=lambda g, y, x: g * ~np.less(x, 0),
    facts={"active": lambda v: v.data > 0, "bounds": (0.0, np.inf)},
)


@primitive
def sigmoid(x: Any) -> Any:
    """The logistic function 1 / (1 + e⁻ˣ), accurate where it is nearly 0 too.

    >>> float(sigmoid(0.0))
    0.5
    """
    x = _floats(x)
    if x.dtype.kind == "c":
        raise TypeError("sigmoid takes real numbers; of complex ones, write 1 / (1 + np.exp(-z)).")
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def _sigmoid_vjp(g: Any, y: Any, x: Any) -> Any:
    """g·y·σ(-x), for 1 - y would lose the digits of a small one; as a quotient, if that will do."""
    return g * (y * sigmoid(-x) if is_tracked(x) else y / (1 + np.exp(x)))


def _sigmoid_of_float(x: float) -> float:
    e = math.exp(-abs(x))
    return (e if x < 0 else 1.0) / (1 + e)


defvjp(
    sigmoid,
    _sigmoid_vjp,
    scalar=_sigmoid_of_float,
    by_tiles=True,
    complex=False,
    orders=3,
    elementwise=True,
    facts={
        "active": lambda v: (v.data > 0.005) & (v.data < 0.995),
        "bounds": (0.0, 1.0),
        "probabilities": "each",
    },
)


@primitive
def softplus(x: Any) -> Any:
    """log(1 + eˣ), a smooth relu; its derivative is the sigmoid.

    >>> round(float(softplus(0.0)), 6)
    0.693147
    """
    return np.maximum(x, 0) + np.log1p(np.exp(-1.0 * np.abs(x)))  # unsigned integers have no -x


defvjp(
    softplus,
    lambda g, y, x: g * sigmoid(x),
    by_tiles=True,
    complex=False,
    orders=3,
    elementwise=True,
    facts={"bounds": (0.0, np.inf), "logits": "each"},
)


@primitive
def logsumexp(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """log Σ eˣ along the axis (all axes by default), shifted by the maximum so as not to overflow.

    Its derivative is the softmax. Of nothing but -inf it is -inf.

    >>> import numpy as np
    >>> round(float(logsumexp(np.array([1000.0, 1000.0]))), 6)
    1000.693147
    """
    x = _floats(x)
    top = x.max(axis=axis, keepdims=True)
    if not np.isfinite(top).all():
        top = np.where(np.isfinite(top), top, 0)
    total = np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):
        y = np.log(total) + top
    return y if keepdims else y.squeeze(axis)


def _logsumexp_vjp(g: Any, y: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    if not keepdims:
        ndim = np.ndim(x)
        g = np.expand_dims(g, tuple(range(ndim)) if axis is None else axis)
    return g * softmax(x, axis=axis)


@primitive
def softmax(x: Any, *, axis: Axis = -1) -> Any:
    """eˣ / Σ eˣ along the axis: positive, and sums to 1.

    >>> import numpy as np
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    x = _floats(x)
    if x.ndim > 1 and axis in (-1, x.ndim - 1) and x.size > _MANY and x.dtype.char in "fd":
        e, total = _unshifted(x)
        if total is not None:
            e /= total
            return e
    e = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


_MANY = 4096  # below, the maxima take less than looking whether they are needed


def _unshifted(x: Any) -> tuple[Any, Any]:
    """eˣ, and its sums along the last axis, or None where that overflows or loses digits.

    To find the maxima of short rows takes NumPy longer than all the rest of a softmax.
    """
    with np.errstate(over="ignore"):
        e = np.exp(x)
    total, tiny = row_sums(e), np.finfo(x.dtype).tiny
    least, most = np.min(total), np.max(total)
    if not (least >= 2**-10 and most < math.inf):
        return e, None
    if least < 1 and np.count_nonzero(e >= tiny) + np.count_nonzero(e == 0) < e.size:
        return e, None
    return e, total


def _softmax_vjp(g: Any, y: Any, x: Any, *, axis: Axis = -1) -> Any:
    if axis == -1 and x.ndim > 1 and x.dtype.kind == "f":
        return y * (g - np.vecdot(g, y)[..., None])
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))


@primitive
def log_softmax(x: Any, *, axis: Axis = -1) -> Any:
    """x - log Σ eˣ along the axis: the logarithm of the softmax, exact where that is tiny.

    >>> import numpy as np
    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    x = _floats(x)
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


def _log_softmax_vjp(g: Any, y: Any, x: Any, *, axis: Axis = -1) -> Any:
    return g - np.exp(y) * np.sum(g, axis=axis, keepdims=True)


def dot(ws: Iterable[Any], xs: Iterable[Any]) -> Any:
    """Σ wᵢ·xᵢ of two lists of numbers, as one call in the record: for scalar programs.

    It replaces `sum(w * x for w, x in zip(ws, xs))`, which records two calls for each pair and
    takes about three times as long. Of arrays, rather write `np.dot`.

    Raises ShapeMismatch for lists of unequal length or of none.

    >>> from autograd import Value
    >>> w, x = [Value(2.0), Value(-1.0)], [3.0, Value(4.0)]
    >>> y = dot(w, x)
    >>> y.backward()
    >>> y.data, w[0].grad, x[1].grad
    (2.0, 3.0, -1.0)
    """
    ws, xs = tuple(ws), tuple(xs)
    if len(ws) != len(xs) or not ws:
        raise ShapeMismatch(f"dot takes two lists of one length, not of {len(ws)} and {len(xs)}.")
    members = (*ws, *xs)
    if any(map(is_tracked, members)):
        return TABLE[sum_of_products](members)
    return sum_of_products(members)


@primitive
def sum_of_products(members: Any) -> Any:
    """The sum of the products of the first half with the second."""
    half = len(members) // 2
    return sum(map(operator.mul, members[:half], members[half:]))


def _sum_of_products_vjp(g: Any, y: Any, members: Any) -> Any:
    half = len(members) // 2
    return [*map(operator.mul, itertools.repeat(g), (*members[half:], *members[:half]))]


defvjp(sum_of_products, _sum_of_products_vjp, sequence=True, broadcasts=True, symbol="dot")


@primitive
def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of the digamma function: (-1)ⁿ⁺¹ n! ζ(n + 1, x), for x > 0.

    n: integers from 0, without a derivative; broadcasts with x. It is scipy.special's function,
    which turns what it is given into arrays, and so takes no Value itself. Raises ImportError
    where SciPy is missing.

    >>> import math
    >>> math.isclose(polygamma(1, 1.0), math.pi**2 / 6)
    True
    """
    try:
        from scipy.special import polygamma as implementation
    except ImportError as error:
        raise ImportError("polygamma needs SciPy: pip install 'valuegrad[special]'.") from error
    return implementation(n, x)


defvjp(
    polygamma,
    None,
    lambda g, y, n, x: g * polygamma(n + 1, x),
    broadcasts=True,
    elementwise=True,
    domain="x > 0",
    complex=False,
)
defvjp(logsumexp, _logsumexp_vjp, facts={"logarithm": True, "logits": "together"})
defvjp(
    softmax,
    _softmax_vjp,
    facts={"bounds": (0.0, 1.0), "logits": "together", "probabilities": "together"},
)
defvjp(
    log_softmax,
    _log_softmax_vjp,
    facts={"bounds": (-np.inf, 0.0), "logarithm": True, "logits": "together"},
)
