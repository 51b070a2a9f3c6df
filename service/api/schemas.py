"""The bodies of requests and answers, as they are checked and as /docs shows them.

Limits that an operator sets are not here, because they are known only when the app is made:
`service.api.texts` and the routes check them.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, JsonValue


class _FirstErrorOnly(FailFast):
    """A list of a million numbers is no list of texts, and saying so once is enough.

    pydantic's own class cannot be hashed, which a member of a union must be.
    """

    __hash__ = object.__hash__


Texts = str | Annotated[list[str], _FirstErrorOnly()]


class RequestBody(BaseModel):
    """A body that refuses fields it does not know, and values of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PredictRequest(RequestBody):
    """Texts to classify."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"inputs": "What a film! I laughed all the way through."},
                {"inputs": ["A delight.", "Two hours I will never get back."], "top_k": 1},
            ]
        }
    )

    inputs: Annotated[Texts, Field(description="a text, or a list of texts")]
    model: Annotated[
        str | None, Field(description="name of a classification model; see /models")
    ] = None
    version: Annotated[
        int | None,
        Field(description="version of the model; the one that is active by default", ge=1),
    ] = None
    top_k: Annotated[
        int | None, Field(description="how many labels to answer with; all by default", ge=1)
    ] = None


class TranslateRequest(RequestBody):
    """Texts to translate. A text may hold several sentences and lines."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"q": "A man rides a bike.", "source": "en", "target": "de"},
                {"q": ["Good morning.", "Thank you!"], "source": "en", "target": "de"},
            ]
        }
    )

    q: Annotated[Texts, Field(description="a text, or a list of texts")]
    source: Annotated[str, Field(description="code of the language of the texts, such as en")]
    target: Annotated[str, Field(description="code of the language wanted, such as de")]
    model: Annotated[str | None, Field(description="name of a translation model; see /models")] = (
        None
    )
    version: Annotated[
        int | None,
        Field(description="version of the model; the one that is active by default", ge=1),
    ] = None
    beam_size: Annotated[
        int | None,
        Field(description="hypotheses kept by the search, 5 by default; 1 is greedy", ge=1),
    ] = None
    num_hypotheses: Annotated[
        int | None,
        Field(
            description="how many translations of a text to answer with, in `hypotheses`; at "
            "most beam_size",
            ge=1,
        ),
    ] = None
    max_length: Annotated[
        int | None, Field(description="tokens after which a sentence is cut", ge=1)
    ] = None
    length_penalty: Annotated[
        float | None,
        Field(
            description="power of the length by which a hypothesis's score is divided; "
            "the model's own by default",
            ge=0,
            le=10,
            allow_inf_nan=False,
        ),
    ] = None


class Prediction(BaseModel):
    """A label and its probability."""

    label: Annotated[str, Field(examples=["positive"])]
    score: Annotated[float, Field(ge=0, le=1, examples=[0.98])]


class Hypothesis(BaseModel):
    """One translation and the score by which the search ranks it."""

    text: Annotated[str, Field(examples=["Ein Mann fährt Fahrrad."])]
    score: Annotated[
        float,
        Field(
            description="log-probability / length ** length_penalty, the mean over the sentences",
            examples=[-0.31],
        ),
    ]


class Translation(BaseModel):
    """The translation, of the same shape as `q`."""

    translatedText: Annotated[  # noqa: N815 (the name that LibreTranslate's clients read)
        str | list[str], Field(examples=["Ein Mann fährt Fahrrad."])
    ]
    hypotheses: Annotated[
        list[Hypothesis] | list[list[Hypothesis]] | None,
        Field(description="with num_hypotheses: the translations of each text, best first"),
    ] = None


class Status(BaseModel):
    """A service that answers."""

    status: Annotated[str, Field(examples=["ok"])]


class Ready(BaseModel):
    """A service whose models all answer as their manifests say."""

    status: Annotated[str, Field(examples=["ready"])]
    models: Annotated[
        dict[str, int], Field(description="version by name", examples=[{"sentiment": 1}])
    ]


class Error(BaseModel):
    """The body of every answer that is no success."""

    error: Annotated[str, Field(description="what is wrong, and what would be right")]


class VersionStatus(BaseModel):
    """One version of a model."""

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
    languages: dict[str, str] | None = None
    scores: Annotated[
        list[dict[str, JsonValue]] | None, Field(description="measured on the exported model")
    ]
    license: Annotated[str | None, Field(description="of the weights")]
    license_note: str | None
    sources: Annotated[int | None, Field(description="data sets that it was trained on")]


class ModelDetails(BaseModel):
    """One model, with the whole manifest of its active version."""

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

    version: Annotated[int, Field(ge=1, le=999_999_999)]


class ActivationRequest(RequestBody):
    """The version that is to answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 2}, {"version": None}]})

    version: Annotated[
        int | None,
        Field(description="null: the newest good one, as they come", ge=1, le=999_999_999),
    ]


class CandidateRequest(RequestBody):
    """A version on trial beside the active one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": 2, "share": 0.1}, {"version": 2, "mirror": True}]
        }
    )

    version: Annotated[int, Field(ge=1, le=999_999_999)]
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

    pid: int
    active: Annotated[
        dict[str, int | None], Field(description="the version that answers, by model")
    ]


class ModelsChanged(BaseModel):
    """A change that every worker has made."""

    message: Annotated[str, Field(examples=["sentiment 1 answers, and stays until another is"])]
    workers: list[WorkerStatus]
