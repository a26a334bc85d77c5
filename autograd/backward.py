"""Reverse-mode differentiation: one walk over the record, newest call first.

A Value is always younger than the Values it was made from. So when the calls are taken in the
order of their creation, read backwards, every use of a Value comes before the Value itself, and
its gradient is complete when its turn comes. That is the topological order, with no recursion,
and no limit of depth.

The walk takes the rules as they stand. Only where that leaves what is not finite it is done again,
with care: see `absence`.
"""

from _thread import allocate_lock
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from autograd.absence import Careful, Passes, Reach, Trail, finite
from autograd.call import Contribution, contributions
from autograd.fitting import fit, own
from autograd.numbers import Cotangent, is_finite, like
from autograd.record import PACKED, values_in
from autograd.scalars import walk_numbers

__all__ = ["add_gradients", "leading_to", "newest_first", "walk"]

Gradients: TypeAlias = dict[Any, Cotangent]  # by Values


def newest_first(roots: Iterable[Any], since: int = 0, older: list[Any] | None = None) -> list[Any]:
    """The calls that the roots stand on, newest first; of those, the ones made since a number.

    older: a list that is given the Values from before, which they stand on too.
    """
    found = [v for v in dict.fromkeys(roots) if v._call is not None]
    if older is not None:
        older += [v for v in roots if v._number < since]
    seen = set(found)
    for node in found:  # which grows meanwhile
        a, b = node._a, node._b
        for v in values_in(a) if b is PACKED else (a, b):
            if v is None or v in seen:
                continue
            if v._number < since:
                if older is not None:
                    older.append(v)
            elif v._call is not None:
                seen.add(v)
                found.append(v)
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
    nodes: list[Any],
    grads: Gradients,
    *,
    needed: Collection[Any] | None = None,
    recorded: bool = False,
    retain: bool = False,
    basis: bool = False,
) -> Gradients:
    """Replace, in `grads`, the gradients of the nodes by what they contribute to their parents.

    Afterwards `grads` holds the gradients of the leaves, or of those Values of `needed` that are
    no nodes. With recorded=True the rules run on Values, and their results can be differentiated
    again. Returns the gradients of the nodes, if they are to be retained; None where none came.

    basis: a 0 in the gradients that are given says that there is none, as in rows of a Jacobian.
    """
    seeds, kept = dict(grads), dict.fromkeys(nodes if retain else ())
    trail = Trail(Reach(nodes, seeds, needed, basis)) if recorded else None
    unsure: Iterable[Any] = grads
    try:
        with np.errstate(all="ignore"):
            if trail:
                _walk(nodes, grads, trail.contributions, needed, recorded, kept)
            else:
                unsure = _quick_walk(nodes, grads, needed, kept)
        if all(map(finite, map(grads.__getitem__, unsure))) and not (kept and _hides(kept)):
            return kept
    except Exception:  # a rule refused what was not finite; any other reason comes again below
        pass
    if trail:
        careful = Careful(trail.reach, trail.contributions, seeds)
    else:
        careful = Careful(Reach(nodes, seeds, needed, basis), contributions, seeds)
    kept = dict.fromkeys(kept)
    grads.clear()
    grads.update(seeds)
    with np.errstate(all="ignore"):
        _walk(nodes, grads, careful.contributions, needed, recorded, kept)
    careful.problems.report(grads, kept.values())
    return kept


def _walk(
    nodes: Iterable[Any],
    grads: Gradients,
    passes: Passes,
    needed: Collection[Any] | None,
    recorded: bool,
    kept: Gradients,
) -> None:
    for node in nodes:
        g = grads.pop(node, None)
        if g is None:
            continue
        if kept:
            kept[node] = g
        for place, parent, x, c in passes(node, g, needed, recorded):
            c = fit(c, parent, x, node._call, place)
            if parent in grads:
                grads[parent] = grads[parent] + c
            else:
                grads[parent] = c if parent._call is not None else own(c, g)


def _quick_walk(
    nodes: Iterable[Any], grads: Gradients, needed: Collection[Any] | None, kept: Gradients
) -> Iterable[Any]:
    """The same on plain data, with `contributions` written out for calls of one or two arguments.

    Raises ArithmeticError at the first leaf to which comes what is not finite. Returns the Values
    whose gradients nobody has looked at yet.
    """
    sums = []
    looked_at: Cotangent = None
    found: Sequence[Contribution]
    for node in nodes:
        g = grads.pop(node, None)
        if g is None:
            continue
        if kept:
            kept[node] = g
        call, a, b, y, x, w = node._call, node._a, node._b, node._value, node._x, node._w
        if call.multiplies and type(g) is np.ndarray and not g.flags.writeable:
            g = g.copy()  # of one number for all elements, products of matrices are slow
        if b is PACKED or needed is not None or not call.has_all_rules:
            found = contributions(node, g, needed)
        elif call.arity == 1:
            found = ((0, a, x, call.first(g, y, x)),)
        elif b is None:
            found = ((0, a, x, call.first(g, y, x, w)),)
        elif a is None:
            found = ((1, b, w, call.second(g, y, x, w)),)
        else:
            found = (0, a, x, call.first(g, y, x, w)), (1, b, w, call.second(g, y, x, w))
        for place, parent, x, c in found:
            if not (type(c) is np.ndarray is type(x) and c.shape == x.shape and c.dtype is x.dtype):
                c = fit(c, parent, x, call, place)
            if parent in grads:
                grads[parent] = grads[parent] + c
                sums.append(parent)
            elif parent._call is None:
                if c is not looked_at:
                    if not (is_finite(c) if type(c) is np.ndarray else finite(c)):
                        raise ArithmeticError
                    looked_at = c
                grads[parent] = own(c, g)
            else:
                grads[parent] = c
    if needed is not None:
        return grads
    return dict.fromkeys([v for v in sums if v._call is None]) if sums else ()


def _hides(kept: Gradients) -> bool:
    """True if a kept gradient is not finite, and a call routed that away from the leaves."""
    return any(v._call.routes and g is not None and not finite(g) for v, g in kept.items())


_writing = allocate_lock()  # of gradients: two threads may have Values in common


def add_gradients(root: Any, g: Cotangent, retain: bool) -> None:
    """Add to the `grad` of the leaves that root stands on; give the Values between theirs.

    g: the gradient of root. retain: whether Values between keep theirs.
    """
    found: Gradients = {}
    if type(g) is float and (type(root._x) is float or type(root._w) is float):
        with _writing, np.errstate(all="ignore"):
            found = walk_numbers(root, g, retain)
    grads: Gradients = found or {root: g}
    kept: Gradients = {}
    if nodes := newest_first(grads):
        with _writing:
            for node in nodes:  # what an earlier call left
                node._grad = None
        if found:
            grads = {v: g for v, g in grads.items() if g is not None}
        kept = walk(nodes, grads, retain=retain)
    with _writing:
        for node, g in kept.items():
            node._grad = g
        for v, g in grads.items():
            if type(g) is complex or (type(g) is not float and g.dtype.kind == "c"):
                g = like(np.conjugate(g), g)  # so that v.data - lr * v.grad descends
            v._grad = g if v._grad is None else v._grad + g
