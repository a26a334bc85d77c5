"""Functions whose derivatives NumPy has no names for: np.sinc and np.i0.

The n-th derivatives of each are one primitive, whose own derivative is the one of n + 1.
"""

import math
from typing import Any

import numpy as np

from autograd.call import primitive
from autograd.table import defvjp

__all__ = ["i0_derivative", "sinc_derivative"]


@primitive
def sinc_derivative(x: Any, n: int) -> Any:
    """The n-th derivative of sin(πx) / (πx), exact near 0 too.

    With z = πx: (dⁿ/dzⁿ) sin z / z by the recurrence z f⁽ⁿ⁾ = sin(z + nπ/2) - n f⁽ⁿ⁻¹⁾ where that
    loses few digits, |z| > n / 2, else by its power series.
    """
    z = np.asarray(np.pi * x)
    near = np.abs(z) < max(n, 0.5) / 2
    with np.errstate(all="ignore"):  # near 0, where these are not used
        waves = np.sin(z), np.cos(z)  # and the negatives of both, in turn
        y = waves[0] / z
        for k in range(1, n + 1):
            y = ((-1) ** (k // 2) * waves[k % 2] - k * y) / z
    if np.any(near):
        y = np.asarray(y)
        y[near] = _sinc_series(z[near], n)
    return y * np.pi**n


def _sinc_series(z: Any, n: int) -> Any:
    """Σ (-1)ᵏ z²ᵏ⁻ⁿ / ((2k + 1) (2k - n)!) over 2k ≥ n."""
    first = (n + 1) // 2
    total = np.zeros_like(z)
    for k in range(first + 6 + n, first - 1, -1):
        total = total * z * z + (-1) ** k / ((2 * k + 1) * math.factorial(2 * k - n))
    return total * z ** (2 * first - n)


_I0_REACH = 800.0  # where I₀ has long overflown


@primitive
def i0_derivative(x: Any, n: int) -> Any:
    """The n-th derivative of the Bessel function I₀: the mean of cosⁿt exp(x cos t) over t.

    The mean over evenly spaced points is exact to rounding, as the function is periodic
    (L. N. Trefethen, J. A. C. Weideman, SIAM Review 56, 2014).
    """
    x = np.clip(np.asarray(x), -_I0_REACH, _I0_REACH)
    largest = np.max(np.abs(x), initial=0, where=np.isfinite(x))
    points = math.ceil(20 + n + 3 * math.sqrt(largest))
    wave = np.sinh if n % 2 else np.cosh  # both halves of the period together
    total = 0 * x
    for c in np.cos((np.arange(points) + 0.5) * (np.pi / 2) / points).tolist():
        total = total + c**n * wave(x * c)
    return total / points


defvjp(
    sinc_derivative,
    lambda g, y, x, n: g * sinc_derivative(x, n + 1),
    None,
    complex=False,
    elementwise=True,
)
defvjp(
    i0_derivative,
    lambda g, y, x, n: g * i0_derivative(x, n + 1),
    None,
    complex=False,
    elementwise=True,
)
defvjp(
    np.sinc, lambda g, y, x: g * sinc_derivative(x, 1), complex=False, orders=3, elementwise=True
)
defvjp(np.i0, lambda g, y, x: g * i0_derivative(x, 1), complex=False, orders=3, elementwise=True)
