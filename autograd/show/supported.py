"""What is supported: each of NumPy's functions is differentiable, without a derivative, or refused.

Read from the table, and from NumPy's own list of names: a name that nobody has classified shows.
"""

import difflib
import importlib
import importlib.util
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import autograd.functions as functions
from autograd.binding import About
from autograd.call import TABLE, Rules
from autograd.table import Composition, Plain, Refusal, load_chapters, rules_of

__all__ = ["Entry", "entries", "explanation", "lookup", "page"]

DIFFERENTIABLE = "differentiable"
NO_DERIVATIVE = "no derivative"
REFUSES = "refused"
NO_VALUES = "takes no Values"
UNCLASSIFIED = "unclassified"

# Functions that NumPy's protocols do not see: they make arrays, or are given none.
_PLAIN_ARRAYS = """
arange array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix bartlett
blackman bmat diag_indices empty eye from_dlpack frombuffer fromfile fromfunction fromiter fromregex
fromstring full genfromtxt hamming hanning identity indices kaiser load loadtxt mask_indices ones
require tri tril_indices triu_indices zeros fftfreq rfftfreq
"""
_TYPES_AND_SETTINGS = """
base_repr binary_repr datetime_data format_float_positional format_float_scientific frompyfunc
get_include get_printoptions getbufsize geterr geterrcall info isdtype isfortran isscalar issubdtype
iterable mintypecode nested_iters printoptions promote_types set_printoptions setbufsize seterr
seterrcall show_config show_runtime test typename
"""
_APART = {*_PLAIN_ARRAYS.split(), *_TYPES_AND_SETTINGS.split()}
# Python functions that call another one.
_AS_ANOTHER: dict[str, Any] = {
    "np.row_stack": np.vstack, "autograd.dot": functions.sum_of_products,
}  # fmt: skip


class Entry(NamedTuple):
    """A function, by all the names that NumPy has for it."""

    names: tuple[str, ...]
    status: str
    about: About
    note: str
    settings: tuple[str, ...]


def _modules() -> Iterator[tuple[str, ModuleType]]:
    yield "np", np
    yield "np.linalg", np.linalg
    yield "np.fft", np.fft
    yield "np.emath", np.emath
    yield "np.lib.stride_tricks", np.lib.stride_tricks
    if importlib.util.find_spec("scipy"):
        yield "scipy.special", importlib.import_module("scipy.special")
    yield "autograd", functions


def entries() -> list[Entry]:
    """All public functions, by their modules and names."""
    found: dict[Any, list[str]] = {}
    modules = list(_modules())
    load_chapters()
    for prefix, module in modules:
        for name in sorted(getattr(module, "__all__", dir(module))):
            fn = getattr(module, name, None)
            if name.startswith("_") or not callable(fn) or isinstance(fn, type):
                continue
            if prefix != "scipy.special" or fn in TABLE:
                names = found.setdefault(fn, [])
                names += [] if f"{prefix}.{name}" in names else [f"{prefix}.{name}"]
    return [_entry(fn, tuple(names)) for fn, names in found.items()]


def _entry(fn: Any, names: tuple[str, ...]) -> Entry:
    short = names[0].rpartition(".")[2]
    fn = _AS_ANOTHER.get(names[0], fn)
    match TABLE.get(fn):
        case Plain():
            return Entry(names, NO_DERIVATIVE, About(), "gives what it gives of v.data", ())
        case Refusal(reason=reason):
            return Entry(names, REFUSES, About(), reason, ())
        case Rules(about=about) | Composition(about=about):
            return Entry(names, DIFFERENTIABLE, about, about.note, _settings(fn))
    status = NO_VALUES if short in _APART else UNCLASSIFIED
    return Entry(names, status, About(), "", ())


def _settings(fn: Any) -> tuple[str, ...]:
    """The settings that are handled: those of the rules, and of the composition."""
    rules, entry = rules_of(fn), TABLE[fn]
    settings = set(rules.settings) if rules else set()
    if isinstance(entry, Composition):
        parameters = inspect.signature(entry.composition).parameters.values()
        settings |= {p.name for p in parameters if p.default is not p.empty}
    return tuple(sorted(settings - {"out"}))


def lookup(name: str) -> list[Entry]:
    """The entries of that name: "np.linalg.det", "linalg.det", "det" or "numpy.linalg.det"."""
    name = name.replace("numpy.", "np.")
    every = entries()
    exact = [e for e in every if {name, f"np.{name}"} & set(e.names)]
    return exact or [e for e in every if any(n.endswith(f".{name}") for n in e.names)]


def similar(name: str) -> list[str]:
    """Names that look like one which is not there."""
    names = [n for e in entries() for n in e.names]
    last = {n.rpartition(".")[2]: n for n in reversed(names)}
    return [last[n] for n in difflib.get_close_matches(name.rpartition(".")[2], last, 3)]


def explanation(entry: Entry) -> str:
    """A few lines about one function.

    >>> print(explanation(lookup("maximum")[0]))
    np.maximum: differentiable, to every order (tested: 3)
      at kinks and ties: a tie is shared evenly
      complex numbers: no
    """
    lines = [f"{', '.join(entry.names)}: {entry.status}"]
    if entry.status == DIFFERENTIABLE:
        lines[0] += f", to every order (tested: {entry.about.orders})"
        if entry.about.domain:
            lines.append(f"  domain: {entry.about.domain}")
        if entry.about.kink:
            lines.append(f"  at kinks and ties: {entry.about.kink}")
        if entry.note:
            lines.append(f"  note: {entry.note}")
        if entry.settings:
            lines.append(f"  settings: {', '.join(entry.settings)}")
        lines.append(f"  complex numbers: {'yes' if entry.about.complex else 'no'}")
    elif entry.note:
        lines.append(f"  {entry.note}")
    return "\n".join(lines)


def page(every: list[Entry]) -> str:
    """All of them as a page of Markdown."""
    lines = [
        "# What is supported",
        "",
        "Written by `python -m autograd supported --markdown`, from the table of derivatives and "
        "NumPy's own list of functions. Every derivative can be differentiated again; *order* is "
        "how far the tests go.",
        "",
        "The methods of ufuncs (`np.add.reduce`, `np.maximum.accumulate`, `np.multiply.outer`) are "
        "those functions, or are made of them; a tie in `np.maximum.accumulate` goes to the "
        "first. What `np.polynomial` evaluates (`polyval`, "
        "`chebval`, `legval` …) takes a Value as `x`, and plain coefficients. Functions that call "
        "`np.asarray` on what they are given, as most of SciPy's that are written in Python do, "
        "take no Value, and say so.",
        "",
        "## Differentiable",
        "",
        "| function | domain | at kinks and ties | note | order | complex |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for e in _of(every, DIFFERENTIABLE):
        domain, kink = (text.replace("|x|", "abs x") for text in (e.about.domain, e.about.kink))
        answer = "yes" if e.about.complex else "no"
        names = ", ".join(f"`{name}`" for name in e.names)
        lines.append(f"| {names} | {domain} | {kink} | {e.note} | {e.about.orders} | {answer} |")
    for title, status in (
        ("No derivative: of a Value they give what they give of its data", NO_DERIVATIVE),
        ("Given no arrays, or making plain ones", NO_VALUES),
    ):
        names = ", ".join(f"`{name}`" for e in _of(every, status) for name in e.names)
        lines += ["", f"## {title}", "", names]
    lines += ["", "## Refused", "", "| function | why |", "| --- | --- |"]
    for e in _of(every, REFUSES):
        lines.append(f"| {', '.join(f'`{name}`' for name in e.names)} | {e.note} |")
    return "\n".join(lines) + "\n"


def _of(every: list[Entry], status: str) -> list[Entry]:
    return [entry for entry in every if entry.status == status]
