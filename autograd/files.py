"""Files that are written whole or not at all."""

import contextlib
import os
from collections.abc import Callable
from typing import Any

__all__ = ["write_whole"]


def write_whole(path: Any, save: Callable[[Any], None]) -> None:
    """Let `save` write into a temporary file beside the path, and then rename it.

    So no half file is ever seen, and a file that was there stays until the new one is complete.
    Folders that are missing are made.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(f"{folder}/note.txt", lambda file: file.write(b"whole"))
    ...     Path(f"{folder}/note.txt").read_text()
    'whole'
    """
    from pathlib import Path  # few programs write files, and importing it takes 3 ms

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")  # one name: what a killed run left is replaced
    try:
        with open(temporary, "wb") as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
