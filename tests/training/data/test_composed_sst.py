"""The patterns of composed sentences, filled with the treebank's adjectives and nouns."""

from pathlib import Path

import pytest

from tests.training.data.test_sentiment import write_sst
from training.data import composed_sst
from training.data.composed_sst import polar_words
from training.data.examples import LabelledText
from training.data.sentiment import load_sentiment_splits


@pytest.mark.parametrize(
    ("text", "label", "slot", "word"),
    [
        ("is endlessly silly", "negative", "adjective-", "endlessly silly"),
        ("Was enchanting", "positive", "adjective+", "enchanting"),
        ("unwatchable", "negative", "adjective-", "unwatchable"),
        ("an utter bore", "negative", "noun-", "utter bore"),
        ("a well-made caper", "positive", "noun+", "well-made caper"),
        ("is not silly", "positive", None, ""),  # would be turned twice
        ("is a bore", "negative", None, ""),  # no adjective
        ("a bit too long", "negative", None, ""),
        ("unpleasantly", "negative", None, ""),
        ("is over- long", "negative", None, ""),
        ("is killed", "negative", None, ""),
        ("is almost worth", "negative", None, ""),
        ("walks slowly", "negative", None, ""),
        ("delight", "positive", None, ""),  # nothing tells its kind
    ],
)
def test_words_by_what_they_stand_behind(
    text: str, label: str, slot: str | None, word: str
) -> None:
    found = polar_words([LabelledText(text, label)])
    assert {name: words for name, words in found.items() if words} == (
        {slot: [word]} if slot else {}
    )


def test_what_says_both_or_is_cut_off_is_left_out() -> None:
    phrases = [
        ("is endless", "negative"), ("was endless", "positive"), ("is droll", "positive"),
        ("a droll", "positive"),  # the beginning of "a droll comedy"
        ("a clever", "positive"), ("a mess", "negative"), ("a complete mess", "negative"),
    ]  # fmt: skip
    found = polar_words([LabelledText(text, label) for text, label in phrases])
    assert found == {
        "adjective+": ["droll"], "adjective-": [], "noun+": [], "noun-": ["mess", "complete mess"],
    }  # fmt: skip


def test_they_are_made_of_training_trees_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composed_sst, "COUNT", 8000)
    kinds = {"great": 4, "lovable": 3, "awful": 0, "tiresome": 1, "bleak": 1, "joyous": 4}
    trees = [f"({label} (2 is) ({label} {word}))" for word, label in kinds.items()]
    trees += [
        "(1 (2 an) (1 (1 utter) (1 bore)))",
        "(4 (2 a) (4 (4 real) (4 gem)))",
        "(4 (2 a) (4 gem))",
    ]
    held_out = ["(1 (2 is) (1 preposterous))"]
    write_sst(tmp_path, {"train": trees, "dev": held_out, "test": held_out})
    splits = load_sentiment_splits(tmp_path, "sst_composed")
    assert list(splits) == ["train"]
    made, report = splits["train"]
    assert len(made) == report.kept <= 8000
    assert len({example.text for example in made}) == len(made) > 5000
    everything = "\n".join(example.text.lower() for example in made)
    assert (
        "lovable" in everything
        and "tiresome" in everything
        and "a gem of" in everything
        and "an utter bore" in everything
    )
    assert "preposterous" not in everything
    labels = {example.text.lower().rstrip(".!"): example.label for example in made}
    turned = {f"it was not {word} at all": label for word, label in kinds.items()}
    found = {text for text in turned if text in labels}
    assert found
    assert all(labels[text] == ("negative" if turned[text] > 2 else "positive") for text in found)
