"""Stepping: the same numbers as backward, in its order, in words; the gradient by paths."""

import math

import numpy as np
import pytest
from hypothesis import given

import nn
from autograd import (
    ShapeMismatch,
    Value,
    defvjp,
    draw,
    explain_grad,
    jacobian,
    primitive,
    steps,
)  # fmt: skip
from autograd.testing import networks, programs


def neuron():
    x = Value(2.0, label="x")
    w = Value(-3.0, label="w")
    b = Value(6.7, label="b")
    o = np.tanh(x * w + b)
    o.label = "o"
    return x, w, b, o


def test_the_words_of_every_step():
    *_, o = neuron()
    assert str(steps(o)).splitlines() == [
        "  0 forward   v4 = x × w = -6",
        "  1 forward   v5 = v4 + b = 0.7",
        "  2 forward   o = np.tanh(v5) = 0.6044",
        "  3 backward  o = np.tanh(v5), g = 1",
        "  grad v5 += g · (1 − o²) = 1 · (1 - 0.6044²) = 0.6347",
        "  4 backward  v5 = v4 + b, g = 0.6347",
        "  grad v4 += g = 0.6347",
        "  grad b += g = 0.6347",
        "  5 backward  v4 = x × w, g = 0.6347",
        "  grad x += g · w = 0.6347 · (-3) = -1.904",
        "  grad w += g · x = 0.6347 · 2 = 1.269",
    ]


def test_forth_and_back():
    *_, o = neuron()
    walk = steps(o)
    assert walk.forward().number == 0
    assert walk.forward().number == 1
    assert walk.back().number == 0
    assert walk.back() is None
    assert walk.seek(100).number == len(walk) - 1 == 5
    assert walk.forward() is None
    assert repr(walk[0]) == str(walk[0])
    assert walk[-1].name == "v4"
    assert [s.number for s in walk[1:3]] == [1, 2]
    assert repr(walk) == "<6 steps of o>"
    with pytest.raises(IndexError, match="6 steps, and no step 6"):
        walk[6]


def test_one_phase_alone():
    *_, o = neuron()
    assert [s.phase for s in steps(o, phase="forward")] == ["forward"] * 3
    assert [s.name for s in steps(o, phase="backward")] == ["o", "v5", "v4"]
    with pytest.raises(ValueError, match="'both', 'forward' or 'backward'"):
        steps(o, phase="sideways")


def test_a_step_has_what_the_engine_computes():
    x, w, b, o = neuron()
    last = steps(o)[-1]
    assert [c.parent for c in last.contributions] == [x, w]
    assert [c.local for c in last.contributions] == [-3.0, 2.0]
    o.backward()
    assert [c.total for c in last.contributions] == [x.grad, w.grad]
    assert last.gradient == last.node.grad
    assert b.grad == 1 - o.data**2


def test_running_totals_and_why_they_are_sums():
    x = Value(2.0, label="x")
    u = np.sin(x)
    y = u * x + x
    totals = [c.total for s in steps(y) for c in s.contributions if c.name == "x"]
    assert totals == pytest.approx([1, 1 + math.sin(2), 1 + math.sin(2) + 2 * math.cos(2)])
    shown = [line for line in str(steps(y)).splitlines() if "grad x" in line]
    assert "the sum now" not in shown[0]
    assert "the sum now: 1.077" in shown[2]


def test_of_arrays_the_rule_and_its_jacobian_on_request():
    x = Value(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), label="x")
    w = Value(np.array([[1.0], [-1.0]]), label="w")
    y = np.tanh(x @ w).sum()
    of_x, of_w = steps(y)[-1].contributions
    assert (of_x.formula, of_w.formula) == ("g @ w.T", "x.T @ g")
    assert of_x.local is None
    assert of_w.jacobian().shape == (3, 1, 2, 1)
    np.testing.assert_array_equal(of_w.jacobian()[:, 0, :, 0], x.data)
    with pytest.raises(ShapeMismatch, match="has 18 numbers; those of up to 10"):
        of_x.jacobian(most=10)


@pytest.mark.parametrize("f", [np.cumsum, np.sort, np.square, np.prod, lambda x: x[1:]])
def test_a_jacobian_is_that_of_the_transform(f):
    x = Value([3.0, -1.0, 2.0])
    y = f(x)
    step = next(s for s in steps(y.sum(), phase="backward") if s.node is y)
    np.testing.assert_allclose(step.contributions[0].jacobian(), jacobian(f)(x.data))


def test_several_results_of_one_call_and_constants():
    a = Value(np.array([[2.0, 1.0], [1.0, 3.0]]), label="a")
    w, v = np.linalg.eigh(a)
    y = (w * np.array([1.0, 2.0])).sum() + v[0, 0]
    y.backward()
    found = steps(y)
    assert "linalg.eigh(a)" in str(found)
    np.testing.assert_allclose(found[-1].contributions[-1].total, a.grad)


def test_several_results_of_which_not_all_are_used():
    x = Value(np.arange(1.0, 5), label="x")
    a, b = np.split(x, [1])
    assert "split" in str(steps(a.sum()))
    draw(a.sum() * b.sum(), shares=True)
    loss = a.sum() * b.sum()
    loss.backward()
    last = steps(loss)[-1].contributions[0]
    np.testing.assert_array_equal(last.total, x.grad)
    assert explain_grad(x, loss, most=1).count == 2
    whole = a.parents[0]
    assert [p.tolist() for p in explain_grad(whole, loss).gradient] == [[9.0], [1.0, 1.0, 1.0]]


def test_zeros_that_flow_back_into_arrays_are_said():
    x = Value([1.0, 2.0], label="x")
    assert "[0., 0.]" in str(explain_grad(x, x.sum() * 0.0))


def test_formulas_are_right_as_they_are_read():
    text = str(steps(Value(7.0, label="a") % Value(2.0, label="b") * 3))
    assert "−g · (a // b) = -3 · (7 // 2) = -9" in text
    z = Value(1 + 2j, label="z")
    assert "grad z += conj(conj(g) · z)" in str(steps(np.abs(z * z)))
    g = Value(3.0, label="g")
    assert "grad g += g′ · g" in str(steps(g * g))


def test_numbers_have_as_many_digits_as_the_result_wants():
    line = str(steps(np.tanh(Value(3.45, label="x")))).splitlines()[-1]
    assert line == "  grad x += g · (1 − v2²) = 1 · (1 - 0.997986²) = 0.004023"


def test_complex_numbers_in_the_convention_of_grad():
    z = Value(1 + 2j, label="z")
    y = np.real(z * z * (3 - 1j))
    y.backward()
    backward = steps(y).passed
    assert backward.gradient(z) == z.grad
    assert sum(s.contribution for s in backward.arriving[z]) == z.grad


def test_where_nothing_comes_in_nothing_goes_out():
    x = Value(0.0, label="x")
    y = np.where(x.data > 0, np.sqrt(x), 0.0) + x
    last = steps(y)[-1]
    assert last.name == "v2"
    assert last.gradient == 0
    assert [(c.local, c.contribution) for c in last.contributions] == [(np.inf, 0.0)]
    assert steps(y).passed.gradient(x) == 1


def test_a_leaf_has_no_steps():
    walk = steps(Value(1.0))
    assert len(walk) == 0
    assert list(walk) == []
    assert walk.forward() is None
    with pytest.raises(IndexError, match="nothing was computed"):
        walk.seek(0)


@pytest.mark.parametrize("loss", [Value([1.0, 2.0]), Value(1j), 3.0, None], ids=str)
def test_a_loss_is_one_real_number(loss):
    with pytest.raises((ShapeMismatch, TypeError), match="a backward pass begins at"):
        steps(loss)


def test_stepping_leaves_gradients_alone():
    x, *_, o = neuron()
    str(steps(o))
    assert x.grad == o.grad == 0
    o.backward()
    before = x.grad
    str(steps(o))
    assert x.grad == before


def test_the_deepest_chain_has_its_steps():
    y = x = Value(1.0)
    for _ in range(20_000):
        y = y + x
    walk = steps(y)
    assert len(walk) == 40_000
    assert walk[-1].contributions[-1].total == 20_001


@given(programs())
def test_totals_are_gradients(program):
    leaves = [Value(x) for x in program.inputs]
    y = program(*leaves)
    if y.fn is None:
        return
    y.backward()
    walk = steps(y)
    for v in walk.passed.values:
        np.testing.assert_allclose(walk.passed.gradient(v), v.grad, rtol=1e-12, atol=1e-300)
        shares = walk.passed.arriving[v]
        if shares:
            np.testing.assert_allclose(
                sum(s.contribution for s in shares), v.grad, rtol=1e-9, atol=1e-12
            )
    for step in walk:
        str(step)
        for c in step.contributions:
            if c.local is not None:
                assert c.local * step.gradient == pytest.approx(c.contribution, rel=1e-9)


# ----------------------------------------------------------------------- by paths


def test_a_diamond_has_two_paths():
    x = Value(2.0, label="x")
    u, v = np.sin(x), x**2
    u.label, v.label = "u", "v"
    y = u * v
    y.label = "y"
    found = explain_grad(x, y)
    assert str(found).splitlines() == [
        "∂y/∂x = 1.973, the sum over 2 paths:",
        "  y ← v ← x   0.9093 × 4 = 3.637",
        "  y ← u ← x   4 × (-0.4161) = -1.665",
    ]
    y.backward()
    assert math.fsum(p.product for p in found.paths) == pytest.approx(x.grad, rel=1e-15)
    assert found.gradient == x.grad
    assert found.complete


def test_paths_are_counted_not_enumerated():
    x = Value(1.1, label="x")
    y = x
    for _ in range(100):
        y = y * 0.5 + y * 0.25
    found = explain_grad(x, y, most=3)
    assert found.count == 2**100
    assert not found.complete
    assert [p.product for p in found.paths] == pytest.approx([0.5**100, 0.5**99 / 4, 0.5**99 / 4])
    y.backward()
    assert found.gradient == x.grad
    assert found.rest == pytest.approx(x.grad - sum(p.product for p in found.paths))
    assert "1,267,650,600,228,229,401,496,703,205,376 paths" in str(found)
    assert "… and 1,267,650,600,228,229,401,496,703,205,373 more" in str(found)
    assert "… 193 more …" in str(found)


def test_the_largest_paths_are_exactly_the_largest():
    rng = np.random.default_rng(0)
    x = Value(0.7)
    y = x
    for _ in range(6):
        y = y * float(rng.normal()) + np.sin(y) * float(rng.normal()) - y
    every = explain_grad(x, y, most=10_000)
    assert every.complete
    assert every.count == 3**6
    sizes = sorted((abs(p.product) for p in every.paths), reverse=True)
    some = explain_grad(x, y, most=7)
    assert [abs(p.product) for p in some.paths] == sizes[:7]


def test_no_path_and_the_loss_itself():
    x, y = Value(1.0, label="x"), Value(2.0, label="y")
    assert str(explain_grad(x, y * 3)) == "∂v2/∂x = 0: no path leads from v2 to x."
    with pytest.raises(ValueError, match=r"explain_grad\(x, loss\)"):
        explain_grad(x * 2, x)
    assert explain_grad(x, x * np.sign(Value(2.0)) * 1).gradient == 1.0
    itself = explain_grad(y, y)
    assert (itself.count, itself.gradient) == (1, 1.0)
    assert str(itself).splitlines()[1] == "  y   1"


def test_paths_between_arrays_are_arrays():
    x = Value([1.0, -2.0], label="x")
    y = (x * x + np.sin(x)).sum()
    found = explain_grad(x, y)
    assert found.count == 3
    y.backward()
    np.testing.assert_allclose(sum(p.product for p in found.paths), x.grad)
    assert found.paths[0].factors[-1] is None


@pytest.mark.parametrize(("x", "most", "error"), [(1.0, 5, TypeError), (Value(1.0), 0, ValueError)])
def test_explain_grad_refuses(x, most, error):
    with pytest.raises(error):
        explain_grad(x, Value(2.0) * 1, most=most)


@given(programs())
def test_paths_add_up_to_the_gradient(program):
    leaves = [Value(x) for x in program.inputs]
    y = program(*leaves)
    y.backward()
    for leaf in leaves:
        found = explain_grad(leaf, y, most=5)
        total = found.rest + sum(p.product for p in found.paths)
        np.testing.assert_allclose(total, leaf.grad, rtol=1e-9, atol=1e-9)
        if found.complete:
            np.testing.assert_allclose(found.rest, 0, atol=1e-9)


@given(networks())
def test_networks_are_stepped_through(network):
    parameters = [{name: Value(x) for name, x in layer.items()} for layer in network.parameters]
    loss = network.loss(parameters)
    loss.backward()
    backward = steps(loss, names={"layers": parameters}).passed
    for layer in parameters:
        for p in layer.values():
            np.testing.assert_allclose(backward.gradient(p), p.grad, rtol=1e-12)
    assert "layers[0]['weight']" in str(steps(loss, names={"layers": parameters}))


def test_a_module_gives_names():
    model = nn.Sequential(nn.Linear(2, 1, rng=0))
    loss = model(np.array([[1.0, 2.0]])).sum()
    text = str(steps(loss))
    assert "v3 = linear([[1., 2.]], 0.weight, 0.bias)" in text
    assert "grad 0.weight += array([[1], [2]]) @ g" in text


def test_at_the_edge_of_a_domain_formulas_are_those_of_the_book():
    with np.errstate(all="ignore"):
        assert "grad x += g / 0 = 1 / 0 = inf" in str(steps(Value(1.0, label="x") / 0))
        text = str(steps(np.sqrt(Value(0.0, label="x"))))
    assert "grad x += g / (2 · v2) = 1 / (2 · 0) = inf" in text


def test_what_passes_unchanged_is_said_once():
    text = str(steps((Value(1.0, label="a") + Value(2.0, label="b")) * -3))
    assert "grad a += g = -3\n" in text


def test_a_case_that_holds_stays_in_the_formula():
    @primitive
    def odd(x):
        return 2 * x + 0.0

    defvjp(odd, lambda g, y, x: np.where(x == 0, 7 * g, 2 * g))
    assert "grad x += 2 · g = 2 · 1 = 2" in str(steps(odd(Value(6.0, label="x"))))
    assert "7 · g" in str(steps(odd(Value(0.0, label="x"))))
