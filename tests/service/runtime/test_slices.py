"""A thread gets the slice that it asks for, where the system has such, and keeps all else."""

import os
import sys
import threading
from collections.abc import Callable

import pytest

from service.runtime.slices import LONG, SHORT, ask_for_slice, current_slice


def in_a_thread(work: Callable[[], None]) -> None:
    """Run it where it changes no other test's thread."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for error in failures:
        raise error


def test_a_thread_and_those_that_it_starts_have_the_slice_that_it_asked_for() -> None:
    if not current_slice():
        pytest.skip("this system tells of no slices")
    before = current_slice()

    def ask() -> None:
        for seconds in (SHORT, LONG):
            assert ask_for_slice(seconds)
            assert current_slice() == seconds
        in_a_thread(lambda: _is(LONG))

    in_a_thread(ask)
    assert current_slice() == before


def _is(seconds: float) -> None:
    assert current_slice() == seconds


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness on Linux alone")
def test_a_niceness_stays() -> None:
    def ask() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 7)
        ask_for_slice(LONG)
        assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == 7

    in_a_thread(ask)


@pytest.mark.parametrize(("platform", "machine"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_where_nobody_knows_how_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, platform: str, machine: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert not ask_for_slice(SHORT)
    assert current_slice() is None
