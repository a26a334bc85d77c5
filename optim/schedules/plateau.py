"""ReduceLROnPlateau: a rate that falls when a measure does not become better."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from optim.optimizers import Optimizer

__all__ = [
    "ReduceLROnPlateau",
]


class ReduceLROnPlateau:
    """lr ← max(lr · factor, min_lr) when a measure has not become better for `patience` steps.

    `step(measured)` is called with it, the validation loss for example. Better, in mode "min", is
    below best · (1 - threshold), or with threshold_mode="abs" below best - threshold; in mode
    "max" above. After a change come `cooldown` steps in which none is counted. A change of less
    than eps is none.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = ReduceLROnPlateau(optim.SGD([Value(1.0)], lr=1.0), patience=1)
    >>> for loss in (1.0, 1.0, 1.0):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"mode is {mode!r} and threshold_mode {threshold_mode!r}; the one is 'min' or "
                "'max', the other 'rel' or 'abs'."
            )
        if not 0 < factor < 1:
            raise ValueError(f"factor is {factor}; it is above 0 and below 1.")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.eps = cooldown, eps
        groups = len(optimizer.param_groups)
        self.min_lrs = [min_lr] * groups if isinstance(min_lr, float | int) else list(min_lr)
        if len(self.min_lrs) != groups:
            raise ValueError(f"min_lr has {len(self.min_lrs)} rates for {groups} groups.")
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, measured: float) -> None:
        """Take note of the measure, and reduce the rate if it is time to."""
        self.last_epoch += 1
        measured = float(measured)
        if self._better(measured):
            self.best, self.num_bad_epochs = measured, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                rate = max(group["lr"] * self.factor, least)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _better(self, measured: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * measured < sign * self.best - self.threshold
        return sign * measured < sign * self.best * (1 - sign * self.threshold)

    def get_last_lr(self) -> list[float]:
        """The rates of the groups."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Where it is: what changes while it runs."""
        names = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        vars(self).update(state_dict)
