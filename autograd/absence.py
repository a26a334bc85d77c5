"""Where a gradient is absent, which is not where it is 0: the careful reading of a walk.

`np.where(x > 0, np.sqrt(x), 0)` sends no gradient to the root of 0, and so the infinite slope
there must not matter. But `np.sqrt(x) ** 2` sends it a number that happens to be 0, and 0 · ∞ is no
number. Both are 0 · ∞ in a rule. What tells them apart is where gradients go, and a rule can be
asked: run on NaN where there is a gradient and on 0 elsewhere, it gives NaN wherever that went, as
NaN comes out of every sum and product that it goes into. No second table is needed.

Nothing here is used while all gradients are finite.
"""

import math
from _thread import RLock
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np

from autograd.binding import Args
from autograd.call import TABLE, Contribution, Parts, Rules, contributions, linked, pulled, wanted
from autograd.numbers import Array, Cotangent, Data, is_finite
from autograd.problems import Problems
from autograd.record import is_tracked, next_number, plain
from autograd.recording import recording

__all__ = ["Careful", "Passes", "Reach", "Trail", "finite", "in_numpy"]

# Bools in the shape of a gradient, True where there is one; Parts of them for several results.
Presence: TypeAlias = Any
Passes: TypeAlias = Callable[..., Sequence[Contribution]]
Place: TypeAlias = tuple[int, int]  # the number of a call's result, and the place of an argument
_COMING = -1  # as a place: the gradient that comes to the call


class Reach:
    """Where the gradients of a walk go, found out call by call as far as somebody asks.

    seeds: the gradients that the walk begins with. basis: a 0 in them says that there is none.
    """

    def __init__(
        self,
        nodes: list[Any],
        seeds: dict[Any, Cotangent],
        needed: Collection[Any] | None,
        basis: bool = False,
    ) -> None:
        self._nodes, self._seeds, self._needed, self._basis = nodes, seeds, needed, basis
        self._masks: dict[Place, Presence] = {}
        self._looking = RLock()  # several threads may ask about one recorded walk

    @cached_property
    def _todo(self) -> Iterator[Any]:
        self._age = math.inf  # the number of the call that was looked at last
        self._present = {v: self._of_seed(g) for v, g in self._seeds.items()}
        return iter(self._nodes)

    def _of_seed(self, g: Cotangent) -> Presence:
        """All of a gradient that a walk begins with; of a basis what is not 0."""
        return _mapped(lambda c: c != 0 if self._basis else np.ones(np.shape(c), bool), g)

    def mask(self, node_number: int, place: int = _COMING) -> Presence:
        """Where the gradient is that comes to a call, or that it passes on to a place; or None."""
        with self._looking:
            todo = self._todo
            while self._age > node_number and (node := next(todo, None)) is not None:
                self._age = node._number
                self._look_at(node)
        return self._masks.get((node_number, place))

    def _look_at(self, node: Any) -> None:
        present = self._present
        here = present.pop(node, None)
        if type(node._call) is _Noted and here is not None:
            here = _mapped(np.logical_and, here, node._call.mask())
        if not _any(here):
            return
        self._masks[node._number, _COMING] = here
        places = wanted(node, self._needed)
        for (place, parent, x), went in zip(places, _asked(node, here, places), strict=True):
            self._masks[node._number, place] = went
            went = went if type(went) is Parts else _shrunk(went, np.shape(x))
            present[parent] = _either(present[parent], went) if parent in present else went


def _asked(node: Any, here: Presence, places: list[tuple[int, Any, Data]]) -> list[Presence]:
    """Where a gradient goes that is present here, for each place."""
    call, y, seen = node._call, node._value, node.seen
    if call.elementwise and not call.routes and "where" not in node.kwargs:
        return [here for _ in places]
    try:
        with recording(False), np.errstate(all="ignore"):
            if call.routes:  # a factor of 0 says where not: so the numbers are the call's own
                shares = in_numpy(node, _probe(y, here, 1), y, seen, places, call.routes)
            else:
                others, seen = _with_numbers(node, _in_general_position)
                shares = in_numpy(node, _probe(y, here, np.nan), others, seen, places)
                single = not call.sequence and type(here) is not Parts
                arrived = [v is None or _arrived(v) for v in node._parents()] if single else []
                if not all(map(np.all, arrived)):
                    shares = _where_others_are(node, here, places, shares, arrived)
    except Exception:  # a rule that refuses NaN
        return [np.ones(np.shape(x), bool) for _, _, x in places]
    return [_mapped(lambda c: c != 0, share) for share in shares]


def _arrived(v: Any) -> Presence:
    """Where a gradient of a recorded walk is present, which may be a sum; True of other Values."""
    present, terms = False, {v: None}
    for term in (todo := [v]):  # which grows meanwhile
        if type(term._call) is _Noted:
            present = present | term._call.mask()
        elif term._call is TABLE[np.add] and len(term.parents) == 2:
            todo += [p for p in term.parents if p not in terms]
            terms |= dict.fromkeys(term.parents)
        else:
            return True
    return present


def _where_others_are(
    node: Any, here: Presence, places: Any, shares: list[Data], arrived: list[Presence]
) -> list[Data]:
    """Shares with 0 where each product that they are the sum of has an absent factor."""
    general = tuple(map(_in_general_position, node.seen))
    emptied = tuple(
        x if m is True else np.where(m, x, 0) for m, x in zip(arrived, general, strict=True)
    )
    probe = _probe(node._value, here, np.random.default_rng(0).uniform(1, 2, np.shape(here)))
    some, none = (in_numpy(node, probe, node._value, seen, places) for seen in (general, emptied))
    return [
        share if type(share) is Parts else np.where(np.equal(b, 0) & np.not_equal(a, 0), 0, share)
        for a, b, share in zip(some, none, shares, strict=True)
    ]


class Careful:
    """The contributions of a walk, silenced where nothing comes, and what was no number elsewhere.

    passes: the contributions of a quick walk, which do where they are finite. seeds: the gradients
    that the walk begins with.
    """

    def __init__(
        self,
        reach: Reach,
        passes: Passes = contributions,
        seeds: dict[Any, Cotangent] | None = None,
    ) -> None:
        self._reach, self._quickly, self.problems = reach, passes, Problems(seeds or {})

    def contributions(
        self, node: Any, g: Cotangent, needed: Collection[Any] | None, recorded: bool
    ) -> Sequence[Contribution]:
        """What a call passes back: the rules as they are, if that is finite."""
        with suppress(
            Exception
        ):  # if the rule objects to more than what is not finite, it will again
            found = self._quickly(node, g, needed, recorded)
            if all(finite(share) for _, _, _, share in found):
                return found
        return self._silenced(node, g, needed, recorded)

    def _silenced(
        self, node: Any, g: Cotangent, needed: Collection[Any] | None, recorded: bool
    ) -> list[Contribution]:
        number = node._number
        here = self._reach.mask(number)
        places = [p for p in wanted(node, needed) if _any(self._reach.mask(number, p[0]))]
        masks = [self._reach.mask(number, place) for place, _, _ in places]
        y, seen = (node, linked(node)) if recorded else (node._value, node.seen)
        shares = in_numpy(node, g, y, seen, places)
        shares = list(map(_silenced, shares, masks))
        mixed = not (node._call.elementwise or np.all(here) or all(map(finite, shares)))
        if mixed and type(here) is not Parts:
            shares = _unmixed(node, g, here, places, shares, recorded)
            shares = list(map(_silenced, shares, masks))
        found = [(*place, share) for place, share in zip(places, shares, strict=True)]
        self.problems.note(node, g, found)
        return found


def _unmixed(
    node: Any, g: Cotangent, here: Presence, places: Any, shares: list[Data], recorded: bool
) -> list[Data]:
    """Shares without the infinities and NaNs that only met absent gradients in a sum.

    Numbers are put in their place. Where two such numbers make no difference to a gradient that is
    nowhere 0, the share does not depend on what they stand for.
    """
    probe = _probe(node._value, here, np.random.default_rng(0).uniform(1, 2, np.shape(here)))
    with recording(False):
        first, second = (
            in_numpy(node, probe, *_with_numbers(node, partial(_finite, number=n)), places)
            for n in (1, 2)
        )
    y, seen = _with_numbers(node, _finite)
    if recorded:
        y, seen = _finite(node), tuple(map(_finite, linked(node)))
    clean = in_numpy(node, g, y, seen, places)
    return [
        share if type(share) is Parts else np.where(np.equal(a, b), c, share)
        for a, b, c, share in zip(first, second, clean, shares, strict=True)
    ]


def in_numpy(
    node: Any, g: Cotangent, y: Data, seen: Args, places: Collection[Any], rules: Any = ()
) -> list[Cotangent]:
    """What the rules give in NumPy's numbers, which divide by 0 where Python's raise."""
    return pulled(node, _as_numpy(g), _as_numpy(y), _as_numpy(seen), places, rules)


class Trail:
    """What a recorded walk remembers, so that a walk over its own record can be careful.

    A contribution that was absent in the first walk is a plain 0 in the second. So its record names
    the first walk, which finds out, when it is asked, where its gradients went.
    """

    def __init__(self, reach: Reach) -> None:
        self.reach, self._first = reach, next_number()

    def contributions(
        self, node: Any, g: Cotangent, needed: Collection[Any] | None, recorded: bool
    ) -> Sequence[Contribution]:
        found = contributions(node, g, needed, recorded)
        for place, _, _, share in found:
            for i, c in share.items() if type(share) is Parts else ((None, share),):
                made_now = is_tracked(c) and c._number > self._first and c._call is not None
                if made_now and type(c._call) is not _Noted:
                    c._call = _Noted(c._call, self, (node._number, place), i)
        return found


class _Noted(Rules):
    """The Rules of a contribution in a recorded walk, and its place there."""

    __slots__ = ("_part", "_place", "_trail")

    def __init__(self, rules: Rules, trail: Trail, place: Place, part: int | None) -> None:
        self.__dict__ = rules.__dict__
        self._trail, self._place, self._part = trail, place, part

    def mask(self) -> Presence:
        mask = self._trail.reach.mask(*self._place)
        if type(mask) is Parts and self._part is not None:
            mask = mask[self._part]
        return False if mask is None else mask


# ------------------------------------------------------------------------ of one gradient


def _mapped(f: Callable[..., Any], g: Any, *others: Any) -> Any:
    """f of a gradient as an array, or of each of several; with members of others beside it."""
    if type(g) is Parts:
        return Parts({i: _mapped(f, m, *(other[i] for other in others)) for i, m in g.items()})
    return f(np.asarray(plain(g)), *others)


def _any(mask: Presence) -> bool:
    return any(map(_any, mask.values())) if type(mask) is Parts else bool(np.any(mask))


def _either(a: Presence, b: Presence) -> Presence:
    if type(a) is not Parts:
        return a | b
    return Parts({i: m if a[i] is None or m is a[i] else m | a[i] for i, m in {**a, **b}.items()})


def _shrunk(mask: Array, shape: tuple[int, ...]) -> Array:
    """A mask in the shape of an argument: True where any of what was broadcast from it is."""
    if np.shape(mask) == shape:
        return mask
    extra = max(np.ndim(mask) - len(shape), 0)
    mask = np.any(mask, axis=tuple(range(extra)))
    repeated = tuple(k for k, n in enumerate(mask.shape) if n != shape[k])
    return np.broadcast_to(np.any(mask, axis=repeated, keepdims=True), shape)


def _probe(y: Data, here: Presence, number: Any) -> Cotangent:
    """A gradient of y: the number where it is present, 0 elsewhere."""

    def of_one(mask: Array, y: Data) -> Data:
        dtype = np.result_type(y)
        whole = np.asarray(number) * (1 + 1j if dtype.kind == "c" else 1)
        return np.where(mask, whole, 0).astype(dtype)[()]

    return _mapped(of_one, here, y)


def _silenced(share: Cotangent, mask: Presence) -> Cotangent:
    if type(share) is Parts:
        return Parts({
            i: _silenced(c, mask[i] if type(mask) is Parts else mask) for i, c in share.items()
        })  # fmt: skip
    return share if np.all(mask) else np.where(mask, share, 0)


def finite(g: Cotangent) -> bool:
    """True of a gradient, of a Value or of several, if no element is infinite or NaN."""
    if type(g) is np.ndarray:
        return is_finite(g)
    return all(map(finite, g.values())) if type(g) is Parts else is_finite(plain(g))


def _with_numbers(node: Any, changed: Callable[[Any], Any]) -> tuple[Data, Args]:
    """Result and arguments of a call like its own, of arguments that are changed and finite."""
    seen, y = tuple(map(changed, node.seen)), node._value
    with suppress(Exception):  # then its own result must do
        y = node._call.forward(*seen, **node.kwargs)
    return _finite(y), seen


def _finite(x: Any, number: float = 1) -> Any:
    """x, or with a number in the place of what is infinite or none."""
    if type(x) is tuple or type(x) is list:
        return type(x)(_finite(member, number) for member in x)
    data = plain(x)
    return x if is_finite(data) else np.where(np.isfinite(data), x, number)[()]


def _in_general_position(x: Any) -> Any:
    """x, or finite numbers near it, and so at no pole: no zeros, and no singular matrices."""
    if type(x) is tuple or type(x) is list:
        return type(x)(map(_in_general_position, x))
    x = _finite(x)
    if getattr(np.asarray(x).dtype, "kind", "") not in "fc":
        return x
    jitter = 1e-3 * (2 + np.cos(np.arange(np.size(x)))).reshape(np.shape(x))
    return (x + (1 + abs(x)) * jitter).astype(np.asarray(x).dtype)[()]


def _as_numpy(x: Any) -> Any:
    """x, with NumPy's numbers in the place of Python's."""
    if type(x) is tuple:
        return tuple(map(_as_numpy, x))
    return np.float64(x) if type(x) is float else np.complex128(x) if type(x) is complex else x
