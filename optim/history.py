"""History: what a training run measured, epoch by epoch."""

__all__ = ["History"]


class History:
    """Lists of what was measured, one number an epoch: `history.history["loss"]`.

    history: Keras's dict of equally long lists, "loss" and, with validation data, "val_loss"; so
        `pandas.DataFrame(h.history)` is a table.
    epoch: the numbers of the epochs, from 0.

    >>> h = History()
    >>> h.append(loss=0.5, val_loss=0.6)
    >>> h.append(loss=0.4, val_loss=0.55)
    >>> h.history
    {'loss': [0.5, 0.4], 'val_loss': [0.6, 0.55]}
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def append(self, **measured: float) -> None:
        """Add an epoch."""
        self.epoch.append(len(self.epoch))
        for name, value in measured.items():
            self.history.setdefault(name, []).append(value)

    def __len__(self) -> int:
        return len(self.epoch)

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={values[-1]:.4g}" for name, values in self.history.items())
        return f"History({len(self)} epochs{'; last: ' * bool(last)}{last})"
