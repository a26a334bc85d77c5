"""The metrics by their names, and which of them are the better the larger they are."""

from collections.abc import Callable, Iterable
from typing import Any

from optim.training.metrics import (
    F1,
    R2,
    Accuracy,
    MeanAbsoluteError,
    MeanMetric,
    MeanSquaredError,
    Metric,
    Precision,
    Recall,
    TopKAccuracy,
)

__all__ = ["as_metrics", "larger_is_better"]

NAMED: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "top_k_accuracy": TopKAccuracy,
    "precision": Precision,
    "recall": Recall,
    "f1": F1,
    "mae": MeanAbsoluteError,
    "mse": MeanSquaredError,
    "rmse": lambda: MeanSquaredError(root=True),
    "r2": R2,
}


LARGER = {"acc", "accuracy", "precision", "recall", "f1", "r2", "auc", "iou", "dice", "score"}
LARGER |= {"specificity", "sensitivity", "correlation", "pearson", "ssim", "psnr"}


def as_metrics(metrics: Iterable[Any]) -> list[Metric]:
    """Metrics from names, functions and metrics; no two of the same name."""
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        raise TypeError(f"metrics are a list, such as ['accuracy'], not {metrics!r}.")
    found: list[Metric] = []
    for metric in metrics:
        if isinstance(metric, str):
            if metric not in NAMED:
                raise ValueError(f"there is no metric {metric!r}; known are {', '.join(NAMED)}.")
            metric = NAMED[metric]()
        elif isinstance(metric, type) and issubclass(metric, Metric):
            metric = metric()
        elif not isinstance(metric, Metric):
            if not callable(metric):
                raise TypeError(f"a metric is a name or a function, not {metric!r}.")
            metric = MeanMetric(metric)
        if metric.name.startswith("val_"):
            raise ValueError(f"a metric called {metric.name!r} would be one of validation data.")
        if metric.name in ("loss", *(other.name for other in found)):
            raise ValueError(f"two measures are called {metric.name!r}: give one another name.")
        found.append(metric)
    return found


def larger_is_better(name: str) -> bool:
    """Whether a measure of this name is the better the larger it is."""
    words = name.lower().replace("-", "_").split("_")
    return bool(LARGER.intersection(words)) and not {"loss", "error"}.intersection(words)
