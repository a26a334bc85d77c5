"""The backward walk: shared nodes, repetition, ownership, depth, memory, threads."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest

from autograd import ShapeMismatch, Value, grad


def test_a_shared_node():
    x = Value(3.0)
    (x * x).backward()
    assert x.grad == 6.0
    x = Value(3.0)
    (x + x).backward()
    assert x.grad == 2.0
    x = Value(3.0)
    y = x * 2
    (y * y + y).backward()  # a diamond
    assert (y.grad, x.grad) == (13.0, 26.0)


def test_twice_is_exactly_twice_at_the_leaves_and_fresh_between():
    a, b = Value([1.1, 2.3]), Value(0.7)
    c = a * b
    y = (c * c + np.sin(c)).sum()
    y.backward()
    first = a.grad.copy(), b.grad, c.grad.copy()
    y.backward()
    np.testing.assert_array_equal(a.grad, 2 * first[0])
    assert b.grad == 2 * first[1]
    np.testing.assert_array_equal(c.grad, first[2])
    assert y.grad == 1.0


def test_two_graphs_accumulate():
    x = Value(2.0)
    (x * 3).backward()
    (x * x).backward()
    assert x.grad == 7.0


def test_only_the_leaves_keep_gradients_if_so_wanted():
    x = Value(2.0)
    y = x * x
    z = y + 1
    z.backward()
    assert y.grad == 1.0
    z.backward(retain_grads=False)
    assert (y.grad, z.grad, x.grad) == (0.0, 0.0, 8.0)


def test_replacing_data_does_not_change_a_gradient():
    w, x = Value(3.0), Value(2.0)
    y = w * x
    w.data = 100.0
    y.backward()
    assert (x.grad, w.grad) == (3.0, 2.0)


def test_replacing_data_does_not_change_a_second_derivative():
    w = Value(3.0)

    def slope(x):
        y = w * w * x
        w.data = 100.0
        return y

    g = grad(slope)(2.0)
    g.backward()
    assert (g.data, w.grad) == (9.0, 6.0)


@pytest.mark.parametrize("shape", [(2,), (2, 3), (0,), (1, 2)])
def test_what_is_no_single_number_needs_a_gradient(shape):
    v = Value(np.ones(shape))
    with pytest.raises(ShapeMismatch, match=r"one real number.*sum"):
        v.backward()
    v.backward(np.full(shape, 2.0))
    assert v.grad.shape == shape
    with pytest.raises(ShapeMismatch, match="shape"):
        v.backward(np.ones((7,)))


def test_a_complex_number_needs_a_gradient():
    with pytest.raises(ShapeMismatch, match="real"):
        Value(1j).backward()


def test_a_single_element_is_a_number():
    v = Value([[2.0]])
    (v * v).backward()
    assert v.grad.tolist() == [[4.0]]


def test_gradients_of_leaves_share_no_memory():
    a, b = Value(np.ones(3)), Value(np.ones(3))
    y = a + b
    y.sum().backward()
    a.grad *= 10
    assert b.grad.tolist() == [1, 1, 1]
    assert y.grad.tolist() == [1, 1, 1]
    seed = np.ones(3)
    (+a).backward(seed)
    a.grad[...] = 7
    assert seed.tolist() == [1, 1, 1]


def test_descent_for_complex_leaves():
    z = Value(np.array([1 + 2j]))
    (abs(z - (3 - 1j)) ** 2).sum().backward()
    assert z.grad[0] == pytest.approx(2 * (-2 + 3j))
    assert z.dtype == z.grad.dtype


def test_real_leaves_of_complex_graphs_get_real_gradients():
    x = Value(np.array([0.5]))
    y = np.exp(1j * x)
    np.real(y).sum().backward()
    assert x.grad.dtype == float
    assert x.grad[0] == pytest.approx(-np.sin(0.5))


def test_an_unused_leaf_keeps_its_zero():
    x, unused = Value(1.0), Value(1.0)
    (x * 2 + unused.data).backward()
    assert unused.grad == 0.0
    y = np.sign(x)
    y.backward()
    assert x.grad == 2.0


@pytest.mark.parametrize("n", [1_000, 200_000])
def test_depth_has_no_limit(n):
    x = Value(1.0)
    y = x
    for _ in range(n):
        y = y + 1e-6
    y.backward()
    assert x.grad == 1.0
    del y


def test_width_has_no_limit():
    leaves = [Value(float(k)) for k in range(50_000)]
    np.sum(np.stack(leaves)).backward()
    assert {v.grad for v in leaves} == {1.0}


def test_graphs_are_freed_by_reference_counting_alone():
    def graph():
        x = Value(np.ones((200, 200)))
        y = np.concatenate([x @ x, np.tanh(x)], axis=1)
        for k in range(20):
            y = (y * 0.5)[:, ::-1] + k
        y.sum().backward()

    graph()
    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            graph()
        assert tracemalloc.get_traced_memory()[0] - before < 200_000  # one array has 320,000
        assert gc.collect() == 0
    finally:
        tracemalloc.stop()
        gc.enable()


def test_threads_have_graphs_and_switches_of_their_own():
    shared = Value(2.0)
    results = []

    def work(k):
        from autograd import no_grad

        with no_grad():
            assert (shared * k).fn is None
        for _ in range(200):
            results.append(grad(lambda x: (x * shared.data) ** 2)(float(k)) == 8.0 * k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 800
    assert all(results)
    assert (shared * 2).fn is np.multiply


@pytest.mark.parametrize("index", [((0, 0, 1),), [0, 0, 1], ([0, 0, 1],), np.array([0, 0, 1])])
def test_repeated_indices_of_every_kind_add_up(index):
    x, w = Value([1.0, 2.0, 3.0]), Value([5.0, 6.0, 7.0])
    x[index].sum().backward()
    assert x.grad.tolist() == [2, 1, 0]
    x.at[index].set(w).sum().backward()
    assert w.grad.tolist() == [0, 1, 1]


@pytest.mark.parametrize("z", [1 + 2j, np.complex64(1 + 2j), np.array(1 + 2j), np.array([1 + 2j])])
def test_complex_gradients_point_uphill_at_leaves_and_between(z):
    leaf = Value(z)
    between = leaf * 1
    (abs(between) ** 2).sum().backward()
    assert np.all(leaf.grad == 2 * z)
    assert np.all(between.grad == 2 * z)
    assert np.shape(leaf.grad) == np.shape(z)
    in_two_stages = Value(z)
    (in_two_stages * 1).backward(between.grad)
    assert np.all(in_two_stages.grad == leaf.grad)


def test_a_gradient_of_another_form_is_forgotten():
    v = Value([1.0])
    (v * v).sum().backward()
    v.data = np.ones(3)
    assert v.grad.shape == (3,)
    (v * v).sum().backward()
    assert v.grad.tolist() == [2, 2, 2]


def test_reading_a_gradient_of_a_number_stores_nothing():
    v = Value(1.0)
    assert v.grad == 0.0
    assert repr(v) == "Value(1.0)"


def test_a_complex_gradient_does_not_fit_a_real_value():
    with pytest.raises(TypeError, match=r"\.real"):
        Value([1.0, 2.0]).backward(np.array([1j, 1j]))
