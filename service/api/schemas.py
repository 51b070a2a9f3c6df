"""The bodies of requests and answers, as they are checked and as /docs shows them.

A start of the service imports these alone: what few requests need stands beside the routes, or in
`model_schemas` and `explanation_schemas`. Limits that an operator sets are not here, because they
are known only when the app is made: `service.api.texts` and the routes check them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field


class FirstErrorOnly(FailFast):
    """A list of a million numbers is no list of texts, and saying so once is enough.

    pydantic's own class cannot be hashed, which a member of a union must be.
    """

    __hash__ = object.__hash__


Texts = str | Annotated[list[str], FirstErrorOnly()]


# What several bodies ask for.
ClassifierName = Annotated[
    str | None, Field(description="name of a classification model; see /models")
]
TranslatorName = Annotated[
    str | None, Field(description="name of a translation model; see /models")
]
AskedVersion = Annotated[
    int | None,
    Field(description="version of the model; the one that is active by default", ge=1),
]
BeamSize = Annotated[
    int | None,
    Field(description="hypotheses kept by the search, 5 by default; 1 is greedy", ge=1),
]
MaxLength = Annotated[int | None, Field(description="tokens after which a sentence is cut", ge=1)]
LengthPenalty = Annotated[
    float | None,
    Field(
        description="power of the length by which a hypothesis's score is divided; the model's "
        "own by default",
        ge=0,
        le=10,
        allow_inf_nan=False,
    ),
]
GlossaryTerms = Annotated[
    dict[str, str] | None,
    Field(
        description="terms of the source language and what each is to become, word for word; "
        "for a version that was trained with placeholders",
        examples=[{"house": "Gebäude"}],
    ),
]
TopK = Annotated[
    int | None, Field(description="how many labels to answer with; all by default", ge=1)
]


class RequestBody(BaseModel):
    """A body that refuses fields it does not know, and values of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


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
    model: ClassifierName = None
    version: AskedVersion = None
    top_k: TopK = None


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
    model: TranslatorName = None
    version: AskedVersion = None
    beam_size: BeamSize = None
    num_hypotheses: Annotated[
        int | None,
        Field(
            description="how many translations of a text to answer with, in `hypotheses`; at "
            "most beam_size",
            ge=1,
        ),
    ] = None
    max_length: MaxLength = None
    length_penalty: LengthPenalty = None
    glossary: GlossaryTerms = None
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
