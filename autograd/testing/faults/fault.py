"""What a fault is, and how one is planted in the engine and taken out again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from autograd.call import TABLE
from autograd.check import GradientReport, gradcheck
from autograd.naming import name_of
from autograd.table import defvjp, load_chapters, rules_of

__all__ = ["Fault", "replaced", "rules"]

Plant = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, eq=False)
class Fault:
    """A mistake that people make, and a function that shows it.

    name: the mistake, in a few words.
    words: what the report of the checker says of it.
    f, inputs, settings: what `gradcheck` takes to find it.
    plant: makes the engine make the mistake, for a `with` block; None if f or the gradient in
        `settings` makes it.

    >>> from autograd.testing import faults
    >>> fault = faults.named("wrong sign")
    >>> print(fault.check())
    cos: FAILED; 3 wrong gradient.
      x: the gradient has the wrong sign.
    input  index  verdict          gradient  differences  ratio  step
    x      1      wrong gradient  -0.997495     0.997495     -1  complex
    x      2      wrong gradient  0.9092974   -0.9092974     -1  complex
    x      0      wrong gradient  0.4794255   -0.4794255     -1  complex
    """

    name: str
    words: str
    f: Any
    inputs: Any
    settings: dict[str, Any] = field(default_factory=dict)
    plant: Plant | None = None

    def planted(self) -> AbstractContextManager[Any]:
        """The context in which the mistake is made."""
        return self.plant() if self.plant else nullcontext()

    def check(self, **settings: Any) -> GradientReport:
        """What the checker says of it."""
        with self.planted():
            return gradcheck(self.f, self.inputs, **{"raises": False, **self.settings, **settings})


_PLANTED: set[Any] = set()  # what is wrong now


@contextmanager
def _alone(target: Any) -> Iterator[None]:
    """Two faults in one place could not be taken out in any order."""
    if target in _PLANTED:
        name = target if isinstance(target, str) else name_of(target)
        raise RuntimeError(f"a fault is planted in {name} already: call faults.remove_all() first.")
    _PLANTED.add(target)
    try:
        yield
    finally:
        _PLANTED.remove(target)


def rules(fn: Any, *wrong: Any, fresh: Callable[[], Any] | None = None) -> Plant:
    """Give a function of the table wrong rules, for a `with` block.

    fresh: makes the rule anew each time, if it remembers something.
    """

    @contextmanager
    def plant() -> Iterator[None]:
        with _alone(fn):
            yield from swap()

    def swap() -> Iterator[None]:
        load_chapters()
        entry, right = TABLE[fn], rules_of(fn)
        assert right is not None
        before = dict(vars(right))
        kept: dict[str, Any] = {"broadcasts": right.broadcasts, "scalar": right.scalar}
        try:
            defvjp(fn, *(wrong or (fresh and fresh(),)), **kept)
            yield
        finally:
            vars(right).clear()
            vars(right).update(before)
            TABLE[fn] = entry

    return plant


def replaced(name: str, by: Any, *modules: Any) -> Plant:
    """Give modules of the engine another function of that name, for a `with` block."""

    @contextmanager
    def plant() -> Iterator[None]:
        with _alone(name):
            yield from swap()

    def swap() -> Iterator[None]:
        before = [getattr(module, name) for module in modules]
        try:
            for module in modules:
                setattr(module, name, by)
            yield
        finally:
            for module, original in zip(modules, before, strict=True):
                setattr(module, name, original)

    return plant
