"""Batches: what is in an epoch and in which order, what is copied, and which data are refused."""

import collections
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim.data import Batches, batches

Pair = collections.namedtuple("Pair", "left right")
SIZES = st.integers(1, 40)
SEEDS = st.integers(0, 2**32)


def epoch(data):
    """The samples of an epoch one after another, and how many were in each batch."""
    parts = [batch[0] for batch in data]
    return np.concatenate(parts).tolist(), [len(part) for part in parts]


@given(n=SIZES, size=SIZES, shuffle=st.booleans(), drop=st.booleans(), seed=SEEDS)
def test_every_sample_is_once_in_an_epoch(n, size, shuffle, drop, seed):
    data = batches(np.arange(n), None, size, shuffle=shuffle, drop_last=drop, rng=seed)
    effective = min(n, size)
    whole, rest = divmod(n, effective)
    sizes = [effective] * whole + [rest] * (rest > 0 and not drop)
    for _ in range(2):
        samples, found = epoch(data)
        assert found == sizes
        assert len(data) == len(sizes)
        assert len(set(samples)) == len(samples) == sum(sizes)
        assert set(samples) <= set(range(n))
        if not shuffle:
            assert samples == list(range(sum(sizes)))


@given(n=st.integers(3, 60), sizes=st.tuples(SIZES, SIZES), seed=SEEDS, stratified=st.booleans())
def test_the_order_depends_on_the_seed_alone(n, sizes, seed, stratified):
    first, second = (
        batches(
            np.arange(n),
            None,
            min(size, n - 1),
            rng=seed,
            stratify=np.arange(n) % 3 if stratified else None,
        )
        for size in sizes
    )
    for _ in range(3):
        assert epoch(first)[0] == epoch(second)[0]


def test_seeds_generators_and_epochs_differ_or_do_not():
    x = np.arange(100)
    a, b = Batches(x, rng=3), Batches(x, rng=np.random.default_rng(3))
    orders = [epoch(a)[0], epoch(a)[0]]
    assert orders == [epoch(b)[0], epoch(b)[0]]
    assert orders[0] != orders[1]
    assert orders[0] != list(range(100))
    assert epoch(Batches(x, rng=4))[0] != orders[0]
    assert epoch(Batches(x))[0] != epoch(Batches(x))[0]
    shared = np.random.default_rng(3)  # a generator goes on where it was left
    assert epoch(Batches(x, rng=shared))[0] == orders[0]
    assert epoch(Batches(x, rng=shared))[0] == orders[1]


@given(n=st.integers(2, 40), size=st.integers(1, 39), start=st.integers(0, 40), seed=SEEDS)
def test_an_epoch_can_be_begun_in_its_middle(n, size, start, seed):
    whole = list(batches(np.arange(n), None, size, rng=seed).epoch())
    rest = list(batches(np.arange(n), None, size, rng=seed).epoch(start))
    assert [x.tolist() for (x,) in rest] == [x.tolist() for (x,) in whole[start:]]


def test_weights_draw_other_samples_in_each_epoch_whatever_the_batch_size():
    x, w = np.arange(50), np.arange(50.0)
    for size in (1, 7, 50, None, 1000):
        data = batches(x, None, size, weights=w, rng=1)
        first, second = epoch(data)[0], epoch(data)[0]
        assert first != second
        assert len(first) == 50
        assert first == epoch(batches(x, None, 13, weights=w, rng=1))[0]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(
    "nest",
    [
        lambda a: a,
        lambda a: (a, a[:, 0] * 2),
        lambda a: {"one": a, "two": (a[:, :1], {"three": a[:, 1]})},
        lambda a: Pair(a, {"k": a}),
    ],
)
def test_nests_keep_their_form_and_their_samples_together(nest, shuffle):
    x = np.arange(22.0).reshape(11, 2)
    y, w = np.arange(11), np.arange(11) / 10
    numbers = []
    for bx, by, bw in batches(nest(x), nest(x), 4, sample_weight=w, shuffle=shuffle, rng=0):
        number = np.rint(bw * 10).astype(int)
        numbers += number.tolist()
        wanted = nest(x[number])
        for found in (bx, by):
            assert type(found) is type(wanted)
            assert repr(found) == repr(wanted)
    assert sorted(numbers) == y.tolist()


def test_what_was_not_given_is_not_in_a_batch():
    x, y = np.arange(3), [[1], [2], [3]]
    assert [len(batch) for batch in batches(x)] == [1]
    assert [len(batch) for batch in batches(x, y)] == [2]
    assert [len(batch) for batch in batches(x, y, sample_weight=[1, 2, 3])] == [3]
    assert [len(batch) for batch in batches(x, sample_weight=[1, 2, 3])] == [2]


@pytest.mark.parametrize(
    ("size", "sizes"), [(None, [6]), (10**12, [6]), (6, [6]), (1, [1] * 6), (np.int64(4), [4, 2])]
)
def test_batch_sizes(size, sizes):
    for drop in (True, False):
        samples, found = epoch(batches(np.arange(6), None, size, rng=0, drop_last=drop))
        assert found == (sizes[:1] if drop and len(set(sizes)) > 1 else sizes)
        assert len(set(samples)) == sum(found)


def test_data_are_not_copied():
    x = np.arange(12.0).reshape(6, 2)
    for settings in ({"shuffle": False}, {"batch_size": None}, {"batch_size": 1}):
        for bx, by in batches({"x": x}, x, **({"batch_size": 4} | settings)):
            assert np.shares_memory(bx["x"], x)
            assert np.shares_memory(by, x)
    assert not any(np.shares_memory(bx, x) for (bx,) in batches(x, None, 4, rng=0))


@pytest.mark.parametrize("shuffle", [True, False])
def test_no_more_memory_than_the_order_and_a_batch_is_taken(shuffle):
    x = np.zeros((2000, 1000))  # 16 MB
    tracemalloc.start()
    try:
        for _ in batches(x, {"y": x}, 10, shuffle=shuffle, rng=0):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < x.nbytes / 20


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4), size=st.integers(1, 50), seed=SEEDS
)
def test_stratified_batches_have_the_proportions_of_the_whole(sizes, size, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    names = np.array(["ape", "bee", "cat", "dog"])[labels]
    data = batches(np.arange(labels.size), labels, size, stratify=names, rng=seed)
    seen = []
    for x, y in data:
        assert (labels[x] == y).all()
        seen += x.tolist()
        counts = np.bincount(y, minlength=len(sizes))
        wanted = len(y) * np.array(sizes) / labels.size
        assert (abs(counts - wanted) <= 2).all()
    assert sorted(seen) == list(range(labels.size))


def test_a_rare_class_is_spread_over_the_batches():
    labels = np.repeat([0, 1], [90, 10])
    data = batches(np.arange(100), labels, 10, stratify=labels, rng=0)
    for _ in range(5):
        ones = [int(y.sum()) for _, y in data]
        assert sum(ones) == 10
        assert set(ones) <= {0, 1, 2}
        assert ones.count(1) >= 5
    orders = [epoch(data)[0] for _ in range(2)]
    assert orders[0] != orders[1]


@pytest.mark.parametrize(
    "weights", [[1, 2, 3, 4], [0, 0, 1, 0], [0.0, 5e-3, 0.0, 1e-2], [1e300, 0, 3e300, 0]]
)
def test_samples_are_drawn_as_often_as_they_weigh(weights):
    draws, n = np.zeros(4), 3000
    data = batches(np.arange(4), None, 3, weights=weights, rng=0)
    for _ in range(n):
        for (x,) in data:
            np.add.at(draws, x, 1)
    share = np.array(weights) / np.sum(weights)
    assert draws.sum() == 4 * n
    assert (draws[share == 0] == 0).all()
    assert (abs(draws / (4 * n) - share) <= 5 * np.sqrt(share * (1 - share) / (4 * n))).all()


def test_huge_weights_do_not_overflow():
    found = set()
    for _, y in batches(np.arange(40), np.repeat([0, 1], 20), weights=np.full(40, 1e308), rng=0):
        found |= set(y.tolist())
    assert found == {0, 1}


X = np.arange(4.0)


@pytest.mark.parametrize(
    ("error", "match", "arguments", "settings"),
    [
        (ValueError, r"shapes \(4,\), \(3,\)", (X, X[:3]), {}),
        (ValueError, r"shapes \(4,\), \(3,\)", ((X, X[:3]),), {}),
        (ValueError, r"x and y and sample_weight have", (X, X), {"sample_weight": X[:1]}),
        (ValueError, "is empty", (X[:0],), {}),
        (ValueError, "is empty", ([],), {}),
        (ValueError, "none", ((),), {}),
        (ValueError, r"y has the shape \(\)", (X, 3.0), {}),
        (ValueError, r"x has the shape \(\)", ({"a": np.float64(1)},), {}),
        (TypeError, "x is an array of object", ([None, 1],), {}),
        (TypeError, "y is an array of <U1", (X, list("abcd")), {}),
        (TypeError, "x is an array of object", (np.array([[1], [1, 2]], object),), {}),
        (ValueError, "batch_size is 0", (X, X, 0), {}),
        (ValueError, "batch_size is -1", (X, X, -1), {}),
        (ValueError, "batch_size is 1.5", (X, X, 1.5), {}),
        (ValueError, "batch_size is True", (X, X, True), {}),
        (ValueError, "batch_size is '4'", (X, X, "4"), {}),
        (ValueError, "shuffle is False", (X,), {"shuffle": False, "stratify": X}),
        (ValueError, "shuffle is False", (X,), {"shuffle": False, "weights": X}),
        (ValueError, "not both", (X,), {"stratify": X, "weights": X}),
        (ValueError, r"stratify has the shape \(3,\)", (X,), {"stratify": X[:3]}),
        (ValueError, r"stratify has the shape \(4, 1\)", (X,), {"stratify": X[:, None]}),
        (ValueError, "finite and not negative", (X,), {"weights": [1, 2, 3]}),
        (ValueError, "finite and not negative", (X,), {"weights": [1, 2, 3, -1]}),
        (ValueError, "finite and not negative", (X,), {"weights": [1, 2, 3, np.nan]}),
        (ValueError, "finite and not negative", (X,), {"weights": [1, 2, 3, np.inf]}),
        (ValueError, "all weights are 0", (X,), {"weights": [0, 0, 0, 0]}),
    ],
)
def test_refusals(error, match, arguments, settings):
    with pytest.raises(error, match=match):
        batches(*arguments, **settings)


@pytest.mark.parametrize("kind", ["csr_matrix", "coo_matrix", "csc_array"])
def test_sparse_matrices_are_refused(kind):
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"write x\.toarray\(\)"):
        batches(getattr(sparse, kind)(np.eye(3)))


def test_repr():
    assert repr(batches(X, None, 3)) == "<2 batches of 3 of 4 samples>"
