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
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
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
    return _fill(p, np.full(_checked(p).shape, value))


def zeros_(p: Value) -> Value:
    """Every element 0.

    >>> zeros_(Value([1.0, 2.0])).data
    array([0., 0.])
    """
    return constant_(p, 0.0)


def ones_(p: Value) -> Value:
    """Every element 1.

    >>> ones_(Value([3.0, 2.0])).data
    array([1., 1.])
    """
    return constant_(p, 1.0)


def eye_(p: Value) -> Value:
    """The identity, for a weight of two axes: 1 on the diagonal, 0 elsewhere.

    >>> eye_(Value(np.empty((2, 3)))).data
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """
    if _checked(p).ndim != 2:
        raise ValueError(f"the identity has two axes; this weight has the shape {p.shape}.")
    return _fill(p, np.eye(p.shape[0], p.shape[1]))


def orthogonal_(p: Value, gain: float = 1.0, *, rng: RNG = None) -> Value:
    """gain times a matrix with orthonormal rows or columns, uniform among these.

    A weight of more than two axes counts as a matrix of its first axis and all others. Saxe et al.
    2013 (arXiv:1312.6120). Raises ValueError for a weight of fewer than two axes.

    >>> w = orthogonal_(Value(np.empty((2, 3))), rng=0).data
    >>> bool(np.allclose(w @ w.T, np.eye(2)))
    True
    """
    _fans(p)
    rows = p.shape[0]
    columns = math.prod(p.shape[1:])
    q, r = np.linalg.qr(generator(rng).normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.where(np.diag(r) < 0, -1, 1)  # else the signs would not be uniform
    return _fill(p, gain * np.reshape(q if rows >= columns else q.T, p.shape))


def trunc_normal_(
    p: Value,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    rng: RNG = None,
) -> Value:
    """Normal, but within [a, b]: what falls outside is drawn again.

    Raises ValueError where hardly anything falls inside (less than about 1 in 1,000).

    >>> bool((abs(trunc_normal_(Value(np.empty(99)), rng=0).data) <= 2).all())
    True
    """
    if not std > 0:
        raise ValueError(f"the std of trunc_normal_ is positive, not {std}.")
    low, high = ((x - mean) / (std * math.sqrt(2)) for x in (a, b))
    if not (math.erf(high) - math.erf(low)) / 2 > 1e-3:
        raise ValueError(f"a normal of {mean} ± {std} is hardly ever between {a} and {b}.")
    rng = generator(rng)
    data = rng.normal(mean, std, _checked(p).shape)
    while (outside := (data < a) | (data > b)).any():
        data[outside] = rng.normal(mean, std, int(outside.sum()))
    return _fill(p, data)


def uniform_(p: Value, a: float = 0.0, b: float = 1.0, *, rng: RNG = None) -> Value:
    """Uniform between a and b.

    >>> bool((abs(uniform_(Value(np.empty(9)), -2, 2, rng=0).data) <= 2).all())
    True
    """
    return _fill(p, generator(rng).uniform(a, b, _checked(p).shape))


def normal_(p: Value, mean: float = 0.0, std: float = 1.0, *, rng: RNG = None) -> Value:
    """Normal with this mean and standard deviation.

    >>> weight = normal_(Value(np.empty((2, 3))), rng=0)
    >>> weight.shape
    (2, 3)
    """
    return _fill(p, generator(rng).normal(mean, std, _checked(p).shape))


def xavier_uniform_(p: Value, gain: float = 1.0, *, rng: RNG = None) -> Value:
    """Uniform within ± gain·√(6 / (fan_in + fan_out)); Glorot and Bengio 2010.

    Keeps the variance of activations and of gradients from layer to layer, for tanh and sigmoid.

    >>> bool((abs(xavier_uniform_(Value(np.empty((2, 4))), rng=0).data) <= 1).all())
    True
    """
    bound = gain * math.sqrt(6 / (sum(_fans(p)) or 1))
    return uniform_(p, -bound, bound, rng=rng)


def xavier_normal_(p: Value, gain: float = 1.0, *, rng: RNG = None) -> Value:
    """Normal with the standard deviation gain·√(2 / (fan_in + fan_out)); Glorot and Bengio 2010.

    >>> xavier_normal_(Value(np.empty((2, 4))), rng=0).shape
    (2, 4)
    """
    return normal_(p, 0.0, gain * math.sqrt(2 / (sum(_fans(p)) or 1)), rng=rng)


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
        "selu": 3 / 4,
        "leaky_relu": math.sqrt(2 / (1 + a * a)),
    }
    if nonlinearity not in gains:
        raise ValueError(f"nonlinearity is {nonlinearity!r}; known are {', '.join(gains)}.")
    return gains[nonlinearity]


def _fans(p: Value) -> tuple[int, int]:
    if _checked(p).ndim < 2:
        raise ValueError(f"a weight has at least two axes; this one has the shape {p.shape}.")
    if p.ndim == 2:
        return p.shape[0], p.shape[1]
    kernel = math.prod(p.shape[2:])
    return p.shape[1] * kernel, p.shape[0] * kernel


def _fan(p: Value, mode: Mode) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is {mode!r}; it is 'fan_in' or 'fan_out'.")
    return _fans(p)[mode == "fan_out"] or 1  # of a weight without elements


def _fill(p: Value, data: np.ndarray) -> Value:
    p.data = data.astype(p.dtype)[()]
    return p


def _checked(p: Value) -> Value:
    if not isinstance(p, Value):
        raise TypeError(f"initial values are written into a Value, not a {type(p).__name__}.")
    return p
