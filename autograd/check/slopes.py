"""Slopes of a function along a line, measured: central, one-sided, and over a sweep of steps.

A line is f restricted to x + t·d, and its `rise(t)` is how far f goes up from x to there. Nothing
here knows what f is made of, nor what its gradient is said to be.

Small steps suffer from rounding, large ones from curvature. So the sweep takes steps over many
orders of magnitude, extrapolates each pair of neighbours to the step 0 (Richardson, as in Ridders,
Advances in Engineering Software 4, 1982), and keeps the best estimate that no smaller step
contradicts by more than its rounding.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Rise", "Slope", "at_step", "steps_around", "sweep"]

SMOOTH = "smooth"
KINK = "kink"  # two slopes
STEEP = "steep"  # infinite ones: a jump, a cusp, a vertical tangent
EDGE = "edge"  # defined on one side only
UNDEFINED = "undefined"  # on neither
NOISE = "noise"  # no step tells


class Rise(NamedTuple):
    """How far f rises from x, the step really made, and how much of the rise may be rounding."""

    step: float
    height: float
    noise: float
    changed: bool = True


class Slope(NamedTuple):
    """A slope, how far off it may be, the step that told it, the slopes on either side."""

    value: float
    error: float
    step: float
    left: float
    right: float
    shape: str = SMOOTH
    nearer: Any = ()  # (slope, rounding) at each smaller step
    plateaus: Any = ()  # (slope, error, step) where steps agree that smaller ones contradict
    coarse: Any = None  # the slope by steps that are large enough to change f, and its error
    typical: float = 0.0  # how steep f is over the largest steps
    doubtful: Any = None  # (slope, error, step) by larger steps, if the small ones see rounding


Rises = Callable[[float], Rise]  # how f rises along a line, by steps


def at_step(line: Rises, step: float) -> Slope:
    """The slope by one step forward and one back."""
    ahead, back = line(step), line(-step)
    width = ahead.step - back.step
    if not width:
        return Slope(np.nan, np.inf, step, np.nan, np.nan)
    return Slope(
        (ahead.height - back.height) / width,
        (ahead.noise + back.noise) / width,
        step,
        back.height / back.step if back.step else np.nan,
        ahead.height / ahead.step if ahead.step else np.nan,
    )


def steps_around(x: float, spacing: float) -> list[float]:
    """A step per decade, by the size of x and by 1, largest first; none below x's own rounding."""
    decades = 10.0 ** -np.arange(1, 17)
    steps = max(1.0, x) * decades
    if 0 < x < 1e-2:
        near = x * decades
        steps = np.concatenate([steps[steps > 2 * near[0]], near])
    return [float(step) for step in steps if step > 8 * spacing]


def sweep(
    line: Rises,
    steps: list[float],
    *,
    spacing: float = 0.0,
    size: float = 0.0,
    precision: float = 2.2e-16,
) -> Slope:
    """The slope by many steps, largest first.

    spacing: the rounding of x along the line; size: how large f is there; precision: its rounding.
    """
    pairs = [(line(step), line(-step)) for step in steps]
    pairs = [(a, b) for a, b in pairs if a.step > 0 > b.step]
    if len(pairs) < 3:
        return _no_slope(NOISE if steps else UNDEFINED)
    h = np.array([(a.step - b.step) / 2 for a, b in pairs])
    up = np.array([a.height for a, _ in pairs])
    down = np.array([b.height for _, b in pairs])
    noise = np.array([np.nanmax([0.0, a.noise, b.noise]) for a, b in pairs])
    changed = np.array([a.changed or b.changed for a, b in pairs], bool)

    above, below = (np.isfinite(side[-3:]).sum() >= 2 for side in (up, down))
    if not above and not below:
        return _no_slope(UNDEFINED)
    if above != below:
        return _edge(h, up if above else -down, noise, above)
    usable = _from_smallest(np.isfinite(up) & np.isfinite(down))
    h, up, down, noise, changed = (a[usable] for a in (h, up, down, noise, changed))
    if len(h) < 3:
        return _no_slope(UNDEFINED)
    if _jumps(up, noise) or _jumps(down, noise) or _is_power(up / h) or _is_power(down / h):
        return _no_slope(STEEP)

    measured = _measured_noise(h, up, down, size, precision)
    if measured > 0.1 * np.max(np.abs([up, down])) and measured > 10 * np.min(noise):
        return _no_slope(NOISE)
    noise = np.maximum(noise, measured)
    right, left = up / h, -down / h
    central = (right + left) / 2
    rounding = noise / h + np.abs(central) * spacing / h
    coarse = _coarse(h, central, up, rounding, changed)
    gap = _gap(right - left, 2 * rounding)
    kink = _kink(h, left, right, rounding, gap) if gap is not None else None
    if kink is not None:
        return kink
    best = _limit(central, rounding, h, power=2)
    if best is None:
        return _no_slope(NOISE, coarse)
    value, error, k = best
    nearer = list(zip(central[k + 1 :].tolist(), rounding[k + 1 :].tolist(), strict=True))
    return Slope(
        value,
        error,
        float(h[k]),
        float(left[k]),
        float(right[k]),
        nearer=nearer,
        plateaus=_plateaus(central, rounding, h),
        coarse=coarse,
        typical=float(np.max(np.abs([left[:3], right[:3]]))),
        doubtful=_by_larger_steps(h, up, down, central, k, size) if coarse is None else None,
    )


def _kink(h: Any, left: Any, right: Any, rounding: Any, gap: int) -> Slope | None:
    """The slopes of the two sides, and what lies between, if they are better known than that."""
    sides = [_limit(side, 2 * rounding, h, power=1) for side in (left, right)]
    lower, upper = (
        found[0] if found else float(side[gap])
        for found, side in zip(sides, (left, right), strict=True)
    )
    error = max((found[1] for found in sides if found), default=float(rounding[gap]))
    if abs(upper - lower) <= 6 * error:
        return None
    beside = np.concatenate([left[gap + 1 :], right[gap + 1 :]])
    nearer = list(zip(beside.tolist(), np.tile(2 * rounding[gap + 1 :], 2).tolist(), strict=True))
    return Slope((lower + upper) / 2, error, float(h[gap]), lower, upper, KINK, nearer)


def _coarse(h: Any, central: Any, up: Any, rounding: Any, changed: Any) -> Any:
    """The slope by the steps that are large enough to change f, if the small ones are not."""
    told = changed & (np.cumsum(~changed) == 0)
    if told.all() or told.sum() < 2:
        return None
    h, slopes = h[told], central[told]
    quantum = np.min(np.abs(up[told]), initial=np.inf, where=up[told] != 0)
    rounding = rounding[told] + quantum / h
    found = _limit(slopes, rounding, h, power=2) if len(h) > 2 else None
    if found is None:
        found = float(slopes[0]), float(abs(slopes[0] - slopes[1]) + 2 * rounding[0]), 0
    return (found[0], found[1], float(h[found[2]])) if found[1] <= 0.3 * abs(found[0]) else None


def _measured_noise(h: Any, up: Any, down: Any, size: float, precision: float) -> float:
    """How much of the rises by small steps is rounding, which may be that of larger terms than f.

    The even part, up + down, shrinks a hundredfold from step to step of a smooth f, and tenfold at
    a kink; the odd part, up - down, tenfold. What does not is rounding. So is a rise by a step that
    is smaller than one which changes nothing; and the smallest of all rises, if small steps change
    nothing and it is as small as the rounding of numbers about 1.
    """
    even, odd = np.abs(up + down), up - down
    noise = float(even[-1])
    if len(h) > 7:
        small = np.arange(len(h) - 1) >= len(h) - 5  # the smallest four
        lasting = small & (even[1:] > 0.5 * even[:-1])
        bends = np.abs(odd[1:] - h[1:] / h[:-1] * odd[:-1])
        noise = max(noise, _largest(even[1:], lasting), _largest(bends, small))
    still = np.flatnonzero((up == 0) & (down == 0))
    if still.size:
        rises = np.abs([up, down])
        noise = max(noise, float(np.max(rises[:, still[0] :])))
        quantum = float(np.min(rises, where=rises > 0, initial=np.inf))
        if quantum <= 1e3 * precision * max(1.0, size, float(np.max(rises))):
            noise = max(noise, quantum)
    return noise


def _largest(numbers: Any, where: Any) -> float:
    return float(np.max(numbers, initial=0, where=where))


def _by_larger_steps(h: Any, up: Any, down: Any, central: Any, k: int, size: float) -> Any:
    """The slope by larger steps, if f rises so little by small ones that it may be rounding.

    Where large terms cancel, steps that are smaller than the rounding of one of them see only the
    others, and agree on a slope that larger steps do not know.
    """
    small = h <= 1e-6 * h[0]
    noise = float(np.max(np.abs([up[small], down[small]]), initial=0))
    others = central[h > 10 * h[k]]
    if noise > 1e-3 * size or np.sum(np.abs(others - central[k]) > 0.5 * abs(central[k])) < 2:
        return None
    found = _limit(central, noise / h, h, power=2)
    if found is None or abs(found[0] - central[k]) <= 3 * found[1]:
        return None  # they say the same
    return found[0], found[1], float(h[found[2]])


def _jumps(rises: Any, noise: Any) -> bool:
    """Whether f is another right beside x, however small the step."""
    last = rises[-4:]
    return bool(np.all(np.abs(last) > 1e4 * noise[-4:]) and np.ptp(last) <= 1e-2 * abs(last[-1]))


def _no_slope(shape: str, coarse: Any = None) -> Slope:
    return Slope(np.nan, np.inf, np.nan, np.nan, np.nan, shape, (), coarse)


def _from_smallest(good: Any) -> Any:
    """Those from the end of the row on which all are good, but for a last few that are not."""
    last = np.flatnonzero(good)[-1]
    bad = np.flatnonzero(~good[: last + 1])
    return slice(bad[-1] + 1 if bad.size else 0, last + 1)


def _limit(slopes: Any, rounding: Any, h: Any, power: int) -> tuple[float, float, int] | None:
    """Where slopes with an error ~ h**power go as h goes to 0: (slope, error, by which step).

    The error may be of a lower power after all, at a knot of a spline: so it is taken for no less
    than the last step has changed.
    """
    better, error = _extrapolated(slopes, rounding, h, power)
    for k in np.argsort(error, kind="stable"):
        nearer = np.abs(slopes[k + 2 :] - better[k])
        if np.isfinite(error[k]) and np.all(nearer <= error[k] + 4 * rounding[k + 2 :]):
            return float(better[k]), float(error[k]), int(k + 1)
    return None


def _extrapolated(slopes: Any, rounding: Any, h: Any, power: int) -> tuple[Any, Any]:
    ratio = (h[:-1] / h[1:]) ** power
    change = slopes[1:] - slopes[:-1]
    size = np.abs(change)
    settling = np.append(False, size[1:] <= 3 / ratio[1:] * size[:-1])  # as fast as it should
    error = size * np.where(settling, 0.1, 1.0) + 2 * rounding[1:]
    return slopes[1:] + change / (ratio - 1), error


def _plateaus(slopes: Any, rounding: Any, h: Any) -> list[tuple[float, float, float]]:
    """Slopes that three steps in a row agree on, whatever smaller ones say, with error and step."""
    better, error = _extrapolated(slopes, rounding, h, 2)
    level = error <= 1e-3 * np.abs(better)
    both = np.flatnonzero(level[:-1] & level[1:])
    return [(float(better[k]), float(error[k]), float(h[k + 1])) for k in both]


def _gap(gap: Any, rounding: Any) -> int | None:
    """The smallest step at which the slopes of the two sides differ, if no smaller one denies it.

    On a smooth function the gap shrinks with the step.
    """
    seen = np.flatnonzero(np.abs(gap) > 6 * rounding)
    if not seen.size or seen[-1] < 2:
        return None
    m = int(seen[-1])
    denied = 6 * rounding[m + 1 :] < np.abs(gap[m]) / 2
    lasting = np.abs(gap[m - 1 : m + 1]) > 0.3 * np.abs(gap[m - 2 : m])
    return m if lasting.all() and not denied.any() else None


def _is_power(slopes: Any) -> bool:
    """Whether they go to infinity as the step goes to 0, by the same factor from step to step."""
    last = slopes[-5:]
    if len(last) < 4 or not np.all(last):
        return False
    factors = last[1:] / last[:-1]
    return bool(np.all(factors > 1.3) and np.ptp(factors) <= 0.1 * factors[0])


def _edge(h: Any, rises: Any, noise: Any, above: bool) -> Slope:
    """The slope on the one side where f is defined."""
    usable = _from_smallest(np.isfinite(rises))
    h, slopes, noise = h[usable], rises[usable] / h[usable], noise[usable]
    found = _limit(slopes, 2 * noise / h, h, power=1) if not _is_power(slopes) else None
    value, error, k = found or (np.nan, np.inf, -1)
    if found:  # the next term may be any power of the step
        error += abs(slopes[k] - slopes[k - 1])
    sides = (np.nan, value) if above else (value, np.nan)
    return Slope(value, error, float(h[k]), *sides, EDGE)
