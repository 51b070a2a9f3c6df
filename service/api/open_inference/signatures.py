"""What the models take and give, in the protocol's words: metadata and configuration.

A model of texts takes texts, or rows of tokens, one of sequences takes features: *ways* in, with
outputs of their own. This module knows manifests and settings, and nothing about requests.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from service.api.open_inference.tensors import ANY, TensorFacts
from service.artifact import (
    ClassificationManifest,
    GenerationManifest,
    Manifest,
    SequenceManifest,
    TaggingManifest,
    TranslationManifest,
)
from service.artifact.manifest import TextDraft
from service.errors import InvalidInput, listing, quote
from service.settings import Settings

PLATFORM = "onnxruntime_onnx"
PRIORITIES = 2  # as lists go behind single texts, so does what asks for the lower one
_CONFIG_TYPES = {"BYTES": "TYPE_STRING", "INT32": "TYPE_INT32", "FP32": "TYPE_FP32"}

TEXT = TensorFacts("text_input", "BYTES", (ANY, 1))
TOKENS = TensorFacts("tokens", "INT32", (ANY, ANY))
LENGTHS = TensorFacts("lengths", "INT32", (ANY, 1))
SCORE = TensorFacts("score", "FP32", (ANY, ANY))
LABEL = TensorFacts("label", "BYTES", (ANY, ANY))
TEXT_OUTPUT = TensorFacts("text_output", "BYTES", (ANY, ANY))
OUTPUT_TOKENS = TensorFacts("output_tokens", "INT32", (ANY, ANY))
OUTPUT_LENGTHS = TensorFacts("output_lengths", "INT32", (ANY, 1))
START = TensorFacts("start", "INT32", (ANY, ANY))  # of a word in its text, in characters
END = TensorFacts("end", "INT32", (ANY, ANY))
FEATURES = "features"


@dataclass(frozen=True)
class Way:
    """Inputs that belong together, and the outputs that they give."""

    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]

    def output(self, name: str) -> TensorFacts:
        """The output of that name. Raises InvalidInput."""
        for facts in self.outputs:
            if facts.name == name:
                return facts
        known = listing(facts.name for facts in self.outputs)
        given = " and ".join(facts.name for facts in self.inputs)
        raise InvalidInput(f"there is no output {quote(name)}; {given} give: {known}")


@dataclass(frozen=True)
class Signature:
    """The ways into a model."""

    ways: tuple[Way, ...]

    @property
    def inputs(self) -> tuple[TensorFacts, ...]:
        """All inputs, each once."""
        return tuple(dict.fromkeys(facts for way in self.ways for facts in way.inputs))

    @property
    def outputs(self) -> tuple[TensorFacts, ...]:
        """All outputs, each once."""
        return tuple(dict.fromkeys(facts for way in self.ways for facts in way.outputs))

    def way(self, names: list[str]) -> Way:
        """The way whose inputs have those names. Raises InvalidInput."""
        for way in self.ways:
            if sorted(names) == sorted(facts.name for facts in way.inputs):
                return way
        given = ", ".join(quote(name) for name in names[:8])
        known = ", or ".join(" and ".join(facts.name for facts in way.inputs) for way in self.ways)
        raise InvalidInput(f"the inputs are {given}; send {known}, each once")


def signature(manifest: Manifest) -> Signature:
    """The ways into a model of that manifest."""
    rows = (TOKENS, LENGTHS)
    if isinstance(manifest, ClassificationManifest):
        logits = TensorFacts("logits", "FP32", (ANY, len(manifest.labels)), of_classes=True)
        score = replace(SCORE, of_classes=True)
        return Signature((Way((TEXT,), (LABEL, score)), Way(rows, (logits,))))
    if isinstance(manifest, GenerationManifest):
        return Signature((Way((TEXT,), (TEXT_OUTPUT,)), Way(rows, (OUTPUT_TOKENS, OUTPUT_LENGTHS))))
    if isinstance(manifest, SequenceManifest):
        return _of_sequences(manifest)
    if isinstance(manifest, TaggingManifest):
        return Signature((Way((TEXT,), (LABEL, SCORE, START, END, OUTPUT_LENGTHS)),))
    return Signature(
        (Way((TEXT,), (TEXT_OUTPUT, SCORE)), Way(rows, (OUTPUT_TOKENS, OUTPUT_LENGTHS, SCORE)))
    )


def _of_sequences(manifest: SequenceManifest) -> Signature:
    """Features with the lengths of their rows, or without where all are equally long."""
    from service.artifact.columns import feature_count

    features = TensorFacts(FEATURES, "FP32", (ANY, ANY, feature_count(manifest.columns)))
    if manifest.forecast is None:
        output = TensorFacts("logits", "FP32", (ANY, len(manifest.labels)), of_classes=True)
    else:
        shape = (ANY, manifest.forecast.horizon, len(manifest.forecast.columns))
        output = TensorFacts("forecast", "FP32", shape)
    return Signature((Way((features, LENGTHS), (output,)), Way((features,), (output,))))


def configuration(manifest: Manifest, settings: Settings) -> dict[str, Any]:
    """The model's configuration, in the fields of Triton's that apply to it."""
    facts = signature(manifest)
    parameters: dict[str, str] = {
        "task": manifest.task,
        "precision": manifest.precision,
    }
    if isinstance(manifest, TextDraft):
        parameters["vocabulary"] = str(manifest.tokenizer.vocabulary)
    if isinstance(manifest, ClassificationManifest):
        parameters |= _numbered("label", manifest.labels)
    elif isinstance(manifest, SequenceManifest):
        parameters |= _parameters_of_sequences(manifest)
    elif isinstance(manifest, TaggingManifest):
        parameters |= _numbered("label", manifest.tags)
    elif isinstance(manifest, TranslationManifest):
        parameters["source_language"] = manifest.languages.source
        parameters["target_language"] = manifest.languages.target
    return {
        "name": manifest.name,
        "platform": PLATFORM,
        "backend": "onnxruntime",
        "version_policy": {"latest": {"num_versions": settings.keep_versions}},
        "max_batch_size": settings.max_texts,
        "input": [{**_tensor(tensor), "optional": True} for tensor in facts.inputs],
        "output": [_tensor(tensor) for tensor in facts.outputs],
        "instance_group": [
            {"name": manifest.name, "kind": "KIND_CPU", "count": settings.workers},
        ],
        "dynamic_batching": {
            "max_queue_delay_microseconds": round(settings.max_queue_delay_ms * 1000),
            "priority_levels": PRIORITIES,
            "default_priority_level": 1,
            "default_queue_policy": {
                "default_timeout_microseconds": settings.request_timeout_ms * 1000,
                "allow_timeout_override": True,
                "max_queue_size": settings.max_queue_size,
            },
        },
        "parameters": {key: {"string_value": value} for key, value in parameters.items()},
        "model_transaction_policy": {"decoupled": False},
    }


def _parameters_of_sequences(manifest: SequenceManifest) -> dict[str, str]:
    from service.artifact.columns import feature_names

    forecast = () if manifest.forecast is None else manifest.forecast.columns
    return {
        "window": str(manifest.window),
        "shortest": str(manifest.shortest),
        **_numbered("feature", feature_names(manifest.columns)),
        **_numbered("label", manifest.labels),
        **_numbered("column", forecast),
    }


def _numbered(name: str, values: Iterable[str]) -> dict[str, str]:
    """label_0, label_1 and so on."""
    return {f"{name}_{i}": value for i, value in enumerate(values)}


def _tensor(facts: TensorFacts) -> dict[str, Any]:
    # Without the first axis, which a max_batch_size implies.
    return {
        "name": facts.name,
        "data_type": _CONFIG_TYPES[facts.datatype],
        "dims": list(facts.shape[1:]),
    }
