"""The optimizers, each a formula in a subclass of Optimizer. PyTorch's names and meanings.

In all of them θ is a parameter, g its gradient, lr the learning rate, t the number of the step.
"""

from optim.optimizers.adagrad import Adadelta, Adagrad, RMSprop
from optim.optimizers.adam import Adam, Adamax, AdamW, AMSGrad, NAdam, RAdam
from optim.optimizers.clipping import clip_grad_norm_, clip_grad_value_
from optim.optimizers.lbfgs import LBFGS
from optim.optimizers.optimizer import Optimizer
from optim.optimizers.sgd import SGD, Lion

__all__ = [
    "LBFGS",
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "clip_grad_norm_",
    "clip_grad_value_",
]
