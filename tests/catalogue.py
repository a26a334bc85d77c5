"""Every primitive, with arguments inside its domain: what the tests of derivatives run through.

A row of ELEMENTWISE gives an interval for each argument, away from kinks and poles. A row of
OTHERS gives calls, each with the shapes of its arrays. Kinks and ties have tests of their own.
"""

import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import autograd
from autograd.derivatives import indexing, shaping
from nn import functional as F


class Domain(NamedTuple):
    """Intervals of the arguments; whether the function is analytic; how far apart arguments are."""

    intervals: tuple[tuple[float, float], ...]
    analytic: bool = True
    apart: float = 0.0


def on(*intervals, analytic=True, apart=0.0):
    return Domain(intervals, analytic, apart)


LINE = (-2.0, 2.0)
POSITIVE = (0.3, 3.0)
INSIDE = (-0.8, 0.8)

ELEMENTWISE: dict[Callable, Domain] = {
    np.absolute: on(POSITIVE, analytic=False),
    np.add: on(LINE, LINE),
    np.arccos: on(INSIDE),
    np.arccosh: on((1.3, 3.0)),
    np.arcsin: on(INSIDE),
    np.arcsinh: on(LINE),
    np.arctan: on(LINE),
    np.arctan2: on(POSITIVE, LINE, analytic=False),
    np.arctanh: on(INSIDE),
    np.cbrt: on(POSITIVE, analytic=False),
    np.conjugate: on(LINE, analytic=False),
    np.cos: on(LINE),
    np.cosh: on(LINE),
    np.divide: on(LINE, POSITIVE),
    np.exp: on(LINE),
    np.exp2: on(LINE),
    np.expm1: on(LINE),
    np.fabs: on((-3.0, -0.3), analytic=False),
    np.float_power: on(POSITIVE, LINE),
    np.fmod: on((2.1, 2.9), (0.9, 1.0), analytic=False),
    np.hypot: on(POSITIVE, POSITIVE, analytic=False),
    np.imag: on(LINE, analytic=False),
    np.log: on(POSITIVE),
    np.log10: on(POSITIVE),
    np.log1p: on((-0.5, 3.0)),
    np.log2: on(POSITIVE),
    np.logaddexp: on(LINE, LINE, analytic=False),
    np.logaddexp2: on(LINE, LINE, analytic=False),
    np.maximum: on(LINE, LINE, analytic=False, apart=0.01),
    np.minimum: on(LINE, LINE, analytic=False, apart=0.01),
    np.multiply: on(LINE, LINE),
    np.negative: on(LINE),
    np.positive: on(LINE),
    np.power: on(POSITIVE, LINE),
    np.real: on(LINE, analytic=False),
    np.reciprocal: on(POSITIVE),
    np.remainder: on((2.1, 2.9), (0.9, 1.0), analytic=False),
    np.sign: on(POSITIVE, analytic=False),
    np.sin: on(LINE),
    np.sinh: on(LINE),
    np.sqrt: on(POSITIVE),
    np.square: on(LINE),
    np.subtract: on(LINE, LINE),
    np.tan: on((-1.2, 1.2)),
    np.tanh: on(LINE),
    autograd.relu: on(POSITIVE, analytic=False),
    autograd.sigmoid: on(LINE, analytic=False),
    autograd.softplus: on(LINE, analytic=False),
}


def settings_of(fn, *settings):
    """Calls of a function of one array with each of the settings."""
    return [lambda x, s=s: fn(x, **s) for s in settings]


AXES = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}]
CUBE = ((2, 3, 2),)
TARGET = np.array([2, 0, 1, 2])

# function: [(call, shapes of its arrays), ...]
OTHERS: dict[Callable, list[tuple[Callable, tuple[tuple[int, ...], ...]]]] = {
    np.sum: [(f, CUBE) for f in settings_of(np.sum, *AXES)],
    np.mean: [(f, CUBE) for f in settings_of(np.mean, *AXES)],
    np.prod: [(f, CUBE) for f in settings_of(np.prod, *AXES)],
    np.max: [(f, CUBE) for f in settings_of(np.max, *AXES)],
    np.min: [(f, CUBE) for f in settings_of(np.min, *AXES)],
    np.var: [(f, CUBE) for f in settings_of(np.var, *AXES, {"axis": 0, "ddof": 1})],
    np.std: [(f, CUBE) for f in settings_of(np.std, *AXES, {"axis": 1, "correction": 1})],
    np.cumsum: [(f, CUBE) for f in settings_of(np.cumsum, {}, {"axis": 1}, {"axis": -1})],
    autograd.logsumexp: [(f, CUBE) for f in settings_of(autograd.logsumexp, *AXES)],
    autograd.softmax: [(f, CUBE) for f in settings_of(autograd.softmax, {}, {"axis": (0, 1)})],
    autograd.log_softmax: [(f, CUBE) for f in settings_of(autograd.log_softmax, {}, {"axis": 0})],
    np.reshape: [
        (lambda x: np.reshape(x, (3, 4)), CUBE),
        (lambda x: np.reshape(x, (4, -1), order="F"), CUBE),
    ],
    np.ravel: [(f, CUBE) for f in settings_of(np.ravel, {}, {"order": "F"})],
    np.transpose: [
        (np.transpose, CUBE),
        (lambda x: np.transpose(x, (2, 0, 1)), CUBE),
        (lambda x: np.transpose(x, (-1, 0, -2)), CUBE),
    ],
    np.moveaxis: [
        (lambda x: np.moveaxis(x, 0, -1), CUBE),
        (lambda x: np.moveaxis(x, (0, 1), (2, 0)), CUBE),
    ],
    np.swapaxes: [(lambda x: np.swapaxes(x, 0, -1), CUBE)],
    np.expand_dims: [(lambda x: np.expand_dims(x, (0, -1)), CUBE)],
    np.squeeze: [(np.squeeze, ((1, 3, 1),)), (lambda x: np.squeeze(x, axis=0), ((1, 3, 1),))],
    np.broadcast_to: [(lambda x: np.broadcast_to(x, (4, 2, 3)), ((2, 1),))],
    np.flip: [(f, CUBE) for f in settings_of(np.flip, {}, {"axis": 1}, {"axis": (0, 2)})],
    np.repeat: [
        (lambda x: np.repeat(x, 2), CUBE),
        (lambda x: np.repeat(x, 3, axis=1), CUBE),
        (lambda x: np.repeat(x, [2, 0, 1], axis=1), CUBE),
    ],
    np.tile: [(lambda x, r=r: np.tile(x, r), CUBE) for r in (2, (2, 1), (3, 1, 2, 1))],
    np.copy: [(np.copy, CUBE)],
    shaping.astype: [(lambda x: shaping.astype(x, np.longdouble), CUBE)],
    np.concatenate: [
        (lambda x, y: np.concatenate([x, y, x], axis=1), ((2, 3), (2, 1))),
        (lambda x, y: np.concatenate((x, np.ones(2), y), axis=None), ((2, 3), (2,))),
    ],
    np.stack: [(lambda x, y: np.stack([x, y, x], axis=-1), ((2, 3), (2, 3)))],
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
    ],
    np.clip: [
        (lambda x: np.clip(x, -0.51, 0.53), CUBE),
        (lambda x: np.clip(x, None, 0.53), CUBE),
        (lambda x: np.clip(x, a_min=None, a_max=0.53), CUBE),
        (lambda x, low: np.clip(x, low - 5, 9.0), ((2, 3), (3,))),
        (lambda x, low: np.clip(x, low + 5, 9.0), ((2, 3), (3,))),
        (lambda x, high: np.clip(x, -9.0, high - 5), ((2, 3), (2, 1))),
    ],
    np.where: [
        (lambda x, y: np.where([[True], [False]], x, y), ((2, 3), (3,))),
        (lambda x: np.where(np.arange(3) > 0, x, 2.0), ((3,),)),
    ],
    np.matmul: [
        (np.matmul, shapes)
        for shapes in (
            ((3,), (3,)),
            ((2, 3), (3,)),
            ((3,), (3, 2)),
            ((2, 3), (3, 2)),
            ((4, 2, 3), (3, 2)),
            ((2, 3), (4, 3, 2)),
            ((4, 1, 2, 3), (2, 3, 2)),
            ((4, 2, 3), (3,)),
            ((3,), (4, 3, 2)),
            ((2, 0), (0, 3)),
        )
    ],
    np.dot: [
        (np.dot, shapes)
        for shapes in (
            ((), (3,)),
            ((3,), (3,)),
            ((2, 3), (3,)),
            ((2, 3), (3, 2)),
            ((2, 2, 3), (2, 3, 2)),
        )
    ],
    np.inner: [
        (np.inner, shapes)
        for shapes in (((), (3,)), ((3,), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (2, 3)))
    ],
    np.outer: [(np.outer, shapes) for shapes in (((3,), (2,)), ((2, 2), (3,)), ((), (2, 2)))],
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
        (lambda *arrays, s=s: np.einsum(s, *arrays), shapes)
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
        )
    ],
    F._affine: [
        (F._affine, ((4, 3), (3, 2), (2,))),
        (F._affine, ((3,), (3, 2), (2,))),
        (F._affine, ((2, 2, 3), (3, 2), (2,))),
    ],
    F._mean_squared_error: [(F._mean_squared_error, ((2, 3), (2, 3)))],
    F._cross_entropy: [
        (lambda x, r=r: F._cross_entropy(x, TARGET, reduction=r), ((4, 3),))
        for r in ("mean", "sum", "none")
    ],
    F._softmax_less_one_hot: [(lambda x: F._softmax_less_one_hot(x, TARGET), ((4, 3),))],
}
