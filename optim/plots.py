"""What all plots share: matplotlib, if it is there."""

from typing import Any

__all__ = ["axes_or_new"]


def axes_or_new(ax: Any = None) -> Any:
    """The axes to draw on: those that are given, or of a new figure."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'valuegrad[plot]'.") from error
    return pyplot.subplots(figsize=(7, 4.5), layout="constrained")[1]
