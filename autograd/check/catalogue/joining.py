"""Joining, splitting, padding."""

import numpy as np

from autograd.check.catalogue.rows import CUBE, Calls, on_shapes
from autograd.derivatives import joining

PADS = [
    {}, {"mode": "constant", "constant_values": ((1, 2), (3, 4))}, {"mode": "edge"},
    {"mode": "wrap"},
    {"mode": "reflect"}, {"mode": "symmetric"}, {"mode": "reflect", "reflect_type": "odd"},
    {"mode": "symmetric", "reflect_type": "odd"}, {"mode": "linear_ramp", "end_values": (1, -2)},
    {"mode": "maximum"}, {"mode": "minimum", "stat_length": 2}, {"mode": "mean"},
    {"mode": "mean", "stat_length": ((1, 2), (3, 1))}, {"mode": "median"},
]  # fmt: skip

CALLS: Calls = {
    joining.rows: on_shapes(joining.rows, ((3, 2),), ((3,),)),
    np.concatenate: [
        (lambda x, y: np.concatenate([x, y, x], axis=1), ((2, 3), (2, 1))),
        (lambda x, y: np.concatenate((x, np.ones(2), y), axis=None), ((2, 3), (2,))),
    ],
    np.stack: [(lambda x, y: np.stack([x, y, x], axis=-1), ((2, 3), (2, 3)))],
    np.hstack: on_shapes(lambda x, y: np.hstack([x, y]), ((2, 3), (2, 1)), ((3,), ())),
    np.vstack: on_shapes(lambda x, y: np.vstack([x, y]), ((2, 3), (3,)), ((3,), (3,))),
    np.dstack: on_shapes(lambda x, y: np.dstack([x, y]), ((2, 3), (2, 3)), ((3,), (1, 3, 2))),
    np.column_stack: on_shapes(lambda x, y: np.column_stack([x, y]), ((3,), (3, 2))),
    np.append: [
        (np.append, ((2, 3), (2,))),
        (lambda x, y: np.append(x, y, axis=0), ((2, 3), (1, 3))),
    ],
    np.insert: [
        (lambda x, y: np.insert(x, 1, y), ((3,), ())),
        (lambda x, y: np.insert(x, [0, 2], y, axis=1), ((2, 3), (2, 2))),
        (lambda x, y: np.insert(x, 1, y, axis=1), ((2, 3), (2,))),
        (lambda x: np.insert(x, slice(0, 2), 5.0), ((3,),)),
    ],
    np.block: [
        (lambda a, b, c: np.block([[a, b], [c]]), ((2, 2), (2, 1), (1, 3))),
        (lambda a, b: np.block([a, b, a]), ((2,), (3,))),
    ],
    np.split: [
        (lambda x: np.split(x, 3, axis=1), CUBE),
        (lambda x: np.split(x, [1, 2], axis=1)[1:], CUBE),
    ],
    np.array_split: [(lambda x: np.array_split(x, 2, axis=1), CUBE)],
    np.hsplit: [(lambda x: np.hsplit(x, 3), CUBE), (lambda x: np.hsplit(x, [1]), ((3,),))],
    np.vsplit: [(lambda x: np.vsplit(x, 2), CUBE)],
    np.dsplit: [(lambda x: np.dsplit(x, 2), CUBE)],
    np.pad: [
        *((lambda x, s=s: np.pad(x, ((2, 1), (0, 3)), **s), ((3, 4),)) for s in PADS),
        (lambda x: np.pad(x, 7, "reflect", reflect_type="odd"), ((3,),)),
        (lambda x: np.pad(x, 7, "symmetric", reflect_type="odd"), ((3,),)),
        (lambda x: np.pad(x, 2, "reflect", reflect_type="odd"), ((1,),)),
        (lambda x: np.pad(x, 7, "wrap"), ((3,),)),
    ],
}
if hasattr(np, "unstack"):
    CALLS[np.unstack] = [(lambda x: np.unstack(x, axis=1), CUBE)]
