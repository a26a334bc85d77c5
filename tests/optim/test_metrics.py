"""Metrics: the formulas, against scikit-learn and in NumPy; cuts into batches; what is refused."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optim
from autograd import Value
from optim.training.known_metrics import NAMED, as_metrics, larger_is_better

SEEDS = st.integers(0, 2**32)
AVERAGES = ["macro", "micro", "weighted"]
COUNTED = {"precision": optim.Precision, "recall": optim.Recall, "f1": optim.F1}


def by_hand(kind, average, said, true, classes):
    """Precision, recall and F1 from sets of samples."""

    def score(right, said, true):
        top, below = {
            "precision": (right, said),
            "recall": (right, true),
            "f1": (2 * right, said + true),
        }[kind]
        return top / below if below else 0.0

    n = [
        (np.sum((said == c) & (true == c)), np.sum(said == c), np.sum(true == c))
        for c in range(classes)
    ]
    n = [counts for counts in n if counts[1] + counts[2]]
    if average == "micro":
        return score(*np.sum(n, axis=0))
    weights = [t if average == "weighted" else 1 for _, _, t in n]
    return sum(w * score(*counts) for w, counts in zip(weights, n, strict=True)) / sum(weights)


def by_sklearn(kind, average, said, true):
    metrics = pytest.importorskip("sklearn.metrics")
    function = getattr(metrics, f"{kind}_score")
    return function(true, said, average=average, zero_division=0)


def several(seed, n=30, classes=5):
    """Scores and classes of which some never occur, or are never said."""
    rng = np.random.default_rng(seed)
    scores, true = rng.normal(size=(n, classes)), rng.integers(0, classes - 1, n)
    scores[:, rng.integers(classes)] -= 10
    return scores, true, scores.argmax(axis=1)


def two(seed, n=20):
    rng = np.random.default_rng(seed)
    scores, true = rng.normal(size=n), rng.integers(0, 2, n)
    return scores, true, (scores > 0).astype(int)


@pytest.mark.parametrize("kind", COUNTED)
@pytest.mark.parametrize("average", AVERAGES)
@given(seed=SEEDS)
def test_counts_of_several_classes(kind, average, seed):
    scores, true, said = several(seed)
    found = COUNTED[kind](average=average)(scores, true)
    assert found == pytest.approx(by_hand(kind, average, said, true, 5), abs=1e-12)
    for targets in (np.eye(5)[true], true[:, None], true.astype(float)):
        assert COUNTED[kind](average=average)(scores, targets) == found


@pytest.mark.parametrize("kind", COUNTED)
@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("seed", range(5))
def test_counts_as_scikit_learn_has_them(kind, average, seed):
    scores, true, said = several(seed)
    found = COUNTED[kind](average=average)(scores, true)
    assert found == pytest.approx(by_sklearn(kind, average, said, true), abs=1e-12)
    scores, true, said = two(seed)
    found = COUNTED[kind](average=average)(scores, true)  # of two classes the second
    assert found == pytest.approx(by_sklearn(kind, "binary", said, true), abs=1e-12)


@given(seed=SEEDS)
def test_two_classes_in_every_form(seed):
    scores, true, said = two(seed)
    right = np.sum(said & true)
    wanted = {
        "accuracy": np.mean(said == true),
        "precision": right / max(said.sum(), 1),
        "recall": right / max(true.sum(), 1),
        "f1": 2 * right / max((said + true).sum(), 1),
    }
    for name, value in wanted.items():
        for output, target in itertools.product(
            (scores, scores[:, None]),
            (true, true[:, None], 2 * true - 1, 2.0 * true[:, None] - 1, true.astype(bool)),
        ):
            assert NAMED[name]()(output, target) == pytest.approx(value, abs=1e-12)
        probabilities = 1 / (1 + np.exp(-scores))
        metric = getattr(optim, type(NAMED[name]()).__name__)(threshold=0.5)
        assert metric(probabilities, true) == pytest.approx(value, abs=1e-12)


@given(seed=SEEDS)
def test_accuracy_of_several_classes(seed):
    scores, true, said = several(seed)
    for targets in (true, true[:, None], np.eye(5)[true], np.eye(5)[true] * 0.9 + 0.02):
        assert optim.Accuracy()(scores, targets) == np.mean(said == true)


def test_accuracy_at_ties_and_of_maps_of_classes():
    assert optim.Accuracy()(np.zeros((2, 3)), np.array([0, 1])) == 0.5  # the first of equal ones
    assert optim.Accuracy()(np.zeros(2), np.array([0, 1])) == 0.5  # above, not at the threshold
    assert optim.TopKAccuracy(1)(np.zeros((2, 3)), np.array([0, 1])) == 0.5
    scores = np.moveaxis(np.eye(3)[[[0, 1], [2, 2]]], -1, 1)  # samples, classes, places
    assert optim.Accuracy()(scores, np.array([[0, 1], [2, 0]])) == 0.75


def test_accuracy_of_several_labels():
    scores = np.array([[1.0, -1.0, 2.0], [-1.0, -2.0, -3.0]])
    labels = np.array([[1, 0, 0], [0, 0, 1]])
    assert optim.Accuracy(multilabel=True)(scores, labels) == 4 / 6
    assert optim.Accuracy(multilabel=True)(scores, 2 * labels - 1) == 4 / 6
    with pytest.raises(ValueError, match="multilabel=True"):
        optim.Accuracy()(scores, np.ones((2, 3)))


@given(seed=SEEDS, k=st.integers(1, 6))
def test_top_k(seed, k):
    scores, true, _ = several(seed)
    wanted = np.mean([c in np.argsort(-row)[:k] for row, c in zip(scores, true, strict=True)])
    for targets in (true, np.eye(5)[true]):
        assert optim.TopKAccuracy(k)(scores, targets) == pytest.approx(wanted, abs=1e-12)


def test_top_k_as_scikit_learn_has_it():
    metrics = pytest.importorskip("sklearn.metrics")
    scores, true, _ = several(0)
    for k in (1, 2, 4):
        wanted = metrics.top_k_accuracy_score(true, scores, k=k, labels=range(5))
        assert optim.TopKAccuracy(k)(scores, true) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("shape", [(9,), (9, 1), (9, 3)])
def test_errors(shape):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    share = ((b - a) ** 2).sum(axis=0) / ((b - b.mean(axis=0)) ** 2).sum(axis=0)
    wanted = {
        "mae": abs(a - b).mean(),
        "mse": ((a - b) ** 2).mean(),
        "rmse": ((a - b) ** 2).mean() ** 0.5,
        "r2": 1 - share.mean(),
    }
    for name, value in wanted.items():
        assert NAMED[name]().name == name
        assert NAMED[name]()(a, b) == pytest.approx(value, rel=1e-12)
        assert NAMED[name]()(Value(a), b.tolist()) == pytest.approx(value, rel=1e-12)
    metrics = pytest.importorskip("sklearn.metrics")
    found = {"mae": "mean_absolute_error", "mse": "mean_squared_error", "r2": "r2_score"}
    for name, function in found.items():
        assert NAMED[name]()(a, b) == pytest.approx(getattr(metrics, function)(b, a), rel=1e-12)


@pytest.mark.parametrize("dtype", ["u1", "u8", "?", "i8", "f4"])
def test_errors_of_small_whole_numbers(dtype):
    a, b = np.array([0, 1, 1], dtype), np.array([1, 0, 1], dtype)
    for name in ("mae", "mse"):
        assert NAMED[name]()(a, b) == pytest.approx(2 / 3, rel=1e-6)
    assert NAMED["r2"]()(a, b) == pytest.approx(-2, rel=1e-6)


@pytest.mark.parametrize("offset", [0, 1e3, -1e6, 1e9])
@pytest.mark.parametrize("size", [1, 7, 200])
def test_r2_far_from_zero(offset, size):
    rng = np.random.default_rng(1)
    near = np.round(rng.normal(size=(200, 2)) * 1024) / 1024  # exact with every offset here
    error = np.round(rng.normal(size=(200, 2)) * 256) / 1024
    wanted = 1 - np.mean((error**2).sum(axis=0) / ((near - near.mean(axis=0)) ** 2).sum(axis=0))
    metric = optim.R2()
    for k in range(0, 200, size):
        metric.update((near + offset + error)[k : k + size], (near + offset)[k : k + size])
    assert metric.result() == pytest.approx(wanted, rel=1e-6)


def test_r2_of_equal_targets():
    for value in (0.0, 0.1, 1e9 + 0.1, 1e-9, -1e100):
        target = np.full((7, 1), value)
        assert optim.R2()(target, target) == 1
        assert optim.R2()(target + 1 + abs(value) / 10, target) == 0
    target = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    assert optim.R2()(target, target) == 1
    assert optim.R2()(target + np.eye(2)[1], target) == 0.5
    metrics = pytest.importorskip("sklearn.metrics")
    assert metrics.r2_score(target, target + np.eye(2)[1]) == 0.5


@given(seed=SEEDS, cuts=st.lists(st.integers(1, 29), max_size=6, unique=True))
def test_results_do_not_depend_on_the_cut_into_batches(seed, cuts):
    edges = [0, *sorted(cuts), 30]
    scores, true, _ = several(seed)
    binary, signs, _ = two(seed, 30)
    values = np.random.default_rng(seed).normal(size=(2, 30, 2))
    cases = [(kind(average=a), scores, true) for kind in COUNTED.values() for a in AVERAGES] + [
        (NAMED[name](), binary, 2 * signs - 1) for name in (*COUNTED, "accuracy")
    ]
    cases += [(optim.Accuracy(), scores, np.eye(5)[true]), (optim.TopKAccuracy(2), scores, true)]
    cases += [(NAMED[name](), *values) for name in ("mae", "mse", "rmse", "r2")]
    cases += [(optim.MeanMetric(lambda o, t: (o - t)[:, 0], "each"), *values)]
    for metric, output, target in cases:
        whole = metric(output, target)
        metric.reset()
        for first, last in itertools.pairwise(edges):
            metric.update(output[first:last], target[first:last])
        assert metric.result() == pytest.approx(whole, rel=1e-9, abs=1e-12)
        assert metric.result() == metric.result()


def test_functions_return_one_number_or_one_for_each_sample():
    x, y = np.arange(6.0).reshape(3, 2), np.zeros((3, 2))
    for function in (
        lambda o, t: o.mean(),
        lambda o, t: o.mean(axis=1),
        lambda o, t: o,
        lambda o, t: Value(o).mean(),
        lambda o, t: float(o.mean()),
    ):
        assert optim.MeanMetric(function)(x, y) == 2.5
    for bad in (lambda o, t: np.ones(2), lambda o, t: o.T):
        with pytest.raises(ValueError, match="one number, or one for each"):
            optim.MeanMetric(bad, "bad")(x, y)


@pytest.mark.parametrize(
    ("name", "output", "target", "match"),
    [
        ("accuracy", np.zeros((2, 3)), [0, 3], "from 0 to 2"),
        ("accuracy", np.zeros((2, 3)), [0, -1], "from 0 to 2"),
        ("accuracy", np.zeros((2, 3)), [0, 0.5], "whole numbers"),
        ("accuracy", np.zeros((2, 3)), [0, 1, 2], "do not fit"),
        ("accuracy", np.zeros(2), [0, 2], "two classes"),
        ("accuracy", np.zeros(2), [-1, 0.5], "two classes"),
        ("f1", np.zeros(2), [0, 1, 1], "not as many"),
        ("top_k_accuracy", np.zeros((2, 3)), [0, 3], "from 0 to 2"),
        ("mae", np.zeros((2, 1)), [0.0, 1.0], "not of one shape"),
        ("r2", np.zeros(2), [[0.0], [1.0]], "not of one shape"),
    ],
)
def test_what_does_not_fit_is_refused(name, output, target, match):
    with pytest.raises(ValueError, match=match):
        NAMED[name]()(output, target)


def test_outputs_that_are_no_numbers():
    """Of errors NaN is told; of classes NaN is wrong where it can be, and never a hit."""
    for name in ("mae", "mse", "rmse", "r2"):
        assert np.isnan(NAMED[name]()(np.array([1.0, np.nan]), np.array([1.0, 2.0])))
    nans = np.full((4, 3), np.nan)
    assert optim.TopKAccuracy(2)(nans, np.arange(4) % 3) == 0
    for name in ("precision", "recall", "f1"):
        assert NAMED[name]()(np.full(4, np.nan), np.array([0, 1, 1, 0])) == 0


def test_metrics_from_names_functions_classes_and_metrics():
    def own(output, target):
        return 1.0

    assert [m.name for m in as_metrics([*NAMED, own])] == [*NAMED, "own"]
    found = as_metrics(("f1", optim.F1("other"), optim.R2, lambda o, t: 0.0))
    assert [m.name for m in found] == ["f1", "other", "r2", "<lambda>"]
    assert as_metrics([]) == []
    for error, match, metrics in (
        (TypeError, "are a list", "accuracy"),
        (TypeError, "are a list", own),
        (ValueError, "no metric 'acc'; known are accuracy", ["acc"]),
        (TypeError, "a name or a function", [3]),
        (ValueError, "called 'f1'", ["f1", optim.F1()]),
        (ValueError, "called 'loss'", [optim.R2("loss")]),
    ):
        with pytest.raises(error, match=match):
            as_metrics(metrics)
    with pytest.raises(ValueError, match="average is 'best'"):
        optim.F1(average="best")
    for call in (lambda m: m.update(0, 0), lambda m: m.result()):
        with pytest.raises(TypeError, match="Metric has no"):
            call(optim.Metric())


def test_larger_is_better():
    for name in ("accuracy", "top_k_accuracy", "precision", "recall", "f1", "r2", "auc", "acc"):
        assert larger_is_better(name)
        assert larger_is_better(f"val_{name}")
    assert not any(map(larger_is_better, ["loss", "val_loss", "mae", "mse", "val_rmse", "error"]))
