"""What is drawn of training with matplotlib, if it is there."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["axes_or_new", "plot_bands", "plot_history", "smoothed"]

COLORS = ("#2f6fd0", "#d9730d", "#2e9e5b", "#b0409e", "#8c6d1f", "#5f6b7a")


def axes_or_new(ax: Any = None) -> Any:
    """The axes to draw on: those that are given, or of a new figure."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'valuegrad[plot]'.") from error
    return pyplot.subplots(figsize=(7, 4.5), layout="constrained")[1]


def smoothed(values: Sequence[float], keep: float) -> list[float]:
    """The running mean, without the pull of its beginning; what is no number is passed over."""
    mean, weight, found = 0.0, 0.0, []
    for value in values:
        if math.isfinite(value):
            mean = keep * mean + (1 - keep) * value
            weight = keep * weight + 1 - keep
        found.append(mean / weight if weight else math.nan)
    return found


def plot_history(history: Any, ax: Any, measure: str, smooth: float) -> Any:
    if not 0 <= smooth < 1:
        raise ValueError(f"smooth is {smooth}; it is at least 0 and below 1.")
    names = [name for name in (measure, f"val_{measure}") if name in history.history]
    if not names:
        raise ValueError(
            f"the history has no {measure!r}; it has {', '.join(history.history) or 'no epochs'}."
        )
    ax = axes_or_new(ax)
    epochs = [epoch + 1 for epoch in history.epoch]
    for name, color in zip(names, COLORS, strict=False):
        values = history.history[name]
        label = "validation" if name.startswith("val_") else "training"
        if smooth:
            ax.plot(epochs, values, color=color, alpha=0.3, lw=1)
        mark = "o" if len(epochs) == 1 else None
        ax.plot(epochs, smoothed(values, smooth), color=color, lw=1.8, label=label, marker=mark)
    judged = "/" not in measure and measure != "learning_rate"
    if judged and any(map(math.isfinite, history.history[names[-1]])):
        epoch, value = history.best(names[-1])
        ax.plot(epoch + 1, value, "*", ms=11, color=color, mec="white")
        ax.axvline(epoch + 1, color=color, lw=0.8, ls=":")
        ax.annotate(
            f"best: {value:.4g}, epoch {epoch + 1}",
            (epoch + 1, value),
            textcoords="offset points",
            xytext=(-6 if epoch + 1 > np.mean(epochs) else 6, 8),
            ha="right" if epoch + 1 > np.mean(epochs) else "left",
            fontsize=9,
        )
    ax.margins(y=0.12)  # room for the words
    _finish(ax, "epoch", measure)
    return ax


def plot_bands(
    ax: Any,
    curves: Mapping[str, Sequence[tuple[Any, Any]]],
    x: str,
    y: str,
    band: bool,
) -> Any:
    """For each label the mean of its curves, each a pair of x and y, and what they spread over."""
    ax = axes_or_new(ax)
    firsts = [values[0] for pairs in curves.values() for _, values in pairs if len(values)]
    firsts = [abs(v) if math.isfinite(v) else math.inf for v in firsts]
    top = 10 * float(np.median(firsts)) if y.endswith("loss") else math.inf
    far = False
    for k, (label, pairs) in enumerate(curves.items()):
        color = COLORS[k % len(COLORS)]
        style = ("-", "--", ":", "-.")[k // len(COLORS) % 4]
        if not pairs:  # diverged in the first epoch
            continue
        length = min(len(values) for _, values in pairs)
        across = np.mean([where[:length] for where, _ in pairs], axis=0)
        values = np.array([values[:length] for _, values in pairs], float)
        far |= bool(np.any(values > top))
        values = np.minimum(values, 10 * top)  # of those that diverge
        mean = values.mean(axis=0)
        mark = "o" if length == 1 else None
        ax.plot(across, mean, style, color=color, label=label, lw=1.7, marker=mark)
        if band and len(pairs) > 1:
            ax.fill_between(
                across, values.min(axis=0), values.max(axis=0), color=color, alpha=0.15, lw=0
            )
    if x != "epoch":
        ax.set_xscale("log")
    _finish(ax, x, y)
    if far:
        ax.set_ylim(top=top)
    return ax


def _finish(ax: Any, x: str, y: str) -> None:
    """Labels, and a logarithmic scale where numbers differ much and are positive."""
    shown = np.concatenate(
        [
            np.asarray(line.get_ydata(), float)
            for line in ax.lines
            if line.get_transform() == ax.transData
        ]
    )
    shown = shown[np.isfinite(shown)]
    if "loss" in y and shown.size and shown.min() > 0 and shown.max() > 20 * shown.min():
        ax.set_yscale("log")
    ax.set(xlabel=x, ylabel=y)
    if x == "epoch":
        ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(alpha=0.3)
    if ax.get_legend_handles_labels()[1]:
        many = len(ax.get_legend_handles_labels()[1]) > 6
        ax.legend(fontsize=7 if many else 9, ncols=2 if many else 1)
