"""Activations as modules: the functions of `nn.functional`, and PReLU, which has a parameter."""

from typing import Any

import numpy as np

from autograd import Value
from nn import functional
from nn.layers.function import Function
from nn.layers.shapes import shape_of, unfit
from nn.module import Module

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
]


class _Activation(Function):
    shows_defaults = True


class ReLU(_Activation):
    """max(x, 0), elementwise.

    >>> from nn import Sequential
    >>> Sequential(ReLU(), ReLU())
    Sequential(
      (0): ReLU()
      (1): ReLU()
    )
    """

    function = staticmethod(functional.relu)


class LeakyReLU(_Activation):
    """x where x > 0, negative_slope · x elsewhere, elementwise: `functional.leaky_relu`.

    >>> LeakyReLU(0.1)(np.array([-2.0, 3.0]))
    array([-0.2,  3. ])
    """

    function = staticmethod(functional.leaky_relu)


class ELU(_Activation):
    """x where x > 0, alpha·(eˣ - 1) elsewhere, elementwise: `functional.elu`.

    >>> ELU()(np.array([0.0, 2.0]))
    array([0., 2.])
    """

    function = staticmethod(functional.elu)


class SELU(_Activation):
    """elu scaled so that mean 0 and variance 1 stay, elementwise: `functional.selu`.

    >>> SELU()(np.array([0.0, 1.0])).round(4)
    array([0.    , 1.0507])
    """

    function = staticmethod(functional.selu)


class CELU(_Activation):
    """max(x, 0) + min(0, alpha·(exp(x/alpha) - 1)), elementwise: `functional.celu`.

    >>> CELU(2.0)(np.array([0.0, 2.0]))
    array([0., 2.])
    """

    function = staticmethod(functional.celu)


class GELU(_Activation):
    """x · Φ(x), or with approximate="tanh" nearly so, and faster, elementwise: `functional.gelu`.

    >>> GELU("tanh")
    GELU(approximate='tanh')
    """

    function = staticmethod(functional.gelu)


class SiLU(_Activation):
    """x · sigmoid(x), elementwise: `functional.silu`.

    >>> float(SiLU()(0.0))
    0.0
    """

    function = staticmethod(functional.silu)


class Mish(_Activation):
    """x · tanh(log(1 + eˣ)), elementwise: `functional.mish`.

    >>> float(Mish()(0.0))
    0.0
    """

    function = staticmethod(functional.mish)


class Softplus(_Activation):
    """log(1 + e^(beta·x)) / beta, elementwise: `functional.softplus`.

    >>> round(float(Softplus()(0.0)), 6)
    0.693147
    """

    function = staticmethod(functional.softplus)


class Softsign(_Activation):
    """x / (1 + |x|), elementwise: `functional.softsign`.

    >>> Softsign()(np.array([-1.0, 3.0]))
    array([-0.5 ,  0.75])
    """

    function = staticmethod(functional.softsign)


class Hardtanh(_Activation):
    """x within [min_val, max_val], elementwise: `functional.hardtanh`.

    >>> Hardtanh(0, 2)(np.array([-3.0, 0.5, 3.0]))
    array([0. , 0.5, 2. ])
    """

    function = staticmethod(functional.hardtanh)


class Hardswish(_Activation):
    """x · min(max(x + 3, 0), 6) / 6, elementwise: `functional.hardswish`.

    >>> float(Hardswish()(3.0))
    3.0
    """

    function = staticmethod(functional.hardswish)


class Sigmoid(_Activation):
    """1 / (1 + e⁻ˣ), elementwise.

    >>> float(Sigmoid()(0.0))
    0.5
    """

    function = staticmethod(functional.sigmoid)


class Tanh(_Activation):
    """The hyperbolic tangent, elementwise.

    >>> float(Tanh()(0.0))
    0.0
    """

    function = staticmethod(functional.tanh)


class GLU(_Activation):
    """a · sigmoid(b) for the two halves of x along `axis`, by default the last: `functional.glu`.

    >>> GLU()(np.array([3.0, 4.0, 0.0, 0.0]))
    array([1.5, 2. ])
    """

    function = staticmethod(functional.glu)


class Softmax(_Activation):
    """eˣ / Σ eˣ along `axis`, by default the last.

    >>> Softmax(axis=0)(np.zeros(2))
    array([0.5, 0.5])
    """

    function = staticmethod(functional.softmax)


class LogSoftmax(_Activation):
    """x - log Σ eˣ along `axis`, by default the last.

    >>> LogSoftmax()(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """

    function = staticmethod(functional.log_softmax)


class PReLU(Module):
    """x where x > 0, weight · x elsewhere, with a weight to learn: (N, *) or (N, C, *) as it is.

    num_parameters: one weight for all, or one for each of C channels; they start at `init`.
    He et al. 2015 (arXiv:1502.01852). Raises ShapeMismatch for another number of channels.

    >>> PReLU()(np.array([-2.0, 3.0])).data
    array([-0.5,  3. ])
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float64
    ) -> None:
        if num_parameters < 1:
            raise ValueError(f"PReLU({num_parameters}): there must be at least 1.")
        self.weight = Value(np.full(num_parameters, init, dtype), label="weight")

    def forward(self, x: Any) -> Any:
        n, shape = self.weight.size, shape_of(x)
        if n > 1 and (len(shape) < 2 or shape[1] != n):
            raise unfit(self, f"(N, {n}, *)", shape)
        return functional.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.weight.size}"
