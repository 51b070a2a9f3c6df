"""The children's book, and the mistakes that are counted in it."""

from collections import Counter

import pytest

from training.data.book import NAMES, SENTENCES, WORDS, book_splits, count_mistakes, words_of

SIZES = {"train": 300, "validation": 40, "test": 40}


def test_stories_hold_no_mistake_and_all_six_sentences() -> None:
    splits = book_splits(SIZES, 1)
    words = [word for part in splits.values() for story in part for word in words_of(story)]
    found = count_mistakes(words)
    assert found.wrong == 0
    assert found.words == len(words)
    assert set(words) == set(WORDS)
    pairs = {tuple(words[i : i + 3 : 2]) for i in range(0, len(words), 4)}
    assert pairs == {(x, y) for x in NAMES for y in NAMES if x != y}


def test_a_seed_decides_the_stories() -> None:
    splits = book_splits(SIZES, 1)
    assert {name: len(part) for name, part in splits.items()} == SIZES
    assert splits == book_splits(SIZES, 1) != book_splits(SIZES, 2)


def test_a_story_may_end_behind_any_sentence() -> None:
    stories = book_splits({"train": 3000}, 1)["train"]
    lengths = Counter(story.count(".") for story in stories)
    longer = 3000
    for length in range(1, 8):
        assert lengths[length] / longer == pytest.approx(1 / SENTENCES, abs=0.05)
        longer -= lengths[length]


@pytest.mark.parametrize(
    ("text", "himself", "endless", "unfinished", "other"),
    [
        ("Doug saw Jane. Jane saw Spot.", 0, 0, 0, 0),
        ("Doug saw Doug.", 1, 0, 0, 0),
        ("Jane saw Spot saw Doug saw Jane.", 0, 1, 0, 0),
        ("Jane saw Spot saw Spot.", 1, 1, 0, 0),
        ("Spot. Doug. Jane.", 0, 0, 3, 0),
        ("Doug saw. saw Jane. Bob saw Jane.", 0, 0, 0, 3),
        (". Doug saw Jane", 0, 0, 1, 0),  # what no full stop ends is not looked at
        ("", 0, 0, 0, 0),
    ],
)
def test_each_kind_of_mistake_is_counted(
    text: str, himself: int, endless: int, unfinished: int, other: int
) -> None:
    found = count_mistakes(words_of(text))
    assert (found.himself, found.endless, found.unfinished, found.other) == (
        himself, endless, unfinished, other,
    )  # fmt: skip
    assert found.wrong == himself + endless + unfinished + other
