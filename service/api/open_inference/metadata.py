"""GET below /v2: what the server and its models are, and whether they answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from service import __version__
from service.api import health
from service.api.errors import error_responses
from service.api.open_inference.lookup import lease_of
from service.api.open_inference.routes import PREFIX, TAGS, add_model_route
from service.api.open_inference.signatures import PLATFORM, configuration, signature
from service.api.open_inference.tensors import TensorFacts
from service.api.services import services_of
from service.artifact import Manifest
from service.repository import Repository, State

router = APIRouter(prefix=PREFIX, tags=TAGS)

NAME = "gatehouse"
EXTENSIONS = (
    "binary_tensor_data",
    "classification",
    "generate",
    "model_configuration",
    "model_repository",
    "parameters",
    "schedule_policy",
    "statistics",
)


class ServerMetadata(BaseModel):
    """What answers here."""

    name: Annotated[str, Field(examples=[NAME])]
    version: Annotated[str, Field(examples=[__version__])]
    extensions: Annotated[list[str], Field(examples=[list(EXTENSIONS)])]


class ServerLive(BaseModel):
    """A process that answers."""

    live: bool


class ServerReady(BaseModel):
    """A service whose models all answer."""

    ready: bool


class ModelReady(BaseModel):
    """A model that answers."""

    name: Annotated[str, Field(examples=["sentiment"])]
    ready: bool


class TensorMetadata(BaseModel):
    """A tensor that a model takes or gives."""

    name: Annotated[str, Field(examples=["text_input"])]
    datatype: Annotated[str, Field(examples=["BYTES"])]
    shape: Annotated[list[int], Field(description="-1: of any size", examples=[[-1, 1]])]


class ModelMetadata(BaseModel):
    """What a model takes and gives."""

    name: Annotated[str, Field(examples=["sentiment"])]
    versions: Annotated[list[str], Field(description="that are loaded", examples=[["1"]])]
    platform: Annotated[str, Field(examples=[PLATFORM])]
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ModelConfiguration(BaseModel):
    """Triton's ModelConfig, in the fields that apply."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "sentiment",
                    "platform": PLATFORM,
                    "backend": "onnxruntime",
                    "version_policy": {"latest": {"num_versions": 1}},
                    "max_batch_size": 256,
                    "input": [
                        {
                            "name": "text_input",
                            "data_type": "TYPE_STRING",
                            "dims": [1],
                            "optional": True,
                        }
                    ],
                    "output": [{"name": "label", "data_type": "TYPE_STRING", "dims": [-1]}],
                    "instance_group": [{"name": "sentiment", "kind": "KIND_CPU", "count": 1}],
                    "dynamic_batching": {"max_queue_delay_microseconds": 0},
                    "parameters": {"task": {"string_value": "classification"}},
                    "model_transaction_policy": {"decoupled": False},
                }
            ]
        }
    )

    name: Annotated[str, Field(examples=["sentiment"])]
    platform: Annotated[str, Field(examples=[PLATFORM])]
    backend: str
    version_policy: dict[str, Any]
    max_batch_size: int
    input: list[dict[str, Any]]
    output: list[dict[str, Any]]
    instance_group: list[dict[str, Any]]
    dynamic_batching: dict[str, Any]
    parameters: dict[str, dict[str, str]]
    model_transaction_policy: dict[str, bool]


@router.get("", summary="Describe the server")
async def server(request: Request) -> ServerMetadata:
    """Its name, its version, and the extensions of the protocol that it speaks."""
    return ServerMetadata(name=NAME, version=__version__, extensions=list(EXTENSIONS))


@router.get("/health/live", summary="Does the process answer?")
async def live() -> ServerLive:
    """As /health/live."""
    return ServerLive(live=True)


@router.get("/health/ready", summary="Do the models answer?", responses=error_responses(503))
async def ready(request: Request) -> ServerReady:
    """As /health/ready."""
    await health.ready(request)
    return ServerReady(ready=True)


async def model(request: Request, name: str, version: int | None) -> ModelMetadata:
    """The tensors that a model takes and gives, and its versions that are loaded.

    It takes `text_input`, or `tokens` and `lengths`.
    """
    repository = services_of(request).repository
    manifest = _manifest(repository, name, version)
    facts = signature(manifest)
    loaded = [v.version for v in repository.model(name).versions if v.state is State.READY]
    return ModelMetadata(
        name=name,
        versions=[str(number) for number in sorted(loaded)],
        platform=PLATFORM,
        inputs=[_described(tensor) for tensor in facts.inputs],
        outputs=[_described(tensor) for tensor in facts.outputs],
    )


async def model_ready(request: Request, name: str, version: int | None) -> ModelReady:
    """Answers 200 if a version of a model answers: the one that is named, or the active one."""
    repository = services_of(request).repository
    if version is None:
        version = repository.model(name).active
    # Of a number, so that the question counts for no candidate's share.
    with lease_of(repository, repository.manifest(name), version):
        return ModelReady(name=name, ready=True)


async def model_configuration(
    request: Request, name: str, version: int | None
) -> ModelConfiguration:
    """A model's configuration, as Triton's clients read it."""
    services = services_of(request)
    manifest = _manifest(services.repository, name, version)
    return ModelConfiguration.model_validate(configuration(manifest, services.settings))


def _manifest(repository: Repository, name: str, version: int | None) -> Manifest:
    """The manifest of a version that is loaded, or of the active one."""
    manifest = repository.manifest(name)
    if version is None:
        return manifest
    with lease_of(repository, manifest, version) as lease:
        loaded: Manifest = lease.pipeline.manifest
        return loaded


def _described(tensor: TensorFacts) -> TensorMetadata:
    return TensorMetadata(name=tensor.name, datatype=tensor.datatype, shape=list(tensor.shape))


_ERRORS = error_responses(400, 404, 503)
add_model_route(
    router,
    "GET",
    "",
    model,
    summary="Describe a model's tensors",
    response_model=ModelMetadata,
    responses=_ERRORS,
)
add_model_route(
    router,
    "GET",
    "/ready",
    model_ready,
    summary="Does a model answer?",
    response_model=ModelReady,
    responses=_ERRORS,
)
add_model_route(
    router,
    "GET",
    "/config",
    model_configuration,
    summary="A model's configuration",
    response_model=ModelConfiguration,
    responses=_ERRORS,
)
