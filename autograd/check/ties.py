"""Ties: elements at kinks that move together without one, as the largest numbers of a maximum do.

Each of them alone has two slopes, and any gradient between them may pass. Together they have one
slope, and their gradients must add up to it.
"""

from typing import Any

import numpy as np

from autograd.check.judge import judge
from autograd.check.probe import Probe
from autograd.check.slopes import at_step
from autograd.check.verdicts import Element, Verdict

__all__ = ["wrong_at_ties"]

_DECADES = [10.0**-k for k in range(1, 15)]
_MOST = 1000  # each is moved alone, and all the others without it


def wrong_at_ties(
    probe: Probe, names: list[str], elements: list[Element], gradients: list[Any]
) -> tuple[list[int], str] | None:
    """Which of the elements are tied and do not add up, and what to say of it."""
    kinks = [n for n, e in enumerate(elements) if e.verdict is Verdict.KINK and np.isfinite(e.left)]
    if not 2 <= len(kinks) <= _MOST:
        return None

    def parts(chosen: list[int]) -> list[Any]:
        """The direction in which these elements move, all as far."""
        parts = [np.zeros(x.shape) for x in probe.points]
        for n in chosen:
            parts[names.index(elements[n].input)][elements[n].index] = 1.0
        return parts

    def sides(chosen: list[int]) -> Any:
        slope = at_step(probe.direction(parts(chosen), _DECADES), 1e-7)
        return np.array([slope.left, slope.right])

    # Those that do not simply add up with the others; the rest have kinks of their own.
    together = sides(kinks)
    tied = []
    for n in kinks:
        alone, rest = sides([n]), sides([m for m in kinks if m != n])
        size = np.max(np.abs([together, alone, rest]))
        if np.max(np.abs(together - alone - rest)) > 1e-3 * size:
            tied.append(n)
    if len(tied) < 2:
        return None
    direction = parts(tied)
    along = float(sum(np.sum(np.real(g) * p) for g, p in zip(gradients, direction, strict=True)))
    found = judge(probe.direction(direction, _DECADES), along)
    if found.verdict is not Verdict.WRONG or found.note:
        return None
    return tied, (
        f"Wrong at ties: {len(tied)} elements that move together have the slope "
        f"{found.numeric:.4g}, and their gradients add up to {along:.4g}."
    )
