"""Derivatives of scipy.special's functions, where SciPy is installed and imported.

They are ufuncs, and reach us through NumPy's protocol; this is imported when the first one comes.
Those that are Python functions around np.asarray (softmax, logsumexp, polygamma) do not come:
autograd has its own. Formulas: NIST, Digital Library of Mathematical Functions, https://dlmf.nist.gov.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special as sp

from autograd.call import TABLE
from autograd.derivatives.numerics import power
from autograd.errors import NotDifferentiable
from autograd.functions import polygamma
from autograd.table import Plain, data_of, defvjp

Rule = Callable[..., Any]


def _define(name: str, *rules: Rule, **about: Any) -> None:
    """Rules for scipy.special's function of that name, if this SciPy has it."""
    if fn := getattr(sp, name, None):
        defvjp(fn, *rules, **about)


def _no_rule(name: str, parameter: str) -> Rule:
    def rule(*_: Any) -> Any:
        raise NotDifferentiable(f"scipy.special.{name} has no derivative by {parameter} here.")

    return rule


_REAL: Any = {"complex": False}
_POSITIVE: Any = {"complex": False, "domain": "x > 0"}
_BOTH_POSITIVE: Any = {"complex": False, "domain": "both > 0"}
_UNIT: Any = {"complex": False, "domain": "0 < x < 1"}
_ROOT_PI = math.sqrt(math.pi)
_ROOT_2PI = math.sqrt(2 * math.pi)

# --------------------------------------------------------------- the error function


def _erfcx_slope(x: Any, y: Any) -> Any:
    """2xy - 2/√π; where that cancels, its asymptotic series (DLMF 7.12.1)."""
    far = np.real(data_of(x)) > 50
    s = 1 / np.where(far, x, 50) ** 2
    series = -s / _ROOT_PI * (1 - s * (1.5 - s * (3.75 - 13.125 * s)))
    return np.where(far, series, 2 * x * y - 2 / _ROOT_PI)


def _dawsn_slope(x: Any, y: Any) -> Any:
    """1 - 2xy; where that cancels, its asymptotic series."""
    far = np.abs(np.real(data_of(x))) > 50
    s = 1 / np.where(far, x, 50) ** 2
    series = -s * (0.5 + s * (0.75 + s * (1.875 + 6.5625 * s)))
    return np.where(far, series, 1 - 2 * x * y)


_define("erf", lambda g, y, x: g * (2 / _ROOT_PI * np.exp(-x * x)))
_define("erfc", lambda g, y, x: g * (-2 / _ROOT_PI * np.exp(-x * x)))
_define("erfcx", lambda g, y, x: g * _erfcx_slope(x, y))
_define("erfi", lambda g, y, x: g * (2 / _ROOT_PI * np.exp(x * x)))
_define("dawsn", lambda g, y, x: g * _dawsn_slope(x, y))
_define(
    "erfinv", lambda g, y, x: g * (_ROOT_PI / 2 * np.exp(y * y)), **_REAL | {"domain": "|x| < 1"}
)
_define(
    "erfcinv",
    lambda g, y, x: g * (-_ROOT_PI / 2 * np.exp(y * y)),
    **_REAL | {"domain": "0 < x < 2"},
)
_define("ndtr", lambda g, y, x: g * (np.exp(-x * x / 2) / _ROOT_2PI), **_REAL)
_define("log_ndtr", lambda g, y, x: g * (2 / _ROOT_2PI / sp.erfcx(-x / math.sqrt(2))), **_REAL)
_define("ndtri", lambda g, y, x: g * (_ROOT_2PI * np.exp(y * y / 2)), **_UNIT)

# ------------------------------------------------- exponentials, logarithms, entropy

_define(
    "expit",
    lambda g, y, x: g * (y * sp.expit(-x)),
    **_REAL,
    facts={
        "active": lambda v: (v.data > 0.005) & (v.data < 0.995),
        "bounds": (0.0, 1.0),
        "probabilities": "each",
        "word": "sigmoid",
    },
)
_define("logit", lambda g, y, x: g / (x * (1 - x)), **_UNIT)
_define("log_expit", lambda g, y, x: g * sp.expit(-x), **_REAL)
_define("exp2", lambda g, y, x: g * (math.log(2) * y), **_REAL)
_define("exp10", lambda g, y, x: g * (math.log(10) * y), **_REAL)
_define("expm1", lambda g, y, x: g * (y + 1))
_define("log1p", lambda g, y, x: g / (1 + x), domain="x > -1")
_define("cosm1", lambda g, y, x: -g * np.sin(x), **_REAL)
_define("cbrt", lambda g, y, x: g / (3 * y * y), complex=False, domain="x ≠ 0")
_define(
    "xlogy",
    lambda g, z, x, y: g * np.log(y),
    lambda g, z, x, y: g * x / np.where((x == 0) & (y == 0), np.inf, y),
    complex=False,
    domain="y > 0",
)
_define(
    "xlog1py",
    lambda g, z, x, y: g * np.log1p(y),
    lambda g, z, x, y: g * x / np.where((x == 0) & (y == -1), np.inf, 1 + y),
    complex=False,
    domain="y > -1",
)
_define("entr", lambda g, y, x: -g * (np.log(x) + 1), **_POSITIVE)
_define(
    "rel_entr",
    lambda g, z, x, y: g * (np.log(x) - np.log(y) + 1),
    lambda g, z, x, y: -g * x / y,
    **_BOTH_POSITIVE,
)
_define(
    "kl_div",
    lambda g, z, x, y: g * (np.log(x) - np.log(y)),
    lambda g, z, x, y: g - g * x / y,
    **_BOTH_POSITIVE,
)
_define(
    "huber",
    lambda g, y, delta, r: g * np.maximum(np.abs(r) - delta, 0),
    lambda g, y, delta, r: g * np.clip(r, -delta, delta),
    **_REAL,
)
_define(
    "pseudo_huber",
    lambda g, y, d, r: g * (2 * y / d - (r / d) * (r / np.hypot(1, r / d))),
    lambda g, y, d, r: g * (r / np.hypot(1, r / d)),
    **_REAL,
)
_define(
    "boxcox",
    lambda g, y, x, p: g * power(x, p - 1),
    _no_rule("boxcox", "its exponent"),
    note="by x only",
    **_POSITIVE,
)
_define("expi", lambda g, y, x: g * np.exp(x) / x, complex=False, domain="x ≠ 0")
_define("exp1", lambda g, y, x: -g * np.exp(-x) / x, **_POSITIVE)

# ---------------------------------------------------------------- the gamma function

_define("gamma", lambda g, y, x: g * (y * sp.psi(x)), **_REAL)
_define("gammaln", lambda g, y, x: g * sp.psi(x), **_REAL)
_define("loggamma", lambda g, y, x: g * sp.psi(x), **_REAL)
_define("rgamma", lambda g, y, x: -g * (y * sp.psi(x)), **_POSITIVE)
_define("psi", lambda g, y, x: g * polygamma(1, x), **_POSITIVE)
_define(
    "beta",
    lambda g, y, a, b: g * (y * (sp.psi(a) - sp.psi(a + b))),
    lambda g, y, a, b: g * (y * (sp.psi(b) - sp.psi(a + b))),
    **_BOTH_POSITIVE,
)
_define(
    "betaln",
    lambda g, y, a, b: g * (sp.psi(a) - sp.psi(a + b)),
    lambda g, y, a, b: g * (sp.psi(b) - sp.psi(a + b)),
    **_BOTH_POSITIVE,
)


def _gamma_density(a: Any, x: Any) -> Any:
    return np.exp(sp.xlogy(a - 1, x) - x - sp.gammaln(a))


_define(
    "gammainc",
    _no_rule("gammainc", "its first argument"),
    lambda g, y, a, x: g * _gamma_density(a, x),
    note="by x only",
    **_POSITIVE,
)
_define(
    "gammaincc",
    _no_rule("gammaincc", "its first argument"),
    lambda g, y, a, x: -g * _gamma_density(a, x),
    note="by x only",
    **_POSITIVE,
)
_define(
    "betainc",
    _no_rule("betainc", "its first argument"),
    _no_rule("betainc", "its second argument"),
    lambda g, y, a, b, x: g * np.exp(
        sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - sp.betaln(a, b)
    ),
    note="by x only",
    **_UNIT,
)  # fmt: skip
TABLE[sp.gammasgn] = Plain(sp.gammasgn)

# ------------------------------------------------------------------- Bessel functions


def _of_order(name: str, slope: Rule, **about: Any) -> None:
    """A function of an order v, which has no rule, and of x."""
    _define(
        name,
        _no_rule(name, "its order"),
        lambda g, y, v, x: g * slope(v, x, y),
        note="by x only",
        **about,
    )


_of_order("jv", lambda v, x, y: (sp.jv(v - 1, x) - sp.jv(v + 1, x)) / 2)
_of_order("jn", lambda v, x, y: (sp.jv(v - 1, x) - sp.jv(v + 1, x)) / 2)
_of_order("yv", lambda v, x, y: (sp.yv(v - 1, x) - sp.yv(v + 1, x)) / 2, domain="x > 0")
_of_order("yn", lambda v, x, y: (sp.yv(v - 1, x) - sp.yv(v + 1, x)) / 2, **_POSITIVE)
_of_order("iv", lambda v, x, y: (sp.iv(v - 1, x) + sp.iv(v + 1, x)) / 2)
_of_order("kv", lambda v, x, y: -(sp.kv(v - 1, x) + sp.kv(v + 1, x)) / 2, domain="x > 0")
_of_order("kn", lambda v, x, y: -(sp.kv(v - 1, x) + sp.kv(v + 1, x)) / 2, **_POSITIVE)
_of_order(
    "ive",
    lambda v, x, y: (sp.ive(v - 1, x) + sp.ive(v + 1, x)) / 2 - np.sign(x) * y,
    **_REAL,
)
_of_order("kve", lambda v, x, y: y - (sp.kve(v - 1, x) + sp.kve(v + 1, x)) / 2, **_POSITIVE)
_define("j0", lambda g, y, x: -g * sp.j1(x), **_REAL)
_define("j1", lambda g, y, x: g * ((sp.j0(x) - sp.jv(2, x)) / 2), **_REAL)
_define("y0", lambda g, y, x: -g * sp.y1(x), **_POSITIVE)
_define("y1", lambda g, y, x: g * ((sp.y0(x) - sp.yv(2, x)) / 2), **_POSITIVE)
_define("i0", lambda g, y, x: g * sp.i1(x), **_REAL)
_define("i1", lambda g, y, x: g * ((sp.i0(x) + sp.ive(2, x) * np.exp(np.abs(x))) / 2), **_REAL)
_define("i0e", lambda g, y, x: g * (sp.i1e(x) - np.sign(x) * y), kink="0 at 0", **_REAL)
_define("i1e", lambda g, y, x: g * ((sp.i0e(x) + sp.ive(2, x)) / 2 - np.sign(x) * y), **_REAL)
_define("k0", lambda g, y, x: -g * sp.k1(x), **_POSITIVE)
_define("k1", lambda g, y, x: -g * ((sp.k0(x) + sp.kv(2, x)) / 2), **_POSITIVE)
