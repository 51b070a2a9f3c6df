"""Acceptors on a real listener: nobody is lost, and two that share one share its clients."""

import asyncio
import socket
from collections.abc import Iterator
from typing import cast

import pytest
import uvloop

from service.acceptor import Acceptor


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server


class Counted(asyncio.Protocol):
    """Says which acceptor took its connection, and stays open."""

    def __init__(self, name: bytes, taken: list[asyncio.BaseTransport]) -> None:
        self._name = name
        self._taken = taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._taken.append(transport)
        cast("asyncio.Transport", transport).write(self._name)


async def ask(address: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    try:
        return await reader.readexactly(1)
    finally:
        writer.close()


def test_clients_that_come_at_once_are_shared_and_none_is_lost(listener: socket.socket) -> None:
    async def run() -> list[bytes]:
        taken: dict[bytes, list[asyncio.BaseTransport]] = {b"a": [], b"b": []}
        shared = listener.dup()
        acceptors = [
            Acceptor(
                own,
                lambda name=name: Counted(name, taken[name]),  # type: ignore[misc]
                lambda name=name: len(taken[name]),  # type: ignore[misc]
            )
            for own, name in ((listener, b"a"), (shared, b"b"))
        ]
        answers = await asyncio.gather(*[ask(listener.getsockname()) for _ in range(60)])
        for acceptor in acceptors:
            await acceptor.close()
        shared.close()
        for transports in taken.values():
            for transport in transports:
                transport.close()
        return answers

    answers = uvloop.run(run())
    assert len(answers) == 60
    assert min(answers.count(b"a"), answers.count(b"b")) >= 15


def test_nothing_is_accepted_after_the_end(listener: socket.socket) -> None:
    async def run() -> int:
        taken: list[asyncio.BaseTransport] = []
        acceptor = Acceptor(listener, lambda: Counted(b"a", taken), lambda: len(taken))
        assert await ask(listener.getsockname()) == b"a"
        await acceptor.close()
        late = asyncio.ensure_future(ask(listener.getsockname()))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not late.done()
        late.cancel()
        for transport in taken:
            transport.close()
        return len(taken)

    assert uvloop.run(run()) == 1
