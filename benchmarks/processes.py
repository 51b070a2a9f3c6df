"""Processes: started in a session of their own, watched by what Linux says of them, ended by id.

A server's *family* is every process that descends from it, also those that left its session or
lost their parents. Knows nothing about HTTP. Linux only: it reads /proc.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE = 0.05  # seconds between two looks at a family that is to end
_ANSWER = 0.01  # seconds in which a child answers its parent
_ASLEEP = "TZX"  # stopped, or at its end


class _Stat(NamedTuple):
    """One line of /proc/PID/stat."""

    pid: int
    state: str
    parent: int
    session: int
    cpu: float  # seconds, with those of children that were waited for
    started: int  # ticks since the machine started: tells a process from a later one of its id


class Family:
    """A process that was started here, and all that descend from it."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        """Start it. Its output goes to `log`. Raises OSError."""
        self.command = list(command)
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._known: dict[int, int] = {}  # pid to when it started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def ended(self) -> bool:
        """Whether the first process is gone."""
        return self._process.poll() is not None

    def cpu_seconds(self) -> float:
        """Processor time of the whole family, user and system."""
        return sum(stat.cpu for stat in self._members())

    def resident_bytes(self) -> int:
        """Resident memory summed over the family; pages that are shared count for each."""
        total = 0
        for stat in self._members():
            try:
                fields = Path(f"/proc/{stat.pid}/statm").read_text(encoding="ascii").split()
            except OSError:
                continue
            total += int(fields[1]) * _PAGE
        return total

    def processes(self) -> int:
        """How many are alive."""
        return len(self._members())

    def tail(self, lines: int = 3) -> str:
        """The last lines that it wrote."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])

    def pause(self) -> None:
        """Let no process of the family run until `resume`.

        Parents first: one that has just asked its child whether it is well must find the answer
        when it goes on, or it would replace the child.
        """
        for pid in self._parents_first():
            _signal(pid, signal.SIGSTOP)
            time.sleep(_ANSWER)
            while (stat := _read(pid)) and stat.state not in _ASLEEP:
                time.sleep(_ANSWER)

    def resume(self) -> None:
        """Let them go on, children first."""
        for pid in reversed(self._parents_first()):
            _signal(pid, signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM, patience: float = 15.0) -> None:
        """Ask the first process to end, wait, and kill whatever of the family is left."""
        self.resume()  # also makes them known while they still have their parents
        if not self.ended:
            os.kill(self.pid, number)
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            if self.ended and not self._members():
                return
            time.sleep(_PATIENCE)
        for stat in self._members():
            _signal(stat.pid, signal.SIGKILL)
        self._process.wait()
        while self._members():  # those of which this is not the parent take a moment longer
            time.sleep(_PATIENCE)

    def _parents_first(self) -> list[int]:
        parents = {stat.pid: stat.parent for stat in self._members()}

        def depth(pid: int) -> int:
            return 0 if pid not in parents else 1 + depth(parents[pid])

        return sorted(parents, key=depth)

    def _members(self) -> list[_Stat]:
        stats = {stat.pid: stat for stat in map(_read, _pids()) if stat and stat.state != "Z"}
        alive = {pid for pid, start in self._known.items()
                 if pid in stats and stats[pid].started == start}  # fmt: skip
        alive |= {pid for pid, stat in stats.items() if stat.session == self.pid}
        grown = True
        while grown:
            more = {pid for pid, stat in stats.items() if stat.parent in alive} - alive
            alive |= more
            grown = bool(more)
        self._known = {pid: stats[pid].started for pid in alive}
        return [stats[pid] for pid in alive]


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it has ended by itself


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _read(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets, and may hold anything.
    fields = text[text.rindex(")") + 2 :].split()
    own, waited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return _Stat(
        pid, fields[0], int(fields[1]), int(fields[3]), (own + waited) / _TICKS, int(fields[19])
    )
