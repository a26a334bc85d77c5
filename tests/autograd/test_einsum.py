"""np.einsum of any number of operands."""

import numpy as np
import pytest

from autograd import (
    Value,
    grad,
    hessian,
)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_einsum_of_many_operands(n):
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 1.5, (2, 2)) for _ in range(n)]
    values = list(map(Value, arrays))
    letters = "abcdefghijklmnopqrstuvwxyz"
    formula = ",".join(letters[k : k + 2] for k in range(n)) + "->" + letters[0] + letters[n]
    np.einsum(formula, *values, optimize=True).sum().backward()
    for k, v in enumerate(values):
        left, right = np.ones(2), np.ones(2)
        for a in arrays[:k]:
            left = left @ a
        for a in reversed(arrays[k + 1 :]):
            right = a @ right
        np.testing.assert_allclose(v.grad, np.outer(left, right), rtol=1e-12)


def test_einsum_of_many_operands_to_second_order():
    def f(x):
        return np.einsum("i,i,i,i,ij->j", x, x, x, [1.0, 2.0, 3.0], np.ones((3, 1)))[0]

    x = np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(grad(f)(x), 3 * x**2 * [1, 2, 3])
    np.testing.assert_allclose(hessian(f)(x), np.diag(6 * x * [1, 2, 3]), atol=1e-12)


def test_more_operands_than_einsum_takes():
    with pytest.raises((TypeError, ValueError)):
        np.einsum(",".join("a" * 70), *[Value([1.0])] * 70)
