"""The primitives of networks, each with calls that the catalogue's tests go through."""

import numpy as np

from nn.functional import (
    activations,
    attention,
    convolution,
    linear_maps,
    normalization,
    pooling,
    recurrence,
)
from nn.functional.losses import binary, classification, regression

TARGET = np.array([2, 0, 1, 2])
MASK = np.array([[True, True], [True, False], [True, False]])[:, :, None]
CAUSAL = np.tri(3, dtype=bool)


def convolving(primitive, **settings):
    """The primitive with these settings, those that are not given being the plain ones."""
    return lambda a, b: primitive(a, b, **PLAIN | settings)


PLAIN = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
LEFT = {"stride": (2, 1), "padding": ((1, 0), (0, 1)), "dilation": (1, 2), "groups": 2}
MAX = {"kernel": (2, 2), "stride": (2, 1), "padding": ((1, 1), (0, 0)), "dilation": (1, 1)}
MAX |= {"out_sizes": (3, 2)}
SUM = {"kernel": (2, 2), "stride": (1, 2), "padding": ((0, 1), (0, 0))}
# fixed places of the largest, of which the maps to and from them are linear
PICTURE = np.sin(3.0 * np.arange(24)).reshape(2, 4, 3)
LARGEST = pooling._max_of_windows(PICTURE, **MAX)

CALLS = {
    linear_maps._affine: [
        (linear_maps._affine, ((4, 3), (3, 2), (2,))),
        (linear_maps._affine, ((3,), (3, 2), (2,))),
        (linear_maps._affine, ((2, 2, 3), (3, 2), (2,))),
    ],
    linear_maps._embedding: [
        (lambda w: linear_maps._embedding(w, TARGET, padding_idx=None), ((3, 2),))
    ],
    linear_maps._added_to_rows: [
        (lambda g, k=k: linear_maps._added_to_rows(g, TARGET, rows=4, padding_idx=k), ((4, 2),))
        for k in (None, 2)
    ],
    activations.leaky_relu: [(lambda x: activations.leaky_relu(x, negative_slope=0.2), ((3,),))],
    activations._elu: [(lambda x: activations._elu(x, alpha=1.3, width=0.8), ((3,),))],
    activations._normal_cdf: [(activations._normal_cdf, ((2, 3),))],
    activations._tanh_gate: [(activations._tanh_gate, ((2, 3),))],
    activations.silu: [(activations.silu, ((2, 3),))],
    activations.hardswish: [(lambda x: activations.hardswish(2 * x), ((2, 3),))],
    activations.hardtanh: [(lambda x: activations.hardtanh(x, max_val=0.7), ((2, 3),))],
    convolution.shifted: [
        (convolution.shifted, ((2, 3, 2), (3,))),
        (convolution.shifted, ((1, 2, 2, 3), (2,))),
    ],
    convolution._convolve: [
        (convolving(convolution._convolve, places=(2, 2)), ((1, 2, 3, 3), (2, 2, 2, 2))),
        (convolving(convolution._convolve, places=(2, 2), **LEFT), ((2, 2, 3, 3), (2, 1, 2, 2))),
    ],
    convolution._convolve_and_shift: [
        (
            lambda a, b, c: convolution._convolve_and_shift(a, b, c, **PLAIN | LEFT, places=(2, 2)),
            ((2, 2, 3, 3), (2, 1, 2, 2), (2,)),
        )
    ],
    convolution.convolve_back: [
        (
            convolving(convolution.convolve_back, sizes=(3, 3)),
            ((1, 2, 2, 2), (2, 1, 2, 2)),
        ),
        (
            convolving(convolution.convolve_back, sizes=(4, 3), **LEFT),
            ((1, 2, 2, 2), (2, 1, 2, 2)),
        ),
    ],
    convolution._convolve_weight: [
        (
            convolving(convolution._convolve_weight, kernel=(2, 2)),
            ((2, 1, 3, 3), (2, 2, 2, 2)),
        ),
        (
            convolving(convolution._convolve_weight, kernel=(2, 2), **LEFT),
            ((1, 2, 3, 3), (1, 2, 2, 2)),
        ),
    ],
    pooling._max_of_windows: [
        (lambda x: pooling._max_of_windows(x, **MAX), ((2, 4, 3),)),
    ],
    pooling._to_winners: [
        (lambda g: pooling._to_winners(g, PICTURE, LARGEST, **MAX), ((2, 3, 2),)),
    ],
    pooling._from_winners: [
        (lambda v: pooling._from_winners(v, PICTURE, LARGEST, **MAX), ((2, 4, 3),)),
    ],
    pooling.sum_of_windows: [
        (lambda x: pooling.sum_of_windows(x, **SUM, out_sizes=(3, 2)), ((2, 3, 4),)),
    ],
    pooling._to_windows: [
        (lambda g: pooling._to_windows(g, **SUM, sizes=(3, 4)), ((2, 3, 2),)),
    ],
    normalization._scale_and_shift: [
        (normalization._scale_and_shift, ((4, 3), (3,), (3,))),
        (normalization._scale_and_shift, ((2, 3, 2), (3, 1), (3, 1))),
    ],
    normalization._standardize: [
        (lambda x, k=k: normalization._standardize(x, axis=(1,), eps=1e-2)[k], ((2, 4),))
        for k in range(3)
    ]
    + [(lambda x: normalization._standardize(x, axis=(0, 2), eps=1e-2)[0], ((2, 2, 3),))],
    recurrence._rnn: [
        (
            lambda a, w, h, relu=relu, m=m: recurrence._rnn((a, w, h), relu=relu, mask=m),
            ((3, 2, 2), (2, 2), (2, 2)),
        )
        for relu, m in ((False, None), (True, None), (False, MASK))
    ],
    recurrence._lstm: [
        (
            lambda a, w, h, c, m=m, k=k: recurrence._lstm((a, w, h, c), mask=m)[k],
            ((3, 2, 8), (2, 8), (2, 2), (2, 2)),
        )
        for m in (None, MASK)
        for k in range(3)
    ],
    recurrence._gru: [
        (
            lambda a, w, b, h, m=m, k=k: recurrence._gru((a, w, b, h), mask=m)[k],
            ((3, 2, 6), (2, 6), (6,), (2, 2)),
        )
        for m in (None, MASK)
        for k in range(2)
    ],
    attention._masked_softmax: [
        (lambda s, m=m: attention._masked_softmax(s, scale=0.5, mask=m), ((2, 3, 3),))
        for m in (None, CAUSAL)
    ],
    binary._of_logits: [(binary._of_logits, ((2, 3), (2, 3)))],
    regression._huber: [
        (lambda x, t: regression._huber(x, t, delta=1.3), ((2, 3), (2, 3))),
        (lambda x: regression._huber(x, np.zeros(3), delta=0.2), ((3,),)),
    ],
    regression._mean_squared_error: [(regression._mean_squared_error, ((2, 3), (2, 3)))],
    classification._cross_entropy: [
        (lambda x, r=r: classification._cross_entropy(x, TARGET, reduction=r), ((4, 3),))
        for r in ("mean", "sum", "none")
    ],
    classification._softmax_less_one_hot: [
        (lambda x: classification._softmax_less_one_hot(x, TARGET), ((4, 3),))
    ],
    binary._log: [(lambda x: binary._log(x * x + 0.1), ((3,),))],
    binary._binary_cross_entropy: [
        (lambda x, t: binary._binary_cross_entropy(1 / (2 + x * x), t), ((3,), (3,)))
    ],
}
