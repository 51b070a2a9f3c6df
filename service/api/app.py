"""Makes the ASGI app from settings, a repository and metrics, which are passed in.

The event loop of the worker owns the app: its lifespan makes what answers requests, starts
the loading of the models, and stops it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service import __version__
from service.api import health, predict, translate
from service.api.access import Access, AccessMiddleware
from service.api.answers import Answers
from service.api.completion import Completed, Completion
from service.api.cross_origin import CrossOriginMiddleware
from service.api.direct import DirectRoutes
from service.api.errors import add_error_handlers
from service.api.following import follow
from service.api.inference import Inference
from service.api.languages import Languages
from service.api.middleware import RequestMiddleware, RootPathMiddleware
from service.api.security_headers import SecurityHeaders
from service.api.services import Services
from service.metrics import Metrics
from service.repository import Repository, State
from service.settings import Settings

if TYPE_CHECKING:  # imported where the settings want them; what the second imports is an extra
    from service.api.glossaries import Glossaries
    from service.api.tracing import Tracing

DESCRIPTION = """\
Small recurrent networks that classify and translate text.

Every answer that is no success has the body `{"error": "what is wrong, and what would be right"}`.
"""


# Their endpoints are called without FastAPI's machinery, which costs several times as much as all
# else that HTTP needs: each takes the request, reads the body itself and answers with a Response.
DIRECT = (*predict.routes.routes, *translate.routes.routes, *health.routes.routes)


def create_app(
    settings: Settings,
    repository: Repository,
    collected: Metrics,
    tracing: "Tracing | None" = None,
    counts: Path | None = None,
    completed: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The app, whose models begin to load when it starts up.

    counts: the file in which all workers of a server count requests, where there are several.
    completed: called once, from another thread, when all routes are there.
    """
    access = Access.of(settings, counts)
    glossaries = _glossaries(settings, access)

    def complete() -> None:
        from service.api.routes import add_routes

        add_routes(app, settings, guarded=access is not None)
        completed()

    completion = Completion(complete)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        inference = Inference(settings, collected.engines)
        answers = Answers(settings, inference, collected.engines, glossaries)
        languages = Languages(settings, repository, inference, answers)
        services = Services(
            settings, repository, collected, inference, answers, languages, glossaries
        )
        app.state.services = services
        repository.start(lambda: _count_models(repository, collected))
        _count_models(repository, collected)
        completion.complete_after(repository.wait_until_loaded)
        # Keys first: they say which glossaries there are.
        files = [
            file
            for file in (None if access is None else access.keys, glossaries)
            if file is not None
        ]
        following = asyncio.create_task(follow(files)) if files else None
        yield
        if following is not None:
            following.cancel()
        if access is not None:
            access.close()
        services.close()
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
        docs_url=None,  # a page of our own, which says what it may load
        redoc_url=None,
        # FastAPI's own tracing, which looks for a tracer anew at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.completion = completion
    add_error_handlers(app)
    _wrap(app, completion, settings, collected, tracing, access)
    return app


class Entrance:
    """What a server calls: hands requests to the app's layers, and all else to the app.

    FastAPI and starlette have an entrance each, a coroutine that only waits for the next one. What
    they do besides has no use here: root_path is a layer's, telemetry is off.
    """

    def __init__(self, app: FastAPI) -> None:
        """The app is one of `create_app`, whose layers are all there."""
        assert app.middleware_stack is not None
        self._app = app
        self._layers = app.middleware_stack

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """To be awaited as an ASGI app."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        scope["app"] = self._app
        return self._layers(scope, receive, send)


def _wrap(
    app: FastAPI,
    completion: Completion,
    settings: Settings,
    collected: Metrics,
    tracing: "Tracing | None",
    access: Access | None,
) -> None:
    """Puts our own layers around the app's; afterwards it takes no more of them."""
    stack = app.build_middleware_stack()
    # Its place as the last resort is taken, by one that says which request failed.
    assert isinstance(stack, ServerErrorMiddleware)
    direct = {(route.method, settings.root_path + route.path): route for route in DIRECT}
    inner: ASGIApp = Completed(stack.app, completion)
    if access is not None or settings.cors_origins:
        # These layers stand before the direct routes, too, and cost nothing where they are not.
        inner = DirectRoutes(inner, direct)
        if access is not None:
            inner = AccessMiddleware(
                inner, access, settings.root_path, settings.open_metrics, direct
            )
        if settings.cors_origins:
            inner = CrossOriginMiddleware(inner, settings.cors_origins)
        direct = {}
    security = SecurityHeaders(settings.root_path)
    stack = RequestMiddleware(inner, collected, settings.access_log, direct, tracing, security)
    if settings.root_path:
        stack = RootPathMiddleware(stack, settings.root_path)
    app.middleware_stack = stack


def _glossaries(settings: Settings, access: Access | None) -> "Glossaries | None":
    """Those of files; None where there are none and, without keys, can be none."""
    keys = None if access is None else access.keys
    if settings.glossary_file is None and keys is None:
        return None
    from service.api.glossaries import Glossaries

    return Glossaries(settings.glossary_file, keys)


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
