"""One body of tests for all primitives: every order, broadcasting, odd shapes and dtypes."""

import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd.testing as kit
import nn
from autograd import NotDifferentiable, Value, gradcheck, polygamma, vjp
from autograd.call import TABLE, part
from autograd.check import catalogue
from autograd.check.catalogue import ELEMENTWISE, distinct
from autograd.naming import name_of
from autograd.nests import flatten
from autograd.record import plain
from autograd.table import about_of
from tests.nn.catalogue import CALLS as OF_NETWORKS

CALLS = catalogue.CALLS | OF_NETWORKS
NAMED = {name_of(fn): fn for fn in ELEMENTWISE}
ROWS = [
    pytest.param(fn, call, shapes, id=f"{name_of(fn)}-{k}")
    for fn, rows in CALLS.items()
    for k, (call, shapes) in enumerate(rows)
]
COMPLEX = [row for row in ROWS if about_of(row.values[0]).complex]
FEW = settings(max_examples=max(2, settings().max_examples // 10))


def quietly(f, *args, **kwargs):
    """f without the warnings that NumPy gives for empty arrays."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f(*args, **kwargs)


def belongs_to_the_library(fn):
    """Not one of those that doctests and tests define."""
    if isinstance(fn, np.ufunc):
        return name_of(fn).startswith("np.")
    home = fn.__module__ or ""  # functions of texts that tests run have none
    return not home.startswith("tests.") and getattr(sys.modules.get(home), fn.__name__, None) is fn


def test_the_catalogue_has_every_function_of_the_table():
    assert all(hasattr(nn, name) for name in nn.__all__)  # which loads what comes late
    table = {fn for fn in filter(about_of, TABLE) if belongs_to_the_library(fn)}
    table -= {part, polygamma}  # tested with np.linalg.svd and others, and with SciPy
    rows = set(ELEMENTWISE) | set(CALLS)
    assert {name_of(fn) for fn in table - rows} == set()
    assert {name_of(fn) for fn in rows - table} == set()


def arrays_for(data, fn, shapes):
    """Arrays of these shapes inside the domain of an elementwise function, ties kept away."""
    intervals, _, apart = ELEMENTWISE[fn]
    arrays = [
        data.draw(kit.arrays(shape, domain=interval))
        for shape, interval in zip(shapes, intervals, strict=True)
    ]
    if apart:
        x, y = arrays
        arrays[1] = (
            np.where(np.abs(x - y) < apart, y + 2 * apart, y) if x.shape == y.shape else y + 5
        )
    return arrays


@pytest.mark.parametrize("name", NAMED)
@given(data=st.data())
def test_first_and_second_derivatives_with_broadcasting(name, data):
    fn = NAMED[name]
    n = len(ELEMENTWISE[fn].intervals)
    shapes = data.draw(kit.broadcastable_shapes(n, max_dims=2, min_side=0, max_side=2))
    arrays = arrays_for(data, fn, shapes)
    gradcheck(fn, tuple(arrays), order=2)


@pytest.mark.parametrize("name", [n for n, fn in NAMED.items() if about_of(fn).orders > 2])
@FEW
@given(data=st.data())
def test_third_derivatives(name, data):
    fn = NAMED[name]
    arrays = arrays_for(data, fn, [(2,)] * len(ELEMENTWISE[fn].intervals))
    gradcheck(fn, tuple(arrays), order=3, rtol=1e-3)


@pytest.mark.parametrize("name", NAMED)
@given(data=st.data())
def test_numbers_and_arrays_agree(name, data):
    """Python numbers take a path of their own, which must lead to the same place."""
    fn = NAMED[name]
    arrays = arrays_for(data, fn, [()] * len(ELEMENTWISE[fn].intervals))
    y, pullback = vjp(fn, *map(float, arrays))
    expected, expected_pullback = vjp(fn, *(a.reshape(1) for a in arrays))
    assert type(y) is float
    assert y == pytest.approx(expected[0], rel=1e-14)
    for g, (e,) in zip(pullback(1.0), expected_pullback(np.ones(1)), strict=True):
        assert type(g) is float
        assert g == pytest.approx(e, rel=1e-13)


@pytest.mark.parametrize("name", [n for n, fn in NAMED.items() if about_of(fn).complex])
def test_derivatives_by_complex_arguments(name):
    fn = NAMED[name]
    pairs = ELEMENTWISE[fn].intervals
    gradcheck(fn, tuple(0.4 * a + 0.6 * b + np.array([0.1j, -0.2j]) for a, b in pairs))


@pytest.mark.parametrize("name", [n for n, fn in NAMED.items() if ELEMENTWISE[fn].analytic])
@given(data=st.data())
def test_complex_step(name, data):
    """Of an analytic function f(x + ih) is f(x) + ih·f'(x), exact to rounding for a tiny h."""
    fn = NAMED[name]
    arrays = arrays_for(data, fn, [(3,)] * len(ELEMENTWISE[fn].intervals))
    _, pullback = vjp(fn, *arrays)
    for k, g in enumerate(pullback(np.ones(3))):
        stepped = [a + 1e-100j if i == k else a for i, a in enumerate(arrays)]
        np.testing.assert_allclose(g, np.imag(fn(*stepped)) / 1e-100, rtol=1e-12, atol=1e-150)


@pytest.mark.parametrize("name", NAMED)
@given(data=st.data())
def test_single_precision_stays_single(name, data):
    fn = NAMED[name]
    doubles = arrays_for(data, fn, [(2, 2)] * len(ELEMENTWISE[fn].intervals))
    singles = [Value(a.astype(np.float32)) for a in doubles]
    y = fn(*singles)
    if fn is np.float_power:  # which is double by definition
        y = y.astype(np.float32)
    assert y.dtype == np.float32
    y.sum().backward()
    assert {v.grad.dtype for v in singles} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", NAMED)
@FEW
@given(data=st.data())
def test_memory_layout_and_precision_do_not_matter(name, data):
    fn = NAMED[name]
    arrays = arrays_for(data, fn, [(3, 2)] * len(ELEMENTWISE[fn].intervals))
    kit.assert_gradients(fn, *arrays, order=1)


@pytest.mark.parametrize(("fn", "call", "shapes"), ROWS)
@FEW
@given(data=st.data())
def test_first_and_second_derivatives(fn, call, shapes, data):
    gradcheck(call, data.draw(kit.arrays_apart(*shapes)), order=2)


@pytest.mark.parametrize(("fn", "call", "shapes"), COMPLEX)
@FEW
@given(data=st.data())
def test_derivatives_by_complex_numbers(fn, call, shapes, data):
    parts = data.draw(kit.arrays_apart(*shapes)), data.draw(kit.arrays_apart(*shapes))
    gradcheck(call, tuple(x + 1j * y for x, y in zip(*parts, strict=True)))


@pytest.mark.parametrize(("fn", "call", "shapes"), ROWS)
def test_results_are_numpys(fn, call, shapes):
    """Compositions compute what NumPy's own function does, in its shape and dtype."""
    for kind in (np.float64, np.float32):
        arrays = [a.astype(kind) for a in distinct(shapes, 0)]
        expected, _ = flatten(call(*arrays))
        results, _ = flatten(call(*map(Value, arrays)))
        assert len(results) == len(expected)
        for y, e in zip(map(plain, results), expected, strict=True):
            assert np.shape(y) == np.shape(e)
            size = np.max(np.abs(e), initial=0)
            np.testing.assert_allclose(y, e, rtol=0, atol=300 * np.finfo(kind).eps * size)
            assert np.result_type(y) == np.result_type(e)


@pytest.mark.parametrize(("fn", "call", "shapes"), ROWS)
def test_memory_layout_and_precision_of_arguments_do_not_matter(fn, call, shapes):
    kit.assert_gradients(call, *distinct(shapes, 0), order=1)


@pytest.mark.parametrize(("fn", "call", "shapes"), ROWS)
def test_gradients_are_memory_of_their_own(fn, call, shapes):
    values = [Value(a) for a in distinct(shapes, 0)]
    result = next(y for y in flatten(call(*values))[0] if isinstance(y, Value))
    if any(result is v for v in values):  # nothing to do, as for np.atleast_1d
        return
    seed = np.ones(result.shape, result.dtype)
    result.backward(seed)
    values = [v for v in values if v.shape]
    before = [v.grad.copy() for v in values]
    for k, v in enumerate(values):
        assert v.grad.flags.writeable
        v.grad[...] = np.nan
        for other, expected in list(zip(values, before, strict=True))[k + 1 :]:
            np.testing.assert_array_equal(other.grad, expected)
    assert not np.isnan(seed).any()
    assert not np.isnan(result.grad).any()


def takes(fn, x):
    """Whether the function takes the array alone, and gives real or complex numbers."""
    try:
        return all(np.result_type(y).kind in "fc" for y in flatten(fn(x))[0])
    except (TypeError, ValueError, IndexError, NotDifferentiable):
        return False


SMALL = [np.array(0.7), np.zeros(0), np.zeros((2, 0)), np.array([0.7]), np.array([[0.7]])]
ALONE = [
    pytest.param(fn, x, id=f"{name_of(fn)}-{x.shape}")
    for fn in CALLS
    for x in SMALL
    if quietly(takes, fn, x) and not (fn is np.linalg.svd and x.size == 0)  # all basis, no matrix
]


@pytest.mark.parametrize(("fn", "x"), ALONE)
def test_arrays_of_no_element_and_of_one(fn, x):
    expected, results = (flatten(quietly(fn, v))[0] for v in (x, Value(x)))
    assert [np.shape(plain(y)) for y in results] == [np.shape(e) for e in expected]
    if all(np.all(np.isfinite(e)) for e in expected):
        quietly(gradcheck, fn, x, order=2)
