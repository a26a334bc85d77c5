"""Gradient checks in tests: Hypothesis strategies, assertions, and faults to practise on.

Needs Hypothesis (`pip install 'valuegrad[test]'`). A gradient of one's own is tested in five lines:

>>> import numpy as np
>>> from autograd.testing import arrays, gradients
>>> @gradients(x=arrays(domain=(0.1, 3.0)), order=2)
... def test_entropy(x):
...     return -np.sum(x * np.log(x))
>>> test_entropy()  # pytest does this
"""

import importlib.util

if importlib.util.find_spec("hypothesis") is None:
    raise ImportError("autograd.testing needs Hypothesis: pip install 'valuegrad[test]'")

from autograd.testing.arrays import (
    arrays,
    arrays_apart,
    axes,
    broadcastable_shapes,
    einsum_calls,
    indices,
    shapes,
)
from autograd.testing.asserting import assert_gradients, gradients
from autograd.testing.matrices import (
    positive_definite_matrices,
    symmetric_matrices,
    well_conditioned_matrices,
)
from autograd.testing.programs import Network, Program, networks, programs

__all__ = [
    "Network",
    "Program",
    "arrays",
    "arrays_apart",
    "assert_gradients",
    "axes",
    "broadcastable_shapes",
    "einsum_calls",
    "gradients",
    "indices",
    "networks",
    "positive_definite_matrices",
    "programs",
    "shapes",
    "symmetric_matrices",
    "well_conditioned_matrices",
]
