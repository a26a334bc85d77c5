"""Losses of classes against their definitions, their derivatives, and what they refuse."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck, gradgradcheck
from tests.nn.losses.loops import agrees

RNG = np.random.default_rng(3)
X = 2 * RNG.normal(size=(5, 3))
TARGET = np.array([0, 2, 1, 1, 0])
WEIGHT = np.array([0.5, 2.0, 1.25])
NONE_OF_0 = np.array([0.0, 2.0, 1.25])
IMAGES = RNG.normal(size=(2, 3, 2, 2))
LABELS = RNG.integers(0, 3, (2, 2, 2))

SETTINGS = [
    {"weight": weight, "ignore_index": ignored, "label_smoothing": smoothing}
    for weight, ignored, smoothing in itertools.product(
        (None, WEIGHT, NONE_OF_0), (-100, 1), (0.0, 0.3)
    )
]


def log_softmax(row):
    largest = max(row)
    log_sum = largest + math.log(sum(math.exp(x - largest) for x in row))
    return [x - log_sum for x in row]


def of_classes(x, target, logarithms, weight=None, ignore_index=-100, label_smoothing=0.0):
    """The loss of every target of scores (N, C, ...), and what their mean divides by."""
    n_classes = x.shape[1]
    weight = [1.0] * n_classes if weight is None else weight.tolist()
    losses, count = np.zeros(target.shape), 0.0
    for place in np.ndindex(target.shape):
        label = int(target[place])
        if label == ignore_index:
            continue
        logs = logarithms([float(x[(place[0], c, *place[1:])]) for c in range(n_classes)])
        every = sum(w * a for w, a in zip(weight, logs, strict=True)) / n_classes
        losses[place] = -(1 - label_smoothing) * weight[label] * logs[label]
        losses[place] -= label_smoothing * every
        count += weight[label]
    return losses, count


def of_shares(x, shares, weight=None, label_smoothing=0.0):
    weight = [1.0] * x.shape[1] if weight is None else weight.tolist()
    losses = []
    for row, target in zip(x.tolist(), shares.tolist(), strict=True):
        smooth = [(1 - label_smoothing) * t + label_smoothing / len(row) for t in target]
        terms = zip(weight, smooth, log_softmax(row), strict=True)
        losses.append(-sum(w * t * a for w, t, a in terms))
    return np.array(losses)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(("x", "target"), [(X, TARGET), (IMAGES, LABELS)], ids=["rows", "images"])
def test_the_cross_entropy_of_indices_is_the_loop(x, target, settings):
    expected, count = of_classes(x, target, log_softmax, **settings)
    agrees(lambda x, **r: nn.cross_entropy(x, target, **settings, **r), expected, x, count=count)


@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_the_cross_entropy_of_probabilities_is_the_loop(weight, smoothing):
    shares = RNG.dirichlet([1, 2, 3], 5)
    settings = {"weight": weight, "label_smoothing": smoothing}
    agrees(
        lambda x, t, **r: nn.cross_entropy(x, t, **settings, **r),
        of_shares(X, shares, **settings),
        X,
        shares,
    )


def test_probabilities_of_images_have_the_classes_in_the_second_axis():
    shares = RNG.dirichlet([1, 2, 3], (2, 2, 2))
    flat = of_shares(np.moveaxis(IMAGES, 1, -1).reshape(-1, 3), shares.reshape(-1, 3))
    agrees(nn.cross_entropy, flat.reshape(2, 2, 2), IMAGES, np.moveaxis(shares, -1, 1))


def test_one_hot_probabilities_are_indices():
    one_hot = np.eye(3)[TARGET]
    for smoothing in (0.0, 0.2):
        of_indices = nn.cross_entropy(X, TARGET, label_smoothing=smoothing)
        assert nn.cross_entropy(X, one_hot, label_smoothing=smoothing) == pytest.approx(of_indices)


def test_scores_of_one_sample_have_one_target():
    for settings in SETTINGS:
        expected, _ = of_classes(X[:1], np.array([2]), log_softmax, **settings)
        found = nn.cross_entropy(Value(X[0]), 2, reduction="sum", **settings)
        assert found.data == pytest.approx(expected[0])
    assert gradcheck(lambda x: nn.cross_entropy(x, 2), X[0], order=2)
    shares = np.array([0.2, 0.3, 0.5])
    expected = of_shares(X[:1], shares[None])[0]
    assert nn.cross_entropy(X[0], shares) == pytest.approx(expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_cross_entropy_has_derivatives_of_third_order(reduction):
    assert gradcheck(lambda x: nn.cross_entropy(x, TARGET, reduction=reduction), X, order=3)


@given(
    st.lists(st.lists(st.floats(-30, 30), min_size=4, max_size=4), min_size=1, max_size=4),
    st.floats(-1e3, 1e3),
)
def test_the_cross_entropy_knows_only_differences_of_logits(rows, shift):
    x = np.array(rows)
    target = np.arange(len(x)) % 4
    assert nn.cross_entropy(x + shift, target) == pytest.approx(
        nn.cross_entropy(x, target), abs=1e-9
    )
    slopes = Value(x)
    nn.cross_entropy(slopes, target).backward()
    np.testing.assert_allclose(slopes.grad.sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("settings", [s for s in SETTINGS if not s["label_smoothing"]])
@pytest.mark.parametrize(("x", "target"), [(X, TARGET), (IMAGES, LABELS)], ids=["rows", "images"])
def test_the_negative_log_likelihood_is_the_loop(x, target, settings):
    expected, count = of_classes(x, target, list, **settings)
    chosen = {name: settings[name] for name in ("weight", "ignore_index")}
    agrees(lambda x, **r: nn.nll_loss(x, target, **chosen, **r), expected, x, count=count)


def test_the_likelihood_of_one_sample():
    assert nn.nll_loss(Value(X[0]), 2).data == -X[0, 2]
    assert nn.nll_loss(X[0], 2, weight=WEIGHT, reduction="sum") == -WEIGHT[2] * X[0, 2]


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("margin", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("p", [1, 2])
def test_the_multi_margin_loss_is_the_loop(p, margin, weight):
    expected = np.zeros(5)
    for n, label in enumerate(TARGET.tolist()):
        row = X[n].tolist()
        terms = [max(0.0, margin - row[label] + x) ** p for c, x in enumerate(row) if c != label]
        expected[n] = (1.0 if weight is None else weight[label]) * sum(terms) / 3
    settings = {"p": p, "margin": margin, "weight": weight}
    agrees(lambda x, **r: nn.multi_margin_loss(x, TARGET, **settings, **r), expected, X)


def test_the_multi_margin_loss_of_one_sample_is_a_number():
    for weight, factor in ((None, 1.0), (WEIGHT, 2.0)):
        loss = nn.multi_margin_loss(Value([0.5, 1.0, 0.0]), 1, weight=weight, reduction="none")
        assert loss.shape == ()
        assert loss.data == pytest.approx(factor * 0.5 / 3)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss, nn.multi_margin_loss])
def test_indices_are_integers_of_any_size(loss, dtype):
    assert loss(X, TARGET.astype(dtype)) == loss(X, TARGET)
    assert loss(X, TARGET.tolist()) == loss(X, TARGET)


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss])
@pytest.mark.parametrize("mark", [-1, -100, 255])
def test_ignored_targets_count_nowhere(loss, mark):
    target = np.array([0, mark, 1, mark, 0])
    kept = target != mark
    x = Value(X)
    y = loss(x, target, ignore_index=mark)
    y.backward()
    assert y.data == pytest.approx(loss(X[kept], target[kept]))
    assert not x.grad[~kept].any()
    assert x.grad[kept].any(axis=1).all()
    assert loss(X, target, ignore_index=mark, reduction="none")[~kept].tolist() == [0, 0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "settings", [{}, {"weight": [1, 2, 3]}, {"label_smoothing": 0.1}, {"ignore_index": 2}]
)
def test_huge_logits_stay_finite(settings, dtype):
    x = Value(np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4]], dtype))
    y = nn.cross_entropy(x, [1, 0], reduction="none", **settings)
    y.backward(np.ones(2, dtype))
    assert np.isfinite(y.data).all()
    assert np.isfinite(x.grad).all()
    if not settings:
        assert y.data == pytest.approx([2e4, 2e4 + math.log(2)])
        assert x.grad.tolist() == [[1, -1, 0], [-1, 0.5, 0.5]]


def test_huge_logits_with_probabilities_and_margins_stay_finite():
    rows = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4]])
    for loss, target, expected in (
        (nn.cross_entropy, np.array([[0, 1, 0], [0.5, 0.5, 0]]), [2e4, 1e4 + math.log(2)]),
        (nn.multi_margin_loss, np.array([1, 0]), [30002 / 3, 40002 / 3]),
    ):
        x = Value(rows)
        y = loss(x, target, reduction="none")
        y.backward(np.ones(2))
        assert y.data == pytest.approx(expected)
        assert np.isfinite(x.grad).all()


def test_second_derivatives_at_huge_logits_are_zero():
    assert gradgradcheck(lambda x: nn.cross_entropy(x, [1]), np.array([[1e4, -1e4, 0.0]]))


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss, nn.multi_margin_loss])
@pytest.mark.parametrize(
    ("x", "target", "error", "says"),
    [
        (X, TARGET[:4], ShapeMismatch, r"\(5, 3\).*\(5,\), not \(4,\)"),
        (X, TARGET[:, None], ShapeMismatch, r"not \(5, 1\)"),
        (X[0], TARGET[:1], ShapeMismatch, r"\(3,\) have the shape \(\), not \(1,\)"),
        (X, 1, ShapeMismatch, r"not \(\)"),
        (X, TARGET.astype(float), TypeError, r"float64.*astype"),
        (X, TARGET > 0, TypeError, r"bool.*astype"),
        (X, Value(TARGET), TypeError, r"integers.*astype"),
        (X, np.eye(3, dtype=int)[TARGET], ShapeMismatch, r"not \(5, 3\)"),
        (X, np.ones((5, 4)), ShapeMismatch, r"not \(5, 4\)"),
        (X, TARGET + 1, IndexError, r"3 classes are 0 … 2.*1 … 3"),
        (X, TARGET - 1, IndexError, r"-1 … 1"),
        (1.0, 0, ShapeMismatch, r"one number"),
    ],
)
def test_targets_that_do_not_fit(loss, x, target, error, says):
    with pytest.raises(error, match=says):
        loss(Value(x), target)


def test_the_multi_margin_loss_ignores_no_class():
    with pytest.raises(IndexError, match="3 classes are 0 … 2"):
        nn.multi_margin_loss(Value(X), np.array([-100, 0, 1, 2, 0]))


@pytest.mark.parametrize("weight", [[1, 2], [1, 2, 3, 4], 1.0, np.ones((1, 3)), np.ones((5, 3))])
def test_weights_that_do_not_fit(weight):
    for loss in (nn.cross_entropy, nn.nll_loss, nn.multi_margin_loss):
        with pytest.raises(ShapeMismatch, match=r"3 classes, shape \(3,\)"):
            loss(Value(X), TARGET, weight=weight)
    with pytest.raises(ShapeMismatch, match=r"3 classes, shape \(3,\)"):
        nn.cross_entropy(Value(X), np.eye(3)[TARGET], weight=weight)


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_smoothing_that_is_no_share(share):
    with pytest.raises(ValueError, match=f"between 0 and 1, not {share}"):
        nn.cross_entropy(Value(X), TARGET, label_smoothing=share)


@pytest.mark.parametrize("p", [0, 3, 1.5])
def test_a_power_that_is_neither_one_nor_two(p):
    with pytest.raises(ValueError, match=f"1 or 2, not {p}"):
        nn.multi_margin_loss(Value(X), TARGET, p=p)


def test_the_multi_margin_loss_has_no_further_axes():
    with pytest.raises(ShapeMismatch, match=r"\(2, 3, 2, 2\)"):
        nn.multi_margin_loss(Value(IMAGES), LABELS)


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss])
@pytest.mark.parametrize(
    ("target", "weight"),
    [(np.full(5, -100), None), (np.array([0, 0, -100, 0, 0]), np.array([0.0, 1, 1]))],
)
def test_there_is_no_mean_of_targets_that_do_not_count(loss, target, weight):
    with pytest.raises(ValueError, match="every target is ignored, or of weight 0"):
        loss(Value(X), target, weight=weight)
    assert loss(Value(X), target, weight=weight, reduction="sum").data == 0
