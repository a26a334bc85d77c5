"""Optimizers against their formulas written out for one number, and what they share."""

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import nn
import optim
from autograd import Value


def gradient(w):
    return w + math.sin(3 * w)


def sgd(w, steps, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    v = None
    for _ in range(steps):
        g = gradient(w) + weight_decay * w
        if momentum:
            v = g if v is None else momentum * v + (1 - dampening) * g
            g = g + momentum * v if nesterov else v
        w -= lr * g
    return w


def of_means(move):
    """The loop of Adam and its kin: move makes a step of t, g, m, and the v of all steps."""

    def formula(w, steps, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0,
                decoupled_weight_decay=False, **more):  # fmt: skip
        m, vs = 0.0, [0.0]
        for t in range(1, steps + 1):
            g = gradient(w)
            if decoupled_weight_decay:
                w -= lr * weight_decay * w
            else:
                g += weight_decay * w
            m = betas[0] * m + (1 - betas[0]) * g
            vs.append(betas[1] * vs[-1] + (1 - betas[1]) * g * g)
            w -= lr * move(t, g, m, vs, *betas, eps, **more)
        return w

    return formula


@of_means
def adam(t, g, m, vs, b1, b2, eps, amsgrad=False):
    v = max(vs) if amsgrad else vs[-1]
    return m / (1 - b1**t) / (math.sqrt(v / (1 - b2**t)) + eps)


@of_means
def nadam(t, g, m, vs, b1, b2, eps, momentum_decay=4e-3):
    mu = [b1 * (1 - 0.96 ** (k * momentum_decay) / 2) for k in range(1, t + 2)]
    ahead = mu[-1] * m / (1 - math.prod(mu)) + (1 - mu[-2]) * g / (1 - math.prod(mu[:-1]))
    return ahead / (math.sqrt(vs[-1] / (1 - b2**t)) + eps)


@of_means
def radam(t, g, m, vs, b1, b2, eps):
    longest = 2 / (1 - b2) - 1
    n = longest - 2 * t * b2**t / (1 - b2**t)
    if n <= 5:
        return m / (1 - b1**t)
    r = math.sqrt((n - 4) / (longest - 4) * (n - 2) / (longest - 2) * longest / n)
    return m / (1 - b1**t) * r * math.sqrt(1 - b2**t) / (math.sqrt(vs[-1]) + eps)


def adamax(w, steps, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    m, sizes = 0.0, []
    for t in range(1, steps + 1):
        g = gradient(w) + weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        sizes = [betas[1] * size for size in sizes] + [abs(g) + eps]
        w -= lr * m / (1 - betas[0] ** t) / max(sizes)
    return w


def rmsprop(w, steps, lr, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    square = mean = b = 0.0
    for _ in range(steps):
        g = gradient(w) + weight_decay * w
        square = alpha * square + (1 - alpha) * g**2
        mean = alpha * mean + (1 - alpha) * g
        b = momentum * b + g / (math.sqrt(square - centered * mean**2) + eps)
        w -= lr * b
    return w


def adagrad(w, steps, lr, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
    s = initial_accumulator_value
    for t in range(steps):
        g = gradient(w) + weight_decay * w
        s += g**2
        w -= lr / (1 + t * lr_decay) * g / (math.sqrt(s) + eps)
    return w


def adadelta(w, steps, lr, rho=0.9, eps=1e-6, weight_decay=0.0):
    squares = changes = 0.0
    for _ in range(steps):
        g = gradient(w) + weight_decay * w
        squares = rho * squares + (1 - rho) * g**2
        change = math.sqrt(changes + eps) / math.sqrt(squares + eps) * g
        changes = rho * changes + (1 - rho) * change**2
        w -= lr * change
    return w


def lion(w, steps, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = 0.0
    for _ in range(steps):
        g = gradient(w)
        w -= lr * (math.copysign(1, betas[0] * m + (1 - betas[0]) * g) + weight_decay * w)
        m = betas[1] * m + (1 - betas[1]) * g
    return w


OTHER = {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}
ADAMW = partial(adam, decoupled_weight_decay=True)
CASES = [
    (optim.SGD, sgd, {"lr": 0.05}),
    (optim.SGD, sgd, {"lr": 0.05, "momentum": 0.9}),
    (optim.SGD, sgd, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    (optim.SGD, sgd, {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1}),
    (optim.SGD, sgd, {"lr": 0.05, "momentum": 0.8, "dampening": 0.3}),
    (optim.Adam, adam, {"lr": 0.1}),
    (optim.Adam, adam, {"lr": 0.1, **OTHER}),
    (optim.Adam, adam, {"lr": 0.1, **OTHER, "amsgrad": True}),
    (optim.AMSGrad, partial(adam, amsgrad=True), {"lr": 0.1, "betas": (0.5, 0.8)}),
    (optim.AdamW, partial(ADAMW, weight_decay=0.01), {"lr": 0.1}),
    (optim.AdamW, ADAMW, {"lr": 0.1, **OTHER, "amsgrad": True}),
    (optim.Adamax, adamax, {"lr": 0.1}),
    (optim.Adamax, adamax, {"lr": 0.1, **OTHER}),
    (optim.NAdam, nadam, {"lr": 0.1}),
    (optim.NAdam, nadam, {"lr": 0.1, **OTHER, "momentum_decay": 0.1}),
    (optim.NAdam, nadam, {"lr": 0.1, **OTHER, "decoupled_weight_decay": True}),
    (optim.RAdam, radam, {"lr": 0.1}),
    (optim.RAdam, radam, {"lr": 0.1, **OTHER}),
    (optim.RAdam, radam, {"lr": 0.1, **OTHER, "decoupled_weight_decay": True}),
    (optim.RMSprop, rmsprop, {"lr": 0.01}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "alpha": 0.8, "eps": 1e-3, "centered": True}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "momentum": 0.7, "weight_decay": 0.1}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "momentum": 0.7, "centered": True, "eps": 1e-2}),
    (optim.Adagrad, adagrad, {"lr": 0.1}),
    (optim.Adagrad, adagrad, {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "eps": 1e-3}),
    (optim.Adagrad, adagrad, {"lr": 0.1, "initial_accumulator_value": 0.5}),
    (optim.Adadelta, adadelta, {"lr": 1.0}),
    (optim.Adadelta, adadelta, {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
    (optim.Lion, lion, {"lr": 0.02}),
    (optim.Lion, lion, {"lr": 0.02, "betas": (0.5, 0.8), "weight_decay": 0.1}),
]
KINDS = list(dict.fromkeys(kind for kind, _, _ in CASES))
# Numbers, small arrays, and arrays of more than a tile: the formula is one for all of them.
STARTS = [0.7, np.array([[0.7, 0.1], [1.3, 0.9]]), np.linspace(0.1, 1, 40_000).reshape(200, 200)]


def gradients(*numbers):
    return [SimpleNamespace(data=1.0, grad=g) for g in numbers]


def run(w, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        (w**2 / 2 - np.cos(3 * w) / 3).sum().backward()
        optimizer.step()


@pytest.mark.parametrize(("kind", "formula", "settings"), CASES)
@pytest.mark.parametrize("start", STARTS, ids=["number", "array", "tiles"])
def test_the_formula(kind, formula, settings, start):
    w = Value(start)
    run(w, kind([w], **settings), 50)
    for k in (0, np.size(start) // 2, -1):
        expected = formula(float(np.ravel(start)[k]), 50, **settings)
        assert float(np.ravel(w.data)[k]) == pytest.approx(expected, rel=1e-10)
    assert type(w.data) is type(start)


@pytest.mark.parametrize("z", [2 + 1j, np.complex64(2 + 1j), np.array([1 + 2j, -1j])])
@pytest.mark.parametrize(("kind", "formula", "settings"), CASES)
def test_a_complex_number_is_a_pair_of_real_ones(kind, formula, settings, z):
    w, pair = Value(z), Value(np.stack([np.real(z), np.imag(z)]) + 0.0)
    optimizer, of_pair = kind([w], **settings), kind([pair], **settings)
    for _ in range(20):
        w.grad, pair.grad = 2 * w.data + 1 - 3j, 2 * pair.data
        pair.grad.T[:] += np.array([1, -3])
        optimizer.step()
        of_pair.step()
    rtol = 1e-4 if isinstance(z, np.complex64) else 1e-10
    np.testing.assert_allclose(w.data, pair.data[0] + 1j * pair.data[1], rtol=rtol)
    assert type(w.data) is type(z)


def test_layouts_other_than_c_are_updated():
    w = Value(1.0)
    w.data = np.ones((300, 200)).T
    optimizer = optim.SGD([w], lr=0.5)
    w.grad = np.ones((200, 300))
    optimizer.step()
    assert (w.data == 0.5).all()


@pytest.mark.parametrize(("kind", "formula", "settings"), CASES)
@pytest.mark.parametrize("start", [np.float32(1.5), np.ones(3, "f4"), np.ones((150, 150), "f4")])
def test_single_precision_stays(kind, formula, settings, start):
    w = Value(start)
    optimizer = kind([w], **settings)
    for _ in range(7):
        w.grad = start / 2
        optimizer.step()
    assert (type(w.data), w.dtype) == (type(start), np.float32)
    assert all(x.dtype == np.float32 for x in optimizer.state[w].values() if np.ndim(x))


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_returns_the_loss_of_its_closure(kind):
    w, twin = Value(np.array([1.0, 2.0])), Value(np.array([1.0, 2.0]))

    def closure():
        loss = (w**2).sum()
        loss.backward()
        return loss

    assert kind([w], lr=0.1).step(closure).data == 5.0
    twin.grad = 2 * twin.data
    assert kind([twin], lr=0.1).step() is None
    assert (w.data == twin.data).all()


def test_groups_have_settings_of_their_own():
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": 1.0}], lr=0.1)
    (a + b).backward()
    optimizer.step()
    assert (a.data, b.data) == (0.9, 0.0)
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert a.data == pytest.approx(0.4)


def test_a_parameter_is_anything_with_data_and_grad_which_may_be_none():
    class Plain:
        data, grad = 1.0, 2.0

    p = Plain()
    optimizer = optim.SGD([p], lr=0.25)
    optimizer.step()
    assert p.data == 0.5
    optimizer.zero_grad()
    optimizer.step()
    assert p.data == 0.5


@pytest.mark.parametrize(("kind", "formula", "settings"), CASES)
def test_state_goes_out_and_in(kind, formula, settings):
    w = Value(np.array([0.7]))
    optimizer = kind([w], **settings)
    run(w, optimizer, 5)
    saved, at = optimizer.state_dict(), w.data
    run(w, optimizer, 5)
    for _ in range(2):
        again = Value(at)
        resumed = kind([again], lr=123.0, **({"momentum": 0.9} if settings.get("nesterov") else {}))
        resumed.load_state_dict(saved)
        run(again, resumed, 5)
        assert (w.data == again.data).all()
    with pytest.raises(ValueError, match="groups"):
        kind([w, again], **settings).load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: optim.SGD([], lr=0.1), ValueError, "empty"),
        (lambda: optim.SGD([np.ones(3)]), TypeError, r"0 is a ndarray.*model\.parameters"),
        (lambda: optim.SGD(nn.Linear(2, 2).parameters() * 2), ValueError, "twice"),
        (lambda: optim.SGD([Value(1.0)], lr=-1), ValueError, "lr is -1"),
        (lambda: optim.SGD([Value(1.0)], lr=float("nan")), ValueError, "lr is nan"),
        (lambda: optim.SGD([Value(1.0)], lr=0.1, nesterov=True), ValueError, "momentum"),
        (lambda: optim.Adam([Value(1.0)], betas=(1.0, 0.9)), ValueError, "betas"),
        (lambda: optim.SGD([{"params": [Value(1.0)], "rate": 1}]), TypeError, "no setting rate"),
        (lambda: optim.SGD([{"params": [Value(1.0)], "lr": -1.0}]), ValueError, "lr is -1"),
        (lambda: optim.SGD([{"params": [Value(1.0)], "nesterov": True}]), ValueError, "nesterov"),
        (lambda: optim.SGD(Value([1.0, 2.0])), TypeError, r"\[w\]"),
        (lambda: optim.Adam([Value(1.0)], betas=(0.9,)), ValueError, "a pair"),
        (lambda: optim.RMSprop([Value(1.0)], alpha=1.0), ValueError, "alpha is 1.0"),
        (lambda: optim.Adadelta([Value(1.0)], rho=1.5), ValueError, "rho is 1.5"),
        (lambda: optim.LBFGS([Value(1.0)]).step(), TypeError, "give step"),
        (lambda: optim.LBFGS([{"params": [Value(1.0)]}] * 2), ValueError, "one group"),
        (lambda: optim.LBFGS([Value(1.0)], line_search_fn="armijo"), ValueError, "'strong_wolfe'"),
        (lambda: optim.clip_grad_norm_(gradients(1.0), -1.0), ValueError, "max_norm is -1"),
        (lambda: optim.clip_grad_norm_(gradients(1.0), math.nan), ValueError, "max_norm is nan"),
        (lambda: optim.clip_grad_norm_(gradients(1.0), 1.0, 0), ValueError, "norm_type 0"),
        (lambda: optim.clip_grad_value_(gradients(1.0), -1.0), ValueError, "clip_value is -1"),
        (lambda: optim.clip_grad_value_(gradients(1j), 1.0), TypeError, "clip_grad_norm_"),
    ],
)
def test_refusals(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_repr():
    assert repr(optim.SGD([Value(1.0)], lr=0.1)).startswith("SGD(lr=0.1, momentum=0.0")


@pytest.mark.parametrize("start", STARTS, ids=["number", "array", "tiles"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_replaces_data_and_leaves_the_old_as_it_was(start, kind):
    """So a record made before the step keeps its meaning, and so does whoever holds the data."""
    w = Value(start)
    held, copied = w.data, np.copy(w.data)
    y = (w * w).sum()
    y.backward()
    optimizer, slope = kind([w], lr=0.1), w.grad
    for _ in range(2):
        optimizer.step()
    assert np.all(held == copied)
    assert np.all(slope == 2 * copied)
    w.zero_grad()
    y.backward()
    assert np.all(w.grad == 2 * copied)


RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3))
Y = np.sign(X @ [1.0, -2.0, 0.5] + RNG.normal(size=20))


def logistic(**settings):
    """Parameters, LBFGS, and its closure, for a regularised logistic regression."""
    w, b = Value(np.zeros(3)), Value(0.5)
    optimizer = optim.LBFGS([w, b], **settings)

    def closure():
        optimizer.zero_grad()
        loss = np.log1p(np.exp(-Y * (X @ w + b))).mean() + 0.05 * (w @ w + b * b)
        loss.backward()
        return loss

    return w, b, optimizer, closure


WOLFE = {"line_search_fn": "strong_wolfe"}
# PyTorch 2.13's losses before the second step and before each of the next.
FIGURES = [
    (
        {"lr": 0.3, "max_iter": 1},
        [0.6804974697503, 0.6148361340114, 0.5816084702895, 0.5642102997585, 0.5549263574857],
    ),
    (
        {"lr": 0.3, "max_iter": 7, "history_size": 3},
        [0.5474184256484, 0.5447436267675, 0.5447235393659, 0.5447234018735, 0.5447234013943],
    ),
    (WOLFE, [0.5447234012006, 0.5447234012006, 0.5447234012006, 0.5447234012006, 0.5447234012006]),
    (
        {"lr": 20.0, "max_iter": 4, **WOLFE},
        [0.5457077344277, 0.5447237802114, 0.5447234009437, 0.5447234009437, 0.5447234009437],
    ),
    (
        {"lr": 50.0, "max_iter": 3, "max_eval": 3, **WOLFE},
        [0.6290963734461, 0.5688848032409, 0.5447703292908, 0.5447247226343, 0.5447234013639],
    ),
]


@pytest.mark.parametrize(("settings", "losses"), FIGURES)
def test_lbfgs_makes_the_steps_of_pytorch(settings, losses):
    *_, optimizer, closure = logistic(**settings)
    found = [optimizer.step(closure).data for _ in range(6)]
    assert found == pytest.approx([0.7115769841801, *losses], rel=1e-10)


@pytest.mark.parametrize("settings", [settings for settings, _ in FIGURES])
def test_the_state_of_lbfgs_goes_out_and_in(settings):
    w, b, optimizer, closure = logistic(**{**settings, "max_iter": 2})
    optimizer.step(closure)
    saved, at = optimizer.state_dict(), (w.data, b.data)
    expected = [optimizer.step(closure).data for _ in range(3)]
    w, b, resumed, closure = logistic()
    w.data, b.data = at
    resumed.load_state_dict(saved)
    assert [resumed.step(closure).data for _ in range(3)] == expected


@pytest.mark.parametrize("start", [np.array([-1.2, 1.0]), -1.2 + 1j])
def test_lbfgs_finds_the_minimum_of_rosenbrock(start):
    w, held = Value(start), np.copy(start)
    optimizer = optim.LBFGS([w], tolerance_change=0.0, **WOLFE)

    def closure():
        optimizer.zero_grad()
        x, y = (w[0], w[1]) if np.ndim(start) else (np.real(w), np.imag(w))
        loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)
    assert np.all(start == held)
    np.testing.assert_allclose(w.data, 1 if np.ndim(start) else 1 + 1j, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("norm_type", "norm"), [(2.0, 13.0), (1.0, 19.0), (math.inf, 12.0)])
def test_clipping_by_the_norm(norm_type, norm):
    array = np.array([3.0, -4.0])
    values = gradients(array, 12.0, None)
    assert optim.clip_grad_norm_(values, norm + 1, norm_type) == pytest.approx(norm, rel=1e-12)
    assert (values[0].grad is array, values[1].grad, values[2].grad) == (True, 12.0, None)
    assert optim.clip_grad_norm_(iter(values), 2.0, norm_type) == pytest.approx(norm, rel=1e-12)
    factor = 2 / (norm + 1e-6)
    np.testing.assert_allclose(values[0].grad, factor * array, rtol=1e-12)
    assert values[1].grad == pytest.approx(12 * factor, rel=1e-12)
    assert (type(values[1].grad), values[2].grad) == (float, None)
    assert (array == [3, -4]).all()


def test_clipping_of_nothing_and_of_complex_gradients():
    assert optim.clip_grad_norm_(gradients(None), 1.0) == 0.0
    zero, z = gradients(np.zeros(3), np.array([3 + 4j, 12]))
    assert optim.clip_grad_norm_(zero, 0.0) == 0.0
    assert (zero.grad == 0).all()
    assert optim.clip_grad_norm_(z, 1.3) == pytest.approx(13.0)
    np.testing.assert_allclose(z.grad, [0.3 + 0.4j, 1.2], rtol=1e-6)


def test_clipping_by_value():
    array = np.array([0.5, -4.0, 3.0], "f4")
    values = gradients(array, 12.0, -0.3, None)
    optim.clip_grad_value_(iter(values), 1.0)
    np.testing.assert_array_equal(values[0].grad, np.array([0.5, -1, 1], "f4"), strict=True)
    assert [v.grad for v in values[1:]] == [1.0, -0.3, None]
    assert type(values[1].grad) is float
    assert (array == [0.5, -4, 3]).all()


@pytest.mark.parametrize("g", [math.nan, math.inf])
def test_clipping_by_a_norm_that_is_no_finite_number(g):
    values = gradients(np.array([1.0, 2.0]), g)
    with pytest.raises(ValueError, match=f"norm of the gradients is {g}"):
        optim.clip_grad_norm_(values, 1.0, error_if_nonfinite=True)
    assert (values[0].grad == [1, 2]).all()
    assert optim.clip_grad_norm_(values, 1.0) == pytest.approx(g, nan_ok=True)
    assert math.isnan(values[1].grad)
