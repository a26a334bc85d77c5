"""micrograd's networks: a neuron at a time, every weight a Value that holds one number.

To look inside; for work, `Linear` computes the same with arrays.
"""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np  # noqa: F401 (typing.get_type_hints evaluates the text of RNG here)

from autograd import Value
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = ["MLP", "Layer", "Neuron"]


class Neuron(Module):
    """relu(Σ wᵢxᵢ + b), or without the relu with nonlin=False; n numbers → one Value.

    Weights start uniform in (-1, 1), the bias at 0. Without `rng` they are drawn from Python's
    `random`, as micrograd's are, so that `random.seed` gives the same network.

    >>> random.seed(0)
    >>> neuron = Neuron(2)
    >>> neuron([1.0, -2.0]).data == max(neuron.w[0].data - 2 * neuron.w[1].data, 0)
    True
    """

    def __init__(self, nin: int, nonlin: bool = True, *, rng: RNG = None) -> None:
        uniform = random.uniform if rng is None else generator(rng).uniform
        self.w = [Value(uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def forward(self, x: Sequence[Any]) -> Value:
        if len(x) != len(self.w):
            raise ValueError(f"{self!r} takes {len(self.w)} numbers, not {len(x)}.")
        act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act.relu() if self.nonlin else act

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """nout neurons with the same nin inputs → a list of Values, or the one of a single neuron.

    >>> Layer(2, 2)
    Layer of [ReLUNeuron(2), ReLUNeuron(2)]
    """

    def __init__(self, nin: int, nout: int, *, rng: RNG = None, **settings: Any) -> None:
        rng = rng if rng is None else generator(rng)
        self.neurons = [Neuron(nin, rng=rng, **settings) for _ in range(nout)]

    def forward(self, x: Sequence[Any]) -> Any:
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """Layers of neurons of the sizes nouts, relu in all but the last.

    >>> MLP(2, [3, 1]).parameters().__len__()
    13
    """

    def __init__(self, nin: int, nouts: Sequence[int], *, rng: RNG = None) -> None:
        rng = rng if rng is None else generator(rng)
        sizes = [nin, *nouts]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], nonlin=i != len(nouts) - 1, rng=rng)
            for i in range(len(nouts))
        ]

    def forward(self, x: Any) -> Any:
        for k, layer in enumerate(self.layers):
            x = layer([x] if k and isinstance(x, Value) else x)
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"
