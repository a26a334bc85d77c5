"""The pytest plugin: a fixture, an option, and a summary of what was checked and what was skipped.

It stands outside the packages, and imports none of them before a test does: pytest loads it in
every run, also in those that check no gradients.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

_KEY = pytest.StashKey["Summary"]()
_SHOWN = 5


class Summary:
    """What the gradient checks of a run have found, by tests."""

    def __init__(self) -> None:
        self.checks = 0
        self.verdicts: Counter[str] = Counter()
        self.skipped: dict[str, Counter[str]] = {}
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.test = ""

    def listen(self) -> None:
        """Be told of every check from now on."""
        from autograd.check.gradcheck import OBSERVERS

        if self.observe not in OBSERVERS:
            OBSERVERS.append(self.observe)

    def observe(self, report: Any) -> None:
        """Note a report of the checker under the test that runs now."""
        self.checks += 1
        self.seconds[self.test] += report.seconds
        for verdict, n in report.counts.items():
            self.verdicts[str(verdict)] += n
            if verdict.skips:
                self.skipped.setdefault(self.test, Counter())[str(verdict)] += n

    def add(self, other: dict[str, Any]) -> None:
        """Add what a worker of pytest-xdist has found."""
        self.checks += other["checks"]
        self.verdicts.update(other["verdicts"])
        for test, seconds in other["seconds"].items():
            self.seconds[test] += seconds
        for test, counts in other["skipped"].items():
            self.skipped.setdefault(test, Counter()).update(counts)

    def plain(self) -> dict[str, Any]:
        """It all in plain dicts, which can be sent."""
        return {
            "checks": self.checks,
            "verdicts": dict(self.verdicts),
            "seconds": dict(self.seconds),
            "skipped": {test: dict(counts) for test, counts in self.skipped.items()},
        }


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --gradient-examples."""
    parser.getgroup("gradients").addoption(
        "--gradient-examples",
        type=int,
        metavar="N",
        help="how many examples Hypothesis tries in each test that has no settings of its own, "
        "those of @autograd.testing.gradients among them",
    )


@pytest.hookimpl(trylast=True)  # after the settings' profiles of Hypothesis and of conftest.py
def pytest_configure(config: pytest.Config) -> None:
    """Set the number of examples, and start to listen."""
    config.stash[_KEY] = Summary()
    examples = config.getoption("--gradient-examples")
    if examples is not None:
        if examples < 1:
            raise pytest.UsageError(f"--gradient-examples is a positive number, not {examples}.")
        _load_profile(examples)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Set it again: a conftest.py below may have loaded a profile of its own."""
    examples = session.config.getoption("--gradient-examples")
    if examples is not None:
        _load_profile(examples)


def _load_profile(examples: int) -> None:
    try:
        from hypothesis import settings
    except ImportError:
        message = "--gradient-examples needs Hypothesis: pip install 'valuegrad[test]'"
        raise pytest.UsageError(message) from None
    settings.register_profile("valuegrad", settings(), max_examples=examples)
    settings.load_profile("valuegrad")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Listen to the checker while a test runs, its fixtures included, if autograd is there."""
    summary = item.config.stash[_KEY]
    summary.test = item.nodeid
    if "autograd" in sys.modules:
        summary.listen()
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop listening."""
    checker = sys.modules.get("autograd.check.gradcheck")
    summary = config.stash.get(_KEY, None)
    if checker and summary and summary.observe in checker.OBSERVERS:
        checker.OBSERVERS.remove(summary.observe)


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Any:
    """`autograd.gradcheck`: checks the gradient of f at some inputs, and says what is wrong."""
    import autograd

    request.config.stash[_KEY].listen()
    return autograd.gradcheck


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was checked, what took longest, and what could not be compared."""
    summary = config.stash[_KEY]
    if not summary.checks or config.get_verbosity() < -1:
        return
    terminalreporter.section("gradients")
    terminalreporter.line(
        f"{summary.checks} check{'s' * (summary.checks > 1)}: {_counted(summary.verdicts)}"
    )
    if summary.skipped:
        most = sorted(summary.skipped.items(), key=lambda pair: -pair[1].total())
        terminalreporter.line("not compared:")
        for test, counts in most[:_SHOWN]:
            terminalreporter.line(f"  {test}: {_counted(counts)}")
        if len(most) > _SHOWN:
            rest = sum((counts for _, counts in most[_SHOWN:]), Counter())
            terminalreporter.line(f"  in {len(most) - _SHOWN} more tests: {_counted(rest)}")
    slowest = sorted(summary.seconds.items(), key=lambda pair: -pair[1])[:3]
    slowest = [pair for pair in slowest if pair[1] >= 0.1]
    if slowest:
        terminalreporter.line("slowest:")
        for test, seconds in slowest:
            terminalreporter.line(f"  {seconds:.2f} s  {test}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of a worker of pytest-xdist: send what was found."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["gradients"] = session.config.stash[_KEY].plain()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Of pytest-xdist: take what a worker has found."""
    found = getattr(node, "workeroutput", {}).get("gradients")
    if found:
        node.config.stash[_KEY].add(found)
