"""Proves a loaded model: it must reproduce the examples in its manifest on this very machine."""

from service.errors import ProofError, quote
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.translation import TranslationPipeline
from service.runtime.search import SearchOptions

TOLERANCE = 0.02  # of a score: another processor rounds int8 products differently


def prove(pipeline: Pipeline) -> None:
    """Run every example of the manifest. Raises ProofError for the first that differs."""
    if isinstance(pipeline, ClassificationPipeline):
        _prove_classification(pipeline)
    else:
        _prove_translation(pipeline)


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
