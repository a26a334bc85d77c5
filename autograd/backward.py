"""Reverse-mode differentiation: one walk over the record, newest call first.

A Value is always younger than the Values it was made from. So when the calls are taken in the
order of their creation, read backwards, every use of a Value comes before the Value itself, and
its gradient is complete when its turn comes. That is the topological order, with no recursion,
and no limit of depth.

The walk takes the rules as they stand. Only where that leaves what is not finite it is done again,
with care: see `absence`.
"""

from _thread import allocate_lock
from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from autograd.absence import Careful, Passes, Reach, Trail, finite
from autograd.call import contributions
from autograd.fitting import fit
from autograd.numbers import Cotangent, like
from autograd.scalars import walk_numbers

__all__ = ["add_gradients", "leading_to", "newest_first", "walk"]

Gradients: TypeAlias = dict[Any, Cotangent]  # by Values


def newest_first(roots: Iterable[Any], since: int = 0) -> list[Any]:
    """The calls that the roots stand on, newest first; of those, the ones made since a number."""
    found = [v for v in dict.fromkeys(roots) if v._call is not None]
    seen = set(found)
    for node in found:  # which grows meanwhile
        for v in node.parents:
            if v._call is not None and v not in seen and v._number >= since:
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
    reach = Reach(nodes, seeds, needed, basis)
    passes: Passes = Trail(reach).contributions if recorded else contributions
    try:
        with np.errstate(all="ignore"):
            _walk(nodes, grads, passes, needed, recorded, kept, hopeful=True)
        if _all_finite(grads.values()) and not any(_hides(v, g) for v, g in kept.items()):
            return kept
    except Exception:  # a rule refused what was not finite; any other reason comes again below
        pass
    careful = Careful(reach, passes, seeds)
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
    hopeful: bool = False,
) -> None:
    """hopeful: at the first leaf, give up by ArithmeticError if what comes to it is not finite."""
    for node in nodes:
        g = grads.pop(node, None)
        if g is None:
            continue
        if kept:
            kept[node] = g
        call = node._call
        for place, parent, x, c in passes(node, g, needed, recorded):
            c = fit(c, parent, x, g, call, place)
            if hopeful and parent._call is None:
                hopeful = False
                if not finite(c):
                    raise ArithmeticError
            grads[parent] = grads[parent] + c if parent in grads else c


def _all_finite(gradients: Iterable[Cotangent]) -> bool:
    """True if no gradient is infinite or NaN: one pass over each."""
    total = 0.0  # of their squares, which shows either
    for g in gradients:
        if type(g) is np.ndarray and g.dtype.kind == "f":
            total += float(np.vdot(g, g))
        elif not finite(g):
            return False
    return total - total == 0 or all(map(finite, gradients))


def _hides(node: Any, g: Cotangent) -> bool:
    """True if a kept gradient is not finite, and a call routed that away from the leaves."""
    return bool(node._call.routes) and g is not None and not finite(g)


_writing = allocate_lock()  # of gradients: two threads may have Values in common


def add_gradients(root: Any, g: Cotangent, retain: bool) -> None:
    """Add to the `grad` of the leaves that root stands on; give the Values between theirs.

    g: the gradient of root. retain: whether Values between keep theirs.
    """
    grads: Gradients = {root: g}
    if type(g) is float and (type(root._x) is float or type(root._w) is float):
        with _writing, np.errstate(all="ignore"):
            grads = walk_numbers(root, g, retain) or grads
    kept: Gradients = {}
    if nodes := newest_first(grads):
        with _writing:
            for node in nodes:  # what an earlier call left
                node._grad = None
        grads = {v: g for v, g in grads.items() if g is not None}
        kept = walk(nodes, grads, retain=retain)
    with _writing:
        for node, g in kept.items():
            node._grad = g
        for v, g in grads.items():
            if type(g) is complex or (type(g) is not float and g.dtype.kind == "c"):
                g = like(np.conjugate(g), g)  # so that v.data - lr * v.grad descends
            v._grad = g if v._grad is None else v._grad + g
