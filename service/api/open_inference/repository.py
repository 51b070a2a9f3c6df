"""POST below /v2/repository: what the models folder holds, and models loaded and unloaded.

Who may change the models is decided where it is for /models too.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field, JsonValue

from service.api.answer import json_answer
from service.api.body import read_body, request_schema
from service.api.errors import error_responses
from service.api.open_inference.messages import Message, parse_json
from service.api.open_inference.routes import PREFIX, TAGS
from service.api.openapi import ModelName
from service.api.permission import may_change_models
from service.api.services import services_of
from service.errors import InvalidInput, VersionRefused, listing
from service.repository import Repository, State

router = APIRouter(prefix=f"{PREFIX}/repository", tags=TAGS)
changes = APIRouter(prefix=f"{PREFIX}/repository", tags=TAGS)

# What the protocol calls the states of a version.
_STATES = {
    State.AVAILABLE: "UNAVAILABLE",
    State.LOADING: "LOADING",
    State.READY: "READY",
    State.DRAINING: "UNLOADING",
    State.FAILED: "UNAVAILABLE",
}


class IndexRequest(Message):
    """Which versions are asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ready": True}]})

    ready: Annotated[bool, Field(description="only those that answer")] = False


class IndexEntry(Message):
    """A version of a model."""

    name: Annotated[str, Field(examples=["sentiment"])]
    version: Annotated[str, Field(examples=["1"])]
    state: Annotated[
        str, Field(description="READY, LOADING, UNLOADING or UNAVAILABLE", examples=["READY"])
    ]
    reason: Annotated[str, Field(description="why it is unavailable")] = ""


class ChangeRequest(Message):
    """Parameters of a change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    parameters: Annotated[
        dict[str, JsonValue],
        Field(
            default_factory=dict,
            description="unload_dependents is passed over: no model here depends on another",
        ),
    ]


def _optional(documented: dict[str, Any]) -> dict[str, Any]:
    """The same, of a body that may be left out."""
    documented["requestBody"]["required"] = False
    return documented


@router.post(
    "/index",
    summary="List the versions",
    responses=error_responses(400, 413),
    openapi_extra=_optional(request_schema(IndexRequest)),
)
async def index(request: Request) -> list[IndexEntry]:
    """Every version of every model, loaded or not. The body may be empty."""
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    asked = parse_json(body, IndexRequest) if body else IndexRequest()
    return [
        IndexEntry(
            name=status.name,
            version=str(version.version),
            state=_STATES[version.state],
            reason=version.reason or ("not loaded" if version.state is State.AVAILABLE else ""),
        )
        for status in services.repository.models().values()
        for version in status.versions
        if version.state is State.READY or not asked.ready
    ]


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}, "example": {}}}},
    **error_responses(400, 401, 403, 404, 409, 413, 503),
}


@changes.post(
    "/models/{name}/load",
    summary="Load a model",
    response_class=Response,
    responses=_RESPONSES,
    openapi_extra=_optional(request_schema(ChangeRequest)),
)
async def load(name: ModelName, request: Request) -> Response:
    """Looks into the models folder, and loads what should answer: new versions, or a model that
    was unloaded. The body may be empty.
    """
    services = may_change_models(request)
    _refuse(await _parameters(request), ())
    await asyncio.to_thread(_load, services.repository, name)
    return json_answer({})


@changes.post(
    "/models/{name}/unload",
    summary="Unload a model",
    response_class=Response,
    responses=_RESPONSES,
    openapi_extra=_optional(request_schema(ChangeRequest)),
)
async def unload(name: ModelName, request: Request) -> Response:
    """Takes all versions of a model out of memory, once the requests that they answer are done.

    It answers again when it is loaded, or one of its versions is activated. The body may be empty.
    """
    services = may_change_models(request)
    _refuse(await _parameters(request), ("unload_dependents",))
    await asyncio.to_thread(services.repository.change, name, lambda routing: routing.halted())
    return json_answer({})


def _load(repository: Repository, name: str) -> None:
    repository.rescan_everywhere()
    repository.change(name, lambda routing: routing.started())
    status = repository.model(name)
    if status.active is None:
        raise VersionRefused(f"no version of {name} can be loaded: {status.reason}")


async def _parameters(request: Request) -> dict[str, JsonValue]:
    body = await read_body(request, services_of(request).settings.max_body_bytes)
    return parse_json(body, ChangeRequest).parameters if body else {}


def _refuse(given: dict[str, JsonValue], known: tuple[str, ...]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InvalidInput(
            f"models are loaded as they were published; leave out {listing(unknown[:8])}"
        )
