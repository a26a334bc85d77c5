"""Which modules, or named blocks, the Values of a graph were made in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd.scopes import Interval, intervals
from autograd.value import Value

__all__ = ["Group", "groups_of", "intervals_of"]

_DEEPEST = 50  # groups in one another, which no picture could show


@dataclass(eq=False)
class Group:
    """One call of a module, or one block: its name, and the groups around and inside it."""

    label: str
    owner: Any
    number: int
    around: "Group | None" = None
    inside: list["Group"] = field(default_factory=list)

    @property
    def path(self) -> tuple["Group", ...]:
        """The groups around it and itself, the outermost first."""
        found = [self]
        while found[-1].around:
            found.append(found[-1].around)
        return tuple(reversed(found))


def groups_of(values: Sequence[Value]) -> dict[Value, Group]:
    """The innermost group of each Value that was made in one.

    A leaf belongs to the group that it was made in, or whose parameter it is.
    """
    found: dict[Value, Group] = {}
    waiting = iter(intervals_of(values))
    upcoming = next(waiting, None)
    open_now: list[tuple[Interval, Group]] = []
    count = 0
    for v in values:  # oldest first, as the intervals are by where they begin
        while upcoming is not None and upcoming.first < v._number:
            _close(open_now, upcoming.first)
            around = open_now[-1][1] if open_now else None
            if len(open_now) < _DEEPEST:
                group = Group(_label(upcoming, around), upcoming.owner, count, around)
                open_now.append((upcoming, group))
                count += 1
            upcoming = next(waiting, None)
        _close(open_now, v._number)
        if open_now:
            found[v] = open_now[-1][1]
    _adopt_leaves(values, found)
    for group in dict.fromkeys(g for innermost in found.values() for g in innermost.path):
        if group.around:
            group.around.inside.append(group)
    return found


def intervals_of(values: Iterable[Value]) -> list[Interval]:
    """The scopes in which any of the calls was made."""
    numbers = [v._number for v in values if v.fn is not None]
    return intervals(min(numbers), max(numbers)) if numbers else []


def _close(open_now: list[tuple[Interval, Group]], number: int) -> None:
    while open_now and open_now[-1][0].last < number:
        open_now.pop()


def _adopt_leaves(values: Iterable[Value], found: dict[Value, Group]) -> None:
    users: dict[Value, list[tuple[Group, ...]]] = {}
    for v in values:
        for parent in v.parents:
            if parent.fn is None:
                users.setdefault(parent, []).append(found[v].path if v in found else ())
    for leaf, paths in users.items():
        shared = _shared(paths)
        if leaf not in found and shared and _belongs(leaf, shared, paths):
            found[leaf] = shared[-1]


def _belongs(leaf: Value, shared: tuple[Group, ...], paths: Sequence[tuple[Group, ...]]) -> bool:
    """Whether a leaf is a part of a group, and not what the group is given.

    Modules know their parameters; elsewhere it is what one innermost group alone uses.
    """
    modules = [g.owner for g in shared if hasattr(g.owner, "parameters")]
    if modules:
        return any(p is leaf for p in modules[0].parameters())
    return all(path == shared for path in paths)


def _shared(paths: Sequence[tuple[Group, ...]]) -> tuple[Group, ...]:
    """What all paths begin with."""
    first = paths[0]
    for k, group in enumerate(first):
        if any(len(path) <= k or path[k] is not group for path in paths):
            return first[:k]
    return first


def _label(interval: Interval, around: Group | None) -> str:
    """The name of a group, with what the module around it calls it."""
    name = ""
    while around and interval.owner is not None and not name:  # past named blocks, to a module
        name = next((n for n, part in _parts(around.owner) if part is interval.owner), "")
        around = around.around
    return f"{name}: {interval.name}" if name else interval.name


def _parts(owner: Any, depth: int = 4) -> Iterator[tuple[str, Any]]:
    """What stands in a module by name, in its lists and dicts too."""
    members: Iterable[tuple[Any, Any]] = ()
    if hasattr(owner, "named_members"):
        members = owner.named_members()
    elif isinstance(owner, dict):
        members = owner.items()
    elif isinstance(owner, list | tuple):
        members = enumerate(owner)
    for name, member in members:
        yield str(name), member
        if depth and isinstance(member, dict | list | tuple):
            yield from ((f"{name}.{inner}", part) for inner, part in _parts(member, depth - 1))
