"""Weights in files: .npz in this library's layout, .safetensors in PyTorch's. Never pickle.

What is in a file is not trusted: of .npz, names and shapes are compared with the model's before any
data is read, and nothing is loaded unless all of it can be.
"""

import io
import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd import write_whole
from nn.interchange import arrays_for_torch, from_torch
from nn.module import Module

__all__ = ["load", "save"]


def save(model: Module, path: Any) -> None:
    """Write the model's parameters and buffers into a file that ends in .npz or .safetensors.

    .npz: arrays by name, which np.load reads. .safetensors: in PyTorch's layout, so that it loads
    there as it does here; needs the package (`pip install valuegrad[safetensors]`). Written into
    a temporary file first, which is then renamed: there is never half a file. The model itself,
    its layers and settings, is not in it. Raises ValueError for another ending, TypeError for what
    is no module.

    >>> import tempfile
    >>> from nn import Linear
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Linear(2, 3), f"{folder}/weights.npz")
    ...     load(Linear(2, 3), f"{folder}/weights.npz")
    Linear(in_features=2, out_features=3, bias=True)
    """
    _check_model("save", model)
    if _ending(path) == ".npz":
        state = model.state_dict()
        write_whole(path, lambda file: _write_npz(file, state))
        return
    package = _safetensors()
    arrays = {name: np.array(x, order="C") for name, x in arrays_for_torch(model).items()}
    for name, x in arrays.items():
        if x.dtype.str[1:] not in {np.dtype(kind).str[1:] for kind in _DTYPES.values()}:
            raise TypeError(f"{name} is of {x.dtype}, which .safetensors cannot hold: write .npz.")
    # tensors are read as PyTorch's
    content = package.numpy.save(arrays, metadata={"format": "pt"})
    write_whole(path, lambda file: file.write(content))


def load(model: Module, path: Any, *, strict: bool = True) -> Module:
    """Set the model's parameters and buffers from a file that `save` or PyTorch's users wrote.

    The model is made first, and returned. Of .safetensors, arrays are in PyTorch's layout. Numbers
    are converted to the dtypes of the model. strict=False: only those names that both have.

    Raises ValueError, and loads nothing, if names are missing or unexpected or shapes differ, all
    of which it lists; and for a file that is damaged. ImportError where safetensors is missing.

    >>> load(Module(), "weights.pt")
    Traceback (most recent call last):
    ValueError: weights.pt: files of weights end in .npz or .safetensors. ...
    """
    _check_model("load", model)
    ending = _ending(path)
    with open(path, "rb") as file:  # so that a missing file is just that
        try:
            if ending == ".npz":
                state = _read_npz(file, lambda shapes: model.mismatches(shapes, strict))
            else:
                state = _read_safetensors(file)
        except _Unfit as unfit:
            raise ValueError(f"{path}: {model.refusal(unfit.args[0])}") from None
        except ImportError:
            raise
        except Exception as error:
            raise ValueError(f"{path} is damaged, or no {ending} file: {error}") from error
    try:
        model.load_state_dict(state, strict)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return model


class _Unfit(Exception):
    """The file is sound, but of another model; why, is its argument."""


def _check_model(who: str, model: Any) -> None:
    if not isinstance(model, Module):
        raise TypeError(
            f"nn.{who}(model, path) takes a module first, not a {type(model).__name__}: make the "
            "model, and then load its weights."
        )


def _ending(path: Any) -> str:
    ending = Path(path).suffix.lower()
    if ending in (".npz", ".safetensors"):
        return ending
    advice = ""
    if ending in (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt"):
        advice = (
            " A pickle can run any code, so none is read: in PyTorch, write "
            'safetensors.torch.save_file(model.state_dict(), "weights.safetensors").'
        )
    raise ValueError(f"{path}: files of weights end in .npz or .safetensors.{advice}")


def _write_npz(file: Any, state: Mapping[str, Any]) -> None:
    # as np.savez does, whose own parameters' names could not be saved
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in state.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asarray(data), allow_pickle=False)


def _read_npz(file: Any, mismatches: Callable[[Any], list[str]]) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        entries: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            if (name := info.filename.removesuffix(".npy")) in entries:
                raise ValueError(f"it has {name} twice")
            entries[name] = info
        heads = {name: _head(archive, info) for name, info in entries.items()}
        if wrong := mismatches({name: shape for name, (shape, _) in heads.items()}):
            raise _Unfit(wrong)
        state = {}
        for name, info in entries.items():
            if info.file_size != heads[name][1]:
                raise ValueError(f"{name} is not as long as its shape says")
            content = io.BytesIO(archive.read(info))  # all of it, so that its checksum is compared
            state[name] = np.lib.format.read_array(content, allow_pickle=False)
    return state


def _head(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[tuple[int, ...], int]:
    """An array's shape, and how long its entry must be; of this, no more than a head is read."""
    with archive.open(info) as entry:
        start = io.BytesIO(entry.read(12_000))
    try:
        shape, dtype = _parsed(start)
    except (MemoryError, RecursionError) as error:  # of Python's parser, which reads heads
        raise ValueError(f"{info.filename} has no sound head") from error
    if dtype.kind not in "biufc" or dtype.subdtype:
        raise ValueError(f"{info.filename} holds {dtype}, which are no numbers")
    return shape, start.tell() + math.prod(shape) * dtype.itemsize


def _parsed(start: Any) -> tuple[tuple[int, ...], Any]:
    version = np.lib.format.read_magic(start)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(start)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(start)
    else:
        raise ValueError(f"an array is in version {version} of NumPy's format, which none needs")
    return shape, dtype


_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "C64": "<c8",
}  # fmt: skip


def _read_safetensors(file: Any) -> dict[str, Any]:
    state = {}
    for name, tensor in _safetensors().deserialize(file.read()):
        kind, shape, data = tensor["dtype"], tensor["shape"], bytes(tensor["data"])
        if kind == "BF16":  # the upper half of a single precision number
            halves = np.frombuffer(data, "<u2").astype(np.uint32)
            state[name] = (halves << 16).view(np.float32).reshape(shape)
        elif kind in _DTYPES:
            state[name] = np.frombuffer(data, _DTYPES[kind]).reshape(shape)
        else:
            raise ValueError(f"{name} is of the dtype {kind}, which NumPy does not have")
    return from_torch(state)


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            "files of .safetensors need the package safetensors: pip install "
            "valuegrad[safetensors]; .npz needs nothing."
        ) from None
    return safetensors
