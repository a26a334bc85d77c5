"""Derivatives of matrix and tensor products: each is a product of the same kind.

np.dot, np.inner and np.tensordot are one thing, a contraction, and share their rules; np.matmul
has rules of its own, as it broadcasts. np.einsum has a file of its own.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.derivatives.numerics import conj, dtype_of
from autograd.errors import ShapeMismatch
from autograd.table import compose, data_of, defvjp, named

# ---------------------------------------------------------------------- matmul


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == b.ndim == 2:
        return g @ b.T
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(b @ np.expand_dims(g, -1), -1)
    return g @ np.swapaxes(b, -1, -2)


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == b.ndim == 2:
        return a.T @ g
    if b.ndim == 1:
        return (
            g * a if a.ndim == 1 else np.squeeze(np.swapaxes(a, -1, -2) @ np.expand_dims(g, -1), -1)
        )
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    return np.swapaxes(a, -1, -2) @ g


defvjp(
    np.matmul,
    _matmul_left,
    _matmul_right,
    symbol="@",
    facts={"multiply_adds": lambda v: v.size * v.seen[0].shape[-1]},
)

# ---------------------------------------------------------------- contractions

Pair = tuple[list[int], list[int]]


def _contraction(pairs_of: Callable[..., Pair]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two rules of a product that sums over pairs of axes, one of a and one of b in each."""

    def left(g: Any, y: Any, a: Any, b: Any, *, axes: Any = 2) -> Any:
        along_a, along_b = pairs_of(a, b, axes)
        free = [k for k in range(np.ndim(b)) if k not in along_b]
        of_g = list(range(np.ndim(g) - len(free), np.ndim(g)))
        product = np.tensordot(g, b, (of_g, free))
        behind = [along_a[k] for k in _order(along_b)]
        rest = [k for k in range(np.ndim(a)) if k not in behind]
        return np.transpose(product, _order(rest + behind))

    def right(g: Any, y: Any, a: Any, b: Any, *, axes: Any = 2) -> Any:
        along_a, along_b = pairs_of(a, b, axes)
        free = [k for k in range(np.ndim(a)) if k not in along_a]
        product = np.tensordot(a, g, (free, list(range(len(free)))))
        before = [along_b[k] for k in _order(along_a)]
        rest = [k for k in range(np.ndim(b)) if k not in before]
        return np.transpose(product, _order(before + rest))

    return left, right


def _order(axes: list[int]) -> list[int]:
    """The positions that sort the axes: of a permutation, its inverse."""
    return sorted(range(len(axes)), key=axes.__getitem__)


def _dot_axes(a: Any, b: Any, _: Any) -> Pair:
    if not (np.ndim(a) and np.ndim(b)):
        return [], []
    return [np.ndim(a) - 1], [max(np.ndim(b) - 2, 0)]


def _inner_axes(a: Any, b: Any, _: Any) -> Pair:
    return ([np.ndim(a) - 1], [np.ndim(b) - 1]) if np.ndim(a) and np.ndim(b) else ([], [])


def _tensordot_axes(a: Any, b: Any, axes: Any) -> Pair:
    if isinstance(axes, int | np.integer):
        return list(range(np.ndim(a) - int(axes), np.ndim(a))), list(range(int(axes)))
    along_a, along_b = ([int(k) for k in np.atleast_1d(along)] for along in axes)
    return [k % np.ndim(a) for k in along_a], [k % np.ndim(b) for k in along_b]


defvjp(
    np.dot,
    *_contraction(_dot_axes),
    facts={
        "multiply_adds": lambda v: v.size * v.seen[0].shape[-1] if all(map(np.ndim, v.seen)) else 0
    },
)
defvjp(
    np.inner,
    *_contraction(_inner_axes),
    facts={
        "multiply_adds": lambda v: v.size * v.seen[0].shape[-1] if all(map(np.ndim, v.seen)) else 0
    },
)
defvjp(
    np.tensordot,
    *_contraction(_tensordot_axes),
    facts={  # MK, KN → MN
        "multiply_adds": lambda v: round((v.size * np.size(v.seen[0]) * np.size(v.seen[1])) ** 0.5)
    },
)
defvjp(
    np.outer,
    lambda g, y, a, b: np.reshape(g @ np.ravel(b), np.shape(a)),
    lambda g, y, a, b: np.reshape(np.ravel(a) @ g, np.shape(b)),
)

# ------------------------------------------------------- products of vectors in stacks

for _fn in named("vecdot"):
    defvjp(
        _fn,
        lambda g, y, a, b: conj(np.expand_dims(g, -1) * b),
        lambda g, y, a, b: np.expand_dims(g, -1) * conj(a),
        broadcasts=True,
        facts={"multiply_adds": lambda v: v.size * v.seen[0].shape[-1]},
    )
for _fn in named("matvec"):
    defvjp(
        _fn,
        lambda g, y, a, b: np.expand_dims(g, -1) * np.expand_dims(b, -2),
        lambda g, y, a, b: np.matvec(np.swapaxes(a, -1, -2), g),
        broadcasts=True,
        facts={"multiply_adds": lambda v: v.size * v.seen[0].shape[-1]},
    )
for _fn in named("vecmat"):
    defvjp(
        _fn,
        lambda g, y, a, b: conj(np.matvec(b, g)),
        lambda g, y, a, b: np.expand_dims(conj(a), -1) * np.expand_dims(g, -2),
        broadcasts=True,
        facts={"multiply_adds": lambda v: v.size * v.seen[0].shape[-1]},
    )


@compose("vecdot")
def _vecdot(x1: Any, x2: Any, /, **settings: Any) -> Any:
    if "axis" not in settings:
        return NotImplemented
    axis = settings.pop("axis")
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1), **settings)


@compose(np.linalg.vecdot)
def _linalg_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    vecdot: Any = np.vecdot
    return vecdot(x1, x2, axis=axis)


@compose(np.vdot)
def _vdot(a: Any, b: Any, /) -> Any:
    return np.dot(conj(np.ravel(a)), np.ravel(b))


def _kron_vjp(place: int) -> Callable[..., Any]:
    """The axes of a and b stand in turns in the result: those of the other one are summed over."""

    def rule(g: Any, y: Any, *both: Any) -> Any:
        ndim = np.ndim(y)
        shapes = [(1,) * (ndim - np.ndim(x)) + np.shape(x) for x in both]
        g = np.reshape(g, [n for pair in zip(*shapes, strict=True) for n in pair])
        other = np.reshape(both[1 - place], shapes[1 - place])
        product = np.tensordot(g, other, (list(range(1 - place, 2 * ndim, 2)), list(range(ndim))))
        return np.reshape(product, np.shape(both[place]))

    return rule


defvjp(np.kron, _kron_vjp(0), _kron_vjp(1))


@compose(np.cross)
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    lengths = {np.shape(a)[-1], np.shape(b)[-1]}
    if not lengths <= {2, 3}:
        raise ShapeMismatch(
            f"np.cross takes vectors of 3 numbers (or 2), not the shapes {np.shape(a)} and "
            f"{np.shape(b)}."
        )
    if lengths == {2}:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (_in_space(v) for v in (a, b))
    following, preceding = [1, 2, 0], [2, 0, 1]
    c = a[..., following] * b[..., preceding] - a[..., preceding] * b[..., following]
    return np.moveaxis(c, -1, axisc)


def _in_space(v: Any) -> Any:
    if np.shape(v)[-1] == 3:
        return v
    return np.concatenate([v, np.zeros((*np.shape(v)[:-1], 1), dtype_of(v))], axis=-1)


@compose(np.linalg.cross)
def _linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    if np.shape(x1)[axis] != 3 or np.shape(x2)[axis] != 3:
        raise ShapeMismatch(
            f"np.linalg.cross takes vectors of 3 numbers, not the shapes {np.shape(x1)} and "
            f"{np.shape(x2)}."
        )
    return np.cross(x1, x2, axis=axis)


@compose(np.linalg.outer)
def _linalg_outer(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ShapeMismatch(
            f"np.linalg.outer takes vectors, not the shapes {np.shape(x1)} and {np.shape(x2)}."
        )
    return np.outer(x1, x2)


@compose(np.linalg.matmul)
def _linalg_matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@compose(np.linalg.tensordot)
def _linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes)


def _multi_dot_vjp(g: Any, y: Any, arrays: Sequence[Any]) -> list[Any]:
    """For each factor g with those before it moved over, times those after it."""
    shapes = [np.shape(a) for a in arrays]
    factors = list(arrays)
    if len(shapes[0]) == 1:
        factors[0] = np.reshape(factors[0], (1, -1))
    if len(shapes[-1]) == 1:
        factors[-1] = np.reshape(factors[-1], (-1, 1))
    g = np.reshape(g, (np.shape(factors[0])[0], np.shape(factors[-1])[1]))
    after: list[Any] = [np.eye(np.shape(g)[1], dtype=np.result_type(data_of(g)))]
    for factor in factors[:0:-1]:
        after.append(factor @ after[-1])
    grads = []
    for factor, shape in zip(factors, shapes, strict=True):
        grads.append(np.reshape(g @ np.transpose(after.pop()), shape))
        g = np.transpose(factor) @ g
    return grads


defvjp(np.linalg.multi_dot, _multi_dot_vjp, sequence=True)
