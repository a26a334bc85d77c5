"""Loop: one call of fit, and where it is, so that it can be left and gone on with."""

import copy
import math
import time
import weakref
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.data.batches import map_arrays
from optim.data.feeds import Feed, length
from optim.training import checkpoints
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

    epoch, batch: how many epochs, and batches of the next one, are done. order: what the data's
    `state_dict` was before the epoch. stopped: why it is to end. saves: files to be written as
    soon as the state is whole.
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
        self.epoch, self.batch, self.within_epoch = first, 0, False
        self.spent = 0.0
        self.history = History()
        self.order: Any = None
        self.generators: list[Any] | None = None  # of a run that was left within an epoch
        self.stopped: str | None = None
        self.began: float | None = None
        self.saved: Mapping[str, Any] | None = None  # what the run was loaded from
        self.calling, self.saves = False, list[Any]()

    # ------------------------------------------------------------------ running

    def run(self, verbose: int) -> History:
        trainer = self.trainer
        for callback in self.callbacks:
            callback.trainer = trainer
        progress = Progress(verbose, self.epochs, self.epoch, self.batches())
        self.began = time.perf_counter()
        try:
            with Interrupts() as interrupts, trainer.mode(training=True):
                self._call("on_train_begin")
                self._load_callbacks()
                self.good = self._snapshot()
                while self.epoch < self.epochs and not self.stopped:
                    if self._train(progress, interrupts):
                        self._finish_epoch(progress)
                    if interrupts.requested and not self.stopped and self.epoch < self.epochs:
                        self._interrupt()
                self.history.stopped = self.stopped
                self._call("on_train_end", self.history.at(-1) if len(self.history) else {})
        finally:
            self.calling = False
            progress.end(self.stopped)
            self.spent, self.began, self.good = self.elapsed(), None, None
            for callback in self.callbacks:  # so that nothing holds the trainer in a circle
                callback.trainer = weakref.proxy(trainer)
            self.trainer = weakref.proxy(trainer)
        return self.history

    def _train(self, progress: Progress, interrupts: Interrupts) -> bool:
        """The batches of an epoch that are not done yet; whether that was all of them."""
        trainer, step = self.trainer, self.trainer.train_on_batch
        measures, bar, isfinite = trainer.measures, progress.bar, math.isfinite
        begin, end = self.hooks("on_train_batch_begin"), self.hooks("on_train_batch_end")
        moved = self.hooks("on_update")
        first, updates = self.batch, trainer.updates
        keep = not self.data.holds_samples()
        for batch in self._begin_epoch(progress):
            if begin:
                self._call("on_train_batch_begin", self.batch)
            measured = step(*batch)
            loss = (
                measured if type(measured) is float else measures.tracked(measured, length(batch))
            )
            if not isfinite(loss):
                self._give_up(f"the loss is {loss}", _blame(batch))
                return False
            measures.add(loss, length(batch))
            if keep:
                trainer.last_batch = batch
            del batch  # its memory is still near when the next one is taken
            self.batch += 1
            if self.step_losses:
                self.history.step_losses.append(loss)
            if moved:
                updates = self._after_update(updates)
            if end:
                self._call("on_train_batch_end", self.batch - 1, {"loss": loss})
            if self.saves:
                self._write_saves()
            if bar is not None and bar.update():
                bar.set_postfix_str(f"loss {measures.loss:.4f}", refresh=False)
            if (interrupts.requested or self.stopped) and self.batch != self.batches():
                if interrupts.requested:
                    self._interrupt()
                return False
        if not self.batch:
            raise ValueError(
                f"there are no batches for epoch {self.epoch + 1}: an iterator is used up after "
                "one epoch. Give something to loop over again and again, such as "
                "optim.batches(x, y), or steps_per_epoch."
            )
        if trainer.updates == updates and not trainer.pending and not moved:
            trainer.updates += self.batch - first  # by a train_on_batch of the user's own
        trainer.end_epoch()
        if moved and trainer.updates > updates:
            self._call("on_update")
        return True

    def _after_update(self, before: int) -> int:
        """Tell callbacks of an update, if the batch made one; how many there are now."""
        trainer = self.trainer
        if trainer.updates == before and not trainer.pending:
            trainer.updates += 1  # by a train_on_batch of the user's own
        if trainer.updates > before:
            self._call("on_update")
        return trainer.updates

    def _begin_epoch(self, progress: Progress) -> Iterator[tuple[Any, ...]]:
        """The batches to come, in the order of this epoch."""
        progress.epoch(self.epoch)
        if self.batch:
            progress.skip(self.batch)
        else:
            self.order = self.data.state_dict()
            self.trainer.measures.reset()
            self.trainer.awake()
            self._call("on_epoch_begin", self.epoch)
        self.within_epoch = True
        batches = self.data.epoch(self.batch)
        if self.generators is not None:  # which may be the one that the order was drawn from
            batches = _after_first(batches, self.trainer.set_generators, self.generators)
            self.generators = None
        return batches

    def _finish_epoch(self, progress: Progress) -> None:
        trainer, epoch = self.trainer, self.epoch
        if not all(np.isfinite(p.data).all() for p in trainer.optimizer.parameters()):
            self._give_up("a weight is not finite")
            return
        logs = trainer.measures.result()
        if self.validation is not None:
            self._call("on_test_begin")
            held = {f"val_{name}": x for name, x in trainer.evaluated(self.validation).items()}
            logs |= held
            self._call("on_test_end", held)
        self.epoch, self.batch, self.within_epoch = epoch + 1, 0, False
        self.history.append(logs, epoch=epoch, updates=trainer.updates, seconds=self.elapsed())
        self.calling = True
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)
            self.history.add(logs)
        self.calling = False
        self._write_saves()
        self.good = self._snapshot()
        progress.end_of_epoch(epoch, logs)

    def _interrupt(self) -> None:
        self.history.interrupted = True
        where = f"in epoch {self.epoch + 1}, after batch {self.batch}"
        self.stopped = f"interrupted {where if self.batch else f'after epoch {self.epoch}'}"

    def _give_up(self, what: str, blame: str = "") -> None:
        """Back to the end of the last good epoch, and out."""
        trainer, where = self.trainer, f"{what} in epoch {self.epoch + 1}, batch {self.batch + 1}"
        weights, buffers, state, callbacks, trainer.updates, steps = self.good
        for p, data in zip(trainer.optimizer.parameters(), weights, strict=True):
            p.data = data
        for module, name, data in buffers:
            setattr(module, name, data)
        trainer.optimizer.load_state_dict(state)
        for callback, saved in zip(self.callbacks, callbacks, strict=True):
            callback.load_state_dict(saved)
        del self.history.step_losses[steps:]
        trainer.drop_gradients()
        self.batch, self.within_epoch = 0, False
        self.stopped, self.history.stopped, self.history.diverged = where, where, True
        if any(isinstance(callback, TerminateOnNaN) for callback in self.callbacks):
            return
        kept = f"at the end of epoch {self.epoch}" if self.epoch else "at the start"
        raise NonFiniteLoss(
            f"training stopped: {where}{blame}. The weights are those {kept}. Look for a learning "
            "rate that is too high, and for data that are not finite; trainer.diagnose() may tell.",
            self.history,
        )

    def _snapshot(self) -> Any:
        optimizer = self.trainer.optimizer
        return (
            [copy.copy(p.data) for p in optimizer.parameters()],
            getattr(self.trainer.model, "buffer_snapshot", list)(),
            optimizer.state_dict(),
            [copy.deepcopy(callback.state_dict()) for callback in self.callbacks],
            self.trainer.updates,
            len(self.history.step_losses),
        )

    # ------------------------------------------------------------------ its place

    def save(self, path: Any) -> bool:
        """Whether a file is to be written later, when all callbacks have been called."""
        if self.calling:
            self.saves.append(path)
        return self.calling

    def _write_saves(self) -> None:
        paths, self.saves = self.saves, []
        for path in paths:
            checkpoints.save(self.trainer, path)

    def state_dict(self) -> dict[str, Any]:
        """Where it is, for `load_state_dict` of a loop on the same data."""
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "order": self.order if self.within_epoch else self.data.state_dict(),
            "updates": self.trainer.updates,
            "spent": self.elapsed(),
            "history": self.history.state_dict(),
            "data": repr(self.data),
            "callbacks": [[type(c).__name__, c.state_dict()] for c in self.callbacks],
        }

    def load_state_dict(self, state: Mapping[str, Any], generators: list[Any]) -> None:
        """Raises ValueError, and changes nothing, if the run is of other data or callbacks."""
        if state["data"] != repr(self.data):
            raise ValueError(
                f"the saved run is of {state['data']}, this one of {self.data!r}: give fit the "
                "same data and batch_size."
            )
        kinds, own = (
            [kind for kind, _ in state["callbacks"]],
            [type(c).__name__ for c in self.callbacks],
        )
        if kinds != own:
            raise ValueError(
                f"the saved run had the callbacks {', '.join(kinds) or 'none'}; this one has "
                f"{', '.join(own) or 'none'}: give fit the same ones, or begin another run with "
                "these weights by resume(path, weights_only=True)."
            )
        for name in ("epoch", "batch", "order", "spent"):
            setattr(self, name, state[name])
        self.within_epoch = self.batch > 0
        self.trainer.updates = state["updates"]
        self.history.load_state_dict(state["history"])
        self.history.stopped, self.history.interrupted = None, False
        self.data.load_state_dict(self.order)
        self.generators = generators if self.batch else None
        if not self.batch:
            self.trainer.set_generators(generators)
        self.saved = state

    def _load_callbacks(self) -> None:
        """Theirs, and the optimizer's again: schedules that are made change its rate."""
        if self.saved is not None:
            for callback, (_, state) in zip(self.callbacks, self.saved["callbacks"], strict=True):
                callback.load_state_dict(state)
            self.trainer.optimizer.load_state_dict(self.saved["optimizer"])
            self.saved = None

    def elapsed(self) -> float:
        """Seconds of training, also before the run was gone on with."""
        return self.spent + (0.0 if self.began is None else time.perf_counter() - self.began)

    # ------------------------------------------------------------------ helpers

    def _call(self, name: str, *arguments: Any) -> None:
        self.calling = True
        for callback in self.callbacks:
            getattr(callback, name)(*arguments)
        self.calling = False

    def hooks(self, name: str) -> list[Any]:
        """The methods of callbacks that define this one."""
        return [
            getattr(c, name)
            for c in self.callbacks
            if getattr(type(c), name) is not getattr(Callback, name) or name in vars(c)
        ]

    def batches(self) -> int | None:
        """How many are an epoch, if that is known."""
        try:
            return len(self.data)
        except TypeError:
            return None


def _after_first(batches: Any, then: Any, argument: Any) -> Iterator[tuple[Any, ...]]:
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
        arrays: list[Any] = []
        map_arrays(arrays.append, part)
        if not all(np.isfinite(a).all() for a in arrays):
            bad.append(name)
    return f", and {' and '.join(bad)} of it is not finite" if bad else ""
