"""Indexing, assignment, selection, diagonals, triangles."""

import operator

import numpy as np

from autograd.check.catalogue.rows import CUBE, Calls, with_settings
from autograd.derivatives import indexing

CALLS: Calls = {
    operator.getitem: [
        (lambda x, i=i: x[i], CUBE)
        for i in (
            1,
            (0, slice(None, None, -1)),
            (Ellipsis, None, 1),
            [0, 1, 1],
            (slice(None), [2, 0, 2, 2]),
            (np.array([[0, 1], [1, 0]]), 0, np.array([0, 1])),
            np.arange(12).reshape(2, 3, 2) % 3 == 0,
            (slice(0, 0),),
        )
    ],
    indexing.scatter: [
        (lambda g: indexing.scatter(g, [0, 2, 0], shape=(4,)), ((3,),)),
        (lambda g: indexing.scatter(g, slice(1, 3), shape=(4, 2)), ((2, 2),)),
        (lambda g: indexing.scatter(g, [3, 1], shape=(4, 2), unique=True), ((2, 2),)),
        (lambda g: indexing.scatter(g, [3, 1, 3], shape=(4, 2)), ((3, 2),)),
    ],
    indexing.at_set: [
        (lambda x, w: indexing.at_set(x, 1, w), ((2, 3), (3,))),
        (lambda x, w: indexing.at_set(x, (slice(None), 0), w), ((2, 3), ())),
        (lambda x, w: indexing.at_set(x, [0, 1, 0], w), ((3,), (3,))),
    ],
    indexing.at_add: [
        (lambda x, w: indexing.at_add(x, [0, 1, 0], w), ((3,), (3,))),
        (lambda x, w: indexing.at_add(x, 0, w), ((2, 3), ())),
    ],
    indexing.at_multiply: [
        (lambda x, w: indexing.at_multiply(x, (slice(None), 1), w), ((2, 3), (2,))),
        (lambda x, w: indexing.at_multiply(x, [2, 0], w), ((3,), ())),
        (lambda x, w: indexing.at(x)[[2, 0, 2, 2]].multiply(w), ((3,), (4,))),
        (lambda x, w: indexing.at(x)[:, [0, 0]].multiply(w), ((2, 3), (2, 2))),
    ],
    np.take: [
        (lambda x: np.take(x, [2, 0, 2], axis=1), CUBE),
        (lambda x: np.take(x, [[5, 1], [1, 0]]), CUBE),
        (lambda x: np.take(x, [-7, 3, 9], axis=-1, mode="wrap"), CUBE),
        (lambda x: np.take(x, [-7, 3, 9], mode="clip"), CUBE),
        (lambda x: np.take(x, 1, axis=0), CUBE),
    ],
    np.take_along_axis: [
        (lambda x: np.take_along_axis(x, np.array([[[1, 1]], [[0, 2]]]), 1), CUBE),
        (lambda x: np.take_along_axis(x, np.array([3, 3, 0]), None), CUBE),
    ],
    np.compress: [
        (lambda x: np.compress([True, False, True], x, axis=1), CUBE),
        (lambda x: np.compress([False, True, True], x), CUBE),
    ],
    np.extract: [(lambda x: np.extract(np.arange(12) % 3 == 1, x), CUBE)],
    np.delete: [
        (lambda x: np.delete(x, 1, axis=1), CUBE),
        (lambda x: np.delete(x, [0, 5]), CUBE),
        (lambda x: np.delete(x, slice(0, 2), 1), CUBE),
        (lambda x: np.delete(x, np.array([True, False, True]), 1), CUBE),
    ],
    np.resize: [(lambda x: np.resize(x, (5, 3)), CUBE), (lambda x: np.resize(x, 4), CUBE)],
    np.lib.stride_tricks.sliding_window_view: [
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, 3), ((5,),)),
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(0, 1)), ((3, 3, 2),)),
    ],
    np.select: [
        (lambda x, y: np.select([[True, False, False], [True, True, False]], [x, y], 3.0),
         ((3,), (3,))),
        (lambda x, y, d: np.select([x > 9, y > -9], [x, y], d), ((2, 3), (2, 3), ())),
    ],
    np.choose: [
        (lambda x, y: np.choose([0, 1, 1], [x, y]), ((3,), (3,))),
        (lambda x: np.choose([[0, 3], [2, -1]], x, mode="wrap"), ((3, 2),)),
    ],
    np.piecewise: [
        (lambda x: np.piecewise(x, [x < 0, x >= 0.5], [lambda t: t**2, np.exp]), ((7,),)),
        (lambda x: np.piecewise(x, [x < 0], [lambda t, k: k * t**2, 2.0], 3), ((2, 3),)),
    ],
    np.diagonal: [
        *with_settings(np.diagonal, ((3, 4, 2),), {}, {"offset": -1}, {"axis1": 1, "axis2": 0}),
        *with_settings(np.diagonal, ((3, 4, 2),), {"offset": 2, "axis1": 2, "axis2": 1}),
    ],
    np.diag: [
        *with_settings(np.diag, ((3,),), {}, {"k": 1}, {"k": -2}),
        *with_settings(np.diag, ((3, 4),), {}, {"k": 1}),
    ],
    np.diagflat: with_settings(np.diagflat, ((2, 2),), {}, {"k": -1}),
    np.tril: [*with_settings(np.tril, ((2, 3, 3),), {}, {"k": 1}), (np.tril, ((3,),))],
    np.triu: [*with_settings(np.triu, ((2, 3, 3),), {}, {"k": 1}), (np.triu, ((3,),))],
    np.trace: with_settings(np.trace, ((3, 4, 2),), {}, {"offset": 1}, {"axis1": 2, "axis2": 0}),
    np.unique: [
        (np.unique, ((2, 3),)),
        (lambda x: np.unique(x, return_counts=True, axis=1)[0], ((2, 3),)),
    ],
    np.unique_values: [(lambda x: np.sort(np.unique_values(x)), ((2, 3),))],
    np.unique_all: [(lambda x: np.unique_all(x).values, ((2, 3),))],
    np.unique_counts: [(lambda x: np.unique_counts(x).values, ((2, 3),))],
    np.unique_inverse: [(lambda x: np.unique_inverse(x).values, ((2, 3),))],
    np.trim_zeros: [
        (lambda x: np.trim_zeros(np.pad(x, (2, 1))), ((3,),)),
        (lambda x: np.trim_zeros(np.pad(x, (2, 1)), "f"), ((3,),)),
    ],
}  # fmt: skip
