"""Which classes outputs say, and targets are."""

from typing import Any

import numpy as np

__all__ = ["decided"]


def decided(output: Any, target: Any, threshold: float) -> tuple[Any, Any, int]:
    """The class said and the true one of each sample, and how many classes; 0 for two by a number.

    Outputs that are not a number say -1, which is no class.
    Raises ValueError for shapes and targets that do not fit.
    """
    output, target = np.asarray(output), np.asarray(target)
    if output.ndim > 1 and output.shape[1] > 1:
        classes = output.shape[1]
        said = np.where(np.isnan(output).any(axis=1), -1, output.argmax(axis=1))
        if target.shape == output.shape:
            if not np.allclose(target.sum(axis=1), 1, rtol=0, atol=1e-6):
                raise ValueError(
                    "rows of targets that do not sum to 1 are no classes: for several labels a "
                    "sample use Accuracy(multilabel=True)."
                )
            target = target.argmax(axis=1)
        if target.ndim == said.ndim + 1 and target.shape[1:2] == (1,):
            target = target[:, 0]
        if target.shape != said.shape:
            raise ValueError(
                f"class scores {output.shape} and targets {target.shape} do not fit: targets are "
                f"indices {said.shape}, or one-hot rows."
            )
        return said, _whole(target, 0, classes - 1), classes
    said, target = output.reshape(-1), target.reshape(-1)
    if said.shape != target.shape:
        raise ValueError(f"{said.size} outputs and {target.size} targets are not as many.")
    if target.size and target.min() < 0:  # -1 and 1
        target = (_whole(target, -1, 1) + 1) // 2
    return np.where(np.isnan(said), -1, said > threshold), _whole(target, 0, 1), 0


def _whole(target: Any, least: int, most: int) -> Any:
    if not np.isfinite(target).all():
        raise ValueError("targets of classes have numbers that are not finite.")
    whole = target.astype(int)
    if not (whole == target).all() or (
        target.size and not least <= target.min() <= target.max() <= most
    ):
        raise ValueError(
            f"targets of {'two' if most == 1 else most + 1} classes are whole numbers from {least} "
            f"to {most}; these go from {target.min()} to {target.max()}."
        )
    return whole
