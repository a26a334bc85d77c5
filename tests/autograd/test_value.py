"""Value as a number and as an array: data, operators, indexing."""

import operator

import numpy as np
import pytest

from autograd import (
    Detached,
    ShapeMismatch,
    Value,
)

# ------------------------------------------------------------------------ data


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (2, float),
        (True, float),
        (2.5, float),
        (np.float64(2), float),
        (np.int8(2), float),
        (1j, complex),
    ],
)
def test_numbers_are_pythons(given, kind):
    v = Value(given)
    assert type(v.data) is kind
    assert v.data == given
    assert (v.shape, v.ndim, v.size) == ((), 0, 1)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        ("f4", "f4"),
        ("f8", "f8"),
        ("f2", "f2"),
        ("c8", "c8"),
        ("i4", "f8"),
        ("?", "f8"),
        ("u1", "f8"),
    ],
)
def test_arrays_keep_their_dtype_or_become_floats(given, dtype):
    v = Value(np.ones((2, 3), given))
    assert v.dtype == dtype
    assert v.shape == (2, 3)
    assert v.grad.dtype == dtype


def test_single_precision_scalars_stay_single():
    assert Value(np.float32(2)).dtype == np.float32
    assert (Value(np.ones(3, "f4")).sum() * 2).dtype == np.float32


def test_lists_become_arrays_and_arrays_are_copied():
    given = np.array([1.0, 2.0])
    v = Value(given)
    given[0] = 9
    assert v.data.tolist() == [1, 2]
    assert Value([1, 2]).data.dtype == float


@pytest.mark.parametrize(
    "given", ["two", None, object(), [object()], np.array(["a"]), np.array([None]), {"a": 1}]
)
def test_what_is_no_number_is_refused(given):
    with pytest.raises(TypeError, match="real or complex numbers"):
        Value(given)


def test_a_value_of_values_is_refused():
    with pytest.raises(TypeError, match=r"np\.stack"):
        Value([Value(1.0), Value(2.0)])
    with pytest.raises(TypeError):
        Value(Value(1.0))


@pytest.mark.parametrize("given", [np.ma.masked_array([1.0]), np.ones((1, 1)).view(np.matrix)])
def test_subclasses_that_mean_something_else_are_refused(given):
    for attempt in (lambda: Value(given), lambda: np.multiply(Value([1.0]), given)):
        with pytest.raises(TypeError, match=r"np\.asarray"):
            attempt()


def test_data_of_a_leaf_is_replaced_and_checked():
    v = Value(1.0)
    v.data = 3
    assert type(v.data) is float
    with pytest.raises(TypeError):
        v.data = "three"
    y = v * 2
    with pytest.raises(Detached, match=r"np\.multiply"):
        y.data = 1.0


def test_grad_is_zero_before_any_backward_and_takes_the_shape_of_data():
    assert Value(2.0).grad == 0.0
    v = Value(np.ones((2, 3), "f4"))
    assert v.grad.shape == (2, 3)
    v.grad = 1.5
    assert v.grad.tolist() == [[1.5] * 3] * 2
    with pytest.raises(ShapeMismatch, match=r"\(2, 3\)"):
        v.grad = np.ones(2)
    v.zero_grad()
    assert not v.grad.any()


# ------------------------------------------------------------------- operators

BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod,
]  # fmt: skip
OPERANDS = [2.0, 3, np.float64(1.5), np.float32(1.5), np.array([1.0, 2.0]), np.array([2, 3])]


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize("other", OPERANDS, ids=repr)
@pytest.mark.parametrize("data", [1.5, np.array([0.5, 2.5])], ids=repr)
def test_operators_reach_us_from_both_sides(op, other, data):
    for y, expected in (
        (op(Value(data), other), op(data, other)),
        (op(other, Value(data)), op(other, data)),
        (op(Value(data), Value(other)), op(data, Value(other).data)),
    ):
        assert type(y) is Value
        assert y.fn is not None
        np.testing.assert_allclose(y.data, expected, rtol=1e-15)


def test_matmul_from_both_sides():
    a, b = np.ones((2, 3)), np.ones((3, 2))
    assert (a @ Value(b)).fn is (Value(a) @ b).fn is np.matmul


@pytest.mark.parametrize(
    ("base", "exponent", "by_base", "by_exponent"),
    [
        (-2.0, 3, 12.0, None),
        (-2.0, 2.0, -4.0, None),
        (0.0, 2, 0.0, None),
        (0.0, 1, 1.0, None),
        (0.0, 0, 0.0, None),
        (2.0, 3.0, 12.0, 8 * np.log(2)),
        (0.0, 2.0, 0.0, 0.0),
    ],
)
def test_powers(base, exponent, by_base, by_exponent):
    x = Value(base)
    (x**exponent).backward()
    assert x.grad == by_base
    x, p = Value([base]), Value([float(exponent)])
    if by_exponent is not None:
        (x**p).backward([1.0])
        assert (x.grad[0], p.grad[0]) == pytest.approx((by_base, by_exponent))
        q = Value(float(exponent))
        (base**q).backward()
        assert q.grad == pytest.approx(by_exponent)


def test_a_fractional_power_of_a_negative_number_is_not_complex():
    with np.errstate(invalid="ignore"):
        assert np.isnan((Value(-8.0) ** 0.5).data)


def test_division_by_zero_is_numpys():
    with pytest.raises(FloatingPointError):
        Value(1.0) / 0.0
    with np.errstate(divide="ignore"):
        assert (Value(1.0) / 0.0).data == np.inf
        assert np.log(Value(0.0)).data == -np.inf
        assert (Value(0.0) ** -1).data == np.inf
    with np.errstate(over="ignore"):
        assert np.exp(Value(1000.0)).data == np.inf


@pytest.mark.parametrize(
    "op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
)
def test_comparisons_are_plain(op):
    assert type(op(Value(1.0), 2.0)) is bool
    assert op(Value(1.0), Value(2.0)) == op(1.0, 2.0)
    result = op(Value([1.0, 3.0]), np.array([2.0, 2.0]))
    assert type(result) is np.ndarray
    assert result.tolist() == op(np.array([1.0, 3.0]), 2.0).tolist()


def test_unary_and_in_place_operators():
    v = Value(-2.0)
    assert ((-v).data, (+v).data, abs(v).data) == (2.0, -2.0, 2.0)
    w = v
    w += 1
    assert (w.data, v.data) == (-1.0, -2.0)
    assert Value(7.0) // 2 == 3.0
    assert 7 // Value(2.0) == 3.0


@pytest.mark.parametrize("other", ["a", None, object(), {}])
def test_operands_that_are_no_numbers(other):
    for attempt in (lambda: Value(1.0) + other, lambda: other * Value([1.0])):
        with pytest.raises(TypeError):
            attempt()


# ------------------------------------------------------------ an array to index


def test_indexing_as_numpy():
    a = np.arange(24.0).reshape(2, 3, 4)
    v = Value(a)
    for index in (
        0,
        -1,
        slice(1),
        (0, ..., 1),
        (None, 1),
        [0, 1],
        a > 5,
        (slice(None), [2, 0], 1),
        ([0], [1], [2]),
    ):
        np.testing.assert_array_equal(v[index].data, a[index])
        assert v[index].fn is operator.getitem
    assert type(v[0, 0, 0].data) is float
    assert len(v) == 2
    assert [row.shape for row in v] == [(3, 4)] * 2
    with pytest.raises(IndexError):
        v[5]


def test_numbers_have_no_items():
    with pytest.raises(TypeError, match="len"):
        len(Value(1.0))
    with pytest.raises(TypeError):
        iter(Value(1.0))
    with pytest.raises(IndexError, match="one number"):
        Value(1.0)[0]


def test_an_index_is_no_value():
    with pytest.raises(TypeError, match=r"\.data"):
        Value([1.0, 2.0])[Value(1.0)]


def test_assignment_gives_a_new_value():
    v = Value([1.0, 2.0, 3.0])
    assert v.at[0].set(9.0).data.tolist() == [9, 2, 3]
    assert v.at[[0, 0]].add(1.0).data.tolist() == [3, 2, 3]
    assert v.at[1:].multiply([2.0, 3.0]).data.tolist() == [1, 4, 9]
    assert v.data.tolist() == [1, 2, 3]
    with pytest.raises(Detached, match=r"v\.at\[index\]\.set"):
        v[0] = 1.0
    assert v.at[[2, 0, 2]].multiply([2.0, 3.0, 4.0]).data.tolist() == [3, 2, 24]
    assert v.at[[0, 0]].multiply(2.0).data.tolist() == [4, 2, 3]


def test_of_repeated_indices_set_keeps_the_last():
    v, w = Value([1.0, 2.0]), Value([5.0, 6.0, 7.0])
    y = v.at[[0, 1, 0]].set(w)
    assert y.data.tolist() == [7, 6]
    y.backward([1.0, 10.0])
    assert w.grad.tolist() == [0, 10, 1]
    assert v.grad.tolist() == [0, 0]
