"""scikit-learn's estimators: its own checks, its tools, and what the estimators promise."""

import doctest
import pickle
import sys
import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import nn
import optim
from optim.sklearn import Classifier, Regressor

X, C = load_iris(return_X_y=True)
Y = np.sin(X[:, 0]) + X[:, 2]
BOTH = pytest.mark.parametrize(
    ("kind", "y"), [(Classifier, C), (Regressor, Y)], ids=["Classifier", "Regressor"]
)


@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_check_estimator(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(kind(), on_fail=None)
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert not failed
    assert sum(r["status"] == "passed" for r in results) > 30


@BOTH
def test_pipeline_and_cross_validation(kind, y):
    made = make_pipeline(StandardScaler(), kind(epochs=40, random_state=0))
    order = np.random.default_rng(0).permutation(len(X))
    scores = cross_val_score(made, X[order], y[order], cv=3)
    assert scores.shape == (3,)
    assert scores.min() > 0.85


@BOTH
def test_grid_search_over_the_rate(kind, y):
    search = GridSearchCV(kind(epochs=15, random_state=0), {"lr": [1e-6, 0.02]}, cv=3)
    order = np.random.default_rng(0).permutation(len(X))
    search.fit(((X - X.mean(axis=0)) / X.std(axis=0))[order], y[order])
    assert search.best_params_ == {"lr": 0.02}


@BOTH
def test_fitted_attributes_and_pickle(kind, y):
    made = kind(epochs=7, random_state=0).fit(X, y)
    assert made.n_iter_ == 7 == len(made.history_)
    assert made.n_features_in_ == 4
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.predict(X), made.predict(X))
    assert again.get_params() == made.get_params()


@BOTH
def test_clone_and_random_state(kind, y):
    made = kind((5, 3), "tanh", lr=0.02, epochs=3, random_state=7).fit(X, y)
    other = clone(made)
    assert other.get_params() == made.get_params()
    with pytest.raises(NotFittedError):
        other.predict(X)
    same = [p.data for p in other.fit(X, y).model_.parameters()]
    for a, b in zip(same, made.model_.parameters(), strict=True):
        np.testing.assert_array_equal(a, b.data)
    assert [p.shape for p in same][:3] == [(4, 5), (5,), (5, 3)]
    differs = clone(made).set_params(random_state=8).fit(X, y).model_.parameters()
    assert not np.array_equal(differs[0].data, same[0])


@BOTH
def test_predictions_do_not_touch_the_model(kind, y):
    made = kind(epochs=2, random_state=0).fit(X, y)
    before = [p.data.copy() for p in made.model_.parameters()]
    np.testing.assert_array_equal(made.predict(X), made.predict(X))
    for a, p in zip(before, made.model_.parameters(), strict=True):
        np.testing.assert_array_equal(a, p.data)


def test_string_classes_and_probabilities():
    names = np.array(["setosa", "versicolor", "virginica"])
    made = Classifier(epochs=30, random_state=0).fit(X, names[C])
    assert list(made.classes_) == sorted(names)
    assert set(made.predict(X)) <= set(names)
    assert made.score(X, names[C]) > 0.9
    shares = made.predict_proba(X)
    assert isinstance(shares, np.ndarray)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(made.classes_[shares.argmax(axis=1)], made.predict(X))
    assert made.decision_function(X).shape == (150, 3)


def test_two_classes():
    made = Classifier(epochs=20, random_state=0).fit(X[:100], C[:100] * 5 - 2)
    decided = made.decision_function(X[:100])
    assert decided.shape == (100,)
    np.testing.assert_array_equal(made.predict(X[:100]), np.where(decided > 0, 3, -2))


@pytest.mark.parametrize("shape", [(150,), (150, 1), (150, 2)])
def test_shapes_of_regression(shape):
    y = np.resize(np.column_stack([Y, -Y]), shape)
    if shape == (150, 2):
        y = np.column_stack([Y, -Y])
    made = Regressor(epochs=3, random_state=0).fit(X, y)
    assert made.predict(X).shape == shape
    assert made.predict(X[:1]).shape == (1, *shape[1:])


def test_several_outputs_are_learned():
    x = (X - X.mean(axis=0)) / X.std(axis=0)
    y = np.column_stack([x[:, 0], -x[:, 1] + 1])
    made = Regressor(random_state=0).fit(x, y)
    assert np.abs(made.predict(x) - y).mean() < 0.15


@BOTH
def test_a_network_of_ones_own(kind, y):
    asked = []

    def build(inputs, outputs, rng):
        asked.append((inputs, outputs))
        return nn.Sequential(
            nn.Linear(inputs, 6, rng=rng),
            nn.Dropout(0.5, rng=rng),
            nn.Linear(6, outputs, rng=rng),
        )

    made = kind(build=build, optimizer=optim.SGD, lr=0.01, epochs=2, random_state=0).fit(X, y)
    assert asked == [(4, 3 if kind is Classifier else 1)]
    np.testing.assert_array_equal(made.predict(X), made.predict(X))  # without dropout
    again = clone(made).fit(X, y)
    np.testing.assert_array_equal(again.predict(X), made.predict(X))


def test_settings_reach_the_trainer():
    ended = []
    look = optim.LambdaCallback(on_epoch_end=lambda epoch, logs: ended.append(epoch))
    made = Regressor(epochs=4, batch_size=None, callbacks=[look], random_state=0).fit(X, Y)
    assert ended == [0, 1, 2, 3]
    assert made.history_.updates == [1, 2, 3, 4]


def test_unknown_activation():
    with pytest.raises(ValueError, match="activation is 'swish'; known are relu, tanh"):
        Regressor(activation="swish").fit(X, Y)


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "optim.sklearn")
    for name in [n for n in sys.modules if n == "sklearn" or n.startswith("sklearn.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"valuegrad\[sklearn\]"):
        __import__("optim.sklearn")


def test_the_examples_in_docstrings():
    found = doctest.testmod(sys.modules["optim.sklearn"])
    assert found.attempted > 3
    assert not found.failed
