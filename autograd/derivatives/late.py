"""The chapters that are imported when a function is met that no other chapter has.

They would be half of the time that importing this package takes, and many programs need none.
"""

import importlib
import sys
from _thread import allocate_lock

from autograd.derivatives.registry import COMPOSED, TABLE

__all__ = ["load"]

# Each chapter, and the module whose functions it is about.
_CHAPTERS = {
    "calculus": "numpy",
    "decompositions": "numpy",
    "einsum": "numpy",
    "linalg": "numpy",
    "mapping": "numpy",
    "ordering": "numpy",
    "polynomials": "numpy",
    "ranges": "numpy",
    "sinc_and_i0": "numpy",
    "statistics": "numpy",
    "fft": "numpy.fft",
    "special": "scipy.special",
}
_loading = allocate_lock()  # threading, which has it too, takes half a millisecond


def load() -> bool:
    """Import the chapters about modules that have been imported; whether there were any."""
    late = [chapter for chapter, module in [*_CHAPTERS.items()] if module in sys.modules]
    if late:
        with _loading:  # another thread may have begun to
            for chapter in late:
                if chapter in _CHAPTERS:
                    _import(f"autograd.derivatives.{chapter}")
                    del _CHAPTERS[chapter]
    return bool(late)


def _import(chapter: str) -> None:
    """Import a chapter; what the user has defined of its functions stays."""
    known = {fn: dict(vars(derivative)) for fn, derivative in TABLE.items()}
    compositions = set(COMPOSED)
    importlib.import_module(chapter)
    for fn, state in known.items():
        vars(TABLE[fn]).update(state)
        if fn not in compositions:
            COMPOSED.pop(fn, None)
