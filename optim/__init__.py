"""Training: optimizers, and trainers by stochastic, mini-batch and batch gradient descent."""

import autograd

if not hasattr(autograd, "Value"):
    raise ImportError(
        "optim needs valuegrad's package `autograd`, but the one found is another project's (HIPS "
        f"autograd, at {autograd.__file__}), installed over or before it: use an environment "
        "without it, or pip uninstall autograd and install valuegrad again."
    )

from optim.descent import Descent, DescentStep, descend
from optim.history import History
from optim.optimizers import (
    LBFGS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    Lion,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    clip_grad_norm_,
    clip_grad_value_,
)
from optim.schedules import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from optim.trainer import (
    BatchTrainer,
    MiniBatchTrainer,
    NonFiniteLoss,
    StochasticTrainer,
    Trainer,
)

__all__ = [
    "LBFGS",
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "BatchTrainer",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "Descent",
    "DescentStep",
    "ExponentialLR",
    "History",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "Lion",
    "MiniBatchTrainer",
    "MultiStepLR",
    "NAdam",
    "NonFiniteLoss",
    "OneCycleLR",
    "Optimizer",
    "PolynomialLR",
    "RAdam",
    "RMSprop",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "StochasticTrainer",
    "Trainer",
    "clip_grad_norm_",
    "clip_grad_value_",
    "descend",
]
