import asyncio

import pytest

from benchmarks.load.exchange import Connection, body_length, header, request_bytes

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Request-ID: b-7\r\n\r\nhello"


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


class Told:
    def __init__(self) -> None:
        self.answers: list[tuple[int, int, bytes]] = []
        self.losses: list[int] = []
        self.strays = 0

    def answered(self, connection: Connection, ticket: int, status: int, head: bytes) -> None:
        self.answers.append((ticket, status, head))

    def lost(self, connection: Connection, ticket: int) -> None:
        self.losses.append(ticket)

    def unasked(self, connection: Connection, size: int) -> None:
        self.strays += size


def connected() -> tuple[Connection, Told, Transport]:
    told, transport = Told(), Transport()
    connection = Connection(told)
    connection.connection_made(transport)
    return connection, told, transport


@pytest.mark.parametrize("size", [1, 7, len(ANSWER)])
def test_an_answer_in_pieces_of_any_size(size: int) -> None:
    connection, told, transport = connected()
    connection.send(3, b"a request")
    for start in range(0, len(ANSWER), size):
        assert told.answers == []
        connection.data_received(ANSWER[start : start + size])
    assert [(ticket, status) for ticket, status, _ in told.answers] == [(3, 200)]
    assert transport.written == b"a request"
    assert told.strays == 0


def test_one_answer_after_another() -> None:
    connection, told, _ = connected()
    for ticket in (1, 2):
        connection.send(ticket, b"")
        connection.data_received(ANSWER)
    assert [ticket for ticket, _, _ in told.answers] == [1, 2]


def test_a_second_answer_belongs_to_nobody() -> None:
    connection, told, _ = connected()
    connection.send(1, b"")
    connection.data_received(ANSWER + ANSWER)
    assert len(told.answers) == 1
    assert told.strays == len(ANSWER)
    connection.data_received(ANSWER)
    assert told.strays == 2 * len(ANSWER)


def test_a_connection_that_ends_loses_only_what_it_owes() -> None:
    connection, told, _ = connected()
    connection.send(1, b"")
    connection.data_received(ANSWER)
    connection.connection_lost(None)
    assert told.losses == []
    assert not connection.is_open
    connection, told, _ = connected()
    connection.send(2, b"")
    connection.data_received(ANSWER[:-1])
    connection.connection_lost(None)
    assert told.losses == [2]
    assert told.answers == []


def test_headers_are_found_in_any_case() -> None:
    head = ANSWER.partition(b"\r\n\r\n")[0]
    assert header(head, b"x-request-id") == b"b-7"
    assert header(head, b"retry-after") is None
    assert body_length(head) == 5
    with pytest.raises(ValueError, match="Content-Length"):
        body_length(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked")


def test_requests_state_the_length_of_their_body() -> None:
    request = request_bytes("POST", "/predict", "é".encode(), {"X-Request-ID": "b-1"})
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /predict HTTP/1.1\r\n")
    assert header(head, b"content-length") == b"2"
    assert header(head, b"x-request-id") == b"b-1"
    assert body == "é".encode()
    assert b"Content-Length" not in request_bytes("GET", "/health/live", None)
