"""The functions of `nn.functional` as modules, for Sequential and for PyTorch's users.

A module takes the function's settings by keyword, and its data when called.
"""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from nn import functional
from nn.module import Module

__all__ = [
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HingeLoss",
    "LogSoftmax",
    "MSELoss",
    "NLLLoss",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]


class _Function(Module):
    function: ClassVar[Callable[..., Any]]

    def __init__(self, **settings: Any) -> None:
        known = inspect.signature(self.function).parameters.values()
        names = [p.name for p in known if p.kind is p.KEYWORD_ONLY]
        for name in settings:
            if name not in names:
                raise TypeError(
                    f"{type(self).__name__} has no setting {name!r}; it has "
                    f"{', '.join(names) or 'none'}."
                )
        self.settings = settings

    def forward(self, *args: Any) -> Any:
        return type(self).function(*args, **self.settings)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.settings.items())


class ReLU(_Function):
    """max(x, 0), elementwise.

    >>> from nn import Sequential
    >>> Sequential(ReLU(), ReLU())
    Sequential(
      (0): ReLU()
      (1): ReLU()
    )
    """

    function = staticmethod(functional.relu)


class Sigmoid(_Function):
    """1 / (1 + e⁻ˣ), elementwise."""

    function = staticmethod(functional.sigmoid)


class Tanh(_Function):
    """The hyperbolic tangent, elementwise."""

    function = staticmethod(functional.tanh)


class Softplus(_Function):
    """log(1 + eˣ), elementwise."""

    function = staticmethod(functional.softplus)


class Softmax(_Function):
    """eˣ / Σ eˣ along `axis`, by default the last."""

    function = staticmethod(functional.softmax)


class LogSoftmax(_Function):
    """x - log Σ eˣ along `axis`, by default the last."""

    function = staticmethod(functional.log_softmax)


class MSELoss(_Function):
    """The mean squared error: `functional.mse_loss`."""

    function = staticmethod(functional.mse_loss)


class CrossEntropyLoss(_Function):
    """The cross entropy of logits with class indices: `functional.cross_entropy`."""

    function = staticmethod(functional.cross_entropy)


class NLLLoss(_Function):
    """The negative log-likelihood of class indices: `functional.nll_loss`."""

    function = staticmethod(functional.nll_loss)


class BCEWithLogitsLoss(_Function):
    """The binary cross entropy of logits: `functional.binary_cross_entropy_with_logits`."""

    function = staticmethod(functional.binary_cross_entropy_with_logits)


class HingeLoss(_Function):
    """The hinge loss of scores with targets ±1: `functional.hinge_loss`."""

    function = staticmethod(functional.hinge_loss)
