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
from optim.optimizer import Optimizer
from optim.optimizers import SGD, Adam
from optim.trainer import (
    BatchTrainer,
    MiniBatchTrainer,
    NonFiniteLoss,
    StochasticTrainer,
    Trainer,
)

__all__ = [
    "SGD",
    "Adam",
    "BatchTrainer",
    "Descent",
    "DescentStep",
    "History",
    "MiniBatchTrainer",
    "NonFiniteLoss",
    "Optimizer",
    "StochasticTrainer",
    "Trainer",
    "descend",
]
