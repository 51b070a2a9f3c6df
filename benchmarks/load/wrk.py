"""Closed-loop load with wrk: every client sends its next request when it has its answer.

One thread of wrk is enough here (it costs 0.01 to 0.05 ms a request). wrk counts statuses above
399 as errors, and says nothing of answers that are wrong: those are checked elsewhere.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
_TIMEOUT = 60  # seconds after which wrk counts a request as unanswered
_GRACE = 30  # seconds that wrk may take beyond its duration


class LoadError(RuntimeError):
    """The generator is missing or did not do its work."""


@dataclass(frozen=True)
class Closed:
    """What a closed loop measured. Latencies in seconds."""

    requests: int
    seconds: float
    errors: int  # statuses above 399, and requests without an answer
    p50: float
    p90: float
    p99: float
    cpu_seconds: float  # of the generator

    @property
    def rate(self) -> float:
        """Requests answered well in a second."""
        return (self.requests - self.errors) / self.seconds


def drive(url: str, bodies: Path, clients: int, seconds: float) -> Closed:
    """Post the lines of `bodies` in turn, for some seconds. Raises LoadError."""
    command = wrk_command(url, bodies, clients, seconds)
    program = shutil.which(command[0])
    if program is None:
        raise LoadError("wrk is not installed; it is a package of most distributions")
    before = os.times()
    try:
        done = subprocess.run(
            [program, *command[1:]], capture_output=True, text=True, timeout=seconds + _GRACE
        )
    except subprocess.TimeoutExpired:
        raise LoadError(f"wrk did not end in {seconds + _GRACE:.0f} seconds") from None
    after = os.times()
    used = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return parse(done.stdout + done.stderr, used)


def wrk_command(url: str, bodies: Path, clients: int, seconds: float) -> Sequence[str]:
    """The command line of one run."""
    return [
        "wrk",
        "--threads=1",
        f"--connections={clients}",
        f"--duration={max(1, round(seconds))}s",
        f"--timeout={_TIMEOUT}s",
        f"--script={SCRIPT}",
        url,
        "--",
        str(bodies),
    ]


def parse(output: str, cpu_seconds: float) -> Closed:
    """What wrk.lua printed. Raises LoadError where it printed nothing, or nothing was answered."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            found = json.loads(line.removeprefix("RESULT "))
            break
    else:
        raise LoadError(f"wrk printed no result: {output.strip()[-200:]}")
    errors = found["unanswered"] + found["statuses"]
    if found["requests"] <= found["statuses"]:
        raise LoadError(f"nothing was answered well: {found['requests']} answers, {errors} errors")
    return Closed(
        requests=found["requests"],
        seconds=found["seconds"],
        errors=errors,
        p50=found["p50"],
        p90=found["p90"],
        p99=found["p99"],
        cpu_seconds=cpu_seconds,
    )
