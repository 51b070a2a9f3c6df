"""Open-loop load: requests arrive by a Poisson process, whether or not the server keeps up.

Runs as a process of its own: a plan comes in on standard input as JSON, what was measured goes out
on standard output. Each request carries an id that the service echoes, so that an answer given to
the wrong request is seen. The loop of this process owns everything here.
"""

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import uvloop

from benchmarks.load.arrivals import poisson
from benchmarks.load.exchange import Connection, header, request_bytes
from benchmarks.load.ledger import Ledger
from benchmarks.load.wrk import LoadError

_ID = "X-Request-ID"
# What measures must not wait for what is measured: both share the cores. Only root may ask for it.
_NICENESS = -10
_GRACE = 60  # seconds that the process may take beyond its plan


@dataclass(frozen=True)
class Stream:
    """Requests of one kind."""

    name: str
    method: str
    path: str
    bodies: list[str]  # used in turn; empty for requests without a body
    rate: float  # requests a second


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    port: int
    seconds: float
    streams: list[Stream]
    drain_seconds: float = 20.0  # how long answers are waited for at the end
    connections: int = 64  # opened before the first request; more follow when these are busy
    seed: int = 1


def drive(plan: Plan) -> dict[str, Any]:
    """Run a plan in a process of its own. Raises LoadError.

    Returns `generator_cpu_seconds`, `late` (seconds by which requests were sent after they were
    due) and, in `streams`, by name: `sent`, `latencies` (seconds, by status), `lost`, `mixed_up`,
    `answered_twice`.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load.open_loop"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        timeout=plan.seconds + plan.drain_seconds + _GRACE,
    )
    if done.returncode:
        raise LoadError(f"the open loop failed: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Generator:
    """Sends what is due; keeps the books."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._arrivals = poisson([stream.rate for stream in plan.streams], plan.seconds, plan.seed)
        self._ledger = Ledger(self._arrivals, len(plan.streams))
        self._free: deque[Connection] = deque()
        self._all: list[Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._late: list[float] = []
        self._unasked = 0
        self._next = 0
        self._start = 0.0
        self._finished = asyncio.Event()

    async def run(self) -> dict[str, Any]:
        """The whole plan."""
        loop = asyncio.get_running_loop()
        for _ in range(self._plan.connections):
            self._free.append(await self._connect())
        self._start = loop.time()
        self._send_due()
        try:
            async with asyncio.timeout(self._plan.seconds + self._plan.drain_seconds):
                await self._finished.wait()
        except TimeoutError:
            pass
        self._ledger.close()
        for connection in self._all:
            connection.close()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "generator_cpu_seconds": usage.ru_utime + usage.ru_stime,
            "late": self._late,
            "unasked": self._unasked,
            "streams": {
                stream.name: self._outcome(i) for i, stream in enumerate(self._plan.streams)
            },
        }

    def answered(self, connection: Connection, ticket: int, status: int, head: bytes) -> None:
        """Told by a connection."""
        at = asyncio.get_running_loop().time() - self._start
        fits = header(head, _ID.lower().encode()) == _request_id(ticket).encode()
        self._ledger.answered(ticket, status, at, fits)
        if connection.is_open:
            self._free.append(connection)
        self._look()

    def lost(self, connection: Connection, ticket: int) -> None:
        """Told by a connection."""
        self._ledger.lost(ticket)
        self._look()

    def unasked(self, connection: Connection, size: int) -> None:
        """Told by a connection."""
        self._unasked += 1

    def _look(self) -> None:
        if self._next == len(self._arrivals) and not self._ledger.unsettled:
            self._finished.set()

    def _send_due(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time() - self._start
        while self._next < len(self._arrivals) and self._arrivals[self._next].due <= now:
            self._late.append(now - self._arrivals[self._next].due)
            self._send(self._next)
            self._next += 1
        if self._next < len(self._arrivals):
            loop.call_at(self._start + self._arrivals[self._next].due, self._send_due)
        self._look()

    def _send(self, ticket: int) -> None:
        while self._free:
            connection = self._free.popleft()
            if connection.is_open:
                connection.send(ticket, self._request(ticket))
                return
        task = asyncio.get_running_loop().create_task(self._open_and_send(ticket))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open_and_send(self, ticket: int) -> None:
        try:
            connection = await self._connect()
        except OSError:
            self._ledger.lost(ticket)
            self._look()
        else:
            connection.send(ticket, self._request(ticket))

    async def _connect(self) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self), "127.0.0.1", self._plan.port
        )
        self._all.append(connection)
        return connection

    def _request(self, ticket: int) -> bytes:
        arrival = self._arrivals[ticket]
        stream = self._plan.streams[arrival.stream]
        body = (
            stream.bodies[arrival.number % len(stream.bodies)].encode() if stream.bodies else None
        )
        return request_bytes(stream.method, stream.path, body, {_ID: _request_id(ticket)})

    def _outcome(self, stream: int) -> dict[str, Any]:
        sent = sum(arrival.stream == stream for arrival in self._arrivals)
        return {
            "sent": sent,
            "latencies": {
                str(status): self._ledger.latencies(stream, status)
                for status in self._ledger.statuses(stream)
            },
            **{
                what: self._ledger.count(stream, what)
                for what in ("lost", "mixed_up", "answered_twice")
            },
        }


def _request_id(ticket: int) -> str:
    return f"b-{ticket}"


def _plan(document: Mapping[str, Any]) -> Plan:
    streams = [Stream(**stream) for stream in document["streams"]]
    return Plan(**{**document, "streams": streams})


if __name__ == "__main__":
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    json.dump(uvloop.run(Generator(_plan(json.load(sys.stdin))).run()), sys.stdout)
