"""Gradients checked against central differences.

For every element of every input, (f(x + eps) - f(x - eps)) / 2 eps is compared with what the rules
give. Works on functions of NumPy arrays, numbers and nests of them; NumPy only.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.data import as_data, like
from autograd.errors import GradientMismatch
from autograd.nests import flatten
from autograd.record import plain
from autograd.transforms import vjp

__all__ = ["gradcheck", "gradgradcheck"]


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    order: int = 1,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-4,
) -> bool:
    """Check the derivatives of f at the inputs; True, or GradientMismatch with the first wrong one.

    inputs: one array or number, or the tuple of f's arguments, which may be nests. Double
        precision: with float32 the differences are mostly rounding.
    order: 1 for first derivatives, 2 for second ones too, and so on.
    eps, atol, rtol: the step, and |analytic - numeric| <= atol + rtol * |numeric|.

    f must be smooth at the inputs: at a kink the difference is between two slopes. The result may
    be an array or a nest; a fixed, uneven weight makes one number of it.

    >>> import numpy as np
    >>> gradcheck(np.tanh, np.array([0.5, -1.0]))
    True
    >>> gradcheck(lambda x, y: x @ y, (np.eye(2), np.array([1.0, 2.0])), order=2)
    True
    """
    args = inputs if type(inputs) is tuple else (inputs,)
    given, rebuild = flatten(list(args))
    points = [np.array(as_data(plain(x))) for x in given]

    def arguments() -> Any:
        """The points as they are now, numbers as numbers."""
        pairs = zip(given, points, strict=True)
        return rebuild([x if isinstance(plain(g), np.ndarray) else x[()] for g, x in pairs])

    value, pullback = vjp(f, *arguments())
    results, pack = flatten(value)
    rng = np.random.default_rng(0)
    weights = [_weight(rng, as_data(plain(y))) for y in results]

    def total() -> float:
        """The weighted sum of f's results where the points are now."""
        outputs, _ = flatten(f(*arguments()))
        return float(
            sum(np.sum(np.real(w * plain(y))) for w, y in zip(weights, outputs, strict=True))
        )

    gradients, _ = flatten(list(pullback(pack(weights))))
    name = getattr(f, "__name__", repr(f))
    for k, (x, g) in enumerate(zip(points, map(plain, gradients), strict=True)):
        for index in np.ndindex(x.shape):
            here = x[index]
            for direction in (1, 1j) if np.iscomplexobj(x) else (1,):
                x[index] = here + eps * direction
                ahead = total()
                x[index] = here - eps * direction
                numeric = (ahead - total()) / (2 * eps)
                x[index] = here
                analytic = float(np.real(np.asarray(g)[index] * direction))
                if not abs(analytic - numeric) <= atol + rtol * abs(numeric):
                    raise GradientMismatch(
                        f"{name}, input {k}, element {index}: the gradient is {analytic:.9g}, "
                        f"central differences give {numeric:.9g} "
                        f"(eps={eps:g}, atol={atol:g}, rtol={rtol:g})."
                    )
    if order > 1:

        def pulled(args: Any, cotangent: Any) -> Any:
            return vjp(f, *args)[1](cotangent)

        pulled.__name__ = f"the gradient of {name}"
        settings: Any = {"order": order - 1, "eps": eps, "atol": atol, "rtol": rtol}
        return gradcheck(pulled, (arguments(), pack(weights)), **settings)
    return True


def gradgradcheck(f: Callable[..., Any], inputs: Any, **settings: Any) -> bool:
    """Check first and second derivatives: `gradcheck` with order=2.

    >>> gradgradcheck(lambda x: x**3, 2.0)
    True
    """
    return gradcheck(f, inputs, order=2, **settings)


def _weight(rng: Any, y: Any) -> Any:
    """Uneven numbers of the type of y, of any phase if that is complex."""
    real, imaginary = rng.uniform(0.5, 1.5, (2, *np.shape(y)))
    return like(real + 1j * imaginary if np.iscomplexobj(y) else real, y)
