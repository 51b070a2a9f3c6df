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
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

_TO_WRITE = 10.0  # seconds, for the stacks of one process
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
    """Tells all processes to abort that this one has started, and those that they have.

    One after the other, because they may share a file, where their stacks would mix.
    """
    for process in _descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGABRT)
        _wait(process)


def _wait(process: int) -> None:
    """Until a process has ended, or for as long as nobody needs to write stacks."""
    latest = time.monotonic() + _TO_WRITE
    with suppress(OSError):  # it is gone
        # Behind its name in brackets: the state, a Z for one that only has to be collected.
        while Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][:1] != "Z":
            if time.monotonic() > latest:
                return
            time.sleep(0.01)


def _descendants(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):  # it has ended, or there is no such folder
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *_descendants(child)]
    return found
