"""Poles that nothing masks: infinite, or no number with one warning, never a finite number."""

import io
import linecache

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    Value,
    defvjp,
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
from tests.autograd.poles import CALLS, agree, backward, quiet, reported

# ------------------------------------------------------------ what the chain rule cannot tell


def by_logarithm(matrix):
    sign, logarithm = np.linalg.slogdet(matrix)
    return sign * np.exp(logarithm)


UNDEFINED = [  # a program, where the chain rule finds no derivative, and the function to blame
    (lambda x: np.sqrt(x) ** 2, 0.0, "np.sqrt"), (lambda x: np.cbrt(x) ** 3, 0.0, "np.cbrt"),
    (lambda x: np.sqrt(1 - x**2) ** 2, 1.0, "np.sqrt"), (lambda x: 1 / (1 / x), 0.0, "np.divide"),
    (lambda x: np.exp(np.sum(np.log(x))), np.array([0.0, 2, 3]), "np.log"),
    (lambda x: np.log(1 + np.exp(x)), 800.0, "np.exp"),
    (lambda x: np.sum((np.sqrt(x) - [0, 0.5]) ** 2), np.array([0.0, 0.5]), "np.sqrt"),
    (lambda x: np.exp(np.log(x)), 0.0, "np.log"), (lambda x: 0.0 * np.log(x), 0.0, "np.log"),
    (lambda x: relu(np.sqrt(x)) ** 2, 0.0, "np.sqrt"),
    (lambda x: np.maximum(np.sqrt(x), 0) ** 2, 0.0, "np.sqrt"),
    (lambda x: hardtanh(np.sqrt(x), min_val=0.0) ** 2, 0.0, "np.sqrt"),
    (lambda x: np.linalg.norm(np.sqrt(x)) ** 2, np.zeros(2), "np.sqrt"),
    (lambda x: np.sqrt(x) @ np.sqrt(x), np.array([0.0, 2.0]), "np.sqrt"),
    (lambda x: np.max(np.sqrt(x)) ** 2, np.zeros(2), "np.sqrt"),
    (lambda x: by_logarithm(x * np.eye(2)), 0.0, "np.linalg.slogdet"),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("f", "x", "blamed"), UNDEFINED)
def test_0_times_infinity_is_no_number_and_says_so_once(f, x, blamed, call):
    got, seen = reported(lambda: CALLS[call](quiet(f), x))
    assert np.isnan(np.ravel(got)[0])
    caller = CALLS[call].__code__.co_filename
    assert [(w.category, w.filename) for w in seen] == [(RuntimeWarning, caller)]
    assert f"0 · ∞, which is no number, in the derivative of {blamed} by" in str(seen[0].message)


@pytest.mark.parametrize(("f", "x", "blamed"), UNDEFINED)
def test_neither_is_its_second_derivative(f, x, blamed):
    got, seen = reported(lambda: hessian(quiet(f))(x))
    assert not np.isfinite(np.ravel(got)[0])
    assert {w.filename for w in seen} == {__file__}


def test_a_warning_names_the_place_and_the_line():
    y = np.sum(np.sqrt(Value([1.0, 0.0])) ** 2)
    _, seen = reported(lambda: y.backward())  # this line
    assert "argument 0, at index (1,)" in str(seen[0].message)
    assert "# this line" in linecache.getline(__file__, seen[0].lineno)


@pytest.mark.parametrize("x", [0.0, [0.0, 1.0]])
def test_an_error_leaves_every_gradient_as_it_was(x):
    v, w = Value(x), Value(3.0)
    (v * w).sum().backward()
    before = np.copy(v.grad).tolist(), w.grad
    with pytest.raises(FloatingPointError, match=r"np\.sqrt"), np.errstate(invalid="raise"):
        np.sum(np.sqrt(v) ** 2 * w).backward()
    assert (np.copy(v.grad).tolist(), w.grad) == before


def test_the_users_handler_is_called_and_may_be_told_to_ignore_it():
    said = []
    handler = np.seterrcall(lambda sentence, flag: said.append(sentence))
    try:
        for action in ("call", "ignore"):
            with np.errstate(invalid=action):
                assert np.isnan(backward(lambda x: np.sqrt(x) ** 2, 0.0))
    finally:
        np.seterrcall(handler)
    assert ["np.sqrt" in sentence for sentence in said] == [True]


def test_it_is_printed_or_logged_where_numpy_would(capsys):
    log = io.StringIO()
    handler = np.seterrcall(log)
    try:
        for action in ("log", "print"):
            with np.errstate(invalid=action):
                backward(lambda x: np.sqrt(x) ** 2, 0.0)
    finally:
        np.seterrcall(handler)
    assert log.getvalue() == capsys.readouterr().out
    assert log.getvalue().startswith(
        "Warning: 0 · ∞, which is no number, in the derivative of np.sq"
    )


@pytest.mark.parametrize("x", [0.0, np.zeros(2)])
def test_infinity_minus_infinity_is_said_too(x):
    got, seen = reported(lambda: backward(quiet(lambda x: np.sum(np.sqrt(x) - np.log(x))), x))
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


@np.errstate(all="ignore")
def test_zeros_that_the_user_gives_are_numbers():
    x, g = Value([0.0, 1.0]), np.array([0.0, 1.0])
    np.sqrt(x).backward(g)
    for got in (x.grad, vjp(np.sqrt, x.data)[1](g)[0], jvp(np.sqrt, (x.data,), (g,))[1]):
        np.testing.assert_array_equal(got, [np.nan, 0.5])
    np.testing.assert_array_equal(hvp(lambda x: np.sum(x**1.5), x.data, g), [np.nan, 0.75])


@np.errstate(divide="ignore")
def test_zeros_of_a_basis_are_absent():
    x = np.array([0.0, 1.0])
    assert jacobian(np.sqrt)(x).tolist() == [[np.inf, 0], [0, 0.5]]
    assert hessian(lambda x: np.sum(x**1.5))(x).tolist() == [[np.inf, 0], [0, 0.75]]
    assert autograd.elementwise_grad(np.sqrt)(x).tolist() == [np.inf, 0.5]


def test_gradients_between_are_mended_too():
    x = Value([1.0, 4.0])
    z = np.where([False, True], x, 0.0)  # its 0 stands on nothing
    np.sum(np.where([False, True], np.sqrt(z), 0.0)).backward()
    assert (z.grad.tolist(), x.grad.tolist()) == ([0, 0.25], [0, 0.25])


def test_a_gradient_between_that_is_no_number_is_kept_and_said():
    x = Value([1.0, 4.0])
    z = np.where([False, True], x, 0.0)
    _, seen = reported(np.sum(np.sqrt(z) ** 2).backward)
    assert len(seen) == 1
    assert np.isnan(z.grad[0])
    assert x.grad.tolist() == [0, 1]


def scaled(x, factors, refuse=False):
    def rule(g, y, x, factors):
        if refuse and not np.isfinite(g).all():
            raise AssertionError("I take finite gradients only")
        return g * np.array(factors)

    function = primitive(lambda x, factors: x * np.array(factors))
    defvjp(function, rule, None)
    return function(x, factors)


@pytest.mark.parametrize("f", [
    lambda x: scaled(np.sqrt(x), [2.0, 2.0]), lambda x: np.sqrt(scaled(x, [2.0, 4.0])),
    lambda x: np.sqrt(scaled(x, [2.0, 4.0], refuse=True)),
])  # fmt: skip
def test_rules_of_the_users_own_see_lists_and_may_refuse_what_is_not_finite(f):
    for compute in CALLS.values():
        got = compute(quiet(lambda x: np.sum(np.where(x > 0, f(x), 0.0))), np.array([0.0, 4.0]))
        assert got.tolist() == [0, 0.5]


def test_what_a_rule_raises_for_another_reason_is_raised():
    own = primitive(lambda x: x * 1.0)
    defvjp(own, lambda g, y, x: {}["missing"])
    for x in (1.0, np.ones(2)):
        v = Value(x)
        with pytest.raises(KeyError, match="missing"):
            np.sum(own(v)).backward()
        assert not np.any(v.grad)


def test_a_seed_that_is_no_number_is_not_blamed_on_a_call():
    for x in (1.0, np.ones(2)):
        v = Value(x)
        _, seen = reported(lambda v=v: (v * 2).backward(np.nan * v.data))
        assert np.all(np.isnan(v.grad))
        assert not seen


X = np.array([[1.0, 2.0], [np.nan, 1.0], [3.0, 1.0], [2.0, 5.0]])


TARGETS, COMPLETE = np.array([1.0, 2.0, np.nan, 4.0]), [0, 3]


@pytest.mark.parametrize("derivative", [grad, hessian, lambda f: lambda w: backward(f, w)])
def test_missing_rows_do_not_spoil_a_regression(derivative):
    got = derivative(lambda w: np.nansum((X @ w - TARGETS) ** 2))(np.ones(2))
    true = derivative(lambda w: np.sum((X[COMPLETE] @ w - TARGETS[COMPLETE]) ** 2))(np.ones(2))
    np.testing.assert_allclose(got, true, rtol=1e-12)


def test_a_row_that_counts_does():
    got = grad(lambda w: np.sum(np.where([True, True, False, False], X @ w, 0) ** 2))(np.ones(2))
    assert np.isnan(got).all()


@pytest.mark.parametrize("p", [1.5, 2.5])
def test_a_quick_first_order_forgets_no_mask(p):
    f = quiet(lambda x: np.where(x > 0, x**p, 0.0))
    assert grad(grad(f))(0.0) == grad(grad(grad(f)))(0.0) == 0
    third = jacobian(hessian(lambda x: np.sum(f(x))))(np.array([0.0, 1.0]))
    assert third.ravel().tolist() == [0] * 7 + [p * (p - 1) * (p - 2)]


def by_svd(matrix):
    u, s, v = np.linalg.svd(matrix)
    return np.sum(np.abs(u[:, 0]) * s * v[:, 0] ** 2)


@pytest.mark.parametrize("order", [grad, hessian])
@pytest.mark.parametrize("f", [by_svd, by_logarithm, lambda m: np.sum(np.split(m, 2)[0] ** 3)])
def test_functions_with_several_results(f, order):
    def program(x, root):
        return f(np.where([[False, True], [True, True]], np.stack([root(x), x]), 0.5))

    x = np.array([0.0, 4.0])
    twin = order(lambda x: program(x, lambda x: np.sqrt(np.where([False, True], x, 1.0))))
    agree(order(quiet(lambda x: program(x, np.sqrt)))(x), twin(x))


@np.errstate(all="ignore")
def test_an_infinite_slope_before_several_results():
    got = hessian(lambda x: by_svd(np.stack([np.sqrt(x), x + 1])))(np.array([0.0, 4.0]))
    assert not np.isfinite(got[0, 0])


@pytest.mark.parametrize("f", [lambda z: z[0] ** 2, lambda z: z[0] * np.sin(z[0])])
@np.errstate(all="ignore")
def test_a_factor_that_was_absent_is_so_in_a_mixed_second_derivative(f):
    """x's gradient is a sum over rows, one of which nothing came to: that row stays silent."""

    def mixed(f, x, y):
        by_x = grad(lambda x, y: np.sum(f(np.sqrt(y) @ x)), 0)
        return grad(lambda y: np.sum(by_x(x, y)))(y)

    x, y = np.array([[0.9, 0.5], [1.1, 2.2]]), np.array([[1.2, 1.8], [0.0, 0.3]])
    np.testing.assert_allclose(mixed(f, x, y), [mixed(f, x, y[:1])[0], [0, 0]])
    assert np.isnan(mixed(lambda z: z**2, 0 * x, y)[1, 0])


# ------------------------------------------------------------------ random compositions

PIECES = [
    np.sqrt, np.sqrt, np.cbrt, np.exp, np.log, np.sin, np.cos, np.arcsin, np.arccos, np.tanh,
    np.arctanh, np.expm1, np.log1p, np.square, lambda u: u**3, lambda u: u * u, lambda u: 1 / u,
    lambda u: u**1.5, lambda u: u**-0.5, lambda u: 1 - u, lambda u: u * np.log(u),
    lambda u: u / (1 + u), lambda u: 2 * u,
]  # fmt: skip


KINKED = [np.abs, lambda u: np.maximum(u, 0)]


def one_sided(f, x, side, order):
    """A derivative from one side, by ever shorter steps: infinite if it grows, None if unclear."""
    found = []
    for h in (1e-4, 1e-5, 1e-6) if order == 1 else (1e-3, 3e-4, 1e-4):
        h = np.longdouble(side * h)
        a, b, c = (f(x + k * h) for k in (1, 2, 3))
        found.append((b - a) / h if order == 1 else (a - 2 * b + c) / h**2)
    long, short, shortest = np.abs(found)
    if shortest > 1 and shortest > 1.5 * short > 2.25 * long:
        return np.copysign(np.inf, found[2])
    return found[2] if abs(found[2] - found[1]) <= 0.01 * max(shortest, 0.01) else None


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(PIECES + KINKED), max_size=4), st.sampled_from([0.0, 1, -1]), st.data()
)
@np.errstate(all="ignore")
def test_no_finite_number_is_made_up(pieces, x, data):
    """Right, infinite, or no number: what the differences from either side say, or lies between."""

    def f(u):
        for piece in pieces:
            u = piece(u)
        return u

    assume(np.isfinite(f(np.float64(x))))
    order = 1 if set(pieces) & {*KINKED} else data.draw(st.integers(1, 2))
    sides = [s for s in (1, -1) if np.isfinite(f(np.longdouble(x) + s * np.longdouble(1e-6)))]
    true = [one_sided(f, np.longdouble(x), side, order) for side in sides]
    assume(true and None not in true)
    got = grad(f)(x) if order == 1 else grad(grad(f))(x)
    if abs(got) < 1e5:  # more is infinity, rounded
        assert min(true) - 0.02 * max(1, abs(got)) <= got <= max(true) + 0.02 * max(1, abs(got))
