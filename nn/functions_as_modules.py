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

    def forward(self, *args: Any, **settings: Any) -> Any:
        return type(self).function(*args, **{**self.settings, **settings})

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
    """1 / (1 + e⁻ˣ), elementwise.

    >>> float(Sigmoid()(0.0))
    0.5
    """

    function = staticmethod(functional.sigmoid)


class Tanh(_Function):
    """The hyperbolic tangent, elementwise.

    >>> float(Tanh()(0.0))
    0.0
    """

    function = staticmethod(functional.tanh)


class Softplus(_Function):
    """log(1 + eˣ), elementwise.

    >>> round(float(Softplus()(0.0)), 6)
    0.693147
    """

    function = staticmethod(functional.softplus)


class Softmax(_Function):
    """eˣ / Σ eˣ along `axis`, by default the last.

    >>> import numpy as np
    >>> Softmax(axis=0)(np.zeros(2))
    array([0.5, 0.5])
    """

    function = staticmethod(functional.softmax)


class LogSoftmax(_Function):
    """x - log Σ eˣ along `axis`, by default the last.

    >>> import numpy as np
    >>> LogSoftmax()(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """

    function = staticmethod(functional.log_softmax)


class MSELoss(_Function):
    """The mean squared error: `functional.mse_loss`.

    >>> import numpy as np
    >>> float(MSELoss(reduction="sum")(np.array([1.0, 2.0]), np.zeros(2)))
    5.0
    """

    function = staticmethod(functional.mse_loss)


class CrossEntropyLoss(_Function):
    """The cross entropy of logits with class indices: `functional.cross_entropy`.

    >>> import numpy as np
    >>> round(float(CrossEntropyLoss()(np.zeros((1, 2)), np.array([1]))), 6)
    0.693147
    """

    function = staticmethod(functional.cross_entropy)


class NLLLoss(_Function):
    """The negative log-likelihood of class indices: `functional.nll_loss`.

    >>> import numpy as np
    >>> float(NLLLoss()(np.array([[-1.5, -0.25]]), np.array([0])))
    1.5
    """

    function = staticmethod(functional.nll_loss)


class BCEWithLogitsLoss(_Function):
    """The binary cross entropy of logits: `functional.binary_cross_entropy_with_logits`.

    >>> import numpy as np
    >>> round(float(BCEWithLogitsLoss()(np.zeros(1), np.ones(1))), 6)
    0.693147
    """

    function = staticmethod(functional.binary_cross_entropy_with_logits)


class HingeLoss(_Function):
    """The hinge loss of scores with targets ±1: `functional.hinge_loss`.

    >>> import numpy as np
    >>> float(HingeLoss()(np.array([0.5]), np.array([1])))
    0.5
    """

    function = staticmethod(functional.hinge_loss)
