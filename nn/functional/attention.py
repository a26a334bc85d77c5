"""Attention, and the encodings of positions that it needs."""

import math
from typing import Any

import numpy as np

from autograd import ShapeMismatch, Value, defvjp, primitive, softmax
from nn.functional.arrays import as_array, plain, real
from nn.functional.dropping import dropout
from nn.randomness import RNG

Ints = tuple[int, ...]

__all__ = [
    "attention_weights", "rotary_encoding", "scaled_dot_product_attention", "sinusoidal_encoding",
]  # fmt: skip


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    rng: RNG = None,
) -> Any:
    """softmax(query @ keyᵀ · scale + mask) @ value: to (..., L, V).

    query (..., L, E), key (..., S, E), value (..., S, V).
    attn_mask: (..., L, S); of bools, true where a query may look, or numbers to be added.
    is_causal: a query looks at no later key: true where s ≤ l. dropout_p: of the weights, always
    active. scale: 1/√E by default. A query that may look nowhere gets zeros. Vaswani et al. 2017
    (arXiv:1706.03762).

    Raises ShapeMismatch where the shapes do not fit, ValueError for both masks at once.

    >>> q = k = np.eye(2)
    >>> scaled_dot_product_attention(q, k, np.array([[1.0], [2.0]]), is_causal=True).round(4)
    array([[1.    ],
           [1.6698]])
    """
    if is_causal and attn_mask is not None:
        raise ValueError("scaled_dot_product_attention takes attn_mask or is_causal, not both.")
    who = "scaled_dot_product_attention"
    query, key, value = real(who, query), real(who, key), real(who, value)
    shapes = query.shape, key.shape, value.shape
    if not _fit(*shapes):
        raise ShapeMismatch(
            "scaled_dot_product_attention takes a query (..., L, E), a key (..., S, E) and a value "
            f"(..., S, V), not {shapes[0]}, {shapes[1]} and {shapes[2]}."
        )
    if is_causal:
        attn_mask = np.tri(query.shape[-2], key.shape[-2], dtype=bool)
    weights = attention_weights(query, key, attn_mask, scale=scale)
    return dropout(weights, dropout_p, rng=rng) @ value


def _fit(query: Ints, key: Ints, value: Ints) -> bool:
    if min(len(query), len(key), len(value)) < 2 or not query[-1]:
        return False
    try:
        np.broadcast_shapes(query[:-2], key[:-2], value[:-2])
    except ValueError:
        return False
    return query[-1] == key[-1] and key[-2] == value[-2]


def attention_weights(query: Any, key: Any, mask: Any = None, *, scale: float | None = None) -> Any:
    """softmax(query @ keyᵀ · scale + mask): how much each query looks at each key, (..., L, S).

    The arguments are those of `scaled_dot_product_attention`.

    >>> attention_weights(np.zeros((1, 2)), np.zeros((4, 2)))
    array([[0.25, 0.25, 0.25, 0.25]])
    """
    query, key = real("attention", query), real("attention", key)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ np.swapaxes(key, -1, -2)
    if mask is None:
        return _masked_softmax(scores, scale=scale, mask=None)
    if isinstance(mask, Value) or np.asarray(mask).dtype != bool:
        data = plain(mask)
        if not isinstance(mask, Value):
            mask = np.asarray(mask)
        if data.dtype.kind in "iu":
            raise TypeError("a mask is of bools or of floats to add, not of integers.")
        mask = mask.astype(scores.dtype) if mask.dtype != scores.dtype else mask
        _check_mask(data.shape, scores.shape)
        if not np.isneginf(data).any():
            return softmax(scores * scale + mask)
        finite = ~np.isneginf(data)  # so that no gradient meets an infinity
        scores = scores * scale + np.where(finite, mask, 0)
        return _masked_softmax(scores, scale=1.0, mask=finite)
    mask = np.asarray(mask)
    _check_mask(mask.shape, scores.shape)
    return _masked_softmax(scores, scale=scale, mask=mask)


def _check_mask(shape: tuple[int, ...], scores: tuple[int, ...]) -> None:
    try:
        fits = np.broadcast_shapes(shape, scores) == scores
    except ValueError:
        fits = False
    if not fits:
        raise ShapeMismatch(
            f"a mask of shape {shape} does not fit attention of shape {scores}: (..., L, S)."
        )


@primitive
def _masked_softmax(scores: Any, *, scale: float, mask: Any) -> Any:
    """softmax(scores · scale) over the last axis, of those for which the mask is true."""
    e = np.asarray(scores * scale)
    e = e if e.dtype.kind == "f" else e.astype(float)
    if mask is not None:
        e += np.where(mask, 0, -np.inf).astype(e.dtype)
    top = np.maximum.reduce(e, axis=-1, keepdims=True, initial=-np.inf)
    e -= np.where(np.isneginf(top), 0, top)  # of those that may look nowhere
    np.exp(e, out=e)
    total = np.add.reduce(e, axis=-1, keepdims=True)
    e /= np.where(total == 0, 1, total)
    return e


def _masked_softmax_vjp(g: Any, y: Any, scores: Any, *, scale: float, mask: Any) -> Any:
    d = g - np.vecdot(g, y)[..., None]
    d *= scale  # of arrays in place: memory that is taken anew would cost more than the products
    d *= y
    return d


defvjp(
    _masked_softmax,
    _masked_softmax_vjp,
    symbol="softmax",
    complex=False,
)


def sinusoidal_encoding(length: int, width: int, *, base: float = 10_000.0) -> Any:
    """sin(pos / base^(2i/width)) in column 2i, and its cosine in 2i + 1: an array (length, width).

    What is added to embeddings so that attention knows their order. Vaswani et al. 2017.

    >>> sinusoidal_encoding(2, 4).round(2)
    array([[0.  , 1.  , 0.  , 1.  ],
           [0.84, 0.54, 0.01, 1.  ]])
    """
    if length < 0 or width < 1:
        raise ValueError(
            f"sinusoidal_encoding({length}, {width}): a length, and a width of at least 1."
        )
    angles = np.arange(length)[:, None] / base ** (np.arange(0, width, 2) / width)
    out = np.empty((length, width))
    out[:, 0::2] = np.sin(angles)
    out[:, 1::2] = np.cos(angles[:, : width // 2])
    return out


def rotary_encoding(
    x: Any, *, offset: int = 0, base: float = 10_000.0, interleaved: bool = True
) -> Any:
    """Pairs of x turned by an angle that grows with the position: (..., T, width) as it is.

    The pair i of position t is turned by (t + offset) / base^(2i/width), so that the product of a
    query and a key depends on their distance alone. interleaved: pairs are neighbours (2i, 2i + 1),
    as in the paper; else (i, i + width/2). Su et al. 2021 (arXiv:2104.09864).

    Raises ShapeMismatch for an odd width.

    >>> rotary_encoding(np.array([[1.0, 0.0], [1.0, 0.0]])).round(4)
    array([[1.    , 0.    ],
           [0.5403, 0.8415]])
    """
    x = as_array(x)
    if x.ndim < 2 or x.shape[-1] % 2:
        raise ShapeMismatch(f"rotary_encoding takes (..., T, an even width), not {x.shape}.")
    length, width = x.shape[-2:]
    angles = (np.arange(length) + offset)[:, None] / base ** (np.arange(0, width, 2) / width)
    dtype = x.dtype if x.dtype.kind in "fc" else float
    cos, sin = (f(angles).astype(dtype) for f in (np.cos, np.sin))
    if interleaved:
        pairs = np.reshape(x, (*x.shape[:-1], width // 2, 2))
        a, b = pairs[..., 0], pairs[..., 1]
        return np.reshape(np.stack([a * cos - b * sin, a * sin + b * cos], axis=-1), x.shape)
    a, b = x[..., : width // 2], x[..., width // 2 :]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)
