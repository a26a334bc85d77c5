"""The comparison: what a derivative is said to be against the slope that is measured.

The quickest measurement that agrees decides: a complex step, then one step forward and back. Where
neither does, a sweep of steps tells a kink, an edge of the domain, and rounding from a wrong
derivative; and a derivative is called wrong only if nothing that was measured speaks for it.
"""

from typing import Any, NamedTuple

import numpy as np

from autograd.check import slopes
from autograd.check.probe import COMPLEX_STEP, UNDERFLOW, Line
from autograd.check.slopes import Slope, at_step, sweep
from autograd.check.verdicts import Verdict

__all__ = ["Judgement", "judge"]


class Judgement(NamedTuple):
    """A verdict, and what it rests on."""

    verdict: Verdict
    numeric: Any
    error: float
    step: float
    note: str = ""
    left: float = np.nan  # the slopes on either side of a kink
    right: float = np.nan
    moves: bool = True  # whether any step changes f
    unit: float = 1.0  # the weight in these, if only one result changes with the input


def judge(line: Line, a: float) -> Judgement:
    """The verdict on the derivative a along a line."""
    with np.errstate(all="ignore"):
        found = _Comparison(line, a).verdict()
    return found._replace(unit=line.unit, moves=any(m.any() for m in line.moving))


class _Comparison:
    """One derivative and one line."""

    def __init__(self, line: Line, a: float) -> None:
        self.line, self.probe, self.a = line, line.probe, a
        self.exact, self.doubt = np.nan, np.inf  # by a complex step, and how far that may be off
        self.by_differences = True

    def tolerance(self, n: float) -> float:
        """How far the derivative may be from the slope n."""
        probe = self.probe
        rounding = self.rounding_of_f / 16 if self.by_differences else 0.0
        atol = rounding if probe.atol is None else probe.atol
        atol += 1e3 * probe.underflow / min(1.0, self.line.scale)
        size = max(abs(self.a), abs(n)) if np.isfinite(self.a) else abs(n)
        return float(atol + probe.rtol * size)

    @property
    def rounding_of_f(self) -> float:
        """What slope the rounding of f may look like, of results that do not even change too."""
        size = max(self.line.size, min(1.0, max(self.probe.size, self.probe.made_of)))
        return 128 * self.probe.precision * size / max(1.0, self.line.scale)

    @property
    def seen(self) -> float:
        """How far f must rise, for numbers about 1 that it is made of to change."""
        return 1e2 * self.probe.precision * max(1.0, self.line.size)

    def fits(self, n: float, error: float) -> bool:
        """Whether the derivative is the slope n, which may be off by the error."""
        return abs(self.a - n) <= self.tolerance(n) + 3 * error

    def verdict(self) -> Judgement:
        a, line = self.a, self.line
        first = at_step(line, line.step)
        if line.complex_step is not None:
            exact = line.complex_step()
            if self.differences_confirm(exact, first):
                self.exact = exact
                if abs(a - exact) <= self.probe.rtol * abs(exact) or exact == a == 0:
                    return Judgement(Verdict.OK, exact, abs(exact) * 1e-15, COMPLEX_STEP)
                self.doubt = self.doubt_of_complex_step()
        if line.steps and not line.changes:
            far = line.steps[0]
            if a == 0:
                return Judgement(Verdict.OK, 0.0, 0.0, far)
            if abs(a) * far <= self.seen:
                error, note = self.seen / far, "too small to be seen"
                return Judgement(Verdict.ROUND_OFF, 0.0, error, far, note)
        if self.agrees_at_once(first):
            return Judgement(Verdict.OK, first.value, first.error, line.step)
        slope = sweep(
            line,
            line.steps,
            spacing=line.spacing,
            size=line.size,
            precision=self.probe.rounding,
        )
        if slope.shape == slopes.SMOOTH:
            return self.of_smooth(self.sharpened(slope), first)
        if slope.shape == slopes.NOISE:
            return self.by_coarse_steps(slope) or _judged(Verdict.ROUND_OFF, slope, "no step tells")
        if slope.shape == slopes.KINK:
            return self.of_kink(slope)
        if slope.shape == slopes.STEEP:
            return _judged(Verdict.KINK, slope, "a jump, or infinite slope")
        return self.of_edge(slope)

    def differences_confirm(self, exact: float, first: Slope) -> bool:
        """Whether the complex step agrees with differences: f may not be analytic in this one."""
        tries = [first]
        if first.error > 1e-3 * abs(exact) and self.line.steps:  # this step is too small to tell
            tries.append(at_step(self.line, self.line.steps[0]))
        return all(
            abs(exact - s.value) <= 3 * s.error + 1e-3 * abs(exact) + abs(s.right - s.left)
            for s in tries
        )

    def doubt_of_complex_step(self) -> float:
        """What it changes by right beside, and with another step: its own rounding."""
        step = self.line.complex_step
        assert step is not None
        beside = [step(ulps * self.probe.rounding) for ulps in (4, 64, 1024)]
        spread = 4 * np.max(np.abs(np.subtract(beside, self.exact)))
        smaller = 2 * abs(step(0.0, 1e-3 * COMPLEX_STEP) - self.exact)
        return float(abs(self.exact) * 1e-15 + spread + smaller)

    def agrees_at_once(self, first: Slope) -> bool:
        """Whether one step forward and back is enough: f is straight there, and it fits."""
        a, n, error = self.a, first.value, first.error
        bend = abs(first.right - first.left)
        # A kink shows as a bend that is no smaller than the slopes; curvature, as a small one.
        straight = bend <= 1e-3 * max(abs(a), abs(n), self.probe.gradient_size) + 8 * error
        denied = self.doubt < abs(a - self.exact) / 3
        seen = a == 0 or any(rise.changed for rise in self.line.made.values())
        return seen and straight and not denied and abs(a - n) + error <= self.tolerance(n)

    def sharpened(self, slope: Slope) -> Slope:
        """The slope by the complex step, if that is the same one and better known."""
        same = abs(self.exact - slope.value) <= 3 * slope.error
        if not (same and self.exact and self.doubt < slope.error):
            return slope
        self.by_differences = False
        return Slope(self.exact, self.doubt, COMPLEX_STEP, slope.left, slope.right)

    # ------------------------------------------------------------ what the sweep found

    def of_edge(self, slope: Slope) -> Judgement:
        raised = f"; it raises {self.line.raised}" if self.line.raised else ""
        if slope.shape == slopes.UNDEFINED:
            return _judged(Verdict.DOMAIN, slope, f"not finite on either side{raised}")
        note = f"not finite {'below' if np.isnan(slope.left) else 'above'}{raised}"
        known = np.isfinite(self.a) and np.isfinite(slope.value)
        wrong = known and not self.fits(slope.value, slope.error)
        return _judged(Verdict.WRONG if wrong else Verdict.DOMAIN, slope, note)

    def of_kink(self, slope: Slope) -> Judgement:
        lower, upper = sorted((slope.left, slope.right))
        slack = max(self.tolerance(lower), self.tolerance(upper)) + 3 * slope.error
        inside = lower - slack <= self.a <= upper + slack or self.is_near(slope, lower, upper)
        left, right = slope.left / self.line.unit, slope.right / self.line.unit
        note = f"slopes {_rounded(left)} and {_rounded(right)}"
        found = _judged(Verdict.KINK if inside else Verdict.WRONG, slope, note)
        return found._replace(left=left, right=right)

    def is_near(self, slope: Slope, lower: float, upper: float) -> bool:
        """Whether a smaller step knows the derivative: there may be several kinks close by."""
        off = min(abs(self.a - lower), abs(self.a - upper))
        return any(
            rounding <= off / 4 and abs(self.a - nearer) <= self.tolerance(nearer) + 2 * rounding
            for nearer, rounding in slope.nearer
        )

    def of_smooth(self, slope: Slope, first: Slope) -> Judgement:
        if not np.isfinite(slope.value):
            return _judged(Verdict.DOMAIN, slope, "no finite slope nearby")
        if self.fits(slope.value, slope.error):
            return self.known_well_enough(slope.value, slope.error, slope.step, slope.typical)
        if abs(self.a - slope.value) <= self.rounding_of_f:
            return _judged(Verdict.ROUND_OFF, slope, "less than the rounding of f")
        near = [r.changed for t, r in self.line.made.items() if abs(t) <= slope.step]
        if near and not any(near) and abs(self.a) * slope.step <= self.seen:
            return _judged(Verdict.ROUND_OFF, slope, "too small to be seen")
        if found := self.by_coarse_steps(slope) or self.by_other_steps(slope):
            return found
        if slope.coarse is not None:
            slope = slope._replace(value=slope.coarse[0], step=slope.coarse[2])
        line = self.line
        apart = abs(first.value - slope.value) > 0.1 * abs(self.a - slope.value)
        if line.is_sparse and (apart or not (line(line.step).changed or not line.changes)):
            return _judged(Verdict.ROUND_OFF, slope, "too few steps to tell")
        return _judged(Verdict.WRONG, slope)

    def known_well_enough(
        self, n: float, error: float, step: float, typical: float = 0.0
    ) -> Judgement:
        """A derivative that fits is right, or nobody can know."""
        loose, size = 100 * self.probe.rtol, self.probe.gradient_size
        # A gradient of 0 has no size of its own: then that of the other elements is the measure.
        nothing = abs(self.a) <= 1e3 * self.probe.precision * size
        if error <= max(loose * max(abs(self.a), abs(n)), self.tolerance(n)) or (
            nothing and error <= loose * max(size, typical, UNDERFLOW)
        ):
            return Judgement(Verdict.OK, n, error, step)
        note = f"known to {error / abs(self.line.unit):.0e} only"
        return Judgement(Verdict.ROUND_OFF, n, error, step, note)

    def by_coarse_steps(self, slope: Slope) -> Judgement | None:
        """By steps that change f, where small ones do not: for f that is rounded to some digits."""
        if slope.coarse is None:
            return None
        n, error, step = slope.coarse
        return self.known_well_enough(n, error, step) if self.fits(n, error) else None

    def by_other_steps(self, slope: Slope) -> Judgement | None:
        """What speaks for the derivative, though the best estimate of the sweep does not."""
        n = slope.value
        for nearer, rounding in slope.nearer:
            clear = rounding <= abs(self.a - n) / 8
            if clear and abs(self.a - nearer) <= self.tolerance(nearer) + 2 * rounding:
                return Judgement(Verdict.OK, nearer, rounding, slope.step, "bends nearby")
        levels = [p for p in slope.plateaus if abs(p[0] - n) > 10 * (p[1] + slope.error)]
        for level, error, step in [*levels, *filter(None, [slope.doubtful])]:
            if self.fits(level, error):
                note = f"smaller steps say {_rounded(n / self.line.unit)}"
                return Judgement(Verdict.ROUND_OFF, level, error, step, note)
        return None


def _judged(verdict: Verdict, slope: Slope, note: str = "") -> Judgement:
    return Judgement(verdict, slope.value, slope.error, slope.step, note)


def _rounded(slope: float) -> str:
    return f"{slope:.4g}" if abs(slope) > 1e-9 else "0"
