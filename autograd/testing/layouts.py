"""Other ways for an array to lie in memory: backwards, with gaps, in Fortran order."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["LAYOUTS", "Layout"]


class Layout(NamedTuple):
    """What to copy an array to, which view of that copy is the array, and both as source."""

    copied: Callable[[Any], Any]
    view: Callable[[Any], Any]
    source: str

    def __call__(self, x: Any) -> Any:
        """The array, so laid out; a number as it is."""
        return self.view(self.copied(x)) if np.ndim(x) else x


LAYOUTS = {
    "backwards in memory": Layout(
        lambda x: np.flip(x).copy(), np.flip, "np.flip(np.flip({}).copy())"
    ),
    "with gaps in memory": Layout(
        lambda x: np.repeat(x, 2, axis=-1),
        lambda x: x[..., ::2],
        "np.repeat({}, 2, axis=-1)[..., ::2]",
    ),
    "in Fortran order": Layout(
        lambda x: np.transpose(x).copy(), np.transpose, "np.asfortranarray({})"
    ),
}
