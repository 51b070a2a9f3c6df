"""A translator, from its recipe to a published version."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service.artifact import AnyDraft, TranslationDraft, TranslationExample
from service.artifact.tokenizer import Tokenizer
from service.pipelines.translation import SearchOptions, TranslationPipeline
from training.corpora import Corpora, OwnData, own_pairs, parallel_corpora, parallel_tests
from training.data.examples import SentencePair
from training.data.tables import read_pairs
from training.evaluation import MEASURED_BEAMS, Measured, score_translation
from training.export.candidate import Candidate, PrecisionChoice
from training.export.translator_candidates import translator_candidates
from training.kinds.examples import example_texts
from training.kinds.kind import Beginning
from training.networks.build import build_translator
from training.origin import Origin
from training.preparation import tokenizer_for_pairs, translation_task
from training.recipe import TranslationRecipe
from training.run_folder import RunFolder
from training.run_settings import RunSettings
from training.task import Task
from training.trained import TranslationRun


class TranslationKind:
    """See `training.kinds.kind.PublishedKind`."""

    def begin(self, recipe: TranslationRecipe, origin: Origin) -> Beginning:
        pairs = _pairs(recipe, origin)
        tokenizer = tokenizer_for_pairs(recipe, pairs)
        return Beginning(
            translation_task(recipe, pairs, tokenizer),
            {RunFolder.TOKENIZER: tokenizer.to_bytes()},
            {},
            pairs.sources,
        )

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        recipe = settings.recipe
        assert isinstance(recipe, TranslationRecipe)
        return translation_task(recipe, _pairs(recipe, settings.origin), _tokenizer(run))

    def rates(self, recipe: TranslationRecipe) -> dict[str, float]:
        return {}

    def load(self, run: RunFolder, settings: RunSettings) -> TranslationRun:
        recipe = settings.recipe
        assert isinstance(recipe, TranslationRecipe)
        weights = run.read_tensors(run.best)
        tokenizer = _tokenizer(run)
        translator = build_translator(recipe.network, tokenizer.vocabulary_size)
        translator.load_state_dict(weights)
        translator.eval()
        return TranslationRun(recipe, _pairs(recipe, settings.origin), tokenizer, translator)

    def candidates(
        self, trained: TranslationRun, name: str, choice: PrecisionChoice
    ) -> tuple[list[Candidate], list[str]]:
        return translator_candidates(trained, name, choice)

    def validation_score(self, trained: TranslationRun, pipeline: TranslationPipeline) -> float:
        """BLEU of greedy translations, the mean over the validation sets."""
        measured = score_translation(pipeline, trained.corpora.validation, beam_sizes=(1,))
        return float(np.mean([one.value for one in measured if one.metric.startswith("BLEU")]))

    def score_tests(
        self, trained: TranslationRun, pipeline: TranslationPipeline, quiet: bool
    ) -> list[Measured]:
        return score_translation(pipeline, trained.corpora.test, MEASURED_BEAMS, quiet)

    def with_examples(
        self, trained: TranslationRun, pipeline: TranslationPipeline, draft: TranslationDraft
    ) -> AnyDraft:
        texts = [p.source for part in trained.corpora.validation.values() for p in part]
        shown = example_texts(trained.recipe.publication, trained.tokenizer, texts)
        examples = tuple(
            TranslationExample(text=text, translation=translation, beam_size=beam_size)
            for beam_size in MEASURED_BEAMS
            for text, translation in zip(
                shown, pipeline.translate(shown, SearchOptions(beam_size=beam_size)), strict=True
            )
        )
        return draft.model_copy(update={"examples": examples})

    def summary(self, draft: TranslationDraft) -> str:
        return f"Translates from {draft.languages.source} to {draft.languages.target}."

    def measure_recipe(
        self,
        pipeline: TranslationPipeline,
        recipe: TranslationRecipe,
        root: Path,
        beam_sizes: Sequence[int],
        quiet: bool,
    ) -> list[Measured]:
        tests = parallel_tests(root, recipe.data, recipe.languages)
        return score_translation(pipeline, tests, beam_sizes, quiet)

    def metrics(self, recipe: TranslationRecipe, origin: Origin) -> tuple[str, ...]:
        return ("BLEU", "chrF")

    def require_own(self, recipe: TranslationRecipe, origin: Origin, data: OwnData) -> None:
        _own(data)

    def measure_own(
        self,
        pipeline: TranslationPipeline,
        data: OwnData,
        beam_sizes: Sequence[int],
        candidate: TranslationRecipe | None = None,
    ) -> list[Measured]:
        return score_translation(pipeline, {data.file.name: _own(data)}, beam_sizes)


def _own(data: OwnData) -> list[SentencePair]:
    return read_pairs(data.file, data.source_column, data.target_column)


def _pairs(recipe: TranslationRecipe, origin: Origin) -> Corpora[SentencePair]:
    if origin.own is not None:
        return own_pairs(origin.own, recipe.training.seed)
    return parallel_corpora(origin.root, recipe.data, recipe.languages)


def _tokenizer(run: RunFolder) -> Tokenizer:
    return Tokenizer.from_file(run.tokenizer, add_eos=True)
