"""What a word is before anything reads it."""

from pathlib import Path

import pytest

from tests.training.data.test_sentiment import write_sst
from training.data.errors import DataError
from training.studies.gates.word_classes import (
    NEGATION,
    NEGATIONS,
    NEGATIVE,
    NEUTRAL,
    OTHER,
    POSITIVE,
    PUNCTUATION,
    STOP,
    lexicon,
    read_lexicon,
)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("The", STOP), ("of", STOP), ("not", NEGATION), ("Doesn’t", NEGATION), ("isn't", NEGATION),
        ("GOOD", POSITIVE), ("dull", NEGATIVE), ("table", NEUTRAL), ("gnarly", OTHER),
        ("it's", OTHER), ("...", PUNCTUATION), ("£", PUNCTUATION), ("10", OTHER),
    ],
)  # fmt: skip
def test_the_class_of_a_word(word: str, expected: str) -> None:
    labels = {"good": {3, 4}, "dull": {1}, "table": {2}, "gnarly": {2, 3}, "the": {2}, "not": {1}}
    assert lexicon(labels).class_of(word) == expected


def test_a_stop_word_that_is_not_neutral_is_in_no_class() -> None:
    words = lexicon({"sincere": {3}, "empty": {0}, "us": {2}, "odd": {1, 3}})
    assert words.class_of("sincere") == words.class_of("empty") == words.class_of("odd") == OTHER
    assert words.class_of("us") == STOP
    sets = (words.stop, words.positive, words.negative, words.neutral)
    assert sum(map(len, sets)) == len(frozenset().union(*sets))
    assert not words.stop & NEGATIONS


def test_labels_are_those_of_the_leaves_of_the_train_trees(tmp_path: Path) -> None:
    trees = ["(3 (2 The) (4 (3 Lovely) (2 film)))", "(1 (1 lovely) (0 mess))"]
    write_sst(tmp_path, {"train": trees, "test": ["(4 (4 splendid) (2 film))"]})
    words = read_lexicon(tmp_path)
    assert words.class_of("mess") == NEGATIVE
    assert words.class_of("film") == NEUTRAL
    assert words.class_of("lovely") == OTHER  # positive in one tree, negative in the other
    assert words.class_of("splendid") == OTHER


def test_a_missing_treebank_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"trainDevTestTrees_PTB\.zip is missing"):
        read_lexicon(tmp_path)
