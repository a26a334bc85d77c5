"""Where a gradient is absent, which is not where it is 0: the careful reading of a walk.

`np.where(x > 0, np.sqrt(x), 0)` sends no gradient to the root of 0, and so the infinite slope
there must not matter. But `np.sqrt(x) ** 2` sends it a number that happens to be 0, and 0 · ∞ is no
number. Both are 0 · ∞ in a rule. What tells them apart is where gradients go, and a rule can be
asked: run on NaN where there is a gradient and on 0 elsewhere, it gives NaN wherever that went, as
NaN comes out of every sum and product that it goes into. No second table is needed.

Nothing here is used while all gradients are finite.
"""

import sys
import warnings
from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from types import FrameType
from typing import Any, TypeAlias

import numpy as np

from autograd.binding import Args
from autograd.call import Contribution, Parts, Rules, contributions, linked, pulled, wanted
from autograd.naming import name_of
from autograd.numbers import Array, Cotangent, Data, is_finite
from autograd.record import is_tracked, plain
from autograd.recording import recording

__all__ = ["Careful", "Trail", "in_numpy", "presence"]

Presence: TypeAlias = (
    Any  # bools in the shape of a gradient, True where there is one; Parts of them
)
Place: TypeAlias = tuple[int, int]  # the number of a call's result, and the place of an argument
_ALL = -1  # in the place of an argument: the gradient that comes to the call


def presence(g: Cotangent, basis: bool) -> Presence:
    """All of a gradient that a walk begins with; of a basis, as for a Jacobian, what is not 0."""
    g = plain(g)
    if type(g) is Parts:
        return Parts({i: presence(member, basis) for i, member in g.gradients.items()})
    return np.asarray(g) != 0 if basis else np.ones(np.shape(g), bool)


def _reach(
    nodes: list[Any], seeds: dict[Any, Presence], needed: Collection[Any] | None
) -> dict[Place, Presence]:
    """For each call, and for each of its places, where the gradient is that comes and goes on."""
    masks: dict[Place, Presence] = {}
    present = dict(seeds)
    for node in nodes:
        here = present.pop(node, None)
        if type(node._call) is _Noted:
            here = _both(here, node._call.mask())
        if here is None or not _any(here):
            continue
        masks[node._number, _ALL] = here
        places = wanted(node, needed)
        for (place, parent, x), went in zip(places, _asked(node, here, places), strict=True):
            masks[node._number, place] = went
            went = went if type(went) is Parts else _shrunk(went, np.shape(x))
            present[parent] = _either(present[parent], went) if parent in present else went
    return masks


def _asked(node: Any, here: Presence, places: list[tuple[int, Any, Data]]) -> list[Presence]:
    """Where a gradient goes that is present here, for each place."""
    call, y, seen = node._call, node._value, node.seen
    if call.elementwise and not call.routes and "where" not in node.kwargs:
        return [here for _ in places]
    try:
        with recording(False), np.errstate(all="ignore"):
            if call.routes:  # a factor of 0 says where not: so the numbers are the call's own
                seen = tuple(map(_in_numpy, seen))
                shares = pulled(node, _probe(y, here, 1), _in_numpy(y), seen, places, call.routes)
            else:
                seen = tuple(map(_finite, seen))
                shares = pulled(node, _probe(y, here, np.nan), _finite(y), seen, places)
    except (ArithmeticError, LookupError, TypeError, ValueError):  # a rule that refuses NaN
        return [np.ones(np.shape(x), bool) for _, _, x in places]
    return [_nonzero(share) for share in shares]


class Careful:
    """The contributions of a walk, silenced where nothing comes, and what was no number elsewhere.

    seeds: where the gradients are that the walk begins with.
    """

    def __init__(
        self, nodes: list[Any], seeds: dict[Any, Presence], needed: Collection[Any] | None
    ) -> None:
        self.masks = _reach(nodes, seeds, needed)
        self.problems: dict[str, str] = {}  # by the kinds of np.errstate
        self._given_nan: set[Any] = set()  # to whom a contribution brought NaN

    def contributions(
        self, node: Any, g: Cotangent, needed: Collection[Any] | None, recorded: bool
    ) -> list[Contribution]:
        """What a call passes back, computed in NumPy's numbers."""
        places = [p for p in wanted(node, needed) if _any(self.masks.get((node._number, p[0])))]
        y, seen = (node, linked(node)) if recorded else (node._value, node.seen)
        with np.errstate(all="ignore"):
            shares = in_numpy(node, g, y, seen, places)
            masks = [self.masks[node._number, place] for place, _, _ in places]
            shares = list(map(_silenced, shares, masks))
            here = self.masks.get((node._number, _ALL))
            if not (node._call.elementwise or _is_all(here) or all(map(_is_finite, shares))):
                shares = _unmixed(node, g, here, y, seen, places, shares)
                shares = list(map(_silenced, shares, masks))
            self._note_sum(node, plain(g))
            for (place, parent, _), share in zip(places, shares, strict=True):
                self._note(node, place, plain(g), plain(share))
                if _is_nan(share):
                    self._given_nan.add(parent)
        return [(*p, share) for p, share in zip(places, shares, strict=True)]

    def _note(self, node: Any, place: int, g: Data, share: Data) -> None:
        """Keep the first contribution of each kind that was made of numbers and is none."""
        if type(share) is Parts or type(g) is Parts or _is_finite(share):
            return
        numbers = [np.asarray(x) for x in (g, node._value, *node.seen) if _is_floating(x)]
        for kind, what, found, was in (
            ("invalid", "0 · ∞, which is no number,", np.isnan(share), np.isnan),
            ("divide", "division by zero", np.isinf(share), np.isinf),
        ):
            before = [was(x) for x in numbers if kind == "invalid" or x is not numbers[1]]
            if node._call.elementwise and np.shape(share) == np.shape(node._value):
                new = found & ~np.logical_or.reduce(np.broadcast_arrays(*before))
            else:
                new = found & (not any(map(np.any, before)))
            if kind not in self.problems and new.any():
                index = tuple(int(i) for i in np.argwhere(new)[0])
                self.problems[kind] = (
                    f"{what} in the derivative of {name_of(node.fn)} by its argument {place}"
                    + (f", at index {index}." if index else ".")
                )

    def _note_sum(self, v: Any, g: Data) -> None:
        if _is_nan(g) and v not in self._given_nan:
            self.problems.setdefault("invalid", "∞ - ∞ in the sum of what comes to a gradient.")

    def report(self, grads: dict[Any, Cotangent], kept: Iterable[Cotangent]) -> None:
        """Warn or raise once, as np.errstate says, if no number or an infinite one comes out.

        grads: of the Values that the walk ends at. kept: of those between, if they keep theirs.
        """
        for v, g in grads.items():
            self._note_sum(v, g)
        kind = "invalid" if any(map(_is_nan, (*grads.values(), *kept))) else "divide"
        if kind in self.problems and not (
            kind == "divide" and all(map(_is_finite, grads.values()))
        ):
            _say(np.geterr()[kind], self.problems[kind])  # type: ignore[literal-required]


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


def _unmixed(
    node: Any, g: Cotangent, here: Presence, y: Data, seen: Args, places: Any, shares: list[Data]
) -> list[Data]:
    """Shares without the infinities and NaNs that only met absent gradients in a sum.

    Numbers are put in their place. Where two such numbers make no difference to a gradient that is
    nowhere 0, the share does not depend on what they stand for.
    """
    with_1, with_2 = ([_finite(plain(y), n), *(_finite(plain(x), n) for x in seen)] for n in (1, 2))
    numbers = np.random.default_rng(0).uniform(1, 2, np.shape(node._value))
    anything = _probe(node._value, here, numbers)
    with recording(False):
        first, second = (
            pulled(node, anything, x[0], tuple(x[1:]), places) for x in (with_1, with_2)
        )
    clean = pulled(node, g, _finite(y), tuple(map(_finite, seen)), places)
    return [
        c if type(c) is Parts else np.where(plain(a) == plain(b), c, share)
        for a, b, c, share in zip(first, second, clean, shares, strict=True)
    ]


def in_numpy(
    node: Any, g: Cotangent, y: Data, seen: Args, places: list[tuple[int, Any, Data]]
) -> list[Cotangent]:
    """What the rules give in NumPy's numbers, which divide by 0 where Python's raise."""
    return pulled(node, _in_numpy(g), _in_numpy(y), tuple(map(_in_numpy, seen)), places)


class Trail:
    """What a recorded walk remembers, so that a walk over its own record can be careful.

    A contribution that was absent in the first walk is a plain 0 in the second. So its record names
    the first walk, which finds out, when it is asked, where its gradients went.
    """

    def __init__(
        self, nodes: list[Any], seeds: dict[Any, Presence], needed: Collection[Any] | None
    ) -> None:
        self._asked = nodes, seeds, needed
        self._first = max((v._number for v in (*nodes, *seeds)), default=0)

    @cached_property
    def masks(self) -> dict[Place, Presence]:
        return _reach(*self._asked)

    def contributions(
        self, node: Any, g: Cotangent, needed: Collection[Any] | None, recorded: bool
    ) -> list[Contribution]:
        found = contributions(node, g, needed, recorded)
        for place, _, _, share in found:
            for i, c in share.gradients.items() if type(share) is Parts else ((None, share),):
                if is_tracked(c) and c._number > self._first and type(c._call) is Rules:
                    c._call = _Noted(c._call, self, (node._number, place), i)
        return found


class _Noted:
    """The Rules of a contribution in a recorded walk, and its place there."""

    __slots__ = ("_part", "_place", "_rules", "_trail")

    def __init__(self, rules: Any, trail: Trail, place: Place, part: int | None) -> None:
        self._rules, self._trail, self._place, self._part = rules, trail, place, part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rules, name)

    def mask(self) -> Presence:
        mask = self._trail.masks.get(self._place, np.zeros((), bool))
        return mask if self._part is None or type(mask) is not Parts else mask[self._part]


# ------------------------------------------------------------------------ of one gradient


def _mapped(f: Callable[..., Any], g: Any, *others: Any) -> Any:
    """f of a gradient, or of each of several."""
    if type(g) is not Parts:
        return f(g, *others)
    return Parts({i: f(m, *(other[i] for other in others)) for i, m in g.gradients.items()})


def _any(mask: Presence) -> bool:
    if type(mask) is Parts:
        return any(map(_any, mask.gradients.values()))
    return mask is not None and bool(np.any(mask))


def _is_all(mask: Presence) -> bool:
    return type(mask) is not Parts and bool(np.all(mask))


def _either(a: Presence, b: Presence) -> Presence:
    if type(a) is not Parts:
        return a | b
    both = a.gradients | b.gradients
    return Parts({i: m | a[i] if a[i] is not None else m for i, m in both.items()})


def _both(here: Presence, noted: Presence) -> Presence:
    if here is None or noted is None:
        return None
    return here & noted if np.shape(noted) in ((), np.shape(here)) else here


def _shrunk(mask: Array, shape: tuple[int, ...]) -> Array:
    """A mask in the shape of an argument: True where any of what was broadcast from it is."""
    extra = max(np.ndim(mask) - len(shape), 0)
    mask = np.any(mask, axis=tuple(range(extra)))
    repeated = tuple(k for k, n in enumerate(mask.shape) if n != shape[k])
    return np.broadcast_to(np.any(mask, axis=repeated, keepdims=True), shape)


def _probe(y: Data, here: Presence, number: Any) -> Cotangent:
    """A gradient of y: the number where it is present, 0 elsewhere."""
    if type(here) is Parts:
        return Parts({i: _probe(y[i], mask, np.nan) for i, mask in here.gradients.items()})
    dtype = np.result_type(y)
    number = np.asarray(number) * (1 + 1j if dtype.kind == "c" else 1)
    return np.where(here, number, 0).astype(dtype)[()]


def _nonzero(share: Cotangent) -> Presence:
    return _mapped(lambda c: np.asarray(plain(c)) != 0, share)


def _silenced(share: Cotangent, mask: Presence) -> Cotangent:
    if type(share) is Parts:
        return Parts({
            i: _silenced(c, mask[i] if type(mask) is Parts else mask)
            for i, c in share.gradients.items()
            if type(mask) is not Parts or _any(mask[i])
        })  # fmt: skip
    return share if _is_all(mask) else np.where(mask, share, 0)


def _is_finite(x: Data) -> bool:
    if type(x) is Parts:
        return all(map(_is_finite, x.gradients.values()))
    return not _is_floating(x := plain(x)) or is_finite(x)


def _is_nan(x: Data) -> bool:
    if type(x) is Parts:
        return any(map(_is_nan, x.gradients.values()))
    return x is not None and bool(np.isnan(plain(x)).any())


def _is_floating(x: Any) -> bool:
    return isinstance(x, float | complex) or getattr(x, "dtype", np.dtype(int)).kind in "fc"


def _finite(x: Any, number: float = 1) -> Any:
    """x with a number in the place of what is infinite or none."""
    if type(x) is tuple:
        return tuple(_finite(member, number) for member in x)
    if not (is_tracked(x) or _is_floating(x)) or _is_finite(x):
        return _in_numpy(x)
    return np.where(np.isfinite(plain(x)), x, number)


def _in_numpy(x: Any) -> Any:
    """x, a Python number as NumPy's, which divides by 0 without raising."""
    if type(x) is tuple:
        return tuple(map(_in_numpy, x))
    return np.float64(x) if type(x) is float else np.complex128(x) if type(x) is complex else x
