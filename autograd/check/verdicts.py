"""What a gradient check finds: a verdict for each element, and the report of them all."""

import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Element", "GradientReport", "Verdict"]


class Verdict(StrEnum):
    """What is to be said of one derivative.

    OK                 it is what the differences give
    WRONG              it is something else
    SHAPE              the gradient has another shape or type of numbers than its input
    NOT_DETERMINISTIC  two calls at the same point gave different results
    NOT_AGAIN          of a second derivative: the first one cannot be differentiated
    KINK               the slopes to the left and right differ, and it lies between them
    DOMAIN             f is not defined, or not finite, on one side or both
    ROUND_OFF          the rounding of f hides it; the element's step is the one that would do

    The first passes, the next four fail; the last three say that there is nothing to compare with.

    >>> Verdict.KINK.fails, Verdict.WRONG.fails
    (False, True)
    >>> print(Verdict.KINK)
    kink or tie
    """

    OK = "ok"
    WRONG = "wrong gradient"
    SHAPE = "wrong shape or dtype"
    NOT_DETERMINISTIC = "not deterministic"
    NOT_AGAIN = "not differentiable again"
    KINK = "kink or tie"
    DOMAIN = "outside the domain"
    ROUND_OFF = "round-off"

    @property
    def fails(self) -> bool:
        """Whether a check with this verdict fails."""
        return self in _FAILURES

    @property
    def skips(self) -> bool:
        """Whether the element could not be compared."""
        return self is not Verdict.OK and self not in _FAILURES


_FAILURES = {Verdict.WRONG, Verdict.SHAPE, Verdict.NOT_DETERMINISTIC, Verdict.NOT_AGAIN}


@dataclass(frozen=True, slots=True)
class Element:
    """One derivative: what it is said to be, what the differences give, and the verdict."""

    order: int
    input: str
    index: tuple[int, ...] | None  # None: the whole input, or a direction through all of them
    verdict: Verdict
    analytic: Any = None
    numeric: Any = None
    error: float = 0.0  # how far off the numeric one may be
    step: float = 0.0  # by which it is known best; 1e-50 stands for a complex step
    note: str = ""
    left: float = math.nan  # the slopes on either side of a kink
    right: float = math.nan

    @property
    def ratio(self) -> Any:
        """The analytic derivative as a multiple of the numeric one."""
        if self.analytic is None or not self.numeric:
            return None
        return self.analytic / self.numeric


class GradientReport:
    """The result of a gradient check: true if it passed; prints as a table.

    elements: an `Element` for each derivative, in the order of the inputs; `where(verdict)` picks.
    hints: what the failures have in common, in words.
    evaluations, seconds: how often f was called, and how long the check took.

    >>> import numpy as np
    >>> from autograd import gradcheck
    >>> report = gradcheck(np.abs, np.array([-1.0, 0.0, 2.0]))
    >>> print(report)
    absolute: passed; 2 ok, 1 kink or tie.
    input  index  verdict      gradient  differences  step   note
    x      1      kink or tie         0            0  1e-14  slopes -1 and 1
    >>> report.elements[1].verdict is Verdict.KINK
    True
    """

    def __init__(
        self,
        name: str,
        elements: list[Element],
        hints: list[str],
        evaluations: int,
        seconds: float,
    ) -> None:
        self.name = name
        self.elements = elements
        self.hints = hints
        self.evaluations = evaluations
        self.seconds = seconds

    def __bool__(self) -> bool:
        return self.ok

    @property
    def ok(self) -> bool:
        """Whether nothing failed; kinks, edges and rounding do not count as failures."""
        return not any(e.verdict.fails for e in self.elements)

    @property
    def complete(self) -> bool:
        """Whether every single element was compared, and is right."""
        return all(e.verdict is Verdict.OK for e in self.elements)

    @property
    def counts(self) -> Counter[Verdict]:
        """How many elements got each verdict."""
        return Counter(e.verdict for e in self.elements)

    def where(self, verdict: Verdict | str) -> list[Element]:
        """The elements with that verdict."""
        return [e for e in self.elements if e.verdict == verdict]

    @property
    def worst(self) -> Element | None:
        """The failing element with the largest difference, or None."""
        failing = [e for e in self.elements if e.verdict.fails]
        return max(failing, key=_difference, default=None)

    def table(self, *, every: bool = False) -> str:
        """What there is to say, or every element: failures first, then what was skipped."""
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.counts.most_common())
        head = f"{self.name}: {'passed' if self.ok else 'FAILED'}; {counts or 'no numbers'}."
        shown = [e for e in self.elements if every or e.verdict is not Verdict.OK]
        shown.sort(key=lambda e: (-_difference(e) if e.verdict.fails else 0.0, not e.verdict.skips))
        rows = len(shown) if every else _ROWS
        lines = [head, *(f"  {hint}" for hint in self.hints), *_table(shown[:rows])]
        if len(shown) > rows:
            lines.append(f"… and {len(shown) - rows} more.")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__


_ROWS = 10


def _difference(element: Element) -> float:
    if element.analytic is None or element.numeric is None:
        return float("inf")
    difference = abs(element.analytic - element.numeric)
    return float("inf") if difference != difference else float(difference)


def _table(elements: list[Element]) -> list[str]:
    """The elements in columns; a column is left out where all of it is empty."""
    if not elements:
        return []
    second = any(e.order > 1 for e in elements)
    heads = ["order"] * second + ["input", "index", "verdict", "gradient", "differences"]
    heads += ["ratio", "step", "note"]
    right = {"gradient", "differences", "ratio"}
    rows = [[str(e.order)] * second + _row(e) for e in elements]
    columns = []
    for head, cells in zip(heads, zip(*rows, strict=True), strict=True):
        if any(cells):
            width = max(map(len, (head, *cells)))
            place = str.rjust if head in right else str.ljust
            columns.append([place(cell, width) for cell in (head, *cells)])
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def _row(e: Element) -> list[str]:
    index = "" if e.index is None else ", ".join(map(str, e.index)) or "()"
    ratio = _short(e.ratio, 4) if e.ratio and e.ratio == e.ratio else ""
    step = f"{e.step:.0e}" if 0 < e.step < float("inf") else ""
    step = "complex" if 0 < e.step < 1e-40 else step
    return [
        e.input, index, str(e.verdict), _short(e.analytic), _short(e.numeric), ratio, step, e.note
    ]  # fmt: skip


def _short(number: Any, digits: int = 7) -> str:
    if number is None:
        return ""
    return f"{number + 0:.{digits}g}".replace("-0j", "+0j")  # of -0.0 too it makes 0
