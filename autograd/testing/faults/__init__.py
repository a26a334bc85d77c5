"""Mistakes that people make in backprop, to plant in the engine and to find with the checker.

A teacher hands students an engine with a fault, and they find it by checking gradients:

>>> import numpy as np
>>> from autograd import gradcheck
>>> from autograd.testing import faults
>>> secret = faults.plant(seed=0)  # one of those that the engine can make
>>> secret.remove()
>>> with faults.plant("= for +="):
...     gradcheck(lambda x: x * x, 3.0, raises=False).hints
['x: the gradient is exactly half of what it should be.']

All of `FAULTS` are found by the checker, and named: the tests hold it to that.
"""

import difflib
import random
from contextlib import ExitStack
from typing import Self

from autograd.testing.faults import by_hand, in_rules, in_the_walk
from autograd.testing.faults.fault import Fault

__all__ = ["FAULTS", "Fault", "Planted", "named", "plant", "remove_all"]

FAULTS: dict[str, Fault] = {
    fault.name: fault for fault in (*in_the_walk.FAULTS, *in_rules.FAULTS, *by_hand.FAULTS)
}


def named(name: str) -> Fault:
    """The fault of that name. Raises KeyError, with the names that are like it.

    >>> named("chain rule forgotten").words
    'g is not multiplied in'
    """
    if name not in FAULTS:
        near = difflib.get_close_matches(name, FAULTS, 3) or list(FAULTS)[:3]
        raise KeyError(f"there is no fault {name!r}; there are {', '.join(map(repr, near))} …")
    return FAULTS[name]


class Planted:
    """A fault in the engine, until it is removed: by hand, or at the end of a `with` block.

    >>> from autograd import grad
    >>> import numpy as np
    >>> with Planted(named("wrong sign")) as secret:
    ...     wrong = grad(np.cos)(1.0)
    >>> print(secret.reveal(), wrong + grad(np.cos)(1.0))
    wrong sign 0.0
    """

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._stack = ExitStack()
        self._stack.enter_context(fault.planted())
        _ACTIVE.append(self)  # also if nobody else holds on to it

    def reveal(self) -> str:
        """What the fault is."""
        return self._fault.name

    def remove(self) -> None:
        """Make the engine right again."""
        self._stack.close()
        if self in _ACTIVE:
            _ACTIVE.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


_ACTIVE: list[Planted] = []


def remove_all() -> None:
    """Make the engine right again, whatever was planted.

    >>> secret = plant("wrong sign")
    >>> remove_all()
    >>> import numpy as np
    >>> from autograd import grad
    >>> float(grad(np.cos)(0.0))
    -0.0
    """
    for planted in _ACTIVE[:]:
        planted.remove()


def plant(name: str | None = None, *, seed: int | None = None) -> Planted:
    """Make the engine wrong: by the fault of that name, or by one that the seed chooses.

    The whole process has it, all threads, until it is removed.

    Raises KeyError for a name that is not there, ValueError for a fault that the engine cannot make
    (one of those in which a gradient is written by hand), and RuntimeError if one is planted in the
    same place already.

    >>> with plant("wrong sign") as secret:
    ...     print(secret.reveal())
    wrong sign
    """
    if name is not None and (seed is not None or not isinstance(name, str)):
        raise TypeError("give the name of a fault, or seed=, a number, for one by chance.")
    if name is None:
        choices = [fault for fault in FAULTS.values() if fault.plant]
        return Planted(random.Random(seed).choice(choices))
    fault = named(name)
    if fault.plant is None:
        raise ValueError(
            f"{name!r} is a fault of a gradient written by hand: check named({name!r}).f with "
            "its .inputs and .settings."
        )
    return Planted(fault)
