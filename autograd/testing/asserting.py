"""Assertions about gradients, for tests: of one input, and of all that Hypothesis comes up with."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograd.check import gradcheck
from autograd.errors import GradientMismatch
from autograd.nests import flatten
from autograd.transforms import vjp

__all__ = ["assert_gradients", "gradients"]


def assert_gradients(f: Callable[..., Any], *arrays: Any, order: int = 2, **settings: Any) -> None:
    """Check the derivatives of f at these arrays, and that nothing else decides about them.

    To order 2 by default, by `gradcheck`, which takes the settings. Then, of arrays in double
    precision: the gradient is the same if they lie otherwise in memory (in Fortran order,
    backwards, with gaps), and to seven digits the same in single precision, in that precision.

    Raises GradientMismatch.

    >>> assert_gradients(np.matmul, np.eye(2), np.array([1.0, 2.0]))
    >>> assert_gradients(np.sin, np.arange(3.0), grad=np.cos, order=1)
    """
    gradcheck(f, arrays, order=order, **settings)
    if all(np.asarray(a).dtype == np.float64 for a in arrays):
        for words in _LAYOUTS:
            _same_gradient(f, arrays, words, settings)
        if "grad" not in settings:
            _in_single_precision(f, arrays)


# What to copy an array to, and which view of that copy is the array.
_LAYOUTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "backwards in memory": (lambda x: np.flip(x).copy(), np.flip),
    "with gaps in memory": (lambda x: np.repeat(x, 2, axis=-1), lambda x: x[..., ::2]),
    "in Fortran order": (lambda x: np.transpose(x).copy(), np.transpose),
}


def _same_gradient(f: Any, arrays: tuple[Any, ...], words: str, settings: dict[str, Any]) -> None:
    """Whether the gradient is that of contiguous arrays, if they lie otherwise in memory."""
    copied, view = _LAYOUTS[words]
    copies = [copied(x) if np.ndim(x) else x for x in arrays]

    def viewed(copies: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(view(c) if np.ndim(x) else c for c, x in zip(copies, arrays, strict=True))

    if "grad" in settings:
        report = gradcheck(f, viewed(copies), **{**settings, "raises": False})
        if not report.ok:
            raise GradientMismatch(f"of inputs {words}: {report}", report)
        return
    expected = _pulled(f, arrays)
    found = viewed(_pulled(lambda *copies: f(*viewed(copies)), copies))
    for k, (g, e) in enumerate(zip(found, expected, strict=True)):
        if not _alike(g, e, 1e-9, 1e-11 * _natural(f, arrays, k)):
            raise GradientMismatch(
                f"the gradient of input {k} depends on memory: {words} it is\n{g}\n"
                f"and of contiguous inputs\n{e}"
            )


def _in_single_precision(f: Any, arrays: tuple[Any, ...]) -> None:
    """Whether the gradient of single-precision arrays is that of double ones, but for rounding."""
    singles = tuple(np.float32(a) for a in arrays)
    doubles = tuple(np.float64(s) for s in singles)
    pairs = zip(_pulled(f, singles), _pulled(f, doubles), strict=True)
    for k, (g, e) in enumerate(pairs):
        close = _alike(g, e, 1e-3, 1e-5 * _natural(f, doubles, k))
        if np.result_type(g) != np.float32 or not close:
            raise GradientMismatch(
                f"the gradient of input {k} in single precision is {np.result_type(g)}\n{g}\n"
                f"and in double precision\n{e}"
            )


def _pulled(f: Any, arrays: Iterable[Any]) -> tuple[Any, ...]:
    """The gradients of an uneven sum of f's results."""
    y, pullback = vjp(f, *arrays)
    results, rebuild = flatten(y)
    seeds = [np.linspace(0.5, 1.5, max(np.size(r), 1))[: np.size(r)] for r in results]
    pairs = zip(seeds, results, strict=True)
    return pullback(rebuild([s.reshape(np.shape(r)).astype(np.result_type(r)) for s, r in pairs]))


def _natural(f: Any, arrays: tuple[Any, ...], k: int) -> float:
    """How large a gradient is that is no rounding: f, for each unit of the k-th input."""
    results, _ = flatten(f(*arrays))
    height = max((float(np.max(np.abs(y), initial=0)) for y in results), default=0.0)
    return height / max(float(np.max(np.abs(arrays[k]), initial=0)), 1e-30)


def _alike(a: Any, b: Any, rtol: float, atol: float = 0.0) -> bool:
    size = np.max(np.abs(b), initial=0, where=np.isfinite(b))
    return np.allclose(a, b, rtol=rtol, atol=rtol * float(size) + atol, equal_nan=True)


def gradients(**inputs_and_settings: Any) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """Make a function a test of its own gradient, at all inputs that the strategies come up with.

    Each argument of the function is given a Hypothesis strategy by its name; everything else is a
    setting of `gradcheck` (order=2, grad=..., rtol=...). When the gradient is wrong somewhere,
    Hypothesis finds the simplest such input, and the failure prints it as a test to paste.

    The function itself is kept as the test's `.function`.

    Raises TypeError for names that are neither arguments of the function nor settings.

    >>> from autograd.testing import arrays
    >>> @gradients(x=arrays(), w=arrays(()), order=2)
    ... def test_scaled(x, w):
    ...     return np.tanh(x * w)
    >>> test_scaled()
    """
    strategies = {
        name: value
        for name, value in inputs_and_settings.items()
        if isinstance(value, st.SearchStrategy)
    }
    settings = {k: v for k, v in inputs_and_settings.items() if k not in strategies}

    def decorate(f: Callable[..., Any]) -> Callable[[], None]:
        names = list(inspect.signature(f).parameters)
        known = inspect.signature(gradcheck).parameters.keys() - {"f", "inputs", "raises"}
        if unknown := [name for name in settings if name not in known]:
            raise TypeError(
                f"{f.__name__}: {', '.join(unknown)} is neither a strategy for an argument nor a "
                f"setting of gradcheck ({', '.join(sorted(known))})."
            )
        if set(names) != set(strategies):
            raise TypeError(
                f"{f.__name__} has the arguments {', '.join(names) or 'none'}, and there are "
                f"strategies for {', '.join(strategies) or 'none'}: give one for each."
            )

        @given(**strategies)
        @functools.wraps(f)
        def test(**drawn: Any) -> None:
            inputs = tuple(drawn[name] for name in names)
            try:
                gradcheck(f, inputs, **settings)
            except GradientMismatch as mismatch:
                text = f"{mismatch}\n\nAs a test:\n\n{_as_a_test(f.__name__, drawn, settings)}"
                raise GradientMismatch(text, mismatch.report) from None

        vars(test)["function"] = f
        return test

    return decorate


def _as_a_test(name: str, inputs: dict[str, Any], settings: dict[str, Any]) -> str:
    """A test of the same function at these inputs, to paste below it."""
    lines = [f"def {name}_at_a_found_input():"]
    lines += [f"    {given} = {_written(x)}" for given, x in inputs.items()]
    parts = [f"({', '.join(inputs)},)"]
    parts += [f"{k}={getattr(v, '__name__', repr(v))}" for k, v in settings.items()]
    lines.append(f"    gradcheck({name}.function, {', '.join(parts)})")
    return "\n".join(lines)


def _written(x: Any) -> str:
    """An input as Python source."""
    if not isinstance(x, np.ndarray):
        return repr(x)
    if x.size == 0:
        return f"np.zeros({x.shape}, {x.dtype.name!r})"
    numbers = repr(x.tolist())
    kind = "" if x.dtype in (float, complex) else f", {x.dtype.name!r}"
    source = f"np.array({numbers}{kind})"
    if x.flags.c_contiguous:
        return source
    for words, (copied, view) in _LAYOUTS.items():
        if view(copied(x)).strides == x.strides:
            way = {"backwards in memory": "np.flip(np.flip({}).copy())",
                   "with gaps in memory": "np.repeat({}, 2, axis=-1)[..., ::2]",
                   "in Fortran order": "np.asfortranarray({})"}[words]  # fmt: skip
            return way.format(source)
    return f"{source}  # with the strides {x.strides}"
