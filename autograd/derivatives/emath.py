"""np.emath: the functions that leave the real numbers where these have no result."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.derivatives.shaping import astype
from autograd.table import compose, data_of


def _leaving_the_reals(fn: Callable[..., Any], inside: Callable[..., Any]) -> None:
    @compose(fn)
    def composed(*args: Any, **named: Any) -> Any:
        if named:
            args = inspect.signature(fn).bind(*args, **named).args
        if np.iscomplexobj(fn(*map(data_of, args))):
            args = tuple(astype(a, np.result_type(np.asarray(data_of(a)), "F")) for a in args)
        return inside(*args)


_leaving_the_reals(np.emath.sqrt, np.sqrt)
_leaving_the_reals(np.emath.log, np.log)
_leaving_the_reals(np.emath.log2, np.log2)
_leaving_the_reals(np.emath.log10, np.log10)
_leaving_the_reals(np.emath.logn, lambda n, x: np.log(x) / np.log(n))
_leaving_the_reals(np.emath.power, np.power)
_leaving_the_reals(np.emath.arccos, np.arccos)
_leaving_the_reals(np.emath.arcsin, np.arcsin)
_leaving_the_reals(np.emath.arctanh, np.arctanh)
