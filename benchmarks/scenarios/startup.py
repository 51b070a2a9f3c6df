"""How long a start takes, beside a bare import of what it is built on."""

import http.client
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.bench import Bench
from benchmarks.catalogue import free_port, own_python
from benchmarks.processes import Family
from benchmarks.server import ROOT, StartError

SCENARIOS = ("start",)
_ATTEMPTS = 7
_PAUSE = 0.005  # seconds between two looks
_PATIENCE = 60  # seconds
_IMPORT = "import fastapi, onnxruntime; print('imported', flush=True)"


def measure(bench: Bench, scenarios: Sequence[str], systems: Sequence[str]) -> None:
    """Starts and imports in turn, each in a fresh interpreter."""
    if "gatehouse" not in systems:
        return
    for number in range(3 if bench.choices.quick else _ATTEMPTS):
        bench.say(f"start, attempt {number + 1}")
        bench.attempt("gatehouse", "start", partial(_attempt, bench, number))


def _attempt(bench: Bench, number: int) -> None:
    steps: dict[str, Callable[[], float]] = {
        "import": _import,
        "gatehouse": partial(_start, bench),
    }
    for name in list(steps) if number % 2 == 0 else list(reversed(steps)):
        bench.results.add("start", name, number, {"seconds": steps[name]()})


def _import() -> float:
    """Seconds until a fresh interpreter has imported FastAPI and onnxruntime."""
    begin = time.perf_counter()
    with subprocess.Popen(
        [own_python(), "-c", _IMPORT],
        stdout=subprocess.PIPE,
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        taken = time.perf_counter() - begin
    if not line:
        raise StartError("the import failed")
    return taken


def _start(bench: Bench) -> float:
    """Seconds until a service with default settings and the shipped models is ready."""
    port = free_port()
    command = [own_python(), "-m", "service", "serve", "--port", str(port)]
    begin = time.perf_counter()
    with Family(command, os.environ, ROOT, bench.logs / "start.log") as family:
        while not _ready(port):
            if family.ended or time.perf_counter() - begin > _PATIENCE:
                raise StartError(f"never ready: {family.tail()}")
            time.sleep(_PAUSE)
        return time.perf_counter() - begin


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
