"""Accounts for every request of an open loop: each ends in exactly one way.

Pure: times are passed in. Latency counts from the moment at which a request was due, not from
when the generator came to send it, so that a server that stalls cannot slow the clock down.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from benchmarks.load.arrivals import Arrival


class Ledger:
    """What became of each request of each stream."""

    def __init__(self, arrivals: Sequence[Arrival], streams: int) -> None:
        self._arrivals = arrivals
        self._open = set(range(len(arrivals)))
        self._streams = streams
        self._latencies: list[dict[int, list[float]]] = [defaultdict(list) for _ in range(streams)]
        self._counts: list[Counter[str]] = [Counter() for _ in range(streams)]

    @property
    def unsettled(self) -> int:
        """Requests without an end so far."""
        return len(self._open)

    def answered(self, ticket: int, status: int, at: float, echo_fits: bool) -> None:
        """The answer of a ticket came, `at` seconds from the start.

        `echo_fits`: the answer named the request that was sent, and no other.
        """
        arrival = self._arrivals[ticket]
        counts = self._counts[arrival.stream]
        if ticket not in self._open:
            counts["answered_twice"] += 1
            return
        self._open.remove(ticket)
        counts["mixed_up"] += not echo_fits
        self._latencies[arrival.stream][status].append(at - arrival.due)

    def lost(self, ticket: int) -> None:
        """The connection of a ticket ended before its answer."""
        if ticket in self._open:
            self._open.remove(ticket)
            self._counts[self._arrivals[ticket].stream]["lost"] += 1

    def close(self) -> None:
        """Whatever has no end now is lost."""
        for ticket in list(self._open):
            self.lost(ticket)

    def latencies(self, stream: int, status: int) -> list[float]:
        """Seconds from due to answered, of the answers with that status."""
        return self._latencies[stream].get(status, [])

    def statuses(self, stream: int) -> dict[int, int]:
        """How many answers had each status."""
        return {status: len(values) for status, values in sorted(self._latencies[stream].items())}

    def count(self, stream: int, what: str) -> int:
        """Requests that were lost, mixed_up or answered_twice."""
        return self._counts[stream][what]
