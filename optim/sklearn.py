"""Estimators with scikit-learn's manners: for Pipeline, cross_val_score and GridSearchCV.

The only module of `optim` that knows layers: scikit-learn makes an estimator before it has data,
so the network is made here. Needs scikit-learn (valuegrad[sklearn]).
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import nn
from optim.optimizers import Adam
from optim.training import Trainer

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "optim.sklearn needs scikit-learn 1.6 or newer: pip install 'valuegrad[sklearn]'."
    ) from error

__all__ = ["Classifier", "Regressor"]

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softplus": nn.Softplus}


class _Network(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both have in common: a network that is made in fit, and trained by a Trainer."""

    _loss: Callable[..., Any]

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (32,),
        activation: str = "relu",
        *,
        build: Callable[..., Any] | None = None,
        optimizer: Callable[..., Any] = Adam,
        lr: float = 0.01,
        epochs: int = 100,
        batch_size: int | None = 32,
        callbacks: Sequence[Any] = (),
        validation_fraction: float = 0.0,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.build = build
        self.optimizer = optimizer
        self.lr = lr
        self.epochs = epochs
        self.batch_size = batch_size
        self.callbacks = callbacks
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose

    def _fit(self, x: Any, y: Any, outputs: int) -> None:
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        rng = np.random.default_rng(seed)
        build = self._mlp if self.build is None else self.build
        self.model_ = build(x.shape[1], outputs, rng)
        if not callable(self.optimizer):
            raise TypeError(f"optimizer is {self.optimizer!r}; it is a class, such as optim.Adam.")
        optimizer = self.optimizer(self.model_.parameters(), lr=self.lr)
        trainer = Trainer(self.model_, self._loss, optimizer, batch_size=self.batch_size)
        if self.validation_fraction:
            order = rng.permutation(len(x))
            x, y = x[order], y[order]
        self.history_ = trainer.fit(
            x,
            y,
            epochs=self.epochs,
            rng=rng,
            verbose=self.verbose,
            callbacks=copy.deepcopy(self.callbacks),
            validation_split=self.validation_fraction,
        )
        if self.history_.interrupted:
            raise KeyboardInterrupt
        self.n_iter_ = len(self.history_)

    def _mlp(self, inputs: int, outputs: int, rng: np.random.Generator) -> Any:
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation is {self.activation!r}; known are {', '.join(ACTIVATIONS)}."
            )
        layers: list[Any] = []
        for size in np.atleast_1d(self.hidden_layer_sizes).tolist():
            layers += [nn.Linear(inputs, size, rng=rng), ACTIVATIONS[self.activation]()]
            inputs = size
        return nn.Sequential(*layers, nn.Linear(inputs, outputs, rng=rng))

    def _outputs(self, x: Any) -> Any:
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, dtype=np.float64)
        trainer = Trainer(self.model_, self._loss, Adam(self.model_.parameters()))
        return trainer.predict(x, batch_size=1024)


class Classifier(ClassifierMixin, _Network):  # type: ignore[misc]  # scikit-learn has no types
    """A network that classifies: cross entropy, trained in mini-batches.

    hidden_layer_sizes, activation ("relu", "tanh", "sigmoid", "softplus"): of the network; or
        build: a function of the numbers of inputs and outputs and a generator that returns one.
    optimizer: a function of parameters and lr, such as `optim.SGD`. epochs, batch_size, callbacks,
        verbose: for `Trainer.fit`. validation_fraction: so large a share of the samples, drawn at
        random, is held out, for callbacks such as EarlyStopping. random_state: scikit-learn's.

    After fit it has classes_, model_, history_, n_iter_ and n_features_in_. Scale the inputs
    (StandardScaler).

    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True)
    >>> Classifier(epochs=30, random_state=0).fit(x, y).score(x, y) > 0.9
    True
    """

    _loss = staticmethod(nn.cross_entropy)

    def fit(self, X: Any, y: Any) -> "Classifier":
        """Make the network and train it."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, y = np.unique(y, return_inverse=True)
        self._fit(X, y, len(self.classes_))
        return self

    def decision_function(self, X: Any) -> Any:
        """The logits (N, C); of two classes the second one's less the first one's, (N,)."""
        logits = self._outputs(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, (N, C)."""
        return nn.softmax(self._outputs(X))

    def predict(self, X: Any) -> Any:
        """The most probable class of each sample."""
        said = self._outputs(X).argmax(axis=1)
        return self.classes_[said]


class Regressor(RegressorMixin, _Network):  # type: ignore[misc]  # scikit-learn has no types
    """A network that fits numbers: squared error, trained in mini-batches. See `Classifier`.

    Targets are (N,) or (N, outputs), and so are predictions. Scale targets that are far from 0
    (TransformedTargetRegressor).

    >>> x = np.linspace(-1, 1, 100)[:, None]
    >>> Regressor(random_state=0).fit(x, np.sin(3 * x[:, 0])).score(x, np.sin(3 * x[:, 0])) > 0.9
    True
    """

    _loss = staticmethod(nn.mse_loss)

    def fit(self, X: Any, y: Any) -> "Regressor":
        """Make the network and train it."""
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        y = np.asarray(y, float)
        self._flat = y.ndim == 1
        y = y[:, None] if self._flat else y
        self._fit(X, y, y.shape[1])
        return self

    def predict(self, X: Any) -> Any:
        """The numbers for each sample."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
