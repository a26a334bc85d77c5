"""Numbers, arrays and calls in a few words."""

import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd.naming import name_of
from autograd.value import Value

__all__ = [
    "SMALL", "call_text", "constant_text", "factor", "number", "operands", "settings_of", "short",
    "symbol_of", "visible", "width",
]  # fmt: skip

SMALL = 6  # arrays of so many elements are written whole


def number(x: Any, digits: int = 4) -> str:
    """A number with a few digits.

    >>> number(0.123456)
    '0.1235'
    """
    return f"{x + 0.0:.{digits}g}"  # + 0.0, because -0 says nothing here


def short(x: Any) -> str:
    """A number, or an array in a few words."""
    if isinstance(x, float | complex | np.inexact) and np.ndim(x) == 0:
        return number(x)
    if isinstance(x, tuple | list):
        some = [*map(short, x[:4]), *(["…"] if len(x) > 4 else [])]
        text = f"({', '.join(some)})"
        return text if len(text) <= 60 else text[:59] + "…"
    if not isinstance(x, np.ndarray):
        return repr(x) if len(repr(x)) <= 30 else repr(x)[:29] + "…"
    if x.size <= SMALL:
        return np.array2string(x, precision=3, separator=", ").replace("\n", "")
    if x.dtype.kind in "fiu":
        return f"{np.min(x):.3g} … {np.max(x):.3g}, mean {np.mean(x):.3g}"
    return f"{x.dtype} of shape {x.shape}"


def operands(v: Value) -> list[Any]:
    """The arguments of the call, those in a sequence one by one."""
    return [m for arg in v.args for m in (arg if _holds_value(arg) else (arg,))]


def _holds_value(arg: Any) -> bool:
    return type(arg) is tuple and any(type(member) is Value for member in arg)


def symbol_of(v: Value) -> str:
    """What pictures call the function: + or tanh."""
    assert v._call is not None
    return v._call.symbol or name_of(v._call.fn).removeprefix("np.").lstrip("_")


def settings_of(v: Value) -> list[str]:
    """The settings of the call, as `axis=0`."""
    return [f"{name}={short(value)}" for name, value in v.kwargs.items()]


_INFIX = {"+": 1, "−": 1, "×": 2, "÷": 2, "@": 2, "**": 3}


def call_text(
    v: Value, names: Mapping[Value, str], constants: Mapping[int, str] | None = None
) -> str:
    """The call with the names of its arguments: `a × b`, `np.tanh(v4)`."""
    assert v._call is not None
    shown = [names[a] if type(a) is Value else constant_text(a, constants) for a in operands(v)]
    symbol = v._call.symbol
    if symbol in _INFIX and len(shown) == 2:
        return f"{shown[0]} {symbol} {shown[1]}"
    if symbol == "−":
        return f"−{shown[0]}"
    if symbol == "[ ]":
        return f"{shown[0]}[{_index(v.args[1])}]"
    name = name_of(v._call.fn).lstrip("_") if symbol in (None, "") or symbol in _INFIX else symbol
    return f"{name}({', '.join([*shown, *settings_of(v)])})"


def constant_text(x: Any, constants: Mapping[int, str] | None = None) -> str:
    """A constant argument: an array by its name if it has one, or by its shape."""
    if isinstance(x, np.ndarray) and id(x) in (constants or {}):
        return (constants or {})[id(x)]
    large = isinstance(x, np.ndarray) and x.size > SMALL
    return f"array of shape {x.shape}" if large else short(x)


def factor(x: Any) -> str:
    """A number in a product: what has a sign is in parentheses."""
    text = number(x)
    return f"({text})" if text.startswith("-") or isinstance(x, complex) else text


def _index(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(_slice(p) if isinstance(p, slice) else short(p) for p in parts)


def _slice(s: slice) -> str:
    ends = ["" if end is None else str(end) for end in (s.start, s.stop)]
    return ":".join(ends) + ("" if s.step is None else f":{s.step}")


def visible(text: str) -> str:
    """Text without what is no character to see: such are replaced, joiners of emoji are kept."""
    return "".join(
        c if c.isprintable() or c in "\u200c\u200d" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def width(text: str) -> int:
    """How many places of a terminal, or of a typewriter, a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
