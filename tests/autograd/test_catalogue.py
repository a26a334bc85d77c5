"""One body of tests for all primitives: every order, broadcasting, odd shapes and dtypes."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograd import Value, gradcheck, vjp
from autograd.derivatives.registry import TABLE, name_of
from tests.catalogue import ELEMENTWISE, OTHERS

NAMED = {name_of(fn): fn for fn in ELEMENTWISE}
CALLS = [
    pytest.param(call, shapes, id=f"{name_of(fn)}-{k}")
    for fn, rows in OTHERS.items()
    for k, (call, shapes) in enumerate(rows)
]


def belongs_to_the_library(fn):
    """Not one of those that doctests and tests define."""
    if isinstance(fn, np.ufunc):
        return True
    return getattr(sys.modules.get(fn.__module__), fn.__name__, None) is fn


def test_the_catalogue_has_every_function_of_the_table():
    table = {fn for fn in TABLE if belongs_to_the_library(fn)}
    rows = set(ELEMENTWISE) | set(OTHERS)
    assert {name_of(fn) for fn in table - rows} == set()
    assert {name_of(fn) for fn in rows - table} == set()


def arrays_for(data, fn, shapes):
    """Arrays of these shapes inside the domain of an elementwise function, ties kept away."""
    intervals, _, apart = ELEMENTWISE[fn]
    arrays = [
        data.draw(npst.arrays(float, shape, elements=st.floats(*interval)))
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
    broadcast = npst.mutually_broadcastable_shapes(num_shapes=n, max_dims=2, min_side=0, max_side=2)
    arrays = arrays_for(data, fn, data.draw(broadcast).input_shapes)
    gradcheck(fn, tuple(arrays), order=2)


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
@given(data=st.data())
def test_layout_does_not_matter(name, data):
    fn = NAMED[name]
    arrays = arrays_for(data, fn, [(4, 3)] * len(ELEMENTWISE[fn].intervals))
    _, pullback = vjp(fn, *arrays)
    scattered = [np.repeat(np.asfortranarray(a), 2, axis=0)[::2] for a in arrays]
    _, other = vjp(fn, *scattered)
    for g, e in zip(other(np.ones((4, 3))), pullback(np.ones((4, 3))), strict=True):
        np.testing.assert_array_equal(g, e)


@pytest.mark.parametrize(("call", "shapes"), CALLS)
@given(seed=st.integers(0, 2**32 - 1))
def test_first_and_second_derivatives(call, shapes, seed):
    rng = np.random.default_rng(seed)
    # Distinct by 0.05 and more, so that no tie or kink is within reach of a difference.
    pools = [
        rng.permutation(np.linspace(-1.5, 1.57, max(np.prod(s, dtype=int), 2))) for s in shapes
    ]
    arrays = [p[: np.prod(s, dtype=int)].reshape(s) for p, s in zip(pools, shapes, strict=True)]
    gradcheck(call, tuple(arrays), order=2)


@pytest.mark.parametrize(("call", "shapes"), CALLS)
def test_dtypes_of_gradients(call, shapes):
    values = [
        Value(np.linspace(0.1, 1.3, 1 + np.prod(s, dtype=int))[1:].reshape(s).astype("f4"))
        for s in shapes
    ]
    result = call(*values)
    result.sum().backward()
    assert {v.grad.dtype for v in values} == {np.dtype("f4")}


@pytest.mark.parametrize(("call", "shapes"), CALLS)
def test_gradients_are_memory_of_their_own(call, shapes):
    values = [
        Value(np.linspace(0.1, 1.3, 1 + np.prod(s, dtype=int))[1:].reshape(s)) for s in shapes
    ]
    result = call(*values)
    seed = np.ones(result.shape)
    result.backward(seed)
    before = [v.grad.copy() for v in values]
    for k, v in enumerate(values):
        assert v.grad.flags.writeable
        v.grad[...] = np.nan
        for other, expected in list(zip(values, before, strict=True))[k + 1 :]:
            np.testing.assert_array_equal(other.grad, expected)
    assert not np.isnan(seed).any()
    assert not np.isnan(result.grad).any()
