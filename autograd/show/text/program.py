"""A loss and its gradients as a list of plain calls: what the record says, forward and back."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from autograd.backward import leading_to
from autograd.call import Parts
from autograd.derivatives.shaping import astype
from autograd.numbers import like
from autograd.show.backward import BackwardPass, Share, as_gradient
from autograd.show.text.symbols import Symbol, Tracer, fitted, method
from autograd.show.words import SMALL
from autograd.value import Value

__all__ = ["Program", "rule_called", "shares_of"]

_NO_CALLS = (AttributeError, TypeError, ValueError, KeyError, IndexError)


def rule_called(rule: Any, *args: Any, **kwargs: Any) -> Any:
    """A rule that is called as it stands, because it makes more than calls."""
    return rule(*args, **kwargs)


class Program:
    """The calls of a loss, and of its gradients, as Symbols.

    inputs: the Symbols of the leaves and of large constants, with what they stand for.
    named: the identities of constants that are inputs whatever their size.
    of: the Symbol of each result; flowing: that of each gradient, or a constant.
    """

    def __init__(
        self, backward: BackwardPass, wrt: Sequence[Value], named: Collection[int] = ()
    ) -> None:
        self.tracer = Tracer()
        self._named = named
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
            if shares := [s for s in backward.shares[call] if s.parent in needed]:
                self._pass_on(call, shares)
        self.gradients = {v: self._gradient(v) for v in wrt}

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
        if type(seen) is np.ndarray and (seen.size > SMALL or id(seen) in self._named):
            return self._input(seen, seen)
        return seen

    def _forward(self, call: Value) -> Any:
        args, kwargs = self._arguments[call], call.kwargs
        assert call.fn is not None
        if call.fn is astype and np.ndim(args[0].data):
            return self.tracer.call(method, (args[0], "astype", args[1]), {})
        opened = self.tracer.opened(call.fn, args, kwargs)
        if isinstance(opened, Symbol) and _alike(opened.data, call.data):
            return opened
        return self.tracer.known(call.fn, args, kwargs, lambda: call.data)

    def _pass_on(self, call: Value, shares: list[Share]) -> None:
        """Add what a call passes on to the gradients of the Values that it was made from."""
        g, y, args = self.flowing[call], self.of[call], self._arguments[call]
        traced = shares_of(self.tracer, call, [s.place for s in shares], g, y, args)
        for share, c in zip(shares, traced, strict=True):
            if type(c) is Parts:
                c = Parts(c)  # a sum of them is made in the first one
            elif not _alike(as_gradient(_data(c), share.parent), share.contribution):
                c = _as_it_stands(self.tracer, call, share.place, g, y, args)
                if not _alike(as_gradient(_data(c), share.parent), share.contribution):
                    c = np.where(np.isnan(c), 0.0, c)  # what is absent met an infinite slope
            known = self.flowing.get(share.parent)
            if known is None or _is_zero(known):
                self.flowing[share.parent] = c
            elif not _is_zero(c):
                self.flowing[share.parent] = known + c

    def _gradient(self, v: Value) -> Any:
        """The gradient as users know it: of complex numbers the way up."""
        g: Any = self.flowing.get(v, like(0.0, v.data))
        return np.conjugate(g) if v.dtype.kind == "c" else g


def _is_zero(x: Any) -> bool:
    """Whether it is a constant 0, or an array of them."""
    return isinstance(x, float | np.generic | np.ndarray) and not np.any(x)


def _data(x: Any) -> Any:
    return x.data if isinstance(x, Symbol) else x


def _alike(a: Any, b: Any) -> bool:
    """Whether a traced result is what the engine found."""
    if isinstance(a, tuple) or isinstance(b, tuple):
        return len(a) == len(b) and all(map(_alike, a, b))
    return np.shape(a) == np.shape(b) and np.allclose(a, b, 1e-4, 1e-300, equal_nan=True)


def shares_of(
    tracer: Tracer, call: Value, places: Sequence[int], g: Any, y: Any, args: tuple[Any, ...]
) -> list[Any]:
    """What the call passes on to the arguments of these places, as Symbols."""
    together: Any = None  # of a sequence of arrays the one rule has all
    found = []
    for place in places:
        rule, which = _rule_of(call, place)
        try:
            with np.errstate(all="ignore"):
                if which is None:
                    settings = call._call.given(place, call.kwargs)
                    found.append(fitted(rule(g, y, *args, **settings), call.seen[place]))
                    continue
                if together is None:
                    together = rule(g, y, *args, **call._call.given(0, call.kwargs))
                found.append(fitted(together[which], call.seen[0][which]))
        except _NO_CALLS:  # it writes into arrays, or the like
            found.append(_as_it_stands(tracer, call, place, g, y, args))
    return found


def _as_it_stands(
    tracer: Tracer, call: Value, place: int, g: Any, y: Any, args: tuple[Any, ...]
) -> Any:
    """The rule as a call of itself."""
    rule, which = _rule_of(call, place)
    with np.errstate(all="ignore"):
        settings = call._call.given(0 if which is not None else place, call.kwargs)
        c = tracer.call(rule_called, (rule, g, y, *args), settings)
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
