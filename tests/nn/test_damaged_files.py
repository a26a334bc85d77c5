"""Files of weights that are damaged, hostile, or written by hand: refused, or read as they say."""

import json
import pickle
import struct
import time
import tracemalloc
import zipfile
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nn
from autograd import Value

WEIGHT, BIAS = np.arange(6.0).reshape(2, 3), np.arange(3.0)
NUMBERS = WEIGHT.tobytes()


def npy(header, data=b"", version=(1, 0)):
    """A NumPy file with this header, whatever it says."""
    header = header.encode() + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header + data


def array(dtype="'<f8'", shape="(2, 3)", data=NUMBERS):
    return npy(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}", data)


def zipped(path, *entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def with_bias(path, weight, **settings):
    bias = array(shape="(3,)", data=BIAS.tobytes())
    return zipped(path, ("weight.npy", weight), ("bias.npy", bias), **settings)


def tensors(path, header, data=b"", length=None):
    """A .safetensors file."""
    pytest.importorskip("safetensors")
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(header) if length is None else length
    path.write_bytes(struct.pack("<Q", length) + header + data)
    return path


def tensor(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


GOOD = {"weight": tensor("F64", [3, 2], 0, 48), "bias": tensor("F64", [3], 48, 72)}
DATA = WEIGHT.T.tobytes() + BIAS.tobytes()


def refused(path, why, model=None):
    """It raises ValueError without much time or memory, and the model is what it was."""
    model = nn.Linear(2, 3, rng=0) if model is None else model
    before = model.state_dict()
    start = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=why):
            nn.load(model, path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < 5
    assert most < 30e6
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


def test_the_files_by_hand_are_files(tmp_path):
    for path in (
        with_bias(tmp_path / "w.npz", array()),
        tensors(tmp_path / "w.safetensors", GOOD, DATA),
        tensors(tmp_path / "m.safetensors", {"__metadata__": {"by": "hand"}} | GOOD, DATA),
    ):
        model = nn.load(nn.Linear(2, 3, rng=0), path)
        np.testing.assert_array_equal(model.weight.data, WEIGHT)
        np.testing.assert_array_equal(model.bias.data, BIAS)


# ------------------------------------------------------------------------------------ damage


@pytest.fixture(scope="module", params=[".npz", ".safetensors"])
def saved(request, tmp_path_factory):
    """A path to write to, and what a good file holds."""
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path_factory.mktemp("damaged") / f"w{request.param}"
    nn.save(nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm1d(3)), path)
    return path, path.read_bytes()


def attempt(path):
    """The state after loading into another model; None if it was refused."""
    model = nn.Sequential(nn.Linear(2, 3, rng=1), nn.BatchNorm1d(3))
    before = model.state_dict()
    try:
        nn.load(model, path)
    except ValueError:
        assert all((x == before[name]).all() for name, x in model.state_dict().items())
        return None
    return model.state_dict()


@given(share=st.floats(0, 1))
@example(share=0.0)
@example(share=1.0)
def test_a_file_that_ends_early_is_refused_wherever_it_ends(saved, share):
    path, content = saved
    path.write_bytes(content[: int(share * (len(content) - 1))])
    assert attempt(path) is None


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_nothing_in_npz(saved, place, bit):
    path, content = saved
    damaged = bytearray(content)
    damaged[int(place * len(content))] ^= 1 << bit
    path.write_bytes(damaged)
    state = attempt(path)
    if state is not None and path.suffix == ".npz":  # .safetensors has no checksum
        good = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm1d(3)).state_dict()
        assert all((x == state[name]).all() for name, x in good.items())


@given(st.binary(max_size=200))
def test_noise_is_refused(saved, noise):
    path, content = saved
    for damaged in (noise, content[:8] + noise, noise + content[-8:]):
        path.write_bytes(damaged)
        assert attempt(path) is None


@pytest.mark.parametrize("size", [4, 60])  # within what is read at once, and beyond
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"'<f8'", b"'<f4'"),
        (b"'<f8'", b"'>f8'"),
        (b"'<f8'", b"'<i8'"),
        (b"'<f8'", b"'|b1'"),
        (b"False", b"True "),
    ],
)
def test_a_header_changed_within_the_zip_is_found_by_the_checksum(tmp_path, size, old, new):
    model = nn.Linear(size, size, bias=False, rng=0)
    nn.save(model, tmp_path / "w.npz")
    content = (tmp_path / "w.npz").read_bytes()
    assert content.count(old) == 1
    (tmp_path / "w.npz").write_bytes(content.replace(old, new))
    refused(tmp_path / "w.npz", "damaged", model)


def test_numbers_after_the_array_are_damage(tmp_path):
    refused(with_bias(tmp_path / "w.npz", array(data=NUMBERS + b"more")), "damaged")


# ----------------------------------------------------------------------------- hostile .npz


class Evil:
    """What runs code where a pickle is read."""

    done: ClassVar[list] = []

    def __reduce__(self):
        return Evil.done.append, (1,)


def test_pickles_inside_are_refused_and_do_not_run(tmp_path):
    poison = pickle.dumps(np.array([[Evil()] * 3] * 2, object))
    assert not Evil.done
    refused(with_bias(tmp_path / "a.npz", array("'|O'", data=poison)), "damaged.*[Oo]bject|object")
    refused(with_bias(tmp_path / "b.npz", poison), "damaged")
    (tmp_path / "c.npz").write_bytes(poison)
    refused(tmp_path / "c.npz", "damaged")
    assert not Evil.done


@pytest.mark.parametrize(
    "weight",
    [
        array(shape="(10000000000, 10000000000)", data=b""),
        array(shape="(2, 3, 0, 1000000000000)", data=b""),
        array(shape=f"({'9' * 4000},)", data=b""),
        array("'<U500000000'", data=b""),
        array("'|V2147483647'", data=b""),
        array("('<f8', (100000000,))", data=b""),
        npy("-" * 9000 + "1"),
        npy("(" * 9000),
        npy("[" * 150 + "]" * 150),
        npy("1"),
        npy("{'descr': '<f8', 'fortran_order': False}"),
        npy("{'descr': print(1), 'fortran_order': False, 'shape': (2, 3)}"),
        array(shape="(-2, -3)"),
        array(shape="2"),
        array("[('a', '<f8')]"),
        array("'<m8[s]'"),
        array("'<U2'"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", version=(3, 0)),
        npy("{}", version=(9, 9)),
        b"",
        b"\x93NUMPY",
    ],
    ids=lambda content: repr(content[10:70]),
)
def test_headers_that_claim_anything_cost_nothing(tmp_path, weight):
    refused(with_bias(tmp_path / "w.npz", weight), "damaged|cannot load this")


@pytest.mark.parametrize("dtype", ["'<U500000000'", "('<f8', (100000000,))"])
def test_gigantic_items_of_many_elements_are_no_memory_error(tmp_path, dtype):
    weight = array(dtype, "(1000, 1000)", b"")
    path = zipped(tmp_path / "w.npz", ("weight.npy", weight))
    refused(path, "damaged|cannot load this", nn.Linear(1000, 1000, bias=False))


def test_a_small_file_does_not_unpack_into_a_large_header(tmp_path):
    bomb = b"\x93NUMPY\x02\x00" + struct.pack("<I", 60_000_000) + b" " * 60_000_000
    path = with_bias(tmp_path / "w.npz", bomb, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    refused(path, "damaged")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_that_is_there_twice_is_refused(tmp_path):
    again = ("weight.npy", array(data=b"\1" * 48))
    bias = ("bias.npy", array(shape="(3,)", data=BIAS.tobytes()))
    for second in (again, ("weight", b"anything")):
        path = zipped(tmp_path / "w.npz", ("weight.npy", array()), second, bias)
        refused(path, "weight")


def test_zips_of_other_things_are_refused(tmp_path):
    refused(zipped(tmp_path / "a.npz", ("readme.txt", b"hello")), "readme.txt|damaged")
    refused(zipped(tmp_path / "b.npz", ("folder/", b"")), "folder|damaged")
    refused(zipped(tmp_path / "c.npz"), "weight is missing; bias is missing")
    (tmp_path / "d.npz").write_bytes(b"")
    refused(tmp_path / "d.npz", r"d\.npz is damaged, or no \.npz file")
    np.save(tmp_path / "e.npy", WEIGHT)
    (tmp_path / "e.npy").rename(tmp_path / "e.npz")
    refused(tmp_path / "e.npz", "damaged")


@pytest.mark.parametrize("number", [1e300, -1e300])
def test_numbers_too_large_for_the_model_are_refused_by_name(tmp_path, number):
    path = with_bias(tmp_path / "w.npz", array(data=np.full(6, number).tobytes()))
    refused(path, "weight", nn.Linear(2, 3, dtype="f4", rng=0))


# --------------------------------------------------------------------- .safetensors by hand


@pytest.mark.parametrize("dtype", ["F16", "BF16", "F32"])
def test_numbers_of_other_widths_are_converted(tmp_path, dtype):
    numbers = np.array([[0.5, -2.0], [1.5, 0.0], [-0.0, 64.0]])  # which all can hold
    data = numbers.astype({"F16": "<f2"}.get(dtype, "<f4")).tobytes()
    if dtype == "BF16":
        data = b"".join(data[k + 2 : k + 4] for k in range(0, len(data), 4))
    n = len(data)
    header = {"weight": tensor(dtype, [3, 2], 0, n), "bias": tensor("I32", [3], n, n + 12)}
    data += np.array([1, -2, 3], "<i4").tobytes()
    for wanted in ("f8", "f4"):
        model = nn.Linear(2, 3, dtype=wanted)
        nn.load(model, tensors(tmp_path / "w.safetensors", header, data))
        assert model.weight.dtype == wanted
        np.testing.assert_array_equal(model.weight.data, numbers.T)
        assert model.bias.data.tolist() == [1, -2, 3]


@given(st.floats(width=32))
def test_bfloat16_is_the_upper_half_of_single_precision(tmp_path_factory, number):
    upper = np.float32(number).tobytes()[2:]
    model = nn.Module()
    model.scale = Value(np.float32(0))
    path = tmp_path_factory.getbasetemp() / "w.safetensors"
    nn.load(model, tensors(path, {"scale": tensor("BF16", [], 0, 2)}, upper))
    assert np.float32(model.scale.data).tobytes() == b"\0\0" + upper


def test_counts_are_exact_and_places_need_not_be_aligned(tmp_path):
    model = nn.BatchNorm1d(1, affine=False, dtype="f4")
    header = {
        "running_mean": tensor("BF16", [1], 0, 2),
        "num_batches_tracked": tensor("I64", [], 2, 10),
        "running_var": tensor("F16", [1], 10, 12),
    }
    data = b"\x20\x40" + struct.pack("<q", 2**60 + 1) + np.array([3], "<f2").tobytes()
    nn.load(model, tensors(tmp_path / "w.safetensors", header, data))
    assert int(model.num_batches_tracked) == 2**60 + 1
    assert (model.running_mean.tolist(), model.running_var.tolist()) == ([2.5], [3.0])


@pytest.mark.parametrize(
    ("header", "data", "length"),
    [
        (b"{", b"", None),
        (b"", b"", None),
        (b"null", b"", None),
        (b"[" * 100_000, b"", None),
        (b"\xff\xfe", b"", None),
        (b"{}", b"", 2**62),
        (b"{}", b"", 3),
        (GOOD, DATA[:-1], None),
        (GOOD, DATA + b"1", None),
        (GOOD | {"bias": tensor("F64", [3], 24, 48)}, DATA[:48], None),
        (GOOD | {"bias": tensor("F64", [3], 48, 2**60)}, DATA, None),
        (GOOD | {"bias": tensor("F64", [2**61, 8], 48, 72)}, DATA, None),
        (GOOD | {"bias": tensor("F64", [-3], 48, 72)}, DATA, None),
        (GOOD | {"bias": tensor("F63", [3], 48, 72)}, DATA, None),
        (GOOD | {"bias": tensor("F64", [0, 2**62], 48, 48)}, DATA[:48], None),
        (GOOD | {"bias": tensor("F8_E4M3", [24], 48, 72)}, DATA, None),
        (GOOD | {"bias": {"dtype": "F64"}}, DATA, None),
        ({"bias": 3}, DATA, None),
    ],
)
def test_headers_of_safetensors_that_are_wrong_are_refused(tmp_path, header, data, length):
    refused(tensors(tmp_path / "w.safetensors", header, data, length), r"w\.safetensors is damaged")
