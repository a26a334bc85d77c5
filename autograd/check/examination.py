"""One order of derivatives, examined: first what holds for all of them, then each element.

Before any number is compared: f and its gradient are the same from call to call, and the gradient
has the shape and the kind of numbers of its input. Afterwards: what single elements cannot show.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.check.hints import Evidence, recognise
from autograd.check.judge import Judgement, Probe
from autograd.check.subjects import Subject
from autograd.check.verdicts import Element, Verdict
from autograd.errors import DegenerateSpectrum, ShapeMismatch

__all__ = ["Examination"]


class Examination:
    """One order of one subject: its elements, and hints at what the failures have in common."""

    def __init__(self, checked: Subject, order: int, cheap: bool, probe: Probe) -> None:
        self.subject, self.order, self.probe = checked, order, probe
        self.hints: list[str] = []
        self.elements: list[Element] = []
        gradients = self.gradients(cheap)
        if gradients is None:
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

    def gradients(self, cheap: bool) -> list[Any] | None:
        """What is said to be the gradient, if that is the same each time."""
        checked, probe = self.subject, self.probe
        everything = ", ".join(dict.fromkeys(checked.names))
        if self.order == 1:
            again = probe.subject.values(checked.points)
            if not _same(probe.results, again, 1e2 * probe.precision):
                self.fail(Verdict.NOT_DETERMINISTIC, everything, "f gives other results each time")
                return None
        self.elsewhere = None
        try:
            if self.order == 1 and not cheap:
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
        moved = [
            np.asarray(x + (s * 0.0123).astype(x.dtype))
            for x, s in zip(self.subject.points, self.probe.scales(), strict=True)
        ]
        try:
            with np.errstate(all="ignore"):
                return moved, self.subject.pull(moved, self.probe.weights)
        except (ArithmeticError, ValueError, TypeError):
            return None

    def fits(self, k: int, g: Any, x: Any) -> bool:
        """Whether the gradient of an input has its shape, and numbers of its kind."""
        name = self.subject.names[k]
        note = ""
        if np.shape(g) != x.shape:
            note = f"the gradient has the shape {np.shape(g)}, the input {x.shape}"
            results = [np.shape(y) for y in self.probe.results]
            if np.shape(g) in results:
                note += ": it is not summed over what was broadcast"
            elif np.shape(g) == x.shape[::-1]:
                note += ": it looks transposed"
            elif np.ndim(g) > x.ndim and np.shape(g)[np.ndim(g) - x.ndim :] == x.shape:
                note += ": it is not summed over the leading axes"
        elif not isinstance(g, int | float | complex) or isinstance(g, bool):
            kind = np.asarray(g).dtype
            other = kind.kind != x.dtype.kind
            if other or (kind != x.dtype and np.ndim(self.subject.given[k])):
                note = f"the gradient is of {kind}, the input of {x.dtype}"
        if note:
            self.fail(Verdict.SHAPE, name, note)
        return not note

    def one_direction(self, gradients: list[Any], kept: list[int]) -> None:
        """Compare the derivative along one random direction."""
        if len(kept) < len(gradients):
            return
        self.along_a_direction(self.probe, gradients, "a random direction")
        if self.elements[-1].verdict is Verdict.WRONG:
            self.hints.append("Without cheap=True the check tells which elements are wrong.")

    def along_a_direction(self, probe: Probe, gradients: list[Any], name: str) -> None:
        """The verdict on the derivative along one random direction."""
        rng = np.random.default_rng(2)
        parts = []
        for scale, x in zip(probe.scales(), probe.points, strict=True):
            part = scale * rng.normal(size=scale.shape)
            parts.append(part * (1 + 0.7j) if x.dtype.kind == "c" else part)
        shares = [g * part for g, part in zip(gradients, parts, strict=True)]
        along = float(sum(np.sum(np.real(share)) for share in shares))
        if np.isfinite(along):
            probe.gradient_size = float(sum(np.sum(np.abs(share)) for share in shares))
        found = probe.direction(parts).judge(along)
        self.elements.append(Element(self.order, name, None, found.verdict, along, *found[1:5]))

    def every_element(self, gradients: list[Any], kept: list[int]) -> None:
        """Compare each derivative, and look for what the wrong ones have in common."""
        probe = self.probe
        complex_step = self.order == 1 and probe.allows_complex_step()
        evidence = []
        for k in kept:
            x, g = probe.points[k], np.asarray(gradients[k])
            numeric = np.zeros(x.shape, complex if x.dtype.kind == "c" else float)
            wrong = np.zeros(x.shape, bool)
            for index in np.ndindex(x.shape):
                found = self.judge(k, index, g[index], complex_step)
                numeric[index] = found.numeric
                wrong[index] = found.verdict is Verdict.WRONG
                element = Element(
                    self.order, self.subject.names[k], index, found.verdict,
                    g[index].item() / found.unit, numeric[index].item() / found.unit,
                    found.error / found.unit, found.step, found.note,
                )  # fmt: skip
                self.elements.append(element)
            evidence.append(Evidence(k, self.subject.names[k], g, numeric, wrong, x))
        self.hints += recognise(evidence, probe, self.elsewhere)
        self.look_at_ties(gradients)
        if self.elsewhere and not any(e.verdict.fails for e in self.elements):
            points, there = self.elsewhere
            if _same(gradients, there, 1e-12):
                self.look_elsewhere(points, there)
        if self.order == 1 and not all(e.verdict is Verdict.OK for e in self.elements):
            self.look_again()
        if self.order > 1:
            self.name_constants(evidence)

    def judge(self, k: int, index: tuple[int, ...], a: Any, complex_step: bool) -> Judgement:
        """The verdict on one element; of a complex one, on its two derivatives."""
        probe = self.probe
        if probe.points[k].dtype.kind != "c":
            return probe.element(k, index, complex_step=complex_step).judge(float(a))
        along = probe.element(k, index).judge(float(np.real(a)))
        across = probe.element(k, index, direction=1j).judge(float(-np.imag(a)))
        worse = max(along, across, key=lambda j: list(Verdict).index(j.verdict)
                    if j.verdict.skips else 10 * (j.verdict is not Verdict.OK))  # fmt: skip
        numeric = complex(along.numeric, -across.numeric)
        return worse._replace(numeric=numeric, error=max(along.error, across.error))

    def look_elsewhere(self, points: list[Any], gradients: list[Any]) -> None:
        """Whether a gradient that is the same elsewhere is right there, along one direction."""
        if self.probe.anywhere_undefined or not all(np.isfinite(g).all() for g in gradients):
            return
        before = self.subject.points
        self.subject.points = points
        try:
            there = Probe(self.subject, *self.probe.settings)
            if there.anywhere_undefined:
                return
            self.along_a_direction(there, gradients, "the inputs, a little moved")
        except (ArithmeticError, ValueError, TypeError):
            return
        finally:
            self.subject.points = before
        last = self.elements[-1]
        if last.verdict is Verdict.WRONG and np.isfinite(last.analytic):
            self.hints.append(
                "It looks stale: the gradient is the same at another point, where it is wrong."
            )
        else:
            self.elements.pop()

    def look_again(self) -> None:
        """Whether f is the same when it is called some more times: two may be so by chance."""
        for _ in range(6):
            again = self.probe.subject.values(self.subject.points)
            if not _same(self.probe.results, again, 1e2 * self.probe.precision):
                everything = ", ".join(dict.fromkeys(self.subject.names))
                self.fail(Verdict.NOT_DETERMINISTIC, everything, "f gives other results each time")
                return

    def look_at_ties(self, gradients: list[Any]) -> None:
        """Elements that are tied may move together without a kink: then there is one slope."""
        tied = [n for n, e in enumerate(self.elements) if e.verdict is Verdict.KINK and e.step]
        tied = [n for n in tied if self.elements[n].note.startswith("slopes")]
        probe = self.probe
        names = self.subject.names
        if not 2 <= len(tied) <= 100 or len(set(names)) < len(names):
            return
        parts = [np.zeros(x.shape) for x in probe.points]
        for n in tied:
            element = self.elements[n]
            parts[names.index(element.input)][element.index] = 1.0
        along = float(sum(np.sum(np.real(g) * p) for g, p in zip(gradients, parts, strict=True)))
        steps = [10.0**-k for k in range(1, 15)]
        found = probe.direction(parts, steps).judge(along)
        if found.verdict is Verdict.WRONG and not found.note:
            together = f"together {_number(found.numeric)}, not {_number(along)}"
            for n in tied:
                element = self.elements[n]
                self.elements[n] = replace(
                    element, verdict=Verdict.WRONG, note=f"{element.note}; {together}"
                )
            self.hints.append(
                f"Wrong at ties: {len(tied)} elements that move together have the slope "
                f"{_number(found.numeric)}, and their gradients add up to {_number(along)}."
            )

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


def _number(x: float) -> str:
    return f"{x:.4g}"


def _same(first: list[Any], second: list[Any], rtol: float) -> bool:
    """Whether two calls gave the same, but for the rounding of another order of summation."""
    if len(first) != len(second):
        return False
    for a, b in zip(map(np.asarray, first), map(np.asarray, second), strict=True):
        if a.shape != b.shape:
            return False
        size = np.max(np.abs(a), initial=0, where=np.isfinite(a))
        if not np.allclose(a, b, rtol, rtol * size, equal_nan=True):
            return False
    return True
