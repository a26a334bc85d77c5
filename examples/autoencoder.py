"""An autoencoder draws handwritten digits from eight numbers each: 64 pixels → 8 → 64 pixels.

Convolutions make the code, transposed convolutions the picture of it. The best linear code of eight
numbers (principal components) is what it must beat on digits that it has not seen. It writes
`out/reconstructions.png`: digits, and what the network and the linear code make of them.
Ten seconds.

It needs scikit-learn and matplotlib: pip install -e ".[examples]"
"""

from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_digits

import nn
import optim

CODE = 8


def digits():
    images = (load_digits().data / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    images = images[np.random.default_rng(0).permutation(len(images))]
    return images[360:], images[:360]


def autoencoder(rng):
    encoder = nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1, rng=rng),
        nn.SiLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, rng=rng),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(128, CODE, rng=rng),
    )
    decoder = nn.Sequential(
        nn.Linear(CODE, 128, rng=rng),
        nn.SiLU(),
        nn.Unflatten(1, (32, 2, 2)),
        nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1, rng=rng),
        nn.SiLU(),
        nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1, rng=rng),
        nn.Sigmoid(),
    )
    return nn.Sequential(encoder, decoder).astype(np.float32)


def principal_components(x, held):
    """The held-out images by the best linear code: their projection on the main axes of x."""
    x, shape = x.reshape(len(x), -1), held.shape
    mean = x.mean(axis=0)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2][:CODE]
    return ((held.reshape(len(held), -1) - mean) @ axes.T @ axes + mean).reshape(shape)


def draw(rows, path):
    """Rows of images, each with its name at the left."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(rows), 12, figsize=(9, 2.6), layout="constrained")
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(line, images, strict=False):
            ax.imshow(image[0], cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    out = Path("out")
    out.mkdir(exist_ok=True)
    x, held = digits()
    model = autoencoder(np.random.default_rng(0))
    optimizer, epochs = optim.Adam(model.parameters(), lr=3e-3), 60
    schedule = optim.CosineAnnealingLR(optimizer, T_max=epochs)
    trainer = optim.Trainer(model, nn.mse_loss, optimizer, batch_size=32)
    callbacks = [optim.LearningRateScheduler(schedule)]
    trainer.fit(x, x, epochs=epochs, callbacks=callbacks, rng=0, verbose=2)

    made, linear = trainer.predict(held), principal_components(x, held)
    path = out / "reconstructions.png"
    draw({"digit": held, "network": made, "linear": linear}, path)
    print(f"pictures: {path.resolve()}")
    print(f"linear code: {np.mean((linear - held) ** 2):.4f}")
    print(f"this network: {np.mean((made - held) ** 2):.4f}")


if __name__ == "__main__":
    main()
