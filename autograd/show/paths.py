"""explain_grad: the gradient of one Value, split by the paths that lead from the loss to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.backward import leading_to
from autograd.call import Parts
from autograd.numbers import like
from autograd.show.backward import (
    BackwardPass,
    as_gradient,
    everything_behind,
    local_slope,
    passed_on,
)  # fmt: skip
from autograd.show.names import identifiers, names_of
from autograd.show.words import factor, number, short
from autograd.value import Value

__all__ = ["GradientExplanation", "GradientPath", "explain_grad"]


@dataclass(frozen=True)
class GradientPath:
    """One way from the loss to a Value.

    values, names: the Values on it, the loss first. factors: the local derivative of each call on
    the way, where they are numbers. product: what comes to the Value along it.
    """

    values: tuple[Value, ...]
    names: tuple[str, ...]
    factors: tuple[Any, ...]
    product: Any

    def __str__(self) -> str:
        way = " ← ".join(_shortened(self.names))
        if len(self.factors) > _LONG or any(f is None for f in self.factors):
            return f"{way}   {short(self.product)}"
        factors = [factor(f) for f in self.factors]
        product = " × ".join(factors) or "1"
        return f"{way}   {' = '.join(dict.fromkeys([product, number(self.product)]))}"


_LONG = 10


def _shortened(names: tuple[str, ...]) -> list[str]:
    """The names along a path, of a long one its ends."""
    if len(names) <= _LONG + 1:
        return list(names)
    return [*names[:5], f"… {len(names) - 8} more …", *names[-3:]]


@dataclass(frozen=True)
class GradientExplanation:
    """The multivariate chain rule of one gradient: count paths, and the largest of them.

    gradient: their sum, all counted. complete: whether `paths` are all of them. rest: the sum of
    those that are not shown.
    """

    name: str
    of: str
    count: int
    paths: tuple[GradientPath, ...]
    gradient: Any
    rest: Any

    @property
    def complete(self) -> bool:
        return len(self.paths) == self.count

    def __str__(self) -> str:
        if not self.count:
            return f"∂{self.of}/∂{self.name} = 0: no path leads from {self.of} to {self.name}."
        counted = "1 path" if self.count == 1 else f"{self.count:,} paths"
        lines = [f"∂{self.of}/∂{self.name} = {short(self.gradient)}, the sum over {counted}:"]
        lines += [f"  {path}" for path in self.paths]
        if not self.complete:
            more = self.count - len(self.paths)
            lines.append(f"  … and {more:,} more, whose sum is {short(self.rest)}")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class _Partial:
    """A path from the loss to some Value, as a chain of its last step and what came before."""

    value: Value
    g: Any
    factor: Any
    before: "_Partial | None"

    def size(self) -> float:
        parts = self.g.values() if type(self.g) is Parts else (self.g,)
        size = max((float(np.max(np.abs(g), initial=0)) for g in parts), default=0.0)
        return size if size == size else np.inf


def explain_grad(
    x: Value, loss: Value, *, most: int = 20, names: Mapping[str, Any] | None = None
) -> GradientExplanation:
    """The gradient of one Value as a sum over paths: ∂L/∂x = Σ over paths Π of local derivatives.

    Each path from the loss to x contributes the product of the local derivatives along it; a Value
    that is used twice has two paths at least, which is why gradients are added.

    most: so many paths are listed, the largest ones; all are counted, not enumerated, and their
        sum is there. Between numbers the largest are found exactly; between arrays, where a long
        path can grow again, they are the largest on the way.
    names: variables, such as `locals()`, to name Values by; else their labels.

    Reads the record, and leaves `.grad` alone. Raises ShapeMismatch for a loss that is not one
    real number.

    >>> a = Value(3.0, label="a")
    >>> b = a * a
    >>> b.label = "b"
    >>> print(explain_grad(a, b))
    ∂b/∂a = 6, the sum over 2 paths:
      b ← a   3
      b ← a   3
    """
    if type(x) is not Value:
        raise TypeError(f"explain_grad takes a Value and a loss, not {type(x).__name__}.")
    if most < 1:
        raise ValueError(f"most is {most}; it must be at least 1.")
    backward = BackwardPass(loss)
    if x is not loss and loss in set(everything_behind(x)):
        raise ValueError(
            "this Value depends on the loss, not the loss on it: it is explain_grad(x, loss)."
        )
    values = dict.fromkeys([*backward.values, x])
    named = identifiers(values, names_of(values, names))
    counts, partials = _search(x, backward, most)
    paths = tuple(_path(partial, named) for partial in partials)
    gradient = backward.gradient(x)
    rest = gradient
    for path in paths:
        rest = _less(rest, path.product)
    return GradientExplanation(named[x], named[loss], counts, paths, gradient, rest)


def _less(a: Any, b: Any) -> Any:
    return tuple(map(_less, a, b)) if isinstance(a, tuple) else a - b


def _search(x: Value, backward: BackwardPass, most: int) -> tuple[int, list[_Partial]]:
    """How many paths there are, and the largest ones: at each Value the best so far are kept."""
    loss = backward.loss
    needed = leading_to([x], backward.calls)
    counts = {loss: 1}
    best = {loss: [_Partial(loss, like(1.0, loss.data), None, None)]}
    with np.errstate(all="ignore"):
        for call in backward.calls:
            if call not in best or call not in needed:
                continue
            partials = best[call] if call is x else best.pop(call)
            for place, parent in _edges(call, needed):
                counts[parent] = counts.get(parent, 0) + counts[call]
                found = best.setdefault(parent, [])
                found += [_extended(p, call, place, parent) for p in partials]
                if len(found) > most:
                    found.sort(key=_Partial.size, reverse=True)
                    del found[most:]
    found = sorted(best.get(x, []), key=_Partial.size, reverse=True)
    return counts.get(x, 0), found


def _edges(call: Value, needed: Any) -> list[tuple[int, Value]]:
    """The arguments of a call that gradients go on to."""
    if type(call.data) is tuple:
        unit: Any = Parts({i: like(0, x) for i, x in enumerate(call.data)})
    else:
        unit = like(1, call.data)
    return [(i, p) for i, p, _ in passed_on(call, unit, needed)]


def _extended(partial: _Partial, call: Value, place: int, parent: Value) -> _Partial:
    """The path one call further."""
    g = partial.g
    c = next(c for i, _, c in passed_on(call, g) if i == place)
    return _Partial(parent, c, local_slope(call, place, g, c), partial)


def _path(partial: _Partial, names: Mapping[Value, str]) -> GradientPath:
    values, factors = [], []
    step: _Partial | None = partial
    while step is not None:
        values.append(step.value)
        if step.before is not None:
            factors.append(step.factor)
        step = step.before
    values.reverse()
    factors.reverse()
    product = as_gradient(partial.g, partial.value)
    return GradientPath(tuple(values), tuple(names[v] for v in values), tuple(factors), product)
