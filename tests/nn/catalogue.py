"""The fused functions of networks."""

import numpy as np

from nn import functional as F

TARGET = np.array([2, 0, 1, 2])

CALLS = {
    F._affine: [
        (F._affine, ((4, 3), (3, 2), (2,))),
        (F._affine, ((3,), (3, 2), (2,))),
        (F._affine, ((2, 2, 3), (3, 2), (2,))),
    ],
    F._mean_squared_error: [(F._mean_squared_error, ((2, 3), (2, 3)))],
    F._cross_entropy: [
        (lambda x, r=r: F._cross_entropy(x, TARGET, reduction=r), ((4, 3),))
        for r in ("mean", "sum", "none")
    ],
    F._softmax_less_one_hot: [(lambda x: F._softmax_less_one_hot(x, TARGET), ((4, 3),))],
}
