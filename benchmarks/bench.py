"""What every group of scenarios shares: settings, models, folders, results, and how a round fails.

A system that cannot be installed or started, or fails under load, is noted, and the run goes on.
"""

import http.client
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers import WrongAnswers
from benchmarks.catalogue import System
from benchmarks.environments import InstallError
from benchmarks.load import wrk
from benchmarks.load.wrk import LoadError
from benchmarks.results import Failure, Results
from benchmarks.server import ROOT, Server, StartError, serve, shown_command

WORK = Path(__file__).parent / ".results"
_EXPECTED = (
    InstallError, StartError, LoadError, WrongAnswers, OSError, http.client.HTTPException,
    RuntimeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """How much is measured."""

    seconds: float  # of one measurement
    rounds: int
    quick: bool = False


class Bench:
    """One run of the suite."""

    def __init__(
        self, choices: Choices, cores: Sequence[int], models: Path, results: Results
    ) -> None:
        """Raises FileNotFoundError where a model is missing."""
        self.choices = choices
        self.cores = list(cores)
        self.results = results
        self.sentiment = newest(models / "sentiment")
        self.translation = newest(models / "translation-en-de")
        self.work = WORK
        self.logs = WORK / "logs"
        self._begin = time.monotonic()

    def say(self, text: str) -> None:
        """A line of progress."""
        print(f"[{time.monotonic() - self._begin:5.0f} s] {text}", file=sys.stderr, flush=True)

    def write_json(self, name: str, document: object) -> Path:
        """Keep a document for another process."""
        path = self.work / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def write_lines(self, name: str, lines: Sequence[str]) -> Path:
        """Keep the bodies of requests, one a line."""
        path = self.work / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    @contextmanager
    def serving(
        self, system: System, model: Path, first_body: str, workers: int | None = None
    ) -> Iterator[Server]:
        """A system that is ready."""
        with serve(system, workers or len(self.cores), model, first_body, self.logs) as server:
            self.results.commands.setdefault(
                system.title, shown_command(server.family.command, server.port)
            )
            yield server

    def attempt(self, system: str, stage: str, step: Callable[[], None]) -> bool:
        """Run a step; note why where it fails. Returns whether it succeeded."""
        try:
            step()
        except _EXPECTED as error:
            message = str(error).replace(str(ROOT), ".") or type(error).__name__
            self.results.failures.append(Failure(system, stage, message[:600]))
            self.say(f"{system}, {stage}: FAILED: {message}")
            return False
        return True

    def closed_loop(
        self,
        server: Server,
        bodies: Path,
        clients: int,
        texts: int = 1,
        seconds: float | None = None,
    ) -> dict[str, float]:
        """One measurement with wrk, after a warm-up with the same load.

        texts: of a request; seconds: the run's own by default. Latencies in milliseconds;
        processor time a request, of server and generator, as well. Raises LoadError.
        """
        seconds = seconds or self.choices.seconds
        wrk.drive(server.url, bodies, clients, max(1.0, seconds / 3))
        server.settle()
        before = server.family.cpu_seconds()
        found = wrk.drive(server.url, bodies, clients, seconds)
        used = server.family.cpu_seconds() - before
        return {
            "requests_per_second": found.rate,
            "texts_per_second": found.rate * texts,
            "p50": 1000 * found.p50,
            "p90": 1000 * found.p90,
            "p99": 1000 * found.p99,
            "server_cpu_ms": 1000 * used / found.requests,
            "generator_cpu_ms": 1000 * found.cpu_seconds / found.requests,
            "cores_used": (used + found.cpu_seconds) / found.seconds,
            "errors": found.errors,
            "requests": found.requests,
        }


def newest(model: Path) -> Path:
    """The folder of a model's newest version. Raises FileNotFoundError."""
    versions = [entry for entry in model.glob("*") if entry.name.isdecimal()]
    if not versions:
        raise FileNotFoundError(f"no version of the model {model.name} in {model.parent.name}/")
    return max(versions, key=lambda entry: int(entry.name))
