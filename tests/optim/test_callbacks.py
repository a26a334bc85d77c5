"""Callbacks: the order of calls, and each of them."""

import csv
import json
import math
import time

import numpy as np
import pytest

import nn
import optim
from optim.training.callbacks import Callback

X = np.random.default_rng(0).normal(size=(20, 2))
Y = X[:, :1]


def trainer_of(lr=0.1, **settings):
    model = nn.Linear(2, 1, rng=0)
    return optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=lr), 10, **settings)


def fit(trainer, *callbacks, epochs=3, **settings):
    settings = {"validation_data": (X, Y), "rng": 0, "verbose": 0} | settings
    return trainer.fit(X, Y, epochs=epochs, callbacks=callbacks, **settings)


class Plays(Callback):
    """Says what it was called for; and plays values for val_loss."""

    def __init__(self, said, name="", values=()):
        self.said, self.name, self.values = said, name, values

    def on_epoch_end(self, epoch, logs):
        if self.values:
            logs.update(zip(("val_loss", "val_accuracy"), self.values[epoch], strict=False))


for call in [name for name in vars(Callback) if name.startswith("on_") and name != "on_epoch_end"]:
    setattr(Plays, call, lambda self, *args, call=call: self.said.append((self.name, call, *args)))


def names_of(said):
    return [entry[1] for entry in said]


def test_the_order_of_calls():
    said = []
    fit(trainer_of(), Plays(said), epochs=2)
    batch = ["on_train_batch_begin", "on_gradients", "on_update", "on_train_batch_end"]
    epoch = ["on_epoch_begin", *batch, *batch, "on_test_begin", "on_test_end"]
    assert names_of(said) == ["on_train_begin", *epoch, *epoch, "on_train_end"]
    assert said[1] == ("", "on_epoch_begin", 0)
    assert [entry[2] for entry in said if entry[1] == "on_train_batch_end"] == [0, 1, 0, 1]
    assert list(said[-1][2]) == ["loss", "val_loss"]


def test_an_update_at_the_end_of_an_epoch_is_told():
    said = []
    fit(trainer_of(gradient_accumulation_steps=4), Plays(said), epochs=1)
    assert names_of(said).count("on_update") == 1


def test_writers_stand_behind_and_see_what_others_add(tmp_path):
    trainer = trainer_of()
    values = [(0.5, 0.1), (0.4, 0.2), (0.3, 0.3)]
    callbacks = [
        optim.ModelCheckpoint(tmp_path / "{epoch}-{val_accuracy:.1f}.npz"),
        optim.JSONLLogger(tmp_path / "log.jsonl"),
        Plays([], values=values),
    ]
    history = fit(trainer, *callbacks)
    assert history.history["val_accuracy"] == [0.1, 0.2, 0.3]
    assert sorted(p.name for p in tmp_path.glob("*.npz")) == ["1-0.1.npz", "2-0.2.npz", "3-0.3.npz"]
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["val_accuracy"] for row in rows] == [0.1, 0.2, 0.3]
    assert [row["epoch"] for row in rows] == [0, 1, 2]


@pytest.mark.parametrize(
    ("settings", "values", "epochs", "best"),
    [
        ({"patience": 2}, [3, 2, 2.5, 2.2, 1, 0], 4, 1),
        ({"patience": 0}, [3, 2, 2.5, 1], 3, 1),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.8, 1], 2, 0),
        ({"patience": 1, "start_from_epoch": 2}, [1, 2, 3, 2.5, 2.6, 2], 5, 3),
        ({"patience": 2, "baseline": 0.5}, [3, 2, 1.9, 1.8, 0.1], 5, 4),
        ({"patience": 2, "baseline": 0.5}, [3, 2, 2.5, 0.1], 3, 1),
        ({"patience": 9}, [3, 2, 4], 3, 1),
        ({"monitor": "val_accuracy", "patience": 1}, [0.1, 0.5, 0.4, 0.9], 3, 1),
        ({"monitor": "val_accuracy", "mode": "min", "patience": 1}, [0.5, 0.1, 0.4], 3, 1),
    ],
)
def test_early_stopping(settings, values, epochs, best):
    trainer, kept = trainer_of(), []
    stop = optim.EarlyStopping(**settings)
    keep = optim.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(trainer.weights()))
    history = fit(
        trainer, Plays([], values=[(v, v) for v in values]), keep, stop, epochs=len(values)
    )
    assert len(history) == epochs
    assert stop.best_epoch == best
    assert all((trainer.weights()[n] == w).all() for n, w in kept[best].items())
    assert (history.stopped is None) == (stop.wait < max(stop.patience, 1))


def test_early_stopping_may_keep_the_last_weights_and_says_what_is_missing():
    trainer, kept = trainer_of(), []
    stop = optim.EarlyStopping(patience=1, restore_best_weights=False)
    keep = optim.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(trainer.weights()))
    history = fit(trainer, Plays([], values=[(1,), (2,)]), keep, stop)
    assert history.stopped == "val_loss has not been better than 1 (epoch 1)"
    assert all((trainer.weights()[n] == w).all() for n, w in kept[1].items())
    with pytest.raises(ValueError, match="watches 'val_loss', but measured are loss: give fit val"):
        fit(trainer_of(), optim.EarlyStopping(), validation_data=None)
    with pytest.raises(ValueError, match=r"'val_los', but measured are loss, val_loss\."):
        fit(trainer_of(), optim.EarlyStopping("val_los"))


def test_checkpoints(tmp_path):
    best = optim.ModelCheckpoint(tmp_path / "best-{epoch}.npz", save_best_only=True)
    often = optim.ModelCheckpoint(tmp_path / "often.npz", save_freq=3)
    values = [(3,), (1,), (2,), (0.5,)]
    trainer = trainer_of()
    fit(trainer, Plays([], values=values), best, often, epochs=4)
    found = sorted(p.name for p in tmp_path.iterdir())
    assert found == ["best-1.npz", "best-2.npz", "best-4.npz", "often.npz"]
    other = trainer_of().resume(tmp_path / "often.npz")
    assert other.epoch == 2  # all of its batches are done, but not its end
    with pytest.raises(ValueError, match="names 'val_acc', but measured are loss, val_loss"):
        fit(trainer_of(), optim.ModelCheckpoint(tmp_path / "{val_acc}.npz"))


def test_tables(tmp_path):
    log = tmp_path / "folder" / "log.csv"
    history = fit(trainer_of(), optim.CSVLogger(log, separator=";"))
    with log.open(newline="") as file:
        head, *rows = csv.reader(file, delimiter=";")
    assert head == ["epoch", "loss", "val_loss"]
    assert [[float(c) for c in row[1:]] for row in rows] == [
        list(history.at(k).values()) for k in range(3)
    ]
    fit(trainer_of(), optim.CSVLogger(log, separator=";", append=True), epochs=1)
    assert len(log.read_text().splitlines()) == 5
    fit(trainer_of(), optim.CSVLogger(log), epochs=1)
    assert len(log.read_text().splitlines()) == 2
    lines = tmp_path / "log.jsonl"
    fit(
        trainer_of(),
        Plays([], values=[(np.float32(1),), (math.nan,)]),
        optim.JSONLLogger(lines),
        epochs=2,
    )
    assert [json.loads(line)["val_loss"] for line in lines.read_text().splitlines()] == [1, None]


def test_schedules_per_epoch_and_per_update():
    trainer = trainer_of(lr=1e-3)
    schedule = optim.ExponentialLR(trainer.optimizer, 0.5)
    history = fit(trainer, optim.LearningRateScheduler(schedule))
    assert history.history["learning_rate"] == [1e-3, 5e-4, 2.5e-4]
    for steps, updates in ((1, 2), (2, 1), (3, 1)):
        trainer = trainer_of(lr=1e-3, gradient_accumulation_steps=steps)
        schedule = optim.ExponentialLR(trainer.optimizer, 0.5)
        fit(trainer, optim.LearningRateScheduler(schedule, per="update"))
        assert schedule.last_epoch == trainer.updates == 3 * updates


def test_schedules_as_functions_and_plateaus():
    history = fit(trainer_of(), optim.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)))
    assert history.history["learning_rate"] == [0.1, 0.05, pytest.approx(0.1 / 3)]
    history = fit(trainer_of(lr=0.1), optim.LearningRateScheduler(lambda epoch, lr: lr / 2))
    assert history.history["learning_rate"] == [0.05, 0.025, 0.0125]
    trainer = trainer_of(lr=0.1)
    plateau = optim.ReduceLROnPlateau(trainer.optimizer, patience=0)
    history = fit(trainer, Plays([], values=[(1,)] * 3), optim.LearningRateScheduler(plateau))
    assert history.history["learning_rate"] == [0.1, 0.1, pytest.approx(0.01)]


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: optim.LearningRateScheduler(3), TypeError, "a schedule has a step"),
        (lambda: optim.LearningRateScheduler(len, per="batch"), ValueError, "per is 'batch'"),
        (lambda: optim.LearningRateScheduler(lambda e: 1, per="update"), ValueError, "per epoch"),
        (lambda: optim.EarlyStopping(patience=-1), ValueError, "patience is -1"),
        (lambda: optim.EarlyStopping(mode="up"), ValueError, "mode is 'up'"),
        (lambda: optim.ModelCheckpoint("a", save_freq=0), ValueError, "save_freq is 0"),
        (
            lambda: optim.ModelCheckpoint("a", save_freq=2, save_best_only=True),
            *(ValueError, "known after an epoch"),
        ),
        (lambda: optim.LambdaCallback(on_end=print), TypeError, "no call 'on_end'"),
        (lambda: optim.TimeLimit(0), ValueError, "seconds is 0"),
        (lambda: optim.GradientHealth(every=0), ValueError, "every is 0"),
    ],
)
def test_refusals(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_a_schedule_of_another_optimizer_is_refused():
    other = optim.StepLR(trainer_of().optimizer, 2)
    with pytest.raises(ValueError, match="another optimizer"):
        fit(trainer_of(), optim.LearningRateScheduler(other))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_end_by_a_loss_that_is_not_finite():
    trainer, kept = trainer_of(lr=30.0), {}
    schedule = optim.ExponentialLR(trainer.optimizer, 1.01)
    rates = optim.LearningRateScheduler(schedule, per="update")
    keep = optim.LambdaCallback(on_epoch_end=lambda e, logs: kept.update(trainer.weights()))
    with np.errstate(all="ignore"):
        history = fit(trainer, rates, keep, optim.TerminateOnNaN(), epochs=999, step_losses=True)
    assert history.diverged
    assert "the loss is" in history.stopped
    assert all((trainer.weights()[n] == w).all() for n, w in kept.items())
    assert len(history.step_losses) == schedule.last_epoch == trainer.updates == 2 * len(history)
    assert trainer.optimizer.param_groups[0]["lr"] == schedule.get_last_lr()[0]


def test_a_limit_of_time():
    trainer = trainer_of()
    slow = optim.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.02))
    began = time.monotonic()
    history = fit(trainer, slow, optim.TimeLimit(0.1), epochs=10_000)
    assert 0.1 <= time.monotonic() - began < 5
    assert history.stopped == "the limit of 0.1 seconds was reached"
    spent = trainer.seconds
    time.sleep(0.01)
    assert trainer.seconds == spent


@pytest.mark.parametrize("way", ["stop", "stop_training"])
def test_training_ends_when_a_callback_wants_it(way):
    trainer = trainer_of()

    def end(epoch, logs):
        if epoch == 1:
            if way == "stop":
                trainer.stop("enough")
            else:
                trainer.stop_training = True

    history = fit(trainer, optim.LambdaCallback(on_epoch_end=end), epochs=9)
    assert len(history) == 2
    assert history.stopped == ("enough" if way == "stop" else "stop_training was set")
    assert trainer.stop_training
    assert len(fit(trainer, epochs=2)) == 2


def test_a_callback_that_leaves_the_model_asleep_does_no_harm():
    trainer, modes = trainer_of(), []
    sleep = optim.LambdaCallback(
        on_epoch_end=lambda epoch, logs: trainer.model.eval(),
        on_train_batch_end=lambda batch, logs: modes.append(trainer.model.training),
    )
    fit(trainer, sleep)
    assert modes == [True] * 6
