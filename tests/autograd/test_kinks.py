"""Kinks, ties and poles: one convention each, one test each."""

import numpy as np
import pytest

import autograd
from autograd import Value, grad, gradcheck, hessian, jacobian
from autograd.derivatives import sinc_and_i0


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


def test_a_gradient_that_is_the_number_0_meets_an_infinite_slope():
    x = Value(0.0)
    with np.errstate(divide="ignore"):
        y = np.log(x)
    with pytest.raises(FloatingPointError, match=r"0 · ∞, .* in the derivative of np\.log"):
        (y * 0.0).backward()
    with np.errstate(invalid="ignore"):
        (y * 0.0).backward()
    assert y.grad == 0.0
    assert np.isnan(x.grad)


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


# ---------------------------------------------------------------- products with zeros


def test_prod_is_exact_with_zeros_to_third_order():
    x = np.array([0.0, 0.0, 2.0, 0.0])
    third = jacobian(hessian(np.prod))(x)
    assert third[0, 1, 3] == third[3, 1, 0] == 2
    assert third[0, 1, 2] == 0
    assert not hessian(np.prod)(x).any()


def test_second_derivatives_of_prod_near_0_keep_their_digits():
    x = np.array([1e-9, 2e-7, 3.0, 5.0])
    expected = [
        [0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(4)] for i in range(4)
    ]
    np.testing.assert_allclose(hessian(np.prod)(x), expected, rtol=1e-14)


@pytest.mark.parametrize("zeros", [[1], [0, 2], [0, 1, 2, 3]])
def test_cumprod_is_exact_with_zeros(zeros):
    x = np.array([2.0, 3.0, 5.0, 7.0])
    x[zeros] = 0
    expected = [
        [np.prod(np.delete(x[: i + 1], j)) if j <= i else 0 for j in range(4)] for i in range(4)
    ]
    assert jacobian(np.cumprod)(x).tolist() == expected
    gradcheck(np.cumprod, x, order=3)


def test_prod_where():
    assert slope(lambda x: np.prod(x, where=[True, False, True]), [0.0, 5.0, 3.0]) == [3, 0, 0]


# -------------------------------------------------------------- settings that count


def test_sum_where():
    assert slope(lambda x: np.sum(x, where=[True, False]), [1.0, 2.0]) == [1, 0]


def test_mean_where():
    assert slope(lambda x: np.mean(x, where=[True, False, True]), [1.0, 2.0, 3.0]) == [0.5, 0, 0.5]


def test_max_shares_a_tie_with_the_initial_value():
    assert slope(lambda x: np.max(x, initial=0.0), [0.0, -1.0]) == [0.5, 0]
    assert slope(lambda x: np.max(x, initial=5.0), [0.0, -1.0]) == [0, 0]


def test_outer_of_two_dimensions_has_the_gradient_of_its_argument():
    assert slope(lambda a: np.outer(a, [1.0, 2.0]), [[1.0, 2.0], [3.0, 4.0]]) == [[3, 3], [3, 3]]


@pytest.mark.parametrize("reduce", [np.sum, np.add.reduce, np.mean])
def test_dtype_is_what_is_computed_in(reduce):
    x = Value(np.full(3, 0.1, np.float32))
    y = reduce(x, dtype=np.float64)
    assert y.dtype == np.float64
    assert y.item() == reduce(x.data, dtype=np.float64)
    y.backward()
    assert x.grad.dtype == np.float32


def test_dtype_of_an_elementwise_function():
    x = Value(np.array([1.5, 2.5]))
    y = np.multiply(x, x, dtype=np.float32)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.tolist() == [3, 5]


# --------------------------------------------------------------------- norms, sinc, i0


@pytest.mark.parametrize("order", [None, 1, 2, 3, np.inf])
def test_norm_at_0_is_0(order):
    assert slope(lambda x: np.linalg.norm(x, order), [0.0, 0.0, 0.0]) == [0, 0, 0]
    assert np.isfinite(hessian(lambda x: np.linalg.norm(x) ** 2)(np.zeros(2))).all()


def test_norm_of_one_zero_row_among_others():
    x = [[3.0, 4.0], [0.0, 0.0]]
    np.testing.assert_allclose(slope(lambda x: np.linalg.norm(x, axis=1), x), [[0.6, 0.8], [0, 0]])


def test_derivatives_of_sinc_at_0():
    f = np.sinc
    for expected in (1, 0, -(np.pi**2) / 3, 0, np.pi**4 / 5):
        assert f(0.0) == pytest.approx(expected, abs=1e-12)
        f = grad(f)


@pytest.mark.parametrize("n", range(6))
def test_derivatives_of_sinc_agree_with_their_integral(n):
    """∫₀¹ (πt)ⁿ cos(πxt + nπ/2) dt, by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    t = (nodes + 1) / 2
    for x in (1e-9, 0.1, 0.33, 0.49, 0.7, 1.3, 2.6, 7.5, 40.25):
        expected = weights @ ((np.pi * t) ** n * np.cos(np.pi * x * t + n * np.pi / 2)) / 2
        assert sinc_and_i0.sinc_derivative(x, n) == pytest.approx(expected, abs=1e-13 * np.pi**n)


@pytest.mark.parametrize("x", [0.0, -1e-3, 5.0, 90.0, 700.0])
def test_i0_satisfies_its_differential_equation(x):
    zeroth, first, second = (sinc_and_i0.i0_derivative(x, n) for n in range(3))
    assert zeroth == pytest.approx(np.i0(x), rel=1e-13)
    assert x * second + first == pytest.approx(x * zeroth, rel=1e-12, abs=1e-15)


# ------------------------------------------------------------------------ order, NaN


def test_median_and_sort_follow_the_stable_order():
    assert slope(np.median, [1.0, 2.0, 2.0, 2.0, 3.0]) == [0, 0, 1, 0, 0]
    assert slope(lambda x: np.sort(x)[1], [2.0, 1.0, 1.0]) == [0, 0, 1]
    assert slope(lambda x: np.quantile(x, 0.25), [0.0, 0.0, 4.0]) == [0.5, 0.5, 0]


def test_sorting_infinities():
    assert slope(lambda x: np.sort(x) * [1.0, 10.0, 100.0], [np.inf, 2.0, np.inf]) == [10, 1, 100]


def test_running_maximum_is_the_first_that_reached_it():
    assert slope(np.maximum.accumulate, [1.0, 3.0, 2.0, 3.0]) == [1, 3, 0, 0]
    assert slope(np.minimum.accumulate, [1.0, 3.0, 1.0]) == [3, 0, 0]


def test_fmax_passes_over_nan():
    assert slope(np.fmax, [np.nan, 1.0], [2.0, np.nan]) == [[0, 1], [1, 0]]
    assert slope(np.fmin, [1.0, 1.0], [1.0, np.nan]) == [[0.5, 1], [0.5, 0]]


def test_reductions_without_nan():
    x = [np.nan, 2.0, 3.0]
    assert slope(np.nansum, x) == [0, 1, 1]
    assert slope(np.nanmean, x) == [0, 0.5, 0.5]
    assert slope(np.nanmax, x) == [0, 0, 1]
    assert slope(np.nanprod, x) == [0, 3, 2]
    assert slope(np.nanmedian, x) == [0, 0.5, 0.5]


def test_nan_gets_nothing_from_an_order_statistic():
    assert slope(np.median, [np.nan, 2.0, 3.0]) == [0, 0, 0]


def test_nan_to_num_passes_what_it_keeps():
    assert slope(np.nan_to_num, [np.nan, np.inf, 2.0]) == [0, 0, 1]


def test_copysign_and_heaviside():
    assert slope(np.copysign, [2.0, -2.0], [-1.0, 1.0]) == [[-1, -1], [0, 0]]
    assert slope(np.heaviside, [0.0, 1.0], [0.5, 0.5]) == [[0, 0], [1, 0]]


def test_interp_at_a_knot_has_the_slope_to_its_right():
    def slope_at(x):
        return grad(lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0]))(x)

    assert [slope_at(x) for x in (-1.0, 0.0, 1.0, 2.0, 3.0)] == [0, 1, 4, 4, 0]


def test_reduce_of_any_ufunc():
    x = np.array([[5.0, 2.0, 3.0], [1.0, 2.0, 4.0]])
    for ufunc in (np.logaddexp, np.subtract, np.divide, np.hypot):
        gradcheck(lambda x, f=ufunc: f.reduce(x, axis=1), x, order=2)
        gradcheck(lambda x, f=ufunc: f.accumulate(x, 1), x, order=2)
        gradcheck(lambda x, f=ufunc: f.outer(x, x[0]), x)
        np.testing.assert_allclose(ufunc.reduce(Value(x), 1).data, ufunc.reduce(x, 1))
    gradcheck(lambda x: np.multiply.reduceat(x, [0, 1, 0], axis=1), x, order=2)
    assert np.multiply.reduce(Value(x)).fn is np.prod
    assert np.add.accumulate(Value(x)).fn is np.cumsum
    assert np.maximum.reduce(Value(x), axis=None).item() == 5


# -------------------------------------------------------- where no gradient comes in


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x, lambda x: x**2, lambda x: x**3, lambda x: x**1.5, np.square, np.exp,
        np.sin, np.abs, np.tanh, np.log, np.sqrt, lambda x: 1 / x, np.log1p, np.arctan,
        np.arcsinh, np.cbrt, np.sinc, np.i0, autograd.sigmoid, autograd.softplus,
        lambda x: np.hypot(x, 1.0),
        lambda x: np.arctan2(x, 1.0), lambda x: np.logaddexp(x, 0.0), np.sign, np.arcsin,
        np.arccosh,
    ],
)  # fmt: skip
def test_nan_gets_nothing_where_nothing_comes_in(f):
    x = [np.nan, 1.0]
    with np.errstate(all="ignore"):
        assert slope(lambda x: np.nansum(f(x)), x)[0] == 0
        assert slope(lambda x: np.where(np.isnan(x.data), 0, f(x)), x)[0] == 0
        assert slope(lambda x: np.sum(f(x), where=[False, True]), x)[0] == 0
        second = hessian(lambda x: np.nansum(f(x)))(np.array(x))
    assert not second[0].any()


def test_a_loss_passes_over_missing_data():
    data = np.array([1.0, np.nan, 3.0])
    assert grad(lambda m: np.nanmean((m - data) ** 2))(1.0) == -2


def test_limits_far_out():
    assert grad(np.arcsinh)(1e160) == pytest.approx(1e-160)
    assert grad(np.arctan2)(np.inf, 1.0) == grad(np.arctan2, argnums=1)(1.0, np.inf) == 0
    assert grad(lambda x: x**0.0)(np.inf) == 0
    assert grad(autograd.sigmoid)(40.0) == pytest.approx(4.248354255e-18)
    assert grad(grad(autograd.softplus))(40.0) == pytest.approx(4.248354255e-18)
    assert grad(np.i0)(1e-20) == pytest.approx(5e-21)
    assert grad(np.i0)(709.0) == pytest.approx(1.2306788897e306)
