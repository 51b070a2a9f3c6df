"""Whether the server is stopping: a mark in the state that it shares with every request.

The server sets it in the event loop, before it does anything else to stop.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

_MARK = "gatehouse.draining"


def begin_draining(state: MutableMapping[str, Any]) -> None:
    """Marks the state of the server's lifespan, of which each request gets a copy."""
    state[_MARK] = True


def is_draining(state: Mapping[str, Any]) -> bool:
    """Whether the server that this state is of has begun to stop."""
    return _MARK in state
