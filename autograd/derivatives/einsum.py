"""The derivative of np.einsum: an einsum of the gradient and the other operands."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.table import compose, defvjp

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _einsum_vjp(
    i: int, g: Any, y: Any, subscripts: Any, *operands: Any, optimize: Any = False
) -> Any:
    """The einsum that puts g in the operand's place and asks for the operand's subscripts.

    What that leaves out is multiplied in: a diagonal where the operand repeats a subscript, ones
    along a subscript that stands in no other operand.
    """
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
    return np.einsum(formula, *(a for _, a in factors), optimize=bool(optimize) or _pays(factors))


def _forward(subscripts: Any, *operands: Any, optimize: Any = False, **settings: Any) -> Any:
    """np.einsum, by products of matrices where there is much to multiply."""
    most = math.prod([getattr(a, "size", 1) for a in operands])
    if not optimize and len(operands) > 1 and most > _MUCH:
        terms = _explicit(subscripts, operands)[0]
        optimize = _pays(list(zip(terms, operands, strict=True)))
    return np.einsum(subscripts, *operands, optimize=optimize, **settings)


_MUCH = 50_000


def _pays(factors: list[tuple[str, Any]]) -> bool:
    """Whether there is so much to multiply that the search for a path to BLAS takes less."""
    lengths: dict[str, int] = {}
    for term, a in factors:
        for letter, n in zip(term, np.shape(a), strict=True):
            lengths[letter] = max(n, lengths.get(letter, 1))
    return math.prod(lengths.values()) > _MUCH


def _explicit(subscripts: str, operands: Sequence[Any]) -> tuple[list[str], str, list[str]]:
    """Each operand's subscripts, the result's, and the letters left; `...` spelt in letters."""
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    spare = [letter for letter in _LETTERS if letter not in subscripts]
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


# One rule for each of as many operands as NumPy takes.
defvjp(
    np.einsum,
    None,
    *(partial(_einsum_vjp, i) for i in range(1, 64)),
    forward=_forward,
    broadcasts=True,
    facts={
        "multiply_adds": lambda v: math.prod(
            {  # the length of each subscript: where one is broadcast, the larger comes last
                letter: n
                for n, letter in sorted(
                    (n, letter)
                    for term, a in zip(_explicit(v.seen[0], v.seen[1:])[0], v.seen[1:], strict=True)
                    for letter, n in zip(term, np.shape(a), strict=True)
                )
            }.values()
        )
    },
)


@compose(np.einsum)
def _einsum(*operands: Any, **settings: Any) -> Any:
    """The form with lists of numbers, `np.einsum(a, [0, 1], b, [1, 2], [0, 2])`, in letters."""
    if isinstance(operands[0], str):
        return NotImplemented
    arrays = operands[: len(operands) // 2 * 2 : 2]
    terms = [_letters(axes) for axes in operands[1::2]]
    arrow = "->" + _letters(operands[-1]) if len(operands) % 2 else ""
    return np.einsum(",".join(terms) + arrow, *arrays, **settings)


def _letters(axes: Sequence[Any]) -> str:
    """Large letters first, as NumPy has them: they come first in the order of the result too."""
    return "".join("..." if k is ... else _LETTERS[k] for k in axes)
