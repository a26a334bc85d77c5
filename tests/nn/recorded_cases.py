"""Layers, activations and losses, each in its main settings, whose numbers PyTorch has recorded.

Nothing is random: inputs and parameters are sines, whose phase depends on the case and the name.
A case is a description in this library's names; `record.py` says it in PyTorch's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Numbers(NamedTuple):
    """An input to be differentiated: sines between -size and size, by default 1.5."""

    shape: tuple[int, ...]
    size: float = 1.5

    def filled(self, phase):
        return self.size * wave(self.shape, phase)


class Shares(NamedTuple):
    """An input to be differentiated: numbers between 0 and 1, along an axis with the sum 1."""

    shape: tuple[int, ...]
    axis: int | None = None
    log: bool = False

    def filled(self, phase):
        x = 0.5 + 0.45 * wave(self.shape, phase)
        if self.axis is not None:
            x = x / x.sum(axis=self.axis, keepdims=True)
        return np.log(x) if self.log else x


class Steps(NamedTuple):
    """Whole numbers below n, or those from another first one, `apart` from one another."""

    shape: tuple[int, ...]
    n: int
    first: int = 0
    apart: int = 1
    dtype: type = int

    def filled(self, phase):
        steps = np.floor((wave(self.shape, phase) + 1) / 2.001 * self.n)
        return (self.first + self.apart * steps).astype(self.dtype)


class Part(NamedTuple):
    """A layer as the argument of another."""

    layer: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = NOTHING


class Case(NamedTuple):
    """A layer, or with a small first letter a function; `call` is what it is called with by name.

    A tuple of inputs is one argument of several parts, as the state of an LSTM is.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = NOTHING
    inputs: tuple[Any, ...] = (Numbers((2, 3)),)
    call: Mapping[str, Any] = NOTHING
    training: bool = True

    @property
    def layer(self):
        return self.name.partition(":")[0]

    def filled_inputs(self):
        return [
            tuple(part.filled(phase_of(f"{self.name} {k} {j}")) for j, part in enumerate(x))
            if type(x) is tuple
            else x.filled(phase_of(f"{self.name} {k}"))
            for k, x in enumerate(self.inputs)
        ]

    def differentiable(self):
        """Whether each array of the inputs, one after the other, is to have a gradient."""
        arrays = [p for x in self.inputs for p in (x if type(x) is tuple else (x,))]
        return [not isinstance(a, Steps) for a in arrays]

    def filled_state(self, name, shape):
        """A parameter or a buffer of this name, in PyTorch's layout."""
        x = 0.6 * wave(shape, phase_of(f"{self.name} {name}"))
        if name.endswith("num_batches_tracked"):
            return np.array(2)
        return 1 + x if name.endswith("running_var") else x


def phase_of(text):
    return sum((k + 1) * ord(letter) for k, letter in enumerate(text)) % 1000 / 100


def wave(shape, phase):
    return np.sin(0.7 * np.arange(np.prod(shape, dtype=int)) + phase).reshape(shape)


def weights_of(shape, k):
    """What the elements of the k-th output count in the loss."""
    return np.cos(0.3 * np.arange(np.prod(shape, dtype=int)) + k).reshape(shape)


def arrays_in(outputs):
    """The arrays in nested tuples, one after the other, without None."""
    if isinstance(outputs, tuple):
        return [array for part in outputs for array in arrays_in(part)]
    return [] if outputs is None else [outputs]


def condensed(array):
    """The shape, the sum, a weighted sum and the first three numbers of an array."""
    flat = np.ravel(array).astype(float)
    weighted = np.sum(np.cos(1.1 * np.arange(flat.size) + 0.5) * flat)
    return [list(np.shape(array)), *map(float, (np.sum(flat), weighted, *flat[:3]))]


def of(layer, *rows):
    """The cases of a layer: each row a name and what else `Case` takes."""
    return [Case(f"{layer}:{name}" if name else layer, **settings) for name, settings in rows]


def activation(layer, **others):
    """The activation as it is, and with other settings."""
    x = (Numbers((3, 7), 4.0),)
    rows = [("", {"inputs": x})]
    return of(layer, *rows, *((n, {"inputs": x, "kwargs": k}) for n, k in others.items()))


def loss(layer, *inputs, **others):
    """The loss with its three reductions, and with other settings."""
    rows = [(r, {"kwargs": {"reduction": r}, "inputs": inputs}) for r in ("sum", "none")]
    rows += [(name, {"kwargs": settings, "inputs": inputs}) for name, settings in others.items()]
    return of(layer, ("", {"inputs": inputs}), *rows)


def on(shape, *args, training=True, **kwargs):
    return {"inputs": (Numbers(shape),), "args": args, "kwargs": kwargs, "training": training}


CAUSAL = ~np.tri(4, dtype=bool)
PADDED = np.array([[False, False, False, True], [False, True, False, True]])
ADDED = wave((4, 4), 0.3)
CLASS_WEIGHT = np.array([0.5, 2.0, 1.0, 0.25])
ZERO = np.array([0.0, 2.0, 1.0, 0.0])
TWO, FOUR = Numbers((5, 2, 3)), Numbers((4, 2, 6))

LINEAR = [
    *of("Linear", ("", on((5, 3), 3, 2)), ("deep", on((2, 4, 3), 3, 2, False)),
        ("vector", on((3,), 3, 2))),
    *of("Bilinear", ("", {"args": (2, 3, 4), "inputs": (Numbers((5, 2)), Numbers((5, 3)))}),
        ("deep", {"args": (2, 3, 4, False), "inputs": (Numbers((2, 5, 2)), Numbers((2, 5, 3)))})),
    *of("Embedding", ("", {"args": (6, 3), "inputs": (Steps((2, 4), 6),)}),
        ("padding", {"args": (6, 3), "kwargs": {"padding_idx": 2}, "inputs": (Steps((8,), 6),)})),
    *of("Identity", ("", on((2, 3)))),
    *of("Flatten", ("", on((2, 3, 4))), ("some", on((2, 3, 4, 2), 1, 2))),
    *of("Unflatten", ("", on((2, 6), 1, (2, 3))), ("rest", on((6, 2), axis=0, sizes=(3, -1)))),
    *of("Dropout", ("eval", on((2, 3), 0.4, training=False)), ("nothing", on((2, 3), 0.0)),
        ("all", on((2, 3), 1.0))),
    *of("Dropout2d", ("eval", on((2, 3, 2, 2), 0.4, training=False)),
        ("nothing", on((2, 3, 2, 2), 0.0)), ("all", on((2, 3, 2, 2), 1.0))),
    *of("Sequential", ("", on((5, 3), Part("Linear", (3, 4)), Part("Tanh"),
                              Part("Linear", (4, 2)), Part("LogSoftmax", (), {"axis": -1})))),
]  # fmt: skip

CONVOLUTIONS = [
    *of("Conv1d", ("", on((2, 3, 8), 3, 4, 3)), ("single", on((3, 8), 3, 4, 3)),
        ("settings", on((2, 4, 9), 4, 6, 3, 2, 2, dilation=2, groups=2, bias=False)),
        ("same", on((2, 3, 7), 3, 2, 4, padding="same")),
        ("circular", on((2, 3, 7), 3, 2, 3, padding=2, padding_mode="circular"))),
    *of("Conv2d", ("", on((2, 3, 5, 6), 3, 4, 3)), ("single", on((3, 5, 6), 3, 4, 3)),
        ("settings", on((2, 4, 7, 8), 4, 6, (3, 2), (2, 1), (1, 2), dilation=(1, 3), groups=2)),
        ("same", on((2, 2, 5, 6), 2, 3, (4, 3), padding="same", dilation=2, bias=False)),
        ("valid", on((2, 2, 5, 6), 2, 3, (1, 3), padding="valid")),
        ("depthwise", on((2, 3, 5, 5), 3, 6, 3, padding=1, groups=3)),
        ("reflect", on((2, 2, 5, 6), 2, 3, 3, padding=(2, 1), padding_mode="reflect")),
        ("replicate", on((2, 2, 5, 6), 2, 3, 3, padding=(2, 1), padding_mode="replicate")),
        ("circular", on((2, 2, 5, 6), 2, 3, 4, padding="same", padding_mode="circular"))),
    *of("Conv3d", ("", on((2, 2, 3, 4, 5), 2, 3, 2)),
        ("settings", on((1, 2, 5, 4, 5), 2, 4, (3, 2, 1), (2, 1, 2), (1, 0, 1), groups=2))),
    *of("ConvTranspose1d", ("", on((2, 3, 5), 3, 4, 3)),
        ("settings", on((2, 4, 5), 4, 6, 3, 3, 1, 2, groups=2, dilation=2, bias=False))),
    *of("ConvTranspose2d", ("", on((2, 3, 3, 4), 3, 2, 3)), ("single", on((3, 3, 4), 3, 2, 2, 2)),
        ("settings", on((2, 4, 3, 4), 4, 6, (3, 2), (2, 3), (1, 0), (1, 2), groups=2,
                        dilation=(1, 2))),
        ("size", on((2, 3, 3, 4), 3, 2, 3, 2) | {"call": {"output_size": [8, 9]}})),
]  # fmt: skip

POOLING = [
    *of("MaxPool1d", ("", on((2, 3, 8), 2)), ("single", on((3, 9), 3)),
        ("settings", on((2, 3, 9), 3, 2, 1, dilation=2, ceil_mode=True))),
    *of("MaxPool2d", ("", on((2, 3, 6, 8), 2)), ("overlapping", on((2, 3, 5, 6), 3, 1)),
        ("settings", on((2, 3, 7, 9), (3, 2), (2, 3), (1, 0), dilation=(2, 1), ceil_mode=True))),
    *of("AvgPool1d", ("", on((2, 3, 8), 2)),
        ("settings", on((2, 3, 8), 3, 2, 1, ceil_mode=True, count_include_pad=False))),
    *of("AvgPool2d", ("", on((2, 3, 6, 8), 2)), ("single", on((3, 6, 8), (2, 3), 1)),
        ("settings", on((2, 3, 6, 7), (3, 2), 2, 1, ceil_mode=True)),
        ("without", on((2, 3, 6, 7), (3, 2), 2, 1, ceil_mode=True, count_include_pad=False)),
        ("divisor", on((2, 3, 6, 7), 3, 2, 1, divisor_override=5))),
    *of("AdaptiveAvgPool1d", ("", on((2, 3, 8), 3))),
    *of("AdaptiveAvgPool2d", ("", on((2, 3, 7, 5), (3, 4))), ("one", on((2, 3, 4, 5), 1)),
        ("none", on((2, 3, 7, 5), (None, 2)))),
    *of("AdaptiveMaxPool1d", ("", on((2, 3, 8), 3))),
    *of("AdaptiveMaxPool2d", ("", on((2, 3, 7, 5), (3, 4))), ("none", on((3, 7, 5), (2, None)))),
    *of("Upsample", ("", on((2, 3, 2, 3), scale_factor=2)), ("size", on((2, 3, 4, 5), (7, 3))),
        ("linear", on((2, 3, 5), scale_factor=1.5, mode="linear")),
        ("bilinear", on((2, 3, 3, 4), scale_factor=(2, 1.6), mode="bilinear")),
        ("corners", on((2, 3, 3, 4), (5, 2), mode="bilinear", align_corners=True))),
    *of("interpolate", ("", on((2, 1, 2, 3, 2)) | {"call": {"scale_factor": 1.7}}),
        ("smaller", on((2, 3, 7)) | {"call": {"size": 3, "mode": "linear"}})),
]  # fmt: skip

NORMS = [
    *of("BatchNorm1d", ("", on((6, 3), 3)), ("eval", on((6, 3), 3, training=False)),
        ("sequences", on((4, 3, 5), 3, 1e-3, 0.3)), ("plain", on((4, 3), 3, affine=False)),
        ("shift", on((4, 3), 3, bias=False))),
    *of("BatchNorm2d", ("", on((3, 2, 4, 3), 2)), ("eval", on((3, 2, 4, 3), 2, training=False)),
        ("mean", on((3, 2, 4, 3), 2, momentum=None)),
        ("untracked", on((3, 2, 4, 3), 2, track_running_stats=False, training=False))),
    *of("InstanceNorm1d", ("", on((2, 3, 5), 3)), ("single", on((3, 5), 3, affine=True)),
        ("tracked", on((2, 3, 5), 3, track_running_stats=True))),
    *of("InstanceNorm2d", ("", on((2, 3, 4, 3), 3)),
        ("tracked", on((2, 3, 4, 3), 3, 1e-3, 0.3, affine=True, track_running_stats=True)),
        ("eval", on((2, 3, 4, 3), 3, affine=True, track_running_stats=True, training=False))),
    *of("LayerNorm", ("", on((4, 6), 6)), ("axes", on((2, 3, 4), (3, 4), 1e-2)),
        ("plain", on((4, 6), 6, elementwise_affine=False)), ("shift", on((4, 6), 6, bias=False))),
    *of("GroupNorm", ("", on((3, 6), 2, 6)), ("images", on((2, 4, 3, 2), 2, 4, 1e-3)),
        ("plain", on((2, 4, 3), 4, 4, affine=False)), ("shift", on((2, 4, 3), 1, 4, bias=False))),
    *of("RMSNorm", ("", on((4, 6), 6)), ("axes", on((2, 3, 4), (3, 4), 1e-2)),
        ("plain", on((4, 6), 6, elementwise_affine=False))),
]  # fmt: skip

ACTIVATIONS = [
    *activation("ReLU"), *activation("Sigmoid"), *activation("Tanh"), *activation("SELU"),
    *activation("SiLU"), *activation("Mish"), *activation("Softsign"), *activation("Hardswish"),
    *activation("LeakyReLU", slope={"negative_slope": 0.2}), *activation("ELU", alpha={"alpha": 2}),
    # alpha is a power of 2, because PyTorch rounds 1 / alpha to single precision
    *activation("CELU", alpha={"alpha": 0.5}), *activation("GELU", tanh={"approximate": "tanh"}),
    *activation("Hardtanh", bounds={"min_val": -2.0, "max_val": 0.5}),
    *activation("Softplus", threshold={"beta": 3.0, "threshold": 6.0}),
    *of("Softmax", ("last", on((3, 4), axis=-1)), ("first", on((3, 4, 2), axis=0))),
    *of("LogSoftmax", ("last", on((3, 4), axis=-1)), ("second", on((3, 4, 2), axis=1))),
    *of("GLU", ("", on((3, 4))), ("axis", on((3, 4, 2), axis=1))),
    *of("PReLU", ("", on((3, 4))), ("channels", on((2, 3, 4), 3, 0.1))),
    *of("logsumexp", ("", on((3, 4)) | {"call": {"axis": 1}}),
        ("axes", on((3, 4, 2)) | {"call": {"axis": (0, 2), "keepdims": True}})),
]  # fmt: skip


def recurrent(layer, states, **extra):
    def first(*shape):
        return (tuple(Numbers(shape) for _ in range(2)) if states == 2 else Numbers(shape),)

    lengths = {"call": {"lengths": np.array([3, 5, 1])}}
    return of(
        layer,
        ("", {"args": (3, 4), "inputs": (TWO,)}),
        ("state", {"args": (3, 4), "inputs": (TWO, *first(1, 2, 4))}),
        ("single", {"args": (3, 4), "inputs": (Numbers((5, 3)), *first(1, 4))}),
        ("deep", on((5, 2, 3), 3, 4, 2, bias=False) | {"inputs": (TWO, *first(2, 2, 4))}),
        ("both", on((2, 5, 3), 3, 2, 2, batch_first=True, bidirectional=True)),
        ("lengths", on((5, 3, 3), 3, 2, 2, bidirectional=True) | lengths),
        *((name, on((5, 2, 3), 3, 4, **kwargs)) for name, kwargs in extra.items()),
    )


def attention(name, *inputs, call=None, **kwargs):
    return name, {"args": (6, 2), "kwargs": kwargs, "inputs": inputs, "call": call or {}}


MEMORY, KEYS, VALUES = Numbers((5, 2, 6)), Numbers((3, 2, 5)), Numbers((3, 2, 4))
BATCHES = Numbers((2, 4, 6))
MASKS = {"src_mask": CAUSAL, "src_key_padding_mask": PADDED}
TARGET_MASKS = {"tgt_mask": CAUSAL, "tgt_key_padding_mask": PADDED}


def transformer(name, *inputs, call=None, training=True, **kwargs):
    settings = {"args": (6, 2, 5, 0.0), "kwargs": kwargs, "inputs": inputs}
    return name, settings | {"call": call or {}, "training": training}


def stack(name, part, *inputs, call=None, norm=False, **kwargs):
    last = (Part("LayerNorm", (6,)),) if norm else ()
    args = (Part(part, (6, 2, 5, 0.0), kwargs), 2, *last)
    return name, {"args": args, "inputs": inputs, "call": call or {}}


SEQUENCES = [
    *recurrent("RNN", 1, relu={"nonlinearity": "relu"}),
    *recurrent("LSTM", 2),
    *recurrent("GRU", 1),
    *of("scaled_dot_product_attention", ("", {"inputs": (BATCHES,) * 3}),
        ("causal", {"inputs": (BATCHES,) * 3, "call": {"is_causal": True, "scale": 0.7}}),
        ("mask", {"inputs": (BATCHES,) * 3, "call": {"attn_mask": ~CAUSAL}}),
        ("added", {"inputs": (BATCHES,) * 3 + (Numbers((4, 4)),)})),
    *of("MultiheadAttention", attention("", FOUR, FOUR, FOUR),
        attention("single", *[Numbers((4, 6))] * 3, bias=False),
        attention("widths", FOUR, KEYS, VALUES, kdim=5, vdim=4),
        attention("heads", *[BATCHES] * 3, batch_first=True, call={"average_attn_weights": False}),
        attention("bare", FOUR, MEMORY, MEMORY, call={"need_weights": False}),
        attention("masks", *[FOUR] * 3, call={"attn_mask": CAUSAL, "key_padding_mask": PADDED}),
        attention("added", *[FOUR] * 3, call={"attn_mask": ADDED})),
    *of("TransformerEncoderLayer", transformer("", FOUR), transformer("masks", FOUR, call=MASKS),
        transformer("first", BATCHES, norm_first=True, batch_first=True, activation="gelu"),
        transformer("eval", FOUR, training=False, bias=False)),
    *of("TransformerDecoderLayer", transformer("", FOUR, MEMORY),
        transformer("masks", FOUR, MEMORY, call=TARGET_MASKS, layer_norm_eps=1e-3),
        transformer("first", FOUR, MEMORY, norm_first=True, activation="gelu")),
    *of("TransformerEncoder", stack("", "TransformerEncoderLayer", FOUR, norm=True),
        stack("mask", "TransformerEncoderLayer", FOUR, call={"mask": CAUSAL}, norm_first=True)),
    *of("TransformerDecoder", stack("", "TransformerDecoderLayer", FOUR, MEMORY),
        stack("mask", "TransformerDecoderLayer", FOUR, MEMORY, call=TARGET_MASKS, norm=True)),
]  # fmt: skip

FIVE, THREE = Numbers((5, 4)), Numbers((2, 4, 3))
PAIR, TRIPLE = (FIVE, Numbers((5, 4), 2.5)), (Numbers((5, 4)),) * 3
SHARES, CLASSES, COUNTS = Shares((5, 4)), Steps((5,), 4), Steps((5, 4), 5, dtype=float)
LOGS, SIGNS = Shares((5, 4), 1, log=True), Steps((5,), 2, -1, 2)
PER_CLASS = {"weight": CLASS_WEIGHT}
TWICE = {"weight": CLASS_WEIGHT, "pos_weight": np.array([1.0, 3.0, 0.5, 2.0])}

LOSSES = [
    *loss("MSELoss", *PAIR), *loss("L1Loss", *PAIR), *loss("HuberLoss", *PAIR, delta={"delta": 2}),
    *loss("SmoothL1Loss", *PAIR, beta={"beta": 0.5}, zero={"beta": 0.0}),
    *loss("PoissonNLLLoss", FIVE, COUNTS, full={"full": True}),
    *of("PoissonNLLLoss", ("rate", {"inputs": (SHARES, COUNTS), "kwargs": {"log_input": False}}),
        ("all", {"inputs": (SHARES, COUNTS),
                 "kwargs": {"log_input": False, "full": True, "eps": 1e-3}})),
    *loss("GaussianNLLLoss", *PAIR, Shares((5, 4)), full={"full": True}, eps={"eps": 0.5}),
    *of("GaussianNLLLoss", ("one", {"inputs": (*PAIR, Shares((5, 1)))}),
        ("fewer", {"inputs": (*PAIR, Shares((5,)))})),
    *loss("CrossEntropyLoss", FIVE, CLASSES, weight=PER_CLASS, ignore={"ignore_index": 1},
          smoothing={"label_smoothing": 0.2}, every={"label_smoothing": 0.2, "ignore_index": 3,
          "weight": CLASS_WEIGHT}),
    *of("CrossEntropyLoss",
        ("zero", {"inputs": (FIVE, CLASSES), "kwargs": {"label_smoothing": 0.2, "weight": ZERO}}),
        ("both", {"inputs": (FIVE, CLASSES), "kwargs": {"label_smoothing": 0.2, "weight": ZERO,
                                                        "ignore_index": 1}})),
    *loss("CrossEntropyLoss:axes", THREE, Steps((2, 3), 4), weight=PER_CLASS),
    *loss("CrossEntropyLoss:shares", FIVE, Shares((5, 4), 1),
          every={"label_smoothing": 0.2, "weight": CLASS_WEIGHT}),
    *loss("CrossEntropyLoss:single", Numbers((4,)), Steps((), 4), weight=PER_CLASS),
    *loss("NLLLoss", LOGS, CLASSES, weight=PER_CLASS, ignore={"ignore_index": 1}),
    *loss("NLLLoss:axes", THREE, Steps((2, 3), 4), every=PER_CLASS | {"ignore_index": 3}),
    *loss("BCELoss", SHARES, Shares((5, 4)), weight=PER_CLASS),
    *loss("BCEWithLogitsLoss", FIVE, SHARES, weight=PER_CLASS, both=TWICE),
    *loss("MultiMarginLoss", FIVE, CLASSES, squared={"p": 2, "margin": 0.5}, weight=PER_CLASS),
    *loss("KLDivLoss", LOGS, Shares((5, 4), 1), batch={"reduction": "batchmean"}),
    *of("KLDivLoss", ("log", {"inputs": (LOGS, LOGS), "kwargs": {"log_target": True}}),
        ("all", {"inputs": (LOGS, LOGS), "kwargs": {"reduction": "batchmean",
                                                    "log_target": True}})),
    *loss("CosineEmbeddingLoss", *PAIR, SIGNS, margin={"margin": 0.3}),
    *loss("TripletMarginLoss", *TRIPLE, norm={"p": 1, "margin": 2.0}, cube={"p": 3, "swap": True},
          swap={"swap": True, "eps": 1e-3}),
]  # fmt: skip

CASES = LINEAR + CONVOLUTIONS + POOLING + NORMS + ACTIVATIONS + SEQUENCES + LOSSES
