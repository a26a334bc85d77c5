"""A loss and its gradients as a list of plain calls: what the record says, forward and back."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.backprop import leading_to
from autograd.data import like
from autograd.derivatives.several import Parts
from autograd.derivatives.shaping import astype
from autograd.show.backward import BackwardPass, as_gradient
from autograd.show.symbols import Symbol, Tracer, fitted, method
from autograd.value import Value

__all__ = ["Program", "rule_called", "share_of"]

_SMALL = 6  # elements of a constant array that may stand in the text
_NO_CALLS = (AttributeError, TypeError, ValueError, KeyError, IndexError, NotImplementedError)


def rule_called(rule: Any, *args: Any, **kwargs: Any) -> Any:
    """A rule that is called as it stands, because it makes more than calls."""
    return rule(*args, **kwargs)


class Program:
    """The calls of a loss, and of its gradients, as Symbols.

    inputs: the Symbols of the leaves and of large constants, with what they stand for.
    of: the Symbol of each result; flowing: that of each gradient, or a constant.
    """

    def __init__(self, backward: BackwardPass, wrt: Sequence[Value]) -> None:
        self.tracer = Tracer()
        self.inputs: dict[Symbol, Any] = {}
        self.of: dict[Value, Any] = {}
        self._leaves: dict[tuple[int, int], Symbol] = {}
        loss = backward.loss
        self.flowing: dict[Value, Any] = {loss: like(1.0, loss.data)}
        self._arguments: dict[Value, tuple[Any, ...]] = {}
        for call in reversed(backward.calls):
            self._arguments[call] = tuple(map(self._argument, call.args, call.seen))
            self.of[call] = self._forward(call)
        self.loss = self.of[loss] if loss in self.of else self._input(loss, loss.data)
        needed = leading_to(wrt, backward.calls)
        for call in backward.calls:
            for share in backward.shares[call]:
                if share.parent in needed:
                    self._pass_on(call, share)
        self.gradients = {v: self.flowing.get(v, like(0.0, v.data)) for v in wrt}

    def _input(self, what: Any, seen: Any) -> Symbol:
        """The Symbol of a leaf with the data that a call saw, as it may have others by now."""
        key = (id(what), id(seen))
        if key not in self._leaves:
            self._leaves[key] = symbol = self.tracer.leaf(seen)
            self.inputs[symbol] = what
        return self._leaves[key]

    def _argument(self, arg: Any, seen: Any) -> Any:
        if type(arg) is Value:
            return self.of[arg] if arg in self.of else self._input(arg, seen)
        if type(arg) in (list, tuple) and type(seen) in (list, tuple) and len(arg) == len(seen):
            return type(seen)(map(self._argument, arg, seen))
        if type(seen) is np.ndarray and seen.size > _SMALL:
            return self._input(seen, seen)
        return seen

    def _forward(self, call: Value) -> Any:
        args, kwargs = self._arguments[call], call.kwargs
        assert call.fn is not None
        if call.fn is astype:
            return self.tracer.call(method, (args[0], "astype", args[1]), {})
        opened = self.tracer.opened(call.fn, args, kwargs)
        if isinstance(opened, Symbol) and _alike(opened.data, call.data):
            return opened
        return self.tracer.known(call.fn, args, kwargs, lambda: call.data)

    def _pass_on(self, call: Value, share: Any) -> None:
        g, y = self.flowing[call], self.of[call]
        c = share_of(self.tracer, call, share.place, g, y, self._arguments[call])
        if type(c) is Parts:
            c = Parts(dict(c.gradients))  # a sum of them is made in the first one
        elif not _alike(as_gradient(_data(c)), share.contribution):
            c = _as_it_stands(self.tracer, call, share.place, g, y, self._arguments[call])
        known = self.flowing.get(share.parent)
        self.flowing[share.parent] = c if known is None else known + c


def _data(x: Any) -> Any:
    return x.data if isinstance(x, Symbol) else x


def _alike(a: Any, b: Any) -> bool:
    """Whether a traced result is what the engine found."""
    if isinstance(a, tuple) or isinstance(b, tuple):
        return len(a) == len(b) and all(map(_alike, a, b))
    return np.shape(a) == np.shape(b) and np.allclose(a, b, 1e-4, 1e-300, equal_nan=True)


def share_of(tracer: Tracer, call: Value, place: int, g: Any, y: Any, args: tuple[Any, ...]) -> Any:
    """What the call passes on to the argument of a place, as Symbols."""
    rule, which = _rule_of(call, place)
    try:
        with np.errstate(all="ignore"):
            c = rule(g, y, *args, **call.kwargs)
            c = c if which is None else c[which]
    except _NO_CALLS:  # it writes into arrays, or the like
        return _as_it_stands(tracer, call, place, g, y, args)
    return fitted(c, call.seen[place] if which is None else call.seen[0][which])


def _as_it_stands(
    tracer: Tracer, call: Value, place: int, g: Any, y: Any, args: tuple[Any, ...]
) -> Any:
    """The rule as a call of itself."""
    rule, which = _rule_of(call, place)
    with np.errstate(all="ignore"):
        c = tracer.call(rule_called, (rule, g, y, *args), call.kwargs)
    if which is not None:
        return fitted(c[which], call.seen[0][which])
    return fitted(c, call.seen[place])


def _rule_of(call: Value, place: int) -> tuple[Callable[..., Any], int | None]:
    """The rule for the argument of a place, and which of its results is meant, if it has many."""
    derivative = call._call
    assert derivative is not None
    rule = derivative.first if derivative.sequence else derivative.rules[place]
    assert rule is not None
    return rule, place if derivative.sequence else None
