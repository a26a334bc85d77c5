"""Derivatives of NumPy's elementwise functions: arithmetic, powers, exponentials, trigonometry.

Kinks and ties: abs'(0) = 0; maximum and minimum share a tie evenly (so `np.maximum(x, 0)` has the
derivative ½ at 0, where relu has 0); clip passes the gradient at its bounds; hypot and arctan2
have the gradient 0 at (0, 0).
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.numerics import (
    divisor,
    holds_somewhere,
    is_large_and_regular,
    power,
    where,
    zeros_of,
)
from autograd.errors import NotDifferentiable
from autograd.kernels import hypot, logaddexp
from autograd.record import is_tracked
from autograd.table import compose, data_of, defvjp, named

# ------------------------------------------------------------------ arithmetic

defvjp(np.positive, lambda g, y, x: g, scalar=operator.pos)
defvjp(np.negative, lambda g, y, x: -g, scalar=operator.neg, symbol="−", facts={"numbers": "kept"})
defvjp(np.add, lambda g, z, x, y: g, lambda g, z, x, y: g, symbol="+")
defvjp(np.subtract, lambda g, z, x, y: g, lambda g, z, x, y: -g, symbol="−")
defvjp(
    np.multiply,
    lambda g, z, x, y: g * y,
    lambda g, z, x, y: g * x,
    symbol="×",
)
defvjp(
    np.divide,
    lambda g, z, x, y: g / y,
    lambda g, z, x, y: -(g * z / y),
    symbol="÷",
    domain="y ≠ 0",
)
defvjp(np.reciprocal, lambda g, y, x: -g * y * y, domain="x ≠ 0")
_STEPS: Any = {"domain": "y ≠ 0", "kink": "the slope between jumps", "complex": False}

defvjp(
    np.remainder,
    lambda g, z, x, y: g,
    lambda g, z, x, y: -g * np.floor_divide(x, y),
    **_STEPS,
)
defvjp(
    np.fmod,
    lambda g, z, x, y: g,
    lambda g, z, x, y: -g * np.rint(np.divide(x - z, y)),
    **_STEPS,
)


@compose(np.divmod, complex=False)
def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    return np.floor_divide(x, y), np.remainder(x, y)


defvjp(
    np.modf,
    lambda g, y, x: zeros_of(x) if g[0] is None else g[0],
    several=True,
    complex=False,
    orders=2,
)


@compose(np.frexp, complex=False)
def _frexp(x: Any) -> tuple[Any, Any]:
    exponent = np.frexp(data_of(x))[1]
    return np.ldexp(x, -exponent), exponent


defvjp(np.ldexp, lambda g, y, x, i: np.ldexp(g, i), None, complex=False, orders=2)


# ---------------------------------------------------------------------- powers


def _base_vjp(g: Any, z: Any, x: Any, p: Any) -> Any:
    """p·xᵖ⁻¹, which is 0 for the exponent 0, of the base 0 too."""
    if isinstance(p, float | int | complex):
        if p in (0, 2):
            return g * (p * x) if p else 0 * g
        if p == 0.5:
            return g / (2 * z)
        lower: Any = p - 1
    else:
        if p.dtype.kind in "iub":
            p = p.astype(np.int64)  # which has room for p - 1
        lower = np.where((p == 0) & (x == 0), 1, p - 1)
    return g * (p * power(x, lower))


def _exponent_vjp(g: Any, z: Any, x: Any, p: Any) -> Any:
    """xᵖ·ln x; 0 where x is 0, not a number where x is negative."""
    return g * (z * np.log(np.where(x == 0, 1.0, x)))


_POWERS: Any = {"domain": "x > 0, or p a constant", "kink": "0 by p at x = 0"}

defvjp(np.power, _base_vjp, _exponent_vjp, forward=power, symbol="**", **_POWERS)
defvjp(np.float_power, _base_vjp, _exponent_vjp, **_POWERS)
defvjp(np.square, lambda g, y, x: g * (2 * x), scalar=lambda x: x * x)
defvjp(np.sqrt, lambda g, y, x: g / (2 * y), scalar=math.sqrt, domain="x > 0")
defvjp(np.cbrt, lambda g, y, x: g / (3 * y * y), scalar=math.cbrt, domain="x ≠ 0", complex=False)

# ------------------------------------------------- exponentials and logarithms

_LN2, _LN10 = math.log(2), math.log(10)

defvjp(np.exp, lambda g, y, x: g * y, scalar=math.exp)
defvjp(np.exp2, lambda g, y, x: g * (_LN2 * y), scalar=math.exp2)
defvjp(np.expm1, lambda g, y, x: g * np.exp(x), scalar=math.expm1)
defvjp(np.log, lambda g, y, x: g / x, scalar=math.log, domain="x > 0", facts={"logarithm": True})
defvjp(np.log2, lambda g, y, x: g / (_LN2 * x), scalar=math.log2, domain="x > 0")
defvjp(np.log10, lambda g, y, x: g / (_LN10 * x), scalar=math.log10, domain="x > 0")
defvjp(np.log1p, lambda g, y, x: g / (1 + x), scalar=math.log1p, domain="x > -1")


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
    forward=logaddexp,
    by_tiles=True,
    complex=False,
)
defvjp(
    np.logaddexp2,
    lambda g, z, x, y: g * np.exp2(_gap(x, z)),
    lambda g, z, x, y: g * np.exp2(_gap(y, z)),
    complex=False,
)

# ------------------------------------------------ trigonometric and hyperbolic

defvjp(np.sin, lambda g, y, x: g * np.cos(x), scalar=math.sin)
defvjp(np.cos, lambda g, y, x: -g * np.sin(x), scalar=math.cos)
defvjp(np.tan, lambda g, y, x: g * (1 + y * y), scalar=math.tan)


def _arcsine_slope(x: Any, y: Any) -> Any:
    """√(1 - x²), without loss near the ends; of complex x on the side of the cut where y is."""
    return np.cos(y) if np.iscomplexobj(x) else np.sqrt((1 - x) * (1 + x))


def _arcsinh_slope(x: Any) -> Any:
    return np.sqrt(x * x + 1) if np.iscomplexobj(x) else np.hypot(x, 1)


defvjp(
    np.arcsin,
    lambda g, y, x: g / _arcsine_slope(x, y),
    scalar=math.asin,
    domain="|x| < 1",
)
defvjp(
    np.arccos,
    lambda g, y, x: -g / _arcsine_slope(x, math.pi / 2 - y),
    scalar=math.acos,
    domain="|x| < 1",
)
defvjp(np.arctan, lambda g, y, x: g / (1 + x * x), scalar=math.atan)
defvjp(np.sinh, lambda g, y, x: g * np.cosh(x), scalar=math.sinh)
defvjp(np.cosh, lambda g, y, x: g * np.sinh(x), scalar=math.cosh)
defvjp(
    np.tanh,
    lambda g, y, x: g * (1 - y * y),
    scalar=math.tanh,
    by_tiles=True,
    facts={"active": lambda v: np.abs(v.data) < 0.99, "bounds": (-1.0, 1.0)},
)
defvjp(np.arcsinh, lambda g, y, x: g / _arcsinh_slope(x), scalar=math.asinh)
defvjp(
    np.arccosh,
    lambda g, y, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)),
    scalar=math.acosh,
    domain="x > 1",
)
defvjp(np.arctanh, lambda g, y, x: g / ((1 - x) * (1 + x)), scalar=math.atanh, domain="|x| < 1")


defvjp(
    np.hypot,
    lambda g, z, x, y: g * (x / divisor(z)),
    lambda g, z, x, y: g * (y / divisor(z)),
    scalar=math.hypot,
    forward=hypot,
    by_tiles=True,
    kink="0 at (0, 0)",
    complex=False,
)


def _angle_vjp(g: Any, u: Any, v: Any) -> Any:
    """g u / (u² + v²), without overflow."""
    square = 1.0 * u * u + 1.0 * v * v  # narrow integers have no square
    if is_large_and_regular(square):
        return g * (u / square)
    length = divisor(np.hypot(u, v))
    return g * np.where(np.isinf(length), 0, u / length / length)


defvjp(
    np.arctan2,
    lambda g, z, y, x: _angle_vjp(g, x, y),
    lambda g, z, y, x: -_angle_vjp(g, y, x),
    scalar=math.atan2,
    by_tiles=True,
    kink="0 at (0, 0)",
    complex=False,
)

for _fn in (*named("deg2rad"), *named("radians")):
    defvjp(_fn, lambda g, y, x: g * (math.pi / 180), scalar=math.radians, complex=False)
for _fn in (*named("rad2deg"), *named("degrees")):
    defvjp(_fn, lambda g, y, x: g * (180 / math.pi), scalar=math.degrees, complex=False)
defvjp(np.unwrap, lambda g, y, x: g, settings="discont axis period", complex=False)

# ------------------------------------------------- magnitude, order, selection


def _abs_vjp(g: Any, y: Any, x: Any) -> Any:
    if not np.iscomplexobj(x):
        return g * np.sign(x)
    return g * (np.conjugate(x) / divisor(y))


def _sign_vjp(g: Any, y: Any, x: Any) -> Any:
    if np.iscomplexobj(x):
        raise NotDifferentiable("np.sign of a complex Value has no derivative: write x / abs(x).")
    return 0 * g


def _larger_vjp(g: Any, x: Any, y: Any) -> Any:
    larger, tied = g * np.greater(x, y), x == y
    return larger + 0.5 * g * tied if holds_somewhere(tied) else larger


def _unless_alone(vjp: Callable[..., Any]) -> Callable[..., Any]:
    """The same rule, but all of the gradient where the other one is NaN."""
    return lambda g, x, y: np.where(np.isnan(y), g, vjp(g, x, y))


_larger_or_alone_vjp = _unless_alone(_larger_vjp)
_smaller_or_alone_vjp = _unless_alone(lambda g, x, y: _larger_vjp(g, y, x))


_SHARES: Any = {"kink": "a tie is shared evenly", "complex": False, "routes": True}

defvjp(np.absolute, _abs_vjp, scalar=abs, kink="0 at 0")
defvjp(np.fabs, _abs_vjp, scalar=math.fabs, kink="0 at 0", complex=False)
defvjp(np.sign, _sign_vjp, kink="0 everywhere", complex=False, routes=True)
defvjp(
    np.copysign,
    lambda g, z, x, s: g * (np.copysign(1, s) * np.sign(x)),
    lambda g, z, x, s: 0 * g,
    scalar=math.copysign,
    kink="0 at x = 0, and by s",
    complex=False,
)
defvjp(
    np.heaviside,
    lambda g, z, x, at_0: 0 * g,
    lambda g, z, x, at_0: g * (x == 0),
    kink="0 by x everywhere",
    complex=False,
    routes=True,
)
_NOT_LESS = (lambda g, z, x, y: g * ~np.less(x, y), lambda g, z, x, y: g * ~np.less(y, x))

defvjp(
    np.maximum,
    lambda g, z, x, y: _larger_vjp(g, x, y),
    lambda g, z, x, y: _larger_vjp(g, y, x),
    **_SHARES | {"routes": _NOT_LESS},  # NaN counts
    facts={  # with the constant 0 it is relu
        "active": lambda v: (
            v.data > 0 if 0 in [a for a in v.args if not (is_tracked(a) or np.ndim(a))] else None
        ),
        "word": "relu",
    },
)
defvjp(
    np.minimum,
    lambda g, z, x, y: _larger_vjp(g, y, x),
    lambda g, z, x, y: _larger_vjp(g, x, y),
    **_SHARES | {"routes": _NOT_LESS[::-1]},
)
defvjp(
    np.fmax,
    lambda g, z, x, y: _larger_or_alone_vjp(g, x, y),
    lambda g, z, x, y: _larger_or_alone_vjp(g, y, x),
    **_SHARES,
)
defvjp(
    np.fmin,
    lambda g, z, x, y: _smaller_or_alone_vjp(g, x, y),
    lambda g, z, x, y: _smaller_or_alone_vjp(g, y, x),
    **_SHARES,
)


def _clip_vjp(which: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient where `which` of the three, by the result, was passed on."""
    return lambda g, y, x, low=None, high=None: g * which(y, x, low, high)


defvjp(
    np.clip,
    _clip_vjp(lambda y, x, low, high: y == x),
    _clip_vjp(lambda y, x, low, high: (y == low) & (y != x)),
    _clip_vjp(lambda y, x, low, high: (y == high) & (y != x) & (y != low)),
    broadcasts=True,
    kink="x gets it at the bounds",
    complex=False,
    routes=True,
)


@compose(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, *args: Any, **settings: Any) -> Any:
    """The bounds by their newer names."""
    if "min" not in settings and "max" not in settings:
        return NotImplemented
    if a_min is not None or a_max is not None:
        raise ValueError("np.clip takes its bounds as a_min and a_max, or as min and max.")
    return np.clip(a, settings.pop("min", a_min), settings.pop("max", a_max), *args, **settings)


defvjp(
    np.where,
    None,
    lambda g, z, c, x, y: where(c, g, 0),
    lambda g, z, c, x, y: where(c, 0, g),
    broadcasts=True,
    routes=True,
)


@compose(np.where)
def _where(condition: Any, *choices: Any) -> Any:
    """Of a condition alone the places where it holds; of plain choices a plain array."""
    if len(choices) == 2 and any(is_tracked(choice) for choice in choices):
        return NotImplemented
    return np.where(data_of(condition), *choices)


# --------------------------------------------------------------------- complex

defvjp(np.conjugate, lambda g, y, x: np.conjugate(g))
defvjp(np.real, lambda g, y, x: g)
defvjp(np.imag, lambda g, y, x: -1j * g if np.iscomplexobj(x) else 0 * g)


@compose(np.angle, kink="0 at 0")
def _angle(z: Any, deg: bool = False) -> Any:
    angle = np.arctan2(np.imag(z), np.real(z))
    return np.degrees(angle) if deg else angle


@compose(np.real_if_close)
def _real_if_close(a: Any, tol: float = 100) -> Any:
    return a if np.iscomplexobj(np.real_if_close(data_of(a), tol)) else np.real(a)


def _nan_to_num_vjp(g: Any, y: Any, x: Any) -> Any:
    if not np.iscomplexobj(x):
        return np.where(np.isfinite(x), g, 0)
    through = np.where(np.isfinite(np.imag(x)), np.imag(g), 0)
    return np.where(np.isfinite(np.real(x)), np.real(g), 0) + 1j * through


defvjp(
    np.nan_to_num, _nan_to_num_vjp, settings="copy nan posinf neginf", kink="0 where replaced",
    routes=True,
)  # fmt: skip
