"""Losses of yes and no, and of distributions: their definitions, derivatives and errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value, gradcheck
from tests.nn.losses.loops import agrees, each

RNG = np.random.default_rng(4)
X = 2 * RNG.normal(size=(4, 3))
P, T = RNG.uniform(0.1, 0.9, (2, 4, 3))
WEIGHT = np.array([0.5, 2.0, 1.25])
POSITIVE = np.array([3.0, 1.0, 0.2])
SIGNS = np.where(RNG.normal(size=(4, 3)) > 0, 1.0, -1.0)


def entropy(p, t, weight=1.0, pos_weight=1.0):
    return -weight * (pos_weight * t * math.log(p) + (1 - t) * math.log(1 - p))


@pytest.mark.parametrize("weight", [None, WEIGHT, RNG.uniform(size=(4, 1)), 0.3])
def test_the_binary_cross_entropy_is_its_formula(weight):
    expected = each(entropy, P, T, 1.0 if weight is None else weight)
    agrees(lambda p, t, **r: nn.binary_cross_entropy(p, t, weight=weight, **r), expected, P, T)


@pytest.mark.parametrize("pos_weight", [None, POSITIVE, 4.0])
@pytest.mark.parametrize("weight", [None, WEIGHT, RNG.uniform(size=(4, 1)), 0.3])
def test_the_binary_cross_entropy_of_logits_is_its_formula(weight, pos_weight):
    p = each(lambda x: 1 / (1 + math.exp(-x)), X)
    factors = [1.0 if w is None else w for w in (weight, pos_weight)]
    settings = {"weight": weight, "pos_weight": pos_weight}
    agrees(
        lambda x, t, **r: nn.binary_cross_entropy_with_logits(x, t, **settings, **r),
        each(entropy, p, T, *factors),
        X,
        T,
    )


@given(x=st.floats(-20, 20), t=st.floats(0, 1))
def test_logits_and_their_probabilities_have_the_same_loss(x, t):
    p = 1 / (1 + math.exp(-x))
    of_logits = nn.binary_cross_entropy_with_logits([x], [t])
    assert nn.binary_cross_entropy([p], [t]) == pytest.approx(of_logits, rel=1e-6)


@pytest.mark.parametrize(
    ("p", "t", "loss", "slope"),
    [(0, 0, 0, 0), (1, 1, 0, 0), (0, 1, 100, -1e12), (1, 0, 100, 1e12), (0, 0.5, 50, -5e11)],
)
def test_certain_probabilities_stay_finite_as_in_pytorch(p, t, loss, slope):
    x = Value([float(p)])
    y = nn.binary_cross_entropy(x, [float(t)])
    y.backward()
    assert y.data == loss
    assert x.grad.tolist() == [slope]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_huge_logits_are_exact(dtype):
    x = Value(np.array([1e4, -1e4, 1e4, -1e4, 40], dtype))
    t = np.array([0, 1, 1, 0, 1], dtype)
    y = nn.binary_cross_entropy_with_logits(x, t, reduction="none", pos_weight=2)
    y.backward(np.ones(5, dtype))
    assert y.data == pytest.approx([1e4, 2e4, 0, 0, 2 * math.exp(-40)], rel=1e-6)
    assert x.grad == pytest.approx([1, -2, 0, 0, -2 * math.exp(-40)], rel=1e-6)


@pytest.mark.parametrize("target", [T > 0.5, (T > 0.5).astype(int), (T > 0.5).tolist()])
def test_targets_may_be_bools_and_integers(target):
    as_numbers = np.asarray(target, float)
    for loss, x in ((nn.binary_cross_entropy, P), (nn.binary_cross_entropy_with_logits, X)):
        assert loss(Value(x), target).data == loss(Value(x), as_numbers).data


@pytest.mark.parametrize("wrong", [-0.01, 1.01, math.nan, math.inf])
def test_targets_and_probabilities_are_between_0_and_1(wrong):
    bad = np.where(np.arange(3) == 1, wrong, P)
    for loss in (nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits):
        for target in (bad, Value(bad)):
            with pytest.raises(ValueError, match=r"targets .* between 0 and 1"):
                loss(Value(P), target)
    with pytest.raises(ValueError, match=r"probabilities.*with_logits"):
        nn.binary_cross_entropy(Value(bad), T)


@pytest.mark.parametrize("weight", [np.ones(4), np.ones((2, 4, 3)), np.ones((4, 3, 1))])
@pytest.mark.parametrize("setting", ["weight", "pos_weight"])
def test_weights_broadcast_to_the_input_and_not_the_input_to_them(setting, weight):
    with pytest.raises(ShapeMismatch, match=setting):
        nn.binary_cross_entropy_with_logits(Value(X), T, **{setting: weight})
    with pytest.raises(ShapeMismatch, match="weight"):
        nn.binary_cross_entropy(Value(P), T, weight=weight)


def test_the_hinge_loss_is_its_formula():
    expected = each(lambda x, t: max(0.0, 1 - t * x), X, SIGNS)
    assert 0 < np.count_nonzero(expected) < expected.size
    agrees(lambda x, **r: nn.hinge_loss(x, SIGNS, **r), expected, X)


def test_the_hinge_loss_at_its_kink_and_at_huge_scores():
    x = Value([0.5, -0.5, 3.0, 1.0, -1e4, 1e4])
    loss = nn.hinge_loss(x, np.array([1, 1, 1, 1, 1, -1]), reduction="none")
    loss.backward(np.ones(6))
    assert loss.data.tolist() == [0.5, 1.5, 0, 0, 10001, 10001]
    assert x.grad.tolist() == [-1, -1, 0, 0, -1, 1]


@pytest.mark.parametrize("wrong", [0, 0.5, 2])
def test_the_targets_of_a_hinge_loss_are_signs(wrong):
    with pytest.raises(ValueError, match=r"-1 or 1; for 0 and 1 give 2 \* t - 1"):
        nn.hinge_loss(Value([0.5, 0.1]), [1, wrong])


def kullback_leibler(x, t, log_target):
    if log_target:
        return math.exp(t) * (t - x)
    return t * (math.log(t) - x) if t > 0 else 0.0


@pytest.mark.parametrize("log_target", [False, True])
def test_the_divergence_is_its_formula(log_target):
    shares = RNG.dirichlet([1, 2, 3], 4)
    x, t = np.log(RNG.dirichlet([3, 2, 1], 4)), np.log(shares) if log_target else shares

    def loss(x, t, **r):
        return nn.kl_div(x, t, log_target=log_target, **r)

    expected = each(lambda x, t: kullback_leibler(x, t, log_target), x, t)
    agrees(loss, expected, x, t)
    batch = sum(expected.ravel().tolist()) / 4
    assert loss(x, t, reduction="batchmean") == pytest.approx(batch, rel=1e-12)
    assert batch > 0
    assert gradcheck(lambda *a: loss(*a, reduction="batchmean"), (x, t), order=2)


def test_the_divergence_of_one_distribution_from_itself_is_nothing():
    shares = RNG.dirichlet([1, 2, 3], 4)
    assert nn.kl_div(np.log(shares), shares, reduction="sum") == pytest.approx(0, abs=1e-15)


def test_a_target_of_0_has_no_divergence():
    x = Value(np.log([[0.5, 0.25, 0.25]]))
    y = nn.kl_div(x, np.array([[1.0, 0.0, 0.0]]), reduction="none")
    y.backward(np.ones((1, 3)))
    assert y.data.tolist() == [[math.log(2), 0, 0]]
    assert x.grad.tolist() == [[-1, 0, 0]]


def test_the_mean_over_a_batch_of_one_number_and_of_one_row():
    assert nn.kl_div(-1.0, 1.0, reduction="batchmean") == 1
    assert nn.kl_div([-1.0, -2.0], [1.0, 1.0], reduction="batchmean") == 1.5


def test_the_divergence_of_huge_logits_stays_finite():
    x = Value([[1e4, -1e4, 0.0]])
    y = nn.kl_div(nn.log_softmax(x), np.array([[0.0, 0.5, 0.5]]), reduction="batchmean")
    y.backward()
    assert y.data == pytest.approx(1.5e4 - math.log(2))
    assert x.grad.tolist() == [[1, -0.5, -0.5]]
