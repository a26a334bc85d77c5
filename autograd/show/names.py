"""What Values are called in pictures and in print: by the caller, by a module, by their label."""

import keyword
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd.show.drawing.groups import intervals_of
from autograd.show.words import visible
from autograd.value import Value

__all__ = ["as_variable", "constants_of", "identifiers", "names_of", "unique"]


def names_of(values: Iterable[Value], names: Mapping[str, Any] | None = None) -> dict[Value, str]:
    """The names of those Values that have one; no two have the same.

    names: variables, such as `locals()`: Values, modules, and lists, tuples and dicts of them. They
        come before the names that modules have for their parameters, and those before labels.
    """
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(
            f"names are variables by name, such as locals(), not {type(names).__name__}."
        )
    values = list(values)
    found: dict[Value, str] = {}
    for variable, x in _shown(names):
        for name, value in _within(variable, x, 4):
            found.setdefault(value, name)
    by_module = _parameters(values)
    taken: dict[str, int] = {}
    shown = {}
    for v in values:
        name = found.get(v) or _better(v.label, by_module.get(v, ""))
        if name:
            shown[v] = unique(visible(name), taken)
    return shown


def constants_of(names: Mapping[str, Any] | None) -> dict[int, str]:
    """The names of plain arrays among the variables, by their identity."""
    return {id(x): name for name, x in _shown(names) if isinstance(x, np.ndarray)}


def _shown(names: Mapping[str, Any] | None) -> Iterator[tuple[str, Any]]:
    """The variables, but for those that are a notebook's own."""
    for name, x in (names or {}).items():
        if not str(name).startswith("_") and name not in ("In", "Out"):
            yield str(name), x


def _better(label: str, by_module: str) -> str:
    """A label that someone chose, or the longer name for the one that a layer gave."""
    return by_module if not label or by_module.rpartition(".")[2] == label else str(label)


def unique(name: str, taken: dict[str, int]) -> str:
    """The name, with a number behind it if it is taken; `taken` has the last number of each."""
    free = name
    while free in taken:
        taken[name] += 1
        free = f"{name}_{taken[name]}"
    taken[free] = 1
    return free


def _within(name: str, value: Any, depth: int) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Value):
        yield name, value
    elif hasattr(value, "named_parameters") and not isinstance(value, type):
        yield from ((f"{name}.{inner}", p) for inner, p in value.named_parameters())
    elif depth and isinstance(value, list | tuple):
        for i, member in enumerate(value):
            yield from _within(f"{name}[{i}]", member, depth - 1)
    elif depth and isinstance(value, dict):
        for key, member in value.items():
            yield from _within(f"{name}[{key!r}]", member, depth - 1)


def _parameters(values: list[Value]) -> dict[Value, str]:
    """The names of parameters in the outermost of the modules that were called."""
    found: dict[Value, str] = {}
    for interval in intervals_of(values):
        if hasattr(interval.owner, "named_parameters"):
            for name, p in interval.owner.named_parameters():
                found.setdefault(p, name)
    return found


def identifiers(values: Iterable[Value], shown: Mapping[Value, str]) -> dict[Value, str]:
    """A name for every Value: the one that is shown, or `v` and a number, oldest first."""
    taken = dict.fromkeys(shown.values(), 1)
    named = {}
    for number, v in enumerate(values, 1):
        named[v] = shown.get(v) or unique(f"v{number}", taken)
    return named


def as_variable(name: str) -> str:
    """A name as Python takes it for a variable."""
    normal = unicodedata.normalize("NFKC", name)  # as Python reads it
    word = "".join(c if f"a{c}".isidentifier() else " " for c in normal)
    word = "_".join(word.replace("_", " ").split()) or "v"
    word = f"layer_{word}" if not word.isidentifier() else word
    return f"{word}_" if keyword.iskeyword(word) else word
