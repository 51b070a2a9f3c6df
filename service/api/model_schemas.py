"""The bodies of /models: what is served, and changes of it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from service.api.schemas import RequestBody

MAX_VERSION = 999_999_999  # of nine digits, as folders of versions have
VersionNumber = Annotated[int, Field(ge=1, le=MAX_VERSION)]
_VERSION_EXAMPLE: dict[str, JsonValue] = {"version": 1, "state": "ready", "role": "active"}
_MANIFEST_EXAMPLE: dict[str, JsonValue] = {
    "precision": "int8",
    "created": "2026-11-20T14:14:09.122000Z",
    "labels": ["negative", "positive"],
    "license": "Apache-2.0 for the weights as such; see the note",
    "license_note": "Trained on IMDb reviews, which state no licence.",
}
_SCORE_EXAMPLE: dict[str, JsonValue] = {
    "dataset": "imdb",
    "split": "test",
    "metric": "accuracy",
    "value": 90.64,
    "rows": 25000,
}


class VersionStatus(BaseModel):
    """One version of a model."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VERSION_EXAMPLE]})

    version: int
    state: Annotated[
        str,
        Field(
            description="available (published, not loaded), loading, ready, draining (answers what "
            "it began), or failed (refused)"
        ),
    ]
    reason: Annotated[str | None, Field(description="why it was refused")] = None
    role: Annotated[
        str | None, Field(description="active: answers requests that name no version; candidate")
    ] = None
    share: Annotated[
        float | None, Field(description="of a candidate: its share of these requests")
    ] = None
    mirror: Annotated[
        bool | None,
        Field(description="of a candidate: whether its answers are compared with the active one's"),
    ] = None


class ModelSummary(BaseModel):
    """One model of the repository, described by the manifest of its active version.

    The manifest's facts are null for a model that came later and has not answered yet.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "sentiment",
                    "version": 1,
                    "pinned": False,
                    "task": "classification",
                    "state": "ready",
                    "versions": [_VERSION_EXAMPLE],
                    "scores": [_SCORE_EXAMPLE],
                    "sources": 6,
                    **_MANIFEST_EXAMPLE,
                }
            ]
        }
    )

    name: str
    version: Annotated[int | None, Field(description="the version that answers")]
    pinned: Annotated[
        bool, Field(description="whether somebody chose that version; else it is the newest good")
    ]
    task: str | None
    state: Annotated[str, Field(description="loading, ready or failed")]
    reason: Annotated[str | None, Field(description="why no version answers")] = None
    versions: Annotated[list[VersionStatus], Field(description="all that are known, newest first")]
    precision: str | None
    created: datetime | None
    labels: list[str] | None = None
    columns: Annotated[list[str] | None, Field(description="that a sequence model reads")] = None
    forecast: Annotated[
        list[str] | None, Field(description="the columns that a sequence model forecasts")
    ] = None
    tags: Annotated[list[str] | None, Field(description="that a tagger gives to words")] = None
    language: Annotated[
        str | None,
        Field(description="of the texts that a classifier or tagger reads, where it is stated"),
    ] = None
    purpose: Annotated[
        str | None, Field(description="language-identification, where the labels are languages")
    ] = None
    languages: dict[str, str] | None = None
    glossary: Annotated[
        bool | None, Field(description="of a translator: whether it takes a glossary")
    ] = None
    scores: Annotated[
        list[dict[str, JsonValue]] | None, Field(description="measured on the exported model")
    ]
    license: Annotated[str | None, Field(description="of the weights")]
    license_note: str | None
    sources: Annotated[int | None, Field(description="data sets that it was trained on")]


class ModelDetails(BaseModel):
    """One model, with the whole manifest of its active version."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "state": "ready",
                    "version": 1,
                    "pinned": False,
                    "versions": [_VERSION_EXAMPLE],
                    "manifest": {
                        "name": "sentiment",
                        "version": 1,
                        "task": "classification",
                        **_MANIFEST_EXAMPLE,
                    },
                }
            ]
        }
    )

    state: str
    reason: str | None = None
    version: Annotated[int | None, Field(description="the version that answers")]
    pinned: bool
    versions: list[VersionStatus]
    manifest: Annotated[
        dict[str, Any] | None, Field(description="see models/NAME/VERSION/manifest.json")
    ]


class VersionRequest(RequestBody):
    """A version of a model, by its number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 2}]})

    version: VersionNumber


class ActivationRequest(RequestBody):
    """The version that is to answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 2}, {"version": None}]})

    version: Annotated[
        int | None,
        Field(description="null: the newest good one, as they come", ge=1, le=MAX_VERSION),
    ]


class CandidateRequest(RequestBody):
    """A version on trial beside the active one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": 2, "share": 0.1}, {"version": 2, "mirror": True}]
        }
    )

    version: VersionNumber
    share: Annotated[
        float,
        Field(
            description="how many of the requests that name no version it answers, 0 to 1",
            ge=0,
            le=1,
            allow_inf_nan=False,
        ),
    ] = 0.0
    mirror: Annotated[
        bool,
        Field(
            description="compute also what the active version answers, compare the answers and "
            "count; clients get the active version's"
        ),
    ] = False


class WorkerStatus(BaseModel):
    """What a worker process did."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"pid": 17, "active": {"sentiment": 1}}]}
    )

    pid: int
    active: Annotated[
        dict[str, int | None], Field(description="the version that answers, by model")
    ]


class ModelsChanged(BaseModel):
    """A change that every worker has made."""

    message: Annotated[str, Field(examples=["sentiment 1 answers, and stays until another is"])]
    workers: list[WorkerStatus]
