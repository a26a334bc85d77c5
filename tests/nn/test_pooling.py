"""Pooling and resizing against loops over all output places; ties, NaN, errors."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck, gradgradcheck


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def each(setting, axes):
    return tuple(setting) if isinstance(setting, tuple) else (setting,) * axes


def starts(n, reach, stride, padding, ceil_mode):
    """Where windows begin: all of each lies inside, or, with ceil_mode, some of it."""
    if ceil_mode:  # and what comes before it did not reach the end
        return [a for a in range(-padding, n, stride) if a - stride + reach < n + padding]
    return [a for a in range(-padding, n + padding, stride) if a + reach <= n + padding]


def sliding(sizes, kernel, stride=None, padding=0, dilation=1, ceil_mode=False):
    """For each axis, the places that each window takes along it, also those in the padding."""
    settings = (each(s, len(sizes)) for s in (kernel, stride or kernel, padding, dilation))
    return [
        [[a + t * d for t in range(k)] for a in starts(n, d * (k - 1) + 1, s, p, ceil_mode)]
        for n, k, s, p, d in zip(sizes, *settings, strict=True)
    ]


def parts(sizes, wanted):
    """For each axis, the places of each of the parts asked for."""
    return [
        [range(math.floor(i * n / m), math.ceil((i + 1) * n / m)) for i in range(m)]
        for n, m in zip(sizes, (m or n for m, n in zip(wanted, sizes, strict=True)), strict=True)
    ]


def largest(x, windows):
    """The largest of each window, and the index of the first such element."""
    y = np.empty(x.shape[:2] + tuple(map(len, windows)))
    first = np.empty(y.shape, object)
    for n, c, *place in np.ndindex(y.shape):
        along = (w[i] for w, i in zip(windows, place, strict=True))
        taps = itertools.product([n], [c], *along)
        inside = [t for t in taps if all(0 <= i < m for i, m in zip(t, x.shape, strict=True))]
        found = [x[index] for index in inside]
        y[n, c, *place] = best = np.max(found)
        first[n, c, *place] = inside[[v == best or v != v for v in found].index(True)]
    return y, first


def means(x, windows, padding=0, count_include_pad=False, divisor_override=None):
    """The mean of each window; the padding, where it counts, reaches beyond both ends."""
    y = np.empty(x.shape[:2] + tuple(map(len, windows)))
    sizes = x.shape[2:]
    around = each(padding, len(sizes))
    for n, c, *place in np.ndindex(y.shape):
        taps = list(itertools.product(*(w[i] for w, i in zip(windows, place, strict=True))))
        inside = [t for t in taps if all(0 <= i < m for i, m in zip(t, sizes, strict=True))]
        ends = [m + p for m, p in zip(sizes, around, strict=True)]
        near = [t for t in taps if all(i < m for i, m in zip(t, ends, strict=True))]
        count = divisor_override or len(near if count_include_pad else inside)
        y[n, c, *place] = sum(x[n, c, *t] for t in inside) / count
    return y


def neighbours(i, n, size, factor, mode, align_corners):
    """The places along an axis of n that make the i-th of size, with their shares."""
    step = 1 / factor if factor else n / size
    if mode == "nearest":  # rounded in single precision, as elsewhere in this field
        return [(min(int(np.float32(i) * np.float32(step)), n - 1), 1.0)]
    if size == n:
        return [(i, 1.0)]
    if align_corners:
        where = i * (n - 1) / (size - 1) if size > 1 else 0.0
    else:
        where = max((i + 0.5) * step - 0.5, 0.0)
    low = min(int(where), n - 1)
    return [(low, 1 - (where - low)), (min(low + 1, n - 1), where - low)]


def resized(x, size=None, scale_factor=None, mode="nearest", align_corners=None):
    sizes = x.shape[2:]
    factors = each(scale_factor, len(sizes))
    if size is None:
        size = tuple(math.floor(n * f) for n, f in zip(sizes, factors, strict=True))
    y = np.zeros((*x.shape[:2], *each(size, len(sizes))))
    for n, c, *place in np.ndindex(y.shape):
        axes = zip(place, sizes, y.shape[2:], factors, strict=True)
        if mode == "nearest" and len(sizes) == 2:  # images of the same or twice the size are exact
            axes = [(i, n, m, None if m in (n, 2 * n) else f) for i, n, m, f in axes]
        shares = [neighbours(*axis, mode, align_corners) for axis in axes]
        for some in itertools.product(*shares):
            index, share = zip(*some, strict=True)
            y[n, c, *place] += x[n, c, *index] * math.prod(share)
    return y


def gradient(f, x, c=1.0):
    v = Value(x)
    y = f(v)
    y.backward(np.broadcast_to(c, y.shape))
    return v.grad


def differences(f, x, c):
    """The gradient of (f(x) * c).sum(), where f is linear: its response to each element."""
    return np.reshape([(f(e.reshape(x.shape)) * c).sum() for e in np.eye(x.size)], x.shape)


def given_to_first(x, y, first, c):
    g = np.zeros(x.shape)
    for index in np.ndindex(y.shape):
        g[first[index]] += c[index]
    return g


@st.composite
def pools(draw, dilated):
    """The number of axes, a kernel, settings, and the sizes of an image that fit them."""
    axes = draw(st.integers(1, 2))

    def setting(lo, hi):
        return draw(st.integers(lo, hi) | st.tuples(*[st.integers(lo, hi)] * axes))

    kernel = setting(1, 3)
    settings = {"ceil_mode": draw(st.booleans())}
    settings["stride"] = draw(st.sampled_from([None, setting(1, 3)]))
    settings["padding"] = tuple(draw(st.integers(0, k // 2)) for k in each(kernel, axes))
    settings["dilation"] = setting(1, 2) if dilated else 1
    around = zip(each(kernel, axes), each(settings["dilation"], axes), strict=True)
    sizes = [d * (k - 1) + 1 + draw(st.integers(0, 3)) for k, d in around]
    if not dilated:
        del settings["dilation"]
    return axes, kernel, settings, (draw(st.integers(0, 2)), 2, *sizes)


@given(pools(dilated=True))
def test_max_pools_and_their_gradients_equal_the_loop(drawn):
    axes, kernel, settings, shape = drawn
    x = np.round(normal(*shape))  # many ties
    y, first = largest(x, sliding(shape[2:], kernel, **settings))
    close(getattr(nn, f"max_pool{axes}d")(x, kernel, **settings), y)
    layer, c = getattr(nn, f"MaxPool{axes}d")(kernel, **settings), normal(*y.shape)
    close(gradient(layer, x, c), given_to_first(x, y, first, c))


@given(pools(dilated=False), st.booleans(), st.sampled_from([None, 3]))
def test_avg_pools_and_their_gradients_equal_the_loop(drawn, count_include_pad, divisor):
    axes, kernel, settings, shape = drawn
    windows = sliding(shape[2:], kernel, **settings)
    settings["count_include_pad"] = count_include_pad
    if axes == 2:
        settings["divisor_override"] = divisor

    def loop(x):
        own = settings.get("divisor_override")
        return means(x, windows, settings["padding"], count_include_pad, own)

    x = normal(*shape)
    y = loop(x)
    close(getattr(nn, f"avg_pool{axes}d")(x, kernel, **settings), y)
    layer, c = getattr(nn, f"AvgPool{axes}d")(kernel, **settings), normal(*y.shape)
    close(gradient(layer, x, c)[:1, :1], differences(loop, x[:1, :1], c[:1, :1]))


SIZES = st.integers(1, 6)


@given(st.tuples(SIZES) | st.tuples(SIZES, SIZES), st.data())
def test_adaptive_pools_and_their_gradients_equal_the_loop(sizes, data):
    axes = len(sizes)
    wanted = data.draw(st.tuples(*[st.none() | SIZES] * axes))
    x = np.round(normal(2, 1, *sizes))  # many ties
    y, first = largest(x, parts(sizes, wanted))
    asked = wanted if axes == 2 else wanted[0]
    close(getattr(nn, f"adaptive_max_pool{axes}d")(x, asked), y)
    layer, c = getattr(nn, f"AdaptiveMaxPool{axes}d")(asked), normal(*y.shape)
    close(gradient(layer, x, c), given_to_first(x, y, first, c))

    def loop(x):
        return means(x, parts(sizes, wanted))

    close(getattr(nn, f"adaptive_avg_pool{axes}d")(x, asked), loop(x))
    layer = getattr(nn, f"AdaptiveAvgPool{axes}d")(asked)
    close(gradient(layer, x, c)[:1], differences(loop, x[:1], c[:1]))


FACTORS = st.sampled_from([1 / 3, 0.5, 0.8, 1.0, 1.3, 1.5, 2.0, 3.0])


@given(st.integers(1, 3), st.data())
def test_resized_images_and_their_gradients_equal_the_loop(axes, data):
    sizes = data.draw(st.tuples(*[st.integers(3, 5 - (axes == 3))] * axes))
    mode = data.draw(st.sampled_from(["nearest", ("linear", "bilinear", "nearest")[axes - 1]]))
    corners = None if mode == "nearest" else data.draw(st.sampled_from([None, True, False]))
    one, name = data.draw(st.sampled_from([(st.integers(1, 7), "size"), (FACTORS, "scale_factor")]))
    settings = {name: data.draw(one | st.tuples(*[one] * axes))}
    settings |= {"mode": mode, "align_corners": corners}
    x = normal(1, 1 if axes == 3 else 2, *sizes)
    y = resized(x, **settings)
    close(nn.interpolate(x, **settings), y)
    layer, c = nn.Upsample(**settings), normal(*y.shape)
    wanted = differences(lambda x: resized(x, **settings), x[:, :1], c[:, :1])
    close(gradient(layer, x, c)[:, :1], wanted)


EVERY = {
    "max_pool1d": lambda x: nn.max_pool1d(x, 2, padding=1),
    "avg_pool1d": lambda x: nn.avg_pool1d(x, 3, stride=2, ceil_mode=True),
    "max_pool2d": lambda x: nn.max_pool2d(x, (3, 2), stride=1, dilation=(1, 2)),
    "avg_pool2d": lambda x: nn.avg_pool2d(x, 2, padding=1, count_include_pad=False),
    "adaptive_max_pool1d": lambda x: nn.adaptive_max_pool1d(x, 3),
    "adaptive_avg_pool1d": lambda x: nn.adaptive_avg_pool1d(x, 3),
    "adaptive_max_pool2d": lambda x: nn.adaptive_max_pool2d(x, (3, 2)),
    "adaptive_avg_pool2d": lambda x: nn.adaptive_avg_pool2d(x, (None, 3)),
    "nearest 1d": lambda x: nn.interpolate(x, 7),
    "linear 1d": lambda x: nn.interpolate(x, 7, mode="linear"),
    "nearest 2d": lambda x: nn.interpolate(x, scale_factor=2),
    "bilinear 2d": lambda x: nn.interpolate(x, (3, 8), mode="bilinear", align_corners=True),
}


@pytest.fixture(params=EVERY)
def example(request):
    """A function and an image for it, of numbers far from one another."""
    shape = (2, 3, 4, 5) if "2d" in request.param else (2, 3, 5)
    numbers = np.random.default_rng(0).permutation(math.prod(shape)) / 8
    return EVERY[request.param], numbers.reshape(shape)


def test_first_and_second_derivatives(example):
    function, x = example
    assert gradgradcheck(lambda x: function(x) ** 2, x[:1, :1])
    assert gradcheck(function, x, order=2, cheap=True)


def test_single_precision_is_kept(example):
    function, x = example
    y = function(x.astype("f4"))
    assert (y.dtype, gradient(function, x.astype("f4")).dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(y, function(x), rtol=1e-5)


def test_no_images_give_no_images(example):
    function, x = example
    assert function(x[:0]).shape == (0, *function(x).shape[1:])
    assert gradient(function, x[:0]).shape == x[:0].shape


def test_an_image_may_lie_in_memory_in_any_way(example):
    function, x = example
    backwards = np.ascontiguousarray(x[..., ::-1])[..., ::-1]
    for other in (backwards, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x.tolist()):
        np.testing.assert_array_equal(function(other), function(x))


def test_whole_numbers_and_bools_are_numbers_too(example):
    function, x = example
    for dtype in (np.uint8, np.int64, bool):
        whole = (x * 8).astype(int) % 256 > 20 if dtype is bool else (x * 8).astype(dtype)
        np.testing.assert_array_equal(function(whole), function(whole.astype(float)))


@pytest.mark.parametrize("name", [name for name in EVERY if "pool" in name])
def test_a_pool_takes_an_image_without_the_axis_of_the_batch(name):
    x = normal(3, 4, 5) if "2d" in name else normal(3, 5)
    np.testing.assert_array_equal(EVERY[name](x), EVERY[name](x[None])[0])
    np.testing.assert_array_equal(gradient(EVERY[name], x), gradient(EVERY[name], x[None])[0])


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("mean", [nn.adaptive_avg_pool2d, lambda x, m: nn.avg_pool2d(x, 200 // m)])
def test_means_of_many_in_half_precision_are_right(mean, size):
    y = mean(np.full((1, 200, 200), 4, "f2"), size)
    assert (y.dtype, set(y.ravel().tolist())) == (np.float16, {4.0})


@pytest.mark.parametrize(
    ("pool", "wanted"),
    [
        (nn.MaxPool1d(3), [0, 1, 0, 1, 0, 0]),
        (nn.MaxPool1d(3, 1), [0, 2, 1, 1, 0, 0]),
        (nn.MaxPool1d(2, 2, 1), [1, 1, 0, 1, 0, 1]),
        (nn.AdaptiveMaxPool1d(2), [0, 1, 0, 1, 0, 0]),
        (nn.AdaptiveMaxPool1d(4), [0, 2, 0, 1, 1, 0]),
    ],
)
def test_of_equal_elements_the_first_gets_the_gradient(pool, wanted):
    x = np.array([[1.0, 3.0, 3.0, 3.0, 0.0, 0.0]])
    assert gradient(pool, x).tolist() == [wanted]


@pytest.mark.parametrize("pool", [nn.MaxPool1d(2, 2, 1), nn.MaxPool1d(3, 2, 1, ceil_mode=True)])
def test_padding_never_takes_the_gradient_of_an_element(pool):
    y = pool(np.full((1, 5), -np.inf))
    assert gradient(pool, np.full((1, 5), -np.inf)).sum() == y.size


@pytest.mark.parametrize("pool", [nn.MaxPool1d(3), nn.AdaptiveMaxPool1d(2), nn.AvgPool1d(3)])
def test_nan_is_not_lost_and_is_the_largest(pool):
    x = np.array([[5.0, np.nan, np.nan, 1.0, 2.0, 3.0]])
    assert np.isnan(pool(x)).tolist() == [[True, False]]
    if not isinstance(pool, nn.AvgPool1d):
        assert gradient(pool, x).tolist() == [[0, 1, 0, 0, 0, 1]]


@pytest.mark.parametrize("pool", [nn.max_pool1d, nn.adaptive_max_pool1d])
def test_complex_numbers_have_no_largest(pool):
    for x in (np.ones((1, 4), complex), Value(np.ones((1, 4), complex))):
        with pytest.raises(TypeError, match="complex"):
            pool(x, 2)


@pytest.mark.parametrize(
    ("layer", "shown"),
    [
        (nn.AvgPool1d(2), "AvgPool1d(kernel_size=2, stride=2, padding=0)"),
        (nn.MaxPool2d((2, 3), 1, 1, dilation=(1, 2), ceil_mode=True),
         "MaxPool2d(kernel_size=(2, 3), stride=1, padding=1, dilation=(1, 2), ceil_mode=True)"),
        (nn.AdaptiveAvgPool2d((None, 2)), "AdaptiveAvgPool2d(output_size=(None, 2))"),
        (nn.Upsample(None, 2, "bilinear"), "Upsample(scale_factor=2.0, mode='bilinear')"),
    ],
)  # fmt: skip
def test_repr(layer, shown):
    assert repr(layer) == shown


IMAGE = np.ones((1, 2, 4, 4))


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: nn.MaxPool2d(2)(IMAGE[0, 0]), r"^MaxPool2d\(.*\(C, H, W\), not \(4, 4\)"),
        (lambda: nn.AvgPool1d(2)(IMAGE), r"^AvgPool1d\(.*\(C, L\), not \(1, 2, 4, 4\)"),
        (lambda: nn.AdaptiveAvgPool2d(2)(1.0), r"^AdaptiveAvgPool2d\(.*, not \(\)"),
        (lambda: nn.max_pool2d(IMAGE[0, 0], 2), r"max_pool2d .*\(C, H, W\), not \(4, 4\)"),
        (lambda: nn.adaptive_max_pool1d(IMAGE, 2), r"adaptive_max_pool1d .* not \(1, 2, 4, 4\)"),
        (lambda: nn.AvgPool2d((2, 5))(IMAGE), r"5 does not fit into an axis of 4.*\(1, 2, 4, 4\)"),
        (lambda: nn.max_pool2d(IMAGE, 2, dilation=4), r"max_pool2d.* 5 does not fit .* 4"),
        (lambda: nn.max_pool1d(IMAGE[0, 0, :, :0], 2, padding=1), r"does not fit .* 0.*\(4, 0\)"),
        (lambda: nn.adaptive_avg_pool2d(IMAGE[..., :0], 2), r"avg_pool2d.*\(1, 2, 4, 0\)"),
        (lambda: nn.interpolate(IMAGE[0, 0], 2), r"\(N, C, \*sizes\), not \(4, 4\)"),
        (lambda: nn.Upsample(2, mode="bilinear")(IMAGE[0]), r"\(N, C, H, W\), not \(2, 4, 4\)"),
        (lambda: nn.interpolate(IMAGE, scale_factor=0.2), "scale_factor=0.2 .* axis of 4"),
    ],
)
def test_images_of_other_shapes_are_refused(attempt, message):
    with pytest.raises(ShapeMismatch, match=message):
        attempt()


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: nn.MaxPool2d(0)(IMAGE), "kernel_size is one integer of at least 1.* 0"),
        (lambda: nn.MaxPool2d((2, 2, 2))(IMAGE), r"kernel_size .* tuple of 2; not \(2, 2, 2\)"),
        (lambda: nn.MaxPool2d(2, 0)(IMAGE), "stride is one integer of at least 1.* 0"),
        (lambda: nn.AvgPool2d(2, 2, -1)(IMAGE), "padding is one integer of at least 0.* -1"),
        (lambda: nn.AvgPool2d(3, 1, 2)(IMAGE), r"avg_pool2d: padding .* half .*\(3, 3\).*\(2, 2\)"),
        (lambda: nn.AvgPool2d(2, divisor_override=0)(IMAGE), "divisor_override is 0"),
        (lambda: nn.AdaptiveAvgPool2d(0)(IMAGE), "adaptive_avg_pool2d: output_size .* not 0"),
        (lambda: nn.interpolate(IMAGE), "either size or scale_factor"),
        (lambda: nn.interpolate(IMAGE, 2, 2), "either size or scale_factor"),
        (lambda: nn.interpolate(IMAGE, (1, 2, 3)), r"size .* not \(1, 2, 3\)"),
        (lambda: nn.interpolate(IMAGE, (2, None)), r"size .* not \(2, None\)"),
        (lambda: nn.interpolate(IMAGE, 0), "size is whole and positive.* 0"),
        (lambda: nn.interpolate(IMAGE, 2.5), "size is whole and positive.* 2.5"),
        (lambda: nn.interpolate(IMAGE, "ab"), "size .* 'ab'"),
        (lambda: nn.interpolate(IMAGE, scale_factor=math.inf), "scale_factor .* inf"),
        (lambda: nn.interpolate(IMAGE, 2, mode="cubic"), "mode is 'cubic'; it is 'nearest'"),
        (
            lambda: nn.interpolate(IMAGE, 2, align_corners=True),
            "align_corners is for mode",
        ),
    ],
)
def test_wrong_settings_are_refused(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()


def test_settings_may_be_integers_of_numpy():
    two = np.int64(2)
    for name in ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "interpolate"):
        function = getattr(nn, name)
        np.testing.assert_array_equal(function(IMAGE, two), function(IMAGE, 2))
