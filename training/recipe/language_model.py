"""The recipe of a language model that a classifier begins with."""

from typing import Literal

from pydantic import Field

from training.networks.cells.names import CellName
from training.recipe.sections import Data, Section, TokenizerSettings, Training


class LanguageModelNetwork(Section):
    cell: CellName = Field(default="lstm", description="what a layer repeats (docs/cells.md)")
    embedding_size: int = Field(default=256, ge=1)
    hidden_size: int = Field(default=256, ge=1, description="units per direction")
    dropout: float = Field(default=0.1, ge=0, lt=1)
    word_dropout: float = Field(default=0.0, ge=0, lt=1)


class LanguageModelRecipe(Section):
    """What a classifier can begin with (its `initial_run`); not exported."""

    task: Literal["language-model"]
    name: str
    description: str
    initial_run: str | None = Field(
        default=None,
        description="folder of a language model's run that this one goes on from: its tokenizer "
        "and all its weights; of the same sizes",
    )
    data: Data
    tokenizer: TokenizerSettings
    network: LanguageModelNetwork = LanguageModelNetwork()
    negatives: int = Field(
        default=2048, ge=1, description="words beside a batch's own that a softmax is over"
    )
    training: Training
