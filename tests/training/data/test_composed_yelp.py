"""Sentences of Yelp reviews that are joined by the patterns of composed sentences."""

import gzip
from pathlib import Path

import pytest

from training.data.composed_yelp import COUNT, clear_clauses
from training.data.examples import LabelledText
from training.data.sentences import YELP_FILES
from training.data.sentiment import load_sentiment_splits
from training.leave_one_out import without
from training.recipe import ClassificationRecipe, read_recipe

GOOD = ("great", "lovely", "tasty", "friendly", "perfect")
BAD = ("awful", "stale", "rude", "dirty", "slow")
THINGS = ("food", "service", "staff", "soup", "room", "view", "pasta", "waiter")


def sentence(label: str, number: int) -> str:
    words = GOOD if label == "positive" else BAD
    return f"the {THINGS[number % len(THINGS)]} no {number} was very {words[number % len(words)]}"


def letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def rows(count: int = 200) -> list[LabelledText]:
    return [
        LabelledText(sentence(label, number).replace(f" no {number}", " here"), label)
        for label in ("negative", "positive")
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("text", "label", "kept"),
    [
        ("the soup was really great.", "positive", True),
        ("the soup was really great !", "positive", True),
        ("the soup was really great.", "negative", False),  # the stars were for something else
        ("the soup was there.", "positive", False),  # no opinion
        ("great soup and great staff here.", "positive", False),  # no subject
        ("the soup was great but the staff was rude.", "negative", False),  # turns by itself
        ("the soup was great.", "positive", True),
        ("the great soup.", "positive", False),  # too short
        ("the soup was great, " + "great " * 10, "positive", False),  # too long
    ],
)
def test_clauses_are_short_clear_and_of_one_opinion(text: str, label: str, kept: bool) -> None:
    found = clear_clauses([*rows(), LabelledText(text, label)])
    assert (text.strip(" .!") in found[label]) is kept


def test_they_are_made_of_training_sentences_alone(tmp_path: Path) -> None:
    texts = {}
    for label, path in YELP_FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        texts[label] = [
            sentence(label, number).replace(f"no {number}", letters(number))
            for number in range(800)
        ]
        (tmp_path / path).write_bytes(gzip.compress("\n".join(texts[label]).encode()))
    made, report = load_sentiment_splits(tmp_path, "yelp_composed")["train"]
    assert len(made) == report.kept == COUNT
    assert len({example.text for example in made}) == COUNT
    assert {example.label for example in made} == {"negative", "positive"}
    train = {row.text for row in load_sentiment_splits(tmp_path, "yelp")["train"][0]}
    held_out = {
        row.text
        for split in ("validation", "test")
        for row in load_sentiment_splits(tmp_path, "yelp")[split][0]
    } - train
    assert held_out
    everything = "\n".join(example.text.lower() for example in made)
    assert any(text in everything for text in train)
    assert not [text for text in held_out if f"{text}\n" in everything or f"{text}," in everything]
    # Both sentences of a turn are there, and the second has the label.
    turns = [example for example in made if " but the " in example.text.lower()]
    for example in turns[:50]:
        words = GOOD if example.label == "positive" else BAD
        assert any(word in example.text.lower().split(" but the ")[1] for word in words), example


def test_they_go_with_yelp_where_it_is_left_out() -> None:
    recipe = read_recipe(
        "sentiment-bilstm",
        {"data.train": [{"source": name} for name in ("imdb", "yelp", "yelp_composed")]},
    )
    assert isinstance(recipe, ClassificationRecipe)
    left = without(recipe, "yelp").data.train
    assert [source.source for source in left] == ["imdb"]
