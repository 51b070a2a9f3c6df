"""`python -m service`: serves the models, or lists and verifies them.

The parent process checks every artifact before it binds the port, so that a bad one ends the
start with one line and not a worker in a loop. It holds no session: with several workers it only
supervises, and each worker makes its own app in a fresh interpreter.
"""

import argparse
import gc
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal, NoReturn, get_args, get_origin

import uvicorn
from fastapi import FastAPI

from service import __version__
from service.api.app import create_app
from service.api.protocol import GatehouseProtocol
from service.artifact import Artifact, ArtifactError
from service.errors import SettingsError
from service.logs import configure_logging
from service.metrics import FOLDER_VARIABLE, metrics_of_this_process
from service.pipelines.options import PipelineOptions
from service.repository import FolderStore, Repository, read_all
from service.runtime.cores import available_cores
from service.server import Server
from service.settings import Settings, flag, load_settings, variable

if TYPE_CHECKING:  # what it imports is an extra
    from service.api.tracing import Tracing
from service.supervisor import HOPELESS, Pulse, Supervisor, end_with_parent

logger = logging.getLogger(__name__)

_BACKLOG = 2048


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs one command and returns the exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "serve":
            flags = {name: getattr(chosen, name) for name in Settings.model_fields}
            return _serve(load_settings(flags, environment))
        return _verify(chosen.folder)
    except (ArtifactError, SettingsError) as error:
        print(f"service: error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Serves small recurrent text models over HTTP.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="serve the models of a folder",
        description="Serves the newest version of every model in a folder. Each flag can also be "
        "given as a variable: GATEHOUSE_MAX_TEXTS for --max-texts. PORT and HOST count where "
        "GATEHOUSE_PORT and GATEHOUSE_HOST are not set.",
    )
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f" (default: {field.default})"
        text = f"{field.description}{default}".replace("%", "%%")
        if field.annotation is bool:
            serve.add_argument(
                flag(name), dest=name, help=text, action=argparse.BooleanOptionalAction
            )
        else:
            choices = (
                get_args(field.annotation) if get_origin(field.annotation) is Literal else None
            )
            metavar = "|".join(choices) if choices else _metavar(field.annotation)
            serve.add_argument(flag(name), dest=name, help=text, metavar=metavar)
    models = commands.add_parser("models", help="list and verify models")
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser(
        "verify",
        help="check every digest of every model",
        description="Lists every version of every model in a folder and checks its digests.",
    )
    verify.add_argument("folder", nargs="?", type=Path, default=Path("models"), metavar="DIR")
    return parser


def _metavar(annotation: object) -> str:
    if annotation is Path:
        return "DIR"
    return "N" if annotation is int or int in get_args(annotation) else "TEXT"


def _verify(folder: Path) -> int:
    for artifact in read_all(folder):
        manifest = artifact.manifest
        size = sum(facts.bytes for facts in manifest.files.values())
        print(
            f"{manifest.name} {manifest.version}: {manifest.task}, {manifest.precision}, "
            f"{size / 1e6:.1f} MB, {len(manifest.files)} files verified"
        )
    return 0


def build_worker(
    settings: Settings, shared: Path | None = None, known: Sequence[Artifact] = ()
) -> FastAPI:
    """The app of one process, made in that process; `shared` is the folder of its siblings' store.

    known: artifacts that this process has read already.
    Raises SystemExit, with the status at which nobody tries again, where an artifact was
    changed after the parent process read it.
    """
    configure_logging(settings.log_level, settings.log_format)
    metrics = metrics_of_this_process(os.environ)
    options = PipelineOptions.of(
        settings, _threads(settings), lambda name: metrics.engines.of(name).engine()
    )
    try:
        repository = Repository.open(
            settings.models,
            options,
            FolderStore(shared) if shared else None,
            os.getpid(),
            settings.keep_versions,
            settings.models_poll_seconds,
            known=known,
        )
    except ArtifactError as error:
        logger.error("%s", error)
        raise SystemExit(HOPELESS) from error
    tracing = None
    if settings.tracing:
        tracing = _tracing().to_collector(settings.tracing, settings.tracing_share)
    app = create_app(settings, repository, metrics, tracing)
    # What has been imported stays until the end, so no collection has to look at it again: one
    # that stops all threads for 15 ms without this takes less than 1.
    gc.freeze()
    return app


def _tracing() -> "type[Tracing]":
    """What traces. Raises SettingsError where the extra that it needs is not installed."""
    try:
        from service.api.tracing import Tracing
    except ImportError as error:
        raise SettingsError(
            f"{flag('tracing')} needs packages that are not installed; install "
            "requirements/tracing.txt, or leave it empty"
        ) from error
    return Tracing


def _threads(settings: Settings) -> int:
    return settings.threads or max(1, available_cores() // settings.workers)


def _serve(settings: Settings) -> int:
    # A signal that comes before it listens, and after it has ended, is an orderly end as well.
    signal.signal(signal.SIGTERM, _exit_quietly)
    signal.signal(signal.SIGINT, _exit_quietly)
    configure_logging(settings.log_level, settings.log_format)
    if settings.tracing:
        _tracing()
    artifacts = read_all(settings.models)
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as error:
        reason = error.strerror
        if error.errno and not isinstance(error, socket.gaierror):
            reason = os.strerror(error.errno)  # the error's own text repeats the address
        raise SettingsError(
            f"cannot listen on {settings.host} port {settings.port}: {reason}; "
            f"choose another with {flag('port')} or {variable('port')}"
        ) from error
    with listener, ExitStack() as stack:
        host, port = listener.getsockname()[:2]
        newest = {artifact.name: artifact.version for artifact in artifacts}
        logger.info(
            "listening on http://%s:%d; workers: %d, threads of each: %d, models: %s",
            f"[{host}]" if ":" in host else host,
            port,
            settings.workers,
            _threads(settings),
            ", ".join(f"{name} {version}" for name, version in newest.items()),
        )
        shared: Path | None = None
        if settings.workers > 1:
            # The workers agree through files on which versions answer.
            shared = Path(tempfile.mkdtemp(prefix="gatehouse-routing-"))
            stack.callback(shutil.rmtree, shared, ignore_errors=True)
            FolderStore.create(shared, tuple(newest))
        if settings.workers > 1:
            return _supervise(settings, shared, listener)
        return _run(settings, listener, artifacts)


def _server(
    settings: Settings,
    shared: Path | None = None,
    every_second: Callable[[], None] = lambda: None,
    known: Sequence[Artifact] = (),
) -> Server:
    config = uvicorn.Config(
        partial(build_worker, settings, shared, known),
        factory=True,
        loop="uvloop",
        http=GatehouseProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )
    return Server(config, settings.shutdown_delay, settings.request_read_timeout, every_second)


def _run(settings: Settings, listener: socket.socket, artifacts: Sequence[Artifact]) -> int:
    try:
        _server(settings, known=artifacts).run(sockets=[listener])
    except SystemExit as ended:
        if ended.code:
            return 1
    logger.info("stopped")
    _end_at_once()
    return 0


def _supervise(settings: Settings, shared: Path | None, listener: socket.socket) -> int:
    with ExitStack() as stack:
        # prometheus_client adds up the workers' numbers through files, found by this variable.
        folder = tempfile.mkdtemp(prefix="gatehouse-metrics-")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ[FOLDER_VARIABLE] = folder
        stack.callback(os.environ.pop, FOLDER_VARIABLE, None)
        grace = settings.shutdown_delay + settings.shutdown_timeout
        arguments = (settings, shared)
        done = Supervisor(work, arguments, settings.workers, listener, grace).run()
    logger.info("stopped")
    return 0 if done else 1


def work(
    settings: Settings,
    shared: Path | None,
    listener: socket.socket,
    pipe: "Connection[bytes, bytes]",
) -> None:
    """All that a worker process does."""
    end_with_parent(settings.shutdown_delay + settings.shutdown_timeout)
    _server(settings, shared, Pulse(pipe).beat).run(sockets=[listener])
    _end_at_once()


def _end_at_once() -> None:
    """Ends the process where a thread is left.

    A computation that outlived the grace, or the loading of a model, cannot be interrupted. The
    interpreter would wait for the one, and pull the ground from under the other.
    """
    logging.shutdown()
    if threading.active_count() > 1:
        sys.stderr.flush()
        os._exit(0)


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server(address[:2], family=family, backlog=_BACKLOG)


def _exit_quietly(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
