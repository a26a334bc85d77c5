"""What can go wrong, each the standard exception that it is.

TypeError
├── NotDifferentiable   a function or a keyword without a derivative
└── Detached            a request that would silently lose the record
ValueError
├── ShapeMismatch       a shape other than the one expected
└── DegenerateSpectrum  (a LinAlgError) vectors of equal eigenvalues, which have no derivative
AssertionError
└── GradientMismatch    a derivative that finite differences contradict
RuntimeError
└── GraphvizMissing     a picture without a program that draws it
"""

from typing import Any

import numpy as np

__all__ = [
    "DegenerateSpectrum",
    "Detached",
    "GradientMismatch",
    "GraphvizMissing",
    "NotDifferentiable",
    "ShapeMismatch",
]


class NotDifferentiable(TypeError):
    """A function, or a keyword of it, has no derivative in the table.

    >>> import numpy as np
    >>> from autograd import Value
    >>> try:
    ...     np.gcd(Value(4.0), 6)
    ... except NotDifferentiable as error:
    ...     print(str(error)[:21])
    np.gcd takes no Value
    """


class Detached(TypeError):
    """What was asked for would drop the record of how a Value was computed.

    >>> import numpy as np
    >>> from autograd import Value
    >>> try:
    ...     np.asarray(Value(1.0))
    ... except Detached:
    ...     print("write v.data")
    write v.data
    """


class ShapeMismatch(ValueError):
    """An array has another shape than the one it must have here.

    >>> from autograd import Value
    >>> try:
    ...     Value([1.0, 2.0]).backward()
    ... except ShapeMismatch:
    ...     print("write v.sum().backward()")
    write v.sum().backward()
    """


class DegenerateSpectrum(np.linalg.LinAlgError):
    """A loss depends on which eigenvectors LAPACK chose among many that would do.

    Eigenvectors of equal eigenvalues, and the phases of complex ones, have no derivative.

    >>> import numpy as np
    >>> from autograd import grad
    >>> try:
    ...     grad(lambda a: np.linalg.eigh(a).eigenvectors[0, 1])(np.eye(2))
    ... except DegenerateSpectrum:
    ...     print("use the eigenvalues alone")
    use the eigenvalues alone
    """


class GradientMismatch(AssertionError):
    """A derivative and the finite differences of its function disagree.

    report: the `GradientReport` of the check, with a verdict for each element.

    >>> from autograd import defvjp, gradcheck, primitive
    >>> @primitive
    ... def twice(x):
    ...     return 2 * x
    >>> defvjp(twice, lambda g, y, x: 3 * g)
    >>> try:
    ...     gradcheck(twice, 1.0)
    ... except GradientMismatch:
    ...     print("the rule is wrong")
    the rule is wrong
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


class GraphvizMissing(RuntimeError):
    """A picture was asked for, and neither the dot program nor pygraphviz is there.

    >>> issubclass(GraphvizMissing, RuntimeError)
    True
    """
