"""Small honest models for tests: a tokenizer, a classifier and a translator of real ONNX graphs.

The classifier averages the embeddings of a text's tokens, in which "good" speaks for one label
and "bad" for the other. The translator attends to one source token after the other and copies
it. Both fit the contract of `service.artifact`, and nothing in them was trained but the pieces.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sentencepiece
from onnx import TensorProto, checker, helper, numpy_helper

from service.artifact import (
    BOS_ID,
    PAD_ID,
    UNK_ID,
    ClassificationDraft,
    ClassificationExample,
    Decoding,
    GenerationDraft,
    GenerationExample,
    Graph,
    Inspection,
    Languages,
    Placeholders,
    Purpose,
    Recipe,
    Score,
    Source,
    Tensor,
    Tokenizer,
    TokenizerFacts,
    TranslationDraft,
    TranslationExample,
    write_artifact,
)
from service.pipelines.placeholders import SYMBOLS, forms_content

OPSET = 17
CREATED = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
GOOD_TEXT, BAD_TEXT = "a good film", "a bad film"
SENTENCES = (
    "a good film",
    "a bad film",
    "the good cat sat on the mat",
    "a bad dog ran in the park",
    "two men talk in the street. a woman sings",
    "Ein Mann läuft durch den Park",
    "Zwei Frauen reden, und ein Kind lacht!",
)
# Where the values of the tiny classifier stand that explain its answers. It has no gates.
INSPECTION = Inspection(
    states="states", pooling="mean", head_weight="identity", head_bias="no_bias"
)
_MEMORY = 6  # units of the tiny generator's state
_ONNX_TYPES = {
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "float32": TensorProto.FLOAT,
}


@cache
def tokenizer_bytes(symbols: Sequence[str] = ()) -> bytes:
    """A sentencepiece model of some 300 pieces, most of them bytes, and of some symbols."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 5),
        model_writer=model,
        vocab_size=340 + len(symbols),
        hard_vocab_limit=False,
        model_type="unigram",
        byte_fallback=True,
        user_defined_symbols=["good", "bad", *symbols],
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def tokenizer(add_eos: bool = False, symbols: Sequence[str] = ()) -> Tokenizer:
    """The tokenizer of the tiny models."""
    return Tokenizer.from_bytes(tokenizer_bytes(symbols), add_eos)


def _tokenizer_facts(add_eos: bool, symbols: Sequence[str] = ()) -> TokenizerFacts:
    vocabulary = tokenizer(symbols=symbols).vocabulary_size
    return TokenizerFacts(add_eos=add_eos, vocabulary=vocabulary)


def _onnx(graph: Graph, nodes: Sequence[Any], constants: dict[str, npt.NDArray[Any]]) -> bytes:
    def value(tensor: Tensor) -> Any:
        return helper.make_tensor_value_info(tensor.name, _ONNX_TYPES[tensor.dtype], tensor.shape)

    model = helper.make_model(
        helper.make_graph(
            nodes,
            graph.file.removesuffix(".onnx"),
            [value(tensor) for tensor in graph.inputs],
            [value(tensor) for tensor in graph.outputs],
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _embedding(labels: int) -> npt.NDArray[np.float32]:
    """Each token's evidence for each label, [vocabulary, labels]."""
    pieces = tokenizer()
    table = np.zeros((pieces.vocabulary_size, labels), np.float32)
    table[pieces.encode("good")[-1], 0] = 12.0
    table[pieces.encode("bad")[-1], 1] = 12.0
    return table


def expected_score(text: str, label: int, labels: int = 2) -> float:
    """The score that the tiny classifier gives a label: softmax of the mean of the evidence."""
    evidence = _embedding(labels)[tokenizer().encode(text)].mean(axis=0)  # [labels]
    weights = np.exp(evidence)
    return float(weights[label] / weights.sum())


def classifier_draft(
    name: str = "sentiment",
    labels: tuple[str, ...] = ("positive", "negative"),
    examples: tuple[ClassificationExample, ...] | None = None,
    language: str | None = None,
    purpose: Purpose | None = None,
    inspection: Inspection | None = INSPECTION,
) -> ClassificationDraft:
    """The facts about the tiny classifier."""
    if examples is None:
        examples = tuple(
            ClassificationExample(
                text=text, label=labels[index], score=expected_score(text, index, len(labels))
            )
            for index, text in enumerate((GOOD_TEXT, BAD_TEXT))
        )
    return ClassificationDraft(
        name=name,
        created=CREATED,
        precision="fp32",
        opset=OPSET,
        tokenizer=_tokenizer_facts(add_eos=False),
        graphs={
            "classifier": Graph(
                file="classifier.onnx",
                inputs=(
                    Tensor(name="tokens", dtype="int32", shape=("batch", "time")),
                    Tensor(name="lengths", dtype="int32", shape=("batch",)),
                ),
                outputs=(Tensor(name="logits", dtype="float32", shape=("batch", len(labels))),),
            )
        },
        labels=labels,
        language=language,
        purpose=purpose,
        inspection=inspection,
        examples=examples,
        scores=(Score(dataset="toy", split="test", metric="accuracy", value=1.0, rows=2),),
        recipe=Recipe(name="tiny", settings={"layers": 0}),
        license="CC0-1.0",
        license_note="Made by hand; use it for anything.",
        sources=(Source(name="toy", url="https://example.org", license="CC0-1.0", rows=2),),
    )


def classifier_files(draft: ClassificationDraft) -> dict[str, bytes | Path]:
    """The files of the tiny classifier."""
    node = helper.make_node
    nodes = [
        node("Shape", ["tokens"], ["shape"]),
        node("Gather", ["shape", "one"], ["time"]),
        node("Range", ["zero", "time", "one"], ["steps"]),  # [time]
        node("Cast", ["lengths"], ["lengths64"], to=TensorProto.INT64),
        node("Unsqueeze", ["lengths64", "axis1"], ["column"]),  # [batch, 1]
        node("Less", ["steps", "column"], ["valid"]),  # [batch, time]
        node("Cast", ["valid"], ["valid_float"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["valid_float", "axis2"], ["mask"]),  # [batch, time, 1]
        node("Gather", ["embedding", "tokens"], ["evidence"]),  # [batch, time, classes]
        node("Mul", ["evidence", "mask"], ["masked"]),
        node("ReduceSum", ["masked", "axis1"], ["sum"], keepdims=0),  # [batch, classes]
        node("Cast", ["column"], ["divisor"], to=TensorProto.FLOAT),
        node("Div", ["sum", "divisor"], ["mean"]),
        node("MatMul", ["mean", "identity"], ["evidence_of_text"]),
        node("Add", ["evidence_of_text", "no_bias"], ["logits"]),
        # What the other exports have, for explanations: [time, batch, classes]
        node("Transpose", ["evidence"], ["states"], perm=[1, 0, 2]),
    ]
    constants: dict[str, npt.NDArray[Any]] = {
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "axis1": np.array([1], np.int64),
        "axis2": np.array([2], np.int64),
        "embedding": _embedding(len(draft.labels)),
        "identity": np.eye(len(draft.labels), dtype=np.float32),
        "no_bias": np.zeros(len(draft.labels), np.float32),
    }
    return {
        "classifier.onnx": _onnx(draft.graphs["classifier"], nodes, constants),
        "tokenizer.model": tokenizer_bytes(),
    }


def translator_draft(
    name: str = "translation-en-de",
    source: str = "en",
    target: str = "de",
    examples: tuple[TranslationExample, ...] | None = None,
    known: Sequence[str] | None = None,
) -> TranslationDraft:
    """The facts about the tiny translator. known: its words, where it carries the others over."""
    if examples is None:
        examples = (
            TranslationExample(text="the cat", translation="the cat", beam_size=5),
            TranslationExample(text="two men talk", translation="two men talk", beam_size=1),
        )
    symbols = () if known is None else SYMBOLS
    vocabulary = tokenizer(symbols=symbols).vocabulary_size
    position = Tensor(name="position", dtype="float32", shape=("batch", 1))
    memory = Tensor(
        name="encoder_outputs", dtype="float32", shape=("batch", "source_time", vocabulary)
    )
    return TranslationDraft(
        name=name,
        created=CREATED,
        precision="fp32",
        opset=OPSET,
        tokenizer=_tokenizer_facts(add_eos=True, symbols=symbols),
        graphs={
            "encoder": Graph(
                file="encoder.onnx",
                inputs=(
                    Tensor(name="tokens", dtype="int32", shape=("batch", "source_time")),
                    Tensor(name="lengths", dtype="int32", shape=("batch",)),
                ),
                outputs=(memory, position),
            ),
            "decoder": Graph(
                file="decoder.onnx",
                inputs=(
                    Tensor(name="token", dtype="int32", shape=("rows",)),
                    Tensor(name="position", dtype="float32", shape=("rows", 1)),
                    Tensor(
                        name="encoder_outputs",
                        dtype="float32",
                        shape=("rows", "source_time", vocabulary),
                    ),
                    Tensor(name="source_lengths", dtype="int32", shape=("rows",)),
                    Tensor(name="k", dtype="int64", shape=(1,)),
                ),
                outputs=(
                    Tensor(name="log_probs", dtype="float32", shape=("rows", "k")),
                    Tensor(name="next_tokens", dtype="int32", shape=("rows", "k")),
                    Tensor(name="attention", dtype="float32", shape=("rows", "source_time")),
                    Tensor(name="next_position", dtype="float32", shape=("rows", 1)),
                ),
            ),
        },
        languages=Languages(source=source, target=target),
        decoding=Decoding(states=("position",), memory=("encoder_outputs",)),
        placeholders=None if known is None else Placeholders(symbols=SYMBOLS, words="words.txt"),
        examples=examples,
        scores=(Score(dataset="toy", split="test", metric="BLEU", value=100.0, rows=2),),
        recipe=Recipe(name="tiny", settings={}),
        license="CC0-1.0",
        license_note="Made by hand; use it for anything.",
    )


def translator_files(draft: TranslationDraft) -> dict[str, bytes | Path]:
    """The files of the tiny translator."""
    node = helper.make_node
    symbols = () if draft.placeholders is None else draft.placeholders.symbols
    vocabulary = draft.tokenizer.vocabulary
    encoder = [
        node("Gather", ["one_hot", "tokens"], ["encoder_outputs"]),  # [batch, time, vocabulary]
        node("Unsqueeze", ["lengths", "axis1"], ["column"]),  # [batch, 1]
        node("Cast", ["column"], ["column_float"], to=TensorProto.FLOAT),
        node("Mul", ["column_float", "zero"], ["position"]),
    ]
    decoder = [
        node("Shape", ["encoder_outputs"], ["shape"]),
        node("Gather", ["shape", "one"], ["time"]),
        node("Range", ["start", "time", "one"], ["steps64"]),
        node("Cast", ["steps64"], ["steps"], to=TensorProto.FLOAT),  # [source_time]
        node("Unsqueeze", ["source_lengths", "axis1"], ["column"]),
        node("Cast", ["column"], ["column_float"], to=TensorProto.FLOAT),
        node("Sub", ["column_float", "step"], ["last"]),  # the position of eos, [rows, 1]
        node("Min", ["position", "last"], ["attended"]),
        node("Equal", ["steps", "attended"], ["is_attended"]),  # [rows, source_time]
        node("Cast", ["is_attended"], ["attention"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["attention", "axis1"], ["query"]),  # [rows, 1, source_time]
        node("MatMul", ["query", "encoder_outputs"], ["context3"]),
        node("Squeeze", ["context3", "axis1"], ["context"]),  # [rows, vocabulary]
        node("Mul", ["context", "sharpness"], ["scaled"]),
        node("Add", ["scaled", "bias"], ["logits"]),
        node("LogSoftmax", ["logits"], ["all_log_probs"], axis=-1),
        node("TopK", ["all_log_probs", "k"], ["log_probs", "indices"], axis=-1),
        node("Cast", ["indices"], ["next_tokens"], to=TensorProto.INT32),
        node("Add", ["position", "step"], ["next_position"]),
    ]
    bias = -np.linspace(0, 1, vocabulary, dtype=np.float32)  # no two tokens tie
    bias[[PAD_ID, BOS_ID, UNK_ID]] = -1e9
    return {
        "encoder.onnx": _onnx(
            draft.graphs["encoder"],
            encoder,
            {
                "one_hot": np.eye(vocabulary, dtype=np.float32),
                "axis1": np.array([1], np.int64),
                "zero": np.array(0, np.float32),
            },
        ),
        "decoder.onnx": _onnx(
            draft.graphs["decoder"],
            decoder,
            {
                "start": np.array(0, np.int64),
                "one": np.array(1, np.int64),
                "axis1": np.array([1], np.int64),
                "step": np.array(1, np.float32),
                "sharpness": np.array(20, np.float32),
                "bias": bias,
            },
        ),
        "tokenizer.model": tokenizer_bytes(symbols),
    }


def publish_classifier(repository: Path, **facts: Any) -> Path:
    """Writes the tiny classifier into a repository."""
    draft = classifier_draft(**facts)
    return write_artifact(repository, draft, classifier_files(draft))


def publish_language_identifier(repository: Path, name: str = "language", **facts: Any) -> Path:
    """Writes the tiny classifier as one that tells languages: "good" is English, "bad" German."""
    facts = {"labels": ("en", "de"), "purpose": "language-identification", **facts}
    return publish_classifier(repository, name=name, **facts)


def publish_translator(
    repository: Path,
    known: Sequence[str] | None = None,
    forms: Mapping[str, int] | None = None,
    **facts: Any,
) -> Path:
    """Writes the tiny translator into a repository.

    known: as of `translator_draft`; forms: by which one that knows words corrects others.
    """
    draft = translator_draft(known=known, **facts)
    files = translator_files(draft)
    if known is not None:
        files["words.txt"] = "".join(f"{word}\n" for word in known).encode("utf-8")
    if forms is not None:
        assert draft.placeholders is not None
        spelling = draft.placeholders.model_copy(update={"spelling": "spelling.tsv"})
        draft = draft.model_copy(update={"placeholders": spelling})
        files["spelling.tsv"] = forms_content(forms).encode("utf-8")
    return write_artifact(repository, draft, files)


def generator_draft(
    name: str = "book", examples: tuple[GenerationExample, ...] | None = None
) -> GenerationDraft:
    """The facts about the tiny generator."""
    return GenerationDraft(
        name=name,
        created=CREATED,
        precision="fp32",
        opset=OPSET,
        tokenizer=_tokenizer_facts(add_eos=False),
        graphs={
            "generator": Graph(
                file="generator.onnx",
                inputs=(
                    Tensor(name="token", dtype="int32", shape=("rows",)),
                    Tensor(name="k", dtype="int64", shape=(1,)),
                    Tensor(name="memory", dtype="float32", shape=("rows", _MEMORY)),
                ),
                outputs=(
                    Tensor(name="log_probs", dtype="float32", shape=("rows", "k")),
                    Tensor(name="next_tokens", dtype="int32", shape=("rows", "k")),
                    Tensor(name="next_memory", dtype="float32", shape=("rows", _MEMORY)),
                ),
            )
        },
        states=("memory",),
        examples=() if examples is None else examples,
        scores=(Score(dataset="toy", split="test", metric="perplexity", value=9.0, rows=2),),
        recipe=Recipe(name="tiny", settings={}),
        license="CC0-1.0",
        license_note="Made by hand; use it for anything.",
    )


def generator_files(draft: GenerationDraft) -> dict[str, bytes | Path]:
    """The files of the tiny generator: a plain recurrent network with random weights, in which
    what comes next depends on all tokens before it.
    """
    node = helper.make_node
    vocabulary = tokenizer().vocabulary_size
    random = np.random.default_rng(5)

    def drawn(*shape: int) -> npt.NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    nodes = [
        node("Equal", ["token", "begin"], ["begins"]),
        node("Unsqueeze", ["begins", "axis1"], ["begins_column"]),  # [rows, 1]
        node("Where", ["begins_column", "zero", "memory"], ["before"]),
        node("Gather", ["embedding", "token"], ["read"]),  # [rows, memory]
        node("MatMul", ["before", "recurrent"], ["kept"]),
        node("Add", ["read", "kept"], ["sum"]),
        node("Tanh", ["sum"], ["next_memory"]),
        node("MatMul", ["next_memory", "output"], ["scores"]),
        node("Add", ["scores", "bias"], ["logits"]),
        node("LogSoftmax", ["logits"], ["all_log_probs"], axis=-1),
        node("TopK", ["all_log_probs", "k"], ["log_probs", "indices"], axis=-1),
        node("Cast", ["indices"], ["next_tokens"], to=TensorProto.INT32),
    ]
    bias = np.zeros(vocabulary, np.float32)
    bias[[PAD_ID, BOS_ID, UNK_ID]] = -1e9
    constants: dict[str, npt.NDArray[Any]] = {
        "begin": np.array(BOS_ID, np.int32),
        "axis1": np.array([1], np.int64),
        "zero": np.array(0, np.float32),
        "embedding": drawn(vocabulary, _MEMORY),
        "recurrent": drawn(_MEMORY, _MEMORY),
        "output": drawn(_MEMORY, vocabulary),
        "bias": bias,
    }
    return {
        "generator.onnx": _onnx(draft.graphs["generator"], nodes, constants),
        "tokenizer.model": tokenizer_bytes(),
    }


def publish_generator(repository: Path, **facts: Any) -> Path:
    """Writes the tiny generator into a repository."""
    draft = generator_draft(**facts)
    return write_artifact(repository, draft, generator_files(draft))
