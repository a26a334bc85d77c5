"""Initial values of parameters, written into them as PyTorch's functions of the same names do.

A weight of two axes has the shape (in, out); of more, as in convolutions, (out, in, *kernel).
"""

import math
from typing import Literal

import numpy as np

from autograd import Value
from nn.randomness import RNG, generator

__all__ = [
    "calculate_gain",
    "constant_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

Mode = Literal["fan_in", "fan_out"]


def constant_(p: Value, value: float) -> Value:
    """Every element this value.

    >>> constant_(Value([1.0, 2.0]), 3.0).data
    array([3., 3.])
    """
    return _fill(p, np.full(p.shape, value))


def zeros_(p: Value) -> Value:
    """Every element 0.

    >>> zeros_(Value([1.0, 2.0])).data
    array([0., 0.])
    """
    return constant_(p, 0.0)


def uniform_(p: Value, a: float = 0.0, b: float = 1.0, *, rng: RNG = None) -> Value:
    """Uniform between a and b.

    >>> bool((abs(uniform_(Value(np.empty(9)), -2, 2, rng=0).data) <= 2).all())
    True
    """
    return _fill(p, generator(rng).uniform(a, b, p.shape))


def normal_(p: Value, mean: float = 0.0, std: float = 1.0, *, rng: RNG = None) -> Value:
    """Normal with this mean and standard deviation.

    >>> weight = normal_(Value(np.empty((2, 3))), rng=0)
    >>> weight.shape
    (2, 3)
    """
    return _fill(p, generator(rng).normal(mean, std, p.shape))


def xavier_uniform_(p: Value, gain: float = 1.0, *, rng: RNG = None) -> Value:
    """Uniform within ± gain·√(6 / (fan_in + fan_out)); Glorot and Bengio 2010.

    Keeps the variance of activations and of gradients from layer to layer, for tanh and sigmoid.

    >>> bool((abs(xavier_uniform_(Value(np.empty((2, 4))), rng=0).data) <= 1).all())
    True
    """
    bound = gain * math.sqrt(6 / sum(_fans(p)))
    return uniform_(p, -bound, bound, rng=rng)


def xavier_normal_(p: Value, gain: float = 1.0, *, rng: RNG = None) -> Value:
    """Normal with the standard deviation gain·√(2 / (fan_in + fan_out)); Glorot and Bengio 2010.

    >>> xavier_normal_(Value(np.empty((2, 4))), rng=0).shape
    (2, 4)
    """
    return normal_(p, 0.0, gain * math.sqrt(2 / sum(_fans(p))), rng=rng)


def kaiming_uniform_(
    p: Value,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: RNG = None,
) -> Value:
    """Uniform within ± gain·√(3 / fan); He et al. 2015 (arXiv:1502.01852).

    a: the negative slope of a leaky relu; 0 is relu's. mode: the fan that keeps its variance.

    >>> bool((abs(kaiming_uniform_(Value(np.empty((6, 4))), rng=0).data) <= 1).all())
    True
    """
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / _fan(p, mode))
    return uniform_(p, -bound, bound, rng=rng)


def kaiming_normal_(
    p: Value,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: RNG = None,
) -> Value:
    """Normal with the standard deviation gain / √fan; He et al. 2015 (arXiv:1502.01852).

    >>> kaiming_normal_(Value(np.empty((6, 4))), mode="fan_out", rng=0).shape
    (6, 4)
    """
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan(p, mode))
    return normal_(p, 0.0, std, rng=rng)


def calculate_gain(nonlinearity: str, a: float = 0.0) -> float:
    """The factor by which weights make up for what the nonlinearity takes from the variance.

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + a * a)),
    }
    if nonlinearity not in gains:
        raise ValueError(f"nonlinearity is {nonlinearity!r}; known are {', '.join(gains)}.")
    return gains[nonlinearity]


def _fans(p: Value) -> tuple[int, int]:
    if p.ndim < 2:
        raise ValueError(f"a weight has at least two axes; this one has the shape {p.shape}.")
    if p.ndim == 2:
        return p.shape[0], p.shape[1]
    kernel = math.prod(p.shape[2:])
    return p.shape[1] * kernel, p.shape[0] * kernel


def _fan(p: Value, mode: Mode) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is {mode!r}; it is 'fan_in' or 'fan_out'.")
    return _fans(p)[mode == "fan_out"]


def _fill(p: Value, data: np.ndarray) -> Value:
    p.data = data.astype(p.dtype)
    return p
