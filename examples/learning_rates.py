"""The same network trained with several learning rates, and what the range test says of them."""

from pathlib import Path

import matplotlib
from three_descents import load

import nn
import optim

RATES = [0.001, 0.01, 0.1, 1.0, 10.0]


def build(lr, rng):
    model = nn.Sequential(nn.Linear(30, 16, rng=rng), nn.ReLU(), nn.Linear(16, 2, rng=rng))
    return optim.Trainer(model, nn.cross_entropy, optim.SGD(model.parameters(), lr=lr))


def main():
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    x, y = load()
    train, held = (x[:455], y[:455]), (x[455:], y[455:])
    result = optim.sweep(
        build, *train, lr=RATES, epochs=20, repeats=3, rng=0, validation_data=held, verbose=0
    )
    found = optim.lr_finder(build(0.1, 0), *train, rng=0)
    print(result)
    best = result.best()

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
    result.plot(left, y="loss")
    left.set_title("Training with several rates, three seeds each")
    found.plot(right)
    right.set_title("The range test: the rate grows from batch to batch")
    path = Path("out") / "learning_rates.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"\npicture: {path.resolve()}")
    print(f"the range test suggests {found.suggestion:.2g}; best of all was {best['lr']:g}")


if __name__ == "__main__":
    main()
