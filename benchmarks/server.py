"""A system that runs: started, waited for, asked, ended. Knows nothing about load.

`ask` is for checks and probes; what is timed goes through `benchmarks.load`.
"""

import http.client
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.catalogue import Launch, System, free_port, own_python
from benchmarks.environments import python_of
from benchmarks.processes import Family
from benchmarks.systems.classifier import MODEL_VARIABLE

ROOT = Path(__file__).parent.parent
_PATIENCE = 90  # seconds until a system has to answer
_IN_A_ROW = 15  # answers over new connections, before and after the system has settled
_PAUSE = 0.1  # seconds between two looks
_SETTLING = 10  # seconds that a system may go on after its clients have gone
_LOOK = 0.2  # seconds over which its processor time is watched
_QUIET = 0.3  # cores; some systems never use less


class StartError(RuntimeError):
    """A system did not come up."""


class Server:
    """A system that answers on a port."""

    def __init__(self, system: System, family: Family, port: int) -> None:
        self.system = system
        self.family = family
        self.port = port

    @property
    def url(self) -> str:
        """Where its requests go."""
        return f"http://127.0.0.1:{self.port}{self.system.path}"

    def ask(self, body: str, connection: http.client.HTTPConnection | None = None) -> Any:
        """The answer to one request, as JSON. Raises OSError, HTTPException or ValueError."""
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            own.request("POST", self.system.path, body, {"Content-Type": "application/json"})
            response = own.getresponse()
            text = response.read().decode()
        finally:
            if connection is None:
                own.close()
        if response.status != 200:
            raise ValueError(f"status {response.status}: {text[:200]}")
        return json.loads(text)

    def settle(self) -> None:
        """Wait until it has done with what a generator left behind when it hung up."""
        limit = time.monotonic() + _SETTLING
        used = self.family.cpu_seconds()
        while time.monotonic() < limit:
            time.sleep(_LOOK)
            before, used = used, self.family.cpu_seconds()
            if used - before < _LOOK * _QUIET:
                return


@contextmanager
def serve(
    system: System, workers: int, model: Path, first_body: str, logs: Path
) -> Iterator[Server]:
    """A system from its start until its end; it answers `first_body` before it is given out.

    Raises StartError and InstallError.
    """
    launch, variables = prepare(system, workers)
    command = system.command(launch)
    environment = {**os.environ, **variables, MODEL_VARIABLE: str(model), "PYTHONPATH": str(ROOT)}
    family = Family(command, environment, ROOT, logs / f"{system.name}.log")
    try:
        server = Server(system, family, launch.port)
        _wait(server, first_body)
        yield server
    finally:
        family.stop(system.stop)


def prepare(system: System, workers: int) -> tuple[Launch, dict[str, str]]:
    """Where a system will listen, and its variables. Raises InstallError."""
    python = str(python_of(system.environment)) if system.environment else own_python()
    launch = Launch(python, free_port(), system.workers or workers)
    variables = {
        name: value.format(workers=launch.workers, port=launch.port)
        for name, value in system.variables.items()
    }
    variables |= {name: str(free_port()) for name in system.ports}
    return launch, variables


def shown_command(command: Sequence[str], port: int) -> str:
    """A command line without the folders of this machine and the port of this run."""
    names = [Path(command[0]).name, *command[1:]]
    return " ".join(names).replace(f"{ROOT}{os.sep}", "").replace(str(port), "PORT")


def _wait(server: Server, body: str) -> None:
    limit = time.monotonic() + _PATIENCE
    reason: Exception | None = None
    in_a_row = 0
    while time.monotonic() < limit:
        if server.family.ended:
            raise StartError(f"ended by itself: {server.family.tail()}")
        try:
            server.ask(body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = error
            in_a_row = 0
            time.sleep(_PAUSE)
        else:
            in_a_row += 1
            # The first answer says that one worker is ready; others may still load.
            if in_a_row == _IN_A_ROW:
                server.settle()
            elif in_a_row == 2 * _IN_A_ROW:
                return
    raise StartError(f"no answer in {_PATIENCE} seconds ({reason}): {server.family.tail()}")
