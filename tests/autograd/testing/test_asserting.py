"""`assert_gradients`, and `@gradients`: what they find, and what they print."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from autograd import GradientMismatch, Value, gradcheck
from autograd.table import data_of
from autograd.testing import (
    arrays,
    assert_gradients,
    axes,
    einsum_calls,
    gradients,
    indices,
    programs,
)
from tests.primitives import cube_with
from tests.programs import printed


def test_passes_what_is_right():
    x = np.array([[0.5, -1.5, 2.0]])
    assert_gradients(lambda x: x**3, x, order=3)
    assert_gradients(np.matmul, x, x.T)
    assert_gradients(np.sin, x, grad=np.cos)
    assert_gradients(lambda p: np.sum(p["w"] ** 2 * p["b"][0]), {"w": x, "b": [2]})
    assert_gradients(np.abs, x + 1j)
    assert_gradients(Square(), x)
    assert_gradients(lambda v: (v * v).sum(), x, wrap=Value)
    assert_gradients(np.hypot, 3.0, np.array(4.0))
    assert_gradients(np.sum, np.zeros((0, 2)))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda g, y, x: g * 3 * np.ravel(data_of(x), "K").reshape(np.shape(x)) ** 2, "memory"),
        (lambda g, y, x: g * 3 * x**2 * (1 + (data_of(x).strides[-1] < 0)), "backwards"),
        (lambda g, y, x: g * 3 * x**2 * (1 + (data_of(x).strides[-1] > 8)), "gaps"),
        (
            lambda g, y, x: g * 3 * x**2 * (1.1 if np.result_type(data_of(x)) == "f4" else 1),
            "single",
        ),
        (lambda g, y, x: g * 3 * data_of(x) ** 2, "not differentiable again"),
    ],
)
def test_finds_what_one_array_would_not_show(rule, words):
    x = np.array([[0.5, -1.5, 2.0], [1.0, 0.3, 0.7]])
    assert gradcheck(cube_with(rule), x)
    with pytest.raises(GradientMismatch, match=words):
        assert_gradients(cube_with(rule), x, order=2 if "again" in words else 1)


def test_gradients_written_by_hand_are_given_other_layouts():
    def read_in_memory_order(x):
        return 2 * (x if x.base is None else np.resize(x.base, x.shape))

    x = np.array([0.5, -1.5, 2.0])
    assert gradcheck(lambda x: np.sum(x**2), x, read_in_memory_order)
    with pytest.raises(GradientMismatch, match="in memory"):
        assert_gradients(lambda x: np.sum(x**2), x, grad=read_in_memory_order, order=1)


class Square:
    def forward(self, x):
        self.x = x
        return x**2

    def backward(self, g):
        return 2 * g * self.x


def test_arguments_in_nests_are_not_passed_over():
    rule = cube_with(lambda g, y, x: g * 3 * x**2 * (1 + 0.5 * (data_of(x).dtype == "f4")))
    with pytest.raises(GradientMismatch, match="single"):
        assert_gradients(lambda p: rule(p["x"]), {"x": np.ones(2)}, order=1)


def test_it_cannot_be_told_not_to_raise():
    with pytest.raises(TypeError, match="always raises"):
        assert_gradients(np.sin, 1.0, raises=False)


@given(arrays((2, 3)).flatmap(lambda x: indices(x.shape).map(lambda i: (x, i))))
def test_every_index_has_its_derivative(pair):
    x, index = pair
    gradcheck(lambda x: x[index] ** 2, x, order=2)


@given(einsum_calls())
def test_every_einsum_has_its_derivative(call):
    subscripts, *operands = call
    gradcheck(lambda *operands: np.einsum(subscripts, *operands), tuple(operands), order=2)


# ---------------------------------------------------------------------------- @gradients


@gradients(x=arrays(layouts=True), w=arrays(()), order=2)
def test_a_right_function_is_a_test(x, w):
    return np.tanh(x * w)


@gradients(x=arrays(domain=(0.1, 3.0)), grad=lambda x: 1 / x)
def test_a_gradient_written_by_hand_is_a_test(x):
    return np.log(x)


def broken(x, w):
    """Wrong where x is above 1."""
    return np.sum(_cubed(x) * w)


_cubed = cube_with(lambda g, y, x: g * 3 * x**2 * np.where(x > 1, 1.5, 1.0))


def test_it_finds_the_input_shrinks_it_and_prints_a_test_to_paste():
    found = gradients(x=arrays((2,)), w=arrays(()))(broken)
    with pytest.raises(GradientMismatch) as caught:
        hypothesis_settings(max_examples=300, derandomize=True, database=None)(found)()
    text = str(caught.value)
    pasted = text[text.index("from autograd import gradcheck") :]
    names = {"np": np, "broken": found}
    exec(pasted, names)
    with pytest.raises(GradientMismatch, match=r"wrong gradient .* 1\.5  "):
        names["broken_at_a_found_input"]()
    assert "settings" not in pasted
    x = np.array(eval(re.search(r"x = np.array\((.*)\)", pasted)[1]))
    assert (x > 1).sum() == 1  # shrunk: the other element is one that does no harm


def test_pasted_inputs_keep_dtype_and_layout():
    from autograd.testing.asserting import _written

    base = np.array([[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]])
    for x in (
        base,
        np.asfortranarray(base),
        np.flip(np.flip(base).copy()),
        np.repeat(base, 2, axis=-1)[..., ::2],
        base.astype(np.float32),
        base + 1j,
        np.zeros((0, 3), np.float32),
        np.float64(0.5),
        0.5,
        {"w": [1.0]},
        {"w": base, "b": [np.zeros(2), (1.0,)]},
        np.array([np.inf, -np.inf, 1.0]),
    ):
        again = eval(_written(x), {"np": np})
        assert type(again) is type(x)
        np.testing.assert_equal(again, x)
        if isinstance(x, np.ndarray):
            assert again.dtype == x.dtype
            assert x.size == 0 or again.strides == x.strides


def test_strategies_and_settings_that_do_not_fit():
    with pytest.raises(TypeError, match=r"w is an argument, and 3\.0 no strategy"):
        gradients(x=arrays(), w=3.0)(broken)
    with pytest.raises(TypeError, match="tolerance is neither"):
        gradients(x=arrays(), w=arrays(), tolerance=1e-3)(broken)
    with pytest.raises(TypeError, match="has no argument y"):
        gradients(x=arrays(), y=arrays())(broken)


@pytest.mark.parametrize("power", [2, 3])
@gradients(x=arrays((2, 3)), axis=axes(2), name=st.sampled_from(["sin", "cos"]), p=programs())
def test_what_is_no_array_is_kept(power, x, axis, name, p):
    assert isinstance(name, str)
    assert type(p).__name__ == "Program"
    return np.sum(getattr(np, name)(x) ** power, axis=axis)


class TestMethods:
    scale = 2.0

    @gradients(x=arrays((2,)))
    def test_of_a_class(self, x):
        return self.scale * x


def test_arguments_stand_in_the_order_of_the_function():
    def pair(x, y):
        return np.sum(x**2) * y

    wrong = gradients(y=arrays(()), x=arrays((2,)), grad=lambda x, y: (x * y, np.sum(x**2)))(pair)
    with pytest.raises(GradientMismatch) as caught:
        wrong()
    text = str(caught.value)
    names = {"np": np, "pair": wrong}
    exec(text[text.index("from autograd import gradcheck") :], names)
    with pytest.raises(GradientMismatch, match="x: the gradient is exactly half"):
        names["pair_at_a_found_input"]()


def test_without_hypothesis_it_says_what_to_install():
    lines = printed(
        "import sys",
        "sys.modules['hypothesis'] = None",
        "import importlib.util",
        "try:",
        "    import autograd.testing",
        "except ImportError as error:",
        "    print(error)",
    )
    assert lines == ["autograd.testing needs Hypothesis: pip install 'valuegrad[test]'"]
