"""The sum of products as one call, in derivatives and in words."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    NotDifferentiable,
    ShapeMismatch,
    Value,
    dot,
    grad,
    hessian,
    jacobian,
)


def products(ws, xs):
    return sum(w * x for w, x in zip(ws, xs, strict=True))


def derivatives(f, x):
    """f's derivatives of the first three orders at an array of numbers."""

    def of_array(v):
        return f([v[k] for k in range(len(x))])

    return grad(of_array)(x), hessian(of_array)(x), jacobian(hessian(of_array))(x)


@pytest.mark.parametrize(
    "program",
    [
        lambda dot, v: dot(v[:2], v[2:]),
        lambda dot, v: dot(v, v) ** 2 * v[0],
        lambda dot, v: np.sin(dot(v, [1.0, 2, -3, 0.5])) * v[1],
        lambda dot, v: dot([v[0], 2.0, v[0]], [v[1], v[2], v[0]]) ** 3,
        lambda dot, v: dot([dot(v, v), v[3]], [v[0], 7.0]) ** 2,
    ],
)
def test_dot_is_the_sum_of_the_products_to_third_order(program):
    x = np.array([0.5, -1.2, 2.0, 0.3])
    ours = derivatives(lambda v: program(dot, v), x)
    for got, true in zip(ours, derivatives(lambda v: program(products, v), x), strict=True):
        np.testing.assert_allclose(got, true, rtol=1e-9, atol=1e-9)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.integers(0, 3)), min_size=1))
@settings(max_examples=50)
def test_dot_of_values_and_constants(pairs):
    def both(f):
        ws = [Value(w) if k % 2 else w for w, _, k in pairs]
        xs = [Value(x) if k // 2 else x for _, x, k in pairs]
        y = f(ws, xs) + Value(0.0)
        y.backward()
        return [y.data, *(v.grad for v in (*ws, *xs) if type(v) is Value)]

    if any(k for *_, k in pairs):
        assert both(dot) == pytest.approx(both(products), abs=1e-12)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1)])
def test_dot_broadcasts_arrays(shape):
    a, b, c = np.full(shape, 2.0), np.arange(6.0).reshape(2, 3), np.array([1.0, -1, 2])

    def gradients(f):
        values = [Value(a), Value(b), Value(c)]
        np.sum(f(values, [3.0, values[0], b]) ** 2).backward()
        return [v.grad for v in values]

    for got, true in zip(gradients(dot), gradients(products), strict=True):
        np.testing.assert_allclose(got, true, rtol=1e-12)
        assert np.shape(got) == np.shape(true)


def test_dot_with_one_leaf_twice():
    x = Value(3.0)
    dot([x, x], [x, 2.0]).backward()
    assert x.grad == 8.0


def test_dot_takes_iterators_and_no_values_at_all():
    assert dot((Value(float(k)) for k in range(3)), iter([1.0, 2.0, 3.0])).data == 8.0
    assert dot([1.0, 2.0], [3.0, 4.0]) == 11.0


def test_dot_is_one_call_in_the_record():
    ws, xs = [Value(1.0), Value(2.0)], [Value(3.0), 4.0]
    y = dot(ws, xs)
    assert y.parents == (*ws, xs[0])
    assert all(v.fn is None for v in y.parents)


def test_dot_in_words():
    w, x = Value(2.0, label="w"), Value(3.0, label="x")
    y = dot([w, 1.0], [x, x])
    y.backward()
    assert repr(y) == "Value(9.0, grad=1.0)"
    env = {}
    exec(autograd.source(y), env)
    assert env["loss_and_gradients"](w=2.0, x=3.0) == (9.0, {"w": 3.0, "x": 3.0})
    assert "dot" in str(autograd.draw(y))


@pytest.mark.parametrize("lists", [([], []), ([Value(1.0)], []), ([Value(1.0)], [1.0, 2.0])])
def test_dot_of_unequal_lists_or_of_none(lists):
    with pytest.raises(ShapeMismatch, match=r"two lists of one length.*\d and \d"):
        dot(*lists)


def test_dot_of_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)|broadcast"):
        dot([Value(np.ones(2))], [np.ones(3)])


def test_dot_of_what_is_no_number():
    with pytest.raises((NotDifferentiable, TypeError)):
        dot([Value(1.0)], ["a"])


def test_dot_where_a_product_overflows():
    x = Value(1e200)
    with np.errstate(over="ignore", invalid="ignore"):
        dot([x, 1.0], [x, 2.0]).backward()
    assert x.grad == 2e200
    assert math.isfinite(x.grad)
