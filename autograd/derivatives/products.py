"""Derivatives of matrix and tensor products: each is a product of the same kind.

np.dot, np.inner and np.tensordot are one thing, a contraction, and share their rules; np.matmul
has rules of its own, as it broadcasts, and np.einsum by its subscripts.
"""

import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.derivatives.registry import defvjp
from autograd.errors import NotDifferentiable

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


defvjp(np.matmul, _matmul_left, _matmul_right, symbol="@")

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


defvjp(np.dot, *_contraction(_dot_axes))
defvjp(np.inner, *_contraction(_inner_axes))
defvjp(np.tensordot, *_contraction(_tensordot_axes))
defvjp(
    np.outer,
    lambda g, y, a, b: np.reshape(g @ np.ravel(b), np.shape(a)),
    lambda g, y, a, b: np.reshape(np.ravel(a) @ g, np.shape(b)),
)

# ---------------------------------------------------------------------- einsum


def _einsum_vjp(
    i: int, g: Any, y: Any, subscripts: Any, *operands: Any, optimize: Any = False
) -> Any:
    """The einsum that puts g in the operand's place and asks for the operand's subscripts.

    What that leaves out is multiplied in: a diagonal where the operand repeats a subscript, ones
    along a subscript that stands in no other operand.
    """
    if not isinstance(subscripts, str):
        raise NotDifferentiable(
            "np.einsum of a Value needs its subscripts as a string: 'ij,jk->ik'."
        )
    terms, out, spare = _explicit(subscripts, operands)
    x, own = operands[i - 1], terms[i - 1]
    factors = [
        (out, g),
        *((t, a) for k, (t, a) in enumerate(zip(terms, operands, strict=True)) if k != i - 1),
    ]
    target = ""
    for letter, n in zip(own, np.shape(x), strict=True):
        if letter in target:
            other = spare.pop()
            factors.append((letter + other, np.eye(n, dtype=np.result_type(g))))
            letter = other
        elif n not in [np.shape(a)[t.index(letter)] for t, a in factors if letter in t]:
            factors.append((letter, np.ones(n, np.result_type(g))))
        target += letter
    formula = ",".join(term for term, _ in factors) + "->" + target
    return np.einsum(formula, *(a for _, a in factors), optimize=bool(optimize))


def _explicit(subscripts: str, operands: Sequence[Any]) -> tuple[list[str], str, list[str]]:
    """Each operand's subscripts, the result's, and the letters left; `...` spelt in letters."""
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    spare = [letter for letter in string.ascii_letters if letter not in subscripts]
    hidden = [
        np.ndim(a) - len(t.replace("...", ""))
        for t, a in zip(left.split(","), operands, strict=True)
    ]
    dots = "".join(spare.pop() for _ in range(max([0, *hidden]))) if "..." in left else ""
    if not arrow:
        named = left.replace("...", "").replace(",", "")
        out = "..." + "".join(sorted(c for c in set(named) if named.count(c) == 1))
    terms = [
        t.replace("...", dots[len(dots) - n :])
        for t, n in zip(left.split(","), hidden, strict=True)
    ]
    return terms, out.replace("...", dots), spare


defvjp(np.einsum, each=_einsum_vjp, broadcasts=True)
