"""Sentences that are composed of words and patterns."""

from collections import Counter
from pathlib import Path

import pytest

from training.corpora import COMPOSED, labelled_corpora
from training.data import composed
from training.data.composed import (
    LABELS,
    MOST,
    composed_sentences,
    domains_of,
    read_patterns,
    read_words,
)
from training.data.splits import normalise
from training.probes import read_probes
from training.recipe import Data, Source

SENTENCES = composed_sentences(5000, seed=1)


def test_sentences_are_different_and_the_same_at_every_time() -> None:
    assert composed_sentences(5000, seed=1) == SENTENCES
    assert len({normalise(sentence.text) for sentence in SENTENCES}) == 5000
    others = composed_sentences(5000, seed=2)
    assert len(set(others) - set(SENTENCES)) > 2500


def test_labels_are_balanced() -> None:
    counts = Counter(sentence.label for sentence in SENTENCES)
    assert set(counts) == set(LABELS)
    assert min(counts.values()) > 2000


def test_no_probe_is_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = {normalise(probe.text) for probe in read_probes()}
    assert not probes & {normalise(sentence.text) for sentence in SENTENCES}
    # Were one among them, it would be left out.
    probe = read_probes()[0]._replace(text=SENTENCES[0].text.upper())
    monkeypatch.setattr(composed, "read_probes", lambda: [probe])
    assert SENTENCES[0] not in composed_sentences(1000, seed=1)


def test_patterns_and_idioms_are_not_those_of_the_probes() -> None:
    """No five words in a row, and no idiom whose telling words a probe has, however inflected."""
    probes = [normalise(probe.text).split() for probe in read_probes()]
    runs = {tuple(words[i : i + 5]) for words in probes for i in range(len(words) - 4)}
    for pattern in read_patterns():
        for part in composed._SLOT.split(pattern.text):
            words = normalise(part or "").split()
            assert not runs & {tuple(words[i : i + 5]) for i in range(len(words) - 4)}, pattern
    stems = [{word[:4] for word in words} for words in probes]
    for slot in ("saying+", "saying-", "does+", "does-"):
        for idiom in read_words()["any"][slot]:
            telling = {word[:4] for word in normalise(idiom).split() if len(word) > 3}
            if len(telling) > 1:
                assert not [probe for probe in stems if telling <= probe], idiom


def test_every_slot_can_be_filled_and_every_word_is_used() -> None:
    words = read_words()
    used: set[tuple[str, str]] = set()
    for pattern in read_patterns():
        assert pattern.label in (*LABELS, "either")
        for label in LABELS:
            if pattern.label in (label, "either"):
                domains = domains_of(pattern, label, words)
                assert domains, pattern
                slots = pattern.slots(label)
                used.update((d, slot) for d in (*domains, "any") for slot in slots)
    assert {(d, slot) for d, slots in words.items() for slot in slots} <= used
    assert all(word == word.strip() != "" for d in words.values() for w in d.values() for word in w)


@pytest.mark.parametrize(
    ("phenomenon", "label", "text", "fits"),
    [
        ("contrast", "positive", "{clause-}, but {clause+}", ("clause-", "clause+")),
        ("contrast", "negative", "{clause-}, but {clause+}", ("clause+", "clause-")),
        ("plain", "negative", "the {part} and the {part 2}", ("part", "part")),
    ],
)
def test_polarity_is_relative_to_the_label(
    phenomenon: str, label: str, text: str, fits: tuple[str, ...]
) -> None:
    assert tuple(composed.Pattern(phenomenon, "either", text).slots(label)) == fits


def test_sentences_look_like_what_people_write() -> None:
    texts = [sentence.text for sentence in SENTENCES]
    assert not any("{" in text or "}" in text or "  " in text for text in texts)
    assert not any(
        wrong in f" {text.lower()}" for text in texts for wrong in (" a awful", " a hour")
    )
    assert any(" an awful " in text for text in texts)
    lower = sum(text == text.lower() for text in texts)
    assert 500 < lower < 2000
    assert {text[-1] for text in texts} > {".", "!"}


def test_a_recipe_can_train_on_them() -> None:
    source = Source(source=COMPOSED, take=10)
    corpora = labelled_corpora(Path(), Data(train=(source,), validation=(source,)))
    assert len(corpora.train[0]) == 30_000
    assert corpora.sources[0].license == "generated; no rights"


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="100,000 at most"):
        composed_sentences(MOST + 1, seed=1)


def test_few_words_make_few_sentences() -> None:
    words = {"any": {}, "one": {"clause+": ["it was good"], "clause-": ["it was bad"]}}
    made = composed.compose(words, 1000, seed=1, slots=("clause",))
    assert 20 < len(made) < 1000
    assert all("it was" in sentence.text.lower() for sentence in made)
