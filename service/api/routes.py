"""All routes of the app. Imported when they are added: see `service.api.completion`."""

from fastapi import FastAPI

from service.api import (
    admin,
    documentation,
    explain,
    generate,
    health,
    huggingface,
    libretranslate,
    metrics,
    models,
    open_inference,
    predict,
    sequences,
    tag,
    translate,
)
from service.api.access_schema import describe_access
from service.api.openapi import correct_document
from service.api.page import page_router
from service.settings import Settings


def add_routes(app: FastAPI, settings: Settings, guarded: bool) -> None:
    """Adds them to the app. guarded: whether keys or limits stand before them."""
    for router in (
        predict.routes.router,
        translate.routes.router,
        libretranslate.router,
        explain.router,
        generate.router,
        sequences.router,
        tag.router,
        models.router,
        health.routes.router,
        metrics.router,
        huggingface.router,
        *open_inference.routers,
    ):
        app.include_router(router)
    app.include_router(page_router(settings.root_path))
    app.include_router(documentation.router)
    # Routes that are off refuse, and are not shown.
    for changes in (admin.router, open_inference.changes):
        app.include_router(changes, include_in_schema=settings.allow_model_changes)
    correct_document(app)
    if guarded:
        describe_access(app, settings)
