"""Strategies for programs: small expression graphs with shared nodes, and small networks."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.testing.arrays import arrays, broadcastable_shapes

__all__ = ["Network", "Program", "networks", "programs"]

# Bounded, or growing like their arguments, so that no expression overflows; smooth everywhere.
_SMOOTH = {
    "np.sin({})": (np.sin, 1),
    "np.cos({})": (np.cos, 1),
    "np.tanh({})": (np.tanh, 1),
    "np.arctan({})": (np.arctan, 1),
    "np.sqrt(1 + {} ** 2)": (lambda x: np.sqrt(1 + x**2), 1),
    "np.exp(-{} ** 2)": (lambda x: np.exp(-(x**2)), 1),
    "-{}": (lambda x: -x, 1),
    "{} / 2": (lambda x: x / 2, 1),
    "{} + {}": (lambda x, y: x + y, 2),
    "{} - {}": (lambda x, y: x - y, 2),
    "np.tanh({}) * {}": (lambda x, y: np.tanh(x) * y, 2),
    "{} / (1 + {} ** 2)": (lambda x, y: x / (1 + y**2), 2),
    "np.hypot({}, 1 + {} ** 2)": (lambda x, y: np.hypot(x, 1 + y**2), 2),
}
_WITH_KINKS = {
    "np.abs({})": (np.abs, 1),
    "np.maximum({}, {})": (np.maximum, 2),
    "np.where({} > 0, {}, 0.0)": (lambda x, y: np.where(x > 0, y, 0.0), 2),
}
_OPERATIONS: dict[str, tuple[Any, int]] = _SMOOTH | _WITH_KINKS


@dataclass(frozen=True, eq=False)
class Program:
    """A function made of NumPy calls, some of whose results are used several times.

    inputs: arrays to call it with. steps: for each call its pattern, and which of the inputs and
    earlier results it takes. Its repr is the function's source.

    >>> program = Program((np.ones(2),), (("np.sin({})", (0,)), ("{} + {}", (1, 0))))
    >>> print(program)
    def f(a):
        b = np.sin(a)
        c = b + a
        return np.sum(c)
    >>> float(program(np.zeros(2)))
    0.0
    """

    inputs: tuple[Any, ...]
    steps: tuple[tuple[str, tuple[int, ...]], ...]

    def __call__(self, *inputs: Any) -> Any:
        """The result for other inputs, arrays or Values."""
        found = list(inputs)
        for pattern, places in self.steps:
            found.append(_OPERATIONS[pattern][0](*(found[k] for k in places)))
        return np.sum(found[-1])

    def __repr__(self) -> str:
        names = [chr(ord("a") + k) for k in range(len(self.inputs) + len(self.steps))]
        lines = [f"def f({', '.join(names[: len(self.inputs)])}):"]
        for k, (pattern, places) in enumerate(self.steps, len(self.inputs)):
            lines.append(f"    {names[k]} = {pattern.format(*(names[i] for i in places))}")
        return "\n".join([*lines, f"    return np.sum({names[-1]})"])


@st.composite
def programs(draw: Any, *, max_steps: int = 8, kinks: bool = False) -> Program:
    """Programs of up to max_steps calls, 1 to 20, on one to three arrays that broadcast.

    kinks: with abs, maximum and where, too.

    >>> from hypothesis import find
    >>> program = find(programs(), lambda p: any(len(set(k)) < len(k) for _, k in p.steps))
    >>> print(repr(program).splitlines()[-1][:18])
        return np.sum(
    """
    if not 1 <= max_steps <= 20:
        raise ValueError(f"a program has 1 to 20 steps, not {max_steps}.")
    dims = draw(broadcastable_shapes(draw(st.integers(1, 3)), max_dims=2))
    inputs = tuple(draw(arrays(shape)) for shape in dims)
    patterns = sorted(_OPERATIONS if kinks else _SMOOTH)
    steps: list[tuple[str, tuple[int, ...]]] = []
    for _ in range(draw(st.integers(1, max_steps))):
        pattern = draw(st.sampled_from(patterns))
        there = st.integers(0, len(inputs) + len(steps) - 1)
        steps.append((pattern, tuple(draw(there) for _ in range(_OPERATIONS[pattern][1]))))
    return Program(inputs, tuple(steps))


@dataclass(frozen=True, eq=False)
class Network:
    """A small network with its data, in plain NumPy: `loss(parameters)` is a number.

    parameters: a list of dicts of a weight (in, out) and a bias (out,), one for each layer.
    activation: the function between the layers. x, y: samples by features, and what is wanted.

    >>> layer = {"weight": np.ones((2, 1)), "bias": np.zeros(1)}
    >>> float(Network([layer], np.tanh, np.ones((3, 2)), np.zeros((3, 1))).loss([layer]))
    4.0
    """

    parameters: list[dict[str, Any]]
    activation: Any
    x: Any
    y: Any

    def loss(self, parameters: Sequence[dict[str, Any]]) -> Any:
        """The mean squared error of the network's outputs."""
        h = self.x
        for k, layer in enumerate(parameters):
            h = (self.activation(h) if k else h) @ layer["weight"] + layer["bias"]
        return np.mean((h - self.y) ** 2)


@st.composite
def networks(draw: Any, *, max_layers: int = 3, max_width: int = 4) -> Network:
    """Networks of a few layers, smoothly activated, with a few samples.

    >>> from hypothesis import find
    >>> len(find(networks(), lambda network: len(network.parameters) == 2).parameters)
    2
    """
    widths = draw(st.lists(st.integers(1, max_width), min_size=2, max_size=max_layers + 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**31 - 1)))
    parameters = [
        {"weight": rng.normal(size=(n, m)) / np.sqrt(n), "bias": 0.1 * rng.normal(size=m)}
        for n, m in itertools.pairwise(widths)
    ]
    activation = draw(st.sampled_from([np.tanh, np.sin, np.arctan]))
    samples = draw(st.integers(1, 4))
    x, y = rng.normal(size=(samples, widths[0])), rng.normal(size=(samples, widths[-1]))
    return Network(parameters, activation, x, y)
