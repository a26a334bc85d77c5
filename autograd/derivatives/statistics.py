"""Weighted means and covariances, and histograms of weights: made of sums and products."""

from typing import Any

import numpy as np

from autograd.derivatives.numerics import array_of, on_axes
from autograd.derivatives.shaping import astype
from autograd.errors import ShapeMismatch
from autograd.numbers import Axis
from autograd.record import is_tracked
from autograd.table import compose, data_of, defvjp


@compose(np.average)
def _average(
    a: Any,
    axis: Axis = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        total: Any = np.full(np.shape(mean), np.size(a) / max(np.size(mean), 1))
    else:
        weights = array_of(weights)
        if np.shape(weights) != np.shape(a):
            weights = _along(weights, np.shape(a), axis)
        total = np.sum(np.broadcast_to(weights, np.shape(a)), axis=axis, keepdims=keepdims)
        if np.any(data_of(total) == 0):
            raise ZeroDivisionError("the weights of np.average sum to 0.")
        mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


def _along(weights: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Weights of the axes alone, ready to broadcast."""
    if axis is None:
        raise TypeError("weights of another shape than a need an axis.")
    axes = tuple(int(k) % len(shape) for k in np.atleast_1d(axis))
    if np.shape(weights) != tuple(shape[k] for k in axes):
        raise ShapeMismatch(
            f"weights have the shape {np.shape(weights)}, an array of shape {shape} along axis "
            f"{axis} needs {tuple(shape[k] for k in axes)}."
        )
    return on_axes(weights, axes, shape)


@compose(np.cov)
def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    x = _rows(m, rowvar)
    if y is not None:
        y = np.atleast_2d(array_of(y))
        x = np.concatenate([x, y if rowvar or np.shape(y)[0] == 1 else np.transpose(y)])
    x = astype(x, np.result_type(data_of(x), np.float64) if dtype is None else dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights: Any = None
    if fweights is not None or aweights is not None:  # NumPy refuses weights that are none
        np.cov(*map(data_of, (m, y, rowvar, bias, ddof, fweights, aweights)))
    for given in (fweights, aweights):
        if given is not None:
            given = given if is_tracked(given) else np.asarray(given, float)
            weights = given if weights is None else weights * given
    if weights is None:
        freedom: Any = np.shape(x)[1] - ddof
        centred = x - np.mean(x, axis=1, keepdims=True)
        weighted = centred
    else:
        total = np.sum(weights)
        centred = x - np.sum(x * weights, axis=1, keepdims=True) / total
        weighted = centred * weights
        freedom = total - ddof
        if aweights is not None and ddof:
            freedom = total - ddof * np.sum(weights * aweights) / total
    if data_of(freedom) <= 0:
        freedom = np.zeros(())
    product = weighted @ np.conjugate(np.transpose(centred))
    return np.squeeze(product / freedom)


def _rows(m: Any, rowvar: bool) -> Any:
    m = m if hasattr(m, "shape") else np.asarray(m, float)
    if np.ndim(m) > 2:
        raise ShapeMismatch(f"np.cov takes 1 or 2 dimensions, not {np.ndim(m)}.")
    return np.atleast_2d(m) if rowvar or np.ndim(m) < 2 else np.transpose(m)


@compose(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    deviation = np.sqrt(np.real(np.diagonal(c)))
    c = c / deviation[:, None] / deviation[None, :]
    real = np.clip(np.real(c), -1, 1)
    return real + 1j * np.clip(np.imag(c), -1, 1) if np.iscomplexobj(c) else real


defvjp(
    np.bincount, None, lambda g, y, x, weights: g[x], settings="minlength", complex=False,
    note="by the weights only",
)  # fmt: skip


@compose(np.histogram, complex=False, note="by the weights only")
def _histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any]:
    """Of weights that have derivatives; bins and counts have none."""
    plain, edges = np.histogram(*map(data_of, (a, bins, range, density, weights)))
    if not is_tracked(weights):
        return plain, edges
    numbers = np.ravel(data_of(a))
    places = np.searchsorted(edges, numbers, side="right") - 1
    places = np.where(numbers == edges[-1], len(edges) - 2, places)
    inside = (places >= 0) & (places < len(edges) - 1)
    counts = np.bincount(places[inside], np.ravel(weights)[inside], len(edges) - 1)
    counts = astype(counts, np.result_type(plain))
    return (counts / np.diff(edges) / np.sum(counts) if density else counts), edges
