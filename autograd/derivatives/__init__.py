"""The derivatives of NumPy's functions, by NumPy's own chapters; importing this fills the table.

Some chapters follow when a function of theirs is first met: see `table`.
"""

from autograd.derivatives import (
    elementwise,
    indexing,
    joining,
    products,
    reductions,
    scans,
    selecting,
    shaping,
    ufunc_methods,
    undifferentiated,
)

__all__ = [
    "elementwise",
    "indexing",
    "joining",
    "products",
    "reductions",
    "scans",
    "selecting",
    "shaping",
    "ufunc_methods",
    "undifferentiated",
]
