"""Absent gradients and gradients that are 0: masks silence a pole, a number 0 does not."""

import warnings

import numpy as np
import pytest

from autograd import (
    Value,
    at,
    defvjp,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    primitive,
    relu,
    vjp,
)
from nn.functional import hardtanh


def quiet(f):
    """f, whose forward pass warns of nothing."""

    def g(*args):
        with np.errstate(all="ignore"):
            return f(*args)

    return g


def backward(f, x):
    """The gradient that backward() leaves at x."""
    v = Value(x)
    f(v).backward()
    return v.grad


def reported(compute):
    """What it returns, and its warnings, with every kind of floating-point error a warning."""
    with warnings.catch_warnings(record=True) as seen, np.errstate(all="warn"):
        warnings.simplefilter("always")
        return compute(), seen


# ------------------------------------------------------------ masks in front of poles

ALIVE = np.array([False, True, True])

# What hides the first of three elements, and the same of the other two alone.
HIDES = {
    "where": (lambda y: np.where(ALIVE, y, 0.0), lambda a: a),
    "where not": (lambda y: np.where(~ALIVE, 0.5, y), lambda a: a),
    "a slice": (lambda y: y[1:], lambda a: a),
    "integers": (lambda y: y[[2, 1, 1]], lambda a: a[[1, 0, 0]]),
    "a mask": (lambda y: y[ALIVE], lambda a: a),
    "one element": (lambda y: y[1], lambda a: a[0]),
    "unpacking": (lambda y: [*y][1] * [*y][2], lambda a: a[0] * a[1]),
    "select": (lambda y: np.select([~ALIVE, ALIVE], [0.5, y]), lambda a: a),
    "choose": (lambda y: np.choose([1, 0, 0], [y, 0.5]), lambda a: a),
    "sum where": (lambda y: np.sum(y, where=ALIVE), np.sum),
    "mean where": (lambda y: np.mean(y, where=ALIVE), np.mean),
    "var where": (lambda y: np.var(y, where=ALIVE), np.var),
    "std where": (lambda y: np.std(y, where=ALIVE), np.std),
    "prod where": (lambda y: np.prod(y, where=ALIVE), np.prod),
    "take": (lambda y: np.take(y, [1, 2]), lambda a: a),
    "compress": (lambda y: np.compress(ALIVE, y), lambda a: a),
    "delete": (lambda y: np.delete(y, 0), lambda a: a),
    "at set": (lambda y: at(y)[0].set(0.5), lambda a: a),
    "split": (lambda y: np.split(y, [1])[1], lambda a: a),
    "roll": (lambda y: np.roll(y, 1)[[0, 2]], lambda a: a),
    "pad": (lambda y: np.pad(y, 1, mode="edge")[2:], lambda a: a[[0, 1, 1]]),
    "tril": (lambda y: np.tril(np.stack([y[[1, 0]], y[[1, 2]]])), lambda a: a[[0, 0, 1]]),
    "triu": (lambda y: np.triu(np.stack([y[[1, 1]], y[[0, 2]]])), lambda a: a[[0, 0, 1]]),
    "diagonal": (lambda y: np.diagonal(np.stack([y[:2][::-1], y[[0, 2]]])), lambda a: a),
    "where and matmul": (lambda y: np.where(ALIVE, y, 0) @ [9.0, 2, 3], lambda a: a @ [2.0, 3]),
}
HIDES_THE_LEAST = {
    "maximum": (lambda y: np.maximum(y, 0.1), lambda a: a),
    "fmax": (lambda y: np.fmax(0.1, y), lambda a: a),
    "clip": (lambda y: np.clip(y, 0.1, 9), lambda a: a),
    "relu": (lambda y: relu(y - 0.1), lambda a: a - 0.1),
    "hardtanh": (lambda y: hardtanh(y, min_val=0.1, max_val=9.0), lambda a: a),
    "sort": (lambda y: np.sort(y)[1:], np.sort),
    "max": (np.max, np.max),
    "median": (np.median, np.min),
    "quantile": (lambda y: np.quantile(y, 0.75), np.mean),
    "partition": (lambda y: np.partition(y, 1)[1], np.min),
    "running maximum": (lambda y: np.maximum.accumulate(y)[1:], np.maximum.accumulate),
}
HIDES_THE_GREATEST = {
    "minimum": (lambda y: np.minimum(2.5, y), lambda a: a),
    "fmin": (lambda y: np.fmin(y, 2.5), lambda a: a),
    "clip": (lambda y: np.clip(y, -9, 2.5), lambda a: a),
    "relu": (lambda y: relu(2.5 - y), lambda a: 2.5 - a),
    "hardtanh": (lambda y: hardtanh(y, min_val=-9.0, max_val=2.5), lambda a: a),
    "sort": (lambda y: np.sort(y)[:2], np.sort),
    "min": (np.min, np.min),
    "median": (np.median, np.max),
}
HIDES_NAN = {
    "isnan": (lambda y: np.where(np.isnan(y), 0, y), lambda a: a),
    "fmax": (lambda y: np.fmax(y, -5.0), lambda a: a),
    "fmin": (lambda y: np.fmin(5.0, y), lambda a: a),
    "nan_to_num": (np.nan_to_num, lambda a: a),
    "sort": (lambda y: np.sort(y)[:2], np.sort),
    "nansum": (np.nansum, np.sum),
    "nanmean": (np.nanmean, np.mean),
    "nanvar": (np.nanvar, np.var),
    "nanstd": (np.nanstd, np.std),
    "nanprod": (np.nanprod, np.prod),
    "nanmax": (np.nanmax, np.max),
    "nanmin": (np.nanmin, np.min),
    "nanmedian": (np.nanmedian, np.mean),
}


def rows(x, *factors):
    return np.stack([k * x for k in factors], axis=1)


def xlogy(x):
    return pytest.importorskip("scipy.special").xlogy(x, x)


# A function, its pole, and what hides the pole besides.
POLES = {
    "sqrt": (np.sqrt, 0.0, HIDES_THE_LEAST),
    "sqrt of -1": (np.sqrt, -1.0, HIDES_NAN),
    "cbrt": (np.cbrt, 0.0, HIDES_THE_LEAST),
    "log": (np.log, 0.0, HIDES_THE_LEAST),
    "1/x": (lambda x: 1 / x, 0.0, HIDES_THE_GREATEST),
    "x to the -1": (lambda x: x**-1, 0.0, HIDES_THE_GREATEST),
    "x to the -½": (lambda x: x**-0.5, 0.0, HIDES_THE_GREATEST),
    "x to the ½": (lambda x: x**0.5, 0.0, HIDES_THE_LEAST),
    "x to the 1½": (lambda x: x**1.5, 0.0, HIDES_THE_LEAST),
    "x log x": (lambda x: x * np.log(x), 0.0, HIDES_NAN),
    "sin 1/x": (lambda x: np.sin(1 / x), 0.0, HIDES_NAN),
    "exp 1/x": (lambda x: np.exp(1 / x), 0.0, HIDES_THE_GREATEST),
    "arcsin": (lambda x: 2 * np.arcsin(1 - x), 0.0, HIDES_THE_GREATEST),
    "norm": (lambda x: np.linalg.norm(rows(x, 1, 2), axis=1), np.nan, HIDES_NAN),
    "hypot": (lambda x: np.hypot(x, x) / 9, np.inf, HIDES_THE_GREATEST),
    "quotient": (lambda x: np.sin(x) / x, 0.0, HIDES_NAN),
    "root of a square": (lambda x: np.sqrt(x * x), 0.0, HIDES_THE_LEAST),
    "std": (lambda x: np.std(rows(x, 1, 2, 4), axis=1), np.inf, HIDES_NAN),
    "matmul of roots": (lambda x: np.sqrt(rows(x, 1, 2)) @ [1.0, 0.5], 0.0, HIDES_THE_LEAST),
    "xlogy": (xlogy, 0.0, HIDES_THE_LEAST),
    "square of NaN": (lambda x: x * x, np.nan, HIDES_NAN),
    "overflow": (lambda x: np.exp(np.exp(x) / 9), 800.0, HIDES_THE_GREATEST),
}
PAIRS = [(p, m) for p, (_, _, more) in POLES.items() for m in {**HIDES, **more}]
INSIDE = np.array([1.3, 1.8])


def hidden(pole, mask):
    """The masked program, where it meets the pole, and its true first and second derivatives."""
    f, singular, more = POLES[pole]
    hide, same = {**HIDES, **more}[mask]
    first, second = np.zeros(3), np.zeros((3, 3))

    def alone(a):
        return np.sum(same(f(a)) ** 2)

    first[1:], second[1:, 1:] = grad(alone)(INSIDE), hessian(alone)(INSIDE)
    return quiet(lambda x: np.sum(hide(f(x)) ** 2)), np.array([singular, *INSIDE]), first, second


@pytest.mark.parametrize(("pole", "mask"), PAIRS)
def test_a_mask_silences_a_pole(pole, mask):
    f, x, first, second = hidden(pole, mask)
    for got in (backward(f, x), grad(f)(x), vjp(f, x)[1](1.0)[0], jacobian(f)(x)):
        assert got[0] == 0
        np.testing.assert_allclose(got, first, rtol=1e-9, atol=1e-12)
    got = hessian(f)(x)
    assert not got[0].any()
    assert not got[:, 0].any()
    np.testing.assert_allclose(got, second, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mask", ["where", "a mask", "var where", "at set"])
@pytest.mark.parametrize("pole", POLES)
def test_products_of_directions_with_what_is_masked(pole, mask):
    f, x, first, second = hidden(pole, mask)
    v = np.array([0.3, 1.0, -2.0])
    for got, true in (
        (jvp(f, (x,), (v,))[1], first @ v),
        (hvp(f, x, v), second @ v),
        (grad(lambda x: np.sum(grad(f)(x) * v))(x), second @ v),
        (jvp(grad(f), (x,), (v,))[1], second @ v),
    ):
        np.testing.assert_allclose(got, true, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pole", POLES)
def test_a_mask_silences_the_pole_of_a_number(pole):
    f, singular, _ = POLES[pole]
    if pole in ("norm", "std", "matmul of roots"):
        pytest.skip("takes arrays")

    def masked(x):
        return np.where(False, f(x), 1.0) + 2 * x

    assert backward(quiet(masked), singular) == grad(quiet(masked))(singular) == 2
    assert grad(grad(quiet(masked)))(singular) == 0


@pytest.mark.parametrize("kind", [np.float32, np.complex64, np.complex128])
@pytest.mark.parametrize("f", [np.sqrt, np.log, lambda x: 1 / x, lambda x: x * np.log(x)])
def test_masks_of_other_kinds_of_numbers(kind, f):
    def masked(x):
        return np.sum(np.real(np.where([False, True], f(x), 0)))

    got, alone = grad(quiet(masked))(np.array([0, 2], kind)), grad(lambda x: np.real(f(x)))(kind(2))
    assert got.dtype == kind
    assert got.tolist() == [0, pytest.approx(complex(alone))]


def test_piecewise_calls_each_function_where_it_holds():
    x = np.array([0.0, -1.0, 4.0])
    assert grad(lambda x: np.sum(np.piecewise(x, [x > 0], [np.sqrt, 0])))(x).tolist() == [0, 0, 0.25]


def test_a_jacobian_through_a_mask():
    f = quiet(lambda x: np.where(x > 0, np.sqrt(x), 0))
    assert jacobian(f)(np.array([0.0, 4.0])).tolist() == [[0, 0], [0, 0.25]]


# ---------------------------------------------------------------- poles without masks

# A program, where it has no derivative that the chain rule finds, and the function to blame.
UNDEFINED = {
    "sqrt²": (lambda x: np.sqrt(x) ** 2, 0.0, "np.sqrt"),
    "sqrt · sqrt": (lambda x: np.sqrt(x) * np.sqrt(x), 0.0, "np.sqrt"),
    "sqrt² at 1": (lambda x: np.sqrt(1 - x**2) ** 2, 1.0, "np.sqrt"),
    "product by logarithms": (lambda x: np.exp(np.sum(np.log(x))), [0.0, 2, 3], "np.log"),
    "overflow": (lambda x: np.log(1 + np.exp(x)), 800.0, "np.exp"),
    "cbrt³": (lambda x: np.cbrt(x) ** 3, 0.0, "np.cbrt"),
    "Hellinger": (lambda x: np.sum((np.sqrt(x) - [0, 0.5]) ** 2), [0.0, 0.5], "np.sqrt"),
    "exp log": (lambda x: np.exp(np.log(x)), 0.0, "np.log"),
    "relu of a root": (lambda x: relu(np.sqrt(x)) ** 2, 0.0, "np.sqrt"),
    "maximum of a root": (lambda x: np.maximum(np.sqrt(x), 0) ** 2, 0.0, "np.sqrt"),
    "hardtanh of a root": (lambda x: hardtanh(np.sqrt(x), min_val=0.0) ** 2, 0.0, "np.sqrt"),
    "hypot of a root": (lambda x: np.hypot(np.sqrt(x), 0.0) ** 2, 0.0, "np.sqrt"),
    "norm of roots": (lambda x: np.linalg.norm(np.sqrt(x)) ** 2, [0.0, 0.0], "np.sqrt"),
    "prod of roots": (lambda x: np.prod(np.sqrt(x)) ** 2, [0.0, 2.0], "np.sqrt"),
    "roots multiplied": (lambda x: np.sqrt(x) @ np.sqrt(x), [0.0, 2.0], "np.sqrt"),
    "root of the maximum": (lambda x: np.max(np.sqrt(x)) ** 2, [0.0, 0.0], "np.sqrt"),
    "arccos²": (lambda x: np.arccos(x) ** 2, 1.0, "np.arccos"),
    "times 0": (lambda x: 0.0 * np.log(x), 0.0, "np.log"),
    "1/(1/x)": (lambda x: 1 / (1 / x), 0.0, "np.divide"),
    "determinant": (
        lambda x: (lambda sign, log: sign * np.exp(log))(*np.linalg.slogdet(x * np.eye(2))),
        0.0,
        "np.linalg.slogdet",
    ),
}
CALLS = {
    "backward": backward,
    "grad": lambda f, x: grad(f)(x),
    "vjp": lambda f, x: vjp(f, x)[1](1.0)[0],
    "jacobian": lambda f, x: jacobian(f)(x),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", UNDEFINED)
def test_0_times_infinity_is_no_number_and_says_so_once(name, call):
    f, x, blamed = UNDEFINED[name]
    got, seen = reported(lambda: CALLS[call](quiet(f), np.array(x) if np.ndim(x) else x))
    assert np.isnan(np.ravel(got)[0])
    assert [w.category for w in seen] == [RuntimeWarning]
    assert seen[0].filename == __file__
    assert f"0 · ∞, which is no number, in the derivative of {blamed} by its" in str(seen[0].message)


def test_a_warning_names_the_place_and_the_line():
    v = Value([1.0, 0.0])
    y = np.sum(np.sqrt(v) ** 2)
    with pytest.warns(RuntimeWarning, match=r"argument 0, at index \(1,\)") as seen, np.errstate(
        invalid="warn"
    ):
        y.backward()  # this line
    assert "# this line" in open(__file__, encoding="utf-8").readlines()[seen[0].lineno - 1]


@pytest.mark.parametrize("name", UNDEFINED)
def test_second_derivatives_of_it_are_no_numbers(name):
    f, x, _ = UNDEFINED[name]
    got, seen = reported(lambda: hessian(quiet(f))(np.array(x) if np.ndim(x) else x))
    assert not np.isfinite(np.ravel(got)[0])
    assert seen


@pytest.mark.parametrize("x", [0.0, [0.0, 1.0]])
def test_an_error_leaves_every_gradient_as_it_was(x):
    v, w = Value(x), Value(3.0)
    (v * w).sum().backward()
    before = np.copy(v.grad).tolist(), w.grad
    y = np.sqrt(v) ** 2 * w
    with pytest.raises(FloatingPointError, match=r"np\.sqrt"), np.errstate(invalid="raise"):
        np.sum(y).backward()
    assert (np.copy(v.grad).tolist(), w.grad) == before


def test_the_users_handler_is_called():
    said = []
    handler = np.seterrcall(lambda sentence, flag: said.append(sentence))
    try:
        with np.errstate(invalid="call"):
            assert np.isnan(backward(lambda x: np.sqrt(x) ** 2, 0.0))
    finally:
        np.seterrcall(handler)
    assert ["np.sqrt" in sentence for sentence in said] == [True]


def test_errstate_silences_the_warning():
    with np.errstate(invalid="ignore"):
        assert np.isnan(grad(lambda x: np.sqrt(x) ** 2)(0.0))


@pytest.mark.parametrize("x", [0.0, np.zeros(2)])
def test_infinity_minus_infinity_is_said_too(x):
    f = quiet(lambda x: np.sum(np.sqrt(x) - np.log(x)))
    got, seen = reported(lambda: backward(f, x))
    assert np.all(np.isnan(got))
    assert ["∞ - ∞" in str(w.message) for w in seen] == [True]


@pytest.mark.parametrize("f", [np.sqrt, np.cbrt, np.log, lambda x: x**0.5])
@pytest.mark.parametrize("x", [0.0, np.zeros(1)])
def test_an_infinite_slope_is_a_division_by_zero(f, x):
    f = quiet(lambda x, f=f: np.sum(f(x)))
    got, seen = reported(lambda: backward(f, x))
    assert np.all(got == np.inf)
    assert ["division by zero in the derivative" in str(w.message) for w in seen] == [True]
    with pytest.raises(FloatingPointError, match="division by zero"):
        backward(f, x)
    with np.errstate(divide="ignore"):
        assert np.all(backward(f, x) == np.inf)


@np.errstate(all="ignore")
def test_zeros_that_the_user_gives_are_numbers():
    x, g = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    v = Value(x)
    np.sqrt(v).backward(g)
    expected = [np.nan, 0.5]
    np.testing.assert_array_equal(vjp(np.sqrt, x)[1](g)[0], expected)
    np.testing.assert_array_equal(v.grad, expected)
    np.testing.assert_array_equal(jvp(np.sqrt, (x,), (g,))[1], expected)
    np.testing.assert_array_equal(hvp(lambda x: np.sum(x**1.5), x, g), [np.nan, 0.75])


@np.errstate(divide="ignore")
def test_zeros_of_a_basis_are_absent():
    x = np.array([0.0, 1.0])
    assert jacobian(np.sqrt)(x).tolist() == [[np.inf, 0], [0, 0.5]]
    assert hessian(lambda x: np.sum(x**1.5))(x).tolist() == [[np.inf, 0], [0, 0.75]]
    assert elementwise_grad(np.sqrt)(x).tolist() == [np.inf, 0.5]


# ------------------------------------------------------------------ what lies between


def test_gradients_between_are_mended_too():
    x = Value([1.0, 4.0])
    z = np.where([False, True], x, 0.0)  # whose 0 stands on nothing
    y = np.where([False, True], quiet(np.sqrt)(z), 0.0)
    y.sum().backward()
    assert (z.grad.tolist(), x.grad.tolist()) == ([0, 0.25], [0, 0.25])


def test_a_number_that_is_none_between_is_kept_and_said():
    x = Value([1.0, 4.0])
    z = np.where([False, True], x, 0.0)
    _, seen = reported(lambda: np.sum(np.sqrt(z) ** 2).backward())
    assert np.isnan(z.grad[0])
    assert x.grad.tolist() == [0, 1]
    assert len(seen) == 1


X = np.array([[1.0, 2.0], [np.nan, 1.0], [3.0, 1.0], [2.0, 5.0]])
TARGETS = np.array([1.0, 2.0, np.nan, 4.0])
COMPLETE = [0, 3]


def squares(w, rows=slice(None)):
    return np.nansum((X[rows] @ w - TARGETS[rows]) ** 2)


@pytest.mark.parametrize("derivative", [grad, hessian, lambda f: lambda w: backward(f, w)])
def test_missing_rows_do_not_spoil_a_regression(derivative):
    w = np.array([0.5, -0.2])
    expected = derivative(lambda w: squares(w, COMPLETE))(w)
    np.testing.assert_allclose(derivative(squares)(w), expected, rtol=1e-12)
    layer = derivative(lambda w: np.nansum(np.where(np.isnan(TARGETS), 0, X @ w) ** 2))(w)
    np.testing.assert_allclose(layer, derivative(lambda w: np.sum((X[COMPLETE] @ w) ** 2))(w))


def test_a_row_that_counts_spoils_it():
    def loss(w):
        return np.sum(np.where([True, True, False, False], X @ w, 0) ** 2)

    assert np.isnan(grad(loss)(np.ones(2))).all()


# ---------------------------------------------------------- primitives of the user's


def masked_root_by(step):
    """The gradient at [0, 4], where the mask comes after the step and after a root."""
    return backward(quiet(lambda x: np.sum(np.where([False, True], step(np.sqrt(x)), 0))), [0.0, 4])


@pytest.mark.parametrize(
    ("move", "back"),
    [
        (lambda x: x.copy(), lambda g: g),
        (lambda x: np.cumsum(x[::-1])[::-1], np.cumsum),
        (lambda x: x[[1, 1]], lambda g: np.array([0.0, g.sum()])),
    ],
)
def test_what_moves_elements_needs_no_entry(move, back):
    own = primitive(lambda x: move(x))
    defvjp(own, lambda g, y, x: back(g))
    assert masked_root_by(own).tolist() == [0, 0.25 * back(np.array([0.0, 1.0]))[1]]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [(None, np.nan), (True, 0.0), (lambda g, y, x: g * (x > 0.5), 0.0), (lambda g, y, x: g, np.nan)],
)
def test_routes_tells_that_a_factor_of_0_is_absence(routes, expected):
    @primitive
    def threshold(x):
        return np.where(x > 0.5, x, 0.0)

    defvjp(threshold, lambda g, y, x: g * (x > 0.5), routes=routes)
    with np.errstate(invalid="ignore"):
        got = backward(lambda x: np.sum(threshold(np.sqrt(x))), [4.0, 0.0])
    np.testing.assert_array_equal(got, [0.25, expected])


@pytest.mark.parametrize(("elementwise", "expected"), [(None, [0, 0]), (True, [np.nan, 4])])
def test_elementwise_tells_that_a_rule_need_not_be_asked(elementwise, expected):
    """The rule takes NaN for 0: asked with NaN, it claims that nothing comes through."""

    @primitive
    def double(x):
        return 2 * x

    defvjp(double, lambda g, y, x: 2 * np.nan_to_num(g), elementwise=elementwise)
    with np.errstate(invalid="ignore"):
        got = backward(lambda x: np.sum(double(np.sqrt(x)) ** 2), [0.0, 4.0])
    np.testing.assert_array_equal(got, expected)


def test_a_rule_that_refuses_nan_leaves_nan():
    @primitive
    def picky(x):
        return 2 * x

    def rule(g, y, x):
        if np.isnan(g).any():
            raise ValueError("NaN")
        return 2 * g

    defvjp(picky, rule)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(masked_root_by(picky), [np.nan, 0.5])


# ------------------------------------------------------------------- higher orders


@pytest.mark.parametrize("p", [1.5, 2.5])
def test_a_quick_first_order_forgets_no_mask(p):
    f = quiet(lambda x: np.where(x > 0, x**p, 0.0))
    assert grad(grad(f))(0.0) == grad(grad(grad(f)))(0.0) == 0
    third = jacobian(hessian(lambda x: np.sum(f(x))))(np.array([0.0, 1.0]))
    assert third.ravel().tolist() == [0] * 7 + [p * (p - 1) * (p - 2)]


def two_masks(x, root):
    return np.where([[False, True], [True, True]], np.stack([root(x), x]), 0.5)


def decomposed(matrix):
    u, s, v = np.linalg.svd(matrix)
    return np.sum(np.abs(u[:, 0]) * s * v[:, 0] ** 2)


SEVERAL = {
    "split": lambda m: np.sum(np.split(m, 2)[0] ** 3),
    "svd": decomposed,
    "slogdet": lambda m: np.linalg.slogdet(m)[1],
    "eigh": lambda m: np.sum(np.linalg.eigh(m + m.T)[0] ** 3),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_functions_with_several_results(name):
    f, x = SEVERAL[name], np.array([0.0, 4.0])
    masked = quiet(lambda x: f(two_masks(x, np.sqrt)))
    twin = lambda x: f(two_masks(x, lambda x: np.sqrt(np.where([False, True], x, 1.0))))  # noqa: E731
    np.testing.assert_allclose(grad(masked)(x), grad(twin)(x), rtol=1e-12)
    np.testing.assert_allclose(hessian(masked)(x), hessian(twin)(x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("part", [lambda p: p[0][1], lambda p: p.S[1], lambda p: p[2][1] ** 2])
@pytest.mark.parametrize("order", [grad, hessian])
def test_several_results_of_which_a_part_is_masked(part, order):
    """A batch of two matrices, of which the first is spoilt and masked."""

    def f(x, root):
        m = np.stack([root(x[0]) * np.ones((2, 2)), np.diag([1.0, 2.0]) + x[1] * x[2]])
        return np.sum(part(np.linalg.svd(m + np.array([[0.0, 0.5], [0.0, 0.0]]))))

    x = np.array([0.0, 2.0, 0.7])
    with np.errstate(invalid="ignore"):
        got = order(quiet(lambda x: f(x, np.sqrt)))(x)
    np.testing.assert_allclose(got, order(lambda x: f(x, lambda t: 0.3))(x), rtol=1e-9, atol=1e-9)
