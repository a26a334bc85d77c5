"""What users call a function."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["name_of"]


def name_of(fn: Callable[..., Any]) -> str:
    """`np.tanh`, `np.linalg.det`, `scipy.special.erf`, or the function's own name."""
    module = (getattr(fn, "__module__", None) or "").replace("numpy", "np", 1)
    name: str = getattr(fn, "__name__", repr(fn))
    if isinstance(fn, np.ufunc):
        special = sys.modules.get("scipy.special")
        homes = {"np": np, "np.linalg": np.linalg, "scipy.special": special}
        found = (home for home, m in homes.items() if getattr(m, name, None) is fn)
        return ".".join([*[*found][:1], name])
    return f"{module}.{name}" if module.split(".")[0] == "np" else name
