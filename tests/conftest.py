"""Settings of all tests: Hypothesis profiles, floating-point traps, switches that must be reset."""

import importlib.util
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from autograd.recording import is_recording

settings.register_profile("dev", deadline=None, max_examples=10)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


def pytest_collection_modifyitems(items):
    """The example of the one function that needs SciPy is left out where that is missing."""
    if importlib.util.find_spec("scipy") is None:
        for item in items:
            if "polygamma" in item.name:
                item.add_marker(pytest.mark.skip(reason="needs SciPy"))


@pytest.fixture(autouse=True)
def traps():
    """Overflow, division by zero and invalid operations are errors, except where a test asks."""
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


@pytest.fixture(autouse=True)
def switches():
    """A test that leaves recording switched off fails."""
    yield
    assert is_recording(), "the test left recording switched off"
