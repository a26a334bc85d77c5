"""What functions take for arrays: Values as they are, anything else as NumPy has it."""

from typing import Any

import numpy as np

from autograd import Value

__all__ = ["as_array", "as_floats"]


def as_array(x: Any) -> Any:
    return x if isinstance(x, Value) else np.asarray(x)


def as_floats(x: Any) -> Any:
    """Integers and bools become numbers with a fraction: their sums wrap around, or are an or."""
    x = as_array(x)
    return x if x.dtype.kind in "fc" else x.astype(float)
