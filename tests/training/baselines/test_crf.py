"""The conditional random field that the taggers are compared with."""

from service.artifact import Source
from training.baselines.crf import CrfTagger, features, score_crf
from training.corpora import Corpora
from training.data.examples import TaggedSentence

_NAMES = ("Anna", "Bert", "Carl", "Dora", "Emil", "Fred")


def sentences(first: int, count: int) -> list[TaggedSentence]:
    """A name is a person behind "met", and a place behind "in"."""
    made = []
    for number in range(first, first + count):
        name = _NAMES[number % len(_NAMES)] + _NAMES[number // len(_NAMES) % len(_NAMES)].lower()
        verb, tag = ("met", "B-person") if number % 2 else ("in", "B-place")
        made.append(TaggedSentence(("They", verb, name, "."), ("O", "O", tag, "O")))
    return made


def test_it_learns_what_stands_before_a_word() -> None:
    tagger = CrfTagger(iterations=30)
    tagger.fit(sentences(0, 24))
    held_out = sentences(24, 8)
    assert tagger.tags([one.tokens for one in held_out]) == [list(one.tags) for one in held_out]


def test_its_scores() -> None:
    corpora = Corpora(
        train=[sentences(0, 24)],
        takes=[None],
        validation={},
        test={"held out": sentences(24, 8)},
        sources=[Source(name="made", url="", license="CC0-1.0", rows=24)],
    )
    values = {(one.dataset, one.metric): one.value for one in score_crf(corpora)}
    assert values["held out", "accuracy"] == values["held out", "span F1"] == 100.0


def test_features_say_what_a_word_looks_like() -> None:
    of_word = set(features(["Meet", "@anna", "in", "McDonald", "2026!!!"])[3])
    assert {"w=mcdonald", "W=McDonald", "shape=XxXxx", "capitalised", "-1:w=in"} <= of_word
    assert "upper" not in of_word and "digit" not in of_word
    assert {"digit", "shape=99!!"} <= set(features(["2026!!!"])[0])
    assert {"-1:w=<edge>", "1:w=<edge>", "mention"} <= set(features(["@anna"])[0])
