"""Recurrent layers over whole sequences: RNN, LSTM, GRU; stacked, in both directions, masked."""

import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np

from autograd import ShapeMismatch, Value
from nn import functional, init
from nn.functional.arrays import as_array
from nn.functional.recurrence import gru_scan, lstm_scan, rnn_scan
from nn.layers.shapes import called, unfit
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = ["GRU", "LSTM", "RNN"]


class _Recurrent(Module):
    """What the three share: parameters, layers, directions, masks.

    A subclass goes through time: `scan(x, first, mask, name)`, of the input, the first state and
    the end of the parameters' names, returns all outputs and the parts of the last state.
    """

    gates: ClassVar[int]
    states: ClassVar[int] = 1
    scan: Callable[..., tuple[Any, list[Any]]]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: Any = np.float64,
        rng: RNG = None,
    ) -> None:
        if min(input_size, hidden_size, num_layers) < 1:
            raise ValueError(
                f"{type(self).__name__}({input_size}, {hidden_size}, num_layers={num_layers}): "
                "all must be at least 1."
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout={dropout}: a probability is between 0 and 1.")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first = bias, batch_first
        self.dropout, self.bidirectional = dropout, bidirectional
        self.rng = None if rng is None else generator(rng)
        bound, width = 1 / math.sqrt(hidden_size), self.gates * hidden_size
        for layer in range(num_layers):
            below = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            for name in self._names(layer):
                shapes: dict[str, Any] = {
                    "weight_ih": (below, width),
                    "weight_hh": (hidden_size, width),
                }
                if bias:
                    shapes |= {"bias_ih": (width,), "bias_hh": (width,)}
                for kind, shape in shapes.items():
                    p = Value(np.empty(shape, dtype), label=f"{kind}_{name}")
                    setattr(self, p.label, init.uniform_(p, -bound, bound, rng=self.rng))
        self.torch_transposed = frozenset(name for name in vars(self) if name.startswith("weight_"))

    def _names(self, layer: int) -> tuple[str, ...]:
        """What the parameters of a layer's directions end in."""
        return (f"l{layer}", f"l{layer}_reverse")[: 1 + self.bidirectional]

    def _parameters(self, name: str) -> tuple[Any, Any, Any, Any]:
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ih, hh, b_ih, b_hh = (getattr(self, f"{kind}_{name}", None) for kind in kinds)
        return ih, hh, b_ih, b_hh

    def forward(self, x: Any, hx: Any = None, *, lengths: Any = None) -> tuple[Any, Any]:
        """hx: the first state. lengths: integers (N,), how much of each sequence counts."""
        x = as_array(x)
        batched = x.ndim == 3
        lead = "N, T" if self.batch_first else "T, N"
        steps_axis = 1 if batched and self.batch_first else 0
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size or not x.shape[steps_axis]:
            wanted = f"({lead}, {self.input_size}) or (T, {self.input_size}), T of at least 1"
            raise unfit(self, wanted, x.shape)
        if not batched:
            x = np.expand_dims(x, 1)
        elif self.batch_first:
            x = np.swapaxes(x, 0, 1)
        steps, n = x.shape[:2]
        first = self._first(hx, n, batched, x.dtype)
        mask = None if lengths is None else self._mask(lengths, steps, n)
        if mask is not None:  # whatever stands beyond the ends, NaN too, does not matter
            x = np.where(mask, x, 0)
        finals: list[list[Any]] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = functional.dropout(x, self.dropout, self.training, rng=self.rng)
            outputs = []
            for backwards, name in enumerate(self._names(layer)):
                state = [s[len(finals)] for s in first]
                if backwards:
                    out, last = self.scan(
                        x[::-1], state, mask if mask is None else mask[::-1], name
                    )
                    outputs.append(out[::-1])
                else:
                    out, last = self.scan(x, state, mask, name)
                    outputs.append(out)
                finals.append(last)
            x = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=2)
            if mask is not None:
                x = np.where(mask, x, 0)
        last = [np.stack(parts) for parts in zip(*finals, strict=True)]
        if not batched:
            x, last = x[:, 0], [s[:, 0] for s in last]
        elif self.batch_first:
            x = np.swapaxes(x, 0, 1)
        return x, last[0] if self.states == 1 else tuple(last)

    def _first(self, hx: Any, n: int, batched: bool, dtype: Any) -> list[Any]:
        """The parts of the first state, (layers · directions, N, H) each."""
        whole = self.num_layers * (1 + self.bidirectional), n, self.hidden_size
        if hx is None:
            dtype = np.result_type(dtype, self._parameters("l0")[1].dtype)
            return [np.zeros(whole, dtype)] * self.states
        several = self.states > 1 and isinstance(hx, list | tuple)
        parts = list(hx) if several else [hx]
        parts = [as_array(p) for p in parts]
        wanted = whole if batched else (whole[0], whole[2])
        if len(parts) != self.states or any(p.shape != wanted for p in parts):
            kind = "(h, c)" if self.states > 1 else "h"
            raise ShapeMismatch(
                f"{called(self)} takes a first state {kind}, arrays of the shape {wanted}, "
                f"(layers · directions{', N' if batched else ''}, hidden_size); not "
                f"{', '.join(str(p.shape) for p in parts)}."
            )
        return parts if batched else [np.expand_dims(p, 1) for p in parts]

    def _mask(self, lengths: Any, steps: int, n: int) -> Any:
        lengths = np.asarray(lengths)
        if lengths.shape != (n,) or lengths.dtype.kind not in "iu":
            raise ShapeMismatch(
                f"lengths are integers of the shape ({n},), not {lengths.dtype} {lengths.shape}."
            )
        if not ((lengths >= 1) & (lengths <= steps)).all():
            raise ValueError(
                f"lengths are 1 … {steps}; these are {lengths.min()} … {lengths.max()}."
            )
        return (np.arange(steps)[:, None] < lengths)[:, :, None]

    def extra_repr(self) -> str:
        shown = {
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "batch_first": (self.batch_first, False),
            "dropout": (self.dropout, 0),
            "bidirectional": (self.bidirectional, False),
        }
        extra = "".join(f", {k}={v}" for k, (v, default) in shown.items() if v != default)
        return f"{self.input_size}, {self.hidden_size}{extra}"


class RNN(_Recurrent):
    """hₜ = tanh(xₜ @ W_ih + b_ih + hₜ₋₁ @ W_hh + b_hh): (T, N, input_size) → (T, N, H) and h_T.

    Settings, shapes and initial values are `LSTM`'s; nonlinearity: "tanh" or "relu"; the state is
    one array. Elman 1990.

    >>> output, h = RNN(3, 5, rng=0)(np.ones((7, 2, 3)))
    >>> output.shape, h.shape
    ((7, 2, 5), (1, 2, 5))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        **settings: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity is {nonlinearity!r}; it is 'tanh' or 'relu'.")
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, **settings)

    def scan(self, x: Any, first: list[Any], mask: Any, name: str) -> tuple[Any, list[Any]]:
        ih, hh, b_ih, b_hh = self._parameters(name)
        a = functional.linear(x, ih, None if b_ih is None else b_ih + b_hh)
        h = rnn_scan(a, hh, *first, relu=self.nonlinearity == "relu", mask=mask)
        return h, [h[-1]]


class LSTM(_Recurrent):
    """Long short-term memory: (T, N, input_size) → (T, N, H) and (h_T, c_T).

    i, f, g, o = xₜ @ W_ih + b_ih + hₜ₋₁ @ W_hh + b_hh
    cₜ = σ(f)·cₜ₋₁ + σ(i)·tanh(g);  hₜ = σ(o)·tanh(cₜ)

    Called with x and, if it does not begin at 0, the state (h, c), each (num_layers · directions,
    N, H), it returns the output of the last layer and the last state. num_layers: each takes the
    output of the one below. batch_first: x and output are (N, T, …); the state is not.
    bidirectional: a second one goes backwards, and the output holds both side by side. dropout:
    between layers, in training. lengths: integers (N,); what is beyond a sequence's length does
    not count, its output is 0, and its last state is that at its end. the axis N is optional.

    Parameters, for layer k (and with the suffix _reverse for the way back): weight_ih_lk (inputs,
    4·H), weight_hh_lk (H, 4·H), bias_ih_lk and bias_hh_lk (4·H,), unless bias=False; the gates in
    the order i, f, g, o; uniform within ± 1/√H. Hochreiter and Schmidhuber 1997; forget gates: Gers
    et al. 2000. Raises ShapeMismatch for other inputs.

    >>> output, (h, c) = LSTM(3, 5, rng=0)(np.ones((7, 2, 3)))
    >>> output.shape, h.shape, c.shape
    ((7, 2, 5), (1, 2, 5), (1, 2, 5))
    """

    gates, states = 4, 2

    def scan(self, x: Any, first: list[Any], mask: Any, name: str) -> tuple[Any, list[Any]]:
        ih, hh, b_ih, b_hh = self._parameters(name)
        a = functional.linear(x, ih, None if b_ih is None else b_ih + b_hh)
        h, c = lstm_scan(a, hh, *first, mask=mask)
        return h, [h[-1], c[-1]]


class GRU(_Recurrent):
    """Gated recurrent units: (T, N, input_size) → (T, N, H) and h_T.

    r, z = σ(xₜ @ W_ih + b_ih + hₜ₋₁ @ W_hh + b_hh), of the first two of three parts
    n = tanh(xₜ @ W_in + b_in + r·(hₜ₋₁ @ W_hn + b_hn));  hₜ = (1 - z)·n + z·hₜ₋₁

    Settings, shapes and initial values are `LSTM`'s; the state is one array; three gates, in the
    order r, z, n. Cho et al. 2014 (arXiv:1406.1078).

    >>> output, h = GRU(3, 5, bidirectional=True, rng=0)(np.ones((7, 2, 3)))
    >>> output.shape, h.shape
    ((7, 2, 10), (2, 2, 5))
    """

    gates = 3

    def scan(self, x: Any, first: list[Any], mask: Any, name: str) -> tuple[Any, list[Any]]:
        ih, hh, b_ih, b_hh = self._parameters(name)
        b_hh = np.zeros(hh.shape[1], hh.dtype) if b_hh is None else b_hh
        h = gru_scan(functional.linear(x, ih, b_ih), hh, b_hh, *first, mask=mask)
        return h, [h[-1]]
