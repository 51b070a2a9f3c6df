import os
import sys
from pathlib import Path

import pytest

from benchmarks.processes import Family

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")

# A child that leaves its parent's session, as the workers of some servers do. Both wait forever.
PROGRAM = """
import os, signal, subprocess, sys
child = "import os, signal; os.setsid(); print('child', os.getpid(), flush=True); signal.pause()"
{ignore}
started = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, text=True)
print(started.stdout.readline(), end="", flush=True)
signal.pause()
"""


def start(tmp_path: Path, ignore: str = "") -> tuple[Family, int]:
    """A family of two, and the id of the child, once both have started."""
    log = tmp_path / "log"
    command = [sys.executable, "-c", PROGRAM.format(ignore=ignore)]
    family = Family(command, os.environ, tmp_path, log)
    while not (text := log.read_text(encoding="ascii")).endswith("\n"):
        assert not family.ended, text
    return family, int(text.split()[1])


def state(pid: int) -> str:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return text.rpartition(")")[2].split()[0]


def alive(pid: int) -> bool:
    try:
        return state(pid) != "Z"
    except FileNotFoundError:
        return False


def test_a_family_is_counted_with_children_that_left_its_session(tmp_path: Path) -> None:
    family, _ = start(tmp_path)
    try:
        assert family.processes() == 2
        assert family.cpu_seconds() > 0
        assert family.resident_bytes() > 5_000_000
    finally:
        family.stop(patience=0)


def test_nothing_of_a_family_is_left_behind(tmp_path: Path) -> None:
    family, child = start(tmp_path)
    assert alive(child)
    family.stop(patience=0.1)  # the child does not end by itself
    assert family.ended
    assert not alive(child) or family.processes() == 0


def test_a_family_sleeps_until_it_is_woken_and_ends_asleep(tmp_path: Path) -> None:
    family, child = start(tmp_path)
    try:
        family.pause()
        assert [state(family.pid), state(child)] == ["T", "T"]
        family.resume()
        assert "T" not in [state(family.pid), state(child)]
        family.pause()
    finally:
        family.stop(patience=0.1)
    assert not alive(family.pid)


def test_a_process_that_will_not_end_is_killed(tmp_path: Path) -> None:
    family, _ = start(tmp_path, ignore="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    family.stop(patience=0.1)
    assert family.ended


def test_the_last_lines_of_what_it_wrote(tmp_path: Path) -> None:
    program = "print('one\\n\\ntwo\\nthree')"
    with Family([sys.executable, "-c", program], os.environ, tmp_path, tmp_path / "log") as family:
        while not family.ended:
            pass
        assert family.tail(2) == "two\nthree"
