"""Layers with parameters or state: Linear, Dropout; and Sequential, which chains layers."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value
from nn import functional, init
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = ["Dropout", "Linear", "Sequential"]


class Linear(Module):
    """x @ weight + bias: (..., in_features) → (..., out_features).

    weight: (in_features, out_features), so that it reads as NumPy; PyTorch keeps the transpose.
    bias: (out_features,), or None with bias=False.

    Both start uniform within ± 1/√in_features, PyTorch's default. Raises ShapeMismatch for an
    input whose last axis is not in_features long.

    >>> layer = Linear(3, 2, rng=0)
    >>> layer(np.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        if in_features < 1 or out_features < 1:
            raise ValueError(f"Linear({in_features}, {out_features}): both must be at least 1.")
        rng = generator(rng)
        bound = 1 / math.sqrt(in_features)
        self.weight = Value(np.empty((in_features, out_features), dtype), label="weight")
        init.uniform_(self.weight, -bound, bound, rng=rng)
        self.bias: Value | None = None
        if bias:
            self.bias = Value(np.empty(out_features, dtype), label="bias")
            init.uniform_(self.bias, -bound, bound, rng=rng)

    def forward(self, x: Any) -> Any:
        shape = x.shape if hasattr(x, "shape") else np.shape(x)
        if not shape or shape[-1] != self.weight.shape[0]:
            raise ShapeMismatch(
                f"{self!r} takes an input of shape (..., {self.weight.shape[0]}), not {shape}."
            )
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        n_in, n_out = self.weight.shape
        return f"in_features={n_in}, out_features={n_out}, bias={self.bias is not None}"


class Dropout(Module):
    """In training, sets each element to 0 with the probability p; see `functional.dropout`.

    >>> Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, rng: RNG = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout({p}): a probability is between 0 and 1.")
        self.p = p
        self.rng = None if rng is None else generator(rng)

    def forward(self, x: Any) -> Any:
        return functional.dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Sequential(Module):
    """Layers one after the other: each is called with what the one before it returns.

    Parameters are named by their layer's place, as in `0.weight`. `len`, iteration and indexing
    are the layers'; a slice is a Sequential.

    >>> model = Sequential(Linear(4, 3), Linear(3, 2))
    >>> model(np.ones((5, 4))).shape
    (5, 2)
    """

    def __init__(self, *layers: Any) -> None:
        for k, layer in enumerate(layers):
            if not callable(layer):
                raise TypeError(f"layer {k} of a Sequential is a {type(layer).__name__}, no layer.")
        self.layers = list(layers)

    def named_members(self) -> Iterable[tuple[str, Any]]:
        yield from ((str(k), layer) for k, layer in enumerate(self.layers))
        yield from ((name, member) for name, member in vars(self).items() if name != "layers")

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def __getitem__(self, k: int | slice) -> Any:
        return Sequential(*self.layers[k]) if isinstance(k, slice) else self.layers[k]
