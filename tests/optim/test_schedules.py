"""Schedules against recursions and closed forms, and what they do together."""

import math

import numpy as np
import pytest

import optim
from autograd import Value

BASES = [0.5, 0.02]


def make(kind=optim.SGD, bases=BASES, **settings):
    return kind([{"params": [Value(1.0)], "lr": base} for base in bases], **settings)


def rates(optimizer, *schedules, steps=30):
    """The rates of the groups before each step of the schedules."""
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in optimizer.param_groups])
        for schedule in schedules:
            schedule.step()
    return np.array(found)


def grows(start, factor):
    """base · start, times factor(t) in the step to t."""

    def expected(base, steps):
        found = [base * start]
        for t in range(1, steps):
            found.append(found[-1] * factor(t))
        return found

    return expected


def cosine(length, least):
    """One half of a cosine after the other, falling and rising: PyTorch's recursion."""

    def expected(base, steps):
        found = [base]
        for t in range(1, steps):
            if (t - 1 - length) % (2 * length) == 0:
                rise = (base - least) * (1 - math.cos(math.pi / length)) / 2
                found.append(found[-1] + rise)
            else:
                ratio = 1 + math.cos(math.pi * t / length)
                ratio /= 1 + math.cos(math.pi * (t - 1) / length)
                found.append(ratio * (found[-1] - least) + least)
        return found

    return expected


def restarts(lengths, least):
    def expected(base, steps):
        found = []
        for length in lengths:
            angles = np.linspace(0, np.pi, length, endpoint=False)
            found += list(least + (base - least) * np.cos(angles / 2) ** 2)
        return found[:steps]

    return expected


def of_list(factors):
    return lambda base, steps: [base * factors[min(t, len(factors) - 1)] for t in range(steps)]


LINE = list(np.interp(range(5), [0, 4], [0.2, 0.8]))
FORMULAS = [
    (optim.LambdaLR, [lambda t: 1 / (1 + t)], of_list([1 / k for k in range(1, 31)])),
    (optim.StepLR, [7], grows(1, lambda t: 1 if t % 7 else 0.1)),
    (optim.StepLR, [1, 0.9], grows(1, lambda t: 0.9)),
    (optim.MultiStepLR, [[12, 4, 4], 0.5], grows(1, lambda t: {4: 0.25, 12: 0.5}.get(t, 1))),
    (optim.ExponentialLR, [0.8], grows(1, lambda t: 0.8)),
    (optim.PolynomialLR, [], of_list([1, 0.8, 0.6, 0.4, 0.2, 0])),
    (optim.PolynomialLR, [4, 2.0], of_list([1, 9 / 16, 1 / 4, 1 / 16, 0])),
    (optim.ConstantLR, [], of_list([1 / 3] * 5 + [1])),
    (optim.ConstantLR, [0.25, 9], grows(0.25, lambda t: 4 if t == 9 else 1)),
    (optim.LinearLR, [], of_list([5 / 15, 7 / 15, 9 / 15, 11 / 15, 13 / 15, 1])),
    (optim.LinearLR, [0.2, 0.8, 4], of_list(LINE)),
    (optim.CosineAnnealingLR, [10], cosine(10, 0.0)),
    (optim.CosineAnnealingLR, [7, 0.001], cosine(7, 0.001)),
    (optim.CosineAnnealingWarmRestarts, [7], restarts([7] * 5, 0.0)),
    (optim.CosineAnnealingWarmRestarts, [3, 2, 0.001], restarts([3, 6, 12, 24], 0.001)),
    (optim.OneCycleLR, [0.1, 30], lambda base, steps: one_cycle(30, 0.1)),
]


@pytest.mark.parametrize(("kind", "settings", "expected"), FORMULAS)
def test_the_formula(kind, settings, expected):
    optimizer = make()
    schedule = kind(optimizer, *settings)
    found = rates(optimizer, schedule, steps=29)
    for k, base in enumerate(BASES):
        np.testing.assert_allclose(found[:, k], expected(base, 30)[:29], rtol=1e-10, atol=1e-15)
    assert schedule.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
    assert schedule.base_lrs == BASES
    assert schedule.last_epoch == 29


@pytest.mark.parametrize(("kind", "settings", "expected"), FORMULAS)
def test_state_goes_out_and_in(kind, settings, expected):
    optimizer = make(momentum=0.9)
    schedule = kind(optimizer, *settings)
    rates(optimizer, schedule, steps=8)
    saved = schedule.state_dict(), optimizer.state_dict()
    found = rates(optimizer, schedule, steps=20)
    again = make(bases=[7.0, 8.0], momentum=0.5)
    resumed = kind(again, *settings)
    resumed.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    assert (rates(again, resumed, steps=20) == found).all()
    for mine, other in zip(again.param_groups, optimizer.param_groups, strict=True):
        assert (mine["momentum"], mine["lr"]) == (other["momentum"], other["lr"])
    with pytest.raises(ValueError, match="1 groups of parameters, not of 2"):
        resumed.load_state_dict(optim.ConstantLR(make(bases=[1.0])).state_dict())


def between(a, b, share, straight=False):
    return a + (b - a) * share if straight else b + (a - b) * math.cos(math.pi * share / 2) ** 2


def one_cycle(total, top, share=0.3, first=25.0, last=1e4, three=False, straight=False):
    """The rates for whole numbers of steps up (and down)."""
    up = round(share * total)
    low, end = top / first, top / first / last
    found = [between(low, top, t / (up - 1), straight) for t in range(up)]
    if three:
        found += [between(top, low, t / (up - 1), straight) for t in range(1, up)]
        top = low
    rest = total - len(found)
    return found + [between(top, end, t / rest, straight) for t in range(1, rest + 1)]


@pytest.mark.parametrize(
    ("settings", "of_rates"),
    [
        ({}, {}),
        ({"anneal_strategy": "linear"}, {"straight": True}),
        ({"pct_start": 0.4, "three_phase": True}, {"share": 0.4, "three": True}),
        (
            {"three_phase": True, "anneal_strategy": "linear", "pct_start": 0.25},
            {"three": True, "straight": True, "share": 0.25},
        ),
        ({"div_factor": 4.0, "final_div_factor": 50.0}, {"first": 4.0, "last": 50.0}),
    ],
)
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_one_cycle(kind, settings, of_rates):
    optimizer = make(kind, **({"momentum": 0.5} if kind is optim.SGD else {"betas": (0.5, 0.7)}))
    schedule = optim.OneCycleLR(optimizer, 0.3, 20, base_momentum=0.8, max_momentum=0.9, **settings)
    expected = one_cycle(20, 0.3, **of_rates)
    # Momentum is the same curve, upside down, from 0.9 to 0.8 and back.
    inverse = one_cycle(20, 0.8, **{**of_rates, "first": 0.8 / 0.9, "last": 1.0})
    for t in range(20):
        for group in optimizer.param_groups:
            assert group["lr"] == pytest.approx(expected[t], rel=1e-9)
            momentum, *b2 = group["betas"] if kind is optim.Adam else [group["momentum"]]
            assert momentum == pytest.approx(inverse[t], rel=1e-9)
            assert b2 == ([0.7] if kind is optim.Adam else [])
        schedule.step()  # one more than there are rates, as a loop makes that steps after each
    with pytest.raises(ValueError, match="step 21 of a schedule of total_steps=20"):
        schedule.step()


@pytest.mark.parametrize(
    ("kind", "settings", "cycle", "name", "value"),
    [
        (optim.SGD, {"momentum": 0.5}, False, "momentum", 0.5),
        (optim.SGD, {}, True, "momentum", 0.0),
        (optim.Adam, {"betas": (0.5, 0.7)}, False, "betas", (0.5, 0.7)),
    ],
)
def test_one_cycle_leaves_momentum_alone(kind, settings, cycle, name, value):
    optimizer = make(kind, **settings)
    schedule = optim.OneCycleLR(optimizer, 0.3, 10, cycle_momentum=cycle)
    schedule.step()
    assert optimizer.param_groups[0][name] == value


FALLING = [5, 4, 4, 4, 4, 3.99, 4, 4, 4]


@pytest.mark.parametrize(
    ("settings", "measures", "changes"),
    [
        ({"patience": 2}, FALLING, [4, 8]),
        ({"patience": 2}, [5, 4, 4, 4, 3, 3, 3, 3], [7]),
        ({"patience": 0}, [5, 4, 4, 3, math.nan, 2], [2, 4]),
        ({"patience": 1, "threshold": 0.01}, FALLING, [3, 5, 7]),
        ({"patience": 1, "threshold": 0.002}, FALLING, [3, 7]),
        ({"patience": 1, "threshold": 0.02, "threshold_mode": "abs"}, FALLING, [3, 5, 7]),
        ({"patience": 1, "threshold": 0.005, "threshold_mode": "abs"}, FALLING, [3, 7]),
        ({"patience": 1}, [1, 0.99995, 0.9999, 0.99985], [2]),
        ({"patience": 1, "mode": "max"}, [1, 2, 2, 2, 3, 1, 1], [3, 6]),
        ({"patience": 0, "mode": "max", "threshold": 0.1}, [10, 10.5, 11.5, 12.6, 13], [1, 3]),
        (
            {"patience": 0, "mode": "max", "threshold": 0.6, "threshold_mode": "abs"},
            [10, 10.5, 11.5, 12.6, 13],
            [1, 4],
        ),
        ({"patience": 0, "mode": "max"}, [-4, -4.1, -3.9, -3.8999, -3.8], [1]),
        ({"patience": 1, "cooldown": 2}, [1] * 10, [2, 6]),
        ({"patience": 0, "cooldown": 3}, [1] * 10, [1, 5, 9]),
    ],
)
def test_plateau(settings, measures, changes):
    optimizer = make()
    schedule = optim.ReduceLROnPlateau(optimizer, factor=0.3, **settings)
    for t, measured in enumerate(measures):
        schedule.step(measured)
        power = sum(change <= t for change in changes)
        assert schedule.get_last_lr() == pytest.approx([base * 0.3**power for base in BASES])


def test_the_least_rates_of_a_plateau():
    optimizer = make()
    schedule = optim.ReduceLROnPlateau(optimizer, factor=0.1, patience=0, min_lr=[0.01, 0.004])
    found = []
    for _ in range(4):
        schedule.step(np.float64(1.0))
        found.append(schedule.get_last_lr())
    np.testing.assert_allclose(found, [[0.5, 0.02], [0.05, 0.004], [0.01, 0.004], [0.01, 0.004]])
    optimizer = make(bases=[1e-8, 1.0])
    schedule = optim.ReduceLROnPlateau(optimizer, patience=0, min_lr=0.5)
    for _ in range(2):
        schedule.step(1.0)
    assert schedule.get_last_lr() == [1e-8, 0.5]


def test_the_state_of_a_plateau_goes_out_and_in():
    optimizer, again = make(), make()
    schedule, resumed = (
        optim.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=2) for o in (optimizer, again)
    )
    measures = [3, 2, 2, 2, 2, 2, 2, 2, 2, 2.5, 1, 1, 1, 1, 1]
    for k, measured in enumerate(measures):
        if k in (3, 5, 8):
            resumed = optim.ReduceLROnPlateau(again, factor=0.5, patience=2, cooldown=2)
            resumed.load_state_dict(schedule.state_dict())
        schedule.step(measured)
        resumed.step(measured)
        assert resumed.get_last_lr() == schedule.get_last_lr()
    assert schedule.get_last_lr() == [base * 0.5**3 for base in BASES]


def sequence(optimizer):
    warm = optim.LinearLR(optimizer, 0.25, total_iters=4)
    steps, falling = optim.StepLR(optimizer, 3, 0.5), optim.ExponentialLR(optimizer, 0.9)
    return optim.SequentialLR(optimizer, [warm, steps, falling], [5, 12])


def chain(optimizer):
    parts = [
        optim.LinearLR(optimizer, 0.25, total_iters=4),
        optim.CosineAnnealingLR(optimizer, 15, 0.001),
        optim.ExponentialLR(optimizer, 0.9),
    ]
    return optim.ChainedScheduler(parts)


def nested(optimizer):
    return optim.SequentialLR(
        optimizer, [chain(optimizer), optim.ConstantLR(optimizer, 0.5, 3)], [6]
    )


def of_sequence(base, t):
    if t < 5:
        return base * [0.25, 0.4375, 0.625, 0.8125, 1][t]
    return base * (0.5 ** ((t - 5) // 3) if t < 12 else 0.9 ** (t - 12))


def of_chain(base, t):
    warm = base * [0.25, 0.4375, 0.625, 0.8125, 1][min(t, 4)]
    return (0.001 + (warm - 0.001) * math.cos(math.pi * t / 30) ** 2) * 0.9**t


def of_nested(base, t):
    return of_chain(base, t) if t < 6 else base * (0.5 if t < 9 else 1)


@pytest.mark.parametrize(
    ("compose", "expected"), [(sequence, of_sequence), (chain, of_chain), (nested, of_nested)]
)
def test_schedules_of_schedules(compose, expected):
    optimizer = make()
    schedule = compose(optimizer)
    table = np.array([[expected(base, t) for base in BASES] for t in range(30)])
    np.testing.assert_allclose(rates(optimizer, schedule, steps=8), table[:8], rtol=1e-10)
    saved = schedule.state_dict(), optimizer.state_dict()
    np.testing.assert_allclose(rates(optimizer, schedule, steps=22), table[8:], rtol=1e-10)
    again = make(bases=[7.0, 8.0])
    resumed = compose(again)
    resumed.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    np.testing.assert_allclose(rates(again, resumed, steps=22), table[8:], rtol=1e-10)


@pytest.mark.parametrize("turned", [False, True])
def test_schedules_of_one_optimizer_act_as_their_product(turned):
    optimizer = make()
    schedules = [
        optim.ExponentialLR(optimizer, 0.9),
        optim.LinearLR(optimizer, 0.25, total_iters=4),
        optim.StepLR(optimizer, 5, 0.5),
    ]
    found = rates(optimizer, *(schedules[::-1] if turned else schedules))
    factors = [0.9**t * (0.25 + 0.75 * min(t, 4) / 4) * 0.5 ** (t // 5) for t in range(30)]
    np.testing.assert_allclose(found, np.outer(factors, BASES), rtol=1e-10)


def test_a_rate_changed_by_hand_or_by_a_plateau_stays_changed():
    optimizer = make()
    schedule = optim.ExponentialLR(optimizer, 0.9)
    plateau = optim.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(3):
        schedule.step()
        plateau.step(1.0)
    optimizer.param_groups[1]["lr"] *= 3
    schedule.step()
    expected = [BASES[0] * 0.9**4 / 4, BASES[1] * 0.9**4 / 4 * 3]
    assert schedule.get_last_lr() == pytest.approx(expected, rel=1e-12)


def plateau_and_constant():
    o = make()
    optim.SequentialLR(o, [optim.ConstantLR(o), optim.ReduceLROnPlateau(o)], [3])


def constants(optimizer, milestones):
    parts = [optim.ConstantLR(optimizer) for _ in range(3)]
    optim.SequentialLR(optimizer, parts, milestones)


@pytest.mark.parametrize(
    ("refused", "error", "says"),
    [
        (lambda: optim.ConstantLR(Value(1.0)), TypeError, "of an optimizer, not of a Value"),
        (lambda: optim.LRScheduler(make()), TypeError, r"has no lr\(base, t\)"),
        (lambda: optim.StepLR(make(), 0), ValueError, "step_size is 0"),
        (lambda: optim.StepLR(make(), 2.5), ValueError, "step_size is 2.5"),
        (lambda: optim.PolynomialLR(make(), -1), ValueError, "total_iters is -1"),
        (lambda: optim.LinearLR(make(), total_iters=True), ValueError, "total_iters is True"),
        (lambda: optim.LinearLR(make(), 0.0), ValueError, "start_factor is 0.0"),
        (lambda: optim.LinearLR(make(), end_factor=1.5), ValueError, "end_factor 1.5"),
        (lambda: optim.CosineAnnealingLR(make(), 0), ValueError, "T_max is 0"),
        (lambda: optim.CosineAnnealingWarmRestarts(make(), 0), ValueError, "T_0 is 0"),
        (lambda: optim.CosineAnnealingWarmRestarts(make(), 2, 0), ValueError, "T_mult is 0"),
        (lambda: optim.OneCycleLR(make(), 0.1, 0), ValueError, "total_steps is 0"),
        (lambda: optim.OneCycleLR(make(), 0.1, 9, pct_start=1.1), ValueError, "pct_start is 1.1"),
        (lambda: optim.OneCycleLR(make(), 0.1, 9, anneal_strategy="x"), ValueError, "'x'; it is"),
        (lambda: optim.ReduceLROnPlateau(make(), "low"), ValueError, "mode is 'low'"),
        (lambda: optim.ReduceLROnPlateau(make(), threshold_mode="x"), ValueError, "_mode 'x'"),
        (lambda: optim.ReduceLROnPlateau(make(), factor=1.0), ValueError, "factor is 1.0"),
        (lambda: constants(make(), [4]), ValueError, "3 schedules need 2 milestones"),
        (lambda: constants(make(), [4, 4]), ValueError, "milestones that grow"),
        (plateau_and_constant, ValueError, "ReduceLROnPlateau not among them"),
        (
            lambda: optim.ChainedScheduler([optim.ConstantLR(make()), optim.ConstantLR(make())]),
            ValueError,
            "of one optimizer",
        ),
        (lambda: optim.ChainedScheduler([]), ValueError, "no schedules to chain"),
    ],
)
def test_refusals(refused, error, says):
    with pytest.raises(error, match=says):
        refused()


def test_repr():
    schedule = optim.ConstantLR(make(), 0.5)
    assert repr(schedule) == "ConstantLR(t=0, lr=[0.25, 0.01])"
