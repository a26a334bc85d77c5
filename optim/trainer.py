"""Trainers: gradient descent over the samples of a data set, one, a few or all at a time.

They know a model as something to call, a loss as something that returns a Value, an optimizer by
`zero_grad` and `step`.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np
from tqdm import tqdm

from autograd import no_grad
from optim.history import History
from optim.optimizers import Optimizer

__all__ = ["BatchTrainer", "MiniBatchTrainer", "NonFiniteLoss", "StochasticTrainer", "Trainer"]

RNG = np.random.Generator | int | None


class NonFiniteLoss(ArithmeticError):
    """The loss, or a weight, became infinite or not a number; `history` has the epochs before.

    >>> NonFiniteLoss("the loss is nan").history
    History(0 epochs)
    """

    def __init__(self, message: str, history: History | None = None) -> None:
        super().__init__(message)
        self.history = history or History()


class Trainer:
    """Trains a model by mini-batch gradient descent.

    In each epoch the samples are shuffled and cut into batches of batch_size, the last one
    shorter if need be. For each batch the loss, the mean over its samples, is differentiated, and
    the optimizer makes one step.

    model: a callable on a batch of inputs, often an `nn.Module`; loss: `loss(output, target)`, a
        mean over samples; optimizer: of the model's parameters.
    batch_size: samples an update; 1 is stochastic gradient descent, None takes all samples.

    >>> import nn, optim
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> model = nn.Linear(1, 1, rng=0)
    >>> trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> history = trainer.fit(x, 3 * x + 1, epochs=100, rng=0, verbose=0)
    >>> model.weight.data.round(3), model.bias.data.round(3)
    (array([[3.]]), array([1.]))
    """

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        batch_size: int | None = 32,
    ) -> None:
        whole = isinstance(batch_size, int | np.integer) and not isinstance(batch_size, bool)
        if batch_size is not None and not (whole and batch_size >= 1):
            raise ValueError(
                f"batch_size is {batch_size!r}; it is a whole number of samples, at least 1, or "
                "None for all of them."
            )
        self.model: Any = model
        self.loss, self.optimizer = loss, optimizer
        self.batch_size = batch_size

    def fit(
        self,
        x: Any,
        y: Any,
        *,
        epochs: int = 1,
        validation_data: tuple[Any, Any] | None = None,
        shuffle: bool = True,
        rng: RNG = None,
        verbose: int = 1,
    ) -> History:
        """Train for so many epochs on samples x with targets y; returns the History.

        The "loss" of an epoch is the mean over its samples, each measured in its batch, before
        that batch's update; "val_loss" is that of validation_data, `(x, y)`, after the epoch.

        rng: seed or generator of the shuffling. verbose: 0 for no progress bar.

        Raises ValueError for no samples, or not as many x as y. Raises NonFiniteLoss, naming epoch
        and batch, when the loss stops being a number; the weights are then those at the end of
        the last good epoch.
        """
        x, y = _samples(x, y)
        if validation_data is not None:
            if not (isinstance(validation_data, tuple) and len(validation_data) == 2):
                raise TypeError("validation_data is a pair, (x, y).")
            validation_data = _samples(*validation_data, what="validation ")
        if epochs < 0:
            raise ValueError(f"epochs is {epochs}; it must not be negative.")
        rng = np.random.default_rng(rng) if shuffle else None
        n = len(x)
        size = min(self.batch_size or n, n)
        updates = math.ceil(n / size)
        history = History()
        good = self._snapshot()
        progress = tqdm(total=epochs * updates, disable=not verbose, unit=" updates")
        with progress, self._mode(training=True):
            for epoch in range(epochs):
                progress.set_description(f"epoch {epoch + 1}/{epochs}", refresh=False)
                total = 0.0
                for batch, chosen in enumerate(_batches(n, size, rng)):
                    loss = self.train_on_batch(x[chosen], y[chosen])
                    if not math.isfinite(loss):
                        self._restore(good)
                        raise _stopped(f"the loss is {loss}", epoch, batch, history)
                    seen = min((batch + 1) * size, n)
                    total += loss * (seen - batch * size)
                    if progress.update():
                        progress.set_postfix_str(f"loss {total / seen:.4f}", refresh=False)
                if not all(np.all(np.isfinite(p.data)) for p in self.optimizer.parameters()):
                    self._restore(good)
                    raise _stopped("a weight is not finite", epoch, updates - 1, history)
                good = self._snapshot()
                measured = {"loss": total / n}
                if validation_data is not None:
                    measured["val_loss"] = self.evaluate(*validation_data)
                history.append(**measured)
                shown = ", ".join(f"{name} {value:.4f}" for name, value in measured.items())
                progress.set_postfix_str(shown, refresh=epoch == epochs - 1)
        return history

    def train_on_batch(self, x: Any, y: Any) -> float:
        """One update from one batch, unless its loss is not finite; returns the loss before it."""
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        if not hasattr(loss, "backward"):
            raise TypeError(
                f"the loss is a {type(loss).__name__}, no Value: nothing in it depends on "
                "parameters. Is the model made of Values, and the loss of NumPy's functions?"
            )
        if np.size(loss.data) != 1:
            raise ValueError(
                f"the loss of a batch is one number, the mean over its samples, not an array of "
                f"shape {np.shape(loss.data)}: use reduction='mean'."
            )
        value = float(loss.data)
        if math.isfinite(value):
            loss.backward(retain_grads=False)
            self.optimizer.step()
        return value

    def evaluate(self, x: Any, y: Any) -> float:
        """The mean loss over samples, in evaluation mode, without a graph."""
        x, y = _samples(x, y)
        with self._mode(training=False), no_grad():
            losses = [
                float(_plain(self.loss(self.model(x[batch]), y[batch]))) * len(x[batch])
                for batch in _batches(len(x), self.batch_size or len(x))
            ]
        return math.fsum(losses) / len(x)

    def predict(self, x: Any) -> Any:
        """The model's outputs for samples, as an array, in evaluation mode, without a graph."""
        x, _ = _samples(x, x)
        with self._mode(training=False), no_grad():
            outputs = [
                _plain(self.model(x[batch]))
                for batch in _batches(len(x), self.batch_size or len(x))
            ]
        return np.concatenate(outputs)

    @contextmanager
    def _mode(self, training: bool) -> Iterator[None]:
        """The model, if it has modes, and all its parts in one mode, and back each in its own."""
        before = [(part, part.training) for part in getattr(self.model, "modules", list)()]
        if before:
            self.model.train(training)
        try:
            yield
        finally:
            for part, mode in before:
                part.training = mode

    def _snapshot(self) -> tuple[list[Any], dict[str, Any]]:
        weights = [copy(p.data) for p in self.optimizer.parameters()]
        return weights, self.optimizer.state_dict()

    def _restore(self, snapshot: tuple[list[Any], dict[str, Any]]) -> None:
        weights, state = snapshot
        for p, data in zip(self.optimizer.parameters(), weights, strict=True):
            p.data = data
        self.optimizer.load_state_dict(state)


class StochasticTrainer(Trainer):
    """Stochastic gradient descent: one sample, one update. Fast and noisy.

    >>> import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> trainer = StochasticTrainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> trainer.batch_size
    1
    """

    def __init__(
        self, model: Callable[[Any], Any], loss: Callable[[Any, Any], Any], optimizer: Optimizer
    ) -> None:
        super().__init__(model, loss, optimizer, batch_size=1)


class BatchTrainer(Trainer):
    """Batch gradient descent: all samples averaged, one update an epoch. Exact and slow.

    >>> import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> trainer = BatchTrainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> trainer.batch_size is None
    True
    """

    def __init__(
        self, model: Callable[[Any], Any], loss: Callable[[Any, Any], Any], optimizer: Optimizer
    ) -> None:
        super().__init__(model, loss, optimizer, batch_size=None)


class MiniBatchTrainer(Trainer):
    """Mini-batch gradient descent: the mean over a few samples, by default 32, an update.

    >>> import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> trainer = MiniBatchTrainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> trainer.batch_size
    32
    """


def _batches(n: int, size: int, rng: np.random.Generator | None = None) -> Iterator[Any]:
    """Indices of batches of n samples, shuffled if there is a generator; the last may be short."""
    if rng is None or size == n:
        yield from (slice(start, min(start + size, n)) for start in range(0, n, size))
    else:
        order = rng.permutation(n)
        yield from (order[start : start + size] for start in range(0, n, size))


def _samples(x: Any, y: Any, what: str = "") -> tuple[Any, Any]:
    """Inputs and targets as arrays, if there are as many of one as of the other."""
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(
            f"{what}x has the shape {x.shape} and {what}y {y.shape}: the first axis counts "
            "samples, and must be as long in both."
        )
    if len(x) == 0:
        raise ValueError(f"{what}x is empty: there are no samples.")
    return x, y


def _plain(y: Any) -> Any:
    return y.data if hasattr(y, "backward") else y


def _stopped(what: str, epoch: int, batch: int, history: History) -> NonFiniteLoss:
    kept = f"at the end of epoch {epoch}" if epoch else "at the start"
    return NonFiniteLoss(
        f"training stopped in epoch {epoch + 1}, batch {batch + 1}: {what}. The weights are those "
        f"{kept}. Look for a learning rate that is too high, and for data that are not finite.",
        history,
    )
