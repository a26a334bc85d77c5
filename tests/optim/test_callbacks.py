"""Callbacks, Ctrl-C, and steps of the user's own: what is called when, and what it may do."""

import csv
import json
import math
import os
import signal

import numpy as np
import pytest

import nn
import optim

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3
QUIET = {"verbose": 0, "shuffle": False}


def trainer_of(kind=optim.Trainer, *, lr=0.05, outputs=1, batch_size=20, **settings):
    model = nn.Sequential(nn.Linear(3, 4, rng=1), nn.Tanh(), nn.Linear(4, outputs, rng=2))
    optimizer = optim.SGD(model.parameters(), lr=lr)
    return kind(model, nn.mse_loss, optimizer, batch_size, **settings)


def weights(trainer):
    return [np.copy(p.data) for p in trainer.optimizer.parameters()]


def same(one, other):
    return all((a == b).all() for a, b in zip(one, other, strict=True))


def fit(*callbacks, trainer=None, **given):
    return (trainer or trainer_of()).fit(X, Y, callbacks=callbacks, **(QUIET | given))


# ------------------------------------------------------------------ the calls and their order


class Spy(optim.Callback):
    def __init__(self, seen, name="", rank=0):
        def noting(call):
            return lambda *given: seen.append((call + name, *[g for g in given if type(g) is int]))

        vars(self)["rank"] = rank
        for call in (call for call in dir(optim.Callback) if call.startswith("on_")):
            setattr(self, call, noting(call.removeprefix("on_")))


BATCH = [("train_batch_begin", 0), ("gradients",), ("update",), ("train_batch_end", 0)]
HELD = [("test_begin",), ("test_end",)]


@pytest.mark.parametrize(
    ("steps", "batches"),
    [
        (1, [(c[0], *[k] * len(c[1:])) for k in range(3) for c in BATCH]),
        (2, [BATCH[0], BATCH[3], *[(c[0], *[1] * len(c[1:])) for c in BATCH]]),
    ],
)
@pytest.mark.parametrize("held", [True, False])
def test_the_order_of_calls(steps, batches, held):
    seen = []
    if steps == 2:  # and what is left of the epoch
        batches = [*batches, ("train_batch_begin", 2), ("train_batch_end", 2)]
        batches += [("gradients",), ("update",)]
    trainer = trainer_of(gradient_accumulation_steps=steps)
    fit(Spy(seen), trainer=trainer, epochs=2, validation_data=(X, Y) if held else None)
    expected = [("train_begin",)]
    for epoch in range(2):
        expected += [("epoch_begin", epoch), *batches, *HELD * held, ("epoch_end", epoch)]
    assert seen == [*expected, ("train_end",)]


def test_callbacks_are_called_by_rank_and_then_in_their_order():
    seen = []
    ranks = {"a": 2, "b": 0, "c": 1, "d": 0, "e": 1}
    fit(*[Spy(seen, name, rank) for name, rank in ranks.items()], batch_size=None)
    calls = ["train_begin", "epoch_begin", "train_batch_begin", "gradients", "update"]
    calls += ["train_batch_end", "epoch_end", "train_end"]
    assert [call[0] for call in seen] == [call + name for call in calls for name in "bdcea"]
    ranked = [optim.EarlyStopping, optim.CSVLogger, optim.JSONLLogger, optim.ModelCheckpoint]
    assert [kind.rank for kind in ranked] == [0, 1, 1, 2]


def test_gradients_are_there_unclipped_and_the_update_is_made():
    trainer, seen = trainer_of(clipvalue=1e-6, lr=1.0), []

    def note(loss=None):
        seen.append(np.concatenate([w.ravel() for w in weights(trainer)]))
        if loss is not None:
            assert max(abs(p.grad).max() for p in trainer.optimizer.parameters()) > 0.01

    fit(optim.LambdaCallback(on_gradients=note, on_update=note), trainer=trainer)
    moved = [abs(a - b).max() for a, b in zip(seen[::2], seen[1::2], strict=True)]
    assert moved == pytest.approx([1e-6] * 3)


def test_logs_and_what_is_added_to_them():
    seen = {}
    spy = optim.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.setdefault("batch", dict(logs)),
        on_test_end=lambda logs: seen.setdefault("test", dict(logs)),
        on_epoch_end=lambda epoch, logs: logs.update(double=2 * logs["loss"]) if epoch else None,
        on_train_end=lambda logs: seen.setdefault("end", dict(logs)),
    )
    history = fit(spy, epochs=3, validation_data=(X, Y)).history
    assert set(history) == {"loss", "val_loss", "double"}
    assert math.isnan(history["double"][0])
    assert history["double"][1:] == [2 * loss for loss in history["loss"][1:]]
    assert set(seen["batch"]) == {"loss"}
    assert seen["test"] == {"val_loss": history["val_loss"][0]}
    assert seen["end"] == {name: values[-1] for name, values in history.items()}


@pytest.mark.parametrize(
    ("call", "epochs", "updates"),
    [("train_begin", 0, 0), ("epoch_begin", 0, 1), ("train_batch_end", 0, 1), ("epoch_end", 1, 3)],
)
@pytest.mark.parametrize("reason", [None, "enough"])
def test_stopping(call, epochs, updates, reason):
    def stop(*_):
        trainer.stop(reason) if reason else setattr(trainer, "stop_training", True)
        assert trainer.stop_training

    trainer = trainer_of()
    history = fit(optim.LambdaCallback(**{f"on_{call}": stop}), trainer=trainer, epochs=9)
    assert (len(history), trainer.updates) == (epochs, updates)
    assert history.stopped == (reason or "stop_training was set")
    assert not history.interrupted
    assert fit(trainer=trainer, epochs=2).stopped is None


SGD = optim.SGD(nn.Linear(3, 1).parameters())
PLATEAU, HALVED = optim.ReduceLROnPlateau(SGD), optim.ExponentialLR(SGD, 0.5)
Stop, Save, Rate = optim.EarlyStopping, optim.ModelCheckpoint, optim.LearningRateScheduler


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: fit(3), TypeError, "3 is no Callback"),
        (lambda: fit(HALVED), TypeError, "is no Callback: wrap it in LearningRateScheduler"),
        (lambda: fit(optim.TimeLimit), TypeError, "the class TimeLimit; call it"),
        (lambda: trainer_of().fit(X, Y, callbacks=Spy([])), TypeError, r"a list: write \[Spy"),
        (lambda: optim.LambdaCallback(on_end=print), TypeError, "no call 'on_end'; there are on"),
        (lambda: optim.TimeLimit(0), ValueError, "seconds is 0"),
        (lambda: Stop(mode="up"), ValueError, "mode is 'up'"),
        (lambda: Stop(patience=-1), ValueError, "patience is -1"),
        (lambda: fit(Stop()), ValueError, "'val_loss'.* give fit validation_data"),
        (lambda: fit(Stop("acc")), ValueError, r"'acc', but measured are loss\.$"),
        (lambda: Save("a", save_freq=0), ValueError, "save_freq is 0"),
        (lambda: Save("a", save_freq=2, save_best_only=True), ValueError, "must be 'epoch'"),
        (lambda: fit(Save("{no}.npz")), ValueError, "names 'no', but measured"),
        (lambda: Rate(3), TypeError, r"has a step\(\), or is a function"),
        (lambda: Rate(abs, per="batch"), ValueError, "per is 'batch'"),
        (lambda: Rate(abs, per="update"), ValueError, "not per update"),
        (lambda: Rate(PLATEAU, per="update"), ValueError, "per must be 'epoch'"),
        (lambda: fit(Rate(HALVED)), ValueError, "of another optimizer"),
    ],
)
def test_refusals(make, error, says):
    with pytest.raises(error, match=says):
        make()


# ------------------------------------------------------------------ the callbacks there are


def telling(values, name="m"):
    """A callback that measures what it is told."""
    return optim.LambdaCallback(on_epoch_end=lambda e, logs: logs.update({name: values[e]}))


FALLING = [5.0, 4.0, 3.9, 4.1, 3.95, 3.0, 2.0, 9.0, 9.0, 9.0]


@pytest.mark.parametrize(
    ("values", "settings", "epochs", "best"),
    [
        (FALLING, {}, 4, 2),
        (FALLING, {"patience": 1}, 4, 2),
        (FALLING, {"patience": 2}, 5, 2),
        (FALLING, {"patience": 3}, 10, 6),
        (FALLING, {"patience": 2, "min_delta": 0.5}, 4, 1),
        (FALLING, {"patience": 2, "min_delta": -0.5}, 4, 1),
        (FALLING, {"patience": 1, "start_from_epoch": 4}, 8, 6),
        (FALLING, {"patience": 6, "baseline": 3.5}, 10, 6),
        (FALLING, {"patience": 3, "baseline": 3.5}, 4, 2),
        (FALLING, {"patience": 2, "baseline": 1.0}, 4, 2),
        ([-v for v in FALLING], {"patience": 2, "mode": "max"}, 5, 2),
        ([-v for v in FALLING], {"patience": 2, "mode": "auto"}, 3, 0),
        ([-v for v in FALLING], {"patience": 2, "monitor": "val_accuracy"}, 5, 2),
        ([-v for v in FALLING], {"patience": 2, "monitor": "f1"}, 5, 2),
        ([math.nan] * 10, {"patience": 3}, 3, -1),
    ],
)
@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping(values, settings, epochs, best, restore):
    kept, trainer = [], trainer_of()
    name = settings.get("monitor", "m")
    keep = optim.LambdaCallback(on_epoch_end=lambda e, logs: kept.append(weights(trainer)))
    stop = optim.EarlyStopping(**({"monitor": name} | settings), restore_best_weights=restore)
    history = fit(keep, telling(values, name), stop, trainer=trainer, epochs=10)
    assert (len(history), stop.best_epoch) == (epochs, best)
    assert (history.stopped is None) == (epochs == 10 and stop.wait < max(1, stop.patience))
    assert same(weights(trainer), kept[best if restore else -1])


def test_early_stopping_begins_anew_with_each_fit():
    trainer, stop = trainer_of(), optim.EarlyStopping("m", patience=2)
    for values, epochs in ((FALLING, 5), ([math.nan, *FALLING], 6)):
        assert len(fit(telling(values), stop, trainer=trainer, epochs=10)) == epochs


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ({}, ["1-5.0", "2-4.0", "3-3.9", "4-4.1", "5-4.0"]),
        ({"save_best_only": True}, ["1-5.0", "2-4.0", "3-3.9"]),
        ({"save_best_only": True, "mode": "max"}, ["1-5.0"]),
    ],
)
def test_checkpoints_of_epochs(settings, files, tmp_path):
    path = tmp_path / "runs" / "{epoch}-{m:.1f}.npz"
    fit(optim.ModelCheckpoint(path, monitor="m", **settings), telling(FALLING), epochs=5)
    assert sorted(p.name for p in path.parent.iterdir()) == [f"{name}.npz" for name in files]
    assert trainer_of().resume(path.parent / "1-5.0.npz").epoch == 1


@pytest.mark.parametrize(("freq", "updates"), [(1, 9), (2, 8), (4, 8), (5, 5), (9, 9)])
def test_checkpoints_of_batches(freq, updates, tmp_path, monkeypatch):
    path, seen = tmp_path / "run.npz", []
    save = optim.ModelCheckpoint(path, save_freq=freq)
    trainer = trainer_of()
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda *p: (seen.append(trainer.updates), rename(*p)))
    fit(save, trainer=trainer, epochs=3)
    assert seen == list(range(freq, 10, freq))
    other = trainer_of().resume(path)
    assert other.epoch == (updates - 1) // 3
    other.fit(X, Y, epochs=3, callbacks=[optim.ModelCheckpoint(path, save_freq=freq)], **QUIET)
    assert same(weights(other), weights(trainer))


def rows(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def logger(path, **settings):
    return (optim.CSVLogger if path.suffix == ".csv" else optim.JSONLLogger)(path, **settings)


@pytest.mark.parametrize("name", ["a.csv", "new/a.csv", "a.jsonl"])
def test_logs_read_back_exactly_and_are_appended(name, tmp_path):
    path, odd, values = tmp_path / name, 'a "b", c', [0.1, 1e-300, 1 / 3, math.inf]
    for append, length in ((False, 4), (False, 4), (True, 8)):
        history = fit(logger(path, append=append), telling(values, odd), epochs=4)
        read = [*values[:3], None if path.suffix == ".jsonl" else math.inf]
        rest = zip(history.history["loss"], read, strict=True)
        expected = [{"epoch": k, "loss": loss, odd: x} for k, (loss, x) in enumerate(rest)]
        assert rows(path)[-4:] == expected
        assert len(rows(path)) == length


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_the_log_of_a_resumed_run_goes_on(name, tmp_path):
    def run(path, until):
        trainer = trainer_of()
        trainer.resume(tmp_path / f"{path}.npz", missing_ok=True)
        history = fit(logger(tmp_path / path), trainer=trainer, epochs=until)
        trainer.save(tmp_path / f"{path}.npz")
        return history

    run(f"b{name}", 2)
    assert run(f"b{name}", 5).history == run(name, 5).history
    assert (tmp_path / f"b{name}").read_text() == (tmp_path / name).read_text()


def halved(optimizer):
    return optim.ExponentialLR(optimizer, 0.5)


@pytest.mark.parametrize(
    ("schedule", "per", "steps", "rates", "last"),
    [
        (halved, "epoch", 1, [1, 0.5, 0.25], 0.125),
        (halved, "update", 1, [2**-2, 2**-5, 2**-8], 2**-9),
        (halved, "update", 2, [2**-1, 2**-3, 2**-5], 2**-6),
        (lambda _: lambda epoch: 1 / (epoch + 1), "epoch", 1, [1, 1 / 2, 1 / 3], 1 / 3),
        (lambda _: lambda epoch, lr: lr / 2 if epoch else lr, "epoch", 1, [1, 0.5, 0.25], 0.25),
        (lambda _: lambda epoch, factor=0.1: factor**epoch, "epoch", 1, [1, 0.1, 0.01], 0.01),
    ],
)
def test_schedules(schedule, per, steps, rates, last):
    trainer = trainer_of(lr=1.0, gradient_accumulation_steps=steps)
    scheduler = optim.LearningRateScheduler(schedule(trainer.optimizer), per=per)
    used = fit(scheduler, trainer=trainer, epochs=3).history["learning_rate"]
    assert used == pytest.approx(rates)
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(last)


def test_a_rate_that_falls_on_a_plateau():
    trainer = trainer_of(lr=1e-3)
    plateau = optim.ReduceLROnPlateau(trainer.optimizer, factor=0.1, patience=1)
    schedule = optim.LearningRateScheduler(plateau, monitor="m")
    used = fit(telling([3.0, 2.0, 2.0, 2.0, 1.0]), schedule, trainer=trainer, epochs=5)
    assert used.history["learning_rate"] == pytest.approx([1e-3] * 4 + [1e-4])
    with pytest.raises(ValueError, match="the schedule watches 'm'"):
        fit(schedule, trainer=trainer)


def test_terminate_on_nan_keeps_the_last_good_epoch():
    trainer, y = trainer_of(), Y.copy()
    bad = optim.LambdaCallback(on_epoch_end=lambda e, logs: y.fill(np.nan) if e == 1 else None)
    history = trainer.fit(X, y, epochs=5, callbacks=[optim.TerminateOnNaN(), bad], **QUIET)
    assert (len(history), history.diverged) == (2, True)
    assert history.stopped == "the loss is nan in epoch 3, batch 1"
    fit(trainer=(expected := trainer_of()), epochs=2)
    assert same(weights(trainer), weights(expected))


def test_a_limit_of_time():
    trainer = trainer_of()
    history = fit(optim.TimeLimit(0.05), trainer=trainer, epochs=10**6)
    assert history.stopped == "the limit of 0.05 seconds was reached"
    assert 0.05 <= trainer.seconds < 5
    assert fit(optim.TimeLimit(60), trainer=trainer, epochs=2).stopped is None


# ------------------------------------------------------------------ steps of the user's own


class Autoencoder(optim.Trainer):
    def compute_loss(self, x, y=None, sample_weight=None):
        output = self.model(x)
        return nn.mse_loss(output, x), output


@pytest.mark.parametrize("data", [X, [(X[:25],), (X[25:],)], iter])
def test_compute_loss_is_for_the_user_to_say(data):
    data = iter([X[:25], X[25:]]) if data is iter else data  # bare arrays
    trainer = trainer_of(Autoencoder, outputs=3)
    start = trainer.evaluate(X)["loss"]
    trainer.fit(data, epochs=1, batch_size=25, **QUIET)
    assert trainer.evaluate(X)["loss"] < start


class Own(optim.Trainer):
    """A training step of the user's own, which returns what it is told to."""

    def train_on_batch(self, x, y=None, sample_weight=None):
        self.optimizer.zero_grad()
        loss = nn.mse_loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return self.returns(loss, x)


@pytest.mark.parametrize(
    "returns",
    [
        lambda loss, _: float(loss.data),
        lambda loss, _: loss,
        lambda loss, x: {"loss": loss, "a": x[0, 0]},
    ],
)
def test_train_on_batch_is_for_the_user_to_say(returns):
    trainer = trainer_of(Own, batch_size=20)
    trainer.returns = returns
    history = trainer.fit(X, Y, epochs=2, **QUIET)
    other = fit(trainer=(expected := trainer_of()), epochs=2)
    assert same(weights(trainer), weights(expected))
    assert history.history["loss"] == pytest.approx(other.history["loss"], rel=1e-13)
    assert history.updates == [3, 6]
    mean = np.average(X[::20, 0], weights=[20, 20, 10])
    assert history.history.get("a", [mean] * 2) == pytest.approx([mean] * 2)


@pytest.mark.parametrize(
    ("returned", "error", "says"),
    [(None, TypeError, "returned None"), ({"a": 1.0}, ValueError, "a 'loss' must be among them")],
)
def test_what_train_on_batch_may_not_return(returned, error, says):
    trainer = trainer_of(Own)
    trainer.returns = lambda *_: returned
    with pytest.raises(error, match=says):
        trainer.fit(X, Y, verbose=0)


# ------------------------------------------------------------------ interruptions, output


def interrupting(when, times=1):
    def send(batch, logs):
        if batch == when:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    return optim.LambdaCallback(on_train_batch_end=send)


@pytest.mark.parametrize(
    ("batch", "epochs", "says"), [(2, 0, "in epoch 1, after batch 3"), (4, 1, "after epoch 1")]
)
def test_ctrl_c_ends_fit_after_the_batch(batch, epochs, says):
    ended = []
    end = optim.LambdaCallback(on_train_end=lambda logs: ended.append(True))
    trainer = trainer_of(batch_size=10)
    history = trainer.fit(X, Y, epochs=9, callbacks=[interrupting(batch), end], **QUIET)
    assert (len(trainer.history), history.interrupted, ended) == (epochs, True, [True])
    assert history.stopped == f"interrupted {says}"
    assert trainer.updates == batch + 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert trainer.fit(X, Y, **QUIET).stopped is None


def test_a_second_ctrl_c_is_an_error():
    trainer = trainer_of(batch_size=10)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(X, Y, epochs=9, callbacks=[interrupting(1, 2)], **QUIET)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_handler_of_ctrl_c_is_left_alone():
    seen = []
    usual = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        history = trainer_of(batch_size=10).fit(X, Y, callbacks=[interrupting(1)], **QUIET)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert seen == [signal.SIGINT]
    assert history.stopped is None


@pytest.mark.parametrize(("verbose", "out", "err"), [(0, 0, False), (1, 0, True), (2, 2, False)])
def test_what_is_shown(verbose, out, err, capsys):
    trainer_of(metrics=["mae"]).fit(X, Y, epochs=2, validation_data=(X, Y), verbose=verbose)
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == out
    assert bool(shown.err) == err
    for line, epoch in zip(shown.out.splitlines(), ("1/2", "2/2"), strict=False):
        assert line.startswith(f"epoch {epoch}: loss ")
        assert "val_mae " in line
