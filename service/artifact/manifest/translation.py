"""The manifest of a model that translates sentences."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from service.artifact.manifest.draft import Sealed, TextDraft
from service.artifact.manifest.records import FileName, Finite, LanguageCode, Record


class TranslationExample(Record):
    """A text with its translation by a beam of the given size, as the exported model gave it."""

    text: str
    translation: str
    beam_size: int = Field(ge=1)


class Languages(Record):
    """The direction of a translation model, as BCP 47 codes."""

    source: LanguageCode
    target: LanguageCode


class Placeholders(Record):
    """What a translator carries over as it stands.

    symbols: characters that are one token each on both sides, for one thing each in a sentence.
    words: a file with the words that the model knows, case folded, one a line; a name that is none
    of them is kept.
    spelling: a file of words as they are mostly written, each with a tab and how often training has
    read it, names too; by it a mistyped word is read as another. None: every word is read as it is.
    dictionary: where those of its words come from that training never read, and their licence.
    """

    symbols: tuple[Annotated[str, Field(min_length=1, max_length=1)], ...] = Field(min_length=1)
    words: FileName
    spelling: FileName | None = None
    dictionary: str | None = None


class Decoding(Record):
    """What the search has to know about the decoder's tensors, and its defaults.

    A hypothesis is cut at `max_length_factor` x source tokens + `max_length_offset` tokens.
    memory: what every step reads of the source; empty for a decoder without attention.
    """

    states: tuple[str, ...]
    memory: tuple[str, ...]
    max_length_factor: float = Field(default=2.0, gt=0, allow_inf_nan=False)
    max_length_offset: int = Field(default=10, ge=1)
    length_penalty: Finite = 1.0


class TranslationDraft(TextDraft):
    """A sentence gets its translation, one token of the decoder at a time.

    Graph `encoder`: tokens int32 [batch, source_time], lengths int32 [batch] to every tensor of
    `decoding.memory` [batch, source_time, *] and of `decoding.states` [batch, *].
    Graph `decoder`: token int32 [rows], the states [rows, *], the memory [rows, source_time, *],
    source_lengths int32 [rows], k int64 [1] to log_probs float32 [rows, k] (sorted, best first),
    next_tokens int32 [rows, k], attention float32 [rows, source_time] and next_STATE [rows, *].
    Without memory there is no attention.
    """

    task: Literal["translation"] = "translation"
    languages: Languages
    decoding: Decoding
    placeholders: Placeholders | None = None  # None: trained without them
    examples: tuple[TranslationExample, ...] = ()

    def referenced_files(self) -> tuple[str, ...]:
        """The names of the files that the pipelines open."""
        lists: list[str] = []
        if self.placeholders is not None:
            spelling = self.placeholders.spelling
            lists += [self.placeholders.words, *([] if spelling is None else [spelling])]
        return (*super().referenced_files(), *lists)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        states, memory = set(self.decoding.states), set(self.decoding.memory)
        weights = {"attention"} if memory else set()
        self._require_graphs("encoder", "decoder")
        self._require_tensors("encoder", {"tokens", "lengths"}, states | memory)
        self._require_tensors(
            "decoder",
            {"token", "source_lengths", "k"} | states | memory,
            {"log_probs", "next_tokens"} | weights | {f"next_{name}" for name in states},
        )
        return self


class TranslationManifest(Sealed, TranslationDraft):
    """The manifest of a published translator."""

    @model_validator(mode="after")
    def _lists_its_files(self) -> Self:
        self._require_files(self.referenced_files())
        return self
