"""Derivatives of np.linalg's solutions, inverses, determinants and norms; all of stacks too.

What reads only one triangle of a matrix has a gradient in that triangle alone. A norm of 0 has
the gradient 0. The determinant of a singular matrix has a gradient, its cofactors.

Sources: M. Giles, Collected matrix derivative results for forward and reverse mode AD, 2008;
G. H. Golub, V. Pereyra, The differentiation of pseudo-inverses, 1973.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.numerics import (
    array_of,
    axes_of,
    conj,
    divisor,
    dtype_of,
    is_final,
    is_regular,
    lines,
    shape,
    zeros_of,
)
from autograd.derivatives.scans import product_of_others
from autograd.errors import ShapeMismatch
from autograd.table import compose, data_of, defvjp

__all__ = ["adjoint", "of_triangle", "transposed"]


def transposed(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def adjoint(a: Any) -> Any:
    return conj(np.swapaxes(a, -1, -2))


def of_triangle(s: Any, lower: bool = True) -> Any:
    """The gradient of one triangle, given that of the Hermitian matrix which it stands for."""
    both = s + adjoint(s)
    triangle = np.tril(both, -1) if lower else np.triu(both, 1)
    return triangle + np.real(s) * np.eye(np.shape(s)[-1], dtype=bool)


# ------------------------------------------------------------------------- solutions


def _solve_right(g: Any, x: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) == 1:
        g = g[..., None]
        return np.squeeze(np.linalg.solve(transposed(a), g), -1)
    return np.linalg.solve(transposed(a), g)


def _solve_left(g: Any, x: Any, a: Any, b: Any) -> Any:
    back = _solve_right(g, x, a, b)
    if np.ndim(b) == 1:
        return -back[..., :, None] * x[..., None, :]
    return -back @ transposed(x)


def _inv_vjp(g: Any, y: Any, a: Any) -> Any:
    return -transposed(y) @ g @ transposed(y)


def _pinv_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False) -> Any:
    """For a rank that stays the same nearby (Golub and Pereyra)."""
    if hermitian:  # of which the lower triangle is read
        a = np.tril(a) + adjoint(np.tril(a, -1))
    g, yh = conj(g), adjoint(y)
    gh = adjoint(g)

    def product(u: Any, v: Any, w: Any) -> Any:
        """u v w, by way of the smaller of the two square matrices between."""
        return u @ (v @ w) if np.shape(a)[-1] <= np.shape(a)[-2] else (u @ v) @ w

    back = product(gh - product(a, y, gh), y, yh) + product(yh, y, gh - product(gh, y, a))
    back = back - product(yh, g, yh)
    return conj(of_triangle(back) if hermitian else back)


defvjp(np.linalg.solve, _solve_left, _solve_right, broadcasts=True, domain="det a ≠ 0")
defvjp(np.linalg.inv, _inv_vjp, domain="det a ≠ 0")
defvjp(np.linalg.pinv, _pinv_vjp, settings="rcond rtol", domain="a rank that stays the same nearby")


@compose(np.linalg.pinv)
def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Any:
    """By the singular values, if some that are not 0 are cut off: then the rule is another."""
    limit = rcond if rtol in (None, np._NoValue) else rtol
    if limit is None:
        return NotImplemented
    if hermitian:
        a = np.tril(a) + adjoint(np.tril(a, -1))
    s = np.linalg.svdvals(data_of(a))
    kept = s > np.expand_dims(limit, -1) * np.max(s, axis=-1, keepdims=True, initial=0)
    if not np.any(~kept & (s > 1e-13 * np.max(s, initial=0))):
        return NotImplemented
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    inverse = np.where(kept, 1 / np.where(kept, s, 1), 0)
    return adjoint(vh) @ (np.expand_dims(inverse, -1) * adjoint(u))


@compose(np.linalg.lstsq, like=np.linalg.pinv)
def _lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    _, residuals, rank, _ = np.linalg.lstsq(data_of(a), data_of(b), rcond)
    a, b = array_of(a), array_of(b)
    precision = np.finfo(np.result_type(dtype_of(a), np.float32)).eps
    cutoff = precision * max(np.shape(a)) if rcond is None else rcond
    x = np.linalg.pinv(a, 0.0 if cutoff < 0 else cutoff) @ b
    if np.size(residuals):
        residuals = np.reshape(np.sum(np.abs(b - a @ x) ** 2, axis=0), np.shape(residuals))
    return x, residuals, rank, np.linalg.svdvals(a)


@compose(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: int = 2) -> Any:
    if ind <= 0:
        raise ValueError(f"np.linalg.tensorinv needs ind > 0, not {ind}.")
    first, last = np.shape(a)[:ind], np.shape(a)[ind:]
    inverse = np.linalg.inv(np.reshape(a, (int(np.prod(first)), -1)))
    return np.reshape(inverse, last + first)


@compose(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        a = np.moveaxis(a, axes, range(np.ndim(a) - len(axes), np.ndim(a)))
    shape = np.shape(a)[np.ndim(b) :]
    matrix = np.reshape(a, (np.size(b), int(np.prod(shape))))
    return np.reshape(np.linalg.solve(matrix, np.ravel(b)), shape)


@compose(np.linalg.matrix_power)
def _matrix_power(a: Any, n: int) -> Any:
    if np.ndim(a) < 2 or np.shape(a)[-1] != np.shape(a)[-2]:
        raise ShapeMismatch(f"np.linalg.matrix_power takes square matrices, not {np.shape(a)}.")
    n = operator.index(n)
    if n < 0:
        return _matrix_power(np.linalg.inv(a), -n)
    power, result = a, None
    while n:
        if n % 2:
            result = power if result is None else result @ power
        n //= 2
        power = power @ power if n else power
    if result is None:
        return np.where(False, a, np.eye(np.shape(a)[-1], dtype=dtype_of(a)))
    return result


# ----------------------------------------------------------------------- determinants


def _det_vjp(g: Any, y: Any, a: Any) -> Any:
    g, n = _for_each(g), np.shape(a)[-1]
    if n == 0:
        return g * a
    precision = np.finfo(np.result_type(data_of(a))).eps
    if is_final(a):
        inverse = _inverse(a, 0.01 / (n * precision))
        if inverse is None or not is_regular(y):
            return g * _cofactors(a)
    else:  # each further derivative loses as many digits again as the inverse has lost
        if _inverse(data_of(a), 1e3 if n <= 8 else 0.01 / (n * precision)) is None:
            return g * _cofactors_without_division(a)
        inverse = np.linalg.inv(a)
    return g * _for_each(y) * transposed(inverse)


def _for_each(y: Any) -> Any:
    """Numbers, one for each matrix of a stack, ready to multiply it."""
    return y[..., None, None] if shape(y) else y


def _inverse(a: Any, limit: float) -> Any:
    """The inverses of a stack of matrices; None if the condition of one is beyond the limit."""
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return None
    whole = np.vdot(a, a).real * np.vdot(inverse, inverse).real  # of the stack as if of one
    if whole < limit**2:
        return inverse
    each = np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
    return inverse if np.all(each < limit) else None


def _cofactors(a: Any) -> Any:
    """From the singular values: of each the product of the others."""
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    scaled = conj(u) * np.expand_dims(product_of_others(s), -2)
    return np.expand_dims(sign, (-1, -2)) * (scaled @ conj(vh))


def _cofactors_without_division(a: Any) -> Any:
    """By Faddeev and LeVerrier: a polynomial, so that it can be differentiated further."""
    n = np.shape(a)[-1]
    eye = np.eye(n, dtype=bool)
    m = eye + 0 * a
    for k in range(1, n):
        product = a @ m
        m = product - eye * np.expand_dims(np.trace(product, axis1=-2, axis2=-1) / k, (-1, -2))
    return transposed(m) * (-1) ** (n - 1)


def _slogdet_vjp(g: Any, y: Any, a: Any) -> Any:
    """The logarithm by the inverse; the sign, of complex matrices, by its phase alone."""
    g_sign, g_log = g[0], g[1]
    share = 0.0 if g_log is None else g_log
    if g_sign is not None and np.iscomplexobj(a):
        turn = 1j * g_sign * np.linalg.slogdet(a).sign
        share = share - 1j * np.real(turn)
    elif g_log is None:
        return zeros_of(a)
    return _for_each(share) * transposed(_inverse_or_infinity(a))


def _inverse_or_infinity(a: Any) -> Any:
    """The inverses of a stack of matrices; infinite in all elements where there is none."""
    singular = _for_each(np.linalg.det(data_of(a)) == 0)
    if not np.any(singular):
        return np.linalg.inv(a)
    eye = np.eye(np.shape(a)[-1], dtype=dtype_of(a))
    return np.where(singular, np.inf, np.linalg.inv(np.where(singular, eye, a)))


defvjp(np.linalg.det, _det_vjp, note="cofactors, at singular matrices too")
defvjp(np.linalg.slogdet, _slogdet_vjp, several=True, domain="det a ≠ 0")

# ------------------------------------------------------------------------------ norms


def _euclidean_vjp(g: Any, y: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is not None and not keepdims:
        g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
    return g / divisor(y) * conj(x)


defvjp(np.linalg.norm, _euclidean_vjp, settings="ord", kink="0 at 0")


@compose(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    dimensions = np.ndim(x) if axis is None else np.size(axis)
    if ord is None or (ord == 2 and dimensions == 1) or (ord == "fro" and dimensions == 2):
        return NotImplemented
    if axis is None:
        axis = tuple(range(np.ndim(x)))
    if dimensions == 1:
        along = int(np.ravel(axis)[0])
        return np.linalg.vector_norm(x, axis=along, keepdims=keepdims, ord=ord)
    if dimensions != 2:
        raise ValueError(f"np.linalg.norm with ord={ord!r} takes 1 or 2 dimensions.")
    norm = np.linalg.matrix_norm(np.moveaxis(x, axis, (-2, -1)), ord=ord)
    return np.expand_dims(norm, axis) if keepdims else norm


@compose(np.linalg.vector_norm, like=np.linalg.norm)
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if axis is None:
        shape = (1,) * np.ndim(x)
        norm = np.linalg.vector_norm(np.ravel(x), axis=0, ord=ord)
        return np.reshape(norm, shape) if keepdims else norm
    if ord == 2:
        if np.size(axis) == 1:
            return np.linalg.norm(x, None, int(np.ravel(axis)[0]), keepdims)
        norm = np.linalg.norm(lines(x, axes_of(axis, x)), axis=-1)
        return np.expand_dims(norm, axis) if keepdims else norm
    size = np.abs(x)
    if ord == np.inf:
        return np.max(size, axis=axis, keepdims=keepdims, initial=0)
    if ord == -np.inf:
        return np.min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.count_nonzero(data_of(x), axis=axis, keepdims=keepdims).astype(dtype_of(size))
    if ord == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if isinstance(ord, str):
        raise ValueError(f"a vector has no norm of ord={ord!r}.")
    total = np.sum(size**ord, axis=axis, keepdims=keepdims)
    return np.where(total == 0, 0, np.where(total == 0, 1, total) ** (1 / ord))


@compose(np.linalg.matrix_norm, like=np.linalg.norm)
def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    norms: dict[Any, Callable[[], Any]] = {
        "fro": lambda: np.linalg.norm(x, "fro", (-2, -1)),
        "nuc": lambda: np.sum(np.linalg.svdvals(x), axis=-1),
        1: lambda: np.max(np.sum(np.abs(x), axis=-2), axis=-1, initial=0),
        -1: lambda: np.min(np.sum(np.abs(x), axis=-2), axis=-1),
        2: lambda: np.max(np.linalg.svdvals(x), axis=-1, initial=0),
        -2: lambda: np.min(np.linalg.svdvals(x), axis=-1),
        np.inf: lambda: np.max(np.sum(np.abs(x), axis=-1), axis=-1, initial=0),
        -np.inf: lambda: np.min(np.sum(np.abs(x), axis=-1), axis=-1),
    }
    if ord not in norms:
        raise ValueError(f"a matrix has no norm of ord={ord!r}: {', '.join(map(str, norms))}.")
    return np.expand_dims(norms[ord](), (-2, -1)) if keepdims else norms[ord]()


@compose(np.linalg.cond)
def _cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.matrix_norm(x, ord=p) * np.linalg.matrix_norm(np.linalg.inv(x), ord=p)
