"""The epochs of a Trainer, and the same written out as a loop, on data like the digits."""

import tracemalloc

import numpy as np

import nn
import optim

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(1437, 64)), RNG.integers(0, 10, 1437)


def network():
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng))


def by_trainer(batch_size, epochs):
    model = network()
    trainer = optim.Trainer(model, nn.cross_entropy, optim.SGD(model.parameters(), lr=0.01))
    history = trainer.fit(X, Y, batch_size=batch_size, epochs=epochs, rng=0, verbose=0)
    return history.history["loss"][-1]


def by_hand(batch_size, epochs):
    model, rng = network(), np.random.default_rng(0)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0.0
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            optimizer.zero_grad()
            loss = nn.cross_entropy(model(X[batch]), Y[batch])
            loss.backward(retain_grads=False)
            optimizer.step()
            total += float(loss.data) * len(batch)
    return total / len(X)


def peak(samples, epochs, batch_size=10_000):
    """The memory that fit needs beside its data, in bytes."""
    x = np.zeros((samples, 10))
    y = np.zeros((samples, 1))
    model = nn.Linear(10, 1, rng=0)
    trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()))
    tracemalloc.start()
    trainer.fit(x, y, batch_size=batch_size, epochs=epochs, rng=0, verbose=0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most
