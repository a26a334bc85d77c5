"""Trainers: gradient descent over the samples of a data set, and what is measured meanwhile."""

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
from optim.training.writers import CSVLogger, JSONLLogger, ModelCheckpoint

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
