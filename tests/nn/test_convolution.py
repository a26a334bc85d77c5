"""Convolutions against loops over all output places and kernel taps; pieces, memory, errors."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck, gradgradcheck
from nn.functional import convolution

LAYERS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def each(setting, axes):
    return (setting,) * axes if isinstance(setting, int) else tuple(setting)


def source(i, n, mode):
    """Which of n elements stands at the place i, that may lie beyond the ends; None for a zero."""
    if mode == "reflect":
        return n - 1 - abs(n - 1 - abs(i))
    if mode == "replicate":
        return min(max(i, 0), n - 1)
    if mode == "circular":
        return i % n
    return i if 0 <= i < n else None


def looped(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, mode="zeros"):
    """The convolution, tap by tap."""
    sizes, kernel = x.shape[2:], weight.shape[2:]
    axes = len(kernel)
    stride, dilation = each(stride, axes), each(dilation, axes)
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    else:
        total = [2 * p for p in each(0 if padding == "valid" else padding, axes)]
    before = [t // 2 for t in total]
    last = [n + t - d * (k - 1) for n, t, d, k in zip(sizes, total, dilation, kernel, strict=True)]
    starts = [range(0, m, s) for m, s in zip(last, stride, strict=True)]
    y = np.zeros((len(x), len(weight), *map(len, starts)), np.result_type(x, weight))
    for n, o, *place in np.ndindex(y.shape):
        channel = o // (len(weight) // groups) * weight.shape[1]
        for c, *tap in np.ndindex(weight.shape[1:]):
            where = tuple(
                source(starts[a][place[a]] + tap[a] * dilation[a] - before[a], sizes[a], mode)
                for a in range(axes)
            )
            if None not in where:
                y[n, o, *place] += x[n, channel + c, *where] * weight[o, c, *tap]
        if bias is not None:
            y[n, o, *place] += bias[o]
    return y


def laid_out(x, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    """The transposed convolution: each element times the weight, added where it belongs."""
    axes = x.ndim - 2
    stride, padding, dilation = (each(s, axes) for s in (stride, padding, dilation))
    out = [e + 1 - 2 * p for e, p in zip(each(output_padding, axes), padding, strict=True)]
    for a, (n, k) in enumerate(zip(x.shape[2:], weight.shape[2:], strict=True)):
        out[a] += (n - 1) * stride[a] + (k - 1) * dilation[a]
    made = weight.shape[1]
    y = np.zeros((len(x), made * groups, *out), np.result_type(x, weight))
    for n, c, *place in np.ndindex(x.shape):
        channel = c // (x.shape[1] // groups) * made
        for o, *tap in np.ndindex(weight.shape[1:]):
            where = [
                p * s + t * d - cut
                for p, s, t, d, cut in zip(place, stride, tap, dilation, padding, strict=True)
            ]
            if all(0 <= i < size for i, size in zip(where, out, strict=True)):
                y[n, channel + o, *where] += x[n, c, *place] * weight[c, o, *tap]
    for o in range(y.shape[1] if bias is not None else 0):
        y[:, o] += bias[o]
    return y


FORWARD = {n: (f, looped) for n, f in enumerate((nn.conv1d, nn.conv2d, nn.conv3d), 1)}
BACK = {n: (f, laid_out) for n, f in enumerate((nn.conv_transpose1d, nn.conv_transpose2d), 1)}


def gradients(f, args, c):
    values = [Value(a) for a in args]
    f(*values).backward(c)
    return [v.grad for v in values]


def differences(f, args, k, c):
    """The gradient of (f(*args) * c).sum() for the k-th argument, in which f is linear."""
    slope = np.zeros(args[k].shape)
    for index in np.ndindex(slope.shape):
        sides = []
        for step in (1e-3, -1e-3):
            moved = [a.copy() for a in args]
            moved[k][index] += step
            sides.append((f(*moved) * c).sum())
        slope[index] = (sides[0] - sides[1]) / 2e-3
    return slope


@st.composite
def convolutions(draw):
    """A function, its loop, settings, and an input, a weight and a bias that fit them."""
    transposed = draw(st.booleans())
    axes = draw(st.integers(1, 2 if transposed else 3))
    small = axes == 3

    def setting(lo, hi):
        return draw(st.integers(lo, hi) | st.tuples(*[st.integers(lo, hi)] * axes))

    settings = {"stride": setting(1, 3), "dilation": setting(1, 3), "padding": setting(0, 2)}
    stride, dilation, padding = (each(s, axes) for s in settings.values())
    groups = settings["groups"] = draw(st.integers(1, 2 if small else 3))
    kernel = [draw(st.integers(1, 2 if small else 3)) for _ in range(axes)]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if transposed:
        most = map(max, stride, dilation)
        settings["output_padding"] = tuple(draw(st.integers(0, m - 1)) for m in most)
        lacking = [2 * p + 1 - r for p, r in zip(padding, reach, strict=True)]
        least = [1 + max(0, math.ceil(n / s)) for n, s in zip(lacking, stride, strict=True)]
    elif draw(st.booleans()):
        least = [max(1, r - 2 * p) for r, p in zip(reach, padding, strict=True)]
    elif draw(st.booleans()):
        settings["padding"], least = "valid", reach
    else:
        settings |= {"padding": "same", "stride": 1}
        least = [1] * axes
    sizes = [n + draw(st.integers(0, 1 if small else 2)) for n in least]
    batch, some, others = (draw(st.integers(*ends)) for ends in ((0, 2), (1, 2), (1, 2)))
    lead = (some * groups, others) if transposed else (others * groups, some)
    x, weight = normal(batch, some * groups, *sizes), normal(*lead, *kernel, seed=1)
    function, loop = (BACK if transposed else FORWARD)[axes]
    return function, loop, settings, (x, weight, normal(others * groups, seed=2))


@pytest.fixture(params=[*FORWARD.values(), *BACK.values()], ids=lambda pair: pair[0].__name__)
def example(request):
    """A function with an input and a weight for it."""
    function, loop = request.param
    axes = int(function.__name__[-2])
    lead = (2, 3) if loop is laid_out else (3, 2)
    return function, normal(2, 2, *(4, 5, 3)[:axes]), normal(*lead, *[2] * axes, seed=1)


@given(convolutions())
def test_a_convolution_equals_the_loop(drawn):
    function, loop, settings, arrays = drawn
    y = function(*arrays, **settings)
    np.testing.assert_allclose(y, loop(*arrays, **settings), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(function(*map(Value, arrays), **settings).data, y)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, 2, "same", "valid"])
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_layer_equals_the_loop_in_each_padding_mode(axes, size, padding, mode):
    settings = {"padding": padding, "dilation": (2, 1, 1)[:axes], "groups": 2}
    settings["stride"] = 1 if padding == "same" else (1, 2, 1)[:axes]
    layer = LAYERS[axes](2, 4, size, bias=size == 2, padding_mode=mode, rng=0, **settings)
    bias = layer.bias.data if size == 2 else None
    assert len(layer.parameters()) == 1 + (size == 2)
    x = normal(1, 2, *(5, 4, 3)[:axes])
    wanted = looped(x, layer.weight.data, bias, mode=mode, **settings)
    np.testing.assert_allclose(layer(x).data, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "output_size", "output_padding"),
    [
        (nn.ConvTranspose1d(2, 4, 3, 3, 1, 2, rng=0), None, 2),
        (nn.ConvTranspose2d(2, 4, 3, (2, 1), dilation=(1, 2), groups=2, rng=0), None, 0),
        (nn.ConvTranspose2d(2, 4, 2, 2, rng=0), (8, 7), (0, 1)),
        (nn.ConvTranspose2d(2, 4, 2, 2, rng=0), (2, 4, 9, 6), (1, 0)),
    ],
)
def test_a_transposed_layer_equals_the_loop(layer, output_size, output_padding):
    x = normal(2, 2, *(4, 3)[: layer.axes])
    settings = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups")}
    settings["output_padding"] = output_padding
    wanted = laid_out(x, layer.weight.data, layer.bias.data, **settings)
    np.testing.assert_allclose(layer(x, output_size).data, wanted, rtol=1e-12, atol=1e-12)


def test_an_input_may_lack_the_axis_of_the_batch(example):
    function, x, weight = example
    wanted = function(x, weight)[1]
    np.testing.assert_allclose(function(x[1], weight), wanted, rtol=1e-12, atol=1e-12)


def test_arrays_may_lie_in_memory_in_any_way(example):
    function, x, weight = example
    backwards = np.ascontiguousarray(x[..., ::-1])[..., ::-1]
    spread = np.repeat(np.asfortranarray(x), 2, axis=1)[:, ::2]
    readonly = np.broadcast_to(x, x.shape)
    for a, w in itertools.product((backwards, spread, readonly), (weight, weight.copy("F"))):
        np.testing.assert_allclose(function(a, w), function(x, weight), rtol=1e-12, atol=1e-12)


def test_single_precision_is_kept(example):
    function, x, weight = example
    singles = x.astype("f4"), weight.astype("f4"), np.ones(3, "f4")
    y = function(*singles)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, function(x, weight) + 1, rtol=1e-4, atol=1e-5)
    assert {g.dtype.name for g in gradients(function, singles, y)} == {"float32"}


def test_arguments_may_be_lists(example):
    function, x, weight = example
    y = function(x.tolist(), weight.tolist(), [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(y, function(x, weight) + 1)


def test_nan_and_infinity_are_not_lost():
    x = np.array([[0, np.nan, 0, 0, np.inf, 0]])
    y = nn.conv1d(x, np.ones((1, 1, 2)), padding=1)[0]
    assert np.isnan(y).nonzero()[0].tolist() == [1, 2]
    assert np.isinf(y).nonzero()[0].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("pair", "shape", "settings"),
    [
        (FORWARD[1], (2, 2, 4), {"stride": 2, "padding": 2, "dilation": 2}),
        (FORWARD[1], (2, 2, 4), {"padding": "same", "dilation": 3}),
        (FORWARD[2], (2, 4, 3, 5), {"stride": (1, 2), "padding": (1, 0), "groups": 2}),
        (FORWARD[3], (1, 2, 3, 2, 4), {"stride": 2, "padding": (1, 0, 1)}),
        (BACK[1], (2, 2, 3), {"stride": 3, "padding": 1, "output_padding": 2}),
        (BACK[2], (2, 2, 3, 4), {"stride": (1, 2), "dilation": (2, 1), "padding": (1, 0)}),
    ],
)
def test_gradients_are_those_of_the_loop(pair, shape, settings):
    args = [normal(*shape), normal(2, 2, *[2] * (len(shape) - 2), seed=1), normal(2, seed=2)]
    function, loop = (lambda *a, f=f: f(*a, **settings) for f in pair)
    c = normal(*loop(*args).shape, seed=3)
    for k, g in enumerate(gradients(function, args, c)):
        np.testing.assert_allclose(g, differences(loop, args, k, c), rtol=1e-8, atol=1e-10)


@given(convolutions())
def test_first_and_second_derivatives_along_a_direction(drawn):
    function, _, settings, arrays = drawn
    assert gradcheck(lambda *a: function(*a, **settings), arrays, order=2, cheap=True)


def test_first_and_second_derivatives_element_by_element(example):
    function, x, weight = example
    args = x[0, ..., :2], weight[..., :1], np.ones(3)  # one image, no batch
    assert gradgradcheck(lambda *a: function(*a, stride=2, padding=1), args)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_gradients_through_padding_modes(mode):
    layer = nn.Conv2d(1, 2, 2, padding=(1, 2), padding_mode=mode, rng=0)
    assert gradgradcheck(layer, normal(1, 1, 3, 3))


def test_second_derivatives_through_two_layers_and_a_nonlinearity():
    layers = nn.Conv2d(1, 2, 2, 2, 1, rng=0), nn.Tanh(), nn.ConvTranspose2d(2, 1, 2, 2, rng=1)
    model = nn.Sequential(*layers)
    x = normal(1, 1, 3, 3)
    assert gradgradcheck(lambda: (model(x) ** 2).sum(), model.parameters())
    assert gradgradcheck(lambda x: (model(x) ** 2).sum(), x)


@pytest.mark.parametrize("largest", [1, 100, 1000])
def test_windows_in_pieces_give_the_same_numbers(example, largest, monkeypatch):
    function, *args = example

    def strided(*args):
        return function(*args, stride=2, padding=1, dilation=2)

    c = normal(*strided(*args).shape, seed=2)
    whole = [strided(*args), *gradients(strided, args, c)]
    monkeypatch.setattr(convolution, "LARGEST", largest)
    pieces = [strided(*args), *gradients(strided, args, c)]
    for a, b in zip(pieces, whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


X, WEIGHT, G = np.ones((1, 4, 237, 237)), np.ones((2, 4, 11, 11)), np.ones((1, 2, 227, 227))


@pytest.mark.parametrize(("x", "weight"), [(X, WEIGHT), (Value(X), WEIGHT), (X, Value(WEIGHT))])
def test_the_matrix_of_all_windows_is_never_there(x, weight):
    y = nn.conv2d(x, weight)
    run = (lambda: y.backward(G)) if isinstance(y, Value) else (lambda: nn.conv2d(x, weight))
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert WEIGHT[0].size * G[0, 0].nbytes > 190e6
    assert peak < convolution.LARGEST + X.nbytes + G.nbytes + (1 << 20)


@pytest.mark.parametrize(
    ("layer", "bound"),
    [
        (nn.Conv1d(50, 40, 4, groups=10, rng=0), 20**-0.5),
        (nn.Conv2d(30, 40, (2, 3), rng=0), 180**-0.5),
        (nn.Conv3d(30, 40, 2, dtype=np.float32, rng=0), 240**-0.5),
        (nn.ConvTranspose1d(80, 50, 4, groups=10, rng=0), 20**-0.5),
        (nn.ConvTranspose2d(40, 30, (2, 3), rng=0), 180**-0.5),
    ],
)
def test_first_values_are_uniform_within_one_over_the_root_of_the_fan(layer, bound):
    for p in layer.parameters():
        assert 0.9 * bound < abs(p.data).max() <= bound * (1 + 1e-6)
    assert layer.weight.data.std() == pytest.approx(bound / 3**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("layer", "shown"),
    [
        (nn.Conv2d(4, 2, 3, 1, "same", bias=False),
         "Conv2d(4, 2, kernel_size=(3, 3), stride=(1, 1), padding=same, bias=False)"),
        (nn.Conv1d(2, 4, 3, 2, dilation=2, groups=2, padding_mode="circular"),
         "Conv1d(2, 4, kernel_size=(3,), stride=(2,), dilation=(2,), groups=2, "
         "padding_mode=circular)"),
        (nn.ConvTranspose1d(1, 2, 3, 2, 0, 1),
         "ConvTranspose1d(1, 2, kernel_size=(3,), stride=(2,), output_padding=(1,))"),
    ],
)  # fmt: skip
def test_repr(layer, shown):
    assert repr(layer) == shown


def ones(*shape):
    return np.ones(shape)


CONV, BACK_2D = nn.Conv1d(1, 1, 2, rng=0), nn.ConvTranspose2d(2, 3, 2, 2, rng=0)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: CONV(ones(3, 4)), r"^Conv1d\(1, 1, .*\(N, 1, L\) or \(1, L\), not \(3, 4\)"),
        (lambda: BACK_2D(ones(4)), r"^ConvTranspose2d\(2, .*\(2, H, W\), not \(4,\)"),
        (lambda: nn.conv2d(ones(4, 4), ones(2, 2)), r"conv2d.*\(4, 4\) and \(2, 2\)"),
        (lambda: nn.conv1d(ones(3, 4), ones(2, 2, 2)), "conv1d.* 3 channels.* takes 2"),
        (lambda: nn.conv1d(ones(4, 4), ones(3, 2, 2), groups=2), "conv1d.*makes 3, not divisible"),
        (lambda: nn.conv1d(ones(4, 9), ones(2, 4, 0)), r"conv1d.*\(2, 4, 0\)"),
        (lambda: nn.conv1d(ones(1, 4), ones(2, 1, 2), ones(3)), r"conv1d.*\(2,\), not \(3,\)"),
        (lambda: nn.conv2d(ones(1, 4, 4), ones(1, 1, 9, 9), padding=(0, 1)), "2d.* 9 × 9 .* 4 × 6"),
        (lambda: nn.Conv1d(1, 1, 3, 1, 4, padding_mode="reflect")(ones(1, 4)), "reflect.*4"),
        (lambda: nn.Conv1d(1, 1, 3, 1, 5, padding_mode="circular")(ones(1, 4)), "circular.*4.*5"),
        (lambda: nn.Conv1d(1, 1, 3, 1, 5, padding_mode="replicate")(ones(1, 0)), "replicate.*0"),
        (lambda: nn.conv_transpose1d(ones(1, 1), ones(1, 1, 2), padding=1), r"1d.*axes \(0,\)"),
        (lambda: nn.conv_transpose1d(ones(1, 0), ones(1, 1, 3)), r"1d.*\b0\b"),
        (lambda: BACK_2D(ones(2, 4, 4), (8, 10)), r"d\(2, .*\(8, 8\) to \(9, 9\).*not \(8, 10\)"),
        (lambda: BACK_2D(ones(2, 4, 4), (8,)), r"^ConvTranspose2d\(2, .*\(8,\)"),
    ],
)
def test_arrays_of_other_shapes_are_refused(attempt, message):
    with pytest.raises(ShapeMismatch, match=message):
        attempt()


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: nn.Conv2d(2, 3, 3, 2, "same"), r"'same' is for a stride of 1, not \(2, 2\)"),
        (lambda: nn.Conv1d(2, 3, 2, 1, "SAME"), "padding is 'SAME'; it is .* 'same' or 'valid'"),
        (lambda: nn.Conv1d(2, 3, 2, 1, -1), "padding is one integer of at least 0.* -1"),
        (lambda: nn.Conv2d(2, 3, (2,)), r"kernel_size is .* tuple of 2; not \(2,\)"),
        (lambda: nn.Conv2d(2, 3, 2, 1.5), "stride is one integer .* 1.5"),
        (lambda: nn.Conv2d(2, 3, 2, math.inf), "stride is one integer .* inf"),
        (lambda: nn.Conv1d(0, 3, 2), r"Conv1d\(0, 3, …\): both must be at least 1"),
        (
            lambda: nn.Conv1d(2, 4, 2, groups=3),
            "Conv1d: groups .* in_channels=2 .* 3 does",
        ),
        (lambda: nn.Conv1d(2, 4, 2, groups=2.0), "groups.*2.0"),
        (lambda: nn.conv1d(ones(2, 4), ones(2, 1, 2), groups="2"), "groups.*'2'"),
        (lambda: nn.Conv1d(2, 3, 2, padding_mode="edge"), "padding_mode is 'edge'; it is 'zeros'"),
        (lambda: nn.ConvTranspose1d(2, 3, 2, 1, "same"), "ConvTranspose1d.*not 'same'"),
        (lambda: nn.ConvTranspose1d(2, 3, 2, 1, 0, 1)(ones(2, 4)), r"output_padding.*\(1,\)"),
    ],
)
def test_wrong_settings_are_refused(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()


def test_settings_may_be_integers_of_numpy():
    names = "stride", "padding", "dilation", "groups"
    x, weight = normal(1, 4, 9), normal(4, 2, 2)
    y = nn.conv1d(x, weight, **dict.fromkeys(names, np.int64(2)))
    np.testing.assert_array_equal(y, nn.conv1d(x, weight, **dict.fromkeys(names, 2)))
