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

from autograd.derivatives.registry import Derivative, name_of
from autograd.derivatives.several import Parts
from autograd.errors import ShapeMismatch

__all__ = ["ALONE", "MORE", "contributions", "leading_to", "newest_first", "walk"]

# What a Value's second slot says when it holds no second argument.
ALONE = type("ALONE", (), {"__doc__": "The call had one argument."})()
MORE = type("MORE", (), {"__doc__": "The first slot holds the tuple of all arguments."})()


def newest_first(roots: Iterable[Any], since: int = 0) -> list[Any]:
    """The calls that the roots stand on, newest first; of those, the ones made since a number."""
    search = object()  # left as a mark in whatever it finds: a set of so many would be slower
    todo, found = [], []
    for root in roots:
        kind = type(root)
        if root._call is not None and root._search is not search:
            root._search = search
            todo.append(root)
    while todo:
        node = todo.pop()
        found.append(node)
        a, b = node._a, node._b
        if b is MORE:
            for c in a[0] if node._call.sequence else a:
                if type(c) is kind and c._search is not search and c._call and c._number >= since:
                    c._search = search
                    todo.append(c)
            continue
        if type(a) is kind and a._search is not search and a._call and a._number >= since:
            a._search = search
            todo.append(a)
        if type(b) is kind and b._search is not search and b._call and b._number >= since:
            b._search = search
            todo.append(b)
    found.sort(key=attrgetter("_number"), reverse=True)
    return found


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
    pop = grads.pop
    for node in nodes:
        g = pop(node, None)
        if retain is not None:
            node._grad = g if retain else None
        if g is None or (type(g) is float and not g):  # where nothing comes in, nothing goes out
            continue
        call = node._call
        a, b = node._a, node._b
        if b is MORE:
            for _, parent, c in contributions(node, g, needed, recorded):
                grads[parent] = grads[parent] + c if parent in grads else c
            continue
        y, x, w = node._value, node._a_seen, node._b_seen
        if recorded:
            y, x, w = node, _linked(a, x), _linked(b, w)
        kind = type(node)
        if type(a) is kind and (rule := call.first) and (needed is None or a in needed):
            c = rule(g, y, x) if b is ALONE else rule(g, y, x, w)
            if not type(c) is type(node._a_seen) is float:
                c = _fit(c, a, node._a_seen, g, call, 0)
            grads[a] = grads[a] + c if a in grads else c
        if type(b) is kind and (rule := call.second) and (needed is None or b in needed):
            c = rule(g, y, x, w)
            if not type(c) is type(node._b_seen) is float:
                c = _fit(c, b, node._b_seen, g, call, 1)
            grads[b] = grads[b] + c if b in grads else c


def contributions(
    node: Any, g: Any, needed: Collection[Any] | None = None, recorded: bool = False
) -> Iterator[tuple[int, Any, Any]]:
    """What a call passes on: to the argument of which place, which Value that is, and how much."""
    call = node._call
    if node._b is MORE:
        args, seen, settings = node._a, node._a_seen, node._b_seen
    else:
        args, seen, settings = node.args, node.seen, {}
    inputs = tuple(map(_linked, args, seen)) if recorded else seen
    y = node if recorded else node._value
    kind = type(node)
    if call.sequence:
        shares = call.first(g, y, *inputs, **settings)
        for i, (arg, x, c) in enumerate(zip(args[0], seen[0], shares, strict=True)):
            if type(arg) is kind and (needed is None or arg in needed):
                yield i, arg, _fit(c, arg, x, g, call, 0)
        return
    for i, arg in enumerate(args):
        if type(arg) is kind and (rule := call.rules[i]) and (needed is None or arg in needed):
            yield i, arg, _fit(rule(g, y, *inputs, **settings), arg, seen[i], g, call, i)


def _linked(arg: Any, seen: Any) -> Any:
    """The argument for a recorded rule: the Value, as the call saw it, or the constant."""
    if type(arg) is tuple and type(seen) is tuple:
        return tuple(map(_linked, arg, seen))
    if not hasattr(arg, "_number"):
        return seen
    return arg if arg._value is seen else arg.as_seen(seen)


def _fit(c: Any, parent: Any, x: Any, g: Any, call: Derivative, i: int) -> Any:
    """A rule's result c in the shape and dtype of the argument x; for a leaf, memory of its own."""
    if not (type(c) is type(x) is np.ndarray and c.shape == x.shape and c.dtype is x.dtype):
        if type(c) is Parts:
            return c
        c = c if hasattr(c, "dtype") else np.asarray(c)
        if c.shape != getattr(x, "shape", ()):
            c = _sum_to(getattr(x, "shape", ()), c, call, i)
        dtype = x.dtype if hasattr(x, "dtype") else np.dtype(type(x))
        if c.dtype != dtype:
            c = (np.real(c) if c.dtype.kind == "c" != dtype.kind else c).astype(dtype)
        if type(c) is type(parent):
            return c
        c = np.asarray(c) if type(x) is np.ndarray else type(x)(c)
    if (
        parent._call is None
        and type(c) is np.ndarray
        and (c is g or c.base is not None or type(g) is Parts)
    ):
        return c.copy()
    return c


def _sum_to(shape: tuple[int, ...], c: Any, call: Derivative, i: int) -> Any:
    """Undo broadcasting: sum c over the axes along which an argument of this shape was repeated."""
    padded = (1,) * (c.ndim - len(shape)) + shape
    repeated = [k for k, (n, m) in enumerate(zip(padded, c.shape, strict=False)) if n != m]
    if not call.broadcasts or len(padded) > c.ndim or any(padded[k] != 1 for k in repeated):
        raise ShapeMismatch(
            f"rule {i} of {name_of(call.fn)} returned the shape {c.shape} for an argument of shape "
            f"{shape}: return the gradient in the argument's shape"
            + ("." if call.broadcasts else ", or define the function with broadcasts=True.")
        )
    axes = tuple(repeated)
    c = np.add.reduce(c, axes) if type(c) is np.ndarray else c.sum(axes)
    return c if c.shape == shape else c.reshape(shape)
