"""Transformers: layers of attention and of two linear maps, each with a residual connection."""

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from nn import functional
from nn.layers.attention import MultiheadAttention
from nn.layers.containers import ModuleList
from nn.layers.dropping import Dropout
from nn.layers.linear import Linear
from nn.layers.normalization import LayerNorm
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = [
    "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip


class _Layer(Module):
    """What both kinds share: attentions, the two linear maps, and a norm and dropout for each."""

    attentions: ClassVar[tuple[str, ...]]
    self_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        *,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        known = {"relu": functional.relu, "gelu": functional.gelu}
        if isinstance(activation, str) and activation not in known:
            raise ValueError(
                f"activation is {activation!r}; it is 'relu', 'gelu' or a function of an array."
            )
        self.activation = known[activation] if isinstance(activation, str) else activation
        self.norm_first = norm_first
        rng = None if rng is None else generator(rng)
        made: dict[str, Any] = {"bias": bias, "dtype": dtype, "rng": rng}
        for name in self.attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **made)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        for k in range(1, len(self.attentions) + 2):
            setattr(self, f"norm{k}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
            setattr(self, f"dropout{k}", Dropout(dropout, rng=rng))

    def _around(self, k: int, x: Any, part: Callable[[Any], Any]) -> Any:
        """x and what the k-th part makes of it, with its norm before the part or after the sum."""
        norm, drop = getattr(self, f"norm{k}"), getattr(self, f"dropout{k}")
        if self.norm_first:
            return x + drop(part(norm(x)))
        return norm(x + drop(part(x)))

    def _feed_forward(self, x: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention and two linear maps: (T, N, d_model) as it is, or (N, T, d_model).

    x ← norm1(x + attention(x)); x ← norm2(x + linear2(activation(linear1(x)))), with dropout of
    each summand and of the inner activation. norm_first: norms before the parts instead, x +
    attention(norm1(x)). activation: "relu", "gelu", or a function. The masks mean what they do in
    `MultiheadAttention`. Vaswani et al. 2017. Raises ShapeMismatch for other inputs.

    >>> layer = TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=0).eval()
    >>> layer(np.ones((4, 5, 8)), is_causal=True).shape
    (4, 5, 8)
    """

    attentions = ("self_attn",)

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:
        def attention(x: Any) -> Any:
            return self.self_attn(
                x,
                key_padding_mask=src_key_padding_mask,
                need_weights=False,
                attn_mask=src_mask,
                is_causal=is_causal,
            )[0]

        return self._around(2, self._around(1, src, attention), self._feed_forward)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to a memory, and two linear maps: (T, N, d_model) as it is.

    As `TransformerEncoderLayer`, with `multihead_attn` between, whose keys and values are the
    memory (S, N, d_model), what an encoder returned. Raises ShapeMismatch for other inputs.

    >>> layer = TransformerDecoderLayer(8, 2, 16, batch_first=True, rng=0).eval()
    >>> layer(np.ones((4, 5, 8)), np.ones((4, 7, 8)), tgt_is_causal=True).shape
    (4, 5, 8)
    """

    attentions = ("self_attn", "multihead_attn")
    multihead_attn: MultiheadAttention

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        def attention(x: Any) -> Any:
            return self.self_attn(
                x,
                key_padding_mask=tgt_key_padding_mask,
                need_weights=False,
                attn_mask=tgt_mask,
                is_causal=tgt_is_causal,
            )[0]

        def attention_to_memory(x: Any) -> Any:
            return self.multihead_attn(
                x,
                memory,
                memory,
                key_padding_mask=memory_key_padding_mask,
                need_weights=False,
                attn_mask=memory_mask,
                is_causal=memory_is_causal,
            )[0]

        x = self._around(1, tgt, attention)
        return self._around(3, self._around(2, x, attention_to_memory), self._feed_forward)


class _Stack(Module):
    def __init__(self, layer: Any, num_layers: int, norm: Any = None) -> None:
        if num_layers < 1:
            raise ValueError(f"num_layers={num_layers}: there must be at least 1.")
        # copies of the layer, which share its generators: or all would drop the same elements
        shared = {id(g): g for g in layer.generators()}
        self.layers = ModuleList(copy.deepcopy(layer, dict(shared)) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm


class TransformerEncoder(_Stack):
    """num_layers copies of an encoder layer, in a row, and a norm at the end if one is given.

    The copies begin with the same weights, as in PyTorch. Input, output and masks are the layer's.

    >>> layer = TransformerEncoderLayer(8, 2, 16, rng=0)
    >>> TransformerEncoder(layer, 2, LayerNorm(8)).eval()(np.ones((5, 4, 8))).shape
    (5, 4, 8)
    """

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(_Stack):
    """num_layers copies of a decoder layer, in a row, and a norm at the end if one is given.

    The copies begin with the same weights, as in PyTorch. Inputs, output and masks are the layer's.

    >>> layer = TransformerDecoderLayer(8, 2, 16, rng=0)
    >>> TransformerDecoder(layer, 2).eval()(np.ones((5, 4, 8)), np.ones((7, 4, 8))).shape
    (5, 4, 8)
    """

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                tgt_is_causal,
                memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)
