"""What is shown while a network trains: nothing, a bar, or a line an epoch."""

from collections.abc import Mapping
from typing import Any

__all__ = ["Progress"]


class Progress:
    """verbose 0: nothing; 1: a bar over all updates; 2: a line of text an epoch."""

    def __init__(self, verbose: int, epochs: int, first: int, batches: int | None) -> None:
        if verbose not in (0, 1, 2):
            raise ValueError(
                f"verbose is {verbose!r}; it is 0 (nothing), 1 (a bar) or 2 (a line an epoch)."
            )
        self.verbose, self.epochs = verbose, epochs
        self.bar: Any = None
        if verbose == 1 and first < epochs:
            from tqdm import tqdm  # importing it takes a third as long as importing NumPy

            total = batches and epochs * batches
            self.bar = tqdm(total=total, initial=first * (batches or 0), unit=" batches")

    def epoch(self, epoch: int) -> None:
        if self.bar is not None:
            self.bar.set_description(f"epoch {epoch + 1}/{self.epochs}", refresh=False)

    def skip(self, batches: int) -> None:
        """Batches that an interrupted run had done."""
        if self.bar is not None:
            self.bar.update(batches)

    def end_of_epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        if not self.verbose:
            return
        shown = ", ".join(f"{name} {value:.4g}" for name, value in logs.items() if "/" not in name)
        if self.bar is not None:
            self.bar.set_postfix_str(shown, refresh=epoch == self.epochs - 1)
        elif self.verbose == 2:
            print(f"epoch {epoch + 1}/{self.epochs}: {shown}", flush=True)

    def end(self, stopped: str | None) -> None:
        if self.bar is not None:
            if stopped:
                self.bar.set_postfix_str(stopped, refresh=True)
            self.bar.close()
            self.bar = None
        elif self.verbose == 2 and stopped:
            print(stopped, flush=True)
