"""Sentences of reviews, with the stars of the reviews."""

from pathlib import Path

from tests.training.data.test_sentiment import write_imdb
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


def test_those_with_a_turn_and_an_opinion_have_the_label_of_their_review(tmp_path: Path) -> None:
    reviews = {
        f"train/{label}/{number}_5": review(label, number)
        for label in ("pos", "neg")
        for number in range(100)
    }
    shared = "It would be abysmal if I said more here."
    probe = next(one.text for one in read_probes() if one.phenomenon == "negation")
    reviews["train/pos/200_9"] = f"{shared} Such an abysmal plot, but it is marvellous fun."
    reviews["train/neg/200_1"] = f"{shared} {probe}"
    # What stands in a held-out review too is not learnt from.
    number = next(n for n in range(100) if fraction_of(review("pos", n)) >= 0.1)
    reviews["test/neg/0_1"] = f"Fine. I did not expect film {number} to be so marvellous."
    write_imdb(tmp_path, reviews)
    splits = load_sentiment_splits(tmp_path, "imdb_sentences")
    assert list(splits) == ["train"]
    rows, report = splits["train"]
    validation = [name for name, text in reviews.items() if fraction_of(text) < 0.1]
    expected = {
        f"I did not expect film {name.split('/')[2][:-2]} to be so {word}!": label
        for name in reviews
        for kind, word, label in (
            ("pos", "marvellous", "positive"), ("neg", "abysmal", "negative"),
        )
        if name.startswith(f"train/{kind}/") and "200_" not in name and name not in validation
    }  # fmt: skip
    del expected[f"I did not expect film {number} to be so marvellous!"]
    turned = "Such an abysmal plot, but it is marvellous fun."
    if "train/pos/200_9" not in validation:
        expected[turned] = "positive"
    assert {row.text: row.label for row in rows} == expected
    assert len(rows) == report.kept == len(expected)
    assert report.dropped["in reviews of both kinds"] == 1
    assert report.dropped["also held out"] >= 1


def test_they_go_with_imdb_where_it_is_left_out() -> None:
    names = ("sst", "sst_composed", "imdb", "imdb_sentences")
    recipe = read_recipe("sentiment-bilstm", {"data.train": [{"source": name} for name in names]})
    assert isinstance(recipe, ClassificationRecipe)
    left = without(recipe, "imdb").data.train
    assert [source.source for source in left] == ["sst", "sst_composed"]
    left = without(recipe, "sst").data.train
    assert [source.source for source in left] == ["imdb", "imdb_sentences"]
