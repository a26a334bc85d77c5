"""What the record of a loss tells: its calls, their names, and which units did nothing."""

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["active_units", "calls", "hidden", "layer_names", "name", "reached", "shape_of"]


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
    """The name of the function that made a Value, without NumPy's aliases and our underscores."""
    said = getattr(value.fn, "__name__", "").strip("_")
    return {"expit": "sigmoid"}.get(said, said)


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
    counts: dict[str, int] = {}
    for v in values:
        y = v.data
        if v.fn is None or isinstance(y, tuple) or np.ndim(y) < 2:
            continue
        if (moved := _moved(v, y)) is None:
            continue
        kind = "relu" if name(v) == "maximum" else name(v)
        counts[kind] = counts.get(kind, 0) + 1
        unit = 1 if np.ndim(y) > 3 or _is_of_channels(v) else np.ndim(y) - 1
        others = tuple(axis for axis in range(np.ndim(y)) if axis != unit)
        yield f"{kind} {counts[kind]}", np.any(moved, axis=others)


def _is_of_channels(v: Any) -> bool:
    """Whether it comes from a convolution, with no more between than a bias, a norm, a pool."""
    while v.parents:
        v = v.parents[0]
        if name(v) in ("convolve", "convolve_and_shift", "convolve_back"):
            return True
        if name(v) not in _KEEP_CHANNELS:
            return False
    return False


_KEEP_CHANNELS = {
    "add", "divide", "max_of_windows", "multiply", "part", "relu", "reshape", "scale_and_shift",
    "shifted", "sigmoid", "standardize", "subtract", "sum_of_windows", "tanh",
}  # fmt: skip


def _moved(v: Any, y: Any) -> Any:
    kind = name(v)
    if kind == "relu" or (kind == "maximum" and any(np.ndim(a) == 0 and a == 0 for a in _plain(v))):
        return y > 0
    if kind == "tanh":
        return np.abs(y) < 0.99
    if kind == "sigmoid":
        return (y > 0.005) & (y < 0.995)
    return None


def _plain(v: Any) -> list[Any]:
    return [a for a in v.args if not hasattr(a, "backward")]


def layer_names(trainer: Any) -> dict[int, str]:
    """For each parameter of the optimizer, by identity, the name of the layer that it is in."""
    named = {id(p): n for n, p in getattr(trainer.model, "named_parameters", tuple)()}
    return {
        id(p): (named[id(p)].rpartition(".")[0] or "model") if id(p) in named else f"parameter {k}"
        for k, p in enumerate(trainer.optimizer.parameters())
    }
