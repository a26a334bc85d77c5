"""What can go wrong, each the standard exception that it is.

TypeError
├── NotDifferentiable   a function or a keyword without a derivative
└── Detached            a request that would silently lose the record
ValueError
└── ShapeMismatch       a shape other than the one expected
AssertionError
└── GradientMismatch    a derivative that finite differences contradict
"""

__all__ = ["Detached", "GradientMismatch", "GraphvizMissing", "NotDifferentiable", "ShapeMismatch"]


class NotDifferentiable(TypeError):
    """A function, or a keyword of it, has no derivative in the table."""


class Detached(TypeError):
    """What was asked for would drop the record of how a Value was computed."""


class ShapeMismatch(ValueError):
    """An array has another shape than the one it must have here."""


class GradientMismatch(AssertionError):
    """A derivative and the finite differences of its function disagree."""


class GraphvizMissing(RuntimeError):
    """A picture was asked for, and neither the dot program nor pygraphviz is there."""
