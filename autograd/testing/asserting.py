"""Assertions about gradients, for tests: of one input, and of all that Hypothesis comes up with."""

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograd.check import gradcheck
from autograd.errors import GradientMismatch
from autograd.nests import flatten
from autograd.numbers import as_data
from autograd.record import plain
from autograd.testing.layouts import LAYOUTS
from autograd.transforms import vjp

__all__ = ["assert_gradients", "gradients"]


def assert_gradients(
    f: Callable[..., Any], *inputs: Any, order: int | None = None, **settings: Any
) -> None:
    """Check the derivatives of f at these inputs, and that nothing else decides about them.

    By `gradcheck`, which takes the settings; to order 2 if the gradient is this library's. Then:
    the gradient is the same if the inputs lie otherwise in memory (in Fortran order, backwards,
    with gaps). And if all are real and in double precision, and the gradient this library's: in
    single precision it is in single precision, and to three digits the same.

    Raises GradientMismatch.

    >>> assert_gradients(np.matmul, np.eye(2), np.array([1.0, 2.0]))
    >>> assert_gradients(np.sin, np.arange(3.0), grad=np.cos)
    """
    if "raises" in settings:
        raise TypeError("assert_gradients always raises: call gradcheck with raises=False.")
    ours = not ({"grad", "wrap"} & settings.keys() or hasattr(f, "backward"))
    given, rebuild = flatten(list(inputs))
    leaves = [as_data(plain(x)) for x in given]
    gradcheck(f, inputs, order=order or (2 if ours else 1), **settings)
    if not ours:
        for words, laid_out in LAYOUTS.items():
            others = tuple(rebuild([laid_out(x) for x in leaves]))
            report = gradcheck(f, others, **settings, raises=False)
            if not report.ok:
                raise GradientMismatch(f"of inputs {words}: {report}", report)
        return

    def of_leaves(*leaves: Any) -> Any:
        return f(*rebuild(list(leaves)))

    for words in LAYOUTS:
        _same_gradient(of_leaves, leaves, words)
    if all(np.result_type(x) == np.float64 for x in leaves):
        _in_single_precision(of_leaves, leaves)


def _same_gradient(f: Any, arrays: list[Any], words: str) -> None:
    """Whether the gradient is that of contiguous arrays, if they lie otherwise in memory."""
    layout = LAYOUTS[words]
    copies = [layout.copied(x) if np.ndim(x) else x for x in arrays]

    def viewed(copies: Iterable[Any]) -> list[Any]:
        return [layout.view(c) if np.ndim(x) else c for c, x in zip(copies, arrays, strict=True)]

    expected = _pulled(f, arrays)
    found = viewed(_pulled(lambda *copies: f(*viewed(copies)), copies))
    for k, (g, e) in enumerate(zip(found, expected, strict=True)):
        if not _alike(g, e, 1e-9, 1e-11 * _natural(f, arrays, k)):
            raise GradientMismatch(
                f"the gradient of input {k} depends on memory: {words} it is\n{g}\n"
                f"and of contiguous inputs\n{e}"
            )


def _in_single_precision(f: Any, arrays: list[Any]) -> None:
    """Whether the gradient of single-precision arrays is that of double ones, but for rounding."""
    with np.errstate(over="ignore"):
        singles = [np.float32(a) for a in arrays]
    doubles = [np.float64(s) for s in singles]
    results = [np.abs(y) for y in flatten(f(*doubles))[0]]
    if [np.shape(y) for y in flatten(f(*singles))[0]] != [y.shape for y in results]:
        return  # np.polydiv cuts off leading zeros
    if any(np.any((y > 1e35) | (y < 1e-30) & (y > 0)) for y in [*map(np.abs, doubles), *results]):
        return  # they overflow, or underflow
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


def _natural(f: Any, arrays: list[Any], k: int) -> float:
    """How large a gradient is that is no rounding: f, for each unit of the k-th input."""
    results, _ = flatten(f(*arrays))
    height = max((float(np.max(np.abs(y), initial=0)) for y in results), default=0.0)
    return height / max(float(np.max(np.abs(arrays[k]), initial=0)), 1e-30)


def _alike(a: Any, b: Any, rtol: float, atol: float = 0.0) -> bool:
    size = np.max(np.abs(b), initial=0, where=np.isfinite(b))
    return np.allclose(a, b, rtol=rtol, atol=rtol * float(size) + atol, equal_nan=True)


def gradients(**inputs_and_settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function a test of its own gradient, at all inputs that the strategies come up with.

    Arguments of the function are given Hypothesis strategies by their names; everything else is a
    setting of `gradcheck` (order=2, grad=..., rtol=...). Arrays and nests of them are moved; what
    else is drawn (an axis, indices, a name, integers) is kept as it is. Other arguments are left to
    pytest: self, fixtures, parametrize. When the gradient is wrong somewhere, Hypothesis finds the
    simplest such input, and the failure prints it as a test to paste.

    The function itself is kept as the test's `.function`, the settings as its `.settings`.

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
    known = inspect.signature(gradcheck).parameters.keys() - {"f", "inputs", "raises"}

    def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
        parameters = inspect.signature(f).parameters
        for name in settings:
            if name in parameters:
                raise TypeError(
                    f"{f.__name__}: {name} is an argument, and {settings[name]!r} no strategy for "
                    f"it: write {name}=arrays(), or another of autograd.testing."
                )
            if name not in known:
                raise TypeError(
                    f"{f.__name__}: {name} is neither an argument nor a setting of gradcheck "
                    f"({', '.join(sorted(known))})."
                )
        if missing := [name for name in strategies if name not in parameters]:
            raise TypeError(f"{f.__name__} has no argument {', '.join(missing)}.")
        names = [name for name in parameters if name in strategies]

        @given(**strategies)
        @functools.wraps(f)
        def test(*args: Any, **drawn: Any) -> None:
            __tracebackhide__ = True  # from pytest: what failed is in the message
            moved = [name for name in names if _is_numbers(drawn[name])]
            fixed = {name: value for name, value in drawn.items() if name not in moved}

            def of_moved(*values: Any) -> Any:
                return f(*args, **fixed, **dict(zip(moved, values, strict=True)))

            of_moved.__name__ = f.__name__
            vars(of_moved)["__signature__"] = inspect.Signature(
                [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in moved]
            )
            inputs = tuple(drawn[name] for name in moved)
            try:
                gradcheck(of_moved, inputs, **settings)
            except GradientMismatch as mismatch:
                text = str(mismatch)
                if not (args or fixed):  # nothing else that the test would need
                    again = _as_a_test(f.__name__, dict(zip(moved, inputs, strict=True)), settings)
                    text += f"\n\nAs a test:\n\n{again}"
                raise GradientMismatch(text, mismatch.report) from None

        vars(test).update(function=f, settings=settings)
        return test

    return decorate


def _is_numbers(drawn: Any) -> bool:
    """Whether it is an array or a real or complex number, or a nest of them: else it is kept."""
    leaves, _ = flatten(drawn)
    return bool(leaves) and all(
        isinstance(x, float | complex) or (hasattr(x, "dtype") and x.dtype.kind in "fc")
        for x in leaves
    )


def _as_a_test(name: str, inputs: dict[str, Any], settings: dict[str, Any]) -> str:
    """A test of the same function at these inputs, to paste below it."""
    lines = ["from autograd import gradcheck", "", "", f"def {name}_at_a_found_input():"]
    lines += [f"    {given} = {_written(x)}" for given, x in inputs.items()]
    more = f", **{name}.settings" if settings else ""
    lines.append(f"    gradcheck({name}.function, ({', '.join(inputs)},){more})")
    return "\n".join(lines)


def _written(x: Any) -> str:
    """An input as Python source."""
    if isinstance(x, dict):
        return "{" + ", ".join(f"{key!r}: {_written(x[key])}" for key in x) + "}"
    if isinstance(x, list):
        return "[" + ", ".join(map(_written, x)) + "]"
    if type(x) is tuple:
        return "(" + "".join(f"{_written(member)}, " for member in x) + ")"
    if not isinstance(x, np.ndarray):
        return repr(x)
    if x.size == 0:
        return f"np.zeros({x.shape}, {x.dtype.name!r})"
    kind = "" if x.dtype in (float, complex) else f", {x.dtype.name!r}"
    source = re.sub(r"\b(inf|nan)\b", r"np.\1", f"np.array({x.tolist()!r}{kind})")
    if x.flags.c_contiguous:
        return source
    for layout in LAYOUTS.values():
        if layout(x).strides == x.strides:
            return layout.source.format(source)
    return f"{source}  # with the strides {x.strides}"
