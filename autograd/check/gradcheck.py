"""`gradcheck`: a verdict on every derivative of a function, and what the wrong ones look like."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.check.hints import Evidence, recognise
from autograd.check.judge import Judgement, Probe
from autograd.check.subjects import Subject, subject
from autograd.check.verdicts import Element, GradientReport, Verdict
from autograd.errors import DegenerateSpectrum, GradientMismatch, ShapeMismatch

__all__ = ["OBSERVERS", "gradcheck", "gradgradcheck"]

OBSERVERS: list[Callable[[GradientReport], None]] = []  # told of each report: pytest's summary


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    grad: Any = None,
    *,
    order: int = 1,
    cheap: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
    eps: float | None = None,
    strict: bool = False,
    raises: bool = True,
    wrap: Callable[[Any], Any] | None = None,
    unwrap: Callable[[Any], Any] | None = None,
) -> GradientReport:
    """Check the gradient of f at the inputs, element by element, and say what is wrong with it.

    Each derivative is compared with the slope of f, measured by central differences; where these
    do not agree at once, by a sweep of steps with Richardson's extrapolation, by the slopes on
    either side, and by a complex step if f allows it. Returns a `GradientReport`, which is true if
    all is well and prints as a table; raises GradientMismatch with that table if not.

    f: a function of arrays, numbers and nests of them. Of several results, or of an array, a sum
        with fixed uneven weights is checked. It may also be an object, or a class, with
        `forward(*inputs)` and `backward(g)`.
    inputs: one array or number, or the tuple of f's arguments. Parameters of a module if f takes
        none: `gradcheck(loss, model.parameters())`.
    grad: by default this library's. A function of the same arguments that returns the gradient of
        a number f (a tuple of several inputs' gradients), the Jacobian of an array, or the
        derivatives of an elementwise f; or True if f returns the pair (value, gradient).
    order: 1 for first derivatives, 2 for second ones too, and so on.
    cheap: one random direction instead of every element: some ten calls of f, whatever the size.
    rtol, atol: |gradient - slope| <= atol + rtol * |slope|, and what the slope itself may be off.
        By default rtol is 1.4e-6 in double and 2.5e-3 in single precision, and atol 1e-13 and
        6e-5 of the size of f and its gradient. f of single-precision inputs is measured in double
        precision if it computes so.
    eps: the first step, if not the one that suits the precision and the size of the input.
    strict: kinks, edges of the domain and rounding fail too.
    raises: False to have the report in any case.
    wrap, unwrap: for f of another library's objects, which have `.backward()` and `.grad`: what
        makes such an object of an array or number, and an array of it (by default its `.data`).

    Raises GradientMismatch, an AssertionError; TypeError and ValueError for arguments that do not
    fit together, and whatever f raises at the inputs themselves.

    >>> import numpy as np
    >>> gradcheck(np.tanh, np.array([0.5, -1.0]))
    tanh: passed; 2 ok.
    >>> gradcheck(lambda x, y: x @ y, (np.eye(2), np.array([1.0, 2.0])), order=2).ok
    True
    >>> print(gradcheck(np.sin, 2.0, np.cos, raises=False).ok)
    True
    >>> print(gradcheck(np.cos, 2.0, np.sin, raises=False))
    cos: FAILED; 1 wrong gradient.
      x: the gradient has the wrong sign.
    input  index  verdict          gradient  differences  ratio  step
    x      ()     wrong gradient  0.9092974   -0.9092974     -1  complex
    """
    if order < 1:
        raise ValueError(f"order is 1 for first derivatives, 2 for second ones too; not {order}.")
    started = time.perf_counter()
    checked = subject(f, inputs, grad, wrap, unwrap)
    elements: list[Element] = []
    hints: list[str] = []
    evaluations = 0
    for n in range(1, order + 1):
        run = _Check(checked, n, cheap, Probe(checked, rtol, atol, eps))
        elements += run.elements
        hints += run.hints
        evaluations += run.probe.evaluations
        if n == order or any(e.verdict.fails for e in elements):
            break
        checked = checked.gradient(run.probe.weights)
    report = GradientReport(checked.name, elements, hints, evaluations)
    report.seconds = time.perf_counter() - started
    for observe in OBSERVERS:
        observe(report)
    if raises and not (report.complete if strict else report.ok):
        raise GradientMismatch(str(report), report)
    return report


def gradgradcheck(f: Callable[..., Any], inputs: Any, **settings: Any) -> GradientReport:
    """Check first and second derivatives: `gradcheck` with order=2.

    >>> gradgradcheck(lambda x: x**3, 2.0).ok
    True
    """
    return gradcheck(f, inputs, order=2, **settings)


class _Check:
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
            again = probe.values(checked.points)
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
            if _same([2 * np.asarray(g) for g in first], second, 1e3 * probe.precision):
                note = "a second call adds to the first gradient: it is not set to zero"
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
        rng = np.random.default_rng(2)
        parts = [s * rng.normal(size=s.shape) for s in self.probe.scales()]
        parts = [p * (1 + 0.7j) if x.dtype.kind == "c" else p
                 for p, x in zip(parts, self.probe.points, strict=True)]  # fmt: skip
        along = float(sum(np.real(np.sum(g * p)) for g, p in zip(gradients, parts, strict=True)))
        self.probe.gradient_size = (
            float(sum(np.sum(np.abs(g * p)) for g, p in zip(gradients, parts, strict=True)))
            if np.isfinite(along)
            else 0.0
        )
        found = self.probe.direction(parts).judge(along)
        name = "a random direction"
        self.elements.append(Element(self.order, name, None, found.verdict, along, *found[1:5]))
        if found.verdict is Verdict.WRONG:
            self.hints.append("Without cheap=True the check tells which elements are wrong.")

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
