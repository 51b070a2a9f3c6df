"""The bodies of POST /explain and of its answers; see `service.api.schemas` for all others."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.api.schemas import (
    AskedVersion,
    BeamSize,
    ClassifierName,
    FirstErrorOnly,
    GlossaryTerms,
    LengthPenalty,
    MaxLength,
    RequestBody,
    TranslatorName,
)

MAX_UNITS = 16  # whose gates a request may ask for


class ExplainLabelRequest(RequestBody):
    """A text whose label is to be explained."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"inputs": "The plot is thin, but the actors are wonderful."},
                {"inputs": "I was not impressed.", "label": "positive"},
                {"inputs": "What a film!", "gates": True, "units": [7]},
            ]
        }
    )

    inputs: Annotated[str, Field(description="a text")]
    model: ClassifierName = None
    version: AskedVersion = None
    label: Annotated[
        str | None, Field(description="the label to explain; by default the best one")
    ] = None
    against: Annotated[
        str | None,
        Field(
            description="explain by how much the label's logit is above that of this one; by "
            "default the other one of two labels, and none of more"
        ),
    ] = None
    gates: Annotated[
        bool | None,
        Field(description="answer with the gates of every LSTM layer at every token, too"),
    ] = None
    units: Annotated[
        Annotated[
            tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=MAX_UNITS), FirstErrorOnly()
        ]
        | None,
        Field(description="units whose gates to answer with, beside the means over all units"),
    ] = None


class ExplainTagRequest(RequestBody):
    """A text of which a word's tag is to be explained."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"inputs": "Teddy Roosevelt was a great president.", "token": 0},
                {"inputs": "Teddy bears are on sale.", "token": 0},
            ]
        }
    )

    inputs: Annotated[str, Field(description="a text")]
    token: Annotated[
        int, Field(description="which word, by its place among the tokens of POST /tag", ge=0)
    ]
    model: Annotated[
        str | None, Field(description="name of a tagging model; by default the only one")
    ] = None
    version: AskedVersion = None
    tag: Annotated[
        str | None, Field(description="the tag to explain; by default the one that the word gets")
    ] = None
    against: Annotated[
        str | None,
        Field(description="explain by how much the tag's logit is above that of this one"),
    ] = None


class ExplainTranslationRequest(RequestBody):
    """A text whose translation is to be explained. It may hold several sentences."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"q": "A man rides a bike.", "source": "en", "target": "de"}]
        }
    )

    q: Annotated[str, Field(description="a text")]
    source: Annotated[str, Field(description="code of the language of the text, such as en")]
    target: Annotated[str, Field(description="code of the language wanted, such as de")]
    model: TranslatorName = None
    version: AskedVersion = None
    beam_size: BeamSize = None
    max_length: MaxLength = None
    length_penalty: LengthPenalty = None
    glossary: GlossaryTerms = None


class Span(BaseModel):
    """A part of a text: text[start:end], counted in characters (code points)."""

    text: Annotated[str, Field(examples=["wonderful"])]
    start: Annotated[int, Field(ge=0, examples=[37])]
    end: Annotated[int, Field(ge=0, examples=[46])]


class WordContribution(Span):
    """A word, and what it adds to the logit."""

    contribution: Annotated[float, Field(examples=[1.6])]


class UnitGates(BaseModel):
    """The gates of one unit at every step, 0 to 1."""

    unit: Annotated[int, Field(ge=0)]
    input: list[float]
    forget: list[float]
    output: list[float]


class LayerGates(BaseModel):
    """The gates of one direction of a layer at every step, 0 to 1: the means over its units."""

    layer: Annotated[int, Field(description="from 1", ge=1)]
    direction: Annotated[str, Field(description="forward or backward")]
    input: list[float]
    forget: list[float]
    output: list[float]
    units: Annotated[list[UnitGates], Field(description="those that the request names")]


class LabelExplanation(BaseModel):
    """A logit, split over the words: the contributions and the bias add up to it."""

    label: Annotated[str, Field(examples=["positive"])]
    against: Annotated[
        str | None,
        Field(
            description="the label whose logit is subtracted; left out where none is",
            examples=["negative"],
        ),
    ] = None
    score: Annotated[
        float, Field(description="the probability of the label", ge=0, le=1, examples=[0.9])
    ]
    tokens: Annotated[list[WordContribution], Field(description="the words of the text")]
    bias: Annotated[
        float, Field(description="what the logit is without any word", examples=[-0.04])
    ]
    logit: Annotated[
        float,
        Field(
            description="of two labels: the logarithm of their probabilities' ratio",
            examples=[2.19],
        ),
    ]
    steps: Annotated[
        list[Span] | None,
        Field(description="with gates: the tokens that the model reads, one a step"),
    ] = None
    gates: Annotated[
        list[LayerGates] | None, Field(description="with gates: of each layer and direction")
    ] = None


class TagExplanation(Span):
    """A tag's logit, split over the directions: forward, backward and bias add up to it."""

    token: Annotated[int, Field(description="which word, from 0", ge=0, examples=[0])]
    tag: Annotated[str, Field(examples=["B-person"])]
    against: Annotated[
        str | None, Field(description="the tag whose logit is subtracted", examples=["O"])
    ] = None
    score: Annotated[float, Field(description="the tag's probability", ge=0, le=1, examples=[0.8])]
    forward: Annotated[
        float, Field(description="of the states that have read up to the word", examples=[1.2])
    ]
    backward: Annotated[
        float | None,
        Field(description="of those that have read back to it, if the model does", examples=[2.1]),
    ] = None
    bias: Annotated[float, Field(examples=[-0.3])]
    logit: Annotated[float, Field(examples=[3.0])]


class TranslationBlock(BaseModel):
    """A sentence, or a part of a very long one, that was translated in one piece."""

    source: Annotated[
        list[Span], Field(description="its tokens in q; the last, whose text is empty, is its end")
    ]
    target: Annotated[list[Span], Field(description="the tokens of its translation")]
    attention: Annotated[
        list[list[float]],
        Field(description="one row a token of target, each of which sums to 1 over source"),
    ]


class Correction(Span):
    """A word of q that was read as another, or in another case."""

    read_as: Annotated[str, Field(examples=["house"])]


class TranslationExplanation(BaseModel):
    """A translation, and what the decoder attended to at each of its tokens."""

    translatedText: Annotated[  # noqa: N815 (as POST /translate names it)
        str, Field(examples=["Ein Mann fährt Fahrrad."])
    ]
    blocks: list[TranslationBlock]
    corrections: Annotated[
        list[Correction] | None,
        Field(description="the words that were not read as they stand; left out where all were"),
    ] = None
