"""Dropout: noise in training, nothing in evaluation."""

from typing import Any

import numpy as np

from autograd import ShapeMismatch
from nn.functional.arrays import as_array
from nn.randomness import RNG, generator

__all__ = ["dropout", "dropout2d"]


def dropout(x: Any, p: float = 0.5, training: bool = True, *, rng: RNG = None) -> Any:
    """Set each element to 0 with the probability p, and divide the others by 1 - p.

    So the mean stays what it is; with training=False, x itself. Srivastava et al. 2014.

    >>> dropout(np.ones(4), p=0.5, training=False)
    array([1., 1., 1., 1.])
    """
    _check(p)
    return _dropped(x, np.shape(x), p, rng) if training and p else x


def dropout2d(x: Any, p: float = 0.5, training: bool = True, *, rng: RNG = None) -> Any:
    """Dropout of whole channels: (N, C, H, W) or (C, H, W). Tompson et al. 2014 (arXiv:1411.4280).

    Raises ShapeMismatch for an input of other than three or four axes.

    >>> dropout2d(np.ones((1, 2, 2, 2)), training=False).sum()
    np.float64(8.0)
    """
    _check(p)
    shape = np.shape(x)
    if len(shape) not in (3, 4):
        raise ShapeMismatch(f"dropout2d takes (N, C, H, W) or (C, H, W), not {shape}.")
    return _dropped(x, (*shape[:-2], 1, 1), p, rng) if training and p else x


def _check(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}; a probability is between 0 and 1.")


def _dropped(x: Any, shape: tuple[int, ...], p: float, rng: RNG) -> Any:
    x = as_array(x)
    kept = generator(rng).random(shape) >= p
    return x * (kept.astype(np.result_type(x)) / (1 - p if p < 1 else 1))
