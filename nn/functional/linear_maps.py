"""Linear and bilinear maps, and rows of a table by their indices."""

from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value, at, defvjp, primitive

__all__ = ["bilinear", "embedding", "linear"]


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight + bias: (..., in) → (..., out), for a weight of the shape (in, out).

    >>> linear(np.ones((5, 3)), np.ones((3, 2)), np.zeros(2)).shape
    (5, 2)
    """
    return x @ weight if bias is None else _affine(x, weight, bias)


@primitive
def _affine(x: Any, weight: Any, bias: Any) -> Any:
    """x @ weight + bias as one call: half the records of every network, and no array between."""
    y = _times(x, weight)
    if y.dtype != getattr(bias, "dtype", None):
        return y + bias
    y += bias
    return y


defvjp(
    _affine,
    lambda g, y, x, weight, bias: _times(g, weight.T),
    lambda g, y, x, weight, bias: _rows(x).T @ _rows(g),
    lambda g, y, x, weight, bias: _rows(g).sum(axis=0) if getattr(bias, "ndim", 0) < 2 else g,
    broadcasts=True,
    symbol="linear",
    facts={"multiply_adds": lambda v: v.size * v.seen[0].shape[-1]},
)


def _times(x: Any, weight: Any) -> Any:
    """x @ weight as one product of matrices, where NumPy would make one for each of x's first."""
    if x.ndim < 3 or weight.ndim != 2:
        return x @ weight
    return (_rows(x) @ weight).reshape(*x.shape[:-1], weight.shape[1])


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def bilinear(x1: Any, x2: Any, weight: Any, bias: Any = None) -> Any:
    """Σᵢⱼ x1ᵢ · weight[k, i, j] · x2ⱼ + biasₖ: (..., in1) and (..., in2) → (..., out).

    weight: (out, in1, in2). Raises ShapeMismatch where the shapes do not fit.

    >>> bilinear(np.ones((5, 2)), np.ones((5, 3)), np.ones((4, 2, 3)))[0]
    array([6., 6., 6., 6.])
    """
    shapes = np.shape(x1), np.shape(x2), np.shape(weight)
    if not (shapes[0] and shapes[1] and shapes[0][:-1] == shapes[1][:-1]) or shapes[2][1:] != (
        shapes[0][-1],
        shapes[1][-1],
    ):
        raise ShapeMismatch(
            "bilinear takes inputs of shapes (..., in1) and (..., in2) with a weight of shape "
            f"(out, in1, in2), not {shapes[0]}, {shapes[1]} and {shapes[2]}."
        )
    y = np.einsum("...i,kij,...j->...k", x1, weight, x2)
    return y if bias is None else y + bias


def embedding(indices: Any, weight: Any, *, padding_idx: int | None = None) -> Any:
    """The rows of weight with these indices: integers (...) → (..., width).

    weight: (rows, width). padding_idx: a row to which no gradient comes. Raises TypeError for
    indices that are no integers, IndexError for those outside 0 … rows - 1.

    >>> embedding(np.array([2, 0]), np.arange(6.0).reshape(3, 2))
    array([[4., 5.],
           [0., 1.]])
    """
    indices = np.asarray(indices.data if isinstance(indices, Value) else indices)
    if np.ndim(weight) != 2:
        raise ShapeMismatch(
            f"the weight of an embedding has the shape (rows, width), not {np.shape(weight)}."
        )
    rows = np.shape(weight)[0]
    if indices.dtype.kind not in "iu":
        raise TypeError(f"an embedding takes integers, not {indices.dtype}: write .astype(int).")
    indices = indices.astype(np.intp)
    if indices.size and indices.view(np.uintp).max() >= rows:  # negative ones are huge
        raise IndexError(
            f"the indices of an embedding of {rows} rows are 0 … {rows - 1}; "
            f"these are {indices.min()} … {indices.max()}."
        )
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ValueError(f"padding_idx={padding_idx} is none of {rows} rows.")
        padding_idx %= rows
    return _embedding(weight, indices, padding_idx=padding_idx)


@primitive
def _embedding(weight: Any, indices: Any, *, padding_idx: int | None) -> Any:
    return np.take(weight, indices, axis=0)


@primitive
def _added_to_rows(g: Any, indices: Any, *, rows: int, padding_idx: int | None) -> Any:
    """The rows of g added up by their indices."""
    out = at(np.zeros((rows, g.shape[-1]), g.dtype))[indices].add(g)
    if padding_idx is not None:
        out[padding_idx] = 0
    return out


def _embedding_without(v: Any, indices: Any, padding_idx: int | None) -> Any:
    rows = _embedding(v, indices, padding_idx=padding_idx)
    return rows if padding_idx is None else rows * (indices != padding_idx)[..., None]


defvjp(
    _embedding,
    lambda g, y, weight, indices, *, padding_idx: _added_to_rows(
        g, indices, rows=weight.shape[0], padding_idx=padding_idx
    ),
    None,
    symbol="embedding",
)
defvjp(
    _added_to_rows,
    lambda g, y, v, indices, *, rows, padding_idx: _embedding_without(g, indices, padding_idx),
    None,
)
