"""Trainer: gradient descent over the samples of a data set, one, a few or all at a time.

It knows a model as something to call, a loss as something that returns a Value, an optimizer by
`zero_grad` and `step`. The epochs themselves are in `loop.py`.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from autograd import no_grad
from optim.data.batches import RNG, Batches, checked_batch_size, joined, map_arrays
from optim.data.feeds import Feed, Weighted, feed, held_out, length, split
from optim.diagnosis import Diagnosis, diagnose
from optim.optimizers import Optimizer
from optim.training.callbacks import Callback, checked_callbacks
from optim.training.history import History
from optim.training.limits import Limits
from optim.training.loop import Loop
from optim.training.losses import check_parts, checked, of_each_sample, pair
from optim.training.measures import Measures, plain
from optim.training.state import Resumable

__all__ = ["OWN", "Trainer"]


class _Own:
    def __repr__(self) -> str:
        return "the trainer's"


OWN: Any = _Own()


class Trainer(Resumable):
    """Trains a model by mini-batch gradient descent. Keras's words for the same things.

    In each epoch the samples are shuffled and cut into batches, the last one shorter if need be.
    For each batch the loss, the mean over its samples, is differentiated, and the optimizer makes
    one step.

    model: a callable on a batch of inputs, often an `nn.Module`; loss: `loss(output, target)`, a
        mean over samples; optimizer: of the model's parameters.
    batch_size: samples an update; 1 is stochastic gradient descent, None takes all samples.
    metrics: names ("accuracy", "f1", "mae", "r2" …), functions `f(output, target)`, or Metrics:
        measured over the samples of an epoch, also of validation data.
    clipnorm, global_clipnorm, clipvalue: the largest norm of each parameter's gradient, of all
        gradients together, and the largest number in them.
    gradient_accumulation_steps: so many batches make one update, as if they were one large batch.

    For a step of another kind override `compute_loss`, which says what is made small, or
    `train_on_batch`, the whole of an update.

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
        loss: Callable[..., Any],
        optimizer: Optimizer,
        batch_size: int | None = 32,
        *,
        metrics: Iterable[Any] = (),
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        clipvalue: float | None = None,
        gradient_accumulation_steps: int = 1,
    ) -> None:
        checked_batch_size(batch_size)
        check_parts(model, loss, optimizer)
        steps = gradient_accumulation_steps
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ValueError(f"gradient_accumulation_steps is {steps!r}; it is 1 or more batches.")
        self._limits = Limits(clipnorm, global_clipnorm, clipvalue)
        self._needs_closure = getattr(optimizer, "needs_closure", False)
        if self._needs_closure and steps > 1:
            raise ValueError(f"{type(optimizer).__name__} takes all batches as one: no steps.")
        self.model: Any = model
        self.loss, self.optimizer, self.batch_size = loss, optimizer, batch_size
        self.measures = Measures(metrics)
        self.gradient_accumulation_steps = steps
        self.history = History()
        self.pending = 0  # batches whose gradients are waiting for an update
        self.updates = 0  # that the last fit has made
        self._pending_samples = 0
        self._loop: Loop | None = None
        self._resumed: dict[str, Any] | None = None
        self._hooks: list[Any] = []
        self.trained_asleep = False  # whether the model was in evaluation mode
        self.last_batch: tuple[Any, ...] | None = None

    # ------------------------------------------------------------------ training

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        batch_size: int | None = OWN,
        epochs: int = 1,
        validation_data: Any = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        callbacks: Iterable[Callback] = (),
        verbose: int = 1,
        initial_epoch: int = 0,
        sample_weight: Any = None,
        class_weight: Mapping[Any, float] | None = None,
        steps_per_epoch: int | None = None,
        step_losses: bool = False,
        rng: RNG = None,
    ) -> History:
        """Train until epoch `epochs` on samples x with targets y; returns the History.

        x, y: arrays, tuples and dicts of arrays (the model is given such a tuple or dict), or as x
            alone any iterable of batches (x, y) or (x, y, sample_weight), `optim.batches` among
            them. steps_per_epoch: how many of its batches are an epoch; by default all.
        batch_size: instead of the trainer's own. shuffle: anew in each epoch; the order depends on
            rng, a seed or a generator, alone.
        validation_data: (x, y), (x, y, sample_weight), or batches that come to an end. Or
            validation_split: so large a share of the samples, the last. Measured after each epoch.
        sample_weight: a number for each sample; the loss is then the mean of weight times loss.
            class_weight: a dict of the weights of classes. The loss must take reduction="none".
        verbose: 0 shows nothing, 1 a bar, 2 a line an epoch. initial_epoch: the number of the first
            epoch. step_losses: keep the loss of every batch, in `history.step_losses`.

        The "loss" of an epoch is the mean over its samples, each measured in its batch, before
        that batch's update, and so are the metrics. Ctrl-C ends training when the batch is done;
        history, weights and place are kept. After `resume` it goes on where the saved run was.

        Raises ValueError for no samples, or not as many x as y. Raises NonFiniteLoss, naming epoch
        and batch, when the loss stops being a number; the weights are then those at the end of
        the last good epoch.
        """
        for name, n in (("epochs", epochs), ("initial_epoch", initial_epoch)):
            if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
                raise ValueError(f"{name} is {n!r}; it is a whole number, not negative.")
        if validation_split:
            if validation_data is not None:
                raise ValueError("give validation_data or validation_split, not both.")
            (x, y, sample_weight), validation_data = split(x, y, sample_weight, validation_split)
        size = self._size(batch_size)
        data: Feed = feed(
            x, y, size, sample_weight=sample_weight, shuffle=shuffle, rng=rng, steps=steps_per_epoch
        )
        if class_weight is not None:
            if not isinstance(class_weight, Mapping):
                raise TypeError(f"class_weight is a dict, class: weight, not {class_weight!r}.")
            data = Weighted(data, class_weight)
        loop = Loop(
            self,
            data,
            held_out(validation_data, size),
            checked_callbacks(callbacks),
            epochs=epochs,
            first=initial_epoch,
            step_losses=step_losses,
        )
        if self._resumed is not None:
            loop.load_state_dict(self._resumed["run"], self._resumed["generators"])
            self._resumed = None
        else:
            self.updates = 0
            self.drop_gradients()
        self._loop, self.history = loop, loop.history
        self._hooks = loop.hooks("on_gradients")
        try:
            return loop.run(verbose)
        finally:
            self._hooks = []

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """One update from one batch, unless its loss is not finite; returns the loss before it.

        With gradient_accumulation_steps only the last of so many batches makes the update. An
        override may return a dict of numbers instead, "loss" among them: their means over the
        epoch are in the history.
        """
        if self._loop is None or self._loop.began is None:  # by hand
            self.last_batch = (x, y) if sample_weight is None else (x, y, sample_weight)
            self.trained_asleep = not getattr(self.model, "training", True)
        if self._needs_closure:
            return self._step_with_closure(x, y, sample_weight)
        if not self.pending:
            self.optimizer.zero_grad()
        loss, output = pair(self.compute_loss(x, y, sample_weight))
        value = checked(loss)
        if not math.isfinite(value):
            return value
        if self.gradient_accumulation_steps == 1:
            loss.backward(retain_grads=False)
            if self.measures.metrics:
                self.measures.update(output, y)
            self._update(loss)
            return value
        n = length((x,))
        loss.backward(np.asarray(float(n), loss.dtype)[()], retain_grads=False)
        self.measures.update(output, y)
        self.pending, self._pending_samples = self.pending + 1, self._pending_samples + n
        if self.pending == self.gradient_accumulation_steps:
            self._update(loss)
        return value

    def compute_loss(self, x: Any, y: Any = None, sample_weight: Any = None) -> tuple[Any, Any]:
        """The loss of a batch, a mean over its samples as a Value, and the model's output.

        What training makes small and `evaluate` measures: override it for a loss of another kind.
        """
        if y is None:
            raise TypeError("no targets y were given; without any, override compute_loss.")
        output = self.model(x)
        if sample_weight is None:
            return self.loss(output, y), output
        losses = of_each_sample(self.loss)(output, y, reduction="none")
        if np.ndim(losses) > 1:
            losses = losses.reshape(len(sample_weight), -1).mean(axis=1)
        return np.mean(losses * sample_weight), output

    def _step_with_closure(self, x: Any, y: Any, sample_weight: Any) -> float:
        """For optimizers that evaluate the loss several times a step, LBFGS."""
        outputs: list[Any] = []

        def closure() -> Any:
            self.optimizer.zero_grad()
            loss, output = self.compute_loss(x, y, sample_weight)
            outputs.append(output)
            if math.isfinite(checked(loss)):
                loss.backward(retain_grads=False)
                for hook in self._hooks if len(outputs) == 1 else ():
                    hook(loss)
                if self._limits.any:
                    self._limits.apply(self.optimizer)
            return loss

        loss = self.optimizer.step(closure)
        self.measures.update(outputs[0], y)
        self.updates += 1
        return checked(loss)

    def _update(self, loss: Any) -> None:
        """A step of the optimizer, by the gradients that are there."""
        if self.pending:
            for p in self.optimizer.parameters():
                if p.grad is not None:
                    p.grad = p.grad / self._pending_samples
            self.pending = self._pending_samples = 0
        for hook in self._hooks:
            hook(loss)
        if self._limits.any:
            self._limits.apply(self.optimizer)
        self.optimizer.step()
        self.updates += 1

    def end_epoch(self) -> None:
        """Make the update of batches that were too few for one."""
        if self.pending:
            self._update(None)

    # ------------------------------------------------------------------ measuring

    def evaluate(
        self, x: Any, y: Any = None, *, batch_size: int | None = OWN, sample_weight: Any = None
    ) -> dict[str, float]:
        """The mean loss over samples and the metrics, in evaluation mode, without a graph.

        (But of the first batch, where accuracy has to see what made the output.) Batches, instead
        of arrays, must come to an end.

        >>> import nn, optim
        >>> model = nn.Linear(1, 1, rng=0)
        >>> trainer = optim.Trainer(
        ...     model, nn.mse_loss, optim.SGD(model.parameters()), metrics=["mae"]
        ... )
        >>> sorted(trainer.evaluate(np.ones((5, 1)), np.ones((5, 1))))
        ['loss', 'mae']
        """
        return self.evaluated(feed(x, y, self._size(batch_size), sample_weight=sample_weight))

    def evaluated(self, data: Feed) -> dict[str, float]:
        """The same of batches."""
        measures = self.measures.fresh()
        with self.mode(training=False):
            for batch in data.epoch():
                with no_grad() if measures.settled else nullcontext():
                    loss, output = pair(self.compute_loss(*batch))
                measures.update(output, batch[1] if len(batch) > 1 else None)
                measures.add(float(plain(loss)), length(batch))
        if not measures.samples:
            raise ValueError("there are no batches to evaluate.")
        return measures.result()

    def predict(self, x: Any, *, batch_size: int | None = OWN) -> Any:
        """The model's outputs for samples, as an array, in evaluation mode, without a graph.

        Of a model that returns tuples or dicts, such a nest of arrays.
        """
        data = feed(x, None, self._size(batch_size))
        with self.mode(training=False), no_grad():
            outputs = [map_arrays(plain, self.model(batch[0])) for batch in data.epoch()]
        return joined(outputs)

    @contextmanager
    def mode(self, training: bool) -> Iterator[None]:
        """The model, if it has modes, and all its parts in one mode, and back each in its own."""
        before = [(part, part.training) for part in getattr(self.model, "modules", list)()]
        if before:
            self.model.train(training)
        try:
            yield
        finally:
            for part, mode in before:
                part.training = mode

    def awake(self) -> None:
        """The model in training mode again, if a callback has left it in the other one."""
        if getattr(self.model, "training", True) is False:
            self.model.train()

    # ------------------------------------------------------------------ stopping

    def stop(self, reason: str) -> None:
        """End training when this batch or epoch is done; `history.stopped` has the reason."""
        if self._loop is not None:
            self._loop.stopped = reason

    @property
    def stop_training(self) -> bool:
        """Whether training is about to end; a callback may set it to True."""
        return self._loop is not None and self._loop.stopped is not None

    @stop_training.setter
    def stop_training(self, wanted: bool) -> None:
        if self._loop is not None:
            self._loop.stopped = "stop_training was set" if wanted else None

    @property
    def epoch(self) -> int:
        """The number of the epoch that is being trained, or is next."""
        if self._resumed is not None:
            return int(self._resumed["run"]["epoch"])
        return self._loop.epoch if self._loop is not None else 0

    @property
    def seconds(self) -> float:
        """How long the last fit has trained, also before it was gone on with."""
        return self._loop.elapsed() if self._loop is not None else 0.0

    @property
    def interrupted(self) -> bool:
        """Whether the last fit was left between two batches, or by Ctrl-C."""
        return self.history.interrupted or (self._loop is not None and self._loop.batch > 0)

    def diagnose(self, x: Any = None, y: Any = None) -> Diagnosis:
        """Look for the usual mistakes in a model and its training, with the evidence for each.

        x, y: samples, of which 256 are looked at; by default those that the last `fit` was given.
        Trains a few steps to see what the learning rate does, and forgets them: nothing is
        changed. See `Diagnosis`.

        Raises ValueError without samples.
        """
        if x is None:
            x, y = self._known_samples()
        return diagnose(self, x, y)

    def _known_samples(self) -> tuple[Any, Any]:
        """The data of the last fit, if they are arrays, and otherwise its last batch."""
        data = self._loop.data if self._loop is not None else None
        data = data.source if isinstance(data, Weighted) else data
        if isinstance(data, Batches) and data.holds_samples():
            return data.data["x"], data.data["y"]
        if self.last_batch is None:
            raise ValueError("there was no training yet: write trainer.diagnose(x, y).")
        return self.last_batch[0], self.last_batch[1]

    # ------------------------------------------------------------------ helpers

    def _size(self, given: Any) -> int | None:
        if given is not OWN:
            checked_batch_size(given)
        return self.batch_size if given is OWN else given
