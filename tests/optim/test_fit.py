"""fit, evaluate and predict: data of every kind, weights of samples, accumulation, clipping."""

import tracemalloc

import numpy as np
import pytest

import nn
import optim
from autograd.recording import is_recording

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3
C = np.arange(50) % 3
W = RNG.uniform(0, 2, size=50)
STEPS = "gradient_accumulation_steps"
QUIET = {"verbose": 0, "shuffle": False}


def trainer_of(kind=optim.Trainer, *, lr=0.05, outputs=1, model=None, loss=nn.mse_loss, **settings):
    model = model or nn.Sequential(nn.Linear(3, 4, rng=1), nn.Tanh(), nn.Linear(4, outputs, rng=2))
    return kind(model, loss, optim.SGD(model.parameters(), lr=lr), **settings)


def weights(trainer):
    return [np.copy(p.data) for p in trainer.optimizer.parameters()]


def trained(x, y=None, *, settings=None, **given):
    trainer = trainer_of(**(settings or {}))
    history = trainer.fit(x, y, **(QUIET | given))
    return weights(trainer), history


def close(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def same(one, other):
    return all((a == b).all() for a, b in zip(one, other, strict=True))


# ------------------------------------------------------------------ batches and order


@pytest.mark.parametrize(("given", "updates"), [({}, 13), ({"batch_size": 10}, 5)])
def test_batch_size_of_fit_or_of_the_trainer(given, updates):
    trainer = trainer_of(batch_size=4)
    assert trainer.fit(X, Y, **QUIET, **given).updates == [updates]
    assert trainer.batch_size == 4
    assert trainer.fit(X, Y, batch_size=None, **QUIET).updates == [1]


@pytest.mark.parametrize("kind", [optim.StochasticTrainer, optim.BatchTrainer])
def test_trainers_of_one_size_refuse_another(kind):
    with pytest.raises(TypeError, match=rf"a {kind.__name__} takes .* not batch_size=8"):
        trainer_of(kind, batch_size=8)
    trainer = trainer_of(kind)
    with pytest.raises(TypeError, match=r"not batch_size=8: use a Trainer"):
        trainer.fit(X, Y, batch_size=8, verbose=0)
    trainer.fit(X, Y, batch_size=trainer.batch_size, verbose=0)


@pytest.mark.parametrize("size", [1, 7, 32, None])
def test_batch_size_changes_no_measure(size):
    recorded = []

    class Spy(nn.Linear):
        def forward(self, x):
            recorded.append(is_recording())
            return super().forward(x)

    trainer = trainer_of(model=nn.Sequential(Spy(3, 1, rng=0), nn.Dropout(0.5, rng=0)))
    whole, other = trainer.evaluate(X, Y, batch_size=50), trainer.evaluate(X, Y, batch_size=size)
    assert other["loss"] == pytest.approx(whole["loss"], rel=1e-12)
    found = trainer.predict(X, batch_size=size)
    np.testing.assert_allclose(found, trainer.predict(X, batch_size=50), rtol=1e-13)
    assert type(found) is np.ndarray
    assert not any(recorded)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_validation_split_is_the_last_samples(share):
    n = int(50 * (1 - share))
    settings = {"rng": 0, "epochs": 3, "shuffle": True, "sample_weight": W}
    found, history = trained(X, Y, validation_split=share, **settings)
    settings["sample_weight"] = W[:n]
    expected, other = trained(X[:n], Y[:n], validation_data=(X[n:], Y[n:], W[n:]), **settings)
    assert same(found, expected)
    assert history.history == other.history


def test_initial_epoch_and_step_losses():
    trainer = trainer_of(batch_size=20)
    history = trainer.fit(X, Y, initial_epoch=3, epochs=5, step_losses=True, **QUIET)
    assert history.epoch == [3, 4]
    assert (history.updates, len(history.step_losses)) == ([3, 6], 6)
    for k, loss in enumerate(history.history["loss"]):
        steps = history.step_losses[3 * k : 3 * k + 3]
        assert loss == pytest.approx(np.average(steps, weights=[20, 20, 10]), rel=1e-13)
    assert trainer.fit(X, Y, initial_epoch=5, epochs=5, **QUIET).epoch == []
    assert trainer.fit(X, Y, **QUIET).step_losses == []


# ------------------------------------------------------------------ weights


def test_the_loss_is_the_mean_of_weight_times_loss():
    trainer = trainer_of()
    losses = ((trainer.predict(X) - Y) ** 2)[:, 0]
    found = trainer.evaluate(X, Y, sample_weight=W)["loss"]
    assert found == pytest.approx(np.mean(W * losses), rel=1e-12)
    held = trainer.fit(X, Y, sample_weight=W, validation_data=(X, Y, W), batch_size=50, **QUIET)
    assert held.history["loss"][0] == pytest.approx(found, rel=1e-12)
    assert held.history["val_loss"][0] == trainer.evaluate(X, Y, sample_weight=W)["loss"]


def test_whole_weights_are_copies_of_samples():
    counts = np.arange(50) % 3
    x, y = np.repeat(X, counts, axis=0), np.repeat(Y, counts, axis=0)
    found, _ = trained(X, Y, sample_weight=counts, batch_size=None, epochs=5)
    rate = {"lr": 0.05 * len(x) / len(X)}
    close(found, trained(x, y, settings=rate, batch_size=None, epochs=5)[0])


def test_a_sample_without_weight_has_no_influence():
    x, y, w = X.copy(), Y.copy(), np.ones(50)
    w[[3, 17]] = 0.0
    x[[3, 17]], y[[3, 17]] = 9.0, -70.0
    assert same(
        trained(X, Y, sample_weight=w, epochs=3)[0], trained(x, y, sample_weight=w, epochs=3)[0]
    )
    close(trained(X, Y, sample_weight=np.ones(50))[0], trained(X, Y)[0])


@pytest.mark.parametrize("targets", [C, C[:, None], np.eye(3)[C], C.astype(np.uint8)])
@pytest.mark.parametrize("more", [None, W])
def test_class_weights_are_sample_weights(targets, more):
    def loss(output, target, *, reduction="mean"):
        onehot = target if target.shape == output.shape else np.eye(3)[target.reshape(-1)]
        return nn.mse_loss(output, onehot, reduction=reduction)

    by_class, settings = {0: 0.5, 1: 3.0, 2: 0.0}, {"outputs": 3, "loss": loss}
    own = np.array([by_class[c] for c in C.tolist()]) * (1 if more is None else more)
    found = trained(X, targets, settings=settings, class_weight=by_class, sample_weight=more)
    expected = trained(X, targets, settings=settings, sample_weight=own)
    assert same(found[0], expected[0])
    assert found[1].history == expected[1].history


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), nn.cross_entropy])
def test_losses_with_reduction_take_weights(loss):
    trainer = trainer_of(outputs=3, loss=loss)
    scores = trainer.predict(X)
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(50), C]
    found = trainer.evaluate(X, C, sample_weight=W)["loss"]
    assert found == pytest.approx(np.mean(W * losses), rel=1e-12)
    trainer.fit(X, C, sample_weight=W, class_weight={0: 1, 1: 2, 2: 3}, verbose=0)


def only_a_mean(output, target):
    return np.mean((output - target) ** 2)


def of_two_columns(output, target):
    return np.stack([output, output])


@pytest.mark.parametrize(
    ("y", "loss", "given", "error", "says"),
    [
        (Y, only_a_mean, {"sample_weight": W}, TypeError, "'only_a_mean' has no reduction='none'"),
        (C, only_a_mean, {"class_weight": {0: 1, 1: 1, 2: 1}}, TypeError, "weights of samples"),
        (C, nn.cross_entropy, {"class_weight": {0: 1}}, ValueError, r"weight for class [12]; it"),
        (C, nn.cross_entropy, {"class_weight": [1, 1, 1]}, TypeError, "a dict, class: weight"),
        (X, nn.mse_loss, {"class_weight": {0: 1}}, ValueError, r"one class a sample.*\(32, 3\)"),
        (None, nn.mse_loss, {"class_weight": {0: 1}}, TypeError, "class_weight needs targets"),
        (None, nn.mse_loss, {"sample_weight": W}, TypeError, "sample_weight needs y"),
        (Y, nn.mse_loss, {"sample_weight": W[:9]}, ValueError, r"\(50, 1\), \(9,\)"),
        (Y, nn.mse_loss, {"sample_weight": Y}, ValueError, r"one number for each.*\(50, 1\)"),
        (Y, nn.mse_loss, {"sample_weight": W / np.inf * np.nan}, ValueError, "not finite"),
        (Y, of_two_columns, {}, ValueError, r"one number, the mean.*\(2, 32, 3\)"),
        (Y, nn.mse_loss, {"validation_split": 0.999}, ValueError, "leaves 0 to train on and 50"),
        (Y, nn.mse_loss, {"validation_data": (X, Y), "validation_split": 0.1}, ValueError, "both"),
        (Y, nn.mse_loss, {"validation_data": X}, TypeError, "is a pair"),
        (Y, nn.mse_loss, {"validation_data": []}, TypeError, "is a pair"),
        (None, nn.mse_loss, {}, TypeError, "no targets y were given"),
    ],
)
def test_fit_refuses(y, loss, given, error, says):
    outputs = {nn.cross_entropy: 3, of_two_columns: 3}.get(loss, X.shape[1] if y is X else 1)
    trainer = trainer_of(outputs=outputs, loss=loss)
    before = weights(trainer)
    with pytest.raises(error, match=says):
        trainer.fit(X, y, **({"verbose": 0} | given))
    assert same(weights(trainer), before)


NO_NUMBERS = [
    *({"epochs": 2.5}, {"epochs": True}, {"initial_epoch": -1}, {"batch_size": 0}, {"verbose": 3}),
    *({"validation_split": 1.0}, {"validation_split": -0.1}, {"steps_per_epoch": 0}),
]
NO_SETTINGS = [{"clipnorm": 0}, {"global_clipnorm": -1}, {"clipvalue": np.nan}, {"batch_size": "8"}]


@pytest.mark.parametrize("given", [*NO_NUMBERS, *NO_SETTINGS, {STEPS: 0}, {STEPS: True}])
def test_numbers_that_are_none(given):
    [(name, value)] = given.items()
    with pytest.raises(ValueError, match=f"{name} is {value!r}"):
        trainer_of(**given) if given not in NO_NUMBERS else trainer_of().fit(X, Y, **given)


MODEL = nn.Linear(3, 1, rng=0)
SGD, LBFGS = optim.SGD(MODEL.parameters()), optim.LBFGS(MODEL.parameters())


@pytest.mark.parametrize(
    ("parts", "settings", "error", "says"),
    [
        ((nn.Linear, nn.mse_loss, SGD), {}, TypeError, r"model is the class Linear; write Linear"),
        ((3, nn.mse_loss, SGD), {}, TypeError, "model is 3"),
        ((MODEL, nn.MSELoss, SGD), {}, TypeError, "loss is the class MSELoss"),
        ((MODEL, "mse", SGD), {}, TypeError, "loss is 'mse'"),
        ((MODEL, nn.mse_loss, optim.SGD), {}, TypeError, "optimizer is"),
        ((MODEL, nn.mse_loss, SGD), {"metrics": "mae"}, TypeError, "metrics are a list"),
        ((MODEL, nn.mse_loss, SGD), {"metrics": ["none"]}, ValueError, "no metric 'none'"),
        ((MODEL, nn.mse_loss, SGD), {"metrics": ["mae", "mae"]}, ValueError, "called 'mae'"),
        ((MODEL, nn.mse_loss, LBFGS), {STEPS: 2}, ValueError, "LBFGS takes all batches as one"),
    ],
)
def test_a_trainer_refuses(parts, settings, error, says):
    with pytest.raises(error, match=says):
        optim.Trainer(*parts, **settings)


# ------------------------------------------------------------------ accumulation and clipping


@pytest.mark.parametrize("given", [{}, {"sample_weight": W}])
@pytest.mark.parametrize(("size", "steps"), [(5, 2), (4, 5), (7, 3), (1, 50), (8, 100)])
def test_accumulated_batches_are_one_large_batch(size, steps, given):
    many, history = trained(X, Y, settings={STEPS: steps}, batch_size=size, epochs=3, **given)
    one, other = trained(X, Y, batch_size=size * steps, epochs=3, **given)
    close(many, one)
    assert history.updates == other.updates
    assert history.history["loss"] == pytest.approx(other.history["loss"], rel=1e-10)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(
    ("limit", "size"),
    [
        ({"clipnorm": 0.01}, lambda moves: max(np.linalg.norm(m) for m in moves)),
        ({"global_clipnorm": 0.01}, lambda moves: np.sqrt(sum((m * m).sum() for m in moves))),
        ({"clipvalue": 0.01}, lambda moves: max(abs(m).max() for m in moves)),
    ],
)
def test_gradients_are_limited(limit, size, steps):
    settings = {"lr": 1.0, STEPS: steps, "batch_size": 20}
    start = weights(trainer_of())
    free, limited = (trained(X, Y, settings=settings | more)[0] for more in ({}, limit))
    assert size([a - b for a, b in zip(free, start, strict=True)]) > 0.1
    moved = size([a - b for a, b in zip(limited, start, strict=True)])
    updates = 3 if steps == 1 else 1
    assert 0.0099 * (updates == 1) < moved <= 0.01 * updates * (1 + 1e-9)


# ------------------------------------------------------------------ data of other kinds


class Two(nn.Module):
    """A model of a tuple or dict of inputs, that returns a nest."""

    def __init__(self):
        self.a, self.b = nn.Linear(2, 1, rng=0), nn.Linear(1, 1, rng=1)

    def forward(self, x):
        first, second = (x["a"], x["b"]) if isinstance(x, dict) else x
        return {"sum": self.a(first) + self.b(second), "parts": (self.a(first), self.b(second))}


@pytest.mark.parametrize("x", [(X[:, :2], X[:, 2:]), {"a": X[:, :2], "b": X[:, 2:]}])
def test_nests_of_inputs_and_outputs(x):
    model = Two()

    def loss(output, target):
        return nn.mse_loss(output["sum"], target)

    trainer = trainer_of(model=model, loss=loss)
    start = trainer.evaluate(x, Y)["loss"]
    history = trainer.fit(x, Y, epochs=30, rng=0, verbose=0, validation_split=0.2)
    assert history.history["val_loss"][-1] < start / 10
    found = trainer.predict(x, batch_size=7)
    assert (found["sum"].shape, type(found["parts"])) == ((50, 1), tuple)
    np.testing.assert_allclose(found["sum"], found["parts"][0] + found["parts"][1])


PAIRS = [(X[k : k + 10], Y[k : k + 10]) for k in range(0, 50, 10)]
TRIPLES = [(x, y, np.ones(10)) for x, y in PAIRS]


class Again:
    """Something to loop over again and again, without a length."""

    def __iter__(self):
        return iter(PAIRS)


def endless():
    while True:
        yield from PAIRS


@pytest.mark.parametrize(
    ("data", "given"),
    [
        (lambda: PAIRS, {}),
        (lambda: TRIPLES, {}),
        (Again, {}),
        (lambda: [list(pair) for pair in PAIRS].__iter__(), {"epochs": 1}),
        (endless, {"steps_per_epoch": 5}),
        (Again, {"steps_per_epoch": 5}),
        (lambda: optim.batches(X, Y, 10, shuffle=False), {}),
        (lambda: optim.batches(X, Y, 10, shuffle=False), {"steps_per_epoch": 5}),
    ],
)
def test_iterables_of_batches_are_as_arrays(data, given):
    epochs = given.get("epochs", 3)
    found, history = trained(data(), **({"epochs": 3} | given))
    expected, other = trained(X, Y, batch_size=10, epochs=epochs)
    close(found, expected)
    assert history.history["loss"] == pytest.approx(other.history["loss"], rel=1e-10)
    assert history.updates == other.updates
    assert trained(PAIRS[:3], epochs=2, steps_per_epoch=5)[1].updates == [5, 10]  # begun again
    trainer = trainer_of()
    assert trainer.evaluate(PAIRS)["loss"] == pytest.approx(trainer.evaluate(X, Y)["loss"])


@pytest.mark.parametrize(
    ("data", "given", "error", "says"),
    [
        (lambda: iter(PAIRS), {"epochs": 2}, ValueError, "no batches for epoch 2: an iterator"),
        (lambda: iter([]), {}, ValueError, "no batches for epoch 1"),
        (lambda: iter(PAIRS), {"epochs": 3, "steps_per_epoch": 5}, ValueError, "for epoch 2"),
        (lambda: iter([(X, Y, W, W)]), {}, ValueError, "this one has 4 parts"),
        (lambda: PAIRS, {"y": Y}, TypeError, "batches hold targets and weights themselves"),
        (Again, {"sample_weight": W}, TypeError, "give no y beside them"),
        (lambda: PAIRS, {"validation_split": 0.1}, TypeError, "validation_split needs arrays"),
    ],
)
def test_batches_that_are_refused(data, given, error, says):
    with pytest.raises(error, match=says):
        trainer_of().fit(data(), verbose=0, **given)


def bias(output, target):
    return np.mean(output - target)


def test_metrics_are_means_over_samples_not_batches():
    metrics = ["mae", "rmse", "r2", bias, optim.MeanSquaredError, optim.MeanMetric(bias, "other")]
    trainer = trainer_of(lr=0.0, batch_size=32, metrics=metrics)
    error = trainer.predict(X) - Y
    mse = np.mean(error**2)
    expected = {"loss": mse, "mae": np.mean(abs(error)), "rmse": mse**0.5, "mse": mse}
    expected |= {"r2": 1 - mse / np.var(Y), "bias": np.mean(error), "other": np.mean(error)}
    history = trainer.fit(X, Y, rng=0, validation_data=(X, Y), verbose=0).at(-1)
    assert trainer.evaluate(X, Y) == pytest.approx(expected, rel=1e-10)
    held = {f"val_{name}": value for name, value in expected.items()}
    assert history == pytest.approx(expected | held, rel=1e-10)


def test_lbfgs_is_the_solution_of_least_squares():
    model = nn.Linear(3, 1, rng=0)
    optimizer = optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe")
    trainer = optim.BatchTrainer(model, nn.mse_loss, optimizer, metrics=["mae"])
    history = trainer.fit(X, Y, epochs=5, verbose=0)
    assert history.updates == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(model.weight.data.ravel(), [1.0, -2.0, 0.5], atol=1e-5)
    assert trainer.evaluate(X, Y)["mae"] < 1e-5


# ------------------------------------------------------------------ arrays: types, memory


@pytest.mark.parametrize("given", [{}, {"sample_weight": W}, {"sample_weight": W.astype("f4")}])
@pytest.mark.parametrize("steps", [1, 3])
def test_single_precision_stays(given, steps):
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 1, rng=1)).astype("f4")
    optimizer = optim.Adam(model.parameters())
    trainer = optim.Trainer(model, nn.mse_loss, optimizer, 8, clipnorm=1.0, **{STEPS: steps})
    trainer.fit(X.astype("f4"), Y.astype("f4"), epochs=2, verbose=0, **given)
    assert {p.data.dtype for p in model.parameters()} == {np.dtype("f4")}
    state = [a for s in optimizer.state.values() for a in s.values() if isinstance(a, np.ndarray)]
    assert {a.dtype for a in state} == {np.dtype("f4")}
    assert trainer.predict(X.astype("f4")).dtype == np.float32


def peak(epochs, n=200_000):
    x = np.random.default_rng(0).normal(size=(n, 10))
    y = x[:, :1].copy()
    trainer = trainer_of(model=nn.Linear(10, 1, rng=0), batch_size=1000)
    tracemalloc.start()
    try:
        trainer.fit(x, y, epochs=epochs, validation_split=0.1, rng=0, verbose=0)
        return tracemalloc.get_traced_memory()[1] / x.nbytes
    finally:
        tracemalloc.stop()


def test_fit_holds_no_copy_of_the_data_and_no_more_with_more_epochs():
    once = peak(1)
    assert once < 0.35  # the order of the samples is a tenth
    assert peak(4) < once + 0.02


def read_only(tmp_path):
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    return x, y


def mapped(tmp_path):
    for name, a in (("x", X), ("y", Y)):
        np.save(tmp_path / f"{name}.npy", a)
    return tuple(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "xy")


def frames(tmp_path):
    pandas = pytest.importorskip("pandas")
    index = np.random.default_rng(0).permutation(50)
    return pandas.DataFrame(X, index, ["a", "b", "c"]), pandas.DataFrame(Y, index, ["y"])


@pytest.mark.parametrize("kind", [read_only, mapped, frames, lambda _: (X.tolist(), Y.tolist())])
def test_arrays_of_other_kinds(kind, tmp_path):
    x, y = kind(tmp_path)
    settings = {"epochs": 2, "rng": 0, "shuffle": True, "validation_split": 0.2}
    found, expected = trained(x, y, **settings), trained(X, Y, **settings)
    assert same(found[0], expected[0])
    assert found[1].history == expected[1].history
    assert (trainer_of().predict(x) == trainer_of().predict(X)).all()
