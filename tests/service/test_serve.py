"""The server as it runs: a process of its own, real sockets, signals."""

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
        # Every worker says so of each of the two models.
        while sum(record["message"].endswith(" is ready") for record in records) < 2 * workers:
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


def wait_until_computing(url: str) -> None:
    with httpx2.Client(base_url=url) as client:
        while '_in_progress{task="translation"} 1.0' not in client.get("/metrics").text:
            assert client.get("/health/live").status_code == 200


def test_a_request_in_progress_is_answered_before_the_end(published_models: Path) -> None:
    with serve(published_models, "--shutdown-timeout", "100") as server:
        answers: list[httpx2.Response] = []

        def ask() -> None:
            body = {"q": LONG_TEXT, **PAIR, "beam_size": 1}
            answers.append(httpx2.post(f"{server.url}/translate", json=body, timeout=100))

        thread = threading.Thread(target=ask)
        thread.start()
        wait_until_computing(server.url)
        assert server.stop() == 0
        thread.join()
    (answer,) = answers
    assert answer.status_code == 200
    assert answer.json() == {"translatedText": LONG_TEXT}


def test_a_computation_that_outlives_the_grace_does_not_hold_up_the_end(
    published_models: Path,
) -> None:
    with serve(published_models, "--shutdown-timeout", "0") as server:
        answers: list[httpx2.Response] = []

        def ask() -> None:
            body = {"q": [LONG_TEXT] * 50, **PAIR, "beam_size": 10}
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


def exchange(url: str, request: bytes) -> bytes:
    """The whole answer to raw bytes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request)
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
            head, _, body = exchange(server.url, request).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 4"), request
            assert list(json.loads(body)) == ["error"]
        # A client that hangs up in the middle of its body leaves no trace but a line in the log.
        host, _, port = server.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
        assert httpx2.get(f"{server.url}/health/live").status_code == 200
        assert server.stop() == 0
    assert not [record for record in server.records if record["level"] == "ERROR"]


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
