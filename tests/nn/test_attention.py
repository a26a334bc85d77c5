"""Attention, of one head and of several, against loops; masks; encodings of positions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck
from nn.functional import rotary_encoding, scaled_dot_product_attention, sinusoidal_encoding

ROOM = np.array([[True, False, True, True], [True, True, False, False], [False, True, True, True]])
SHUT = np.array([[True, False, True, True], [False] * 4, [False, True, True, True]])
NUMBERS = np.array([[0.5, -1.0, 0.0, 2.0], [0.0, -np.inf, 1.0, -0.5], [-np.inf] * 4])
masked = pytest.mark.parametrize(
    "mask", [None, ROOM, SHUT, NUMBERS], ids=["none", "room", "shut", "added"]
)


def numbers(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def close(a, b, rtol=1e-10):
    a, b = (x.data if isinstance(x, Value) else x for x in (a, b))
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)


def by_numbers(query, key, value, added=None, scale=None):
    """Attention of lists of lists, with Python's numbers alone; added: numbers, -inf for never."""
    scale = 1 / math.sqrt(len(query[0])) if scale is None else scale
    out = []
    for row, q in enumerate(query):
        weights = []
        for column, k in enumerate(key):
            score = scale * sum(a * b for a, b in zip(q, k, strict=True))
            weights.append(math.exp(score + (added[row][column] if added is not None else 0.0)))
        total = sum(weights) or 1.0
        columns = zip(*value, strict=True)
        out.append([sum(w * x for w, x in zip(weights, c, strict=True)) / total for c in columns])
    return np.array(out)


def as_added(mask):
    """A mask as numbers to be added."""
    return np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask


def plain_attention(q, k, v, added, hidden):
    """softmax(q @ kᵀ/√E + added) @ v with recorded calls, where hidden is true without weight."""
    e = np.exp(q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1]) + added)
    e = np.where(hidden, 0.0, e)
    total = np.sum(e, axis=-1, keepdims=True)
    return (e / np.where(total.data == 0, 1.0, total)) @ v


@masked
@pytest.mark.parametrize("scale", [None, 0.3])
def test_attention_is_what_loops_over_numbers_give(mask, scale):
    q, k, v = numbers(2, 3, 5), numbers(2, 4, 5, seed=2), numbers(2, 4, 2, seed=3)
    out = scaled_dot_product_attention(q, k, v, mask, scale=scale)
    added = None if mask is None else as_added(mask).tolist()
    for n in range(2):
        close(out[n], by_numbers(q[n].tolist(), k[n].tolist(), v[n].tolist(), added, scale))


@masked
def test_the_gradients_are_those_of_the_formula(mask):
    given_mask = np.ones((3, 4), bool) if mask is None else mask
    hidden = np.isneginf(as_added(given_mask))
    added = np.where(hidden, 0.0, as_added(given_mask))
    both = []
    for f in (scaled_dot_product_attention, plain_attention):
        q, k, v = Value(numbers(2, 3, 5)), Value(numbers(2, 4, 5, seed=2)), Value(numbers(2, 4, 2))
        rest = (mask,) if f is scaled_dot_product_attention else (added, hidden)
        out = f(q, k, v, *rest)
        (out * numbers(2, 3, 2, seed=4)).sum().backward()
        both.append([out.data, q.grad, k.grad, v.grad])
    for a, b in zip(*both, strict=True):
        close(a, b)


def test_causal_attention_is_the_mask_of_what_is_not_later():
    for queries, keys in ((3, 3), (2, 4), (4, 2)):
        q, k, v = numbers(queries, 3), numbers(keys, 3, seed=2), numbers(keys, 2, seed=3)
        room = np.array([[s <= t for s in range(keys)] for t in range(queries)])
        out = scaled_dot_product_attention(q, k, v, is_causal=True)
        close(out, by_numbers(q, k, v, as_added(room)))


@pytest.mark.parametrize("mask", [SHUT, as_added(SHUT), Value(as_added(SHUT))], ids=type)
def test_a_query_that_may_look_nowhere_gets_zeros_and_finite_gradients(mask):
    q, k, v = (Value(numbers(n, 2, seed=n)) for n in (3, 4, 4))
    out = scaled_dot_product_attention(q, k, v, mask)
    out.sum().backward()
    assert not out.data[1].any()
    assert not q.grad[1].any()
    assert all(np.isfinite(x.grad).all() for x in (q, k, v))


def test_a_learned_mask_gets_its_gradient():
    q, k, v = numbers(3, 2), numbers(4, 2, seed=2), numbers(4, 2, seed=3)
    assert gradcheck(lambda m: scaled_dot_product_attention(q, k, v, m), numbers(3, 4), order=2).ok
    mask = Value(NUMBERS)
    (scaled_dot_product_attention(q, k, v, mask) * numbers(3, 2)).sum().backward()
    assert ((mask.grad != 0) == np.isfinite(NUMBERS)).all()


@pytest.mark.parametrize("mask", [None, SHUT[:, :3], NUMBERS[:, :3]], ids=["none", "shut", "added"])
def test_attention_differentiates_twice(mask):
    inputs = numbers(3, 2), numbers(3, 2, seed=2), numbers(3, 1, seed=3)
    f = scaled_dot_product_attention
    assert gradcheck(lambda q, k, v: f(q, k, v, mask), inputs, order=2).ok


@masked
def test_huge_scores_do_not_overflow(mask):
    q, k, v = Value(np.full((3, 1), 1e4)), Value(np.full((4, 1), 1e4)), Value(np.ones((4, 1)))
    k.data[0] = -1e4
    out = scaled_dot_product_attention(q, k, v, mask)
    out.sum().backward()
    looks = np.ones((3, 1)) if mask is None else np.isfinite(as_added(mask)).any(axis=1)[:, None]
    close(out, looks)
    assert all(np.isfinite(x.grad).all() for x in (q, k, v))


def test_dropout_takes_whole_weights_away():
    q, k, v = np.zeros((1, 2)), np.zeros((4, 2)), np.eye(4)
    out = [scaled_dot_product_attention(q, k, v, dropout_p=0.5, rng=s) for s in (0, 0, 1)]
    assert all(set(o.ravel().tolist()) <= {0.0, 0.5} for o in out)
    assert out[0].tobytes() == out[1].tobytes() != out[2].tobytes()
    assert not scaled_dot_product_attention(q, k, v, dropout_p=1.0).any()


@pytest.mark.parametrize(
    "shapes",
    [
        [(3,), (3,), (3,)],
        [(2, 3), (4, 2), (4, 2)],
        [(2, 3), (4, 3), (5, 2)],
        [(2, 2, 3), (3, 4, 3), (3, 4, 2)],
        [(2, 2, 3), (2, 4, 3), (3, 4, 2)],
    ],
    ids=str,
)
def test_shapes_that_do_not_fit_are_named(shapes):
    with pytest.raises(ShapeMismatch) as caught:
        scaled_dot_product_attention(*map(np.ones, shapes))
    for word in ("scaled_dot_product_attention takes", "(..., L, E)", *map(str, shapes)):
        assert word in str(caught.value)


def test_masks_that_do_not_fit_are_named():
    q, k = np.ones((2, 3, 5)), np.ones((2, 4, 5))
    for mask in (np.ones((4, 3), bool), np.ones((3, 3, 4))):
        with pytest.raises(ShapeMismatch, match="does not fit attention of shape") as caught:
            scaled_dot_product_attention(q, k, k, mask)
        assert str(mask.shape) in str(caught.value)
        assert "(2, 3, 4)" in str(caught.value)
    with pytest.raises(ValueError, match="attn_mask or is_causal, not both"):
        scaled_dot_product_attention(q, k, k, np.ones((3, 4), bool), is_causal=True)


def test_a_mask_may_be_one_number():
    close(scaled_dot_product_attention(*[np.eye(3)] * 3, Value(0.0)), by_numbers(*[np.eye(3)] * 3))


def test_scores_may_be_integers():
    x = np.array([[1, 0], [2, 1]])
    close(scaled_dot_product_attention(x, x, x, scale=1), by_numbers(x, x, x, scale=1))


def layer_of(*sizes, **settings):
    """Attention whose biases are not zero."""
    layer = nn.MultiheadAttention(*(sizes or (4, 2)), rng=0, **settings)
    for k, p in enumerate(layer.parameters()):
        p.data = numbers(*p.shape, seed=50 + k)
    return layer


def by_heads(layer, query, key, value, added):
    """Output and weights of one batch member, (L, E) and (heads, L, S), head after head."""
    width, bias = layer.embed_dim // layer.num_heads, layer.in_proj_bias.data
    if layer.in_proj_weight is None:
        weights = [getattr(layer, f"{n}_proj_weight").data for n in "qkv"]
    else:
        weights = np.split(layer.in_proj_weight.data, 3, axis=1)
    inputs = zip((query, key, value), weights, np.split(bias, 3), strict=True)
    q, k, v = (x @ w + b for x, w, b in inputs)
    heads, looks = [], []
    for h in range(layer.num_heads):
        part = slice(h * width, (h + 1) * width)
        heads.append(by_numbers(q[:, part], k[:, part], v[:, part], added[h]))
        looks.append(by_numbers(q[:, part], k[:, part], np.eye(len(k)), added[h]))
    return np.hstack(heads) @ layer.out_proj.weight.data + layer.out_proj.bias.data, np.array(looks)


HIDE = ~ROOM  # true where a query may not look
PADDING = np.array([[False, False, True, True], [False, True, False, False]])
EACH = np.random.default_rng(5).random((4, 3, 4)) < 0.4
EACH[..., 0] = False
INF = -np.inf
MASKS = {
    "none": ({}, np.zeros((3, 4))),
    "bools": ({"attn_mask": HIDE}, np.where(HIDE, INF, 0)),
    "numbers": ({"attn_mask": NUMBERS}, NUMBERS),
    "each head": ({"attn_mask": EACH}, np.where(EACH, INF, 0).reshape(2, 2, 3, 4)),
    "padding": ({"key_padding_mask": PADDING}, np.where(PADDING, INF, 0)[:, None, None]),
    "added padding": ({"key_padding_mask": PADDING * 0.5}, PADDING[:, None, None] * 0.5),
    "causal": ({"is_causal": True}, np.where(np.tri(3, 4), 0, INF)),
    "bools and padding": (
        {"attn_mask": HIDE, "key_padding_mask": PADDING},
        np.where(HIDE | PADDING[:, None, None], INF, 0),
    ),
    "numbers, causal": (
        {"attn_mask": NUMBERS, "is_causal": True},
        np.where(np.tri(3, 4), NUMBERS, INF),
    ),
    "all": (
        {"attn_mask": NUMBERS, "key_padding_mask": PADDING, "is_causal": True},
        np.where(PADDING[:, None, None] | (np.tri(3, 4) == 0), INF, NUMBERS),
    ),
}


@pytest.mark.parametrize("widths", [{}, {"kdim": 3, "vdim": 5}, {"kdim": 4, "vdim": 5}], ids=str)
@pytest.mark.parametrize("mask", MASKS)
def test_heads_attend_one_by_one(mask, widths):
    layer, (given_masks, added) = layer_of(**widths), MASKS[mask]
    query = numbers(3, 2, 4)
    key, value = numbers(4, 2, layer.kdim, seed=2), numbers(4, 2, layer.vdim, seed=3)
    output, weights = layer(query, key, value, average_attn_weights=False, **given_masks)
    mean = layer(query, key, value, **given_masks)[1]
    added = np.broadcast_to(added, (2, 2, 3, 4))
    for n in range(2):
        wanted, looks = by_heads(layer, query[:, n], key[:, n], value[:, n], added[n])
        close(output[:, n], wanted)
        close(weights[n], looks)
        close(mean[n], looks.mean(axis=0))
    assert layer(query, key, value, need_weights=False, **given_masks)[1] is None


@pytest.mark.parametrize("mask", MASKS)
def test_batch_first_swaps_the_axes(mask):
    plain, turned = layer_of(), layer_of(batch_first=True)
    x, memory = numbers(3, 2, 4), numbers(4, 2, 4, seed=2)
    output, weights = plain(x, memory, **MASKS[mask][0])
    output_, weights_ = turned(x.swapaxes(0, 1), memory.swapaxes(0, 1), **MASKS[mask][0])
    close(np.swapaxes(output, 0, 1), output_)
    close(weights, weights_)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(
    "masks",
    [{}, {"attn_mask": HIDE}, {"attn_mask": EACH[:2]}, {"key_padding_mask": PADDING[0]}],
    ids=str,
)
def test_without_a_batch_it_is_a_batch_of_one(masks, batch_first):
    layer, x, memory = layer_of(batch_first=batch_first), numbers(3, 4), numbers(4, 4, seed=2)
    output, weights = layer(x, memory, **masks)
    axis = 1 - batch_first
    wanted, looks = layer(np.expand_dims(x, axis), np.expand_dims(memory, axis), **masks)
    assert output.shape == (3, 4)
    assert weights.shape == (3, 4)
    close(output, wanted.data.squeeze(axis))
    close(weights, looks[0])
    close(layer(x)[0], layer(x, x.copy(), x.copy())[0])


def test_where_nothing_is_left_to_look_at_the_output_is_the_bias():
    layer, x = layer_of(), Value(numbers(3, 2, 4))
    output, weights = layer(x, key_padding_mask=np.array([[True] * 3, [False] * 3]))
    output.sum().backward()
    close(output[:, 0], np.broadcast_to(layer.out_proj.bias.data, (3, 4)))
    assert not weights.data[0].any()
    assert not x.grad[:, 0].any()
    assert all(np.isfinite(p.grad).all() for p in (x, *layer.parameters()))


def test_a_mask_for_each_head_may_be_learned():
    layer, x, mask = layer_of(), numbers(3, 2, 4), Value(numbers(4, 3, 3, seed=2))
    output, _ = layer(x, attn_mask=mask, is_causal=True)
    (output * numbers(3, 2, 4, seed=3)).sum().backward()
    assert ((mask.grad != 0) == np.tri(3, 3, dtype=bool)).all(axis=0)[1:].all()
    close(mask.grad.sum(axis=-1), np.zeros((4, 3)))


@pytest.mark.parametrize("masks", [{}, {"is_causal": True}], ids=["none", "causal"])
def test_heads_differentiate_twice(masks):
    layer, memory = layer_of(2, 2), numbers(2, 1, 2, seed=2)
    assert gradcheck(lambda x: layer(x, **masks), numbers(2, 1, 2), order=2).ok
    cross = gradcheck(lambda x, m: layer(x, m, **masks)[0], (numbers(2, 1, 2), memory), order=2)
    assert cross.ok
    assert gradcheck(lambda: layer(memory, **masks)[0], layer.parameters(), order=2).ok


@pytest.mark.parametrize(
    "masks",
    [
        {},
        {"attn_mask": HIDE[:, :3]},
        {"attn_mask": NUMBERS[:, :3].astype(np.float32)},
        {"attn_mask": NUMBERS[:, :3].astype(np.float32), "is_causal": True},
        {"attn_mask": np.ones((3, 3), np.float32), "key_padding_mask": PADDING[:, :3]},
    ],
    ids=lambda masks: ", ".join(masks),
)
def test_single_precision_is_kept(masks):
    layer = nn.MultiheadAttention(4, 2, dtype=np.float32)
    x = Value(numbers(3, 2, 4).astype(np.float32))
    output, weights = layer(x, **masks)
    output.sum().backward()
    assert {str(a.dtype) for a in (output, weights, x.grad)} == {"float32"}


def test_dropout_of_weights_is_in_training_alone():
    layer, plain, x = layer_of(4, 2, 1.0), layer_of(), numbers(3, 2, 4)
    close(layer.eval()(x)[0], plain(x)[0])
    close(layer.train()(x)[0], np.broadcast_to(layer.out_proj.bias.data, (3, 2, 4)))


@pytest.mark.parametrize(
    "shapes",
    [[(3, 2, 5)] * 3, [(4,)] * 3, [(3, 2, 4), (4, 1, 4), (4, 1, 4)], [(3, 4), (4, 4), (5, 4)]],
    ids=str,
)
def test_inputs_that_do_not_fit_the_heads_are_named(shapes):
    layer = nn.MultiheadAttention(4, 2)
    with pytest.raises(ShapeMismatch) as caught:
        layer(*map(np.ones, shapes))
    for word in ("MultiheadAttention", "(L, N, 4), (S, N, 4), (S, N, 4)", *map(str, shapes)):
        assert word in str(caught.value)


def test_masks_that_do_not_fit_the_heads_are_named():
    layer, x = nn.MultiheadAttention(4, 2), np.ones((3, 2, 4))
    with pytest.raises(ShapeMismatch, match=r"\(3, 3\) or \(4, 3, 3\), not \(2, 3, 3\)"):
        layer(x, attn_mask=np.ones((2, 3, 3), bool))
    with pytest.raises(ShapeMismatch, match=r"key_padding_mask has .* \(2, 3\), not \(3, 2\)"):
        layer(x, key_padding_mask=np.ones((3, 2), bool))
    with pytest.raises(ValueError, match="num_heads divides embed_dim"):
        nn.MultiheadAttention(4, 3)


@pytest.mark.parametrize("width", [1, 4, 5])
def test_sinusoids_are_those_of_the_paper(width):
    encoding = sinusoidal_encoding(6, width, base=100.0)
    for t, column in np.ndindex(6, width):
        angle = t / 100.0 ** ((column - column % 2) / width)
        close(encoding[t, column], math.cos(angle) if column % 2 else math.sin(angle))


def test_positions_are_added_along_time():
    x, added = numbers(3, 2, 4), sinusoidal_encoding(3, 4)
    close(nn.PositionalEncoding(4, batch_first=False)(x), x + added[:, None])
    close(nn.PositionalEncoding(4, batch_first=True)(x), x + added[:2])
    close(nn.PositionalEncoding(4, batch_first=True)(x[:, 0]), x[:, 0] + added)
    close(nn.PositionalEncoding(4, batch_first=False)(x.tolist()), x + added[:, None])
    assert nn.PositionalEncoding(4, batch_first=False)(x.astype(np.float32)).dtype == np.float32
    assert not nn.PositionalEncoding(4, 1.0, batch_first=False)(x).any()
    close(nn.PositionalEncoding(4, 1.0, batch_first=False).eval()(x), x + added[:, None])
    with pytest.raises(ShapeMismatch, match=r"PositionalEncoding.*\(T, N, 4\).*not \(3, 2, 5\)"):
        nn.PositionalEncoding(4, batch_first=False)(np.ones((3, 2, 5)))


@pytest.mark.parametrize("interleaved", [True, False])
@given(offset=st.integers(-20, 20), seed=st.integers(0, 99))
def test_products_of_turned_vectors_depend_on_their_distance_alone(interleaved, offset, seed):
    q, k = (np.repeat(numbers(1, 6, seed=seed + s), 5, axis=0) for s in (0, 1))
    turn = nn.RotaryPositionalEmbeddings(6, base=50.0, interleaved=interleaved)
    here = turn(q, offset=offset) @ turn(k, offset=offset).T
    close(here, turn(q) @ turn(k).T, rtol=1e-8)
    close(here[1:, 1:], here[:-1, :-1], rtol=1e-8)
    close(np.linalg.norm(turn(q, offset=offset), axis=-1), np.linalg.norm(q, axis=-1))


@pytest.mark.parametrize("interleaved", [True, False])
def test_pairs_are_turned_like_complex_numbers(interleaved):
    x = numbers(2, 3, 4)
    turned = rotary_encoding(x, offset=2, base=10.0, interleaved=interleaved)
    first, second = ([0, 2], [1, 3]) if interleaved else ([0, 1], [2, 3])
    angles = np.array([[t * 10.0**-p for p in (0.0, 0.5)] for t in (2, 3, 4)])
    wanted = (x[..., first] + 1j * x[..., second]) * np.exp(1j * angles)
    close(turned[..., first], wanted.real)
    close(turned[..., second], wanted.imag)
    assert gradcheck(lambda v: rotary_encoding(v, interleaved=interleaved), x[0], order=2).ok
    assert rotary_encoding(x.astype(np.float32)).dtype == np.float32


def test_widths_that_cannot_be_turned_are_named():
    with pytest.raises(ShapeMismatch, match=r"an even width\), not \(2, 3\)"):
        rotary_encoding(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"RotaryPositionalEmbeddings\(3\): pairs"):
        nn.RotaryPositionalEmbeddings(3)
    with pytest.raises(ShapeMismatch, match=r"Rotary.*\(\.\.\., T, 4\), not \(2, 6\)"):
        nn.RotaryPositionalEmbeddings(4)(np.ones((2, 6)))
