"""The loaders on the real datasets: numbers of rows, and nothing that stands in two splits."""

from itertools import combinations
from pathlib import Path

import pytest

from training.data.parallel import load_parallel_splits
from training.data.registry import DATASETS
from training.data.rows import count_rows
from training.data.sentiment import (
    SOURCES,
    Splits,
    load_sentiment_splits,
    load_unlabelled,
)
from training.data.splits import normalise


@pytest.mark.parametrize("name", DATASETS)
def test_rows_of_the_files(data_root: Path, name: str) -> None:
    assert count_rows(name, data_root) == dict(DATASETS[name].rows)


@pytest.fixture(scope="module")
def sentiment(data_root: Path) -> dict[str, Splits]:
    """The splits of every sentiment dataset, read once for all tests."""
    return {source: load_sentiment_splits(data_root, source) for source in SOURCES}


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("imdb", {"train": 22_355, "validation": 2_522, "test": 25_000}),
        ("sst", {"train": 6_916, "validation": 872, "test": 1_821}),
        ("sst_phrases", {"train": 77_598}),
        ("semeval", {"train": 15_678, "validation": 1_308, "test": 10_239}),
        ("yelp", {"train": 48_387, "validation": 2_753, "test": 2_683}),
        ("customer_reviews", {"train": 2_971, "validation": 389, "test": 403}),
    ],
)
def test_sentiment(sentiment: dict[str, Splits], source: str, kept: dict[str, int]) -> None:
    splits = sentiment[source]
    assert {split: len(rows) for split, (rows, _) in splits.items()} == kept
    texts = {split: {normalise(row.text) for row in rows} for split, (rows, _) in splits.items()}
    for one, other in combinations(texts, 2):
        assert not texts[one] & texts[other]
    for rows, report in splits.values():
        assert report.kept == len(rows)
        assert {row.label for row in rows} == {"negative", "positive"}
        assert all(row.text and row.text == row.text.strip() for row in rows)


def test_official_numbers_of_sst2_and_imdb(sentiment: dict[str, Splits]) -> None:
    report = sentiment["sst"]["train"][1]
    assert report.kept + report.dropped["equal to a dev or test sentence"] == 6_920
    imdb = sentiment["imdb"].values()
    assert sum(report.dropped["also in test"] for _, report in imdb) == 123
    assert sum(len(rows) for rows, _ in imdb) == 50_000 - 123


def test_phrases_hold_no_held_out_sentence(sentiment: dict[str, Splits]) -> None:
    sentences = sentiment["sst"]
    held_out = {
        normalise(row.text) for split in ("validation", "test") for row in sentences[split][0]
    }
    phrases = sentiment["sst_phrases"]["train"][0]
    assert not held_out & {normalise(row.text) for row in phrases}
    assert len({row.text for row in phrases}) == len(phrases)


def test_unlabelled_reviews(data_root: Path, sentiment: dict[str, Splits]) -> None:
    texts = load_unlabelled(data_root)
    assert 49_000 < len(texts) < 50_000 - 266
    splits = sentiment["imdb"]
    unlabelled = {normalise(text) for text in texts}
    for split in ("validation", "test"):
        assert not unlabelled & {normalise(row.text) for row in splits[split][0]}


@pytest.mark.parametrize(
    ("source", "languages", "kept"),
    [
        ("multi30k", ("en", "de"), {"train": 29_000, "validation": 1_014, "test": 1_000}),
        ("multi30k", ("fr", "en"), {"train": 29_000, "validation": 1_014, "test": 1_000}),
        ("tatoeba", ("en", "de"), {"train": 161_983, "validation": 3_317, "test": 3_462}),
        ("tatoeba", ("fr", "en"), {"train": 159_745, "validation": 3_266, "test": 3_349}),
        ("newstest", ("en", "de"), dict(DATASETS["newstest"].rows)),
        ("bcontrast", ("de", "en"), {"train": 12_354, "validation": 909, "test": 582}),
    ],
)
def test_parallel(
    data_root: Path, source: str, languages: tuple[str, str], kept: dict[str, int]
) -> None:
    splits = load_parallel_splits(data_root, source, languages)
    assert {split: len(pairs) for split, (pairs, _) in splits.items()} == kept
    for pairs, _ in splits.values():
        assert all(pair.source and pair.target for pair in pairs)


@pytest.mark.parametrize("languages", [("en", "de"), ("de", "en"), ("en", "fr"), ("fr", "en")])
def test_tatoeba_leaks_nothing(data_root: Path, languages: tuple[str, str]) -> None:
    splits = load_parallel_splits(data_root, "tatoeba", languages)
    multi30k = load_parallel_splits(data_root, "multi30k", languages)
    for side in (0, 1):
        texts = {
            split: {normalise(pair[side]) for pair in pairs} for split, (pairs, _) in splits.items()
        }
        for one, other in combinations(texts, 2):
            assert not texts[one] & texts[other]
        for split in ("validation", "test"):
            assert not texts["train"] & {normalise(pair[side]) for pair in multi30k[split][0]}


def test_multi30k_test_is_not_in_train(data_root: Path) -> None:
    splits = load_parallel_splits(data_root, "multi30k", ("en", "de"))
    for side in (0, 1):
        train, validation, test = (
            {normalise(pair[side]) for pair in splits[split][0]}
            for split in ("train", "validation", "test")
        )
        assert not test & (train | validation)
        assert len(train & validation) == 1  # one caption, as the corpus was published
