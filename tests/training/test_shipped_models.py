"""The models that ship: what their manifests promise, and answers that no neighbour changes.

They lie in models/, or in the folder that GATEHOUSE_MODELS names. Texts are generated; where
TRAINING_DATA names a folder with the public datasets, real ones are taken as well.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from service.artifact import Artifact, list_models, read_artifact
from service.pipelines.classification import ClassificationPipeline, softmax
from service.pipelines.loading import load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.proof import prove
from service.pipelines.tensors import open_session, pad_rows
from service.pipelines.translation import SearchOptions, TranslationPipeline
from service.runtime.search import Hypothesis
from training.data.parallel import load_parallel
from training.data.reverse import reverse_splits
from training.data.sentiment import load_sentiment
from training.data.synthetic import sentiment_splits

MODELS = Path(os.environ.get("GATEHOUSE_MODELS", "models"))
# Attention is in float32, and over more padding its sums move by some 6e-8. Rarely that tips one
# value of the int8 product behind it by a step, which moves a translation's score (its mean
# log-probability a token) by up to 5e-4, as measured: translations closer than that are a tie.
STEP = 1e-3
ALONE = PipelineOptions(threads=2, max_batch_size=1)
# One batch for whatever is asked for at a time: the test draws the batches.
TOGETHER = PipelineOptions(threads=2, max_batch_size=1 << 20, max_batch_tokens=1 << 30)
# What the shipped models were published with: largest size in MB, and least score of a test set.
PROMISES = {
    "language": (0.5, "tatoeba_languages test", "accuracy", 99.0),
    "sentiment": (10, "imdb", "accuracy", 89.0),
    "translation-de-en": (15, "multi30k", "BLEU, beam 5", 37.0),
    "translation-en-de": (15, "multi30k", "BLEU, beam 5", 34.5),
}
FIXED = (
    "Bad.",
    "I did not expect to like it, and I still don't.",
    "GREAT!!! 10/10 😀 would watch again…",
    "the battery died after two days, the second one after three. refund please",
    "   spaces   everywhere\n\nand a second paragraph with a URL https://example.org/a?b=c",
    "Ünïcödé, русский, 日本語, עברית",
    "x" * 300,
    "no " * 400 + "yes",
)


def published() -> list[Path]:
    if not MODELS.is_dir():
        return []
    models = list_models(MODELS)
    return [
        MODELS / name / str(version) for name, versions in models.items() for version in versions
    ]


def of_task(task: str) -> list[Path]:
    return [path for path in published() if read_artifact(path).manifest.task == task]


def shipped(paths: Sequence[Path]) -> Sequence[object]:
    """The versions as parameters; one that skips where there is none."""
    reason = f"{MODELS} holds no such model: publish one, or name a folder with GATEHOUSE_MODELS"
    nothing = [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]
    return [pytest.param(path, id="/".join(path.parts[-2:])) for path in paths] or nothing


def data_root() -> Path | None:
    folder = os.environ.get("TRAINING_DATA")
    return Path(folder) if folder else None


def texts_of_varied_length(wanted: int) -> list[str]:
    """From one sentence to some forty, among them every fixed one."""
    sentences = [example.text for example in sentiment_splits({"all": 3000}, seed=7)["all"]]
    root = data_root()
    if root is not None:
        for source in ("sst", "customer_reviews", "yelp"):
            sentences += [example.text for example in load_sentiment(root, source, "test")]
    generator = np.random.default_rng(7)
    texts = list(FIXED)
    while len(texts) < wanted:
        count = int(
            generator.integers(1, 6) if generator.random() < 0.8 else generator.integers(6, 40)
        )
        texts.append(" ".join(sentences[i] for i in generator.integers(0, len(sentences), count)))
    return texts


WHO = (
    "A man", "A young woman", "Two children", "Three men in hard hats", "A brown dog", "She",
    "The old lady", "Several people", "My brother", "A group of students", "Nobody",
    "The girl in the red coat",
)  # fmt: skip
DOES = (
    "is riding a bicycle", "plays the guitar", "are sitting", "is looking at a map", "is cooking",
    "runs quickly", "wants to buy a ticket", "jumps over a fence", "sleeps", "talks on the phone",
)  # fmt: skip
WHERE = (
    "on the beach", "in front of a large building", "down the street", "at the station", "at night",
    "near the river while it rains", "with two friends", "", "behind a small blue car",
    "in the park",
)  # fmt: skip


def sentences_to_translate(artifact: Artifact, wanted: int) -> list[str]:
    """Sentences of the kind that the model was trained on."""
    if artifact.manifest.recipe.name == "reverse":
        splits = reverse_splits({"all": wanted}, seed=7)
        return [pair.source for pair in splits["all"]]
    root = data_root()
    if root is not None:
        pairs = load_parallel(root, "multi30k", "test") + load_parallel(root, "tatoeba", "test")
        step = len(pairs) // wanted
        return [pair.source for pair in pairs[:: max(step, 1)]][:wanted]
    every = [
        f"{who} {does} {where}".strip() + "." for who in WHO for does in DOES for where in WHERE
    ]
    return [every[i] for i in np.random.default_rng(7).permutation(len(every))[:wanted]]


def random_batches(rows: int, largest: int, seed: int) -> Iterator[list[int]]:
    """Every index once, in an order and in batches drawn at random."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(rows).tolist()
    while order:
        size = int(generator.integers(1, largest + 1))
        yield order[:size]
        order = order[size:]


@pytest.mark.parametrize("path", shipped(published()))
def test_the_model_keeps_what_its_manifest_says(path: Path) -> None:
    artifact = read_artifact(path)
    prove(load_pipeline(artifact))
    manifest = artifact.manifest
    assert manifest.scores
    assert manifest.sources
    assert manifest.license_note
    if manifest.name in PROMISES:
        megabytes, dataset, metric, least = PROMISES[manifest.name]
        assert sum(file.stat().st_size for file in path.iterdir()) <= megabytes * 10**6
        assert manifest.precision == "int8"
        (score,) = (s for s in manifest.scores if (s.dataset, s.metric) == (dataset, metric))
        assert score.value >= least
        assert score.split == "test"


@pytest.mark.parametrize("path", shipped(of_task("classification")))
def test_a_texts_label_and_score_do_not_depend_on_its_batch(path: Path) -> None:
    pipeline = ClassificationPipeline(read_artifact(path), TOGETHER)
    rows = [pipeline.artifact.tokenizer.encode(text) for text in texts_of_varied_length(300)]
    alone = softmax(np.concatenate([pipeline.logits([row]) for row in rows]))  # texts x classes
    for seed in range(3):
        together = np.zeros_like(alone)
        for batch in random_batches(len(rows), 32, seed):
            together[batch] = softmax(pipeline.logits([rows[i] for i in batch]))
        assert together.argmax(axis=1).tolist() == alone.argmax(axis=1).tolist()
        np.testing.assert_allclose(together, alone, rtol=0, atol=1e-4)


def next_log_probs(artifact: Artifact, row: Sequence[int], prefix: Sequence[int]) -> np.ndarray:
    """Log-probabilities (vocabulary) of the token after a prefix, alone."""
    manifest = artifact.manifest
    assert manifest.task == "translation"
    encoder, decoder = (
        open_session(artifact.graph_path(name), 1) for name in ("encoder", "decoder")
    )
    tokens, lengths = pad_rows([row])
    encoded = encoder.run({"tokens": tokens, "lengths": lengths})
    held = {name: encoded[name] for name in (*manifest.decoding.states, *manifest.decoding.memory)}
    k = np.array([manifest.tokenizer.vocabulary])
    for token in (artifact.tokenizer.bos_id, *prefix):
        feeds = {"token": np.array([token], np.int32), "source_lengths": lengths, "k": k}
        output = decoder.run({**held, **feeds})
        held |= {name: output[f"next_{name}"] for name in manifest.decoding.states}
    scores = np.zeros(k[0], np.float32)
    scores[output["next_tokens"][0]] = output["log_probs"][0]
    return scores


def is_a_tie(artifact: Artifact, row: Sequence[int], one: Hypothesis, other: Hypothesis) -> bool:
    """Whether two translations score the same, or part where two tokens do."""
    if abs(one.score - other.score) < STEP:
        return True
    ends = [(*hypothesis.tokens, artifact.tokenizer.eos_id) for hypothesis in (one, other)]
    place = next(i for i, pair in enumerate(zip(*ends, strict=False)) if pair[0] != pair[1])
    scores = next_log_probs(artifact, row, ends[0][:place])
    return bool(abs(scores[ends[0][place]] - scores[ends[1][place]]) < STEP)


@pytest.mark.parametrize(("beam_size", "wanted"), [(1, 1000), (5, 200)])
@pytest.mark.parametrize("path", shipped(of_task("translation")))
def test_a_translation_does_not_depend_on_its_batch(
    path: Path, beam_size: int, wanted: int
) -> None:
    artifact = read_artifact(path)
    options = SearchOptions(beam_size=beam_size)
    sentences = sentences_to_translate(artifact, wanted)
    assert len(set(sentences)) > 0.95 * wanted
    rows = [artifact.tokenizer.encode(sentence) for sentence in sentences]
    alone = TranslationPipeline(artifact, ALONE).search(rows, options)
    pipeline = TranslationPipeline(artifact, TOGETHER)
    together: list[Hypothesis | None] = [None] * len(rows)
    for batch in random_batches(len(rows), 32, seed=beam_size):
        found = pipeline.search([rows[i] for i in batch], options)
        for i, ranked in zip(batch, found, strict=True):
            together[i] = ranked[0]
    different, moved = [], 0
    for i, best in enumerate(together):
        assert best is not None
        if best.tokens != alone[i][0].tokens:
            different.append(sentences[i])
            assert is_a_tie(artifact, rows[i], alone[i][0], best), sentences[i]
        else:
            assert abs(best.score - alone[i][0].score) < STEP, sentences[i]
        moved += abs(best.score - alone[i][0].score) > 1e-4
    assert len(different) <= wanted / 1000, different
    assert moved <= wanted / 100
