"""A variational autoencoder makes handwritten digits up: pictures that nobody wrote.

An encoder says of each digit where it may lie among normally distributed points of two numbers;
a decoder draws the digit for a point. Trained together (Kingma and Welling 2013, arXiv:1312.6114),
the decoder draws digits for points that no digit gave it. A classifier that knows real digits only
says how many of them look like one. It writes `out/made_up_digits.png`, the plane of points.
Some ten seconds.

It needs scikit-learn and matplotlib: pip install -e ".[examples]"
"""

from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import nn
import optim
from autograd import no_grad


class VAE(nn.Module):
    def __init__(self, rng):
        self.rng = rng
        self.encoder = nn.Sequential(
            nn.Linear(64, 128, rng=rng), nn.SiLU(), nn.Linear(128, 4, rng=rng)
        )
        self.decoder = nn.Sequential(
            nn.Linear(2, 128, rng=rng),
            nn.SiLU(),
            nn.Linear(128, 128, rng=rng),
            nn.SiLU(),
            nn.Linear(128, 64, rng=rng),
        )

    def forward(self, x):
        """Scores of pixels, for a point drawn near where x lies; means, and log variances."""
        mean, log_variance = np.split(self.encoder(x), 2, axis=1)
        noise = self.rng.normal(size=mean.shape)
        return self.decoder(mean + noise * np.exp(log_variance / 2)), mean, log_variance


def loss_of(output, x):
    """What a digit costs: its pixels, and how far its points are from a standard normal."""
    scores, mean, log_variance = output
    pixels = nn.binary_cross_entropy_with_logits(scores, x, reduction="sum")
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum()
    return (pixels + divergence) / len(x)


def made_up(model, points):
    with no_grad():
        return nn.sigmoid(model.decoder(points)).data


def draw(model, path):
    """Digits for a grid of points, side by side."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    n, steps = 18, np.linspace(-2.2, 2.2, 18)
    points = np.stack(np.meshgrid(steps, -steps), axis=-1).reshape(-1, 2)
    images = np.pad(made_up(model, points).reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    sheet = images.reshape(n, n, 10, 10).transpose(0, 2, 1, 3).reshape(10 * n, 10 * n)
    plt.imsave(path, sheet.repeat(4, axis=0).repeat(4, axis=1), cmap="gray_r")


def main():
    out = Path("out")
    out.mkdir(exist_ok=True)
    images, labels = load_digits(return_X_y=True)
    x = images / 16
    model = VAE(np.random.default_rng(0))
    optimizer, epochs = optim.Adam(model.parameters(), lr=3e-3), 100
    trainer = optim.Trainer(model, loss_of, optimizer, batch_size=64)
    schedule = optim.CosineAnnealingLR(optimizer, T_max=epochs)
    trainer.fit(
        x, x, epochs=epochs, callbacks=[optim.LearningRateScheduler(schedule)], rng=0, verbose=2
    )

    path = out / "made_up_digits.png"
    draw(model, path)
    drawn = made_up(model, np.random.default_rng(1).normal(size=(1000, 2)))
    judge = KNeighborsClassifier(15).fit(x, labels)
    sure = judge.predict_proba(drawn).max(axis=1) >= 0.9
    kinds = len(set(judge.predict(drawn[sure])))
    print(f"pictures: {path.resolve()}")
    print(f"kinds of digits among 1,000 made up ones: {kinds}")
    print(f"like one digit and no other: {100 * sure.mean():.0f} %")


if __name__ == "__main__":
    main()
