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

    def __init__(self, *values: Any, **settings: Any) -> None:
        known = inspect.signature(self.function).parameters.values()
        defaults = {p.name: p.default for p in known if p.kind is p.KEYWORD_ONLY}
        name = type(self).__name__
        if len(values) > len(defaults):
            raise TypeError(
                f"{name} has {len(defaults)} settings ({', '.join(defaults) or 'none'}), not "
                f"{len(values)}."
            )
        given = dict(zip(defaults, values, strict=False))
        for setting in settings:
            if setting not in defaults or setting in given:
                twice = " is given twice" if setting in given else ""
                raise TypeError(
                    f"{name}: {setting!r}{twice}; its settings are {', '.join(defaults)}."
                    if twice
                    else f"{name} has no setting {setting!r}; it has "
                    f"{', '.join(defaults) or 'none'}."
                )
        self.settings = given | settings
        self.shown = defaults | self.settings if self.shows_defaults else self.settings

    def forward(self, *args: Any, **settings: Any) -> Any:
        return type(self).function(*args, **{**self.settings, **settings})

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.shown.items())
