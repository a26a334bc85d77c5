"""What schedules have in common, and schedules made of schedules."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from optim.optimizers import Optimizer

__all__ = [
    "ChainedScheduler",
    "LRScheduler",
    "SequentialLR",
    "whole",
]


class LRScheduler:
    """What schedules have in common. A subclass is its formula, `lr(base, t)`.

    It sets the rate of every group of the optimizer when it is made, for t = 0, and in each step.
    base_lrs: the rates of the groups before any schedule; last_epoch: t.

    What else changes the rate, such as another schedule of the same optimizer, is a factor beside
    the formula: so schedules act together.

    >>> import optim
    >>> from autograd import Value
    >>> class Halves(LRScheduler):
    ...     def lr(self, base, t):
    ...         return base / 2**t
    >>> optimizer = optim.SGD([Value(1.0)], lr=1.0)
    >>> schedule = Halves(optimizer)
    >>> schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.5
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not hasattr(optimizer, "param_groups"):
            raise TypeError(f"a schedule is of an optimizer, not of a {type(optimizer).__name__}.")
        self.optimizer = optimizer
        groups = optimizer.param_groups
        self.base_lrs = [float(group.setdefault("initial_lr", group["lr"])) for group in groups]
        self.last_epoch = 0
        self._last_lr = self.base_lrs
        self._others = [1.0] * len(groups)
        self._set()

    def lr(self, base: float, t: int) -> float:
        """The rate at step t of a group whose rate was `base`; a subclass defines it."""
        raise TypeError(f"{type(self).__name__} has no lr(base, t): define its formula.")

    def step(self) -> None:
        """Go on to the next t."""
        self.last_epoch += 1
        self._set()

    def get_last_lr(self) -> list[float]:
        """The rates of the groups that it has set last."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """Where it is: what changes while it runs."""
        return {
            "last_epoch": self.last_epoch,
            "base_lrs": list(self.base_lrs),
            "last_lr": list(self._last_lr),
            "others": list(self._others),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; the optimizer has a state of its own."""
        if len(state_dict["base_lrs"]) != len(self.base_lrs):
            raise ValueError(
                f"the state is of {len(state_dict['base_lrs'])} groups of parameters, not of "
                f"{len(self.base_lrs)}."
            )
        self.last_epoch = state_dict["last_epoch"]
        self.base_lrs = list(state_dict["base_lrs"])
        self._last_lr = list(state_dict["last_lr"])
        self._others = list(state_dict["others"])

    def _set(self) -> None:
        rates = list(self._last_lr)
        for k, base in enumerate(self.base_lrs):
            group, last = self.optimizer.param_groups[k], rates[k]
            if group["lr"] != last and not group["lr"]:  # of another one: the product is 0
                continue
            if group["lr"] != last and last:
                self._others[k] *= group["lr"] / last
            rates[k] = group["lr"] = self.lr(base, self.last_epoch) * self._others[k]
        self._last_lr = rates

    def __repr__(self) -> str:
        return f"{type(self).__name__}(t={self.last_epoch}, lr={self._last_lr})"


class SequentialLR(LRScheduler):
    """One schedule after the other: the k-th from the k-th milestone on, beginning with its t = 0.

    >>> import optim
    >>> from autograd import Value
    >>> optimizer = optim.SGD([Value(1.0)], lr=1.0)
    >>> warm_up = optim.LinearLR(optimizer, 0.5, total_iters=2)
    >>> schedule = SequentialLR(optimizer, [warm_up, optim.ExponentialLR(optimizer, 0.1)], [2])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.1]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        if len(milestones) != len(schedulers) - 1 or list(milestones) != sorted(set(milestones)):
            raise ValueError(
                f"{len(schedulers)} schedules need {len(schedulers) - 1} milestones that grow, not "
                f"{list(milestones)}."
            )
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        _take_back(optimizer, self.schedulers)
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        k = bisect_right(self.milestones, t)
        return self.schedulers[k].lr(base, t - (self.milestones[k - 1] if k else 0))


class ChainedScheduler(LRScheduler):
    """Several schedules at once: each begins with the rate that the one before it gives.

    >>> import optim
    >>> from autograd import Value
    >>> optimizer = optim.SGD([Value(1.0)], lr=1.0)
    >>> warm_up = optim.ConstantLR(optimizer, 0.5, total_iters=2)
    >>> schedule = ChainedScheduler([warm_up, optim.ExponentialLR(optimizer, 0.5)])
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if not schedulers:
            raise ValueError("there are no schedules to chain.")
        self.schedulers = list(schedulers)
        optimizer = optimizer or schedulers[0].optimizer
        _take_back(optimizer, self.schedulers)
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        for schedule in self.schedulers:
            base = schedule.lr(base, t)
        return base


def _take_back(optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
    """The rates before the schedules were made, which had set theirs then."""
    for schedule in schedulers:
        if getattr(schedule, "cycle_momentum", False):
            raise ValueError("OneCycleLR is composed only with cycle_momentum=False.")
        if schedule.optimizer is not optimizer or not isinstance(schedule, LRScheduler):
            raise ValueError(
                "schedules are composed of schedules of one optimizer, ReduceLROnPlateau not "
                f"among them; one is {schedule!r}."
            )
    for group, base in zip(optimizer.param_groups, schedulers[0].base_lrs, strict=True):
        group["lr"] = base
    for schedule in schedulers:
        schedule.base_lrs = list(schedulers[0].base_lrs)


def whole(name: str, n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"{name} is {n!r}; it is a whole number of steps, at least 1.")
    return n
