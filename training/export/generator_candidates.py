"""Exports a generator in the wanted precisions, checks every graph and drafts its manifest."""

from datetime import UTC, datetime

from service.artifact import BOS_ID, GenerationDraft
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
from training.export.generator import generator_graph, generator_states
from training.export.generator_checks import (
    check_generator_agreement,
    check_generator_invariance,
)
from training.export.graph import OPSET
from training.trained import GenerationRun

_CHECKED_TOKENS = 64  # of a row


def generator_candidates(
    run: GenerationRun, name: str, choice: PrecisionChoice
) -> tuple[list[Candidate], list[str]]:
    precisions, of_cell = precisions_of(run.network.recurrent.cell, choice)
    texts = [text for part in run.corpora.validation.values() for text in part]
    rows = [[BOS_ID, *row[: _CHECKED_TOKENS - 1]] for row in checked_rows(run.tokenizer, texts)]
    graph = generator_graph(run.network, "fp32")
    worst = check_generator_agreement(run.network, graph, rows)
    notes = [*of_cell, f"torch and onnxruntime agree to {worst:.1e} (fp32 log-probabilities)"]
    candidates = []
    for precision in precisions:
        chosen = graph if precision == "fp32" else generator_graph(run.network, "int8")
        worst = check_generator_invariance(run.network, chosen, precision, rows)
        notes.append(f"{precision}: alone and batched agree to {worst:.1e}")
        draft = GenerationDraft(
            name=name,
            created=datetime.now(UTC),
            precision=precision,
            opset=OPSET,
            tokenizer=tokenizer_facts(run.tokenizer),
            graphs={"generator": graph_facts(chosen, "generator.onnx")},
            recipe=recipe_facts(run.recipe),
            license=run.recipe.publication.license,
            license_note=run.recipe.publication.license_note,
            sources=tuple(run.corpora.sources),
            states=tuple(generator_states(chosen)),
        )
        files = {
            "generator.onnx": chosen.SerializeToString(),
            TOKENIZER_FILE: run.tokenizer.to_bytes(),
        }
        candidates.append(Candidate(draft, files))
    return candidates, notes
