"""Recipes: TOML files that name the data, the network, the schedule and what to publish.

Knows nothing about how any of it is carried out. A recipe is validated whole before any work
starts; an unknown key is an error that names it.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from service.artifact.manifest import LanguageCode, ModelName, Purpose

RECIPES = Path(__file__).parent / "recipes"
HELD_OUT_SPLITS = ("validation", "test")


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says where and what would be right."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Section):
    """One corpus, and how many of its examples an epoch sees (all of them by default)."""

    source: str
    split: str = "train"
    take: Annotated[int, Field(ge=1)] | None = None


class Data(_Section):
    train: tuple[Source, ...] = Field(min_length=1)
    validation: tuple[Source, ...] = Field(min_length=1)
    test: tuple[Source, ...] = ()


class TaughtSource(_Section):
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


class TokenizerSettings(_Section):
    """What sentencepiece is trained with."""

    vocabulary: int = Field(ge=300, le=65_000)
    kind: Literal["unigram", "bpe", "char"] = "unigram"
    normalization: Literal["identity", "nfkc", "nmt_nfkc", "nmt_nfkc_cf"] = "nmt_nfkc"
    character_coverage: float = Field(default=0.9995, gt=0.9, le=1.0)


class Training(_Section):
    """The loop: lengths of time are in epochs unless the name says otherwise."""

    epochs: int = Field(ge=1)
    minimum_steps: int = Field(
        default=0, ge=0, description="small data is gone through more often, up to this many steps"
    )
    tokens_per_batch: int = Field(ge=16, description="padded tokens of the longer side")
    learning_rate: float = Field(gt=0)
    warmup_steps: int = Field(default=200, ge=0)
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = Field(default=0.0, ge=0)
    clip: float = Field(default=1.0, gt=0, description="largest norm of the gradient")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    ema: float = Field(default=0.0, ge=0, lt=1, description="decay of the averaged weights; 0 off")
    max_tokens: int = Field(
        default=512, ge=8, description="longer training texts lose their middle"
    )
    validate_per_epoch: int = Field(default=1, ge=1)
    patience: int = Field(default=5, ge=1, description="validations without a better score")
    checkpoint_minutes: float = Field(default=5.0, gt=0)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: int = 1


class Publication(_Section):
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


class ClassifierPublication(Publication):
    temperature: float | None = Field(
        default=None,
        gt=0,
        description="divides the logits; fitted on the validation sets by default, 1 leaves them",
    )


class ClassifierNetwork(_Section):
    embedding_size: int = Field(default=256, ge=1)
    hidden_size: int = Field(default=256, ge=1, description="units per direction")
    layers: int = Field(default=1, ge=1)
    bidirectional: bool = True
    pooling: Literal["max", "mean", "max+mean"] = "max"
    dropout: float = Field(default=0.5, ge=0, lt=1)
    word_dropout: float = Field(default=0.0, ge=0, lt=1)


class LanguageModelNetwork(_Section):
    embedding_size: int = Field(default=256, ge=1)
    hidden_size: int = Field(default=256, ge=1, description="units per direction")
    dropout: float = Field(default=0.1, ge=0, lt=1)
    word_dropout: float = Field(default=0.0, ge=0, lt=1)


class Objectives(_Section):
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


class TranslatorNetwork(_Section):
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


class ClassificationRecipe(_Section):
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
        description="folder of a language model's run whose tokenizer, embedding and LSTM this "
        "one begins with; its sizes must be the same",
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


class LanguageModelRecipe(_Section):
    """What a classifier can begin with (its `initial_run`); not exported."""

    task: Literal["language-model"]
    name: str
    description: str
    data: Data
    tokenizer: TokenizerSettings
    network: LanguageModelNetwork = LanguageModelNetwork()
    negatives: int = Field(
        default=2048, ge=1, description="words beside a batch's own that a softmax is over"
    )
    training: Training


class Languages(_Section):
    source: LanguageCode
    target: LanguageCode


class TranslationRecipe(_Section):
    task: Literal["translation"]
    name: str
    description: str
    languages: Languages
    data: Data
    tokenizer: TokenizerSettings
    network: TranslatorNetwork = TranslatorNetwork()
    training: Training
    publication: Publication


Recipe = Annotated[
    ClassificationRecipe | TranslationRecipe | LanguageModelRecipe, Field(discriminator="task")
]
_RECIPE: TypeAdapter[Recipe] = TypeAdapter(Recipe)


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name: str, overrides: dict[str, Any] | None = None) -> Recipe:
    """The recipe of that name, or at that path if it ends in ``.toml``.

    ``overrides`` maps dotted keys (``training.epochs``) to values. Raises RecipeError.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(recipe_names())
        raise RecipeError(
            f"there is no recipe {name!r}; known recipes: {known} (or the path of a .toml file)"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path} is not valid TOML: {error}") from None
    settings.setdefault("name", path.stem)
    for key, value in (overrides or {}).items():
        _override(settings, key, value)
    return parse_recipe(settings, str(path))


def parse_recipe(settings: dict[str, Any], origin: str) -> Recipe:
    """A validated recipe from plain data. ``origin`` names it in errors."""
    try:
        return _RECIPE.validate_python(settings)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'task'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise RecipeError(f"{origin}: {problems}") from None


def parse_override(text: str) -> tuple[str, Any]:
    """``training.epochs=3`` as a key and a value; the value is read as TOML, else as a string."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise RecipeError(f"--set {text!r}: write it as key=value, for example training.epochs=3")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value


def _override(settings: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    section = settings
    for parent in parents:
        section = section.setdefault(parent, {})
        if not isinstance(section, dict):
            raise RecipeError(f"--set {key}: {parent} is a value, not a section")
    section[last] = value
