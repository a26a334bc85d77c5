"""A corpus of planted faults: the checker finds every one, and names it."""

import numpy as np
import pytest

from autograd import grad, gradcheck
from autograd.testing import faults
from autograd.testing.faults import FAULTS


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_the_checker_finds_it_and_names_it(name):
    with np.errstate(all="ignore"):
        report = FAULTS[name].check()
    assert not report.ok
    assert FAULTS[name].words in str(report)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.plant])
def test_without_the_fault_the_same_passes(name):
    fault = FAULTS[name]
    assert gradcheck(fault.f, fault.inputs, **fault.settings)


def test_there_are_more_than_forty():
    assert len(FAULTS) > 40


def test_a_teacher_plants_one_and_a_student_finds_it():
    secret = faults.plant(seed=3)
    try:
        found = [name for name, fault in FAULTS.items() if fault.plant and not _is_right(fault)]
    finally:
        secret.remove()
    assert secret.reveal() in found
    assert all(_is_right(fault) for fault in FAULTS.values() if fault.plant)


def _is_right(fault):
    with np.errstate(all="ignore"):
        return gradcheck(fault.f, fault.inputs, raises=False, **fault.settings).ok


def test_planting_twice_and_removing_twice():
    with faults.plant("wrong sign"), faults.plant("= for +=") as second:
        assert grad(np.cos)(1.0) > 0
        second.remove()
    assert grad(np.cos)(1.0) == -np.sin(1.0)
    assert grad(lambda x: x * x)(3.0) == 6


def test_two_faults_in_one_place_are_refused():
    with faults.plant("chain rule forgotten"), pytest.raises(RuntimeError, match="already"):
        faults.plant("stale cache")
    assert grad(np.tanh)(0.0) == 1


def test_a_fault_that_nobody_holds_stays_until_it_is_removed():
    faults.plant("= for +=")
    try:
        assert grad(lambda x: x * x)(3.0) == 3
    finally:
        faults.remove_all()
    assert grad(lambda x: x * x)(3.0) == 6


def test_an_interruption_leaves_the_engine_right():
    with pytest.raises(KeyboardInterrupt), faults.plant("wrong sign"):
        raise KeyboardInterrupt
    assert grad(np.cos)(1.0) == -np.sin(1.0)


def test_a_fault_that_remembers_begins_anew():
    for _ in range(3):
        assert "looks stale" in str(FAULTS["stale cache"].check())
        assert "other results each time" in str(FAULTS["dropout left on"].check())


def test_names_that_are_not_there():
    with pytest.raises(KeyError, match="'wrong sign'"):
        faults.plant("wrong sing")
    with pytest.raises(ValueError, match="written by hand"):
        faults.plant("dropout left on")
    for arguments in ((7,), ("wrong sign", 1)):
        with pytest.raises(TypeError):
            faults.plant(*arguments[:1], **({"seed": 1} if arguments[1:] else {}))
