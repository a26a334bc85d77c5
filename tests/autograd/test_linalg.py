"""np.linalg where derivatives are hard to have: singular, degenerate, triangular, complex."""

import numpy as np
import pytest

from autograd import DegenerateSpectrum, Value, grad, gradcheck, hessian, jacobian, vjp

RNG = np.random.default_rng(0)
ROTATION = np.linalg.qr(RNG.normal(size=(4, 4))).Q


def cofactors(a):
    n = len(a)
    minors = [
        [np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)] for i in range(n)
    ]
    return np.array(minors) * (-1) ** np.add.outer(np.arange(n), np.arange(n))


# ------------------------------------------------------------------------- determinants


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_det_of_singular_matrices_has_cofactors(rank):
    a = ROTATION @ np.diag([2.0, 3.0, 5.0, 7.0] * (np.arange(4) < rank)) @ ROTATION.T
    np.testing.assert_allclose(grad(np.linalg.det)(a), cofactors(a), atol=1e-12)


def test_det_of_singular_matrices_to_second_order():
    assert hessian(np.linalg.det)(np.zeros((2, 2)))[0, 0].tolist() == [[0, 0], [0, 1]]
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
    gradcheck(np.linalg.det, a, order=3)
    gradcheck(np.linalg.det, np.stack([a, np.eye(3)]) * (1 + 0.5j))


def test_slogdet_of_singular_matrices_that_get_no_gradient():
    a = Value(np.stack([np.zeros((2, 2)), np.diag([2.0, 4.0])]))
    with np.errstate(divide="ignore"):
        sign, logabs = np.linalg.slogdet(a)
    np.where(sign != 0, logabs, 0).sum().backward()
    assert a.grad.tolist() == [[[0, 0], [0, 0]], [[0.5, 0], [0, 0.25]]]


def test_slogdet_of_complex_matrices():
    a = RNG.normal(size=(2, 3, 3)) + 1j * RNG.normal(size=(2, 3, 3))
    gradcheck(np.linalg.slogdet, a, order=2)


# ------------------------------------------------------------------------ equal values


def test_sums_over_equal_eigenvalues_are_right():
    for f in (np.linalg.eigvalsh, np.linalg.eigvals, np.linalg.svdvals):
        g = grad(lambda a, f=f: np.sum(np.real(f(a)) ** 3))(2 * np.eye(3))
        np.testing.assert_allclose(g, 12 * np.eye(3))


def test_a_lone_eigenvector_beside_equal_ones():
    a = ROTATION @ np.diag([1.0, 1.0, 1.0, 5.0]) @ ROTATION.T

    def projection(a):
        return np.linalg.eigh((a + a.T) / 2).eigenvectors[:, 3] ** 2

    gradcheck(projection, a)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.linalg.eigh(a).eigenvectors[0, 1],
        lambda a: np.real(np.linalg.eig(a).eigenvectors[0, 1]),
        lambda a: np.linalg.svd(a).U[0, 1],
        lambda a: np.linalg.svd(a).Vh[0, 1],
    ],
)
def test_eigenvectors_of_equal_eigenvalues_are_refused(f):
    with pytest.raises(DegenerateSpectrum, match=r"np\.linalg\.\w+: the loss depends on"):
        grad(f)(np.eye(2))


def test_second_derivatives_at_equal_eigenvalues_are_refused_and_not_wrong():
    with pytest.raises(DegenerateSpectrum):
        hessian(lambda a: np.sum(np.linalg.eigvalsh(a) ** 3))(np.eye(2))


def test_the_phase_of_vectors_is_refused():
    a = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))
    hermitian = a + np.conj(a.T)
    with pytest.raises(DegenerateSpectrum, match="phase"):
        grad(lambda a: np.imag(np.linalg.eigh(a).eigenvectors[1, 0]))(hermitian)
    with pytest.raises(DegenerateSpectrum, match="phase"):
        grad(lambda a: np.imag(np.linalg.svd(a).U[1, 0]))(a)


def test_vectors_that_complete_a_basis():
    a = RNG.normal(size=(4, 2))
    with pytest.raises(DegenerateSpectrum):
        grad(lambda a: np.linalg.svd(a).U[0, 3])(a)
    with pytest.raises(DegenerateSpectrum):
        grad(lambda a: np.linalg.qr(a, "complete").Q[0, 3])(a)

    def onto_the_rest(a):  # which does not depend on the choice of the basis
        spare = np.linalg.svd(a).U[:, 2:]
        return spare @ spare.T

    gradcheck(onto_the_rest, a, order=2)


def test_a_singular_value_of_0_gets_nothing():
    assert grad(lambda a: np.linalg.norm(a, "nuc"))(np.diag([3.0, 0.0])).tolist() == [
        [1, 0],
        [0, 0],
    ]


def test_products_of_all_parts_of_svd_give_the_matrix_back():
    a = RNG.normal(size=(2, 4, 3)) + 1j * RNG.normal(size=(2, 4, 3))

    def rebuilt(a):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return (u * s[..., None, :]) @ vh

    _, pullback = vjp(rebuilt, a)
    g = RNG.normal(size=a.shape) + 1j * RNG.normal(size=a.shape)
    np.testing.assert_allclose(pullback(g)[0], g, atol=1e-12)


def test_eigenvectors_of_complex_matrices_have_lapacks_phase():
    a = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))
    gradcheck(np.linalg.eig, a)


# ------------------------------------------------------------------- triangles, parts


@pytest.mark.parametrize(("triangle", "other"), [("L", np.triu), ("U", np.tril)])
def test_eigh_reads_one_triangle(triangle, other):
    a = RNG.normal(size=(3, 3))
    g = grad(lambda a: np.sum(np.linalg.eigvalsh(a, triangle) ** 3))(a)
    assert not other(g, 1 if triangle == "L" else -1).any()
    gradcheck(lambda a: np.linalg.eigvalsh(a, triangle), a)


def test_cholesky_reads_one_triangle():
    a = RNG.normal(size=(3, 3)) * 0.1 + 3 * np.eye(3)
    assert not np.triu(grad(lambda a: np.sum(np.linalg.cholesky(a)))(a), 1).any()
    gradcheck(np.linalg.cholesky, a, order=2)


def test_results_of_several_parts_have_numpys_names():
    a = Value(RNG.normal(size=(3, 3)))
    w, v = np.linalg.eigh(a)
    assert w.parents[0].fn is np.linalg.eigh
    assert type(np.linalg.svd(a)) is type(np.linalg.svd(a.data))
    assert np.linalg.slogdet(a).logabsdet.shape == ()
    (np.sum(w) + np.sum(v**2)).backward()
    np.testing.assert_allclose(a.grad, np.eye(3), atol=1e-12)


def test_parts_of_one_call_add_up():
    a = RNG.normal(size=(3, 3))
    q, r = np.linalg.qr(a)
    np.testing.assert_allclose(
        jacobian(lambda a: np.matmul(*np.linalg.qr(a)))(a).reshape(9, 9), np.eye(9), atol=1e-12
    )
    assert q.shape == r.shape


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (1, 1)])
def test_empty_and_single(shape):
    a = Value(np.ones(shape))
    (
        np.linalg.det(a).sum() + np.linalg.inv(a).sum() + np.linalg.slogdet(a).logabsdet.sum()
    ).backward()
    assert a.grad.shape == shape


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.real(np.sum(np.linalg.eigvals(a) ** 2)),
        lambda a: np.real(np.sum(np.poly(a) * np.arange(3))),
        lambda a: np.real(np.sum(np.roots(np.stack([a[0, 0], -2 * a[0, 1], a[1, 1]])) ** 2)),
    ],
)
def test_eigenvalues_of_matrices_that_lack_eigenvectors_are_refused(f):
    with pytest.raises(DegenerateSpectrum, match="lacks eigenvectors"):
        grad(f)(np.array([[1.0, 1.0], [0.0, 1.0]]))


def test_a_root_at_0_has_its_derivative():
    p = np.array([1.0, -3.0, 2.0, 0.0])
    np.testing.assert_allclose(np.roots(Value(p)).data, np.roots(p), atol=1e-15)
    np.testing.assert_allclose(
        grad(lambda p: np.sum(np.roots(p) ** 2).real)(p), [-14.0, -6.0, -2.0, 0.0], atol=1e-9
    )
    assert grad(lambda p: np.real(np.roots(p)[-1]))(p)[3] == pytest.approx(-0.5)


@pytest.mark.parametrize("axis", [0, (0, 1), None])
def test_vector_norms_of_zeros(axis):
    g = grad(lambda x: np.sum(np.linalg.vector_norm(x, axis=axis)))(np.zeros((2, 3)))
    assert not g.any()


@pytest.mark.parametrize(("n", "dtype"), [(30, "f4"), (100, "f4"), (100, "F"), (150, "f8")])
def test_ordinary_matrices_are_not_called_defective(n, dtype):
    for seed in range(5):
        a = np.random.default_rng(seed).normal(size=(n, n)).astype(dtype)
        grad(lambda a: np.sum(np.abs(np.linalg.eigvals(a))))(a)


def test_pinv_of_a_hermitian_matrix_that_cuts_off():
    a = np.diag([3.0, 2.0, 0.5])
    a[1, 0] = 0.3
    gradcheck(lambda a: np.linalg.pinv(a, 0.5, hermitian=True), a, order=2)
