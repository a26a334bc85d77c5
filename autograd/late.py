"""Names of a package that are imported when somebody first asks for them.

What few programs need would make every program start later.
"""

import importlib
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["late_names"]


def late_names(
    package: str, homes: dict[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package that imports some of its names late (PEP 562).

    homes: for each module the names that come from it, in one text. For type checkers the package
    imports the same names as usual, beneath `if TYPE_CHECKING`.

    >>> find, names = late_names("autograd", {"autograd.check": "gradcheck Verdict"})
    >>> find("Verdict").__module__, "gradcheck" in names()
    ('autograd.check.verdicts', True)
    """
    home = {name: module for module, names in homes.items() for name in names.split()}

    def find(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(home[name]), name)
        setattr(sys.modules[package], name, found)  # so that it is asked for once
        return found

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home})

    return find, names
