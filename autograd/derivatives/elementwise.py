"""Derivatives of NumPy's elementwise functions: arithmetic, powers, exponentials, trigonometry.

Kinks and ties: abs'(0) = 0; maximum and minimum share a tie evenly (so `np.maximum(x, 0)` has the
derivative ½ at 0, where relu has 0); clip passes the gradient at its bounds; hypot and arctan2
have the gradient 0 at (0, 0). Poles: see `numerics`.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.numerics import over, power, times
from autograd.derivatives.registry import defvjp, without_derivative
from autograd.errors import NotDifferentiable

# ------------------------------------------------------------------ arithmetic

defvjp(np.positive, lambda g, y, x: g, scalar=operator.pos)
defvjp(np.negative, lambda g, y, x: -g, scalar=operator.neg, symbol="−")
defvjp(np.add, lambda g, z, x, y: g, lambda g, z, x, y: g, symbol="+")
defvjp(np.subtract, lambda g, z, x, y: g, lambda g, z, x, y: -g, symbol="−")
defvjp(
    np.multiply,
    lambda g, z, x, y: g * y if type(g) is float else times(g, y),
    lambda g, z, x, y: g * x if type(g) is float else times(g, x),
    symbol="×",
)
defvjp(
    np.divide,
    lambda g, z, x, y: over(g, y),
    lambda g, z, x, y: -over(over(g * x, y), y),
    symbol="÷",
)
defvjp(np.reciprocal, lambda g, y, x: -over(over(g, x), x))
defvjp(np.remainder, lambda g, z, x, y: g, lambda g, z, x, y: -times(g, np.floor_divide(x, y)))
defvjp(np.fmod, lambda g, z, x, y: g, lambda g, z, x, y: -times(g, np.rint(np.divide(x - z, y))))


# ---------------------------------------------------------------------- powers


def _base_vjp(g: Any, z: Any, x: Any, p: Any) -> Any:
    """p·xᵖ⁻¹, which is 0 for the exponent 0, of the base 0 too."""
    if isinstance(p, float | int):
        if p in (0, 2):
            return g * (p * x)
        lower: Any = p - 1
    else:
        if p.dtype.kind == "u":
            p = p.astype(np.int64)  # which has numbers below 0
        lower = np.where((p == 0) & (x == 0), 1, p - 1)
    if np.any(lower < 0) and not np.all(x):  # a pole, which matters only if a gradient comes in
        x = np.where((x == 0) & (g == 0), 1, x)
    return times(g, p * power(x, lower))


def _exponent_vjp(g: Any, z: Any, x: Any, p: Any) -> Any:
    """xᵖ·ln x; 0 where x is 0, not a number where x is negative."""
    return times(g, z * np.log(np.where(x == 0, 1, x)))


defvjp(np.power, _base_vjp, _exponent_vjp, symbol="**")
defvjp(np.float_power, _base_vjp, _exponent_vjp)
defvjp(np.square, lambda g, y, x: g * (2 * x), scalar=lambda x: x * x)
defvjp(np.sqrt, lambda g, y, x: over(g, 2 * y), scalar=math.sqrt)
defvjp(np.cbrt, lambda g, y, x: over(g, 3 * y * y), scalar=math.cbrt)

# ------------------------------------------------- exponentials and logarithms

_LN2, _LN10 = math.log(2), math.log(10)

defvjp(np.exp, lambda g, y, x: times(g, y), scalar=math.exp)
defvjp(np.exp2, lambda g, y, x: times(g, _LN2 * y), scalar=math.exp2)
defvjp(np.expm1, lambda g, y, x: times(g, np.exp(x)), scalar=math.expm1)
defvjp(np.log, lambda g, y, x: over(g, x), scalar=math.log)
defvjp(np.log2, lambda g, y, x: over(g, _LN2 * x), scalar=math.log2)
defvjp(np.log10, lambda g, y, x: over(g, _LN10 * x), scalar=math.log10)
defvjp(np.log1p, lambda g, y, x: over(g, 1 + x), scalar=math.log1p)


def _gap(x: Any, z: Any) -> Any:
    """x - z, and 0 where they are equal, infinite ones too."""
    if np.any(np.isinf(z)):
        same = x == z
        x, z = np.where(same, 0, x), np.where(same, 0, z)
    return x - z


defvjp(
    np.logaddexp,
    lambda g, z, x, y: g * np.exp(_gap(x, z)),
    lambda g, z, x, y: g * np.exp(_gap(y, z)),
)
defvjp(
    np.logaddexp2,
    lambda g, z, x, y: g * np.exp2(_gap(x, z)),
    lambda g, z, x, y: g * np.exp2(_gap(y, z)),
)

# ------------------------------------------------ trigonometric and hyperbolic

defvjp(np.sin, lambda g, y, x: times(g, np.cos(x)), scalar=math.sin)
defvjp(np.cos, lambda g, y, x: -times(g, np.sin(x)), scalar=math.cos)
defvjp(np.tan, lambda g, y, x: times(g, 1 + y * y), scalar=math.tan)
defvjp(np.arcsin, lambda g, y, x: over(g, np.sqrt((1 - x) * (1 + x))), scalar=math.asin)
defvjp(np.arccos, lambda g, y, x: -over(g, np.sqrt((1 - x) * (1 + x))), scalar=math.acos)
defvjp(np.arctan, lambda g, y, x: g / (1 + x * x), scalar=math.atan)
defvjp(np.sinh, lambda g, y, x: times(g, np.cosh(x)), scalar=math.sinh)
defvjp(np.cosh, lambda g, y, x: times(g, np.sinh(x)), scalar=math.cosh)
defvjp(np.tanh, lambda g, y, x: g * (1 - y * y), scalar=math.tanh)
defvjp(np.arcsinh, lambda g, y, x: g / np.sqrt(x * x + 1), scalar=math.asinh)
defvjp(np.arccosh, lambda g, y, x: over(g, np.sqrt(x - 1) * np.sqrt(x + 1)), scalar=math.acosh)
defvjp(np.arctanh, lambda g, y, x: over(g, (1 - x) * (1 + x)), scalar=math.atanh)
defvjp(
    np.hypot,
    lambda g, z, x, y: g * over(x, z),
    lambda g, z, x, y: g * over(y, z),
    scalar=math.hypot,
)
defvjp(
    np.arctan2,
    lambda g, z, y, x: g * over(x, x * x + y * y),
    lambda g, z, y, x: -g * over(y, x * x + y * y),
    scalar=math.atan2,
)

# ------------------------------------------------- magnitude, order, selection


def _abs_vjp(g: Any, y: Any, x: Any) -> Any:
    return g * (over(np.conjugate(x), y) if np.iscomplexobj(x) else np.sign(x))


def _sign_vjp(g: Any, y: Any, x: Any) -> Any:
    if np.iscomplexobj(x):
        raise NotDifferentiable("np.sign of a complex Value has no derivative: write x / abs(x).")
    return 0 * g


def _larger_vjp(g: Any, x: Any, y: Any) -> Any:
    return g * (x > y) + 0.5 * g * (x == y)


defvjp(np.absolute, _abs_vjp, scalar=abs)
defvjp(np.fabs, _abs_vjp, scalar=math.fabs)
defvjp(np.sign, _sign_vjp)
defvjp(
    np.maximum,
    lambda g, z, x, y: _larger_vjp(g, x, y),
    lambda g, z, x, y: _larger_vjp(g, y, x),
)
defvjp(
    np.minimum,
    lambda g, z, x, y: _larger_vjp(g, y, x),
    lambda g, z, x, y: _larger_vjp(g, x, y),
)


def _clip_vjp(which: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient where `which` of the three, by the result, was passed on."""

    def rule(
        g: Any,
        y: Any,
        x: Any,
        low: Any = None,
        high: Any = None,
        *,
        min: Any = None,
        max: Any = None,
    ) -> Any:
        return g * which(y, x, low, high)

    return rule


defvjp(
    np.clip,
    _clip_vjp(lambda y, x, low, high: y == x),
    _clip_vjp(lambda y, x, low, high: (y == low) & (y != x)),
    _clip_vjp(lambda y, x, low, high: (y == high) & (y != x) & (y != low)),
    broadcasts=True,
)
defvjp(
    np.where,
    None,
    lambda g, z, c, x, y: np.where(c, g, 0),
    lambda g, z, c, x, y: np.where(c, 0, g),
    broadcasts=True,
)

# --------------------------------------------------------------------- complex

defvjp(np.conjugate, lambda g, y, x: np.conjugate(g))
defvjp(np.real, lambda g, y, x: g)
defvjp(np.imag, lambda g, y, x: -1j * g if np.iscomplexobj(x) else 0 * g)

# --------------------------------------- functions without a derivative worth it

without_derivative(
    np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.floor_divide
)
without_derivative(np.isfinite, np.isinf, np.isnan, np.signbit, np.isclose, np.allclose)
without_derivative(np.iscomplexobj, np.isrealobj, np.array_equal, np.array_equiv)
without_derivative(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
without_derivative(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
