"""fit, evaluate, predict: what the data may be, what is weighted, clipped, accumulated, shown."""

import math
import os
import signal
import threading
import tracemalloc

import numpy as np
import pytest

import nn
import optim
from autograd import Value

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3
C = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
EACH = np.arange(50) % 3 / 2


def trainer_of(kind=optim.Trainer, *, lr=0.05, outputs=1, loss=nn.mse_loss, **settings):
    rng = np.random.default_rng(1)
    model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, outputs, rng=rng))
    return kind(model, loss, optim.SGD(model.parameters(), lr=lr), **settings)


def fitted(x=X, y=Y, kind=optim.Trainer, made=None, **settings):
    trainer = trainer_of(kind, **(made or {}))
    history = trainer.fit(x, y, **{"epochs": 3, "rng": 0, "verbose": 0, **settings})
    return trainer, history


def same(one, other, **tolerance):
    a, b = one.weights(), other.weights()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], **{"rtol": 0, "atol": 0, **tolerance})


def test_fit_has_a_batch_size_of_its_own():
    same(fitted(batch_size=7)[0], fitted(made={"batch_size": 7})[0])
    same(fitted(batch_size=None)[0], fitted(kind=optim.BatchTrainer)[0])
    assert fitted(batch_size=7)[1].updates == [8, 16, 24]
    for kind in (optim.StochasticTrainer, optim.BatchTrainer):
        with pytest.raises(TypeError, match=f"{kind.__name__} takes .* not batch_size=8"):
            fitted(kind=kind, batch_size=8)
        assert trainer_of(kind).predict(X, batch_size=8).shape == (50, 1)
    with pytest.raises(TypeError, match="use a Trainer"):
        trainer_of(optim.StochasticTrainer, batch_size=4)


def test_the_last_samples_are_held_out_before_shuffling():
    trainer, history = fitted(validation_split=0.2)
    other, given = fitted(X[:40], Y[:40], validation_data=(X[40:], Y[40:]))
    same(trainer, other)
    assert history.history == given.history
    with pytest.raises(ValueError, match="not both"):
        fitted(validation_split=0.2, validation_data=(X, Y))
    for share in (1.0, -0.1):
        with pytest.raises(ValueError, match="validation_split"):
            fitted(validation_split=share)


def test_weights_of_samples():
    trainer = trainer_of()
    losses = ((trainer.predict(X) - Y) ** 2)[:, 0]
    found = trainer.evaluate(X, Y, sample_weight=EACH)["loss"]
    assert found == pytest.approx(np.mean(EACH * losses), rel=1e-12)
    twice = np.concatenate([np.arange(50), np.arange(0, 50, 2)])
    counts = np.bincount(twice)
    one, _ = fitted(X[twice], Y[twice], batch_size=None)
    other, _ = fitted(sample_weight=counts * 50 / 75, batch_size=None)
    same(one, other, rtol=1e-10)
    kept = np.flatnonzero(EACH > 0)
    none, _ = fitted(X[kept], Y[kept], sample_weight=EACH[kept] * len(kept) / 50, batch_size=None)
    same(none, fitted(sample_weight=EACH, batch_size=None)[0], rtol=1e-10)


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.CrossEntropyLoss()])
def test_weights_of_classes(loss):
    made = {"outputs": 3, "loss": loss}
    weights = {0: 0.5, 1: 1.0, 2: 4.0}
    each = np.array([weights[c] for c in C.tolist()])
    one, _ = fitted(y=C, made=made, class_weight=weights)
    same(one, fitted(y=C, made=made, sample_weight=each)[0])
    both, _ = fitted(y=C, made=made, class_weight=weights, sample_weight=EACH)
    same(both, fitted(y=C, made=made, sample_weight=each * EACH)[0])
    with pytest.raises(ValueError, match="no weight for class 2"):
        fitted(y=C, made=made, class_weight={0: 1, 1: 1})
    with pytest.raises(TypeError, match="class_weight is a dict"):
        fitted(y=C, made=made, class_weight="balanced")
    with pytest.raises(ValueError, match="one class a sample"):
        fitted(y=np.ones((50, 3)), made={"outputs": 3}, class_weight=weights)


def test_weights_need_the_loss_of_each_sample():
    made = {"loss": lambda output, target: ((output - target) ** 2).mean()}
    with pytest.raises(TypeError, match="no reduction='none'"):
        fitted(made=made, sample_weight=EACH)


@pytest.mark.parametrize("weight", [None, EACH])
def test_accumulated_batches_are_one_large_batch(weight):
    made = {"gradient_accumulation_steps": 4}
    small, history = fitted(made=made, batch_size=5, sample_weight=weight)
    large, _ = fitted(batch_size=20, sample_weight=weight)
    same(small, large, rtol=1e-12, atol=1e-14)
    assert history.updates == [3, 6, 9]


@pytest.mark.parametrize(
    ("limit", "norm"),
    [
        ({"global_clipnorm": 1e-3}, lambda gs: math.sqrt(sum((g**2).sum() for g in gs))),
        ({"clipnorm": 1e-3}, lambda gs: max(math.sqrt((g**2).sum()) for g in gs)),
        ({"clipvalue": 1e-3}, lambda gs: max(abs(g).max() for g in gs)),
    ],
)
def test_gradients_are_limited(limit, norm):
    trainer = trainer_of(lr=1.0, **limit)
    before = trainer.weights()
    trainer.train_on_batch(X, Y)
    moved = [before[name] - w for name, w in trainer.weights().items()]
    assert norm(moved) == pytest.approx(1e-3, rel=2e-3)
    with pytest.raises(ValueError, match=next(iter(limit))):
        trainer_of(**dict.fromkeys(limit, 0.0))


class TwoInputs(nn.Module):
    def __init__(self):
        self.a, self.b = nn.Linear(3, 2, rng=0), nn.Linear(1, 2, rng=1)

    def forward(self, x):
        a, b = x if isinstance(x, tuple) else (x["a"], x["b"])
        return {"sum": self.a(a) + self.b(b)} if isinstance(x, dict) else self.a(a) + self.b(b)


@pytest.mark.parametrize("nest", [tuple, lambda xs: dict(zip("ab", xs, strict=True))])
def test_nests_of_arrays(nest):
    model = TwoInputs()

    def loss(output, target):
        return nn.mse_loss(output["sum"] if isinstance(output, dict) else output, target["y"])

    trainer = optim.Trainer(model, loss, optim.SGD(model.parameters(), lr=0.1))
    x, y = nest((X, Y)), {"y": np.hstack([Y, -Y])}
    history = trainer.fit(x, y, epochs=20, rng=0, verbose=0, validation_data=(x, y))
    assert history.history["val_loss"][-1] < history.history["loss"][0] / 5
    found = trainer.predict(x)
    assert (found["sum"] if isinstance(found, dict) else found).shape == (50, 2)


def pieces():
    return ((X[k : k + 10], Y[k : k + 10]) for k in range(0, 50, 10))


def test_iterables_of_batches():
    whole, _ = fitted(batch_size=10, shuffle=False)
    for data in (list(pieces()), optim.batches(X, Y, 10, shuffle=False)):
        same(whole, fitted(data, None)[0])
    endless = ((X[k % 50 : k % 50 + 10], Y[k % 50 : k % 50 + 10]) for k in range(0, 150, 10))
    trainer, history = fitted(endless, None, steps_per_epoch=5)
    same(whole, trainer)
    assert history.updates == [5, 10, 15]
    assert trainer.evaluate(pieces())["loss"] == pytest.approx(trainer.evaluate(X, Y)["loss"])
    np.testing.assert_array_equal(
        trainer.predict(x for x, _ in pieces()), trainer.predict(X, batch_size=10)
    )
    with pytest.raises(ValueError, match="no batches for epoch 2"):
        fitted(pieces(), None)
    with pytest.raises(TypeError, match="hold targets"):
        fitted(pieces(), Y)
    with pytest.raises(ValueError, match="a batch is"):
        fitted([(X, Y, EACH, Y)], None)


class OfInputs(optim.Trainer):
    def compute_loss(self, x, y=None, sample_weight=None):
        output = self.model(x)
        return (output**2).mean(), output


def test_a_loss_of_inputs_alone():
    _, history = fitted(X, None, kind=OfInputs)
    assert history.history["loss"][-1] < history.history["loss"][0]
    fitted((X for _ in range(3)), None, kind=OfInputs, steps_per_epoch=1)
    with pytest.raises(TypeError, match="no targets y"):
        fitted(X, None)


class TwoLosses(optim.Trainer):
    def train_on_batch(self, x, y=None, sample_weight=None):
        loss = super().train_on_batch(x, y)
        return {"loss": loss, "twice": 2 * loss}


class Wrong(optim.Trainer):
    def train_on_batch(self, x, y=None, sample_weight=None):
        return None


class Half(optim.Trainer):
    def compute_loss(self, x, y=None, sample_weight=None):
        return self.loss(self.model(x), y)


def test_steps_of_the_users_own():
    _, history = fitted(kind=TwoLosses, batch_size=32)
    losses = history.history
    np.testing.assert_allclose(losses["twice"], 2 * np.array(losses["loss"]))
    with pytest.raises(TypeError, match="train_on_batch returned None"):
        fitted(kind=Wrong)
    with pytest.raises(TypeError, match=r"compute_loss returned a Value: it returns \(loss, out"):
        fitted(kind=Half)


def test_metrics_are_of_samples_and_not_of_batches():
    made = {"lr": 0.0, "metrics": ["mae", "r2", lambda output, target: np.mean(output > target)]}
    trainer, history = fitted(made=made, batch_size=32, validation_data=(X, Y))
    error = trainer.predict(X) - Y
    wanted = {
        "mae": np.mean(abs(error)),
        "r2": 1 - (error**2).sum() / ((Y - Y.mean()) ** 2).sum(),
        "<lambda>": np.mean(error > 0),
    }
    for name, value in wanted.items():
        for key in (name, f"val_{name}"):
            np.testing.assert_allclose(history.history[key], value, rtol=1e-12)
    assert set(trainer.evaluate(X, Y, batch_size=7)) == {"loss", *wanted}


def test_lbfgs_is_given_its_closure():
    trainer = trainer_of(optim.BatchTrainer)
    model = trainer.model
    optimizer = optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe")
    trainer = optim.BatchTrainer(model, nn.mse_loss, optimizer, metrics=["mae"])
    history = trainer.fit(X, Y, epochs=8, verbose=0, callbacks=[optim.GradientHealth()])
    assert history.history["loss"][-1] < 1e-3
    assert history.updates[-1] == 8
    assert history.history["update_ratio/0"][0] > 0
    with pytest.raises(ValueError, match="LBFGS"):
        optim.Trainer(model, nn.mse_loss, optimizer, gradient_accumulation_steps=2)


def test_the_numbers_of_epochs_and_losses_of_steps():
    _, history = fitted(initial_epoch=1, epochs=3, step_losses=True, batch_size=20)
    assert history.epoch == [1, 2]
    assert len(history.step_losses) == 6
    mean = np.average(history.step_losses[:3], weights=[20, 20, 10])
    assert history.history["loss"][0] == pytest.approx(mean)


def test_single_precision_stays():
    trainer = trainer_of()
    trainer.model.astype(np.float32)
    trainer.gradient_accumulation_steps = 2
    trainer.fit(X.astype("f4"), Y.astype("f4"), verbose=0, epochs=2)
    assert {w.dtype for w in trainer.weights().values()} == {np.dtype("f4")}
    assert trainer.predict(X.astype("f4")).dtype == np.float32


def test_data_that_are_read_only_or_on_disk(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    frozen = Y.copy()
    frozen.flags.writeable = False
    same(fitted(mapped, frozen)[0], fitted()[0])


def test_data_frames():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(X, columns=list("abc"))
    trainer, _ = fitted(frame, pandas.DataFrame(Y))
    same(trainer, fitted()[0])


def test_fit_holds_no_copy_of_the_data_and_no_memory_of_epochs():
    x, y = np.zeros((200_000, 10)), np.zeros((200_000, 1))

    def peak(epochs):
        model = nn.Linear(10, 1, rng=0)
        trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()))
        tracemalloc.start()
        trainer.fit(x, y, batch_size=2000, epochs=epochs, rng=0, verbose=0)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    once = peak(1)
    assert once < 0.25 * x.nbytes  # the order of an epoch is a tenth of these data
    assert peak(4) < 1.1 * once


def test_predict_and_evaluate_keep_no_graph():
    seen = []
    w = Value(np.ones((3, 1)))

    def model(x):
        seen.append(x @ w)
        return seen[-1]

    trainer = optim.Trainer(model, nn.mse_loss, optim.SGD([w], lr=0.1))
    trainer.predict(X)
    trainer.evaluate(X, Y)
    assert all(v.fn is None for v in seen)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_ends_training_when_the_batch_is_done(capsys):
    trainer = trainer_of()

    def press(batch, logs):
        if (trainer.epoch, batch) == (1, 3):
            os.kill(os.getpid(), signal.SIGINT)

    watch = optim.LambdaCallback(on_train_batch_end=press)
    history = trainer.fit(X, Y, batch_size=5, epochs=9, rng=0, callbacks=[watch])
    assert len(history) == 1
    assert history.interrupted
    assert history.stopped == "interrupted in epoch 2, after batch 4"
    assert trainer.updates == 14
    assert "interrupted in epoch 2" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def press_twice(batch, logs):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    watch = optim.LambdaCallback(on_train_batch_end=press_twice)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(X, Y, callbacks=[watch], verbose=0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_in_another_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(fitted()[0]))
    thread.start()
    thread.join()
    same(found[0], fitted()[0])


def test_what_is_shown(capsys):
    fitted(verbose=2, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert all("loss" in line and "val_loss" in line for line in lines)
    with pytest.raises(ValueError, match="verbose is 3"):
        fitted(verbose=3)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: optim.Trainer("m", nn.mse_loss, 1), TypeError, "model is 'm'"),
        (lambda: optim.Trainer(nn.Linear, nn.mse_loss, 1), TypeError, "model is the class Linear"),
        (lambda: optim.Trainer(len, "mse", 1), TypeError, "loss is 'mse'"),
        (lambda: optim.Trainer(len, nn.MSELoss, 1), TypeError, r"write MSELoss\(\.\.\.\)"),
        (lambda: optim.Trainer(len, nn.mse_loss, "adam"), TypeError, "optimizer is 'adam'"),
        (lambda: optim.Trainer(len, nn.mse_loss, optim.Adam), TypeError, "made for the model's"),
        (lambda: trainer_of(gradient_accumulation_steps=0), ValueError, "steps is 0"),
        (lambda: trainer_of(metrics="accuracy"), TypeError, "metrics are a list"),
        (lambda: fitted(callbacks=optim.TimeLimit(1)), TypeError, "callbacks are a list"),
        (lambda: fitted(callbacks=[optim.EarlyStopping]), TypeError, "the class EarlyStopping"),
        (lambda: fitted(epochs=1.5), ValueError, "epochs is 1.5"),
        (lambda: fitted(sample_weight=Y), ValueError, "one number for each sample"),
        (lambda: fitted(sample_weight=EACH * np.nan), ValueError, "not finite"),
        (lambda: fitted(np.array([["a"]] * 50), Y), TypeError, "samples are numbers"),
        (lambda: fitted([X, Y], Y), ValueError, "Several inputs of a model are a tuple"),
        (lambda: trainer_of().diagnose(), ValueError, "no training yet"),
        (lambda: trainer_of().load_weights({"a": X}), ValueError, "a is unexpected"),
    ],
)
def test_refusals(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_a_schedule_is_no_callback_by_itself():
    trainer = trainer_of()
    schedule = optim.StepLR(trainer.optimizer, 2)
    with pytest.raises(TypeError, match="wrap it in LearningRateScheduler"):
        trainer.fit(X, Y, callbacks=[schedule], verbose=0)


def test_the_data_that_are_not_finite_are_named():
    y = Y.copy()
    y[3] = np.inf
    with pytest.raises(optim.NonFiniteLoss, match="batch 1, and y of it is not finite"):
        fitted(X, y, shuffle=False)
