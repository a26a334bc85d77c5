"""The functions of `nn.functional` as modules, for Sequential and for PyTorch's users.

A module takes the function's settings, and its data when called.
"""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from nn.module import Module

__all__ = ["Function"]


class Function(Module):
    """A function with its settings, in their order or by name."""

    function: ClassVar[Callable[..., Any]]
    shows_defaults: ClassVar[bool] = False
    defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        """The class takes the function's settings, and help() shows them."""
        if "function" not in vars(cls):
            return
        known = inspect.signature(cls.function).parameters.values()
        own = [p for p in known if p.kind is p.KEYWORD_ONLY]
        cls.defaults = {p.name: p.default for p in own}

        def __init__(self: Function, *values: Any, **settings: Any) -> None:
            Function.__init__(self, *values, **settings)

        first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        shown = [first, *(p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in own)]
        vars(__init__)["__signature__"] = inspect.Signature(shown)
        type.__setattr__(cls, "__init__", __init__)

    def __init__(self, *values: Any, **settings: Any) -> None:
        name, defaults = type(self).__name__, self.defaults
        if len(values) > len(defaults):
            raise TypeError(
                f"{name} has {len(defaults)} settings ({', '.join(defaults) or 'none'}), not "
                f"{len(values)}."
            )
        given = dict(zip(defaults, values, strict=False))
        for setting, value in settings.items():
            if setting in given:
                raise TypeError(f"{name}: {setting!r} is given twice.")
            if setting not in defaults:
                hint = " (axis is what PyTorch calls dim)" if setting == "dim" else ""
                raise TypeError(
                    f"{name} has no setting {setting!r}; it has {', '.join(defaults) or 'none'}"
                    f"{hint}."
                )
            given[setting] = value
        self.given = tuple(given)  # what its repr shows
        for setting, value in (defaults | given).items():
            setattr(self, setting, value)

    def forward(self, *args: Any, **settings: Any) -> Any:
        own = {name: getattr(self, name) for name in self.defaults}
        return type(self).function(*args, **own | settings)

    def extra_repr(self) -> str:
        shown = self.defaults if self.shows_defaults else self.given
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
