"""Makes the ASGI app from settings, a repository and metrics, which are passed in.

The event loop of the worker owns the app: its lifespan starts the pools and the loading of the
models, and stops them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service import __version__
from service.api import health, metrics, models, predict, translate
from service.api.errors import add_error_handlers
from service.api.middleware import RequestMiddleware, RootPathMiddleware
from service.api.pool import InferencePool
from service.api.services import Services
from service.metrics import Metrics
from service.repository import Repository, State
from service.settings import Settings

DESCRIPTION = """\
Small recurrent networks that classify and translate text.

Every answer that is no success has the body `{"error": "what is wrong, and what would be right"}`.
"""


def create_app(settings: Settings, repository: Repository, collected: Metrics) -> FastAPI:
    """The app, whose models begin to load when it starts up."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = Services(
            settings,
            repository,
            collected,
            classification=_pool("classification", settings, collected),
            translation=_pool("translation", settings, collected),
        )
        app.state.services = services
        _count_models(repository, collected)
        app.state.loading = repository.load_in_background(
            lambda: _count_models(repository, collected)
        )
        yield
        services.classification.close()
        services.translation.close()

    # Like FastAPI(), but /docs brings its scripts along: the browser may have no way out of here.
    app = FastAPIOffline(
        title="Gatehouse",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url="/docs",
        redoc_url=None,
    )
    for part in (predict, translate, models, health, metrics):
        app.include_router(part.router)
    add_error_handlers(app)
    app.add_middleware(RequestMiddleware, metrics=collected, access_log=settings.access_log)
    if settings.root_path:
        app.add_middleware(RootPathMiddleware, root_path=settings.root_path)
    return app


def _pool(task: str, settings: Settings, collected: Metrics) -> InferencePool:
    return InferencePool(
        task,
        settings.max_concurrent_requests,
        settings.max_waiting_requests,
        collected.requests_in_progress.labels(task),
    )


def _count_models(repository: Repository, collected: Metrics) -> None:
    entries = repository.entries().values()
    for state in State:
        count = sum(entry.state is state for entry in entries)
        collected.models.labels(state.value).set(count)
    for entry in entries:
        if entry.state is State.READY:
            manifest = entry.artifact.manifest
            collected.model_info.labels(
                manifest.name, str(manifest.version), manifest.task, manifest.precision
            ).set(1)
