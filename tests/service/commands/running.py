"""Runs commands in this process, or in one of their own that can be stopped."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[3]


class Running:
    """A command that reads what the test writes, until it ends."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin and process.stdout and process.stderr
        self.process = process
        self.stdin: IO[bytes] = process.stdin
        self.stdout: IO[bytes] = process.stdout
        self.stderr: IO[bytes] = process.stderr

    def send(self, text: str) -> None:
        """Write some input."""
        self.stdin.write(text.encode())
        self.stdin.flush()

    def end(self, signal: int) -> tuple[int, str]:
        """Send a signal; returns the exit status and the rest of standard error."""
        self.process.send_signal(signal)
        return self.process.wait(), self.stderr.read().decode()


@contextmanager
def running(*arguments: str | Path) -> Iterator[Running]:
    """`python -m service` in a process of its own, which ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    command = Running(process)
    try:
        yield command
    finally:
        process.kill()
        process.wait()
        for stream in (command.stdout, command.stderr):
            stream.close()
        with suppress(BrokenPipeError):  # what it no longer wanted to read
            command.stdin.close()
