"""The attention of a translation, token by token, with offsets into both texts."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.artifact import read_artifact
from service.errors import TextError
from service.explanation.translation import Explanation, explain_translation, target_spans
from service.pipelines.options import PipelineOptions
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import SearchOptions, TranslationPipeline
from tests import tiny_models

SHIPPED = Path("models") / "translation-en-de" / "1"


def explained(
    pipeline: TranslationPipeline, text: str, options: SearchOptions | None = None
) -> Explanation:
    split = pipeline.split([text])
    targets = [ranked[0].tokens for ranked in pipeline.search(split.rows, options)]
    return explain_translation(pipeline, text, split, targets)


def check(pipeline: TranslationPipeline, text: str, options: SearchOptions) -> Explanation:
    """What must hold of any text."""
    explanation = explained(pipeline, text, options)
    assert explanation.translatedText == pipeline.translate([text], options)[0]
    for whole, side in ((text, "source"), (explanation.translatedText, "target")):
        end = 0
        for block in explanation.blocks:
            for token in getattr(block, side):
                assert token.text == whole[token.start : token.end]
                assert token.text == token.text.strip()
                assert token.end >= end  # in order
                end = token.end
    for block in explanation.blocks:
        assert len(block.attention) == len(block.target)
        assert block.source[-1].text == ""
        for row in block.attention:
            assert len(row) == len(block.source)
            assert sum(row) == pytest.approx(1, abs=1e-4)
    return explanation


def test_the_copying_translator_looks_at_what_it_copies(translator: TranslationPipeline) -> None:
    text = " a good  film.\n\ntwo men talk 😀"
    explanation = check(translator, text, SearchOptions())
    assert explanation.translatedText == " a good film.\n\ntwo men talk 😀"
    assert len(explanation.blocks) == 2
    for block in explanation.blocks:
        assert [token.text for token in block.target] == [t.text for t in block.source[:-1]]
        # One position after the other; the last, the end, only when it ends.
        np.testing.assert_array_equal(block.attention, np.eye(len(block.target), len(block.source)))


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranslationPipeline]:
    """A translator that copies, in which placeholders stand for what is kept."""
    words = ["the", "cat", "sat", "on", "mat"]
    folder = tiny_models.publish_translator(tmp_path_factory.mktemp("models"), known=words)
    pipeline = TranslationPipeline(read_artifact(folder))
    yield pipeline
    pipeline.close()


@pytest.mark.parametrize("beam_size", [1, 5])
def test_what_is_kept_is_explained_as_it_stands(
    keeping: TranslationPipeline, beam_size: int
) -> None:
    for text in ("the Zoe\u0308 sat at 12:30.  the cat ran!", "THE CAT SAT AT 12:30."):
        explanation = check(keeping, text, SearchOptions(beam_size=beam_size))
        for block in explanation.blocks:
            for target, source in zip(block.target, block.source, strict=False):
                assert target.text == unicodedata.normalize("NFC", source.text)
            np.testing.assert_array_equal(
                block.attention, np.eye(len(block.target), len(block.source))
            )
        tokens = [token.text for block in explanation.blocks for token in block.source]
        assert "12:30" in tokens


def test_what_was_read_as_another_word_is_named(tmp_path: Path) -> None:
    forms = {"the": 900, "Cat": 900, "sat": 90}
    folder = tiny_models.publish_translator(tmp_path, known=["the", "cat", "sat"], forms=forms)
    pipeline = TranslationPipeline(read_artifact(folder))
    text = "Zoe\u0308 saw 5, the cta sat.  the cat sat!"
    explanation = check(pipeline, text, SearchOptions())
    assert explanation.corrections is not None
    assert [(one.text, one.read_as) for one in explanation.corrections] == [
        ("cta", "Cat"),
        ("cat", "Cat"),
    ]
    for one in explanation.corrections:
        assert text[one.start : one.end] == one.text
    sources = [[token.text for token in block.source] for block in explanation.blocks]
    assert all("Cat" not in tokens for tokens in sources)
    assert check(pipeline, "The Cat sat.", SearchOptions()).corrections is None


def test_a_glossary_is_explained(keeping: TranslationPipeline) -> None:
    glossary, text = Glossary({"the cat": "die Katze"}), "the cat sat."
    split = keeping.split([text], glossary)
    targets = [ranked[0].tokens for ranked in keeping.search(split.rows)]
    explanation = explain_translation(keeping, text, split, targets, glossary)
    assert explanation.translatedText == "die Katze sat."
    (block,) = explanation.blocks
    found = {t.text: s.text for t, s in zip(block.target, block.source, strict=False)}
    assert found["die Katze"] == "the cat"


def test_a_long_sentence_is_explained_in_the_parts_that_it_is_translated_in(
    published_models: Path,
) -> None:
    artifact = read_artifact(published_models / "translation-en-de" / "1")
    pipeline = TranslationPipeline(artifact, PipelineOptions(max_source_tokens=8))
    text = "the good cat sat on the mat in the park"
    explanation = check(pipeline, text, SearchOptions(beam_size=1))
    assert len(explanation.blocks) > 1
    for block in explanation.blocks:
        assert [token.text for token in block.target] == [t.text for t in block.source[:-1]]
        assert (block.source[-1].start, block.source[-1].end) == (block.source[-2].end,) * 2


def test_a_limit_cuts_the_rows_too(translator: TranslationPipeline) -> None:
    explanation = check(translator, "two men talk in the park", SearchOptions(max_length=3))
    assert [len(block.attention) for block in explanation.blocks] == [3]


def test_a_text_without_anything_to_read_is_refused(translator: TranslationPipeline) -> None:
    with pytest.raises(TextError, match="nothing to read"):
        explained(translator, "\u200b")


@settings(max_examples=60)
@given(text=st.text(min_size=1, max_size=40), beam_size=st.sampled_from([1, 3]))
def test_any_text_has_offsets_that_fit(
    translator: TranslationPipeline, text: str, beam_size: int
) -> None:
    try:
        translator.split([text])
    except TextError:
        return
    check(translator, text, SearchOptions(beam_size=beam_size))


@given(ids=st.lists(st.integers(4, tiny_models.tokenizer().vocabulary_size - 1), max_size=30))
def test_any_tokens_have_spans_in_their_text(ids: list[int]) -> None:
    tokenizer = tiny_models.tokenizer()
    whole = tokenizer.decode(ids)
    spans = target_spans(tokenizer, ids)
    assert len(spans) == len(ids)
    covered = set()
    for start, end in spans:
        assert 0 <= start <= end <= len(whole)
        covered |= set(range(start, end))
    # No character is lost but white space.
    assert all(i in covered or whole[i].isspace() for i in range(len(whole)))


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="the shipped translator is not there")
@pytest.mark.parametrize("beam_size", [1, 5])
def test_the_shipped_translator_looks_at_the_words_that_it_translates(beam_size: int) -> None:
    pipeline = TranslationPipeline(read_artifact(SHIPPED))
    text = "A man in a red shirt is sleeping.  Two dogs play."
    explanation = check(pipeline, text, SearchOptions(beam_size=beam_size))
    first, second = explanation.blocks
    for block, source, target in ((first, "red", "roten"), (second, "dogs", "Hunde")):
        row = [token.text for token in block.target].index(target)
        looked_at = int(np.argmax(block.attention[row]))
        assert block.source[looked_at].text == source
