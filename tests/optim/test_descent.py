"""descend: the trajectory of plain gradient descent, and its pictures."""

import sys

import numpy as np
import pytest

from autograd import Value
from optim import descend


def parabola(w):
    return (w - 3) ** 2


def test_one_weight_moves_against_the_slope():
    down = descend(parabola, 0.0, lr=0.1, steps=50)
    assert down[0].gradient < 0 < down[1].w - down[0].w  # a negative slope moves to the right
    up = descend(parabola, 5.0, lr=0.1, steps=50)
    assert up[0].gradient > 0 > up[1].w - up[0].w
    assert np.all(np.diff(down.f) < 0)
    assert down[-1].w == pytest.approx(3, abs=1e-4)
    np.testing.assert_allclose(down.w[1:], down.w[:-1] - 0.1 * down.gradient[:-1])


@pytest.mark.parametrize(
    ("lr", "what"), [(0.001, "slow"), (0.3, "good"), (0.95, "zigzag"), (1.1, "diverges")]
)
def test_the_rate(lr, what):
    descent = descend(parabola, 0.0, lr=lr, steps=30)
    sides = np.sign(descent.w - 3)
    reached = descent.f[-1]
    assert {
        "slow": 7 < reached < 9,
        "good": reached < 1e-12,
        "zigzag": reached < 1 and len(set(sides[1:])) == 2,
        "diverges": reached > 1e3,
    }[what]


def test_two_variables_as_an_array_or_as_two_arguments():
    valley = descend(lambda w: w[0] ** 2 + 10 * w[1] ** 2, [4.0, 1.5], lr=0.09, steps=60)
    assert valley.w.shape == (61, 2)
    assert valley.f[-1] < 1e-3
    same = descend(lambda x, y: x**2 + 10 * y**2, (4.0, 1.5), lr=0.09, steps=60)
    np.testing.assert_array_equal(same.w, valley.w)


def test_a_saddle_is_left_slowly_and_then_for_good():
    saddle = descend(lambda x, y: x**2 - y**2, (1.0, 1e-6), lr=0.1, steps=120)
    assert abs(saddle.f[30]) < 0.01
    assert saddle.f[-1] < -1


def test_of_matrices_and_single_precision_numbers():
    w = descend(lambda w: (w * w).sum(), np.ones((2, 3), np.float32), lr=0.5, steps=1)
    assert w[-1].w.shape == (2, 3)
    assert w.f[-1] == 0


def test_it_ends_where_nothing_is_finite():
    descent = descend(parabola, 0.0, lr=30.0, steps=1000)
    assert descent.diverged
    assert np.isfinite(descent.f).all()
    assert "diverged" in repr(descent)
    assert str(descent).splitlines()[-1].endswith("try a smaller lr.")


def test_no_steps_are_the_beginning():
    descent = descend(parabola, 0.0, steps=0)
    assert len(descent) == 1
    assert [p.w for p in descent] == [0.0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lr": 0}, "lr is 0"),
        ({"lr": -1}, "lr is -1"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"steps": -1}, "steps is -1"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"lr": "a"}, "lr is 'a'"),
    ],
)
def test_refusals(settings, words):
    with pytest.raises(ValueError, match=words):
        descend(parabola, 0.0, **settings)


def test_a_beginning_outside_of_the_domain_is_told():
    with pytest.raises(ValueError, match="not finite at w0"):
        descend(np.log, -1.0)


@pytest.mark.parametrize(
    ("f", "w0"), [(lambda x, y: x * y, [1.0, 2.0]), (lambda w: w[0] ** 2, (1.0, 2.0))]
)
def test_arguments_that_do_not_fit_are_told(f, w0):
    with pytest.raises(TypeError, match="w0 as a tuple"):
        descend(f, w0)
    with pytest.raises(TypeError, match="a function first, not float"):
        descend(1.0, f)


def test_many_variables_are_shown_in_part():
    assert "1 1 1 1 1 1 …" in str(descend(lambda w: (w * w).sum(), np.ones(10), steps=1))


def test_a_function_of_arrays_is_no_loss():
    with pytest.raises(ValueError, match="one number"):
        descend(lambda w: w * 2, [1.0, 2.0])


@pytest.mark.parametrize(
    ("f", "w0"),
    [
        (parabola, 0.0),
        (lambda w: parabola(w[0]), [0.0]),
        (lambda x, y: x**2 + 10 * y**2, (4.0, 1.5)),
        (lambda w: (w**2).sum(), np.array([[1.0], [2.0]])),
        (lambda w: (w**2).sum(), np.ones(5)),
    ],
    ids=["a curve", "of one element", "contours", "of a column", "more variables"],
)
def test_pictures(f, w0):
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("agg")
    from matplotlib import pyplot

    descent = descend(f, w0, lr=0.05, steps=10)
    figure, ax = pyplot.subplots()
    assert descent.plot(ax) is ax
    assert ax.get_title() == "lr = 0.05, 10 steps"
    figure.canvas.draw()
    points = [c for c in ax.collections if len(c.get_offsets()) == 11]
    if np.size(w0) <= 2:
        np.testing.assert_allclose(points[-1].get_offsets()[:, 0], descent.w.reshape(11, -1)[:, 0])
    else:
        np.testing.assert_allclose(ax.lines[0].get_ydata(), descent.f)
    own = descent.plot()
    assert own.figure is not figure
    pyplot.close("all")


def test_one_that_diverged_is_drawn():
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("agg")
    from matplotlib import pyplot

    ax = descend(parabola, 0.0, lr=30.0, steps=1000).plot()
    assert "diverged (the first " in ax.get_title()
    ax.figure.canvas.draw()
    assert ax.get_ylim()[1] < 1e8
    assert "f grows" in descend(parabola, 0.0, lr=1.05).plot().get_title()
    valley = descend(lambda x, y: x**2 + y**2, (1.0, 2.0)).plot()
    assert (valley.get_xlabel(), valley.get_ylabel()) == ("x", "y")
    pyplot.close("all")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"valuegrad\[plot\]"):
        descend(parabola, 0.0).plot()


def test_names_of_axes_and_slices():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    descent = descend(lambda *w: w[0] ** 2 + w[1] ** 2, (1.0, 2.0), steps=2)
    assert descent.names == ("w[0]", "w[1]")
    assert [p.f for p in descent[1:]] == list(descent.f[1:])
    assert len(descend(lambda w: w * w, Value(1.0), steps=2)) == 3
    assert descend(lambda x, y: x * y, (Value(1.0), 2.0), steps=0)[0].f == 2
