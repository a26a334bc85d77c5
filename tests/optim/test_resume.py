"""save and resume: an interrupted run ends as one that was not; files are whole, or refused."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import nn
import optim

ROOT = Path(__file__).parent.parent.parent
RNG = np.random.default_rng(0)
X = RNG.normal(size=(43, 3))
Y = np.sin(X @ RNG.normal(size=(3, 2)))
C = (X[:, 0] > 0).astype(int)


class Crash(Exception):
    pass


def crash_after(n):
    def count(batch, logs):
        left[0] -= 1
        if not left[0]:
            raise Crash

    left = [n]
    return optim.LambdaCallback(on_train_batch_end=count)


def make(kind=optim.Adam, accumulation=1, own=False, loss=nn.mse_loss, outputs=2, **settings):
    rng = np.random.default_rng(3)
    drop = nn.Dropout(0.3, rng=rng if own else np.random.default_rng(8))
    layers = nn.Linear(3, 6, rng=rng), nn.Tanh(), drop, nn.Linear(6, outputs, rng=rng)
    model = nn.Sequential(*layers)
    optimizer = kind(model.parameters(), lr=0.02, **settings)
    metrics = ["accuracy"] if loss is nn.cross_entropy else ["mae", "r2"]
    trainer = optim.Trainer(
        model, loss, optimizer, 8, metrics=metrics, gradient_accumulation_steps=accumulation
    )
    return trainer, rng


def callbacks_of(trainer, path, save_freq):
    schedule = optim.ReduceLROnPlateau(trainer.optimizer, patience=0, threshold=0.05)
    return [
        optim.EarlyStopping("loss", patience=4, min_delta=0.3),
        optim.LearningRateScheduler(optim.ExponentialLR(trainer.optimizer, 0.97), per="update"),
        optim.LearningRateScheduler(schedule, monitor="loss"),
        optim.GradientHealth(every=2),
        optim.JSONLLogger(f"{path}.jsonl"),
        optim.ModelCheckpoint(path, save_freq=save_freq),
    ]


def run_until_done(path, save_freq, made, given, generator):
    """Crash again and again, each time with new objects; weights, history and log at the end."""
    chance = random.Random(4)
    for crashes in range(100):
        trainer, rng = made()
        trainer.resume(path, missing_ok=True)
        callbacks = callbacks_of(trainer, path, save_freq)
        if generator == "crashes":
            callbacks.append(crash_after(chance.randrange(7, 17)))
        else:
            callbacks.append(crash_after(-1))
        x, settings = given(rng)
        try:
            history = trainer.fit(
                *x, epochs=7, callbacks=callbacks, verbose=0, step_losses=True, **settings
            )
        except Crash:
            continue
        assert crashes or generator != "crashes"
        return trainer.weights(), history, Path(f"{path}.jsonl").read_text("utf-8")
    raise AssertionError("the run never ended")


def arrays(rng):
    return (X, Y), {"rng": 5}


def shared(rng):
    return (X, Y), {"rng": rng}


def stream(rng):
    return (optim.batches(X, Y, 8, rng=5),), {}


def steps(rng):
    return (optim.batches(X, Y, 8, rng=5),), {"steps_per_epoch": 4}


def once(rng):
    data = optim.batches(X, Y, 8, rng=5)
    return ((batch for _ in range(99) for batch in data),), {"steps_per_epoch": 4}


def weighted(rng):
    return (X, C), {"class_weight": {0: 1.0, 1: 3.0}, "rng": 5}


CASES = {
    "arrays": (make, arrays),
    "one generator for all": (lambda: make(own=True), shared),
    "accumulation": (lambda: make(accumulation=4), arrays),
    "momentum": (lambda: make(optim.SGD, momentum=0.9), arrays),
    "nadam": (lambda: make(optim.NAdam, accumulation=2), arrays),
    "batches": (make, stream),
    "steps of batches": (make, steps),
    "a generator": (make, once),
    "classes weighted": (lambda: make(loss=nn.cross_entropy), weighted),
}


@pytest.mark.parametrize("save_freq", [1, 4, "epoch"])
@pytest.mark.parametrize("case", CASES)
def test_a_run_that_crashed_ends_as_one_that_did_not(case, save_freq, tmp_path):
    made, given = CASES[case]
    whole = run_until_done(tmp_path / "a.npz", 1000, made, given, "")
    pieces = run_until_done(tmp_path / "b.npz", save_freq, made, given, "crashes")
    assert all((whole[0][name] == pieces[0][name]).all() for name in whole[0])
    for name in ("history", "epoch", "updates", "step_losses"):
        np.testing.assert_equal(getattr(pieces[1], name), getattr(whole[1], name))
    assert pieces[2] == whole[2]
    assert whole[1].stopped == pieces[1].stopped


def test_lbfgs_goes_on(tmp_path):
    def run(epochs, path=None):
        rng = np.random.default_rng(3)
        model = nn.Linear(3, 2, rng=rng)
        optimizer = optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe", max_iter=3)
        trainer = optim.BatchTrainer(model, nn.mse_loss, optimizer)
        if path:
            trainer.resume(path, missing_ok=True)
        trainer.fit(X, Y, epochs=epochs, verbose=0)
        if path:
            trainer.save(path)
        return trainer.weights()

    run(2, tmp_path / "a.npz")
    pieces, whole = run(5, tmp_path / "a.npz"), run(5)
    assert all((pieces[name] == whole[name]).all() for name in whole)


def start(path, pause="0"):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "tests" / "optim" / "killed.py"), str(path), pause]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def killed_runs(tmp_path, kills, pause):
    """The digests of a run that nothing disturbs, and of one that is killed so often."""
    whole = start(tmp_path / "a.npz").communicate()[0]
    chance = random.Random(9)
    path, done = tmp_path / "b.npz", 0
    while True:
        process = start(path, pause if done < kills else "0")
        if done < kills:
            seen = path.stat().st_mtime_ns if path.exists() else None
            while process.poll() is None and path.exists() == (seen is not None):
                if seen is not None and path.stat().st_mtime_ns != seen:
                    break
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 4 * float(pause)))
            process.kill()
            done += process.wait() == -9
        pieces = process.communicate()[0]
        if pieces:
            return whole, pieces, done


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
def test_killed_twice(tmp_path):
    whole, pieces, kills = killed_runs(tmp_path, 2, "0.02")
    assert (pieces, kills) == (whole, 2)
    assert len(whole) == 65


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
def test_killed_at_twenty_random_moments(tmp_path):
    whole, pieces, kills = killed_runs(tmp_path, 22, "0.02")
    assert pieces == whole
    assert kills >= 20


def saved(tmp_path, **settings):
    trainer, _ = make(**settings)
    trainer.fit(X, Y, epochs=2, rng=0, verbose=0)
    trainer.save(tmp_path / "run.npz")
    return tmp_path / "run.npz"


def test_the_file_holds_no_pickle(tmp_path):
    with np.load(saved(tmp_path), allow_pickle=False) as file:
        assert all(file[name].dtype.kind != "O" for name in file.files)
    assert sorted(os.listdir(tmp_path)) == ["run.npz"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = saved(tmp_path)
    before = path.read_bytes()
    trainer, _ = make()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        trainer.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.npz"]


def damaged(path):
    path.write_bytes(path.read_bytes()[:-99])
    return make()[0]


def other_model(path):
    model = nn.Linear(3, 2)
    return optim.Trainer(model, nn.mse_loss, optim.Adam(model.parameters()), metrics=["mae", "r2"])


def single(path):
    trainer, _ = make()
    trainer.model.astype(np.float32)
    return trainer


def other_metrics(path):
    trainer, _ = make()
    return optim.Trainer(trainer.model, nn.mse_loss, trainer.optimizer, metrics=["mae"])


@pytest.mark.parametrize(
    ("trainer_of", "says"),
    [
        (damaged, "damaged"),
        (other_model, "weight is missing there and .* here"),
        (lambda path: make(optim.SGD)[0], "optimizer is Adam there and SGD here"),
        (single, "float64 there and .*float32 here"),
        (other_metrics, r"metrics are \['mae', 'r2'\] there and \['mae'\] here"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(trainer_of, says, tmp_path):
    path = saved(tmp_path)
    trainer = trainer_of(path)
    before, state = trainer.weights(), trainer.optimizer.state_dict()
    with pytest.raises(ValueError, match=says):
        trainer.resume(path)
    assert all((before[name] == x).all() for name, x in trainer.weights().items())
    assert trainer.optimizer.state_dict() == state
    assert len(trainer.fit(X, Y, epochs=1, verbose=0)) == 1


def test_other_data_and_callbacks_are_refused_until_they_fit(tmp_path):
    trainer, _ = make()
    trainer.resume(saved(tmp_path))
    for settings, says in (
        ({"batch_size": 7}, "batches of 8 of 43 samples"),
        ({"callbacks": [optim.TimeLimit(9)]}, "this one has TimeLimit"),
    ):
        with pytest.raises(ValueError, match=says):
            trainer.fit(X, Y, epochs=4, verbose=0, **settings)
    assert trainer.epoch == 2
    assert len(trainer.history) == 2
    assert trainer.fit(X, Y, epochs=4, verbose=0).epoch == [0, 1, 2, 3]


def test_missing_files_and_weights_alone(tmp_path):
    trainer, _ = make()
    with pytest.raises(FileNotFoundError):
        trainer.resume(tmp_path / "none.npz")
    assert trainer.resume(tmp_path / "none.npz", missing_ok=True) is trainer
    path = saved(tmp_path)
    other, _ = make(optim.SGD)
    other.resume(path, weights_only=True)
    trainer.resume(path)
    assert all((other.weights()[name] == x).all() for name, x in trainer.weights().items())
    assert other.fit(X, Y, epochs=1, verbose=0).epoch == [0]


def test_early_stopping_leaves_an_interrupted_run_as_it_is(tmp_path):
    def run(path, stop):
        trainer, _ = make()
        callbacks = [optim.EarlyStopping("loss", patience=3), optim.LambdaCallback()]
        if stop:
            callbacks[1].on_train_batch_end = lambda batch, logs: (
                trainer.stop("enough") if (trainer.epoch, batch) == (2, 3) else None
            )
        trainer.resume(path, missing_ok=True)
        history = trainer.fit(X, Y, epochs=5, rng=0, callbacks=callbacks, verbose=0)
        trainer.save(path)
        return trainer.weights(), history

    _, left = run(tmp_path / "a.npz", True)
    assert (len(left), left.stopped) == (2, "enough")
    pieces, whole = run(tmp_path / "a.npz", False), run(tmp_path / "b.npz", False)
    assert all((pieces[0][name] == x).all() for name, x in whole[0].items())
    assert pieces[1].history == whole[1].history


def test_a_save_by_a_callback_waits_for_the_others(tmp_path):
    def run(path, halt):
        trainer, _ = make()
        schedule = optim.LearningRateScheduler(optim.ExponentialLR(trainer.optimizer, 0.5))
        save = optim.LambdaCallback(on_epoch_end=lambda epoch, logs: trainer.save(path))
        trainer.resume(path, missing_ok=True)
        callbacks = [save, schedule]
        return trainer.fit(X, Y, epochs=halt, rng=0, callbacks=callbacks, verbose=0)

    run(tmp_path / "a.npz", 2)
    assert run(tmp_path / "a.npz", 4).history == run(tmp_path / "b.npz", 4).history


def test_further_parts_of_a_trainer_are_saved(tmp_path):
    class Pair(optim.Trainer):
        def __init__(self, seed):
            rng = np.random.default_rng(seed)
            model = nn.Linear(3, 2, rng=rng)
            super().__init__(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
            self.critic = nn.Linear(2, 1, rng=rng)
            self.second = optim.Adam(self.critic.parameters())

    first, second = Pair(0), Pair(1)
    first.save(tmp_path / "pair.npz")
    second.resume(tmp_path / "pair.npz")
    assert (first.critic.weight.data == second.critic.weight.data).all()
    with pytest.raises(ValueError, match=r"parts \['critic', 'second'\] there and \[\] here"):
        optim.Trainer(first.model, nn.mse_loss, first.optimizer).resume(tmp_path / "pair.npz")
