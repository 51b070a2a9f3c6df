"""Exports a translator in the wanted precisions, checks every graph and drafts its manifest."""

from collections.abc import Mapping
from datetime import UTC, datetime

from service.artifact import Decoding, Languages, Placeholders, TranslationDraft
from service.pipelines.placeholders import SYMBOLS
from training.data.dictionary import SOURCE
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
from training.export.checks import check_translator_agreement, check_translator_invariance
from training.export.graph import OPSET
from training.export.translator import translator_graphs
from training.run_folder import RunFolder
from training.trained import TranslationRun
from training.word_lists import WordLists

MAX_LENGTH_FACTOR = 1.5  # target tokens for each source token, beside 10 for short sentences


def translator_candidates(
    run: TranslationRun, name: str, choice: PrecisionChoice
) -> tuple[list[Candidate], list[str]]:
    precisions, of_cell = precisions_of(run.network.encoder.cell, choice)
    rows = checked_rows(run.tokenizer, [p.source for part in run.corpora.validation.values()
                                         for p in part])  # fmt: skip
    graphs = translator_graphs(run.network, "fp32")
    worst = check_translator_agreement(run.network, graphs, rows)
    notes = [*of_cell, f"torch and onnxruntime agree to {worst:.1e} (fp32 log-probabilities)"]
    files_of_lists = {} if run.recipe.placeholders is None else run.lists.files()
    candidates = []
    for precision in precisions:
        chosen = graphs if precision == "fp32" else translator_graphs(run.network, "int8")
        worst = check_translator_invariance(chosen, precision, rows)
        notes.append(f"{precision}: alone and batched agree to {worst:.1e}")
        draft = TranslationDraft(
            name=name,
            created=datetime.now(UTC),
            precision=precision,
            opset=OPSET,
            tokenizer=tokenizer_facts(run.tokenizer),
            graphs={
                "encoder": graph_facts(chosen.encoder, "encoder.onnx"),
                "decoder": graph_facts(chosen.decoder, "decoder.onnx"),
            },
            recipe=recipe_facts(run.recipe),
            license=run.recipe.publication.license,
            license_note=run.recipe.publication.license_note,
            sources=tuple(run.corpora.sources),
            languages=Languages(
                source=run.recipe.languages.source, target=run.recipe.languages.target
            ),
            decoding=Decoding(
                states=chosen.states, memory=chosen.memory, max_length_factor=MAX_LENGTH_FACTOR
            ),
            placeholders=_placeholders(run.lists, files_of_lists),
        )
        files = {
            **files_of_lists,
            "encoder.onnx": chosen.encoder.SerializeToString(),
            "decoder.onnx": chosen.decoder.SerializeToString(),
        }
        candidates.append(Candidate(draft, {**files, TOKENIZER_FILE: run.tokenizer.to_bytes()}))
    return candidates, notes


def _placeholders(lists: WordLists, files: Mapping[str, bytes]) -> Placeholders | None:
    """lists: of the words that it knows; files: theirs, none of a network that keeps nothing."""
    if not files:
        return None
    return Placeholders(
        symbols=SYMBOLS,
        words=RunFolder.WORDS,
        spelling=RunFolder.SPELLING if RunFolder.SPELLING in files else None,
        dictionary=SOURCE if lists.of_dictionary else None,
    )
