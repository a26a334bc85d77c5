"""descend: plain gradient descent on a function, to watch: every step is kept, and can be drawn."""

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, overload

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


class Descent(Sequence[DescentStep]):
    """The points of a descent, the first one included.

    To index, and to loop over, its `points`: a DescentStep each. w, f, gradient: arrays with one
    entry for each of them. function: of one number, or one array. lr: the rate. diverged: whether
    it ended early, as the function or its gradient was not finite any more. names: of the axes.

    >>> descent = descend(lambda w: w**2, 1.0, lr=0.25, steps=2)
    >>> descent.w
    array([1.  , 0.5 , 0.25])
    >>> print(descent)
    step     w       f  gradient
       0     1       1         2
       1   0.5    0.25         1
       2  0.25  0.0625       0.5
    """

    def __init__(
        self,
        function: Callable[..., Any],
        points: list[DescentStep],
        lr: float,
        diverged: bool,
        names: tuple[str, ...] = ("w[0]", "w[1]"),
    ) -> None:
        self.function = function
        self.points = points
        self.lr = lr
        self.diverged = diverged
        self.names = names

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

    @overload
    def __getitem__(self, k: int) -> DescentStep: ...
    @overload
    def __getitem__(self, k: slice) -> list[DescentStep]: ...
    def __getitem__(self, k: Any) -> Any:
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
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
        end = "… and f or its gradient is not finite after that: try a smaller lr."
        return "\n".join(lines + [end] * self.diverged)

    def plot(self, ax: Any = None) -> Any:
        """Draw the descent; returns matplotlib's axes.

        Of one variable: the curve, the points, their tangents, and each step. Of two: contours and
        the path over them. Of more: f against the step. Raises ImportError without matplotlib.
        """
        ax = axes_or_new(ax)
        points = self.points[: self._to_be_seen()]
        shown = Descent(self.function, points, self.lr, self.diverged, self.names)
        size = np.size(self.points[0].w)
        if size == 1:
            shown._plot_curve(ax)
        elif size == 2:
            shown._plot_contours(ax)
        else:
            shown._plot_loss(ax)
        ax.set_title(f"lr = {self.lr:g}, {len(self) - 1} steps" + self._ending(len(shown)))
        return ax

    def _to_be_seen(self) -> int:
        """How many points are drawn: of a descent that flies away, those before it is far off."""
        far = np.abs(self.f) > 1e4 * (1 + abs(self.f[0]))
        return max(int(np.argmax(far)), 2) if far.any() else len(self)

    def _ending(self, shown: int) -> str:
        end = ", diverged" if self.diverged else ", f grows" if self.f[-1] > self.f[0] else ""
        return end + (
            f" (the first {shown} points; the others are far off)" if shown < len(self) else ""
        )

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
        ax.set(xlabel=self.names[0], ylabel=self.names[1])
        ax.set(xlim=(across[0], across[-1]), ylim=(along[0], along[-1]))

    def _plot_loss(self, ax: Any) -> None:
        ax.plot(range(len(self)), self.f, "o-", color="#2f6fd0", ms=3)
        ax.xaxis.get_major_locator().set_params(integer=True)
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
    positive, for a negative number of steps, and where f is not finite at w0; TypeError for a
    function that takes other arguments. `.plot()` needs matplotlib (`valuegrad[plot]`).

    >>> descent = descend(lambda w: (w - 3) ** 2, 0.0, lr=0.25, steps=20)
    >>> round(descent[-1].w, 4)
    3.0
    >>> descend(lambda w: (w - 3) ** 2, 0.0, lr=1.1)[-1].f > 10_000  # too large a rate
    True
    """
    if not isinstance(lr, float | int) or not lr > 0 or not math.isfinite(lr):
        raise ValueError(f"lr is {lr!r}; a rate is a positive number.")
    if not isinstance(steps, int) or steps < 0:
        raise ValueError(f"steps is {steps!r}; it is a whole number from 0.")
    if not callable(f):
        raise TypeError(f"descend(f, w0) takes a function first, not {type(f).__name__}.")
    function = f
    names: tuple[str, ...] = ("w[0]", "w[1]")
    if isinstance(w0, tuple):
        function, names = _of_one_array(f, len(w0)), _names_of_arguments(f, len(w0)) or names
    w0 = tuple(map(_plain, w0)) if isinstance(w0, tuple) else _plain(w0)
    w = float(w0) if np.ndim(w0) == 0 else np.array(w0, float)
    _check_call(f, w0)
    value_and_gradient = value_and_grad(function)
    points: list[DescentStep] = []
    for _ in range(steps + 1):
        with np.errstate(all="ignore"):
            value, gradient = value_and_gradient(w)
        if not (np.isfinite(value) and np.all(np.isfinite(gradient))):
            if not points:
                raise ValueError(f"f or its gradient is not finite at w0 = {w0!r}.")
            return Descent(function, points, lr, True, names)
        points.append(DescentStep(w, float(value), gradient))
        w = w - lr * gradient
    return Descent(function, points, lr, False, names)


def _plain(w: Any) -> Any:
    return w.data if hasattr(w, "backward") else w


def _of_one_array(f: Callable[..., Any], n: int) -> Callable[[Any], Any]:
    return lambda w: f(*[w[i] for i in range(n)])


def _names_of_arguments(f: Callable[..., Any], n: int) -> tuple[str, ...]:
    """The names of the first n parameters, if f has so many."""
    try:
        parameters = list(inspect.signature(f).parameters.values())[:n]
    except (TypeError, ValueError):  # some of NumPy's functions
        return ()
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return tuple(named) if len(named) == n else ()


def _check_call(f: Callable[..., Any], w0: Any) -> None:
    """Whether f takes what w0 is: one argument, or for a tuple as many as it has members."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return
    count = len(w0) if isinstance(w0, tuple) else 1
    try:
        signature.bind(*range(count))
    except TypeError:
        raise TypeError(
            f"f{signature} cannot be called with {count} argument{'s' * (count > 1)}: for a "
            "function of several numbers give w0 as a tuple, for one of an array as a list."
        ) from None


def _few(x: Any) -> str:
    some = " ".join(f"{n:.4g}" for n in np.ravel(x)[:6])
    return some + " …" * (np.size(x) > 6)


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
    paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1}
    look: dict[str, Any] = {"fontsize": 9, "zorder": 4, "bbox": paper}
    ax.annotate("start", (x[0], y[0]), textcoords="offset points", xytext=(6, 6), **look)
    if len(x) > 1:
        ax.annotate("end", (x[-1], y[-1]), textcoords="offset points", xytext=(8, 8), **look)
