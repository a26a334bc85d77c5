"""Functions and their poles, and the ways to differentiate them."""

import warnings

import numpy as np
import pytest

from autograd import (
    Value,
    grad,
    jacobian,
    vjp,
)


def quiet(f):
    """f, without warnings of its forward pass."""
    return np.errstate(all="ignore")(f)


def backward(f, x):
    """The gradient that backward() leaves at x."""
    v = Value(x)
    f(v).backward()
    return v.grad


CALLS = {
    "backward": backward,
    "grad": lambda f, x: grad(f)(x),
    "vjp": lambda f, x: vjp(f, x)[1](1.0)[0],
    "jacobian": lambda f, x: jacobian(f)(x),
}


def reported(compute):
    """What it returns, and its warnings; every floating-point error is one."""
    with warnings.catch_warnings(record=True) as seen, np.errstate(all="warn"):
        warnings.simplefilter("always")
        return compute(), seen


def xlogy(x):
    return pytest.importorskip("scipy.special").xlogy(x, x)


POLES = {  # a function, and its pole
    "sqrt": (np.sqrt, 0.0), "sqrt of -1": (np.sqrt, -1.0), "cbrt": (np.cbrt, 0.0),
    "log": (np.log, 0.0), "1/x": (lambda x: 3 - 1 / x, 0.0), "xlogy": (xlogy, 0.0),
    "x to the -1": (lambda x: 3 - x**-1, 0.0), "x to the -½": (lambda x: 3 - x**-0.5, 0.0),
    "x to the ½": (lambda x: x**0.5, 0.0), "x to the 1½": (lambda x: x**1.5, 0.0),
    "x log x": (lambda x: x * np.log(x), 0.0), "sin 1/x": (lambda x: np.sin(1 / x), 0.0),
    "sin x / x": (lambda x: np.sin(x) / x, 0.0), "exp 1/x": (lambda x: 3 - np.exp(1 / x), 0.0),
    "arcsin": (lambda x: 1 - np.arcsin(1 - x), 0.0),
    "hypot": (lambda x: 3 - np.hypot(x, x), np.inf),
    "overflow": (lambda x: 3 - np.exp(np.exp(x) / 9), 800.0),
}  # fmt: skip


def agree(got, true):
    assert not np.asarray(got)[np.asarray(true) == 0].any()
    np.testing.assert_allclose(got, true, rtol=1e-9, atol=1e-12)
