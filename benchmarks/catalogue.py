"""The systems that are measured: how each is started, asked and read, at the best setting found.

A table of facts; starts nothing.
"""

import json
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Best = tuple[str, float]  # a label and its score


def json_inputs(texts: Sequence[str], single: bool) -> str:
    """The body of /predict: a text, or a list of texts."""
    return json.dumps({"inputs": texts[0] if single else list(texts)})


def read_labels(answer: Any) -> list[Best]:
    """The best label of each text, from a list of labels or a list of such lists."""
    lists = [answer] if answer and isinstance(answer[0], dict) else answer
    return [(labels[0]["label"], labels[0]["score"]) for labels in lists]


@dataclass(frozen=True)
class Launch:
    """What a command line needs to know."""

    python: str
    port: int
    workers: int


def uvicorn(module: str) -> Callable[[Launch], list[str]]:
    """uvicorn at its fastest: uvloop, httptools, no access log."""

    def command(launch: Launch) -> list[str]:
        return [
            launch.python, "-m", "uvicorn", f"{module}:app", "--host", "127.0.0.1",
            "--port", str(launch.port), "--workers", str(launch.workers), "--loop", "uvloop",
            "--http", "httptools", "--no-access-log", "--log-level", "warning",
        ]  # fmt: skip

    return command


def gatehouse(launch: Launch) -> list[str]:
    """The service, with its defaults but for the workers and the access log."""
    return [
        launch.python, "-m", "service", "serve", "--port", str(launch.port),
        "--workers", str(launch.workers), "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip


def module(name: str, *arguments: str) -> Callable[[Launch], list[str]]:
    """A module that takes its port as --port."""
    return lambda launch: [launch.python, "-m", name, "--port", str(launch.port), *arguments]


def beside_python(program: str, *arguments: str) -> Callable[[Launch], list[str]]:
    """A program of the environment that holds the interpreter."""

    def command(launch: Launch) -> list[str]:
        folder = launch.python.rpartition("/")[0]
        return [f"{folder}/{program}", *(part.format(port=launch.port) for part in arguments)]

    return command


@dataclass(frozen=True)
class System:
    """One system at one setting."""

    name: str
    title: str
    command: Callable[[Launch], list[str]]
    settings: str  # in words, for the report
    path: str = "/predict"
    environment: str | None = None  # folder of its requirements; None for the project's own
    package: str | None = None  # whose version is reported
    variables: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[Sequence[str], bool], str] = json_inputs
    read: Callable[[Any], list[Best]] = read_labels
    workers: int | None = None  # None for one a core
    stop: signal.Signals = signal.SIGTERM
    ports: Sequence[str] = ()  # variables that each want a free port of their own
    constant: bool = False  # answers nothing that could be checked


def _bento_body(texts: Sequence[str], single: bool) -> str:
    return json.dumps({"texts": list(texts)})


def _protocol_body(texts: Sequence[str], single: bool) -> str:
    tensor = {"name": "text", "shape": [len(texts), 1], "datatype": "BYTES", "data": list(texts)}
    return json.dumps({"inputs": [tensor]})


def _read_protocol(answer: Any) -> list[Best]:
    tensors = {tensor["name"]: tensor["data"] for tensor in answer["outputs"]}
    return list(zip(tensors["label"], tensors["score"], strict=True))


GATEHOUSE = System(
    "gatehouse", "Gatehouse", gatehouse, "`--workers {workers} --no-access-log`, else defaults"
)
CONSTANT = System(
    "fastapi-constant",
    "FastAPI, constant answer",
    uvicorn("benchmarks.systems.fastapi_constant.server"),
    "{workers} workers, uvloop, httptools",
    constant=True,
)
CONSTANT_ALONE = System(
    "fastapi-constant-1",
    "FastAPI, constant answer, one worker",
    uvicorn("benchmarks.systems.fastapi_constant.server"),
    "1 worker, uvloop, httptools",
    workers=1,
    constant=True,
)
PLAIN = System(
    "fastapi",
    "FastAPI + onnxruntime, in the event loop",
    uvicorn("benchmarks.systems.fastapi_plain.server"),
    "{workers} workers, uvloop, httptools, `async def`, 1 thread a session",
)
PLAIN_THREADS = System(
    "fastapi-threads",
    "FastAPI + onnxruntime, in its thread pool",
    uvicorn("benchmarks.systems.fastapi_plain.server"),
    "{workers} workers, uvloop, httptools, `def`, 1 thread a session",
    path="/predict-in-thread",
)


def _mosec(batch: int) -> System:
    return System(
        f"mosec-{batch}",
        f"mosec, batches of {batch}",
        module(
            "benchmarks.systems.mosec.server", "--address", "127.0.0.1", "--log-level", "warning"
        ),
        f"{{workers}} processes, max_batch_size {batch}, max_wait_time 1 ms",
        path="/inference",
        environment="mosec",
        package="mosec",
        variables={
            "BENCHMARK_WORKERS": "{workers}",
            "BENCHMARK_BATCH": str(batch),
            "BENCHMARK_WAIT": "1",
        },
    )


# The best size of a batch is about clients / workers: another for 128 clients than for 32, and none
# for one client or for lists.
MOSEC = (_mosec(1), _mosec(8), _mosec(32))
LITSERVE = System(
    "litserve",
    "LitServe",
    module("benchmarks.systems.litserve.server", "--api-servers", "2", "--wait", "0.001"),
    "1 worker, 2 API servers, max_batch_size 32, batch_timeout 1 ms",
    environment="litserve",
    package="litserve",
    stop=signal.SIGINT,  # at SIGTERM it leaves its children behind
)
BENTOML = System(
    "bentoml",
    "BentoML",
    beside_python(
        "bentoml",
        "serve",
        "benchmarks.systems.bentoml.server:Sentiment",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
    ),
    "{workers} workers, uvloop, httptools, adaptive batching up to 64, access log off",
    environment="bentoml",
    package="bentoml",
    variables={"BENCHMARK_WORKERS": "{workers}", "BENTOML_DO_NOT_TRACK": "True"},
    body=_bento_body,
)
MLSERVER = System(
    "mlserver",
    "MLServer",
    beside_python("mlserver", "start", "benchmarks/systems/mlserver"),
    "no parallel workers, max_batch_size 32, max_batch_time 1 ms, debug off",
    path="/v2/models/sentiment/infer",
    environment="mlserver",
    package="mlserver",
    variables={"MLSERVER_HTTP_PORT": "{port}"},
    body=_protocol_body,
    read=_read_protocol,
    ports=("MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT"),
)
SENTIMENT = (
    CONSTANT_ALONE, CONSTANT, PLAIN, PLAIN_THREADS, LITSERVE, BENTOML, MLSERVER, *MOSEC, GATEHOUSE,
)  # fmt: skip


def _translation(name: str, title: str, server: str, settings: str, **variables: str) -> System:
    return System(
        name, title, uvicorn(f"benchmarks.systems.{server}.server"), settings,
        path="/translate", variables=variables,
    )  # fmt: skip


TRANSLATION_GATEHOUSE = System(
    "gatehouse", "Gatehouse", gatehouse, GATEHOUSE.settings, path="/translate"
)
TRANSLATION_PLAIN = _translation(
    "fastapi",
    "FastAPI, one request at a time",
    "fastapi_translation",
    "{workers} workers, the same int8 graphs and search, 1 thread a session",
    BENCHMARK_BATCH="1",
)
TRANSLATION_LOCKSTEP = _translation(
    "lockstep",
    "FastAPI, whole requests in batches",
    "fastapi_translation",
    "{workers} workers, the same int8 graphs and search, up to 32 waiting requests decoded "
    "together to the end",
    BENCHMARK_BATCH="32",
)
TRANSLATION_TORCH = _translation(
    "torch",
    "FastAPI, PyTorch float32",
    "torch_translation",
    "{workers} workers, one request at a time, the shipped weights back in float32, 1 thread, "
    "oneDNN off (twice as fast here)",
)
TRANSLATION = (
    TRANSLATION_TORCH, TRANSLATION_PLAIN, TRANSLATION_LOCKSTEP, TRANSLATION_GATEHOUSE,
)  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def own_python() -> str:
    """The interpreter of the project's environment."""
    return sys.executable
