"""Primitives and rules of one's own: shapes, settings, precedence, and absent gradients."""

import numpy as np
import pytest

from autograd import (
    NotDifferentiable,
    ShapeMismatch,
    Value,
    defvjp,
    grad,
    primitive,
    relu,
)
from tests.programs import printed

# --------------------------------------------------------- one's own primitives


def test_ones_own_primitive():
    @primitive
    def swish(x, *, beta=1.0):
        assert isinstance(x, float | np.ndarray)
        return x / (1 + np.exp(-beta * x))

    with pytest.raises(NotDifferentiable, match="swish"):
        swish(Value(1.0))
    defvjp(swish, lambda g, y, x, *, beta=1.0: g * (y + (1 - beta * y) / (1 + np.exp(-beta * x))))
    assert swish(0.0) == 0.0
    x = Value([0.0, 1.0])
    swish(x, beta=1.0).sum().backward()
    assert x.grad[0] == 0.5
    with pytest.raises(NotDifferentiable, match="gamma="):
        swish(x, gamma=2.0)


def test_a_rule_of_the_wrong_shape_names_function_and_argument():
    @primitive
    def total(x):
        return np.sum(x)

    defvjp(total, lambda g, y, x: g)
    with pytest.raises(ShapeMismatch, match=r"rule 0 of total.*\(\).*\(3,\)"):
        total(Value(np.ones(3))).backward()


def test_a_rule_of_a_sequence_gives_each_array_its_gradient():
    joined = primitive(lambda arrays: np.concatenate(arrays))
    defvjp(joined, lambda g, y, arrays: [g[:1]], sequence=True)
    v = Value([1.0])
    with pytest.raises(ShapeMismatch, match="returned 1 gradients for 2 arrays"):
        joined([v, 2 * v]).sum().backward()


def test_a_primitive_is_one_by_keyword_too():
    @primitive
    def straight_through(x):
        return np.round(x)

    defvjp(straight_through, lambda g, y, x: g)
    x = Value(1.4)
    straight_through(x=x).backward()
    assert x.grad == 1.0
    x = Value(0.0)
    relu(x=x).backward()
    assert x.grad == 0.0


@pytest.mark.parametrize("returned", [None, [1.0], "text", (1.0, 2.0), np.array(["a"])])
def test_a_primitive_returns_one_array_or_number(returned):
    @primitive
    def odd(x):
        return returned

    defvjp(odd, lambda g, y, x: g)
    with pytest.raises(NotDifferentiable, match="odd returned"):
        odd(Value(1.0))


def test_rules_of_the_users_own_come_before_ours():
    lines = printed(
        "import numpy as np",
        "from autograd import defvjp, grad",
        "defvjp(np.trace, lambda g, y, a: 7 * g * np.ones_like(a))",
        "defvjp(np.fft.fft, lambda g, y, a: 7 * np.real(g))",
        "print(grad(np.trace)(np.eye(1)), grad(lambda x: np.real(np.fft.rfft(x)[0]))(np.ones(2)))",
        "print(grad(lambda x: np.real(np.fft.fft(x)[0]))(np.ones(2)))",
    )
    assert lines == ["[[7.]] [1. 1.]", "[7. 0.]"]


def test_rules_of_the_users_own_hold_for_operators_and_methods():
    lines = printed(
        "import numpy as np",
        "from autograd import Value, defvjp, grad",
        "defvjp(np.tanh, lambda g, y, x: 7 * g)",
        "defvjp(np.multiply, lambda g, z, x, y: 5 * g, lambda g, z, x, y: 3 * g)",
        "print(grad(lambda v: v.tanh())(1.0), grad(lambda v: v * 2)(1.0), grad(np.tanh)(1.0))",
        "v = Value(2.0)",
        "(v * 3.0).backward()",
        "print(v.grad)",
    )
    assert lines == ["7.0 5.0 7.0", "5.0"]


# --------------------------------------------- rules of the user's own for what is composed


def test_rules_of_the_users_own_come_before_a_composition():
    lines = printed(
        "import numpy as np",
        "from autograd import Value, defvjp, grad",
        "from autograd.table import TABLE, Composition",
        "was = type(TABLE[np.average]) is Composition",
        "defvjp(np.average, lambda g, y, x: 7 * g * np.ones_like(x))",
        "print(was, grad(np.average)(np.ones(2)), Value(np.ones(2)).mean().fn is np.average)",
        "print(np.average(Value(np.ones(2))).fn is np.average)",
    )
    assert lines == ["True [7. 7.] False", "True"]


@pytest.mark.parametrize(
    ("fn", "x"),
    [("np.fft.fft2", "np.eye(1)"), ("np.nanstd", "np.ones(2)"), ("np.vander", "np.ones(2)")],
)
def test_they_do_before_one_that_is_imported_later(fn, x):
    lines = printed(
        "import sys, numpy as np",
        "from autograd import Value, defvjp",
        "before = len([name for name in sys.modules if name.startswith('autograd.derivatives.')])",
        f"defvjp({fn}, lambda g, y, x: 7 * np.ones_like(x))",
        "np.sinc(Value(0.5)); np.trace(Value(np.eye(2))); np.median(Value(np.ones(2)))",
        "after = len([name for name in sys.modules if name.startswith('autograd.derivatives.')])",
        f"v = Value({x})",
        f"y = {fn}(v)",
        "np.sum(np.real(y)).backward()",
        f"print(y.fn is {fn}, set(v.grad.ravel().tolist()), after > before)",
    )
    assert lines == ["True {7.0} True"]


# ------------------------------------------------------------------------------ settings


def scaled(rules, **how):
    """A primitive of two arrays and three settings."""

    @primitive
    def scale(x, w, *, by=1.0, mode="plain", other=0):
        return x * w * by

    defvjp(scale, *rules, **how)
    return scale


def by_x(g, y, x, w, *, by=1.0):
    return g * w * by


def by_w(g, y, x, w, *, by=1.0, mode="plain"):
    return g * x * by * (-1 if mode == "odd" else 1)


def test_a_setting_that_one_of_two_rules_names_reaches_that_one():
    scale, x, w = scaled((by_x, by_w)), Value(2.0), Value(3.0)
    y = scale(x, w, by=5.0, mode="odd")
    y.backward()
    assert (y.data, x.grad, w.grad) == (30.0, 15.0, -10.0)
    assert y.kwargs == {"by": 5.0, "mode": "odd"}


def test_further_settings_are_accepted_and_not_passed_to_a_rule():
    scale, x = scaled((by_x, by_w), settings="other"), Value(2.0)
    y = scale(x, 3.0, by=5.0, other=1)
    y.backward()
    assert x.grad == 15.0
    assert y.kwargs["other"] == 1
    assert grad(grad(lambda v: scale(v, v, by=5.0, other=1)))(2.0) == 10.0


def test_a_rule_of_any_settings_gets_those_of_the_call():
    given = []

    def rule(g, y, x, w, **settings):
        given.append(settings)
        return g * w

    scale = scaled((rule, by_w))
    scale(Value(2.0), 3.0, mode="odd").backward()
    assert given == [{"mode": "odd"}]


@pytest.mark.parametrize("how", [{}, {"settings": "other"}])
def test_other_settings_are_refused_by_name(how):
    scale = scaled((by_x, by_w), **how)
    refused = {"gamma": 1} if how else {"other": 1}
    with pytest.raises(NotDifferentiable, match=rf"scale.*{next(iter(refused))}=.*by.*mode"):
        scale(Value(2.0), 3.0, **refused)


def test_settings_at_their_default_are_no_others():
    scale, x = scaled((by_x, None)), Value(2.0)
    scale(x, 3.0, mode="plain").backward()
    assert x.grad == 3.0


# -------------------------------------- primitives of the user's own, and absent gradients


def own(f, rule, **how):
    fn = primitive(f)
    defvjp(fn, rule, **how)
    return fn


def slope(f):
    """The gradient at [0, 4] of Σ f(√x): f decides about the pole of the root."""
    v = Value([0.0, 4.0])
    with np.errstate(invalid="ignore"):
        np.sum(f(np.sqrt(v))).backward()
    return v.grad


def first_masked(fn):
    return lambda x: np.where([False, True], fn(x), 0)


def test_what_moves_elements_needs_no_entry():
    suffix_sums = own(lambda x: np.cumsum(x[::-1])[::-1], lambda g, y, x: np.cumsum(g))
    last = own(lambda x: x[[1, 1]], lambda g, y, x: np.stack([0 * g[0], g.sum()]))
    assert slope(first_masked(suffix_sums)).tolist() == [0, 0.25]
    assert slope(first_masked(last)).tolist() == [0, 0.25]


@pytest.mark.parametrize("routes", [None, True, lambda g, y, x: g * (x > 0.5), lambda g, y, x: g])
def test_routes_tells_that_a_factor_of_0_is_absence(routes):
    threshold = own(lambda x: x * (x > 0.5), lambda g, y, x: g * (x > 0.5), routes=routes)
    absent = routes is True or (routes is not None and routes(1.0, 0.0, 0.0) == 0)
    np.testing.assert_array_equal(slope(threshold), [0 if absent else np.nan, 0.25])


@pytest.mark.parametrize(("elementwise", "expected"), [(None, [0, 0]), (True, [np.nan, 4])])
def test_elementwise_tells_that_a_rule_need_not_be_asked(elementwise, expected):
    """The rule takes NaN for 0: asked with NaN, it claims that nothing comes through."""
    double = own(lambda x: 2 * x, lambda g, y, x: 2 * np.nan_to_num(g), elementwise=elementwise)
    np.testing.assert_array_equal(slope(lambda x: double(x) ** 2), expected)


def test_a_rule_that_refuses_nan_leaves_nan():
    def rule(g, y, x):
        if np.isnan(g).any():
            raise ValueError("NaN")
        return 2 * g

    np.testing.assert_array_equal(slope(first_masked(own(lambda x: 2 * x, rule))), [np.nan, 0.5])
