"""Systems that take turns: all are started, and all but one sleep.

Two systems are then measured within a minute of each other, however long it takes to start one, and
what a machine does otherwise from minute to minute weighs on both alike.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from benchmarks.bench import Bench
from benchmarks.catalogue import System
from benchmarks.server import Server


class Turns:
    """Started systems, asleep unless it is their turn. A context: all of them end with it."""

    def __init__(self, bench: Bench, model: Path) -> None:
        self._bench = bench
        self._model = model
        self._stack = ExitStack()
        self._servers: dict[str, Server] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def systems(self) -> list[System]:
        """Those that could be started, in that order."""
        return [server.system for server in self._servers.values()]

    def start(self, system: System, first_body: str, check: Callable[[Server], None]) -> None:
        """Start a system and check it; one that fails is noted and takes no turns.

        check: raises what `Bench.attempt` notes.
        """
        self._bench.say(f"start: {system.name}")

        def step() -> None:
            with ExitStack() as stack:
                server = stack.enter_context(self._bench.serving(system, self._model, first_body))
                check(server)
                server.settle()
                server.family.pause()
                self._stack.push(stack.pop_all())
            self._servers[system.name] = server

        self._bench.attempt(system.name, "start", step)

    @contextmanager
    def turn(self, system: System) -> Iterator[Server]:
        """The system awake; it sleeps again afterwards, once it has done with its load."""
        server = self._servers[system.name]
        server.family.resume()
        try:
            yield server
            server.settle()
        finally:
            server.family.pause()
