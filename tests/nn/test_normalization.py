"""Normalization against loops in plain Python: values, gradients, running statistics, edges."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck
from nn import functional as F

RNG = np.random.default_rng(0)


def first(i):
    return i[0]


def second(i):
    return i[1]


def both(i):
    return i[:2]


InstanceNorm1d = partial(nn.InstanceNorm1d, affine=True)
InstanceNorm2d = partial(nn.InstanceNorm2d, affine=True)

# a layer, the shape of its input, and of each place: what it is normalized with, and its parameter
KINDS = {
    "batch of features": (partial(nn.BatchNorm1d, 3), (4, 3), second, second),
    "batch of sequences": (partial(nn.BatchNorm1d, 2), (2, 2, 3), second, second),
    "batch of images": (partial(nn.BatchNorm2d, 2), (2, 2, 3, 2), second, second),
    "batch of one": (partial(nn.BatchNorm2d, 2), (1, 2, 1, 2), second, second),
    "instance": (partial(InstanceNorm1d, 2), (2, 2, 4), both, second),
    "instance of an image": (partial(InstanceNorm2d, 2), (2, 2, 3, 2), both, second),
    "instance alone": (partial(InstanceNorm2d, 3), (3, 2, 2), first, first),
    "layer": (partial(nn.LayerNorm, 5), (3, 5), first, second),
    "layer over two axes": (partial(nn.LayerNorm, (2, 3)), (2, 2, 2, 3), both, lambda i: i[2:]),
    "layer alone": (partial(nn.LayerNorm, 5), (5,), lambda i: 0, first),
    "group": (partial(nn.GroupNorm, 2, 4), (2, 4, 3), lambda i: (i[0], i[1] // 2), second),
    "group of features": (partial(nn.GroupNorm, 1, 4), (2, 4), first, second),
    "groups of one": (partial(nn.GroupNorm, 3, 3), (1, 3, 2, 2), both, second),
}
each = pytest.mark.parametrize(("make", "shape", "group", "place"), KINDS.values(), ids=KINDS)


def filled(layer):
    """The layer with parameters that are not 1 and 0."""
    for p in layer.parameters():
        p.data = RNG.normal(size=p.shape) + 0.5
    return layer


def statistics(x, group):
    """By group: the mean, the variance (over n) and the number of the values there."""
    members = {}
    for i in np.ndindex(x.shape):
        members.setdefault(group(i), []).append(float(x[i]))
    found = {}
    for key, values in members.items():
        mean = math.fsum(values) / len(values)
        squares = [(v - mean) ** 2 for v in values]
        found[key] = (mean, math.fsum(squares) / len(values), len(values))
    return found


def by_loops(x, weight, bias, group, place, eps):
    known, y = statistics(x, group), np.empty(x.shape)
    for i in np.ndindex(x.shape):
        mean, var, _ = known[group(i)]
        y[i] = (x[i] - mean) / math.sqrt(var + eps)
        y[i] = y[i] * (1 if weight is None else weight[place(i)])
        y[i] += 0 if bias is None else bias[place(i)]
    return y


def slopes(f, x, h=1e-3):
    """The central differences, of the fourth order, of a number f(x) by each element of x."""
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        at = []
        for k in (1, -1, 2, -2):
            moved = x.copy()
            moved[i] += k * h
            at.append(f(moved))
        out[i] = (8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * h)
    return out


def data(p):
    return None if p is None else p.data


@each
@pytest.mark.parametrize("settings", [{}, {"eps": 0.1}, {"bias": False}])
def test_a_normalization_is_the_loop(make, shape, group, place, settings):
    layer, x = filled(make(**settings)), RNG.normal(size=shape) * 2 + 1
    expected = by_loops(
        x, data(layer.weight), data(layer.bias), group, place, settings.get("eps", 1e-5)
    )
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12, atol=1e-13)
    assert (layer.bias is None) == ("bias" in settings)


@each
def test_its_gradients_are_the_slopes_of_the_loop(make, shape, group, place):
    layer, x = filled(make(eps=0.01)), Value(RNG.normal(size=shape))
    g = RNG.normal(size=shape)
    layer(x).backward(g)
    point = [x.data, layer.weight.data, layer.bias.data]
    for k, v in enumerate((x, layer.weight, layer.bias)):

        def loss(moved, k=k):
            return (g * by_loops(*point[:k], moved, *point[k + 1 :], group, place, 0.01)).sum()

        np.testing.assert_allclose(v.grad, slopes(loss, point[k]), rtol=1e-8, atol=1e-9)


@each
def test_its_second_derivatives_are_right_too(make, shape, group, place):
    x = RNG.normal(size=shape)
    assert gradcheck(make(eps=0.01), x, order=2)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, w, b: F.batch_norm(x, weight=w, bias=b, training=True),
        lambda x, w, b: F.batch_norm(x, np.array([0.1, 0.2]), np.array([0.5, 2.0]), w, b),
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b),
        lambda x, w, b: F.group_norm(x, 1, w, b),
        lambda x, w, b: F.layer_norm(x, 2, w, b),
        lambda x, w, b: F.rms_norm(x, 2, w) + b,
        lambda x, w, b: F.batch_norm(x, weight=w, training=True) * b[0],
    ],
)
def test_input_and_parameters_together(f):
    x, w, b = RNG.normal(size=(2, 2, 2)), RNG.normal(size=2), RNG.normal(size=2)
    assert gradcheck(f, (x, w, b), order=2)


@each
def test_without_parameters(make, shape, group, place):
    setting = "elementwise_affine" if isinstance(make(), nn.LayerNorm) else "affine"
    layer = make(**{setting: False})
    x = RNG.normal(size=shape)
    expected = by_loops(x, None, None, group, place, 1e-5)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12, atol=1e-13)
    assert (layer.parameters(), layer.weight, layer.bias) == ([], None, None)


@given(sizes=st.tuples(*[st.integers(1, 3)] * 4), data=st.data())
def test_group_norm_of_any_shape_is_the_loop(sizes, data):
    n, groups, per, length = sizes
    shape = (n, groups * per, length)
    numbers = st.lists(st.integers(-9, 9), min_size=math.prod(shape), max_size=math.prod(shape))
    x = np.array(data.draw(numbers), float).reshape(shape)
    expected = by_loops(x, None, None, lambda i: (i[0], i[1] // per), second, 1e-3)
    np.testing.assert_allclose(F.group_norm(x, groups, eps=1e-3), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("settings", [{}, {"eps": 0.5}])
@pytest.mark.parametrize(("shape", "ends"), [((3, 4), (4,)), ((4,), (4,)), ((2, 2, 3), (2, 3))])
def test_rms_norm_is_the_loop(shape, ends, settings):
    layer, x = filled(nn.RMSNorm(ends, **settings)), RNG.normal(size=shape)
    y, eps = layer(x).data, settings.get("eps", 2.0**-52)
    for i in np.ndindex(shape[: -len(ends)]):
        square = math.fsum(v * v for v in x[i].ravel().tolist()) / math.prod(ends)
        for j in np.ndindex(ends):
            expected = x[i + j] / math.sqrt(square + eps) * layer.weight.data[j]
            assert y[i + j] == pytest.approx(expected, rel=1e-12)
    assert gradcheck(layer, x, order=2)
    assert nn.RMSNorm(ends, elementwise_affine=False).parameters() == []


def test_the_eps_of_rms_norm_follows_the_dtype():
    for dtype in ("f8", "f4"):
        tiny = np.full(2, np.finfo(dtype).eps, dtype)  # so small that eps shows
        expected = tiny / np.sqrt(tiny.astype("f8") ** 2 + np.finfo(dtype).eps)
        np.testing.assert_allclose(F.rms_norm(Value(tiny), 2).data, expected, rtol=1e-5)


def running(batches, momentum, group, channels):
    """Running mean and variance after these batches, in plain Python."""
    mean, var = [0.0] * channels, [1.0] * channels
    for count, x in enumerate(batches, 1):
        share = 1 / count if momentum is None else momentum
        found = statistics(x, group)
        for c in range(channels):
            mine = [found[key] for key in found if key == c or (group is both and key[1] == c)]
            m = math.fsum(a for a, _, _ in mine) / len(mine)
            v = math.fsum(b * n / (n - 1) for _, b, n in mine) / len(mine)
            mean[c] = (1 - share) * mean[c] + share * m
            var[c] = (1 - share) * var[c] + share * v
    return mean, var


TRACKING = {
    "features": (nn.BatchNorm1d, (4, 3), second),
    "sequences": (nn.BatchNorm1d, (2, 3, 4), second),
    "images": (nn.BatchNorm2d, (2, 3, 2, 2), second),
    "instances": (nn.InstanceNorm1d, (2, 3, 4), both),
    "pictures": (nn.InstanceNorm2d, (2, 3, 2, 2), both),
}
tracking = pytest.mark.parametrize(("kind", "shape", "group"), TRACKING.values(), ids=TRACKING)


@tracking
@pytest.mark.parametrize("momentum", [0.1, 0.7, 1.0, None])
def test_running_statistics_follow_the_batches(kind, shape, group, momentum):
    momentum = 0.5 if momentum is None and group is both else momentum  # batch norm's alone
    layer = filled(kind(3, 0.01, momentum, affine=True, track_running_stats=True))
    batches = [RNG.normal(size=shape) * k + k for k in (1, 2, 3)]
    for x in batches:
        layer(Value(x))
    mean, var = running(batches, momentum, group, 3)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, var, rtol=1e-12)
    x = Value(batches[0])
    y = layer.eval()(x)
    y.sum().backward()
    w, b = layer.weight.data, layer.bias.data
    for i in np.ndindex(shape):
        c, factor = i[1], w[i[1]] / math.sqrt(var[i[1]] + 0.01)
        assert y.data[i] == pytest.approx((x.data[i] - mean[c]) * factor + b[c], abs=1e-12)
        assert x.grad[i] == pytest.approx(factor, rel=1e-12)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-12)


def test_batches_are_counted_in_training_only():
    layer, x = nn.BatchNorm1d(3), RNG.normal(size=(4, 3))
    for _ in range(3):
        layer(x)
    layer.eval()(x)
    assert layer.num_batches_tracked == 3
    assert layer.astype(np.float32).num_batches_tracked.dtype.kind == "i"


@tracking
def test_without_running_statistics_evaluation_goes_by_the_batch(kind, shape, group):
    layer, x = kind(3, affine=False, track_running_stats=False), RNG.normal(size=shape)
    expected = by_loops(x, None, None, group, second, 1e-5)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(layer.eval()(x), expected, rtol=1e-12, atol=1e-13)
    assert (layer.state_dict(), layer.running_mean) == ({}, None)


@tracking
def test_state_goes_round(kind, shape, group):
    layer = filled(kind(3, affine=True, track_running_stats=True))
    other = kind(3, affine=True, track_running_stats=True)
    x = RNG.normal(size=shape)
    layer(x)
    state = layer.state_dict()
    assert list(state) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    other.load_state_dict(state)
    np.testing.assert_array_equal(other.eval()(x).data, layer.eval()(x).data)
    assert other.num_batches_tracked == layer.num_batches_tracked
    before = layer.running_var.copy()
    other.train()(3 * x)  # the two share no memory
    np.testing.assert_array_equal(layer.running_var, before)
    np.testing.assert_array_equal(state["running_var"], before)
    with pytest.raises(ValueError, match="running_mean is missing"):
        other.load_state_dict({"weight": np.ones(3), "bias": np.ones(3)})


@each
@pytest.mark.parametrize("mode", [True, False])
def test_single_precision_stays(make, shape, group, place, mode):
    layer = make(dtype="f4") if mode else make().astype(np.float32)
    layer.train(mode)
    x = Value(RNG.normal(size=shape).astype("f4"))
    y = layer(x)
    (y * y).sum().backward()
    arrays = [y, x.grad, *(p.grad for p in layer.parameters())]
    arrays += [a for name, a in layer.named_buffers() if name != "num_batches_tracked"]
    assert {a.dtype for a in arrays} == {np.dtype("f4")}
    wide = make().train(mode)
    np.testing.assert_allclose(y.data, wide(x.data.astype(float)).data, rtol=1e-4, atol=1e-5)


@each
def test_memory_in_another_order_and_lists_give_the_same(make, shape, group, place):
    layer, x = make(), RNG.normal(size=shape)
    expected = layer(x).data
    np.testing.assert_allclose(layer(np.asfortranarray(x)).data, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(layer(x[..., ::-1][..., ::-1]).data, expected)
    np.testing.assert_allclose(layer(x.tolist()).data, expected)
    whole = np.arange(x.size).reshape(shape)
    np.testing.assert_allclose(layer(whole).data, layer(whole.astype(float)).data)


@each
def test_equal_values_become_the_bias(make, shape, group, place):
    layer, x = filled(make()), Value(np.full(shape, 3.0))
    y = layer(x)
    y.sum().backward()
    assert all(y.data[i] == layer.bias.data[place(i)] for i in np.ndindex(shape))
    assert np.isfinite(x.grad).all()


@each
def test_nan_spoils_only_what_it_is_normalized_with(make, shape, group, place):
    x = RNG.normal(size=shape)
    spoilt = (0,) * len(shape)
    x[spoilt] = math.nan
    y = make()(x).data
    for i in np.ndindex(shape):
        assert math.isnan(y[i]) == (group(i) == group(spoilt))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(3), (1, 3)),
        (nn.BatchNorm1d(3), (1, 3, 1)),
        (nn.BatchNorm2d(3), (1, 3, 1, 1)),
        (nn.BatchNorm1d(3, track_running_stats=False), (1, 3)),
        (nn.InstanceNorm1d(3, track_running_stats=True), (2, 3, 1)),
        (nn.InstanceNorm2d(3), (3, 1, 1)),
    ],
)
def test_one_value_per_channel_has_no_variance(layer, shape):
    before = layer.state_dict()
    with pytest.raises(ValueError, match="more than one value per channel"):
        layer(np.ones(shape))
    for name, kept in layer.state_dict().items():
        np.testing.assert_array_equal(kept, before[name])
    if layer.track_running_stats:
        assert layer.eval()(np.ones(shape)).shape == shape


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(3), (0, 3)),
        (nn.BatchNorm1d(3), (0, 3, 2)),
        (nn.BatchNorm2d(3), (2, 3, 0, 2)),
        (InstanceNorm1d(3), (0, 3, 2)),
        (InstanceNorm1d(3, track_running_stats=True), (0, 3, 2)),
        (InstanceNorm1d(3), (2, 3, 0)),
        (nn.GroupNorm(1, 3), (0, 3)),
        (nn.GroupNorm(1, 3), (2, 3, 0)),
        (nn.LayerNorm(3), (0, 3)),
        (nn.RMSNorm(3), (0, 3)),
    ],
)
def test_of_nothing_comes_nothing_and_statistics_stay(layer, shape, mode):
    layer.train(mode).zero_grad()
    before, x = layer.state_dict(), Value(np.ones(shape))
    y = layer(x)
    y.sum().backward()
    assert y.shape == x.grad.shape == shape
    assert not any(p.grad.any() for p in layer.parameters())
    for name, kept in layer.state_dict().items():
        if name != "num_batches_tracked":
            np.testing.assert_array_equal(kept, before[name])


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda: nn.BatchNorm1d(3)(np.ones((2, 4))), ShapeMismatch, r"\(N, 3\) or.*not \(2, 4\)"),
        (lambda: nn.BatchNorm2d(3)(np.ones((2, 3))), ShapeMismatch, r"\(N, 3, H, W\), not \(2, 3"),
        (lambda: nn.InstanceNorm1d(3)(np.ones(3)), ShapeMismatch, r"\(3, L\) or \(N, 3, L\)"),
        (lambda: nn.LayerNorm((2, 3))(np.ones(3)), ShapeMismatch, r"\(\.\.\., 2, 3\), not \(3,\)"),
        (lambda: nn.RMSNorm(3)(1.0), ShapeMismatch, r"\(\.\.\., 3\), not \(\)"),
        (lambda: nn.GroupNorm(2, 4)(np.ones((2, 3))), ShapeMismatch, r"\(N, 4, \*sizes\)"),
        (lambda: nn.GroupNorm(2, 3), ValueError, r"GroupNorm\(2, 3\)"),
        (lambda: nn.BatchNorm1d(0), ValueError, r"BatchNorm1d\(0\).*at least 1"),
        (lambda: nn.LayerNorm(()), ValueError, "LayerNorm takes a length"),
        (lambda: F.layer_norm(np.ones((2, 3)), 3, np.ones(2)), ShapeMismatch, r"\(3,\), not \(2,"),
        (lambda: F.group_norm(np.ones((2, 3)), 2), ShapeMismatch, "2 groups .* 3 channels"),
        (lambda: F.batch_norm(np.ones((2, 3))), ValueError, "takes running_mean and running_var"),
        (lambda: F.instance_norm(np.ones((2, 3, 4)), weight=np.ones(2)), ShapeMismatch, "3 chan"),
    ],
)
def test_what_does_not_fit_is_refused(attempt, error, says):
    with pytest.raises(error, match=says):
        attempt()


def test_lengths_may_be_numpy_integers():
    assert nn.LayerNorm(np.int64(3)).normalized_shape == (3,)


def test_a_layer_shows_its_settings():
    assert repr(nn.BatchNorm2d(3, 0.1, None, bias=False)) == (
        "BatchNorm2d(3, eps=0.1, momentum=None, affine=True, bias=False, track_running_stats=True)"
    )
    assert repr(nn.LayerNorm(4)) == "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)"
    assert repr(nn.RMSNorm((2, 3))) == "RMSNorm((2, 3), eps=None, elementwise_affine=True)"
    assert repr(nn.GroupNorm(2, 4, 0.1)) == "GroupNorm(2, 4, eps=0.1, affine=True, bias=True)"
