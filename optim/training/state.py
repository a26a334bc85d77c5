"""What a trainer is made of at a moment: its weights, and all else that a file of it holds."""

import copy
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from optim.optimizers import Optimizer
from optim.training import checkpoints
from optim.training.history import History
from optim.training.loop import Loop
from optim.training.measures import Measures

__all__ = ["Resumable"]


class Resumable:
    """A model, its optimizer, and a run that can be saved, and gone on with."""

    model: Any
    optimizer: Optimizer
    measures: Measures
    history: History
    pending: int
    updates: int
    last_batch: tuple[Any, ...] | None
    _pending_samples: int
    _loop: Loop | None
    _resumed: dict[str, Any] | None

    def weights(self) -> dict[str, Any]:
        """The model's `state_dict`, and parameters of the optimizer that are not in it; copies."""
        found: dict[str, Any] = dict(getattr(self.model, "state_dict", dict)())
        return found | {name: np.copy(p.data) for name, p in self._other_parameters()}

    def load_weights(self, weights: Mapping[str, Any]) -> None:
        """Set all that `weights` returned. Raises ValueError if it is of another model."""
        others = dict(self._other_parameters())
        own = {name: data for name, data in weights.items() if name not in others}
        wrong = [
            f"{name} is missing, or not of the shape {np.shape(p.data)}"
            for name, p in others.items()
            if name not in weights or np.shape(p.data) != np.shape(weights[name])
        ]
        if wrong or (own and not hasattr(self.model, "load_state_dict")):
            wrong = wrong or [f"{name} is unexpected" for name in own]
            raise ValueError(f"these are weights of another model: {'; '.join(wrong)}.")
        if hasattr(self.model, "load_state_dict"):
            self.model.load_state_dict(own)
        for name, p in others.items():
            p.data = np.array(weights[name], np.asarray(p.data).dtype)[()]

    def _other_parameters(self) -> list[tuple[str, Any]]:
        named: Any = getattr(self.model, "named_parameters", tuple)()
        known = {id(p) for _, p in named}
        return [
            (f"parameter {k}", p)
            for k, p in enumerate(self.optimizer.parameters())
            if id(p) not in known
        ]

    def drop_gradients(self) -> None:
        """Forget the gradients of batches that wait for an update."""
        self.pending = self._pending_samples = 0
        self.optimizer.zero_grad()

    def save(self, path: Any) -> None:
        """Write the whole state of training into a file from which `resume` goes on.

        Weights, optimizer, schedules and other callbacks, random generators, the place within the
        epoch, gradients that wait for an update, and the history: as .npz without pickle, first
        into a temporary file beside it, which is then renamed.

        Further modules and optimizers that a subclass has as attributes are in it too. Called by a
        callback it writes when all callbacks have been called. What an exception left half done
        within a batch, it cannot mend.
        """
        if self._loop is None or not self._loop.save(path):
            checkpoints.save(self, path)

    def resume(self, path: Any, *, missing_ok: bool = False, weights_only: bool = False) -> Self:
        """Take up what `save` wrote, into a trainer made as that one was; returns the trainer.

        The next `fit`, called as the interrupted one was, goes on where that was: it ends with the
        same weights, bit for bit, as if it had not been interrupted. missing_ok: do nothing if
        there is no such file, so that the same program begins a run and goes on with it.
        weights_only: of another run, of which only the model is the same.

        Raises ValueError, and changes nothing, for a damaged file, and for that of another model
        or optimizer.

        >>> import nn, optim, tempfile
        >>> def trainer():
        ...     model = nn.Linear(1, 1, rng=0)
        ...     return optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()))
        >>> first, second = trainer(), trainer()
        >>> x = np.linspace(-1, 1, 8)[:, None]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     history = first.fit(x, 3 * x, epochs=2, rng=0, verbose=0)
        ...     first.save(f"{folder}/run.npz")
        ...     history = second.resume(f"{folder}/run.npz").fit(x, 3 * x, epochs=5, verbose=0)
        >>> len(history)
        5
        """
        if missing_ok and not os.path.exists(path):
            return self
        if weights_only:
            checkpoints.load_weights(self, path)
            return self
        self._resumed = checkpoints.load(self, path)
        if self._resumed is not None:
            self.history = History()
            self.history.load_state_dict(self._resumed["run"]["history"])
        return self

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Whatever is trained within it is forgotten at its end."""
        weights, state = self.weights(), self.optimizer.state_dict()
        generators = [copy.deepcopy(g.bit_generator.state) for g in self.generators()]
        waiting, grads = self.waiting(), [p.grad for p in self.optimizer.parameters()]
        measures, loop, last_batch = self.measures, self._loop, self.last_batch
        updates = self.updates
        parts = {name: part.state_dict() for name, part in self.parts().items()}
        self.measures, self._loop = self.measures.fresh(), None
        self.drop_gradients()
        try:
            yield
        finally:
            self.load_weights(weights)
            self.optimizer.load_state_dict(state)
            for name, part in self.parts().items():
                part.load_state_dict(parts[name])
            self.set_generators(generators)
            self.set_waiting(waiting)
            for p, g in zip(self.optimizer.parameters(), grads, strict=True):
                p.grad = g
            self.measures, self._loop, self.last_batch = measures, loop, last_batch
            self.updates = updates

    def state_of_run(self) -> dict[str, Any] | None:
        """The place of the last `fit`, or of the run that is to be gone on with."""
        if self._resumed is not None:
            return dict(self._resumed["run"])
        return self._loop.state_dict() if self._loop is not None else None

    def parts(self) -> dict[str, Any]:
        """What else is trained: modules and optimizers that a subclass has as attributes."""
        own = ("model", "optimizer", "measures", "history", "loss")
        return {
            name: part
            for name, part in vars(self).items()
            if name not in own and hasattr(part, "state_dict") and hasattr(part, "load_state_dict")
            if not name.startswith("_")
        }

    def generators(self) -> list[Any]:
        """The random generators that the model, and other parts, draw from."""
        models = (self.model, *self.parts().values())
        found = [g for model in models for g in getattr(model, "generators", list)()]
        return list({id(g): g for g in found}.values())

    def set_generators(self, states: list[Any]) -> None:
        for generator, state in zip(self.generators(), states, strict=True):
            generator.bit_generator.state = state

    def waiting(self) -> tuple[int, int, list[Any]]:
        """The batches that wait for an update, their samples, and the gradients so far."""
        grads = [p.grad for p in self.optimizer.parameters()] if self.pending else []
        return self.pending, self._pending_samples, grads

    def set_waiting(self, waiting: tuple[int, int, list[Any]]) -> None:
        self.drop_gradients()
        self.pending, self._pending_samples, grads = waiting
        for p, g in zip(self.optimizer.parameters(), grads, strict=False):
            p.grad = g
