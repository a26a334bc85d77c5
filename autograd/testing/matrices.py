"""Strategies for matrices at which linear algebra has derivatives, and differences can tell them.

Made of random rotations and of singular or eigenvalues that lie apart, so that nothing is nearly
singular, and no two values are nearly equal.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st

__all__ = ["positive_definite_matrices", "symmetric_matrices", "well_conditioned_matrices"]

Sides = int | st.SearchStrategy[int]
Stack = tuple[int, ...]


@st.composite
def well_conditioned_matrices(
    draw: Any, rows: Sides | None = None, columns: Sides | None = None, *,
    stack: Stack = (), dtype: Any = float,
) -> Any:  # fmt: skip
    """Matrices whose singular values are between 1 and 1 + n, at distances of at least 0.6.

    rows, columns: numbers or strategies; by default from 1 to 4, and as many columns as rows.
    stack: leading axes.

    >>> from hypothesis import find
    >>> matrix = find(well_conditioned_matrices(3), lambda a: True)
    >>> bool(np.linalg.cond(matrix) < 4)
    True
    """
    m = _side(draw, rows)
    n = m if columns is None else _side(draw, columns)
    rng = _rng(draw)
    values = _values(rng, (*stack, min(m, n)))
    left, right = _rotations(rng, m, stack, dtype), _rotations(rng, n, stack, dtype)
    k = min(m, n)
    made = (left[..., :, :k] * values[..., None, :]) @ right[..., :k, :]
    return made.astype(dtype)


@st.composite
def symmetric_matrices(
    draw: Any, n: Sides | None = None, *, stack: Stack = (), dtype: Any = float
) -> Any:
    """Symmetric (Hermitian, if dtype is complex) matrices with eigenvalues of both signs, apart.

    >>> from hypothesis import find
    >>> matrix = find(symmetric_matrices(2), lambda a: True)
    >>> bool(np.allclose(matrix, matrix.T))
    True
    """
    side, rng = _side(draw, n), _rng(draw)
    values = _values(rng, (*stack, side))
    signs = rng.choice([-1.0, 1.0], values.shape)
    return _of_eigenvalues(rng, values * signs, dtype)


@st.composite
def positive_definite_matrices(
    draw: Any, n: Sides | None = None, *, stack: Stack = (), dtype: Any = float
) -> Any:
    """Symmetric (or Hermitian) matrices with positive eigenvalues that lie apart.

    >>> from hypothesis import find
    >>> matrix = find(positive_definite_matrices(2), lambda a: True)
    >>> bool(np.all(np.linalg.eigvalsh(matrix) > 0.9))
    True
    """
    side, rng = _side(draw, n), _rng(draw)
    return _of_eigenvalues(rng, _values(rng, (*stack, side)), dtype)


def _side(draw: Any, side: Sides | None) -> int:
    if side is None:
        side = st.integers(1, 4)
    return int(draw(side)) if isinstance(side, st.SearchStrategy) else side


def _rng(draw: Any) -> np.random.Generator:
    return np.random.default_rng(draw(st.integers(0, 2**31 - 1)))


def _values(rng: Any, shape: tuple[int, ...]) -> Any:
    """1, 2, 3 … in any order, each by up to 0.2 more or less (1 not less)."""
    places = np.broadcast_to(np.arange(1.2, 1 + shape[-1], 1.0), shape)
    return rng.permuted(places + rng.uniform(-0.2, 0.2, shape), axis=-1)


def _rotations(rng: Any, n: int, stack: Stack, dtype: Any) -> Any:
    a = rng.normal(size=(*stack, n, n))
    if np.dtype(dtype).kind == "c":
        a = a + 1j * rng.normal(size=a.shape)
    return np.linalg.qr(a).Q


def _of_eigenvalues(rng: Any, values: Any, dtype: Any) -> Any:
    q = _rotations(rng, values.shape[-1], values.shape[:-1], dtype)
    made = (q * values[..., None, :]) @ np.conjugate(np.swapaxes(q, -1, -2))
    return ((made + np.conjugate(np.swapaxes(made, -1, -2))) / 2).astype(dtype)
