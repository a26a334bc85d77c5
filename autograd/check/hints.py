"""What a wrong gradient looks like, in words: the wrong sign, twice, transposed, ...

Each pattern is a guess at the right gradient's relation to the wrong one; it counts only if it
fits every wrong element, to the accuracy that the differences have.
"""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.check.subjects import Differentiable

if TYPE_CHECKING:
    from autograd.check.probe import Probe

__all__ = ["UNCHANGED", "Evidence", "recognise"]

UNCHANGED = "None of the inputs changes f: is it the right function, and are they its?"
_CLOSE = 1e-4


class Evidence(NamedTuple):
    """One input: what its gradient is said to be, what it is, where the two differ."""

    position: int
    name: str
    analytic: Any
    numeric: Any
    wrong: Any
    moves: Any  # whether any step changes f
    units: Any  # the weight of the only result that an element changes, or 1
    x: Any


Elsewhere = tuple[list[Any], list[Any]] | None  # a point, and what its gradient is said to be


def recognise(
    evidence: list[Evidence], probe: "Probe", elsewhere: Elsewhere, order: int
) -> list[str]:
    """A sentence for each input whose wrong elements have something in common."""
    failed = [e for e in evidence if e.wrong.any()]
    if not failed:
        still = not any(e.moves.any() or e.analytic.any() for e in evidence)
        if order == 1 and still and any(e.x.size for e in evidence):
            return [UNCHANGED]
        return []
    if isinstance(probe.subject, Differentiable) and not any(e.analytic.any() for e in evidence):
        return [
            "No gradient arrives anywhere: does f leave the record, by float(), .item(), .data, or "
            "math.sin and its like? Write np.sin, or give grad=."
        ]
    if exchanged := _exchanged(failed):
        return [exchanged]
    hints = []
    for e in failed:
        found = next(_patterns(e, probe, elsewhere), None)
        if found:
            hints.append(f"{e.name}: {found}.")
        of_size = found is None or found.startswith(("the gradient", "no gradient"))
        if of_size and (where := _where(e)):
            hints.append(f"{e.name}: {where}.")
    return hints


def _patterns(e: Evidence, probe: "Probe", elsewhere: Elsewhere) -> Iterator[str]:
    """What fits, the simplest first."""
    a, n, wrong = e.analytic, e.numeric, e.wrong
    if not np.isfinite(a[wrong]).all():
        yield "the gradient is not finite where the slope is"
        return
    if not np.isfinite(n).all():
        return
    if not a[wrong].any():
        yield "no gradient arrives: it is 0" + (" there" if not wrong.all() else "")
        return
    if not e.moves.any():
        yield "f does not change with it at all, yet there is a gradient (is a result kept?)"
        return
    if _is_stale(e, probe, elsewhere):
        yield "it looks stale: it is the gradient of the call before, at another point"
    if np.iscomplexobj(n):
        if _close(a, np.conjugate(n)):
            yield "it is the complex conjugate of what it should be"
        if _close(a, n.real):
            yield "its imaginary part is missing"
    if _close(a, n):  # nearly right: only what tells small differences apart
        yield from _offset((a - n)[wrong], e.units[wrong])
        yield _multiple(a[wrong], n[wrong], e, probe)[0]
        return
    multiple, telling = _multiple(a[wrong], n[wrong], e, probe)
    if telling:
        yield multiple
    yield from _places(a, n)
    yield from _of_results(e, probe)
    yield from _offset((a - n)[wrong], e.units[wrong])
    yield from _values(a, n, wrong, e.x)
    if multiple and (wrong.sum() > 1 or wrong.all()):
        yield multiple


def _close(a: Any, b: Any, slack: float = _CLOSE) -> bool:
    size = max(np.max(np.abs(a), initial=0), np.max(np.abs(b), initial=0))
    return bool(np.all(np.abs(a - b) <= slack * np.abs(b) + 1e-2 * slack * size))


def _is_stale(e: Evidence, probe: "Probe", elsewhere: Elsewhere) -> bool:
    """Whether it is the gradient of another point, and right there."""
    if elsewhere is None:
        return False
    points, gradients = elsewhere
    there = gradients[e.position]
    if np.shape(there) != e.x.shape or not _close(there, e.analytic) or _close(there, e.numeric):
        return False
    return _close(_slopes(e.position, points, probe), there)


def _multiple(a: Any, n: Any, e: Evidence, probe: "Probe") -> tuple[str, bool]:
    """The same multiple everywhere, in words, and whether that is more than chance."""
    clear = np.abs(n) > 1e-9 * np.max(np.abs(a))
    ratios = a[clear] / n[clear]
    if not ratios.size or not _close(a, ratios[0] * n):
        return "", False
    if np.iscomplexobj(ratios) and np.max(np.abs(ratios.imag)) <= 1e-9:
        ratios = ratios.real
    ratio = ratios[0] if np.iscomplexobj(ratios) else np.median(ratios)
    if np.max(np.abs(ratios - ratio)) > 0.1 * abs(ratio - 1):
        return "", False
    known = next((words for r, words in _MULTIPLES.items() if abs(ratio / r - 1) < _CLOSE), "")
    if known:
        return known, True
    text = f"the gradient is {_digits(ratio)} times what it should be"
    lengths = {k for y in [e.x, *probe.results] for k in (*np.shape(y), np.size(y)) if k > 1}
    size = next((k for k in sorted(lengths) if abs(ratio / k - 1) < _CLOSE), None)
    share = next((k for k in sorted(lengths) if abs(ratio * k - 1) < _CLOSE), None)
    if size:
        text += f" ({size} is the length of an axis: a mean without its 1/{size}?)"
    elif share:
        text += f" ({share} is the length of an axis: a mean where a sum belongs?)"
    return text, bool(size or share or a.size > 1)


def _digits(ratio: Any) -> str:
    """So many that it differs from 1."""
    return next(t for d in (4, 7, 17) if (t := f"{ratio:.{d}g}") != "1" or d == 17)


_MULTIPLES = {
    -1: "the gradient has the wrong sign",
    2: "the gradient is exactly twice what it should be",
    0.5: "the gradient is exactly half of what it should be",
    -2: "the gradient has the wrong sign, and is twice as large",
    -0.5: "the gradient has the wrong sign, and is half as large",
}


def _places(a: Any, n: Any) -> Iterator[str]:
    """The right numbers in other places."""
    if a.size < 2:
        return
    for order in _orders(a.shape):
        if _close(a, np.transpose(n, order)):
            yield "it looks transposed" + (f": axes {order}" if a.ndim > 2 else "")
    for axis in range(a.ndim):
        if a.shape[axis] > 1:
            if _close(a, np.flip(n, axis)):
                yield f"it runs backwards along axis {axis}"
            for by in range(1, min(a.shape[axis], 20)):
                if _close(a, np.roll(n, by, axis)):
                    yield f"it is shifted by {by} along axis {axis}"
    if np.isrealobj(a) and np.allclose(np.sort(a, None), np.sort(n, None), _CLOSE, 0):
        yield "it has the right numbers in the wrong places"


def _of_results(e: Evidence, probe: "Probe") -> Iterator[str]:
    """What tells by the derivatives of every single result."""
    a, n = e.analytic, e.numeric
    w = np.concatenate([np.ravel(w) for w in probe.weights])
    if w.size < 2 or a.size * w.size > 40_000 or a.size > 400 or np.iscomplexobj(a):
        return
    jacobian = _jacobian(e.position, probe.points, probe)  # results by elements
    ones = jacobian.sum(0).reshape(a.shape)
    if _close(a, ones) and not _close(n, ones):
        yield "the incoming gradient g is not multiplied in"
    if a.size == w.size and _close(a.ravel(), w) and not _close(n.ravel(), w):
        yield "the incoming gradient is passed on without the local derivative"
    if a.size == w.size and _close(a.ravel(), jacobian @ w):
        yield "the Jacobian looks transposed"
    if a.size == w.size and _close(a.ravel(), np.diag(jacobian) * w):
        yield "only the diagonal of the Jacobian is there"
    shape = np.shape(probe.results[0])
    for order in _orders(shape) if len(probe.results) == 1 else []:
        turned = np.transpose(w.reshape(shape), order).ravel()
        found = (turned @ jacobian).reshape(a.shape)
        back = np.transpose(found, order) if a.shape == shape else found
        if not _close(turned, w) and (_close(a, found) or _close(a, back)):
            yield "the incoming gradient looks transposed: is an axis mistaken?"
    shares = jacobian * w[:, None]
    flat = a.ravel()
    several = (np.abs(shares) > 1e-9 * np.abs(shares).max(initial=0)).sum(0) > 1
    off = e.wrong.ravel()
    if several[off].all():
        fits = np.abs(shares - flat) <= _CLOSE * np.abs(flat) + 1e-8 * np.abs(shares).max(initial=0)
        if fits[:, off].any(0).all():
            yield (
                "only one of several contributions is left: = where += belongs, or a sum over "
                "what was repeated is missing"
            )
        means = n.ravel() / np.maximum((shares != 0).sum(0), 1)
        if _close(flat[off], means[off]):
            yield "contributions are averaged where they should be added"


def _orders(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The other orders of a few axes that leave the shape as it is."""
    if not 1 < len(shape) < 5:
        return []
    orders = list(permutations(range(len(shape))))[1:]
    return [order for order in orders if tuple(shape[k] for k in order) == shape]


def _jacobian(k: int, points: list[Any], probe: "Probe") -> Any:
    """The derivatives of all results by all elements of one input, by central differences."""
    return np.stack(list(_columns(k, points, probe)), axis=1)


def _slopes(k: int, points: list[Any], probe: "Probe") -> Any:
    """The gradient of the weighted sum by one input, by central differences."""
    weights = np.concatenate([np.ravel(np.real(w)) for w in probe.weights])
    found = [float(weights @ column) for column in _columns(k, points, probe)]
    return np.reshape(found, points[k].shape)


def _columns(k: int, points: list[Any], probe: "Probe") -> Iterator[Any]:
    """For each element of one input, the derivatives of all results."""
    x = points[k]
    for index in np.ndindex(x.shape):
        step = probe.element(k, index).step
        ends = []
        for t in (step, -step):
            moved = x.copy()
            moved[index] += t
            there = [moved if i == k else p for i, p in enumerate(points)]
            try:
                with np.errstate(all="ignore"):
                    results = probe.subject.values(there)
            except Exception:  # outside of its domain f may raise what it likes
                results = [np.full(np.shape(w), np.nan) for w in probe.weights]
            ends.append(np.concatenate([np.ravel(np.real(y)) for y in results]))
        yield (ends[0] - ends[1]) / (2 * step)


def _values(a: Any, n: Any, wrong: Any, x: Any) -> Iterator[str]:
    """What tells by the numbers themselves."""
    if wrong.sum() > 1:
        cut = np.abs(a[wrong])
        if np.ptp(cut) == 0 and cut[0] > 0 and np.all(np.abs(n[wrong]) > cut[0]):
            yield f"it is cut off at ±{cut[0]:.4g}"
        whole = np.all(cut < 2**53) and np.all(cut == np.round(cut))
        if np.isrealobj(a) and whole and np.any(n[wrong] != np.round(n[wrong])):
            yield "it has whole numbers only: is it computed in integers?"
        for power, words in ((1.0, "x"), (-1.0, "1/x")):
            with np.errstate(all="ignore"):
                excess = n[wrong] * x[wrong] ** power
            if np.isfinite(excess).all() and _close(a[wrong], excess):
                yield f"there is a factor {words} too much"


def _offset(difference: Any, units: Any) -> Iterator[str]:
    """A constant, added by a rule, or to each derivative of an elementwise function."""
    for off in (difference, difference / units):
        if off.size > 1 and _close(off, off[0], 1e-3):
            yield f"it is off by the constant {off[0]:.4g}"


def _where(e: Evidence) -> str:
    """Where the wrong elements are, if only there."""
    wrong, x = e.wrong, np.real(e.x)
    size = 1e-9 * max(np.max(np.abs(e.analytic)), np.max(np.abs(e.numeric)))
    # Where both are 0 nothing could be wrong.
    told = wrong | (np.abs(e.analytic) > size) | (np.abs(e.numeric) > size)
    if wrong[told].all() or wrong.size < 3:
        return ""
    for axis in range(wrong.ndim):
        if wrong.shape[axis] > 2:
            for place, words in ((0, "first"), (-1, "last")):
                edge = np.zeros_like(wrong)
                np.moveaxis(edge, axis, 0)[place] = True
                if (edge == wrong)[told].all():
                    return f"only the {words} along axis {axis}"
    if wrong.sum() == 1:
        return ""  # any property of its own would fit
    signs: list[tuple[Callable[[Any], Any], str]] = [
        (lambda x: x < 0, "negative"), (lambda x: x > 0, "positive"),
        (lambda x: np.abs(x) > 1, "larger than 1 in size"),
        (lambda x: np.abs(x) < 1, "smaller than 1 in size"),
    ]  # fmt: skip
    for test, words in signs:
        if (test(x) == wrong)[told].all():
            return f"only where it is {words}"
    return ""


def _exchanged(failed: list[Evidence]) -> str:
    """Two inputs that have each other's gradient."""
    for k, e in enumerate(failed):
        for other in failed[k + 1 :]:
            if (
                e.analytic.shape == other.analytic.shape
                and _close(e.analytic, other.numeric)
                and _close(other.analytic, e.numeric)
                and not _close(e.numeric, other.numeric)
            ):
                return f"{e.name} and {other.name} have each other's gradient."
    return ""
