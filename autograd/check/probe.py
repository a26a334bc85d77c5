"""A subject at one point, and the lines through it along which its slopes are measured."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.check.slopes import Rise, at_step, steps_around
from autograd.check.subjects import Subject, keeping_layout

__all__ = ["COMPLEX_STEP", "UNDERFLOW", "Line", "Probe", "alike"]

COMPLEX_STEP = 1e-50  # its square vanishes
UNDERFLOW = 1e-290  # below it numbers lose digits: the smallest one, by the rounding of doubles


class Probe:
    """A subject at one point, with the weights that make a number of its results.

    rtol, atol, step: None for what suits the precision and the size of the numbers.
    made_of: how large the numbers are that the results are made of; of a gradient, those of f.
    """

    def __init__(
        self, subject: Subject, rtol: Any, atol: Any, step: Any, *, made_of: float = 0.0
    ) -> None:
        self.subject = subject
        self.made_of = made_of
        self.points = subject.points
        self.results = self.subject.values(self.points)
        self.weights = _weights(self.results)
        self.precision = _precision([*self.points, *self.results])
        self.settings = rtol, atol, step
        self.rtol = max(1e-6, min(1e3 * self.precision, 2e-2)) if rtol is None else rtol
        self.atol = atol
        self._step = step
        self._set_base(self.results)
        self.underflow = max(_tiny([*self.points, *self.results]), UNDERFLOW)
        if self.precision > 1e-12 and subject.numpy:
            self._compute_in_double()
        self.gradient_size = 0.0

    def _compute_in_double(self) -> None:
        """Measure slopes in double precision, of a function that computes so when asked."""
        before = self.points
        doubles = [x.astype(complex if x.dtype.kind == "c" else float) for x in before]
        try:
            results = self.subject.values(doubles)
        except Exception:  # f takes no doubles, or not there: then it is measured as it is
            return
        same = [np.shape(y) for y in results] == [np.shape(y) for y in self.results]
        if same and _precision(results) < 1e-12:
            pairs = zip(results, self.results, strict=True)
            if all(alike(a, b, 1e3 * self.precision) for a, b in pairs):
                self.points = doubles
                self._set_base(results)

    def _set_base(self, results: list[Any]) -> None:
        self.base = [np.asarray(y) for y in results]
        self.rounding = _precision([*self.points, *results])
        self.undefined = [~np.isfinite(y) for y in self.base]
        self.nowhere = [y[u] for u, y in zip(self.undefined, self.base, strict=True)]
        self.anywhere_undefined = any(u.any() for u in self.undefined)
        if self.anywhere_undefined:
            self.base = [np.where(u, 0, y) for u, y in zip(self.undefined, self.base, strict=True)]
            pairs = zip(self.undefined, self.weights, strict=True)
            self.weights = [np.where(u, 0, w)[()] for u, w in pairs]
        pairs = zip(self.weights, self.base, strict=True)
        self.sizes = [np.abs(w * y) for w, y in pairs]
        self.size = float(sum(np.sum(s) for s in self.sizes))

    # ---------------------------------------------------------------- lines

    def element(
        self,
        k: int,
        index: tuple[int, ...],
        *,
        direction: complex = 1,
        complex_step: bool = False,
    ) -> "Line":
        """The line along which one element of one input moves."""
        x = self.points[k]

        def moved(t: float) -> tuple[list[Any], float]:
            new = keeping_layout(x)
            new[index] += t * direction
            made = (new[index] - x[index]) / direction
            return [new if i == k else p for i, p in enumerate(self.points)], float(np.real(made))

        here = float(abs(x[index]))
        typical = float(np.max(np.abs(x), initial=0, where=np.isfinite(x)))
        scale = max(here, min(1.0, typical) or 1.0)
        step = self._step or np.cbrt(self.rounding) * scale
        spacing = float(np.spacing(np.abs(x[index])))
        line = Line(self, moved, step, steps_around(here, spacing), spacing, scale)
        if complex_step:
            line.complex_step = lambda near=0.0, step=COMPLEX_STEP: self._complex_step(
                k, index, near, step, line.moving
            )
        return line

    def _complex_step(
        self, k: int, index: tuple[int, ...], near: float, step: float, moving: Any
    ) -> float:
        """The derivative by one element, times 1 + near, by a complex step."""
        stepped = self.points[k].astype(complex)
        stepped[index] = stepped[index] * (1 + near) + 1j * step
        points = [stepped if i == k else p for i, p in enumerate(self.points)]
        return self.complex_slope(points, step, moving)

    def direction(self, parts: list[Any], steps: list[float] | None = None) -> "Line":
        """The line along which all points move at once, by these parts of each."""

        def moved(t: float) -> tuple[list[Any], float]:
            pairs = zip(self.points, parts, strict=True)
            new = [keeping_layout(x) for x in self.points]
            for n, (x, part) in zip(new, pairs, strict=True):
                n += (t * part).astype(x.dtype)
            return new, t

        step = float(np.cbrt(self.rounding))
        if steps is None:
            ratio = self.rounding**-0.19  # a thousand in double precision, twenty in single
            steps = [step * factor for factor in (ratio, 1.0, 1 / ratio, 1 / ratio**2)]
        return Line(self, moved, self._step or step, steps, self.rounding, 1.0)

    def scales(self) -> list[Any]:
        """How large a step of 1 is for each element: as large as it, or as the others are."""
        found = []
        for x in self.points:
            typical = float(np.max(np.abs(x), initial=0, where=np.isfinite(x))) or 1.0
            found.append(np.maximum(np.abs(x), min(1.0, typical)))
        return found

    def rise(self, points: list[Any], t: float, line: "Line") -> Rise:
        """How far the weighted sum of the results rises from the base to these points.

        Those results round that have changed anywhere on the line.
        """
        moving = line.moving
        try:
            with np.errstate(all="ignore"):
                results = self.subject.values(points)
                height, size, changed = 0.0, UNDERFLOW, False
                parts = zip(
                    results, self.base, self.weights, self.sizes, self.undefined, strict=True
                )
                for k, (y, y0, w, own, u) in enumerate(parts):
                    y = np.asarray(y)
                    if y.shape != y0.shape:
                        return Rise(t, np.nan, 0.0)
                    if self.anywhere_undefined and u.any():
                        if not np.array_equal(y[u], self.nowhere[k], equal_nan=True):
                            return Rise(t, np.nan, 0.0)
                        y = np.where(u, 0, y)
                    rises = w * (y - y0)
                    moves = rises != 0
                    if moves.any():
                        changed = True
                        moving[k] |= moves
                        height += float(rises.real.sum())
                        size += float(np.abs(rises).sum())
                    size += float(own[moving[k]].sum())
        except Exception as error:  # outside of its domain f may raise what it likes
            line.raised = f"{type(error).__name__}: {error}"
            return Rise(t, np.nan, 0.0)
        if not any(m.any() for m in moving):  # what would change by a larger step is not known
            size = self.size
        return Rise(t, height, self.rounding * size, changed)

    # ------------------------------------------------------------- complex step

    def allows_complex_step(self) -> bool:
        """Whether f of x + ih has the derivative in its imaginary part: tried along one line."""
        real = all(x.dtype == float for x in self.points) and all(
            y.dtype == float for y in self.base
        )
        if not (self.subject.numpy and real) or self.anywhere_undefined:
            return False
        parts = _random_parts(self.scales())
        with np.errstate(all="ignore"):
            slope = at_step(self.direction(parts), np.cbrt(self.rounding))
            straight = abs(slope.right - slope.left) <= 1e-3 * abs(slope.value)
        if not straight:
            return False
        stepped = [x + 1j * COMPLEX_STEP * p for x, p in zip(self.points, parts, strict=True)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # f may drop the imaginary part, with a warning
            found = self.complex_slope(stepped)
        return abs(found - slope.value) <= 1e-5 * abs(slope.value)

    def complex_slope(
        self, points: list[Any], step: float = COMPLEX_STEP, moving: list[Any] | None = None
    ) -> float:
        """The derivative of the weighted sum by the complex step that the points have made."""
        total = 0.0
        try:
            with np.errstate(all="ignore"):
                results = self.subject.values(points)
                for k, (w, y) in enumerate(zip(self.weights, results, strict=True)):
                    rises = w * np.imag(y)
                    total += float(np.sum(rises))
                    if moving:
                        moving[k] |= rises != 0
        except Exception:  # f takes no complex numbers
            return np.nan
        return total / step if abs(total) > UNDERFLOW or not total else np.nan


class Line:
    """f along one direction; each step is made once."""

    def __init__(
        self,
        probe: Probe,
        moved: Callable[[float], tuple[list[Any], float]],
        step: float,
        steps: list[float],
        spacing: float,
        scale: float,
    ) -> None:
        self.probe, self.moved = probe, moved
        self.step, self.steps, self.spacing, self.scale = step, steps, spacing, scale
        self.made: dict[float, Rise] = {}
        self.moving = [np.zeros(y.shape, bool) for y in probe.base]
        self.raised = ""  # what f raised last
        self.complex_step: Callable[..., float] | None = None  # if f allows it

    def __call__(self, t: float) -> Rise:
        if t not in self.made:
            with np.errstate(all="ignore"):
                points, made = self.moved(t)
            self.made[t] = self.probe.rise(points, made, self)
        return self.made[t]

    @property
    def changes(self) -> bool:
        """Whether the largest step changes f, or any that was made."""
        far = self.steps[0]
        return self(far).changed or self(-far).changed or any(r.changed for r in self.made.values())

    @property
    def size(self) -> float:
        """How large those results are that change along the line; all of them, if none does."""
        pairs = zip(self.probe.sizes, self.moving, strict=True)
        return float(sum(s[m].sum() for s, m in pairs)) or self.probe.size

    @property
    def is_sparse(self) -> bool:
        """Whether there are only a few steps, for the sake of few calls of f."""
        return len(self.steps) < 5

    @property
    def unit(self) -> float:
        """The weight of the one result that changes along the line; 1 if there are more."""
        if sum(int(moves.sum()) for moves in self.moving) != 1:
            return 1.0
        pairs = zip(self.moving, self.probe.weights, strict=True)
        (weight,) = (np.asarray(w)[moves].item() for moves, w in pairs if moves.any())
        return weight if isinstance(weight, float) and weight else 1.0


def alike(a: Any, b: Any, rtol: float) -> bool:
    """Whether two arrays are the same, but for rounding relative to their largest element."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    size = float(np.max(np.abs(a), initial=0, where=np.isfinite(a)))
    with np.errstate(all="ignore"):
        return np.allclose(a, b, rtol, rtol * size, equal_nan=True)


def _precision(arrays: list[Any]) -> float:
    """The rounding of the coarsest of them."""
    kinds = {np.asarray(a).dtype for a in arrays}
    return max((float(np.finfo(d).eps) for d in kinds if d.kind in "fc"), default=2.2e-16)


def _tiny(arrays: list[Any]) -> float:
    """The smallest number of the coarsest of them that has all its digits."""
    kinds = {np.asarray(a).dtype for a in arrays}
    return max((float(np.finfo(d).tiny) for d in kinds if d.kind in "fc"), default=0.0)


def _weights(results: list[Any]) -> list[Any]:
    """1 for the one number that f returns; else uneven numbers, of any phase if it is complex."""
    if len(results) == 1 and np.size(results[0]) == 1 and not np.iscomplexobj(results[0]):
        return [np.ones_like(results[0])[()]]
    rng = np.random.default_rng(0)
    weights = []
    for y in map(np.asarray, results):
        real, imaginary = rng.uniform(0.5, 1.5, (2, *y.shape))
        kind = y.dtype if y.dtype.kind in "fc" else np.dtype(float)
        weights.append((real + 1j * imaginary if kind.kind == "c" else real).astype(kind)[()])
    return weights


def _random_parts(scales: list[Any]) -> list[Any]:
    rng = np.random.default_rng(1)
    return [s * rng.uniform(0.5, 1.5, s.shape) * rng.choice([-1, 1], s.shape) for s in scales]
