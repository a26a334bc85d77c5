"""How a call is brought into the form that rules have: arrays by position, settings by name.

NumPy's functions take the same argument in several ways: `np.sum(x, 0)`, `np.sum(x, axis=0)`,
`np.sum(a=x)`. A function's rules have one: `rule(g, y, *arrays, **settings)`, of plain data.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.errors import Detached, NotDifferentiable, ShapeMismatch
from autograd.kernels import tiled
from autograd.naming import name_of
from autograd.numbers import Cotangent, Data, Setting, as_result, checked_array
from autograd.record import Record, plain, values_in

__all__ = ["About", "Args", "Binding", "Facts", "Rule", "Settings"]

Rule: TypeAlias = Callable[..., Cotangent]
Args: TypeAlias = tuple[Any, ...]
Settings: TypeAlias = dict[str, Setting]
Facts: TypeAlias = Mapping[str, Any]

_INSTEAD = {
    "out=": " Assign the result instead: y = f(x).",
    "where=": " Select from the result instead: np.where(mask, f(x), other).",
}


class About(NamedTuple):
    """What users want to know of a derivative; the tests hold it to that."""

    domain: str = ""  # where it is defined, if not everywhere
    kink: str = ""  # the convention where there is no one derivative
    note: str = ""  # by which arguments, if not by all; what else a user should know
    complex: bool = True  # of complex arguments too
    orders: int = 2  # the order of derivatives that is tested
    facts: Facts = MappingProxyType({})  # what summaries and diagnoses ask


def _keywords(rule: Rule | None) -> frozenset[str] | None:
    """The keyword-only parameters of a rule; None if it takes any, or there is no rule."""
    if rule is None:
        return None
    parameters = inspect.signature(rule).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


class Binding:
    """A function with a rule for each of its arrays; its parameters, and the calls that it serves.

    more: names of settings that no rule needs. The other settings are what `defvjp` was told.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        rules: tuple[Rule | None, ...],
        *,
        about: About,
        more: str = "",
        broadcasts: bool = False,
        elementwise: bool = False,
        routes: tuple[Rule | None, ...] = (),
        sequence: bool = False,
        several: bool = False,
        scalar: Callable[..., float] | None = None,
        forward: Callable[..., Any] | None = None,
        by_tiles: bool = False,
        symbol: str | None = None,
    ) -> None:
        self.fn, self.rules, self.more = fn, rules, more
        self.broadcasts, self.elementwise, self.routes = broadcasts, elementwise, routes
        self.sequence, self.several = sequence, several
        self.scalar, self.symbol, self.about = scalar, symbol, about
        self.implementation: Callable[..., Any] = getattr(fn, "implementation", fn)
        self.forward = forward or self.implementation
        self.running = rules  # the rules as they are run
        if by_tiles:
            self.forward = tiled(self.forward) if self.forward is not fn else fn
            self.running = tuple([rule and tiled(rule) for rule in rules])
        self.arity = len(self.rules)  # how many arrays it takes at most
        self.first, self.second = (*self.running, None)[:2]
        # Users' rules may do anything, such as calling backward() or raising.
        homes = [getattr(rule, "__module__", "") for rule in self.rules if rule is not None]
        self.of_library = all(home.startswith(("autograd.", "nn.")) for home in homes)
        self.multiplies = "multiply_adds" in about.facts
        self.has_all_rules = None not in self.rules
        self.fits_slots = self.arity <= 2 and not self.sequence and not self.several

    @cached_property
    def _needs(self) -> tuple[frozenset[str] | None, ...]:
        return tuple(map(_keywords, self.rules))

    @cached_property
    def settings(self) -> frozenset[str]:
        named = [needs for needs in self._needs if needs is not None]
        if not named:
            return frozenset(self.names[self.arity :]) - {"out"}
        return frozenset([*self.more.split(), *itertools.chain(*named)])

    def given(self, place: int, settings: Settings) -> Settings:
        """The settings of a call that the rule of a place takes."""
        needs = self._needs[place] if settings else None
        if needs is None or settings.keys() <= needs:
            return settings
        return {name: value for name, value in settings.items() if name in needs}

    @cached_property
    def casts(self) -> bool:
        """True if the function takes dtype=, to compute in it, and the rules need not know."""
        takes = isinstance(self.fn, np.ufunc) or "dtype" in self.names
        return takes and "dtype" not in self.settings

    @cached_property
    def defaults(self) -> Settings:
        try:
            parameters = inspect.signature(self.implementation).parameters.values()
        except ValueError:  # of ufuncs, and of some functions in older NumPys
            return {"where": True, "order": "K", "subok": True, "casting": "same_kind"}
        return {p.name: p.default for p in parameters}

    def _is_default(self, name: str, value: Setting) -> bool:
        if value is None or value is np._NoValue:
            return True
        default = self.defaults.get(name)
        return type(value) is type(default) and isinstance(value, bool | str) and value == default

    @cached_property
    def names(self) -> list[str]:
        """The function's parameters in their order."""
        try:
            parameters = list(inspect.signature(self.implementation).parameters.values())
        except ValueError:  # one of NumPy's compiled functions: the rules spell its parameters
            rule = next(filter(None, self.rules))
            arrays = list(inspect.signature(rule).parameters.values())[2:]
            arrays = [p for p in arrays if p.kind is not p.KEYWORD_ONLY]
            return [*(p.name for p in arrays if p.kind is not p.VAR_POSITIONAL), *self.settings]
        return [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]

    def bind(self, args: Args, settings: Settings) -> tuple[Args, Settings]:
        """The arrays and the settings of a call.

        Raises TypeError for arguments that do not fit, NotDifferentiable for settings that are not
        served, unless they are given as they are by default.
        """
        if len(args) <= self.arity and self.settings.issuperset(settings):
            return args, settings
        named = self._named(args[self.arity :])
        if not settings and len(args) > self.arity and self.settings.issuperset(named):
            return args[: self.arity], named
        if twice := named.keys() & settings.keys():
            raise TypeError(f"{name_of(self.fn)} is given {', '.join(twice)} twice.")
        arrays, given = list(args[: self.arity]), named | settings
        for name in self.names[len(args) : self.arity]:
            if any(later in given for later in self.names[len(arrays) : self.arity]):
                arrays.append(given.pop(name, None))
        if self.settings.issuperset(given):
            return tuple(arrays), given
        kept = {
            name: value
            for name, value in given.items()
            if name in self.settings or not self._is_default(name, value)
        }
        self._refuse(kept.keys() - self.settings - ({"dtype"} if self.casts else set()))
        return tuple(arrays), kept

    def _named(self, more: Args) -> Settings:
        """Settings that were given by position."""
        if len(more) > len(self._after_arrays):
            raise TypeError(
                f"{name_of(self.fn)} takes {len(self.names)} arguments at most, not "
                f"{self.arity + len(more)}."
            )
        return dict(zip(self._after_arrays, more, strict=False))

    @cached_property
    def _after_arrays(self) -> list[str]:
        return self.names[self.arity :]

    def _refuse(self, names: Iterable[str]) -> None:
        if refused := [f"{name}=" for name in names]:
            raise NotDifferentiable(
                f"{name_of(self.fn)} of a Value cannot be differentiated with "
                f"{', '.join(refused)} (settings it takes: "
                f"{', '.join(sorted(self.settings)) or 'none'})."
                + "".join(_INSTEAD.get(name, "") for name in refused[:1])
            )

    def cast(self, args: Args, dtype: Any) -> Args:
        """The arguments in the dtype that a call with dtype= computes in."""
        return tuple(_cast(self.fn, arg, np.dtype(dtype)) for arg in args)

    def see(self, arg: Any, place: int) -> Any:
        """An argument that is no Value, as the function and its rules see it."""
        if type(arg) is np.ndarray:
            return arg
        return plain(arg) if self.rules[place] is None else _array(arg)

    def see_all(self, members: Args) -> Args:
        """The members of a sequence as the function and its rule see them."""
        try:
            return tuple([m._value for m in members])  # as if all were Values
        except AttributeError:
            return tuple([m._value if isinstance(m, Record) else _array(m) for m in members])

    def compute(self, *seen: Any, **settings: Any) -> Data:
        """The result for plain data; of Python's numbers in Python, ten times as fast."""
        try:
            if self.scalar is not None and type(seen[0]) is type(seen[-1]) is float:
                return self.scalar(*seen)  # of one or two numbers
        except (ValueError, OverflowError, ZeroDivisionError):  # NumPy has an answer, and warns
            seen = tuple(map(np.float64, seen))
        try:
            data = self.forward(*seen, **settings)
        except np.linalg.LinAlgError:
            raise
        except ValueError as error:
            raise self.mismatch(seen, error) from None
        return data if self.several else as_result(data, self.fn)

    def mismatch(self, seen: Args, error: ValueError) -> ValueError:
        """NumPy's error, with the shapes that it was given, which it does not always name."""
        shapes = [x.shape for x in seen if isinstance(x, np.ndarray)]
        named = all(str(shape) in str(error) for shape in shapes)
        if named or len(shapes) < 2 or hasattr(self.fn, "implementation"):
            return error
        given = ", ".join(map(str, shapes))
        return ShapeMismatch(f"{name_of(self.fn)} of the shapes {given}: {error}")


def _array(arg: Any) -> Any:
    if not isinstance(arg, (list, tuple, np.ndarray)):
        return plain(arg)
    if type(arg) is not np.ndarray and values_in(arg):
        raise Detached("a list of Values is no array: join them with np.stack.")
    return checked_array(arg)


def _cast(fn: Callable[..., Any], arg: Any, dtype: np.dtype[Any]) -> Any:
    if type(arg) is list or type(arg) is tuple:
        return tuple(_cast(fn, member, dtype) for member in arg)
    if not hasattr(arg, "astype"):
        return arg
    if dtype.kind not in "fc" or (dtype.kind == "f" and np.iscomplexobj(arg)):
        raise NotDifferentiable(
            f"{name_of(fn)} of {arg.dtype} with dtype={dtype} would lose what has a derivative: "
            "take v.data, or v.real."
        )
    return arg.astype(dtype)
