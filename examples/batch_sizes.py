"""The same network trained with several batch sizes, everything else equal, with several seeds.

On breast cancer and on handwritten digits: tables of the loss and accuracy, and curves by the
epoch and by the update, the mean of five seeds and the band between the lowest and the highest.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_digits
from three_descents import load as load_cancer

import nn
import optim

SIZES = [1, 16, 32, 64, 256, None]


def shuffled(x, y):
    order = np.random.default_rng(0).permutation(len(x))
    return x[order], y[order]


def data():
    x, y = load_digits(return_X_y=True)
    return {
        "breast cancer": shuffled(*load_cancer()),
        "digits": shuffled(x / 8 - 1, y),
    }


def network(inputs, classes, rng):
    return nn.Sequential(nn.Linear(inputs, 32, rng=rng), nn.ReLU(), nn.Linear(32, classes, rng=rng))


def compare(x, y, epochs=15, repeats=5, verbose=1, **settings):
    """A sweep over batch sizes, with the last fifth of the samples held out."""

    def build(rng):
        model = network(x.shape[1], y.max() + 1, rng)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        return optim.Trainer(model, nn.cross_entropy, optimizer, metrics=["accuracy"])

    end = len(x) * 4 // 5
    return optim.sweep(
        build,
        x[:end],
        y[:end],
        batch_size=SIZES,
        epochs=epochs,
        repeats=repeats,
        validation_data=(x[end:], y[end:]),
        verbose=verbose,
        **settings,
    )


def main(processes=1):
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(12, 8.5), layout="constrained")
    for (name, (x, y)), row in zip(data().items(), axes, strict=True):
        result = compare(x, y, processes=processes)
        first = {r["label"]: [] for r in result.summary()}
        for run in result:
            first[f"batch_size={run['batch_size']}"].append(run["history"]["loss"][0])
        print(f"\n{name}, 15 epochs, mean ± spread of 5 seeds")
        print(f"{'':16}{'loss, epoch 1':>15}{'validation loss':>20}{'accuracy':>10}{'seconds':>9}")
        accuracies = result.summary("val_accuracy")
        for loss, accuracy in zip(result.summary("val_loss"), accuracies, strict=True):
            label = loss["label"]
            print(
                f"{label:16}{np.mean(first[label]):15.3f}{loss['mean']:13.4f} ± {loss['std']:.4f}"
                f"{accuracy['mean']:9.1%}{loss['seconds']:9.2f}"
            )
        result.plot(row[0], y="loss")
        result.plot(row[1], y="loss", x="updates")
        row[0].set_title(f"{name}: by the epoch")
        row[1].set_title(f"{name}: by the update")
        print(f"best by validation loss: {result.best()['label']}")
    figure.suptitle("One network, one rate, several batch sizes: training loss, five seeds each")
    path = Path("out") / "batch_sizes.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"\npicture: {path.resolve()}")


if __name__ == "__main__":
    main(processes=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
