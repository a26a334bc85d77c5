"""Matrix and tensor products."""

from typing import Any

import numpy as np

import autograd.functions as autograd
from autograd.check.catalogue.rows import Calls, on_shapes

FIRST: dict[str, Any] = {"axis": 0}  # NumPy's types do not know that ufunc's axis

CALLS: Calls = {
    autograd.sum_of_products: [
        (lambda x, y, z: autograd.dot([x, y, x], [y, z, 2.0]), ((), (), ())),
        (lambda x, y, z: autograd.dot([x, y], [z, x]), ((3,), (2, 3), ())),
    ],
    np.matmul: on_shapes(
        np.matmul, ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)),
        ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)), ((4, 1, 2, 3), (2, 3, 2)), ((4, 2, 3), (3,)),
        ((3,), (4, 3, 2)), ((2, 0), (0, 3)),
    ),
    np.dot: on_shapes(
        np.dot, ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((2, 2, 3), (2, 3, 2))
    ),
    np.inner: on_shapes(
        np.inner, ((), (3,)), ((3,), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (2, 3))
    ),
    np.outer: on_shapes(np.outer, ((3,), (2,)), ((2, 2), (3,)), ((), (2, 2))),
    np.tensordot: [
        (lambda a, b, axes=axes: np.tensordot(a, b, axes), shapes)
        for axes, shapes in (
            (2, ((2, 3, 2), (3, 2, 2))),
            (0, ((2,), (3,))),
            (([1, 2], [2, 0]), ((2, 3, 4), (4, 2, 3))),
            (([-1, 0], [0, 1]), ((2, 3, 4), (4, 2))),
            ((1, 0), ((2, 3), (3, 2))),
        )
    ],
    np.einsum: [
        *((lambda *arrays, s=s: np.einsum(s, *arrays), shapes)
          for s, shapes in (
            ("ij,jk->ik", ((2, 3), (3, 2))),
            ("ij,jk", ((2, 3), (3, 2))),
            ("ii->i", ((3, 3),)),
            ("ii", ((3, 3),)),
            ("iij->j", ((2, 2, 3),)),
            ("ij->", ((2, 3),)),
            ("i,j->", ((2,), (3,))),
            ("...ij,...jk->...ik", ((4, 2, 3), (3, 2))),
            ("i...,i...", ((2, 3), (2, 3))),
            ("ij,j->ij", ((2, 3), (1,))),
            ("i,i->", ((3,), (1,))),
            ("ij,ij,j->i", ((2, 3), (2, 3), (3,))),
            ("iii->", ((2, 2, 2),)),
            ("...,...", ((2, 1), (3,))),
        )),
        (lambda a, b: np.einsum("ij,jk,kl->il", a, b, a, optimize=True), ((2, 3), (3, 2))),
        (lambda a, b: np.einsum("ij,jk->ik", a, b, optimize="greedy"), ((2, 3), (3, 2))),
        (lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [2, 0]), ((2, 3), (3, 2))),
        (lambda a, b: np.einsum(a, [..., 7, 0], b, [0, 3]), ((2, 2, 3), (3, 2))),
    ],
    np.vdot: on_shapes(np.vdot, ((3,), (3,)), ((2, 2), (2, 2))),
    np.kron: on_shapes(np.kron, ((2,), (3,)), ((2, 2), (1, 3)), ((2, 1, 2), (3, 2)), ((), (2,))),
    np.cross: [
        *on_shapes(np.cross, ((3,), (3,)), ((2, 3), (3,)), ((4, 1, 3), (2, 3))),
        (lambda a, b: np.cross(a, b, axis=0), ((3, 2), (3, 2))),
        (lambda a, b: np.cross(a, b, axisa=0, axisc=0), ((3, 2), (2, 3))),
    ],
    np.linalg.cross: [(lambda a, b: np.linalg.cross(a, b, axis=0), ((3, 2), (3, 2)))],
    np.linalg.outer: on_shapes(np.linalg.outer, ((3,), (2,))),
    np.linalg.matmul: on_shapes(np.linalg.matmul, ((2, 3), (3, 2))),
    np.linalg.tensordot: [(lambda a, b: np.linalg.tensordot(a, b, axes=1), ((2, 3), (3, 2)))],
    np.linalg.vecdot: [(lambda a, b: np.linalg.vecdot(a, b, **FIRST), ((3, 2), (3, 2)))],
    np.vecdot: [
        *on_shapes(np.vecdot, ((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (4, 3))),
        (lambda a, b: np.vecdot(a, b, **FIRST), ((3, 2), (3, 2))),
    ],
    np.linalg.multi_dot: on_shapes(
        lambda *arrays: np.linalg.multi_dot(arrays), ((2, 3), (3, 2)), ((2, 3), (3, 4), (4, 2)),
        ((3,), (3, 4), (4, 2), (2,)), ((3,), (3, 2)), ((2, 3), (3, 2), (2,)),
    ),
}  # fmt: skip
if hasattr(np, "matvec"):
    CALLS[np.matvec] = on_shapes(np.matvec, ((2, 3), (3,)), ((4, 2, 3), (3,)), ((2, 3), (4, 3)))
    CALLS[np.vecmat] = on_shapes(np.vecmat, ((2,), (2, 3)), ((2,), (4, 2, 3)), ((4, 2), (2, 3)))
