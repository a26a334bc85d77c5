"""Where random numbers come from: a generator or seed of the caller's, or the package's own."""

import numpy as np

__all__ = ["RNG", "generator", "manual_seed"]

RNG = np.random.Generator | int | None

_default = np.random.default_rng()


def manual_seed(seed: int) -> None:
    """Start again, from this seed, the generator that draws wherever no `rng` is given.

    >>> from nn import Linear
    >>> manual_seed(0)
    >>> first = Linear(2, 2).weight.data
    >>> manual_seed(0)
    >>> bool((Linear(2, 2).weight.data == first).all())
    True
    """
    _default.bit_generator.state = np.random.default_rng(seed).bit_generator.state


def generator(rng: RNG = None) -> np.random.Generator:
    """The generator meant by an `rng` argument: one given, one from a seed, or the default."""
    return _default if rng is None else np.random.default_rng(rng)
