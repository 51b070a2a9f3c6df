"""The parts that the manifests of all tasks are made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

# A plain name: it cannot hold a separator, start with a dot, or be "..", so that no path made of
# it can leave the artifact's folder.
PLAIN_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
LANGUAGE_CODE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"  # BCP 47, as far as it is used

ModelName = Annotated[str, Field(pattern=PLAIN_NAME)]
FileName = Annotated[str, Field(pattern=PLAIN_NAME)]
LanguageCode = Annotated[str, Field(pattern=LANGUAGE_CODE)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """A frozen part of the manifest that refuses fields it does not know."""

    # Built at first use: the parts of a document are built with the whole.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Tensor(Record):
    """One input or output of a graph; an axis whose size varies is named by a string."""

    name: str = Field(min_length=1)
    dtype: Literal["int32", "int64", "float32"]
    shape: tuple[int | str, ...]


class Graph(Record):
    """An ONNX file and its tensors."""

    file: FileName
    inputs: tuple[Tensor, ...] = Field(min_length=1)
    outputs: tuple[Tensor, ...] = Field(min_length=1)

    def tensor(self, name: str) -> Tensor:
        """The input or output of that name. Raises KeyError."""
        for tensor in (*self.inputs, *self.outputs):
            if tensor.name == name:
                return tensor
        raise KeyError(name)


class TokenizerFacts(Record):
    """The tokenizer's file and what the pipelines have to know about it."""

    file: FileName = "tokenizer.model"
    kind: Literal["sentencepiece"] = "sentencepiece"
    add_eos: bool
    vocabulary: int = Field(ge=5)


class FileFacts(Record):
    """The digest and size of one file of the folder."""

    sha256: Sha256
    bytes: int = Field(ge=0)


class Score(Record):
    """One measurement of the exported artifact."""

    dataset: str
    split: str
    metric: str
    value: Finite
    rows: int = Field(ge=1)
    signature: str | None = None


class Recipe(Record):
    """The recipe that trained the model, resolved: every setting with the value it had."""

    name: str
    settings: dict[str, JsonValue]


class Source(Record):
    """A data set that the weights were trained on."""

    name: str
    url: str
    license: str
    rows: int = Field(ge=0)
