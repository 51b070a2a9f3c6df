"""Proves a loaded model: it must reproduce the examples in its manifest on this very machine."""

from typing import TYPE_CHECKING

import numpy as np

from service.artifact import GenerationManifest, SequenceManifest, TaggingManifest
from service.errors import ProofError, quote
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.translation import TranslationPipeline
from service.runtime.search import SearchOptions

if TYPE_CHECKING:
    from service.pipelines.generation import GenerationPipeline
    from service.pipelines.sequence import SequencePipeline
    from service.pipelines.tagging import TaggingPipeline

TOLERANCE = 0.02  # of a score: another processor rounds int8 products differently


def prove(pipeline: Pipeline) -> None:
    """Run every example of the manifest. Raises ProofError for the first that differs."""
    if isinstance(pipeline, ClassificationPipeline):
        _prove_classification(pipeline)
    elif isinstance(pipeline, TranslationPipeline):
        _prove_translation(pipeline)
    elif isinstance(pipeline.manifest, GenerationManifest):
        _prove_generation(pipeline, pipeline.manifest)
    elif isinstance(pipeline.manifest, SequenceManifest):
        _prove_sequences(pipeline, pipeline.manifest)
    elif isinstance(pipeline.manifest, TaggingManifest):
        _prove_tagging(pipeline, pipeline.manifest)


def _prove_classification(pipeline: ClassificationPipeline) -> None:
    examples = pipeline.manifest.examples
    for example, ranked in zip(
        examples, pipeline.classify([example.text for example in examples]), strict=True
    ):
        best = ranked[0]
        if best.label != example.label or abs(best.score - example.score) > TOLERANCE:
            raise ProofError(
                f"{pipeline.artifact.name} answers {quote(example.text)} with "
                f"{best.label} {best.score:.3f}; its manifest says {example.label} "
                f"{example.score:.3f} (±{TOLERANCE})"
            )


def _prove_sequences(pipeline: "SequencePipeline", manifest: SequenceManifest) -> None:
    inputs = [example.inputs for example in manifest.examples]
    if manifest.forecast is None:
        for number, (example, ranked) in enumerate(
            zip(manifest.examples, pipeline.classify(inputs) if inputs else [], strict=True), 1
        ):
            best, score = ranked[0], example.score or 0.0
            if best.label != example.label or abs(best.score - score) > TOLERANCE:
                raise ProofError(
                    f"{pipeline.artifact.name} answers its example {number} with {best.label} "
                    f"{best.score:.3f}; its manifest says {example.label} {score:.3f} "
                    f"(±{TOLERANCE})"
                )
        return
    of = {column.name: column for column in manifest.columns if column.kind == "number"}
    unit = np.array([of[name].deviation for name in manifest.forecast.columns])
    for number, (example, found) in enumerate(
        zip(manifest.examples, pipeline.forecast(inputs) if inputs else [], strict=True), 1
    ):
        worst = float((np.abs(found.values - np.array(example.forecast)) / unit).max())
        if not worst <= TOLERANCE:
            raise ProofError(
                f"{pipeline.artifact.name} forecasts values of its example {number} that are up to "
                f"{worst:.3f} standard deviations from those in its manifest (±{TOLERANCE})"
            )


def _prove_tagging(pipeline: "TaggingPipeline", manifest: TaggingManifest) -> None:
    examples = manifest.examples
    answers = pipeline.tag([example.text for example in examples]) if examples else []
    for example, words in zip(examples, answers, strict=True):
        expected = list(zip(example.tags, example.scores, strict=True))
        if len(words) != len(expected):
            raise ProofError(
                f"{pipeline.artifact.name} finds {len(words)} words in {quote(example.text)}; its "
                f"manifest says {len(expected)}"
            )
        for word, (tag, score) in zip(words, expected, strict=True):
            if word.tag != tag or abs(word.score - score) > TOLERANCE:
                raise ProofError(
                    f"{pipeline.artifact.name} tags {quote(word.text)} of {quote(example.text)} "
                    f"as {word.tag} {word.score:.3f}; its manifest says {tag} {score:.3f} "
                    f"(±{TOLERANCE})"
                )


def _prove_translation(pipeline: TranslationPipeline) -> None:
    examples = pipeline.manifest.examples
    for beam_size in sorted({example.beam_size for example in examples}):
        some = [example for example in examples if example.beam_size == beam_size]
        # Together, which takes half as long as one by one and must not change an answer.
        translations = pipeline.translate(
            [example.text for example in some], SearchOptions(beam_size=beam_size)
        )
        for example, translation in zip(some, translations, strict=True):
            if translation != example.translation:
                raise ProofError(
                    f"{pipeline.artifact.name} translates {quote(example.text)} as "
                    f"{quote(translation)}; its manifest says {quote(example.translation)}"
                )


def _prove_generation(pipeline: "GenerationPipeline", manifest: GenerationManifest) -> None:
    from service.runtime.sampling import SamplingOptions

    for length in sorted({example.max_tokens for example in manifest.examples}):
        some = [example for example in manifest.examples if example.max_tokens == length]
        options = SamplingOptions(max_tokens=length, temperature=0)
        written = pipeline.generate([example.prompt for example in some], options)
        for example, generated in zip(some, written, strict=True):
            if generated.text != example.text:
                raise ProofError(
                    f"{pipeline.artifact.name} goes on with {quote(example.prompt)} as "
                    f"{quote(generated.text)}; its manifest says {quote(example.text)}"
                )
