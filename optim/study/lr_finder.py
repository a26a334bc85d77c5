"""lr_finder: the loss while the rate grows, to see which rates are too low and too high."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from optim.data.batches import RNG
from optim.data.feeds import feed
from optim.plots import axes_or_new, smoothed
from optim.training import Trainer
from optim.training.trainer import OWN

__all__ = ["LRFinder", "lr_finder"]


class LRFinder:
    """What `lr_finder` measured: rates lr, the losses before each step, and them smoothed.

    suggestion: on a logarithmic scale the middle between the rate from which on the smoothed loss
        falls, by a tenth of its whole fall at first, and the rate where it is lowest. None if it
        falls no more than it fluctuates.

    >>> rates = [1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0]
    >>> found = LRFinder(rates, [1.0, 1.01, 1.0, 0.99, 0.2, 3.0], 0.0)
    >>> round(found.suggestion, 3)
    0.316
    """

    def __init__(self, lr: Sequence[float], losses: Sequence[float], smooth: float = 0.9) -> None:
        self.lr, self.losses = np.asarray(lr), np.asarray(losses)
        self.smoothed = np.asarray(smoothed(losses, smooth))
        # Three standard deviations of a running mean, for one of the numbers.
        self._noise_kept = 3 * math.sqrt((1 - smooth) / (1 + smooth))

    @property
    def suggestion(self) -> float | None:
        curve, early = self.smoothed, max(len(self.smoothed) // 10, 1)
        bottom = early + int(curve[early:].argmin()) if early < len(curve) else 0
        first = float(np.median(curve[: 2 * early]))
        if first - curve[bottom] <= np.std(self.losses[: 3 * early]) * self._noise_kept:
            return None
        high = np.flatnonzero(curve[: bottom + 1] >= first - 0.1 * (first - curve[bottom]))
        start = int(high[-1]) if high.size else 0
        return float(np.sqrt(self.lr[start] * self.lr[bottom]))

    def plot(self, ax: Any = None) -> Any:
        """The loss by the rate, and the suggestion; returns matplotlib's axes."""
        ax = axes_or_new(ax)
        ax.plot(self.lr, self.losses, color="#2f6fd0", alpha=0.3, lw=1)
        ax.plot(self.lr, self.smoothed, color="#2f6fd0", lw=1.8)
        suggestion = self.suggestion
        if suggestion is not None:
            ax.axvline(suggestion, color="#d9730d", ls=":", label=f"lr = {suggestion:.2g}")
            ax.legend()
        ax.set(xlabel="learning rate", ylabel="loss", xscale="log")
        bottom = int(self.smoothed.argmin())
        low, high = float(self.smoothed[bottom]), float(self.smoothed[: bottom + 1].max())
        ax.set_ylim(low - 0.1 * (high - low), high + 0.3 * (high - low) + 1e-12)
        ax.grid(alpha=0.3)
        return ax

    def __repr__(self) -> str:
        return f"<LRFinder of {len(self.lr)} rates from {self.lr[0]:.2g} to {self.lr[-1]:.2g}: " + (
            f"suggestion {self.suggestion:.2g}>" if self.suggestion else "no clear fall>"
        )


def lr_finder(
    trainer: Trainer,
    x: Any,
    y: Any = None,
    *,
    min_lr: float = 1e-6,
    max_lr: float = 10.0,
    steps: int = 100,
    batch_size: int | None = OWN,
    smooth: float = 0.9,
    stop_factor: float = 4.0,
    rng: RNG = None,
) -> LRFinder:
    """The range test: train with a rate that grows from batch to batch, and note the loss.

        lrₖ = min_lr · (max_lr/min_lr)^(k / (steps - 1))

    It ends before max_lr where the smoothed loss is stop_factor times the lowest one, or not
    finite. Rates of other groups of parameters keep their ratio to the first's. Afterwards the
    trainer is as it was before. Smith 2017 (arXiv:1506.01186).

    Raises ValueError for rates and steps out of range.

    >>> import nn, optim
    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = nn.Linear(3, 1, rng=0)
    >>> trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()))
    >>> found = lr_finder(trainer, x, x.sum(axis=1, keepdims=True), rng=0)
    >>> 0.01 < found.suggestion < 1
    True
    """
    if not 0 < min_lr < max_lr < math.inf:
        raise ValueError(f"min_lr is {min_lr} and max_lr {max_lr}; 0 < min_lr < max_lr.")
    if not isinstance(steps, int) or steps < 2:
        raise ValueError(f"steps is {steps!r}; it is a whole number from 2.")
    if trainer.optimizer.needs_closure:
        raise ValueError("LBFGS searches for its rate itself: the range test says nothing of it.")
    size = trainer.batch_size if batch_size is OWN else batch_size
    data = feed(x, y, size, shuffle=True, rng=rng)
    rates = np.geomspace(min_lr, max_lr, steps).tolist()
    losses: list[float] = []
    with trainer.untouched(), trainer.mode(training=True), np.errstate(all="ignore"):
        groups = trainer.optimizer.param_groups
        ratios = [group["lr"] / groups[0]["lr"] if groups[0]["lr"] else 1.0 for group in groups]
        batches = data.epoch()
        for rate in rates:
            batch = next(batches, None)
            if batch is None:
                batches = data.epoch()
                batch = next(batches, None)
            if batch is None:
                break
            for group, ratio in zip(groups, ratios, strict=True):
                group["lr"] = rate * ratio
            loss = trainer.train_on_batch(*batch)
            loss = float(loss["loss"] if isinstance(loss, dict) else loss)
            if not math.isfinite(loss):
                break
            losses.append(loss)
            curve = smoothed(losses, smooth)
            if len(losses) > 3 and curve[-1] > stop_factor * min(curve):
                break
    if not losses:
        raise ValueError("the loss is not finite at the start: trainer.diagnose() may tell why.")
    return LRFinder(rates[: len(losses)], losses, smooth)
