"""Large arrays take other ways than small ones: to the same numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn.functional as F
from autograd import Value, defvjp, grad, hvp, logsumexp, primitive, sigmoid, softmax, softplus
from autograd.kernels import row_sums, sum_of_rows, tiled

RNG = np.random.default_rng(0)
LARGE = RNG.normal(scale=3, size=(300, 400))
DTYPES = (np.float32, np.float64)


def in_pieces(f, *arrays):
    """f of the arrays row by row, and so by the ways for small arrays."""
    return np.stack([f(*rows) for rows in zip(*arrays, strict=True)])


def gradients(f, *arrays):
    values = [Value(a) for a in arrays]
    f(*values).sum().backward()
    return [v.grad for v in values]


# ------------------------------------------------------------------------------- tiles


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "layout",
    [np.ascontiguousarray, np.asfortranarray, lambda a: a[::-1], lambda a: a.T],
    ids=["C", "F", "reversed", "turned"],
)
def test_tiles_change_nothing(layout, dtype):
    def formula(g, x, scale):
        return g * (1 + np.cos(x) * scale)

    x = layout(LARGE.astype(dtype))
    for g in (np.ones_like(x), np.broadcast_to(dtype(2), x.shape), dtype(2)):
        y = tiled(formula)(g, x, 0.5)
        assert y.dtype == dtype
        assert np.array_equal(y, formula(g, x, 0.5))
    assert np.array_equal(tiled(np.add)(x, x[0]), x + x[0])  # which no tile of a line fits
    assert tiled(np.add)(1.0, 2.0) == 3.0


def test_a_function_is_computed_by_tiles_if_it_says_so():
    sizes = []

    @primitive
    def twice(x):
        sizes.append(np.size(x))
        return 2 * x

    defvjp(
        twice, lambda g, y, x: sizes.append(np.size(x)) or 2 * g, elementwise=True, by_tiles=True
    )
    x = Value(LARGE)
    twice(x).sum().backward()
    assert np.array_equal(x.grad, np.full(LARGE.shape, 2.0))
    assert max(sizes) < LARGE.size
    assert sum(sizes) == 2 * LARGE.size


def test_a_function_may_have_a_quicker_way_for_plain_data():
    @primitive
    def total(x):
        raise AssertionError("not asked")

    defvjp(total, lambda g, y, x: g + 0 * x, forward=np.sum, broadcasts=True)
    x = Value([1.0, 2.0])
    y = total(x)
    y.backward()
    assert (y.data, x.grad.tolist()) == (3.0, [1.0, 1.0])


@pytest.mark.parametrize(
    "f",
    [
        sigmoid, softplus, np.tanh, F.softplus, F.silu, F.hardswish, F.elu, F.gelu, F.leaky_relu,
        F.mish, lambda v: F.celu(v, alpha=2.0), lambda v: F.gelu(v, approximate="tanh"),
        lambda v: F.leaky_relu(v, negative_slope=1.5), lambda v: v**3, lambda v: v**7,
        lambda v: np.where(v > 0, v * v, -v), lambda v: np.sort(v, axis=-1),
        lambda v: np.cumsum(v, axis=-1), lambda v: np.repeat(v, 2, axis=-1),
        lambda v: np.maximum(v, 0), lambda v: np.abs(v) ** 0.5,
        softmax, F.log_softmax, lambda v: logsumexp(v, axis=-1, keepdims=True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", DTYPES)
def test_large_arrays_have_the_numbers_of_small_ones(f, dtype):
    x, tolerance = LARGE.astype(dtype), 2e-6 if dtype is np.float32 else 1e-13
    np.testing.assert_allclose(f(x), in_pieces(f, x), tolerance, tolerance)
    whole = gradients(f, x)[0]
    assert whole.dtype == dtype
    pieces = np.stack([gradients(f, row)[0] for row in x])
    np.testing.assert_allclose(whole, pieces, 20 * tolerance, 20 * tolerance)


@pytest.mark.parametrize(
    "f",
    [
        np.maximum, np.hypot, np.arctan2, np.logaddexp,
        lambda a, b: F.huber_loss(a, b, reduction="none"),
        lambda a, b: F.smooth_l1_loss(a, b, beta=0.5, reduction="none"),
        lambda a, b: F.binary_cross_entropy_with_logits(a, sigmoid(b), reduction="none"),
    ],
)  # fmt: skip
def test_large_arrays_have_the_numbers_of_small_ones_by_pairs(f):
    x, y = LARGE, np.round(RNG.normal(scale=3, size=LARGE.shape))
    np.testing.assert_allclose(f(Value(x), Value(y)).data, in_pieces(f, x, y), 1e-13, 1e-13)
    rows = [gradients(f, *pair) for pair in zip(x, y, strict=True)]
    for whole, pieces in zip(gradients(f, x, y), zip(*rows, strict=True), strict=True):
        np.testing.assert_allclose(whole, np.stack(pieces), 1e-12, 1e-12)


# -------------------------------------------------------------------- where it would break


@pytest.mark.parametrize("dtype", DTYPES)
def test_lengths_and_logarithms_of_large_arrays_do_not_overflow(dtype):
    big = np.sqrt(np.finfo(dtype).max) * 4
    for x in (np.full(1000, big, dtype), np.full(1000, 1 / big, dtype)):
        assert np.allclose(np.hypot(Value(x), x).data, np.sqrt(dtype(2)) * x, rtol=1e-6)
        assert np.allclose(np.hypot(Value(x), x).data / x, np.sqrt(2), rtol=1e-6)
        slope = gradients(lambda v, x=x: np.arctan2(v, x), x)[0]
        assert np.allclose(slope * x, 0.5, rtol=1e-6)
    assert np.hypot(Value(np.zeros(1000)), 0.0).data.tolist() == [0.0] * 1000
    ends = np.array([np.inf, -np.inf, 0.0] * 300)
    assert np.array_equal(np.logaddexp(Value(ends), ends).data, np.logaddexp(ends, ends))
    assert np.array_equal(softplus(ends), np.logaddexp(ends, 0))
    assert np.array_equal(sigmoid(ends), [1.0, 0.0, 0.5] * 300)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shift", [0, 60, -60, 1000, -1000, 1e30])
def test_a_softmax_of_many_rows_is_that_of_each(dtype, shift):
    x = LARGE.astype(dtype)[:, :40] + dtype(shift)
    x[::3, ::2] = -np.inf  # as a mask has it
    x[1::7, 1] -= 85  # nearly nothing
    x[2::7, 1:] = -1e30
    for rows in (x, np.asfortranarray(x), x.reshape(10, 30, 40)):
        y = softmax(rows)
        one_by_one = np.stack([softmax(row) for row in x]).reshape(rows.shape)
        np.testing.assert_allclose(y, one_by_one, 1e-5 if dtype is np.float32 else 1e-13, 0)


def test_what_a_mask_selects_is_no_product_where_that_is_no_number():
    x = Value(LARGE)
    mask = LARGE > 0
    with np.errstate(divide="ignore"):
        (1 / np.where(mask, x, 0.0)).sum().backward()  # of infinite slopes where it is False
    expected = np.where(mask, -1 / np.where(mask, LARGE, 1) ** 2, 0)
    np.testing.assert_allclose(x.grad, expected, 1e-14)


def test_ties_of_large_arrays_are_shared_evenly():
    x, y = np.round(LARGE), np.zeros(LARGE.shape)
    expected = np.where(x > y, 1.0, np.where(x == y, 0.5, 0.0))
    assert np.array_equal(gradients(np.maximum, x, y)[0], expected)


def test_gradients_of_large_sums_are_memory_of_their_own():
    x, y = Value(LARGE), Value(LARGE)
    between = x + y
    between.sum().backward()
    x.grad *= 2
    assert np.array_equal(y.grad, np.ones(LARGE.shape))
    between.grad[0] = 5
    assert between.grad[0, 0] == 5
    assert between.grad[1, 0] == 1


@given(st.integers(3, 5), st.sampled_from(DTYPES), st.integers(0, 2**32))
def test_powers_by_products_are_within_four_units_of_the_last_place(p, dtype, seed):
    x = np.random.default_rng(seed).normal(scale=3, size=50).astype(dtype)
    exact = x.astype(np.longdouble) ** p
    assert np.all(
        np.abs((Value(x) ** p).data - exact) <= 4 * np.spacing(np.abs(exact.astype(dtype)))
    )
    assert np.array_equal(np.power(Value(x), p).data, (Value(x) ** p).data)


# -------------------------------------------------------------------------------- sums


@given(st.lists(st.integers(0, 40), min_size=1, max_size=3), st.sampled_from(DTYPES), st.booleans())
def test_sums_of_rows(shape, dtype, turned):
    x = np.random.default_rng(0).normal(size=(*shape, 70, 9)).astype(dtype)
    x = x.swapaxes(0, -1) if turned else x
    tolerance = 1e-3 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(row_sums(x), x.sum(-1, keepdims=True), tolerance, tolerance)
    for axes in range(1, x.ndim):
        expected = x.sum(tuple(range(axes)))
        np.testing.assert_allclose(sum_of_rows(x, axes), expected, tolerance, tolerance)


# ---------------------------------------------------------------------- hessian and vector


def test_a_hessian_vector_product_is_the_derivative_along_the_vector():
    def f(nest):
        return np.sum(np.tanh(nest["w"] @ nest["x"]) ** 3) + nest["b"] ** 3

    nest = {"w": RNG.normal(size=(3, 4)), "x": RNG.normal(size=4), "b": 2.0}
    v = {"w": RNG.normal(size=(3, 4)), "x": RNG.normal(size=4), "b": -1.0}
    found, eps = hvp(f, nest, v), 1e-6

    def gradient(eps):
        return grad(f)({name: nest[name] + eps * v[name] for name in nest})

    ahead, behind = gradient(eps), gradient(-eps)
    for name in nest:
        difference = (ahead[name] - behind[name]) / (2 * eps)
        np.testing.assert_allclose(found[name], difference, 1e-6, 1e-8)
    assert hvp(lambda x: hvp(lambda z: np.sum(z**4), x, x).sum(), 1.0, 1.0) == 72.0
