"""Scopes: which part of a program made which Values, so that pictures can group them.

A scope is an interval of the numbers that Values get when they are made. The newest ones are
kept in one log of bounded size, beside the record: no Value knows of it, and it keeps nothing
alive.
"""

import weakref
from collections import deque
from typing import Any, NamedTuple

from autograd.record import next_number
from autograd.recording import is_recording

__all__ = ["Interval", "intervals", "scope"]

_MOST = 16_384
# Three entries a scope: its first number, its owner, its last. Numbers and the one weak reference
# to an owner make no work for the cyclic collector, which tuples of them would.
_log: deque[Any] = deque(maxlen=3 * _MOST)


class Block:
    """What owns a scope that has only a name."""

    def __init__(self, name: str) -> None:
        self.name = name


_blocks: dict[str, Block] = {}  # by their names, as the log keeps no owner alive


class scope:
    """Within it, calls belong together: pictures draw them as one group, and can fold it.

    owner: the name of the group, or the object that it belongs to. A module's call is a scope by
        itself. Scopes stand in one another; the newest 16,384 are known.

    >>> from autograd import Value, draw
    >>> x = Value(2.0)
    >>> with scope("square"):
    ...     y = x * x
    >>> "square" in draw(y + 1).source
    True
    """

    __slots__ = ("_first", "_owner")

    def __init__(self, owner: object) -> None:
        self._owner = _blocks.setdefault(owner, Block(owner)) if isinstance(owner, str) else owner

    def __enter__(self) -> None:
        self._first = next_number()

    def __exit__(self, *_: object) -> None:
        if is_recording():
            _log.extend((self._first, weakref.ref(self._owner), next_number()))


class Interval(NamedTuple):
    """The Values numbered from first to last were made by the owner."""

    first: int
    last: int
    owner: Any


def intervals(first: int, last: int) -> list[Interval]:
    """The scopes with anything between two numbers, outer ones before inner ones."""
    entries = list(_log)
    found = [
        Interval(begin, end, owner)
        for begin, ref, end in zip(entries[::3], entries[1::3], entries[2::3], strict=True)
        if begin <= last and first <= end and (owner := ref()) is not None
    ]
    return sorted(found, key=lambda s: (s.first, -s.last))
