"""`python -m service`: serves the models, or lists and verifies them.

The parent process checks every artifact before it binds the port, so that a bad one ends the
start with one line and not a worker in a loop. It holds no session: with several workers it only
supervises, and each worker makes its own app in a fresh interpreter.
"""

import argparse
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn, get_args, get_origin

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from service import __version__
from service.api.app import create_app
from service.api.protocol import JsonErrorsProtocol
from service.artifact import ArtifactError
from service.errors import SettingsError
from service.logs import configure_logging
from service.metrics import FOLDER_VARIABLE, metrics_of_this_process
from service.pipelines.options import PipelineOptions
from service.repository import Repository, read_all
from service.runtime.cores import available_cores
from service.settings import Settings, flag, load_settings, variable

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


class _Supervisor(Multiprocess):
    """uvicorn's, which tells nobody of a worker that died, and is slow to see that it did."""

    def init_processes(self) -> None:
        """Starts the workers."""
        super().init_processes()
        _let_go(self.processes)

    def keep_subprocess_alive(self) -> None:
        """Replaces workers that died or hang."""
        before = list(self.processes)
        if all(worker.is_alive(self.config.timeout_worker_healthcheck) for worker in before):
            return
        # Ctrl-C goes to the workers too, and may be what ended this one.
        self.handle_signals()
        super().keep_subprocess_alive()
        for old, new in zip(before, self.processes, strict=True):
            if old is not new:
                _let_go([new])
                logger.error(
                    "worker %s ended with status %s; worker %s takes its place",
                    old.pid,
                    old.exitcode,
                    new.pid,
                )

    def terminate_all(self) -> None:
        """Stops all workers, and listens no more."""
        super().terminate_all()
        # The workers close their own copies at once. While one is open somewhere, clients connect
        # and wait for a process that will never accept them.
        for listener in self.sockets:
            listener.close()


def _let_go(workers: Sequence[Process]) -> None:
    """Closes this process's copy of each worker's end of the pipe, so that a death is heard."""
    for worker in workers:
        worker.child_conn.close()


def build_worker(settings: Settings) -> FastAPI:
    """The app of one process, made in that process.

    Raises SystemExit, with the status at which uvicorn does not try again, where an artifact was
    changed after the parent process read it.
    """
    configure_logging(settings.log_level, settings.log_format)
    options = PipelineOptions.of(settings, _threads(settings))
    try:
        repository = Repository.open(settings.models, options)
    except ArtifactError as error:
        logger.error("%s", error)
        raise SystemExit(STARTUP_FAILURE) from error
    return create_app(settings, repository, metrics_of_this_process(os.environ))


def _threads(settings: Settings) -> int:
    return settings.threads or max(1, available_cores() // settings.workers)


def _serve(settings: Settings) -> int:
    # uvicorn raises the signal that stopped it once more when it is done; this turns that, and a
    # signal that comes before it listens, into an orderly end.
    signal.signal(signal.SIGTERM, _exit_quietly)
    signal.signal(signal.SIGINT, _exit_quietly)
    configure_logging(settings.log_level, settings.log_format)
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
    with listener:
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
        config = uvicorn.Config(
            partial(build_worker, settings),
            factory=True,
            workers=settings.workers,
            loop="uvloop",
            http=JsonErrorsProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_graceful_shutdown=settings.shutdown_timeout,
        )
        if settings.workers > 1:
            return _supervise(config, listener)
        return _run(config, listener)


def _run(config: uvicorn.Config, listener: socket.socket) -> int:
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except SystemExit as ended:
        if ended.code:
            return 1
    logger.info("stopped")
    logging.shutdown()
    # A computation that outlived the grace, or the loading of a model, cannot be interrupted. The
    # interpreter would wait for the one, and pull the ground from under the other.
    if threading.active_count() > 1:
        sys.stderr.flush()
        os._exit(0)
    return 0


def _supervise(config: uvicorn.Config, listener: socket.socket) -> int:
    with ExitStack() as stack:
        # prometheus_client adds up the workers' numbers through files, found by this variable.
        folder = tempfile.mkdtemp(prefix="gatehouse-metrics-")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ[FOLDER_VARIABLE] = folder
        stack.callback(os.environ.pop, FOLDER_VARIABLE, None)
        listener.set_inheritable(True)
        supervisor = _Supervisor(config, sockets=[listener])
        supervisor.run()
    logger.info("stopped")
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return 1 if failed else 0


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server(address[:2], family=family, backlog=_BACKLOG)


def _exit_quietly(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
