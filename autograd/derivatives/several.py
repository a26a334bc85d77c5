"""Functions with several results, such as np.linalg.svd.

Their call leaves one Value that holds the tuple, and each result is a `part` of it. A gradient of
the tuple is `Parts`: of those results that something came back to.
"""

from typing import Any

from autograd.derivatives.registry import defvjp, primitive

__all__ = ["Parts", "part"]


class Parts:
    """Gradients of some of several results, by their places; of the others None."""

    def __init__(self, gradients: dict[int, Any]) -> None:
        self.gradients = gradients

    def __getitem__(self, i: int) -> Any:
        return self.gradients.get(i)

    def __add__(self, other: "Parts") -> "Parts":
        """Itself with the other's added: each belongs to one walk, and they may be many."""
        both = self.gradients
        for i, g in other.gradients.items():
            both[i] = both[i] + g if i in both else g
        return self


@primitive
def part(results: Any, i: int) -> Any:
    """The i-th of several results of a function defined with `several=True`; for its rules.

    >>> part((1.0, 2.0), 1)
    2.0
    """
    return results[i]


defvjp(part, lambda g, y, results, i: Parts({i: g}), None)
