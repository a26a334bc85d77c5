"""Attention of several heads, and encodings of positions."""

from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value
from nn import functional, init
from nn.functional.arrays import as_array
from nn.functional.attention import attention_weights
from nn.layers.linear import Linear
from nn.layers.shapes import called, shape_of, unfit
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = ["MultiheadAttention", "PositionalEncoding", "RotaryPositionalEmbeddings"]


class MultiheadAttention(Module):
    """Attention of num_heads heads side by side: (L, N, embed_dim) → the same, and the weights.

    Each head has its own part of the projections of query, key and value, of embed_dim / num_heads
    columns, and attends with `functional.scaled_dot_product_attention`; the heads' outputs, side by
    side, go through `out_proj`. Vaswani et al. 2017 (arXiv:1706.03762).

    Called with query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), the last two being
    the query by default; with batch_first, (N, L, …); N is optional. It returns the output and the
    weights, their mean over the heads (N, L, S), or each head's (N, num_heads, L, S) with
    average_attn_weights=False, or None with need_weights=False.
    attn_mask: (L, S) or (N · num_heads, L, S); of bools, true where a query may NOT look (as in
    PyTorch), or numbers to be added. key_padding_mask: (N, S), true for keys that do not count, or
    numbers to be added. is_causal: no query looks at a later key. Where nothing is left to look at
    the output is out_proj's bias. dropout: of the weights, in training.

    Parameters: in_proj_weight (embed_dim, 3·embed_dim) for query, key and value side by side,
    Xavier uniform; or q_, k_ and v_proj_weight where kdim or vdim differ; in_proj_bias and
    out_proj.bias, 0; out_proj.weight, uniform within ± 1/√embed_dim. Raises ShapeMismatch for other
    inputs.

    >>> attention = MultiheadAttention(8, 2, batch_first=True, rng=0)
    >>> output, weights = attention(np.ones((4, 5, 8)), is_causal=True)
    >>> output.shape, weights.shape
    ((4, 5, 8), (4, 5, 5))
    """

    in_proj_weight: Value | None
    torch_transposed = frozenset(
        {"in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"}
    )

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        *,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention({embed_dim}, {num_heads}): num_heads divides embed_dim."
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout={dropout}: a probability is between 0 and 1.")
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.batch_first = batch_first
        self.rng = None if rng is None else generator(rng)
        widths = {"in_proj_weight": (embed_dim, 3 * embed_dim)}
        if (self.kdim, self.vdim) != (embed_dim, embed_dim):
            self.in_proj_weight = None
            each = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
            widths = {f"{name}_proj_weight": (n, embed_dim) for name, n in each.items()}
        for name, shape in widths.items():
            p = Value(np.empty(shape, dtype), label=name)
            setattr(self, name, init.xavier_uniform_(p, rng=self.rng))
        self.in_proj_bias: Value | None = None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, rng=self.rng)
        if bias:
            self.in_proj_bias = Value(np.zeros(3 * embed_dim, dtype), label="in_proj_bias")
            assert self.out_proj.bias is not None
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        key = query if key is None else key
        value = key if value is None else value
        self._check(query, key, value)
        batched = len(shape_of(query)) == 3
        # the projections keep the order of the axes; the heads are split with N in front
        q, k, v = (self._heads(x, batched) for x in self._projected(query, key, value))
        mask = self._mask(
            attn_mask, key_padding_mask, is_causal, q.shape[0], q.shape[2], k.shape[2]
        )
        weights = attention_weights(q, k, mask)
        weights = functional.dropout(weights, self.dropout, self.training, rng=self.rng)
        joined = weights @ v  # (N, heads, L, width)
        order = (0, 2, 1, 3) if self.batch_first or not batched else (2, 0, 1, 3)
        joined = np.transpose(joined, order)
        output = self.out_proj(np.reshape(joined, (*joined.shape[:2], self.embed_dim)))
        if need_weights and average_attn_weights:
            weights = np.mean(weights, axis=1)
        if not batched:
            output, weights = output[0], weights[0]
        return output, weights if need_weights else None

    def _projected(self, query: Any, key: Any, value: Any) -> Any:
        bias, weight = self.in_proj_bias, self.in_proj_weight
        if weight is not None and query is key is value:
            return np.split(functional.linear(query, weight, bias), 3, axis=-1)
        weights: Any = [getattr(self, f"{name}_proj_weight", None) for name in "qkv"]
        if weight is not None:
            weights = np.split(weight, 3, axis=1)
        biases = (None, None, None) if bias is None else np.split(bias, 3)
        inputs = (query, key, value)
        return [functional.linear(*each) for each in zip(inputs, weights, biases, strict=True)]

    def _heads(self, x: Any, batched: bool) -> Any:
        """(N, heads, length, width), of an array in the order of the inputs."""
        if not batched:
            x = np.expand_dims(x, 0)
        first = self.batch_first or not batched
        x = np.reshape(x, (*x.shape[:2], self.num_heads, self.embed_dim // self.num_heads))
        return np.transpose(x, (0, 2, 1, 3) if first else (1, 2, 0, 3))

    def _mask(
        self, attn_mask: Any, padding: Any, is_causal: bool, n: int, queries: int, keys: int
    ) -> Any:
        """What functional attention takes: true where a query may look, or numbers to add."""
        masks = []
        if attn_mask is not None:
            shape = shape_of(attn_mask)
            if shape == (n * self.num_heads, queries, keys):
                attn_mask = np.reshape(attn_mask, (n, self.num_heads, queries, keys))
            elif shape != (queries, keys):
                raise ShapeMismatch(
                    f"attn_mask has the shape ({queries}, {keys}) or "
                    f"({n * self.num_heads}, {queries}, {keys}), not {shape}."
                )
            masks.append(attn_mask)
        if padding is not None:
            shape = shape_of(padding)
            if shape not in {(n, keys), (keys,) if n == 1 else (n, keys)}:
                raise ShapeMismatch(f"key_padding_mask has the shape ({n}, {keys}), not {shape}.")
            masks.append(np.reshape(padding, (n, 1, 1, keys)))
        if is_causal:
            masks.append(~np.tri(queries, keys, dtype=bool))
        if not masks:
            return None
        masks = [as_array(m) for m in masks]
        for m in masks:
            if m.dtype.kind in "iu":
                raise TypeError("a mask is of bools or of floats to add, not of integers.")
        hidden, added = [m for m in masks if m.dtype == bool], [m for m in masks if m.dtype != bool]
        may_look: Any = True
        for mask in hidden:
            may_look = may_look & ~mask
        if not added:
            return may_look
        total = sum(added[1:], start=added[0])
        if may_look is True:
            return total
        return total + np.where(may_look, 0.0, -np.inf).astype(total.dtype)

    def _check(self, query: Any, key: Any, value: Any) -> None:
        shapes = [shape_of(x) for x in (query, key, value)]
        widths = (self.embed_dim, self.kdim, self.vdim)
        axes = len(shapes[0])
        fits = axes in (2, 3) and all(len(s) == axes for s in shapes)
        fits = fits and all(s[-1] == w for s, w in zip(shapes, widths, strict=True))
        if fits:
            batch = 0 if self.batch_first else 1
            fits = shapes[1][:-1] == shapes[2][:-1] and (
                axes == 2 or len({s[batch] for s in shapes}) == 1
            )
        if not fits:
            lead = "N, {}" if self.batch_first else "{}, N"
            wanted = (f"({lead.format(n)}, {w})" for n, w in zip("LSS", widths, strict=True))
            raise ShapeMismatch(
                f"{called(self)} takes a query, a key and a value of shapes {', '.join(wanted)}, "
                f"or all without N; not {', '.join(map(str, shapes))}."
            )

    def extra_repr(self) -> str:
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"


class PositionalEncoding(Module):
    """x + the sinusoidal encoding of its positions: (T, N, d_model) as it is, or (N, T, d_model).

    See `functional.sinusoidal_encoding`. batch_first says which of the two,
    and must be given. dropout: of the sum, in
    training. It has no parameters and no longest sequence. Raises ShapeMismatch for other inputs.

    >>> PositionalEncoding(4, batch_first=True)(np.zeros((1, 2, 4)))[0].round(2)
    array([[0.  , 1.  , 0.  , 1.  ],
           [0.84, 0.54, 0.01, 1.  ]])
    """

    def __init__(
        self, d_model: int, dropout: float = 0.0, *, batch_first: bool, rng: RNG = None
    ) -> None:
        if d_model < 1 or not 0 <= dropout <= 1:
            raise ValueError(
                f"PositionalEncoding({d_model}, {dropout}): a width and a probability."
            )
        self.d_model, self.dropout, self.batch_first = d_model, dropout, batch_first
        self.rng = None if rng is None else generator(rng)

    def forward(self, x: Any) -> Any:
        x = as_array(x)
        shape = x.shape
        if len(shape) not in (2, 3) or shape[-1] != self.d_model:
            lead = "N, T" if self.batch_first else "T, N"
            raise unfit(self, f"({lead}, {self.d_model}) or (T, {self.d_model})", shape)
        first = self.batch_first and len(shape) == 3
        added = functional.sinusoidal_encoding(shape[1 if first else 0], self.d_model)
        if len(shape) == 3 and not first:
            added = added[:, None]
        x = x + added.astype(np.result_type(x, np.float16))
        return functional.dropout(x, self.dropout, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"{self.d_model}, dropout={self.dropout}, batch_first={self.batch_first}"


class RotaryPositionalEmbeddings(Module):
    """Queries or keys turned by their positions: (..., T, dim) as it is.

    See `functional.rotary_encoding`; dim is the width of a head. Raises ShapeMismatch for other
    inputs, ValueError for an odd dim. Su et al. 2021 (arXiv:2104.09864).

    >>> RotaryPositionalEmbeddings(4)(np.ones((2, 8, 5, 4))).shape
    (2, 8, 5, 4)
    """

    def __init__(self, dim: int, *, base: float = 10_000.0, interleaved: bool = True) -> None:
        if dim < 2 or dim % 2:
            raise ValueError(f"RotaryPositionalEmbeddings({dim}): pairs need an even width.")
        self.dim, self.base, self.interleaved = dim, base, interleaved

    def forward(self, x: Any, *, offset: int = 0) -> Any:
        """offset: the position of the first."""
        shape = shape_of(x)
        if len(shape) < 2 or shape[-1] != self.dim:
            raise unfit(self, f"(..., T, {self.dim})", shape)
        return functional.rotary_encoding(
            x, offset=offset, base=self.base, interleaved=self.interleaved
        )

    def extra_repr(self) -> str:
        return f"{self.dim}, base={self.base}, interleaved={self.interleaved}"
