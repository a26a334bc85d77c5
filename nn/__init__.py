"""Networks: modules, layers, activations, losses, initial values, and micrograd's neurons."""

import autograd

if not hasattr(autograd, "Value"):
    raise ImportError(
        "nn needs valuegrad's package `autograd`, but the one found is another project's (HIPS "
        f"autograd, at {autograd.__file__}), installed over or before it: use an environment "
        "without it, or pip uninstall autograd and install valuegrad again."
    )

from nn import functional, init
from nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    dropout,
    hinge_loss,
    linear,
    log_softmax,
    logsumexp,
    mse_loss,
    nll_loss,
    relu,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from nn.functions_as_modules import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    LogSoftmax,
    MSELoss,
    NLLLoss,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from nn.layers import Dropout, Linear, Sequential
from nn.module import Module
from nn.randomness import manual_seed
from nn.scalar import MLP, Layer, Neuron

__all__ = [
    "MLP",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "Dropout",
    "HingeLoss",
    "Layer",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "NLLLoss",
    "Neuron",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "functional",
    "hinge_loss",
    "init",
    "linear",
    "log_softmax",
    "logsumexp",
    "manual_seed",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]
