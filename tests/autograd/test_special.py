"""Derivatives of scipy.special's functions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import NotDifferentiable, Value, elementwise_grad, gradcheck
from autograd.call import TABLE
from autograd.check.catalogue import call_of_special as call_of
from autograd.check.catalogue.special import SPECIAL
from autograd.naming import name_of
from autograd.table import Plain, about_of
from autograd.testing import arrays, broadcastable_shapes
from tests.programs import printed

sp = pytest.importorskip("autograd.derivatives.special", exc_type=ImportError).sp


def test_every_function_that_has_rules_is_here():
    """Under any of its names: SciPy has two for some."""
    registered = {fn for fn in filter(about_of, TABLE) if name_of(fn).startswith("scipy.special.")}
    tested = {getattr(sp, name) for name in SPECIAL}
    assert {fn.__name__ for fn in registered ^ tested} == set()


@pytest.mark.parametrize("name", SPECIAL)
@given(data=st.data())
def test_first_and_second_derivatives(name, data):
    call, intervals = call_of(name)
    shapes = data.draw(broadcastable_shapes(len(intervals), max_dims=2, min_side=0))
    pairs = zip(shapes, intervals, strict=True)
    inputs = [data.draw(arrays(shape, domain=interval)) for shape, interval in pairs]
    gradcheck(call, tuple(inputs), order=2)


@pytest.mark.parametrize("name", [n for n in SPECIAL if n != "huber"])
def test_third_derivatives_and_single_precision(name):
    call, intervals = call_of(name)
    gradcheck(call, tuple(0.3 * a + 0.7 * b for a, b in intervals), order=3, rtol=1e-3)
    values = [Value(np.full(2, 0.5 * (a + b), np.float32)) for a, b in intervals]
    call(*values).sum().backward()
    assert {v.grad.dtype for v in values} == {np.dtype("f4")}


@pytest.mark.parametrize("name", [n for n in SPECIAL if about_of(getattr(sp, n)).complex])
def test_complex_arguments(name):
    call, intervals = call_of(name)
    gradcheck(call, tuple(np.array([0.4 + 0.3j, 0.9 - 0.2j]) for _ in intervals))


def test_arguments_without_a_derivative_are_refused_by_name():
    with pytest.raises(
        NotDifferentiable, match=r"scipy\.special\.j. has no derivative by its order"
    ):
        sp.jv(Value(1.5), 2.0).backward()
    with pytest.raises(NotDifferentiable, match=r"scipy\.special\.owens_t has no derivative"):
        sp.owens_t(Value(1.5), 2.0)
    assert isinstance(TABLE[sp.gammasgn], Plain)


def test_where_the_logarithm_of_0_counts_for_nothing():
    x = Value([0.0, 1.0])
    sp.xlogy(np.array([0.0, 2.0]), x).sum().backward()
    assert x.grad.tolist() == [0, 2]


def test_far_out():
    assert elementwise_grad(sp.log_ndtr)(np.array([-1e8, -1e150])) == pytest.approx([1e8, 1e150])
    assert autograd.grad(autograd.grad(sp.log_ndtr))(-1e4) == pytest.approx(-1, rel=1e-6)
    assert autograd.grad(sp.erfcx)(1e8) == pytest.approx(-1e-16 / np.sqrt(np.pi))
    assert autograd.grad(sp.dawsn)(1e8) == pytest.approx(-0.5e-16)
    assert autograd.grad(lambda r: sp.pseudo_huber(1.0, r))(1e200) == 1
    assert elementwise_grad(sp.log_ndtr)(np.array([-30.0]))[0] == pytest.approx(30.0332594)
    assert elementwise_grad(sp.log_expit)(np.array([-800.0, 800.0])).tolist() == [1, 0]


def test_polygamma_takes_values():
    assert autograd.grad(sp.psi)(2.0) == pytest.approx(np.pi**2 / 6 - 1)
    gradcheck(lambda x: autograd.polygamma(np.array([[0], [2]]), x), np.array([0.5, 2.0]), order=2)
    with pytest.raises(TypeError, match=r"as polygamma of scipy.*autograd\.polygamma"):
        sp.polygamma(1, Value([2.0]))


def test_rules_of_the_users_own_are_kept():
    lines = printed(
        "import numpy as np, scipy.special as sp",
        "from autograd import defvjp, grad",
        "defvjp(sp.erf, lambda g, y, x: 7 * g)",
        "print(grad(sp.erf)(0.5), round(grad(sp.erfc)(0.0), 4))",
    )
    assert lines == ["7.0 -1.1284"]


def test_what_is_not_used_is_not_imported():
    lines = printed(
        "import sys, autograd, numpy as np",
        "np.exp(autograd.Value(1.0))",
        "late = {'scipy', 'numpy.fft', 'autograd.derivatives.linalg', 'autograd.derivatives.fft'}",
        "print(late & set(sys.modules))",
        "print(np.fft.fft(autograd.Value([1.0, 2.0])).data)",
    )
    assert lines == ["set()", "[ 3.+0.j -1.+0.j]"]


@pytest.mark.parametrize(
    "name", ["gammaln", "psi", "k0", "y0", "ndtri", "erfcinv", "logit", "exp1"]
)
def test_poles_that_get_no_gradient_pass_none_on(name):
    x = Value([0.5, 0.0])
    with np.errstate(all="ignore"):
        y = np.where(x.data > 0, getattr(sp, name)(x), 0)
        y.sum().backward()
    assert x.grad[1] == 0
    assert np.isfinite(x.grad[0])


@pytest.mark.parametrize("x", [30.0, 49.9, 50.1, 70.0])
def test_asymptotic_series_join(x):
    for f in (sp.erfcx, sp.dawsn):
        h = 1e-3 * x
        numeric = (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h)
        assert autograd.grad(f)(x) == pytest.approx(numeric, rel=1e-9)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp", "polygamma"])
def test_functions_that_take_no_value_name_ours(name):
    arguments = (1, Value([2.0])) if name == "polygamma" else (Value([2.0]),)
    with pytest.raises(TypeError, match=rf"as {name} of scipy.*autograd\.{name} for this function"):
        getattr(sp, name)(*arguments)
