"""A tagger, from its recipe to a published version."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from service.artifact import AnyDraft, TaggingDraft, TaggingExample
from service.artifact.vocabulary import Vocabulary
from service.pipelines.tag_decoding import is_bio
from service.pipelines.tagging import TaggingPipeline
from training.corpora import (
    Corpora,
    OwnData,
    describe_text_source,
    load_texts,
    merged_sources,
    own_tagged,
    tagged_corpora,
    tagged_tests,
)
from training.data.conll import read_tagged_file
from training.data.examples import TaggedSentence
from training.evaluation import Measured
from training.export.candidate import Candidate, PrecisionChoice
from training.export.tagger_candidates import VOCABULARY_FILE, tagger_candidates
from training.kinds.examples import EXAMPLE_CHARACTERS, EXAMPLES
from training.kinds.kind import Beginning
from training.networks.build import build_tagger
from training.origin import Origin
from training.recipe import TaggingRecipe
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings
from training.tagging_evaluation import score_tagging
from training.tagging_preparation import tagging_task, tags_of
from training.task import Task
from training.trained import TaggingRun
from training.word_vocabulary import WordVocabulary, to_bytes, vocabulary_and_vectors

VECTORS_FILE = "vectors.npy"
SPAN_METRICS = ("span_f1", "span_precision", "span_recall")  # of entities


class TaggingKind:
    """See `training.kinds.kind.PublishedKind`."""

    def begin(self, recipe: TaggingRecipe, origin: Origin) -> Beginning:
        sentences = _tagged(recipe, origin)
        tags = tags_of(sentences)
        texts = _texts(recipe, origin)
        vocabulary, vectors = vocabulary_and_vectors(
            recipe, [one for part in sentences.train for one in part], texts
        )
        return Beginning(
            tagging_task(recipe, tags, sentences, vocabulary, vectors),
            {VOCABULARY_FILE: vocabulary.known.to_bytes(), VECTORS_FILE: to_bytes(vectors)},
            {"tags": list(tags), "trained_words": vocabulary.trained},
            merged_sources(
                sentences.sources,
                [describe_text_source(name, len(part)) for name, part in texts.items()],
            ),
        )

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        recipe, tags = _stated(settings)
        vocabulary, vectors = _vocabulary(run, settings)
        return tagging_task(recipe, tags, _tagged(recipe, settings.origin), vocabulary, vectors)

    def rates(self, recipe: TaggingRecipe) -> dict[str, float]:
        return {}

    def load(self, run: RunFolder, settings: RunSettings) -> TaggingRun:
        recipe, tags = _stated(settings)
        weights = run.read_tensors(run.best)
        vocabulary, vectors = _vocabulary(run, settings)
        network = build_tagger(recipe.network, vocabulary, len(tags), torch.from_numpy(vectors))
        network.load_state_dict(weights)
        network.eval()
        corpora = _tagged(recipe, settings.origin)
        if settings.sources is not None:
            corpora = replace(corpora, sources=settings.sources)
        return TaggingRun(recipe, tags, corpora, vocabulary.known, network)

    def candidates(
        self, trained: TaggingRun, name: str, choice: PrecisionChoice
    ) -> tuple[list[Candidate], list[str]]:
        return tagger_candidates(trained, name, choice)

    def validation_score(self, trained: TaggingRun, pipeline: TaggingPipeline) -> float:
        """F1 of entities, or else the accuracy; in percent, the mean over the validation sets."""
        metric = "span F1" if pipeline.bio else "accuracy"
        measured = score_tagging(pipeline, trained.corpora.validation)
        return float(np.mean([one.value for one in measured if one.metric == metric]))

    def score_tests(
        self, trained: TaggingRun, pipeline: TaggingPipeline, quiet: bool
    ) -> list[Measured]:
        return score_tagging(pipeline, trained.corpora.test)

    def with_examples(
        self, trained: TaggingRun, pipeline: TaggingPipeline, draft: TaggingDraft
    ) -> AnyDraft:
        sentences = [one for part in trained.corpora.validation.values() for one in part]
        texts = list(trained.recipe.publication.examples) or _short_texts(sentences)
        examples = tuple(
            TaggingExample(
                text=text,
                tags=tuple(word.tag for word in words),
                scores=tuple(round(word.score, 4) for word in words),
            )
            for text, words in zip(texts, pipeline.tag(texts), strict=True)
        )
        return draft.model_copy(update={"examples": examples})

    def summary(self, draft: TaggingDraft) -> str:
        if draft.scheme == "BIO":
            kinds = [tag[2:] for tag in draft.tags if tag.startswith("B-")]
            return f"Finds entities of {len(kinds)} kinds in a text: {', '.join(kinds)}."
        return f"Gives each word of a text one of {len(draft.tags)} tags: {', '.join(draft.tags)}."

    def measure_recipe(
        self,
        pipeline: TaggingPipeline,
        recipe: TaggingRecipe,
        root: Path,
        beam_sizes: Sequence[int],
        quiet: bool,
    ) -> list[Measured]:
        return score_tagging(pipeline, tagged_tests(root, recipe.data))

    def metrics(self, recipe: TaggingRecipe, origin: Origin) -> tuple[str, ...]:
        entities = is_bio(tags_of(_tagged(recipe, origin)))
        return ("accuracy", *(SPAN_METRICS if entities else ()))

    def require_own(self, recipe: TaggingRecipe, origin: Origin, data: OwnData) -> None:
        read_tagged_file(data.file)

    def measure_own(
        self,
        pipeline: TaggingPipeline,
        data: OwnData,
        beam_sizes: Sequence[int],
        candidate: TaggingRecipe | None = None,
    ) -> list[Measured]:
        return score_tagging(pipeline, {data.file.name: read_tagged_file(data.file)})


def _stated(settings: RunSettings) -> tuple[TaggingRecipe, tuple[str, ...]]:
    assert isinstance(settings.recipe, TaggingRecipe)
    return settings.recipe, tuple(settings.facts["tags"])


def _tagged(recipe: TaggingRecipe, origin: Origin) -> Corpora[TaggedSentence]:
    if origin.own is not None:
        return own_tagged(origin.own, recipe.training.seed)
    return tagged_corpora(origin.root, recipe.data)


def _texts(recipe: TaggingRecipe, origin: Origin) -> Mapping[str, Sequence[str]]:
    """Those that vectors are made of."""
    if recipe.vectors is None:
        return {}
    return load_texts(origin.root, recipe.vectors.texts)


def _vocabulary(run: RunFolder, settings: RunSettings) -> tuple[WordVocabulary, np.ndarray]:
    """What the run wrote down when it began. Raises RunError."""
    known = Vocabulary.from_file(run.path / VOCABULARY_FILE)
    try:
        vectors: np.ndarray = np.load(io.BytesIO((run.path / VECTORS_FILE).read_bytes()))
    except (OSError, ValueError) as error:
        raise RunError(f"{run.path / VECTORS_FILE} cannot be read ({error})") from error
    return WordVocabulary(known, settings.facts["trained_words"]), vectors


def _short_texts(sentences: Sequence[TaggedSentence]) -> list[str]:
    """The first held-out sentences that are short, as they were written or with spaces."""
    texts = [one.text or " ".join(one.tokens) for one in sentences]
    short = [text for text in texts if len(text) <= EXAMPLE_CHARACTERS and text.strip()]
    return short[:EXAMPLES]
