"""A wrong engine: mistakes in the walk back over the record, whatever the rules are."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import backward, fitting
from autograd.call import contributions
from autograd.testing.faults.fault import Fault, Plant, replaced

__all__ = ["FAULTS"]

X = np.array([0.5, -1.5, 2.0])
_sum_to = fitting.sum_to


def _walking(add: Any, order: Any = list) -> Plant:
    """The walk with another way to add up contributions, or to order the calls."""

    def walk(
        nodes: Iterable[Any], grads: dict[Any, Any], needed: Any, kept: dict[Any, Any]
    ) -> Iterable[Any]:
        for node in order(nodes):
            g = grads.pop(node, None)
            if g is not None:
                for place, parent, x, c in contributions(node, g, needed):
                    add(grads, parent, fitting.fit(c, parent, x, node._call, place))
        return grads

    return replaced("_quick_walk", walk, backward)


def _assign(grads: dict[Any, Any], parent: Any, contribution: Any) -> None:
    grads[parent] = contribution


def _keep_first(grads: dict[Any, Any], parent: Any, contribution: Any) -> None:
    grads.setdefault(parent, contribution)


def _add(grads: dict[Any, Any], parent: Any, contribution: Any) -> None:
    grads[parent] = grads[parent] + contribution if parent in grads else contribution


def _slice(shape: tuple[int, ...], c: Any, call: Any, i: int) -> Any:
    """One of the repeated parts, where their sum belongs."""
    for _ in range(np.ndim(c) - len(shape)):
        c = c[0]
    return c[tuple(slice(n) for n in shape)]


def _average(shape: tuple[int, ...], c: Any, call: Any, i: int) -> Any:
    return _sum_to(shape, c, call, i) / (np.size(c) / max(1, int(np.prod(shape))))


def _oldest_first(nodes: Iterable[Any]) -> list[Any]:
    return list(nodes)[::-1]


def _diamond(x: Any) -> Any:
    y = np.sin(x)
    return y + y**2


FAULTS = [
    Fault("= for +=", "exactly half", lambda x: x * x, X, {}, _walking(_assign)),
    Fault("the first contribution only", "wrong gradient", _diamond, X, {}, _walking(_keep_first)),
    Fault("oldest call first", "No gradient arrives anywhere", _diamond, X, {},
          _walking(_add, _oldest_first)),
    Fault("broadcasting not summed", "a sum over what was repeated is missing",
          lambda b: np.outer(X, X) * b, X, {}, replaced("sum_to", _slice, fitting)),
    Fault("broadcasting averaged", "a mean where a sum belongs",
          lambda b: np.outer(X, X) * b, X, {}, replaced("sum_to", _average, fitting)),
]  # fmt: skip
