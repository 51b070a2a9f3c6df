"""The translators' probe sets hold together, and stand in no dataset."""

import os
from collections import Counter
from pathlib import Path

import pytest

from training.data.errors import DataError
from training.data.parallel import SOURCES, load_parallel, load_parallel_splits
from training.data.splits import normalise
from training.probes.translation import read_glossary_terms, read_kept, read_odd
from training.robustness.glossary import draw_forced
from training.robustness.kept import stands

DIRECTIONS = [("en", "de"), ("de", "en")]
STYLES = {"chat", "news", "caption", "mail"}
LEAST = 220  # sentences that keep something
LEAST_OF_A_KIND = 7
needs_data = pytest.mark.skipif(
    "TRAINING_DATA" not in os.environ, reason="TRAINING_DATA names no folder"
)


@pytest.mark.parametrize("direction", DIRECTIONS, ids="-".join)
def test_what_is_kept_stands_in_the_sentence(direction: tuple[str, str]) -> None:
    sentences = read_kept(*direction)
    assert len(sentences) >= LEAST
    assert len({normalise(one.text) for one in sentences}) == len(sentences)
    for sentence in sentences:
        assert sentence.text == sentence.text.strip()
        assert sentence.stretches, sentence.text
        assert len(set(sentence.stretches)) == len(sentence.stretches), sentence.text
        for stretch in sentence.stretches:
            assert stands(stretch.text, sentence.text), (stretch, sentence.text)


@pytest.mark.parametrize("direction", DIRECTIONS, ids="-".join)
def test_styles_and_kinds_have_enough(direction: tuple[str, str]) -> None:
    sentences = read_kept(*direction)
    styles = Counter(one.style for one in sentences)
    assert set(styles) == STYLES
    assert min(styles.values()) >= LEAST / (len(STYLES) + 1)
    kinds = Counter(stretch.kind for one in sentences for stretch in one.stretches)
    assert len(kinds) >= 15
    assert min(kinds.values()) >= LEAST_OF_A_KIND
    many = sum(len(one.stretches) > 1 for one in sentences)
    assert many >= len(sentences) / 3, "several in a sentence"
    other = read_kept(*reversed(direction))
    assert kinds == Counter(stretch.kind for one in other for stretch in one.stretches)


def test_odd_texts_are_odd_in_many_ways() -> None:
    texts = read_odd()
    assert len({one.text for one in texts}) == len(texts) >= 40
    assert len({one.kind for one in texts}) >= 15


@pytest.mark.parametrize("direction", DIRECTIONS, ids="-".join)
def test_a_glossary_asks_for_something_else(direction: tuple[str, str]) -> None:
    terms = read_glossary_terms(*direction)
    assert len({one.term for one in terms}) == len(terms)
    for one in terms:
        assert one.usual
        assert one.forced.casefold() not in {usual.casefold() for usual in one.usual}
        assert one.forced.casefold() != one.term.casefold(), "it would appear by itself"


def test_a_direction_without_probes_is_an_error() -> None:
    with pytest.raises(DataError, match=r"nothing was written for en-fr .*; there is de-en, en-de"):
        read_kept("en", "fr")
    with pytest.raises(DataError, match="with a glossary; there is de-en, en-de"):
        read_glossary_terms("fr", "en")


@needs_data
@pytest.mark.parametrize("direction", DIRECTIONS, ids="-".join)
def test_enough_sentences_of_a_test_set_have_a_term(direction: tuple[str, str]) -> None:
    pairs = load_parallel(Path(os.environ["TRAINING_DATA"]), "multi30k", "test", direction)
    assert len(draw_forced(pairs, read_glossary_terms(*direction))) >= 200


@needs_data
def test_no_sentence_stands_in_a_dataset() -> None:
    root = Path(os.environ["TRAINING_DATA"])
    wanted = {
        side: {normalise(one.text) for one in read_kept(*direction)}
        for side, direction in enumerate(DIRECTIONS)
    }
    found = {
        text
        for source in SOURCES
        for pairs, _ in load_parallel_splits(root, source, DIRECTIONS[0]).values()
        for pair in pairs
        for side, text in enumerate(map(normalise, pair))
        if text in wanted[side]
    }
    assert found == set()
