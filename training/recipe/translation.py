"""The recipe of a translator."""

from typing import Literal

from pydantic import Field

from service.artifact.manifest import LanguageCode
from training.recipe.sections import Data, Publication, Section, TokenizerSettings, Training


class TranslatorNetwork(Section):
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


class Languages(Section):
    source: LanguageCode
    target: LanguageCode


class TranslationRecipe(Section):
    task: Literal["translation"]
    name: str
    description: str
    languages: Languages
    data: Data
    tokenizer: TokenizerSettings
    network: TranslatorNetwork = TranslatorNetwork()
    training: Training
    publication: Publication
