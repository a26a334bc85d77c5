"""One order of derivatives, examined: first what holds for all of them, then each element.

Before any number is compared: f and its gradient are the same from call to call, and the gradient
has the shape and the kind of numbers of its input. Afterwards: what single elements cannot show.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.check.foreign import Given
from autograd.check.hints import Evidence, recognise
from autograd.check.judge import Judgement, judge
from autograd.check.probe import Probe, alike
from autograd.check.subjects import Subject, keeping_layout
from autograd.check.ties import wrong_at_ties
from autograd.check.verdicts import Element, Verdict
from autograd.errors import DegenerateSpectrum, ShapeMismatch

__all__ = ["Examination"]

_CHANGING = (
    "f gives other results each time: fix its seed, or switch off what is random (model.eval())"
)
_FROM_BEST = [Verdict.OK, Verdict.ROUND_OFF, Verdict.DOMAIN, Verdict.KINK, Verdict.WRONG]
_ULPS = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])


class Examination:
    """One order of one subject: its elements, and hints at what the failures have in common."""

    def __init__(self, checked: Subject, order: int, cheap: bool, probe: Probe) -> None:
        self.subject, self.order, self.probe = checked, order, probe
        self.hints: list[str] = []
        self.elements: list[Element] = []
        gradients = self.gradients(cheap)
        if gradients is None:
            return
        if all(u.all() for u in probe.undefined) and any(u.size for u in probe.undefined):
            everything = ", ".join(dict.fromkeys(checked.names))
            self.fail(Verdict.DOMAIN, everything, "f is not finite at the inputs themselves")
            return
        kept = [
            k
            for k, (g, x) in enumerate(zip(gradients, checked.points, strict=True))
            if self.fits(k, g, x)
        ]
        finite = [np.abs(np.asarray(gradients[k])) for k in kept]
        probe.gradient_size = max(
            (float(np.max(g, initial=0, where=np.isfinite(g))) for g in finite), default=0.0
        )
        if cheap:
            self.one_direction(gradients, kept)
        else:
            self.every_element(gradients, kept)

    def fail(self, verdict: Verdict, input: str, note: str) -> None:
        self.elements.append(Element(self.order, input, None, verdict, note=note))

    def add(self, input: str, index: Any, analytic: Any, found: Judgement) -> None:
        """An element, in units of the only result that changes with it."""
        numeric, error = found.numeric / found.unit, found.error / found.unit
        self.elements.append(
            Element(
                self.order, input, index, found.verdict, analytic / found.unit, numeric, error,
                found.step, found.note, found.left, found.right,
            )
        )  # fmt: skip

    def gradients(self, cheap: bool) -> list[Any] | None:
        """What is said to be the gradient, if that is the same each time."""
        checked, probe = self.subject, self.probe
        everything = ", ".join(dict.fromkeys(checked.names))
        if self.order == 1:
            again = probe.subject.values(checked.points)
            if not _same(probe.results, again, 1e2 * probe.precision):
                self.fail(Verdict.NOT_DETERMINISTIC, everything, _CHANGING)
                return None
        self.elsewhere = None
        try:
            if self.order == 1:
                self.elsewhere = self.gradient_elsewhere()
            first = checked.pull(checked.points, probe.weights)
            if self.order == 1:
                second = checked.pull(checked.points, probe.weights)
        except ShapeMismatch as error:
            self.fail(Verdict.SHAPE, everything, str(error))
            return None
        except (TypeError, DegenerateSpectrum) as error:
            if self.order == 1:
                raise
            self.fail(Verdict.NOT_AGAIN, everything, str(error))
            return None
        for name, g in zip(checked.names, first, strict=True):
            if np.asarray(g).dtype.kind not in "fciub":
                note = f"the gradient is of {np.asarray(g).dtype}, which are no numbers"
                self.fail(Verdict.SHAPE, name, note)
                return None
        if self.order == 1 and not _same(first, second, 1e2 * probe.precision):
            note = "the gradient differs from call to call"
            before = self.elsewhere[1] if self.elsewhere else [0 * np.asarray(g) for g in first]
            grown = [np.subtract(b, a) for a, b in zip(first, second, strict=True)]
            if _same(grown, [np.subtract(a, z) for z, a in zip(before, first, strict=True)], 1e-9):
                note = "each call adds to the first gradient: it is not set to zero"
            self.fail(Verdict.NOT_DETERMINISTIC, everything, note)
            return None
        return first

    def gradient_elsewhere(self) -> tuple[list[Any], list[Any]] | None:
        """A point nearby and the gradient there, taken first: something may be kept of it."""
        rng = np.random.default_rng(3)
        with np.errstate(all="ignore"):
            moved = [
                np.asarray(x + (s * rng.uniform(0.01, 0.02, s.shape)).astype(x.dtype))
                for x, s in zip(self.subject.points, self.probe.scales(), strict=True)
            ]
        try:
            with np.errstate(all="ignore"):
                return moved, self.subject.pull(moved, self.probe.weights)
        except Exception:  # the point may lie outside of the domain
            return None

    def fits(self, k: int, g: Any, x: Any) -> bool:
        """Whether the gradient of an input has its shape, and numbers of its kind."""
        name = self.subject.names[k]
        note = ""
        if np.shape(g) != x.shape:
            note = f"the gradient has the shape {np.shape(g)}, the input {x.shape}"
            results = [np.shape(y) for y in self.probe.results]
            if np.shape(g) == ():
                note += ": one number, where each element has its own"
            elif np.shape(g) == x.shape[::-1]:
                note += ": it looks transposed"
            elif np.shape(g) in results and np.ndim(g) >= x.ndim:
                note += ": it is not summed over what was broadcast"
            elif np.shape(g)[np.ndim(g) - x.ndim :] == x.shape and results == [()]:
                note += ": it is not summed over the leading axes"
            if isinstance(self.subject, Given) and results != [()]:
                note += f"; a Jacobian has the shape {(*results[0], *x.shape)}"
        elif not isinstance(g, int | float | complex) or isinstance(g, bool):
            kind = np.asarray(g).dtype
            other = kind.kind != x.dtype.kind
            if other or (kind != x.dtype and np.ndim(self.subject.given[k])):
                note = f"the gradient is of {kind}, the input of {x.dtype}"
                if kind.kind == x.dtype.kind:
                    note += f": give the input in {kind} if f computes in that"
        if note:
            self.fail(Verdict.SHAPE, name, note)
        return not note

    def one_direction(self, gradients: list[Any], kept: list[int]) -> None:
        """Compare the derivative along one random direction."""
        if len(kept) < len(gradients):
            return
        if not any(np.size(g) for g in gradients):
            return
        for k, (g, x) in enumerate(zip(gradients, self.probe.points, strict=True)):
            for index in np.argwhere(np.isfinite(x) & ~np.isfinite(g))[:1]:  # no direction has it
                place = tuple(index.tolist())
                found = self.judge_element(k, place, np.asarray(g)[place], complex_step=False)
                self.add(self.subject.names[k], place, np.asarray(g)[place].item(), found)
        self.along_a_direction(self.probe, gradients, "a random direction")
        if self.elements[-1].verdict is Verdict.OK:
            self.look_elsewhere(gradients)
        if self.elements[-1].verdict is Verdict.WRONG:
            self.hints.append("Without cheap=True the check tells which elements are wrong.")

    def along_a_direction(self, probe: Probe, gradients: list[Any], name: str) -> None:
        """The verdict on the derivative along one random direction."""
        rng = np.random.default_rng(2)
        parts, shares = [], []
        for scale, x, g in zip(probe.scales(), probe.points, gradients, strict=True):
            own = np.where(x == 0, scale, np.abs(x))  # a small element moves as little as it is
            part = own * rng.normal(size=scale.shape)
            part = part * (1 + 0.7j) if x.dtype.kind == "c" else part
            part = np.where(np.isfinite(x) & np.isfinite(g), part, 0)
            parts.append(part)
            shares.append(np.where(part == 0, 0, np.where(np.isfinite(g), g, 0) * part))
        along = float(sum(np.sum(np.real(share)) for share in shares))
        probe.gradient_size = float(sum(np.sum(np.abs(share)) for share in shares))
        found = judge(probe.direction(parts), along)
        if found.verdict is Verdict.WRONG and probe is self.probe:
            with np.errstate(all="ignore"):
                beside = [
                    sum(float(np.sum(np.real(g * p))) for g, p in zip(pulled, parts, strict=True))
                    for pulled in self.gradients_beside() or []
                ]
            if beside and abs(along - found.numeric) <= 5 * _flicker(np.array(beside)):
                note = "the gradient itself is rounding"
                found = found._replace(verdict=Verdict.ROUND_OFF, note=note)
        self.add(name, None, along, found._replace(unit=1.0))

    def every_element(self, gradients: list[Any], kept: list[int]) -> None:
        """Compare each derivative, and look for what the wrong ones have in common."""
        probe = self.probe
        complex_step = self.order == 1 and probe.allows_complex_step()
        evidence = []
        for k in kept:
            x, g = probe.points[k], np.asarray(gradients[k])
            numeric = np.zeros(x.shape, complex if x.dtype.kind == "c" else float)
            wrong, moves = np.zeros(x.shape, bool), np.zeros(x.shape, bool)
            units = np.ones(x.shape)
            for index in np.ndindex(x.shape):
                found = self.judge_element(k, index, g[index], complex_step)
                numeric[index] = found.numeric
                wrong[index] = found.verdict is Verdict.WRONG
                moves[index], units[index] = found.moves, found.unit
                self.add(self.subject.names[k], index, g[index].item(), found)
            evidence.append(Evidence(k, self.subject.names[k], g, numeric, wrong, moves, units, x))
        if any(e.wrong.any() for e in evidence):
            self.allow_for_rounding(evidence)
        self.hints += recognise(evidence, probe, self.elsewhere, self.order)
        self.look_at_ties(gradients)
        if not any(e.verdict.fails for e in self.elements):
            self.look_elsewhere(gradients)
        if self.order == 1 and not all(e.verdict is Verdict.OK for e in self.elements):
            self.look_again()
        if self.order > 1:
            self.name_constants(evidence)

    def judge_element(
        self, k: int, index: tuple[int, ...], a: Any, complex_step: bool
    ) -> Judgement:
        """The verdict on one element; of a complex one, the worse of those on its two parts."""
        probe = self.probe
        if probe.points[k].dtype.kind != "c":
            return judge(probe.element(k, index, complex_step=complex_step), float(a))
        along = judge(probe.element(k, index), float(np.real(a)))
        across = judge(probe.element(k, index, direction=1j), float(-np.imag(a)))
        worse = max(along, across, key=lambda found: _FROM_BEST.index(found.verdict))
        numeric = complex(along.numeric, -across.numeric)
        return worse._replace(numeric=numeric, error=max(along.error, across.error))

    def allow_for_rounding(self, evidence: list[Evidence]) -> None:
        """A gradient that flickers as its inputs do in the last digits is rounding, not wrong.

        So it is where f is flat, and where large terms cancel. What changes in proportion to the
        inputs is no flicker, nor what is right beside a point where it is wrong.
        """
        shaken = self.gradients_beside()
        if shaken is None:
            return
        for e in evidence:
            beside = np.array([pulled[e.position] for pulled in shaken])
            flicker = _flicker(beside)
            off = np.abs(e.analytic - e.numeric)
            jumps = np.all(np.abs(beside - e.numeric) <= 0.3 * off, axis=0)
            rounding = e.wrong & (off <= 5 * flicker) & ~jumps
            e.wrong[rounding] = False
            for n, element in enumerate(self.elements):
                if element.input == e.name and rounding[element.index]:
                    note = "the gradient itself is rounding"
                    self.elements[n] = replace(element, verdict=Verdict.ROUND_OFF, note=note)

    def gradients_beside(self) -> list[list[Any]] | None:
        """The gradients a few last digits away."""
        beside = []
        try:
            with np.errstate(all="ignore"):
                for ulps in _ULPS:
                    near = [keeping_layout(x) for x in self.subject.points]
                    for x in near:
                        x += (ulps * np.spacing(np.abs(x))).astype(x.dtype)
                    beside.append(self.subject.pull(near, self.probe.weights))
        except Exception:  # a gradient may not be there
            return None
        return beside

    def look_elsewhere(self, here: list[Any]) -> None:
        """Whether a gradient that is the same elsewhere is right there, along one direction."""
        if self.elsewhere is None or self.probe.anywhere_undefined:
            return
        points, gradients = self.elsewhere
        finite = all(np.isfinite(g).all() for g in gradients)
        if not finite or not _same(here, gradients, 1e-12):
            return
        before = self.subject.points
        self.subject.points = points
        try:
            there = Probe(self.subject, *self.probe.settings)
            if there.anywhere_undefined:
                return
            self.along_a_direction(there, gradients, "the inputs, a little moved")
        except Exception:  # the point may lie outside of the domain
            return
        finally:
            self.subject.points = before
        last = self.elements[-1]
        far = (
            last.numeric is not None
            and abs(last.analytic - last.numeric) > 1e-3 * there.gradient_size
        )
        if last.verdict is Verdict.WRONG and np.isfinite(last.analytic) and far:
            what = (
                "It looks stale: the gradient is the same"
                if any(np.any(g) for g in gradients)
                else "No gradient arrives: it is 0 as well"
            )
            self.hints.append(f"{what} at another point, where it is wrong.")
        else:
            self.elements.pop()

    def look_again(self) -> None:
        """Whether f is the same when it is called some more times: two may be so by chance."""
        for _ in range(6):
            again = self.probe.subject.values(self.subject.points)
            if not _same(self.probe.results, again, 1e2 * self.probe.precision):
                everything = ", ".join(dict.fromkeys(self.subject.names))
                self.fail(Verdict.NOT_DETERMINISTIC, everything, _CHANGING)
                return

    def look_at_ties(self, gradients: list[Any]) -> None:
        """Elements that are tied may move together without a kink: then there is one slope."""
        found = wrong_at_ties(self.probe, self.subject.names, self.elements, gradients)
        if found is not None:
            tied, hint = found
            self.hints.append(hint)
            for n in tied:
                self.elements[n] = replace(self.elements[n], verdict=Verdict.WRONG)

    def name_constants(self, evidence: list[Evidence]) -> None:
        """A second derivative that is all zero where it should not be: not differentiable again."""
        for e in evidence:
            if e.wrong.any() and not e.analytic.any():
                self.hints = [h for h in self.hints if not h.startswith(f"{e.name}:")]
                self.hints.append(
                    f"{e.name}: no second derivative comes back: the first is made of plain data "
                    "(x.data, or a value kept aside), which is a constant to the second."
                )
                self.elements = [
                    replace(element, verdict=Verdict.NOT_AGAIN)
                    if element.input == e.name and element.verdict is Verdict.WRONG
                    else element
                    for element in self.elements
                ]


def _flicker(beside: Any) -> Any:
    """How far the values at these few last digits are off a straight line."""
    with np.errstate(all="ignore"):
        trend = np.tensordot(_ULPS, beside, 1) / np.sum(_ULPS**2)
        line = beside.mean(axis=0) + np.multiply.outer(_ULPS, trend)
        return np.max(np.abs(beside - line), axis=0)


def _same(first: list[Any], second: list[Any], rtol: float) -> bool:
    """Whether two calls gave the same, but for the rounding of another order of summation."""
    same_length = len(first) == len(second)
    return same_length and all(alike(a, b, rtol) for a, b in zip(first, second, strict=True))
