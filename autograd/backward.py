"""Reverse-mode differentiation: one walk over the record, newest call first.

A Value is always younger than the Values it was made from. So when the calls are taken in the
order of their creation, read backwards, every use of a Value comes before the Value itself, and
its gradient is complete when its turn comes. That is the topological order, with no recursion,
and no limit of depth.

The walk takes the rules as they stand. Only where that leaves what is not finite it is done again,
with care: see `absence`.
"""

from _thread import RLock
from collections.abc import Callable, Collection, Iterable
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

import autograd.derivatives  # noqa: F401 (which fills the table)
from autograd.absence import Careful, Presence, Trail, presence
from autograd.call import TABLE, Contribution, Parts, Rules, contributions, pulled, wanted
from autograd.errors import ShapeMismatch
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, is_finite, like

__all__ = ["add_gradients", "leading_to", "newest_first", "walk"]

Gradients: TypeAlias = dict[Any, Cotangent]  # by Values


def newest_first(roots: Iterable[Any], since: int = 0) -> list[Any]:
    """The calls that the roots stand on, newest first; of those, the ones made since a number."""
    todo = [v for v in dict.fromkeys(roots) if v._call is not None]
    found = set(todo)
    while todo:
        for v in todo.pop().parents:
            if v._call is not None and v._number >= since and v not in found:
                found.add(v)
                todo.append(v)
    return sorted(found, key=attrgetter("_number"), reverse=True)


def leading_to(wrt: Iterable[Any], nodes: list[Any]) -> set[Any]:
    """Those Values among the nodes, newest first, through which gradients come to `wrt`."""
    needed = set(wrt)
    for node in reversed(nodes):
        if not needed.isdisjoint(node.parents):
            needed.add(node)
    return needed


def walk(
    nodes: list[Any],
    grads: Gradients,
    *,
    needed: Collection[Any] | None = None,
    recorded: bool = False,
    retain: bool | None = None,
    basis: bool = False,
) -> None:
    """Replace, in `grads`, the gradients of the nodes by what they contribute to their parents.

    Afterwards `grads` holds the gradients of the leaves, or of those Values of `needed` that are
    no nodes. With recorded=True the rules run on Values, and their results can be differentiated
    again. Nodes keep their gradient with retain=True, lose an earlier one with retain=False.

    basis: a 0 in the gradients that are given says that there is none, as in rows of a Jacobian.
    """
    seeds = dict(grads)
    present = {v: presence(g, basis) for v, g in grads.items()} if recorded else {}
    passes = Trail(nodes, present, needed).contributions if recorded else contributions
    try:
        with np.errstate(all="ignore"):
            _walk(nodes, grads, passes, needed, recorded, retain)
        if all(map(_is_finite, grads.values())) and not (retain and any(map(_hides, nodes))):
            return
    except ArithmeticError:  # Python's numbers raise where NumPy has an answer
        pass
    present = {v: presence(g, basis) for v, g in seeds.items()}
    careful = Careful(nodes, present, needed)
    grads.clear()
    grads.update(seeds)
    with np.errstate(all="ignore"):
        _walk(nodes, grads, careful.contributions, needed, recorded, retain)
    careful.report(grads, [node._grad for node in nodes if retain])


def _walk(
    nodes: Iterable[Any],
    grads: Gradients,
    passes: Callable[..., list[Contribution]],
    needed: Collection[Any] | None,
    recorded: bool,
    retain: bool | None,
) -> None:
    for node in nodes:
        g = grads.pop(node, None)
        if retain is not None:
            node._grad = g if retain else None
        if g is None:
            continue
        for place, parent, x, c in passes(node, g, needed, recorded):
            c = fit(c, parent, x, g, node._call, place)
            grads[parent] = grads[parent] + c if parent in grads else c


def _is_finite(g: Cotangent) -> bool:
    if type(g) is Parts:
        return all(map(_is_finite, g.gradients.values()))
    return is_finite(getattr(g, "_value", g))


def _hides(node: Any) -> bool:
    """True if a kept gradient is not finite, and a call routed that away from the leaves."""
    return bool(node._call.routes) and node._grad is not None and not _is_finite(node._grad)


# ----------------------------------------------------------------- shapes, types, ownership


def fit(c: Cotangent, parent: Any, x: Data, g: Cotangent, call: Rules, place: int) -> Cotangent:
    """A rule's result c in the shape and dtype of the argument x; for a leaf, memory of its own."""
    if type(c) is type(x) is float:
        return c
    if not (type(c) is type(x) is np.ndarray and c.shape == x.shape and c.dtype is x.dtype):
        if type(c) is Parts:
            return c
        c = c if hasattr(c, "dtype") else np.asarray(c)
        if c.shape != getattr(x, "shape", ()):
            c = _sum_to(getattr(x, "shape", ()), c, call, place)
        dtype = x.dtype if hasattr(x, "dtype") else np.dtype(type(x))
        if c.dtype != dtype:
            c = (np.real(c) if c.dtype.kind == "c" != dtype.kind else c).astype(dtype)
        if type(c) is type(parent):
            return c
        c = np.asarray(c) if type(x) is np.ndarray else type(x)(c)
    shared = type(c) is np.ndarray and (c is g or c.base is not None or type(g) is Parts)
    return c.copy() if shared and parent._call is None else c


def _sum_to(shape: tuple[int, ...], c: Cotangent, call: Rules, place: int) -> Cotangent:
    """Undo broadcasting: sum c over the axes along which an argument of this shape was repeated."""
    padded = (1,) * (c.ndim - len(shape)) + shape
    repeated = [k for k, (n, m) in enumerate(zip(padded, c.shape, strict=False)) if n != m]
    if not call.broadcasts or len(padded) > c.ndim or any(padded[k] != 1 for k in repeated):
        raise ShapeMismatch(
            f"rule {place} of {name_of(call.fn)} returned the shape {c.shape} for an argument of "
            f"shape {shape}: return the gradient in the argument's shape"
            + ("." if call.broadcasts else ", or define the function with broadcasts=True.")
        )
    axes = tuple(repeated)
    c = np.add.reduce(c, axes) if type(c) is np.ndarray else c.sum(axes)
    return c if c.shape == shape else c.reshape(shape)


# -------------------------------------------------------------------- from one Value to `.grad`

_adding = RLock()  # a rule may call backward() itself
_MULTIPLY, _ADD = TABLE[np.multiply], TABLE[np.add]


def add_gradients(root: Any, g: Cotangent, retain: bool) -> None:
    """Add to the `grad` of the leaves that root stands on; give the Values between theirs.

    g: the gradient of root. retain: whether Values between keep theirs.
    """
    reached: Gradients = {root: g}
    if type(g) is float and root._call is not None:
        with _adding, np.errstate(all="ignore"):
            reached = _walk_numbers(root, g, retain) or reached
    nodes = newest_first(reached)
    grads = {v: g for v, g in reached.items() if g is not None}
    if nodes:
        walk(nodes, grads, retain=retain)
    with _adding:
        for v, g in grads.items():
            if type(g) is not float and np.iscomplexobj(g):
                g = like(np.conjugate(g), g)  # so that v.data - lr * v.grad descends
            v._grad = g if v._grad is None else v._grad + g


def _walk_numbers(root: Any, g: float, retain: bool) -> Gradients:
    """The same walk, from a number for as long as all that it meets are numbers.

    The numbers of Values are the order: a call stands in `order` at its age. All its uses are
    younger, so they come before it, and the list grows ahead of the loop. Gradients add up in the
    slots of the calls, those of leaves apart; None is one that is absent. Returns the gradients of
    the leaves, and of the calls that the general walk goes on from; none if that must do it all.
    """
    top, order, far = root._number, [root, *[None] * 63], False
    calls = iter(order)
    found: Gradients = {}
    root._grad = g
    try:
        for node in calls:
            if node is None:
                continue
            g, call, a, b, x, w = node._grad, node._call, node._a, node._b, node._x, node._w
            if (a is not None and type(x) is not float) or (b is not None and type(w) is not float):
                if (shares := _of_numbers(node, g)) is None:
                    found |= {v: v._grad for v in (node, *calls) if v is not None}
                    break
            elif g is None:
                shares = ((a, None), (b, None))
            elif call is _MULTIPLY:
                shares = ((a, g * w), (b, g * x))
            elif call is _ADD:
                shares = ((a, g), (b, g))
            else:
                shares = _of_numbers(node, g)
            if not retain:
                node._grad = None
            for parent, c in shares:
                if parent is None:
                    continue
                if parent._call is not None:
                    age = top - parent._number
                    if age >= len(order) and not far:
                        far = not _has_room(order, age)
                    if age < len(order):
                        if order[age] is None:
                            order[age] = parent
                            parent._grad = c
                        elif c is not None:
                            parent._grad = c if parent._grad is None else parent._grad + c
                        continue
                    found.setdefault(parent)
                if c is not None:
                    found[parent] = c if found.get(parent) is None else found[parent] + c
    except ArithmeticError:
        return {}
    return found if is_finite(sum(g for g in found.values() if g is not None)) else {}


def _of_numbers(node: Any, g: float | None) -> list[tuple[Any, float | None]] | None:
    """The contributions of a call of numbers to numbers, None where absent; None of any other."""
    places = wanted(node)
    if any(type(x) is not float for _, _, x in places):
        return None
    if g is None:
        return [(parent, None) for _, parent, _ in places]
    shares = [(p, fit(c, p, x, g, node._call, i)) for i, p, x, c in contributions(node, g)]
    if node._call.routes and not all(c for _, c in shares):
        ones = pulled(node, 1.0, node._value, node.seen, places, node._call.routes)
        shares = [(p, c if c or one else None) for (p, c), one in zip(shares, ones, strict=True)]
    return shares


def _has_room(order: list[Any], age: int) -> bool:
    """Make room for a call of that age, unless nearly all of it would be room for others."""
    if age > 4096 and age > 16 * sum(node is not None for node in order):
        return False
    order += [None] * (age + 64 + age // 4 - len(order))
    return True
