"""The backward pass of a loss, as data: every gradient, and every contribution to it.

Computed beside the engine's own, from the same record and the same rules; `.grad` stays as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.absence import Careful, Passes, Reach, in_numpy
from autograd.backward import newest_first
from autograd.call import Contribution, Parts, contributions, wanted
from autograd.errors import ShapeMismatch
from autograd.fitting import fit
from autograd.numbers import is_finite, like
from autograd.value import Value

__all__ = [
    "BackwardPass", "Share", "as_gradient", "described", "everything_behind", "is_number",
    "jacobian_of", "local_slope", "passed_on",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """What a call passes back to one of its arguments: the chain rule along one edge.

    call: the result of the call; place: which of its arguments; parent: the Value there.
    contribution: incoming gradient times local derivative; local: the latter, between numbers.
    total: the sum of what the parent has got, with it; first: whether it is the first.
    """

    call: Value
    place: int
    parent: Value
    contribution: Any
    local: Any
    total: Any
    first: bool


def everything_behind(root: Value) -> list[Value]:
    """The Value and all that it was made from, oldest first."""
    calls = newest_first((root,))
    every = dict.fromkeys([root, *calls, *(parent for call in calls for parent in call.parents)])
    return sorted(every, key=lambda v: v._number)


class BackwardPass:
    """What `loss.backward()` computes, with each contribution kept apart.

    values: all Values, oldest first; calls: those that are results, newest first.
    gradients: of each Value that a gradient reaches, in the convention of `.grad`.
    shares: of each call what it passes on; arriving: of each Value what it is given, in order.
    """

    def __init__(self, loss: Any) -> None:
        if type(loss) is not Value:
            raise TypeError(f"a backward pass begins at a Value, not at {described(loss)}.")
        if type(loss.data) is tuple or loss.size != 1 or loss.dtype.kind == "c":
            what = "several results"
            if type(loss.data) is not tuple:
                what = f"an array of shape {loss.shape}" if loss.ndim else "one"
                what += f" of {loss.dtype}"
            raise ShapeMismatch(
                f"a backward pass begins at one real number, not at {what}: take the sum, or an "
                "element, of it."
            )
        self.loss = loss
        self.values = everything_behind(loss)
        self.calls = newest_first((loss,))
        self.shares: dict[Value, list[Share]] = {}
        self.arriving: dict[Value, list[Share]] = {v: [] for v in self.values}
        self._walk(_in_numbers)
        if not all(is_finite(g) for g in flattened(self.gradients.values())):
            reach = Reach(self.calls, {loss: like(1.0, loss.data)}, None)
            self._walk(Careful(reach).contributions)

    def _walk(self, passes: Passes) -> None:
        self.arriving = {v: [] for v in self.values}
        flowing: dict[Value, Any] = {self.loss: like(1.0, self.loss.data)}
        with np.errstate(all="ignore"):
            for call in self.calls:
                self.shares[call] = list(self._passed_on(call, flowing, passes))
        self.gradients = {v: as_gradient(g, v) for v, g in flowing.items()}

    def _passed_on(self, call: Value, flowing: dict[Value, Any], passes: Passes) -> Iterable[Share]:
        g = flowing.get(call)
        if g is None and passes == _in_numbers:
            return
        if g is None:  # absent: drawn as 0
            g = flowing[call] = Parts({}) if type(call.data) is tuple else like(0.0, call.data)
        for place, parent, c in passed_on(call, g, passes=passes):
            if type(c) is Parts:
                c = Parts(c)  # a sum of them is made in the first one
            first = parent not in flowing
            if first:
                flowing[parent] = Parts(c) if type(c) is Parts else c
            else:
                flowing[parent] = flowing[parent] + c
            total = as_gradient(flowing[parent], parent)
            local = local_slope(call, place, g, c)
            share = Share(call, place, parent, as_gradient(c, parent), local, total, first)
            self.arriving[parent].append(share)
            yield share

    def gradient(self, v: Value) -> Any:
        """The gradient of the loss by a Value, zero if there is no way to it."""
        if v in self.gradients:
            return self.gradients[v]
        return as_gradient(Parts({}), v) if type(v.data) is tuple else like(0, v.data)


def _in_numbers(call: Value, g: Any, needed: Any, recorded: bool) -> Sequence[Contribution]:
    """The contributions of a call; in NumPy's numbers, if Python's raise."""
    try:
        return contributions(call, g, needed)
    except ArithmeticError:
        places = wanted(call, needed)
        shares = in_numpy(call, g, call.data, call.seen, places)
        return [(*place, share) for place, share in zip(places, shares, strict=True)]


def passed_on(
    call: Value, g: Any, needed: Any = None, passes: Passes = _in_numbers
) -> list[tuple[int, Value, Any]]:
    """What a call passes back, by place: to which Value, and how much; 0 where that is absent."""
    found = {
        place: fit(c, parent, x, call._call, place)
        for place, parent, x, c in passes(call, g, needed, False)
    }
    return [
        (place, parent, found[place] if place in found else like(0, x))
        for place, parent, x in wanted(call, needed)
    ]


def flattened(gradients: Iterable[Any]) -> Iterable[Any]:
    """Gradients, those of several results one by one."""
    for g in gradients:
        yield from g if type(g) is tuple else (g,)


def described(x: Any) -> str:
    """What was given instead of a Value, in a few words; of a module or a function, the cure."""
    if isinstance(x, int | float):
        return f"the number {x!r}"
    return f"{type(x).__name__}: call it first" if callable(x) else type(x).__name__


def as_gradient(g: Any, v: Value) -> Any:
    """What flows to a Value as users know it: of complex numbers the conjugate, of Parts all."""
    if type(g) is Parts:
        return tuple(
            like(0, x) if g[i] is None else np.conjugate(g[i]) if np.iscomplexobj(g[i]) else g[i]
            for i, x in enumerate(v.data)
        )
    return np.conjugate(g) if np.iscomplexobj(g) else g


def is_number(x: Any) -> bool:
    return not isinstance(x, tuple | list | Parts) and np.ndim(x) == 0


def local_slope(call: Value, place: int, g: Any, c: Any) -> Any:
    """The derivative of a number by a number; None for arrays, and where it is no factor."""
    if not (is_number(call.data) and is_number(c) and is_number(g)):
        return None
    one = like(1.0, g)
    unit = c if g == 1 else next(c for i, _, c in passed_on(call, one) if i == place)
    if not is_number(unit):
        return None
    product = g * unit
    if g and np.isfinite(product) and np.isfinite(c) and abs(product - c) > 1e-6 * abs(c) + 1e-300:
        return None  # as of complex numbers, when the function is not analytic
    return np.conjugate(unit) if np.iscomplexobj(unit) else unit


def jacobian_of(call: Value, place: int, most: int = 4096) -> Any:
    """The derivatives of all elements of a result by all elements of an argument.

    Its shape is that of the result, then that of the argument. Raises ShapeMismatch for more than
    `most` numbers.
    """
    several = type(call.data) is tuple
    parent = None if several else next(
        (p for i, p, _ in passed_on(call, like(1, call.data)) if i == place), None
    )  # fmt: skip
    if parent is None or type(parent.data) is tuple:
        raise ShapeMismatch("a Jacobian is of one array by one array.")
    if call.size * parent.size > most:
        raise ShapeMismatch(
            f"the Jacobian of shape {call.shape + parent.shape} has {call.size * parent.size} "
            f"numbers; those of up to {most} are computed."
        )
    rows = []
    for unit in np.eye(call.size, dtype=call.dtype):
        g = like(1.0, call.data) if is_number(call.data) else unit.reshape(call.shape)
        rows.append(np.asarray(next(c for i, _, c in passed_on(call, g) if i == place)))
    stacked = np.stack(rows) if rows else np.zeros((0, *parent.shape))
    return stacked.reshape(call.shape + parent.shape)
