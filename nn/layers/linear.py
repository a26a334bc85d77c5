"""Linear maps, tables of vectors, and the layers that change an input's shape alone."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value
from nn import functional, init
from nn.layers.shapes import called, shape_of, unfit
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = ["Bilinear", "Embedding", "Flatten", "Identity", "Linear", "Unflatten"]


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

    torch_transposed = frozenset({"weight"})

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
        shape = shape_of(x)
        if not shape or shape[-1] != self.weight.shape[0]:
            raise unfit(self, f"(..., {self.weight.shape[0]})", shape)
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        n_in, n_out = self.weight.shape
        return f"in_features={n_in}, out_features={n_out}, bias={self.bias is not None}"


class Bilinear(Module):
    """x1 · weight · x2 + bias: (..., in1_features) and (..., in2_features) → (..., out_features).

    weight: (out_features, in1_features, in2_features). bias: (out_features,), or None with
    bias=False. Both start uniform within ± 1/√in1_features. Raises ShapeMismatch for other inputs.

    >>> layer = Bilinear(2, 3, 4, rng=0)
    >>> layer(np.ones((5, 2)), np.ones((5, 3))).shape
    (5, 4)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        shape = out_features, in1_features, in2_features
        if min(shape) < 1:
            raise ValueError(
                f"Bilinear({in1_features}, {in2_features}, {out_features}): all must be at least 1."
            )
        rng = generator(rng)
        bound = 1 / math.sqrt(in1_features)
        self.weight = Value(np.empty(shape, dtype), label="weight")
        init.uniform_(self.weight, -bound, bound, rng=rng)
        self.bias: Value | None = None
        if bias:
            self.bias = Value(np.empty(out_features, dtype), label="bias")
            init.uniform_(self.bias, -bound, bound, rng=rng)

    def forward(self, x1: Any, x2: Any) -> Any:
        first, second = shape_of(x1), shape_of(x2)
        _, n, m = self.weight.shape
        if first[-1:] != (n,) or second[-1:] != (m,) or first[:-1] != second[:-1]:
            raise ShapeMismatch(
                f"{called(self)} takes inputs of shapes (..., {n}) and (..., {m}), not {first} and "
                f"{second}."
            )
        return functional.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        out, n, m = self.weight.shape
        return (
            f"in1_features={n}, in2_features={m}, out_features={out}, bias={self.bias is not None}"
        )


class Embedding(Module):
    """A vector for each of num_embeddings indices: integers (...) → (..., embedding_dim).

    weight: (num_embeddings, embedding_dim), normal with mean 0 and variance 1. padding_idx: an
    index whose vector is 0 and is not trained. Raises TypeError for inputs that are no integers,
    IndexError for an index outside 0 … num_embeddings - 1.

    >>> Embedding(10, 3, rng=0)(np.array([[1, 2], [4, 5]])).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        if num_embeddings < 1 or embedding_dim < 1:
            raise ValueError(
                f"Embedding({num_embeddings}, {embedding_dim}): both must be at least 1."
            )
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"padding_idx={padding_idx} is none of {num_embeddings} indices.")
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = Value(np.empty((num_embeddings, embedding_dim), dtype), label="weight")
        init.normal_(self.weight, rng=rng)
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    def forward(self, indices: Any) -> Any:
        return functional.embedding(indices, self.weight, padding_idx=self.padding_idx)

    def extra_repr(self) -> str:
        rows, width = self.weight.shape
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{rows}, {width}{padding}"


class Identity(Module):
    """Its input, whatever that is.

    >>> Identity()(3.0)
    3.0
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        """Takes whatever another layer would, so that it can stand in its place."""

    def forward(self, x: Any) -> Any:
        return x


class Flatten(Module):
    """The axes from start_axis to end_axis as one: (N, *sizes) → (N, the product of sizes).

    Raises ShapeMismatch for an input without these axes.

    >>> Flatten()(np.ones((5, 2, 3))).shape
    (5, 6)
    """

    def __init__(self, start_axis: int = 1, end_axis: int = -1) -> None:
        self.start_axis, self.end_axis = start_axis, end_axis

    def forward(self, x: Any) -> Any:
        shape = shape_of(x)
        first, last = (a + len(shape) if a < 0 else a for a in (self.start_axis, self.end_axis))
        if not 0 <= first <= last < len(shape):
            if (first, last, shape) == (0, -1, ()):
                return np.reshape(x, (1,))
            raise unfit(self, f"with the axes {self.start_axis} to {self.end_axis}", shape)
        joined = math.prod(shape[first : last + 1])
        return np.reshape(x, (*shape[:first], joined, *shape[last + 1 :]))

    def extra_repr(self) -> str:
        return f"start_axis={self.start_axis}, end_axis={self.end_axis}"


class Unflatten(Module):
    """One axis as several: of length n → of the lengths `sizes`, of which one may be -1.

    Raises ShapeMismatch for an axis that is not there, or not as long as the product of sizes.

    >>> Unflatten(1, (2, 3))(np.ones((5, 6))).shape
    (5, 2, 3)
    """

    def __init__(self, axis: int, sizes: Sequence[int]) -> None:
        self.axis, self.sizes = axis, tuple(sizes) if isinstance(sizes, Sequence) else (sizes,)
        if self.sizes.count(-1) > 1 or not all(n > 0 or n == -1 for n in self.sizes):
            raise ValueError(f"sizes are positive, and at most one of them -1; not {sizes!r}.")

    def forward(self, x: Any) -> Any:
        shape = shape_of(x)
        axis = self.axis + len(shape) if self.axis < 0 else self.axis
        known = math.prod(n for n in self.sizes if n > 0)
        fits = 0 <= axis < len(shape) and (
            shape[axis] % known == 0 if -1 in self.sizes else shape[axis] == known
        )
        if not fits:
            wanted = f"a multiple of {known}" if -1 in self.sizes else str(known)
            raise unfit(self, f"with {wanted} along the axis {self.axis}", shape)
        sizes = [shape[axis] // known if n == -1 else n for n in self.sizes]
        return np.reshape(x, (*shape[:axis], *sizes, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"axis={self.axis}, sizes={self.sizes}"
