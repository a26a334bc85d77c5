"""Transformer layers against their formula; masks, stacks, names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, grad, gradcheck
from nn.functional import gelu, layer_norm, relu, scaled_dot_product_attention

HIDE = np.array([[False, True, True], [False, False, True], [True, False, False]])
LOOK = np.array([[False, True, False, False], [True, False, False, True], [False] * 4])
PADDING = np.array([[False, False, True], [False, True, False]])
BEYOND = np.array([[False, False, True, True], [True, False, False, False]])
MASKS = {
    "tgt_mask": HIDE,
    "memory_mask": LOOK,
    "tgt_key_padding_mask": PADDING,
    "memory_key_padding_mask": BEYOND,
}


def numbers(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def close(a, b):
    a, b = (x.data if isinstance(x, Value) else x for x in (a, b))
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def fill(module):
    """Give every parameter numbers of its own: norms and biases would begin with 1 and 0."""
    for k, p in enumerate(module.parameters()):
        p.data = numbers(*p.shape, seed=50 + k) * 0.5
    return module


def encoder_layer(*sizes, **settings):
    return fill(nn.TransformerEncoderLayer(*(sizes or (4, 2, 5, 0.0)), **settings))


def decoder_layer(*sizes, **settings):
    return fill(nn.TransformerDecoderLayer(*(sizes or (4, 2, 5, 0.0)), **settings))


# ------------------------------------------------------------- the formula, with the functions


def attend(p, name, query, memory, mask, padding):
    """Two heads, of (N, T, 4); masks are true where a query may not look."""
    weights = np.split(p[f"{name}.in_proj_weight"], 3, axis=1)
    biases = np.split(p[f"{name}.in_proj_bias"], 3) if f"{name}.in_proj_bias" in p else [0.0] * 3
    inputs = zip((query, memory, memory), weights, biases, strict=True)
    q, k, v = (x @ w + b for x, w, b in inputs)
    hidden = np.zeros((query.shape[1], memory.shape[1]), bool) if mask is None else mask
    hidden = hidden if padding is None else hidden | padding[:, None]
    heads = [slice(0, 2), slice(2, 4)]
    parts = [scaled_dot_product_attention(q[..., h], k[..., h], v[..., h], ~hidden) for h in heads]
    out = np.concatenate(parts, axis=-1) @ p[f"{name}.out_proj.weight"]
    return out + p.get(f"{name}.out_proj.bias", 0.0)


def formula(layer, x, memory=None, masks=(None,) * 4, activation=relu):
    """What a layer makes of (N, T, 4), without dropout, by its parameters' names."""
    p = dict(layer.named_parameters())

    def feed_forward(x):
        inner = activation(x @ p["linear1.weight"] + p.get("linear1.bias", 0.0))
        return inner @ p["linear2.weight"] + p.get("linear2.bias", 0.0)

    parts = [lambda x: attend(p, "self_attn", x, x, masks[0], masks[2])]
    if memory is not None:
        parts.append(lambda x: attend(p, "multihead_attn", x, memory, masks[1], masks[3]))
    for k, part in enumerate([*parts, feed_forward], start=1):
        weight, bias = p[f"norm{k}.weight"], p.get(f"norm{k}.bias")
        if layer.norm_first:
            x = x + part(layer_norm(x, 4, weight, bias))
        else:
            x = layer_norm(x + part(x), 4, weight, bias)
    return x


def agree(layer, ours, theirs, leaves):
    """Compare two ways to compute the same: results, and gradients of leaves and parameters."""
    close(ours, theirs)
    found = []
    for result in (ours, theirs):
        for leaf in (*leaves, *layer.parameters()):
            leaf.zero_grad()
        (result * numbers(*result.shape, seed=9)).sum().backward()
        found.append([np.array(leaf.grad) for leaf in (*leaves, *layer.parameters())])
    for a, b in zip(*found, strict=True):
        close(a, b)


@pytest.mark.parametrize(
    "masks", [(None, None), (HIDE, None), (HIDE, PADDING)], ids=["0", "1", "2"]
)
@pytest.mark.parametrize("activation", ["relu", "gelu", np.tanh], ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layer_is_its_formula(norm_first, bias, activation, masks):
    layer = encoder_layer(norm_first=norm_first, bias=bias, activation=activation, batch_first=True)
    x, f = Value(numbers(2, 3, 4)), {"relu": relu, "gelu": gelu}.get(activation, activation)
    wanted = formula(layer, x, masks=(masks[0], None, masks[1], None), activation=f)
    agree(layer, layer(x, *masks), wanted, [x])


@pytest.mark.parametrize("masks", [(None,) * 4, (*MASKS.values(),)], ids=["0", "4"])
@pytest.mark.parametrize("activation", ["relu", "gelu", np.tanh], ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("norm_first", [False, True])
def test_a_decoder_layer_is_its_formula(norm_first, bias, activation, masks):
    layer = decoder_layer(norm_first=norm_first, bias=bias, activation=activation, batch_first=True)
    x, memory = Value(numbers(2, 3, 4)), Value(numbers(2, 4, 4, seed=2))
    f = {"relu": relu, "gelu": gelu}.get(activation, activation)
    agree(layer, layer(x, memory, *masks), formula(layer, x, memory, masks, f), [x, memory])


@pytest.mark.parametrize("norm_first", [False, True])
def test_batch_first_swaps_the_axes_and_a_sequence_alone_is_a_batch_of_one(norm_first):
    x, memory = numbers(3, 2, 4), numbers(4, 2, 4, seed=2)
    for make, rest in ((encoder_layer, ()), (decoder_layer, (memory,))):
        plain, turned = (make(norm_first=norm_first, batch_first=b) for b in (False, True))
        out = plain(x, *rest)
        close(np.swapaxes(out, 0, 1), turned(*(a.swapaxes(0, 1) for a in (x, *rest))))
        for layer in (plain, turned):
            close(layer(x[:, 1], *(a[:, 1] for a in rest)), out[:, 1])


@pytest.mark.parametrize("norm_first", [False, True])
def test_layers_differentiate_twice(norm_first):
    x, memory = numbers(2, 2), numbers(2, 2, seed=2)
    sizes = {"norm_first": norm_first, "activation": np.tanh}
    encoder, decoder = encoder_layer(2, 1, 2, 0.0, **sizes), decoder_layer(2, 1, 2, 0.0, **sizes)
    assert gradcheck(lambda x: encoder(x, is_causal=True), x, order=2).ok
    assert gradcheck(lambda x, m: decoder(x, m, tgt_is_causal=True), (x, memory), order=2).ok


def test_an_activation_may_be_a_layer_with_parameters():
    layer = encoder_layer(activation=nn.PReLU())
    layer(numbers(3, 2, 4)).sum().backward()
    assert "activation.weight" in dict(layer.named_parameters())
    stack = nn.TransformerEncoder(layer, 2)
    assert stack.layers[0].activation is not stack.layers[1].activation


# ---------------------------------------------------------------------------------------- masks


@pytest.mark.parametrize("how", ["flag", "bools", "numbers"])
@pytest.mark.parametrize("norm_first", [False, True])
@given(t=st.integers(0, 3), seed=st.integers(0, 99))
def test_later_inputs_do_not_change_what_a_causal_layer_says_before(norm_first, how, t, seed):
    later = np.triu(np.ones((4, 4), bool), 1)
    masks = {"flag": {"is_causal": True}, "bools": {"mask": later}}
    masks["numbers"] = {"mask": np.where(later, -np.inf, 0.0)}
    stack = fill(nn.TransformerEncoder(encoder_layer(norm_first=norm_first), 2))
    x = numbers(4, 2, 4, seed=seed)
    changed = np.concatenate([x[: t + 1], numbers(3 - t, 2, 4, seed=seed + 1)])
    before, after = stack(x, **masks[how]), stack(changed, **masks[how])
    close(before[: t + 1], after[: t + 1])
    for after_t in range(t + 1, 4):
        assert np.abs(before.data[after_t] - after.data[after_t]).max() > 1e-6


def test_a_causal_decoder_sees_the_whole_memory_and_no_later_target():
    stack = nn.TransformerDecoder(decoder_layer(), 2)
    memory = numbers(4, 2, 4, seed=2)

    def first_step(x, memory):
        return (stack(x, memory, tgt_is_causal=True)[0] * numbers(2, 4, seed=3)).sum()

    by_x, by_memory = grad(first_step, (0, 1))(numbers(3, 2, 4), memory)
    assert by_x[0].all()
    assert not by_x[1:].any()
    assert by_memory.all()


def test_padding_changes_nothing_elsewhere():
    layer, x, memory = decoder_layer(batch_first=True), numbers(2, 3, 4), numbers(2, 4, 4, seed=2)
    masks = {"tgt_key_padding_mask": PADDING, "memory_key_padding_mask": BEYOND}
    out = layer(x, memory, **masks)
    again = layer(x + 7.0 * PADDING[..., None], memory - 7.0 * BEYOND[..., None], **masks)
    close(out.data[~PADDING], again.data[~PADDING])
    close(layer(x[:1, :2], memory[:1, :2])[0], out[0, :2])


# --------------------------------------------------------------------------------------- stacks


@pytest.mark.parametrize("norm", [None, nn.LayerNorm(4)], ids=["plain", "norm"])
def test_a_stack_is_its_layers_in_a_row(norm):
    x, memory = numbers(3, 2, 4), numbers(4, 2, 4, seed=2)
    encoder = fill(nn.TransformerEncoder(encoder_layer(), 2, norm))
    one, two = encoder.layers
    wanted = two(one(x, HIDE, PADDING), HIDE, PADDING)
    close(encoder(x, HIDE, PADDING), wanted if norm is None else norm(wanted))
    decoder = fill(nn.TransformerDecoder(decoder_layer(), 2, norm))
    one, two = decoder.layers
    wanted = two(one(x, memory, *MASKS.values()), memory, *MASKS.values())
    close(decoder(x, memory, **MASKS), wanted if norm is None else norm(wanted))


def test_a_decoder_takes_its_masks_in_the_order_of_its_layers():
    decoder = nn.TransformerDecoder(decoder_layer(), 2)
    x, memory = numbers(3, 2, 4), numbers(4, 2, 4, seed=2)
    close(decoder(x, memory, *MASKS.values()), decoder(x, memory, **MASKS))


def test_a_stack_begins_with_copies_of_the_layer_that_train_on_their_own():
    layer = encoder_layer()
    stack = nn.TransformerEncoder(layer, 3)
    states = [part.state_dict() for part in (layer, *stack.layers)]
    for name, data in states[0].items():
        assert all((state[name] == data).all() for state in states)
    assert len(stack.parameters()) == 3 * len(layer.parameters())
    assert not set(layer.parameters()) & set(stack.parameters())
    stack.layers[0].linear1.weight.data += 1.0
    for other in (layer, stack.layers[1], stack.layers[2]):
        assert (other.linear1.weight.data == states[0]["linear1.weight"]).all()


@pytest.mark.parametrize("rng", [0, None], ids=["seed", "default"])
def test_layers_of_a_stack_drop_different_elements(rng):
    layer = nn.TransformerEncoderLayer(8, 2, 8, 0.5, rng=rng)
    one, two = nn.TransformerEncoder(layer, 2).layers
    x = np.ones((8, 8))
    for name in ("dropout", "dropout1", "dropout2"):
        assert (getattr(one, name)(x) != getattr(two, name)(x)).any()


def test_dropout_is_in_training_alone_and_repeats_with_its_seed():
    x, memory = numbers(3, 2, 4), numbers(4, 2, 4, seed=2)
    kinds = (
        (nn.TransformerEncoderLayer, nn.TransformerEncoder, (x,)),
        (nn.TransformerDecoderLayer, nn.TransformerDecoder, (x, memory)),
    )
    for layer, stack, inputs in kinds:
        one, two, never = (stack(layer(4, 2, 5, p, rng=3), 2) for p in (0.5, 0.5, 0.0))
        first = one(*inputs).data
        assert (first == two(*inputs).data).all()
        assert not (first == one(*inputs).data).all()
        close(one.eval()(*inputs), never(*inputs))


def test_everything_dropped_leaves_the_input():
    x, memory = numbers(3, 2, 4), numbers(4, 2, 4, seed=2)
    close(encoder_layer(4, 2, 5, 1.0, norm_first=True)(x), x)
    close(decoder_layer(4, 2, 5, 1.0, norm_first=True)(x, memory), x)


# --------------------------------------------------------------------------- names and messages

ATTENTION = {
    "in_proj_weight": (4, 12),
    "in_proj_bias": (12,),
    "out_proj.weight": (4, 4),
    "out_proj.bias": (4,),
}
LINEAR = {
    "linear1.weight": (4, 5),
    "linear1.bias": (5,),
    "linear2.weight": (5, 4),
    "linear2.bias": (4,),
}


@pytest.mark.parametrize(
    ("make", "attentions"),
    [(encoder_layer, ["self_attn"]), (decoder_layer, ["self_attn", "multihead_attn"])],
)
def test_states_have_pytorchs_names(make, attentions):
    wanted = LINEAR | {
        f"{a}.{name}": shape for a in attentions for name, shape in ATTENTION.items()
    }
    for k in range(1, len(attentions) + 2):
        wanted |= {f"norm{k}.weight": (4,), f"norm{k}.bias": (4,)}
    layer = make()
    assert {name: data.shape for name, data in layer.state_dict().items()} == wanted
    stack = nn.TransformerEncoder if make is encoder_layer else nn.TransformerDecoder
    names = {f"layers.{k}.{name}" for k in range(2) for name in wanted}
    assert set(stack(layer, 2, nn.LayerNorm(4)).state_dict()) == names | {
        "norm.weight",
        "norm.bias",
    }
    assert layer.transposed_names() & set(wanted) == {n for n, s in wanted.items() if len(s) == 2}
    weights = {name for name in wanted if name.endswith("weight")}
    assert set(make(bias=False).state_dict()) == weights


def test_single_precision_is_kept():
    x = Value(numbers(3, 2, 4).astype(np.float32))
    encoder = nn.TransformerEncoderLayer(4, 2, 5, 0.5, dtype=np.float32)
    decoder = nn.TransformerDecoderLayer(4, 2, 5, 0.5).astype(np.float32)
    mask = np.zeros((3, 3), np.float32)
    out = decoder(encoder(x, mask, PADDING), x, mask, tgt_key_padding_mask=PADDING)
    out.sum().backward()
    arrays = [out, x.grad, *(p.grad for part in (encoder, decoder) for p in part.parameters())]
    assert {str(a.dtype) for a in arrays} == {"float32"}


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("shape", [(3, 2, 5), (4,), (1, 3, 2, 4)])
def test_inputs_that_do_not_fit_are_named(shape, norm_first):
    memory = np.ones((4, 2, 4))
    for layer, rest in ((encoder_layer, ()), (decoder_layer, (memory,))):
        with pytest.raises(ShapeMismatch, match="takes a") as caught:
            layer(norm_first=norm_first)(np.ones(shape), *rest)
        assert str(shape) in str(caught.value)
        assert "4)" in str(caught.value)


@pytest.mark.parametrize("shape", [(4, 2, 5), (4, 1, 4), (4, 4)])
def test_a_memory_that_does_not_fit_is_named(shape):
    with pytest.raises(ShapeMismatch) as caught:
        decoder_layer()(np.ones((3, 2, 4)), np.ones(shape))
    for word in ("MultiheadAttention", "(S, N, 4)", "(3, 2, 4)", str(shape)):
        assert word in str(caught.value)


def test_settings_that_make_no_sense_are_named():
    with pytest.raises(ValueError, match="'elu'; it is 'relu', 'gelu' or a function"):
        nn.TransformerEncoderLayer(4, 2, activation="elu")
    with pytest.raises(ValueError, match=r"\(5, 2\): num_heads divides embed_dim"):
        nn.TransformerDecoderLayer(5, 2)
    with pytest.raises(ValueError, match=r"dropout=1\.5"):
        nn.TransformerEncoderLayer(4, 2, 5, 1.5)
    with pytest.raises(ValueError, match="num_layers=0"):
        nn.TransformerEncoder(encoder_layer(), 0)
