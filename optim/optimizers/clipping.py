"""Gradients that are too large, made smaller: by their norm, or each number by itself."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    parameters: Iterable[Any],
    max_norm: float,
    norm_type: float = 2.0,
    *,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale the gradients down together, so that their norm is at most max_norm; returns the norm.

        g ← g · min(1, max_norm / (‖all gradients‖ + 1e-6))

    The norm is that of one vector of all of them, before clipping; norm_type may be inf, the
    largest number. Pascanu, Mikolov and Bengio 2013 (arXiv:1211.5063), with PyTorch's 1e-6.
    Raises ValueError for a negative max_norm, and with error_if_nonfinite for a norm that is no
    finite number; without, such gradients are left to become not a number, as PyTorch does.

    >>> from autograd import Value
    >>> w = Value([3.0, 4.0])
    >>> w.grad = np.array([3.0, 4.0])
    >>> clip_grad_norm_([w], 1.0)
    5.0
    >>> w.grad.round(3)
    array([0.6, 0.8])
    """
    if not max_norm >= 0 or not norm_type > 0:
        raise ValueError(
            f"max_norm is {max_norm} and norm_type {norm_type}: the one must not be negative, the "
            "other is positive, 2 or inf for example."
        )
    parameters = _with_gradients(parameters)
    norms = [float(np.linalg.norm(np.ravel(p.grad), norm_type)) for p in parameters]
    norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    if error_if_nonfinite and not math.isfinite(norm):
        raise ValueError(f"the norm of the gradients is {norm}; they cannot be clipped by it.")
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:
        with np.errstate(invalid="ignore"):  # inf · 0
            for p in parameters:
                p.grad = p.grad * factor
    return norm


def clip_grad_value_(parameters: Iterable[Any], clip_value: float) -> None:
    """Limit every number of the gradients to ± clip_value.

    Raises ValueError for a negative clip_value; TypeError for complex gradients.

    >>> from autograd import Value
    >>> w = Value([3.0, -4.0])
    >>> w.grad = np.array([0.5, -4.0])
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    array([ 0.5, -1. ])
    """
    if not clip_value >= 0:
        raise ValueError(f"clip_value is {clip_value}; it must not be negative.")
    for p in _with_gradients(parameters):
        if np.iscomplexobj(p.grad):
            raise TypeError("complex gradients have no order to clip by: use clip_grad_norm_.")
        clipped = np.clip(p.grad, -clip_value, clip_value)
        p.grad = clipped if isinstance(p.grad, np.ndarray) else type(p.grad)(clipped)


def _with_gradients(parameters: Iterable[Any]) -> list[Any]:
    parameters = [parameters] if hasattr(parameters, "grad") else list(parameters)
    return [p for p in parameters if p.grad is not None]
