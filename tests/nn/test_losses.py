"""Losses against their definitions written out, their derivatives, and what they refuse."""

import math

import numpy as np
import pytest

import nn
from autograd import ShapeMismatch, Value, gradcheck

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(5, 3))
TARGET = np.array([0, 2, 1, 1, 0])


def written_out_cross_entropy(x, t):
    return -math.log(math.exp(x[t]) / sum(math.exp(a) for a in x))


@pytest.mark.parametrize(
    ("reduction", "total"), [("mean", np.mean), ("sum", np.sum), ("none", np.array)]
)
def test_cross_entropy(reduction, total):
    expected = total([written_out_cross_entropy(x, t) for x, t in zip(LOGITS, TARGET, strict=True)])
    loss = nn.cross_entropy(Value(LOGITS), TARGET, reduction=reduction)
    np.testing.assert_allclose(loss.data, expected, rtol=1e-13)
    other = nn.nll_loss(nn.log_softmax(Value(LOGITS)), TARGET, reduction=reduction)
    np.testing.assert_allclose(other.data, expected, rtol=1e-13)
    np.testing.assert_allclose(
        nn.cross_entropy(LOGITS, TARGET, reduction=reduction), expected, rtol=1e-13
    )
    assert gradcheck(lambda x: nn.cross_entropy(x, TARGET, reduction=reduction), LOGITS, order=3)
    assert gradcheck(lambda x: nn.nll_loss(x, TARGET, reduction=reduction), LOGITS, order=2)


def test_cross_entropy_of_images_and_of_one_sample():
    x = RNG.normal(size=(2, 3, 4, 5))
    t = RNG.integers(0, 3, (2, 4, 5))
    loss = nn.cross_entropy(Value(x), t)
    flat = nn.cross_entropy(Value(np.moveaxis(x, 1, -1).reshape(-1, 3)), t.ravel())
    assert loss.data == pytest.approx(flat.data)
    assert gradcheck(lambda x: nn.cross_entropy(x, t), x)
    one = nn.cross_entropy(Value(LOGITS[0]), 2)
    assert one.data == pytest.approx(written_out_cross_entropy(LOGITS[0], 2))
    assert gradcheck(lambda x: nn.cross_entropy(x, 2), LOGITS[0])


def test_cross_entropy_of_huge_logits():
    x = Value([[1e4, -1e4, 0.0]])
    loss = nn.cross_entropy(x, [1])
    loss.backward()
    assert loss.data == 2e4
    assert x.grad.tolist() == [[1, -1, 0]]


@pytest.mark.parametrize(
    ("x", "t", "error", "says"),
    [
        (LOGITS, TARGET[:4], ShapeMismatch, r"\(5, 3\).*\(5,\), not \(4,\)"),
        (LOGITS, TARGET[:, None], ShapeMismatch, r"not \(5, 1\)"),
        (LOGITS, TARGET.astype(float), TypeError, "float64.*astype"),
        (LOGITS, np.eye(3)[TARGET], ShapeMismatch, "shape"),
        (LOGITS, TARGET + 1, IndexError, r"3 classes are 0 … 2.*1 … 3"),
        (LOGITS, TARGET - 1, IndexError, r"-1 … 1"),
        (1.0, 0, ShapeMismatch, "one number"),
    ],
)
def test_targets_that_do_not_fit(x, t, error, says):
    for loss in (nn.cross_entropy, nn.nll_loss):
        with pytest.raises(error, match=says):
            loss(Value(x), t)


def test_mse():
    x, t = RNG.normal(size=(2, 4, 3))
    for reduction, total in (("mean", np.mean), ("sum", np.sum), ("none", np.array)):
        loss = nn.mse_loss(Value(x), t, reduction=reduction)
        np.testing.assert_allclose(loss.data, total((x - t) ** 2))
        assert gradcheck(lambda x, t, r=reduction: nn.mse_loss(x, t, reduction=r), (x, t), order=2)


def test_binary_cross_entropy():
    x, t = RNG.normal(size=8) * 3, RNG.uniform(size=8)
    p = 1 / (1 + np.exp(-x))
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    loss = nn.binary_cross_entropy_with_logits(Value(x), t, reduction="none")
    np.testing.assert_allclose(loss.data, expected)
    assert gradcheck(lambda x: nn.binary_cross_entropy_with_logits(x, t), x, order=2)
    extreme = nn.binary_cross_entropy_with_logits(
        Value([800.0, 40.0]), np.array([0.0, 1.0]), reduction="none"
    )
    assert extreme.data == pytest.approx([800.0, math.exp(-40)], rel=1e-9)
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.binary_cross_entropy_with_logits(Value(x), t * 2)


def test_hinge():
    x, t = np.array([0.5, -0.5, 3.0, 1.0]), np.array([1, 1, 1, 1])
    v = Value(x)
    loss = nn.hinge_loss(v, t, reduction="sum")
    loss.backward()
    assert loss.data == 2.0
    assert v.grad.tolist() == [-1, -1, 0, 0]
    with pytest.raises(ValueError, match=r"2 \* t - 1"):
        nn.hinge_loss(v, np.array([0, 1, 1, 0]))


@pytest.mark.parametrize("loss", [nn.mse_loss, nn.binary_cross_entropy_with_logits, nn.hinge_loss])
def test_shapes_that_would_broadcast_are_refused(loss):
    with pytest.raises(ShapeMismatch, match=r"\(4, 1\).*\(4,\)"):
        loss(Value(np.ones((4, 1))), np.ones(4))


@pytest.mark.parametrize("loss", [nn.mse_loss, nn.hinge_loss])
def test_an_unknown_reduction(loss):
    with pytest.raises(ValueError, match="'mean', 'sum' or 'none'"):
        loss(Value([1.0]), np.array([1.0]), reduction="median")
    with pytest.raises(ValueError, match="'mean', 'sum' or 'none'"):
        nn.cross_entropy(Value(LOGITS), TARGET, reduction="median")


@pytest.mark.parametrize(
    ("module", "function", "args"),
    [
        (nn.MSELoss, nn.mse_loss, (LOGITS, LOGITS * 2)),
        (nn.CrossEntropyLoss, nn.cross_entropy, (LOGITS, TARGET)),
        (nn.NLLLoss, nn.nll_loss, (LOGITS, TARGET)),
        (nn.BCEWithLogitsLoss, nn.binary_cross_entropy_with_logits, (LOGITS, LOGITS > 0)),
        (nn.HingeLoss, nn.hinge_loss, (LOGITS, np.sign(LOGITS))),
    ],
)
def test_modules_are_the_functions(module, function, args):
    x, t = args
    assert module()(Value(x), t).data == function(Value(x), t).data
    assert module(reduction="sum")(Value(x), t).data == function(Value(x), t, reduction="sum").data
    assert "reduction='sum'" in repr(module(reduction="sum"))
    with pytest.raises(TypeError, match="no setting 'weight'"):
        module(weight=1)


@pytest.mark.parametrize(
    ("module", "function"),
    [(nn.ReLU, nn.relu), (nn.Tanh, nn.tanh), (nn.Sigmoid, nn.sigmoid), (nn.Softplus, nn.softplus),
     (nn.Softmax, nn.softmax), (nn.LogSoftmax, nn.log_softmax)],
)  # fmt: skip
def test_activations_are_the_functions(module, function):
    np.testing.assert_array_equal(module()(Value(LOGITS)).data, function(LOGITS))


def test_losses_of_numbers_and_of_lists():
    x = Value(1.0)
    nn.mse_loss(x, 3.0).backward()
    assert x.grad == -4.0
    assert nn.hinge_loss(Value([0.5, 3.0]), [1, -1]).data == 2.25
    assert nn.cross_entropy([[0.0, 0.0]], [1]) == pytest.approx(math.log(2))
    assert nn.cross_entropy(Value(np.zeros((2, 10))), np.array([3, 7], ">i8")).data > 2


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (nn.mse_loss, np.ones((0, 3))),
        (nn.hinge_loss, np.ones((0, 3))),
        (nn.cross_entropy, np.ones(0, int)),
        (nn.nll_loss, np.ones(0, int)),
    ],
)
def test_an_empty_batch(loss, target):
    with pytest.raises(ValueError, match="empty"):
        loss(Value(np.ones((0, 3))), target)


def test_half_precision_does_not_overflow():
    assert nn.mse_loss(Value(np.full(70_000, 2.0, "f2")), np.zeros(70_000, "f2")).data == 4.0
