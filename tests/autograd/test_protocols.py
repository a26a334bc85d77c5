"""NumPy's and Python's protocols, the table behind them, and what is refused."""

import copy
import math
import pickle

import numpy as np
import pytest

from autograd import (
    Detached,
    NotDifferentiable,
    ShapeMismatch,
    Value,
    at,
    grad,
    no_grad,
    primitive,
    relu,
)
from autograd.call import TABLE, Rules
from autograd.table import Composition, Plain, Refusal
from tests.programs import printed

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
        (lambda v: np.gcd(v, 2), r"np\.gcd takes no Value: it is for integers.*v\.data"),
        (lambda v: np.put(v, 0, 1.0), r"np\.put takes no Value: .*v\.at\[index\]\.set"),
        (lambda v: np.union1d(v, v), r"np\.union1d takes no Value"),
        (lambda v: np.var(v, mean=1.5), r"np\.var.*mean="),
        (lambda v: np.quantile(v, 0.5, overwrite_input=True), r"np\.quantile.*overwrite_input="),
        (lambda v: np.pad(v, 1, lambda *_: None), r"np\.pad"),
        (lambda v: np.hypot.reduce(v, axis=(0,)), r"np\.hypot\.reduce.*axis="),
        (lambda v: np.quantile(np.ones(3), v[0]), r"np\.quantile.*second argument"),
        (lambda v: np.sum(v, out=np.zeros(())), r"np\.sum.*out="),
        (lambda v: np.exp(v, where=np.array([True, False])), r"np\.exp.*where="),
        (lambda v: np.mean(v, dtype=int), r"np\.mean of float64 with dtype=int64"),
        (lambda v: np.ravel(v, order="K"), "order='K'"),
        (lambda v: np.linalg.qr(v[:, None], "raw"), "no mode 'raw'"),
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
    with pytest.raises(Detached, match=r"np\.add\.at works in place: use v\.at"):
        np.add.at(v, 0, 1.0)
    with pytest.raises(Detached, match=r"np\.stack"):
        np.full(2, v[0])
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


# ------------------------------------------------------ what is refused, and what is kept


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


def test_a_value_is_no_setting():
    with pytest.raises(NotDifferentiable, match=r"np\.repeat takes Values as its arrays"):
        np.repeat(Value([1.0, 3.0]), repeats=Value(2.0))
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


def test_threads_that_meet_a_chapter_at_once():
    lines = printed(
        "import threading, numpy as np",
        "from autograd import grad",
        "failed, start = [], threading.Barrier(8)",
        "def work():",
        "    start.wait()",
        "    try:",
        "        grad(lambda x: np.sum(np.abs(np.fft.fft(x))))(np.ones(4))",
        "    except Exception as error:",
        "        failed.append(error)",
        "threads = [threading.Thread(target=work) for _ in range(8)]",
        "[t.start() for t in threads]; [t.join() for t in threads]",
        "print(failed)",
    )
    assert lines == ["[]"]


@pytest.mark.parametrize(
    "f", [np.fft.fft2, np.fft.rfftn, np.ptp, lambda v, out: np.choose([0, 1], [v, v], out=out)]
)
def test_out_is_refused(f):
    out = np.zeros((2, 2), complex)
    with pytest.raises(TypeError, match="out="):
        f(Value(np.eye(2)), out=out)
    assert not out.any()


def test_at_takes_arrays_and_values_alike():
    def f(x):
        return np.sum(at(x)[0].set(0.0) ** 2)

    assert f(np.array([3.0, 2.0])) == 4
    assert grad(f)(np.array([3.0, 2.0])).tolist() == [0, 4]


def test_iterating_over_a_value_makes_one_call():
    v = Value(np.arange(6.0).reshape(3, 2))
    a, b, c = v
    assert a.parents == b.parents == c.parents
    (a * b).sum().backward()
    assert v.grad.tolist() == [[2, 3], [0, 1], [0, 0]]
    with pytest.raises(TypeError):
        iter(Value(1.0))


@pytest.mark.parametrize("x", [np.zeros((3, 2)).T, np.asfortranarray(np.zeros((2, 3)))])
def test_at_of_any_layout(x):
    expected = np.array([[1.0, 2, 0], [0, 0, 0]])
    for array in (x, Value(x)):
        y = at(array)[[0, 0, 0], [0, 1, 1]].add(1.0)
        np.testing.assert_array_equal(y.data if isinstance(y, Value) else y, expected)
    assert Value(x).at[0].set([1.0, 2.0, 3.0]).data[0].tolist() == [1, 2, 3]
    assert at([1.0, 2.0])[0].set(5.0).tolist() == [5, 2]


def test_backward_from_several_results_at_once_is_refused():
    whole = next(iter(Value([1.0, 2.0]))).parents[0]
    with pytest.raises(ShapeMismatch, match="several results"):
        whole.backward()
    assert "Parts" not in repr(whole)


# ---------------------------------------------------------------------------- the table


@pytest.mark.parametrize(
    ("fn", "kind", "args"),
    [
        (np.tanh, Rules, ([0.5, 1.0],)),
        (np.add, Rules, ([1.0, 2.0], [3.0, 4.0])),
        (np.concatenate, Rules, (([1.0], [2.0, 3.0]),)),
        (np.average, Composition, ([1.0, 2.0],)),
        (np.argmax, Plain, ([1.0, 2.0],)),
        (relu, Rules, ([-1.0, 2.0],)),
    ],
)
def test_an_entry_of_the_table_is_called_as_the_function_would_be(fn, kind, args):
    values = [
        tuple(map(Value, arg)) if type(arg) is tuple else Value(np.array(arg)) for arg in args
    ]
    arrays = [tuple(map(np.array, arg)) if type(arg) is tuple else np.array(arg) for arg in args]
    assert type(TABLE[fn]) is kind
    y = TABLE[fn](*values)
    assert (type(y) is Value) == (kind is not Plain)
    np.testing.assert_array_equal(y.data if type(y) is Value else y, fn(*arrays))


def test_the_record_names_the_rules_of_the_call():
    y = TABLE[np.sum](Value([1.0, 2.0]), axis=0)
    assert (y.fn, y.kwargs) == (np.sum, {"axis": 0})


def test_settings_of_an_entry_go_by_name_or_place():
    x = Value(np.arange(6.0).reshape(2, 3))
    assert TABLE[np.sum](x, 1).data.tolist() == TABLE[np.sum](x, axis=1).data.tolist() == [3, 12]


def test_a_refusal_is_called_too_and_says_what_to_write():
    assert type(TABLE[np.gcd]) is Refusal
    with pytest.raises(NotDifferentiable, match=r"np\.gcd takes no Value"):
        TABLE[np.gcd](Value(1.0), 2)


def test_a_function_that_is_not_in_the_table_is_named():
    with pytest.raises(NotDifferentiable, match="unheard_of has no derivative in the table"):
        TABLE[primitive(named("unheard_of"))](Value(1.0))


def named(name):
    def fn(x):
        return x

    fn.__name__ = fn.__qualname__ = name
    return fn
