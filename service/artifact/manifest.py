"""The manifest of an artifact: every fact that serving needs and training knows.

A *draft* is what a trainer states; a *manifest* is a draft sealed by the writer with the version,
the digests of the files and the digest of the manifest itself. This module reads and renders
the document and checks that it agrees with itself; it knows nothing about folders
(`service.artifact.reader` and `service.artifact.writer` do) and nothing about onnxruntime.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from service.artifact.digests import document_digest
from service.artifact.errors import ArtifactError

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
CARD_FILE = "README.md"  # the model card: listed and digested like every file, opened by nobody

# A plain name: it cannot hold a separator, start with a dot, or be "..", so that no path made of
# it can leave the artifact's folder.
PLAIN_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
LANGUAGE_CODE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"  # BCP 47, as far as it is used

ModelName = Annotated[str, Field(pattern=PLAIN_NAME)]
FileName = Annotated[str, Field(pattern=PLAIN_NAME)]
LanguageCode = Annotated[str, Field(pattern=LANGUAGE_CODE)]
# What a classifier's labels are, where the service makes use of them itself.
Purpose = Literal["language-identification"]
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


class ClassificationExample(Record):
    """A text with the best label and its score, as the exported model gave them."""

    text: str
    label: str
    score: float = Field(ge=0, le=1)


class TranslationExample(Record):
    """A text with its translation by a beam of the given size, as the exported model gave it."""

    text: str
    translation: str
    beam_size: int = Field(ge=1)


class Languages(Record):
    """The direction of a translation model, as BCP 47 codes."""

    source: LanguageCode
    target: LanguageCode


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


class RecurrentLayer(Record):
    """The names of an LSTM layer's values inside a graph, from which its gates can be computed.

    inputs: [time, batch, features]; outputs: [time, directions, batch, units]; weight and
    recurrent: [directions, 4 units, features or units] in float32, or int8 [directions, features
    or units, 4 units] with scales [directions, 4 units]; bias: [directions, 8 units]; the gates
    in ONNX's order i, o, f, c. hidden and cell: [units], where every row starts. pins: how many
    units at the end stand still to keep the quantisation's range, and learn nothing.
    """

    kind: Literal["lstm"] = "lstm"
    inputs: str = Field(min_length=1)
    outputs: str = Field(min_length=1)
    weight: str = Field(min_length=1)
    recurrent: str = Field(min_length=1)
    bias: str = Field(min_length=1)
    weight_scale: str | None = None
    recurrent_scale: str | None = None
    hidden: str = Field(min_length=1)
    cell: str = Field(min_length=1)
    pins: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.weight_scale is None) != (self.recurrent_scale is None):
            raise ValueError("weight_scale and recurrent_scale go together, or are both left out")
        return self

    def names(self) -> tuple[str, ...]:
        """All values that it names."""
        scales = (self.weight_scale, self.recurrent_scale)
        return (
            *(self.inputs, self.outputs, self.weight, self.recurrent, self.bias),
            *(self.hidden, self.cell),
            *(name for name in scales if name is not None),
        )


class Inspection(Record):
    """The names of the values inside graph `classifier` that explain its answers.

    states: [time, batch, states], what is pooled over time; head_weight: [pooled, classes], with
    the maxima before the means where both are pooled; head_bias: [classes].
    """

    states: str = Field(min_length=1)
    pooling: Literal["max", "mean", "max+mean"]
    head_weight: str = Field(min_length=1)
    head_bias: str = Field(min_length=1)
    layers: tuple[RecurrentLayer, ...] = ()


class Draft(Record):
    """What every task states, before the writer seals it."""

    format_version: Literal[1] = 1
    name: ModelName
    created: AwareDatetime
    precision: Literal["int8", "fp32"]
    opset: int = Field(ge=1)
    tokenizer: TokenizerFacts
    graphs: dict[str, Graph]
    scores: tuple[Score, ...] = ()
    recipe: Recipe
    license: str = Field(min_length=1)
    license_note: str
    sources: tuple[Source, ...] = ()

    def referenced_files(self) -> tuple[str, ...]:
        """The names of the files that the pipelines open."""
        return (self.tokenizer.file, *(graph.file for graph in self.graphs.values()))

    def _require_tensors(self, graph: str, inputs: set[str], outputs: set[str]) -> None:
        facts = self.graphs[graph]
        for kind, stated, required in (
            ("inputs", {tensor.name for tensor in facts.inputs}, inputs),
            ("outputs", {tensor.name for tensor in facts.outputs}, outputs),
        ):
            if stated != required:
                raise ValueError(
                    f"graph {graph} states the {kind} {sorted(stated)}; "
                    f"its task needs {sorted(required)}"
                )

    def _require_graphs(self, *names: str) -> None:
        if set(self.graphs) != set(names):
            raise ValueError(
                f"the graphs are {sorted(self.graphs)}; the task needs {sorted(names)}"
            )


class ClassificationDraft(Draft):
    """A text gets one of several labels.

    Graph `classifier`: tokens int32 [batch, time], lengths int32 [batch] to
    logits float32 [batch, classes].
    """

    task: Literal["classification"] = "classification"
    labels: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=2)
    language: LanguageCode | None = None  # of the texts that it can read; None: not stated
    purpose: Purpose | None = None  # None: one that only those who ask for it make use of
    examples: tuple[ClassificationExample, ...] = ()
    # None: exported before explanations were, or by something else; then there are none.
    inspection: Inspection | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels holds a label twice; each must differ from the others")
        if self.purpose == "language-identification":
            for label in self.labels:
                if not re.fullmatch(LANGUAGE_CODE, label):
                    raise ValueError(
                        f"the label {label!r} is no code of a language, such as en; a model for "
                        "language identification has such labels alone"
                    )
        self._require_graphs("classifier")
        self._require_tensors("classifier", {"tokens", "lengths"}, {"logits"})
        classes = self.graphs["classifier"].tensor("logits").shape[-1:]
        if classes and isinstance(classes[0], int) and classes[0] != len(self.labels):
            raise ValueError(f"logits has {classes[0]} classes; labels names {len(self.labels)}")
        for example in self.examples:
            if example.label not in self.labels:
                raise ValueError(f"an example has the label {example.label!r}, no one of labels")
        return self


class TranslationDraft(Draft):
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
    examples: tuple[TranslationExample, ...] = ()

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


class Sealed(Record):
    """What the writer adds to a draft."""

    version: int = Field(ge=1)
    files: dict[FileName, FileFacts]
    digest: Sha256

    def _require_files(self, referenced: tuple[str, ...]) -> None:
        for name in referenced:
            if name not in self.files:
                raise ValueError(f"{name} is used, but files does not list it")
        if MANIFEST_FILE in self.files:
            raise ValueError(f"files lists {MANIFEST_FILE}, which cannot hold its own digest")


class ClassificationManifest(Sealed, ClassificationDraft):
    """The manifest of a published classifier."""

    @model_validator(mode="after")
    def _lists_its_files(self) -> Self:
        self._require_files(self.referenced_files())
        return self


class TranslationManifest(Sealed, TranslationDraft):
    """The manifest of a published translator."""

    @model_validator(mode="after")
    def _lists_its_files(self) -> Self:
        self._require_files(self.referenced_files())
        return self


AnyDraft = ClassificationDraft | TranslationDraft
Manifest = ClassificationManifest | TranslationManifest

_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Annotated[Manifest, Field(discriminator="task")])


def seal(draft: AnyDraft, version: int, files: Mapping[str, FileFacts]) -> Manifest:
    """The manifest of a draft whose files have been written. Raises ArtifactError."""
    document = draft.model_dump(mode="json")
    document |= {
        "version": version,
        "files": {name: facts.model_dump(mode="json") for name, facts in sorted(files.items())},
    }
    try:
        return _validate(document | {"digest": document_digest(document)})
    except ValueError as error:
        raise ArtifactError(f"{MANIFEST_FILE} of {draft.name}: {error}") from error


def render(manifest: Manifest) -> bytes:
    """The bytes of manifest.json."""
    return _layout(manifest.model_dump(mode="json"))


def parse(data: bytes, origin: object = MANIFEST_FILE) -> Manifest:
    """The manifest in the bytes of a manifest.json; `origin` names the file in messages.

    Raises ArtifactError where the format is newer than this build reads (checked before all
    else, because a newer format may differ in anything), the document does not fit the schema,
    its digest is wrong, or a single byte differs from what the writer wrote.
    """
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{origin} is no JSON document: {error}") from error
    if not isinstance(document, dict):
        raise ArtifactError(f"{origin} holds no JSON object; a manifest is one")
    _check_format(document, origin)
    try:
        manifest = _validate(document)
    except ValueError as error:
        raise ArtifactError(f"{origin} does not fit format {FORMAT_VERSION}: {error}") from error
    body = {key: value for key, value in document.items() if key != "digest"}
    digest = document_digest(body)
    if digest != manifest.digest:
        raise ArtifactError(
            f"{origin} was changed after it was written: its contents have the digest {digest}, "
            f"but it states {manifest.digest}; export the model again or restore the file"
        )
    # The digest covers the contents; white space, number notation and repeated keys are covered
    # by comparing the layout, so that no flipped byte at all goes unseen.
    if _layout(document) != data:
        raise ArtifactError(
            f"{origin} is not laid out as it was written (white space, line ends or notation "
            "differ); restore the file as it was published"
        )
    return manifest


def _check_format(document: dict[str, Any], origin: object) -> None:
    stated = document.get("format_version")
    if not isinstance(stated, int) or isinstance(stated, bool):
        raise ArtifactError(f"{origin} states no format_version; this build reads {FORMAT_VERSION}")
    if stated != FORMAT_VERSION:
        raise ArtifactError(
            f"{origin} has format {stated}, but this build reads format {FORMAT_VERSION}; "
            + ("upgrade the service" if stated > FORMAT_VERSION else "export the model again")
        )


def _validate(document: dict[str, Any]) -> Manifest:
    try:
        return _MANIFEST.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the document"
        raise ValueError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from error


def _layout(document: dict[str, Any]) -> bytes:
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
