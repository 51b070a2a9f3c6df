"""Sentences of reviews, with the stars of the reviews."""

from pathlib import Path

import pytest

from tests.training.data.test_sentiment import write_imdb
from training.data import imdb_sentences
from training.data.sentiment import load_sentiment_splits
from training.data.splits import fraction_of
from training.leave_one_out import without
from training.probes import read_probes
from training.recipe import ClassificationRecipe, read_recipe


def review(label: str, number: int) -> str:
    word = "marvellous" if label == "pos" else "abysmal"
    return (
        f"Film number {number} is {word}. I did not expect film {number} to be so {word}! "
        f"The captain of boat {number} did not see the island. {word.title()}, no {number}."
    )


def turned(name: str) -> str:
    """The one sentence of a review that is to be learnt from."""
    _, label, number = name.split("/")
    word = "marvellous" if label == "pos" else "abysmal"
    return f"I did not expect film {number.removesuffix('_5')} to be so {word}!"


def test_those_with_a_turn_and_an_opinion_have_the_label_of_their_review(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {
        f"train/{label}/{number}_5": review(label, number)
        for label in ("pos", "neg")
        for number in range(100)
    }
    validation = [name for name, text in made.items() if fraction_of(text) < 0.1]
    expected = {
        turned(name): "positive" if "/pos/" in name else "negative"
        for name in made
        if name not in validation
    }
    # What stands in a held-out review too is not learnt from, and neither is a probe.
    also_tested = next(iter(expected))
    del expected[also_tested]
    probe = read_probes()[0]._replace(text="None of it was abysmal to anyone.")
    monkeypatch.setattr(imdb_sentences, "read_probes", lambda: [probe])
    shared = "It would be abysmal if I said more here."
    turn = "Such an abysmal plot, but it is marvellous fun."
    expected[turn] = "positive"
    more = {
        "test/neg/0_1": f"Fine. {also_tested}",
        "train/pos/200_9": f"{shared} {turn} {turn}",
        "train/neg/200_1": f"{shared} {probe.text} {turned(validation[0])}",
    }
    assert all(fraction_of(text) >= 0.1 for text in more.values())
    write_imdb(tmp_path, made | more)
    splits = load_sentiment_splits(tmp_path, "imdb_sentences")
    assert list(splits) == ["train"]
    rows, report = splits["train"]
    assert {row.text: row.label for row in rows} == expected
    assert len(rows) == report.kept == len(expected)
    assert report.dropped["in reviews of both kinds"] == 1
    assert report.dropped["also held out"] == 3
    assert report.dropped["repeated"] == 2


def test_they_go_with_imdb_where_it_is_left_out() -> None:
    names = ("sst", "sst_composed", "imdb", "imdb_sentences")
    recipe = read_recipe("sentiment-bilstm", {"data.train": [{"source": name} for name in names]})
    assert isinstance(recipe, ClassificationRecipe)
    left = without(recipe, "imdb").data.train
    assert [source.source for source in left] == ["sst", "sst_composed"]
    left = without(recipe, "sst").data.train
    assert [source.source for source in left] == ["imdb", "imdb_sentences"]
