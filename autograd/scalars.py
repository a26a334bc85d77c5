"""The walk back over a graph of numbers: the general one's algorithm in the slots of the calls.

A scalar program makes a call for each number, so what the walk itself takes is most of the time.
"""

from collections import defaultdict
from typing import Any

import numpy as np

from autograd.call import TABLE
from autograd.derivatives import elementwise  # noqa: F401 (which fills the table)
from autograd.fitting import fit
from autograd.functions import sum_of_products
from autograd.numbers import Cotangent, is_finite

__all__ = ["walk_numbers"]

_ADD, _MULTIPLY, _DOT = TABLE[np.add], TABLE[np.multiply], TABLE[sum_of_products]


def walk_numbers(root: Any, gradient: float, retain: bool) -> dict[Any, Cotangent]:
    """The same walk, from a number for as long as all that it meets are numbers.

    The numbers of Values are the order: a call stands in `order` at its age. All its uses are
    younger, so they come before it, and the list grows ahead of the loop. Gradients add up in the
    slots of the calls, those of leaves apart; None is one that is absent. Returns the gradients of
    the leaves, and of the calls that the general walk goes on from; none if that must do it all.
    """
    top = root._number
    order: list[Any] = [root, *[None] * 63]
    room, calls = len(order), iter(order)
    leaves: dict[Any, float] = defaultdict(float)
    rest: dict[Any, Cotangent] = {}  # of calls with arrays, or too old to have a place in `order`
    root._grad = gradient

    def add(parent: Any, c: float | None) -> None:
        nonlocal room
        age = top - parent._number
        if age >= room == len(order):
            room = _room(order, age)
        if age >= room:
            before = rest.setdefault(parent)
            rest[parent] = before if c is None else c if before is None else before + c
        elif order[age] is None:
            order[age], parent._grad = parent, c
        elif c is not None:
            parent._grad = c if parent._grad is None else parent._grad + c

    try:
        for node in calls:
            if node is None:
                continue
            g, call, a, b, x, w = node._grad, node._call, node._a, node._b, node._x, node._w
            numbers = (a is None or type(x) is float) and (b is None or type(w) is float)
            if numbers and call.of_library:
                if g is None:
                    da = db = None
                elif call is _MULTIPLY and type(x) is type(w) is float:
                    da, db = g * w, g * x
                elif call is _ADD:
                    da = db = g
                else:
                    da = None if a is None else _number(node, 0, g)
                    db = None if b is None else _number(node, 1, g)
                # `add`, written out for what nearly always is: a leaf, or a call met first.
                if a is not None:
                    if a._call is None:
                        if da is not None:
                            leaves[a] += da
                    elif (age := top - a._number) < room and order[age] is None:
                        order[age], a._grad = a, da
                    else:
                        add(a, da)
                if b is not None:
                    if b._call is None:
                        if db is not None:
                            leaves[b] += db
                    elif (age := top - b._number) < room and order[age] is None:
                        order[age], b._grad = b, db
                    else:
                        add(b, db)
            elif call is _DOT and call.of_library and {*map(type, x[0])} == {float}:
                half = len(x[0]) // 2
                for parent, factor in zip(a[0], (*x[0][half:], *x[0][:half]), strict=True):
                    if parent is None:
                        continue
                    c = None if g is None else g * factor
                    if parent._call is None:
                        if c is not None:
                            leaves[parent] += c
                    elif (age := top - parent._number) >= room or order[age] is None or c is None:
                        add(parent, c)
                    else:
                        parent._grad = c if parent._grad is None else parent._grad + c
            else:
                rest |= {v: v._grad for v in (node, *calls) if v is not None}
                break
            if not retain:
                node._grad = None
    except BaseException as error:
        for node in order:  # no sums of parts
            if node is not None:
                node._grad = None
        if not isinstance(error, ArithmeticError):
            raise
        return {}
    return leaves | rest if is_finite(sum(leaves.values(), 0.0)) else {}


def _number(node: Any, place: int, g: float) -> float | None:
    """What a call of one or two numbers passes back, None where that is absent."""
    call, y, x, w = node._call, node._value, node._x, node._w
    if (rule := call.rules[place]) is None:
        return None
    c = rule(g, y, x) if call.arity == 1 else rule(g, y, x, w)
    if type(c) is not float:
        c = fit(c, node, w if place else x, call, place)
    if c or not call.routes:
        return c
    route = call.routes[place]
    return c if (route(1.0, y, x) if call.arity == 1 else route(1.0, y, x, w)) else None


def _room(order: list[Any], age: int) -> int:
    """How much room there is, made for a call of that age, unless most would be for others."""
    if age > 1 << 17 and age > 16 * sum(node is not None for node in order):
        return len(order) - 1  # less than all, which says that there will be no more
    order += [None] * (age + 64 + age // 4 - len(order))
    return len(order)
