"""Differences, integrals, interpolation, convolution, polynomials."""

import numpy as np

from autograd.check.catalogue.rows import Calls, on_shapes, with_settings
from autograd.derivatives import calculus

KNOTS = np.array([-2.0, -0.3, 0.4, 2.0])
MODES = ("full", "same", "valid")
PAIRS = (((5,), (3,)), ((5,), (2,)), ((2,), (5,)), ((3,), (4,)), ((3,), (3,)), ((1,), (3,)))

CALLS: Calls = {
    np.diff: [
        *with_settings(
            np.diff, ((3, 4),), {}, {"n": 2}, {"n": 3, "axis": 1}, {"axis": 0}, {"n": 0}
        ),
        *with_settings(np.diff, ((3, 4),), {"n": 4}),
        (lambda x, p: np.diff(x, prepend=p, append=1.0), ((2, 3), ())),
        (lambda x, p: np.diff(x, 2, axis=0, append=p), ((2, 3), (2, 3))),
    ],
    np.ediff1d: [
        (np.ediff1d, ((2, 3),)),
        (lambda x, e: np.ediff1d(x, to_end=e, to_begin=[1.0, 2.0]), ((3,), (2,))),
    ],
    np.gradient: [
        (np.gradient, ((4,),)),
        (lambda x: np.gradient(x, 0.5, edge_order=2), ((4,),)),
        (lambda x: np.gradient(x, [0.0, 1.0, 3.0, 3.5], edge_order=2), ((4,),)),
        (lambda x: np.gradient(x, axis=1), ((3, 4),)),
        (np.gradient, ((3, 2),)),
        (lambda x: np.gradient(x, 2.0, [0.0, 1.0, 3.0]), ((2, 3),)),
        (lambda x, d: np.gradient(x, d + 3), ((4,), ())),
        (lambda x: np.gradient(x), ((2,),)),
    ],
    calculus.even_slope: [
        (lambda x: calculus.even_slope(x, axis=0, step=0.5), ((2, 3),)),
        (lambda x: calculus.even_slope(x, axis=1, step=-2.0), ((2, 3),)),
    ],
    np.trapezoid: [
        (np.trapezoid, ((2, 4),)),
        (lambda y, x: np.trapezoid(y, x, axis=0), ((4, 2), (4,))),
        (lambda y, x: np.trapezoid(y, x, axis=0), ((4, 2), (4, 2))),
        (lambda y: np.trapezoid(y, dx=0.5), ((4,),)),
    ],
    np.interp: [
        (lambda x, f: np.interp(x, KNOTS, f), ((2, 3), (4,))),
        (lambda x, xp, f: np.interp(2 * x, np.sort(xp), f), ((6,), (4,), (4,))),
        (lambda x, f, end: np.interp(2 * x, KNOTS, f, left=end, right=2.0), ((6,), (4,), ())),
        (lambda x, f: np.interp(5 * x, KNOTS, f, period=4.5), ((6,), (4,))),
    ],
    np.convolve: [
        (lambda a, v, m=m: np.convolve(a, v, m), shapes) for m in MODES for shapes in PAIRS
    ],
    np.correlate: [
        (lambda a, v, m=m: np.correlate(a, v, m), shapes) for m in MODES for shapes in PAIRS
    ],
    np.polyval: on_shapes(np.polyval, ((4,), (2, 3)), ((3,), ())),
    np.polyadd: on_shapes(np.polyadd, ((4,), (2,)), ((2,), (2,))),
    np.polysub: on_shapes(np.polysub, ((1,), (3,)), ((2,), (2,))),
    np.polymul: on_shapes(np.polymul, ((4,), (2,)), ((1,), (3,))),
    np.polydiv: [
        (lambda u, v: np.polydiv(u, v + 3), ((5,), (3,))),
        (lambda u, v: np.polydiv(u, v + 3)[1], ((2,), (3,))),
    ],
    np.polyder: with_settings(np.polyder, ((4,),), {}, {"m": 2}),
    np.polyint: [
        *with_settings(np.polyint, ((4,),), {}, {"m": 2, "k": 3.0}),
        (lambda p, k: np.polyint(p, 2, k), ((3,), (2,))),
    ],
    np.poly: [(np.poly, ((3,),)), (lambda a: np.poly(a + np.diag([1.0, 5.0])), ((2, 2),))],
    np.roots: [(lambda p: np.sort(np.abs(np.roots(p + np.array([5, 0, 0, 9])))), ((4,),))],
    np.vander: with_settings(np.vander, ((3,),), {}, {"N": 2}, {"increasing": True}),
    np.polyfit: [
        (lambda x, y: np.polyfit(x, y, 2), ((6,), (6,))),
        (lambda x, y, w: np.polyfit(x, y, 1, w=w + 3), ((5,), (5, 2), (5,))),
    ],
}
