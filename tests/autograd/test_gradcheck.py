"""The checker is checked: it must fail on what is wrong, and pass what is right."""

import numpy as np
import pytest

from autograd import GradientMismatch, Value, defvjp, gradcheck, gradgradcheck, primitive


def cube_with(rule):
    @primitive
    def cube(x):
        return x**3

    defvjp(cube, rule)
    return cube


X = np.array([0.5, -1.5, 2.0])


def test_passes_what_is_right():
    cube = cube_with(lambda g, y, x: g * 3 * x**2)
    assert gradcheck(cube, X, order=3)
    assert gradgradcheck(cube, 2.0)
    assert gradcheck(lambda p: {"a": p["x"] @ p["y"][0]}, ({"x": X, "y": [X]},), order=2)


@pytest.mark.parametrize(
    "rule",
    [
        lambda g, y, x: g * 3.003 * x**2,
        lambda g, y, x: -g * 3 * x**2,
        lambda g, y, x: g * 3 * x**2 + 1e-3,
        lambda g, y, x: (g * 3 * x**2)[::-1],
        lambda g, y, x: 3 * x**2,
    ],
)
def test_fails_on_a_wrong_rule(rule):
    with pytest.raises(GradientMismatch, match=r"cube, input 0, element \(0,\).*central"):
        gradcheck(cube_with(rule), X)


def test_fails_on_a_wrong_second_derivative_only_when_asked():
    """The first derivative is right, but what it is made of is taken for a constant."""
    cube = cube_with(lambda g, y, x: g * 3 * np.square(x.data if isinstance(x, Value) else x))
    assert gradcheck(cube, X)
    with pytest.raises(GradientMismatch, match="the gradient of cube"):
        gradgradcheck(cube, X)


def test_fails_where_an_input_is_forgotten():
    @primitive
    def product(x, y):
        return x * y

    defvjp(product, lambda g, z, x, y: g * y, None)
    with pytest.raises(GradientMismatch, match="input 1"):
        gradcheck(product, (X, X))


def test_names_the_element():
    @primitive
    def double(x):
        return 2 * x

    defvjp(double, lambda g, y, x: 2 * g + 0.1 * (np.arange(6).reshape(2, 3) == 5))
    with pytest.raises(GradientMismatch, match=r"element \(1, 2\)"):
        gradcheck(double, np.ones((2, 3)))


def test_complex_inputs_are_checked_in_both_directions():
    z = np.array([1 + 2j, 0.5 - 1j])
    assert gradcheck(lambda z: z**2 / (1 + z), z, order=2)
    assert gradcheck(lambda z: abs(z), z, order=2)

    @primitive
    def conjugate(z):
        return np.conjugate(z)

    defvjp(conjugate, lambda g, y, z: g)
    with pytest.raises(GradientMismatch):
        gradcheck(conjugate, z)


def test_tolerances_and_steps_are_the_caller_s():
    cube = cube_with(lambda g, y, x: g * 3.003 * x**2)
    assert gradcheck(cube, X, rtol=1e-2)
    with pytest.raises(GradientMismatch):
        gradcheck(np.exp, 3.0, eps=1.0)


def test_inputs_are_left_as_they_are():
    x = X.copy()
    gradcheck(np.sin, x)
    assert (x == X).all()
