"""Right functions, hard ones among them: none may be accused."""

from collections import Counter

import numpy as np
import pytest

import autograd
from autograd import Verdict, gradcheck
from autograd.check.subjects import Recorded

RNG = np.random.default_rng(0)
SPREAD = np.array([1e-6, 1e-3, 0.5, 1.0, 1e3, 1e6])  # twelve orders of magnitude
MATRIX = RNG.normal(size=(3, 3)) + 3 * np.eye(3)


def scaled(f, inner, outer):
    return lambda x: outer * f(inner * x)


SMOOTH = {
    "sin": (np.sin, 0.7), "exp": (np.exp, 1.3), "tanh": (np.tanh, 0.4), "log": (np.log, 2.0),
    "sqrt": (np.sqrt, 3.0), "reciprocal": (np.reciprocal, 0.6), "cube": (lambda x: x**3, -1.2),
    "sigmoid": (autograd.sigmoid, 0.9), "softplus": (autograd.softplus, -0.3),
    "bump": (lambda x: np.exp(-x * x), 0.8),
}  # fmt: skip

RIGHT = {
    f"{outer:g} {name}({inner:g} x)": (scaled(f, inner, outer), at / inner)
    for name, (f, at) in SMOOTH.items()
    for inner in (1e-12, 1e-6, 1.0, 1e6, 1e12)
    for outer in (1e-12, 1.0, 1e12)
}
RIGHT |= {  # steep, flat, oscillating
    **{f"exp({k} x)": (lambda x, k=k: np.exp(k * x), 0.3) for k in (20, 100, 500, -500)},
    **{f"tanh at {x}": (np.tanh, x) for x in (5.0, 10.0, 15.0, 17.0, 25.0, 400.0, -12.0)},
    **{f"sigmoid at {x}": (autograd.sigmoid, x) for x in (-700.0, -40.0, 40.0)},
    **{f"sin({k} x)": (lambda x, k=k: np.sin(k * x), 0.3) for k in (1e2, 1e4, 1e6)},
    "sin at 1e6": (np.sin, 1e6),
    "sin 1/x": (lambda x: np.sin(1 / x), 1e-3),
    "narrow bump": (lambda x: np.exp(-1e12 * x * x), 1e-6),
    "steep sigmoid": (lambda x: autograd.sigmoid(1e8 * x), 1e-8),
    "constant": (lambda x: 0 * x + 3.0, 0.5),
    "flat minimum": (lambda x: np.sum(x**2), np.zeros(4)),
    "flatter minimum": (lambda x: np.sum(x**8), np.array([0.0, 1e-3, 1.0])),
    "saddle": (lambda x: x[0] ** 2 - x[1] ** 2, np.zeros(2)),
    "minimum beside a large constant": (lambda x: 1e6 + np.sum((x - 1) ** 2), np.ones(3)),
}
RIGHT |= {  # scales that differ from element to element
    "sum of squares": (lambda x: np.sum(x**2), SPREAD),
    "squares": (np.square, SPREAD),
    "reciprocals": (np.reciprocal, SPREAD),
    "logs": (np.log, SPREAD),
    "product": (np.prod, SPREAD),
    "norm": (np.linalg.norm, SPREAD),
    "cumulative sum": (np.cumsum, SPREAD),
    "weighted": (lambda x: np.sum(x / SPREAD), SPREAD),
    "weighted the other way": (lambda x: np.sum(x * SPREAD), np.ones(6)),
    "softmax": (autograd.softmax, np.log(SPREAD)),
    "logsumexp": (autograd.logsumexp, SPREAD),
    "Rosenbrock": (lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, np.ones(2)),
    "Hilbert matrix": (
        lambda b: np.linalg.solve(1 / (1 + np.add.outer(np.arange(5), np.arange(5))), b),
        np.ones(5),
    ),
    "inverse of an ill-conditioned matrix": (np.linalg.inv, np.array([[1.0, 1.0], [1.0, 1.0001]])),
    "determinant": (np.linalg.det, 1e4 * MATRIX),
    "small determinant": (np.linalg.det, 1e-4 * MATRIX),
}
RIGHT |= {  # huge and tiny
    **{f"log at {x:g}": (np.log, x) for x in (1e-300, 1e-100, 1e-9, 1e100, 1e300)},
    **{f"square at {x:g}": (np.square, x) for x in (1e-300, 1e-160, 1e-9, 1e9, 1e150)},
    **{f"reciprocal at {x:g}": (np.reciprocal, x) for x in (1e-150, 1e-9, -1e-3, 1e9, 1e150)},
    **{f"exp at {x:g}": (np.exp, x) for x in (-700.0, -300.0, 1e-200, 300.0, 700.0)},
    **{f"sqrt at {x:g}": (np.sqrt, x) for x in (1e-300, 1e-30, 1e-9, 1e300)},
    "a sum with a huge one": (lambda x: x + 1e12, 0.5),
    "a sum with a huger one": (lambda x: x + 1e20, 0.5),
    "cancellation": (lambda x: (x + 1e8) - 1e8, 0.5),
    "cancelling squares": (lambda x: (x + 1e6) ** 2 - 1e12, 0.5),
    "logsumexp by hand": (lambda x: np.log(np.sum(np.exp(x))), np.array([300.0, -300.0, 1.0])),
    "1 - cos": (lambda x: 1 - np.cos(x), 1e-7),
}
RIGHT |= {  # near kinks, at them, and at the edge of the domain
    **{f"relu at {x:g}": (autograd.relu, x) for x in (1e-3, 1e-6, 1e-9, 1e-12, -1e-9, -1e-3, 0.0)},
    **{f"abs at {x:g}": (np.abs, x) for x in (1e-5, 1e-10, -1e-13, 1e-200, 0.0)},
    **{
        f"a weak kink {d:g} away": (lambda x, d=d: x + 1e-4 * np.abs(x - d), 0.0)
        for d in (1e-4, 1e-9)
    },
    **{f"floor at {x:g}": (lambda x: x + np.floor(x), x) for x in (0.5, 1 - 1e-9, 1 + 1e-9)},
    "max with a tie": (np.max, np.array([1.0, 3.0, 3.0])),
    "max with a near tie": (np.max, np.array([1.0, 3.0, 3.0 + 1e-9])),
    "maximum of equal arrays": (lambda x: np.maximum(x, x[::-1]), np.array([1.0, 2.0, 1.0])),
    "sort with ties": (lambda x: np.sort(x) * np.arange(4), np.array([2.0, 1.0, 2.0, 1.0])),
    "median with ties": (np.median, np.array([1.0, 1.0, 1.0, 2.0])),
    "clip at its bounds": (lambda x: np.clip(x, -1, 1), np.array([-1.0, 0.5, 1.0])),
    "norm of zeros": (np.linalg.norm, np.zeros(3)),
    "sign at 0": (lambda x: x + np.sign(x), 0.0),
    "sqrt at 0": (np.sqrt, np.array([0.0, 1.0])),
    "log at 0": (np.log, np.array([0.0, 1.0])),
    "x^1.5 at 0": (lambda x: x**1.5, np.array([0.0, 2.0])),
    "cube root at 0": (np.cbrt, np.array([0.0, 1.0])),
    "arcsin at 1": (np.arcsin, np.array([0.5, 1.0])),
    "a leaky relu": (lambda x: np.where(x > 0, x, 0.01 * x), np.array([-1.0, 0.0, 2.0])),
    "a hinge": (lambda x: np.maximum(0, 1 - x), np.array([0.5, 1.0, 2.0])),
    "Huber": (lambda x: np.where(np.abs(x) < 1, x**2 / 2, np.abs(x) - 0.5), np.array([0.3, 1.0])),
}
RIGHT |= {  # other precisions, complex numbers, functions that round
    **{
        f"{name} in single precision": (f, np.float32(at) * np.ones(3, np.float32))
        for name, (f, at) in SMOOTH.items()
    },
    "a matrix product in single precision": (
        lambda x, y: x @ y,
        (MATRIX.astype(np.float32), MATRIX[0].astype(np.float32)),
    ),
    "half precision": (lambda x: np.sum(x * x), np.array([0.5, 1.5], np.float16)),
    "single precision inside": (lambda x: np.sin(x.astype(np.float32)), np.array([0.7, 1.1])),
    "rounded by 1e-9": (lambda x: np.sin(x + 1e7) - np.sin(1e7), np.array([0.7])),
    "abs of complex numbers": (np.abs, np.array([1 + 2j, -0.5j])),
    "a complex square": (np.square, np.array([1 + 2j, -0.5j])),
    "a complex eigenvalue": (np.linalg.eigvals, MATRIX + 1j * MATRIX.T),
    "an empty array": (np.sum, np.zeros((0, 3))),
    "nothing at all": (lambda: 3.0, ()),
}


@pytest.mark.parametrize("name", RIGHT)
def test_none_is_accused(name):
    f, at = RIGHT[name]
    with np.errstate(all="ignore"):
        report = gradcheck(f, at, raises=False)
        cheap = gradcheck(f, at, raises=False, cheap=True)
    assert report.ok, report
    assert cheap.ok, cheap


def test_there_are_more_than_two_hundred():
    assert len(RIGHT) > 200


def test_nearly_all_are_confirmed():
    """A checker that calls everything rounding would accuse none either."""
    counts = Counter()
    with np.errstate(all="ignore"):
        for f, at in RIGHT.values():
            counts += gradcheck(f, at, raises=False).counts
    assert counts[Verdict.OK] > 0.9 * counts.total()
    assert counts[Verdict.ROUND_OFF] < 0.04 * counts.total()


def test_a_hundredth_more_is_found_wherever_the_right_one_is_confirmed(monkeypatch):
    """Derivatives of 0 apart, of which a hundredth more is 0 too, and those near underflow."""
    pull = Recorded.pull

    def too_much(self, points, weights):
        return [np.multiply(g, np.result_type(g).type(1.01)) for g in pull(self, points, weights)]

    for name, (f, at) in RIGHT.items():
        with np.errstate(all="ignore"):
            right = gradcheck(f, at, raises=False)
            with monkeypatch.context() as patch:
                patch.setattr(Recorded, "pull", too_much)
                wrong = gradcheck(f, at, raises=False)
        if "half precision" in name:  # whose rounding is more than a hundredth
            continue
        for before, after in zip(right.elements, wrong.elements, strict=False):
            seen = before.verdict is Verdict.OK and abs(before.analytic) > 1e-100
            if seen and after.index == before.index:
                assert after.verdict is not Verdict.OK, f"{name}: {wrong.table(every=True)}"
