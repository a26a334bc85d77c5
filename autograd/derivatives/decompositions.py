"""Derivatives of np.linalg's decompositions: cholesky, qr, eigh, eig, svd; all of stacks too.

Eigenvalues that are equal have a derivative as a whole: any function that treats them alike is
right. Eigenvectors of equal eigenvalues have none, as any rotation of them will do: a loss that
depends on them raises DegenerateSpectrum, instead of giving NaN or a wrong number. So does a loss
that depends on the phase of complex eigenvectors or singular vectors, which LAPACK chooses.

With P = Uᴴ dA V and the like, each rule is the adjoint of the formula for the differentials.
Gradients are conjugated on the way in and out: inside, dL = Re tr(Āᴴ dA).

Sources: M. Giles, An extended collection of matrix derivative results, 2008; I. Murray,
Differentiation of the Cholesky decomposition, arXiv:1602.07527; Z. Wan, S. Zhang, Automatic
differentiation for complex valued SVD, arXiv:1909.02659.
"""

from typing import Any

import numpy as np

from autograd.call import part
from autograd.derivatives.linalg import adjoint, of_triangle
from autograd.derivatives.numerics import conj, zeros_of
from autograd.errors import DegenerateSpectrum, NotDifferentiable
from autograd.table import compose, data_of, defvjp


def _diagonal(d: Any) -> Any:
    """The diagonal matrices with these numbers."""
    return np.expand_dims(d, -1) * np.eye(np.shape(d)[-1], dtype=bool)


def _diagonal_of(m: Any) -> Any:
    return np.diagonal(m, 0, -2, -1)


def _gaps(values: Any) -> tuple[Any, Any]:
    """w[j] - w[i] for each pair, 1 on the diagonal and between equals, and which are equal."""
    gaps = np.expand_dims(values, -2) - np.expand_dims(values, -1)
    eye = np.eye(np.shape(values)[-1], dtype=bool)
    limit = np.expand_dims(_tolerance(data_of(values)), -1)
    equal = (np.abs(data_of(gaps)) <= limit) & ~eye
    return np.where(equal | eye, 1, gaps), equal


def _tolerance(values: Any) -> Any:
    """How far eigenvalues or singular values may be off by rounding, of each matrix."""
    size = np.max(np.abs(values), axis=-1, keepdims=True, initial=0)
    return 4 * np.shape(values)[-1] * np.finfo(size.dtype).eps * size


def _refuse(wanted: Any, forbidden: Any, scale: Any, message: str) -> None:
    """Raise if a gradient, beyond rounding, asks for what has no derivative."""
    wanted, scale = np.abs(data_of(wanted)), np.abs(data_of(scale))
    limit = 1e3 * np.finfo(wanted.dtype).eps * np.max(scale, initial=0)
    if np.any(forbidden & (wanted > limit)):
        raise DegenerateSpectrum(message)


def _within(function: str, what: str) -> str:
    return (
        f"np.linalg.{function}: the loss depends on {what}. LAPACK chooses among them, so there is "
        "no derivative, or it cannot be found by way of them: use the values alone, or a function "
        "that needs no vectors (solve, inv, matrix_power, pinv, det)."
    )


def _beside_spare(function: str, vectors: Any, cotangent: Any, k: int) -> tuple[Any, Any]:
    """The first k columns of a full basis, and the gradient of them and of what they leave over."""
    if np.shape(vectors)[-1] == k:
        return vectors, cotangent
    own, spare = vectors[..., :k], vectors[..., k:]
    if cotangent is None:
        return own, None
    g_spare = cotangent[..., k:]
    turn = adjoint(spare) @ g_spare
    message = _within(function, "vectors that only complete the basis")
    _refuse(turn - adjoint(turn), True, turn, message)
    return own, cotangent[..., :k] - spare @ (adjoint(g_spare) @ own)


# --------------------------------------------------------------------------- cholesky


def _cholesky_vjp(g: Any, y: Any, a: Any, *, upper: bool = False) -> Any:
    lower = adjoint(y) if upper else y
    g = adjoint(conj(g)) if upper else conj(g)
    inverse = np.linalg.inv(lower)
    middle = np.tril(adjoint(lower) @ g)
    middle = middle - 0.5 * _diagonal(_diagonal_of(middle))
    return conj(of_triangle(adjoint(inverse) @ middle @ inverse, not upper))


defvjp(np.linalg.cholesky, _cholesky_vjp, domain="positive definite", note="one triangle is read")

# --------------------------------------------------------------------------------- qr


def _qr_vjp(g: Any, y: Any, a: Any) -> Any:
    """Of a = QR with the first columns of a independent.

    Of a wide matrix [X Y] it is that of X = QU, and of V = QᴴY. Of a complete Q the columns
    beyond a's count as the complement that the others leave.
    """
    q, r = part(y, 0), part(y, 1)
    m, n = np.shape(a)[-2:]
    k = min(m, n)
    zero_q, zero_r = np.zeros((m, k)), np.zeros((k, n))
    g_q, g_r = (None if c is None else conj(c) for c in (g[0], g[1]))
    q, g_q = _beside_spare("qr", q, g_q, k)
    r, g_r = r[..., :k, :], None if g_r is None else g_r[..., :k, :]
    g_q = zero_q if g_q is None else g_q
    g_r = zero_r if g_r is None else g_r
    right = None
    if n > m:
        g_v = g_r[..., m:]
        g_q = g_q + a[..., m:] @ adjoint(g_v)
        right = q @ g_v
        r, g_r = r[..., :m], g_r[..., :m]
    turn, share = adjoint(q) @ g_q, g_r @ adjoint(r)
    middle = np.tril(turn - adjoint(turn) + adjoint(share), -1) + np.triu(share, 1)
    middle = middle + _diagonal(np.real(_diagonal_of(share)))
    if np.iscomplexobj(a):
        middle = middle + 1j * _diagonal(np.imag(_diagonal_of(turn)))
    back = (q @ (middle - turn) + g_q) @ np.linalg.inv(adjoint(r))
    return conj(back if right is None else np.concatenate([back, right], axis=-1))


defvjp(
    np.linalg.qr, _qr_vjp, settings="mode", several=True, domain="full rank of the first columns"
)


@compose(np.linalg.qr)
def _qr(a: Any, mode: str = "reduced") -> Any:
    if mode == "r":
        return np.linalg.qr(a).R
    if mode in ("reduced", "complete"):
        return NotImplemented
    raise NotDifferentiable(f"np.linalg.qr of a Value has no mode {mode!r}: take 'reduced'.")


# -------------------------------------------------------------------------- eigenvalues


def _eigh_vjp(g: Any, y: Any, a: Any, *, UPLO: str = "L") -> Any:
    w, v = part(y, 0), part(y, 1)
    inner = 0.0 if g[0] is None else _diagonal(conj(g[0]))
    if g[1] is not None:
        gaps, equal = _gaps(w)
        turn = adjoint(v) @ conj(g[1])
        _refuse(turn, equal, turn, _within("eigh", "eigenvectors of equal eigenvalues"))
        if np.iscomplexobj(v):
            phase = np.imag(_diagonal_of(turn))
            _refuse(phase, True, turn, _within("eigh", "the phase of eigenvectors"))
        inner = inner + np.where(equal | np.eye(np.shape(w)[-1], dtype=bool), 0, turn / gaps)
    return conj(of_triangle(v @ inner @ adjoint(v), UPLO.upper() == "L"))


def _eig_vjp(g: Any, y: Any, a: Any) -> Any:
    """Of eigenvectors of length 1, their largest components real, as LAPACK has them."""
    w, v = part(y, 0), part(y, 1)
    if np.size(a) == 0:
        return zeros_of(a)
    inner = 0.0 if g[0] is None else _diagonal(conj(g[0]))
    if g[1] is not None:
        gaps, equal = _gaps(w)
        g_v = conj(g[1])
        length = np.sum(conj(v) * g_v, axis=-2, keepdims=True)
        g_v = g_v - v * np.real(length)
        if np.iscomplexobj(v):
            largest = np.argmax(np.abs(v), axis=-2, keepdims=True)
            turn = np.imag(length) / np.real(np.take_along_axis(v, largest, -2))
            here = np.arange(np.shape(v)[-2])[:, None] == largest
            g_v = g_v - 1j * here * turn
        turn = adjoint(v) @ g_v
        _refuse(turn, equal, turn, _within("eig", "eigenvectors of equal eigenvalues"))
        inner = inner + np.where(equal | np.eye(np.shape(w)[-1], dtype=bool), 0, turn / conj(gaps))
    inverse = _inverse_of(v)
    return conj(adjoint(inverse) @ inner @ adjoint(v))


def _inverse_of(v: Any) -> Any:
    """The inverse of eigenvectors; they have none where the matrix has too few of them."""
    try:
        inverse = np.linalg.inv(v)
    except np.linalg.LinAlgError:
        inverse = np.inf * v
    size = [np.linalg.norm(data_of(m), axis=(-2, -1)) for m in (v, inverse)]
    # The gradient loses twice as many digits as the inverse.
    limit = np.shape(v)[-1] * np.sqrt(0.1 / np.finfo(size[0].dtype).eps)
    if not np.all(size[0] * size[1] < limit):
        raise DegenerateSpectrum(
            "np.linalg.eig (or eigvals, roots, poly): the matrix lacks eigenvectors, or nearly so, "
            "as eigenvalues coincide; their derivatives do not exist there."
        )
    return inverse


_ALIKE = "equal values: functions that treat them alike"

defvjp(
    np.linalg.eigh,
    _eigh_vjp,
    several=True,
    kink=_ALIKE,
    domain="Hermitian",
    note="one triangle is read",
)
defvjp(np.linalg.eig, _eig_vjp, several=True, kink=_ALIKE, domain="diagonalizable")


@compose(np.linalg.eigvalsh, like=np.linalg.eigh)
def _eigvalsh(a: Any, UPLO: Any = "L") -> Any:
    return np.linalg.eigh(a, UPLO).eigenvalues


@compose(np.linalg.eigvals, like=np.linalg.eig)
def _eigvals(a: Any) -> Any:
    return np.linalg.eig(a).eigenvalues


# ---------------------------------------------------------------------- singular values


def _svd_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False) -> Any:
    u, s, v = part(y, 0), part(y, 1), adjoint(part(y, 2))
    g_u, g_s = (None if c is None else conj(c) for c in (g[0], g[1]))
    g_v = None if g[2] is None else adjoint(conj(g[2]))
    u, g_u = _beside_spare("svd", u, g_u, np.shape(s)[-1])
    v, g_v = _beside_spare("svd", v, g_v, np.shape(s)[-1])
    zero = data_of(s) <= _tolerance(data_of(s))
    inner = _diagonal(0 * s if g_s is None else np.where(zero, 0, g_s))
    beside: Any = 0.0
    if g_u is not None or g_v is not None:
        turned, beside = _svd_vectors(u, s, v, g_u, g_v, zero)
        inner = inner + turned
    back = u @ inner @ adjoint(v) + beside
    return conj(of_triangle(back) if hermitian else back)


def _svd_vectors(u: Any, s: Any, v: Any, g_u: Any, g_v: Any, zero: Any) -> tuple[Any, Any]:
    """What the vectors' gradients give: between the vectors' own spaces, and beside these."""
    gaps, equal = _gaps(s)
    sums = np.expand_dims(s, -2) + np.expand_dims(s, -1)
    lone = zero[..., :, None] & zero[..., None, :]
    pairs = gaps * np.where(lone, 1, sums)
    apart = ~(equal | np.eye(np.shape(s)[-1], dtype=bool))
    inverse = np.expand_dims(np.where(zero, 0, 1 / np.where(zero, 1, s)), -2)
    between: Any = 0.0
    beside: Any = 0.0
    phases, sizes = [], []
    for vectors, cotangent in ((u, g_u), (v, g_v)):
        if cotangent is None:
            phases.append(0 * s)
            continue
        turn = adjoint(vectors) @ cotangent
        _refuse(turn, equal, turn, _within("svd", "singular vectors of equal singular values"))
        scale = np.expand_dims(s, -2 if vectors is u else -1)
        between = between + np.where(apart, (turn - adjoint(turn)) / pairs, 0) * scale
        phases.append(np.imag(_diagonal_of(turn)))
        sizes.append(np.max(np.abs(data_of(cotangent)), initial=0))
        if np.shape(vectors)[-2] > np.shape(vectors)[-1]:
            outside = cotangent - vectors @ turn
            idle = np.expand_dims(zero, -2)
            _refuse(outside, idle, cotangent, _within("svd", "singular vectors of the value 0"))
            outside = outside * inverse
            beside = beside + (outside @ adjoint(v) if vectors is u else u @ adjoint(outside))
    if np.iscomplexobj(u):
        message = _within("svd", "the phase of singular vectors")
        _refuse(phases[0] + phases[1], True, max(sizes), message)
        between = between + 1j * _diagonal(phases[0]) * inverse
    return between, beside


defvjp(
    np.linalg.svd, _svd_vjp, settings="full_matrices compute_uv", several=True,
    kink=_ALIKE + "; 0 of a value 0",
)  # fmt: skip


@compose(np.linalg.svd)
def _svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    return NotImplemented if compute_uv else np.linalg.svd(a, False, True, hermitian).S


@compose(np.linalg.svdvals, like=np.linalg.svd)
def _svdvals(x: Any, /) -> Any:
    return np.linalg.svd(x, full_matrices=False).S
