"""A translator, from its recipe to a published version."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from service.artifact import AnyDraft, TranslationDraft, TranslationExample
from service.artifact.tokenizer import Tokenizer
from service.pipelines.translation import SearchOptions, TranslationPipeline
from training.corpora import (
    Corpora,
    OwnData,
    merged_sources,
    own_pairs,
    parallel_corpora,
    parallel_tests,
)
from training.data.errors import DataError
from training.data.examples import SentencePair
from training.data.tables import read_pairs
from training.evaluation import MEASURED_BEAMS, Measured, score_translation
from training.export.candidate import Candidate, PrecisionChoice
from training.export.translator_candidates import translator_candidates
from training.initial.translator import InitialTranslator
from training.kinds.examples import example_texts
from training.kinds.kind import Beginning
from training.networks.build import build_translator
from training.origin import Origin
from training.preparation import tokenizer_for_pairs, translation_task
from training.recipe import TranslationRecipe
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings
from training.task import Task
from training.taught_corpora import with_taught_pairs
from training.trained import TranslationRun
from training.word_lists import WordLists, lists_in, lists_of, with_dictionary


class TranslationKind:
    """See `training.kinds.kind.PublishedKind`."""

    def begin(self, recipe: TranslationRecipe, origin: Origin) -> Beginning:
        initial = InitialTranslator.named_by(recipe)
        earlier = () if initial is None else initial.sources()
        if initial is not None:
            initial.warn_of_overlap(recipe, origin)
        pairs = _pairs(recipe, origin)
        lists = _lists(recipe, pairs, initial)
        whole = with_taught_pairs(pairs, recipe.data, recipe.languages)
        tokenizer = tokenizer_for_pairs(recipe, whole) if initial is None else initial.tokenizer()
        task = translation_task(recipe, whole, tokenizer, lists.words)
        if initial is not None:
            initial.load_into(task.network)
        files = {RunFolder.TOKENIZER: tokenizer.to_bytes()}
        if recipe.placeholders is not None:
            files |= lists.files()
        return Beginning(
            task,
            files,
            {"initial_digest": None if initial is None else initial.digest},
            merged_sources(whole.sources, earlier),
        )

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        recipe = settings.recipe
        assert isinstance(recipe, TranslationRecipe)
        pairs = _pairs(recipe, settings.origin)
        words = _lists_of(run, recipe, pairs).words
        whole = with_taught_pairs(pairs, recipe.data, recipe.languages)
        task = translation_task(recipe, whole, _tokenizer(run), words)
        InitialTranslator.restore(run, settings, task.network)
        return task

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
        pairs = _pairs(recipe, settings.origin)
        lists = _lists_of(run, recipe, pairs)
        if settings.sources is not None:
            pairs = replace(pairs, sources=settings.sources)
        return TranslationRun(recipe, pairs, tokenizer, translator, lists)

    def candidates(
        self, trained: TranslationRun, name: str, choice: PrecisionChoice
    ) -> tuple[list[Candidate], list[str]]:
        return translator_candidates(trained, name, choice)

    def validation_score(self, trained: TranslationRun, pipeline: TranslationPipeline) -> float:
        """BLEU of greedy translations, the mean over the validation sets."""
        measured = score_translation(pipeline, trained.corpora.validation, beam_sizes=(1,))
        return float(np.mean([one.value for one in measured if one.metric.startswith("BLEU,")]))

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


def _lists(
    recipe: TranslationRecipe, pairs: Corpora[SentencePair], initial: InitialTranslator | None
) -> WordLists:
    """What a network will know: the words of pairs, and those that its beginning could read.

    What a dictionary has besides is right too, where it looks like a mistyped one of them.

    Not names that it need not know, nor the words of a teacher's texts: it keeps what stands in no
    pair as it is written.
    """
    if recipe.placeholders is None:
        return WordLists()
    source = recipe.languages.source
    known = _known_to(initial) if initial is not None and initial.reads(source) else None
    return with_dictionary(lists_of(pairs, known), source)


def _known_to(initial: InitialTranslator) -> WordLists:
    """What a beginning could read: the words of its pairs where it wrote none down.

    Raises RunError where it has neither. Without its words the network would be given all of them
    as names to keep; without its forms it corrects less.
    """
    folder = initial.folder
    if folder.words.exists() and folder.spelling.exists():
        return lists_in(folder)
    try:
        pairs = _pairs(initial.began, initial.settings.origin)
    except DataError as error:
        if folder.words.exists():
            return lists_in(folder)
        raise RunError(
            f"{folder.path} (initial_run) has no list of the words that it knows, which "
            f"placeholders need, and what it was trained on cannot be read: {error}"
        ) from error
    return lists_in(folder, pairs) if folder.words.exists() else lists_of(pairs)


def _lists_of(run: RunFolder, recipe: TranslationRecipe, pairs: Corpora[SentencePair]) -> WordLists:
    """Those of a run; one from before they were written down knows those of its pairs."""
    if recipe.placeholders is None:
        return WordLists()
    lists = lists_in(run, pairs) if run.words.exists() else lists_of(pairs)
    return lists if run.spelling.exists() else with_dictionary(lists, recipe.languages.source)


def _tokenizer(run: RunFolder) -> Tokenizer:
    return Tokenizer.from_file(run.tokenizer, add_eos=True)
