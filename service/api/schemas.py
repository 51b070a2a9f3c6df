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
    beam_size: Annotated[
        int | None,
        Field(description="hypotheses kept by the search, 5 by default; 1 is greedy", ge=1),
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


class Translation(BaseModel):
    """The translation, of the same shape as `q`."""

    translatedText: Annotated[  # noqa: N815 (the name that LibreTranslate's clients read)
        str | list[str], Field(examples=["Ein Mann fährt Fahrrad."])
    ]


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


class ModelSummary(BaseModel):
    """One model of the repository."""

    name: str
    version: int
    task: str
    state: Annotated[str, Field(description="loading, ready or failed")]
    reason: Annotated[str | None, Field(description="why it failed")] = None
    precision: str
    created: datetime
    labels: list[str] | None = None
    languages: dict[str, str] | None = None
    scores: Annotated[
        list[dict[str, JsonValue]], Field(description="measured on the exported model")
    ]
    license: Annotated[str, Field(description="of the weights")]
    license_note: str
    sources: Annotated[int, Field(description="data sets that it was trained on")]


class ModelDetails(BaseModel):
    """One model, with its whole manifest."""

    state: str
    reason: str | None = None
    manifest: Annotated[dict[str, Any], Field(description="see models/NAME/VERSION/manifest.json")]
