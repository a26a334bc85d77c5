"""Value as a number and as an array: data, operators, NumPy's protocols, Python's, and refusals."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest

from autograd import (
    Detached,
    NotDifferentiable,
    ShapeMismatch,
    Value,
    defvjp,
    no_grad,
    primitive,
    relu,
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
    with pytest.raises(ValueError, match="twice"):
        v.at[[0, 0]].multiply(2.0)


def test_of_repeated_indices_set_keeps_the_last():
    v, w = Value([1.0, 2.0]), Value([5.0, 6.0, 7.0])
    y = v.at[[0, 1, 0]].set(w)
    assert y.data.tolist() == [7, 6]
    y.backward([1.0, 10.0])
    assert w.grad.tolist() == [0, 10, 1]
    assert v.grad.tolist() == [0, 0]


# ------------------------------------------------------------ NumPy's protocols


def test_the_record_is_the_numpy_call():
    x, w = Value(np.ones((2, 3))), Value(np.ones((3, 2)))
    y = np.tanh(x @ w)
    assert y.fn is np.tanh
    assert y.args[0].fn is np.matmul
    assert y.args[0].args == (x, w)
    s = np.sum(y, axis=0)
    assert (s.fn, s.args, s.kwargs) == (np.sum, (y,), {"axis": 0})
    assert x.args == ()
    assert x.fn is None


def test_settings_by_position_and_arrays_by_name_are_put_in_order():
    x = Value(np.ones((2, 3)))
    for y in (np.sum(x, 0), np.sum(a=x, axis=0), x.sum(0), np.sum(x, 0, None, None, False)):
        assert y.args == (x,)
        assert y.kwargs["axis"] == 0
        assert y.data.tolist() == [2, 2, 2]


def test_methods_are_the_functions():
    a = np.linspace(0.5, 2, 6).reshape(2, 3)
    v = Value(a)
    for y, expected in (
        (v.sum(axis=1), a.sum(axis=1)), (v.mean(), a.mean()), (v.max(0), a.max(0)), (v.T, a.T),
        (v.reshape(3, 2), a.reshape(3, 2)), (v.reshape((6,)), a.reshape(6)), (v.ravel(), a.ravel()),
        (v.transpose(1, 0), a.T), (v.transpose(), a.T), (v.std(), a.std()), (v.var(0), a.var(0)),
        (v.clip(1, 2), a.clip(1, 2)), (v.cumsum(), a.cumsum()), (v.swapaxes(0, 1), a.T),
        (v.exp(), np.exp(a)), (v.log(), np.log(a)), (v.sqrt(), np.sqrt(a)), (v.tanh(), np.tanh(a)),
        (v.relu(), a), (v.sigmoid(), 1 / (1 + np.exp(-a))), (v.flatten(), a.ravel()),
        (v.dot(a.T), a @ a.T), (v.repeat(2, axis=0), a.repeat(2, axis=0)), (v.real, a),
        (v.conj(), a),
        (v.prod(), a.prod()), (v.min(), a.min()), (v.squeeze(), a), (v.copy(), a),
    ):  # fmt: skip
        assert type(y) is Value
        np.testing.assert_allclose(y.data, expected, rtol=1e-14)
    assert v.argmax() == 5
    assert v.any()
    assert v.item if v.size == 1 else v.astype("f4").dtype == np.float32


def test_functions_without_a_derivative_give_plain_results():
    v = Value([1.5, -2.5])
    assert np.floor(v).tolist() == [1, -3]
    assert np.argmax(v) == 0
    assert np.shape(v) == (2,)
    assert np.isfinite(v).all()
    assert np.zeros_like(v).tolist() == [0, 0]
    assert np.allclose(v, v.data)
    assert type(np.sign(v)) is Value


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda v: np.fft.fft(v), r"np\.fft\.fft has no derivative.*v\.data"),
        (lambda v: np.linalg.inv(v), r"np\.linalg\.inv"),
        (lambda v: np.modf(v), r"np\.modf"),
        (lambda v: np.sum(v, where=[True, False]), r"np\.sum.*where="),
        (lambda v: np.sum(v, initial=2.0), r"np\.sum.*initial="),
        (lambda v: np.sum(v, out=np.zeros(())), r"np\.sum.*out="),
        (lambda v: np.exp(v, where=np.array([True, False])), r"np\.exp.*where="),
        (lambda v: np.add.reduce(v), r"np\.add\.reduce"),
        (lambda v: np.mean(v, dtype="f4"), r"dtype="),
        (lambda v: np.ravel(v, order="K"), "order='K'"),
        (lambda v: np.einsum(v, [0], [0]), "string"),
    ],
)
def test_what_has_no_derivative_is_refused_by_name(attempt, says):
    with pytest.raises((NotDifferentiable, ValueError), match=says):
        attempt(Value([1.0, 2.0])).sum().backward()


def test_writing_a_value_into_an_array_is_refused():
    v, a = Value([1.0, 2.0]), np.ones(2)
    with pytest.raises(Detached, match=r"a = a \+ v"):
        a += v
    with pytest.raises(Detached):
        np.exp(v, out=a)
    with pytest.raises(Detached):
        a[:] = v
    assert a.tolist() == [1, 1]


@pytest.mark.parametrize(
    "make", [np.array, np.asarray, lambda v: np.array([v, v]), lambda v: np.r_[v, v]]
)
@pytest.mark.parametrize("data", [1.0, [1.0, 2.0]])
def test_arrays_of_values_are_refused(make, data):
    with pytest.raises(TypeError, match=r"np\.stack"):
        make(Value(data))
    with pytest.raises(TypeError, match=r"np\.stack"):
        np.multiply(Value(data), [Value(1.0), 2.0])


class Foreign:
    """A container that handles NumPy's functions itself."""

    def __array_ufunc__(self, *args, **kwargs):
        return "foreign"

    def __array_function__(self, *args, **kwargs):
        return "foreign"

    def __radd__(self, other):
        return "foreign"


def test_foreign_containers_come_first():
    v, foreign = Value([1.0]), Foreign()
    assert np.add(v, foreign) == "foreign"
    assert np.concatenate([v, foreign]) == "foreign"
    assert v + foreign == "foreign"


# ------------------------------------------------------------- Python's protocols


def test_copies_are_leaves():
    x = Value(np.array([1.0, 2.0]), label="x")
    y = x * 2
    y.sum().backward()
    for duplicate in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert duplicate.fn is None
        assert duplicate.data.tolist() == [2, 4]
        assert not np.shares_memory(duplicate.data, y.data)
    assert copy.copy(x).label == "x"


def test_copies_do_not_follow_the_graph():
    y = Value(1.0)
    for _ in range(100_000):
        y = y * 1.0
    assert pickle.loads(pickle.dumps(y)).data == copy.deepcopy(y).data == 1.0


def test_numbers_are_told_from_arrays():
    v = Value(2.5)
    assert (v.item(), bool(v), f"{v:.2f}") == (2.5, True, "2.50")
    assert Value([[3.0]]).item() == 3.0
    with no_grad():
        assert (float(v), int(v), complex(v)) == (2.5, 2, 2.5 + 0j)
    for convert in (float, int, complex):
        with pytest.raises(TypeError, match=r"v\.data"):
            convert(Value([1.0, 2.0]))
    with pytest.raises(ShapeMismatch):
        Value([1.0, 2.0]).item()


@pytest.mark.parametrize(
    "convert",
    [float, math.sin, lambda v: np.zeros(2).__setitem__(0, v), lambda v: np.zeros(2).fill(v)],
)
def test_becoming_a_plain_number_warns(convert):
    """NumPy and math convert a number in silence, and the gradient would be lost in silence."""
    with pytest.warns(RuntimeWarning, match=r"np\.sin\(v\), not math\.sin"):
        convert(Value(2.0))


def test_repr():
    v = Value(2.0, label="v")
    assert repr(v) == "Value(2.0, label='v')"
    (v * v).backward()
    assert repr(v) == "Value(2.0, label='v', grad=4.0)"
    assert repr(Value([1.0])) == "Value(array([1.]))"


def test_values_are_keys_by_identity():
    a, b = Value(1.0), Value(1.0)
    assert len({a, b, a}) == 2
    assert a == b


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


def test_no_grad_is_a_context_and_a_decorator():
    w = Value(2.0)

    @no_grad()
    def double():
        return w * 2

    with no_grad():
        y = w * w
        with no_grad():
            pass
        z = w + 1
    assert [(v.fn, v.parents) for v in (y, z, double())] == [(None, ())] * 3
    assert (w * 2).fn is np.multiply
    assert type(y) is Value


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


def test_a_value_is_no_setting():
    with pytest.raises(NotDifferentiable, match=r"np\.clip takes Values as its arrays"):
        np.clip(Value([1.0, 3.0]), min=Value(2.0), max=9.0)
    with pytest.raises(NotDifferentiable):
        np.std(Value([1.0, 2.0]), ddof=Value(1.0))


@pytest.mark.parametrize("join", [np.concatenate, np.stack])
def test_lists_of_values_within_a_list_are_refused(join):
    with pytest.raises(Detached, match=r"np\.stack"):
        join([Value([1.0, 2.0]), [Value(3.0), Value(4.0)]])


def test_value_has_no_subclasses():
    with pytest.raises(TypeError, match="no subclasses"):
        type("Parameter", (Value,), {})
    assert type(Value(1.0) * 2) is Value


def test_masked_arrays_are_refused_from_both_sides():
    masked = np.ma.masked_array([1.0, 2.0], [False, True])
    for attempt in (lambda: Value([1.0, 2.0]) * masked, lambda: masked * Value([1.0, 2.0])):
        with pytest.raises(TypeError):
            attempt()


def test_comparisons_with_lists():
    assert (Value(2.0) == [2.0, 1.0]).tolist() == [True, False]
    assert (Value([1.0, 3.0]) < [2.0, 2.0]).tolist() == [True, False]


def test_a_number_stays_a_number():
    for y in (Value(2.0).T, Value(2.0).copy(), Value(2.0).astype(float), np.squeeze(Value(2.0))):
        assert type(y.data) is float


@pytest.mark.parametrize("returned", [None, [1.0], "text", (1.0, 2.0), np.array(["a"])])
def test_a_primitive_returns_one_array_or_number(returned):
    @primitive
    def odd(x):
        return returned

    defvjp(odd, lambda g, y, x: g)
    with pytest.raises(NotDifferentiable, match="odd returned"):
        odd(Value(1.0))


def test_too_many_arguments():
    with pytest.raises(TypeError, match="relu takes 1 arguments at most"):
        relu(Value(1.0), 5)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda a, b: Value(a) @ Value(b),
        lambda a, b: np.matmul(a, Value(b)),
        lambda a, b: Value(a) + b,
        lambda a, b: a * Value(b),
        lambda a, b: np.einsum("ij,jk->ik", Value(a), b),
        lambda a, b: np.tensordot(Value(a), Value(b), 1),
    ],
)
def test_shapes_that_do_not_fit_are_both_named(attempt):
    with pytest.raises(ValueError, match=r"\(2,[ ]?3\).*\(2,[ ]?4\)"):
        attempt(np.ones((2, 3)), np.ones((2, 4)))
