"""The derivatives of NumPy's functions, by NumPy's own chapters; importing this fills the table.

Those of np.fft and scipy.special follow when a function of theirs is first met.
"""

from autograd.derivatives import (
    calculus,
    decompositions,
    einsum,
    elementwise,
    indexing,
    joining,
    linalg,
    mapping,
    ordering,
    polynomials,
    products,
    ranges,
    reductions,
    scans,
    selecting,
    shaping,
    sinc_and_i0,
    statistics,
    ufunc_methods,
    undifferentiated,
)

__all__ = [
    "calculus",
    "decompositions",
    "einsum",
    "elementwise",
    "indexing",
    "joining",
    "linalg",
    "mapping",
    "ordering",
    "polynomials",
    "products",
    "ranges",
    "reductions",
    "scans",
    "selecting",
    "shaping",
    "sinc_and_i0",
    "statistics",
    "ufunc_methods",
    "undifferentiated",
]
