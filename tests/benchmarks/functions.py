"""Gradients of single NumPy functions, written for any NumPy: ours is NumPy, HIPS has its own.

Started as a program, by the Python of an environment with either, it answers each line
"name times" with the seconds a call and a checksum of the gradient.
"""

import sys
import time

import numpy

RNG = numpy.random.default_rng(0)
VECTOR, LONG = RNG.normal(size=100), RNG.normal(size=100_000)
MATRIX, WIDE = RNG.normal(size=(30, 30)), RNG.normal(size=(300, 300))
SYMMETRIC = MATRIX @ MATRIX.T + 30 * numpy.eye(30)
STACK = RNG.normal(size=(50, 4, 4)) + 5 * numpy.eye(4)
INDEX = RNG.integers(0, 100_000, 200_000)

# name: (function of a NumPy and of x, x)
TASKS = {
    "tanh": (lambda np, x: np.sum(np.tanh(x) * x), VECTOR),
    "prod": (lambda np, x: np.prod(1 + 0.1 * x), VECTOR),
    "std": (lambda np, x: np.sum(np.std(x, axis=0)), WIDE),
    "max": (lambda np, x: np.sum(np.max(x, axis=1)), WIDE),
    "cumsum": (lambda np, x: np.sum(np.cumsum(x, axis=1) * x), WIDE),
    "sort": (lambda np, x: np.sum(np.sort(x) * numpy.arange(100_000)), LONG),
    "where": (lambda np, x: np.sum(np.where(x > 0, x**2, np.sin(x))), LONG),
    "clip": (lambda np, x: np.sum(np.clip(x, -0.5, 0.5) ** 2), LONG),
    "index": (lambda np, x: np.sum(x[INDEX] ** 2), LONG),
    "concatenate": (lambda np, x: np.sum(np.concatenate([x, 2 * x, x**2]) ** 2), VECTOR),
    "roll": (lambda np, x: np.sum(np.roll(x, 3, axis=0) * x), WIDE),
    "pad": (lambda np, x: np.sum(np.pad(x, ((1, 2), (3, 0)), "constant") ** 2), WIDE),
    "diff": (lambda np, x: np.sum(np.diff(x, axis=1) ** 2), WIDE),
    "gradient": (lambda np, x: np.sum(np.gradient(x) ** 2), LONG),
    "tril": (lambda np, x: np.sum(np.tril(x) ** 2), WIDE),
    "tile": (lambda np, x: np.sum(np.tile(x, (2, 3)) ** 2), WIDE),
    "matmul": (lambda np, x: np.sum(np.matmul(x, x)), MATRIX),
    "tensordot": (lambda np, x: np.sum(np.tensordot(x, x, 1)), MATRIX),
    "einsum": (lambda np, x: np.sum(np.einsum("ij,jk->ik", x, x)), WIDE),
    "kron": (lambda np, x: np.sum(np.kron(x[:10], x[:10]) ** 2), MATRIX),
    "solve": (lambda np, x: np.sum(np.linalg.solve(x, numpy.ones(30))), SYMMETRIC),
    "inv": (lambda np, x: np.sum(np.linalg.inv(x)), STACK),
    "det": (lambda np, x: np.sum(np.linalg.det(x)), STACK),
    "slogdet": (lambda np, x: np.sum(np.linalg.slogdet(x)[1]), STACK),
    "cholesky": (lambda np, x: np.sum(np.linalg.cholesky(x)), SYMMETRIC),
    "eigh": (lambda np, x: np.sum(np.linalg.eigh(x)[1] ** 3), SYMMETRIC),
    "svd": (lambda np, x: np.sum(np.linalg.svd(x, full_matrices=False)[1] ** 2), MATRIX),
    "norm": (lambda np, x: np.sum(np.linalg.norm(x, axis=1)), WIDE),
    "fft": (lambda np, x: np.sum(np.abs(np.fft.fft(x)) ** 2), WIDE),
    "rfft": (lambda np, x: np.sum(np.abs(np.fft.rfft(x)) ** 2), WIDE),
    "sinc": (lambda np, x: np.sum(np.sinc(x)), LONG),
    "hessian": (lambda np, x: np.sum(np.tanh(x) ** 3), VECTOR[:20]),
}


def timed(np, grad, hessian, name, times):
    """Seconds a call, and a checksum."""
    f, x = TASKS[name]
    derivative = (hessian if name == "hessian" else grad)(lambda x: f(np, x))
    total = float(numpy.sum(numpy.abs(derivative(x))))
    began = time.perf_counter()
    for _ in range(times):
        derivative(x)
    return (time.perf_counter() - began) / times, total


if __name__ == "__main__":
    import autograd

    if not hasattr(autograd, "Value"):  # HIPS has a NumPy of its own
        import autograd.numpy as numpy_of_it
    else:
        numpy_of_it = numpy
    for line in sys.stdin:
        name, times = line.split()
        print(*timed(numpy_of_it, autograd.grad, autograd.hessian, name, int(times)), flush=True)
