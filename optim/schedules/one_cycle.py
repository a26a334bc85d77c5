"""OneCycleLR: up and down once, with the momentum the other way."""

import math
from typing import Literal

from optim.optimizers import Optimizer
from optim.schedules.scheduler import LRScheduler, whole

__all__ = [
    "OneCycleLR",
]


class OneCycleLR(LRScheduler):
    """Up to max_lr and far down again, once, over total_steps updates; momentum the other way.

    From max_lr/div_factor to max_lr in the first pct_start of the steps, then to the first rate
    divided by final_div_factor; three_phase: down to the first rate in as many steps as up, and
    then on. Along a cosine, or straight with anneal_strategy="linear". Momentum, or Adam's β₁, goes
    from max_momentum to base_momentum and back, unless cycle_momentum=False or there is none.

    Smith and Topin 2019 (arXiv:1708.07120). Raises ValueError in a step after the last one.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = OneCycleLR(optim.Adam([Value(1.0)]), max_lr=0.1, total_steps=10)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        total_steps: int,
        *,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy is {anneal_strategy!r}; it is 'cos' or 'linear'.")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"pct_start is {pct_start}; it is a share of the steps, 0 to 1.")
        self.total_steps = whole("total_steps", total_steps)
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        start, end = max_lr / div_factor, max_lr / div_factor / final_div_factor
        top, low = max_momentum, base_momentum
        peak, last = pct_start * total_steps - 1, total_steps - 1
        # The corners: the step, the rate there, and the momentum.
        self.corners = [(0.0, start, top), (peak, max_lr, low), (float(last), end, top)]
        if three_phase:
            self.corners.insert(2, (2 * pct_start * total_steps - 2, start, top))
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return self._at(t, 1)

    def step(self) -> None:
        if self.last_epoch >= self.total_steps:  # as in PyTorch: one after the last update is fine
            raise ValueError(
                f"step {self.last_epoch + 1} of a schedule of total_steps={self.total_steps}: make "
                "it with as many as there are updates, or epochs."
            )
        super().step()

    def _at(self, t: int, what: int) -> float:
        """The rate (1) or momentum (2) between the two corners around t."""
        k = 1
        while k < len(self.corners) - 1 and t > self.corners[k][0]:
            k += 1
        first, second = self.corners[k - 1], self.corners[k]
        share = (t - first[0]) / (second[0] - first[0]) if second[0] != first[0] else 1.0
        if self.anneal_strategy == "cos":
            share = (1 - math.cos(math.pi * share)) / 2
        return first[what] + (second[what] - first[what]) * share

    def _set(self) -> None:
        super()._set()
        if self.cycle_momentum:
            momentum = self._at(self.last_epoch, 2)
            for group in self.optimizer.param_groups:
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                elif group.get("momentum"):
                    group["momentum"] = momentum
