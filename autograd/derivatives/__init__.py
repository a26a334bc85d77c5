"""The derivatives of NumPy's functions, by NumPy's own chapters; importing this fills the table."""

from autograd.derivatives import elementwise, indexing, products, reductions, shaping

__all__ = ["elementwise", "indexing", "products", "reductions", "shaping"]
