"""Bilinear, Embedding, the layers that change shapes, dropout, and what holds layers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, grad, gradcheck
from nn import functional as F

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("batch", [(), (4,), (2, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_bilinear_is_the_loop(batch, bias):
    layer = nn.Bilinear(2, 3, 4, bias=bias, rng=0)
    a, b = RNG.normal(size=(*batch, 2)), RNG.normal(size=(*batch, 3))
    y, w = layer(a, Value(b)).data, layer.weight.data
    for i in np.ndindex(batch):
        for k in range(4):
            terms = [a[i][m] * w[k, m, n] * b[i][n] for m in range(2) for n in range(3)]
            shift = layer.bias.data[k] if bias else 0
            assert y[i][k] == pytest.approx(math.fsum(terms) + shift, abs=1e-13)
    assert (layer.bias is not None) == bias


def test_derivatives_of_bilinear():
    x, z, w, b = (RNG.normal(size=s) for s in ((2, 2), (2, 3), (2, 2, 3), (2,)))
    assert gradcheck(F.bilinear, (x, z, w, b), order=2)


def test_edges_of_bilinear():
    layer = nn.Bilinear(2, 3, 4, dtype="f4")
    assert layer(np.ones(2, "f4"), np.ones(3, "f4")).dtype == np.float32
    assert layer(np.ones((0, 2)), np.ones((0, 3))).shape == (0, 4)
    assert abs(layer.weight.data).max() <= 1 / math.sqrt(2)
    assert repr(layer) == "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)"
    for shapes in (((5, 2), (4, 3)), ((5, 3), (5, 3)), ((), (3,)), ((2,), (1, 3))):
        with pytest.raises(ShapeMismatch, match=r"\(\.\.\., 2\) and \(\.\.\., 3\), not"):
            layer(*map(np.ones, shapes))
    with pytest.raises(ShapeMismatch, match=r"\(out, in1, in2\)"):
        F.bilinear(np.ones(2), np.ones(3), np.ones((4, 3, 2)))
    with pytest.raises(ValueError, match=r"Bilinear\(0, 3, 4\)"):
        nn.Bilinear(0, 3, 4)


@given(data=st.data(), padding=st.none() | st.integers(-4, 3))
def test_an_embedding_has_the_gradient_of_one_hot_rows_by_the_weight(data, padding):
    shape = data.draw(st.sampled_from([(), (0,), (1,), (5,), (2, 3), (2, 0, 3)]))
    size = math.prod(shape)
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    indices = np.array(drawn, data.draw(st.sampled_from(["i8", "i1", "u8"]))).reshape(shape)
    layer, g = nn.Embedding(4, 2, padding, rng=0), np.cos(np.arange(2.0 * size)).reshape(*shape, 2)
    y = layer(indices)
    y.backward(g)
    expected = np.zeros((4, 2))
    for i in np.ndindex(shape):
        row = int(indices[i])
        assert y.data[i].tolist() == layer.weight.data[row].tolist()
        if padding is None or row != padding % 4:
            expected[row] += g[i]
    np.testing.assert_allclose(layer.weight.grad, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("padding", [None, 1, -1])
def test_second_derivatives_through_an_embedding(padding):
    indices = np.array([[0, 2, 2], [2, 0, 0]])  # none is the padding, which has no slope
    assert gradcheck(
        lambda w: np.tanh(F.embedding(indices, w, padding_idx=padding)) ** 2,
        RNG.normal(size=(4, 2)),
        order=2,
    )


@pytest.mark.parametrize("padding", [2, -2])
def test_the_gradient_does_not_depend_on_what_comes_to_the_padding(padding):
    indices, v = np.array([0, 2, 3]), RNG.normal(size=(4, 2))

    def along_v(a):
        gradient = grad(lambda w: (a * F.embedding(indices, w, padding_idx=padding)).sum())
        return (gradient(np.ones((4, 2))) * v).sum()

    assert grad(along_v)(np.ones((3, 2))).tolist() == [v[0].tolist(), [0, 0], v[3].tolist()]


def test_the_row_of_the_padding_is_0_and_stays():
    layer = nn.Embedding(4, 2, -1, dtype="f4")
    assert repr(layer) == "Embedding(4, 2, padding_idx=3)"
    assert layer.weight.data[3].tolist() == [0, 0]
    assert layer.weight.data[:3].all()
    y = layer([3, 3, 1])
    (y + 1).sum().backward()
    assert layer.weight.grad.tolist() == [[0, 0], [1, 1], [0, 0], [0, 0]]
    assert (y.dtype, layer.weight.grad.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda e: e(4), IndexError, r"4 rows are 0 … 3; these are 4 … 4"),
        (lambda e: e([0, -1]), IndexError, r"0 … 3; these are -1 … 0"),
        (lambda e: e(np.array([2**63], "u8")), IndexError, "0 … 3"),
        (lambda e: e([1.0]), TypeError, r"integers, not float64: write \.astype\(int\)"),
        (lambda e: e([True]), TypeError, "not bool"),
        (lambda e: e(Value([1.0])), TypeError, "not float64"),
        (lambda e: nn.Embedding(4, 2, 4), ValueError, "padding_idx=4 is none of 4"),
        (lambda e: nn.Embedding(4, 2, -5), ValueError, "padding_idx=-5"),
        (lambda e: nn.Embedding(0, 2), ValueError, r"Embedding\(0, 2\)"),
        (lambda e: F.embedding([0], e.weight, padding_idx=4), ValueError, "padding_idx=4"),
        (lambda e: F.embedding([0], e.weight, padding_idx=-5), ValueError, "padding_idx=-5"),
        (lambda e: F.embedding([0], np.ones(4)), ShapeMismatch, r"\(4,\)"),
        (lambda e: F.embedding([0], np.ones((4, 2, 2))), ShapeMismatch, r"\(4, 2, 2\)"),
        (lambda e: F.embedding([0], 1.0), ShapeMismatch, r"\(\)"),
    ],
)
def test_what_an_embedding_refuses(attempt, error, says):
    with pytest.raises(error, match=says):
        attempt(nn.Embedding(4, 2, rng=0))


def test_identity_hands_on_what_it_gets():
    for x in (3.0, "text", Value(1.0), np.ones(2)):
        assert nn.Identity()(x) is x
    assert repr(nn.Identity()) == "Identity()"


@pytest.mark.parametrize(
    ("layer", "shape", "out"),
    [
        (nn.Flatten(), (5, 2, 3), (5, 6)),
        (nn.Flatten(), (5, 2), (5, 2)),
        (nn.Flatten(), (0, 2, 3), (0, 6)),
        (nn.Flatten(), (2, 0, 3), (2, 0)),
        (nn.Flatten(0), (2, 3), (6,)),
        (nn.Flatten(0), (), (1,)),
        (nn.Flatten(0, 1), (2, 3, 4), (6, 4)),
        (nn.Flatten(-2), (2, 3, 4), (2, 12)),
        (nn.Flatten(1, 1), (2, 3, 4), (2, 3, 4)),
        (nn.Unflatten(1, (2, 3)), (5, 6), (5, 2, 3)),
        (nn.Unflatten(-1, (2, -1)), (5, 6), (5, 2, 3)),
        (nn.Unflatten(0, [-1, 5]), (5, 6), (1, 5, 6)),
        (nn.Unflatten(1, (2, 3)), (0, 6), (0, 2, 3)),
    ],
)
def test_a_layer_that_changes_the_shape_alone(layer, shape, out):
    x = Value(RNG.normal(size=shape))
    y = layer(x)
    assert y.shape == out
    assert y.data.ravel().tolist() == x.data.ravel().tolist()
    g = RNG.normal(size=out)
    y.backward(g)
    np.testing.assert_array_equal(x.grad, g.reshape(shape))


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda: nn.Flatten()(np.ones(3)), ShapeMismatch, r"axes 1 to -1, not \(3,\)"),
        (lambda: nn.Flatten(2, 1)(np.ones((2, 3, 4))), ShapeMismatch, "axes 2 to 1"),
        (lambda: nn.Flatten(0, 5)(np.ones((2, 3))), ShapeMismatch, "axes 0 to 5"),
        (lambda: nn.Unflatten(1, (2, 2))(np.ones((5, 6))), ShapeMismatch, r"4 along the axis 1"),
        (lambda: nn.Unflatten(1, (4, -1))(np.ones((5, 6))), ShapeMismatch, "a multiple of 4"),
        (lambda: nn.Unflatten(2, (2, 3))(np.ones((5, 6))), ShapeMismatch, r"axis 2, not \(5, 6\)"),
        (lambda: nn.Unflatten(1, (-1, -1)), ValueError, "at most one"),
        (lambda: nn.Unflatten(1, (0, 2)), ValueError, "positive"),
    ],
)
def test_shapes_that_cannot_be_changed_so(attempt, error, says):
    with pytest.raises(error, match=says):
        attempt()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout2d])
def test_dropout_keeps_the_mean_and_drops_this_share(kind, p):
    y = kind(p, rng=0)(np.ones((100, 100, 1, 1)))
    assert (y == 0).mean() == pytest.approx(p, abs=0.02)
    assert y[y != 0] == pytest.approx(1 / (1 - p), rel=1e-14)
    assert y.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("shape", [(6, 5, 2, 3), (30, 2, 3)])
def test_dropout2d_drops_whole_channels(shape):
    x = Value(RNG.normal(size=shape))
    y = nn.Dropout2d(0.5, rng=0)(x)
    y.sum().backward()
    kept = set()
    for i in np.ndindex(shape[:-2]):
        factor = x.grad[i].ravel()[0]
        kept.add(factor)
        assert (x.grad[i] == factor).all()
        np.testing.assert_array_equal(y.data[i], x.data[i] * factor)
    assert kept == {0.0, 2.0}


@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout2d])
def test_dropout_in_evaluation_or_of_nothing_is_the_identity(kind):
    x = Value(np.ones((2, 3, 4)))
    assert kind(0.5).eval()(x) is x
    assert kind(0.0)(x) is x
    everything = kind(1.0)(x)
    everything.sum().backward()
    assert not everything.data.any()
    assert not x.grad.any()
    assert repr(kind(0.2)) == f"{kind.__name__}(p=0.2)"


@pytest.mark.parametrize("f", [F.dropout, F.dropout2d])
def test_the_seed_decides_what_is_dropped(f):
    x = np.ones((2, 20, 3, 3))
    assert (f(x, rng=1) == f(x, rng=1)).all()
    assert (f(x, rng=1) != f(x, rng=2)).any()
    assert f(x.astype("f4")).dtype == np.float32
    rng = np.random.default_rng(1)
    first, second = f(x, rng=rng), f(x, rng=rng)
    assert (first == f(x, rng=1)).all()
    assert (first != second).any()
    nn.manual_seed(5)
    first, second = f(x), f(x)
    nn.manual_seed(5)
    assert (f(x) == first).all()
    assert (first != second).any()
    assert gradcheck(lambda x: f(x, 0.4, rng=3) ** 2, RNG.normal(size=(2, 2, 2)), order=2)


@pytest.mark.parametrize(
    "x", [[[1.0, 1.0]], (1, 1), 1.0, np.ones(3, int), np.ones(()), Value(1.0), np.ones((0, 3))]
)
def test_dropout_takes_lists_numbers_and_nothing(x):
    y = nn.Dropout(0.5, rng=0)(x)
    assert np.shape(y) == np.shape(x)
    assert set(np.ravel(getattr(y, "data", y)).tolist()) <= {0.0, 2.0}


def test_what_dropout_refuses():
    for shape in ((), (2, 2), (1, 2, 3, 4, 5)):
        with pytest.raises(ShapeMismatch, match=r"\(N, C, H, W\) or \(C, H, W\), not"):
            nn.Dropout2d()(np.ones(shape))
    for p in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            nn.Dropout2d(p)
        with pytest.raises(ValueError, match="between 0 and 1"):
            F.dropout2d(np.ones((1, 1, 1)), p)


LINEAR = "Linear(in_features=1, out_features=1, bias=True)"


def linear():
    return nn.Linear(1, 1)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (lambda: nn.Sequential(nn.ReLU(), linear()), ["1.weight", "1.bias"]),
        (lambda: nn.ModuleList([linear(), nn.ReLU()]), ["0.weight", "0.bias"]),
        (lambda: nn.ModuleDict({"a": linear()}), ["a.weight", "a.bias"]),
        (lambda: nn.Residual(linear()), ["inner.weight", "inner.bias"]),
        (lambda: nn.Residual(nn.ReLU(), linear()), ["inner.1.weight", "inner.1.bias"]),
        (
            lambda: nn.ModuleDict([("b", nn.ModuleList([nn.Sequential(linear())]))]),
            ["b.0.0.weight", "b.0.0.bias"],
        ),
    ],
)
def test_names_of_parameters_are_the_ways_to_them(model, names):
    module, other = model(), model()
    assert list(module.state_dict()) == names
    other.load_state_dict(module.state_dict())
    for a, b in zip(module.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    assert not any(part.training for part in module.eval().modules())


@pytest.mark.parametrize("base", [nn.ModuleList, nn.ModuleDict, nn.Sequential])
def test_a_container_of_ones_own_keeps_what_it_adds(base):
    class Own(base):
        def __init__(self):
            super().__init__()
            self.scale = Value(1.0)
            self.drop = nn.Dropout()

    own = Own()
    assert list(own.state_dict()) == ["scale"]
    assert not own.eval().drop.training


def test_alike_modules_in_a_list_are_shown_once():
    block = f"Sequential(\n    (0): ReLU()\n    (1): {LINEAR}\n  )"
    pairs = [nn.Sequential(nn.ReLU(), linear()) for _ in range(2)]
    assert repr(nn.ModuleList([linear(), linear(), nn.ReLU(), *pairs, linear()])) == (
        f"ModuleList(\n  (0-1): 2 x {LINEAR}\n  (2): ReLU()\n"
        f"  (3-4): 2 x {block}\n  (5): {LINEAR}\n)"
    )
    two = nn.Sequential(nn.ReLU(), nn.ReLU())
    assert repr(two) == "Sequential(\n  (0): ReLU()\n  (1): ReLU()\n)"
    assert repr(nn.ModuleDict({"a": nn.ReLU()})) == "ModuleDict(\n  (a): ReLU()\n)"
    assert repr(nn.Residual(nn.ReLU())) == "Residual(\n  (inner): ReLU()\n)"
    for empty in (nn.ModuleList, nn.ModuleDict, nn.Sequential):
        assert repr(empty()) == f"{empty.__name__}()"


@pytest.mark.parametrize("make", [nn.ModuleList, lambda parts: nn.Sequential(*parts)])
def test_places_and_slices(make):
    parts = [linear(), nn.ReLU(), nn.Tanh()]
    row = make(parts)
    assert (len(row), list(row), row[-1]) == (3, parts, parts[2])
    for k in (slice(2), slice(None, None, -1), slice(5, 9)):
        assert type(row[k]) is type(row)
        assert list(row[k]) == parts[k]
    assert row[:1][0].weight is row[0].weight
    with pytest.raises(IndexError):
        row[3]


def test_a_list_of_modules_grows_as_lists_do():
    a, b, c, d = nn.ReLU(), nn.Tanh(), nn.GELU(), nn.ELU()
    row = nn.ModuleList([a])
    assert row.append(c) is row
    row.insert(1, b)
    assert row.extend([d]) is row
    assert list(row) == [a, b, c, d]
    row[0] = d
    assert row[0] is d


def test_a_dict_of_modules_is_used_as_dicts_are():
    a, b = nn.ReLU(), nn.Tanh()
    named = nn.ModuleDict({"a": a})
    named["b"] = b
    named.update({"a": b})
    assert (len(named), list(named), "a" in named, "c" in named) == (2, ["a", "b"], True, False)
    assert (list(named.keys()), list(named.values())) == (["a", "b"], [b, b])
    del named["a"]
    assert list(named.items()) == [("b", b)]
    with pytest.raises(KeyError):
        named["a"]


def test_sequential_calls_one_after_the_other():
    model = nn.Sequential(lambda x: x + 1, np.square, nn.ReLU())
    assert model(2.0) == 9
    assert nn.Sequential()(3.0) == 3
    shared = linear()
    assert len(nn.Sequential(shared, nn.ReLU(), shared).parameters()) == 2


def test_residual_adds_its_input():
    inner = nn.Linear(2, 2, rng=0)
    x = RNG.normal(size=(3, 2))
    np.testing.assert_array_equal(nn.Residual(inner)(x).data, x + inner(x).data)
    several = nn.Residual(inner, nn.Tanh())
    np.testing.assert_array_equal(several(x).data, x + np.tanh(inner(x).data))
    assert gradcheck(several, x, order=2)


def test_residual_of_a_list_adds_its_numbers():
    np.testing.assert_array_equal(nn.Residual(nn.Identity())([1.0, 2.0]), [2.0, 4.0])


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda: nn.Sequential(nn.ReLU(), 3), TypeError, "layer 1 of a Sequential is a int"),
        (lambda: nn.Sequential([nn.ReLU()]), TypeError, "layer 0 of a Sequential is a list"),
        (lambda: nn.Sequential(nn.ReLU), TypeError, "layer 0 of a Sequential"),
        (lambda: nn.ModuleList([3]), TypeError, "ModuleList holds modules, not a int"),
        (lambda: nn.ModuleList([nn.ReLU()]).append(np.tanh), TypeError, "holds modules"),
        (lambda: nn.ModuleList([linear()]).__setitem__(0, 3), TypeError, "holds modules"),
        (lambda: nn.ModuleList([linear()])(1.0), TypeError, r"ModuleList has no forward\(\)"),
        (lambda: nn.ModuleDict({"a": 3}), TypeError, "ModuleDict holds modules, not a int"),
        (lambda: nn.ModuleDict({"a.b": linear()}), ValueError, "without a dot, not 'a.b'"),
        (lambda: nn.ModuleDict({"": linear()}), ValueError, "not ''"),
        (lambda: nn.ModuleDict({3: linear()}), ValueError, "not 3"),
        (lambda: nn.ModuleDict()(1.0), TypeError, r"ModuleDict has no forward\(\)"),
        (lambda: nn.Residual(3), TypeError, "Residual"),
        (
            lambda: nn.Residual(nn.Linear(2, 3))(np.ones((4, 2))),
            ShapeMismatch,
            r"make \(4, 3\) of \(4, 2\): Linear",
        ),
    ],
)
def test_what_containers_refuse(attempt, error, says):
    with pytest.raises(error, match=says):
        attempt()
