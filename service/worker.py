"""What one worker process does: loads the models in a thread, and serves them.

The imports of what answers requests take as long as the models do, and neither needs the other:
they go on side by side. Therefore this module imports at its top only what reads artifacts.
"""

import gc
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from service.artifact import Artifact, ArtifactError, read_all
from service.errors import SettingsError
from service.logs import configure_logging
from service.runtime.cores import available_cores
from service.settings import Settings, flag

if TYPE_CHECKING:  # see above; and what the second imports is an extra
    from multiprocessing.connection import Connection

    from service.api.app import Entrance
    from service.api.tracing import Tracing
    from service.metrics import Metrics
    from service.repository import Repository

logger = logging.getLogger(__name__)

_YOUNG_OBJECTS = 5000  # after which garbage is looked for among them


@dataclass(frozen=True)
class Models:
    """The models of this process, which a thread loads, and what counts them."""

    repository: "Repository"
    metrics: "Metrics"


def threads(settings: Settings) -> int:
    """The threads of one inference."""
    return settings.threads or max(1, available_cores() // settings.workers)


def require_extras(settings: Settings) -> None:
    """Raises SettingsError where the settings need packages that are not installed."""
    if settings.tracing:
        _tracing()


def start_models(
    settings: Settings, shared: Path | None = None, known: Sequence[Artifact] = ()
) -> Models:
    """Begins to load the models.

    shared: the folder of the store of this worker and its siblings. known: artifacts that this
    process has read already. Raises ArtifactError.
    """
    from service.metrics import metrics_of_this_process
    from service.pipelines.options import PipelineOptions
    from service.repository import FolderStore, Repository

    metrics = metrics_of_this_process(os.environ)
    options = PipelineOptions.of(
        settings, threads(settings), lambda name: metrics.engines.of(name).engine()
    )
    repository = Repository.open(
        settings.models,
        options,
        FolderStore(shared) if shared else None,
        os.getpid(),
        settings.keep_versions,
        settings.models_poll_seconds,
        known=known,
    )
    repository.start()
    return Models(repository, metrics)


def start_beside_imports(
    settings: Settings, listen: Callable[[Sequence[Artifact]], socket.socket]
) -> tuple[Models, socket.socket]:
    """Checks every artifact, listens, and begins to load, while this thread imports the rest.

    listen: called with all artifacts, from another thread. Raises ArtifactError, and what `listen`
    raises.
    """
    can_load = threading.Event()  # what loading needs is imported

    def start() -> tuple[Models, socket.socket]:
        artifacts = read_all(settings.models)
        listener = listen(artifacts)
        can_load.wait()
        return start_models(settings, known=artifacts), listener

    with ThreadPoolExecutor(1) as executor:
        started = executor.submit(start)
        try:
            import service.metrics
            import service.repository
        finally:
            can_load.set()
        import service.api.app
        import service.server  # noqa: F401
    return started.result()


def work(
    settings: Settings,
    shared: Path | None,
    listener: socket.socket,
    pipe: "Connection[bytes, bytes]",
) -> None:
    """All that one of several worker processes does.

    Raises SystemExit, with the status at which nobody tries again, where an artifact was changed
    after the parent process read it.
    """
    from service.supervisor import HOPELESS, Pulse, end_with_parent

    gc.disable()  # until all that is needed is imported; see `_begin_collecting`
    end_with_parent(settings.shutdown_delay + settings.shutdown_timeout)
    configure_logging(settings.log_level, settings.log_format)
    try:
        models = start_models(settings, shared)
    except ArtifactError as error:
        logger.error("%s", error)
        raise SystemExit(HOPELESS) from error
    status = 0 if serve(settings, models, listener, Pulse(pipe).beat, shared) else HOPELESS
    end_at_once(status)
    raise SystemExit(status)


def serve(
    settings: Settings,
    models: Models,
    listener: socket.socket,
    every_second: Callable[[], None] = lambda: None,
    shared: Path | None = None,
) -> bool:
    """Answers requests until a signal; whether it could.

    shared: the folder of this worker and its siblings.
    """
    import uvicorn

    from service.api.protocol import GatehouseProtocol
    from service.runtime.slices import SHORT, ask_for_slice
    from service.server import Server

    ask_for_slice(SHORT)  # for the event loop, and the engines' threads, which it starts
    config = uvicorn.Config(
        partial(_make_app, settings, models, shared),
        factory=True,
        interface="asgi3",
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

    def keep_up() -> None:
        every_second()
        models.metrics.write_down()

    server = Server(config, settings.shutdown_delay, settings.request_read_timeout, keep_up)
    try:
        server.run(sockets=[listener])
    except SystemExit as ended:
        return not ended.code
    finally:
        models.metrics.write_down()
    return True


def _make_app(settings: Settings, models: Models, shared: Path | None) -> "Entrance":
    from service.access.start import shared_counts
    from service.api.app import Entrance, create_app

    tracing = None
    if settings.tracing:
        tracing = _tracing().to_collector(settings.tracing, settings.tracing_share)
    counts = shared_counts(shared)
    app = create_app(
        settings, models.repository, models.metrics, tracing, counts, _begin_collecting
    )
    return Entrance(app)


def _begin_collecting() -> None:
    # What has been imported stays until the end, so no collection has to look at it again: one
    # that stops all threads for 15 ms without this takes less than 1.
    gc.freeze()
    # Requests in flight are hundreds of objects each, none of which is garbage: to look after
    # every 700 new ones, as by default, took a fiftieth of the event loop's time.
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
    gc.enable()


def end_at_once(status: int = 0) -> None:
    """Ends the process where a thread is left.

    A computation that outlived the grace, or the loading of a model, cannot be interrupted. The
    interpreter would wait for the one, and pull the ground from under the other.
    """
    logging.shutdown()
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _tracing() -> "type[Tracing]":
    try:
        from service.api.tracing import Tracing
    except ImportError as error:
        raise SettingsError(
            f"{flag('tracing')} needs packages that are not installed; install "
            "requirements/tracing.txt, or leave it empty"
        ) from error
    return Tracing
