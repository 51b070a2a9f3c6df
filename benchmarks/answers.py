"""Whether a system's answers are right: the same as those of the model called in-process.

Each text is asked alone, and again in a crowd, because a server that batches may change what it
answers. Knows what to compare; `benchmarks.server` knows how to ask.
"""

import http.client
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.catalogue import Best
from benchmarks.server import Server

_EXACT = 1e-6  # scores that are printed and read again may differ by this
CROWD = 32  # requests at the same time


class WrongAnswers(RuntimeError):
    """A system answers something else than the model."""


def compare_labels(expected: Sequence[Best], found: Sequence[Best]) -> dict[str, float]:
    """How many texts there are, how many have another label or score, and by how much at most.

    Raises WrongAnswers where their numbers differ.
    """
    if len(expected) != len(found):
        raise WrongAnswers(f"{len(found)} answers to {len(expected)} texts")
    pairs = list(zip(expected, found, strict=True))
    differences = [abs(wanted[1] - got[1]) for wanted, got in pairs if wanted[0] == got[0]]
    return {
        "texts": len(pairs),
        "other_label": sum(wanted[0] != got[0] for wanted, got in pairs),
        "other_score": sum(difference > _EXACT for difference in differences),
        "largest_difference": max(differences, default=0.0),
    }


def compare_texts(expected: Sequence[str], found: Sequence[str]) -> dict[str, float]:
    """How many texts there are, and how many differ. Raises WrongAnswers for another number."""
    if len(expected) != len(found):
        raise WrongAnswers(f"{len(found)} answers to {len(expected)} texts")
    return {
        "texts": len(expected),
        "other_text": sum(a != b for a, b in zip(expected, found, strict=True)),
    }


def ask_alone(server: Server, bodies: Sequence[str]) -> list[Any]:
    """The answers to requests that are sent one after another."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        return [server.ask(body, connection) for body in bodies]
    finally:
        connection.close()


def ask_in_a_crowd(server: Server, bodies: Sequence[str]) -> list[Any]:
    """The answers to requests of which many are under way at any time, in their order."""
    local = threading.local()
    opened: list[http.client.HTTPConnection] = []

    def ask(body: str) -> Any:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            opened.append(local.connection)
        return server.ask(body, local.connection)

    try:
        with ThreadPoolExecutor(CROWD) as pool:
            return list(pool.map(ask, bodies))
    finally:
        for connection in opened:
            connection.close()
