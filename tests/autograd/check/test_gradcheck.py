"""The checker is checked: its verdicts, its report, its tolerances and its modes."""

import numpy as np
import pytest

from autograd import (
    Detached,
    GradientMismatch,
    Value,
    Verdict,
    defvjp,
    gradcheck,
    gradgradcheck,
    primitive,
)
from tests.primitives import cube_with

X = np.array([0.5, -1.5, 2.0])


right_cube = cube_with(lambda g, y, x: g * 3 * x**2)


def test_passes_what_is_right():
    assert gradcheck(right_cube, X, order=3).complete
    assert gradgradcheck(right_cube, 2.0).complete
    assert gradcheck(lambda p: {"a": p["x"] @ p["y"][0]}, ({"x": X, "y": [X]},), order=2).complete


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda g, y, x: g * 3.003 * x**2, "1.001 times"),
        (lambda g, y, x: -g * 3 * x**2, "wrong sign"),
        (lambda g, y, x: g * 3 * x**2 + 1e-3, "constant 0.001"),
        (lambda g, y, x: (g * 3 * x**2)[::-1], "runs backwards"),
        (lambda g, y, x: 3 * x**2, "g is not multiplied in"),
    ],
)
def test_fails_on_a_wrong_rule(rule, words):
    with pytest.raises(GradientMismatch, match=f"(?s)^cube: FAILED.*{words}") as caught:
        gradcheck(cube_with(rule), X)
    worst = caught.value.report.worst
    assert worst.verdict is Verdict.WRONG
    assert abs(worst.analytic - worst.numeric) > 5e-4


def test_a_second_derivative_that_is_missing():
    """The first derivative is right, but what it is made of is taken for a constant."""
    cube = cube_with(lambda g, y, x: g * 3 * np.square(x.data if isinstance(x, Value) else x))
    assert gradcheck(cube, X)
    report = gradgradcheck(cube, X, raises=False)
    assert {(e.order, e.input) for e in report.where(Verdict.NOT_AGAIN)} == {(2, "x")}


def test_a_second_derivative_that_raises():
    with pytest.raises(GradientMismatch, match="not differentiable again"):
        gradgradcheck(cube_with(lambda g, y, x: np.asarray(g * 3 * x**2)), X)
    with pytest.raises(Detached):
        gradcheck(lambda x: np.asarray(x) ** 2, X)


def test_an_input_that_is_forgotten():
    @primitive
    def product(x, y):
        return x * y

    defvjp(product, lambda g, z, x, y: g * y, None)
    with pytest.raises(GradientMismatch, match="y: no gradient arrives"):
        gradcheck(product, (X, X))


def test_names_the_element_both_values_the_ratio_and_the_step():
    @primitive
    def double(x):
        return 2 * x

    defvjp(double, lambda g, y, x: 2 * g + 0.1 * (np.arange(6).reshape(2, 3) == 5))
    report = gradcheck(double, np.ones((2, 3)), raises=False)
    (wrong,) = report.where("wrong gradient")
    assert (wrong.input, wrong.index) == ("x", (1, 2))
    assert wrong.ratio == pytest.approx(wrong.analytic / wrong.numeric)
    assert wrong.numeric == pytest.approx(2)
    assert f"{wrong.analytic:.7g}" in str(report)
    assert f"{wrong.numeric:.7g}" in str(report)
    assert report.counts == {Verdict.OK: 5, Verdict.WRONG: 1}


def test_the_table_is_short():
    report = gradcheck(np.sin, np.ones(1000), np.sin, raises=False)
    assert len(str(report).splitlines()) < 16
    assert "… and 990 more" in str(report)
    assert "transposed" not in str(report)


# ------------------------------------------------------------------- the same each time


def test_functions_that_differ_from_call_to_call():
    rng = np.random.default_rng(0)
    for f in (lambda x: np.sum(x) + rng.normal(), lambda x: np.sum(x * rng.normal(size=3))):
        report = gradcheck(f, X, raises=False)
        assert report.worst.verdict is Verdict.NOT_DETERMINISTIC


def test_gradients_that_add_up():
    total = np.zeros(3)

    def gradient(x):
        total[...] += np.cos(x)
        return total.copy()

    with pytest.raises(GradientMismatch, match="each call adds to the first"):
        gradcheck(np.sin, X, gradient)


def test_inputs_are_left_as_they_are():
    def careless(x):
        x *= 2
        return np.sum(x)

    x = X.copy()
    assert gradcheck(np.sin, x)
    assert gradcheck(careless, x, lambda x: np.full(3, 2.0))
    assert (x == X).all()


# --------------------------------------------------------------------- shape and dtype


@pytest.mark.parametrize(
    ("gradient", "words"),
    [
        (lambda x: np.ones(3), "the shape"),
        (lambda x: np.ones((3, 2)), "transposed"),
        (lambda x: np.ones((2, 3), int), "int64"),
        (lambda x: np.ones((2, 3), np.float32), "float32"),
        (lambda x: np.ones((2, 3)) + 0j, "complex128"),
        (lambda x: np.ones((4, 2, 3)), "leading axes"),
    ],
)
def test_wrong_shapes_and_dtypes(gradient, words):
    report = gradcheck(np.sum, np.ones((2, 3)), gradient, raises=False)
    assert [e.verdict for e in report.elements] == ["wrong shape or dtype"]
    assert words in report.elements[0].note


def test_rules_that_do_not_undo_broadcasting():
    @primitive
    def add(x, b):
        return x + b

    defvjp(add, lambda g, y, x, b: g, lambda g, y, x, b: g)
    report = gradcheck(add, (np.ones((2, 3)), np.ones(3)), raises=False)
    assert report.worst.verdict is Verdict.SHAPE


# ------------------------------------------------------------------------------ modes


def test_the_cheap_mode_calls_f_ten_times_at_most():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return np.sum(np.tanh(x) * np.abs(x))

    def slope(x):
        return np.sign(x) * np.tanh(x) + np.abs(x) / np.cosh(x) ** 2

    x = np.random.default_rng(0).normal(size=(30, 100))
    assert gradcheck(f, x, slope, cheap=True).complete
    assert calls <= 10
    calls = 0
    wrong = gradcheck(f, x, lambda x: slope(x) * 1.01, cheap=True, raises=False)
    assert wrong.worst.verdict is Verdict.WRONG
    assert calls <= 10


def test_tolerances_are_the_caller_s():
    cube = cube_with(lambda g, y, x: g * 3.003 * x**2)
    assert gradcheck(cube, X, rtol=1e-2)
    assert gradcheck(cube, X, atol=0.1)
    with pytest.raises(GradientMismatch):
        gradcheck(cube, X, rtol=1e-4)


def test_a_bad_step_is_mended():
    """It says which step would do, instead of failing."""
    for eps in (1.0, 1e-15):
        report = gradcheck(lambda x: np.exp(np.abs(x)), np.array([3.0]), eps=eps)
        assert report.complete
        assert 1e-12 < report.elements[0].step < 1


def test_complex_inputs_are_checked_in_both_directions():
    z = np.array([1 + 2j, 0.5 - 1j])
    assert gradcheck(lambda z: z**2 / (1 + z), z, order=2).complete
    assert gradcheck(abs, z, order=2).complete

    @primitive
    def conjugate(z):
        return np.conjugate(z)

    defvjp(conjugate, lambda g, y, z: g)
    with pytest.raises(GradientMismatch, match="complex conjugate"):
        gradcheck(conjugate, z)


def test_orders_are_counted_from_1():
    with pytest.raises(ValueError, match="order is 1"):
        gradcheck(np.sin, X, order=0)


def test_evaluations_are_counted():
    calls = []
    report = gradcheck(lambda x: calls.append(1) or np.sum(x**2), X, lambda x: 2 * x)
    assert report.evaluations == len(calls)


def test_no_elements_and_nan_inputs():
    assert gradcheck(np.sum, np.zeros((0, 2))).complete
    report = gradcheck(np.sin, np.array([np.nan, 1.0]))
    assert [e.verdict for e in report.elements] == ["outside the domain", "ok"]


def test_notes_are_of_their_own_element():
    def careful(x):
        if x[0] > 1:
            raise RuntimeError("x[0] is too large")
        return np.sum(x**1.5)

    with np.errstate(invalid="ignore"):
        notes = [e.note for e in gradcheck(careful, np.array([1.0, 0.0])).elements]
    assert "x[0] is too large" in notes[0]
    assert notes[1] == "not finite below"


def test_hints_survive_an_f_that_raises_nearby_and_arrays_of_many_axes():
    def careful(x):
        if x.flat[0] > 1:
            raise RuntimeError("too large")
        return np.sin(x)

    x = np.ones((2, 1, 2, 1, 1, 2)) * np.array([1.0, 0.5])
    report = gradcheck(careful, x, lambda x: np.cos(x) + x**2, raises=False)
    assert report.counts[Verdict.WRONG] >= 4


def test_eps_is_the_first_step_of_the_cheap_mode_too():
    steps = []

    def f(x):
        steps.append(float(np.max(np.abs(x - X))))
        return np.sum(x**3)

    gradcheck(f, X, lambda x: 3 * x**2, cheap=True, eps=1e-2, rtol=1e-2)
    assert max(steps) > 1e-3


def test_a_gradient_that_is_not_finite_is_no_direction():
    for g in ([np.nan, np.nan, np.nan], [np.inf, 1.0, 1.0]):
        report = gradcheck(lambda x: np.sum(x**2), X, lambda x, g=g: 1.0 * np.array(g), cheap=True,
                           raises=False)  # fmt: skip
        assert report.worst.verdict is Verdict.WRONG
