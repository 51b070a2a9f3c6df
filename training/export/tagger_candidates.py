"""Exports a tagger in the wanted precisions, checks every graph and drafts its manifest."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import onnx
import torch

from service.artifact import TaggingDraft, VocabularyFacts
from service.pipelines.tag_decoding import is_bio
from training.export.calibration import fitted_temperature
from training.export.candidate import (
    CHECKED_ROWS,
    Candidate,
    PrecisionChoice,
    graph_facts,
    precisions_of,
    recipe_facts,
)
from training.export.checks import (
    AGREEMENT,
    INVARIANCE,
    graph_session,
    require_close,
)
from training.export.graph import OPSET, Array
from training.export.layers import Precision
from training.export.tagger import TaggerGraph, tagger_graph
from training.networks.tagger import Tagger
from training.tagging_preparation import encode_sentences
from training.tasks.tagging import NO_TAG, logits_of, pad_words
from training.trained import TaggingRun

VOCABULARY_FILE = "vocabulary.json"
CPU = torch.device("cpu")


def tagger_candidates(
    run: TaggingRun, name: str, choice: PrecisionChoice
) -> tuple[list[Candidate], list[str]]:
    precisions, notes = precisions_of(run.network.recurrent.cell, choice)
    temperature, fitted = _temperature(run)
    rows = _checked_rows(run)
    graph = tagger_graph(run.network, "fp32", temperature)
    worst = check_tagger_agreement(run.network, graph.model, temperature, rows)
    notes += [
        *fitted,
        f"torch and onnxruntime agree to {worst:.1e} (fp32 logits, {len(rows)} sentences)",
    ]
    candidates = []
    for precision in precisions:
        chosen = graph
        if precision == "int8":
            chosen = tagger_graph(run.network, "int8", temperature)
        worst = check_tagger_invariance(chosen.model, precision, rows)
        notes.append(f"{precision}: alone and batched agree to {worst:.1e}")
        files = {"tagger.onnx": chosen.model.SerializeToString()}
        files[VOCABULARY_FILE] = run.vocabulary.to_bytes()
        candidates.append(Candidate(_draft(run, name, precision, chosen, temperature), files))
    return candidates, notes


def _draft(
    run: TaggingRun, name: str, precision: Precision, graph: TaggerGraph, temperature: float
) -> TaggingDraft:
    publication = run.recipe.publication
    stated = publication.model_copy(update={"temperature": temperature})
    return TaggingDraft(
        name=name,
        created=datetime.now(UTC),
        precision=precision,
        opset=OPSET,
        graphs={"tagger": graph_facts(graph.model, "tagger.onnx")},
        recipe=recipe_facts(run.recipe.model_copy(update={"publication": stated})),
        license=publication.license,
        license_note=publication.license_note,
        sources=tuple(run.corpora.sources),
        tags=run.tags,
        scheme="BIO" if is_bio(run.tags) else None,
        vocabulary=VocabularyFacts(
            file=VOCABULARY_FILE,
            words=run.vocabulary.word_count,
            characters=run.vocabulary.character_count,
        ),
        language=run.recipe.language,
        inspection=graph.inspection,
    )


def check_tagger_agreement(
    network: Tagger, model: onnx.ModelProto, temperature: float, rows: Sequence[Array]
) -> float:
    """Largest difference of a logit between torch and the fp32 graph. Raises ExportError."""
    got = _logits(model)(rows)
    with torch.no_grad():
        logits = network(*pad_words(rows, CPU))
    want = [part[: len(row)].numpy() / temperature for part, row in zip(logits, rows, strict=True)]
    return require_close(
        "torch and onnxruntime", np.concatenate(got), np.concatenate(want), AGREEMENT
    )


def check_tagger_invariance(model: onnx.ModelProto, precision: str, rows: Sequence[Array]) -> float:
    """Largest difference of a logit between a row alone and in the batch. Raises ExportError."""
    logits = _logits(model)
    alone = np.concatenate([logits([row])[0] for row in rows])
    batched = np.concatenate(logits(rows))
    return require_close("a sentence alone and in a batch", batched, alone, INVARIANCE[precision])


def _logits(model: onnx.ModelProto) -> Callable[[Sequence[Array]], list[Array]]:
    """Runs a graph on rows of words as one batch: words x tags each."""
    session = graph_session(model)

    def run(rows: Sequence[Array]) -> list[Array]:
        tokens, lengths = (part.numpy().astype(np.int32) for part in pad_words(rows, CPU))
        logits = session.run({"tokens": tokens, "lengths": lengths})["logits"]
        return [part[: len(row)] for part, row in zip(logits, rows, strict=True)]

    return run


def _checked_rows(run: TaggingRun) -> list[Array]:
    """Rows of very different lengths, spread evenly over the held-out sentences."""
    sentences = [one for part in run.corpora.validation.values() for one in part]
    rows = sorted((run.vocabulary.encode(one.tokens) for one in sentences), key=len)
    places = np.unique(np.linspace(0, len(rows) - 1, CHECKED_ROWS).astype(int))
    return [rows[place] for place in places]


def _temperature(run: TaggingRun) -> tuple[float, list[str]]:
    """What divides the logits, and what that does to the validation sets."""
    logits, gold = [], []
    for part in run.corpora.validation.values():
        encoded = encode_sentences(part, run.tags, run.vocabulary)
        tags = torch.from_numpy(np.concatenate(encoded.tags))
        known = tags != NO_TAG
        logits.append(torch.cat(logits_of(run.network, encoded.tokens))[known])
        gold.append(tags[known])
    return fitted_temperature(
        list(run.corpora.validation), logits, gold, run.recipe.publication.temperature
    )
