"""`gradcheck`: a verdict on every derivative of a function, and what the wrong ones look like."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd.check.examination import Examination
from autograd.check.foreign import Given, Layer, Paired, Wrapped
from autograd.check.hints import UNCHANGED
from autograd.check.probe import Probe
from autograd.check.subjects import Differentiable, Parameters, Recorded, Subject, takes_arguments
from autograd.check.verdicts import Element, GradientReport, Verdict
from autograd.errors import GradientMismatch
from autograd.nests import flatten
from autograd.value import Value

__all__ = ["OBSERVERS", "gradcheck", "gradgradcheck"]

OBSERVERS: list[Callable[[GradientReport], None]] = []  # told of each report: pytest's summary


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    grad: Any = None,
    *,
    order: int = 1,
    cheap: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
    eps: float | None = None,
    strict: bool = False,
    raises: bool = True,
    wrap: Callable[[Any], Any] | None = None,
    unwrap: Callable[[Any], Any] | None = None,
) -> GradientReport:
    """Check the gradient of f at the inputs, element by element, and say what is wrong with it.

    Each derivative is compared with the slope of f, measured by central differences; where these
    do not agree at once, by a sweep of steps with Richardson's extrapolation, by the slopes on
    either side, and by a complex step if f allows it. Returns a `GradientReport`, which is true if
    all is well and prints as a table; raises GradientMismatch with that table if not.

    f: a function of arrays, numbers and nests of them. Of several results, or of an array, a sum
        with fixed uneven weights is checked. It may also be an object, or a class, with
        `forward(*inputs)` and `backward(g)`, which returns the gradients of those inputs (gradients
        of its parameters, kept as attributes, are not looked at).
    inputs: one array or number, or the tuple of f's arguments; all of their numbers are moved.
        Parameters of a module if f takes none: `gradcheck(lambda: loss(x), model.parameters())`.
    grad: by default this library's. A function of the same arguments that returns the gradient of
        a number f (a tuple of several inputs' gradients), the Jacobian of an array, or the
        derivatives of an elementwise f; or True if f returns the pair (value, gradient). Of a real
        f of complex inputs it is the direction in which f rises, as here and in PyTorch (in JAX its
        conjugate); of a complex f the derivative.
    order: 1 for first derivatives, 2 for second ones too, and so on. The gradient that is then
        differentiated depends on the incoming gradient too, which has rows of that name.
    cheap: one random direction instead of every element: some ten calls of f, whatever the size.
    rtol, atol: |gradient - slope| <= atol + rtol * |slope|, and what the slope itself may be off.
        By default rtol is 1e-6 in double, 1e-4 in single and 2e-2 in half precision, and atol next
        to nothing. f of single-precision inputs is measured in double precision if it computes so.
    eps: the first step, if not the one that suits the precision and the size of the input. The
        others go from 0.1 * max(1, |x|) down to the rounding of x.
    strict: kinks, edges of the domain and rounding fail too.
    raises: False to have the report of a failure, too.
    wrap, unwrap: for f of another library's objects, which have `.backward()` and `.grad`: what
        makes such an object of an array or number, and an array of it (by default its `.data`).

    Raises GradientMismatch, an AssertionError; TypeError and ValueError for arguments that do not
    fit together, or parameters that f does not use; and whatever f raises at the inputs themselves.

    >>> import numpy as np
    >>> gradcheck(np.tanh, np.array([0.5, -1.0]))
    tanh: passed; 2 ok.
    >>> gradcheck(lambda x, y: x @ y, (np.eye(2), np.array([1.0, 2.0])), order=2).ok
    True
    >>> print(gradcheck(np.sin, 2.0, np.cos, raises=False).ok)
    True
    >>> print(gradcheck(np.cos, 2.0, np.sin, raises=False))
    cos: FAILED; 1 wrong gradient.
      x: the gradient has the wrong sign.
    input  index  verdict          gradient  differences  ratio  step
    x      ()     wrong gradient  0.9092974   -0.9092974     -1  complex
    """
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 1:
        raise ValueError(f"order is 1 for first derivatives, 2 for second ones too; not {order!r}.")
    for name, value in (("rtol", rtol), ("atol", atol), ("eps", eps)):
        if (value is not None and not 0 <= value < np.inf) or (name == "eps" and value == 0):
            raise ValueError(f"{name} is a positive number, or None for what suits; not {value!r}.")
    started = time.perf_counter()
    checked = _subject(f, inputs, grad, wrap, unwrap)
    if order > 1 and not isinstance(checked, Differentiable):
        raise TypeError(
            f"order={order} needs a function of this library: check the gradient of "
            f"{checked.name} as a function of its own, gradcheck(gradient, x, grad=hessian)."
        )
    elements: list[Element] = []
    hints: list[str] = []
    evaluations = 0
    made_of = 0.0
    for n in range(1, order + 1):
        probe = Probe(checked, rtol, atol, eps, made_of=made_of)
        made_of = max(made_of, probe.size)
        run = Examination(checked, n, cheap, probe)
        elements += run.elements
        hints += run.hints
        failed = any(e.verdict.fails for e in elements)
        if any(e.verdict is Verdict.WRONG for e in elements):
            hints += _right_otherwise(checked, n, cheap)
        evaluations += checked.evaluations
        if failed:
            break
        if n < order and isinstance(checked, Differentiable):
            checked = checked.gradient(probe.weights)
    if isinstance(checked, Parameters) and any(hint == UNCHANGED for hint in hints):
        raise ValueError(
            f"{checked.name} uses none of these parameters: are they those of another model?"
        )
    seconds = time.perf_counter() - started
    report = GradientReport(checked.name, elements, hints, evaluations, seconds)
    for observe in OBSERVERS:
        observe(report)
    if raises and not (report.complete if strict else report.ok):
        raise GradientMismatch(str(report), report)
    return report


def gradgradcheck(f: Callable[..., Any], inputs: Any, **settings: Any) -> GradientReport:
    """Check first and second derivatives: `gradcheck` with order=2.

    >>> gradgradcheck(lambda x: x**3, 2.0).ok
    True
    """
    return gradcheck(f, inputs, order=2, **settings)


def _subject(f: Any, inputs: Any, grad: Any, wrap: Any, unwrap: Any) -> Subject:
    """What the arguments of gradcheck say is to be checked."""
    if isinstance(inputs, Iterator):
        inputs = list(inputs)
    layer = hasattr(f, "forward") and hasattr(f, "backward")
    if not callable(f) and not (layer and grad is wrap is None):
        raise TypeError(
            f"f is a function, or, without grad= and wrap=, an object with forward and backward; "
            f"it is no {type(f).__name__}."
        )
    if wrap is not None:
        if grad is not None:
            raise TypeError(
                "wrap= says where the gradient comes from, and so does grad=: give one."
            )
        if not callable(wrap):
            raise TypeError("wrap= is a function that makes an object of an array, for f to take.")
        return Wrapped(f, inputs, wrap, unwrap)
    if unwrap is not None:
        raise TypeError("unwrap= belongs to wrap=, which makes a leaf of an array: give both.")
    if grad is True:
        return Paired(f, inputs)
    if callable(grad):
        return Given(f, inputs, grad)
    if grad is not None:
        raise TypeError(
            "grad= is a function of the same arguments that returns the gradient, or True if f "
            f"returns (value, gradient), not a {type(grad).__name__}."
        )
    if layer:
        return Layer(f, inputs)
    values = any(type(leaf) is Value for leaf in flatten([inputs])[0])
    return Parameters(f, inputs) if values and not takes_arguments(f) else Recorded(f, inputs)


def _right_otherwise(checked: Subject, order: int, cheap: bool) -> list[str]:
    """Whether the gradient is right for other copies of the same inputs: whose fault it then is."""
    hints = []
    for words, change in (
        ("right in double precision: it is wrong in single precision only", _double),
        ("right for contiguous copies of the inputs: it goes wrong by their memory layout", _dense),
    ):
        before = checked.points, checked.given
        try:
            points = [change(x) for x in checked.points]
            if all(a is b for a, b in zip(points, checked.points, strict=True)):
                continue
            checked.points = points
            checked.given = [
                change(g) if isinstance(g, np.ndarray | np.generic) else g for g in checked.given
            ]
            run = Examination(checked, order, cheap, Probe(checked, None, None, None))
            if run.elements and not any(e.verdict.fails for e in run.elements):
                hints.append(f"It is {words}.")
        except Exception:  # f takes no such copies
            pass
        finally:
            checked.points, checked.given = before
    return hints


def _double(x: Any) -> Any:
    wide = np.result_type(x, np.float64)
    return x if x.dtype == wide else x.astype(wide)


def _dense(x: Any) -> Any:
    return x if x.flags.c_contiguous else x.copy("C")
