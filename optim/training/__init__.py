"""Trainers: gradient descent over the samples of a data set, and what is measured meanwhile."""

from typing import TYPE_CHECKING

from autograd import late_names
from optim.training.callbacks import (
    Callback,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    TerminateOnNaN,
    TimeLimit,
)
from optim.training.health import GradientHealth
from optim.training.history import History
from optim.training.loop import NonFiniteLoss
from optim.training.metrics import (
    F1,
    R2,
    Accuracy,
    MeanAbsoluteError,
    MeanMetric,
    MeanSquaredError,
    Metric,
    Precision,
    Recall,
    TopKAccuracy,
)
from optim.training.named import BatchTrainer, MiniBatchTrainer, StochasticTrainer
from optim.training.trainer import Trainer

# What few programs need, and would make this import slower.
if TYPE_CHECKING:
    from optim.training.writers import CSVLogger, JSONLLogger, ModelCheckpoint
else:
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "optim.training.writers": "CSVLogger JSONLLogger ModelCheckpoint",
        },
    )

__all__ = [
    "F1",
    "R2",
    "Accuracy",
    "BatchTrainer",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "GradientHealth",
    "History",
    "JSONLLogger",
    "LambdaCallback",
    "LearningRateScheduler",
    "MeanAbsoluteError",
    "MeanMetric",
    "MeanSquaredError",
    "Metric",
    "MiniBatchTrainer",
    "ModelCheckpoint",
    "NonFiniteLoss",
    "Precision",
    "Recall",
    "StochasticTrainer",
    "TerminateOnNaN",
    "TimeLimit",
    "TopKAccuracy",
    "Trainer",
]
