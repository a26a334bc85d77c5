"""Where random numbers come from: a generator or seed of the caller's, or the package's own.

NumPy imports its random module when it is first named, which takes an eighth of the time that NumPy
itself takes. So it is not named here before somebody draws: types stand in quotes, and the default
generator is made when it is asked for.
"""

from typing import TypeAlias

import numpy as np

__all__ = ["RNG", "generator", "manual_seed"]

RNG: TypeAlias = "np.random.Generator | int | None"

_made: dict[str, "np.random.Generator"] = {}  # the default one, as soon as it is asked for


def manual_seed(seed: int) -> None:
    """Start again, from this seed, the generator that draws wherever no `rng` is given.

    >>> from nn import Linear
    >>> manual_seed(0)
    >>> first = Linear(2, 2).weight.data
    >>> manual_seed(0)
    >>> bool((Linear(2, 2).weight.data == first).all())
    True
    """
    generator().bit_generator.state = np.random.default_rng(seed).bit_generator.state


def generator(rng: RNG = None) -> "np.random.Generator":
    """The generator meant by an `rng` argument: one given, one from a seed, or the default."""
    if rng is not None:
        return np.random.default_rng(rng)
    if "default" not in _made:
        _made.setdefault("default", np.random.default_rng())  # one for all threads that come here
    return _made["default"]
