"""Schedules that are a formula of the step t alone."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable

from optim.optimizers import Optimizer
from optim.schedules.scheduler import LRScheduler, whole

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "PolynomialLR",
    "StepLR",
]


class LambdaLR(LRScheduler):
    """lr = base · lr_lambda(t).

    >>> import optim
    >>> from autograd import Value
    >>> LambdaLR(optim.SGD([Value(1.0)], lr=1.0), lambda t: 1 / (t + 2)).get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.lr_lambda(t)


class StepLR(LRScheduler):
    """lr = base · gamma^⌊t / step_size⌋.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = StepLR(optim.SGD([Value(1.0)], lr=1.0), 2)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = whole("step_size", step_size), gamma
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.gamma ** (t // self.step_size)


class MultiStepLR(LRScheduler):
    """lr = base · gamma^(how many of the milestones are at most t).

    >>> import optim
    >>> from autograd import Value
    >>> MultiStepLR(optim.SGD([Value(1.0)], lr=1.0), [30, 80]).get_last_lr()
    [1.0]
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.gamma ** bisect_right(self.milestones, t)


class ExponentialLR(LRScheduler):
    """lr = base · gammaᵗ.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = ExponentialLR(optim.SGD([Value(1.0)], lr=1.0), 0.5)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.gamma**t


class PolynomialLR(LRScheduler):
    """lr = base · (1 - t / total_iters)^power, and 0 after total_iters.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = PolynomialLR(optim.SGD([Value(1.0)], lr=1.0), total_iters=4)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.75]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters, self.power = whole("total_iters", total_iters), power
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * max(0.0, 1 - t / self.total_iters) ** self.power


class ConstantLR(LRScheduler):
    """lr = base · factor before total_iters, and base from then on.

    >>> import optim
    >>> from autograd import Value
    >>> ConstantLR(optim.SGD([Value(1.0)], lr=1.0), factor=0.5).get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor, self.total_iters = factor, whole("total_iters", total_iters)
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return base * self.factor if t < self.total_iters else base


class LinearLR(LRScheduler):
    """Linear warm-up: lr goes from base · start_factor to base · end_factor in total_iters steps.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = LinearLR(optim.SGD([Value(1.0)], lr=1.0), start_factor=0.5, total_iters=2)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ValueError(
                f"start_factor is {start_factor} and end_factor {end_factor}; both are between 0 "
                "and 1, the first above 0."
            )
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = whole("total_iters", total_iters)
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        share = min(t, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * share)


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (base - eta_min) · (1 + cos(π·t / T_max)) / 2.

    Loshchilov and Hutter 2017 (arXiv:1608.03983), without the restarts: after T_max it rises again.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = CosineAnnealingLR(optim.SGD([Value(1.0)], lr=1.0), T_max=2)
    >>> schedule.step()
    >>> round(schedule.get_last_lr()[0], 6)
    0.5
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.eta_min = whole("T_max", T_max), eta_min
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing over T_0 steps, then again over T_0·T_mult, T_0·T_mult², …

    Loshchilov and Hutter 2017 (arXiv:1608.03983): each time lr begins at base and falls to eta_min.

    >>> import optim
    >>> from autograd import Value
    >>> schedule = CosineAnnealingWarmRestarts(optim.SGD([Value(1.0)], lr=1.0), T_0=2)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [1.0]
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0
    ) -> None:
        self.T_0, self.T_mult = whole("T_0", T_0), whole("T_mult", T_mult)
        self.eta_min = eta_min
        super().__init__(optimizer)

    def lr(self, base: float, t: int) -> float:
        length = self.T_0
        if self.T_mult == 1:
            t %= length
        while t >= length:
            t, length = t - length, length * self.T_mult
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / length)) / 2
