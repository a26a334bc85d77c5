"""Unusual arguments: the results are NumPy's, and the derivatives those of what it computes."""

import warnings

import numpy as np
import pytest

from autograd import NotDifferentiable, Value, grad, gradcheck
from autograd.nests import flatten
from autograd.record import plain

X = np.array([[1.5, -2.0, 3.0, 0.5], [2.5, 4.0, -1.0, 0.25]])
V = np.array([1.5, -2.0, 3.0])
U8, I8 = np.uint8, np.int8

NEWER = [
    lambda: (lambda v: np.clip(v, min=0.0), V),
    lambda: (lambda v: np.clip(v, max=v[0] - 1), V),
]
if np.lib.NumpyVersion(np.__version__) < "2.1.0":
    NEWER = []

CASES = {
    "constants of narrow types": [
        lambda: (lambda v: np.arctan2(v, np.array([30, 200, 7], U8)), V),
        lambda: (lambda v: np.arctan2(np.array([100, 7, -9], I8), v), V),
        lambda: (lambda v: np.fmin(v, np.array([3, 1, 2], U8)), V),
        lambda: (lambda v: np.fmin(v, np.array([True, False, True])), V),
        lambda: (lambda v: np.abs(v) ** np.array([-128, 3, 0], I8), np.array([1.01, 2.0, 3.0])),
        lambda: (lambda v: np.array([2, 3, 1], I8) ** v, V),
        lambda: (lambda v: np.gradient(v, np.array([200, 100, 3], U8)), V),
        lambda: (lambda v: np.interp(v, np.array([-100, 100], I8), np.array([3, 1], U8)), V),
        lambda: (lambda v: np.cov(v, fweights=np.array([100, 2, 3], U8), aweights=[9, 1, 1]), V),
    ],
    "broadcasting masks and indices": [
        lambda: (lambda m: np.mean(m, where=np.array([True, False, True, True])), X),
        lambda: (lambda m: np.var(m, axis=0, where=np.array([[True], [True]])), X),
        lambda: (lambda m: np.std(m, where=np.array([True, False, True, True])), X),
        lambda: (lambda v: np.take(v, [True, False]), V),
    ],
    "defaults given": [
        lambda: (lambda v: np.exp(v, where=True, order="K", subok=True, casting="same_kind"), V),
        lambda: (lambda v: np.quantile(v, 0.4, None, None, False, "linear"), V),
        lambda: (lambda v: np.broadcast_to(v, (2, 3), subok=False), V),
        *NEWER,
        lambda: (lambda v: np.take_along_axis(arr=v, indices=np.array([2, 0]), axis=0), V),
        lambda: (lambda v: np.compress([True, False, True], a=v), V),
        lambda: (lambda m: np.linalg.vecdot(m, m), X),
        lambda: (lambda m: np.vecdot(m, m, axis=-1), X),
        lambda: (lambda v: np.emath.sqrt(x=v + 9), V),
        lambda: (lambda m: np.sum(m, 0, None, None, True), X),
    ],
    "lists beside Values": [
        lambda: (lambda v: np.insert(v, [1, 2], [7.0, 8.0]), V),
        lambda: (lambda v: np.insert([1.0, 2.0, 3.0], 1, v), V),
        lambda: (lambda v: np.select([[True, False, True]], [v], [1.0, 2.0, 3.0]), V),
        lambda: (lambda v: np.choose([0, 1, 0], [v, [4.0, 5.0, 6.0]]), V),
        lambda: (lambda v: np.polyval(v, [1.0, 2.0]), V),
        lambda: (lambda v: np.trapezoid([1.0, 2.0, 3.0], v), V),
        lambda: (lambda v: np.linspace([0.0, 1.0, 2.0], v, 3), V),
        lambda: (lambda v: np.linalg.lstsq([[2, 1], [1, 3], [0, 1]], v)[0], V),
    ],
    "several axes, lengths, dimensions": [
        lambda: (lambda m: np.abs(np.fft.fftn(m, s=(3, 2), axes=(0, 0))), X),
        lambda: (lambda m: np.abs(np.fft.rfftn(m, axes=(1, 1))), X),
        lambda: (lambda m: np.abs(np.fft.rfft2(m, s=(-1, 3))), X),
        lambda: (lambda m: np.trapezoid(np.broadcast_to(m, (3, 2, 4)), m), X),
        lambda: (lambda v: np.logspace(0.0, 1.0, 2, base=np.abs(v)), V),
        lambda: (lambda m: np.cov(m, m[:1, :2], rowvar=False), X[:, :2]),
        lambda: (lambda m: np.einsum(m, [26, 0]), X),
        lambda: (lambda m: np.einsum(m, [26, 0], m, [26, 1]), X),
        lambda: (lambda m: np.linalg.norm(m, np.inf), X),
        lambda: (lambda m: np.quantile(m, [[0.2, 0.4], [0.6, 0.8]], axis=(0, 1)), X),
        lambda: (lambda v: np.diff(v, 0, prepend=1.0), V),
        lambda: (lambda v: v[()] * 2, np.array(1.5)),
        lambda: (lambda v: np.pad(v, 0), np.array(1.5)),
        lambda: (lambda v: np.cumprod(v), np.array(1.5)),
        lambda: (lambda v: np.multiply.reduce(v[None]), np.array(1.5)),
        lambda: (lambda m: list(np.array_split(m, [1, 3, 2], axis=1)), X),
        lambda: (lambda m: np.split(m, [1, 3, 2], axis=1)[2], X),
    ],
    "what is cut off": [
        lambda: (lambda m: np.linalg.pinv(m, rcond=0.5), np.array([[3.0, 0.1], [0.2, 1.3]])),
        lambda: (lambda m: np.linalg.pinv(m, hermitian=True), np.array([[2.0, 1.0], [5.0, 3.0]])),
        lambda: (lambda m: np.linalg.lstsq(m, [1.0, 2.0], rcond=0.5)[0],
                 np.array([[3.0, 0.1], [0.2, 1.3]])),
    ],
    "methods of ufuncs": [
        lambda: (lambda v: np.hypot.reduce(v[1:2]), V),
        lambda: (lambda v: np.subtract.reduce(v, dtype=np.longdouble), V),
        lambda: (lambda v: np.maximum.reduce(v, dtype=np.longdouble), V),
        lambda: (lambda v: np.logaddexp.accumulate(v), V),
        lambda: (lambda v: np.correlate(v, v[:2], "same"), V),
    ],
    "powers by complex numbers": [
        lambda: (lambda v: np.abs(v ** (1 + 1j)), np.array(2.0)),
        lambda: (lambda v: np.abs((v + 1j) ** 2j), np.array(2.0)),
        lambda: (lambda v: np.abs((2 + 0j) ** v), np.array(2.0)),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, id=f"{name}-{k}") for name, cs in CASES.items() for k, c in enumerate(cs)],
)
def test_unusual_arguments(case):
    f, x = case()
    expected, results = flatten(f(x))[0], flatten(f(Value(x)))[0]
    assert len(results) == len(expected)
    for y, e in zip(map(plain, results), expected, strict=True):
        assert np.shape(y) == np.shape(e)
        assert np.result_type(y) == np.result_type(e)
        np.testing.assert_allclose(y, e, rtol=1e-10, atol=1e-12)
    gradcheck(f, x, order=2)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: np.maximum.accumulate(np.stack([v[0], np.nan * v[1], v[2], v[1]])),
        lambda v: np.trim_zeros(0 * v),
        lambda v: np.modf(v * np.inf),
        lambda v: np.piecewise(v * np.nan, [[False, True, False]], [5.0]),
        lambda v: np.nanvar(v, ddof=3),
        lambda v: np.cov(v, ddof=5),
        lambda v: np.linspace(v, 1.0, 1, retstep=True)[1],
        lambda v: np.interp(
            [0.0, 1.0, 2.0], [0.0, 1.0, 2.0], np.stack([v[0], v[1], np.inf * v[2]])
        ),
        lambda v: np.interp([2.0], [0.0, 2.0, 2.0], v),
        lambda v: np.interp([0, 0.5, 1, 1.5, 2], [0, 1, 2], np.stack([np.inf, np.inf, v[0]])),
        lambda v: np.interp([0, 0.5, 1, 1.5, 2], [0, 1, 2], np.stack([v[0], np.inf, v[2]])),
        lambda v: np.interp([0.3], [0.0, 1.0, 2.0], v, period=-3),
        lambda v: np.logaddexp.reduce(v[:0]),
        lambda v: np.linalg.matrix_power(np.outer(v, v), 0),
        lambda v: np.logical_or.accumulate(v),
        lambda v: np.where(v > 0),
        lambda v: np.where(v, 1, 2),
        lambda v: np.histogram(v, 2),
    ],
)
def test_results_at_the_edges(f):
    """NaN, infinities, emptiness: what NumPy gives, and no complaint of ours."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, results = flatten(f(V))[0], flatten(f(Value(V)))[0]
    for y, e in zip(map(plain, results), expected, strict=True):
        np.testing.assert_array_equal(y, e)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: np.median(v),
        lambda v: np.nanquantile(v, 0.3),
        lambda v: np.sort(v),
        lambda v: np.linalg.norm(v, np.inf),
        lambda v: np.maximum.accumulate(v),
        lambda v: np.add.reduceat(v, np.zeros(0, int)),
        lambda v: np.cumprod(v),
        lambda v: np.concatenate([v, v]),
        lambda v: np.pad(v, 2),
        lambda v: np.take(v, np.zeros(0, int)),
        lambda v: np.outer(v, v),
        lambda v: np.linalg.eig(v[:, None] * v).eigenvalues,
    ],
)
def test_gradients_of_nothing(f):
    v = Value(np.zeros(0))
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = f(v)
    y.backward(np.ones(y.shape, y.dtype))
    assert v.grad.shape == (0,)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: np.take(v, 1, axis=7),
        lambda v: np.trapezoid(v, axis=5),
        lambda v: np.gradient(v, axis=5),
        lambda v: np.gradient(v, axis=(0, 0)),
        lambda v: np.gradient(v, edge_order=3),
        lambda v: np.rollaxis(v, 5),
        lambda v: np.diff(v, axis=3),
        lambda v: np.diff(v, n=-1),
        lambda v: np.apply_over_axes(np.sum, v, 5),
        lambda v: np.convolve(v, v, "bogus"),
        lambda v: np.convolve(np.outer(v, v), v),
        lambda v: np.correlate(np.outer(v, v), v),
        lambda v: np.sum(np.outer(v, v), 0, axis=1),
        lambda v: np.linspace(v, 1.0, -1),
        lambda v: np.vsplit(v, 1),
        lambda v: np.linalg.matrix_power(np.outer(v, v), 1.5),
        lambda v: np.cov(v, fweights=[0.5, 1, 1]),
        lambda v: np.interp(v, v, v, period=0),
        lambda v: np.hstack([v, v], dtype=np.float32, casting="safe"),
        lambda v: np.add(v + 1j, 1, dtype=float),
        lambda v: np.fft.hfft(v, norm="bogus"),
        lambda v: np.add.reduceat(v, [-1, 0]),
        lambda v: np.clip(v, 1, 2, max=3),
    ],
)
def test_what_numpy_refuses_is_refused(f):
    with pytest.raises((ValueError, TypeError, IndexError)) as numpys:
        f(V)
    with pytest.raises((ValueError, TypeError, IndexError)) as ours:
        f(Value(V))
    assert not {numpys.type, ours.type} <= {KeyError, AttributeError}
    assert str(ours.value)


def test_repeated_indices_of_two_dimensions():
    v = Value(np.array([10.0, 20.0]))
    y = Value(np.zeros(4)).at[np.array([[0, 0], [1, 3]])].add(v)
    assert y.data.tolist() == [30, 10, 0, 20]
    y.backward([1.0, 10.0, 100.0, 1000.0])
    assert v.grad.tolist() == [11, 1001]
    assert Value(2.0).at[()].set(Value(5.0)).item() == 5
    assert grad(lambda x: x.at[...].multiply(3.0))(2.0) == 3


def test_quantile_by_a_value_is_refused_at_once():
    with pytest.raises(NotDifferentiable, match=r"np\.nanquantile .*second argument"):
        np.nanquantile(V, Value(0.5))


def test_arctan2_of_huge_and_tiny_numbers():
    for size in (1e200, 1e-170):
        assert grad(lambda v, s=size: np.arctan2(v, s))(size) == pytest.approx(0.5 / size)


def test_det_of_tiny_matrices():
    np.testing.assert_allclose(grad(np.linalg.det)(1e-120 * np.eye(3)), 1e-240 * np.eye(3))


def test_round_and_clip_as_methods():
    v = Value(2.567)
    assert round(v, 1) == 2.6
    assert Value([1.0, 5.0]).clip(max=2.0).data.tolist() == [1, 2]


@pytest.mark.parametrize("family", ["polynomial", "chebyshev", "legendre", "hermite", "laguerre"])
def test_polynomials_of_every_family_can_be_evaluated(family):
    module = getattr(np.polynomial, family)
    evaluate = {"polynomial": "polyval", "chebyshev": "chebval", "legendre": "legval"}.get(
        family, "hermval" if family == "hermite" else "lagval"
    )
    f = getattr(module, evaluate)
    np.testing.assert_array_equal(
        f(Value(V), [1.0, -2.0, 0.5, 3.0]).data, f(V, [1.0, -2.0, 0.5, 3.0])
    )
    gradcheck(lambda x: f(x, [1.0, -2.0, 0.5, 3.0]), V, order=2)


def test_order_of_memory_is_kept():
    x = np.arange(6.0).reshape(2, 3).T
    assert np.ravel(Value(x), order="K").data.tolist() == np.ravel(x, order="K").tolist()
    with pytest.raises(ValueError, match="order='K'"):
        np.ravel(Value(x), order="K").sum().backward()
