"""Trainer.diagnose: each mistake is found, by itself; right programs are accused of nothing."""

import copy
import re

import numpy as np
import pytest

import nn
import optim
from autograd import Value

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = np.sin(X.sum(axis=1, keepdims=True))
C = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
B = (Y > 0) * 1.0
FAR = [0, 0, 500, 0]
HOLED = np.where(np.arange(480).reshape(120, 4) == 21, np.nan, X)
BINARY = nn.binary_cross_entropy_with_logits


def net(*last, out=1, act=nn.ReLU, width=16, drop=0.0, dtype=float):
    rng = np.random.default_rng(1)
    drops = [nn.Dropout(drop, rng=rng)] if drop else []
    first = nn.Linear(4, width, rng=rng)
    model = nn.Sequential(first, act(), *drops, nn.Linear(width, out, rng=rng), *last)
    for p in model.parameters():
        p.data = p.data.astype(dtype)
    return model


def trainer_of(model=None, loss=nn.mse_loss, lr=0.1, opt=optim.SGD, kind=optim.Trainer, **more):
    model = model or net()
    return kind(model, loss, opt(model.parameters(), lr=lr), **more)


def fitted(trainer, x=X, y=Y, epochs=40):
    trainer.fit(x, y, epochs=epochs, rng=0, verbose=0)
    return trainer


class Halves(nn.Module):
    def __init__(self):
        self.a, self.b = nn.Linear(4, 1, rng=0), nn.Linear(4, 1, rng=1)

    def forward(self, x):
        return self.a(x)


class NoZero(optim.Trainer):
    def train_on_batch(self, x, y=None, sample_weight=None):
        loss = self.compute_loss(x, y)[0]
        loss.backward()
        self.optimizer.step()
        return float(loss.data)


def of_others():
    return optim.Trainer(net(), nn.mse_loss, optim.SGD(net().parameters(), lr=0.1))


def of_some():
    model = net()
    return optim.Trainer(model, nn.mse_loss, optim.SGD(model[0].parameters(), lr=0.1))


def asleep():
    trainer = trainer_of(net(drop=0.5).eval())
    trainer.train_on_batch(X, Y)
    return trainer


def tied():
    layer = nn.Linear(4, 4, rng=0)
    return trainer_of(nn.Sequential(layer, layer, layer, nn.Linear(4, 1, rng=1)))


def alike():
    layers = nn.Linear(4, 4, rng=0), nn.Tanh(), nn.Linear(4, 4, rng=0)
    return trainer_of(nn.Sequential(*layers, nn.Linear(4, 1, rng=1)))


def sets(k, name, f):
    model = net()
    p = getattr(model[k], name)
    p.data = f(p.data)
    return trainer_of(model)


def constant():
    model = net()
    for p in model.parameters():
        p.data = 0 * p.data + 0.1
    return trainer_of(model)


class Anew(nn.Module):
    """Makes a layer in forward, where it is another one at each call."""

    def __init__(self):
        self.last = nn.Linear(3, 1, rng=0)

    def forward(self, x):
        return self.last(x[:, :3] + 0.1 * nn.Linear(4, 3)(x).data)


class Sleeper(optim.Trainer):
    def train_on_batch(self, x, y=None, sample_weight=None):
        loss = super().train_on_batch(x, y, sample_weight)
        self.model.eval()
        return loss


def broken(o, t):
    return np.mean((o[:, 0] - t[:7, 0]) ** 2)


WRONG = {
    "inputs not finite": (trainer_of, HOLED, Y, "1 numbers .* sample 5"),
    "targets not finite": (trainer_of, X, np.where(X[:, :1] == X[3, 0], np.inf, Y), "sample 3"),
    "a parameter is never reached": (lambda: trainer_of(Halves()), X, Y, r"b\.weight, b\.bias"),
    "a parameter is not trained": (of_some, X, Y, r"2\.weight, 2\.bias"),
    "the optimizer has other parameters": (of_others, X, Y, "none"),
    "outputs and targets broadcast": (
        lambda: trainer_of(loss=lambda o, t: np.mean((o - t) ** 2), lr=0.01),
        *(X, Y[:, 0], r"\(120, 1\) and \(120,\) gave \(120, 120\)"),
    ),
    "softmax applied twice": (
        lambda: trainer_of(net(nn.Softmax(), out=3), nn.cross_entropy),
        *(X, C, "cross entropy .* result of softmax"),
    ),
    "sigmoid applied twice": (lambda: trainer_of(net(nn.Sigmoid()), BINARY), X, B, "of sigmoid"),
    "probabilities without a logarithm": (
        lambda: trainer_of(net(nn.Softmax(), out=3), nn.nll_loss),
        *(X, C, r"loss is -0\.\d+"),
    ),
    "softmax of one output": (lambda: trainer_of(net(nn.Softmax())), X, B, r"\(120, 1\)"),
    "targets out of range": (
        lambda: trainer_of(net(out=3), nn.cross_entropy),
        *(X, C + 1, "classes 0 to 2; targets go from 1 to 3"),
    ),
    "inputs unscaled": (lambda: trainer_of(lr=1e-6), X + FAR, Y, r"2 is 499\.8 ± 1\.06"),
    "targets unscaled": (lambda: trainer_of(lr=0.001), X, Y + 500, r"are 500\.?\d* ± 0\.\d"),
    "units dead": (lambda: sets(0, "bias", lambda b: b - 100), X, Y, "all 16 .* relu 1 .* 120"),
    "rate too high": (lambda: trainer_of(lr=3.0), X, Y, r"10 steps with lr=3 .* with lr=0\.\d+"),
    "rate too low": (lambda: trainer_of(lr=1e-7), X, Y, r"lr=1e-07 take .* with lr=[\d.]+ to"),
    "gradients not set to zero": (
        lambda: trainer_of(kind=NoZero, lr=0.01),
        *(X, Y, r"norm (\S+) and then (\S+):"),
    ),
    "weights tied": (tied, X, Y, "0, 1, 2 are one"),
    "equal layers": (alike, X, Y, r"0\.weight and 2\.weight are equal"),
    "equal units": (constant, X, Y, r"0\.weight .* 16 units"),
    "left in evaluation mode": (
        lambda: trainer_of(net(drop=0.5), kind=Sleeper),
        *(X, Y, "5 of 5 parts .* Sequential, Linear, ReLU, Dropout"),
    ),
    "trained in evaluation mode": (asleep, X, Y, "Dropout"),
    "the loss fails": (lambda: trainer_of(loss=broken), X, Y, r"\(120,\).*\(7,\)"),
    "another output at each call": (lambda: trainer_of(Anew()), X, Y, "differ by up to 0"),
    "weights not finite": (lambda: sets(2, "bias", lambda b: b * np.nan), X, Y, r"2\.bias have"),
    "targets all equal": (trainer_of, X, 0 * Y + 0.5, "all 120 targets are 0.5"),
    "rate too low, as it is 0": (lambda: trainer_of(lr=0.0), X, Y, "lr is 0"),
    "the loss has no gradient": (lambda: trainer_of(loss=lambda o, t: 1.0), X, Y, "a float"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_each_mistake_is_found_and_no_other(mistake):
    make, x, y, evidence = WRONG[mistake]
    mistake = mistake.split(",")[0]
    found = make().diagnose(x, y)
    assert [finding.mistake for finding in found] == [mistake]
    assert re.search(evidence, found[0].evidence)
    assert str(found) == f"{mistake}: {found[0].evidence}\n    {found[0].advice}"
    assert repr(found) == f"<Diagnosis: {mistake}>"


def of_values():
    w, b = Value(np.zeros((4, 1))), Value(0.0)
    return optim.Trainer(lambda x: x @ w + b, nn.mse_loss, optim.SGD([w, b], lr=0.1))


class Recurrent(nn.Module):
    def __init__(self):
        self.a, self.b = nn.Linear(4, 4, rng=0), nn.Linear(4, 1, rng=1)

    def forward(self, x):
        h = np.tanh(self.a(x))
        for _ in range(4):
            h = np.tanh(self.a(h) + x)
        return self.b(h)


class Decays(optim.Trainer):
    def compute_loss(self, x, y=None, sample_weight=None):
        loss, output = super().compute_loss(x, y, sample_weight)
        return loss + 1e-3 * sum(np.sum(p**2) for p in self.model.parameters()), output


def classes(opt=optim.SGD, lr=0.1, **settings):
    return trainer_of(net(out=3, **settings), nn.cross_entropy, lr, opt)


def zero_classes():
    model = nn.Linear(4, 3, rng=0)
    model.weight.data = np.zeros((4, 3))
    return trainer_of(model, nn.cross_entropy)


def scalars():
    model = nn.MLP(4, [3, 1], rng=0)
    return optim.Trainer(
        lambda x: [model(list(row)) for row in x],
        lambda o, t: sum((a - b) ** 2 for a, b in zip(o, t, strict=True)) / len(t),
        optim.SGD(model.parameters(), lr=0.05),
    )


def slept_after():
    model = net(drop=0.3)
    trainer = trainer_of(model)
    trainer.train_on_batch(X, Y)
    model.eval()
    return trainer


def ranking(o, t):
    return np.mean(nn.softplus((o[:, 0] - o) * np.sign(t - t[:, 0])))


def hinges():
    x, y = np.repeat(2 * np.eye(4), 10, axis=0), np.repeat(2 * np.eye(4) - 1, 10, axis=0)
    return fitted(trainer_of(net(out=4), nn.hinge_loss, 0.5), x, y, 200), x, y


def broadcast_layer():
    w, v = Value(np.linspace(-1, 1, 16)), Value(np.ones((16, 1)) / 16)
    return optim.Trainer(lambda x: np.tanh(x * w) @ v, nn.mse_loss, optim.SGD([w, v], lr=0.5))


def few(n, width):
    return lambda: (trainer_of(net(width=width), lr=0.05), X[:n], Y[:n])


def lbfgs():
    model = net()
    return optim.Trainer(model, nn.mse_loss, optim.LBFGS(model.parameters()), batch_size=None)


RIGHT = {
    "regression": lambda: (trainer_of(), X, Y),
    "well trained": lambda: (fitted(trainer_of(lr=0.01, opt=optim.Adam), epochs=200), X, Y),
    "SGD": lambda: (classes(), X, C),
    "Adam": lambda: (classes(optim.Adam, 0.01), X, C),
    "RMSprop": lambda: (classes(optim.RMSprop, 0.01), X, C),
    "RAdam": lambda: (trainer_of(net(), BINARY, 0.01, optim.RAdam), X, B),
    "binary": lambda: (trainer_of(loss=BINARY), X, B),
    **{f"{a}": lambda a=a: (trainer_of(net(act=a)), X, Y) for a in (nn.Tanh, nn.Sigmoid)},
    "dropout": lambda: (classes(drop=0.5), X, C),
    "dropout fitted": lambda: (fitted(classes(drop=0.5), y=C), X, C),
    "stochastic": lambda: (trainer_of(lr=0.01, batch_size=1), X, Y),
    "Values": lambda: (of_values(), X, Y),
    "Values fitted": lambda: (fitted(of_values(), y=X[:, :1]), X, X[:, :1]),
    "accumulation": lambda: (fitted(trainer_of(gradient_accumulation_steps=3)), X, Y),
    "compute_loss": lambda: (trainer_of(net(drop=0.5), kind=Decays), X, Y),
    "float32": lambda: (trainer_of(net(dtype="f")), X.astype("f"), Y.astype("f")),
    "recurrent": lambda: (trainer_of(Recurrent()), X, Y),
    "LBFGS": lambda: (lbfgs(), X, Y),
    "LBFGS fitted": lambda: (fitted(lbfgs(), epochs=3), X, Y),
    "softmax from zero": lambda: (zero_classes(), X, C),
    "scalar neurons": lambda: (scalars(), X[:8], Y[:8, 0]),
    "evaluated after training": lambda: (slept_after(), X, Y),
    "negative loss": lambda: (trainer_of(loss=lambda o, t: np.mean((o - t) ** 2) - 10), X, Y),
    "ranking": lambda: (trainer_of(loss=ranking), X, Y),
    "hinges at rest": hinges,
    "as many units as samples": lambda: (broadcast_layer(), X[:16, :1], X[:16, :1]),
    **{f"{n} samples, {w} units": few(n, w) for n, w in [(2, 3), (2, 16), (3, 8), (4, 4), (5, 16)]},
}


@pytest.mark.parametrize("program", RIGHT)
def test_right_programs_are_accused_of_nothing(program):
    trainer, x, y = RIGHT[program]()
    found = trainer.diagnose(x, y)
    assert list(found) == [], str(found)
    assert str(found) == f"None of the usual mistakes was found, by {len(x)} samples."
    assert repr(found) == "<Diagnosis: no mistake found>"


@pytest.mark.parametrize(
    "trainer", [classes(optim.Adam, drop=0.5), trainer_of(net(out=3), nn.cross_entropy, 9.0)]
)
def test_nothing_is_changed(trainer):
    trainer.gradient_accumulation_steps = 2
    trainer.fit(X, C, epochs=2, rng=0, verbose=0) if trainer.generators() else None
    trainer.train_on_batch(X[:9], C[:9])  # one that waits for an update
    trainer.model[1].eval()

    def state():
        parts = [part.training for part in trainer.model.modules()]
        generators = [g.bit_generator.state for g in trainer.generators()]
        grads = [p.grad for p in trainer.model.parameters()]
        optimizer, run = trainer.optimizer.state_dict(), trainer.history.state_dict()
        more = trainer.waiting(), trainer.updates, trainer.last_batch, list(vars(trainer.optimizer))
        return trainer.weights(), optimizer, generators, grads, parts, run, more

    before = copy.deepcopy(state())
    assert trainer.pending == 1
    trainer.diagnose(X, C)
    np.testing.assert_equal(state(), before)


def test_samples_are_those_of_the_last_fit():
    with pytest.raises(ValueError, match=r"no training yet: write trainer\.diagnose\(x, y\)"):
        trainer_of().diagnose()
    assert fitted(trainer_of(), epochs=1).diagnose().samples == 120
    trainer = trainer_of()
    trainer.train_on_batch(X[:6], Y[:6])
    assert trainer.diagnose().samples == 6
