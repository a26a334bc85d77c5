"""grad, jacobian, hessian, vjp, jvp, hvp: nests, nesting, complex numbers, closures, refusals."""

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    ShapeMismatch,
    Value,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    ravel,
    value_and_grad,
    vjp,
)

X = np.array([1.0, 2.0, 3.0])
Point = namedtuple("Point", "x y")


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_every_order_of_a_power_and_of_sin(order):
    f, g = (lambda x: x**4), np.sin
    for _ in range(order):
        f, g = grad(f), grad(g)
    assert f(2.0) == [32.0, 48.0, 48.0, 24.0, 0.0][order - 1]
    expected = [np.cos(0.3), -np.sin(0.3), -np.cos(0.3), np.sin(0.3), np.cos(0.3)][order - 1]
    assert g(0.3) == pytest.approx(expected)


@given(
    st.floats(-2, 2), st.sampled_from(["tanh", "exp", "arctan", "sinh", "cos", "arcsinh", "expm1"])
)
def test_third_derivatives_of_elementary_functions(x, name):
    f = getattr(np, name)
    third = grad(grad(grad(f)))(x)
    h = 1e-4
    second = grad(grad(f))
    assert third == pytest.approx((second(x + h) - second(x - h)) / (2 * h), rel=1e-5, abs=1e-5)


def test_inner_and_outer_variables_are_not_confused():
    assert grad(lambda x: grad(lambda y: x * y**2)(3.0))(5.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert grad(lambda x: grad(lambda x: x**3)(x) * x)(2.0) == 36.0


def test_results_are_plain_and_of_the_argument_s_type():
    assert type(grad(np.sin)(1)) is float
    g = grad(lambda x: (x**2).sum())(X.astype("f4"))
    assert (type(g), g.dtype) == (np.ndarray, np.float32)
    y, g = value_and_grad(lambda x: (x**2).sum())(X)
    assert (type(y), y) == (float, 14.0)


def test_results_are_memory_of_their_own():
    for f in (np.sum, lambda x: x[0] * 1 + np.sum(x)):
        g = grad(f)(X)
        g[...] = 0
    seed = np.ones(3)
    (g,) = vjp(lambda x: x, X)[1](seed)
    g[...] = 0
    assert seed.tolist() == [1, 1, 1]


def test_nests_of_arguments_and_results():
    params = {"w": X, "b": [1.0, None], "p": Point(2.0, (3.0,))}

    def f(params, scale):
        return (params["w"] * scale).sum() + params["b"][0] ** 2 + params["p"].x * params["p"].y[0]

    g = grad(f)(params, 2.0)
    assert g["w"].tolist() == [2, 2, 2]
    assert g["b"] == [2.0, None]
    assert g["p"] == Point(3.0, (2.0,))
    both = grad(f, argnums=(0, 1))(params, 2.0)
    assert both[1] == 6.0
    assert grad(f, argnums=-1)(params, 2.0) == 6.0
    second = hessian(f)(params, 2.0)
    assert second["p"].x["p"].y == (1.0,)
    assert second["w"]["w"].shape == (3, 3)
    y, pullback = vjp(lambda p: {"s": p.x + p.y, "d": p.x * p.y}, Point(2.0, 5.0))
    assert y == {"s": 7.0, "d": 10.0}
    assert pullback({"s": 1.0, "d": 10.0}) == (Point(51.0, 21.0),)


def test_has_aux():
    def f(x):
        return (x**2).sum(), {"twice": x * 2, "note": "kept"}

    g, aux = grad(f, has_aux=True)(X)
    assert g.tolist() == [2, 4, 6]
    assert aux["note"] == "kept"
    assert type(aux["twice"]) is np.ndarray
    (y, aux), g = value_and_grad(f, has_aux=True)(X)
    assert (y, aux["note"]) == (14.0, "kept")
    h, aux = hessian(f, has_aux=True)(X)
    assert (h.diagonal().tolist(), aux["note"]) == ([2, 2, 2], "kept")


def test_what_does_not_depend_has_zeros():
    assert grad(lambda x: 3.0)(2.0) == 0.0
    assert grad(lambda x, y: x.sum(), argnums=1)(X, X).tolist() == [0, 0, 0]
    assert hessian(np.sum)(X).tolist() == [[0] * 3] * 3
    assert jvp(lambda x: X, (X,), (X,))[1].tolist() == [0, 0, 0]
    assert hvp(np.sum, X, X).tolist() == [0, 0, 0]


def test_jacobian_and_hessian():
    def f(x):
        return np.sin(x) * x.sum()

    expected = np.diag(np.cos(X) * 6) + np.sin(X)[:, None]
    np.testing.assert_allclose(jacobian(f)(X), expected)
    assert jacobian(lambda x: np.outer(x, x))(X).shape == (3, 3, 3)
    assert jacobian(lambda x: x[:0])(X).shape == (0, 3)
    assert jacobian(np.sin)(0.0) == 1.0
    assert jacobian(jacobian(f))(X).shape == (3, 3, 3)
    np.testing.assert_allclose(hessian(lambda x: np.prod(x))(X), [[0, 3, 2], [3, 0, 1], [2, 1, 0]])


@given(st.integers(0, 2**32 - 1))
def test_products_agree_with_the_jacobian(seed):
    rng = np.random.default_rng(seed)
    x, v, u = rng.normal(size=(3, 4))
    a = rng.normal(size=(4, 4))

    def f(x):
        return np.tanh(a @ x) * x[::-1]

    j = jacobian(f)(x)
    y, pullback = vjp(f, x)
    np.testing.assert_allclose(y, f(x))
    np.testing.assert_allclose(pullback(u)[0], u @ j, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(jvp(f, (x,), (v,))[1], j @ v, rtol=1e-8, atol=1e-10)

    def scalar(x):
        return f(x).sum()

    np.testing.assert_allclose(hvp(scalar, x, v), hessian(scalar)(x) @ v, rtol=1e-8, atol=1e-10)
    through = jvp(grad(scalar), (x,), (v,))[1]
    np.testing.assert_allclose(through, hvp(scalar, x, v), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "outer",
    [
        lambda f: grad(f),
        lambda f: lambda t: jacobian(f)(t),
        lambda f: lambda t: jvp(f, (t,), (1.0,))[1],
        lambda f: lambda t: vjp(f, t)[1](1.0)[0],
        lambda f: elementwise_grad(f),
    ],
)
@pytest.mark.parametrize(
    "inner",
    [
        lambda t: grad(lambda x: x**3)(t),
        lambda t: jacobian(lambda x: x**3)(t),
        lambda t: jvp(lambda x: x**3, (t,), (1.0,))[1],
        lambda t: vjp(lambda x: x**3, t)[1](1.0)[0],
        lambda t: hvp(lambda x: x**4 / 4, t, 1.0),
        lambda t: elementwise_grad(lambda x: x**3)(t),
    ],
)
def test_transforms_nest_in_one_another(outer, inner):
    result = outer(inner)(2.0)
    assert result == pytest.approx(12.0)
    assert type(result) is float


def test_hvp_nests_too():
    assert grad(lambda t: hvp(lambda x: x**4, t, 1.0))(2.0) == 48.0
    assert hvp(lambda x: grad(lambda y: y**4)(x), 2.0, 1.0) == 48.0


def test_a_gradient_that_depends_on_the_caller_s_values_is_one_itself():
    """As in a gradient penalty: the derivative of a derivative, with respect to a parameter."""
    w = Value(X)
    g = grad(lambda x: (w * x**2).sum())(X)
    assert type(g) is Value
    (g**2).sum().backward()
    np.testing.assert_allclose(w.grad, 8 * X * X**2)
    x = Value(2.0)
    y = grad(lambda t: t**3)(x)
    y.backward()
    assert (y.data, x.grad) == (12.0, 12.0)


def test_inside_no_grad():
    with no_grad():
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
        assert jvp(np.sin, (0.0,), (1.0,)) == (0.0, 1.0)
        g = grad(lambda x: x**3)(Value(2.0))
    assert (type(g), g.data, g.fn) == (Value, 12.0, None)


def test_complex_gradients_descend_and_pullbacks_are_plain():
    z = 1 + 2j
    assert grad(lambda z: abs(z) ** 2)(z) == pytest.approx(2 * z)
    assert vjp(lambda z: z**3, z)[1](1.0 + 0j)[0] == pytest.approx(3 * z**2)
    assert elementwise_grad(lambda z: z**3)(z) == pytest.approx(3 * z**2)
    assert jvp(lambda z: z**3, (z,), (1j,))[1] == pytest.approx(3j * z**2)
    g = grad(lambda x: np.real(np.exp(1j * x)))(0.5)
    assert g == pytest.approx(-np.sin(0.5))
    assert type(g) is float
    with pytest.raises(TypeError, match="vjp"):
        grad(lambda z: z * 2)(z)


def test_refusals():
    with pytest.raises(ShapeMismatch, match=r"\(3,\).*jacobian"):
        grad(lambda x: x * 2)(X)
    with pytest.raises(TypeError, match="argnums=2"):
        grad(np.sin, argnums=2)(1.0)
    with pytest.raises(TypeError, match="real or complex"):
        grad(lambda x: x)("text")
    with pytest.raises(ShapeMismatch, match=r"\[\(2,\)\].*\[\(3,\)\]"):
        vjp(np.sin, X)[1](np.ones(2))
    with pytest.raises(ShapeMismatch, match="elementwise"):
        elementwise_grad(np.sum)(X)


def test_functions_without_names_and_with_keywords():
    from functools import partial

    assert grad(partial(np.multiply, 3.0))(1.0) == 3.0
    assert grad(lambda x, *, k: x * k)(1.0, k=4.0) == 4.0


def test_long_functions():
    def f(x):
        for _ in range(3000):
            x = x * 1.0001
        return x

    assert grad(f)(1.0) == pytest.approx(1.0001**3000)
    assert grad(grad(lambda x: f(x) ** 2))(1.0) == pytest.approx(2 * 1.0001**6000)


def test_softmax_family_to_second_order():
    for f in (autograd.softmax, autograd.log_softmax):
        np.testing.assert_allclose(
            jacobian(f)(X), np.stack([grad(lambda x, f=f, k=k: f(x)[k])(X) for k in range(3)])
        )


def test_dicts_match_by_their_keys():
    p = {"a": 2.0, "b": 3.0}

    def f(d):
        return d["a"] ** 2 * d["b"]

    assert hvp(f, p, {"b": 0.0, "a": 1.0}) == {"a": 6.0, "b": 4.0}
    assert jvp(f, (p,), ({"b": 0.0, "a": 1.0},)) == (12.0, 12.0)
    _, pullback = vjp(lambda x: {"b": x * 2.0, "a": x * 1.0}, 1.0)
    assert pullback({"a": 1.0, "b": 0.0}) == (1.0,)
    assert list(grad(f)({"b": 3.0, "a": 2.0})) == ["b", "a"]


def test_complex_results_of_real_arguments():
    np.testing.assert_allclose(jacobian(lambda x: np.exp(1j * x))(X), np.diag(1j * np.exp(1j * X)))
    np.testing.assert_allclose(elementwise_grad(lambda x: x * x * 1j)(X), 2j * X)


def test_pullbacks_under_no_grad_are_values_for_values():
    x, y = Value([1.0, 2.0]), Value([1.0, 2.0])
    _, pullback = vjp(lambda x, y: (x + y) * 2.0, x, y)
    with no_grad():
        a, b = pullback(np.ones(2))
    assert type(a) is type(b) is Value
    assert not np.shares_memory(a.data, b.data)


def test_aux_is_left_as_it_is():
    w = Value(2.0)
    with no_grad():
        (y, aux), g = value_and_grad(lambda x: (x * w, {"n": 3, "s": "text"}), has_aux=True)(1.0)
    assert aux == {"n": 3, "s": "text"}
    assert (y.data, g.data) == (2.0, 2.0)


def test_results_share_nothing_with_the_record():
    y, pullback = vjp(np.exp, np.zeros(2))
    y[:] = 0
    assert pullback(np.ones(2))[0].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda: grad(lambda x, y: x * y, argnums=(0, 0))(1.0, 2.0), ValueError, "twice"),
        (lambda: grad(lambda x, y: x * y, argnums=(1, -1))(1.0, 2.0), ValueError, "twice"),
        (
            lambda: hvp(lambda x: np.sum(x**3), X, np.ones((3, 1))),
            ShapeMismatch,
            r"v has .*\(3, 1\)",
        ),
        (lambda: jvp(np.sin, (X,), (X[:2],)), ShapeMismatch, "tangents"),
        (lambda: grad(lambda x: [x, x])(1.0), TypeError, "not a list"),
        (lambda: grad(lambda x: None)(1.0), TypeError, "not a NoneType"),
        (lambda: grad(lambda x: x, has_aux=True)(1.0), TypeError, "pair"),
    ],
)
def test_more_refusals(attempt, error, says):
    with pytest.raises(error, match=says):
        attempt()


# ------------------------------------------------------- one vector of many parameters


def test_ravel_and_back():
    nest = {"w": np.arange(4, dtype=np.float32).reshape(2, 2), "b": 3, "c": [Value(2.0), None]}
    vector, unravel = ravel(nest)
    assert vector.data.tolist() == [3, 2, 0, 1, 2, 3]
    back = unravel(vector)
    assert back["w"].dtype == np.float32
    assert back["w"].shape == (2, 2)
    assert back["b"].item() == 3
    assert back["c"][0].item() == 2
    with pytest.raises(ShapeMismatch, match="holds 6 numbers in 3 leaves"):
        unravel(np.zeros(5))
    assert ravel([])[0].shape == (0,)


def test_ravel_can_be_differentiated_both_ways():
    nest = {"w": np.ones((2, 2)), "b": 3.0}

    def loss(p):
        return np.sum(p["w"] ** 2) * p["b"]

    vector, unravel = ravel(nest)
    assert grad(lambda v: loss(unravel(v)))(vector).tolist() == [4, 6, 6, 6, 6]
    assert hessian(lambda v: loss(unravel(v)))(vector)[0].tolist() == [0, 2, 2, 2, 2]
    assert grad(lambda p: np.sum(ravel(p)[0] ** 2))(nest)["b"] == 6


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize(
    "settings",
    [
        {"fun": value_and_grad(rosenbrock), "jac": True},
        {"fun": rosenbrock, "jac": grad(rosenbrock), "hess": hessian(rosenbrock),
         "method": "trust-exact"},
        {"fun": value_and_grad(rosenbrock), "jac": True, "method": "Newton-CG",
         "hessp": lambda x, v: hvp(rosenbrock, x, v)},
    ],
)  # fmt: skip
def test_scipy_minimizes_with_our_derivatives(settings):
    optimize = pytest.importorskip("scipy.optimize")
    with np.errstate(all="ignore"):
        found = optimize.minimize(x0=np.array([-1.2, 1.0, 0.5]), **settings)
    np.testing.assert_allclose(found.x, 1, atol=1e-4)
