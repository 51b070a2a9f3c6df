"""The tagged datasets on the real data: numbers, tags, and the splitter's rules beside them."""

from pathlib import Path

import pytest

from service.artifact.word_splitting import split_words
from service.pipelines.tag_decoding import is_bio
from training.data.errors import DataError
from training.data.tagged import load_tagged_splits


def test_parts_of_speech(data_root: Path) -> None:
    splits = load_tagged_splits(data_root, "ud_ewt")
    counts = {split: sum(len(s.tokens) for s in rows) for split, (rows, _) in splits.items()}
    assert counts == {"train": 204_577, "validation": 25_147, "test": 25_094}
    tags = {tag for rows, _ in splits.values() for sentence in rows for tag in sentence.tags}
    assert len(tags) == 17


def test_entities(data_root: Path) -> None:
    splits = load_tagged_splits(data_root, "wnut17")
    begun = {
        split: sum(tag.startswith("B-") for sentence in rows for tag in sentence.tags)
        for split, (rows, _) in splits.items()
    }
    assert begun == {"train": 1_975, "validation": 836, "test": 1_079}
    assert is_bio(sorted({tag for s in splits["train"][0] for tag in s.tags}))


def test_the_rules_find_the_words_of_the_treebank(data_root: Path) -> None:
    """F1 of the words that the rules cut out of validation texts: 98.6 when this was written."""
    right = found = wanted = 0
    for sentence in load_tagged_splits(data_root, "ud_ewt")["validation"][0]:
        place, gold = 0, set()
        for token in sentence.tokens:
            start = max(sentence.text.find(token, place), place)
            place = start + len(token)
            gold.add((start, place))
        got = {(word.start, word.end) for word in split_words(sentence.text)}
        right, found, wanted = right + len(gold & got), found + len(got), wanted + len(gold)
    assert 2 * right / (found + wanted) > 0.984


def test_an_unknown_source_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no tagged dataset is called "news"; there are ud_ewt, wn'):
        load_tagged_splits(tmp_path, "news")
    with pytest.raises(DataError, match="is missing"):
        load_tagged_splits(tmp_path, "wnut17")
