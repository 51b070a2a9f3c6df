"""Makes the ASGI app from settings, a repository and metrics, which are passed in.

The event loop of the worker owns the app: its lifespan makes what answers requests, starts
the loading of the models, and stops it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.middleware.errors import ServerErrorMiddleware

from service import __version__
from service.api import admin, health, metrics, models, predict, translate
from service.api.answers import Answers
from service.api.errors import add_error_handlers
from service.api.inference import Inference
from service.api.middleware import DirectRoute, RequestMiddleware, RootPathMiddleware
from service.api.services import Services
from service.metrics import Metrics
from service.repository import Repository, State
from service.settings import Settings

if TYPE_CHECKING:  # what it imports is an extra
    from service.api.tracing import Tracing

DESCRIPTION = """\
Small recurrent networks that classify and translate text.

Every answer that is no success has the body `{"error": "what is wrong, and what would be right"}`.
"""


# Their endpoints are called without FastAPI's machinery, which costs several times as much as all
# else that HTTP needs: each takes the request, reads the body itself and answers with a Response.
DIRECT = (predict.router, translate.router)


def create_app(
    settings: Settings,
    repository: Repository,
    collected: Metrics,
    tracing: "Tracing | None" = None,
) -> FastAPI:
    """The app, whose models begin to load when it starts up."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        inference = Inference(settings, collected.engines)
        answers = Answers(settings, inference, collected.engines)
        services = Services(settings, repository, collected, inference, answers)
        app.state.services = services
        repository.start(lambda: _count_models(repository, collected))
        _count_models(repository, collected)
        yield
        repository.stop()
        if tracing is not None:
            tracing.close()

    # Like FastAPI(), but /docs brings its scripts along: the browser may have no way out of here.
    app = FastAPIOffline(
        title="Gatehouse",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url="/docs",
        redoc_url=None,
        # FastAPI's own tracing, which looks for a tracer anew at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for part in (predict, translate, models, health, metrics):
        app.include_router(part.router)
    # Routes that are off refuse, and are not shown.
    app.include_router(admin.router, include_in_schema=settings.allow_model_changes)
    add_error_handlers(app)
    _wrap(app, settings, collected, tracing)
    return app


def _wrap(app: FastAPI, settings: Settings, collected: Metrics, tracing: "Tracing | None") -> None:
    """Puts our own layers around the app's; afterwards it takes no more of them."""
    stack = app.build_middleware_stack()
    # Its place as the last resort is taken, by one that says which request failed.
    assert isinstance(stack, ServerErrorMiddleware)
    direct = {
        (method, settings.root_path + route.path): DirectRoute(route.path, route.endpoint)
        for router in DIRECT
        for route in router.routes
        if isinstance(route, APIRoute) and not route.dependant.dependencies
        for method in route.methods or ()
    }
    stack = RequestMiddleware(stack.app, collected, settings.access_log, direct, tracing)
    if settings.root_path:
        stack = RootPathMiddleware(stack, settings.root_path)
    app.middleware_stack = stack


def _count_models(repository: Repository, collected: Metrics) -> None:
    statuses = repository.models().values()
    for state in (State.LOADING, State.READY, State.FAILED):
        count = sum(status.state is state for status in statuses)
        collected.models.labels(state.value).set(count)
    versions = [version for status in statuses for version in status.versions]
    for state in State:
        count = sum(version.state is state for version in versions)
        collected.model_versions.labels(state.value).set(count)
    manifests = [version.manifest for version in versions if version.manifest is not None]
    collected.set_model_info(
        (manifest.name, str(manifest.version), manifest.task, manifest.precision)
        for manifest in manifests
    )
