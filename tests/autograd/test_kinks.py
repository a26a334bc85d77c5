"""Kinks, ties and poles: one convention each, one test each."""

import numpy as np
import pytest

import autograd
from autograd import Value, grad, hessian


def slope(f, *args):
    """The gradients of the sum of f's result."""
    values = [Value(np.array(a, float)) for a in args]
    f(*values).sum().backward()
    gradients = [v.grad.tolist() for v in values]
    return gradients[0] if len(args) == 1 else gradients


def test_relu_at_0_is_0():
    assert slope(autograd.relu, [0.0, -0.0]) == [0, 0]
    assert grad(autograd.relu)(0.0) == 0


def test_maximum_with_0_at_0_is_a_half():
    assert slope(lambda x: np.maximum(x, 0), [0.0]) == [0.5]


def test_abs_at_0_is_0():
    assert slope(np.absolute, [0.0]) == [0]
    assert grad(abs)(0j) == 0


def test_maximum_shares_a_tie():
    assert slope(np.maximum, [1.0, 2.0], [1.0, 1.0]) == [[0.5, 1.0], [0.5, 0.0]]


def test_minimum_shares_a_tie():
    assert slope(np.minimum, [1.0, 2.0], [1.0, 1.0]) == [[0.5, 0.0], [0.5, 1.0]]


def test_max_shares_ties_evenly():
    assert slope(np.max, [1.0, 3.0, 3.0]) == [0, 0.5, 0.5]
    assert slope(lambda x: np.max(x, axis=0), [[1.0, 2.0], [1.0, 0.0]]) == [[0.5, 1], [0.5, 0]]


def test_min_shares_ties_evenly():
    assert slope(np.min, [1.0, 1.0, 3.0, 1.0]) == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])


def test_clip_passes_the_gradient_at_its_bounds():
    assert slope(lambda x: np.clip(x, 0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0]) == [0, 1, 1, 1, 0]


def test_prod_is_exact_with_one_zero():
    assert slope(np.prod, [0.0, 2.0, 3.0]) == [6, 0, 0]


def test_prod_is_exact_with_two_zeros_to_second_order():
    assert slope(np.prod, [0.0, 0.0, 3.0]) == [0, 0, 0]
    assert hessian(np.prod)(np.array([0.0, 0.0, 3.0])).tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]


def test_prod_is_exact_where_it_underflows():
    assert slope(np.prod, [1e-200, 1e-200]) == [1e-200, 1e-200]


def test_std_of_a_constant_is_0():
    assert slope(np.std, [2.0, 2.0, 2.0]) == [0, 0, 0]
    assert not hessian(np.std)(np.full(3, 2.0)).any()


def test_hypot_at_the_origin_is_0():
    assert slope(np.hypot, [0.0], [0.0]) == [[0], [0]]


def test_arctan2_at_the_origin_is_0():
    assert slope(np.arctan2, [0.0], [0.0]) == [[0], [0]]


@pytest.mark.parametrize("f", [np.hypot, np.arctan2])
def test_numbers_at_the_origin(f):
    assert grad(f, argnums=(0, 1))(0.0, 0.0) == (0.0, 0.0)


def test_numbers_that_get_no_gradient_pass_none_on():
    x = Value(0.0)
    with np.errstate(divide="ignore"):
        y = np.log(x)
    (y * 0.0).backward()
    assert (y.grad, x.grad) == (0.0, 0.0)


def test_sqrt_at_0_is_infinite_and_warns():
    with pytest.raises(FloatingPointError):
        slope(np.sqrt, [0.0])
    with np.errstate(divide="ignore"):
        assert slope(np.sqrt, [0.0]) == [np.inf]
        assert grad(np.sqrt)(0.0) == np.inf


@pytest.mark.parametrize(
    "f",
    [
        np.sqrt, np.cbrt, np.log, np.log2, np.log10, np.reciprocal,
        lambda x: 1 / x, lambda x: x**-0.5, lambda x: x**0.5, lambda x: np.log1p(x - 1),
        lambda x: np.arcsin(1 - x), lambda x: np.arctanh(1 - x), lambda x: np.arccosh(1 + x),
    ],
)  # fmt: skip
def test_where_no_gradient_comes_in_none_goes_out(f):
    """The `where` of a pole has the gradient of the branch that was chosen, at the pole too."""

    def guarded(x):
        with np.errstate(divide="ignore"):
            return np.where(x > 0, f(x), 0)

    assert slope(guarded, [0.0, 0.5]) == [0, pytest.approx(slope(f, [0.5])[0])]
    assert grad(guarded)(0.0) == 0
    second = hessian(lambda x: guarded(x).sum())(np.array([0.0, 0.5]))
    assert second[0].tolist() == [0, 0]
    assert second[1, 1] == pytest.approx(grad(grad(f))(0.5))


def test_where_guards_an_overflow_too():
    def guarded(x):
        with np.errstate(over="ignore"):
            return np.where(x < 700, np.exp(x), 0)

    assert slope(guarded, [1000.0, 0.0]) == [0, 1]


def test_powers_of_0():
    assert slope(lambda x: x**2, [0.0]) == [0]
    assert slope(lambda x: x**1, [0.0]) == [1]
    assert slope(lambda x: x**0, [0.0]) == [0]
    assert slope(np.power, [0.0, 2.0], [0.0, 0.0]) == [[0, 0], [0, pytest.approx(np.log(2))]]


def test_logaddexp_of_infinities():
    assert slope(np.logaddexp, [-np.inf, 0.0], [0.0, -np.inf]) == [[0, 1], [1, 0]]
    assert slope(np.logaddexp, [np.inf], [0.0]) == [[1], [0]]


@pytest.mark.parametrize("x", [-1e4, -40.0, 0.0, 40.0, 1e4])
def test_the_logistic_family_is_stable_at_both_ends(x):
    with np.errstate(under="ignore"):
        e = np.exp(-abs(x))
    assert grad(autograd.softplus)(x) == pytest.approx(1 / (1 + e) if x > 0 else e / (1 + e))
    assert grad(autograd.sigmoid)(x) == pytest.approx(e / (1 + e) ** 2, abs=1e-16)
    assert autograd.sigmoid(x) == pytest.approx(1 / (1 + e) if x > 0 else e / (1 + e))
    row = np.array([x, 0.0, -x])
    assert slope(autograd.logsumexp, row) == pytest.approx(autograd.softmax(row).tolist())
    assert np.isfinite(autograd.log_softmax(row)).all()


def test_entropy_at_0():
    def entropy(p):
        with np.errstate(divide="ignore", invalid="ignore"):
            return -np.where(p > 0, p * np.log(p), 0)

    assert slope(entropy, [0.0, 1.0]) == [0, -1]


def test_an_oscillation_masked_at_its_pole():
    def guarded(x):
        with np.errstate(all="ignore"):
            return np.where(x > 0, np.sin(1 / x), 0)

    with np.errstate(invalid="ignore"):
        assert slope(guarded, [0.0])[0] == 0


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_exponents_of_every_type(kind):
    assert slope(lambda x: x ** np.array([0, 1, 2], kind), [5.0, 5.0, 5.0]) == [0, 1, 10]
    assert grad(lambda x: x ** kind(0))(20.0) == 0


def test_the_mean_of_many_halves():
    x = Value(np.ones(100_000, np.float16))
    np.mean(x).backward()
    assert x.grad[0] == np.float16(1e-5)
