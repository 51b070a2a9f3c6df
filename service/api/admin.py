"""Changes of the models while the service runs, for operators with the permission to make them.

Every answer comes when all workers have followed. Waiting for them happens in a thread, so that
the event loop goes on.
"""

import asyncio

from fastapi import APIRouter, Request

from service.api.body import parse_body, read_body, request_schema
from service.api.errors import error_responses
from service.api.model_schemas import (
    ActivationRequest,
    CandidateRequest,
    ModelsChanged,
    VersionRequest,
    WorkerStatus,
)
from service.api.openapi import ModelName
from service.api.permission import may_change_models
from service.api.services import Services
from service.repository import Candidate, Change, Repository

router = APIRouter(prefix="/models", tags=["changes of the models"])

_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 503)


@router.post("/rescan", summary="Look into the models folder now", responses=_ERRORS)
async def rescan(request: Request) -> ModelsChanged:
    """Loads and activates new versions that are good; /models says which were refused, and why."""
    repository = may_change_models(request).repository
    change = await asyncio.to_thread(repository.rescan_everywhere)
    return _answer("every worker has looked into the models folder", change)


@router.post(
    "/{name}/load",
    summary="Load a version",
    responses=_ERRORS,
    openapi_extra=request_schema(VersionRequest),
)
async def load(name: ModelName, request: Request) -> ModelsChanged:
    """Loads and proves a version and keeps it, to be asked for by its number."""
    services = may_change_models(request)
    version = parse_body(await _body(request, services), VersionRequest).version

    def change(repository: Repository) -> Change:
        repository.require_published(name, version)
        return repository.change(name, lambda routing: routing.with_loaded(version))

    return _answer(
        f"{name} {version} is loaded", await asyncio.to_thread(change, services.repository)
    )


@router.post(
    "/{name}/unload",
    summary="Unload a version",
    responses=_ERRORS,
    openapi_extra=request_schema(VersionRequest),
)
async def unload(name: ModelName, request: Request) -> ModelsChanged:
    """Takes a version out of memory, once the requests that it answers are done."""
    services = may_change_models(request)
    version = parse_body(await _body(request, services), VersionRequest).version

    def change(repository: Repository) -> Change:
        repository.require_loaded(name, version)
        return repository.change(name, lambda routing: routing.with_unloaded(name, version))

    return _answer(
        f"{name} {version} is not used any more",
        await asyncio.to_thread(change, services.repository),
    )


@router.post(
    "/{name}/activate",
    summary="Choose the version that answers",
    responses=_ERRORS,
    openapi_extra=request_schema(ActivationRequest),
)
async def activate(name: ModelName, request: Request) -> ModelsChanged:
    """Loads and proves the version where it is not loaded, and then moves traffic to it.

    It stays the active one, whatever is published. null ends that.
    """
    services = may_change_models(request)
    version = parse_body(await _body(request, services), ActivationRequest).version

    def change(repository: Repository) -> Change:
        if version is not None:
            repository.require_published(name, version)
        return repository.change(name, lambda routing: routing.activated(version))

    changed = await asyncio.to_thread(change, services.repository)
    message = (
        f"the newest good version of {name} answers, and newer ones as they are published"
        if version is None
        else f"{name} {version} answers, and stays until another version or null is activated"
    )
    return _answer(message, changed)


@router.post("/{name}/rollback", summary="Go back to the version before", responses=_ERRORS)
async def rollback(name: ModelName, request: Request) -> ModelsChanged:
    """Moves traffic to the version that was active before, which then stays the active one."""
    repository = may_change_models(request).repository
    change = await asyncio.to_thread(
        repository.change, name, lambda routing: routing.rolled_back(name)
    )
    before, after = change.before.of(name).current, change.after.of(name).active
    return _answer(
        f"{name} {after} answers in place of {before}, and stays until another version or null is "
        "activated",
        change,
    )


@router.put(
    "/{name}/candidate",
    summary="Try a version beside the active one",
    responses=_ERRORS,
    openapi_extra=request_schema(CandidateRequest),
)
async def set_candidate(name: ModelName, request: Request) -> ModelsChanged:
    """Gives a version a share of the requests that name none, or lets it compute them as well."""
    services = may_change_models(request)
    asked = parse_body(await _body(request, services), CandidateRequest)
    candidate = Candidate(version=asked.version, share=asked.share, mirror=asked.mirror)

    def change(repository: Repository) -> Change:
        repository.require_published(name, asked.version)
        return repository.change(name, lambda routing: routing.with_candidate(name, candidate))

    return _answer(
        f"{name} {asked.version} is the candidate",
        await asyncio.to_thread(change, services.repository),
    )


@router.delete("/{name}/candidate", summary="Take the candidate away", responses=_ERRORS)
async def remove_candidate(name: ModelName, request: Request) -> ModelsChanged:
    """All requests that name no version go to the active one again."""
    repository = may_change_models(request).repository
    change = await asyncio.to_thread(
        repository.change, name, lambda routing: routing.without_candidate(name)
    )
    return _answer(f"{name} has no candidate any more", change)


async def _body(request: Request, services: Services) -> bytes:
    return await read_body(request, services.settings.max_body_bytes)


def _answer(message: str, change: Change) -> ModelsChanged:
    workers = [WorkerStatus(pid=worker.pid, active=worker.active) for worker in change.workers]
    return ModelsChanged(message=message, workers=workers)
