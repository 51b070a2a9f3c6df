"""Exports a run in the wanted precisions, checks every graph and drafts its manifest.

Knows nothing about repositories, scores or conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch

from service.artifact import (
    AnyDraft,
    Artifact,
    ClassificationDraft,
    Decoding,
    Graph,
    Languages,
    Recipe,
    Tensor,
    Tokenizer,
    TokenizerFacts,
    TranslationDraft,
    read_artifact,
    write_artifact,
)
from training.evaluation import calibration_error
from training.export.calibration import best_temperature
from training.export.checks import (
    check_classifier_agreement,
    check_classifier_invariance,
    check_translator_agreement,
    check_translator_invariance,
)
from training.export.classifier import classifier_graph
from training.export.graph import OPSET
from training.export.layers import Precision
from training.export.translator import STATES, translator_graphs
from training.preparation import encode_texts
from training.runs import ClassificationRun, TranslationRun
from training.tasks.classification import logits_of

PrecisionChoice = Literal["auto", "fp32", "int8"]
TOKENIZER_FILE = "tokenizer.model"
MAX_LENGTH_FACTOR = 1.5  # target tokens for each source token, beside 10 for short sentences
CHECKED_ROWS = 48  # held-out texts that a graph is checked on

Run = ClassificationRun | TranslationRun


@dataclass(frozen=True)
class Candidate:
    """A draft without scores and examples, and its files."""

    draft: AnyDraft
    files: Mapping[str, bytes]

    def write(self, repository: Path) -> Artifact:
        return read_artifact(write_artifact(repository, self.draft, self.files, version=1))


def classifier_candidates(
    run: ClassificationRun, name: str, choice: PrecisionChoice
) -> tuple[list[Candidate], list[str]]:
    run, calibration = _calibrated(run)
    temperature = run.recipe.publication.temperature
    assert temperature is not None
    rows = _checked_rows(run.tokenizer, [e.text for part in run.corpora.validation.values()
                                         for e in part])  # fmt: skip
    graph = classifier_graph(run.network, "fp32", temperature)
    worst = check_classifier_agreement(run.network, graph.model, temperature, rows)
    notes = [
        *calibration,
        f"torch and onnxruntime agree to {worst:.1e} (fp32 logits, {len(rows)} texts)",
    ]
    candidates = []
    for precision in _wanted(choice):
        chosen = graph
        if precision == "int8":
            chosen = classifier_graph(run.network, "int8", temperature)
        model = chosen.model
        worst = check_classifier_invariance(model, precision, rows)
        notes.append(f"{precision}: alone and batched agree to {worst:.1e}")
        draft = ClassificationDraft(
            name=name,
            created=datetime.now(UTC),
            precision=precision,
            opset=OPSET,
            tokenizer=_tokenizer_facts(run.tokenizer),
            graphs={"classifier": _graph_facts(model, "classifier.onnx")},
            recipe=_recipe(run),
            license=run.recipe.publication.license,
            license_note=run.recipe.publication.license_note,
            sources=tuple(run.corpora.sources),
            labels=run.labels,
            inspection=chosen.inspection,
            language=run.recipe.language,
            purpose=run.recipe.purpose,
        )
        files = {"classifier.onnx": model.SerializeToString()}
        candidates.append(Candidate(draft, {**files, TOKENIZER_FILE: run.tokenizer.to_bytes()}))
    return candidates, notes


def translator_candidates(
    run: TranslationRun, name: str, choice: PrecisionChoice
) -> tuple[list[Candidate], list[str]]:
    rows = _checked_rows(run.tokenizer, [p.source for part in run.corpora.validation.values()
                                         for p in part])  # fmt: skip
    graphs = translator_graphs(run.network, "fp32")
    worst = check_translator_agreement(run.network, graphs, rows)
    notes = [f"torch and onnxruntime agree to {worst:.1e} (fp32 log-probabilities)"]
    candidates = []
    for precision in _wanted(choice):
        chosen = graphs if precision == "fp32" else translator_graphs(run.network, "int8")
        worst = check_translator_invariance(chosen, precision, rows)
        notes.append(f"{precision}: alone and batched agree to {worst:.1e}")
        draft = TranslationDraft(
            name=name,
            created=datetime.now(UTC),
            precision=precision,
            opset=OPSET,
            tokenizer=_tokenizer_facts(run.tokenizer),
            graphs={
                "encoder": _graph_facts(chosen.encoder, "encoder.onnx"),
                "decoder": _graph_facts(chosen.decoder, "decoder.onnx"),
            },
            recipe=_recipe(run),
            license=run.recipe.publication.license,
            license_note=run.recipe.publication.license_note,
            sources=tuple(run.corpora.sources),
            languages=Languages(
                source=run.recipe.languages.source, target=run.recipe.languages.target
            ),
            decoding=Decoding(
                states=STATES, memory=chosen.memory, max_length_factor=MAX_LENGTH_FACTOR
            ),
        )
        files = {
            "encoder.onnx": chosen.encoder.SerializeToString(),
            "decoder.onnx": chosen.decoder.SerializeToString(),
        }
        candidates.append(Candidate(draft, {**files, TOKENIZER_FILE: run.tokenizer.to_bytes()}))
    return candidates, notes


def _calibrated(run: ClassificationRun) -> tuple[ClassificationRun, list[str]]:
    """The run with a temperature in its recipe, and what it does to the validation sets."""
    logits, classes = [], []
    for part in run.corpora.validation.values():
        encoded = encode_texts(part, run.labels, run.tokenizer)
        logits.append(logits_of(run.network, encoded.tokens))
        classes.append(torch.from_numpy(encoded.classes))
    stated = run.recipe.publication.temperature
    temperature = best_temperature(logits, classes) if stated is None else stated
    origin = "fitted on the validation sets" if stated is None else "as the recipe states"
    errors = [
        f"  {name}: {_calibration_error(rows, gold):.2f} before, "
        f"{_calibration_error(rows / temperature, gold):.2f} after"
        for name, rows, gold in zip(run.corpora.validation, logits, classes, strict=True)
    ]
    publication = run.recipe.publication.model_copy(update={"temperature": temperature})
    recipe = run.recipe.model_copy(update={"publication": publication})
    return replace(run, recipe=recipe), [
        f"temperature {temperature:.3f}, {origin}; calibration error on validation, in percent:",
        *errors,
    ]


def _calibration_error(logits: torch.Tensor, classes: torch.Tensor) -> float:
    """In percent, of logits (rows x classes) and right classes (rows)."""
    confidence, chosen = torch.softmax(logits.double(), dim=1).max(dim=1)
    return 100 * calibration_error(confidence.numpy(), (chosen == classes).numpy())


def _checked_rows(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Rows of very different lengths, spread evenly over the held-out texts."""
    rows = sorted((tokenizer.encode(text) or [tokenizer.unk_id] for text in texts), key=len)
    places = np.unique(np.linspace(0, len(rows) - 1, CHECKED_ROWS).astype(int))
    return [rows[place] for place in places]


def _wanted(choice: PrecisionChoice) -> tuple[Precision, ...]:
    return ("fp32", "int8") if choice == "auto" else (choice,)


def _tokenizer_facts(tokenizer: Tokenizer) -> TokenizerFacts:
    return TokenizerFacts(
        file=TOKENIZER_FILE, add_eos=tokenizer.add_eos, vocabulary=tokenizer.vocabulary_size
    )


def _recipe(run: Run) -> Recipe:
    return Recipe(name=run.recipe.name, settings=run.recipe.model_dump(mode="json"))


def _graph_facts(model: onnx.ModelProto, file: str) -> Graph:
    return Graph(
        file=file,
        inputs=tuple(_tensor(value) for value in model.graph.input),
        outputs=tuple(_tensor(value) for value in model.graph.output),
    )


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    types = {1: "float32", 6: "int32", 7: "int64"}
    kind = value.type.tensor_type
    shape = tuple(axis.dim_param or axis.dim_value for axis in kind.shape.dim)
    return Tensor.model_validate(
        {"name": value.name, "dtype": types[kind.elem_type], "shape": shape}
    )
