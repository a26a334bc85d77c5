"""Backward passes over numbers, which take a way of their own: it must give what arrays give."""

import gc
import threading
import time
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    Value,
    defvjp,
    dot,
    grad,
    primitive,
    relu,
)

# --------------------------------------------------------------- agreement with arrays

UNARY = [
    np.sin, np.tanh, relu, autograd.sigmoid, np.abs, np.negative, np.square, lambda v: v**3,
    lambda v: 2 * v, lambda v: v - 1, lambda v: np.float64(0.5) / (v * v + 1), lambda v: v / 3,
    lambda v: np.exp(-v * v), lambda v: np.where(v > 0, v, 0.1 * v), lambda v: v.sum(),
]  # fmt: skip
BINARY = [
    lambda u, v: u + v, lambda u, v: u * v, lambda u, v: u - v, lambda u, v: u / (v * v + 1),
    np.maximum, np.hypot, lambda u, v: u * u, lambda u, v: dot([u, v, 2.0], [v, v, u]),
]  # fmt: skip
MIXED = [  # numbers to arrays and back
    lambda u, v: np.stack([u, v, u]).sum(), lambda u, v: (u * np.ones(2))[0] * v,
    lambda u, v: np.float32(2) * u + v, lambda u, v: (np.stack([u, v]) @ np.ones(2)).sum(),
]  # fmt: skip
STEP = st.tuples(st.integers(0, 99), st.integers(0, 7), st.integers(0, 7))


def build(steps, leaves, operations):
    """Every Value of a random graph: each step takes two that are there already."""
    nodes = [*leaves]
    for k, i, j in steps:
        f, u, v = operations[k % len(operations)], nodes[-1 - i % len(nodes)], nodes[j % len(nodes)]
        y = f(u) if f in UNARY else f(u, v)
        nodes.append(y if np.all(np.abs(y.data) < 1e3) else u)
    return nodes


@given(
    st.lists(STEP, min_size=1, max_size=25),
    st.lists(st.floats(-2, 2), min_size=1, max_size=3),
    st.booleans(),
)
def test_numbers_have_the_gradients_of_arrays_of_one_element(steps, data, retain):
    numbers = build(steps, [Value(x) for x in data], UNARY + BINARY)
    arrays = build(steps, [Value([x]) for x in data], UNARY + BINARY)
    for k in (-1, len(numbers) // 2):  # the second finds what the first left
        numbers[k].backward(retain_grads=retain)
        arrays[k].sum().backward(retain_grads=retain)
    np.testing.assert_allclose(
        [v.grad for v in numbers], [np.sum(v.grad) for v in arrays], rtol=1e-9, atol=1e-9
    )


@given(
    st.lists(STEP, min_size=2, max_size=20),
    st.lists(st.floats(-2, 2), min_size=1, max_size=3),
)
def test_graphs_of_numbers_and_arrays_in_any_order(steps, data):
    operations = UNARY + BINARY + MIXED * 2
    leaves = [Value(x) for x in data]
    build(steps, leaves, operations)[-1].backward()
    got = grad(lambda *xs: build(steps, xs, operations)[-1], range(len(data)))(*data)
    np.testing.assert_allclose([v.grad for v in leaves], got, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "k", [3, np.float32(3), np.float64(3), np.int64(3), True + 2, np.array(3.0)]
)
@pytest.mark.parametrize(
    "f",
    [lambda x, k: x * k, lambda x, k: k * x, lambda x, k: (x + k) * k, lambda x, k: x / (1 / k)],
)
def test_constants_of_every_kind(f, k):
    x = Value(2.0)
    (f(x, k) * x).backward()
    assert x.grad == pytest.approx(grad(lambda v: np.sum(f(v, 3.0) * v))(np.array([2.0]))[0])


@pytest.mark.parametrize("f", [np.multiply, np.add, np.power])
@pytest.mark.parametrize("k", [np.array([1.0, 2.0, 3.0]), np.ones(1), np.ones((2, 1))])
def test_a_number_among_arrays_gets_one_gradient(f, k):
    expected = np.sum({np.multiply: k, np.add: 1.0 + 0 * k, np.power: k * 2.0 ** (k - 1)}[f])
    x = Value(2.0)
    f(x, k).backward(np.ones(k.shape))
    assert x.grad == pytest.approx(expected)
    assert np.shape(x.grad) == ()
    np.sum(f(x * 1.0, k)).backward()  # and by way of another number
    assert x.grad == pytest.approx(2 * expected)


def test_a_complex_constant_leaves_the_gradient_of_a_number_real():
    x = Value(1.0)
    (x * (1 + 2j)).backward(1 + 0j)
    assert (x.grad, type(x.grad)) == (1.0, float)


def test_an_array_made_of_a_number():
    doubled = primitive(lambda x: np.array([x, 2 * x]))
    defvjp(doubled, lambda g, y, x: np.sum(g * np.array([1.0, 2.0])))
    x = Value(1.0)
    (np.sum(doubled(x)) * 2.0).backward()
    assert x.grad == 6.0


def test_a_shared_node_is_counted_each_time():
    x = Value(3.0)
    y = x * x
    z = y * y + y + y * x
    z.backward()
    assert (y.grad, x.grad) == (22.0, 22 * 6 + 9.0)


def test_twice_is_twice_at_the_leaves_and_the_same_between():
    x = Value(3.0)
    y = x * x
    z = y * y
    z.backward()
    z.backward()
    assert (z.grad, y.grad, x.grad) == (1.0, 18.0, 216.0)


def test_without_retained_gradients_the_leaves_alone_have_some():
    x = Value(3.0)
    y = x * x
    z = dot([y, y], [x, 2.0])
    z.backward()
    z.backward(retain_grads=False)
    assert (z.grad, y.grad, x.grad) == (0.0, 0.0, 2 * (27 + 12.0))


@pytest.mark.parametrize(
    "finish", [relu, lambda v: relu(np.stack([v, v])).sum(), lambda v: 0.0 * v]
)
def test_what_a_dead_relu_hides_keeps_no_earlier_gradient(finish):
    """Its Values are visited, with 0: what another root left there is forgotten."""
    a = Value(2.0)
    u = a * -3.0
    v = u * u * -1.0
    (v * u).backward()
    assert u.grad != 0 != v.grad
    a.zero_grad()
    (finish(v) * 2.0 + a).backward()
    assert (u.grad, v.grad, a.grad) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("n", [10, 300_000])
def test_calls_made_long_ago(n):
    """Numbers far apart: the walk makes no room for all that was made between."""
    a = Value(3.0)
    b = a * 2.0
    c = relu(b) * b
    others = [Value(0.0) for _ in range(n)]
    d = b * c
    others += [Value(0.0) for _ in range(n)]
    y = d * b + c * a
    tracemalloc.start()
    try:
        y.backward()
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert (a.grad, b.grad, c.grad) == (4 * 16 * 27 + 3 * 4 * 9, 4 * 216 + 2 * 6 * 3, 36 + 3.0)
    assert len(others) == 2 * n


def test_many_calls_of_long_ago():
    a = Value(1.0)
    terms = [a * 1.0]
    for _ in range(300):
        terms.append(terms[-1] + a)
        _ = [Value(0.0) for _ in range(1000)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term * 1.0
    start = time.process_time()
    total.backward()
    assert a.grad == 301 * 302 / 2
    assert time.process_time() - start < 2


def test_a_chain_of_a_million():
    x = Value(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1e-6
    y.backward()
    assert x.grad == 1.0


# --------------------------------------------------------------------------- errors


def raising(error):
    """x · 1, whose rule raises, or gives 1 where there is nothing to raise."""

    def rule(g, y, x):
        if error:
            raise error
        return g

    own = primitive(lambda x: x * 1.0)
    defvjp(own, rule)
    return own


@pytest.mark.parametrize(
    "error",
    [ValueError("no"), KeyboardInterrupt(), ArithmeticError("no"), FloatingPointError("no")],
)
@pytest.mark.parametrize("rest", [lambda v: v, lambda v: np.stack([v, v]).sum()])
def test_an_error_midway_changes_no_gradient_of_a_leaf_and_leaves_no_part_sums(error, rest):
    def graph(f):
        a, b = Value(2.0), Value(3.0)
        (a * b).backward()
        p = a * b
        q = f(p)
        r = q * b
        return [a, b], [p, q, r], rest(r * r + p * a)

    leaves, between, y = graph(raising(error))
    _, complete, same = graph(raising(None))
    same.backward()
    with pytest.raises(type(error)):
        y.backward()
    assert [v.grad for v in leaves] == [3.0, 2.0]
    for v, whole in zip(between, complete, strict=True):
        assert v.grad in (0.0, whole.grad)


@pytest.mark.parametrize(
    ("rule", "x", "expected"),
    [
        (lambda g, y, x: g / x, 0.0, np.inf),
        (lambda g, y, x: g / (x - x), -1.0, np.inf),
        (lambda g, y, x: g * x**-1, 0.0, np.inf),
        (lambda g, y, x: g * x**2, 1e200, np.inf),
    ],
)
@np.errstate(all="ignore")
def test_a_rule_that_pythons_numbers_refuse_gives_numpys_answer(rule, x, expected):
    own = primitive(lambda x: 1.0)
    defvjp(own, rule)
    v, w = Value(x), Value(2.0)
    (own(v * 1.0) * w).backward()
    assert (v.grad, w.grad) == (2 * expected, 1.0)


def test_an_unfinished_walk_leaves_the_graph_usable():
    errors = [KeyboardInterrupt()]
    own = primitive(lambda x: x * 1.0)

    def rule(g, y, x):
        if errors:
            raise errors.pop()
        return g

    defvjp(own, rule)
    x = Value(2.0)
    y = own(x * x) * x
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    y.backward()
    assert x.grad == 12.0


# --------------------------------------------------------------------------- threads


@primitive
def yielding(x):
    return x * 1.0


def _yielding_vjp(g, y, x):
    time.sleep(0)  # another thread's turn
    return g


defvjp(yielding, _yielding_vjp)


def total(y):
    """y as one number, by a call of numbers if it is one."""
    return y * 1.0 if type(y.data) is float else np.sum(y)


def doubled(y):
    return np.stack([y, y]).sum()


def in_threads(n, work):
    """work(k) in each of n threads, which begin together."""
    start = threading.Barrier(n)

    def wait_and_work(k):
        start.wait()
        work(k)

    threads = [threading.Thread(target=wait_and_work, args=(k,)) for k in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


@pytest.mark.parametrize("kind", [float, lambda x: np.full(3, x), np.float32])
def test_threads_with_shared_leaves_lose_nothing(kind):
    w, repetitions = Value(kind(2.0)), 100

    def work(k):
        for _ in range(repetitions):
            total(yielding(w) * w * float(k) + w).backward()

    in_threads(4, work)
    assert np.all(w.grad == repetitions * (4 * (0 + 1 + 2 + 3) + 4.0))


@pytest.mark.parametrize("kind", [float, lambda x: np.full(3, x)])
@pytest.mark.parametrize("finishes", [[total], [doubled], [total, doubled]])
def test_threads_with_one_graph_lose_nothing(kind, finishes):
    """From its numbers, from arrays made of them, and from either at once."""
    w, repetitions = Value(kind(2.0)), 60
    y = w
    for _ in range(4):
        y = yielding(y) * 0.25 + y * 0.5 + w
    roots = [finish(y) for finish in finishes]
    for root in roots:
        root.backward()
    once = np.copy(w.grad) / len(roots)
    w.zero_grad()
    in_threads(4, lambda k: [roots[k % len(roots)].backward() for _ in range(repetitions)])
    assert np.all(w.grad == 4 * repetitions * once)


def test_a_rule_may_call_backward_itself():
    inner = Value(3.0)
    own = primitive(lambda x: x * 1.0)

    def rule(g, y, x):
        (inner * inner).backward()
        return g * inner.grad

    defvjp(own, rule)
    x = Value(1.0)
    (own(x) * 2.0).backward()
    assert (x.grad, inner.grad) == (12.0, 6.0)


# ---------------------------------------------------------------------------- memory


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    collected = gc.collect()
    gc.enable()
    assert collected == 0


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("data", [2.0, np.array([2.0, 3.0])])
def test_a_dropped_graph_is_freed_by_reference_counts(data):
    x = Value(data)
    y = np.sum(relu(x * x) * x)
    kept = [weakref.ref(v) for v in (y, y.parents[0], y.parents[0].parents[0])]
    y.backward()
    del y
    assert [r() for r in kept] == [None] * 3


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("data", [2.0, np.array([2.0, 3.0])])
def test_a_dropped_gradient_of_a_gradient_is_too(data):
    kept = []

    def noted(v):
        kept.append(weakref.ref(v))
        return v

    def f(x):
        return np.sum(noted(np.where(x > 0, noted(x * x) * x, 0.0)))

    def slope(x):
        return np.sum(noted(grad(f)(x)) ** 2)

    x = Value(data)
    y = slope(x)
    y.backward()
    assert grad(slope)(data) is not None
    assert kept[-1]() is None is not kept[0]()
    del y
    assert [r() for r in kept] == [None] * len(kept)
