"""Activations, elementwise but for those that normalize or halve an axis. PyTorch's names.

gelu and mish are products of two recorded calls, x · gate(x), so that the gate is kept; silu and
hardswish are one call each, whose gates cost little to compute anew.
"""

import functools
import math
from typing import Any, Literal

import numpy as np

from autograd import ShapeMismatch, defvjp, primitive, relu, sigmoid
from autograd import softplus as _softplus
from nn.functional.arrays import as_array, as_floats, one_or, real

__all__ = [
    "celu", "elu", "gelu", "glu", "hardswish", "hardtanh", "leaky_relu", "mish", "prelu", "selu",
    "silu", "softplus", "softsign", "tanh",
]  # fmt: skip


def tanh(x: Any) -> Any:
    """The hyperbolic tangent: np.tanh.

    >>> from autograd import Value
    >>> tanh(Value(0.0)).data
    0.0
    """
    return np.tanh(as_floats(x))


@primitive
def leaky_relu(x: Any, *, negative_slope: float = 0.01) -> Any:
    """x where x > 0, negative_slope · x elsewhere; the derivative at 0 is negative_slope.

    >>> leaky_relu(np.array([-2.0, 3.0]), negative_slope=0.1)
    array([-0.2,  3. ])
    """
    x = np.asarray(x)
    larger = np.maximum if negative_slope <= 1 else np.minimum
    return larger(x, negative_slope * x) if negative_slope else relu(x)


defvjp(
    leaky_relu,
    lambda g, y, x, *, negative_slope=0.01: g * one_or(negative_slope, x > 0, x),
    kink="negative_slope at 0",
    complex=False,
    elementwise=True,
    routes=lambda g, y, x, *, negative_slope=0.01: g * np.where(x < 0, negative_slope, 1.0),
)


def prelu(x: Any, weight: Any) -> Any:
    """leaky_relu with a slope that is learned: x where x > 0, weight · x elsewhere. He et al. 2015
    (arXiv:1502.01852).

    weight: one number, shape (1,), or one for each channel, the axis 1 of x. Raises ShapeMismatch
    for a weight of another length.

    >>> from autograd import Value
    >>> prelu(Value([[-2.0, 3.0]]), np.array([0.25])).data
    array([[-0.5,  3. ]])
    """
    x = as_array(x)
    size, channels = np.size(weight), x.shape[1] if x.ndim > 1 else 1
    if size not in (1, channels):
        raise ShapeMismatch(
            f"prelu of an input of shape {x.shape} takes 1 or {channels} weights, not {size}."
        )
    if np.ndim(weight):
        weight = np.reshape(weight, (size, *[1] * (x.ndim - 2)) if size > 1 else ())
    return np.where(x > 0, x, weight * np.clip(x, -np.inf, 0))


def elu(x: Any, *, alpha: float = 1.0) -> Any:
    """x where x > 0, alpha·(eˣ - 1) elsewhere; at 0 the derivative is alpha. Clevert et al. 2015
    (arXiv:1511.07289).

    >>> elu(np.array([0.0, 2.0]))
    array([0., 2.])
    """
    return _elu(x, alpha=alpha, width=1.0)


@primitive
def _elu(x: Any, *, alpha: float, width: float) -> Any:
    """x where x > 0, alpha·(exp(x / width) - 1) elsewhere."""
    x = np.asarray(x)
    return np.maximum(x, 0) + alpha * np.expm1(_inner(x, width))


def _inner(x: Any, width: float) -> Any:
    """min(x, 0) / width, but not so low that it overflows: its exponential is 0 before."""
    inner = np.clip(x, -800 * abs(width), 0)
    return inner if width == 1 else inner / width


defvjp(
    _elu,
    lambda g, y, x, *, alpha, width: g * np.exp(_inner(x, width)) * one_or(alpha / width, x > 0, x),
    by_tiles=True,
    symbol="elu",
    kink="alpha / width at 0",
    complex=False,
    elementwise=True,
)


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def selu(x: Any) -> Any:
    """1.0507 · elu(x, alpha=1.6733): keeps mean 0 and variance 1. Klambauer et al. 2017
    (arXiv:1706.02515).

    >>> selu(np.array([0.0, 1.0])).round(4)
    array([0.    , 1.0507])
    """
    return SELU_SCALE * elu(x, alpha=SELU_ALPHA)


def celu(x: Any, *, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(0, alpha·(exp(x/alpha) - 1)): elu with a smooth 0. Barron 2017
    (arXiv:1704.07483).

    Raises ValueError for an alpha that is not positive.

    >>> celu(np.array([0.0, 2.0]), alpha=2.0)
    array([0., 2.])
    """
    if not alpha > 0:
        raise ValueError(f"the alpha of celu is positive, not {alpha}.")
    return _elu(x, alpha=alpha, width=alpha)


def gelu(x: Any, *, approximate: Literal["none", "tanh"] = "none") -> Any:
    """x · Φ(x), with the normal distribution's Φ; Hendrycks and Gimpel 2016 (arXiv:1606.08415).

    approximate: "tanh" takes ½(1 + tanh(√(2/π)(x + 0.044715 x³))) for Φ(x), as GPT-2 does: about
    1e-3 off, and several times as fast.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate is {approximate!r}; it is 'none' or 'tanh'.")
    x = real("gelu", x)
    return x * (_tanh_gate(x) if approximate == "tanh" else _normal_cdf(x))


@primitive
def _normal_cdf(x: Any) -> Any:
    """Φ(x) = ½(1 + erf(x/√2)), to the last digits of 1 in the precision of x."""
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    formula = _taylor_of_normal_cdf if dtype.itemsize > 4 else _half_tanh_of_polynomial
    return formula(x.astype(dtype, copy=False))


def _taylor_of_normal_cdf(x: Any) -> Any:
    """By Taylor's series about the nearest k/8."""
    table = _coefficients_of_normal_cdf()
    near = np.rint(8 * np.fmax(np.fmin(x, 9), -9))  # of NaN, some number
    d = np.clip(x, -9, 9) - near / 8
    place = near.astype(np.intp) + 72
    total = table[-1].take(place)
    for coefficients in table[-2::-1]:
        total *= d
        total += coefficients.take(place)
    far = np.abs(x) > 9
    return np.where(far, x > 0, total) if far.any() else total


def _half_tanh_of_polynomial(x: Any) -> Any:
    """½(1 + tanh(x·p(x²))): three times as fast, and enough for single precision."""
    inner = np.clip(x, -5.6, 5.6)
    t = inner * inner
    t *= 2 / 5.6**2
    t -= 1
    first, *rest = _polynomial_of_normal_cdf()
    z = np.full_like(x, first)
    for coefficient in rest:
        z *= t
        z += coefficient
    z *= inner
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5
    far = np.abs(x) > 5.6
    return np.where(far, x > 0, z) if far.any() else z


@functools.cache
def _polynomial_of_normal_cdf() -> list[float]:
    """Of artanh(erf(x/√2)) / x in 2x²/5.6² - 1, for x up to 5.6: the highest power first."""
    x = 5.6 * np.sqrt((np.cos(np.pi * (np.arange(200) + 0.5) / 200) + 1) / 2)
    x = x[x < 5.3]  # beyond, erf is too near 1
    values = np.array([math.atanh(math.erf(v / math.sqrt(2))) for v in x])
    weights = 1 / np.cosh(values) ** 2 + 1e-4  # what an error in it matters in Φ
    t = 2 * x * x / 5.6**2 - 1
    fitted = np.polynomial.chebyshev.chebfit(t, values / x, 8, w=weights)
    return [float(c) for c in np.polynomial.chebyshev.cheb2poly(fitted)[::-1]]


@functools.cache
def _coefficients_of_normal_cdf() -> Any:
    """The coefficients of Φ(k/8 + d) in powers of d, for k = -72 … 72, one row for each power."""
    x = np.arange(-72, 73) / 8
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    rows = [np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x])]
    hermite, before = np.ones_like(x), np.zeros_like(x)
    for n in range(1, 10):  # φ's derivatives are φ times Hermite's polynomials, with signs
        rows.append((-1) ** (n - 1) * hermite * density / math.factorial(n))
        hermite, before = x * hermite - (n - 1) * before, hermite
    return np.array(rows)


def _normal_cdf_vjp(g: Any, y: Any, x: Any) -> Any:
    e = np.clip(x, -40, 40)
    e *= e  # of arrays in place
    e *= -0.5
    e = np.exp(e)
    e *= 1 / math.sqrt(2 * math.pi)
    e *= g
    return e


defvjp(_normal_cdf, _normal_cdf_vjp, complex=False, symbol="Φ", elementwise=True, by_tiles=True)

_SLOPE, _CUBIC = 2 * math.sqrt(2 / math.pi), 0.044715


@primitive
def _tanh_gate(x: Any) -> Any:
    """½(1 + tanh(√(2/π)(x + 0.044715 x³)))."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        x = x.astype(float)
    x = np.minimum(np.maximum(x, -30), 30)  # far beyond where the gate is 0 or 1
    z = np.asarray(x * x)
    z *= _SLOPE / 2 * _CUBIC
    z += _SLOPE / 2
    z *= x
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5
    return z


defvjp(
    _tanh_gate,
    lambda g, y, x: g * (y * (1 - y)) * (_SLOPE + (3 * _SLOPE * _CUBIC) * np.clip(x, -30, 30) ** 2),
    complex=False,
    symbol="gate",
    elementwise=True,
    by_tiles=True,
)


@primitive
def silu(x: Any) -> Any:
    """x · sigmoid(x), also called swish. Elfwing et al. 2017 (arXiv:1702.03118).

    >>> float(silu(0.0))
    0.0
    """
    x = real("silu", x)
    with np.errstate(over="ignore"):
        return x / (1 + np.exp(-x))


def _silu_vjp(g: Any, y: Any, x: Any) -> Any:
    s = sigmoid(x)
    return g * (s + y * (1 - s))


defvjp(silu, _silu_vjp, complex=False, elementwise=True, by_tiles=True)


def mish(x: Any) -> Any:
    """x · tanh(softplus(x)). Misra 2019 (arXiv:1908.08681).

    >>> float(mish(0.0))
    0.0
    """
    x = real("mish", x)
    return x * np.tanh(_softplus(x))


def softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + e^(beta·x)) / beta, a smooth relu; x itself where beta·x is above the threshold.

    `autograd.softplus` has no threshold: it is exact everywhere. Raises ValueError for a beta that
    is not positive.

    >>> round(float(softplus(0.0)), 6)
    0.693147
    """
    if not beta > 0:
        raise ValueError(f"the beta of softplus is positive, not {beta}.")
    x = real("softplus", x)
    scaled = x if beta == 1 else beta * np.clip(x, -800 / beta, (threshold + 1) / beta)
    y = _softplus(scaled) if beta == 1 else _softplus(scaled) / beta
    linear = scaled > threshold
    return np.where(linear, x, y) if np.any(linear) else y


def softsign(x: Any) -> Any:
    """x / (1 + |x|).

    >>> softsign(np.array([-1.0, 0.0, 3.0]))
    array([-0.5 ,  0.  ,  0.75])
    """
    return x / (1 + np.abs(x))


@primitive
def hardtanh(x: Any, *, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x within [min_val, max_val], which it does not leave; at both the derivative is 0.

    >>> hardtanh(np.array([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    if not min_val < max_val:
        raise ValueError(f"hardtanh from {min_val} to {max_val}: the first must be less.")
    return np.clip(x, min_val, max_val)


defvjp(
    hardtanh,
    lambda g, y, x, *, min_val=-1.0, max_val=1.0: g * ((x > min_val) & (x < max_val)),
    kink="0 at both bounds",
    complex=False,
    routes=lambda g, y, x, *, min_val=-1.0, max_val=1.0: (
        g * ~(np.less(x, min_val) | np.greater(x, max_val))
    ),
)


@primitive
def hardswish(x: Any) -> Any:
    """x · min(max(x + 3, 0), 6) / 6, a silu without exponentials. Howard et al. 2019
    (arXiv:1905.02244).

    >>> hardswish(np.array([-4.0, 0.0, 3.0]))
    array([-0.,  0.,  3.])
    """
    x = real("hardswish", x)
    return x * (np.clip(x + 3, 0, 6) * (1 / 6))


defvjp(
    hardswish,
    lambda g, y, x: g * ((np.clip(x + 3, 0, 6) + np.clip(x, -3, 3) * (np.abs(x) < 3)) * (1 / 6)),
    by_tiles=True,
    kink="0 at -3, 1 at 3",
    complex=False,
    elementwise=True,
)


def glu(x: Any, *, axis: int = -1) -> Any:
    """a · sigmoid(b) for the two halves of x along the axis. Dauphin et al. 2016
    (arXiv:1612.08083).

    Raises ShapeMismatch where the axis is of odd length.

    >>> glu(np.array([3.0, 4.0, 0.0, 0.0]))
    array([1.5, 2. ])
    """
    x = as_floats(x)
    if not -x.ndim <= axis < x.ndim or x.shape[axis] % 2:
        raise ShapeMismatch(
            f"glu halves an axis: axis {axis} of the shape {x.shape} is not even, or not there."
        )
    a, b = np.split(x, 2, axis=axis)
    return a * sigmoid(b)
