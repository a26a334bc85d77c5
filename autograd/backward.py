"""Reverse-mode differentiation: one walk over the record, newest call first.

A Value is always younger than the Values it was made from. So when the calls are taken in the
order of their creation, read backwards, every use of a Value comes before the Value itself, and
its gradient is complete when its turn comes. That is the topological order, with no recursion,
and no limit of depth.

The walk takes the rules as they stand. Only where that leaves what is not finite it is done again,
with care: see `absence`.
"""

import itertools
from _thread import RLock
from collections.abc import Callable, Collection, Iterable
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

import autograd.derivatives  # noqa: F401 (which fills the table)
from autograd.absence import Careful, Presence, Trail, presence
from autograd.call import TABLE, Contribution, Parts, Rules, contributions
from autograd.errors import ShapeMismatch
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, is_finite, like

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
    retain: bool | None = None,
    basis: bool = False,
) -> None:
    """Replace, in `grads`, the gradients of the nodes by what they contribute to their parents.

    Afterwards `grads` holds the gradients of the leaves, or of those Values of `needed` that are
    no nodes. With recorded=True the rules run on Values, and their results can be differentiated
    again. Nodes keep their gradient with retain=True, lose an earlier one with retain=False.

    basis: a 0 in the gradients that are given says that there is none, as in rows of a Jacobian.
    """
    seeds, passes = dict(grads), contributions
    if recorded:
        present = {v: presence(g, basis) for v, g in seeds.items()}
        passes = Trail(nodes, present, needed).contributions
    try:
        with np.errstate(all="ignore"):
            _walk(nodes, grads, passes, needed, recorded, retain)
        if _all_finite(grads.values()) and not (retain and any(map(_hides, nodes))):
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
        call = node._call
        for place, parent, x, c in passes(node, g, needed, recorded):
            c = fit(c, parent, x, g, call, place)
            grads[parent] = grads[parent] + c if parent in grads else c


def _all_finite(gradients: Iterable[Cotangent]) -> bool:
    """True if no gradient is infinite or NaN: one pass over each."""
    total = 0.0  # of their squares, which shows either
    for g in gradients:
        if type(g) is np.ndarray and g.dtype.kind == "f":
            total += float(np.vdot(g, g))
        elif not _is_finite(g):
            return False
    return total - total == 0 or all(map(_is_finite, gradients))


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
    kind = type(c)
    if kind is float and type(x) is float:
        return c
    if not (kind is np.ndarray is type(x) and c.shape == x.shape and c.dtype is x.dtype):
        if kind is Parts:
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
    if parent._call is None and type(c) is np.ndarray:
        return c.copy() if c is g or c.base is not None or type(g) is Parts else c
    return c


def _sum_to(shape: tuple[int, ...], c: Cotangent, call: Rules, place: int) -> Cotangent:
    """Undo broadcasting: sum c over the axes along which an argument of this shape was repeated."""
    extra = c.ndim - len(shape)
    if call.broadcasts and c.shape[extra:] == shape and type(c) is np.ndarray:
        return np.add.reduce(c, tuple(range(extra)))
    axes = (*range(extra), *[k for k, n in enumerate(shape, extra) if n == 1 != c.shape[k]])
    fits = extra >= 0 and all([n in (1, m) for n, m in zip(shape, c.shape[extra:], strict=True)])
    if not call.broadcasts or not fits:
        raise ShapeMismatch(
            f"rule {place} of {name_of(call.fn)} returned the shape {c.shape} for an argument of "
            f"shape {shape}: return the gradient in the argument's shape"
            + ("." if call.broadcasts else ", or define the function with broadcasts=True.")
        )
    c = np.add.reduce(c, axes) if type(c) is np.ndarray else c.sum(axes)
    return c if c.shape == shape else c.reshape(shape)


# -------------------------------------------------------------------- from one Value to `.grad`

_adding = RLock()  # a rule may call backward() itself
_MULTIPLY, _ADD = TABLE[np.multiply], TABLE[np.add]


def add_gradients(root: Any, g: Cotangent, retain: bool) -> None:
    """Add to the `grad` of the leaves that root stands on; give the Values between theirs.

    g: the gradient of root. retain: whether Values between keep theirs.
    """
    grads: Gradients = {root: g}
    if type(root._x) is float or type(root._w) is float:
        with _adding, np.errstate(all="ignore"):
            grads = _walk_numbers(root, g, retain) or grads
    if nodes := newest_first(grads):
        grads = {v: g for v, g in grads.items() if g is not None}
        walk(nodes, grads, retain=retain)
    with _adding:
        for v, g in grads.items():
            if type(g) is complex or (type(g) is not float and g.dtype.kind == "c"):
                g = like(np.conjugate(g), g)  # so that v.data - lr * v.grad descends
            v._grad = g if v._grad is None else v._grad + g


def _walk_numbers(root: Any, g: float, retain: bool) -> Gradients:
    """The same walk, from a number for as long as all that it meets are numbers.

    The numbers of Values are the order: a call stands in `order` at its age. All its uses are
    younger, so they come before it, and the list grows ahead of the loop. Gradients add up in the
    slots of the calls, those of leaves apart; None is one that is absent. Returns the gradients of
    the leaves, and of the calls that the general walk goes on from; none if that must do it all.
    """
    top, order = root._number, [root, *[None] * 63]
    room, calls = len(order), iter(order)
    found: Gradients = {}
    root._grad = g

    def add(parent: Any, c: float | None) -> None:
        nonlocal room
        age = top - parent._number
        if parent._call is None:
            if c is not None:
                found[parent] = found[parent] + c if parent in found else c
            return
        if age >= room == len(order):
            room = _room(order, age)
        if age >= room:
            before = found.setdefault(parent)
            found[parent] = before if c is None else c if before is None else before + c
        elif order[age] is None:
            order[age], parent._grad = parent, c
        elif c is not None:
            parent._grad = c if parent._grad is None else parent._grad + c

    try:
        for node in calls:
            if node is None:
                continue
            g, call, a, b, x, w = node._grad, node._call, node._a, node._b, node._x, node._w
            if (a is None or type(x) is float) and (b is None or type(w) is float):
                if g is None:
                    da = db = None
                elif call is _MULTIPLY:
                    da, db = g * w, g * x
                elif call is _ADD:
                    da = db = g
                else:
                    da = None if a is None else _number(node, 0, g)
                    db = None if b is None else _number(node, 1, g)
            elif call.sequence and (shares := _numbers(node, g)) is not None:
                for parent, c in zip(a[0], shares, strict=False):
                    if parent is None:
                        continue
                    if parent._call is None and c is not None:
                        found[parent] = found[parent] + c if parent in found else c
                    elif c is None or (age := top - parent._number) >= room or order[age] is None:
                        add(parent, c)
                    else:
                        parent._grad = c if parent._grad is None else parent._grad + c
                a = b = None
            else:
                found |= {v: v._grad for v in (node, *calls) if v is not None}
                break
            if not retain:
                node._grad = None
            # `add`, written out for what nearly always is: a call met first, or a leaf.
            if a is not None:
                if a._call is None:
                    if da is not None:
                        found[a] = found[a] + da if a in found else da
                elif (age := top - a._number) < room and order[age] is None:
                    order[age], a._grad = a, da
                else:
                    add(a, da)
            if b is not None:
                if b._call is None:
                    if db is not None:
                        found[b] = found[b] + db if b in found else db
                elif (age := top - b._number) < room and order[age] is None:
                    order[age], b._grad = b, db
                else:
                    add(b, db)
    except ArithmeticError:
        return {}
    return found if is_finite(sum(g for g in found.values() if g is not None)) else {}


def _number(node: Any, place: int, g: float) -> float | None:
    """What a call of one or two numbers passes back, None where that is absent."""
    call, y, x, w = node._call, node._value, node._x, node._w
    if (rule := call.rules[place]) is None:
        return None
    c = rule(g, y, x) if call.arity == 1 else rule(g, y, x, w)
    if type(c) is not float:
        c = fit(c, node, y, g, call, place)
    if c or not call.routes:
        return c
    route = call.routes[place]
    return c if (route(1.0, y, x) if call.arity == 1 else route(1.0, y, x, w)) else None


def _numbers(node: Any, g: float | None) -> Iterable[float | None] | None:
    """The same of a call of a sequence of numbers, for each of them; None of any other call."""
    if {*map(type, node._x[0])} != {float}:
        return None
    if g is None:
        return itertools.repeat(None)
    settings = node._call.given(0, node._w)
    return node._call.first(g, node._value, *node._x, **settings)  # type: ignore[no-any-return]


def _room(order: list[Any], age: int) -> int:
    """How much room there is, made for a call of that age, unless most would be for others."""
    if age > 1 << 17 and age > 16 * sum(node is not None for node in order):
        return len(order) - 1  # less than all, which says that there will be no more
    order += [None] * (age + 64 + age // 4 - len(order))
    return len(order)
