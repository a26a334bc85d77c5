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

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._given_nan: set[Any] = set()  # the Values to which a contribution brought NaN

    def note(self, node: Any, g: Cotangent, found: Iterable[Contribution]) -> None:
        """Look for what is infinite or no number in the contributions of a call, and only there."""
        self._note_sum(node, g)
        for place, parent, _, share in found:
            if _has(np.isnan, share):
                self._given_nan.add(parent)
            if type(share) is not Parts and type(g) is not Parts and not is_finite(plain(share)):
                where = f"in the derivative of {name_of(node.fn)} by its argument {place}"
                before = [x for x in map(plain, (g, *node.seen)) if not is_finite(x)]
                self._note("divide", np.isinf, share, before, node, "division by zero " + where)
                if not is_finite(node._value):
                    before.append(node._value)
                what = "0 · ∞, which is no number, " + where
                self._note("invalid", np.isnan, share, before, node, what)

    def _note(
        self, kind: str, bad: Any, share: Cotangent, before: list[Data], node: Any, sentence: str
    ) -> None:
        new = bad(plain(share))
        for was in map(bad, before):  # of an elementwise call, each element by itself
            fits = node._call.elementwise and np.shape(was) in ((), np.shape(new))
            new = new & ~was if fits else new & (not np.any(was))
        if np.any(new):
            index = tuple(int(i) for i in np.argwhere(new)[0])
            at = f", at index {index}." if index else "."
            self._first.setdefault(kind, sentence + at)

    def _note_sum(self, v: Any, g: Cotangent) -> None:
        if v not in self._given_nan and _has(np.isnan, g):
            self._first.setdefault("invalid", "∞ - ∞ in the sum of what comes to a gradient.")

    def report(self, grads: dict[Any, Cotangent], kept: Iterable[Cotangent]) -> None:
        """Warn or raise once, as np.errstate says, if no number or an infinite one comes out.

        grads: of the Values that the walk ends at. kept: of those between, if they keep theirs.
        """
        for v, g in grads.items():
            self._note_sum(v, g)
        for kind, bad, where in (
            ("invalid", np.isnan, (*grads.values(), *kept)),
            ("divide", np.isinf, (*grads.values(),)),
        ):
            if kind in self._first and any(_has(bad, g) for g in where):
                _say(np.geterr()[kind], self._first[kind])  # type: ignore[literal-required]
                return


def _has(bad: Any, g: Cotangent) -> bool:
    if type(g) is Parts:
        return any(_has(bad, member) for member in g.values())
    return g is not None and bool(np.any(bad(plain(g))))


_OURS = ("autograd.", "nn.", "optim.")


def _say(action: str, sentence: str) -> None:
    if action == "raise":
        raise FloatingPointError(sentence)
    if action == "call" and (handler := np.geterrcall()) is not None:
        handler(sentence, 0)  # type: ignore[operator]
    elif action != "ignore":
        frame: FrameType | None = sys._getframe()
        level = 1  # the line of the user's that called this library
        while frame and frame.f_globals.get("__name__", "").startswith(_OURS):
            frame, level = frame.f_back, level + 1
        warnings.warn(sentence, RuntimeWarning, stacklevel=level)
