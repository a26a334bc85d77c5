"""Elementwise functions: for each an interval for every argument, away from kinks and poles."""

from typing import NamedTuple

import numpy as np

import autograd.functions as autograd
from autograd.check.catalogue.rows import CUBE, Calls, Function
from autograd.derivatives import sinc_and_i0

Interval = tuple[float, float]


class Domain(NamedTuple):
    """Intervals of the arguments; whether the function is analytic; how far apart arguments are."""

    intervals: tuple[Interval, ...]
    analytic: bool = True
    apart: float = 0.0


def on(*intervals: Interval, analytic: bool = True, apart: float = 0.0) -> Domain:
    return Domain(intervals, analytic, apart)


LINE = (-2.0, 2.0)
POSITIVE = (0.3, 3.0)
INSIDE = (-0.8, 0.8)

ELEMENTWISE: dict[Function, Domain] = {
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
    np.copysign: on(POSITIVE, (-2.0, -0.2), analytic=False),
    np.deg2rad: on(LINE, analytic=False),
    np.degrees: on(LINE, analytic=False),
    np.fmax: on(LINE, LINE, analytic=False, apart=0.01),
    np.fmin: on(LINE, LINE, analytic=False, apart=0.01),
    np.heaviside: on(POSITIVE, LINE, analytic=False),
    np.i0: on((-4.0, 4.0), analytic=False),
    np.nan_to_num: on(LINE, analytic=False),
    np.rad2deg: on(LINE, analytic=False),
    np.radians: on(LINE, analytic=False),
    np.sinc: on(LINE, analytic=False),
    autograd.relu: on(POSITIVE, analytic=False),
    autograd.sigmoid: on(LINE, analytic=False),
    autograd.softplus: on(LINE, analytic=False),
}

# Elementwise functions that need more than numbers from an interval.
CALLS: Calls = {
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
    np.ldexp: [(lambda x: np.ldexp(x, np.array([-1, 0, 3])), ((2, 3),))],
    np.unwrap: [(lambda x: np.unwrap(3 * x, axis=0, discont=2.0), ((5, 2),))],
    np.divmod: [(lambda x, y: np.divmod(x + 20, y + 9), ((2, 3), (3,)))],
    np.modf: [(np.modf, ((2, 3),))],
    np.frexp: [(lambda x: np.frexp(x)[0], ((2, 3),))],
    np.angle: [
        (lambda x, y: np.angle(x + 1j * y), ((2, 3), (3,))),
        (lambda x, y: np.angle(x + 1j * y, deg=True), ((2, 3), (3,))),
    ],
    np.real_if_close: [
        (lambda x: np.real_if_close(x + 0j), ((3,),)),
        (lambda x: np.abs(np.real_if_close(x + 2j)), ((3,),)),
    ],
    np.emath.sqrt: [(lambda x: np.abs(np.emath.sqrt(x) + 1), ((3,),))],
    np.emath.log: [(lambda x: np.abs(np.emath.log(x)), ((3,),))],
    np.emath.log2: [(lambda x: np.abs(np.emath.log2(x)), ((3,),))],
    np.emath.log10: [(lambda x: np.abs(np.emath.log10(x)), ((3,),))],
    np.emath.logn: [(lambda x: np.abs(np.emath.logn(0 * x + 3, x)), ((3,),))],
    np.emath.power: [(lambda x: np.abs(np.emath.power(x, 1.5) + 1), ((3,),))],
    np.emath.arccos: [(lambda x: np.abs(np.emath.arccos(2 * x)), ((4,),))],
    np.emath.arcsin: [(lambda x: np.abs(np.emath.arcsin(2 * x)), ((4,),))],
    np.emath.arctanh: [(lambda x: np.abs(np.emath.arctanh(2 * x)), ((4,),))],
    sinc_and_i0.sinc_derivative: [
        (lambda x, n=n: sinc_and_i0.sinc_derivative(4 * x, n), ((3, 2),)) for n in (0, 1, 4)
    ],
    sinc_and_i0.i0_derivative: [
        (lambda x, n=n: sinc_and_i0.i0_derivative(x, n), ((3, 2),)) for n in (0, 3)
    ],
}
