"""The protocol over real sockets: framing, order, time-outs, and clients that go."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from service.api.connection import Connection, connection_of
from service.api.draining import begin_draining
from service.api.protocol import GatehouseProtocol
from tests.service.panic import Panic

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
HALF_A_BODY = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"


class Client:
    """A connection to the protocol, both of whose ends the test holds."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        protocol: GatehouseProtocol,
        state: dict[str, Any],
    ) -> None:
        self.reader = reader
        self.protocol = protocol
        self.state = state
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Sends bytes, and returns when the server has them."""
        arrived = self.protocol.arrived = asyncio.Event()  # type: ignore[attr-defined]
        self._writer.write(data)
        await arrived.wait()

    async def answers(self) -> bytes:
        """All that the server sends until it closes the connection."""
        return await self.reader.read()

    async def close(self) -> None:
        """Hangs up."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


class ObservedProtocol(GatehouseProtocol):
    """Says when it has received something."""

    arrived: asyncio.Event | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.arrived is not None:
            self.arrived.set()


def talk(app: ASGIApp, conversation: Callable[[Client], Awaitable[None]]) -> None:
    """Runs the conversation of one client with a server of the app, whose tasks all end."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None)
        config.load()
        state: dict[str, Any] = {}
        server_state = ServerState()
        connected: asyncio.Future[GatehouseProtocol] = loop.create_future()

        def connect() -> GatehouseProtocol:
            protocol = ObservedProtocol(config, server_state, state, loop)
            connected.set_result(protocol)
            return protocol

        server = await loop.create_server(connect, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            client = Client(reader, writer, await connected, state)
            try:
                await conversation(client)
            finally:
                await client.close()
            while server_state.connections or server_state.tasks:
                await asyncio.sleep(0)

    asyncio.run(run())


def app_of(response: Callable[[Scope], Response]) -> ASGIApp:
    """An app that reads the body of a request and answers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive()).get("more_body", False):
            pass
        if message["type"] == "http.request":
            await response(scope)(scope, receive, send)

    return app


ECHO_PATH = app_of(lambda scope: PlainTextResponse(scope["path"]))


def test_requests_that_come_together_are_answered_in_their_order() -> None:
    async def conversation(client: Client) -> None:
        paths = [b"/%d" % number for number in range(5)]
        requests = [b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % path for path in paths]
        last = b"GET /last?q=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        await client.send(b"".join([*requests, last]))
        assert re.findall(rb"\r\n\r\n(/[a-z0-9]+)", await client.answers()) == [*paths, b"/last"]

    talk(ECHO_PATH, conversation)


def test_an_answer_of_unknown_length_is_chunked_and_one_to_head_has_no_body() -> None:
    async def parts() -> Any:
        for part in (b"one", b"", b"two"):
            yield part

    async def conversation(client: Client) -> None:
        await client.send(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        head, _, body = (await client.answers()).partition(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head
        assert body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"

    talk(app_of(lambda scope: StreamingResponse(parts())), conversation)

    async def only_the_head(client: Client) -> None:
        await client.send(b"HEAD /abc HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        head, _, body = (await client.answers()).partition(b"\r\n\r\n")
        assert b"content-length: 4" in head
        assert body == b""

    talk(ECHO_PATH, only_the_head)


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    async def conversation(client: Client) -> None:
        head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n"
        await client.send(head + b"expect: 100-continue\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"{}")
        assert (await client.answers()).startswith(b"HTTP/1.1 200 OK")

    talk(ECHO_PATH, conversation)


def start_of(status: int, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [start_of(200)],
        [start_of(200, (b"x", b"a\r\nset-cookie: b")), {"type": "http.response.body"}],
        [start_of(200, (b"x", b"a\nb")), {"type": "http.response.body"}],
        [{"type": "http.response.body", "body": b"x"}],
        [start_of(200, (b"content-length", b"2")), {"type": "http.response.body", "body": b"x"}],
    ],
    ids=["none", "head only", "split", "line break", "no head", "too short"],
)
def test_an_app_that_answers_wrongly_gives_a_500_of_the_one_shape(
    messages: list[dict[str, Any]],
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    async def conversation(client: Client) -> None:
        await client.send(GET)
        head, _, body = (await client.answers()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 500 ")
        assert b"set-cookie" not in head
        assert body == b'{"error":"internal error; the log says more"}'

    talk(app, conversation)


@pytest.mark.parametrize("error", [RuntimeError, Panic])
def test_an_app_that_fails_gives_a_500_of_the_one_shape(error: type[BaseException]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    async def conversation(client: Client) -> None:
        await client.send(GET)
        head, _, body = (await client.answers()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 500 ")
        assert body == b'{"error":"internal error; the log says more"}'

    talk(app, conversation)


def test_an_app_that_fails_in_its_answer_cuts_it_off() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start_of(200))
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        raise ValueError

    async def conversation(client: Client) -> None:
        await client.send(GET)
        assert (await client.answers()).endswith(b"\r\n\r\n3\r\none\r\n")  # and no end

    talk(app, conversation)


def test_while_the_server_stops_every_answer_closes_its_connection() -> None:
    async def conversation(client: Client) -> None:
        await client.send(GET)
        assert b"connection: close" not in await client.reader.readuntil(b"\r\n\r\n/")
        begin_draining(client.state)
        await client.send(GET)
        assert b"connection: close" in await client.answers()

    talk(ECHO_PATH, conversation)


def pass_seconds(client: Client, number: int) -> None:
    for _ in range(number):
        client.protocol.second_passed(keep_alive=3, request_read=5)


def test_an_idle_connection_is_closed_without_a_word() -> None:
    async def conversation(client: Client) -> None:
        for _ in range(3):  # the time begins anew with every request
            await client.send(GET)
            await client.reader.readuntil(b"\r\n\r\n/")
            pass_seconds(client, 3)
        assert not client.protocol.transport.is_closing()
        pass_seconds(client, 1)
        assert await client.answers() == b""

    talk(ECHO_PATH, conversation)


def test_a_connection_that_never_says_anything_is_closed() -> None:
    async def conversation(client: Client) -> None:
        pass_seconds(client, 5)
        assert not client.protocol.transport.is_closing()
        pass_seconds(client, 1)
        assert await client.answers() == b""

    talk(ECHO_PATH, conversation)


@pytest.mark.parametrize("half", [GET[:9], GET[:-2], HALF_A_BODY], ids=["line", "head", "body"])
def test_half_a_request_is_refused_in_the_end(half: bytes) -> None:
    async def conversation(client: Client) -> None:
        await client.send(half[:-1])
        pass_seconds(client, 3)
        await client.send(half[-1:])  # it is the whole request that has to come in time
        pass_seconds(client, 2)
        assert not client.protocol.transport.is_closing()
        pass_seconds(client, 1)
        head, _, body = (await client.answers()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 Request Timeout")
        assert body == b'{"error": "the request was not complete within 5 s; send it faster"}'

    talk(ECHO_PATH, conversation)


def test_a_client_that_waits_for_its_answer_may_wait() -> None:
    ready = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await ready.wait()
        await ECHO_PATH(scope, receive, send)

    async def conversation(client: Client) -> None:
        await client.send(GET)
        assert client.protocol.busy
        pass_seconds(client, 100)
        await client.send(GET[:-2])  # half a request behind one that is not answered
        pass_seconds(client, 100)
        ready.set()
        assert await client.reader.readuntil(b"\r\n\r\n/")
        await client.send(GET[-2:])
        assert await client.reader.readuntil(b"\r\n\r\n/")
        assert not client.protocol.busy

    talk(app, conversation)


def test_who_asked_hears_that_the_client_has_gone() -> None:
    calls: list[str] = []
    begun = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        connection = connection_of(scope)
        assert connection is not None
        gone = asyncio.Event()

        def forgotten() -> None:
            calls.append("forgotten")

        connection.on_disconnect(lambda: calls.append("first"))
        connection.on_disconnect(forgotten)
        connection.on_disconnect(gone.set)
        connection.remove(forgotten)
        begun.set()
        await gone.wait()
        assert connection.lost
        connection.on_disconnect(lambda: calls.append("late"))
        assert (await receive())["type"] == "http.disconnect"
        await send(start_of(200))  # to nobody, and no error
        await send({"type": "http.response.body"})
        calls.append("end")

    async def conversation(client: Client) -> None:
        await client.send(GET)
        await begun.wait()
        await client.close()

    talk(app, conversation)
    assert calls == ["first", "late", "end"]


def test_a_callback_that_fails_keeps_no_other_from_its_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[str] = []

    def fail() -> None:
        raise ValueError("what the user wrote")

    connection = Connection()
    connection.on_disconnect(fail)
    connection.on_disconnect(lambda: calls.append("second"))
    connection.lose()
    connection.lose()
    assert calls == ["second"]
    assert "what the user wrote" not in [record.getMessage() for record in caplog.records]


def test_under_another_server_there_is_no_connection_to_ask() -> None:
    assert connection_of({"type": "http"}) is None
    assert connection_of({"type": "http", "extensions": {"http.response.push": {}}}) is None
