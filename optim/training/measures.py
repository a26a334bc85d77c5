"""Measures: the loss and the metrics of an epoch, summed over its samples."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from optim.diagnosis.graph import facts_of
from optim.training.known_metrics import as_metrics

__all__ = ["Measures", "plain"]


class Measures:
    """Sums of the loss and of other numbers over samples, and metrics that count for themselves."""

    def __init__(self, metrics: Iterable[Any]) -> None:
        self.metrics = as_metrics(metrics)
        self.settled = all(metric.threshold is not None for metric in self.metrics)
        self.reset()

    def fresh(self) -> "Measures":
        """The same measures of nothing yet."""
        other = copy.copy(self)
        other.metrics = copy.deepcopy(self.metrics)
        other.reset()
        return other

    def reset(self) -> None:
        self.total, self.samples = 0.0, 0
        self.sums: dict[str, float] = {}
        for metric in self.metrics:
            metric.reset()

    def update(self, output: Any, target: Any) -> None:
        """Show the metrics a batch, the output as a Value if there is one."""
        if not self.settled:
            self.settle(output)
        output = plain(output)
        for metric in self.metrics:
            metric.update(output, target)

    def settle(self, output: Any) -> None:
        """Find out, by the call that made the output, where metrics divide two classes."""
        threshold = 0.5 if facts_of(output).get("probabilities") == "each" else 0.0
        for metric in self.metrics:
            if metric.threshold is None:
                metric.threshold = threshold
        self.settled = True

    def add(self, loss: float, samples: int) -> None:
        """Count the loss of a batch for each of its samples."""
        self.total += loss * samples
        self.samples += samples

    def tracked(self, measured: Any, samples: int) -> float:
        """The loss in what train_on_batch returned; the other numbers are counted."""
        if not isinstance(measured, Mapping):
            if np.size(plain(measured)) != 1 or measured is None:
                raise TypeError(
                    f"train_on_batch returned {measured!r}: it returns the loss, or a dict of "
                    "numbers with a 'loss'."
                )
            return float(plain(measured))
        if "loss" not in measured:
            raise ValueError(
                f"train_on_batch returned {', '.join(measured)}: a 'loss' must be among them."
            )
        for name, value in measured.items():
            if name != "loss":
                self.sums[name] = self.sums.get(name, 0.0) + float(plain(value)) * samples
        return float(plain(measured["loss"]))

    @property
    def loss(self) -> float:
        return self.total / self.samples

    def result(self) -> dict[str, float]:
        """All of them, over the samples so far."""
        found = {"loss": self.loss}
        found |= {name: total / self.samples for name, total in self.sums.items()}
        return found | {metric.name: metric.result() for metric in self.metrics}

    def state_dict(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "samples": self.samples,
            "sums": dict(self.sums),
            "metrics": [
                [type(metric).__name__, metric.name, metric.state_dict()] for metric in self.metrics
            ],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.total, self.samples = state["total"], state["samples"]
        self.sums = dict(state["sums"])
        for metric, own in zip(self.metrics, state["metrics"], strict=True):
            metric.load_state_dict(own[2])


def plain(x: Any) -> Any:
    """The data of a Value; anything else as it is."""
    return x.data if hasattr(x, "backward") else x
