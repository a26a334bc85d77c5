"""Trainers: what a batch is, what is measured, the three forms, and what stops them."""

import copy
import gc
import math
import pickle
import weakref

import numpy as np
import pytest

import nn
import optim
from autograd import Value

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3


def trainer_of(kind=optim.Trainer, *, lr=0.05, model=None, loss=nn.mse_loss, **settings):
    model = model or nn.Sequential(nn.Linear(3, 4, rng=1), nn.Tanh(), nn.Linear(4, 1, rng=2))
    return kind(model, loss, optim.SGD(model.parameters(), lr=lr), **settings)


def weights(trainer):
    return [p.data.copy() for p in trainer.optimizer.parameters()]


def test_fit_learns_and_records():
    trainer = trainer_of()
    before = trainer.evaluate(X, Y)
    history = trainer.fit(X, Y, epochs=20, validation_data=(X, Y), rng=0, verbose=0)
    assert history.history["val_loss"][-1] < before["loss"] / 10
    assert history.history["val_loss"][-1] == trainer.evaluate(X, Y)["loss"]
    assert {len(values) for values in history.history.values()} == {20}
    assert history.epoch == list(range(20))
    assert len(history) == 20
    assert "20 epochs; last: loss=" in repr(history)


@pytest.mark.parametrize(
    ("kind", "updates"),
    [
        (optim.StochasticTrainer, 50),
        (optim.MiniBatchTrainer, 2),
        (optim.BatchTrainer, 1),
        (optim.Trainer, 2),
    ],
)
def test_the_three_forms_differ_in_their_updates(kind, updates):
    trainer = trainer_of(kind)
    trainer.fit(X, Y, epochs=3, verbose=0)
    steps = {state["step"] for state in trainer.optimizer.state.values()}
    assert steps == {3 * updates}


def test_a_batch_of_all_is_batch_descent():
    one, other = trainer_of(optim.BatchTrainer), trainer_of(batch_size=50)
    h1 = one.fit(X, Y, epochs=5, verbose=0)
    h2 = other.fit(X, Y, epochs=5, rng=3, verbose=0)
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(h1.history["loss"], h2.history["loss"])


def test_the_gradient_of_a_batch_is_the_mean_of_its_samples():
    trainer = trainer_of()
    loss = trainer.loss(trainer.model(X[:7]), Y[:7])
    loss.backward()
    whole = [p.grad.copy() for p in trainer.optimizer.parameters()]
    singles = []
    for x, y in zip(X[:7], Y[:7], strict=True):
        trainer.optimizer.zero_grad()
        trainer.loss(trainer.model(x[None]), y[None]).backward()
        singles.append([p.grad.copy() for p in trainer.optimizer.parameters()])
    for k, g in enumerate(whole):
        np.testing.assert_allclose(g, np.mean([s[k] for s in singles], axis=0), rtol=1e-12)


def test_the_short_last_batch_counts_by_its_samples():
    trainer = trainer_of(lr=0.0, batch_size=32)
    history = trainer.fit(X, Y, epochs=1, rng=0, verbose=0)
    expected = float(np.mean((trainer.predict(X) - Y) ** 2))
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert trainer.evaluate(X, Y)["loss"] == pytest.approx(expected, rel=1e-12)


def test_every_sample_is_seen_once_an_epoch_in_an_order_of_the_seed():
    seen = []

    class Spy(optim.Trainer):
        def train_on_batch(self, x, y):
            seen.extend(x[:, 0].tolist())
            return super().train_on_batch(x, y)

    def orders(batch_size, **settings):
        seen.clear()
        trainer_of(Spy, batch_size=batch_size).fit(X, Y, epochs=2, verbose=0, **settings)
        return seen[:50], seen[50:]

    first, second = orders(8, rng=0)
    assert sorted(first) == sorted(second) == sorted(X[:, 0].tolist())
    assert first != second
    assert orders(3, rng=0) == (first, second)
    assert orders(8, rng=1)[0] != first
    assert orders(8, shuffle=False) == (X[:, 0].tolist(),) * 2


def test_the_same_seed_gives_the_same_weights():
    runs = []
    for _ in range(2):
        trainer = trainer_of()
        trainer.fit(X, Y, epochs=3, rng=7, verbose=0)
        runs.append(weights(trainer))
    assert all((a == b).all() for a, b in zip(*runs, strict=True))


def test_modes_are_set_and_put_back():
    model = nn.Sequential(nn.Linear(3, 8, rng=0), nn.Dropout(0.5, rng=0), nn.Linear(8, 1, rng=0))
    trainer = trainer_of(model=model)
    assert (trainer.predict(X) == trainer.predict(X)).all()
    assert model.training
    model.eval()
    trainer.fit(X, Y, epochs=1, verbose=0)
    assert not model[1].training


def test_predict_keeps_no_graph_and_takes_any_number_of_samples():
    trainer = trainer_of(batch_size=7)
    whole = trainer.predict(X)
    assert type(whole) is np.ndarray
    assert whole.shape == (50, 1)
    np.testing.assert_allclose(trainer.predict(X[:3]), whole[:3])


def test_a_model_may_be_any_function():
    w = Value(np.zeros((3, 1)))
    trainer = optim.Trainer(lambda x: x @ w, nn.mse_loss, optim.SGD([w], lr=0.1))
    history = trainer.fit(X.tolist(), Y.tolist(), epochs=30, verbose=0)
    assert history.history["loss"][-1] < 0.3


def test_a_progress_bar_shows_epoch_and_loss(capsys):
    trainer_of().fit(X, Y, epochs=2, validation_data=(X, Y))
    shown = capsys.readouterr().err
    assert "epoch 2/2" in shown
    assert "val_loss" in shown
    trainer_of().fit(X, Y, epochs=2, verbose=0)
    assert capsys.readouterr().err == ""


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_weights():
    y = Y.copy()
    y[3] = np.nan
    trainer = trainer_of(batch_size=10)
    start = weights(trainer)
    with pytest.raises(
        optim.NonFiniteLoss, match=r"the loss is nan in epoch 1, batch 1.*at the start"
    ) as caught:
        trainer.fit(X, y, epochs=3, shuffle=False, verbose=0)
    assert all((a == b).all() for a, b in zip(weights(trainer), start, strict=True))
    assert caught.value.history.history == {}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_rate_that_is_too_high_is_stopped_with_the_history_so_far():
    kept = {}
    watching = optim.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.update(weights=weights(trainer))
    )
    model = nn.Linear(3, 1, rng=0)
    trainer = trainer_of(model=model, lr=40.0, batch_size=25)
    with (
        np.errstate(all="ignore"),
        pytest.raises(optim.NonFiniteLoss, match=r"epoch \d+, batch") as caught,
    ):
        trainer.fit(X, Y, epochs=10_000, callbacks=[watching], verbose=0)
    losses = caught.value.history.history["loss"]
    assert losses
    assert all(map(math.isfinite, losses))
    assert all(np.isfinite(w).all() for w in weights(trainer))
    assert all((a == b).all() for a, b in zip(weights(trainer), kept["weights"], strict=True))
    assert f"the end of epoch {len(losses)}" in str(caught.value)


@pytest.mark.parametrize("size", [0, -3, 2.5, "32", True])
def test_batch_sizes_that_are_none(size):
    with pytest.raises(ValueError, match=f"batch_size is {size!r}"):
        trainer_of(batch_size=size)


@pytest.mark.parametrize(
    ("x", "y", "settings", "says"),
    [
        (X, Y[:-1], {}, r"\(50, 3\).*\(49, 1\)"),
        (X[:0], Y[:0], {}, "empty"),
        (1.0, 2.0, {}, r"shape \(\)"),
        (X, Y, {"epochs": -1}, "epochs is -1"),
        (X, Y, {"validation_data": (X, Y[:3])}, r"\(50, 3\), \(3, 1\)"),
    ],
)
def test_data_that_do_not_fit(x, y, settings, says):
    with pytest.raises(ValueError, match=says):
        trainer_of().fit(x, y, verbose=0, **settings)


def test_predict_of_nothing():
    with pytest.raises(ValueError, match="empty"):
        trainer_of().predict(X[:0])


def test_a_loss_without_parameters_says_so():
    trainer = optim.Trainer(lambda x: x, lambda a, b: 1.0, optim.SGD([Value(1.0)]))
    with pytest.raises(TypeError, match="no Value"):
        trainer.fit(X, Y, verbose=0)


def test_no_epochs_is_no_training():
    trainer = trainer_of()
    before = weights(trainer)
    assert trainer.fit(X, Y, epochs=0, verbose=0).history == {}
    assert all((a == b).all() for a, b in zip(weights(trainer), before, strict=True))


def test_training_leaves_the_data_alone():
    x, y = copy.deepcopy(X), copy.deepcopy(Y)
    trainer_of(optim.BatchTrainer).fit(x, y, epochs=2, verbose=0)
    assert (x == X).all()
    assert (y == Y).all()


def test_each_part_gets_its_own_mode_back():
    model = nn.Sequential(nn.Linear(3, 8, rng=0), nn.Dropout(0.5, rng=0), nn.Linear(8, 1, rng=0))
    model[1].eval()
    trainer = trainer_of(model=model)
    trainer.predict(X)
    trainer.evaluate(X, Y)
    trainer.fit(X, Y, verbose=0)
    assert (model.training, model[1].training) == (True, False)


def test_a_loss_is_one_number():
    trainer = trainer_of(loss=lambda a, b: nn.mse_loss(a, b, reduction="none"))
    with pytest.raises(ValueError, match=r"one number.*\(32, 1\)"):
        trainer.fit(X, Y, verbose=0)


@pytest.mark.parametrize("given", [(X,), (X, Y, Y[:, 0], Y), 0.2, [X, Y]])
def test_validation_data_are_a_pair(given):
    with pytest.raises(TypeError, match=r"\(x, y\)"):
        trainer_of().fit(X, Y, validation_data=given, verbose=0)


def test_the_error_of_a_stopped_run_can_be_pickled():
    error = optim.NonFiniteLoss("stopped", optim.History())
    assert str(pickle.loads(pickle.dumps(error))) == "stopped"


@pytest.mark.parametrize("first", ["fit", "evaluate"])
def test_two_classes_are_divided_where_the_output_says(first):
    y = (X[:, :1] > 0) * 1.0
    for last in ([], [nn.Sigmoid()]):
        model = nn.Sequential(nn.Linear(3, 1, rng=0), *last)
        model[0].weight.data = np.array([[9.0], [0], [0]])
        optimizer = optim.SGD(model.parameters(), lr=0.0)
        trainer = optim.Trainer(model, nn.mse_loss, optimizer, metrics=["accuracy", "f1"])
        if first == "fit":
            history = trainer.fit(X, y, verbose=0, validation_data=(X, y)).history
            assert history["accuracy"] == history["val_accuracy"]
        found = trainer.evaluate(X, y)
        assert found["accuracy"] > 0.95 < found["f1"]


def test_the_data_that_are_not_finite_are_named():
    y = Y.copy()
    y[3] = np.inf
    with pytest.raises(optim.NonFiniteLoss, match="batch 1, and y of it is not finite"):
        trainer_of().fit(X, y, shuffle=False, verbose=0)


def test_a_callback_that_leaves_the_model_asleep_does_no_harm():
    trainer, modes = trainer_of(), []
    sleep = optim.LambdaCallback(
        on_epoch_end=lambda epoch, logs: trainer.model.eval(),
        on_train_batch_end=lambda batch, logs: modes.append(trainer.model.training),
    )
    trainer.fit(X, Y, epochs=3, verbose=0, callbacks=[sleep])
    assert modes == [True] * 6


def test_a_trainer_is_freed_when_it_is_dropped():
    trainer = trainer_of()
    stop = optim.EarlyStopping("loss")
    gc.collect()
    gc.disable()
    try:
        trainer.fit(X, Y, epochs=2, verbose=0, callbacks=[stop])
        model = weakref.ref(trainer.model)
        del trainer
        assert model() is None
    finally:
        gc.enable()
