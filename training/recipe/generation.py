"""The recipe of a next-word model that is served: it continues texts."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from training.networks.cells.names import CellName
from training.recipe.sections import Data, Publication, Section, TokenizerSettings, Training


class GeneratorNetwork(Section):
    cell: CellName = Field(default="lstm", description="what a layer repeats (docs/cells.md)")
    embedding_size: int = Field(default=256, ge=1)
    hidden_size: int = Field(default=512, ge=1)
    layers: int = Field(default=1, ge=1)
    tied: bool = Field(default=True, description="the output matrix is the embedding")
    dropout: float = Field(default=0.3, ge=0, lt=1)
    word_dropout: float = Field(default=0.0, ge=0, lt=1)


class WordTokenizer(Section):
    """A closed vocabulary: every token is one of these words, and nothing else can be written."""

    kind: Literal["words"]
    words: tuple[str, ...] = Field(
        min_length=1,
        description="those with a letter or digit stand behind a space, others (a full stop) "
        "behind a word",
    )

    @field_validator("words")
    @classmethod
    def _are_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not word or any(character.isspace() for character in word):
                raise ValueError(f"{word!r} is no word: white space stands between words")
        if len(set(words)) != len(words):
            raise ValueError("a word stands there twice")
        return words


def _kind(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return "words" if kind == "words" else "pieces"


GenerationTokenizer = Annotated[
    Annotated[TokenizerSettings, Tag("pieces")] | Annotated[WordTokenizer, Tag("words")],
    Discriminator(_kind),
]


class GenerationRecipe(Section):
    task: Literal["generation"]
    name: str
    description: str
    data: Data
    tokenizer: GenerationTokenizer
    network: GeneratorNetwork = GeneratorNetwork()
    training: Training
    publication: Publication
