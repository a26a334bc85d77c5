"""Linear algebra: matrices are made well-conditioned, and their spectra distinct."""

from typing import Any

import numpy as np

from autograd.check.catalogue.rows import (
    AXES,
    Calls,
    Function,
    Rows,
    Shapes,
    on_shapes,
    with_settings,
)

SQUARE, STACK = ((3, 3),), ((2, 3, 3),)
TALL, WIDE = ((4, 2),), ((2, 4),)
TURN = np.array([[0, 9], [-9, 1]])
SPREAD = np.diag([3.0, 6.0, 9.0])


def regular(a: Any) -> Any:
    return a + SPREAD


def positive(a: Any) -> Any:
    return a @ np.conjugate(np.swapaxes(a, -1, -2)) + SPREAD


def apart(a: Any) -> Any:
    """A matrix of any shape with singular values well apart."""
    return a + np.eye(*a.shape[-2:]) * np.arange(4, 4 + 3 * a.shape[-1], 3)


def squares(vectors: Any) -> Any:
    """What does not depend on the signs or phases of the columns."""
    return np.abs(vectors) ** 2


def everything(f: Function, *cases: Shapes) -> Rows:
    """The function on a matrix and on a stack, or on these shapes."""
    return on_shapes(f, *(cases or (SQUARE, STACK)))


CALLS: Calls = {
    np.linalg.solve: [
        (lambda a, b: np.linalg.solve(regular(a), b), shapes)
        for shapes in (
            ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3, 1)), ((3, 3), (2, 3, 2)),
            ((2, 3, 3), (3,)),
        )
    ],
    np.linalg.inv: everything(lambda a: np.linalg.inv(regular(a))),
    np.linalg.pinv: [
        *everything(lambda a: np.linalg.pinv(apart(a)), TALL, WIDE, STACK),
        (lambda a: np.linalg.pinv(a[:, None] * a[None, :], 1e-5), ((3,),)),
        (lambda a: np.linalg.pinv(positive(a), hermitian=True), SQUARE),
    ],
    np.linalg.det: [
        *everything(lambda a: np.linalg.det(regular(a)), SQUARE, STACK),
        (lambda a: np.linalg.det(a), ((0, 0),)),
    ],
    np.linalg.slogdet: everything(lambda a: np.linalg.slogdet(regular(a)).logabsdet),
    np.linalg.lstsq: [
        (lambda a, b: np.linalg.lstsq(apart(a), b)[0], ((4, 2), (4,))),
        (lambda a, b: np.linalg.lstsq(apart(a), b)[:2], ((4, 2), (4, 3))),
        (lambda a, b: np.linalg.lstsq(apart(a), b)[0], ((2, 4), (2,))),
        (lambda a, b: np.linalg.lstsq(apart(a), b)[3], ((4, 2), (4,))),
    ],
    np.linalg.tensorinv: [
        (lambda a: np.linalg.tensorinv(np.reshape(a + 3 * np.eye(4), (4, 2, 2)), ind=1), ((4, 4),))
    ],
    np.linalg.tensorsolve: [
        (lambda a, b: np.linalg.tensorsolve(np.reshape(a + 3 * np.eye(4), (2, 2, 4)), b),
         ((4, 4), (2, 2))),
        (lambda a, b: np.linalg.tensorsolve(np.reshape(a + 3 * np.eye(4), (2, 4, 2)), b, axes=(0,)),
         ((4, 4), (4,))),
    ],
    np.linalg.matrix_power: [
        (lambda a, n=n: np.linalg.matrix_power(regular(a), n), STACK) for n in (0, 1, 2, 5, -3)
    ],
    np.linalg.norm: [
        *with_settings(np.linalg.norm, ((4,),), {}, {"ord": 1}, {"ord": 3}, {"ord": np.inf}),
        *with_settings(np.linalg.norm, ((4,),), {"ord": -np.inf}, {"ord": -1}, {"ord": 2.5}),
        *with_settings(np.linalg.norm, ((3, 2),), {}, {"ord": "fro"}, {"ord": "nuc"}),
        *((lambda a, o=o: np.linalg.norm(apart(a), o), ((3, 2),))
          for o in (1, -1, 2, -2, np.inf, -np.inf)),
        *with_settings(np.linalg.norm, ((2, 3, 2),), *AXES, {"axis": 1, "ord": 1}),
        *with_settings(np.linalg.norm, ((2, 3, 2),), {"axis": (0, 1), "ord": "nuc"}),
        *with_settings(np.linalg.norm, ((2, 3, 2),), {"axis": (1, 2), "ord": 1, "keepdims": True}),
    ],
    np.linalg.vector_norm: [
        *with_settings(np.linalg.vector_norm, ((2, 3, 2),), *AXES, {"ord": 3, "axis": (0, 1)}),
        *with_settings(np.linalg.vector_norm, ((2, 3),), {"ord": 1, "keepdims": True}),
        *with_settings(np.linalg.vector_norm, ((2, 3),), {"ord": np.inf}, {"ord": -np.inf}),
    ],
    np.linalg.matrix_norm: [
        (lambda a, o=o: np.linalg.matrix_norm(apart(a), ord=o, keepdims=True), ((2, 3, 2),))
        for o in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ],
    np.linalg.cond: [
        (lambda a, p=p: np.linalg.cond(regular(a), p), STACK)
        for p in (None, 2, -2, 1, -1, "fro", np.inf, "nuc")
    ],
    np.linalg.diagonal: with_settings(np.linalg.diagonal, STACK, {}, {"offset": 1}),
    np.linalg.trace: with_settings(np.linalg.trace, STACK, {}, {"offset": -1}),
    np.linalg.cholesky: [
        *everything(lambda a: np.linalg.cholesky(positive(a))),
        (lambda a: np.linalg.cholesky(positive(a), upper=True), STACK),
    ],
    np.linalg.qr: [
        *everything(lambda a: np.linalg.qr(apart(a)), TALL, WIDE, STACK),
        (lambda a: np.linalg.qr(apart(a), "r"), TALL),
        (lambda a: np.linalg.qr(apart(a), "complete").R, TALL),
        (lambda a: squares(np.linalg.qr(apart(a), "complete").Q[:, :3]), ((3, 2),)),
    ],
    np.linalg.eigh: [
        *everything(lambda a: np.linalg.eigh(positive(a)).eigenvalues),
        *everything(lambda a: squares(np.linalg.eigh(positive(a)).eigenvectors)),
        (lambda a: np.linalg.eigh(positive(a), UPLO="U").eigenvalues, SQUARE),
    ],
    np.linalg.eigvalsh: [
        (lambda a, u=u: np.linalg.eigvalsh(positive(a), u), STACK) for u in ("L", "U")
    ],
    np.linalg.eig: [
        *everything(lambda a: np.linalg.eig(regular(a)).eigenvalues),
        *everything(lambda a: squares(np.linalg.eig(regular(a)).eigenvectors)),
        (lambda a: squares(np.linalg.eig(a + TURN).eigenvectors + 1), ((2, 2),)),
    ],
    np.linalg.eigvals: [
        *everything(lambda a: np.linalg.eigvals(regular(a))),
        (lambda a: np.linalg.eigvals(a + TURN), ((2, 2),)),
    ],
    np.linalg.svd: [
        *everything(lambda a: np.linalg.svd(apart(a), False).S, TALL, WIDE, STACK),
        *everything(lambda a: squares(np.linalg.svd(apart(a), False).U), TALL, WIDE, STACK),
        *everything(lambda a: squares(np.linalg.svd(apart(a), False).Vh), TALL, WIDE, STACK),
        (lambda a: squares(np.linalg.svd(apart(a)).U), ((3, 2),)),
        (lambda a: squares(np.linalg.svd(apart(a)).Vh), ((2, 3),)),
        (lambda a: np.linalg.svd(apart(a), compute_uv=False), WIDE),
        (lambda a: np.linalg.svd(positive(a), hermitian=True).S, SQUARE),
        (lambda a: polar(np.linalg.svd(apart(a), False)), TALL),
    ],
    np.linalg.svdvals: everything(lambda a: np.linalg.svdvals(apart(a)), TALL, WIDE, STACK),
}  # fmt: skip


def polar(svd: Any) -> Any:
    return svd.U @ svd.Vh
