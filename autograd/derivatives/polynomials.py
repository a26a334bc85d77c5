"""Derivatives of NumPy's functions of polynomials' coefficients: made of products and sums."""

from typing import Any

import numpy as np

from autograd.derivatives.joining import rows
from autograd.derivatives.numerics import array_of, dtype_of
from autograd.errors import NotDifferentiable
from autograd.table import compose, data_of


def _array(a: Any) -> Any:
    return np.atleast_1d(a if hasattr(a, "shape") else np.asarray(a))


@compose(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    """Horner's rule."""
    x = array_of(x)
    y: Any = 0 * x
    for coefficient in rows(_array(p)):
        y = y * x + coefficient
    return y


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    a1, a2 = _array(a1), _array(a2)
    n = max(len(a1), len(a2))
    return np.pad(a1, (n - len(a1), 0)), np.pad(a2, (n - len(a2), 0))


@compose(np.polyadd)
def _polyadd(a1: Any, a2: Any) -> Any:
    a1, a2 = _aligned(a1, a2)
    return a1 + a2


@compose(np.polysub)
def _polysub(a1: Any, a2: Any) -> Any:
    a1, a2 = _aligned(a1, a2)
    return a1 - a2


def _without_leading_zeros(p: Any) -> Any:
    p = np.trim_zeros(_array(p), "f")
    return p if np.size(p) else np.zeros(1)


@compose(np.polymul)
def _polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(_without_leading_zeros(a1), _without_leading_zeros(a2))


@compose(np.polydiv)
def _polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Long division."""
    rest, v = _array(u) + 0.0, _array(v)
    if len(rest) < len(v):
        return np.zeros(1, dtype_of(rest)), rest
    quotient = []
    for k in range(len(rest) - len(v) + 1):
        quotient.append(rest[k] / v[0])
        rest = np.concatenate(
            [rest[:k], rest[k : k + len(v)] - quotient[-1] * v, rest[k + len(v) :]]
        )
    n = np.size(np.polydiv(data_of(u), data_of(v))[1])  # leading zeros of the rest are dropped
    return np.stack(quotient), rest[len(rest) - n :]


@compose(np.polyder)
def _polyder(p: Any, m: int = 1) -> Any:
    p = _array(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@compose(np.polyint)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p = _array(p)
    constants = np.broadcast_to(_array(0.0 if k is None else k), (m,))
    for constant in constants:
        p = np.concatenate([p / np.arange(len(p), 0, -1), np.reshape(constant, (1,))])
    return p


@compose(np.poly, note="of a matrix: as its eigenvalues")
def _poly(seq_of_zeros: Any) -> Any:
    zeros = _array(seq_of_zeros)
    if np.ndim(zeros) == 2:  # the characteristic polynomial of a matrix
        zeros = np.linalg.eigvals(zeros)
    p: Any = np.ones(1, np.result_type(data_of(zeros)))
    for zero in rows(zeros):
        p = np.convolve(p, np.stack([1 + 0 * zero, -zero]))
    return p if np.iscomplexobj(np.poly(data_of(seq_of_zeros))) else np.real(p)


@compose(np.roots, note="of simple roots")
def _roots(p: Any) -> Any:
    """The eigenvalues of the companion matrix."""
    p = _array(p)
    nonzero = np.flatnonzero(data_of(p))
    if nonzero.size == 0:
        return np.zeros(0)
    p = p[nonzero[0] :]
    if len(p) == 1:
        return np.zeros(0)
    below = np.eye(len(p) - 2, len(p) - 1, dtype=dtype_of(p))
    roots = np.linalg.eigvals(np.concatenate([np.reshape(-p[1:] / p[0], (1, -1)), below]))
    left, order = data_of(roots).copy(), []
    for root in np.roots(data_of(p)):  # NumPy's order, which has those at 0 last
        order.append(int(np.nanargmin(np.abs(left - root))))
        left[order[-1]] = np.nan
    return roots[np.array(order)]


@compose(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    powers = np.arange(np.size(x) if N is None else N)
    return np.expand_dims(x, -1) ** (powers if increasing else powers[::-1])


@compose(np.polyfit)
def _polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: float | None = None,
    full: bool = False,
    w: Any = None,
    cov: Any = False,
) -> Any:
    """The least squares of columns scaled to length 1, as NumPy has it."""
    if full or cov:
        raise NotDifferentiable("np.polyfit of a Value takes neither full= nor cov=.")
    x, y = (a if hasattr(a, "shape") else np.asarray(a, float) for a in (x, y))
    columns, values = np.vander(x, deg + 1), y
    if w is not None:
        columns = columns * np.expand_dims(w, -1)
        values = y * (w if np.ndim(y) == 1 else np.expand_dims(w, -1))
    scale = np.sqrt(np.sum(columns * columns, axis=0))
    rcond = np.size(x) * np.finfo(np.float64).eps if rcond is None else rcond
    fit = np.linalg.lstsq(columns / np.where(scale == 0, 1, scale), values, rcond)[0]
    return fit / (scale if np.ndim(y) == 1 else np.expand_dims(scale, -1))
