"""The strategies keep what they promise."""

import itertools

import numpy as np
import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from autograd import Value, gradcheck, ravel
from autograd.testing import (
    arrays,
    arrays_apart,
    axes,
    broadcastable_shapes,
    einsum_calls,
    indices,
    networks,
    positive_definite_matrices,
    programs,
    shapes,
    symmetric_matrices,
    well_conditioned_matrices,
)


@given(shapes(min_dims=1, max_dims=2, min_side=0, max_side=3))
def test_shapes(shape):
    assert 1 <= len(shape) <= 2
    assert all(0 <= n <= 3 for n in shape)


@given(broadcastable_shapes(3, min_side=0))
def test_shapes_that_broadcast(three):
    assert len(three) == 3
    np.broadcast_shapes(*three)


@given(arrays(domain=(-1.0, 3.0), away_from=(0.0, 1.0, 3.0), margin=0.1))
def test_arrays_away_from_kinks(x):
    assert np.all((x >= -1) & (x <= 2.9))
    assert all(np.all(np.abs(x - kink) > 0.0999) for kink in (0, 1, 3))


def test_arrays_have_all_parts_of_their_domain():
    for low, high in ((-1.0, -0.1), (0.1, 0.9), (1.1, 2.9)):
        strategy = arrays((), domain=(-1.0, 3.0), away_from=(0.0, 1.0, 3.0), margin=0.1)
        assert low <= find(strategy, lambda x, a=low, b=high: a <= x <= b) <= high


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"domain": (0.0, 0.1), "away_from": 0.05, "margin": 1.0}, "wider domain"),
        ({"domain": (0.1, 0.1), "dtype": "f4"}, "wider domain"),
        ({"domain": (2.0, 1.0)}, "low and high"),
        ({"domain": (0.0, np.inf)}, "finite numbers"),
        ({"margin": -1.0}, "margin is a positive"),
        ({"dtype": int}, "not of int64"),
    ],
)
def test_arrays_that_cannot_be(settings, words):
    with pytest.raises(ValueError, match=words):
        find(arrays(**settings), lambda x: True)


@given(arrays(dtype=np.float16, domain=(-0.9999, 0.9999), away_from=[0.0, 0.3], margin=0.01))
def test_bounds_hold_in_every_precision(x):
    assert np.all(np.abs(x.astype(float)) <= 0.9999)
    assert np.all(np.abs(x.astype(float) - 0.3) >= 0.01)
    assert np.all(np.abs(x.astype(float)) >= 0.01)


@given(arrays((), layouts=True), arrays((), dtype=complex))
def test_arrays_of_no_axes(x, z):
    assert x.shape == z.shape == ()
    assert isinstance(x, np.ndarray)
    assert isinstance(z, np.ndarray)


@given(arrays(dtype=np.float32, domain=(0.1, 0.7)))
def test_single_precision(x):
    assert x.dtype == np.float32
    assert np.all((x.astype(float) >= 0.1) & (x.astype(float) <= 0.7))


@given(arrays(dtype=complex))
def test_complex_numbers(z):
    assert z.dtype == complex


@pytest.mark.parametrize(
    "wanted",
    [
        lambda x: x.flags.c_contiguous,
        lambda x: x.flags.f_contiguous and not x.flags.c_contiguous,
        lambda x: any(step < 0 for step in x.strides),
        lambda x: not x.flags.forc and all(step > 0 for step in x.strides),
    ],
)
def test_memory_layouts(wanted):
    assert wanted(find(arrays((2, 3), layouts=True), wanted))


@given(arrays_apart(shapes(min_side=0), (5,)))
def test_arrays_without_ties(found):
    every = np.sort(np.concatenate([x.ravel() for x in found]))
    assert np.all(np.diff(every) > 0.4 * 3 / every.size)


@given(st.data())
def test_axes(data):
    ndim = data.draw(st.integers(0, 4))
    x = np.zeros((1,) * ndim)
    np.sum(x, axis=data.draw(axes(ndim)))


@given(st.data())
def test_indices(data):
    x = np.random.default_rng(0).normal(size=data.draw(shapes(min_side=0)))
    index = data.draw(indices(x.shape))
    expected = x[index]
    assert np.array_equal(np.asarray(Value(x)[index].data), expected)


KINDS = {
    "a number": lambda i: isinstance(i, int),
    "a negative step": lambda i: isinstance(i, slice) and (i.step or 1) < 0,
    "an ellipsis": lambda i: i is Ellipsis,
    "newaxis": lambda i: isinstance(i, tuple) and any(part is None for part in i),
    "a mask": lambda i: isinstance(i, np.ndarray) and i.dtype == bool and i.ndim == 2,
    "repetitions": lambda i: (
        isinstance(i, tuple)
        and any(
            isinstance(p, np.ndarray) and p.dtype != bool and len(set(p.flat)) < p.size for p in i
        )
    ),
    "a mask and a slice": lambda i: (
        isinstance(i, tuple)
        and {type(p) for p in i} == {np.ndarray, slice}
        and any(isinstance(p, np.ndarray) and p.dtype.kind == "b" for p in i)
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_index_is_there(kind):
    assert KINDS[kind](find(indices((2, 3)), KINDS[kind]))


@given(einsum_calls())
def test_einsum_calls(call):
    np.einsum(*call)


@pytest.mark.parametrize(
    "wanted", [lambda s: "->" not in s, lambda s: "..." in s, lambda s: "ii" in s]
)
def test_every_kind_of_einsum_is_there(wanted):
    assert find(einsum_calls(), lambda call: wanted(call[0]))


@given(well_conditioned_matrices(columns=st.integers(1, 4), stack=(2,)))
def test_well_conditioned_matrices(a):
    values = np.linalg.svdvals(a)
    assert np.all(values >= 0.99)
    assert np.all(np.diff(np.sort(values)) > 0.59)


@given(symmetric_matrices(stack=(2,)), positive_definite_matrices(dtype=complex))
def test_symmetric_matrices(a, p):
    assert np.array_equal(a, np.swapaxes(a, -1, -2))
    assert np.array_equal(p, np.conjugate(p.T))
    assert np.all(np.diff(np.linalg.eigvalsh(a)) > 0.59)
    assert np.all(np.linalg.eigvalsh(p) > 0.99)


# ------------------------------------------------------------------ programs, networks


@given(programs(kinks=True))
def test_programs_are_their_source(program):
    names = {"np": np}
    exec(repr(program), names)
    assert names["f"](*program.inputs) == program(*program.inputs)


@given(programs())
def test_gradients_of_programs(program):
    gradcheck(program, program.inputs, order=2)


def test_programs_share_nodes():
    def shares(program):
        used = list(itertools.chain.from_iterable(places for _, places in program.steps))
        return any(used.count(k) > 2 for k in used)

    assert shares(find(programs(), shares))


@given(networks())
def test_gradients_of_networks(network):
    assert gradcheck(network.loss, (network.parameters,)).complete
    vector, unravel = ravel(network.parameters)
    assert gradcheck(lambda v: network.loss(unravel(v)), vector, cheap=True)
