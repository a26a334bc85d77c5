"""A nest of numbers, texts and arrays in one .npz file: written whole or not at all, no pickle."""

from typing import Any

import numpy as np

from autograd import write_whole

__all__ = ["read", "write"]


def write(path: Any, nest: Any) -> None:
    """Write a nest of dicts, lists, tuples, numbers, texts and arrays."""
    import json  # few programs keep their runs, here or below

    arrays: dict[str, Any] = {}
    text = json.dumps(_packed(nest, arrays))
    arrays["nest"] = np.frombuffer(text.encode("utf-8"), np.uint8)
    write_whole(path, lambda file: np.savez(file, allow_pickle=False, **arrays))


def read(path: Any) -> Any:
    """The nest that was written; ValueError for a file that is damaged, or another one."""
    import json

    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return _unpacked(json.loads(arrays["nest"].tobytes().decode("utf-8")), arrays)
    except (FileNotFoundError, IsADirectoryError, PermissionError, MemoryError):
        raise
    except Exception as error:
        raise ValueError(
            f"{path} is no file that was saved here, or it is damaged: {error}"
        ) from error


def _packed(nest: Any, arrays: dict[str, Any]) -> Any:
    """The nest in JSON's terms: what JSON lacks is a list that begins with a word for it."""
    if nest is None or isinstance(nest, bool | str) or type(nest) in (int, float):
        return nest
    if isinstance(nest, dict):
        pairs = [[_packed(key, arrays), _packed(nest[key], arrays)] for key in nest]
        return ["dict", *pairs]
    if isinstance(nest, list | tuple):
        kind = "list" if isinstance(nest, list) else "tuple"
        return [kind, *(_packed(member, arrays) for member in nest)]
    if type(nest) is complex:
        return ["complex", nest.real, nest.imag]
    array = np.asarray(nest)
    if array.dtype.hasobject or not isinstance(nest, np.ndarray | np.generic):
        raise TypeError(f"a {type(nest).__name__} cannot be saved without pickle.")
    name = f"array_{len(arrays)}"
    arrays[name] = array
    return ["array" if isinstance(nest, np.ndarray) else "scalar", name]


def _unpacked(packed: Any, arrays: dict[str, Any]) -> Any:
    if isinstance(packed, dict):
        raise ValueError("its nest has an object of JSON.")
    if not isinstance(packed, list):
        return packed
    kind, *members = packed
    if kind == "dict":
        return {_unpacked(key, arrays): _unpacked(value, arrays) for key, value in members}
    if kind in ("list", "tuple"):
        found = [_unpacked(member, arrays) for member in members]
        return found if kind == "list" else tuple(found)
    if kind == "complex":
        return complex(*members)
    if kind not in ("array", "scalar"):
        raise ValueError(f"its nest has {kind!r}.")
    array = arrays[members[0]]
    return array if kind == "array" else array[()]
