"""The recipe of a translator."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from service.artifact.manifest import LanguageCode
from training.networks.cells.names import CellName
from training.recipe.sections import Data, Publication, Section, TokenizerSettings, Training


class TranslatorNetwork(Section):
    cell: CellName = Field(
        default="lstm", description="what encoder and decoder repeat (docs/cells.md)"
    )
    embedding_size: int = Field(default=256, ge=1)
    encoder_size: int = Field(default=256, ge=1, description="units per direction")
    encoder_layers: int = Field(default=2, ge=1)
    decoder_size: int = Field(default=512, ge=1)
    attention: Literal["additive", "multiplicative", "none"] = Field(
        default="additive",
        description="Bahdanau's, Luong's (general), or the encoder's final state alone",
    )
    attention_size: int = Field(default=256, ge=1, description="of additive attention alone")
    dropout: float = Field(default=0.3, ge=0, lt=1)
    word_dropout: float = Field(default=0.1, ge=0, lt=1)


class Augmentation(Section):
    """How sentence pairs are varied from epoch to epoch; shares are of the sentences."""

    subword_dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="merges of the BPE left out (Provilkov et al. 2020); 0 is off",
    )
    lower_case: float = Field(default=0.0, ge=0, le=1, description="sources in lower case")
    no_end: float = Field(
        default=0.0, ge=0, le=1, description="both sides without the full stop, ? or ! at their end"
    )
    typing_error: float = Field(default=0.0, ge=0, le=1, description="sources with one")
    capitals: float = Field(default=0.0, ge=0, le=1, description="sources with a WORD in capitals")


class PlaceholderSettings(Section):
    """Symbols that the network learns to carry over, for what must not be translated."""

    names: float = Field(
        default=0.5, ge=0, le=1, description="share of the names alike on both sides"
    )
    terms: float = Field(
        default=0.1, ge=0, le=1, description="share of the sentences in which aligned words are"
    )


class TaughtPairs(Section):
    """Texts with a teacher's translations, as `python -m training teach` writes them."""

    file: str
    take: Annotated[int, Field(ge=1)] | None = None


class TranslationData(Data):
    taught: tuple[TaughtPairs, ...] = Field(
        default=(), description="texts that a teacher has translated, to train on beside `train`"
    )


class Languages(Section):
    source: LanguageCode
    target: LanguageCode


class TranslationRecipe(Section):
    task: Literal["translation"]
    name: str
    description: str
    languages: Languages
    initial_run: str | None = Field(
        default=None,
        description="folder of a translator's run that this one goes on from: its tokenizer and "
        "all its weights; of the same two languages, in either direction, and of the same sizes",
    )
    data: TranslationData
    tokenizer: TokenizerSettings
    network: TranslatorNetwork = TranslatorNetwork()
    augmentation: Augmentation = Augmentation()
    placeholders: PlaceholderSettings | None = Field(
        default=None, description="without them a version takes no glossary and keeps no name"
    )
    training: Training
    publication: Publication

    @model_validator(mode="after")
    def _has_merges_to_leave_out(self) -> Self:
        if self.augmentation.subword_dropout and self.tokenizer.kind != "bpe":
            raise ValueError(
                "augmentation.subword_dropout leaves out merges, which a tokenizer of kind "
                f'"{self.tokenizer.kind}" has none of; write tokenizer.kind = "bpe", or 0'
            )
        return self
