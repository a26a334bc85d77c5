"""Reverse-mode differentiation: one walk over the record, newest call first.

A Value is always younger than the Values it was made from. So when the calls are taken in the
order of their creation, read backwards, every use of a Value comes before the Value itself, and
its gradient is complete when its turn comes. That is the topological order, with no search for
it, no recursion, and no limit of depth.

This module knows the table of derivatives. Of a Value it knows only what stands in its slots.
"""

from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from autograd.derivatives.registry import TABLE, Derivative, name_of
from autograd.errors import ShapeMismatch

__all__ = ["ALONE", "MORE", "leading_to", "newest_first", "walk"]

# What a Value's second slot says when it holds no second argument.
ALONE = type("ALONE", (), {"__doc__": "The call had one argument."})()
MORE = type("MORE", (), {"__doc__": "The first slot holds the tuple of all arguments."})()


def newest_first(roots: Iterable[Any], since: int = 0) -> list[Any]:
    """The calls that the roots stand on, newest first; of those, the ones made since a number."""
    todo = [root for root in dict.fromkeys(roots) if root.fn is not None]
    kind = type(todo[0]) if todo else None
    found = set(todo)
    for node in todo:  # which grows meanwhile
        a, b = node._a, node._b
        if b is MORE:
            for a in node.parents:
                if a.fn is not None and a._number >= since and a not in found:
                    found.add(a)
                    todo.append(a)
            continue
        if type(a) is kind and a.fn is not None and a._number >= since and a not in found:
            found.add(a)
            todo.append(a)
        if type(b) is kind and b.fn is not None and b._number >= since and b not in found:
            found.add(b)
            todo.append(b)
    todo.sort(key=attrgetter("_number"), reverse=True)
    return todo


def leading_to(wrt: Iterable[Any], nodes: list[Any]) -> set[Any]:
    """Those Values among the nodes, newest first, through which gradients come to `wrt`."""
    needed = set(wrt)
    for node in reversed(nodes):
        if not needed.isdisjoint(node.parents):
            needed.add(node)
    return needed


def walk(
    nodes: Iterable[Any],
    grads: dict[Any, Any],
    *,
    needed: Collection[Any] | None = None,
    recorded: bool = False,
    retain: bool | None = None,
) -> None:
    """Replace, in `grads`, the gradients of the nodes by what they contribute to their parents.

    Afterwards `grads` holds the gradients of the leaves, or of those Values of `needed` that are
    no nodes. With recorded=True the rules run on Values, and their results can be differentiated
    again. Nodes keep their gradient with retain=True, lose an earlier one with retain=False.
    """
    for node in nodes:
        g = grads.pop(node, None)
        if retain is not None:
            node._grad = g if retain else None
        if g is None:
            continue
        derivative = TABLE[node.fn]
        a, b = node._a, node._b
        if b is MORE:
            for parent, c in _contributions(derivative, node, g, needed, recorded):
                grads[parent] = grads[parent] + c if parent in grads else c
            continue
        y, x, w = node._data, node._a_seen, node._b_seen
        if recorded:
            y, x, w = node, _linked(a, x), _linked(b, w)
        kind = type(node)
        if type(a) is kind and (rule := derivative.rules[0]) and (needed is None or a in needed):
            c = rule(g, y, x) if b is ALONE else rule(g, y, x, w)
            if not type(c) is type(node._a_seen) is float:
                c = _fit(c, a, node._a_seen, g, derivative, 0)
            grads[a] = grads[a] + c if a in grads else c
        if type(b) is kind and (rule := derivative.rules[1]) and (needed is None or b in needed):
            c = rule(g, y, x, w)
            if not type(c) is type(node._b_seen) is float:
                c = _fit(c, b, node._b_seen, g, derivative, 1)
            grads[b] = grads[b] + c if b in grads else c


def _contributions(
    derivative: Derivative, node: Any, g: Any, needed: Collection[Any] | None, recorded: bool
) -> Iterator[tuple[Any, Any]]:
    """What a call of many arguments, or with settings, passes on: each parent and its share."""
    args, seen, kwargs = node._a, node._a_seen, node._b_seen
    inputs = tuple(map(_linked, args, seen)) if recorded else seen
    y = node if recorded else node._data
    for i, (arg, saw) in enumerate(zip(args, seen, strict=True)):
        members, saw = (
            (arg, saw) if type(arg) is tuple and derivative.sequence else ((arg,), (saw,))
        )
        wanted = [type(m) is type(node) and (needed is None or m in needed) for m in members]
        if not any(wanted) or (rule := derivative.rules[i]) is None:
            continue
        c = rule(g, y, *inputs, **kwargs)
        for k, share in enumerate(c if derivative.sequence else (c,)):
            if wanted[k]:
                yield members[k], _fit(share, members[k], saw[k], g, derivative, i)


def _linked(arg: Any, seen: Any) -> Any:
    """The argument for a recorded rule: the Value, as the call saw it, or the constant."""
    if type(arg) is tuple and type(seen) is tuple:
        return tuple(map(_linked, arg, seen))
    if not hasattr(arg, "_number"):
        return seen
    return arg if arg._data is seen else arg.as_seen(seen)


def _fit(c: Any, parent: Any, x: Any, g: Any, derivative: Derivative, i: int) -> Any:
    """A rule's result c in the shape and dtype of the argument x; for a leaf, memory of its own."""
    if not (type(c) is type(x) is np.ndarray and c.shape == x.shape and c.dtype is x.dtype):
        c = c if hasattr(c, "dtype") else np.asarray(c)
        if c.shape != np.shape(x):
            c = _sum_to(np.shape(x), c, derivative, i)
        dtype = x.dtype if hasattr(x, "dtype") else np.dtype(type(x))
        if c.dtype != dtype:
            c = (np.real(c) if c.dtype.kind == "c" != dtype.kind else c).astype(dtype)
        if type(c) is type(parent):
            return c
        c = np.asarray(c) if type(x) is np.ndarray else type(x)(c)
    if parent.fn is None and type(c) is np.ndarray and (c is g or c.base is not None):
        return c.copy()
    return c


def _sum_to(shape: tuple[int, ...], c: Any, derivative: Derivative, i: int) -> Any:
    """Undo broadcasting: sum c over the axes along which an argument of this shape was repeated."""
    ahead = c.ndim - len(shape)
    fits = ahead >= 0 and all(n in (1, m) for n, m in zip(shape, c.shape[ahead:], strict=True))
    if not (derivative.broadcasts and fits):
        raise ShapeMismatch(
            f"rule {i} of {name_of(derivative.fn)} returned the shape {c.shape} for an argument of "
            f"shape {shape}: return the gradient in the argument's shape"
            + ("." if derivative.broadcasts else ", or define the function with broadcasts=True.")
        )
    repeated = [k for k in range(c.ndim) if k < ahead or shape[k - ahead] != c.shape[k]]
    c = c.sum(axis=tuple(repeated))
    return c if c.shape == shape else c.reshape(shape)
