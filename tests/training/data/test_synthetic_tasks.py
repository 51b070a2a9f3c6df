"""The tasks without data: deterministic, disjoint, and of the meaning that they promise."""

import pytest

from training.data.reverse import LETTERS, reverse_splits
from training.data.synthetic import sentiment_splits

SIZES = {"train": 500, "validation": 50, "test": 60}


def test_targets_are_reversed_sources() -> None:
    for pairs in reverse_splits(SIZES, seed=1).values():
        for pair in pairs:
            letters = pair.source.split(" ")
            assert pair.target.split(" ") == letters[::-1]
            assert 2 <= len(letters) <= 8
            assert set(letters) <= set(LETTERS)


def test_reverse_is_deterministic_and_disjoint() -> None:
    splits = reverse_splits(SIZES, seed=1)
    assert {split: len(pairs) for split, pairs in splits.items()} == SIZES
    sources = [pair.source for pairs in splits.values() for pair in pairs]
    assert len(set(sources)) == len(sources)
    assert reverse_splits(SIZES, seed=1) == splits
    assert reverse_splits(SIZES, seed=2) != splits


def test_reverse_refuses_what_it_cannot_give() -> None:
    with pytest.raises(ValueError, match="37 sentences are asked for, and only 72"):
        reverse_splits({"train": 37}, seed=0, shortest=1, longest=2)
    assert len(reverse_splits({"train": 36}, seed=0, shortest=1, longest=2)["train"]) == 36


def test_sentiment_is_deterministic_disjoint_and_balanced() -> None:
    splits = sentiment_splits(SIZES, seed=1)
    assert {split: len(examples) for split, examples in splits.items()} == SIZES
    texts = [example.text for examples in splits.values() for example in examples]
    assert len(set(texts)) == len(texts)
    assert sentiment_splits(SIZES, seed=1) == splits
    assert sentiment_splits(SIZES, seed=2) != splits
    positive = sum(example.label == "positive" for example in splits["train"])
    assert 200 < positive < 300


def test_order_decides_the_sentiment() -> None:
    examples = sentiment_splits({"train": 3_000}, seed=1)["train"]
    seen = set()
    for text, label in examples:
        last = text.rsplit("but ", 1)[-1]
        negated = any(f" {word} " in last for word in ("not", "never", "hardly"))
        for word, praise in (("good", True), ("bad", False)):
            if last.endswith(f" {word}."):
                assert (label == "positive") == (praise != negated)
                seen.add((word, negated, " but " in text))
    assert len(seen) == 8


def test_sentiment_refuses_what_it_cannot_give() -> None:
    with pytest.raises(ValueError, match="expected 100,000 at most"):
        sentiment_splits({"train": 100_000, "test": 1}, seed=0)
