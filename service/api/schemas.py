"""The bodies of requests and answers, as they are checked and as /docs shows them.

Limits that an operator sets are not here, because they are known only when the app is made:
`service.api.texts` and the routes check them.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

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
                {
                    "q": "<p>Two <b>dogs</b> play.</p>",
                    "source": "en",
                    "target": "de",
                    "format": "html",
                    "alternatives": 1,
                },
            ]
        }
    )

    q: Annotated[Texts, Field(description="a text, or a list of texts")]
    source: Annotated[
        str,
        Field(
            description="code of the language of the texts, such as en; auto: found out, text by "
            "text"
        ),
    ]
    target: Annotated[str, Field(description="code of the language wanted, such as de")]
    format: Annotated[
        Literal["text", "html"] | None,
        Field(description="what the texts are; of HTML the tags stay, and text is translated"),
    ] = None
    alternatives: Annotated[
        int | None,
        Field(
            description="how many other translations of a text to answer with; fewer than "
            "beam_size",
            ge=0,
            strict=False,
        ),
    ] = None
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
    api_key: Annotated[
        str | None,
        Field(description="the key, where it is not in a header; as LibreTranslate's clients send"),
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


class DetectedLanguage(BaseModel):
    """A language that a text may be in."""

    confidence: Annotated[float, Field(description="in percent", ge=0, le=100, examples=[98])]
    language: Annotated[str, Field(examples=["en"])]


class Translation(BaseModel):
    """The translation, of the same shape as `q`."""

    translatedText: Annotated[  # noqa: N815 (the name that LibreTranslate's clients read)
        str | list[str], Field(examples=["Ein Mann fährt Fahrrad."])
    ]
    detectedLanguage: Annotated[  # noqa: N815
        DetectedLanguage | list[DetectedLanguage] | None,
        Field(description="where the source is auto: the language of each text"),
    ] = None
    alternatives: Annotated[
        list[str] | list[list[str]] | None,
        Field(description="with alternatives: the next best translations of each text"),
    ] = None
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

    error: Annotated[
        str,
        Field(
            description="what is wrong, and what would be right",
            examples=['no classification model is called "mood"; served here: sentiment'],
        ),
    ]


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
    language: Annotated[
        str | None, Field(description="of the texts that a classifier reads, where it is stated")
    ] = None
    purpose: Annotated[
        str | None, Field(description="language-identification, where the labels are languages")
    ] = None
    languages: dict[str, str] | None = None
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
