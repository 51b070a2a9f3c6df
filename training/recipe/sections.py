"""Sections that recipes of several tasks share, and the error of a recipe that cannot be used."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from service.artifact.manifest import ModelName

HELD_OUT_SPLITS = ("validation", "test")


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says where and what would be right."""


class Section(BaseModel):
    """A part of a recipe: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Section):
    """One corpus, and how many of its examples an epoch sees (all of them by default).

    Of one that is held out, how many are looked at: always the same, evenly over their order.
    """

    source: str
    split: str = "train"
    take: Annotated[int, Field(ge=1)] | None = None

    @property
    def name(self) -> str:
        """As commands and manifests write it: a split beside that for training is named."""
        return self.source if self.split == "train" else f"{self.source}:{self.split}"

    @classmethod
    def named(cls, name: str) -> Self:
        """The source that is written NAME or NAME:SPLIT."""
        source, _, split = name.partition(":")
        return cls(source=source, split=split or "train")


class Data(Section):
    train: tuple[Source, ...] = Field(min_length=1)
    validation: tuple[Source, ...] = Field(min_length=1)
    test: tuple[Source, ...] = ()

    @property
    def held_out_names(self) -> set[str]:
        """Of the sources that nothing is learnt from."""
        return {source.name for source in (*self.validation, *self.test)}


class TokenizerSettings(Section):
    """What sentencepiece is trained with."""

    vocabulary: int = Field(ge=300, le=65_000)
    kind: Literal["unigram", "bpe", "char"] = "unigram"
    normalization: Literal["identity", "nfkc", "nmt_nfkc", "nmt_nfkc_cf"] = "nmt_nfkc"
    character_coverage: float = Field(default=0.9995, gt=0.9, le=1.0)


Beta = Annotated[float, Field(ge=0, lt=1)]


class Training(Section):
    """The loop: lengths of time are in epochs unless the name says otherwise."""

    epochs: int = Field(ge=1)
    minimum_steps: int = Field(
        default=0, ge=0, description="small data is gone through more often, up to this many steps"
    )
    tokens_per_batch: int = Field(ge=16, description="padded tokens of the longer side")
    learning_rate: float = Field(gt=0)
    warmup_steps: int = Field(default=200, ge=0)
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    betas: tuple[Beta, Beta] = Field(default=(0.9, 0.98), description="of AdamW's two means")
    weight_decay: float = Field(default=0.0, ge=0)
    clip: float = Field(default=1.0, gt=0, description="largest norm of the gradient")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    ema: float = Field(default=0.0, ge=0, lt=1, description="decay of the averaged weights; 0 off")
    max_tokens: int = Field(
        default=512, ge=8, description="longer training texts lose their middle"
    )
    validate_per_epoch: int = Field(default=1, ge=1)
    patience: int = Field(default=5, ge=1, description="validations without a better score")
    keep: Literal["best", "last"] = Field(
        default="best",
        description="the weights that are published: of the best look, or of the last one, where "
        "validation sets are too small to tell looks apart",
    )
    checkpoint_minutes: float = Field(default=5.0, gt=0)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: int = Field(default=1, ge=0)


class Publication(Section):
    """What the manifest says of the weights."""

    name: ModelName
    license: str = Field(min_length=1)
    license_note: str
    examples: tuple[str, ...] = Field(
        default=(), description="texts whose answers the manifest keeps; else from validation"
    )
    limits: str = Field(
        default="", description="what the model is not for and where it fails, for its card"
    )
