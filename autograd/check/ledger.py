"""The ledger: every function of the table, checked to the order that is promised of it."""

import importlib.util
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.call import TABLE
from autograd.check import catalogue
from autograd.check.gradcheck import gradcheck
from autograd.check.verdicts import GradientReport, Verdict
from autograd.naming import name_of

__all__ = ["Entry", "ledger"]


class Entry(NamedTuple):
    """One function: how many of its derivatives of each order got which verdict."""

    name: str
    orders: dict[int, Counter[Verdict]]
    reports: list[GradientReport]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(self.reports)

    def __str__(self) -> str:
        cells = [
            f"{order}: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
            for order, counts in self.orders.items()
        ]
        return f"{self.name:28} {'ok' if self.ok else 'FAILED':6}  " + "   ".join(cells)


def ledger(seed: int = 0) -> Iterator[Entry]:
    """Check each function that has a derivative, at inputs inside its domain.

    >>> first = next(ledger())
    >>> first.name, first.ok, sorted(first.orders)
    ('np.absolute', True, [1, 2, 3])
    """
    rng = np.random.default_rng(seed)
    for fn, domain in catalogue.ELEMENTWISE.items():
        inputs = _between(rng, domain.intervals)
        yield _entry(name_of(fn), [(fn, inputs)], TABLE[fn].about.orders)
    for fn, rows in catalogue.CALLS.items():
        calls = [(call, tuple(catalogue.distinct(shapes, seed))) for call, shapes in rows]
        yield _entry(name_of(fn), calls, TABLE[fn].about.orders)
    if importlib.util.find_spec("scipy"):
        for name in catalogue.SPECIAL:
            call, intervals = catalogue.call_of_special(name)
            yield _entry(f"scipy.special.{name}", [(call, _between(rng, intervals))], 2)


def _between(rng: Any, intervals: Any) -> tuple[Any, ...]:
    return tuple(rng.uniform(*interval, 3) for interval in intervals)


def _entry(name: str, calls: list[tuple[Any, Any]], orders: int) -> Entry:
    reports = []
    counts: dict[int, Counter[Verdict]] = {}
    with np.errstate(all="ignore"):
        for call, inputs in calls:
            report = gradcheck(call, inputs, order=orders, raises=False)
            reports.append(report)
            for element in report.elements:
                counts.setdefault(element.order, Counter())[element.verdict] += 1
    return Entry(name, counts, reports)
