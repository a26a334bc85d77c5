"""A training run that saves after every few batches and goes on where it was, to be killed.

python killed.py FILE: trains, with everything that has a state, and prints a digest of the weights.
"""

import hashlib
import sys
import time

import numpy as np

import nn
import optim


def main(path, pause=0.0):
    data = np.random.default_rng(5)
    x = data.normal(size=(120, 4))
    y = np.sin(x.sum(axis=1, keepdims=True))
    rng = np.random.default_rng(1)
    model = nn.Sequential(
        nn.Linear(4, 16, rng=rng), nn.Tanh(), nn.Dropout(0.2, rng=rng), nn.Linear(16, 1, rng=rng)
    )
    optimizer = optim.NAdam(model.parameters(), lr=0.01)
    trainer = optim.Trainer(
        model, nn.mse_loss, optimizer, 8, metrics=["r2"], gradient_accumulation_steps=2
    )
    trainer.resume(path, missing_ok=True)
    slow = optim.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(pause))
    callbacks = [
        optim.EarlyStopping(patience=50),
        optim.LearningRateScheduler(optim.CosineAnnealingLR(optimizer, 60), per="update"),
        optim.GradientHealth(),
        optim.CSVLogger(f"{path}.csv"),
        optim.ModelCheckpoint(path, save_freq=3),
        slow,
    ]
    history = trainer.fit(
        x, y, epochs=12, rng=rng, validation_split=0.2, callbacks=callbacks, verbose=0
    )
    digest = hashlib.sha256()
    for weights in trainer.weights().values():
        digest.update(weights.tobytes())
    digest.update(repr(sorted(history.history.items())).encode())
    with open(f"{path}.csv", encoding="utf-8") as file:
        digest.update(file.read().encode())
    print(digest.hexdigest())


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)
