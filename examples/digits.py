"""Handwritten digits by the three gradient descents: one sample, 32 samples, all samples an update.

The same network, 64-32-10, from the same initial weights; scikit-learn's 1,797 digits, a fifth of
them held out. Prints a table and writes two pictures into the folder `out`.
"""

import copy
from pathlib import Path

import matplotlib
import numpy as np
from neuron import neuron
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nn
import optim
from autograd import draw

# Each with the learning rate and the number of epochs that suit it: the mean over more samples is
# a better direction and bears a longer step, but an epoch has fewer of them.
DESCENTS = {
    "stochastic": (optim.StochasticTrainer, {"lr": 0.01}, 20),
    "mini-batch": (optim.MiniBatchTrainer, {"lr": 0.1, "momentum": 0.9}, 30),
    "batch": (optim.BatchTrainer, {"lr": 0.3, "momentum": 0.9}, 300),
}


def load(seed=0):
    """Training and test samples, as many of each digit in proportion; pixels from -1 to 1."""
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x / 8 - 1, y, test_size=0.2, stratify=y, random_state=seed
    )
    return (x_train, y_train), (x_test, y_test)


def network(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng))


def train(name, model, seed=0, verbose=1):
    """Train the model by one of the three; a row of the table, and the history."""
    kind, settings, epochs = DESCENTS[name]
    (x, y), (x_test, y_test) = load(seed)
    optimizer = optim.SGD(model.parameters(), weight_decay=3e-4, **settings)
    trainer = kind(model, nn.cross_entropy, optimizer, metrics=["accuracy"])
    history = trainer.fit(x, y, epochs=epochs, rng=seed, verbose=verbose)
    return {
        "updates": history.updates[0],
        "epochs": epochs,
        "seconds": history.seconds[-1],
        "loss": history.history["loss"][-1],
        "accuracy": trainer.evaluate(x_test, y_test)["accuracy"],
        "history": history,
    }


def plot(rows, path):
    """The training loss of each descent, by the epoch and by the update."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), sharey=True, layout="constrained")
    for name, row in rows.items():
        history = row["history"]
        losses = history.history["loss"]
        left.loglog(np.arange(1, len(losses) + 1), losses, label=name)
        right.loglog(history.updates, losses)
    left.set(xlabel="epochs (in each, every sample is seen once)", ylabel="training loss")
    right.set(xlabel="updates of the weights")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    left.legend()
    figure.suptitle("One network learns handwritten digits, by three gradient descents")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    out = Path("out")
    out.mkdir(exist_ok=True)
    start = network()
    rows = {}
    for name in DESCENTS:
        print(f"{name} gradient descent", flush=True)
        rows[name] = train(name, copy.deepcopy(start))
    print(
        f"\n{'':12}{'updates/epoch':>14}{'epochs':>8}{'seconds':>9}{'loss':>9}{'test accuracy':>15}"
    )
    for name, row in rows.items():
        print(
            f"{name:12}{row['updates']:14}{row['epochs']:8}{row['seconds']:9.1f}"
            f"{row['loss']:9.4f}{row['accuracy']:15.1%}"
        )
    curves, graph = out / "descents.png", out / "neuron.svg"
    plot(rows, curves)
    draw(neuron()).render(outfile=graph)
    print(f"\nloss curves: {curves.resolve()}\ngraph of a tanh neuron: {graph.resolve()}")


if __name__ == "__main__":
    main()
