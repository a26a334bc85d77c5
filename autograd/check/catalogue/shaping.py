"""Reshaping, turning, repeating; arrays between ends and full of one number."""

import numpy as np

from autograd.check.catalogue.rows import CUBE, Calls, on_shapes, with_settings
from autograd.derivatives import shaping

CALLS: Calls = {
    np.reshape: [
        (lambda x: np.reshape(x, (3, 4)), CUBE),
        (lambda x: np.reshape(x, (4, -1), order="F"), CUBE),
    ],
    np.ravel: with_settings(np.ravel, CUBE, {}, {"order": "F"}),
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
    np.flip: with_settings(np.flip, CUBE, {}, {"axis": 1}, {"axis": (0, 2)}),
    np.fliplr: [(np.fliplr, CUBE)],
    np.flipud: [(np.flipud, CUBE)],
    np.roll: [
        (lambda x: np.roll(x, 5), CUBE),
        (lambda x: np.roll(x, -1, axis=1), CUBE),
        (lambda x: np.roll(x, (1, 2), (0, 1)), CUBE),
    ],
    np.rot90: with_settings(np.rot90, CUBE, {}, {"k": 2}, {"k": -1, "axes": (2, 0)}),
    np.rollaxis: [
        (lambda x, a=a, s=s: np.rollaxis(x, a, s), CUBE) for a, s in ((2, 0), (0, 3), (1, -1))
    ],
    np.repeat: [
        (lambda x: np.repeat(x, 2), CUBE),
        (lambda x: np.repeat(x, 3, axis=1), CUBE),
        (lambda x: np.repeat(x, [2, 0, 1], axis=1), CUBE),
    ],
    np.tile: [(lambda x, r=r: np.tile(x, r), CUBE) for r in (2, (2, 1), (3, 1, 2, 1))],
    np.copy: [(np.copy, CUBE)],
    shaping.astype: [(lambda x: shaping.astype(x, np.result_type(x.dtype, np.longdouble)), CUBE)],
    np.matrix_transpose: [(np.matrix_transpose, CUBE)],
    np.linalg.matrix_transpose: [(np.linalg.matrix_transpose, CUBE)],
    np.atleast_1d: on_shapes(np.atleast_1d, ((),), ((2,), ())),
    np.atleast_2d: on_shapes(np.atleast_2d, ((),), ((2,),), ((2, 3),)),
    np.atleast_3d: on_shapes(np.atleast_3d, ((),), ((2,),), ((2, 3),), ((2, 1, 2),)),
    np.broadcast_arrays: on_shapes(np.broadcast_arrays, ((2, 1), (3,)), ((3,),)),
    np.meshgrid: [
        (np.meshgrid, ((2,), (3,))),
        (lambda x, y: np.meshgrid(x, y, indexing="ij", sparse=True), ((2,), (3,))),
        (lambda x, y, z: np.meshgrid(x, y, z)[1], ((2,), (3,), (2,))),
    ],
    np.linspace: [
        (lambda a, b: np.linspace(a, b, 5), ((), ())),
        (lambda a, b: np.linspace(a, b, 4, endpoint=False, axis=1), ((2,), (3, 1))),
        (lambda a: np.linspace(a, 2.0, 3, retstep=True), ((2,),)),
    ],
    np.logspace: [
        (lambda a, b: np.logspace(a, b, 4), ((), ())),
        (lambda a, c: np.logspace(a, 0 * a + 1, 3, base=c + 3), ((2,), (2,))),
    ],
    np.geomspace: [(lambda a, b: np.geomspace(a + 2, b + 5, 4), ((2,), (2,)))],
    np.full_like: [
        (lambda x: np.full_like(x, x[0]), ((2, 3),)),
        (lambda x, y: np.full_like(x, y, shape=(2, 2)), ((3,), ())),
    ],
    np.apply_along_axis: [
        (lambda x: np.apply_along_axis(lambda line: line[1:] * line[0], 1, x), CUBE),
        (lambda x: np.apply_along_axis(np.prod, 0, x), CUBE),
    ],
    np.apply_over_axes: [(lambda x: np.apply_over_axes(np.mean, x, [0, 2]), CUBE)],
}
if hasattr(np, "astype"):
    CALLS[np.astype] = [(lambda x: np.astype(x, np.result_type(x.dtype, np.longdouble)), CUBE)]
