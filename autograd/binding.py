"""How a call is brought into the form that rules have: arrays by position, settings by name.

NumPy's functions take the same argument in several ways: `np.sum(x, 0)`, `np.sum(x, axis=0)`,
`np.sum(a=x)`. A function's rules have one: `rule(g, y, *arrays, **settings)`.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import NotDifferentiable
from autograd.naming import name_of
from autograd.numbers import Cotangent, Setting

__all__ = ["Args", "Binding", "Rule", "Settings"]

Rule: TypeAlias = Callable[..., Cotangent]
Args: TypeAlias = tuple[Any, ...]
Settings: TypeAlias = dict[str, Setting]

_INSTEAD = {
    "out=": " Assign the result instead: y = f(x).",
    "where=": " Select from the result instead: np.where(mask, f(x), other).",
}


def _keywords(rule: Rule | None) -> tuple[str, ...] | None:
    """The keyword-only parameters of a rule; None if it takes any, or there is no rule."""
    if rule is None:
        return None
    parameters = inspect.signature(rule).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


class Binding:
    """The parameters of a function with rules, and the calls of it that they serve.

    arity: how many arrays it takes at most. settings: the keywords that are served: those that a
    rule names, as it needs them, and those of which `defvjp` was told that no rule does.
    """

    def __init__(
        self, fn: Callable[..., Any], rules: tuple[Rule | None, ...], settings: str
    ) -> None:
        self.fn = fn
        self.forward: Callable[..., Any] = getattr(fn, "implementation", fn)
        self.rules = rules
        self.arity = len(rules)
        self._told = settings

    @cached_property
    def _needs(self) -> tuple[tuple[str, ...] | None, ...]:
        return tuple(map(_keywords, self.rules))

    @cached_property
    def settings(self) -> frozenset[str]:
        named = [needs for needs in self._needs if needs is not None]
        if not named:
            return frozenset(self.names[self.arity :]) - {"out"}
        return frozenset([*self._told.split(), *itertools.chain(*named)])

    def given(self, place: int, settings: Settings) -> Settings:
        """The settings of a call that the rule of a place takes."""
        needs = self._needs[place] if settings else None
        if needs is None:
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
            parameters = inspect.signature(self.forward).parameters.values()
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
            parameters = list(inspect.signature(self.forward).parameters.values())
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
        arrays, given = list(args[: self.arity]), settings
        if len(args) > self.arity:
            given = self._named(args) | settings
            if twice := self._named(args).keys() & settings.keys():
                raise TypeError(f"{name_of(self.fn)} is given {', '.join(twice)} twice.")
        else:
            given = dict(settings)
            for name in self.names[len(args) : self.arity]:
                if any(later in given for later in self.names[len(arrays) : self.arity]):
                    arrays.append(given.pop(name, None))
        kept = {
            name: value
            for name, value in given.items()
            if name in self.settings or not self._is_default(name, value)
        }
        self._refuse(kept.keys() - self.settings - ({"dtype"} if self.casts else set()))
        return tuple(arrays), kept

    def _named(self, args: Args) -> Settings:
        names = self.names[self.arity : len(args)]
        if len(names) < len(args) - self.arity:
            raise TypeError(
                f"{name_of(self.fn)} takes {len(self.names)} arguments at most, not {len(args)}."
            )
        return dict(zip(names, args[self.arity :], strict=True))

    def _refuse(self, names: Iterable[str]) -> None:
        if refused := [f"{name}=" for name in names]:
            raise NotDifferentiable(
                f"{name_of(self.fn)} of a Value cannot be differentiated with "
                f"{', '.join(refused)} (settings it takes: "
                f"{', '.join(sorted(self.settings)) or 'none'})."
                + "".join(_INSTEAD.get(name, "") for name in refused[:1])
            )
