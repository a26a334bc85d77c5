"""Training: optimizers, and trainers by stochastic, mini-batch and batch gradient descent."""

from typing import TYPE_CHECKING

import autograd

if not hasattr(autograd, "Value"):
    raise ImportError(
        "optim needs valuegrad's package `autograd`, but the one found is another project's (HIPS "
        f"autograd, at {autograd.__file__}), installed over or before it: use an environment "
        "without it, or pip uninstall autograd and install valuegrad again."
    )

from optim.data import Batches, batches
from optim.diagnosis import Diagnosis, Finding
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
from optim.training import (
    F1,
    R2,
    Accuracy,
    BatchTrainer,
    Callback,
    EarlyStopping,
    GradientHealth,
    History,
    LambdaCallback,
    LearningRateScheduler,
    MeanAbsoluteError,
    MeanMetric,
    MeanSquaredError,
    Metric,
    MiniBatchTrainer,
    NonFiniteLoss,
    Precision,
    Recall,
    StochasticTrainer,
    TerminateOnNaN,
    TimeLimit,
    TopKAccuracy,
    Trainer,
)

# What few programs need, and would make this import slower.
if TYPE_CHECKING:
    from optim.study import Descent, DescentStep, LRFinder, Sweep, descend, lr_finder, sweep
    from optim.training import CSVLogger, JSONLLogger, ModelCheckpoint
else:
    __getattr__, __dir__ = autograd.late_names(
        __name__,
        {
            "optim.study": "Descent DescentStep LRFinder Sweep descend lr_finder sweep",
            "optim.training": "CSVLogger JSONLLogger ModelCheckpoint",
        },
    )

__all__ = [
    "F1",
    "LBFGS",
    "R2",
    "SGD",
    "AMSGrad",
    "Accuracy",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "BatchTrainer",
    "Batches",
    "CSVLogger",
    "Callback",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "Descent",
    "DescentStep",
    "Diagnosis",
    "EarlyStopping",
    "ExponentialLR",
    "Finding",
    "GradientHealth",
    "History",
    "JSONLLogger",
    "LRFinder",
    "LRScheduler",
    "LambdaCallback",
    "LambdaLR",
    "LearningRateScheduler",
    "LinearLR",
    "Lion",
    "MeanAbsoluteError",
    "MeanMetric",
    "MeanSquaredError",
    "Metric",
    "MiniBatchTrainer",
    "ModelCheckpoint",
    "MultiStepLR",
    "NAdam",
    "NonFiniteLoss",
    "OneCycleLR",
    "Optimizer",
    "PolynomialLR",
    "Precision",
    "RAdam",
    "RMSprop",
    "Recall",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "StochasticTrainer",
    "Sweep",
    "TerminateOnNaN",
    "TimeLimit",
    "TopKAccuracy",
    "Trainer",
    "batches",
    "clip_grad_norm_",
    "clip_grad_value_",
    "descend",
    "lr_finder",
    "sweep",
]
