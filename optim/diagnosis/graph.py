"""What the record of a loss tells: its calls, their names, and which units did nothing.

No function is known by its name: what matters of one is among its `facts`, which stand beside its
rule; `nn.functional` explains them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = [
    "activations", "active_units", "calls", "facts_of", "hidden", "layer_names", "name", "reached",
    "shape_of", "word",
]  # fmt: skip


def calls(loss: Any) -> list[Any]:
    """The Values that the loss was computed from, each after its parents; leaves included."""
    found: list[Any] = []
    seen: set[int] = set()
    waiting = [(loss, False)]
    while waiting:
        value, expanded = waiting.pop()
        if expanded:
            found.append(value)
        elif id(value) not in seen:
            seen.add(id(value))
            waiting.append((value, True))
            waiting += [(parent, False) for parent in reversed(value.parents)]
    return found


def name(value: Any) -> str:
    """The name of the function that made a Value, for messages, without our underscores."""
    return str(getattr(value.fn, "__name__", "")).strip("_")


def facts_of(x: Any) -> dict[str, Any]:
    """What the rule of the function that made a Value has beside it; of anything else nothing."""
    return getattr(x, "facts", {})


def word(value: Any) -> str:
    """What messages call an activation or a loss: sigmoid, and not expit."""
    return str(facts_of(value).get("word") or name(value))


def reached(values: list[Any]) -> set[int]:
    """The identities of the leaves among the Values."""
    return {id(v) for v in values if v.fn is None}


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a Value or an array; of anything else ()."""
    return tuple(getattr(x, "shape", ()))


def hidden(values: list[Any]) -> list[Any]:
    """The calls whose results go on to meet a parameter: the inside of a network, not its loss."""
    inside: set[int] = set()
    for v in reversed(values):
        leaves = {id(p) for p in v.parents if p.fn is None}
        if id(v) in inside:
            inside.update(id(p) for p in v.parents)
        elif leaves:
            inside.update(id(p) for p in v.parents if id(p) not in leaves)
    return [v for v in values if id(v) in inside]


def active_units(values: list[Any]) -> Iterator[tuple[str, Any]]:
    """For each call of an activation: its name, and for each unit whether any sample moves it.

    A unit of relu is dead where it is 0 for all samples, one of tanh and sigmoid where all are
    within 1 % of their bounds: there no gradient comes through, or hardly any. Units are the last
    axis; of images (N, C, H, W), and of what comes from a convolution, the second one.
    """
    return ((name, active) for name, _, active in activations(values))


def activations(values: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """What `active_units` gives, each with the Value of its call in the middle."""
    counts: dict[str, int] = {}
    for v in values:
        active = facts_of(v).get("active")
        if active is None or (ndim := np.ndim(v.data)) < 2 or (moved := active(v)) is None:
            continue
        kind = word(v)
        counts[kind] = counts.get(kind, 0) + 1
        unit = 1 if ndim > 3 or _is_of_channels(v) else ndim - 1
        others = tuple(axis for axis in range(ndim) if axis != unit)
        yield f"{kind} {counts[kind]}", v, np.any(moved, axis=others)


def _is_of_channels(v: Any) -> bool:
    """Whether it comes from a convolution, with no more between than a bias, a norm, a pool."""
    while v.parents:
        v = v.parents[0]
        channels = facts_of(v).get("channels")
        if channels != "kept":
            return channels == "made"
    return False


def layer_names(trainer: Any) -> dict[int, str]:
    """For each parameter of the optimizer, by identity, the name of the layer that it is in."""
    named = {id(p): n for n, p in getattr(trainer.model, "named_parameters", tuple)()}
    return {
        id(p): (named[id(p)].rpartition(".")[0] or "model") if id(p) in named else f"parameter {k}"
        for k, p in enumerate(trainer.optimizer.parameters())
    }
