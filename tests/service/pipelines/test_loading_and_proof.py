"""A pipeline fits its artifact's task, and is proved by the examples of the manifest."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from service.artifact import ClassificationExample, TranslationExample, read_artifact
from service.errors import ProofError
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline, load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.proof import TOLERANCE, prove
from service.pipelines.translation import SearchOptions, TranslationPipeline
from tests import tiny_models

SCORE = tiny_models.expected_score("a good film", 0)


def classifier_with(models: Path, text: str, label: str, score: float) -> Pipeline:
    example = ClassificationExample(text=text, label=label, score=score)
    return load_pipeline(read_artifact(tiny_models.publish_classifier(models, examples=(example,))))


def translator_with(models: Path, text: str, translation: str, beam_size: int) -> Pipeline:
    example = TranslationExample(text=text, translation=translation, beam_size=beam_size)
    return load_pipeline(read_artifact(tiny_models.publish_translator(models, examples=(example,))))


def test_the_task_chooses_the_pipeline(published_models: Path) -> None:
    options = PipelineOptions(max_batch_size=7)
    for name, kind in (
        ("sentiment", ClassificationPipeline),
        ("translation-en-de", TranslationPipeline),
    ):
        pipeline = load_pipeline(read_artifact(published_models / name / "1"), options)
        assert isinstance(pipeline, kind)
        assert pipeline.options is options
        prove(pipeline)


@pytest.mark.parametrize("distance", [0.0, 0.9 * TOLERANCE, -0.9 * TOLERANCE])
def test_a_score_within_the_tolerance_proves(models: Path, distance: float) -> None:
    prove(classifier_with(models, "a good film", "positive", SCORE + distance))


@pytest.mark.parametrize("distance", [1.1 * TOLERANCE, -1.1 * TOLERANCE])
def test_a_score_beyond_the_tolerance_does_not(models: Path, distance: float) -> None:
    pipeline = classifier_with(models, "a good film", "positive", SCORE + distance)
    message = (
        f'sentiment answers "a good film" with positive {SCORE:.3f}; '
        f"its manifest says positive {SCORE + distance:.3f} "
    )
    with pytest.raises(ProofError) as caught:
        prove(pipeline)
    assert str(caught.value).startswith(message)


def test_another_label_of_the_same_score_does_not(models: Path) -> None:
    with pytest.raises(ProofError, match=r"positive 0\.500; its manifest says negative 0\.500"):
        prove(classifier_with(models, "the cat", "negative", 0.5))


@pytest.mark.parametrize("beam_size", [1, 5])
def test_a_translation_proves_by_the_same_text_alone(models: Path, beam_size: int) -> None:
    prove(translator_with(models, "the cat.\nthe dog", "the cat.\nthe dog", beam_size))
    with pytest.raises(ProofError, match='translates "the cat" as "the cat"; its manifest says'):
        prove(translator_with(models, "the cat", "the cat ", beam_size))


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_translation_is_searched_as_wide_as_the_example_says(
    models: Path, monkeypatch: pytest.MonkeyPatch, beam_size: int
) -> None:
    pipeline = translator_with(models, "the cat", "the cat", beam_size)
    assert isinstance(pipeline, TranslationPipeline)
    translate, widths = pipeline.translate, []

    def watch(texts: Sequence[str], options: SearchOptions | None = None) -> list[str]:
        assert options
        widths.append(options.beam_size)
        return translate(texts, options)

    monkeypatch.setattr(pipeline, "translate", watch)
    prove(pipeline)
    assert widths == [beam_size]


def test_no_examples_prove_nothing_and_pass(models: Path) -> None:
    path = tiny_models.publish_classifier(models, examples=())
    prove(load_pipeline(read_artifact(path)))
