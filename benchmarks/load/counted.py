"""A given number of requests in a closed loop, for what has to be counted rather than timed.

Runs as a process of its own, like the open loop: one connection a client, each sends its next
request when it has its answer. Prints the statuses as JSON.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import uvloop

from benchmarks.load.exchange import Connection, request_bytes


class Clients:
    """Some connections that share a number of requests."""

    def __init__(self, requests: list[bytes], total: int) -> None:
        self._requests = requests
        self._total = total
        self._sent = 0
        self._settled = 0
        self._statuses: Counter[str] = Counter()
        self._finished = asyncio.Event()

    async def run(self, port: int, clients: int) -> dict[str, int]:
        """How many answers had each status; `lost` for those without."""
        loop = asyncio.get_running_loop()
        for _ in range(min(clients, self._total)):
            _, connection = await loop.create_connection(
                lambda: Connection(self), "127.0.0.1", port
            )
            self._send(connection)
        await self._finished.wait()
        return dict(self._statuses)

    def answered(self, connection: Connection, ticket: int, status: int, head: bytes) -> None:
        """Told by a connection."""
        self._settle(str(status))
        if connection.is_open:
            self._send(connection)

    def lost(self, connection: Connection, ticket: int) -> None:
        """Told by a connection."""
        self._settle("lost")

    def unasked(self, connection: Connection, size: int) -> None:
        """Told by a connection."""
        self._statuses["unasked"] += 1

    def _send(self, connection: Connection) -> None:
        if self._sent < self._total:
            ticket = self._sent
            self._sent += 1
            connection.send(ticket, self._requests[ticket % len(self._requests)])

    def _settle(self, outcome: str) -> None:
        self._statuses[outcome] += 1
        self._settled += 1
        if self._settled == self._total:
            self._finished.set()


def command(port: int, requests: Path, total: int, clients: int) -> list[str]:
    """The command line. `requests`: a file with a line `PATH BODY` a request, used in turn."""
    arguments = [str(port), str(requests), str(total), str(clients)]
    return [sys.executable, "-m", "benchmarks.load.counted", *arguments]


def main(port: str, file: str, total: str, clients: str) -> None:
    """Send them and print what came back."""
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    requests = [
        request_bytes("POST", path, body.encode())
        for path, _, body in (line.partition(" ") for line in lines)
    ]
    found = uvloop.run(Clients(requests, int(total)).run(int(port), int(clients)))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
