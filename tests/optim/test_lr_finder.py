"""lr_finder: the rates, where it ends, what it suggests, and that the trainer is as before."""

import copy
import math

import numpy as np
import pytest

import nn
import optim
from autograd import Value

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.1


def trainer_of(model=None, kind=optim.SGD, loss=nn.mse_loss, **settings):
    model = model or nn.Linear(3, 1, rng=0)
    return optim.Trainer(model, loss, kind(model.parameters(), **(settings or {"lr": 0.1})))


@pytest.mark.parametrize(("low", "high", "steps"), [(1e-6, 1e-2, 25), (1e-4, 1e-3, 2)])
def test_rates_are_geometric(low, high, steps):
    found = optim.lr_finder(trainer_of(), X, Y, min_lr=low, max_lr=high, steps=steps, rng=0)
    assert len(found.lr) == len(found.losses) == len(found.smoothed) == steps
    k = np.arange(steps) / (steps - 1)
    np.testing.assert_allclose(found.lr, low * (high / low) ** k)


def test_the_losses_are_those_before_each_step():
    trainer = trainer_of()
    before = trainer.evaluate(X, Y)["loss"]
    found = optim.lr_finder(trainer, X, Y, batch_size=None, steps=5, max_lr=0.1, smooth=0.0)
    w, b = (p.data.copy() for p in trainer.model.parameters())
    assert found.losses[0] == pytest.approx(before)
    for rate, loss in zip(found.lr, found.losses, strict=True):
        apart = X @ w + b - Y
        assert loss == pytest.approx(float(np.mean(apart**2)))
        w, b = w - rate * 2 * X.T @ apart / len(X), b - rate * 2 * apart.mean(axis=0)
    np.testing.assert_array_equal(found.smoothed, found.losses)


@pytest.mark.parametrize("factor", [1.5, 4.0])
def test_it_ends_where_the_loss_grows(factor):
    found = optim.lr_finder(
        trainer_of(), X, Y, max_lr=1e6, stop_factor=factor, batch_size=None, rng=0
    )
    assert len(found.lr) < 100
    assert np.isfinite(found.losses).all()
    assert found.smoothed[-1] > factor * found.smoothed.min()
    assert found.smoothed[-2] <= factor * found.smoothed[:-1].min()


def test_it_ends_where_the_loss_is_not_finite():

    def blows(o, t):
        return np.exp(np.exp(np.mean((o - t) ** 2) * 3))

    x = X / 3
    found = optim.lr_finder(trainer_of(loss=blows), x, x[:, :1], max_lr=1e3, stop_factor=1e300)
    assert len(found.lr) < 100
    assert np.isfinite(found.losses).all()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(optim.SGD, {"lr": 0.1, "momentum": 0.9}), (optim.Adam, {"lr": 0.01})],
)
def test_the_trainer_is_as_before(kind, settings):
    rng = np.random.default_rng(3)
    model = nn.Sequential(
        nn.Linear(3, 8, rng=rng), nn.Dropout(0.5, rng=rng), nn.Linear(8, 1, rng=rng)
    )
    trainer = trainer_of(model, kind, **settings)
    trainer.fit(X, Y, epochs=2, verbose=0, rng=0)
    model[1].eval()

    def state():
        states = [copy.deepcopy(g.bit_generator.state) for g in trainer.generators()]
        modes = [part.training for part in model.modules()]
        grads = [None if p.grad is None else p.grad.copy() for p in model.parameters()]
        history = copy.deepcopy(trainer.history.history)
        return trainer.weights(), trainer.optimizer.state_dict(), states, modes, grads, history

    before = copy.deepcopy(state())
    optim.lr_finder(trainer, X, Y, max_lr=100.0)
    np.testing.assert_equal(state(), before)


def test_the_trainer_is_as_before_when_the_finder_fails():
    trainer = trainer_of()
    before = trainer.weights()
    with pytest.raises(ValueError, match="not finite at the start"):
        optim.lr_finder(trainer, np.full((9, 3), np.nan), np.ones((9, 1)))
    np.testing.assert_equal(trainer.weights(), before)


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_the_suggestion_follows_the_curvature(scale):
    """For squared error with one weight the largest stable rate is 2 / curvature."""
    x = scale * np.where(np.arange(64) % 2, 1.0, -1.0)[:, None]
    w = Value(np.zeros((1, 1)))
    trainer = optim.Trainer(lambda a: a @ w, nn.mse_loss, optim.SGD([w], lr=1.0))
    found = optim.lr_finder(trainer, x, 3 * x, max_lr=1e4, rng=0)
    largest = 2 / (2 * scale**2)
    assert largest / 100 < found.suggestion < largest


def test_equal_seeds_give_equal_results():
    first, second, other = (
        optim.lr_finder(trainer_of(), X, Y, max_lr=0.1, rng=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.losses, second.losses)
    assert not np.array_equal(first.losses, other.losses)


def test_groups_keep_their_ratio():
    model = nn.Linear(3, 1, rng=0)
    seen = []

    class Looks(optim.SGD):
        def step(self, closure=None):
            seen.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    groups = [{"params": [model.weight]}, {"params": [model.bias], "lr": 0.02}]
    trainer = optim.Trainer(model, nn.mse_loss, Looks(groups, lr=0.1))
    found = optim.lr_finder(trainer, X, Y, max_lr=1e-2, steps=10)
    np.testing.assert_allclose([rates[0] for rates in seen], found.lr)
    np.testing.assert_allclose([rates[1] for rates in seen], found.lr / 5)
    assert [group["lr"] for group in trainer.optimizer.param_groups] == [0.1, 0.02]


def test_plot_and_repr():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    found = optim.lr_finder(trainer_of(), X, Y, rng=0)
    axes = pyplot.figure().gca()
    assert found.plot(axes) is axes
    assert axes.get_xscale() == "log"
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), found.losses)
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), found.smoothed)
    assert set(axes.lines[2].get_xdata()) == {found.suggestion}
    assert f"{found.suggestion:.2g}" in axes.get_legend_handles_labels()[1][-1]
    pyplot.close("all")
    assert f"suggestion {found.suggestion:.2g}" in repr(found)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"min_lr": 0.0}, "min_lr is 0"),
        ({"min_lr": 1.0, "max_lr": 0.1}, r"max_lr 0\.1"),
        ({"max_lr": math.inf}, "max_lr inf"),
        ({"min_lr": math.nan}, "min_lr is nan"),
        ({"steps": 1}, "steps is 1"),
        ({"steps": 2.5}, r"steps is 2\.5"),
        ({"batch_size": 0}, "batch_size is 0"),
    ],
)
def test_refusals(settings, match):
    with pytest.raises(ValueError, match=match):
        optim.lr_finder(trainer_of(), X, Y, **settings)


def test_nothing_is_suggested_where_nothing_falls():
    x, noise = np.zeros((200, 3)), np.random.default_rng(1).normal(size=(200, 1))
    model = nn.Linear(3, 1, bias=False, rng=0)
    trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()))
    found = optim.lr_finder(trainer, x, noise, rng=0)
    assert found.suggestion is None
    assert "no clear fall" in repr(found)
    lbfgs = optim.Trainer(model, nn.mse_loss, optim.LBFGS(model.parameters()))
    with pytest.raises(ValueError, match="LBFGS searches for its rate itself"):
        optim.lr_finder(lbfgs, x, noise)
