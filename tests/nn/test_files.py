"""Weights in files of both formats: there and back, what does not fit, saves that fail half way."""

import builtins
import io
import json
import os
import pathlib
import struct
import sys

import numpy as np
import pytest

import nn
from autograd import Value

ENDINGS = [".npz", ".safetensors"]


class Named(nn.Module):
    """Parameters of these names."""

    def __init__(self, parameters):
        self.p = parameters


def everything(seed):
    """A model with every kind of layer that has parameters or buffers."""
    attention = nn.MultiheadAttention(4, 2, kdim=3, vdim=5, rng=seed)
    parts = {
        "linear": nn.Linear(3, 2, rng=seed),
        "bilinear": nn.Bilinear(2, 3, 4, rng=seed),
        "table": nn.Embedding(5, 3, rng=seed),
        "scalars": nn.MLP(2, [2, 1]),
        "convolutions": nn.Sequential(nn.Conv2d(2, 4, 3, groups=2, rng=seed), nn.Conv1d(1, 2, 2)),
        "volumes": [nn.Conv3d(1, 1, 2), (nn.ConvTranspose2d(2, 3, 2), nn.ConvTranspose1d(1, 1, 1))],
        "norms": nn.ModuleList([nn.BatchNorm2d(2), nn.GroupNorm(1, 2), nn.RMSNorm(3)]),
        "instances": nn.InstanceNorm1d(2, affine=True, track_running_stats=True),
        "slope": nn.PReLU(2),
        "rnn": nn.RNN(2, 2, bidirectional=True, rng=seed),
        "lstm": nn.LSTM(2, 3, 2, rng=seed),
        "gru": nn.GRU(2, 2, bias=False, rng=seed),
        "attention": attention,
        "encoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 3, rng=seed), 2),
        "decoder": nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 3, rng=seed), 1),
    }
    model = Named(parts)
    numbers = np.random.default_rng(seed)
    for p in model.parameters():
        p.data = numbers.normal(size=p.shape)
    for _, buffer in model.named_buffers():
        buffer[...] = numbers.integers(1, 100, buffer.shape)
    return model


def same(first, second):
    first, second = first.state_dict(), second.state_dict()
    assert list(first) == list(second)
    for name, x in first.items():
        assert (x.dtype, x.shape) == (second[name].dtype, second[name].shape), name
        np.testing.assert_array_equal(x, second[name])


def package(ending):
    """Skips the test if the files need a package that is missing."""
    if ending == ".safetensors":
        pytest.importorskip("safetensors")


def refused(path, model, why):
    """The file raises ValueError, and the model is what it was; returns what the error says."""
    before = model.state_dict()
    with pytest.raises(ValueError, match=why) as caught:
        nn.load(model, path)
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])
    return str(caught.value)


# ------------------------------------------------------------------------------ there and back


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2"])
def test_a_model_with_every_kind_of_layer_comes_back(tmp_path, ending, dtype):
    package(ending)
    model, other = everything(1).astype(dtype), everything(2).astype(dtype)
    nn.save(model, tmp_path / f"weights{ending}")
    assert nn.load(other, tmp_path / f"weights{ending}") is other
    same(model, other)


@pytest.mark.parametrize(("ending", "complex_dtype"), [(".npz", "c16"), (".safetensors", "c8")])
def test_every_sort_of_number_and_shape_comes_back(tmp_path, ending, complex_dtype):
    package(ending)

    def make(k):
        model = Named(
            {
                "plain": Value(1.5 * k),
                "single": Value(np.float32(k)),
                "complex": Value(np.array([1 + 2j, 3j], complex_dtype) * k),
                "empty": Value(np.ones((0, 3))),
                "columns": Value(np.asfortranarray(k * np.arange(6.0).reshape(2, 3))),
            }
        )
        model.register_buffer("steps", np.array(7 * k))
        model.register_buffer("mask", np.array([k == 1, False]))
        model.register_buffer("bytes", np.array([k, 255], np.uint8))
        return model

    model, other = make(1), make(0)
    nn.save(model, tmp_path / f"w{ending}")
    nn.load(other, tmp_path / f"w{ending}")
    same(model, other)
    assert type(other.p["plain"].data) is float


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "name",
    ["file", "allow_pickle", "a.b", "x.npy", "args", "größe", "a/b", "../up", "a\\b", " ", "C:/x",
     "a\nb", "__metadata__", ""],
)  # fmt: skip
def test_names_may_be_odd(tmp_path, ending, name):
    package(ending)
    model, other = Named({name: Value([1.0, 2.0])}), Named({name: Value([0.0, 0.0])})
    nn.save(model, tmp_path / f"w{ending}")
    nn.load(other, tmp_path / f"w{ending}")
    same(model, other)
    assert [p.name for p in tmp_path.iterdir()] == [f"w{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_two_parameters_of_one_name_are_not_saved_as_one(tmp_path, ending):
    package(ending)
    model = Named({"a.b": Value(1.0), "a": {"b": Value(2.0)}})
    with pytest.raises(ValueError, match=r"p\.a\.b"):
        nn.save(model, tmp_path / f"w{ending}")


@pytest.mark.parametrize("ending", [".npz", ".NPZ", ".safetensors", ".SafeTensors"])
@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_paths_are_text_or_paths_and_folders_are_made(tmp_path, ending, kind):
    package(ending.lower())
    path = kind(tmp_path / "new" / "deep" / f"weights.v1{ending}")
    nn.save(nn.Linear(2, 3, rng=1), path)
    same(nn.load(nn.Linear(2, 3, rng=2), path), nn.Linear(2, 3, rng=1))


def test_numpy_reads_what_is_saved_and_what_numpy_wrote_is_loaded(tmp_path):
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm1d(3))
    nn.save(model, tmp_path / "ours.npz")
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as file:
        assert set(file.files) == set(model.state_dict())
        np.testing.assert_array_equal(file["0.weight"], model[0].weight.data)
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "theirs.npz", **model.state_dict())
        other = nn.Sequential(nn.Linear(2, 3, rng=1), nn.BatchNorm1d(3))
        same(nn.load(other, tmp_path / "theirs.npz"), model)


def test_safetensors_are_in_pytorchs_layout(tmp_path):
    package(".safetensors")
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm1d(3))
    nn.save(model, tmp_path / "w.safetensors")
    content = (tmp_path / "w.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert header["__metadata__"] == {"format": "pt"}
    assert header["0.weight"]["shape"] == [3, 2]
    assert header["1.num_batches_tracked"] | {"data_offsets": 0} == {
        "dtype": "I64",
        "shape": [],
        "data_offsets": 0,
    }
    start, end = header["0.weight"]["data_offsets"]
    stored = np.frombuffer(content[8 + length :][start:end]).reshape(3, 2)
    np.testing.assert_array_equal(stored, model[0].weight.data.T)


# ------------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize("ending", ENDINGS)
def test_all_that_does_not_fit_is_said_at_once_and_nothing_loaded(tmp_path, ending):
    package(ending)
    nn.save(nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1, bias=False)), tmp_path / f"w{ending}")
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(4, affine=False), nn.Linear(3, 1))
    model[1].register_buffer("weight", np.zeros(5))
    text = refused(tmp_path / f"w{ending}", model, "Sequential cannot load this")
    for part in ("1.weight has the shape (5,), not", "2.bias is missing", "running_var is missing"):
        assert part in text
    nn.save(nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)), tmp_path / f"w{ending}")
    assert "1.bias is unexpected" in refused(tmp_path / f"w{ending}", model, "1.weight")


@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl", ".bin", ".ckpt", ".PT"])
def test_pickles_get_advice(tmp_path, ending):
    path = tmp_path / f"weights{ending}"
    for attempt in (nn.save, nn.load):
        with pytest.raises(ValueError, match=r"any code.*save_file\(model\.state_dict\(\)"):
            attempt(nn.Linear(2, 3), path)
    assert not path.exists()


@pytest.mark.parametrize("name", ["weights", "weights.npy", "weights.txt", ".npz", ""])
def test_other_endings_are_refused_before_anything_is_written(tmp_path, name):
    for attempt in (nn.save, nn.load):
        with pytest.raises(ValueError, match=r"end in \.npz or \.safetensors") as caught:
            attempt(nn.Linear(2, 3), tmp_path / name if name else name)
        assert "pickle" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_what_is_no_module_or_no_path_is_said():
    with pytest.raises(TypeError, match=r"takes a module first, not a str"):
        nn.load("weights.npz", nn.Linear(1, 1))
    with pytest.raises(TypeError, match=r"takes a module first, not a dict"):
        nn.save(nn.Linear(1, 1).state_dict(), "weights.npz")
    with pytest.raises(TypeError, match="PathLike"):
        nn.save(nn.Linear(1, 1), io.BytesIO())


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_missing_file_is_just_that(tmp_path, ending):
    with pytest.raises(FileNotFoundError):
        nn.load(nn.Linear(1, 1), tmp_path / f"nothing{ending}")


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", 2) + b"{}")
    before, real = path.read_bytes(), builtins.__import__

    def importing(name, *args):
        if name.split(".")[0] == "safetensors":
            raise ImportError(name)
        return real(name, *args)

    for name in [n for n in sys.modules if n.split(".")[0] == "safetensors"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", importing)
    for attempt in (nn.save, nn.load):
        with pytest.raises(ImportError, match=r"pip install valuegrad\[safetensors\]; \.npz"):
            attempt(nn.Linear(2, 3), path)
    assert path.read_bytes() == before
    nn.save(nn.Linear(2, 3), tmp_path / "w.npz")


# ------------------------------------------------------------- saves that do not come to an end


class FullDisk:
    """A file of which writing fails after so many bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *error):
        return self.file.__exit__(*error)

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return self.file.write(data)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("room", [0, 100, 300])
def test_a_save_that_fails_half_way_leaves_the_old_file(tmp_path, monkeypatch, ending, room):
    package(ending)
    path = tmp_path / f"w{ending}"
    nn.save(nn.Linear(8, 9, rng=0), path)
    before, real = path.read_bytes(), builtins.open

    def opening(file, mode="r", *args, **kwargs):
        opened = real(file, mode, *args, **kwargs)
        return FullDisk(opened, room) if "w" in mode else opened

    monkeypatch.setattr(builtins, "open", opening)
    with pytest.raises(OSError, match="No space"):
        nn.save(nn.Linear(8, 9, rng=1), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_rename_that_fails_or_is_interrupted_leaves_the_old_file(tmp_path, monkeypatch, ending):
    package(ending)
    path = tmp_path / f"w{ending}"
    nn.save(nn.Linear(2, 3, rng=0), path)
    before = path.read_bytes()
    for error in (PermissionError("not allowed"), KeyboardInterrupt()):
        monkeypatch.setattr(os, "replace", lambda *names, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(type(error)):
            nn.save(nn.Linear(2, 3, rng=1), path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_that_cannot_be_made_is_the_systems_error(tmp_path, ending):
    package(ending)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        nn.save(nn.Linear(2, 3), tmp_path / "file" / f"w{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    with pytest.raises(OSError, match="folder"):
        nn.save(nn.Linear(2, 3), tmp_path / f"folder{ending}")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", f"folder{ending}"]


def test_what_safetensors_cannot_hold_is_said_with_its_name(tmp_path):
    package(".safetensors")
    with pytest.raises((TypeError, ValueError), match=r"p\.wide.*\.npz"):
        nn.save(Named({"wide": Value(np.ones(2, complex))}), tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())
