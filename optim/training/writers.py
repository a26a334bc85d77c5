"""Callbacks that write files: checkpoints, and logs."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from autograd import write_whole
from optim.training.callbacks import Callback, Logs, Mode, Monitor

__all__ = ["CSVLogger", "JSONLLogger", "ModelCheckpoint"]


class ModelCheckpoint(Monitor):
    """Saves the whole state of training, from which `trainer.resume` goes on.

    filepath: may name the epoch (from 1) and measures, as in "run-{epoch:03d}-{val_loss:.3f}.npz".
    save_freq: "epoch", or a number of batches. save_best_only: after epochs in which `monitor`
    became better than ever before. The file is written whole or not at all: see `Trainer.save`.

    >>> ModelCheckpoint("run.npz", save_freq=100).save_freq
    100
    """

    rank = 2

    def __init__(
        self,
        filepath: Any,
        *,
        monitor: str = "val_loss",
        save_best_only: bool = False,
        mode: Mode = "auto",
        save_freq: int | Literal["epoch"] = "epoch",
    ) -> None:
        super().__init__(monitor, mode)
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(f"save_freq is {save_freq!r}; it is 'epoch' or a number of batches.")
        if save_best_only and save_freq != "epoch":
            raise ValueError("the best is known after an epoch: save_freq must be 'epoch'.")
        self.filepath, self.save_best_only, self.save_freq = (
            str(filepath),
            save_best_only,
            save_freq,
        )
        self._batches = 0

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % self.save_freq == 0:
            self.trainer.save(self._path(self.trainer.epoch, logs))

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.save_best_only:
            value = self.measured(logs)
            if not self.better(value):
                return
            self.best = value
        if self.save_freq == "epoch":
            self.trainer.save(self._path(epoch, logs))

    def _path(self, epoch: int, logs: Logs) -> Path:
        try:
            return Path(self.filepath.format(epoch=epoch + 1, **logs))
        except KeyError as error:
            raise ValueError(
                f"the path {self.filepath!r} names {error}, but measured are {', '.join(logs)}."
            ) from None

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "_batches": self._batches}


class _Logger(Callback):
    """What writes a line an epoch into a file, in one go, so that none is lost."""

    rank = 1
    keeps: Callable[[str, int], bool]  # whether a line is whole, and of an epoch before this one

    def __init__(self, filename: Any, *, append: bool = False) -> None:
        self.path, self.append, self._started = Path(filename), append, False

    def on_train_begin(self) -> None:
        self._started = self.append
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on in the file, after what the epochs that are done have written."""
        self._started = self.path.exists()
        if self._started:
            with self.path.open(encoding="utf-8", newline="") as file:
                lines = file.readlines()
            kept = [line for line in lines if self.keeps(line, self.trainer.epoch)]
            write_whole(self.path, lambda file: file.write("".join(kept).encode("utf-8")))

    def write(self, line: str) -> None:
        with self.path.open("a" if self._started else "w", encoding="utf-8", newline="") as file:
            file.write(line)
        self._started = True


class JSONLLogger(_Logger):
    """Writes each epoch as a line of JSON: {"epoch": 0, "loss": ...}; null for what is not finite.

    append: behind what the file has, instead of from its beginning.

    >>> JSONLLogger("log.jsonl").path.name
    'log.jsonl'
    """

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        numbers = {name: float(value) for name, value in logs.items()}
        finite = {name: x if math.isfinite(x) else None for name, x in numbers.items()}
        self.write(json.dumps({"epoch": epoch, **finite}) + "\n")

    def keeps(self, line: str, epoch: int) -> bool:
        return line.endswith("\n") and int(json.loads(line)["epoch"]) < epoch


class CSVLogger(_Logger):
    """Writes a table: a line an epoch, with its number and the measures of the first one.

    append: behind what the file has, whose header then gives the columns.

    >>> CSVLogger("log.csv", separator=";").separator
    ';'
    """

    def __init__(self, filename: Any, *, separator: str = ",", append: bool = False) -> None:
        super().__init__(filename, append=append)
        self.separator = separator

    def on_train_begin(self) -> None:
        super().on_train_begin()
        self._columns: list[str] = []

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self._started and not self._columns and self.path.exists():
            with self.path.open(encoding="utf-8", newline="") as file:
                self._columns = next(csv.reader(file, delimiter=self.separator), [])
        lines: list[list[Any]] = []
        if not self._columns:
            self._columns = ["epoch", *logs]
            lines.append(self._columns)
        row = {"epoch": epoch, **logs}
        lines.append([row.get(name, "") for name in self._columns])
        table = io.StringIO()
        csv.writer(table, delimiter=self.separator, lineterminator="\n").writerows(lines)
        self.write(table.getvalue())

    def keeps(self, line: str, epoch: int) -> bool:
        cells = next(csv.reader([line], delimiter=self.separator), [""])
        return line.endswith("\n") and (cells[0] == "epoch" or int(cells[0]) < epoch)
