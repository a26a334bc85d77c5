"""Scopes: which part of a program made which Values, so that pictures can group them.

A scope is an interval of the numbers that Values get when they are made. The newest ones are
kept in one ring of bounded size, beside the record: no Value knows of it, and it keeps nothing
alive.
"""

import itertools
import weakref
from array import array
from typing import Any, NamedTuple

from autograd.record import next_number
from autograd.recording import is_recording

__all__ = ["Interval", "intervals", "scope"]

_MOST = 16_384
# A ring: of numbers as C has them, since Python's own, kept here, would lie scattered in the memory
# that the next graph is made in, and slow it down; names and weak references are few objects.
_firsts, _lasts = array("q", [0]) * _MOST, array("q", [0]) * _MOST
_names: list[str | type] = [""] * _MOST
_owners: list[Any] = [None] * _MOST
_next_place = itertools.count().__next__


def _nobody() -> None:
    """The owner of a scope that has only a name."""


class scope:
    """Within it, calls belong together: pictures draw them as one group, and can fold it.

    owner: the name of the group, or the object that it belongs to. A module's call is a scope by
        itself. Scopes stand in one another; the newest 16,384 are known. What another thread
        computes meanwhile, and joins to the same graph, counts as made in it.

    Raises TypeError for an owner that cannot be referred to weakly, such as a number; RuntimeError
    if one object is entered twice.

    >>> from autograd import Value, draw
    >>> x = Value(2.0)
    >>> with scope("square"):
    ...     y = x * x
    >>> "square" in draw(y + 1).source
    True
    """

    __slots__ = ("_first", "_name", "_owner")

    def __init__(self, owner: object) -> None:
        self._name = owner if isinstance(owner, str) else type(owner)
        self._owner: Any = _nobody if isinstance(owner, str) else weakref.ref(owner)

    def __enter__(self) -> None:
        if hasattr(self, "_first"):
            raise RuntimeError("a scope is entered once: write `with scope(...)` each time.")
        self._first = next_number()

    def __exit__(self, *_: object) -> None:
        if is_recording():
            _note(self._first, self._name, self._owner)

    # What a module's call does instead of making a scope, which would take three times as long.

    begin = staticmethod(next_number)

    @staticmethod
    def end(owner: object, first: int) -> None:
        """Note that the owner has made everything since `first = scope.begin()`."""
        if is_recording():
            _note(first, type(owner), weakref.ref(owner))


def _note(first: int, name: str | type, owner: Any) -> None:
    place = _next_place() % _MOST
    _firsts[place], _lasts[place] = first, next_number()
    _names[place], _owners[place] = name, owner


class Interval(NamedTuple):
    """The Values numbered from first to last were made in it; the owner is None if it is gone."""

    first: int
    last: int
    name: str
    owner: Any


def intervals(first: int, last: int) -> list[Interval]:
    """The scopes with anything between two numbers, outer ones before inner ones."""
    found = [
        Interval(begin, end, name if isinstance(name, str) else name.__name__, owner())
        for begin, end, name, owner in zip(_firsts, _lasts, _names, _owners, strict=True)
        if owner and begin <= last and first <= end
    ]
    return sorted(found, key=lambda s: (s.first, -s.last))
