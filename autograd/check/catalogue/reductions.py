"""Sums, products, extrema, moments, running ones; order statistics."""

from typing import Any

import numpy as np

import autograd.functions as autograd
from autograd.check.catalogue.rows import AXES, CUBE, SOME, Calls, Function, Rows, with_settings
from autograd.derivatives import scans

WHERE: list[dict[str, Any]] = [{"where": SOME}, {"where": SOME, "axis": 1}]
INITIAL: list[dict[str, Any]] = [
    {"initial": 1.5},
    {"initial": 0.25, "axis": (0, -1), "keepdims": True},
]
HOLE = np.where(np.arange(12).reshape(2, 3, 2) % 5 == 2, np.nan, 0.0)
METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased", "lower", "higher",
    "midpoint", "nearest",
)  # fmt: skip
WEIGHTS = np.array([1.0, 2.0, 0.5, 1.5, 1.0])


def with_holes(fn: Function, *settings: dict[str, Any]) -> Rows:
    return [(lambda x, s=s: fn(x + HOLE, **s), CUBE) for s in settings]


def by_method(fn: Function, scale: float) -> Rows:
    return [
        *((lambda x, m=m: fn(x, 0.37 * scale, method=m), ((7,),)) for m in METHODS),
        (lambda x: fn(x, np.array([[0.0, 0.3], [0.6, 1.0]]) * scale, axis=1), ((2, 5),)),
        (lambda x: fn(x, [0.2 * scale], axis=(0, 2), keepdims=True), CUBE),
        (lambda x: fn(x, 0.4 * scale), CUBE),
        (lambda x: fn(x, [0.1 * scale, 0.7 * scale], 1, method="inverted_cdf", weights=WEIGHTS),
         ((2, 5),)),
        (lambda x: fn(x, 0.4 * scale, 0, method="inverted_cdf", weights=np.ones((3, 2))),
         ((3, 2),)),
    ]  # fmt: skip


CALLS: Calls = {
    np.sum: with_settings(np.sum, CUBE, *AXES, *WHERE, *INITIAL),
    np.mean: with_settings(np.mean, CUBE, *AXES, *WHERE),
    np.prod: with_settings(np.prod, CUBE, *AXES, *WHERE, *INITIAL),
    np.max: with_settings(np.max, CUBE, *AXES, *INITIAL, {"where": SOME, "initial": -9.0}),
    np.min: with_settings(np.min, CUBE, *AXES, *INITIAL, {"where": SOME, "initial": 9.0}),
    np.var: with_settings(np.var, CUBE, *AXES, *WHERE, {"axis": 0, "ddof": 1}),
    np.std: with_settings(np.std, CUBE, *AXES, {"where": SOME}, {"axis": 1, "correction": 1}),
    np.amax: with_settings(np.amax, CUBE, {"axis": 1, "keepdims": True}),
    np.amin: with_settings(np.amin, CUBE, {"axis": 1, "keepdims": True}),
    np.ptp: with_settings(np.ptp, CUBE, *AXES),
    np.average: [
        *with_settings(np.average, CUBE, {}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}),
        (lambda x, w: np.average(x, weights=w + 3), (CUBE[0], CUBE[0])),
        (lambda x, w: np.average(x, 1, w + 3), ((2, 4), (4,))),
        (lambda x, w: np.average(x, (2, 0), w + 3), ((2, 4, 3), (3, 2))),
        (lambda x, w: np.average(x, 0, w + 3, returned=True), ((3, 2), (3,))),
    ],
    np.cov: [
        (np.cov, ((3, 5),)),
        (lambda x: np.cov(x, rowvar=False, bias=True), ((5, 3),)),
        (np.cov, ((5,), (5,))),
        (np.cov, ((5,),)),
        (lambda x: np.cov(x, ddof=0, fweights=[1, 2, 1, 3]), ((2, 4),)),
        (lambda x, w: np.cov(x, aweights=np.real(w) + 2), ((2, 4), (4,))),
        (lambda x: np.cov(x, fweights=[1, 2, 1, 3], aweights=[0.5, 1, 2, 1]), ((2, 4),)),
    ],
    np.corrcoef: [
        (np.corrcoef, ((3, 5),)),
        (lambda x, y: np.corrcoef(x, y, rowvar=False), ((5, 2), (5, 1))),
    ],
    np.bincount: [
        (lambda w: np.bincount([0, 2, 2, 1], w), ((4,),)),
        (lambda w: np.bincount(np.array([0, 2, 2]), weights=w, minlength=5), ((3,),)),
    ],
    np.histogram: [
        (lambda w: np.histogram([0.1, 0.5, 0.9, 2.0], 3, weights=w)[0], ((4,),)),
        (lambda w: np.histogram([0.1, 0.5, 0.9, 2.0], 3, (0, 1), True, w + 2)[0], ((4,),)),
    ],
    np.nansum: with_holes(np.nansum, *AXES, {"where": SOME, "initial": 2.0}),
    np.nanmean: with_holes(np.nanmean, *AXES, {"where": SOME, "axis": (1, 2)}),
    np.nanprod: with_holes(np.nanprod, *AXES),
    np.nanvar: with_holes(np.nanvar, {}, {"axis": (0, 2)}, {"axis": (1, 2), "ddof": 1}),
    np.nanstd: with_holes(np.nanstd, {}, {"axis": (0, 2)}),
    np.nanmax: with_holes(np.nanmax, *AXES),
    np.nanmin: with_holes(np.nanmin, *AXES),
    np.nancumsum: with_holes(np.nancumsum, {}, {"axis": 1}),
    np.nancumprod: with_holes(np.nancumprod, {}, {"axis": 1}),
    np.cumsum: with_settings(np.cumsum, CUBE, {}, {"axis": 1}, {"axis": -1}),
    np.cumprod: with_settings(np.cumprod, CUBE, {}, {"axis": 1}, {"axis": -1}),
    scans.recurrence: [(scans.recurrence, ((2, 5), (2, 5)))],
    autograd.logsumexp: with_settings(autograd.logsumexp, CUBE, *AXES),
    autograd.softmax: with_settings(autograd.softmax, CUBE, {}, {"axis": (0, 1)}),
    autograd.log_softmax: with_settings(autograd.log_softmax, CUBE, {}, {"axis": 0}),
    np.sort: with_settings(np.sort, CUBE, {}, {"axis": None}, {"axis": 1, "kind": "heapsort"}),
    np.partition: [
        (lambda x: np.partition(x, 2, axis=1)[:, 2], ((2, 5),)),
        (lambda x: np.partition(x, (0, 4), axis=None)[[0, 4]], ((2, 3),)),
    ],
    np.sort_complex: [(np.sort_complex, ((4,),))],
    np.median: with_settings(np.median, CUBE, *AXES),
    np.nanmedian: with_holes(np.nanmedian, *AXES),
    np.quantile: by_method(np.quantile, 1),
    np.percentile: by_method(np.percentile, 100),
    np.nanquantile: [
        *by_method(np.nanquantile, 1)[:-2],
        *with_holes(np.nanquantile, {"q": 0.3}, {"q": [0.2, 0.9], "axis": (0, 1)}),
    ],
    np.nanpercentile: with_holes(np.nanpercentile, {"q": 30}, {"q": [20, 90], "axis": (0, 1)}),
}
for name in ("cumulative_sum", "cumulative_prod"):
    if fn := getattr(np, name, None):
        CALLS[fn] = [
            (fn, ((4,),)),
            *with_settings(fn, CUBE, {"axis": 1}, {"axis": -1, "include_initial": True}),
        ]
