"""Nests of lists, tuples, named tuples and dicts: taken apart into leaves and built up again.

None is an empty nest, so that an absent bias needs no exception. The leaves of a dict come in the
order of its keys, so that two dicts with the same keys match; the dict itself keeps its own order.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["flatten", "map_nest"]

Rebuild = Callable[[list[Any]], Any]


def flatten(nest: Any) -> tuple[list[Any], Rebuild]:
    """The leaves of a nest, and the function that puts as many others in their places.

    >>> leaves, rebuild = flatten({"w": 1.0, "layers": [2.0, (3.0, None)]})
    >>> leaves
    [2.0, 3.0, 1.0]
    >>> rebuild([20.0, 30.0, 10.0])
    {'w': 10.0, 'layers': [20.0, (30.0, None)]}
    """
    leaves: list[Any] = []
    map_nest(leaves.append, nest)

    def rebuild(others: list[Any]) -> Any:
        rest = iter(others)
        return map_nest(lambda _: next(rest), nest)

    return leaves, rebuild


def map_nest(f: Callable[[Any], Any], nest: Any) -> Any:
    """The same nest with f(leaf) in the place of each leaf."""
    if nest is None:
        return None
    if isinstance(nest, dict):
        mapped = {key: map_nest(f, nest[key]) for key in sorted(nest, key=str)}
        return {key: mapped[key] for key in nest}
    if isinstance(nest, list):
        return [map_nest(f, member) for member in nest]
    if isinstance(nest, tuple):
        members = [map_nest(f, member) for member in nest]
        return type(nest)(*members) if hasattr(nest, "_fields") else tuple(members)
    return f(nest)
