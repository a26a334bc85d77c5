"""descend: plain gradient descent on a function, to watch: every step is kept, and can be drawn."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd import value_and_grad
from optim.plots import axes_or_new

__all__ = ["Descent", "DescentStep", "descend"]


class DescentStep(NamedTuple):
    """One point of a descent: where, the function there, and its gradient.

    >>> descend(lambda w: w**2, 1.0, lr=0.25, steps=1)[0]
    DescentStep(w=1.0, f=1.0, gradient=2.0)
    """

    w: Any
    f: float
    gradient: Any


class Descent:
    """The points of a descent, the first one included.

    w, f, gradient: arrays with one entry for each point. lr: the rate. diverged: whether it ended
    early, because the function or its gradient was not finite any more.

    >>> descent = descend(lambda w: w**2, 1.0, lr=0.25, steps=2)
    >>> descent.w
    array([1.  , 0.5 , 0.25])
    >>> print(descent)
    step       w       f  gradient
       0       1       1         2
       1     0.5    0.25         1
       2    0.25  0.0625       0.5
    """

    def __init__(
        self, function: Callable[..., Any], points: list[DescentStep], lr: float, diverged: bool
    ) -> None:
        self.function = function
        self.points = points
        self.lr = lr
        self.diverged = diverged

    @property
    def w(self) -> Any:
        return np.array([p.w for p in self.points])

    @property
    def f(self) -> Any:
        return np.array([p.f for p in self.points])

    @property
    def gradient(self) -> Any:
        return np.array([p.gradient for p in self.points])

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, k: int) -> DescentStep:
        return self.points[k]

    def __iter__(self) -> Iterator[DescentStep]:
        return iter(self.points)

    def __repr__(self) -> str:
        end = "diverged" if self.diverged else f"f = {self.points[-1].f:.4g}"
        return f"<Descent of {len(self) - 1} steps, lr={self.lr:g}: {end}>"

    def __str__(self) -> str:
        rows = [["step", "w", "f", "gradient"]]
        rows += [
            [str(k), _few(p.w), f"{p.f:.6g}", _few(p.gradient)] for k, p in enumerate(self.points)
        ]
        widths = [max(len(row[c]) for row in rows) for c in range(4)]
        widths[1:3] = [max(w, 6) for w in widths[1:3]]
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(lines + ["… and not finite after that: lr is too large."] * self.diverged)

    def plot(self, ax: Any = None) -> Any:
        """Draw the descent; returns matplotlib's axes.

        Of one variable: the curve, the points, their tangents, and each step. Of two: contours and
        the path over them. Of more: f against the step. Raises ImportError without matplotlib.
        """
        ax = axes_or_new(ax)
        size = np.size(self.points[0].w)
        if size == 1:
            self._plot_curve(ax)
        elif size == 2:
            self._plot_contours(ax)
        else:
            self._plot_loss(ax)
        end = ", diverged" if self.diverged else ""
        ax.set_title(f"lr = {self.lr:g}, {len(self) - 1} steps{end}")
        return ax

    def _plot_curve(self, ax: Any) -> None:
        w, f = self.w.reshape(-1), self.f
        slopes = self.gradient.reshape(-1)
        low, high = _with_margin(w, 0.25)
        grid = np.linspace(low, high, 401)
        curve = [self._value(x if np.ndim(self.points[0].w) == 0 else np.array([x])) for x in grid]
        ax.plot(grid, curve, color="#8c959f", zorder=1)
        half = (high - low) / 10
        for x, y, slope in zip(w, f, slopes, strict=True):
            run = half / math.hypot(1, slope * (high - low) / _spread(f))
            ax.plot([x - run, x + run], [y - slope * run, y + slope * run], color="#d9730d", lw=1.4)
        _steps(ax, w, f)
        _points(ax, w, f)
        bottom, top = _with_margin(np.concatenate([f, [y for y in curve if np.isfinite(y)]]), 0.05)
        ax.set(xlabel="w", ylabel="f(w)", xlim=(low, high), ylim=(bottom, top))

    def _plot_contours(self, ax: Any) -> None:
        xs, ys = self.w.reshape(-1, 2).T
        (left, right), (low, high) = _with_margin(xs, 0.3), _with_margin(ys, 0.3)
        middle = (left + right) / 2, (low + high) / 2
        reach = max(right - left, high - low) / 2  # as far in both directions: a square
        across = np.linspace(middle[0] - reach, middle[0] + reach, 81)
        along = np.linspace(middle[1] - reach, middle[1] + reach, 81)
        shape = np.shape(self.points[0].w)
        heights = np.array(
            [[self._value(np.reshape([x, y], shape)) for x in across] for y in along]
        )
        finite = heights[np.isfinite(heights)]
        # Evenly many points between levels, so that a narrow valley has as many as its walls.
        levels: Any = np.unique(np.quantile(finite, np.linspace(0, 1, 22))) if finite.size else []
        if len(levels) > 1:
            ax.contourf(across, along, heights, levels, cmap="Blues", alpha=0.6)
            ax.contour(across, along, heights, levels, colors="#8c959f", linewidths=0.6)
        _steps(ax, xs, ys)
        _points(ax, xs, ys)
        ax.set(xlabel="w[0]", ylabel="w[1]")
        ax.set(xlim=(across[0], across[-1]), ylim=(along[0], along[-1]))

    def _plot_loss(self, ax: Any) -> None:
        ax.plot(range(len(self)), self.f, "o-", color="#2f6fd0", ms=3)
        ax.set(xlabel="step", ylabel="f(w)")
        if np.all(self.f > 0) and self.f.max() > 100 * self.f.min():
            ax.set_yscale("log")

    def _value(self, w: Any) -> float:
        with np.errstate(all="ignore"):
            return float(self.function(w))


def descend(f: Callable[..., Any], w0: Any, *, lr: float = 0.1, steps: int = 20) -> Descent:
    """Gradient descent on a function, w ← w - lr · ∂f/∂w, with every step kept.

    f: a function of one number, or of one array, that returns a number, written with NumPy.
    w0: where to begin: a number, or an array or list. A tuple of numbers is for a function of as
        many arguments: `descend(lambda x, y: x**2 + y**2, (1.0, 2.0))`.

    It ends early where f or its gradient is not finite. Raises ValueError for an lr that is not
    positive, and for a negative number of steps.

    >>> descent = descend(lambda w: (w - 3) ** 2, 0.0, lr=0.25, steps=20)
    >>> round(descent[-1].w, 4)
    3.0
    >>> descend(lambda w: (w - 3) ** 2, 0.0, lr=1.1)[-1].f > 10_000  # too large a rate
    True
    """
    if not lr > 0 or not math.isfinite(lr):
        raise ValueError(f"lr is {lr}; a rate is a positive number.")
    if steps < 0:
        raise ValueError(f"steps is {steps}; it must be at least 0.")
    function = f
    if isinstance(w0, tuple):
        function = _of_one_array(f, len(w0))
    w = float(w0) if np.ndim(w0) == 0 else np.array(w0, float)
    value_and_gradient = value_and_grad(function)
    points: list[DescentStep] = []
    for _ in range(steps + 1):
        with np.errstate(all="ignore"):
            value, gradient = value_and_gradient(w)
        if not (np.isfinite(value) and np.all(np.isfinite(gradient))):
            if not points:
                raise ValueError(f"f or its gradient is not finite at w0 = {w0!r}.")
            return Descent(function, points, lr, diverged=True)
        points.append(DescentStep(w, float(value), gradient))
        w = w - lr * gradient
    return Descent(function, points, lr, diverged=False)


def _of_one_array(f: Callable[..., Any], n: int) -> Callable[[Any], Any]:
    return lambda w: f(*[w[i] for i in range(n)])


def _few(x: Any) -> str:
    if np.size(x) > 6:
        return f"array of shape {np.shape(x)}"
    return " ".join(f"{n:.4g}" for n in np.ravel(x))


def _spread(x: Any) -> float:
    return float(np.ptp(x)) or 1.0


def _with_margin(x: Any, share: float) -> tuple[float, float]:
    """The range of numbers, and some more on both sides."""
    margin = share * (float(np.ptp(x)) or 2.0)
    return float(np.min(x)) - margin, float(np.max(x)) + margin


def _steps(ax: Any, x: Any, y: Any) -> None:
    """An arrow from each point to the next one."""
    look = {"arrowstyle": "->", "color": "#2f6fd0", "lw": 1.1, "shrinkA": 2, "shrinkB": 3}
    for start, end in itertools.pairwise(zip(x, y, strict=True)):
        ax.annotate("", xy=end, xytext=start, arrowprops=look, zorder=2)


def _points(ax: Any, x: Any, y: Any) -> None:
    """The points, darker from step to step, the first and the last one marked."""
    ax.scatter(x, y, c=range(len(x)), cmap="viridis_r", s=26, zorder=3)
    ax.annotate("start", (x[0], y[0]), textcoords="offset points", xytext=(6, 6), fontsize=9)
    if len(x) > 1:
        ax.annotate("end", (x[-1], y[-1]), textcoords="offset points", xytext=(6, -12), fontsize=9)
