"""What holds for all losses: reductions, shapes, empty batches, dtypes, and their modules."""

import inspect
import math

import numpy as np
import pytest

import nn
from autograd import ShapeMismatch, Value
from nn.functional.losses import binary, classification, distances, regression

RNG = np.random.default_rng(5)
X, Y, Z = RNG.normal(size=(3, 5, 3))
SHARES = RNG.dirichlet([1, 2, 3], 5)
PLACES = np.array([0, 2, 1, 1, 0])
SIGNS = np.array([1.0, -1, 1, 1, -1])
WEIGHT = np.array([0.5, 2.0, 1.25])

# module, function, arrays it is called with, settings it takes besides the reduction
LOSSES = [
    (nn.MSELoss, nn.mse_loss, (X, Y), {}),
    (nn.L1Loss, nn.l1_loss, (X, Y), {}),
    (nn.HuberLoss, nn.huber_loss, (X, Y), {"delta": 0.4}),
    (nn.SmoothL1Loss, nn.smooth_l1_loss, (X, Y), {"beta": 0.4}),
    (
        nn.PoissonNLLLoss,
        nn.poisson_nll_loss,
        (SHARES, 3 * SHARES),
        {"log_input": False, "full": True, "eps": 0.1},
    ),
    (nn.GaussianNLLLoss, nn.gaussian_nll_loss, (X, Y, SHARES), {"full": True, "eps": 0.3}),
    (
        nn.CrossEntropyLoss,
        nn.cross_entropy,
        (X, PLACES),
        {"weight": WEIGHT, "ignore_index": 1, "label_smoothing": 0.2},
    ),
    (
        nn.CrossEntropyLoss,
        nn.cross_entropy,
        (X, SHARES),
        {"weight": WEIGHT, "label_smoothing": 0.2},
    ),
    (nn.NLLLoss, nn.nll_loss, (X, PLACES), {"weight": WEIGHT, "ignore_index": 1}),
    (nn.BCELoss, nn.binary_cross_entropy, (SHARES, SHARES[::-1]), {"weight": WEIGHT}),
    (
        nn.BCEWithLogitsLoss,
        nn.binary_cross_entropy_with_logits,
        (X, SHARES),
        {"weight": WEIGHT, "pos_weight": 2 * WEIGHT},
    ),
    (nn.HingeLoss, nn.hinge_loss, (X, np.sign(Y)), {}),
    (
        nn.MultiMarginLoss,
        nn.multi_margin_loss,
        (X, PLACES),
        {"p": 2, "margin": 0.6, "weight": WEIGHT},
    ),
    (nn.KLDivLoss, nn.kl_div, (np.log(SHARES), np.log(SHARES[::-1])), {"log_target": True}),
    (nn.CosineEmbeddingLoss, nn.cosine_embedding_loss, (X, Y, SIGNS), {"margin": -0.9}),
    (
        nn.TripletMarginLoss,
        nn.triplet_margin_loss,
        (X, Y, Z),
        {"margin": 0.8, "p": 3, "eps": 1e-3, "swap": True},
    ),
]
every_loss = pytest.mark.parametrize(
    ("module", "function", "arrays", "settings"),
    LOSSES,
    ids=[f"{row[0].__name__}{k}" for k, row in enumerate(LOSSES)],
)
ELEMENTWISE = [
    nn.mse_loss, nn.l1_loss, nn.huber_loss, nn.smooth_l1_loss, nn.poisson_nll_loss,
    nn.gaussian_nll_loss, nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits,
    nn.hinge_loss, nn.kl_div,
]  # fmt: skip


def called(loss, *arrays):
    """A loss of elements, with the variance of 1 that one of them needs."""
    return loss(*arrays, 1.0) if loss is nn.gaussian_nll_loss else loss(*arrays)


def single(x):
    """Numbers in single precision; integers as they are."""
    return x.astype("f4") if isinstance(x, np.ndarray) and x.dtype == float else x


def test_every_loss_is_in_the_table_with_each_of_its_settings():
    rooms = (binary, classification, distances, regression)
    known = {getattr(nn, name) for room in rooms for name in room.__all__}
    assert {function for _, function, _, _ in LOSSES} == known
    for module, function, _, settings in LOSSES:
        named = inspect.signature(function).parameters.values()
        wanted = {p.name for p in named if p.kind is p.KEYWORD_ONLY} - {"reduction"}
        shares = {"ignore_index"} if module is nn.CrossEntropyLoss else set()
        assert wanted - shares <= settings.keys() <= wanted


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_module_is_its_function_with_the_same_settings(
    module, function, arrays, settings, reduction
):
    for chosen in ({}, settings):
        layer = module(reduction=reduction, **chosen)
        expected = function(*arrays, reduction=reduction, **chosen)
        np.testing.assert_array_equal(layer(*arrays), expected)
        np.testing.assert_array_equal(layer(Value(arrays[0]), *arrays[1:]).data, expected)
        assert f"reduction={reduction!r}" in repr(layer)
        assert all(f"{name}=" in repr(layer) for name in chosen)
        assert layer.parameters() == []


@every_loss
def test_each_setting_counts(module, function, arrays, settings):
    with_all = function(*arrays, **settings)
    for name in settings:
        others = {other: value for other, value in settings.items() if other != name}
        assert function(*arrays, **others) != pytest.approx(with_all, rel=1e-6), name


@every_loss
def test_a_module_says_which_settings_it_has(module, function, arrays, settings):
    with pytest.raises(
        TypeError, match=rf"{module.__name__} has no setting 'weigth'; it has .*red"
    ):
        module(weigth=1)
    with pytest.raises(TypeError, match=rf"{module.__name__} has \d settings .*, not 9"):
        module(*range(9))


@every_loss
@pytest.mark.parametrize("reduction", ["median", "batch", "", None])
def test_an_unknown_reduction(module, function, arrays, settings, reduction):
    with pytest.raises(ValueError, match=rf"reduction is {reduction!r}; it is 'mean', 'sum'"):
        function(*arrays, reduction=reduction)
    with pytest.raises(ValueError, match="'mean', 'sum'"):
        module(reduction=reduction)(*arrays)


@every_loss
def test_only_the_divergence_knows_the_mean_over_a_batch(module, function, arrays, settings):
    if function is nn.kl_div:
        total = function(*arrays, reduction="sum")
        assert function(*arrays, reduction="batchmean") == pytest.approx(total / 5)
    else:
        with pytest.raises(ValueError, match="'batchmean'; it is 'mean', 'sum' or 'none'"):
            function(*arrays, reduction="batchmean")


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_single_precision_stays_single(module, function, arrays, settings, reduction):
    arrays = [single(x) for x in arrays]
    for chosen in ({}, {name: single(x) for name, x in settings.items()}):
        x = Value(arrays[0])
        loss = function(x, *arrays[1:], reduction=reduction, **chosen)
        loss.backward(np.ones(loss.shape, "f4"))
        assert loss.dtype == np.float32
        assert function(*arrays, reduction=reduction, **chosen).dtype == np.float32
        assert x.grad.dtype == np.float32


@every_loss
def test_single_precision_is_near_double(module, function, arrays, settings):
    fewer = function(*map(single, arrays), **settings)
    assert fewer == pytest.approx(function(*arrays, **settings), rel=1e-5, abs=1e-6)


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_an_empty_batch_has_no_mean(module, function, arrays, settings, reduction):
    empty = [x[:0] for x in arrays]
    with pytest.raises(ValueError, match="empty"):
        function(*empty, reduction=reduction)
    with pytest.raises(ValueError, match="empty"):
        function(Value(empty[0]), *empty[1:], reduction=reduction)


@every_loss
def test_lists_are_arrays(module, function, arrays, settings):
    assert function(*(x.tolist() for x in arrays), **settings) == function(*arrays, **settings)


@every_loss
def test_targets_may_be_values_and_get_their_gradient(module, function, arrays, settings):
    if any(a is PLACES for a in arrays):
        with pytest.raises(TypeError, match="integers"):
            function(arrays[0], Value(PLACES))
        return
    values = [Value(a) for a in arrays]
    loss = function(*values, **settings)
    loss.backward()
    assert loss.data == pytest.approx(function(*arrays, **settings), rel=1e-14)
    for value in values[: 1 if function is nn.hinge_loss else 2]:
        assert value.grad.any()


@every_loss
def test_without_a_value_there_is_nothing_to_record(module, function, arrays, settings):
    assert isinstance(function(*arrays, **settings), np.floating)
    assert not isinstance(function(*arrays, reduction="none", **settings), Value)


@pytest.mark.parametrize("loss", ELEMENTWISE)
@pytest.mark.parametrize(
    "shapes", [((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (3,)), ((4,), ()), ((2, 3), (3, 2))]
)
def test_shapes_that_would_broadcast_are_refused(loss, shapes):
    x, t = (np.ones(shape) for shape in shapes)
    says = rf"{loss.__name__} compares .* has \({str(shapes[0])[1:-1]}\), the target"
    with pytest.raises(ShapeMismatch, match=says):
        called(loss, Value(x), t)


@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_numbers_have_losses_too(loss):
    x = Value(0.5)
    y = called(loss, x, 1.0)
    y.backward()
    assert isinstance(y.data, float)
    assert y.data == pytest.approx(float(called(loss, np.array([0.5]), np.array([1.0]))))
    assert math.isfinite(x.grad)


@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_images_have_the_loss_of_their_elements(loss):
    x = RNG.uniform(0.1, 0.9, (2, 3, 2, 2))
    t = np.ones_like(x)
    assert called(loss, x, t) == pytest.approx(called(loss, x.ravel(), t.ravel()), rel=1e-12)


@pytest.mark.parametrize(
    "loss", [nn.mse_loss, nn.l1_loss, nn.huber_loss, nn.smooth_l1_loss, nn.hinge_loss]
)
def test_huge_predictions_stay_finite(loss):
    x = Value([1e4, -1e4])
    y = loss(x, np.array([-1.0, 1.0]))
    y.backward()
    assert math.isfinite(y.data)
    assert np.isfinite(x.grad).all()
    assert y.data > 1e3
