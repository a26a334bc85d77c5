"""Activations against plain Python, one number after the other; their kinks, edges and settings."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import ShapeMismatch, Value, gradcheck
from nn import functional as F

POINTS = np.arange(-8, 8, 0.5) + 0.013  # none within 0.01 of a kink


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x, beta=1.0, threshold=20.0):
    return x if beta * x > threshold else math.log1p(math.exp(beta * x)) / beta


def elu(x, alpha=1.0):
    return x if x > 0 else alpha * math.expm1(x)


def selu(x):
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x):
    return x * math.erfc(-x / math.sqrt(2)) / 2


def gelu_by_tanh(x):
    return x * 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def hardtanh(x, low=-1.0, high=1.0):
    return low if x < low else high if x > high else x


# the function, its module and what both are for one number
ACTIVATIONS = {
    "relu": (F.relu, nn.ReLU(), lambda x: x if x > 0 else 0.0),
    "leaky_relu": (F.leaky_relu, nn.LeakyReLU(), lambda x: x if x > 0 else 0.01 * x),
    "steep leaky_relu": (
        lambda x: F.leaky_relu(x, negative_slope=1.7),
        nn.LeakyReLU(1.7),
        lambda x: x if x > 0 else 1.7 * x,
    ),
    "elu": (F.elu, nn.ELU(), elu),
    "elu of 0.3": (lambda x: F.elu(x, alpha=0.3), nn.ELU(0.3), lambda x: elu(x, 0.3)),
    "selu": (F.selu, nn.SELU(), selu),
    "celu": (F.celu, nn.CELU(), elu),
    "celu of a half": (
        lambda x: F.celu(x, alpha=0.5),
        nn.CELU(0.5),
        lambda x: x if x > 0 else 0.5 * math.expm1(x / 0.5),
    ),
    "gelu": (F.gelu, nn.GELU(), gelu),
    "gelu by tanh": (lambda x: F.gelu(x, approximate="tanh"), nn.GELU("tanh"), gelu_by_tanh),
    "silu": (F.silu, nn.SiLU(), lambda x: x * sigmoid(x)),
    "mish": (F.mish, nn.Mish(), lambda x: x * math.tanh(math.log1p(math.exp(x)))),
    "softplus": (F.softplus, nn.Softplus(), softplus),
    "softplus of 2": (
        lambda x: F.softplus(x, beta=2.0, threshold=3.0),
        nn.Softplus(2.0, 3.0),
        lambda x: softplus(x, 2.0, 3.0),
    ),
    "softsign": (F.softsign, nn.Softsign(), lambda x: x / (1 + abs(x))),
    "hardtanh": (F.hardtanh, nn.Hardtanh(), hardtanh),
    "lopsided hardtanh": (
        lambda x: F.hardtanh(x, min_val=-0.7, max_val=2.3),
        nn.Hardtanh(-0.7, 2.3),
        lambda x: hardtanh(x, -0.7, 2.3),
    ),
    "hardswish": (F.hardswish, nn.Hardswish(), lambda x: x * hardtanh((x + 3) / 6, 0.0, 1.0)),
    "sigmoid": (F.sigmoid, nn.Sigmoid(), sigmoid),
    "tanh": (F.tanh, nn.Tanh(), math.tanh),
}
each = pytest.mark.parametrize(
    ("function", "module", "by_hand"), ACTIVATIONS.values(), ids=ACTIVATIONS.keys()
)


def slope(f, x, h=1e-3):
    """The central difference of the fourth order."""
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def derivative(f, x):
    """What backward finds at one number of an array."""
    v = Value(np.array([x]))
    f(v).sum().backward()
    return v.grad[0]


@each
@given(x=st.floats(-30, 30))
def test_an_activation_is_its_formula(function, module, by_hand, x):
    expected = pytest.approx(by_hand(x), rel=1e-13, abs=1e-14)
    assert function(np.array([x]))[0] == expected
    assert module(Value(x)).data == expected


@each
def test_its_gradient_is_the_slope_of_the_formula(function, module, by_hand):
    x, g = Value(POINTS), np.cos(POINTS)
    function(x).backward(g)
    expected = [a * slope(by_hand, p) for a, p in zip(g, POINTS, strict=True)]
    np.testing.assert_allclose(x.grad, expected, rtol=1e-9, atol=1e-11)


@each
def test_its_second_derivative_is_right_too(function, module, by_hand):
    assert gradcheck(module, POINTS[8:24:2].reshape(2, 4), order=2)


@each
@pytest.mark.parametrize("dtype", ["f4", "f2"])
def test_single_and_half_precision_stay(function, module, by_hand, dtype):
    x = Value(POINTS.astype(dtype))
    y = module(x)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype, function(x.data).dtype) == (np.dtype(dtype),) * 3
    expected = [by_hand(p) for p in x.data.tolist()]
    few = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(y.data, expected, rtol=few, atol=few * 4)


@each
def test_shapes_stay_what_they_are(function, module, by_hand):
    for shape in ((), (0,), (2, 0, 3), (2, 3)):
        x = Value(np.full(shape, 0.4))
        y = function(x)
        y.sum().backward()
        assert (y.shape, np.shape(x.grad)) == (shape, shape)
    assert function(Value(0.4)).item() == pytest.approx(by_hand(0.4))


@each
def test_memory_in_another_order_gives_the_same(function, module, by_hand):
    x = POINTS.reshape(4, 8)
    for view in (x.T, x[::-2, ::3], np.broadcast_to(x[0], (2, 8))):
        v, w = Value(view), Value(np.ascontiguousarray(view))
        function(v).sum().backward()
        function(w).sum().backward()
        np.testing.assert_array_equal(function(v).data, function(w).data)
        np.testing.assert_array_equal(v.grad, w.grad)


@each
def test_whole_numbers_are_taken_as_real_ones(function, module, by_hand):
    y = function(np.array([-2, 2]))
    np.testing.assert_allclose(y, [by_hand(-2.0), by_hand(2.0)], rtol=1e-14)


@each
def test_nan_stays_nan(function, module, by_hand):
    y = function(Value(np.array([math.nan, 1.0]))).data
    assert math.isnan(y[0])
    assert y[1] == pytest.approx(by_hand(1.0))


# what a function and its derivative tend to, far on the left and far on the right
FAR = {
    "relu": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "leaky_relu": (lambda x: 0.01 * x, 0.01, lambda x: x, 1.0),
    "elu": (lambda x: -1.0, 0.0, lambda x: x, 1.0),
    "selu": (lambda x: selu(-1e9), 0.0, selu, selu(1.0)),
    "celu of a half": (lambda x: -0.5, 0.0, lambda x: x, 1.0),
    "gelu": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "gelu by tanh": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "silu": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "mish": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "softplus": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "softplus of 2": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "softsign": (lambda x: -1.0, 0.0, lambda x: 1.0, 0.0),
    "hardtanh": (lambda x: -1.0, 0.0, lambda x: 1.0, 0.0),
    "hardswish": (lambda x: 0.0, 0.0, lambda x: x, 1.0),
    "sigmoid": (lambda x: 0.0, 0.0, lambda x: 1.0, 0.0),
    "tanh": (lambda x: -1.0, 0.0, lambda x: 1.0, 0.0),
}


@pytest.mark.parametrize(
    ("dtype", "x"), [("f8", 1e5), ("f8", 1e20), ("f8", 1e100), ("f8", 1.6e308), ("f4", 1e20)]
)
@pytest.mark.parametrize("name", FAR)
def test_far_out_nothing_overflows(name, dtype, x):
    left, left_slope, right, right_slope = FAR[name]
    v = Value(np.array([-x, x], dtype))
    y = ACTIVATIONS[name][0](v)
    y.sum().backward()
    few = 1e-4 if x == 1e5 else 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(y.data, [left(-x), right(x)], rtol=few, atol=few)
    np.testing.assert_allclose(v.grad, [left_slope, right_slope], rtol=few, atol=few)


@each
@given(size=st.floats(1e-300, 1e-20), sign=st.sampled_from([-1, 1]))
def test_next_to_0_it_is_a_straight_line(function, module, by_hand, size, sign):
    x, near = sign * size, sign * 1e-9  # the slope on this side of 0
    chord = (by_hand(near) - by_hand(0.0)) / near
    assert function(np.array([x]))[0] == pytest.approx(by_hand(0.0) + chord * x, rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("relu", 0, math.inf),
        ("leaky_relu", -math.inf, math.inf),
        ("elu", -1, math.inf),
        ("celu of a half", -0.5, math.inf),
        ("softplus", 0, math.inf),
        ("hardtanh", -1, 1),
        ("sigmoid", 0, 1),
        ("tanh", -1, 1),
    ],
)
def test_at_infinity_it_is_the_limit(name, left, right):
    assert ACTIVATIONS[name][0](np.array([-math.inf, math.inf])).tolist() == [left, right]


@pytest.mark.parametrize("name", ["gelu", "gelu by tanh", "silu", "mish", "hardswish"])
def test_gates_let_plus_infinity_through(name):
    assert ACTIVATIONS[name][0](np.array([math.inf])).tolist() == [math.inf]


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "hardswish", "softplus"])
def test_at_infinity_the_slope_is_the_limit(name):
    x = Value([math.inf, 100.0, -1.0])
    ACTIVATIONS[name][0](x).sum().backward()
    assert x.grad[0] == 1 == x.grad[1]


def test_a_slope_of_0_makes_a_relu_at_infinity_too():
    ends = np.array([-math.inf, -1.0, math.inf])
    assert abs(F.leaky_relu(ends, negative_slope=0.0))[1:].tolist() == [0, math.inf]
    assert F.prelu(ends[1:], np.zeros(1)).tolist() == [0, math.inf]


def test_gelu_is_exact_to_the_last_digit():
    x = np.linspace(-40, 40, 20001)
    for a, y in zip(x.tolist(), F.gelu(x).tolist(), strict=True):
        expected = a * 0.5 * (1 + math.erf(a / math.sqrt(2)))
        assert abs(y - expected) <= max(1e-15, math.ulp(expected)), a
    single = x.astype("f4")
    for a, y in zip(single.tolist(), F.gelu(single).tolist(), strict=True):
        assert abs(y - gelu(a)) <= 1e-6, a


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (F.relu, 0.0, 0.0),
        (F.relu, -0.0, 0.0),
        (lambda x: F.leaky_relu(x, negative_slope=0.2), 0.0, 0.2),
        (lambda x: F.leaky_relu(x, negative_slope=0.2), -0.0, 0.2),
        (lambda x: F.elu(x, alpha=1.5), 0.0, 1.5),
        (lambda x: F.celu(x, alpha=1.5), 0.0, 1.0),
        (lambda x: F.prelu(x, np.array([0.3])), 0.0, 0.3),
        (F.hardtanh, -1.0, 0.0),
        (F.hardtanh, 1.0, 0.0),
        (F.hardtanh, 0.99, 1.0),
        (lambda x: F.hardtanh(x, min_val=0.0, max_val=2.0), 0.0, 0.0),
        (lambda x: F.hardtanh(x, min_val=0.0, max_val=2.0), 2.0, 0.0),
        (lambda x: F.softplus(x, beta=2.0, threshold=3.0), 1.5, sigmoid(3.0)),
        (lambda x: F.softplus(x, beta=2.0, threshold=3.0), math.nextafter(1.5, 2), 1.0),
    ],
)
def test_at_its_kink_the_derivative_is_what_the_docstring_says(f, x, expected):
    assert derivative(f, x) == pytest.approx(expected, rel=1e-15, abs=0)


def test_the_second_derivative_of_elu_at_0_is_that_from_below():
    curvature = autograd.grad(autograd.grad(lambda x: F.elu(x, alpha=1.5)))
    assert curvature(0.0) == 1.5
    assert curvature(1e-9) == 0


def test_above_its_threshold_softplus_is_x_itself():
    assert F.softplus(np.array([20.0]))[0] > 20
    assert F.softplus(np.array([math.nextafter(20.0, 21)])) == math.nextafter(20.0, 21)
    assert autograd.softplus(20.5) > 20.5


def test_prelu_has_one_weight_or_one_for_each_channel():
    x = np.random.default_rng(0).normal(size=(3, 2, 4))
    for weights in ([0.3], [0.3, -0.2]):
        v, w = Value(x), Value(np.array(weights))
        y = F.prelu(v, w)
        y.sum().backward()
        grad_w = [0.0] * len(weights)
        for i in np.ndindex(x.shape):
            k = i[1] % len(weights)
            assert y.data[i] == (x[i] if x[i] > 0 else weights[k] * x[i])
            assert v.grad[i] == (1 if x[i] > 0 else weights[k])
            grad_w[k] += min(x[i], 0)
        np.testing.assert_allclose(w.grad, grad_w, rtol=1e-13)
        assert gradcheck(F.prelu, (x, np.array(weights)), order=2)
    w = Value(np.array([0.3]))
    F.prelu(np.zeros(3), w).sum().backward()
    assert w.grad.tolist() == [0]


def test_prelu_as_a_layer():
    layer = nn.PReLU(2, init=0.5, dtype="f4")
    assert layer.state_dict()["weight"].tolist() == [0.5, 0.5]
    assert layer(-np.ones((3, 2), "f4")).dtype == np.float32
    assert layer(np.ones((0, 2, 4))).shape == (0, 2, 4)
    assert nn.PReLU()(Value(-2.0)).item() == -0.5
    assert F.prelu(-np.ones(3, "f4"), 0.5).dtype == np.float32
    with pytest.raises(ShapeMismatch, match=r"PReLU\(num_parameters=2\).*\(N, 2, \*\).*\(3, 4\)"):
        layer(np.ones((3, 4)))
    with pytest.raises(ShapeMismatch, match=r"1 or 4 weights, not 3"):
        F.prelu(np.ones((2, 4)), np.ones(3))
    with pytest.raises(ValueError, match="at least 1"):
        nn.PReLU(0)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_glu_gates_one_half_with_the_other(axis):
    x = np.random.default_rng(0).normal(size=(2, 4, 6))
    y = nn.GLU(axis)(Value(x)).data
    half = x.shape[axis] // 2
    assert y.shape == tuple(half if k == axis % 3 else n for k, n in enumerate(x.shape))
    for i in np.ndindex(y.shape):
        j = tuple(a + half if k == axis % 3 else a for k, a in enumerate(i))
        assert y[i] == pytest.approx(x[i] * sigmoid(x[j]), rel=1e-14)
    assert gradcheck(nn.GLU(axis), x[:, :2, :2], order=2)


def test_glu_says_what_it_cannot_halve():
    for x, axis in ((np.ones((2, 3)), -1), (1.0, -1)):
        with pytest.raises(ShapeMismatch, match="not even"):
            F.glu(x, axis=axis)
    assert F.glu(np.ones((0, 4))).shape == (0, 2)
    with pytest.raises((ShapeMismatch, np.exceptions.AxisError), match="axis 1"):
        F.glu(np.ones(4), axis=1)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_and_its_logarithm_go_along_an_axis(axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)) * 5
    soft, log = nn.Softmax(axis)(x), nn.LogSoftmax(axis)(x)
    for i in np.ndindex(x.shape):
        row = [x[(*i[: axis % 3], k, *i[axis % 3 + 1 :])] for k in range(x.shape[axis])]
        p = math.exp(x[i]) / math.fsum(map(math.exp, row))
        assert soft[i] == pytest.approx(p, rel=1e-13)
        assert log[i] == pytest.approx(math.log(p), rel=1e-12)
    assert gradcheck(nn.Softmax(axis), x[:, :2, :2], order=2)
    assert gradcheck(nn.LogSoftmax(axis), x[:, :2, :2], order=2)


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda: nn.ReLU(inplace=True), TypeError, "ReLU has no setting 'inplace'; it has none"),
        (lambda: nn.ReLU(1), TypeError, r"0 settings \(none\), not 1"),
        (lambda: nn.ELU(beta=1.0), TypeError, "ELU has no setting 'beta'; it has alpha"),
        (lambda: nn.ELU(1.0, 2.0), TypeError, r"1 settings \(alpha\), not 2"),
        (lambda: nn.ELU(1.0, alpha=2.0), TypeError, "'alpha' is given twice"),
        (lambda: nn.Softmax(dim=1), TypeError, "no setting 'dim'; it has axis"),
        (lambda: F.celu(1.0, alpha=0.0), ValueError, "alpha of celu is positive, not 0.0"),
        (lambda: F.softplus(1.0, beta=0.0), ValueError, "the beta of softplus is positive"),
        (lambda: F.gelu(1.0, approximate="erf"), ValueError, "'erf'; it is 'none' or 'tanh'"),
        (lambda: F.hardtanh(1.0, min_val=1, max_val=1), ValueError, "from 1 to 1"),
    ],
)
def test_wrong_settings_are_refused_by_name(attempt, error, says):
    with pytest.raises(error, match=says):
        attempt()


@pytest.mark.parametrize(
    ("module", "shown"),
    [
        (nn.ReLU(), "ReLU()"),
        (nn.ELU(), "ELU(alpha=1.0)"),
        (nn.ELU(alpha=2.0), "ELU(alpha=2.0)"),
        (nn.Softplus(2.0), "Softplus(beta=2.0, threshold=20.0)"),
        (nn.Softplus(threshold=5.0), "Softplus(beta=1.0, threshold=5.0)"),
        (nn.Hardtanh(-2.0, 3.0), "Hardtanh(min_val=-2.0, max_val=3.0)"),
        (nn.GELU("tanh"), "GELU(approximate='tanh')"),
        (nn.PReLU(3), "PReLU(num_parameters=3)"),
    ],
)
def test_a_module_shows_its_settings(module, shown):
    assert repr(module) == shown
