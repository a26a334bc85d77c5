"""Mistakes in the data: numbers that are not finite, targets out of range, scales."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optim.diagnosis.case import Case, Finding, arrays_of
from optim.diagnosis.graph import facts_of, shape_of, word

LARGE = 30.0  # so far from 0, or so wide, a feature is unscaled


def not_finite(case: Case) -> Iterator[Finding]:
    for what, data in (("inputs", case.x), ("targets", case.y)):
        for a in arrays_of(data) if data is not None else []:
            bad = np.size(a) - np.count_nonzero(np.isfinite(a))
            if bad:
                rows = np.flatnonzero(~np.isfinite(a).reshape(len(a), -1).all(axis=1))
                yield Finding(
                    f"{what} not finite",
                    f"{bad} numbers of the {what} are NaN or infinite, the first in sample "
                    f"{rows[0]}.",
                    "Leave those samples out, or fill in what is missing.",
                )


def targets_out_of_range(case: Case) -> Iterator[Finding]:
    y = case.y
    if not isinstance(y, np.ndarray) or not y.size or not np.isfinite(y).all():
        return
    low, high = y.min(), y.max()
    shape = case.shape or _shape_of_output(case)
    whole = y.dtype.kind in "iub" or bool(np.all(y == np.round(y)))
    if len(shape) > 1 and shape[1] > 1 and y.ndim == 1 and whole:
        classes = shape[1]
        if low < 0 or high >= classes:
            advice = "Give the model as many outputs as there are classes, or check the targets."
            if low == 1 and high == classes:
                advice = "Count classes from 0: subtract 1."
            yield Finding(
                "targets out of range",
                f"the model has {classes} outputs, for the classes 0 to {classes - 1}; targets go "
                f"from {low} to {high}.",
                advice,
            )
        return
    bounds = facts_of(case.output).get("bounds")
    if case.regression and bounds:
        least, most = bounds
        outside = np.count_nonzero((y < least) | (y > most))
        if outside:
            yield Finding(
                "targets out of range",
                f"the last layer is {word(case.output)}, whose results lie between {least:g} and "
                f"{most:g}; {outside} of {y.size} targets do not: they go from {low:.4g} to "
                f"{high:.4g}.",
                "Leave the last activation out, or scale the targets into its range.",
            )
    if y.size > 1 and low == high:
        yield Finding(
            "targets all equal",
            f"all {y.size} targets are {low}: there is nothing to learn from them.",
            "Are they of one class, sorted before they were split?",
        )
    if case.error is not None and "hinge" in str(case.error) and low == 0 and high == 1:
        yield Finding(
            "targets out of range",
            "a hinge loss takes the targets -1 and 1; these are 0 and 1.",
            "Write 2 * y - 1.",
        )
    elif case.error is not None and "binary cross entropy" in str(case.error):
        yield Finding(
            "targets out of range",
            f"a binary cross entropy takes targets from 0 to 1; these go from {low} to {high}.",
            "Write (y > 0).astype(float) for -1 and 1; for more classes, as many outputs and "
            "cross_entropy.",
        )
    if case.regression and np.abs(y).mean() > 100 and not bounds:
        yield Finding(
            "targets unscaled",
            f"targets are {_spread(y)}: a network begins with outputs near 0, and far too small "
            "gradients or far too large ones.",
            "Train on (y - mean) / standard deviation, and undo it after predict.",
        )


def inputs_unscaled(case: Case) -> Iterator[Finding]:
    for a in arrays_of(case.x):
        if a.dtype.kind not in "fu" or a.ndim < 2 or not np.isfinite(a).all():
            continue
        columns = a.reshape(len(a), -1).astype(float)
        size = np.abs(columns.mean(axis=0)) + columns.std(axis=0)
        worst = int(size.argmax())
        if size[worst] > LARGE:
            others = np.median(size)
            yield Finding(
                "inputs unscaled",
                f"feature {worst} is {_spread(columns[:, worst])}, the median one of size "
                f"{others:.3g}.",
                "Subtract the mean of each feature, and divide by its standard deviation; pixels "
                "by 255.",
            )


def _spread(a: Any) -> str:
    return f"{np.mean(a):.4g} ± {np.std(a):.3g}"


def _shape_of_output(case: Case) -> tuple[int, ...]:
    """The shape of the model's output where the loss could not be computed."""
    try:
        output = case.trainer.model(case.x)
    except Exception:
        return ()
    return shape_of(output)
