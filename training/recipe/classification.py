"""The recipe of a classifier."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from service.artifact.manifest import LanguageCode, Purpose
from training.networks.cells.names import CellName
from training.recipe.sections import (
    HELD_OUT_SPLITS,
    Data,
    Publication,
    Section,
    Source,
    TokenizerSettings,
    Training,
)


class TaughtSource(Section):
    """Texts with a teacher's probabilities, as `python -m training teach` writes them."""

    file: str
    take: Annotated[int, Field(ge=1)] | None = None
    weight: float = Field(default=1.0, gt=0, description="of a text beside a labelled one")
    temperature: float = Field(
        default=1.0, gt=0, description="divides the logits of both; their loss times its square"
    )


class ClassificationData(Data):
    unlabelled: tuple[Source, ...] = Field(
        default=(), description="texts for the objectives that need no labels"
    )
    taught: tuple[TaughtSource, ...] = Field(
        default=(), description="texts that a teacher has labelled, to train on beside `train`"
    )

    @field_validator("unlabelled")
    @classmethod
    def _not_held_out(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        for source in sources:
            if source.split in HELD_OUT_SPLITS:
                raise ValueError(f"{source.source} {source.split} is held out, not to train on")
        return sources


class ClassifierPublication(Publication):
    temperature: float | None = Field(
        default=None,
        gt=0,
        description="divides the logits; fitted on the validation sets by default, 1 leaves them",
    )


class ClassifierNetwork(Section):
    cell: CellName = Field(default="lstm", description="what a layer repeats (docs/cells.md)")
    embedding_size: int = Field(default=256, ge=1)
    hidden_size: int = Field(default=256, ge=1, description="units per direction")
    layers: int = Field(default=1, ge=1)
    bidirectional: bool = True
    pooling: Literal["max", "mean", "max+mean"] = "max"
    dropout: float = Field(default=0.5, ge=0, lt=1)
    word_dropout: float = Field(default=0.0, ge=0, lt=1)
    ngram_buckets: int = Field(
        default=0,
        ge=0,
        description="of the table of n-grams that `python -m training ngrams` puts beside a "
        "trained network; 0: none",
    )


class Objectives(Section):
    """Weights of the losses beside the cross entropy, after Sachan et al. 2019; 0 is off."""

    adversarial: float = Field(default=0.0, ge=0)
    virtual_adversarial: float = Field(default=0.0, ge=0)
    entropy: float = Field(default=0.0, ge=0)
    perturbation: float = Field(
        default=5.0,
        gt=0,
        description="norm over a text, in standard deviations of the embedding's dimensions",
    )
    full_perturbation_tokens: int = Field(
        default=0,
        ge=0,
        description="a text of n tokens, fewer than this, gets sqrt(n / this) of the norm; 0: all",
    )
    unlabelled_tokens_per_batch: int | None = Field(
        default=None, ge=16, description="by default as many as training.tokens_per_batch"
    )

    @property
    def any(self) -> bool:
        return self.adversarial > 0 or self.needs_no_labels

    @property
    def needs_no_labels(self) -> bool:
        """Whether unlabelled texts are of use."""
        return self.virtual_adversarial > 0 or self.entropy > 0


class ClassificationRecipe(Section):
    task: Literal["classification"]
    name: str
    description: str
    labels: tuple[str, ...] | None = Field(
        default=None, description="class names in order; read off the training data by default"
    )
    language: LanguageCode | None = Field(
        default=None, description="of the texts, where they are all of one language"
    )
    purpose: Purpose | None = Field(
        default=None, description="what the labels are, where the service makes use of them"
    )
    initial_run: str | None = Field(
        default=None,
        description="folder of a run whose tokenizer, embedding and LSTM this one begins with, a "
        "language model's or another classifier's, whose head is taken too; of the same sizes",
    )
    learning_rate_of_initial: float = Field(
        default=1.0, ge=0, description="factor for the embedding and LSTM that initial_run brings"
    )
    data: ClassificationData
    tokenizer: TokenizerSettings
    network: ClassifierNetwork = ClassifierNetwork()
    objectives: Objectives = Objectives()
    training: Training
    publication: ClassifierPublication

    @model_validator(mode="after")
    def _initial_rate_needs_initial_run(self) -> Self:
        if self.learning_rate_of_initial != 1.0 and self.initial_run is None:
            raise ValueError("learning_rate_of_initial says nothing without initial_run")
        return self
