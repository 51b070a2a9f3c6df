"""The recipe of a tagger."""

from typing import Annotated, Literal

from pydantic import Field

from service.artifact.manifest import LanguageCode
from training.networks.cells.names import CellName
from training.recipe.classification import ClassifierPublication
from training.recipe.sections import Data, Section, Training


class WordVectors(Section):
    """Vectors of words, made of texts without tags when a run begins; not trained further."""

    texts: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        min_length=1, description="sources, NAME or NAME:SPLIT; never held-out ones"
    )
    size: int = Field(default=64, ge=2)
    words: int = Field(default=30_000, ge=100, description="the most frequent words")
    minimum_count: int = Field(default=8, ge=1, description="rarer words have no vector")


class VocabularySettings(Section):
    minimum_count: int = Field(
        default=2, ge=1, description="rarer words of the training data have no embedding"
    )
    minimum_character_count: int = Field(default=3, ge=1, description="likewise, of characters")


class TaggerNetwork(Section):
    cell: CellName = Field(default="lstm", description="what a layer repeats (docs/cells.md)")
    word_size: int = Field(default=100, ge=1)
    casing_size: int = Field(default=8, ge=1)
    character_size: int = Field(default=32, ge=1)
    filters: int = Field(default=64, ge=1, description="over three characters each")
    hidden_size: int = Field(default=200, ge=1, description="units per direction")
    layers: int = Field(default=1, ge=1)
    bidirectional: bool = True
    dropout: float = Field(default=0.5, ge=0, lt=1)
    word_dropout: float = Field(default=0.15, ge=0, lt=1)
    character_dropout: float = Field(default=0.02, ge=0, lt=1)


class TaggingRecipe(Section):
    task: Literal["tagging"]
    name: str
    description: str
    language: LanguageCode | None = Field(
        default=None, description="of the texts, where they are all of one language"
    )
    data: Data
    vocabulary: VocabularySettings = VocabularySettings()
    vectors: WordVectors | None = None
    network: TaggerNetwork = TaggerNetwork()
    training: Training
    publication: ClassifierPublication
