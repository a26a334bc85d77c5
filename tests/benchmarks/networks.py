"""The same training step by this library, by PyTorch, by JAX, and by hand in NumPy."""

import itertools
import os

import numpy as np

import nn
import optim


class Task:
    """A network and a batch, alike for all who train it."""

    def __init__(self, sizes, n, dtype, loss, optimizer):
        rng = np.random.default_rng(0)
        self.loss, self.optimizer = loss, optimizer
        self.weights = [
            (rng.uniform(-1, 1, (i, o)) / np.sqrt(i)).astype(dtype)
            for i, o in itertools.pairwise(sizes)
        ]
        self.biases = [np.zeros(o, dtype) for o in sizes[1:]]
        self.x = rng.normal(size=(n, sizes[0])).astype(dtype)
        if loss == "mse":
            self.y = rng.normal(size=(n, sizes[-1])).astype(dtype)
        else:
            self.y = rng.integers(0, sizes[-1], n)


def ours(task):
    layers = []
    for w, b in zip(task.weights, task.biases, strict=True):
        layer = nn.Linear(*w.shape, dtype=w.dtype)
        layer.load_state_dict({"weight": w, "bias": b})
        layers += [layer, nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    loss_of = nn.mse_loss if task.loss == "mse" else nn.cross_entropy
    optimizer = {
        "sgd": lambda p: optim.SGD(p, lr=0.01),
        "momentum": lambda p: optim.SGD(p, lr=0.01, momentum=0.9),
        "adam": lambda p: optim.Adam(p, lr=1e-3),
    }[task.optimizer](model.parameters())

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(task.x), task.y)
        loss.backward(retain_grads=False)
        optimizer.step()
        return float(loss.data)

    return step


def by_torch(task):
    import torch

    torch.set_num_threads(1)
    layers = []
    for w, b in zip(task.weights, task.biases, strict=True):
        layer = torch.nn.Linear(*w.shape)
        layer.weight = torch.nn.Parameter(torch.from_numpy(w.T.copy()))
        layer.bias = torch.nn.Parameter(torch.from_numpy(b.copy()))
        layers += [layer, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.MSELoss() if task.loss == "mse" else torch.nn.CrossEntropyLoss()
    optimizer = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=1e-3),
    }[task.optimizer](model.parameters())
    x, y = torch.from_numpy(task.x), torch.from_numpy(task.y)

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def by_jax(task):
    """The whole step, from parameters and the optimizer's arrays to such, compiled by jax.jit."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")  # one thread, as we
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    x, y = jnp.asarray(task.x), jnp.asarray(task.y)

    def loss_of(parameters):
        h = x
        for k in range(0, len(parameters), 2):
            h = (jax.nn.relu(h) if k else h) @ parameters[k] + parameters[k + 1]
        if task.loss == "mse":
            return jnp.mean((h - y) ** 2)
        return -jnp.mean(jax.nn.log_softmax(h)[jnp.arange(len(y)), y])

    def sgd(t, g, p):
        return (p - 0.01 * g,)

    def momentum(t, g, p, m):
        m = 0.9 * m + g
        return p - 0.01 * m, m

    def adam(t, g, p, m, v):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p - 1e-3 * m / (1 - 0.9**t) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    update, slots = {"sgd": (sgd, 0), "momentum": (momentum, 1), "adam": (adam, 2)}[task.optimizer]

    def whole(state, t):
        loss, gradients = jax.value_and_grad(loss_of)([arrays[0] for arrays in state])
        return loss, [update(t, g, *s) for g, s in zip(gradients, state, strict=True)]

    compiled = jax.jit(whole, donate_argnums=0)
    parameters = [p for pair in zip(task.weights, task.biases, strict=True) for p in pair]
    state = [tuple(map(jnp.array, (p, *[0 * p] * slots))) for p in parameters]
    t = 0

    def step():
        nonlocal state, t
        t += 1
        loss, state = compiled(state, task.x.dtype.type(t))
        jax.block_until_ready(state)
        return float(loss)

    return step


def by_hand(task):
    """Softmax cross entropy and momentum, written out, every large array allocated beforehand."""
    assert (task.loss, task.optimizer) == ("cross_entropy", "momentum")
    ws, bs = [w.copy() for w in task.weights], [b.copy() for b in task.biases]
    n = len(task.x)
    hs = [np.empty((n, w.shape[1]), w.dtype) for w in ws]
    gs = [np.empty_like(h) for h in hs]
    masks = [np.empty(h.shape, bool) for h in hs]
    gws, gbs = [np.empty_like(w) for w in ws], [np.empty_like(b) for b in bs]
    vws, vbs = [np.zeros_like(w) for w in ws], [np.zeros_like(b) for b in bs]
    top, total = np.empty((n, 1), ws[0].dtype), np.empty((n, 1), ws[0].dtype)
    rows = np.arange(n)

    def step():
        x = task.x
        for k, (w, b, h) in enumerate(zip(ws, bs, hs, strict=True)):
            np.matmul(x, w, out=h)
            np.add(h, b, out=h)
            if k < len(ws) - 1:
                np.maximum(h, 0, out=h)
            x = h
        g = gs[-1]
        np.max(x, axis=1, keepdims=True, out=top)
        np.subtract(x, top, out=x)
        np.exp(x, out=g)
        np.sum(g, axis=1, keepdims=True, out=total)
        loss = float(np.mean(np.log(total[:, 0]) - x[rows, task.y]))
        np.divide(g, total, out=g)
        g[rows, task.y] -= 1
        np.multiply(g, 1 / n, out=g)
        for k in reversed(range(len(ws))):
            below = hs[k - 1] if k else task.x
            np.matmul(below.T, gs[k], out=gws[k])
            np.sum(gs[k], axis=0, out=gbs[k])
            if k:
                np.matmul(gs[k], ws[k].T, out=gs[k - 1])
                np.greater(below, 0, out=masks[k - 1])
                np.multiply(gs[k - 1], masks[k - 1], out=gs[k - 1])
        for p, v, gradient in zip(ws + bs, vws + vbs, gws + gbs, strict=True):
            np.multiply(v, 0.9, out=v)
            np.add(v, gradient, out=v)
            np.multiply(v, 0.01, out=gradient)
            np.subtract(p, gradient, out=p)
        return loss

    return step
