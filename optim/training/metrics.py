"""Metrics: what is measured beside the loss, over all samples of an epoch, not by batches."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from optim.data.feeds import length
from optim.training.decisions import decided

__all__ = [
    "F1",
    "R2",
    "Accuracy",
    "MeanAbsoluteError",
    "MeanMetric",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "TopKAccuracy",
]

Average = Literal["macro", "micro", "weighted"]


class Metric:
    """What metrics have in common: `update` with each batch, `result` of all, `reset`.

    A subclass keeps counts or sums in attributes of its own that begin at 0, names them in
    `reset`, and defines the other two. Its name is the key in the history.

    >>> class Largest(Metric):
    ...     name = "largest_error"
    ...
    ...     def reset(self):
    ...         self.largest = 0.0
    ...
    ...     def update(self, output, target):
    ...         self.largest = max(self.largest, float(np.max(np.abs(output - target))))
    ...
    ...     def result(self):
    ...         return self.largest
    >>> metric = Largest()
    >>> metric.update(np.array([1.0, 2.0]), np.array([1.5, 2.0]))
    >>> metric.result()
    0.5
    """

    name = "metric"
    threshold: float | None = 0.0  # where two classes are divided, for those that do

    def __init__(self, name: str | None = None) -> None:
        self.name = name or self.name
        self._settings = set(vars(self)) | {"_settings"}
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""

    def update(self, output: Any, target: Any) -> None:
        """Take note of a batch: the model's output and the targets, as arrays."""
        raise TypeError(f"{type(self).__name__} has no update(output, target).")

    def result(self) -> float:
        """The measure over all batches since the last reset."""
        raise TypeError(f"{type(self).__name__} has no result().")

    def state_dict(self) -> dict[str, Any]:
        """What it has counted: all attributes but those that it had before `reset`."""
        settings = getattr(self, "_settings", {"name"})
        return {name: copy.deepcopy(x) for name, x in vars(self).items() if name not in settings}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        vars(self).update(state)

    def __call__(self, output: Any, target: Any) -> float:
        """The measure of these samples alone."""
        self.reset()
        self.update(np.asarray(_plain(output)), np.asarray(_plain(target)))
        return self.result()


class MeanMetric(Metric):
    """The mean of a function of a batch, `f(output, target)`, over samples.

    The function returns one number, a mean over the batch, which counts as often as there are
    samples in it; or one number for each sample.

    >>> metric = MeanMetric(lambda output, target: abs(output - target).mean(), "error")
    >>> metric(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    1.0
    """

    def __init__(self, function: Callable[[Any, Any], Any], name: str | None = None) -> None:
        self.function = function
        super().__init__(name or getattr(function, "__name__", type(function).__name__))

    def reset(self) -> None:
        self.total, self.samples = 0.0, 0

    def update(self, output: Any, target: Any) -> None:
        n = length((target,))
        value = np.asarray(_plain(self.function(output, target)), float)
        if value.ndim and len(value) != n:
            raise ValueError(
                f"the metric {self.name} returned the shape {value.shape} for {n} samples: return "
                "one number, or one for each."
            )
        self.total += float(value.mean()) * n
        self.samples += n

    def result(self) -> float:
        return self.total / self.samples if self.samples else math.nan


class MeanAbsoluteError(MeanMetric):
    """The mean of |output - target|: "mae".

    >>> MeanAbsoluteError()(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]))
    1.0
    """

    def __init__(self, name: str = "mae") -> None:
        super().__init__(lambda output, target: np.mean(np.abs(_errors(output, target))), name)


class MeanSquaredError(MeanMetric):
    """The mean of (output - target)², "mse", or its root over all samples, "rmse".

    >>> MeanSquaredError(root=True)(np.array([[1.0], [7.0]]), np.array([[7.0], [1.0]]))
    6.0
    """

    def __init__(self, name: str | None = None, *, root: bool = False) -> None:
        self.root = root
        super().__init__(_mean_square, name or ("rmse" if root else "mse"))

    def result(self) -> float:
        return super().result() ** (0.5 if self.root else 1)


def _mean_square(output: Any, target: Any) -> Any:
    return np.mean(np.abs(_errors(output, target)) ** 2)


class R2(Metric):
    """1 - Σ(target - output)² / Σ(target - mean target)²: "r2".

    Of targets with several columns the mean over them. A column of equal targets counts 1 if it is
    met exactly, and 0 otherwise.

    >>> R2()(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [3.0]]))
    1.0
    """

    name = "r2"

    def reset(self) -> None:
        self.samples, self.residual = 0, np.zeros(())
        self.mean, self.spread = np.zeros(()), np.zeros(())

    def update(self, output: Any, target: Any) -> None:
        error = _errors(output, target).reshape(len(target), -1)
        target = np.asarray(target, float).reshape(len(target), -1)
        n, mean = len(target), target.mean(axis=0)
        apart = mean - self.mean
        total = self.samples + n
        self.residual = self.residual + (error * error).sum(axis=0)
        self.spread = (
            self.spread
            + ((target - mean) ** 2).sum(axis=0)
            + apart * apart * (self.samples * n / total)
        )
        self.mean = self.mean + apart * (n / total)
        self.samples = total

    def result(self) -> float:
        if not self.samples:
            return math.nan
        constant = self.spread <= 1e-28 * self.samples * np.square(self.mean)
        met = np.where(self.residual == 0, 1.0, 0.0)
        share = self.residual / np.where(constant, 1.0, self.spread)
        return float(np.mean(np.where(constant, met, 1 - share)))


class Accuracy(Metric):
    """The share of samples that are classified rightly: "accuracy".

    Outputs (N, C) are scores of C classes, the largest of them wins, the first of equal ones;
    targets are (N,) class indices, or (N, C) one-hot rows. Outputs (N,) or (N, 1) are of two
    classes: above the threshold is the second one; targets are 0 and 1, or -1 and 1.

    threshold: 0 for logits and scores, which the losses here take; 0.5 for probabilities. By
        default 0, but 0.5 where a trainer sees that the last call of its model is sigmoid.
    multilabel: outputs (N, C) are C questions of two answers each, all of which count.

    >>> Accuracy()(np.array([[0.1, 2.0], [3.0, 0.2]]), np.array([1, 1]))
    0.5
    """

    name = "accuracy"

    def __init__(
        self, name: str | None = None, *, threshold: float | None = None, multilabel: bool = False
    ) -> None:
        self.threshold, self.multilabel = threshold, multilabel
        super().__init__(name)

    def reset(self) -> None:
        self.right, self.samples = 0, 0

    def update(self, output: Any, target: Any) -> None:
        if self.multilabel and np.ndim(output) > 1:
            _errors(output, target)  # of one shape
            output, target = np.reshape(output, -1), np.reshape(target, -1)
        said, true, _ = decided(output, target, self.threshold or 0.0)
        self.right += int(np.count_nonzero(said == true))
        self.samples += said.size

    def result(self) -> float:
        return self.right / self.samples if self.samples else math.nan


class TopKAccuracy(MeanMetric):
    """The share of samples whose class is among the k of the highest scores: "top_k_accuracy".

    >>> scores, classes = np.array([[3.0, 2.0, 1.0]] * 2), np.array([1, 2])
    >>> TopKAccuracy(2)(scores, classes)
    0.5
    """

    def __init__(self, k: int = 5, name: str = "top_k_accuracy") -> None:
        self.k = k
        super().__init__(self._share, name)

    def _share(self, output: Any, target: Any) -> Any:
        _, true, classes = decided(output, target, 0.0)
        if not classes:
            raise ValueError(f"scores of classes have the shape (N, C), not {np.shape(output)}.")
        own = np.take_along_axis(output, true[:, None], axis=1)
        before = np.arange(output.shape[1]).reshape(1, -1, *[1] * (output.ndim - 2)) < true[:, None]
        return np.mean((~(output <= own) | ((output == own) & before)).sum(axis=1) < self.k)


class _Counts(Metric):
    """Counts for each class: rightly said, said, and true, from which a subclass has a score."""

    score: Callable[[Any, Any, Any], Any]

    def __init__(
        self,
        name: str | None = None,
        *,
        threshold: float | None = None,
        average: Average | None = None,
    ) -> None:
        if average not in (None, "macro", "micro", "weighted"):
            raise ValueError(f"average is {average!r}; it is 'macro', 'micro' or 'weighted'.")
        self.threshold, self.average = threshold, average
        super().__init__(name)

    def reset(self) -> None:
        self.counts, self.binary = np.zeros((3, 0), int), True

    def update(self, output: Any, target: Any) -> None:
        said, true, classes = decided(output, target, self.threshold or 0.0)
        self.binary = classes == 0 or (classes == 2 and self.average is None)
        n = max(classes or 2, self.counts.shape[1])
        known = said[said >= 0]  # without outputs that are no numbers
        new = [np.bincount(c.reshape(-1), minlength=n) for c in (said[said == true], known, true)]
        self.counts = np.pad(self.counts, ((0, 0), (0, n - self.counts.shape[1]))) + new

    def result(self) -> float:
        right, said, true = self.counts
        if not len(right):
            return math.nan
        if self.binary:  # of the second class
            return float(self.score(right, said, true)[1])
        if self.average == "micro":
            return float(self.score(right.sum(), said.sum(), true.sum()))
        seen = (said + true) > 0
        weights = true[seen] if self.average == "weighted" else None
        return float(np.average(self.score(right, said, true)[seen], weights=weights))


class Precision(_Counts):
    """Of what is said to be of a class, the share that is: "precision"; 0 if nothing is said.

    Outputs and targets as for `Accuracy`. Of two classes that of the second; of more, or if average
    says so, the mean over the classes that occur ("macro"), weighted by their samples
    ("weighted"), or of all counts ("micro").

    >>> Precision()(np.array([1.0, 2.0, -1.0]), np.array([1, 0, 1]))
    0.5
    """

    name = "precision"

    @staticmethod
    def score(right: Any, said: Any, true: Any) -> Any:
        return right / np.maximum(said, 1)


class Recall(_Counts):
    """Of what is of a class, the share that is said to be: "recall". See `Precision`.

    >>> Recall()(np.array([1.0, 2.0, -1.0, -1.0]), np.array([1, 1, 1, 0])).__round__(4)
    0.6667
    """

    name = "recall"

    @staticmethod
    def score(right: Any, said: Any, true: Any) -> Any:
        return right / np.maximum(true, 1)


class F1(_Counts):
    """The harmonic mean of precision and recall, 2·right / (said + true): "f1". See `Precision`.

    >>> F1()(np.array([1.0, 2.0, -1.0]), np.array([1, 0, 1]))
    0.5
    """

    name = "f1"

    @staticmethod
    def score(right: Any, said: Any, true: Any) -> Any:
        return 2 * right / np.maximum(said + true, 1)


def _errors(output: Any, target: Any) -> Any:
    if np.shape(output) != np.shape(target):
        raise ValueError(
            f"outputs {np.shape(output)} and targets {np.shape(target)} are not of one shape."
        )
    kinds = np.result_type(output, target, np.float32)
    return np.subtract(output, target, dtype=kinds)


def _plain(x: Any) -> Any:
    return x.data if hasattr(x, "backward") else x
