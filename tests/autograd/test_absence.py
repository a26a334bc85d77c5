"""Masks silence the poles behind them; a factor that happens to be 0 does not."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd import (
    at,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    relu,
)
from nn.functional import hardtanh
from tests.autograd.poles import CALLS, POLES, agree, backward, quiet

# ------------------------------------------------------------------ masks after poles

HIDES = {  # all elements but those of a mask
    "where": lambda y, m: np.where(m, y, 0.0), "where not": lambda y, m: np.where(~m, 0.5, y),
    "a mask": lambda y, m: y[m], "integers": lambda y, m: y[np.flatnonzero(m)],
    "take": lambda y, m: np.take(y, np.flatnonzero(m)), "compress": lambda y, m: np.compress(m, y),
    "sum": lambda y, m: np.sum(y, where=m), "mean": lambda y, m: np.mean(y, where=m),
    "prod": lambda y, m: np.prod(y, where=m), "var": lambda y, m: np.var(y, where=m),
    "select": lambda y, m: np.select([~m, m], [0.5, y]), "at set": lambda y, m: at(y)[~m].set(0.5),
    "choose": lambda y, m: np.choose(1 * m, [0.5, y]), "delete": lambda y, m: np.delete(y, ~m),
    "nansum": lambda y, m: np.nansum(np.where(m, y, np.nan)),
    "matmul": lambda y, m: np.where(m, y, 0) @ np.linspace(1, 2, len(m)),
}  # fmt: skip
HIDES_THE_FIRST = {  # of three elements
    "a slice": lambda y: y[1:], "unpacking": lambda y: [*y][1] * [*y][2], "one": lambda y: y[1],
    "split": lambda y: np.split(y, [1])[1], "roll": lambda y: np.roll(y, 1)[[0, 2]],
    "pad": lambda y: np.pad(y, 1, "edge")[2:],
    "tril": lambda y: np.tril(np.stack([y[[1, 0]], y[[1, 2]]])),
    "triu": lambda y: np.triu(np.stack([y[[1, 1]], y[[0, 2]]])),
    "diagonal": lambda y: np.diagonal(np.stack([y[[1, 0]], y[[0, 2]]])),
}  # fmt: skip
HIDES_THE_LEAST = {
    "maximum": lambda y: np.maximum(y, 0.1), "minimum": lambda y: np.minimum(-0.1, -y),
    "fmax": lambda y: np.fmax(0.1, y), "clip": lambda y: np.clip(y, 0.1, 9),
    "hardtanh": lambda y: hardtanh(y, min_val=0.1, max_val=9.0), "relu": lambda y: relu(y - 0.1),
    "sort": lambda y: np.sort(y)[1:], "partition": lambda y: np.partition(y, 1)[1],
    "running maximum": lambda y: np.maximum.accumulate(y)[1:], "max": np.max,
    "quantile": lambda y: np.quantile(y, 0.75), "median": np.median,
}  # fmt: skip
HIDES_NAN = {
    "isnan": lambda y: np.where(np.isnan(y), 0, y), "sort": lambda y: np.sort(y)[:2],
    "fmin": lambda y: np.fmin(50.0, y), "nan_to_num": np.nan_to_num, "nanmedian": np.nanmedian,
    "nanmax": np.nanmax, "nanmean": np.nanmean, "nanvar": np.nanvar, "nanprod": np.nanprod,
}  # fmt: skip


def rows(x):
    return np.stack([x, 2 * x, 4 * x], axis=1)


POLES_OF_ROWS = {
    "norm": (lambda x: np.linalg.norm(rows(x), axis=1), np.nan),
    "std": (lambda x: np.std(rows(x), axis=1), np.inf),
    "matmul": (lambda x: np.sqrt(rows(x)) @ np.array([1, 0.5, 0]), 0.0),
}
ALIVE = np.array([False, True, True])
ALL_POLES = {**POLES, **POLES_OF_ROWS}
GIVE_NAN = ("sqrt of -1", "x log x", "sin 1/x", "sin x / x", "norm", "std")
PAIRS = [
    (pole, mask)
    for pole in ALL_POLES
    for mask in [*HIDES, *HIDES_THE_FIRST, *(HIDES_NAN if pole in GIVE_NAN else HIDES_THE_LEAST)]
]


def masked(pole, mask):
    """The masked program, its twin that never meets the pole, and the point where it would."""
    f, singular = ALL_POLES[pole]
    alone = pole in GIVE_NAN and mask in HIDES_NAN
    others = {**HIDES_THE_FIRST, **(HIDES_NAN if pole in GIVE_NAN else HIDES_THE_LEAST)}

    def hide(y):
        return np.sum((HIDES[mask](y, ALIVE) if mask in HIDES else others[mask](y)) ** 2)

    def twin(x):
        safe = f(x[1:]) if alone else np.where(ALIVE, f(np.where(ALIVE, x, 1.5)), -9.0)
        return hide(safe)

    return quiet(lambda x: hide(f(x))), twin, np.array([singular, 1.3, 1.8])


@pytest.mark.parametrize(("pole", "mask"), PAIRS)
def test_a_mask_silences_a_pole(pole, mask):
    f, twin, x = masked(pole, mask)
    first = grad(twin)(x)
    assert first.any()
    for call in CALLS.values():
        agree(call(f, x), first)
    agree(hessian(f)(x), hessian(twin)(x))


@pytest.mark.parametrize("mask", ["where", "a mask", "var", "at set"])
@pytest.mark.parametrize("pole", ALL_POLES)
def test_products_of_a_direction_and_what_is_masked(pole, mask):
    f, twin, x = masked(pole, mask)
    v, second = np.array([0.3, 1.0, -2.0]), hessian(twin)(x)
    agree(jvp(f, (x,), (v,))[1], grad(twin)(x) @ v)
    agree(hvp(f, x, v), second @ v)
    agree(grad(lambda x: np.sum(grad(f)(x) * v))(x), second @ v)
    agree(jvp(grad(f), (x,), (v,))[1], second @ v)


@pytest.mark.parametrize("pole", POLES)
def test_a_mask_silences_the_pole_of_a_number(pole):
    f, x = POLES[pole]
    f = quiet(lambda x, f=f: np.where(False, f(x), 1.0) + 2 * x)
    assert backward(f, x) == grad(f)(x) == jvp(f, (x,), (1.0,))[1] == 2
    assert grad(grad(f))(x) == 0


@pytest.mark.parametrize("kind", [np.float32, np.complex64, np.complex128])
@pytest.mark.parametrize("f", [np.sqrt, np.log, lambda x: 1 / x, lambda x: x * np.log(x)])
def test_masks_of_other_kinds_of_numbers(kind, f):
    got = grad(quiet(lambda x: np.real(np.where(ALIVE, f(x), 0)).sum()))(np.array([0, 2, 2], kind))
    assert got.dtype == kind
    assert got.tolist() == [0, *[pytest.approx(grad(lambda x: np.real(f(x)))(kind(2)))] * 2]


def test_piecewise_calls_each_function_where_it_holds():
    f = jacobian(lambda x: np.piecewise(x, [x > 0], [np.sqrt]))
    assert f(np.array([0.0, 4.0])).tolist() == [[0, 0], [0, 0.25]]


# ---------------------------------------------------------------------- random programs

HARMLESS = [np.tanh, lambda u: 0.5 + 0.3 * np.sin(u), lambda u: 0.5 * u, lambda u: 1 - u]
MIXES = [lambda u, v: u * v, lambda u, v: u + v, np.maximum, lambda u, v: u - 2 * v]
STEPS = [*[f for f, _ in POLES.values()], *HARMLESS * 3, *MIXES * 2, "roll", "reverse"]
POINTS = st.one_of(st.sampled_from([0.0, -0.0, np.nan, np.inf, -1.0, 1e300]), st.floats(0.15, 0.85))


def random_program(steps, mask, x, safe):
    """A program that hides what left [0.1, 0.9] before a pole; safe: where it never meets one."""
    alive = np.isfinite(x) & (np.abs(x) < 9)
    u = first = np.where(alive, x, 0.5) if safe else x
    for step in steps:
        if step == "roll":
            u, alive, first = np.roll(u, 1), np.roll(alive, 1), np.roll(first, 1)
        elif step == "reverse":
            u, alive = u * u[::-1], alive & alive[::-1]
        elif step in MIXES or step in HARMLESS:
            u = step(u, first) if step in MIXES else step(u)
        else:
            alive = alive & (u > 0.1) & (u < 0.9)
            u = step(np.where(alive, u, 0.5) if safe else u)
    return np.sum(HIDES[mask](u, alive) ** 2), alive


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(STEPS), min_size=1, max_size=5),
    st.sampled_from(sorted(HIDES)),
    st.lists(POINTS, min_size=4, max_size=4),
    st.sampled_from([grad, hessian]),
)
def test_random_masked_programs(steps, mask, x, order):
    x = np.array(x)
    assume(quiet(random_program)(steps, "where", x, True)[1].sum() > 1)
    programs = (lambda x, safe=k: random_program(steps, mask, x, safe)[0] for k in (False, True))
    got, true = (order(quiet(f))(x) for f in programs)
    np.testing.assert_allclose(got, true, rtol=1e-9, atol=1e-9)
