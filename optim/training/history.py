"""History: what a training run measured, epoch by epoch."""

import copy
import io
import math
from collections.abc import Mapping
from typing import Any

from autograd import write_whole
from optim.plots import plot_history
from optim.training.known_metrics import larger_is_better

__all__ = ["History"]


class History:
    """Lists of what was measured, one number an epoch: `history.history["loss"]`.

    history: Keras's dict of equally long lists, "loss" and, with validation data, "val_loss"; so
        `pandas.DataFrame(h.history)` is a table. What an epoch did not measure is NaN.
    epoch: the numbers of the epochs, from 0. updates, seconds: how many updates had been made, and
        how much time they took, by the end of each.
    step_losses: the loss of every batch, if `fit` was asked for it.
    stopped: why training ended before the last epoch; None if it did not. interrupted, diverged:
        whether that was Ctrl-C, or a loss that is not finite.

    >>> h = History()
    >>> h.append(loss=0.5, val_loss=0.6)
    >>> h.append(loss=0.4, val_loss=0.55)
    >>> h.history
    {'loss': [0.5, 0.4], 'val_loss': [0.6, 0.55]}
    >>> h.best()
    (1, 0.55)
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.updates: list[int] = []
        self.seconds: list[float] = []
        self.step_losses: list[float] = []
        self.stopped: str | None = None
        self.interrupted = self.diverged = False
        self._steps: list[int] = []  # how many step_losses there were by the end of each epoch

    def append(
        self,
        measured: Mapping[str, float] | None = None,
        *,
        epoch: int | None = None,
        updates: int = 0,
        seconds: float = math.nan,
        **more: float,
    ) -> None:
        """Add an epoch; without a number, the one after the last."""
        self.epoch.append(epoch if epoch is not None else self.epoch[-1] + 1 if self.epoch else 0)
        self.updates.append(updates)
        self.seconds.append(seconds)
        self._steps.append(len(self.step_losses))
        for values in self.history.values():
            values.append(math.nan)
        self.add({**(measured or {}), **more})

    def add(self, measured: Mapping[str, float]) -> None:
        """Set measures of the last epoch."""
        for name, value in measured.items():
            if name not in self.history:
                self.history[name] = [math.nan] * len(self)
            self.history[name][-1] = float(value)

    def best(self, name: str | None = None) -> tuple[int, float]:
        """The epoch in which a measure was best, and the measure: by default of the validation.

        Best is largest for accuracies and their like, and otherwise smallest. Raises ValueError
        for a measure that there is none of.
        """
        name = name or ("val_loss" if "val_loss" in self.history else "loss")
        if not _any_number(self.history.get(name, [])):
            known = [n for n, values in self.history.items() if _any_number(values)]
            raise ValueError(
                f"the history has no {name!r}; it has {', '.join(known) or 'no epochs'}."
            )
        sign = -1 if larger_is_better(name) else 1
        values = self.history[name]
        place = min(
            (k for k, v in enumerate(values) if not math.isnan(v)), key=lambda k: sign * values[k]
        )
        return self.epoch[place], values[place]

    def merge(self, later: "History") -> "History":
        """The two as one: this history and that of a fit that went on from it, as a new one.

        From the first epoch of the later one on, its epochs are those that count.
        """
        merged = History()
        first = min(later.epoch, default=math.inf)
        kept = [k for k, epoch in enumerate(self.epoch) if epoch < first]
        updates, seconds = (self.updates[kept[-1]], self.seconds[kept[-1]]) if kept else (0, 0.0)
        for k in kept:
            merged.append(self.at(k), epoch=self.epoch[k])
            merged.updates[-1], merged.seconds[-1] = self.updates[k], self.seconds[k]
        for k, epoch in enumerate(later.epoch):
            merged.append(later.at(k), epoch=epoch)
            merged.updates[-1] = updates + later.updates[k]
            merged.seconds[-1] = seconds + later.seconds[k]
        steps = self._steps[kept[-1]] if kept else 0
        merged.step_losses = [*self.step_losses[:steps], *later.step_losses]
        merged._steps = [*self._steps[: len(kept)], *(steps + n for n in later._steps)]
        merged.stopped, merged.interrupted = later.stopped, later.interrupted
        merged.diverged = later.diverged
        return merged

    def at(self, k: int) -> dict[str, float]:
        """What the k-th of its epochs measured."""
        return {name: values[k] for name, values in self.history.items()}

    def plot(self, ax: Any = None, *, measure: str = "loss", smooth: float = 0.6) -> Any:
        """Draw a measure by the epoch, of training and validation; returns matplotlib's axes.

        Faint the numbers, strong their running mean, which keeps the share `smooth` of itself from
        epoch to epoch; the best epoch is marked. Raises ImportError without matplotlib.
        """
        return plot_history(self, ax, measure, smooth)

    def to_csv(self, path: Any) -> None:
        """Write a table: a line an epoch, with its number, updates, seconds and measures."""
        import csv  # few programs ask for this

        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["epoch", "updates", "seconds", *self.history])
        for k, epoch in enumerate(self.epoch):
            writer.writerow([epoch, self.updates[k], self.seconds[k], *self.at(k).values()])
        write_whole(path, lambda file: file.write(table.getvalue().encode("utf-8")))

    def state_dict(self) -> dict[str, Any]:
        """All of it, as plain lists."""
        return {
            name: {key: list(x) for key, x in value.items()}
            if isinstance(value, dict)
            else list(value)
            if isinstance(value, list)
            else value
            for name, value in vars(self).items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Become the history that `state_dict` was taken of."""
        vars(self).update(copy.deepcopy(dict(state)))

    def __len__(self) -> int:
        return len(self.epoch)

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={values[-1]:.4g}" for name, values in self.history.items())
        return f"History({len(self)} epochs{'; last: ' * bool(last)}{last})"

    def _repr_html_(self) -> str:
        """A line a measure: first, last and best value, and a small curve."""
        import html  # likewise

        rows = []
        for name, values in self.history.items():
            cells = [values[0], values[-1], self.best(name)[1] if _any_number(values) else math.nan]
            numbers = "".join(f"<td style='text-align:right'>{x:.4g}</td>" for x in cells)
            rows.append(
                f"<tr><th>{html.escape(name)}</th>{numbers}<td>{sparkline(values)}</td></tr>"
            )
        head = "<tr><th></th><th>first</th><th>last</th><th>best</th><th></th></tr>"
        end = f", {html.escape(self.stopped)}" if self.stopped else ""
        return f"<table><caption>{len(self)} epochs{end}</caption>{head}{''.join(rows)}</table>"


def _any_number(values: list[float]) -> bool:
    return not all(map(math.isnan, values))


def sparkline(values: list[float], width: int = 120, height: int = 24) -> str:
    """A curve without axes, as SVG to stand in a line of text."""
    shown = [v for v in values if math.isfinite(v)]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    across, up = (width - 4) / max(len(values) - 1, 1), (high - low) or 1
    points = " ".join(
        f"{2 + k * across:.1f},{height - 2 - (v - low) / up * (height - 4):.1f}"
        for k, v in enumerate(values)
        if math.isfinite(v)
    )
    return (
        f"<svg width='{width}' height='{height}' role='img'><polyline points='{points}' "
        "fill='none' stroke='#2f6fd0' stroke-width='1.5'/></svg>"
    )
