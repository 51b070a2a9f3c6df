"""`python -m service`: serves the models, or runs one of the commands in `service.commands`.

The parent process checks every artifact before it binds the port, so that a bad one ends the
start with one line and not a worker in a loop. With several workers it only supervises, and each
worker loads the models and makes its own app in a fresh interpreter; a single worker is the
parent itself. `service.worker` says what a worker does.
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
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn, get_args, get_origin

from service import __version__, worker
from service.access.start import check_access, share_counts
from service.artifact import Artifact, ArtifactError, read_all
from service.commands.arguments import add_commands
from service.commands.key_arguments import add_keys_command
from service.errors import SettingsError
from service.logs import configure_logging
from service.settings import Settings, flag, load_settings, variable

logger = logging.getLogger(__name__)

_BACKLOG = 2048


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs one command and returns the exit status."""
    chosen = _parser(environment).parse_args(arguments)
    try:
        if chosen.command == "serve":
            flags = {name: getattr(chosen, name) for name in Settings.model_fields}
            return _serve(load_settings(flags, environment))
        gc.enable()
        if chosen.command == "keys":
            from service.commands import keys

            return keys.run(chosen)
        from service.commands import running

        return running.run(chosen, environment)
    except (ArtifactError, SettingsError) as error:
        print(f"service: error: {error}", file=sys.stderr)
        return 1


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
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
    add_keys_command(commands, environment.get(variable("keys_file")))
    add_commands(commands, environment.get(variable("models")))
    return parser


def _metavar(annotation: object) -> str:
    if annotation is Path:
        return "DIR"
    if Path in get_args(annotation):
        return "FILE"
    return "N" if annotation is int or int in get_args(annotation) else "TEXT"


def _serve(settings: Settings) -> int:
    configure_logging(settings.log_level, settings.log_format)
    worker.require_extras(settings)
    check_access(settings)
    if settings.workers > 1:
        return _serve_with_workers(settings)
    _on_signals(_end_quietly)
    models, listener = worker.start_beside_imports(
        settings, lambda artifacts: _listen(settings, artifacts)
    )
    with listener:
        done = worker.serve(settings, models, listener)
    if done:
        logger.info("stopped")
    return 0 if done else 1


def _serve_with_workers(settings: Settings) -> int:
    _on_signals(_end_quietly)
    # A process that answers requests itself has no use for what this imports.
    from service.metrics import FOLDER_VARIABLE
    from service.repository import FolderStore
    from service.supervisor import Supervisor

    artifacts = read_all(settings.models)
    with _listen(settings, artifacts) as listener, ExitStack() as stack:
        grace = settings.shutdown_delay + settings.shutdown_timeout
        supervisor = Supervisor(worker.work, settings.workers, listener, grace)
        # From here on there is something to clear away. A signal is noted, and not raised: an
        # exception would be lost where a finaliser just runs, and the signal with it.
        _on_signals(supervisor.stop)
        # The workers agree through files on which versions answer.
        shared = Path(tempfile.mkdtemp(prefix="gatehouse-routing-"))
        stack.callback(shutil.rmtree, shared, ignore_errors=True)
        FolderStore.create(shared, tuple({artifact.name: None for artifact in artifacts}))
        share_counts(settings, shared)
        # prometheus_client adds up the workers' numbers through files, found by this variable.
        folder = tempfile.mkdtemp(prefix="gatehouse-metrics-")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ[FOLDER_VARIABLE] = folder
        stack.callback(os.environ.pop, FOLDER_VARIABLE, None)
        done = supervisor.run((settings, shared))
    logger.info("stopped")
    return 0 if done else 1


def _listen(settings: Settings, artifacts: Sequence[Artifact]) -> socket.socket:
    """A listening socket, and a line in the log about it and the models.

    Raises SettingsError where there can be none.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror
        if error.errno and not isinstance(error, socket.gaierror):
            reason = os.strerror(error.errno)  # the error's own text repeats the address
        raise SettingsError(
            f"cannot listen on {settings.host} port {settings.port}: {reason}; "
            f"choose another with {flag('port')} or {variable('port')}"
        ) from error
    host, port = listener.getsockname()[:2]
    newest = {artifact.name: artifact.version for artifact in artifacts}
    logger.info(
        "listening on http://%s:%d; workers: %d, threads of each: %d, models: %s",
        f"[{host}]" if ":" in host else host,
        port,
        settings.workers,
        worker.threads(settings),
        ", ".join(f"{name} {version}" for name, version in newest.items()),
    )
    return listener


def _on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """A signal that comes before it listens, and after it has ended, is an orderly end as well."""
    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, handler)


def _end_quietly(number: int, frame: FrameType | None) -> NoReturn:
    # A thread may be loading models, which the interpreter would not wait for. Nothing has been
    # accepted yet, and there is nothing to clear away.
    logger.info("stopped")
    logging.shutdown()
    os._exit(0)
