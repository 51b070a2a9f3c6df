"""The manifest of a model that gives each word of a text one of several tags."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from service.artifact.manifest.draft import Draft, Sealed
from service.artifact.manifest.records import FileName, LanguageCode, Record


class VocabularyFacts(Record):
    """The vocabulary's file and its sizes, those of padding and the unknown one included."""

    file: FileName = "vocabulary.json"
    words: int = Field(ge=2)
    characters: int = Field(ge=2)


class TaggingExample(Record):
    """A text with the tags of its words and their scores, as the exported model gave them."""

    text: str
    tags: tuple[str, ...]
    scores: tuple[Annotated[float, Field(ge=0, le=1)], ...]


class TagInspection(Record):
    """The names of values inside the graph that explain a tag.

    states: [time, batch, directions * units], the forward direction first; head_weight:
    [directions * units, tags]; head_bias: [tags].
    """

    states: str = Field(min_length=1)
    head_weight: str = Field(min_length=1)
    head_bias: str = Field(min_length=1)
    directions: int = Field(ge=1, le=2)


class TaggingDraft(Draft):
    """Each word of a text gets one of several tags.

    Graph `tagger`: tokens int32 [batch, time, 18] (see `service.artifact.vocabulary`), lengths
    int32 [batch] to logits float32 [batch, time, tags].
    """

    task: Literal["tagging"] = "tagging"
    tags: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=2)
    scheme: Literal["BIO"] | None = None  # of tags that make up entities
    rules: Literal["english-1"] = "english-1"  # by which a text is split into words
    vocabulary: VocabularyFacts
    language: LanguageCode | None = None  # of the texts that it can read; None: not stated
    examples: tuple[TaggingExample, ...] = ()
    inspection: TagInspection | None = None

    def referenced_files(self) -> tuple[str, ...]:
        """The names of the files that the pipelines open."""
        return (self.vocabulary.file, *super().referenced_files())

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if len(set(self.tags)) != len(self.tags):
            raise ValueError("tags holds a tag twice; each must differ from the others")
        if self.scheme == "BIO":
            self._require_bio()
        self._require_graphs("tagger")
        self._require_tensors("tagger", {"tokens", "lengths"}, {"logits"})
        classes = self.graphs["tagger"].tensor("logits").shape[-1:]
        if classes and isinstance(classes[0], int) and classes[0] != len(self.tags):
            raise ValueError(f"logits has {classes[0]} classes; tags names {len(self.tags)}")
        for example in self.examples:
            strange = set(example.tags) - set(self.tags)
            if strange:
                raise ValueError(f"an example has the tag {min(strange)!r}, no one of tags")
            if len(example.tags) != len(example.scores):
                raise ValueError("an example has not as many scores as tags")
        return self

    def _require_bio(self) -> None:
        """Raises ValueError for tags that are not O, B-x and I-x, with B-x for every I-x."""
        if "O" not in self.tags:
            raise ValueError("tags of the scheme BIO hold O")
        for tag in self.tags:
            if tag != "O" and not (tag[:2] in ("B-", "I-") and tag[2:]):
                raise ValueError(f"the tag {tag!r} is none of the scheme BIO: O, B-x or I-x")
            if tag.startswith("I-") and f"B-{tag[2:]}" not in self.tags:
                raise ValueError(f"tags has {tag} but no B-{tag[2:]}, with which an entity begins")


class TaggingManifest(Sealed, TaggingDraft):
    """The manifest of a published tagger."""

    @model_validator(mode="after")
    def _lists_its_files(self) -> Self:
        self._require_files(self.referenced_files())
        return self
