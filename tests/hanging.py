"""A test that hangs ends, and says where it hung.

Tests wait for the processes that they start, and for threads, as long as it takes: how long that is
says more about the machine than about the code. One that waits for ever would leave nothing but a
run that somebody ended. After a time that no test needs, all processes that it has started are told
to abort, which Python answers with the stacks of all its threads; what the test makes of that is
its failure. Where it still hangs, pytest ends it with its own stacks (`faulthandler_timeout` in
pyproject.toml). A plugin of pytest; Linux alone tells it the processes.
"""

import os
import signal
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

PATIENCE = 900.0  # seconds; the longest test takes two to four minutes


def pytest_configure() -> None:
    """Lets every Python that a test starts write its stacks when it is told to abort."""
    os.environ["PYTHONFAULTHANDLER"] = "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Watches over one test with its fixtures."""
    watch = threading.Timer(PATIENCE, abort_children)
    watch.daemon = True
    watch.start()
    try:
        return (yield)
    finally:
        watch.cancel()


def abort_children() -> None:
    """Tells all processes to abort that this one has started, and those that they have."""
    for process in _descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGABRT)


def _descendants(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):  # it has ended, or there is no such folder
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *_descendants(child)]
    return found
