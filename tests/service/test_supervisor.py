"""The supervisor with workers of a few lines: who is replaced, who is given up, and how it ends."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from service.supervisor import HOPELESS, Pulse, Supervisor

Pipe = Connection  # of signs of life


def first_here(folder: Path) -> bool:
    """Whether no worker has called this before."""
    try:
        (folder / "first").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def end_the_parent() -> None:
    os.kill(os.getppid(), signal.SIGTERM)
    threading.Event().wait()


def die_then_end(folder: Path, listener: socket.socket, pipe: "Pipe[bytes, bytes]") -> None:
    if first_here(folder):
        os._exit(7)
    end_the_parent()


def hang_then_end(folder: Path, listener: socket.socket, pipe: "Pipe[bytes, bytes]") -> None:
    Pulse(pipe).beat()
    if first_here(folder):
        threading.Event().wait()
    end_the_parent()


def end_at_once(folder: Path, listener: socket.socket, pipe: "Pipe[bytes, bytes]") -> None:
    end_the_parent()


def give_up(folder: Path, listener: socket.socket, pipe: "Pipe[bytes, bytes]") -> None:
    raise SystemExit(HOPELESS)


def ignore_the_end(folder: Path, listener: socket.socket, pipe: "Pipe[bytes, bytes]") -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_the_parent()


def say_who_accepts(folder: Path, listener: socket.socket, pipe: "Pipe[bytes, bytes]") -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"%d" % (signal.getsignal(signal.SIGINT) is signal.SIG_IGN))
    end_the_parent()


@pytest.fixture(autouse=True)
def restore_signals() -> Iterator[None]:
    """A process that was told to end ignores signals; this one goes on."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def listener() -> socket.socket:
    """A socket that listens; the supervisor closes it."""
    return socket.create_server(("127.0.0.1", 0))


def test_a_worker_that_dies_is_replaced(
    tmp_path: Path, listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    assert Supervisor(die_then_end, 1, listener, grace=30).run([tmp_path])
    (message,) = [record.getMessage() for record in caplog.records]
    assert "ended with status 7; worker" in message
    assert listener.fileno() == -1


def test_a_worker_that_hangs_is_replaced(
    tmp_path: Path, listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    assert Supervisor(hang_then_end, 1, listener, grace=30, hung=0.6).run([tmp_path])
    first, second = [record.getMessage() for record in caplog.records]
    assert first.endswith("gives no sign of life; it is killed")
    assert f"ended with status {-signal.SIGKILL}; worker" in second


def test_a_worker_that_has_not_begun_is_not_hung(
    tmp_path: Path, listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    # A process takes longer to start than this allows between two signs of life.
    assert Supervisor(end_at_once, 1, listener, grace=30, hung=0.01).run([tmp_path])
    assert caplog.records == []


def test_what_is_hopeless_is_not_tried_again(
    tmp_path: Path, listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    assert not Supervisor(give_up, 2, listener, grace=30).run([tmp_path])
    assert caplog.records == []


def test_a_worker_that_does_not_end_is_killed(
    tmp_path: Path,
    listener: socket.socket,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.supervisor._MARGIN", 0.0)
    assert Supervisor(ignore_the_end, 1, listener, grace=0).run([tmp_path])
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().endswith("does not end; it is killed")


def test_workers_share_the_listener_and_leave_ctrl_c_to_the_parent(
    tmp_path: Path, listener: socket.socket
) -> None:
    with socket.create_connection(listener.getsockname()) as connection:
        assert Supervisor(say_who_accepts, 1, listener, grace=30).run([tmp_path])
        assert connection.recv(1) == b"1"


def test_who_was_told_to_end_before_starts_nothing(tmp_path: Path, listener: socket.socket) -> None:
    supervisor = Supervisor(give_up, 1, listener, grace=30)
    supervisor.stop(signal.SIGTERM, None)
    assert supervisor.run([tmp_path])  # the worker would say that its work is hopeless
    assert listener.fileno() == -1
