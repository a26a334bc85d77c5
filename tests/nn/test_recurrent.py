"""RNN, LSTM and GRU against the formulas, step by step, one sequence at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck

KINDS = ("tanh", "relu", "lstm", "gru")
LENGTHS = np.array([2, 4, 1])
kinds = pytest.mark.parametrize("kind", KINDS)
short = pytest.mark.parametrize("lengths", [None, [2, 1]], ids=["whole", "lengths"])
padded = pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])


def make(kind, *sizes, rng=0, **settings):
    """A layer of this kind; of 3 inputs and 2 states where no sizes are given."""
    if kind in ("tanh", "relu"):
        return nn.RNN(*(sizes or (3, 2)), nonlinearity=kind, rng=rng, **settings)
    return {"lstm": nn.LSTM, "gru": nn.GRU}[kind](*(sizes or (3, 2)), rng=rng, **settings)


def numbers(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def states_of(layer, n):
    """A first state, as a list of its parts."""
    shape = layer.num_layers * (1 + layer.bidirectional), n, layer.hidden_size
    return [Value(numbers(*shape, seed=2 + k)) for k in range(layer.states)]


def parts(state):
    return list(state) if isinstance(state, tuple) else [state]


def as_state(layer, first):
    return tuple(first) if layer.states == 2 else first[0]


def close(a, b):
    a, b = (x.data if isinstance(x, Value) else x for x in (a, b))
    np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def gradients(loss, leaves):
    for leaf in leaves:
        leaf.zero_grad()
    loss.backward()
    return [np.array(leaf.grad) for leaf in leaves]


def weighted(results):
    """A number that depends on every element of the results."""
    return sum((r * numbers(*r.shape, seed=9 + k)).sum() for k, r in enumerate(results))


# ---------------------------------------------------------------- the formulas, with plain calls


def sigma(x):
    return 1 / (1 + np.exp(-x))


def tanh_step(x, state, w, u, b, c):
    return (np.tanh(x @ w + b + state[0] @ u + c),)


def relu_step(x, state, w, u, b, c):
    z = x @ w + b + state[0] @ u + c
    return (np.where(z > 0, z, 0.0),)


def lstm_step(x, state, w, u, b, c):
    i, f, g, o = np.split(x @ w + b + state[0] @ u + c, 4)
    cell = sigma(f) * state[1] + sigma(i) * np.tanh(g)
    return sigma(o) * np.tanh(cell), cell


def gru_step(x, state, w, u, b, c):
    (h,) = state
    r, z, n = np.split(x @ w + b, 3)
    r_h, z_h, n_h = np.split(h @ u + c, 3)
    r, z = sigma(r + r_h), sigma(z + z_h)
    n = np.tanh(n + r * n_h)
    return ((1 - z) * n + z * h,)


STEPS = {"tanh": tanh_step, "relu": relu_step, "lstm": lstm_step, "gru": gru_step}


def reference(kind, layer, x, first, lengths=None):
    """What the layer returns for x (T, N, inputs): the output, and a list of the last state."""
    steps, n, _ = x.shape
    outputs, finals = [], []
    for k, length in enumerate([steps] * n if lengths is None else lengths):
        sequence, ends = [x[t, k] for t in range(length)], []
        for level in range(layer.num_layers):
            ways = []
            for suffix in ("", "_reverse")[: 1 + layer.bidirectional]:
                turn = -1 if suffix else 1
                names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                weights = [getattr(layer, f"{name}_l{level}{suffix}", 0.0) for name in names]
                state, passed = tuple(part[len(ends), k] for part in first), []
                for x_t in sequence[::turn]:
                    state = STEPS[kind](x_t, state, *weights)
                    passed.append(state[0])
                ends.append(state)
                ways.append(passed[::turn])
            sequence = [np.concatenate(both) for both in zip(*ways, strict=True)]
        width = layer.hidden_size * (1 + layer.bidirectional)
        outputs.append(np.stack(sequence + [np.zeros(width)] * (steps - length)))
        finals.append([np.stack([end[s] for end in ends]) for s in range(layer.states)])
    return np.stack(outputs, axis=1), [np.stack(s, axis=1) for s in zip(*finals, strict=True)]


def agree(kind, layer, x, lengths=None, read=slice(None)):
    """Compare a layer with its formula: results, and all gradients through those that are read."""
    x, first = Value(x), states_of(layer, x.shape[1])
    output, state = layer(x, as_state(layer, first), lengths=lengths)
    wanted, ends = reference(kind, layer, x, first, lengths)
    ours, theirs = [output, *parts(state)], [wanted, *ends]
    for a, b in zip(ours, theirs, strict=True):
        close(a, b)
    leaves = [x, *first, *layer.parameters()]
    mine = gradients(weighted(ours[read]), leaves)
    for a, b in zip(mine, gradients(weighted(theirs[read]), leaves), strict=True):
        close(a, b)


@padded
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2])
@kinds
def test_results_and_gradients_are_those_of_the_formula(
    kind, num_layers, bidirectional, bias, lengths
):
    layer = make(kind, num_layers=num_layers, bidirectional=bidirectional, bias=bias)
    agree(kind, layer, numbers(4, 3, 3), lengths)


@pytest.mark.parametrize("read", [slice(0, 1), slice(1, 2), slice(-1, None)], ids=str)
@padded
@kinds
def test_each_result_alone_gives_its_gradients(kind, lengths, read):
    agree(kind, make(kind, num_layers=2, bidirectional=True), numbers(4, 3, 3), lengths, read)


@pytest.mark.parametrize("sizes", [(1, 3, 3, 2), (3, 1, 2, 2), (1, 1, 1, 1)])
@kinds
def test_one_step_one_sequence_one_input_or_one_state_is_enough(kind, sizes):
    steps, n, inputs, hidden = sizes
    layer = make(kind, inputs, hidden, bidirectional=True)
    agree(kind, layer, numbers(steps, n, inputs))
    agree(kind, layer, numbers(steps, n, inputs), [1] * n)


def by_numbers(kind, x, weights, hidden):
    """The outputs (T, H) of one sequence that begins at 0, with Python's numbers alone."""
    w, u, b, c = weights
    h, cell, out = [0.0] * hidden, [0.0] * hidden, []
    for x_t in x:
        columns = range(len(b))
        above = [sum(v * w[k][j] for k, v in enumerate(x_t)) + b[j] for j in columns]
        before = [sum(v * u[k][j] for k, v in enumerate(h)) + c[j] for j in columns]
        new = []
        for j in range(hidden):
            a, p = above[j::hidden], before[j::hidden]  # a number for each gate
            if kind == "tanh":
                new.append(math.tanh(a[0] + p[0]))
            elif kind == "relu":
                new.append(max(a[0] + p[0], 0.0))
            elif kind == "lstm":
                i, f, o = (1 / (1 + math.exp(-a[k] - p[k])) for k in (0, 1, 3))
                cell[j] = f * cell[j] + i * math.tanh(a[2] + p[2])
                new.append(o * math.tanh(cell[j]))
            else:
                r, z = (1 / (1 + math.exp(-a[k] - p[k])) for k in (0, 1))
                new.append((1 - z) * math.tanh(a[2] + r * p[2]) + z * h[j])
        h = new
        out.append(h)
    return out


@kinds
def test_the_output_is_what_loops_over_numbers_give(kind):
    layer, x = make(kind), numbers(5, 2, 3)
    output, _ = layer(x)
    weights = [p.data.tolist() for p in layer.parameters()]
    for n in range(2):
        close(output[:, n], by_numbers(kind, x[:, n].tolist(), weights, 2))


@padded
@kinds
def test_batch_first_swaps_the_axes_of_input_and_output_alone(kind, lengths):
    plain = make(kind, num_layers=2, bidirectional=True)
    turned = make(kind, num_layers=2, bidirectional=True, batch_first=True)
    x, first = numbers(4, 3, 3), as_state(plain, states_of(plain, 3))
    output, state = plain(x, first, lengths=lengths)
    output_, state_ = turned(x.swapaxes(0, 1), first, lengths=lengths)
    close(np.swapaxes(output, 0, 1), output_)
    for a, b in zip(parts(state), parts(state_), strict=True):
        close(a, b)


@pytest.mark.parametrize("batch_first", [False, True])
@kinds
def test_a_sequence_without_a_batch_is_a_batch_of_one(kind, batch_first):
    layer = make(kind, num_layers=2, bidirectional=True, batch_first=batch_first)
    x, first = numbers(4, 3), states_of(layer, 1)
    output, state = layer(x, as_state(layer, [part[:, 0] for part in first]))
    wanted, ends = layer(np.expand_dims(x, 1 - batch_first), as_state(layer, first))
    assert output.shape == (4, 4)
    close(output, wanted[0] if batch_first else wanted[:, 0])
    for part, end in zip(parts(state), parts(ends), strict=True):
        assert part.shape == (4, 2)
        close(part, end[:, 0])


@kinds
def test_two_halves_are_the_whole_if_the_state_is_handed_on(kind):
    layer, x = make(kind, num_layers=2), numbers(5, 2, 3)
    whole, end = layer(x)
    first, between = layer(x[:2])
    second, last = layer(x[2:], between)
    close(np.concatenate([first, second]), whole)
    for a, b in zip(parts(end), parts(last), strict=True):
        close(a, b)


@kinds
@given(lengths=st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_each_sequence_of_a_padded_batch_gives_what_it_gives_alone(kind, lengths):
    layer = make(kind, num_layers=2, bidirectional=True)
    x, first = numbers(4, len(lengths), 3), states_of(layer, len(lengths))
    output, state = layer(x, as_state(layer, first), lengths=lengths)
    for n, length in enumerate(lengths):
        own = as_state(layer, [part[:, n] for part in first])
        alone, end = layer(x[:length, n], own)
        close(output[:length, n], alone)
        assert not output.data[length:, n].any()
        for a, b in zip(parts(state), parts(end), strict=True):
            close(a[:, n], b)


@pytest.mark.parametrize("padding", [np.nan, np.inf, 1e300])
@kinds
def test_whatever_stands_in_the_padding_changes_nothing(kind, padding):
    layer = make(kind, num_layers=2, bidirectional=True)
    beyond = (np.arange(4)[:, None] >= LENGTHS)[:, :, None]
    results = []
    for filling in (0.0, padding):
        x = Value(np.where(beyond, filling, numbers(4, 3, 3)))
        output, state = layer(x, lengths=LENGTHS)
        found = [output, *parts(state)]
        results.append([r.data for r in found])
        results[-1] += gradients(weighted(found), [x, *layer.parameters()])
        assert not x.grad[np.broadcast_to(beyond, x.shape)].any()
    for a, b in zip(*results, strict=True):
        close(a, b)


@kinds
def test_an_input_that_is_not_contiguous_is_like_its_copy(kind):
    layer, x = make(kind, bidirectional=True), numbers(3, 4, 8).T[::2, ::-1]
    assert not x.flags.c_contiguous
    close(layer(x)[0], layer(x.copy())[0])


@short
@kinds
def test_single_precision_is_kept(kind, lengths):
    layer = make(kind, num_layers=2, bidirectional=True, dtype=np.float32)
    x = Value(numbers(3, 2, 3).astype(np.float32))
    output, state = layer(x, lengths=lengths)
    weighted([output, *parts(state)]).backward()
    kept = [output, *parts(state), x.grad, *(p.grad for p in layer.parameters())]
    assert {str(array.dtype) for array in kept} == {"float32"}


@short
@kinds
def test_the_rules_differentiate_twice(kind, lengths):
    layer = make(kind, 1, 2, bidirectional=True)

    def f(x, *first):
        output, state = layer(x, as_state(layer, first), lengths=lengths)
        return [output, *parts(state)]

    first = [part.data for part in states_of(layer, 2)]
    assert gradcheck(f, (numbers(2, 2, 1), *first), order=2).ok


@short
@kinds
def test_the_rules_differentiate_twice_in_the_parameters(kind, lengths):
    layer, x = make(kind, 1, 1, num_layers=2), numbers(2, 2, 1)

    def last():
        return parts(layer(x, lengths=lengths)[1])[-1]

    assert gradcheck(last, layer.parameters(), order=2).ok


@kinds
def test_dropout_is_between_layers_and_in_training_alone(kind):
    plain, x = make(kind, num_layers=2), numbers(4, 2, 3)
    layer = make(kind, num_layers=2, dropout=1.0)
    close(layer.eval()(x)[0], plain(x)[0])
    output, state = layer.train()(x)
    close(parts(state)[0][0], parts(plain(x)[1])[0][0])
    above = {k.replace("1", "0"): v for k, v in layer.state_dict().items() if "l1" in k}
    second = make(kind, 2, 2)
    second.load_state_dict(above)
    close(output, second(np.zeros((4, 2, 2)))[0])
    close(make(kind, dropout=1.0)(x)[0], make(kind)(x)[0])


def test_dropout_draws_from_the_generator_it_was_given():
    x = np.ones((4, 2, 3))
    outputs = [make("lstm", num_layers=2, dropout=0.5, rng=seed)(x)[0].data for seed in (3, 3, 4)]
    assert (outputs[0] == outputs[1]).all()
    assert not (outputs[0] == outputs[2]).all()
    layer = make("lstm", num_layers=2, dropout=0.5)
    assert not (layer(x)[0].data == layer(x)[0].data).all()


@pytest.mark.parametrize(("kind", "gates"), [("tanh", 1), ("lstm", 4), ("gru", 3)])
def test_parameters_have_pytorchs_names_and_begin_small(kind, gates):
    layer = make(kind, 3, 5, num_layers=2, bidirectional=True)
    width = 5 * gates
    wanted = {}
    for suffix, below in {"l0": 3, "l0_reverse": 3, "l1": 10, "l1_reverse": 10}.items():
        wanted |= {f"weight_ih_{suffix}": (below, width), f"weight_hh_{suffix}": (5, width)}
        wanted |= {f"bias_ih_{suffix}": (width,), f"bias_hh_{suffix}": (width,)}
    assert {name: p.shape for name, p in layer.named_parameters()} == wanted
    assert all(np.abs(p.data).max() <= 1 / math.sqrt(5) for p in layer.parameters())
    assert layer.transposed_names() == {name for name in wanted if name.startswith("weight")}
    names = [name for name, _ in make(kind, 3, 5, bias=False).named_parameters()]
    assert names == ["weight_ih_l0", "weight_hh_l0"]


@pytest.mark.parametrize("shape", [(), (3,), (4, 2, 2), (1, 4, 2, 3), (0, 3)])
def test_an_input_that_does_not_fit_is_named_with_what_fits(shape):
    for layer, wanted in ((make("gru"), "(T, N, 3)"), (make("gru", batch_first=True), "(N, T, 3)")):
        with pytest.raises(ShapeMismatch) as caught:
            layer(np.ones(shape))
        for word in (repr(layer), wanted, "(T, 3)", str(shape)):
            assert word in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "hx", "given"),
    [
        ("lstm", np.ones((1, 2, 2)), "(1, 2, 2)"),
        ("lstm", (np.ones((1, 2, 2)), np.ones((1, 2, 3))), "(1, 2, 3)"),
        ("lstm", 3.0, "()"),
        ("lstm", Value(3.0), "()"),
        ("gru", np.ones((1, 3, 2)), "(1, 3, 2)"),
        ("tanh", (np.ones((1, 2, 2)), np.ones((1, 2, 2))), "(2, 1, 2, 2)"),
    ],
)
def test_a_first_state_that_does_not_fit_is_named_with_what_fits(kind, hx, given):
    layer = make(kind)
    with pytest.raises(ShapeMismatch) as caught:
        layer(np.ones((4, 2, 3)), hx)
    for word in (repr(layer), "arrays", "(1, 2, 2)", given):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([1], r"integers of the shape \(2,\), not int64 \(1,\)"),
        ([1.0, 2.0], r"integers of the shape \(2,\), not float64 \(2,\)"),
        ([True, True], "not bool"),
        ([0, 2], "lengths are 1 … 4; these are 0 … 2"),
        ([1, 5], "lengths are 1 … 4; these are 1 … 5"),
    ],
)
def test_lengths_that_do_not_fit_are_named(lengths, message):
    with pytest.raises(ValueError, match=message):
        make("tanh")(np.ones((4, 2, 3)), lengths=lengths)


def test_settings_that_make_no_sense_are_named():
    with pytest.raises(ValueError, match=r"LSTM\(3, 0, num_layers=1\): all must be at least 1"):
        nn.LSTM(3, 0)
    with pytest.raises(ValueError, match=r"dropout=1.5: a probability"):
        nn.GRU(3, 2, dropout=1.5)
    with pytest.raises(ValueError, match="'elu'; it is 'tanh' or 'relu'"):
        nn.RNN(3, 2, nonlinearity="elu")
