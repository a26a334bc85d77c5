"""GradientHealth: its four measures against direct computation, and that it changes nothing."""

import numpy as np
import pytest

import nn
import optim
from autograd import Value

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.1


def net(act=nn.ReLU, drop=0.0):
    rng = np.random.default_rng(1)
    drops = [nn.Dropout(drop, rng=rng)] if drop else []
    return nn.Sequential(nn.Linear(3, 6, rng=rng), act(), *drops, nn.Linear(6, 1, rng=rng))


def watched(model, x=X, y=Y, *, epochs=1, lr=0.1, health=None, opt=optim.SGD, **settings):
    parameters = model.parameters()
    trainer = optim.Trainer(model, nn.mse_loss, opt(parameters, lr=lr), **settings)
    health = [optim.GradientHealth()] if health is None else health
    return trainer.fit(x, y, epochs=epochs, shuffle=False, verbose=0, callbacks=health)


def by_hand(lr, size, every=1, steps=1):
    """The three measures of a bare Linear(3, 1), trained by SGD without shuffling."""
    w = np.append(nn.Linear(3, 1, rng=0).weight.data, nn.Linear(3, 1, rng=0).bias.data)
    a = np.column_stack([X, np.ones(len(X))])
    gradients, norms, ratios = [], [], []
    starts = range(0, len(X), size * steps)
    for k, i in enumerate(starts):
        part = slice(i, i + size * steps)
        g = 2 * a[part].T @ (a[part] @ w - Y[part, 0]) / len(a[part])
        if k % every == 0:
            gradients.append(g)
            norms.append(np.linalg.norm(g))
            ratios.append(lr * norms[-1] / np.linalg.norm(w))
        w = w - lr * g
    spread = np.var(gradients, axis=0, ddof=1).sum() if len(gradients) > 1 else 0.0
    noise = np.sqrt(spread) / np.linalg.norm(np.mean(gradients, axis=0))
    return np.mean(norms), np.mean(ratios), noise


@pytest.mark.parametrize(
    ("size", "every", "steps"), [(8, 1, 1), (8, 2, 1), (8, 3, 1), (40, 1, 1), (4, 1, 2), (15, 1, 1)]
)
def test_norm_ratio_and_noise_of_a_bare_layer(size, every, steps):
    health = [optim.GradientHealth(every=every)]
    history = watched(
        nn.Linear(3, 1, rng=0),
        lr=0.05,
        batch_size=size,
        health=health,
        gradient_accumulation_steps=steps,
    ).history
    names = ["gradient_norm/model", "update_ratio/model", "gradient_noise/model"]
    assert [name for name in history if "/" in name] == names
    found = [history[name][0] for name in names]
    np.testing.assert_allclose(found, by_hand(0.05, size, every, steps), rtol=1e-10)


@pytest.mark.parametrize(
    ("act", "bias", "share"),
    [
        (nn.ReLU, [-100] * 6, 1.0),
        (nn.ReLU, [100] * 6, 0.0),
        (nn.ReLU, [-100, 100, 100, -100, 100, 100], 1 / 3),
        (nn.Tanh, [100] * 6, 1.0),
        (nn.Tanh, [0, 0, 0, -100, 100, 100], 0.5),
        (nn.Sigmoid, [-100] * 6, 1.0),
        (nn.Sigmoid, [0] * 6, 0.0),
    ],
)
def test_dead_units(act, bias, share):
    model = net(act)
    model[0].bias.data = np.array(bias, float)
    history = watched(model, lr=1e-9, batch_size=8, epochs=2).history
    name = f"dead_units/{act.__name__.lower()} 1"
    np.testing.assert_allclose(history[name], share)


def test_a_unit_that_one_sample_of_the_epoch_moves_is_alive():
    model = nn.Sequential(nn.Linear(1, 2, rng=0), nn.ReLU(), nn.Linear(2, 1, rng=1))
    model[0].weight.data, model[0].bias.data = np.ones((1, 2)), np.zeros(2)
    x = np.where(np.arange(20) == 13, 1.0, -1.0)[:, None]
    history = watched(model, x, x, lr=1e-9, batch_size=4).history
    assert history["dead_units/relu 1"] == [0.0]


class Deep(nn.Module):
    def __init__(self):
        self.encoder = net(nn.Tanh)
        self.head = nn.Linear(1, 1, rng=4)

    def forward(self, x):
        return self.head(np.tanh(self.encoder(x)))


@pytest.mark.parametrize(
    ("model", "layers", "units"),
    [
        (net(), ["0", "2"], ["relu 1"]),
        (Deep(), ["encoder.0", "encoder.2", "head"], ["tanh 1", "tanh 2"]),
        (nn.Linear(3, 1, rng=0), ["model"], []),
    ],
    ids=["Sequential", "Module", "Linear"],
)
def test_names(model, layers, units):
    history = watched(model, epochs=3).history
    kinds = ("gradient_norm", "update_ratio", "gradient_noise")
    names = {f"{kind}/{layer}" for kind in kinds for layer in layers}
    assert {n for n in history if "/" in n} == names | {f"dead_units/{u}" for u in units}
    assert {len(values) for values in history.values()} == {3}
    assert all(np.isfinite(values).all() for values in history.values())


def test_a_function_of_values():
    w, b = Value(np.zeros((3, 1))), Value(0.0)
    trainer = optim.Trainer(lambda x: x @ w + b, nn.mse_loss, optim.SGD([w, b], lr=0.1), None)
    history = trainer.fit(X, Y, verbose=0, callbacks=[optim.GradientHealth()]).history
    assert history["gradient_norm/parameter 0"][0] == pytest.approx(
        np.linalg.norm(2 * X.T @ Y / len(X))
    )
    assert history["gradient_norm/parameter 1"][0] == pytest.approx(abs(2 * Y.mean()))
    assert history["update_ratio/parameter 0"] == [0.0]  # weights of 0 have no ratio


@pytest.mark.parametrize(
    ("opt", "settings"),
    [
        (optim.SGD, {}),
        (optim.Adam, {"batch_size": 7}),
        (optim.SGD, {"batch_size": 7, "gradient_accumulation_steps": 4}),
        (optim.RMSprop, {"batch_size": 1, "global_clipnorm": 0.5}),
        (optim.LBFGS, {"batch_size": None}),
    ],
)
@pytest.mark.parametrize("every", [1, 3])
def test_training_is_the_same_with_and_without_it(opt, settings, every):
    first, second = net(drop=0.5), net(drop=0.5)
    plain = watched(first, health=[], opt=opt, lr=0.01, epochs=3, **settings)
    health = [optim.GradientHealth(every=every)]
    looked = watched(second, health=health, opt=opt, lr=0.01, epochs=3, **settings)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    assert looked.history["loss"] == plain.history["loss"]
    assert len(looked.history["gradient_norm/0"]) == 3


def test_every_epoch_has_its_measures_with_fewer_batches_than_every():
    history = watched(net(), epochs=3, batch_size=20, health=[optim.GradientHealth(every=10)])
    for name, values in history.history.items():
        assert np.isfinite(values).all(), name


def test_a_parameter_without_gradient_counts_as_zero():
    model = Deep()
    model.forward = lambda x: model.encoder(x)
    history = watched(model).history
    assert history["gradient_norm/head"] == [0.0]
    assert history["gradient_noise/head"] == [0.0]
    assert history["update_ratio/head"] == [0.0]


def test_plot_of_a_measure():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    history = watched(net(), epochs=4)
    axes = history.plot(pyplot.figure().gca(), measure="gradient_norm/0")
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), history.history["gradient_norm/0"])
    assert axes.get_ylabel() == "gradient_norm/0"
    pyplot.close("all")


@pytest.mark.parametrize("every", [0, -1])
def test_refusals(every):
    with pytest.raises(ValueError, match=f"every is {every}"):
        optim.GradientHealth(every=every)
