"""The bodies of /generate, and the fields that other protocols ask for generation with."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.schemas import AskedVersion, RequestBody, Texts

_LARGEST_SEED = 2**63 - 1

MaxTokens = Annotated[
    int | None, Field(description="tokens after which it ends, 100 by default", ge=1)
]
Temperature = Annotated[
    float | None,
    Field(
        description="1 by default; 0: always the likeliest token; below 1 likely tokens become "
        "likelier, above 1 less so",
        ge=0,
        le=10,
        allow_inf_nan=False,
    ),
]
SampledTopK = Annotated[
    int | None,
    Field(description="how many of the likeliest tokens one is drawn from, 50 by default", ge=1),
]
TopP = Annotated[
    float | None,
    Field(
        description="draw from the fewest of these that make up so much of their probability",
        gt=0,
        le=1,
        allow_inf_nan=False,
    ),
]
Seed = Annotated[
    int | None,
    Field(
        description="the same request with the same seed gets the same text; by default another "
        "one each time",
        ge=0,
        le=_LARGEST_SEED,
    ),
]
Stop = Annotated[Texts | None, Field(description="a text, or a list of them, before which it ends")]
NumSequences = Annotated[
    int | None, Field(description="how many continuations to answer with, in `sequences`", ge=1)
]
FinishReason = Annotated[
    Literal["end", "stop", "length"],
    Field(
        description="end: the model ended the text; stop: a stop text came; length: max_tokens",
        examples=["length"],
    ),
]


class GenerateRequest(RequestBody):
    """A text to continue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prompt": "Doug saw", "max_tokens": 12, "seed": 1},
                {"prompt": "A man", "temperature": 0, "stop": ["."]},
            ]
        }
    )

    prompt: Annotated[str, Field(description="what to continue; empty: a text from its start")] = ""
    model: Annotated[str | None, Field(description="name of a generation model; see /models")] = (
        None
    )
    version: AskedVersion = None
    max_tokens: MaxTokens = None
    temperature: Temperature = None
    top_k: SampledTopK = None
    top_p: TopP = None
    seed: Seed = None
    stop: Stop = None
    num_sequences: NumSequences = None


class GeneratedSequence(BaseModel):
    """One continuation."""

    text: Annotated[
        str, Field(description="what goes right behind the prompt", examples=[" Jane."])
    ]
    finish_reason: FinishReason
    tokens: Annotated[int, Field(description="of the continuation", examples=[2])]


class GeneratedText(GeneratedSequence):
    """A continuation, and what wrote it."""

    model: Annotated[str, Field(examples=["childrens-book"])]
    version: Annotated[int, Field(examples=[1])]
    sequences: Annotated[
        list[GeneratedSequence] | None,
        Field(description="with num_sequences: as many continuations; `text` is the first"),
    ] = None
