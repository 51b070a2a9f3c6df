"""Worker processes: started, replaced when they die or hang, ended together.

It waits for signals and for deaths, and looks now and then whether each worker has given a sign of
life. It knows nothing about HTTP or models. The parent's main thread owns the Supervisor; Pulse and
`end_with_parent` belong to the worker.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType

logger = logging.getLogger(__name__)

# The status of a worker that would fail in the same way however often it is started.
HOPELESS = 3
_YOUNG = 1.0  # seconds; a worker that dies sooner is replaced as much later
_MARGIN = 5.0  # seconds beyond the grace after which a worker is ended by force
_LOOKS = 12  # in a row without a sign of life, after which a worker counts as hung


class Pulse:
    """A worker's signs of life. The first one starts the watch."""

    def __init__(self, writer: "Connection[bytes, bytes]") -> None:
        os.set_blocking(writer.fileno(), False)
        self._writer = writer

    def beat(self) -> None:
        """Gives a sign of life, and never waits for the parent."""
        with contextlib.suppress(OSError):
            self._writer.send_bytes(b"")


@dataclass
class _Worker:
    process: SpawnProcess
    pulse: "Connection[bytes, bytes]"
    started: float  # time.monotonic()
    looks: int | None = None  # since the last sign of life; None before the first

    def has_hung(self) -> bool:
        """Looks once more; True where it was in vain too often."""
        if self.looks is not None:
            self.looks += 1
        with contextlib.suppress(OSError, EOFError):
            while self.pulse.poll():
                self.pulse.recv_bytes()
                self.looks = 0
        return self.looks is not None and self.looks >= _LOOKS


class Supervisor:
    """Keeps a number of workers running until SIGTERM or SIGINT."""

    def __init__(
        self,
        work: Callable[..., None],
        workers: int,
        listener: socket.socket,
        grace: float,
        hung: float = 60.0,
    ) -> None:
        """`work` is called in each worker, with arguments, the listener and its Pulse's pipe.

        grace: seconds that a worker may take to end once it is told to; hung: seconds without a
        sign of life after which one is replaced.
        """
        self._work = work
        self._arguments: tuple[object, ...] = ()
        self._number = workers
        self._listener = listener
        self._grace = grace
        self._stopping = False
        self._look = hung / _LOOKS
        self._workers: list[_Worker] = []

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal: all workers are told to end, and none is started any more."""
        self._stopping = True

    def run(self, arguments: Sequence[object]) -> bool:
        """Returns when all workers have ended; False where one could not do its work at all.

        arguments: what the work is called with first. Where `stop` has been called before, no
        worker is started.
        """
        self._arguments = (*arguments, self._listener)
        awake, wake = socket.socketpair()
        awake.setblocking(False)
        wake.setblocking(False)
        with awake, wake:
            # A handler of Python's own does not end a wait for the operating system.
            signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
            before = {
                number: signal.signal(number, self.stop)
                for number in (signal.SIGTERM, signal.SIGINT)
            }
            try:
                return self._supervise(awake)
            finally:
                for number, handler in before.items():
                    # Who was told to end is not to be hit by a second signal while it does.
                    signal.signal(number, signal.SIG_IGN if self._stopping else handler)
                signal.set_wakeup_fd(-1)

    def _supervise(self, awake: socket.socket) -> bool:
        hopeless = False
        try:
            while len(self._workers) < self._number and not self._stopping:
                self._workers.append(self._start())
            while not self._stopping and not hopeless:
                sentinels = [worker.process.sentinel for worker in self._workers]
                # Counted in looks: after the machine has slept, the clock would accuse everybody.
                if not connection.wait([awake, *sentinels], self._look):
                    self._kill_the_hung()
                hopeless = self._replace_the_dead(awake)
        finally:
            self._end()
        return not hopeless

    def _replace_the_dead(self, awake: socket.socket) -> bool:
        for index, worker in enumerate(self._workers):
            if self._stopping or worker.process.is_alive():
                continue
            if worker.process.exitcode == HOPELESS:
                return True
            if (age := time.monotonic() - worker.started) < _YOUNG:
                connection.wait([awake], _YOUNG - age)
                if self._stopping:
                    return False
            worker.pulse.close()
            self._workers[index] = self._start()
            logger.error(
                "worker %s ended with status %s; worker %s takes its place",
                worker.process.pid,
                worker.process.exitcode,
                self._workers[index].process.pid,
            )
        return False

    def _kill_the_hung(self) -> None:
        for worker in self._workers:
            if worker.has_hung():
                logger.error("worker %s gives no sign of life; it is killed", worker.process.pid)
                worker.process.kill()
                worker.process.join()

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        pulse, beats = context.Pipe(duplex=False)
        process = context.Process(target=self._work, args=(*self._arguments, beats))
        # Ctrl-C goes to all processes of a terminal. Ignoring is inherited: a worker ends when it
        # is told to by its parent.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, handler)
        beats.close()
        return _Worker(process, pulse, time.monotonic())

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        # While the listener is open somewhere, clients connect and wait for a process that will
        # never accept them. The workers close their own copies.
        self._listener.close()
        end = time.monotonic() + self._grace + _MARGIN
        for worker in self._workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                logger.error("worker %s does not end; it is killed", worker.process.pid)
                worker.process.kill()
                worker.process.join()
            worker.pulse.close()


def end_with_parent(grace: float) -> None:
    """Has this worker end when its parent dies, however it dies: in order, or else by force.

    A thread waits for the end of a pipe of which the parent holds the other side, and takes no time
    until then.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        logger.error("the parent process is gone; this worker ends")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace + _MARGIN)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
