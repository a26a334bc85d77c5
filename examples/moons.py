"""micrograd's demo on arrays: a small network tells two interleaved half circles apart."""

import numpy as np

import nn
import optim


def make_moons(n, rng, noise=0.1):
    """Two half circles of n/2 points each, with targets -1 and 1."""
    angle = rng.uniform(0, np.pi, n)
    y = np.where(np.arange(n) < n // 2, -1, 1)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) * -y[:, None]
    x[y == 1] += [1.0, 0.5]
    return x + rng.normal(0, noise, x.shape), y


rng = np.random.default_rng(1337)
x, y = make_moons(200, rng)

model = nn.Sequential(
    nn.Linear(2, 16, rng=rng),
    nn.ReLU(),
    nn.Linear(16, 16, rng=rng),
    nn.ReLU(),
    nn.Linear(16, 1, rng=rng),
)
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
trainer = optim.Trainer(model, nn.hinge_loss, optimizer, batch_size=20)
history = trainer.fit(x, y[:, None], epochs=60, rng=rng)

accuracy = np.mean(np.sign(trainer.predict(x)[:, 0]) == y)
print(f"loss {history.history['loss'][-1]:.4f}, accuracy {accuracy:.1%}")
