"""Three ways to use the data: one sample, 32 samples, or all samples for each update.

Logistic regression of breast cancer, from the same initial weights, with the same learning rate.
The loss of every update, measured over all samples, shows what an update does in each of them.
"""

from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_breast_cancer

import nn
import optim

EPOCHS = 6
LR = 0.1


def load():
    x, y = load_breast_cancer(return_X_y=True)
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def train(kind, x, y):
    """Train by one of the three; the loss over all samples, before and after each update."""
    model = nn.Linear(x.shape[1], 2, rng=0)
    trainer = kind(model, nn.cross_entropy, optim.SGD(model.parameters(), lr=LR))
    whole = optim.BatchTrainer(model, nn.cross_entropy, trainer.optimizer)  # to measure with
    losses = [whole.evaluate(x, y)["loss"]]

    def note(batch, logs):
        losses.append(whole.evaluate(x, y)["loss"])

    watch = optim.LambdaCallback(on_train_batch_end=note)
    trainer.fit(x, y, epochs=EPOCHS, rng=0, verbose=0, callbacks=[watch])
    return np.array(losses)


def main():
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    x, y = load()
    kinds = {
        "stochastic (1)": optim.StochasticTrainer,
        "mini-batch (32)": optim.MiniBatchTrainer,
        "batch (all)": optim.BatchTrainer,
    }
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), sharey=True, layout="constrained")
    print(f"{'':16}{'updates/epoch':>14}{'rises':>8}{'loss':>9}")
    for name, kind in kinds.items():
        losses = train(kind, x, y)
        updates = len(losses) - 1
        rises = np.mean(np.diff(losses) > 0)
        print(f"{name:16}{updates // EPOCHS:14}{rises:8.0%}{losses[-1]:9.4f}")
        left.plot(np.linspace(0, EPOCHS, updates + 1), losses, label=name, lw=1)
        right.plot(range(1, updates + 1), losses[1:], label=name, lw=1, marker="o", ms=2)
    left.set(xlabel="epoch (each sample seen once)", ylabel="loss over all samples", yscale="log")
    right.set(xlabel="update", xscale="log")
    for ax in (left, right):
        ax.grid(alpha=0.3)
    left.legend()
    figure.suptitle(f"One rate, lr = {LR}, three ways to use the data")
    path = Path("out") / "three_descents.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"\npicture: {path.resolve()}")


if __name__ == "__main__":
    main()
