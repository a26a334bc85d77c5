"""Automatic differentiation of NumPy code: a `Value` remembers the NumPy call that made it."""

import os
import warnings
from typing import TYPE_CHECKING

from autograd.call import part, primitive
from autograd.derivatives.indexing import at
from autograd.errors import (
    DegenerateSpectrum,
    Detached,
    GradientMismatch,
    GraphvizMissing,
    NotDifferentiable,
    ShapeMismatch,
)
from autograd.files import write_whole
from autograd.functions import (
    dot,
    log_softmax,
    logsumexp,
    polygamma,
    relu,
    sigmoid,
    softmax,
    softplus,
)
from autograd.late import late_names
from autograd.recording import no_grad
from autograd.table import defvjp
from autograd.value import Value

# What many programs do not need, and would make this import slower.
if TYPE_CHECKING:
    from autograd.check import GradientReport, Verdict, gradcheck, gradgradcheck
    from autograd.nests import ravel
    from autograd.scopes import scope
    from autograd.show import draw, explain, explain_grad, source, steps
    from autograd.transforms import (
        elementwise_grad,
        grad,
        hessian,
        hvp,
        jacobian,
        jvp,
        value_and_grad,
        vjp,
    )
else:
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "autograd.check": "GradientReport Verdict gradcheck gradgradcheck",
            "autograd.nests": "ravel",
            "autograd.scopes": "scope",
            "autograd.show": "draw explain explain_grad source steps",
            "autograd.transforms": (
                "elementwise_grad grad hessian hvp jacobian jvp value_and_grad vjp"
            ),
        },
    )

__version__ = "0.1.0"

__all__ = [
    "DegenerateSpectrum",
    "Detached",
    "GradientMismatch",
    "GradientReport",
    "GraphvizMissing",
    "NotDifferentiable",
    "ShapeMismatch",
    "Value",
    "Verdict",
    "at",
    "defvjp",
    "dot",
    "draw",
    "elementwise_grad",
    "explain",
    "explain_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "late_names",
    "log_softmax",
    "logsumexp",
    "no_grad",
    "part",
    "polygamma",
    "primitive",
    "ravel",
    "relu",
    "scope",
    "sigmoid",
    "softmax",
    "softplus",
    "source",
    "steps",
    "value_and_grad",
    "vjp",
    "write_whole",
]

# tracer.py is a file of HIPS autograd, which installs into a folder of the same name.
if os.path.exists(os.path.join(__path__[0], "tracer.py")):
    warnings.warn(
        "the distributions valuegrad and autograd (HIPS) are installed over each other in "
        f"{__path__[0]}, and the second one has overwritten files of the first: keep them in "
        "separate environments (pip uninstall autograd valuegrad; pip install valuegrad).",
        RuntimeWarning,
        stacklevel=2,
    )
