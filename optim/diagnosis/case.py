"""Case: what the checks look at, and what they say."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from optim.data.batches import as_samples, map_arrays
from optim.diagnosis.graph import calls, shape_of

__all__ = ["Case", "Finding"]


class Finding(NamedTuple):
    """A mistake: its name, the numbers that show it, and what to do.

    >>> Finding("inputs unscaled", "feature 3 is 700 ± 300", "subtract the mean").mistake
    'inputs unscaled'
    """

    mistake: str
    evidence: str
    advice: str


class Case:
    """A trainer, some samples, and the loss of them with its record, or the error in its place.

    calls: the Values of the record. asleep: the parts that were in evaluation mode while batches
    were trained on by hand.
    """

    def __init__(self, trainer: Any, x: Any, y: Any, asleep: Sequence[str] = ()) -> None:
        self.trainer = trainer
        self.x = as_samples(x, "x")
        self.y = None if y is None else as_samples(y, "y")
        self.samples = len(arrays_of(self.x)[0])
        self.asleep = asleep
        self.generators = [g.bit_generator.state for g in trainer.generators()]
        self.loss: Any = None
        self.output: Any = None
        self.error: Exception | None = None
        try:
            self.loss, self.output = trainer.compute_loss(self.x, self.y)
        except Exception as error:
            self.error = error
        self.calls = calls(self.loss) if hasattr(self.loss, "parents") else []
        self.shape = shape_of(self.output)
        if math.isfinite(self.number):
            self.loss.backward(retain_grads=False)
        self.found: list[Finding] = []  # by the checks before

    @property
    def named(self) -> dict[str, Any]:
        """The parameters of the optimizer by their names in the model."""
        names = {id(p): n for n, p in getattr(self.trainer.model, "named_parameters", tuple)()}
        return {
            names.get(id(p), f"parameter {k}"): p
            for k, p in enumerate(self.trainer.optimizer.parameters())
        }

    @property
    def number(self) -> float:
        """The loss; infinite if there is none."""
        value = float(self.loss.data) if self.calls and np.size(self.loss.data) == 1 else math.inf
        return value if math.isfinite(value) else math.inf

    @property
    def regression(self) -> bool:
        """Whether targets are compared with outputs number by number."""
        return self.calls != [] and isinstance(self.y, np.ndarray) and self.y.shape == self.shape

    def loss_after(self, factor: float, steps: int) -> float:
        """The loss after so many steps with the rates multiplied by a factor; all is put back."""
        trainer = self.trainer
        with trainer.untouched():
            for group in trainer.optimizer.param_groups:
                group["lr"] *= factor
            try:
                for _ in range(steps):
                    trainer.set_generators(self.generators)
                    trainer.train_on_batch(self.x, self.y)
                trainer.set_generators(self.generators)
                loss = float(trainer.compute_loss(self.x, self.y)[0].data)
            except (ArithmeticError, ValueError):
                return math.inf
        return loss if math.isfinite(loss) else math.inf


def arrays_of(data: Any) -> list[Any]:
    """The arrays of a nest."""
    found: list[Any] = []
    map_arrays(found.append, data)
    return found
