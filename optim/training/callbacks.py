"""Callbacks: what is done beside training, at its beginnings and ends. Keras's names.

The order of calls, in each of them the callbacks one after the other:

    on_train_begin
        on_epoch_begin(epoch)
            on_train_batch_begin(batch)
            on_gradients(loss)                 before an update: gradients are there, unclipped
            on_update                          after it; also of what is left at an epoch's end
            on_train_batch_end(batch, logs)
        on_test_begin, on_test_end(logs)       if there are validation data
        on_epoch_end(epoch, logs)
    on_train_end(logs)

Callbacks that only write stand behind those that measure, and checkpoints last, wherever they
stand in the list: so they write what the others have said.
"""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from optim.training.known_metrics import larger_is_better

if TYPE_CHECKING:
    from optim.training.trainer import Trainer

__all__ = [
    "Callback",
    "EarlyStopping",
    "LambdaCallback",
    "LearningRateScheduler",
    "Monitor",
    "TerminateOnNaN",
    "TimeLimit",
    "checked_callbacks",
]

Logs = dict[str, float]
Mode = Literal["auto", "min", "max"]


class Callback:
    """What all callbacks have: methods that do nothing, for a subclass to override.

    trainer: the trainer, set before on_train_begin; `trainer.stop_training = True` ends training
        after this batch, or epoch. logs: what was measured; what `on_epoch_end` adds to them goes
        into the history. state_dict, load_state_dict: what a resumed run needs to go on; it calls
        on_train_begin, load_state_dict, and within an epoch no on_epoch_begin.

    >>> class Loud(Callback):
    ...     def on_epoch_end(self, epoch, logs):
    ...         print(epoch, sorted(logs))
    >>> import nn, optim
    >>> model = nn.Linear(1, 1)
    >>> trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()))
    >>> _ = trainer.fit([[1.0]], [[1.0]], callbacks=[Loud()], verbose=0)
    0 ['loss']
    """

    rank: ClassVar[int] = 0  # 1 stands behind 0, and 2 behind both
    trainer: "Trainer"

    def on_train_begin(self) -> None: ...
    def on_epoch_begin(self, epoch: int) -> None: ...
    def on_train_batch_begin(self, batch: int) -> None: ...
    def on_gradients(self, loss: Any) -> None: ...
    def on_update(self) -> None: ...
    def on_train_batch_end(self, batch: int, logs: Logs) -> None: ...
    def on_test_begin(self) -> None: ...
    def on_test_end(self, logs: Logs) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs) -> None: ...
    def on_train_end(self, logs: Logs) -> None: ...

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)


class LambdaCallback(Callback):
    """A callback of functions, by the names of the methods.

    >>> LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs)).on_epoch_end(0, {})
    0 {}
    """

    def __init__(self, **functions: Callable[..., Any]) -> None:
        known = [name for name in vars(Callback) if name.startswith("on_")]
        for name, function in functions.items():
            if name not in known:
                raise TypeError(f"there is no call {name!r}; there are {', '.join(known)}.")
            setattr(self, name, function)


class Monitor(Callback):
    """What watches one measure, and knows which of its values is better."""

    def __init__(self, monitor: str, mode: Mode, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is {mode!r}; it is 'auto', 'min' or 'max'.")
        self.monitor, self.min_delta = monitor, abs(min_delta)
        up = mode == "max" or (mode == "auto" and larger_is_better(monitor))
        self.sign = -1 if up else 1
        self.best = math.inf * self.sign

    def better(self, value: float, than: float | None = None) -> bool:
        best = self.best if than is None else than
        return self.sign * value < self.sign * best - self.min_delta

    def measured(self, logs: Logs) -> float:
        if self.monitor not in logs:
            held = any(name.startswith("val_") for name in logs)
            wanted = self.monitor.startswith("val_") and not held
            hint = ": give fit validation_data" if wanted else ""
            raise ValueError(
                f"{type(self).__name__} watches {self.monitor!r}, but measured are "
                f"{', '.join(logs)}{hint}."
            )
        return logs[self.monitor]


class EarlyStopping(Monitor):
    """Ends training when a measure has not become better for `patience` epochs.

    Better is by more than min_delta than the best so far, or than `baseline` at first; in mode
    "auto" accuracies and their like rise and all else falls. Epochs before start_from_epoch do not
    count. restore_best_weights: at the end the weights are those of the best epoch (Keras's
    default is not to), but for a run that is left between two batches, to be gone on with:
    `trainer.load_weights(stop.best_weights)` sets them there.

    Raises ValueError for a measure that there is none of.

    >>> stop = EarlyStopping(patience=5)
    >>> stop.monitor
    'val_loss'
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        min_delta: float = 0.0,
        patience: int = 0,
        mode: Mode = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = True,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if patience < 0:
            raise ValueError(f"patience is {patience}; it is a number of epochs, at least 0.")
        self.patience, self.baseline = patience, baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.wait, self.best_epoch = 0, -1
        self.best_weights: dict[str, Any] = {}

    def on_train_begin(self) -> None:
        self.best = math.inf * self.sign
        self.wait, self.best_epoch, self.best_weights = 0, -1, {}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        value = self.measured(logs)
        if epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.better(value):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.trainer.weights()
            if self.baseline is None or self.better(value, than=self.baseline):
                self.wait = 0
            return
        self._stop_if_long()

    def _stop_if_long(self) -> None:
        if self.wait >= max(self.patience, 1):
            self.trainer.stop(
                f"{self.monitor} has not been better than {self.best:.4g} (epoch "
                f"{self.best_epoch + 1})"
            )

    def on_train_end(self, logs: Logs) -> None:
        if self.best_weights and not self.trainer.interrupted:
            self.trainer.load_weights(self.best_weights)

    def state_dict(self) -> dict[str, Any]:
        names = ("best", "wait", "best_epoch", "best_weights")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        if self.best_epoch < self.trainer.epoch - 1:
            self._stop_if_long()


class LearningRateScheduler(Callback):
    """Sets the learning rate by a schedule; the rate used stands in the history: "learning_rate".

    schedule: one of `optim`'s or PyTorch's kind, with `step`, made for the trainer's optimizer; or
        a function of the epoch, or of epoch and rate, that returns a rate (Keras's).
    per: "epoch", after which the schedule steps, or "update". monitor: what ReduceLROnPlateau is
        given.

    >>> import nn, optim
    >>> model = nn.Linear(1, 1)
    >>> optimizer = optim.SGD(model.parameters(), lr=1e-3)
    >>> trainer = optim.Trainer(model, nn.mse_loss, optimizer)
    >>> halved = LearningRateScheduler(optim.ExponentialLR(optimizer, 0.5))
    >>> history = trainer.fit([[1.0]], [[1.0]], epochs=3, callbacks=[halved], verbose=0)
    >>> history.history["learning_rate"]
    [0.001, 0.0005, 0.00025]
    """

    def __init__(
        self,
        schedule: Any,
        *,
        per: Literal["epoch", "update"] = "epoch",
        monitor: str = "val_loss",
    ) -> None:
        if per not in ("epoch", "update"):
            raise ValueError(f"per is {per!r}; it is 'epoch' or 'update'.")
        if not hasattr(schedule, "step") and not callable(schedule):
            raise TypeError(f"a schedule has a step(), or is a function, not {schedule!r}.")
        self.schedule, self.per, self.monitor = schedule, per, monitor
        self._of_two = False
        if not hasattr(schedule, "step"):
            if per == "update":
                raise ValueError("a function of the epoch sets the rate per epoch, not per update.")
            parameters = inspect.signature(schedule).parameters.values()
            needed = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
            self._of_two = len(needed) == 2
        self._plateau = "num_bad_epochs" in vars(schedule) if hasattr(schedule, "step") else False
        if self._plateau and per == "update":
            raise ValueError("a plateau is measured after an epoch: per must be 'epoch'.")

    def on_train_begin(self) -> None:
        own = getattr(self.schedule, "optimizer", self.trainer.optimizer)
        if own is not self.trainer.optimizer:
            raise ValueError("the schedule is of another optimizer than the trainer.")

    def on_epoch_begin(self, epoch: int) -> None:
        if not hasattr(self.schedule, "step"):
            groups = self.trainer.optimizer.param_groups
            if self._of_two:
                rates = [self.schedule(epoch, group["lr"]) for group in groups]
            else:
                rates = [self.schedule(epoch)] * len(groups)
            for group, rate in zip(groups, rates, strict=True):
                group["lr"] = float(rate)
        self._used = self.trainer.optimizer.param_groups[0]["lr"]

    def on_update(self) -> None:
        if self.per == "update":
            self._used = self.trainer.optimizer.param_groups[0]["lr"]
            self.schedule.step()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.per == "epoch" and self._plateau:
            if self.monitor not in logs:
                raise ValueError(
                    f"the schedule watches {self.monitor!r}, but measured are {', '.join(logs)}."
                )
            self.schedule.step(logs[self.monitor])
        elif self.per == "epoch" and hasattr(self.schedule, "step"):
            self.schedule.step()
        logs["learning_rate"] = self._used

    def state_dict(self) -> dict[str, Any]:
        state = self.schedule.state_dict() if hasattr(self.schedule, "state_dict") else {}
        return {"schedule": state, "used": getattr(self, "_used", 0.0)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._used = state["used"]
        if state["schedule"]:
            self.schedule.load_state_dict(state["schedule"])


class TerminateOnNaN(Callback):
    """Ends training where the loss is not finite, instead of raising NonFiniteLoss.

    The weights are those at the end of the last good epoch, `history.stopped` says what happened.

    >>> import nn, optim
    >>> model = nn.Linear(1, 1)
    >>> trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()))
    >>> stop = TerminateOnNaN()
    >>> history = trainer.fit([[1.0]], [[float("nan")]], callbacks=[stop], verbose=0)
    >>> history.stopped
    'the loss is nan in epoch 1, batch 1'
    """


class TimeLimit(Callback):
    """Ends training after so many seconds, when a batch is done.

    The epoch that it ends in is not in the history; the weights, and `trainer.save`, know of it.
    Of a resumed run the time before counts too.

    >>> TimeLimit(60.0).seconds
    60.0
    """

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"seconds is {seconds}; it must be positive.")
        self.seconds = seconds

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if self.trainer.seconds >= self.seconds:
            self.trainer.stop(f"the limit of {self.seconds:g} seconds was reached")


def checked_callbacks(callbacks: Any) -> list[Callback]:
    """The callbacks of a list, if they are such."""
    if isinstance(callbacks, Callback) or not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks are a list: write [{type(callbacks).__name__}(...)].")
    found = list(callbacks)
    for callback in found:
        if isinstance(callback, type):
            raise TypeError(f"a callback is the class {callback.__name__}; call it.")
        if not isinstance(callback, Callback):
            hint = ": wrap it in LearningRateScheduler" if hasattr(callback, "step") else ""
            raise TypeError(f"{callback!r} is no Callback{hint}.")
    return found
