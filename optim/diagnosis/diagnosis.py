"""Diagnosis: what was found, in words. The checks, each of one mistake, are in `checks/`."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

from optim.data.batches import as_samples, count, take
from optim.diagnosis.case import Case, Finding
from optim.diagnosis.checks import CHECKS

__all__ = ["Diagnosis", "diagnose"]


class Diagnosis(Sequence[Finding]):
    """The mistakes that `Trainer.diagnose` found: to print, to loop over; empty if there are none.

    Known are: samples and weights that are not finite; a model that is another one at each call; a
    parameter that the loss does not depend on, or that
    is not trained; outputs (N,) against targets (N, 1), broadcast to (N, N); softmax or sigmoid
    before a loss that takes logits; targets out of range; inputs and targets unscaled; units that
    are dead for all samples; a rate too high or too low; gradients that are not set to zero;
    weights tied or equal by accident; parts left in the wrong mode.

    >>> import numpy as np
    >>> import nn, optim
    >>> model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Softmax())
    >>> trainer = optim.Trainer(model, nn.cross_entropy, optim.SGD(model.parameters(), lr=1.0))
    >>> x, y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 3
    >>> [finding.mistake for finding in trainer.diagnose(x, y)]
    ['softmax applied twice']
    """

    def __init__(self, findings: Sequence[Finding], samples: int) -> None:
        self.findings, self.samples = list(findings), samples

    @overload
    def __getitem__(self, k: int) -> Finding: ...
    @overload
    def __getitem__(self, k: slice) -> list[Finding]: ...
    def __getitem__(self, k: Any) -> Any:
        return self.findings[k]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        if not self.findings:
            return f"None of the usual mistakes was found, by {self.samples} samples."
        return "\n".join(f"{f.mistake}: {f.evidence}\n    {f.advice}" for f in self.findings)

    def __repr__(self) -> str:
        return f"<Diagnosis: {', '.join(f.mistake for f in self) or 'no mistake found'}>"


def diagnose(trainer: Any, x: Any, y: Any = None) -> Diagnosis:
    """All checks of a trainer by 256 of the samples; the trainer is as before, afterwards."""
    x = as_samples(x, "x")
    places = np.unique(np.linspace(0, count(x, "x") - 1, 256).astype(int))
    x, y = take(x, places), None if y is None else take(as_samples(y, "y"), places)
    parts: Any = getattr(trainer.model, "modules", list)()
    by_hand = trainer.state_of_run() is None and trainer.trained_asleep
    asleep = [type(part).__name__ for part in parts if by_hand]
    with trainer.untouched(), trainer.mode(training=True), np.errstate(all="ignore"):
        case = Case(trainer, x, y, asleep)
        for check in CHECKS:
            try:
                case.found += check(case)
            except Exception as error:  # of the user's own model or loss, called in another way
                said = f"{check.__name__.replace('_', ' ')}: {type(error).__name__}: {error}"
                case.found.append(Finding("a check failed", said, "It says nothing of the model."))
    return Diagnosis(case.found, case.samples)
