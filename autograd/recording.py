"""Whether calls are remembered: a switch for each thread and context."""

from collections.abc import Iterator
from contextlib import _GeneratorContextManager, contextmanager
from contextvars import ContextVar

__all__ = ["is_recording", "no_grad", "recording"]

_recording: ContextVar[bool] = ContextVar("recording", default=True)

is_recording = _recording.get


@contextmanager
def recording(on: bool) -> Iterator[None]:
    """Remember calls, or do not, within a `with` block or a decorated function."""
    token = _recording.set(on)
    try:
        yield
    finally:
        _recording.reset(token)


def no_grad() -> _GeneratorContextManager[None]:
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
