"""Nests of lists, tuples, named tuples and dicts: taken apart into leaves and built up again.

None is an empty nest, so that an absent bias needs no exception. The leaves of a dict come in the
order of its keys, so that two dicts with the same keys match; the dict itself keeps its own order.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.shaping import astype
from autograd.errors import ShapeMismatch
from autograd.table import data_of

__all__ = ["flatten", "map_nest", "ravel"]

_NESTS = (dict, list, tuple)
Rebuild = Callable[[list[Any]], Any]


def flatten(nest: Any) -> tuple[list[Any], Rebuild]:
    """The leaves of a nest, and the function that puts as many others in their places.

    >>> leaves, rebuild = flatten({"w": 1.0, "layers": [2.0, (3.0, None)]})
    >>> leaves
    [2.0, 3.0, 1.0]
    >>> rebuild([20.0, 30.0, 10.0])
    {'w': 10.0, 'layers': [20.0, (30.0, None)]}
    """
    if type(nest) is list and not any(isinstance(x, _NESTS) or x is None for x in nest):
        return nest[:], list  # nothing to look into
    leaves: list[Any] = []
    map_nest(leaves.append, nest)

    def rebuild(others: list[Any]) -> Any:
        rest = iter(others)
        return map_nest(lambda _: next(rest), nest)

    return leaves, rebuild


def map_nest(f: Callable[[Any], Any], nest: Any) -> Any:
    """The same nest with f(leaf) in the place of each leaf."""
    if not isinstance(nest, _NESTS):
        return None if nest is None else f(nest)
    if isinstance(nest, dict):
        mapped = {key: map_nest(f, nest[key]) for key in sorted(nest, key=str)}
        return {key: mapped[key] for key in nest}
    if isinstance(nest, list):
        return [map_nest(f, member) for member in nest]
    members = [map_nest(f, member) for member in nest]
    return type(nest)(*members) if hasattr(nest, "_fields") else tuple(members)


def ravel(nest: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of a nest in one vector, and the function that makes such nests of vectors.

    For routines that know vectors only, such as scipy.optimize.minimize. Both ways can be
    differentiated. Each leaf gets its own shape and dtype back (ints and bools become floats).

    Raises ShapeMismatch, a ValueError, for a vector of another length.

    >>> import numpy as np
    >>> vector, unravel = ravel({"w": np.eye(2), "b": 5.0})
    >>> vector
    array([5., 1., 0., 0., 1.])
    >>> unravel(2 * vector)["b"]
    np.float64(10.0)
    """
    leaves, rebuild = flatten(nest)
    shapes = [np.shape(leaf) for leaf in leaves]
    dtypes = [np.asarray(data_of(leaf)).dtype for leaf in leaves]
    dtypes = [dtype if dtype.kind in "fc" else np.dtype(float) for dtype in dtypes]
    ends = np.cumsum([0, *(np.size(leaf) for leaf in leaves)]).tolist()
    dtype = np.result_type(*dtypes) if leaves else float
    vector = np.concatenate([np.zeros(0, dtype), *(np.ravel(leaf) for leaf in leaves)])

    def unravel(vector: Any) -> Any:
        if np.shape(vector) != (ends[-1],):
            raise ShapeMismatch(
                f"the nest holds {ends[-1]} numbers in {len(leaves)} leaves; the vector has the "
                f"shape {np.shape(vector)}."
            )
        parts = [vector[start:stop] for start, stop in itertools.pairwise(ends)]
        shaped = [
            np.reshape(part, shape) if shape else part[0]
            for part, shape in zip(parts, shapes, strict=True)
        ]
        return rebuild(
            [
                x if np.result_type(data_of(x)) == own else astype(x, own)
                for x, own in zip(shaped, dtypes, strict=True)
            ]
        )

    return vector, unravel
