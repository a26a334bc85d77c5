"""What the checker measures, and makes of it: kinks, edges, rounding, the complex step."""

import math

import numpy as np
import pytest

from autograd import GradientMismatch, Verdict, gradcheck, relu, softmax

X = np.array([0.5, -1.5, 2.0])


def test_kinks_are_told_from_wrong_gradients():
    report = gradcheck(relu, np.array([-1.0, 0.0, 2.0]))
    assert [e.verdict for e in report.elements] == ["ok", "kink or tie", "ok"]
    assert report.elements[1].note == "slopes 0 and 1"
    assert report.ok
    assert not report.complete
    with pytest.raises(GradientMismatch):
        gradcheck(relu, np.zeros(1), strict=True)


def test_a_gradient_outside_of_both_slopes_is_wrong_at_a_kink():
    report = gradcheck(np.abs, np.zeros(1), lambda x: x + 1.5, raises=False)
    assert report.worst.verdict is Verdict.WRONG


def test_ties_that_move_together_have_one_slope():
    x = np.array([1.0, 3.0, 3.0])
    assert gradcheck(
        np.max, x, lambda x: np.array([0, 0.7, 0.3]) if x[1] == x[2] else 1.0 * (x == x.max())
    ).ok
    with pytest.raises(GradientMismatch, match="add up to 2"):
        gradcheck(np.max, x, lambda x: (x == x.max()).astype(float))


@pytest.mark.parametrize(("f", "x"), [(np.sqrt, 0.0), (np.log, 0.0), (np.arcsin, 1.0)])
def test_the_edge_of_the_domain(f, x):
    with np.errstate(all="ignore"):
        report = gradcheck(f, np.array([0.5, x]))
    assert [e.verdict for e in report.elements] == ["ok", "outside the domain"]


def test_a_wrong_gradient_at_the_edge_of_the_domain():
    with np.errstate(all="ignore"):
        assert gradcheck(lambda x: x**1.5, np.zeros(1), lambda x: 1.5 * x**0.5).ok
        assert not gradcheck(lambda x: x**1.5, np.zeros(1), lambda x: x + 7.0, raises=False)


def test_functions_of_numbers_that_raise_outside_their_domain():
    assert gradcheck(math.sqrt, 1e-9, lambda x: 0.5 / math.sqrt(x)).complete
    report = gradcheck(math.sqrt, 0.0, lambda x: 0.5 / math.sqrt(x) if x else 0.0)
    assert report.elements[0].verdict is Verdict.DOMAIN


def test_rounding_is_told_from_wrong_gradients():
    def coarse(x):  # to six digits
        return np.round(np.sin(x), 6)

    report = gradcheck(coarse, np.array([0.7]), np.cos, raises=False)
    assert report.elements[0].verdict in (Verdict.ROUND_OFF, Verdict.OK)
    assert report.elements[0].step > 1e-4  # and says which step would do

    assert not gradcheck(coarse, np.array([0.7]), lambda x: -np.cos(x), raises=False)


def test_single_precision():
    x = X.astype(np.float32)
    assert gradcheck(np.sin, x).complete
    assert gradcheck(lambda x: np.sin(x.astype(np.float32)), x).complete
    assert not gradcheck(np.sin, x, lambda x: np.cos(x) * np.float32(1.02), raises=False)


def test_gradients_that_are_not_finite():
    with np.errstate(all="ignore"):
        report = gradcheck(np.sin, X, lambda x: x / 0, raises=False)
    assert report.counts == {Verdict.WRONG: 3}
    assert "not finite" in report.hints[0]


def test_the_complex_step_tells_to_the_last_digits():
    report = gradcheck(np.sin, X)
    assert max(abs(e.analytic - e.numeric) for e in report.elements) < 1e-15
    assert gradcheck(np.sin, X, rtol=1e-13, atol=0)
    with pytest.raises(GradientMismatch):
        gradcheck(np.sin, X, lambda x: np.cos(x) * (1 + 1e-11), rtol=1e-13, atol=0)


def test_the_complex_step_is_not_trusted_where_f_is_not_analytic():
    for f in (np.abs, lambda x: np.real(x) ** 2, lambda x: x * np.sign(x) ** 2):
        report = gradcheck(f, X)
        assert report.complete
        assert {e.step > 1e-9 for e in report.elements} == {True}


def test_the_complex_step_needs_the_differences_to_agree():
    """A small part that is not analytic drowns in the others, but not in its own differences."""
    for size in (1e3, 1e6, 1e10):
        report = gradcheck(
            lambda x, s=size: s * x[0] + np.abs(x[1]),
            np.ones(2),
            lambda x, s=size: np.array([s, 0.0]),
            raises=False,
        )
        assert [e.verdict for e in report.elements] == ["ok", "wrong gradient"]


def test_wrong_signs_beside_large_numbers():
    def grad_with_a_slip(x):
        return np.exp(x) * [1, -1, 1]

    report = gradcheck(
        lambda x: np.sum(np.exp(x)), np.array([30.0, -2.0, 0.0]), grad_with_a_slip, raises=False
    )
    assert [e.verdict for e in report.elements] == ["ok", "wrong gradient", "ok"]


def test_a_kink_nearby_does_not_speak_for_a_wrong_gradient():
    for away in (1e-3, 1e-6, 1e-9):
        assert gradcheck(np.abs, np.array([away])).complete
        assert not gradcheck(np.abs, np.array([away]), lambda x: -np.sign(x), raises=False)


def bisected(a):
    """A square root to eight digits: a staircase, seen closely."""
    low, high = 0.0, max(a, 1.0)
    while high - low > 1e-8:
        middle = (low + high) / 2
        low, high = (low, middle) if middle * middle > a else (middle, high)
    return (low + high) / 2


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (bisected, 1.7, lambda a: 0.5 / np.sqrt(a)),  # larger steps agree on another slope
        (lambda x: (1 - np.cos(x)) / x**2, 1e-4, lambda x: -x / 12),  # terms that cancel
        (lambda x: (np.exp(x) - 1) / x, 1e-8, lambda x: 0.5 + x / 3),
        (lambda x: np.round(np.sin(x) + x, 3), 1.2, lambda x: np.cos(x) + 1),
    ],
)
def test_what_only_small_steps_say_is_no_accusation(f, x, slope):
    assert gradcheck(f, x, slope)


def test_knots_of_splines():
    for f in (lambda x: 1 + np.maximum(x, 0) ** 2, lambda x: 1 + x * np.abs(x)):
        assert gradcheck(f, 0.0).complete
    assert gradcheck(lambda x: 1 + np.maximum(x, 0) ** 3, np.array([0.0, 1.0]), order=2).complete


def test_f_that_is_not_finite_at_the_inputs():
    report = gradcheck(lambda x: np.sum(x) * np.nan, X, lambda x: x)
    assert [e.verdict for e in report.elements] == ["outside the domain"]
    assert "at the inputs themselves" in report.elements[0].note


def test_f_that_takes_no_doubles():
    def singles(x):
        if x.dtype != np.float32:
            raise RuntimeError("expected Float but found Double")
        return np.sin(x)

    x = np.array([0.5, 1.5], np.float32)
    assert gradcheck(singles, x, np.cos)
    assert not gradcheck(singles, x, np.sin, raises=False)


def test_both_edges_of_a_domain_are_alike():
    for outside in (np.less, np.greater):

        def f(x, outside=outside):
            return np.where(outside(x, 1), np.nan, x**2)

        assert gradcheck(f, np.ones(1), lambda x: 2 * x).elements[0].verdict is Verdict.DOMAIN
        assert not gradcheck(f, np.ones(1), lambda x: 3 * x, raises=False)


def test_terms_that_are_lost_in_a_one():
    assert gradcheck(lambda x: np.log(1 + (x - 1) ** 4), 1 + 1e-6)
    assert gradcheck(softmax, np.array([0.0, 1.0, 36.0]))
    assert gradcheck(np.tanh, np.array([3.0, 17.0, 40.0]))


def test_kinks_in_a_cluster():
    assert gradcheck(np.sort, 1 + np.array([1e-9, 0, 0, 1e-9, -1e-9]))


def test_gradients_at_ordinary_points_are_found_wrong_without_the_complex_step():
    """Also where f is even around half of a step, and where its parts cancel."""
    rng = np.random.default_rng(0)
    for f, slope in (
        (lambda x: np.log(1 + np.real(x) ** 4), lambda x: 4 * x**3 / (1 + x**4)),
        (lambda x: np.exp(np.real(x)) - 1 - np.real(x), lambda x: np.exp(x) - 1),
        (lambda x: np.abs(x) ** 2, lambda x: 2 * x),
    ):
        for x in [0.05, *rng.uniform(-2, 2, 30)]:
            assert gradcheck(f, x, slope), (x, f)
            for factor in (1.01, -1):
                wrong = gradcheck(f, x, lambda x, k=factor, s=slope: k * s(x), raises=False)
                assert wrong.worst, (x, factor, wrong)


def test_a_special_case_that_is_wrong_is_no_rounding():
    x = np.array([0.5, 1.0, 2.0])
    for wrong in (
        lambda x: np.where(x == 1, 7.0, 2 * x),
        lambda x: np.where(x == np.round(x), -2 * x, 2 * x),
    ):
        assert not gradcheck(lambda x: np.sum(x**2), x, wrong, raises=False)
    half = x.astype(np.float16)
    assert gradcheck(lambda x: np.sum(x**2), half, lambda x: 2 * x)
    assert not gradcheck(lambda x: np.sum(x**2), half, lambda x: -2 * x, raises=False)
