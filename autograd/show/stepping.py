"""steps: the forward and the backward pass one call at a time, to print, to loop over, to go back.

Everything is read from the record, when it is asked for; the gradients of Values stay as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

from autograd.show.backward import BackwardPass, Share, jacobian_of
from autograd.show.names import constants_of, identifiers, names_of
from autograd.show.text.formulas import Formula, formulas_of
from autograd.show.words import call_text, number, short
from autograd.value import Value

__all__ = ["Contribution", "Step", "Steps", "steps"]


@dataclass(frozen=True)
class Contribution:
    """What one step passes back to one argument of its call.

    call: the result of the call. parent, name: the Value that the argument is; place: which one.
    formula: what the rule computes, as `g · (1 − y²)`; numbers: the same with the numbers put in.
    local: the local derivative, of numbers; for arrays None, see `jacobian`.
    contribution: incoming gradient × local derivative, in the parent's shape; total: the parent's
        sum so far, with it; first: whether there was none before.
    """

    call: Value = field(repr=False)
    parent: Value = field(repr=False)
    name: str
    place: int
    formula: str
    numbers: str
    local: Any
    contribution: Any
    total: Any
    first: bool

    def jacobian(self, most: int = 4096) -> Any:
        """The derivatives of all elements of the result by all elements of the argument.

        Its shape is that of the result, then that of the argument. Raises ShapeMismatch for more
        than `most` numbers.
        """
        return jacobian_of(self.call, self.place, most)

    def __str__(self) -> str:
        before = "" if self.first else f"   (the sum now: {short(self.total)})"
        if self.numbers and self.local is not None:
            said = dict.fromkeys([self.formula, self.numbers, number(self.contribution)])
            product = " = ".join(said)
        else:
            product = f"{self.formula or 'by its rule'} = {short(self.contribution)}"
        return f"  grad {self.name} += {product}{before}"


@dataclass(frozen=True)
class Step:
    """One call on its way forward, or back.

    number: its place among the steps, as in `#step=12` of a page. phase: "forward" or "backward".
    node, name: the result of the call, and what it is called; call: the call, in print; data: the
        numbers of the result.
    gradient: what has come in for it, complete, in its shape (backward); contributions: what it
        passes on.
    """

    number: int
    phase: Literal["forward", "backward"]
    node: Value = field(repr=False)
    name: str
    call: str
    data: Any
    gradient: Any = None
    contributions: tuple[Contribution, ...] = ()

    def __str__(self) -> str:
        if self.phase == "forward":
            return f"{self.number:>3} forward   {self.name} = {self.call} = {short(self.data)}"
        head = f"{self.number:>3} backward  {self.name} = {self.call}, g = {short(self.gradient)}"
        return "\n".join([head, *map(str, self.contributions)])

    __repr__ = __str__


class Steps(Sequence[Step]):
    """The steps of a pass, in order: a sequence, and a place in it to go forward and back from.

    position: the number of the step that it is at; -1 before the first. passed: the backward pass
    as data; names: what each Value is called.

    >>> from autograd import Value, steps
    >>> walk = steps(Value(2.0, label="x") * 3)
    >>> walk.forward(), walk.back()
    (  0 forward   v2 = x × 3 = 6, None)
    """

    def __init__(self, loss: Value, phase: str, names: Mapping[str, Any] | None) -> None:
        self.passed = BackwardPass(loss)
        self.names = identifiers(self.passed.values, names_of(self.passed.values, names))
        self.constants = constants_of(names)
        calls = self.passed.calls
        self._calls: list[tuple[Literal["forward", "backward"], Value]] = []
        if phase != "backward":
            self._calls += [("forward", v) for v in reversed(calls)]
        if phase != "forward":
            self._calls += [("backward", v) for v in calls]
        self.position = -1

    def __len__(self) -> int:
        return len(self._calls)

    @overload
    def __getitem__(self, k: int) -> Step: ...
    @overload
    def __getitem__(self, k: slice) -> list[Step]: ...
    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return [self[i] for i in range(*k.indices(len(self)))]
        if not -len(self) <= k < len(self):
            raise IndexError(f"there are {len(self)} steps, and no step {k}.")
        k %= len(self)
        phase, v = self._calls[k]
        step = Step(k, phase, v, self.names[v], call_text(v, self.names, self.constants), v.data)
        if phase == "forward":
            return step
        gradient = self.passed.gradient(v)
        shares = self.passed.shares[v]
        formulas = formulas_of(v, gradient, self.constants)
        contributions = tuple(
            self._contribution(v, share, gradient, formulas.get(share.place)) for share in shares
        )
        return Step(k, phase, v, step.name, step.call, v.data, gradient, contributions)

    def _contribution(
        self, v: Value, share: Share, gradient: Any, formula: Formula | None
    ) -> Contribution:
        return Contribution(
            v, share.parent, self.names[share.parent], share.place,
            formula.text(self.names) if formula else "",
            formula.numbers(gradient, share.contribution) if formula else "",
            share.local, share.contribution, share.total, share.first,
        )  # fmt: skip

    def __iter__(self) -> Iterator[Step]:
        return (self[k] for k in range(len(self)))

    def forward(self) -> Step | None:
        """The next step; None at the end."""
        return self.seek(self.position + 1) if self.position + 1 < len(self) else None

    def back(self) -> Step | None:
        """The step before; None at the beginning."""
        return self.seek(self.position - 1) if self.position > 0 else None

    def seek(self, k: int) -> Step:
        """Go to the k-th step, or the nearest there is."""
        if not self._calls:
            raise IndexError("a leaf has no steps: nothing was computed.")
        self.position = min(max(k, 0), len(self) - 1)
        return self[self.position]

    def __repr__(self) -> str:
        return f"<{len(self)} steps of {self.names[self.passed.loss]}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self))


def steps(
    loss: Value,
    *,
    phase: Literal["both", "forward", "backward"] = "both",
    names: Mapping[str, Any] | None = None,
) -> Steps:
    """The calls of a loss one at a time: forward, oldest first; then backward, newest first.

    A forward step tells the call and what came out. A backward step tells the gradient g that has
    come in, complete, because every use of the Value was a later call; and for each argument the
    rule of the table, the local derivative, the contribution, and the sum that it is added to.

    To loop over, or to index; `.forward()` and `.back()` walk through it, as in pdb;
    `ipywidgets.interact(lambda k: print(s[k]), k=(0, len(s) - 1))` makes a slider of it.

    phase: "forward" or "backward" for one of the two alone.
    names: variables, such as `locals()`, to name Values by; else their labels.

    Reads the record, and leaves `.grad` alone. Raises ShapeMismatch for a loss that is not one
    real number.

    >>> a = Value(3.0, label="a")
    >>> for step in steps(a * a):
    ...     print(step)
      0 forward   v2 = a × a = 9
      1 backward  v2 = a × a, g = 1
      grad a += g · a = 1 · 3 = 3
      grad a += g · a = 1 · 3 = 3   (the sum now: 6)
    """
    if phase not in ("both", "forward", "backward"):
        raise ValueError(f"phase is {phase!r}; it is 'both', 'forward' or 'backward'.")
    return Steps(loss, phase, names)
