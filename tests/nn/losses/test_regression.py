"""Losses of numbers against their definitions, their derivatives, and their settings' errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck
from tests.nn.losses.loops import agrees, each

RNG = np.random.default_rng(1)
SHAPE = (3, 2, 2)
T = RNG.normal(size=SHAPE)
X = T + 0.9 * (np.arange(12.0) - 5.2).reshape(SHAPE)  # errors of many sizes, none at a kink
RATE = RNG.uniform(0.2, 4, SHAPE)
COUNTS = RNG.integers(0, 6, SHAPE).astype(float)

finite = st.floats(-100, 100)


def huber(x, t, delta):
    d = abs(x - t)
    return d * d / 2 if d < delta else delta * (d - delta / 2)


def smooth_l1(x, t, beta):
    d = abs(x - t)
    return d * d / (2 * beta) if d < beta else d - beta / 2


def poisson(x, t, log_input, full, eps):
    loss = math.exp(x) - t * x if log_input else x - t * math.log(x + eps)
    if full and t > 1:
        loss += t * math.log(t) - t + math.log(2 * math.pi * t) / 2
    return loss


def gaussian(x, t, var, full, eps):
    var = max(var, eps)
    constant = math.log(2 * math.pi) if full else 0
    return (math.log(var) + (x - t) ** 2 / var + constant) / 2


def test_the_squared_error_is_the_square_of_the_difference():
    agrees(nn.mse_loss, each(lambda x, t: (x - t) ** 2, X, T), X, T)


def test_the_absolute_error_is_the_size_of_the_difference():
    agrees(nn.l1_loss, each(lambda x, t: abs(x - t), X, T), X, T)


@pytest.mark.parametrize("delta", [0.3, 1.0, 4.5])
def test_the_huber_loss_is_its_two_branches(delta):
    expected = each(lambda x, t: huber(x, t, delta), X, T)
    agrees(lambda x, t, **r: nn.huber_loss(x, t, delta=delta, **r), expected, X, T)


@pytest.mark.parametrize("beta", [0.3, 1.0, 4.5])
def test_the_smooth_l1_loss_is_its_two_branches(beta):
    expected = each(lambda x, t: smooth_l1(x, t, beta), X, T)
    agrees(lambda x, t, **r: nn.smooth_l1_loss(x, t, beta=beta, **r), expected, X, T)


def test_both_branches_are_reached():
    d = np.abs(X - T)
    for threshold in (0.3, 1.0, 4.5):
        assert (d < threshold).any()
        assert (d > threshold).any()


def test_a_smooth_l1_loss_with_beta_0_is_the_absolute_error():
    agrees(lambda x, t, **r: nn.smooth_l1_loss(x, t, beta=0, **r), abs(X - T), X, T)


@given(x=finite, t=finite, delta=st.floats(0.01, 100))
def test_huber_is_delta_times_smooth_l1_of_that_beta(x, t, delta):
    of_huber = nn.huber_loss([x], [t], delta=delta)
    of_smooth = delta * nn.smooth_l1_loss([x], [t], beta=delta)
    assert of_huber == pytest.approx(of_smooth, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    ("loss", "settings", "slope"),
    [
        (nn.l1_loss, {}, 0.0),
        (nn.mse_loss, {}, 0.0),
        (nn.huber_loss, {}, 0.0),
        (nn.smooth_l1_loss, {}, 0.0),
        (nn.smooth_l1_loss, {"beta": 0}, 0.0),
    ],
)
def test_a_right_prediction_has_no_loss_and_no_slope(loss, settings, slope):
    x = Value([1.5])
    y = loss(x, np.array([1.5]), **settings)
    y.backward()
    assert y.data == 0
    assert x.grad.tolist() == [slope]


@pytest.mark.parametrize("error", [2.0, -2.0])
@pytest.mark.parametrize("loss", [nn.huber_loss, nn.smooth_l1_loss])
def test_where_the_branches_meet_loss_and_slope_are_the_linear_ones(loss, error):
    x = Value([error])
    setting = {"delta" if loss is nn.huber_loss else "beta": 2.0}
    y = loss(x, np.zeros(1), **setting)
    y.backward()
    scale = 2.0 if loss is nn.huber_loss else 1.0
    assert y.data == scale
    assert x.grad.tolist() == [math.copysign(scale, error)]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("eps", [1e-8, 0.1])
@pytest.mark.parametrize("log_input", [False, True])
def test_the_poisson_loss_is_its_formula(log_input, full, eps):
    x = np.log(RATE) if log_input else RATE
    settings = {"log_input": log_input, "full": full, "eps": eps}
    expected = each(lambda x, t: poisson(x, t, log_input, full, eps), x, COUNTS)
    agrees(lambda x, **r: nn.poisson_nll_loss(x, COUNTS, **settings, **r), expected, x)


def test_stirlings_formula_counts_above_one_alone():
    t = np.array([0.0, 1.0, 1.5, 40.0])
    added = nn.poisson_nll_loss(np.zeros(4), t, full=True, reduction="none") - 1
    assert added[:2].tolist() == [0, 0]
    assert added[2] == pytest.approx(1.5 * math.log(1.5) - 1.5 + math.log(3 * math.pi) / 2)
    assert added[3] == pytest.approx(math.lgamma(41), rel=1e-4)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("shape", [SHAPE, (3, 2, 1), (3, 2), ()])
def test_the_gaussian_loss_is_its_formula_for_each_shape_of_variance(shape, full):
    var = RNG.uniform(0.2, 2, shape)
    spread = var[..., None] if shape == (3, 2) else var
    expected = each(lambda x, t, v: gaussian(x, t, v, full, 1e-6), X, T, spread)
    agrees(lambda x, t, v, **r: nn.gaussian_nll_loss(x, t, v, full=full, **r), expected, X, T, var)


def test_a_variance_below_eps_is_eps_and_its_slope_is_kept():
    var = Value([0.0, 0.01, 0.5])
    y = nn.gaussian_nll_loss(np.ones(3), np.zeros(3), var, eps=0.25, reduction="sum")
    y.backward()
    used = [0.25, 0.25, 0.5]
    assert y.data == pytest.approx(sum(gaussian(1, 0, v, False, 0) for v in used))
    assert var.grad == pytest.approx([(1 / v - 1 / v**2) / 2 for v in used])


def test_a_variance_of_a_plain_number():
    expected = each(lambda x, t: gaussian(x, t, 2.0, False, 0), X, T)
    agrees(lambda x, t, **r: nn.gaussian_nll_loss(x, t, 2.0, **r), expected, X, T)


@pytest.mark.parametrize("setting", [0, 0.0, -1, math.nan])
def test_a_delta_that_is_not_positive(setting):
    with pytest.raises(ValueError, match=rf"delta of huber_loss is positive, not {setting}"):
        nn.huber_loss(X, T, delta=setting)


@pytest.mark.parametrize("setting", [-1, -1e-9, math.nan])
def test_a_beta_that_is_negative(setting):
    with pytest.raises(ValueError, match=rf"beta of smooth_l1_loss.*{setting}"):
        nn.smooth_l1_loss(X, T, beta=setting)


@pytest.mark.parametrize("shape", [(2,), (2, 2), (1, 2, 2), (3, 1, 1), (3, 2, 3), (3, 2, 2, 1)])
def test_a_variance_that_does_not_fit(shape):
    with pytest.raises(ShapeMismatch, match=r"variance.*\(3, 2, 2\)"):
        nn.gaussian_nll_loss(X, T, np.ones(shape))


def test_a_negative_variance():
    with pytest.raises(ValueError, match="variance of gaussian_nll_loss is not negative"):
        nn.gaussian_nll_loss(Value([1.0]), [0.0], Value([-1e-9]))


@pytest.mark.parametrize("loss", [nn.mse_loss, nn.l1_loss, nn.huber_loss, nn.smooth_l1_loss])
def test_bytes_are_compared_as_numbers(loss):
    """Their own arithmetic would begin again at 0."""
    x, t = np.array([10, 200], np.uint8), np.array([60, 100], np.uint8)
    expected = loss(x.astype(float), t.astype(float))
    assert loss(x, t) == expected
    assert loss(Value(x), t).data == expected


def test_the_mean_squared_error_has_derivatives_of_third_order():
    assert gradcheck(lambda x, t: nn.mse_loss(x * x, t), (X[0], T[0]), order=3)


@pytest.mark.parametrize("loss", [nn.mse_loss, nn.l1_loss, nn.huber_loss, nn.smooth_l1_loss])
@given(x=finite, t=finite)
def test_a_loss_of_numbers_is_the_same_the_other_way_round(loss, x, t):
    assert loss(Value([x]), [t]).data == loss(Value([t]), [x]).data >= 0


def test_half_precision_does_not_overflow():
    assert nn.mse_loss(Value(np.full(70_000, 2.0, "f2")), np.zeros(70_000, "f2")).data == 4.0
