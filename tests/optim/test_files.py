"""Files: a nest comes back as it was, a file is whole or the old one, and damage is noticed."""

import io
import json
import math
import os
import stat
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optim.training import files

DTYPES = ["f2", "f4", "f8", ">f8", ">i4", "i1", "u8", "?", "c8", ">c16", "U3", "S2", "M8[ns]"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
)
SCALARS = ARRAYS.filter(lambda a: a.size and a.dtype.kind in "fiub").map(lambda a: a.flat[0])
KEYS = st.text(max_size=5) | st.integers() | st.booleans() | st.tuples(st.integers(), st.text())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**300), 2**300)
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=9)
    | ARRAYS
    | SCALARS
)
NESTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(a, b):
    """Of the same type and the same bits; of NaNs only that they are."""
    if isinstance(a, np.ndarray | np.generic):
        if isinstance(a, np.generic):  # NumPy's scalars have the byte order of the machine
            return type(a) is type(b) and a.tobytes() == b.tobytes()
        return (
            type(b) is np.ndarray
            and a.dtype.str == b.dtype.str
            and a.shape == b.shape
            and (np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes())
        )
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))  # and in the same order
    return a == b


def through(nest, path):
    files.write(path, nest)
    return files.read(path)


@given(nest=NESTS)
@example(["dict", "list", "array", ["array", "array_0"], {"array_0": np.ones(2)}])
@example({"nest": np.arange(3), 0: {1: (), 2: []}, True: -0.0, "": [math.nan, -math.inf]})
@example({"state": 2**128 - 1, "\ud800": "ü\x00\n", (1, "a"): complex(-0.0, math.inf)})
@settings(max_examples=60)
def test_a_nest_comes_back_as_it_was(tmp_path_factory, nest):
    path = tmp_path_factory.getbasetemp() / "nest.npz"
    assert same(nest, through(nest, path))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4)[::2, ::-1],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=np.float32).reshape(2, 3).T,
        np.broadcast_to(np.float32(2), (2, 2)),
        np.array(-0.0),
        np.array(7, ">i8"),
        np.zeros((0, 3), bool),
        np.array([np.nan, np.inf, -np.inf, -0.0], np.float16),
    ],
)
def test_arrays_of_every_layout(tmp_path, array):
    assert same(array, through([array], tmp_path / "a.npz")[0])


def test_what_generators_and_numpy_scalars_hold(tmp_path):
    rng = np.random.default_rng(3)
    nest = {"rng": rng.bit_generator.state, "s": np.float32(0.1), "b": np.bool_(True)}
    state = through(nest, tmp_path / "a.npz")
    assert type(state["s"]) is np.float32
    assert type(state["b"]) is np.bool_
    other = np.random.default_rng()
    other.bit_generator.state = state["rng"]
    assert other.random() == rng.random()


def test_names_of_files(tmp_path):
    for name in ("plain", "with.dot.npz", "ü x", "new/folder/state.ckpt"):
        assert through([1], tmp_path / name) == [1]
        assert through([2], str(tmp_path / name)) == [2]
        assert (tmp_path / name).is_file()  # no suffix is added
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "missing")
    assert not list(tmp_path.rglob("*.part"))


class Own:
    pass


@pytest.mark.parametrize(
    "bad",
    [
        Own(),
        {1, 2},
        print,
        np.array([None]),
        [np.float64, len],
        np.zeros(2, [("a", object)]),
    ],
)
@pytest.mark.parametrize("nested", [lambda x: x, lambda x: {"a": [1, (x,)]}])
def test_objects_are_refused_before_anything_is_written(tmp_path, bad, nested):
    path = tmp_path / "a.npz"
    files.write(path, "old")
    with pytest.raises(TypeError, match="cannot be saved"):
        files.write(path, nested(bad))
    assert files.read(path) == "old"
    assert os.listdir(tmp_path) == ["a.npz"]


def test_bytes_are_refused_or_come_back(tmp_path):
    try:
        files.write(tmp_path / "a", b"a\0")
    except TypeError:
        return
    assert files.read(tmp_path / "a") == b"a\0"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("old", [True, False])
def test_a_failure_leaves_the_old_file(tmp_path, error, old, monkeypatch):
    path = tmp_path / "a.npz"
    if old:
        files.write(path, "old")

    def fails(file):
        file.write(b"half")
        raise error

    with pytest.raises(error):
        files.write_whole(path, fails)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: fails(io.BytesIO()))
        with pytest.raises(error):
            files.write(path, "new")
    assert os.listdir(tmp_path) == ["a.npz"] * old
    assert not old or files.read(path) == "old"


def test_a_file_being_written_is_not_seen(tmp_path):
    path = tmp_path / "a"
    files.write(path, "old")

    def save(file):
        file.write(b"new")
        file.flush()
        assert files.read(path) == "old"
        assert [p.suffix for p in tmp_path.iterdir() if p != path] == [".part"]

    files.write_whole(path, save)
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_permissions_are_those_of_any_new_file(tmp_path):
    mask = os.umask(0o022)
    try:
        files.write(tmp_path / "a", 1)
        assert oct(stat.S_IMODE((tmp_path / "a").stat().st_mode)) == "0o644"
    finally:
        os.umask(mask)


NEST = {"w": np.arange(30.0), "n": [1, (2, "x")], "s": np.float32(3)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "a.npz"
    files.write(path, NEST)
    return path.read_bytes()


def damaged(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        files.read(path)


def test_truncated_files_are_damaged(tmp_path, whole):
    for k in range(20):
        damaged(tmp_path / "a", whole[: k * len(whole) // 20])
    damaged(tmp_path / "a", whole[:-1])
    damaged(tmp_path / "a", whole[len(whole) // 2 :])


@pytest.mark.parametrize("flip", [0x01, 0x08, 0x20, 0x80, 0xFF])
def test_a_flipped_byte_is_noticed_or_does_no_harm(tmp_path, whole, flip):
    path, other = tmp_path / "a", {}
    for k in range(len(whole)):
        path.write_bytes(whole[:k] + bytes([whole[k] ^ flip]) + whole[k + 1 :])
        try:
            assert same(NEST, files.read(path)), k
        except ValueError:
            pass
        except Exception as error:  # all of them are shown, not the first alone
            other.setdefault(f"{type(error).__name__}: {error}", []).append(k)
    assert not other


def archive(nest, **arrays):
    file = io.BytesIO()
    np.savez(file, nest=np.frombuffer(nest, np.uint8), **arrays)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        for name, content in members.items():
            z.writestr(name, content)
    return file.getvalue()


def pickled():
    file = io.BytesIO()
    np.savez(file, nest=np.array([{}], object))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"epoch,loss\n0,0.5\n",
        b"\x80\x04N.",
        pickled(),
        npy(np.arange(3)),
        npy(np.array([{}], object)),
        zipped(),
        zipped(nest=b"text"),
        archive(b"{"),
        archive(b"\xff\xfe"),
        archive(b""),
        *(
            archive(json.dumps(nest).encode(), a=np.ones(2))
            for nest in (
                [],
                ["array", "b"],
                ["array"],
                ["array", 3],
                ["array", ["list"]],
                ["dict", 1],
                ["dict", [1]],
                ["dict", [["list"], 2]],
                ["complex", "x"],
                ["other", "a"],
                [["list"], "a"],
                {"plain": "object"},
            )
        ),
        archive(b"[" * 100_000),
    ],
)
def test_other_files_are_no_nests(tmp_path, content):
    damaged(tmp_path / "a", content)
