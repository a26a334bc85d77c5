"""Losses of vectors against their definitions, their derivatives, and what they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import ShapeMismatch, Value
from tests.nn.losses.loops import agrees

RNG = np.random.default_rng(2)
A, B, C = RNG.normal(size=(3, 6, 4))
SIGNS = np.array([-1, -1, -1, 1, -1, 1])


def cosine(a, b):
    def dot(x, y):
        return sum(p * q for p, q in zip(x, y, strict=True))

    tiny = 1e-12  # against vectors of zeros, as in PyTorch
    return dot(a, b) / math.sqrt((dot(a, a) + tiny) * (dot(b, b) + tiny))


def distance(a, b, p, eps):
    apart = [abs(x - y + eps) for x, y in zip(a, b, strict=True)]
    return max(apart) if p == math.inf else sum(d**p for d in apart) ** (1 / p)


def triplet(a, b, c, margin=1.0, p=2.0, eps=1e-6, swap=False):
    away = distance(a, c, p, eps)
    if swap:
        away = min(away, distance(b, c, p, eps))
    return max(0.0, margin + distance(a, b, p, eps) - away)


@pytest.mark.parametrize("margin", [-0.4, 0.0, 0.2])
def test_the_cosine_loss_is_its_two_branches(margin):
    expected = np.array(
        [
            1 - cosine(a, b) if t == 1 else max(0.0, cosine(a, b) - margin)
            for a, b, t in zip(A.tolist(), B.tolist(), SIGNS, strict=True)
        ]
    )
    apart = SIGNS == -1
    assert (expected[apart] == 0).any()
    assert (expected[apart] > 0).any()
    agrees(
        lambda a, b, **r: nn.cosine_embedding_loss(a, b, SIGNS, margin=margin, **r), expected, A, B
    )


def test_the_cosine_loss_of_one_pair_is_a_number():
    for sign, expected in ((1, 1 - cosine(A[0], B[0])), (-1, max(0, cosine(A[0], B[0])))):
        loss = nn.cosine_embedding_loss(Value(A[0]), B[0], sign, reduction="none")
        assert loss.shape == ()
        assert loss.data == pytest.approx(expected)


@given(
    scale=st.floats(1e-2, 1e3),
    other=st.floats(1e-2, 1e3),
    row=st.integers(0, 5),
    sign=st.sampled_from([-1, 1]),
)
def test_the_cosine_loss_does_not_know_how_long_vectors_are(scale, other, row, sign):
    loss = nn.cosine_embedding_loss(scale * A[row], other * B[row], sign)
    assert loss == pytest.approx(nn.cosine_embedding_loss(A[row], B[row], sign), abs=1e-7)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_vector_of_zeros_is_at_right_angles_to_all(sign):
    a, b = Value(np.zeros((1, 4))), Value(B[:1])
    loss = nn.cosine_embedding_loss(a, b, [sign])
    loss.backward()
    assert loss.data == (1 if sign == 1 else 0)
    assert np.isfinite(a.grad).all()
    assert b.grad.tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"margin": 0.2},
        {"margin": 3.0, "p": 1},
        {"p": 3, "swap": True},
        {"p": 1.5, "eps": 0.1},
        {"swap": True},
        {"margin": 2.0, "p": math.inf},
    ],
)
def test_the_triplet_loss_is_its_formula(settings):
    rows = zip(A.tolist(), B.tolist(), C.tolist(), strict=True)
    expected = np.array([triplet(*row, **settings) for row in rows])
    agrees(lambda *x, **r: nn.triplet_margin_loss(*x, **settings, **r), expected, A, B, C)


def test_the_swap_takes_the_nearer_distance_of_the_negative():
    a, b, c = [0.0, 0.0], [4.0, 0.0], [5.0, 0.0]
    assert nn.triplet_margin_loss(a, b, c, eps=0) == 0
    assert nn.triplet_margin_loss(a, b, c, eps=0, swap=True) == 4


def test_triplets_far_apart_have_no_slope():
    a, b, c = Value(A), Value(A), Value(A + 100)
    loss = nn.triplet_margin_loss(a, b, c)
    loss.backward()
    assert loss.data == 0
    assert not np.concatenate([a.grad, b.grad, c.grad]).any()


def test_equal_vectors_have_finite_slopes():
    for p in (1, 2, 3):
        a, b = Value(np.zeros((1, 2))), Value(np.zeros((1, 2)))
        nn.triplet_margin_loss(a, b, [[5.0, 5.0]], p=p, margin=100.0).backward()
        assert np.isfinite([a.grad, b.grad]).all()


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4)])
def test_one_triplet_and_further_axes(shape):
    a, b, c = RNG.normal(size=(3, *shape))
    rows = zip(*(x.reshape(-1, 4).tolist() for x in (a, b, c)), strict=True)
    expected = np.reshape([triplet(*row) for row in rows], shape[:-1])
    agrees(nn.triplet_margin_loss, expected, a, b, c)


@pytest.mark.parametrize(
    ("a", "b", "target"),
    [
        (A, B[:, :3], SIGNS),
        (A, B[:5], SIGNS),
        (A, B, SIGNS[:5]),
        (A, B, SIGNS[:, None]),
        (A, B, 1),
        (A[0], B[0], SIGNS[:1]),
        (1.0, 2.0, 1),
    ],
)
def test_pairs_that_do_not_fit(a, b, target):
    with pytest.raises(ShapeMismatch, match=r"two arrays \(N, D\) or \(D,\) and a target"):
        nn.cosine_embedding_loss(Value(a), b, target)


@pytest.mark.parametrize("wrong", [0, 2, 0.5, -2])
def test_targets_of_pairs_are_signs(wrong):
    with pytest.raises(ValueError, match="1 or -1"):
        nn.cosine_embedding_loss(A, B, np.where(SIGNS == 1, 1, wrong))


@pytest.mark.parametrize("arrays", [(A, B, C[:, :3]), (A, B[:1], C), (A[0], B, C), (1.0, 2.0, 3.0)])
def test_triplets_that_do_not_fit(arrays):
    with pytest.raises(ShapeMismatch, match="three arrays of one shape"):
        nn.triplet_margin_loss(*map(Value, arrays))


@pytest.mark.parametrize("p", [0, -1, math.nan])
def test_a_norm_that_is_none(p):
    with pytest.raises(ValueError, match=f"p of triplet_margin_loss is positive, not {p}"):
        nn.triplet_margin_loss(A, B, C, p=p)
