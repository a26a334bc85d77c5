"""The length of a step along a direction: a search for a point that meets Wolfe's conditions."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Point", "strong_wolfe"]


class Point(NamedTuple):
    """On a line x + t·d: the place t, the function there, its gradient, and the slope along d."""

    t: float
    f: float
    g: Any
    slope: float


def strong_wolfe(
    at: Callable[[float], Point],
    start: Point,
    t: float,
    longest: float,
    *,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
    most: int = 25,
) -> Point:
    """A point where f has fallen enough and the slope has become flat, or the lowest found.

        f(t) ≤ f(0) + c1·t·slope(0),    |slope(t)| ≤ -c2·slope(0)

    Steps grow until a minimum lies between two of them, and then that bracket is made smaller,
    both by cubic interpolation: Algorithms 3.5 and 3.6 of Nocedal and Wright 2006, with the
    safeguards of Schmidt's minFunc, which PyTorch has too. longest: the largest number of d;
    most: how many further points are tried.
    """

    def too_high(p: Point) -> bool:
        return p.f > start.f + c1 * p.t * start.slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -c2 * start.slope

    before, now, tried = start, at(t), 0
    while tried < most:
        if too_high(now) or (tried > 1 and now.f >= before.f):
            bracket = [before, now]
            break
        if flat(now):
            return now
        if now.slope >= 0:
            bracket = [before, now]
            break
        bounds = now.t + 0.01 * (now.t - before.t), 10 * now.t
        before, now = now, at(_cubic_minimum(before, now, bounds))
        tried += 1
    else:
        bracket = [start, now]

    hesitated = False
    while tried < most:
        low, high = sorted(bracket, key=lambda p: p.f)
        left, right = sorted(p.t for p in bracket)
        if (right - left) * longest < tolerance:
            break
        t = _cubic_minimum(bracket[0], bracket[1], (left, right))
        margin = 0.1 * (right - left)
        near = min(right - t, t - left) < margin
        if near and (hesitated or t >= right or t <= left):  # move away from the end
            t = right - margin if right - t < t - left else left + margin
            near = False
        hesitated = near
        now = at(t)
        tried += 1
        place = 0 if bracket[0] is low else 1
        if too_high(now) or now.f >= low.f:
            bracket[1 - place] = now
            continue
        if not flat(now) and now.slope * (high.t - low.t) >= 0:
            bracket[1 - place] = low
        bracket[place] = now
        if flat(now):
            break
    return min(bracket, key=lambda p: p.f)


def _cubic_minimum(a: Point, b: Point, bounds: tuple[float, float]) -> float:
    """Where the cubic through two points with their slopes is least, within the bounds."""
    if a.t > b.t:
        a, b = b, a
    if a.t == b.t:
        return (bounds[0] + bounds[1]) / 2
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (bounds[0] + bounds[1]) / 2
    d2 = float(np.sqrt(square))
    below = b.slope - a.slope + 2 * d2
    if not below:
        return (bounds[0] + bounds[1]) / 2
    return min(max(b.t - (b.t - a.t) * (b.slope + d2 - d1) / below, bounds[0]), bounds[1])
