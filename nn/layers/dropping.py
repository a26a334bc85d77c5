"""Dropout as layers: active in training, nothing in evaluation."""

from typing import Any

import numpy as np  # noqa: F401 (typing.get_type_hints evaluates the text of RNG here)

from nn import functional
from nn.layers.shapes import shape_of, unfit
from nn.module import Module
from nn.randomness import RNG, generator

__all__ = ["Dropout", "Dropout2d"]


class Dropout(Module):
    """In training, sets each element to 0 with the probability p; see `functional.dropout`.

    >>> Dropout(0.5).eval()([1.0, 2.0])
    [1.0, 2.0]
    """

    def __init__(self, p: float = 0.5, *, rng: RNG = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}({p}): a probability is between 0 and 1.")
        self.p = p
        self.rng = None if rng is None else generator(rng)

    def forward(self, x: Any) -> Any:
        return functional.dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Dropout2d(Dropout):
    """In training, sets whole channels to 0 with the probability p: (N, C, H, W) or (C, H, W).

    See `functional.dropout2d`. Raises ShapeMismatch for other inputs.

    >>> import numpy as np
    >>> Dropout2d(0.5).eval()(np.ones((1, 2, 1, 1))).ravel()
    array([1., 1.])
    """

    def forward(self, x: Any) -> Any:
        if len(shape_of(x)) not in (3, 4):
            raise unfit(self, "(N, C, H, W) or (C, H, W)", shape_of(x))
        return functional.dropout2d(x, self.p, self.training, rng=self.rng)
