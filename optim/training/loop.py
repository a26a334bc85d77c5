"""Loop: one call of fit, and where it is, so that it can be left and gone on with."""

import copy
import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.data.batches import map_arrays
from optim.data.feeds import Feed, length
from optim.training.callbacks import Callback, TerminateOnNaN
from optim.training.history import History
from optim.training.interrupts import Interrupts
from optim.training.progress import Progress

if TYPE_CHECKING:
    from optim.training.trainer import Trainer

__all__ = ["Loop", "NonFiniteLoss"]


class NonFiniteLoss(ArithmeticError):
    """The loss, or a weight, became infinite or not a number; `history` has the epochs before.

    >>> NonFiniteLoss("the loss is nan").history
    History(0 epochs)
    """

    def __init__(self, message: str, history: History | None = None) -> None:
        super().__init__(message)
        self.history = History() if history is None else history


class Loop:
    """One training run: its data, its callbacks, its history, and its place.

    epoch, batch: how many epochs, and batches of the next one, are done. order: the state of the
    generator from which the epoch's order is drawn, before that.
    """

    def __init__(
        self,
        trainer: "Trainer",
        data: Feed,
        validation: Feed | None,
        callbacks: list[Callback],
        *,
        epochs: int,
        first: int = 0,
        step_losses: bool = False,
    ) -> None:
        self.trainer, self.data, self.validation = trainer, data, validation
        self.callbacks = sorted(callbacks, key=lambda callback: callback.rank)
        self.epochs, self.step_losses = epochs, step_losses
        self.epoch, self.batch = first, 0
        self.spent = 0.0
        self.history = History()
        self.order: Any = None
        self.generators: list[Any] | None = None  # of a run that was left within an epoch
        self.stopped: str | None = None
        self.began: float | None = None
        self.saved_callbacks: list[Any] | None = None

    # ------------------------------------------------------------------ running

    def run(self, verbose: int) -> History:
        trainer = self.trainer
        for callback in self.callbacks:
            callback.trainer = trainer
        resumed = self._resume_callbacks()
        progress = Progress(verbose, self.epochs, self.epoch, self._batches())
        self.began = time.perf_counter()
        try:
            with Interrupts() as interrupts, trainer.mode(training=True):
                self.good = self._snapshot()
                if not resumed:
                    self._call("on_train_begin")
                while self.epoch < self.epochs and not self.stopped:
                    if self._train(progress, interrupts):
                        self._finish_epoch(progress)
                    if interrupts.requested and not self.stopped:
                        self.stopped = f"interrupted {self._place()}"
                self.history.stopped = self.stopped
                self._call("on_train_end", self.history.at(-1) if len(self.history) else {})
        finally:
            progress.end(self.stopped)
            self.spent, self.began = self.elapsed(), None
        return self.history

    def _train(self, progress: Progress, interrupts: Interrupts) -> bool:
        """The batches of an epoch that are not done yet; whether that was all of them."""
        trainer, step = self.trainer, self.trainer.train_on_batch
        measures, bar, isfinite = trainer.measures, progress.bar, math.isfinite
        batches, first, updates = self._begin_epoch(progress), self.batch, trainer.updates
        begin, end = self._hooks("on_train_batch_begin"), self._hooks("on_train_batch_end")
        for batch in batches:
            if begin:
                for hook in begin:
                    hook(self.batch)
            measured = step(*batch)
            loss = (
                measured if type(measured) is float else measures.tracked(measured, length(batch))
            )
            if not isfinite(loss):
                self._give_up(f"the loss is {loss}", self.batch, _blame(batch))
                return False
            measures.add(loss, length(batch))
            self.batch += 1
            if self.step_losses:
                self.history.step_losses.append(loss)
            if end:
                logs = {"loss": loss}
                for hook in end:
                    hook(self.batch - 1, logs)
            if bar is not None and bar.update():
                bar.set_postfix_str(f"loss {measures.loss:.4f}", refresh=False)
            if (interrupts.requested or self.stopped) and not self._is_last():
                self.stopped = self.stopped or f"interrupted {self._place()}"
                return False
        if not self.batch:
            raise ValueError(
                f"there are no batches for epoch {self.epoch + 1}: an iterator is used up after "
                "one epoch. Give something to loop over again and again, such as "
                "optim.batches(x, y), or steps_per_epoch."
            )
        if trainer.updates == updates and not trainer.pending:
            trainer.updates += self.batch - first  # by a train_on_batch of the user's own
        return True

    def _begin_epoch(self, progress: Progress) -> Any:
        """The batches to come, in the order of this epoch."""
        progress.epoch(self.epoch)
        rng = self.data.rng
        if self.batch:
            progress.skip(self.batch)
        else:
            self.order = None if rng is None else rng.bit_generator.state
            self.trainer.measures.reset()
            self.trainer.awake()
            self._call("on_epoch_begin", self.epoch)
        batches = self.data.epoch(self.batch)
        if self.generators is not None:  # which may be the one that the order was drawn from
            batches = _after_first(batches, self.trainer.set_generators, self.generators)
            self.generators = None
        return batches

    def _finish_epoch(self, progress: Progress) -> None:
        trainer, epoch = self.trainer, self.epoch
        trainer.end_epoch()
        if not all(np.isfinite(p.data).all() for p in trainer.optimizer.parameters()):
            self._give_up("a weight is not finite", self.batch - 1)
            return
        logs = trainer.measures.result()
        if self.validation is not None:
            self._call("on_test_begin")
            held = {f"val_{name}": x for name, x in trainer.evaluated(self.validation).items()}
            logs |= held
            self._call("on_test_end", held)
        self.epoch, self.batch = epoch + 1, 0
        self.history.append(logs, epoch=epoch, updates=self.trainer.updates, seconds=self.elapsed())
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)
            self.history.add(logs)
        self.good = self._snapshot()
        progress.end_of_epoch(epoch, logs)

    def _give_up(self, what: str, batch: int, blame: str = "") -> None:
        """Back to the end of the last good epoch, and out."""
        weights, state = self.good
        for p, data in zip(self.trainer.optimizer.parameters(), weights, strict=True):
            p.data = data
        self.trainer.optimizer.load_state_dict(state)
        self.trainer.drop_gradients()
        where = f"{what} in epoch {self.epoch + 1}, batch {batch + 1}"
        self.batch = 0
        if any(isinstance(callback, TerminateOnNaN) for callback in self.callbacks):
            self.stopped = where
            return
        self.history.stopped = self.stopped = where
        kept = f"at the end of epoch {self.epoch}" if self.epoch else "at the start"
        raise NonFiniteLoss(
            f"training stopped: {where}{blame}. The weights are those {kept}. Look for a learning "
            "rate that is too high, and for data that are not finite; trainer.diagnose() may tell.",
            self.history,
        )

    # ------------------------------------------------------------------ its place

    def state_dict(self) -> dict[str, Any]:
        """Where it is, for `load_state_dict` of a loop on the same data."""
        if not self.batch and self.data.rng is not None:  # between epochs
            self.order = self.data.rng.bit_generator.state
        return {
            **{name: getattr(self, name) for name in ("epoch", "batch", "order")},
            "updates": self.trainer.updates,
            "spent": self.elapsed(),
            "history": self.history.state_dict(),
            "data": repr(self.data) if not self._streams() else None,
            "callbacks": [[type(c).__name__, c.state_dict()] for c in self.callbacks],
        }

    def load_state_dict(self, state: Mapping[str, Any], generators: list[Any]) -> None:
        if state["data"] != (repr(self.data) if not self._streams() else None):
            raise ValueError(
                f"the saved run is of {state['data'] or 'batches from an iterable'}, this one of "
                f"{self.data!r}: give fit the same data and batch_size."
            )
        for name in ("epoch", "batch", "order", "spent"):
            setattr(self, name, state[name])
        self.trainer.updates = state["updates"]
        self.history.load_state_dict(state["history"])
        self.history.stopped = None
        self.generators = generators if self.batch else None
        if self.order is not None and self.data.rng is not None:
            self.data.rng.bit_generator.state = self.order
        self.saved_callbacks = state["callbacks"]

    def _resume_callbacks(self) -> bool:
        saved = self.saved_callbacks
        if saved is None:
            return False
        kinds, own = [kind for kind, _ in saved], [type(c).__name__ for c in self.callbacks]
        if kinds != own:
            raise ValueError(
                f"the saved run had the callbacks {', '.join(kinds) or 'none'}; this one has "
                f"{', '.join(own) or 'none'}: give fit the same ones."
            )
        self._call("on_train_begin")
        for callback, (_, state) in zip(self.callbacks, saved, strict=True):
            callback.load_state_dict(state)
        return True

    def elapsed(self) -> float:
        """Seconds of training, also before the run was gone on with."""
        return self.spent + (0.0 if self.began is None else time.perf_counter() - self.began)

    # ------------------------------------------------------------------ helpers

    def _call(self, name: str, *arguments: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, name)(*arguments)

    def _hooks(self, name: str) -> list[Any]:
        """The methods of callbacks that define this one."""
        return [
            getattr(c, name)
            for c in self.callbacks
            if getattr(type(c), name) is not getattr(Callback, name) or name in vars(c)
        ]

    def hooks_on_gradients(self) -> list[Any]:
        return self._hooks("on_gradients")

    def _snapshot(self) -> tuple[list[Any], dict[str, Any]]:
        optimizer = self.trainer.optimizer
        return [copy.copy(p.data) for p in optimizer.parameters()], optimizer.state_dict()

    def _streams(self) -> bool:
        return self._batches() is None

    def _batches(self) -> int | None:
        try:
            return len(self.data)
        except TypeError:
            return None

    def _is_last(self) -> bool:
        return self.batch == self._batches()

    def _place(self) -> str:
        if not self.batch:
            return f"after epoch {self.epoch}"
        return f"in epoch {self.epoch + 1}, after batch {self.batch}"


def _after_first(batches: Any, then: Any, argument: Any) -> Any:
    """The batches, with something done when the first of them has been drawn."""
    first = next(batches, None)
    then(argument)
    if first is not None:
        yield first
        yield from batches


def _blame(batch: tuple[Any, ...]) -> str:
    """Which part of a batch has numbers that are not finite."""
    bad: list[str] = []
    for name, part in zip(("x", "y", "sample_weight"), batch, strict=False):
        map_arrays(lambda a, name=name: np.isfinite(a).all() or bad.append(name), part)
    return f", and {' and '.join(dict.fromkeys(bad))} of it is not finite" if bad else ""
