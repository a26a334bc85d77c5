"""What a walk says, as NumPy itself would, where a derivative is infinite or no number."""

import sys
import warnings
from collections.abc import Iterable
from types import FrameType
from typing import Any

import numpy as np

from autograd.call import Contribution, Parts
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, is_finite
from autograd.record import plain

__all__ = ["Problems"]


class Problems:
    """The first problem of each kind that np.errstate knows."""

    def __init__(self, seeds: dict[Any, Cotangent]) -> None:
        self._first: dict[str, str] = {}
        # The Values to which the user, or a contribution, brought NaN.
        self._given_nan = {v for v, g in seeds.items() if _has(np.isnan, g)}

    def note(self, node: Any, g: Cotangent, found: Iterable[Contribution]) -> None:
        """Look for what is infinite or no number in the contributions of a call, and only there."""
        self._note_sum(node, g)
        before = [*_not_finite(g), *_not_finite(node.seen)]
        for place, parent, _, share in found:
            if _has(np.isnan, share):
                self._given_nan.add(parent)
            if type(share) is not Parts and not is_finite(plain(share)):
                where = f"in the derivative of {name_of(node.fn)} by its argument {place}"
                new = _new(np.isinf, share, before, node)
                self._keep("divide", new, "division by zero " + where)
                new = _new(np.isnan, share, [*before, *_not_finite(node._value)], node)
                self._keep("invalid", new, "0 · ∞, which is no number, " + where)

    def _note_sum(self, v: Any, g: Cotangent) -> None:
        if v not in self._given_nan and _has(np.isnan, g):
            self._first.setdefault("invalid", "∞ - ∞ in the sum of what comes to a gradient.")

    def _keep(self, kind: str, new: Any, sentence: str) -> None:
        if np.any(new):
            index = tuple(int(i) for i in np.argwhere(new)[0])
            self._first.setdefault(kind, sentence + (f", at index {index}." if index else "."))

    def report(self, grads: dict[Any, Cotangent], kept: Iterable[Cotangent]) -> None:
        """Warn or raise once, as np.errstate says, if no number or an infinite one comes out.

        grads: of the Values that the walk ends at. kept: of those between, if they keep theirs.
        """
        ends = [(v, g) for v, g in grads.items() if type(g) is Parts or not is_finite(plain(g))]
        for v, g in ends:
            self._note_sum(v, g)
        actions = dict[str, str](**np.geterr())
        for kind, bad, between in (("invalid", np.isnan, kept), ("divide", np.isinf, ())):
            there = any(_has(bad, g) for g in (*(g for _, g in ends), *between))
            if there and kind in self._first:
                _say(actions[kind], self._first[kind])
                return


def _not_finite(x: Any) -> list[Data]:
    """Those of one or several numbers and arrays that are not finite."""
    if type(x) is Parts or type(x) is tuple:
        members = x.values() if type(x) is Parts else x
        return [found for member in members for found in _not_finite(member)]
    return [] if x is None or is_finite(plain(x)) else [plain(x)]


def _new(bad: Any, share: Cotangent, before: list[Data], node: Any) -> Any:
    """Where a share is bad, and nothing was before; of an elementwise call, by element."""
    new = bad(plain(share))
    for was in (bad(x) for x in before):
        by_element = node._call.elementwise and np.shape(was) in ((), np.shape(new))
        new = new & ~was if by_element else new & (not np.any(was))
    return new


def _has(bad: Any, g: Cotangent) -> bool:
    if type(g) is Parts:
        return any(_has(bad, member) for member in g.values())
    return g is not None and bool(np.any(bad(plain(g))))


_OURS = ("autograd.", "nn.", "optim.")


def _say(action: str, sentence: str) -> None:
    if action == "raise":
        raise FloatingPointError(sentence)
    handler: Any = np.geterrcall()
    if action == "call" and callable(handler):
        handler(sentence, 0)
    elif action == "log" and hasattr(handler, "write"):
        handler.write(f"Warning: {sentence}\n")
    elif action == "print":
        print(f"Warning: {sentence}")
    elif action != "ignore":
        frame: FrameType | None = sys._getframe()
        level = 1  # the line of the user's that called this library
        while frame and frame.f_globals.get("__name__", "").startswith(_OURS):
            frame, level = frame.f_back, level + 1
        warnings.warn(sentence, RuntimeWarning, stacklevel=level)
