"""What attention is worth, by the length of the source: BLEU with two kinds of it and without.

Three translators that differ in nothing but their attention are trained alike, published, and
measured as they are served. The test sentences are scored by their length, and joined by twos,
threes and fours to inputs that are longer than those that were trained on. After Cho et al. 2014
("On the properties of neural machine translation", figure 4) and Bahdanau et al. 2014 (figure 2).

Knows nothing about the command line or files of results. Runs and models lie in one folder; a run
that was interrupted goes on, and what is there already is not made again.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest, Result

from service.artifact import read_artifact
from service.pipelines.translation import TranslationPipeline
from training.data.examples import SentencePair
from training.networks.attention import AttentionKind
from training.origin import Origin
from training.publishing import publish
from training.recipe import TranslationRecipe, read_recipe
from training.run_folder import RunFolder
from training.runs import finish_run, load_run
from training.studies.attention_length.inputs import by_length, joined
from training.studies.attention_length.results import Results, Row, Scored, Trained
from training.trained import TranslationRun

RECIPE = str(Path(__file__).with_name("recipe.toml"))
BASELINE: AttentionKind = "none"
KINDS: tuple[AttentionKind, ...] = (
    BASELINE,
    *(kind for kind in get_args(AttentionKind) if kind != BASELINE),
)


@dataclass(frozen=True)
class Study:
    """What is trained, on what it is measured, and the folder of both."""

    recipe: TranslationRecipe  # its attention is replaced by each kind in turn
    root: Path  # of the public datasets
    folder: Path
    edges: tuple[int, ...] = (9, 11, 13, 16, 20)  # words with which buckets begin but the first
    joined: tuple[int, ...] = (2, 3, 4)  # sentences to one input
    quiet: bool = True


def full_study(root: Path, folder: Path, changes: Mapping[str, Any], quiet: bool) -> Study:
    """Captions of Multi30k. changes: of the recipe, by dotted keys. Raises RecipeError."""
    recipe = read_recipe(RECIPE, dict(changes))
    assert isinstance(recipe, TranslationRecipe)
    return Study(recipe, root, folder, quiet=quiet)


def quick_study(root: Path, folder: Path, changes: Mapping[str, Any], quiet: bool) -> Study:
    """Letters to reverse: no data, a minute. Joined, they would be another task than the trained.

    Raises RecipeError.
    """
    recipe = read_recipe("reverse", dict(changes))
    assert isinstance(recipe, TranslationRecipe)
    return Study(recipe, root, folder, edges=(4, 6, 8), joined=(), quiet=quiet)


def run_study(study: Study) -> Results:
    """Train what is not trained yet, and measure.

    Raises DataError, RunError, ExportError, Stopped.
    """
    logging.getLogger("sacrebleu").setLevel(logging.WARNING)  # it tells of every resampling
    trained: dict[AttentionKind, Trained] = {}
    pipelines: dict[AttentionKind, TranslationPipeline] = {}
    pairs: list[SentencePair] = []
    for kind in KINDS:
        run, facts = _trained(study, kind)
        trained[kind] = facts
        pipelines[kind] = _published(study, kind, run)
        pairs = [pair for part in run.corpora.test.values() for pair in part]
    rows = [
        _row(name, sentences, inputs, pipelines)
        for name, sentences, inputs in _sets(study, pairs)
        if inputs
    ]
    return Results(trained, rows)


def with_attention(recipe: TranslationRecipe, kind: AttentionKind) -> TranslationRecipe:
    """The recipe with that kind of attention, and nothing else changed."""
    network = recipe.network.model_copy(update={"attention": kind})
    return recipe.model_copy(update={"network": network})


def _trained(study: Study, kind: AttentionKind) -> tuple[TranslationRun, Trained]:
    folder = RunFolder(study.folder / "runs" / kind)
    recipe = with_attention(study.recipe, kind)
    position = finish_run(folder, recipe, Origin(study.root), study.quiet, "--out DIR")
    run = load_run(folder)
    assert isinstance(run, TranslationRun)
    parameters = sum(parameter.numel() for parameter in run.network.parameters())
    return run, Trained(parameters, position.step, position.best)


def _published(study: Study, kind: AttentionKind, run: TranslationRun) -> TranslationPipeline:
    """The model as it is served. In float32: what int8 costs is not the question."""
    models, name = study.folder / "models", f"attention-{kind}"
    path = models / name / "1"
    if not path.exists():
        publish(run, models, name, "fp32", quiet=study.quiet)
    return TranslationPipeline(read_artifact(path))


def _sets(study: Study, pairs: Sequence[SentencePair]) -> list[tuple[str, int, list[SentencePair]]]:
    """Names, sentences to one input, and inputs."""
    sets = [(name, 1, part) for name, part in by_length(pairs, study.edges).items()]
    sets.append(("all", 1, list(pairs)))
    sets += [(f"{count} joined", count, joined(pairs, count)) for count in study.joined]
    return sets


def _row(
    name: str,
    sentences: int,
    inputs: Sequence[SentencePair],
    pipelines: Mapping[AttentionKind, TranslationPipeline],
) -> Row:
    sources, references = ([pair[side] for pair in inputs] for side in (0, 1))
    written = {kind: pipeline.translate_sentences(sources) for kind, pipeline in pipelines.items()}
    # Where no input has four words, plain BLEU is 0; elsewhere this is plain BLEU.
    metric = BLEU(effective_order=True)
    test = PairedTest(list(written.items()), {"BLEU": metric}, [references], test_type="bs")
    _, table = test()
    scores = {}
    for kind, result in zip(written, table["BLEU"], strict=True):
        assert isinstance(result, Result)  # the names of the systems are strings
        whole = metric.corpus_score(written[kind], [references])
        p = None if result.p_value is None else float(result.p_value)
        ratio = whole.sys_len / whole.ref_len
        scores[kind] = Scored(whole.score, float(result.ci or 0.0), p, ratio)
    words = float(np.mean([len(source.split()) for source in sources]))
    return Row(name, sentences, len(inputs), words, scores)
