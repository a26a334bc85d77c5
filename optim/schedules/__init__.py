"""Schedules of the learning rate, each a formula of the step t. PyTorch's names and meanings.

`schedule.step()` goes on to the next t, after an epoch or after an update, as one chooses.
"""

from optim.schedules.formulas import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from optim.schedules.one_cycle import OneCycleLR
from optim.schedules.plateau import ReduceLROnPlateau
from optim.schedules.scheduler import ChainedScheduler, LRScheduler, SequentialLR

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
