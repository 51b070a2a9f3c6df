"""The server as it runs: a process of its own, real sockets, signals."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.api.protocol import MAX_HEAD_BYTES

PAIR = {"source": "en", "target": "de"}
LONG_TEXT = "two men talk in the street and a good cat sat on the mat in the park. " * 250


@dataclass
class Server:
    """A running server; its log is read line by line."""

    process: subprocess.Popen[str]
    url: str
    records: list[dict[str, Any]]

    def stop(self) -> int:
        """Sends SIGTERM and waits for the end; the rest of the log is in `records`."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stderr is not None
        self.records += [json.loads(line) for line in self.process.stderr]
        return self.process.wait(timeout=60)


@contextmanager
def serve(models: Path, *flags: str, workers: int = 1, **environment: str) -> Iterator[Server]:
    """A server on a free port, ready to answer."""
    command = [sys.executable, "-m", "service", "serve", "--models", str(models), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--log-format", "json", "--workers", str(workers), *flags],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        records: list[dict[str, Any]] = []
        # Every worker says so of itself, and of each of the two models.
        while (
            sum(
                record["message"].endswith((" is ready", "accepting requests"))
                for record in records
            )
            < 3 * workers
        ):
            line = process.stderr.readline()
            assert line, f"the server ended: {records}"
            records.append(json.loads(line))
        match = re.match(r"listening on (http://\S+:\d+);", records[0]["message"])
        assert match
        yield Server(process, match[1], records)
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture(scope="module")
def shared_server(published_models: Path) -> Iterator[Server]:
    """A server that several tests ask, and none stops."""
    with serve(published_models) as server:
        yield server


@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_answers_and_ends_with_0_at_sigterm(
    published_models: Path, tmp_path: Path, workers: int
) -> None:
    with serve(published_models, workers=workers, TMPDIR=str(tmp_path)) as server:
        with httpx2.Client(base_url=server.url) as client:
            ready = client.get("/health/ready")
            answers = [client.post("/predict", json={"inputs": "a good film"}) for _ in range(8)]
            translation = client.post("/translate", json={"q": ["the cat."], **PAIR})
            rendered = client.get("/metrics").text
        assert server.stop() == 0
    assert ready.json()["status"] == "ready"
    assert {answer.json()[0]["label"] for answer in answers} == {"positive"}
    assert translation.json() == {"translatedText": ["the cat."]}
    assert 'gatehouse_requests_total{method="POST",route="/predict",status="200"} 8.0' in rendered
    assert f"workers: {workers}, threads of each: " in server.records[0]["message"]
    assert "models: sentiment 1, translation-en-de 1" in server.records[0]["message"]
    assert server.records[-1]["message"] == "stopped"
    assert not [record for record in server.records if record["level"] in ("WARNING", "ERROR")]
    assert list(tmp_path.iterdir()) == []  # the folder of the workers' metrics is gone


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "heard", ["", "listening on ", "model sentiment 1 is ready", "accepting requests"]
)
def test_a_signal_at_any_moment_of_the_start_is_an_orderly_end(
    published_models: Path, number: signal.Signals, heard: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", "--models", str(published_models), "--port=0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        try:
            if heard:
                while heard not in process.stderr.readline():
                    assert process.poll() is None
            process.send_signal(number)
            if not heard:
                # Where it comes while Python itself starts, the interpreter may lose it.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=5)
                process.send_signal(number)
            rest = process.stderr.read()
        finally:
            process.kill()
    # Before Python itself has started, a signal ends the process in the system's own way.
    expected = (0,) if heard else (0, 128 + number, -number)
    assert process.returncode in expected, rest
    assert "Traceback" not in rest
    assert "terminate" not in rest


@pytest.mark.parametrize("workers", [1, 2])
def test_who_is_told_to_end_more_than_once_ends_in_order(
    published_models: Path, workers: int
) -> None:
    with serve(published_models, workers=workers) as server:
        while server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
        assert server.process.returncode == 0
        assert server.process.stderr is not None
        # Python itself complains there of a signal that comes just when it begins to be ignored.
        lines = [line for line in server.process.stderr if line.startswith("{")]
    records = [json.loads(line) for line in lines]
    assert records[-1]["message"] == "stopped"
    assert not [record for record in records if record["level"] in ("WARNING", "ERROR")]


def worker_pids(server: Server) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [
        int(pid)
        for pid in children.split()
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the workers in /proc")
def test_a_worker_that_dies_is_replaced_and_the_log_says_so(published_models: Path) -> None:
    with serve(published_models, workers=2) as server:
        victim, other = worker_pids(server)
        os.kill(victim, signal.SIGKILL)
        assert server.process.stderr is not None
        ready = 0
        while ready < 3:  # the new worker and its models
            record = json.loads(server.process.stderr.readline())
            server.records.append(record)
            ready += record["message"].endswith((" is ready", "accepting requests"))
        pids = worker_pids(server)
        assert other in pids
        assert victim not in pids
        assert httpx2.get(f"{server.url}/health/ready").status_code == 200
        assert server.stop() == 0
    (error,) = [record["message"] for record in server.records if record["level"] == "ERROR"]
    assert error.startswith(f"worker {victim} ended with status -9; worker ")


GAP = b"\r\n\r\n"
BODY = b'{"inputs": "a good film"}'
HEAD = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(BODY)
LIVE = b"GET /health/live HTTP/1.1\r\nhost: x" + GAP
READY = b"GET /health/ready HTTP/1.1\r\nhost: x" + GAP
STOPPING = {"error": "the service is stopping; ask another instance"}


def connect(server: Server, data: bytes = b"") -> socket.socket:
    """A connection on which `data` is sent."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)))
    if data:
        connection.sendall(data)
    return connection


def read_answer(connection: socket.socket) -> tuple[bytes, Any]:
    """The head of an answer, and the JSON of its body."""
    data = b""
    while GAP not in data:
        received = connection.recv(65536)
        assert received, data
        data += received
    head, _, body = data.partition(GAP)
    length = re.search(rb"content-length: (\d+)", head)
    assert length
    while len(body) < int(length[1]):
        body += connection.recv(65536)
    return head, json.loads(body)


def begin_to_stop(server: Server) -> None:
    """Sends SIGTERM, and returns when nobody listens any more."""
    server.process.send_signal(signal.SIGTERM)
    while True:
        try:
            connect(server).close()
        except ConnectionError:
            return


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_that_has_begun_is_answered_before_the_end(
    published_models: Path, workers: int
) -> None:
    with serve(published_models, "--shutdown-timeout", "100", workers=workers) as server:
        with connect(server, LIVE) as idle, connect(server, HEAD + BODY[:5]) as begun:
            head, answer = read_answer(idle)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" not in head
            begin_to_stop(server)
            if workers == 1:
                # Readiness has failed before, as whoever is still connected can see.
                idle.sendall(READY)
                head, answer = read_answer(idle)
                assert head.startswith(b"HTTP/1.1 503 ")
                assert b"connection: close" in head
                assert answer == STOPPING
            begun.sendall(BODY[5:])
            head, answer = read_answer(begun)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in head
            assert answer[0]["label"] == "positive"
            assert begun.recv(1) == b""
        assert server.stop() == 0
    assert not [record for record in server.records if record["level"] in ("WARNING", "ERROR")]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_idle_connection_does_not_hold_up_the_end(published_models: Path, workers: int) -> None:
    with (
        serve(published_models, "--shutdown-timeout", "100", workers=workers) as server,
        connect(server) as silent,
        connect(server, LIVE) as idle,
    ):
        read_answer(idle)
        assert server.stop() == 0
        assert silent.recv(1) == b""
        assert idle.recv(1) == b""


def test_a_load_balancer_gets_the_time_to_notice(published_models: Path) -> None:
    with serve(published_models, "--shutdown-delay", "100") as server:
        with connect(server, HEAD + BODY[:5]) as begun:
            server.process.send_signal(signal.SIGTERM)
            while True:
                with connect(server, READY) as connection:
                    head, answer = read_answer(connection)
                if answer == STOPPING:
                    break
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"connection: close" in head
            with connect(server, HEAD + BODY) as connection:
                head, answer = read_answer(connection)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in head
            assert answer[0]["label"] == "positive"
            begun.sendall(BODY[5:])
            assert read_answer(begun)[0].startswith(b"HTTP/1.1 200 ")
        server.process.send_signal(signal.SIGINT)  # whoever is at a terminal does not wait
        assert server.stop() == 0


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the workers in /proc")
def test_workers_end_with_their_parent_however_it_dies(published_models: Path) -> None:
    with serve(published_models, workers=2) as server:
        assert len(worker_pids(server)) == 2
        server.process.kill()
        assert server.process.stderr is not None
        # The pipe ends when the last process that holds it does.
        rest = server.process.stderr.read()
        assert rest.count("the parent process is gone; this worker ends") == 2
        with pytest.raises(ConnectionRefusedError):
            connect(server)


def test_a_client_that_sends_half_a_request_is_told_and_let_go(published_models: Path) -> None:
    with serve(published_models, "--request-read-timeout", "1") as server:
        halves = (b"POST", HEAD[:-2], HEAD, HEAD + BODY[:5])
        connections = [connect(server, half) for half in halves]
        for connection in connections:
            with connection:
                head, answer = read_answer(connection)
                assert head.startswith(b"HTTP/1.1 408 Request Timeout")
                message = "the request was not complete within 1 s; send it faster"
                assert answer == {"error": message}
                assert connection.recv(1) == b""
        assert server.stop() == 0


def wait_until_computing(url: str) -> None:
    running = re.compile(r'gatehouse_running_sequences\{model="translation-en-de"\} [1-9]')
    with httpx2.Client(base_url=url) as client:
        while not running.search(client.get("/metrics").text):
            assert client.get("/health/live").status_code == 200


def test_a_computation_that_outlives_the_grace_does_not_hold_up_the_end(
    published_models: Path,
) -> None:
    with serve(published_models, "--shutdown-timeout", "0") as server:
        answers: list[httpx2.Response] = []

        def ask() -> None:
            body = {"q": [LONG_TEXT] * 16, **PAIR, "beam_size": 10}
            answers.append(httpx2.post(f"{server.url}/translate", json=body, timeout=100))

        thread = threading.Thread(target=ask)
        thread.start()
        wait_until_computing(server.url)
        assert server.stop() == 0
        thread.join()
    (answer,) = answers
    assert answer.status_code == 503
    message = "the service stopped before this was answered; send it again"
    assert answer.json() == {"error": message}


def exchange(url: str, *parts: bytes) -> bytes:
    """The whole answer to raw bytes, all of which are sent before it is read."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_bytes_that_are_no_http_get_an_error_of_the_same_shape(published_models: Path) -> None:
    with serve(published_models) as server:
        for request in (
            b"no http\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        ):
            head, _, body = exchange(server.url, request).partition(GAP)
            assert head.startswith(b"HTTP/1.1 4"), request
            assert list(json.loads(body)) == ["error"]
        # Heads without end are cut off, in whatever part of a request they hide.
        fields = (b"x: " + b"y" * 1000 + b"\r\n") * (MAX_HEAD_BYTES // 1000 + 1) + b"z"
        chunked = b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked" + GAP
        for request in (
            b"GET /".ljust(MAX_HEAD_BYTES + 1, b"x"),
            b"GET / HTTP/1.1\r\n" + fields,
            b"GET / HTTP/1.1\r\nx: ".ljust(MAX_HEAD_BYTES + 1, b"y"),
            chunked + b"0\r\n" + fields,
        ):
            head, _, body = exchange(server.url, request).partition(GAP)
            assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large"), request[:30]
            assert list(json.loads(body)) == ["error"]
        # A client that hangs up in the middle of its body leaves no trace but a line in the log.
        connect(server, HEAD + BODY[:5]).close()
        assert httpx2.get(f"{server.url}/health/live").status_code == 200
        assert server.stop() == 0
    assert not [record for record in server.records if record["level"] == "ERROR"]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"nonsense"])
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"content-length: %d" % len(BODY), BODY),
        (b"transfer-encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)),
    ],
    ids=["length", "chunked"],
)
def test_an_offer_of_another_protocol_is_passed_over(
    shared_server: Server, protocol: bytes, framing: bytes, body: bytes
) -> None:
    # Java's client offers h2c with its first request, a POST with a body too.
    head = b"POST /predict HTTP/1.1\r\nhost: x\r\nx-request-id: first\r\n"
    offer = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: %b\r\nhttp2-settings: AA\r\n"
    first = head + offer % protocol + framing + GAP + body
    second = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close" + GAP
    for parts in ((first + second,), (first[:-30], first[-30:], second), (first, second)):
        answer = exchange(shared_server.url, *parts)
        assert answer.count(b"HTTP/1.1 200 OK") == 2
        assert b"x-request-id: first" in answer
        assert b'"label":"positive"' in answer
        assert answer.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
def test_a_body_that_is_too_long_is_answered_however_it_is_sent(
    shared_server: Server, connection: bytes
) -> None:
    body = b'{"inputs": "' + b"a" * (5 << 20)
    head = b"POST /predict HTTP/1.1\r\nhost: x\r\nconnection: %b\r\n" % connection
    end = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close" + GAP
    for parts in (
        (head, b"content-length: %d" % len(body), GAP, body),
        (head, b"transfer-encoding: chunked", GAP, b"%x\r\n" % len(body), body, b"\r\n0", GAP),
        # One that asks first is told at once, and sends nothing.
        (head, b"expect: 100-continue\r\ncontent-length: %d" % len(body), GAP),
    ):
        asks = b"expect" in parts[1]
        sent = parts if connection == b"close" else (*parts, body, end) if asks else (*parts, end)
        answer = exchange(shared_server.url, *sent)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b'{"error":"the body is longer than 1,048,576 bytes; send fewer' in answer
        assert (b'{"status":"ok"}' in answer) == (connection == b"keep-alive")


def test_head_has_the_headers_of_get_and_no_body(shared_server: Server) -> None:
    request = b" /health/live HTTP/1.1\r\nhost: x\r\nconnection: close" + GAP
    head, _, body = exchange(shared_server.url, b"HEAD" + request).partition(GAP)
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"content-length: 15" in head
    assert body == b""


def test_forwarded_headers_are_believed_from_trusted_addresses_alone(
    published_models: Path,
) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    for trusted, client in (("127.0.0.1", "203.0.113.9"), ("10.0.0.1", "127.0.0.1")):
        with serve(published_models, "--forwarded-allow-ips", trusted) as server:
            httpx2.get(f"{server.url}/health/live", headers=headers)
            assert server.stop() == 0
        (line,) = [record for record in server.records if record["logger"] == "service.access"]
        assert line["client"] == client
