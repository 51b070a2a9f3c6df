"""Sentences as people type them."""

from random import Random

import pytest

from training.data.examples import SentencePair
from training.data.noise import Noise, mistyped

PAIR = SentencePair("A big dog runs fast.", "Ein großer Hund rennt schnell!")


def test_nothing_is_changed_by_default() -> None:
    assert Noise().changed(PAIR, Random(1)) == PAIR


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (Noise(lower_case=1), SentencePair("a big dog runs fast.", PAIR.target)),
        (Noise(no_end=1), SentencePair("A big dog runs fast", "Ein großer Hund rennt schnell")),
    ],
)
def test_changes_of_a_pair(noise: Noise, expected: SentencePair) -> None:
    assert noise.changed(PAIR, Random(1)) == expected


def test_one_word_is_shouted() -> None:
    shouted = {Noise(capitals=1).changed(PAIR, Random(seed)).source for seed in range(20)}
    assert shouted == {"A big dog RUNS fast.", "A big dog runs FAST."}


def test_a_sentence_that_is_an_end_stays() -> None:
    assert Noise(no_end=1).changed(SentencePair("...", "..."), Random(1)) == ("...", "...")


def test_a_typing_error_changes_one_word_by_one_letter() -> None:
    seen = set()
    for seed in range(300):
        text = mistyped(PAIR.source, Random(seed))
        words = list(zip(text.split(), PAIR.source.split(), strict=True))
        wrong = [(new, old) for new, old in words if new != old]
        assert len(wrong) <= 1  # the letter that was drawn may be the one that stood there
        for new, old in wrong:
            assert len(old.strip(".")) >= 4
            assert new[0] == old[0]
            seen.add(len(new) - len(old))
    assert seen == {-1, 0, 1}


def test_a_text_without_long_words_cannot_be_mistyped() -> None:
    assert mistyped("He is 12345 at 9.", Random(1)) == "He is 12345 at 9."
