"""A next-word model that continues texts, from its recipe to a published version."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from service.artifact import AnyDraft, GenerationDraft, GenerationExample
from service.artifact.tokenizer import Tokenizer
from service.pipelines.generation import GenerationPipeline, SamplingOptions
from training.corpora import BOOK, Corpora, OwnData, own_passages, text_corpora, text_tests
from training.data.passages import read_passages
from training.evaluation import Measured
from training.export.candidate import Candidate, PrecisionChoice
from training.export.generator_candidates import generator_candidates
from training.generation_preparation import (
    closed_tokenizer,
    generation_task,
    generation_tokenizer,
    require_known,
)
from training.generation_scores import nats, score_book, score_generation, tokens_of
from training.kinds.kind import Beginning
from training.networks.build import build_generator
from training.origin import Origin
from training.recipe import GenerationRecipe, WordTokenizer
from training.run_folder import RunFolder
from training.run_settings import RunSettings
from training.task import Task
from training.trained import GenerationRun

_EXAMPLE_TOKENS = 24
_EXAMPLE_WORDS = 3  # of held-out texts, that a continuation is shown of
_EXAMPLES = 4
_VALIDATED = 400  # texts by which the precisions are compared


class GenerationKind:
    """See `training.kinds.kind.PublishedKind`."""

    def begin(self, recipe: GenerationRecipe, origin: Origin) -> Beginning:
        texts = _texts(recipe, origin)
        tokenizer = generation_tokenizer(recipe, texts)
        return Beginning(
            generation_task(recipe, texts, tokenizer),
            {RunFolder.TOKENIZER: tokenizer.to_bytes()},
            {},
            texts.sources,
        )

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        recipe = settings.recipe
        assert isinstance(recipe, GenerationRecipe)
        return generation_task(recipe, _texts(recipe, settings.origin), _tokenizer(run))

    def rates(self, recipe: GenerationRecipe) -> dict[str, float]:
        return {}

    def load(self, run: RunFolder, settings: RunSettings) -> GenerationRun:
        recipe = settings.recipe
        assert isinstance(recipe, GenerationRecipe)
        weights = run.read_tensors(run.best)
        tokenizer = _tokenizer(run)
        network = build_generator(recipe.network, tokenizer.vocabulary_size)
        network.load_state_dict(weights)
        network.eval()
        return GenerationRun(recipe, _texts(recipe, settings.origin), tokenizer, network)

    def candidates(
        self, trained: GenerationRun, name: str, choice: PrecisionChoice
    ) -> tuple[list[Candidate], list[str]]:
        return generator_candidates(trained, name, choice)

    def validation_score(self, trained: GenerationRun, pipeline: GenerationPipeline) -> float:
        """Hundredths of a nat a token, negative: 0.3 points are 0.3 % of the perplexity."""
        texts = [text for part in trained.corpora.validation.values() for text in part]
        rows = tokens_of(trained.tokenizer, texts[:: math.ceil(len(texts) / _VALIDATED)])
        return -100 * nats(pipeline, rows) / sum(map(len, rows))

    def score_tests(
        self, trained: GenerationRun, pipeline: GenerationPipeline, quiet: bool
    ) -> list[Measured]:
        train = [text for part in trained.corpora.train for text in part]
        return _scored(pipeline, trained.corpora.test, train)

    def with_examples(
        self, trained: GenerationRun, pipeline: GenerationPipeline, draft: GenerationDraft
    ) -> AnyDraft:
        prompts = list(trained.recipe.publication.examples)
        if not prompts:
            texts = [text for part in trained.corpora.validation.values() for text in part]
            beginnings = (" ".join(text.split()[:_EXAMPLE_WORDS]) for text in texts)
            prompts = ["", *dict.fromkeys(beginnings)][:_EXAMPLES]
        options = SamplingOptions(max_tokens=_EXAMPLE_TOKENS, temperature=0)
        written = pipeline.generate(prompts, options)
        examples = tuple(
            GenerationExample(prompt=prompt, text=one.text, max_tokens=_EXAMPLE_TOKENS)
            for prompt, one in zip(prompts, written, strict=True)
        )
        return draft.model_copy(update={"examples": examples})

    def summary(self, draft: GenerationDraft) -> str:
        return (
            "Continues a text, one token at a time, of a vocabulary of "
            f"{draft.tokenizer.vocabulary:,}."
        )

    def measure_recipe(
        self,
        pipeline: GenerationPipeline,
        recipe: GenerationRecipe,
        root: Path,
        beam_sizes: Sequence[int],
        quiet: bool,
    ) -> list[Measured]:
        train = [text for part in text_corpora(root, recipe.data).train for text in part]
        return _scored(pipeline, text_tests(root, recipe.data), train)

    def metrics(self, recipe: GenerationRecipe, origin: Origin) -> tuple[str, ...]:
        return ("perplexity",)

    def require_own(self, recipe: GenerationRecipe, origin: Origin, data: OwnData) -> None:
        passages = _own(data)
        if isinstance(recipe.tokenizer, WordTokenizer):
            require_known(closed_tokenizer(recipe.tokenizer), passages)

    def measure_own(
        self,
        pipeline: GenerationPipeline,
        data: OwnData,
        beam_sizes: Sequence[int],
        candidate: GenerationRecipe | None = None,
    ) -> list[Measured]:
        passages = _own(data)
        require_known(pipeline.artifact.tokenizer, passages)
        return score_generation(pipeline, {data.file.name: passages})


def _scored(
    pipeline: GenerationPipeline, tests: Mapping[str, Sequence[str]], train: Sequence[str]
) -> list[Measured]:
    """Perplexities, and mistakes where the texts are the children's book's."""
    measured = score_generation(pipeline, tests, train)
    if BOOK in tests:
        measured += score_book(pipeline, BOOK, train)
    return measured


def _own(data: OwnData) -> list[str]:
    return read_passages(data.file, data.text_column)


def _texts(recipe: GenerationRecipe, origin: Origin) -> Corpora[str]:
    if origin.own is not None:
        return own_passages(origin.own, recipe.training.seed)
    return text_corpora(origin.root, recipe.data)


def _tokenizer(run: RunFolder) -> Tokenizer:
    return Tokenizer.from_file(run.tokenizer, add_eos=False)
