"""Exports a classifier in the wanted precisions, checks every graph and drafts its manifest."""

from dataclasses import replace
from datetime import UTC, datetime

import torch

from service.artifact import ClassificationDraft
from training.export.calibration import fitted_temperature
from training.export.candidate import (
    TOKENIZER_FILE,
    Candidate,
    PrecisionChoice,
    checked_rows,
    graph_facts,
    precisions_of,
    recipe_facts,
    tokenizer_facts,
)
from training.export.checks import check_classifier_agreement, check_classifier_invariance
from training.export.classifier import classifier_graph
from training.export.graph import OPSET
from training.preparation import encode_texts
from training.tasks.classification import logits_of
from training.trained import ClassificationRun


def classifier_candidates(
    run: ClassificationRun, name: str, choice: PrecisionChoice
) -> tuple[list[Candidate], list[str]]:
    precisions, of_cell = precisions_of(run.network.recurrent.cell, choice)
    run, calibration = _calibrated(run)
    temperature = run.recipe.publication.temperature
    assert temperature is not None
    rows = checked_rows(run.tokenizer, [e.text for part in run.corpora.validation.values()
                                         for e in part])  # fmt: skip
    graph = classifier_graph(run.network, "fp32", temperature)
    worst = check_classifier_agreement(run.network, graph.model, temperature, rows)
    notes = [
        *of_cell,
        *calibration,
        f"torch and onnxruntime agree to {worst:.1e} (fp32 logits, {len(rows)} texts)",
    ]
    candidates = []
    for precision in precisions:
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
            tokenizer=tokenizer_facts(run.tokenizer),
            graphs={"classifier": graph_facts(model, "classifier.onnx")},
            recipe=recipe_facts(run.recipe),
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


def _calibrated(run: ClassificationRun) -> tuple[ClassificationRun, list[str]]:
    """The run with a temperature in its recipe, and what it does to the validation sets."""
    logits, classes = [], []
    for part in run.corpora.validation.values():
        encoded = encode_texts(part, run.labels, run.tokenizer)
        logits.append(logits_of(run.network, encoded.tokens))
        classes.append(torch.from_numpy(encoded.classes))
    temperature, notes = fitted_temperature(
        list(run.corpora.validation), logits, classes, run.recipe.publication.temperature
    )
    publication = run.recipe.publication.model_copy(update={"temperature": temperature})
    recipe = run.recipe.model_copy(update={"publication": publication})
    return replace(run, recipe=recipe), notes
