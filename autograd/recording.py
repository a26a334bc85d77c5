"""Whether calls are remembered: a switch for each thread and context."""

from contextlib import ContextDecorator
from contextvars import ContextVar

__all__ = ["is_recording", "no_grad", "recording"]

_recording: ContextVar[bool] = ContextVar("recording", default=True)

is_recording = _recording.get


class recording(ContextDecorator):
    """Remember calls, or do not, within a `with` block or a decorated function."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __enter__(self) -> None:
        self.token = _recording.set(self.on)

    def __exit__(self, *_: object) -> None:
        _recording.reset(self.token)

    def _recreate_cm(self) -> "recording":  # ContextDecorator asks for one for each call
        return recording(self.on)


def no_grad() -> recording:
    """Within it, results are Values that remember nothing: leaves, without a graph behind them.

    A context manager and a decorator (`@no_grad()`); it holds for the current thread alone.

    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     y = w * w
    >>> y.parents
    ()
    """
    return recording(False)
