"""How the runs of a sweep are made, one by one or in processes, and kept."""

import hashlib
import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from optim.data.batches import map_arrays

__all__ = ["Ledger", "runs_in"]


def runs_in(
    processes: int, job: Callable[[Any], Any], keys: list[Any]
) -> Iterator[tuple[Any, Any]]:
    """Each key with the job's result, as they are done."""
    if isinstance(processes, bool) or not isinstance(processes, int) or processes < 1:
        raise ValueError(f"processes is {processes!r}; it is a whole number, at least 1.")
    if processes == 1:
        with _one_thread():
            for key in keys:
                yield key, job(key)
        return
    try:
        joblib = importlib.import_module("joblib")
        importlib.import_module("threadpoolctl")  # for the same results as in one process
    except ImportError as error:
        raise ImportError(
            "a sweep in several processes needs joblib and threadpoolctl: "
            "pip install 'valuegrad[sweep]'."
        ) from error
    pool = joblib.Parallel(processes, return_as="generator_unordered")
    yield from pool(joblib.delayed(_in_process)(job, key) for key in keys)


def _in_process(job: Callable[[Any], Any], key: Any) -> tuple[Any, Any]:
    with _one_thread():
        return key, job(key)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Matrix products by one thread, where that can be said: sums of several end otherwise."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(1):
        yield


class Ledger:
    """The runs that are done, by their settings, and in a file if there is one.

    The file has a line of JSON for each, written at once; a last line that was cut off is none.
    """

    def __init__(self, path: Any, data: Any, about: Mapping[str, Any]) -> None:
        self.path = None if path is None else Path(path)
        self.done: dict[str, Any] = {}
        if self.path is None:
            return
        known = json.dumps(about, default=lambda thing: type(thing).__name__)
        head = {"about": json.loads(known), "data": _digest(data)}
        lines = self._lines()
        if lines:
            if lines[0] != head:
                raise ValueError(
                    f"{self.path} is of another sweep, or of other data; give another path, or "
                    "remove it."
                )
            self.done = {_key(line["key"]): line["result"] for line in lines[1:]}
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(head, "w")

    def find(self, key: Any) -> Any:
        """The result of a run, or None."""
        return self.done.get(_key(key))

    def add(self, key: Any, result: Any) -> None:
        """Keep a result."""
        self.done[_key(key)] = result
        if self.path is not None:
            self._write({"key": json.loads(_key(key)), "result": result}, "a")

    def _lines(self) -> list[Any]:
        """What the file has; and it ends after the last whole line then."""
        if self.path is None or not self.path.exists():
            return []
        found, good = [], 0
        text = self.path.read_bytes()
        for line in text.splitlines(keepends=True):
            try:
                found.append(json.loads(line))
            except ValueError:
                break
            if not line.endswith(b"\n"):
                found.pop()
                break
            good += len(line)
        if text and not text.startswith(b'{"about": '[: len(text)]):
            raise ValueError(f"{self.path} is no file of a sweep.")
        if good < len(text):
            with self.path.open("r+b") as file:
                file.truncate(good)
        return found

    def _write(self, line: Any, mode: str) -> None:
        assert self.path is not None
        with self.path.open(mode, encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _key(key: Any) -> str:
    return json.dumps(key, sort_keys=True, default=_name)


def _name(setting: Any) -> str:
    """What a setting is called, in any process: a function or class by its name."""
    if hasattr(setting, "__qualname__"):
        return f"{setting.__module__}.{setting.__qualname__}"
    if isinstance(setting, np.generic):
        return str(setting.item())
    if " at 0x" in repr(setting):
        raise TypeError(
            f"the setting {setting!r} has no name; give a number, a text or a function."
        )
    return repr(setting)


def _digest(data: Any) -> str:
    """A fingerprint of arrays; of other data, their repr."""
    digest = hashlib.sha256()

    def add(a: Any) -> None:
        try:
            array = np.ascontiguousarray(a)
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(array.data if array.dtype.kind != "O" else repr(a).encode())
        except (TypeError, ValueError):
            digest.update(repr(a).encode())

    map_arrays(add, tuple(data))
    return digest.hexdigest()
