"""The model `language` as it ships: right on texts that no dataset holds, and no false alarms.

The sentences of everyday life, news and business in tests/written_languages.tsv were written for
this test. Where TRAINING_DATA names the public datasets, English texts of sources that the model
was not trained on are tried too.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from service.artifact import ClassificationManifest, list_versions, read_artifact
from service.pipelines.classification import ClassificationPipeline, Prediction
from service.pipelines.options import PipelineOptions
from service.pipelines.wrong_language import (
    language_warning,
    may_be_another,
    passage_of,
    script_warning,
)
from tests.training.test_shipped_models import MODELS, data_root
from training.data.fragments import span
from training.data.sentiment import load_sentiment

WRITTEN = Path(__file__).parents[1] / "written_languages.tsv"
FALSE_ALARMS = 0.001  # of the English texts of a source


@pytest.fixture(scope="module")
def identifier() -> ClassificationPipeline:
    folder = MODELS / "language"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: publish it, or name a folder with GATEHOUSE_MODELS")
    newest = folder / str(list_versions(folder)[-1])
    return ClassificationPipeline(read_artifact(newest), PipelineOptions(max_batch_tokens=16_384))


def written() -> list[tuple[str, str]]:
    """Sentences with their languages."""
    lines = WRITTEN.read_text(encoding="utf-8").splitlines()
    return [(text, language) for language, text in (line.split("\t") for line in lines)]


def wrong(
    identifier: ClassificationPipeline, texts: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    ranked = identifier.classify([text for text, _ in texts])
    return [one for one, found in zip(texts, ranked, strict=True) if found[0].label != one[1]]


def test_sentences_of_other_kinds_than_it_was_trained_on(
    identifier: ClassificationPipeline,
) -> None:
    texts = written()
    assert len(texts) >= 180
    for change in (str, str.lower, str.upper):
        changed = [(change(text), language) for text, language in texts]
        assert len(wrong(identifier, changed)) <= 0.03 * len(texts), change


@pytest.mark.parametrize(("words", "share"), [(5, 0.03), (3, 0.05), (2, 0.1)])
def test_a_few_words_of_them(identifier: ClassificationPipeline, words: int, share: float) -> None:
    cuts = [(span(text, words, "written"), language) for text, language in written()]
    texts = [(cut, language) for cut, language in cuts if cut is not None]
    assert len(wrong(identifier, texts)) <= share * len(texts)


def test_its_manifest_states_what_was_asked_of_it(identifier: ClassificationPipeline) -> None:
    manifest = identifier.manifest
    assert isinstance(manifest, ClassificationManifest)
    assert manifest.purpose == "language-identification"
    assert manifest.precision == "int8"
    accuracies = {
        score.dataset: score.value for score in manifest.scores if score.metric == "accuracy"
    }
    for source in ("tatoeba", "multi30k", "newstest", "bcontrast"):
        assert accuracies[f"{source}_languages test"] >= 99
        assert accuracies[f"{source}_languages test_3_words"] >= 95


def warned(identifier: ClassificationPipeline, texts: Sequence[str], expected: str) -> list[str]:
    """The texts that a client would be warned of."""
    others = [label for label in identifier.labels if label != expected]
    passages = [passage_of(text) for text in texts if may_be_another(text, expected, others)]
    doubtful = [passage for passage in passages if script_warning(passage, expected) is None]
    ranked: list[list[Prediction]] = identifier.classify(doubtful) if doubtful else []
    found = [
        passage
        for passage, of_passage in zip(doubtful, ranked, strict=True)
        if language_warning(passage, of_passage, expected) is not None
    ]
    return [passage for passage in passages if passage not in doubtful] + found


@pytest.mark.parametrize("expected", ["en", "de", "fr"])
def test_warnings_come_where_they_should(identifier: ClassificationPipeline, expected: str) -> None:
    texts = written()
    own = [text for text, language in texts if language == expected]
    sentences = [
        text for text, language in texts if language != expected and len(text.split()) >= 5
    ]
    assert warned(identifier, own, expected) == []
    assert len(warned(identifier, sentences, expected)) >= 0.75 * len(sentences)


@pytest.mark.parametrize("source", ["imdb", "sst", "semeval", "yelp", "customer_reviews"])
def test_english_texts_of_other_sources_raise_no_alarm(
    identifier: ClassificationPipeline, source: str
) -> None:
    root = data_root()
    if root is None:
        pytest.skip("TRAINING_DATA is not set: it names a folder with the public datasets")
    texts = [example.text for example in load_sentiment(root, source, "test")]
    assert len(warned(identifier, texts, "en")) <= FALSE_ALARMS * len(texts)
