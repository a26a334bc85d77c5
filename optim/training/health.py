"""Gradient health: whether gradients arrive, how far weights move, which units are dead."""

from typing import Any

import numpy as np

from optim.diagnosis.graph import active_units, calls, hidden, layer_names
from optim.training.callbacks import Callback, Logs

__all__ = ["GradientHealth"]


class GradientHealth(Callback):
    """Adds to the history, for each layer and epoch:

        gradient_norm/layer    the norm of the gradient, the mean over batches
        update_ratio/layer     the norm of an update over that of the weights, likewise; about 1e-3
                               is usual, far less is a rate too low, far more one too high
        gradient_noise/layer   √(Σ variance between batches) / norm of the mean gradient: above 1
                               single batches tell more of themselves than of all samples
        dead_units/relu 1      the share of units that no sample of the epoch moved; of each relu,
                               tanh and sigmoid, in the order of the forward pass

    every: look at one of so many batches. A layer is named as in the model, "0" or "encoder.1".

    >>> import nn, optim
    >>> model = nn.Sequential(nn.Linear(2, 8, rng=0), nn.ReLU(), nn.Linear(8, 1, rng=1))
    >>> trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> x = np.random.default_rng(0).normal(size=(64, 2))
    >>> health = optim.GradientHealth()
    >>> history = trainer.fit(x, x[:, :1], callbacks=[health], rng=0, verbose=0)
    >>> [name for name in history.history if name.endswith(("/0", "relu 1"))]
    ['gradient_norm/0', 'update_ratio/0', 'gradient_noise/0', 'dead_units/relu 1']
    """

    def __init__(self, *, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every is {every}; it is a number of batches, at least 1.")
        self.every = every

    def on_train_begin(self) -> None:
        self._names = list(layer_names(self.trainer).values())
        self._before: list[Any] | None = None
        self.on_epoch_begin(0)

    def on_epoch_begin(self, epoch: int) -> None:
        self._batches = self._looks = self._moves = 0
        self._norms: dict[str, float] = {}
        self._ratios: dict[str, float] = {}
        self._means: dict[int, Any] = {}
        self._squares: dict[int, float] = {}
        self._active: dict[str, Any] = {}

    def on_gradients(self, loss: Any) -> None:
        self._batches += 1
        if (self._batches - 1) % self.every:
            return
        self._looks += 1
        squares: dict[str, float] = {}
        parameters = list(self.trainer.optimizer.parameters())
        for k, p in enumerate(parameters):
            g = np.zeros(()) if p.grad is None else np.asarray(p.grad)
            layer = self._names[k]
            squares[layer] = squares.get(layer, 0.0) + _square(g)
            mean = self._means.get(k, 0.0)  # Welford's running mean and squares
            apart = g - mean
            self._means[k] = mean + apart / self._looks
            more = float(np.sum(np.real(apart * np.conj(g - self._means[k]))))
            self._squares[k] = self._squares.get(k, 0.0) + more
        for layer, square in squares.items():
            self._norms[layer] = self._norms.get(layer, 0.0) + square**0.5
        if loss is not None:
            for name, active in active_units(hidden(calls(loss))):
                known = self._active.get(name, False)
                if np.shape(known) in ((), active.shape):
                    self._active[name] = known | active
        self._before = [p.data for p in parameters]

    def on_update(self) -> None:
        if self._before is None:
            return
        moved: dict[str, float] = {}
        size: dict[str, float] = {}
        parameters = self.trainer.optimizer.parameters()
        for layer, p, old in zip(self._names, parameters, self._before, strict=True):
            moved[layer] = moved.get(layer, 0.0) + _square(p.data - old)
            size[layer] = size.get(layer, 0.0) + _square(old)
        for layer, square in moved.items():
            ratio = (square / size[layer]) ** 0.5 if size[layer] else 0.0
            self._ratios[layer] = self._ratios.get(layer, 0.0) + ratio
        self._moves += 1
        self._before = None

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        for layer, total in self._norms.items():
            logs[f"gradient_norm/{layer}"] = total / self._looks
            logs[f"update_ratio/{layer}"] = self._ratios.get(layer, 0.0) / max(self._moves, 1)
            logs[f"gradient_noise/{layer}"] = self._noise(layer)
        for name, active in self._active.items():
            logs[f"dead_units/{name}"] = 1 - float(np.mean(active))

    def state_dict(self) -> dict[str, Any]:
        kept = set(vars(self)) - {"every", "trainer", "_names", "_before"}
        return {name: getattr(self, name) for name in kept}

    def _noise(self, layer: str) -> float:
        inside = [k for k, name in enumerate(self._names) if name == layer and k in self._means]
        spread = sum(self._squares[k] for k in inside) / max(self._looks - 1, 1)
        mean = sum(_square(self._means[k]) for k in inside)
        return float((spread / mean) ** 0.5) if mean else 0.0


def _square(a: Any) -> float:
    return float(np.sum(np.abs(a) ** 2))
