"""Baselines learn what a bag of n-grams can know, whatever the number of classes."""

import numpy as np
import pytest

from training.baselines.build import BASELINES
from training.baselines.fasttext import BUCKETS, FastText, hashed_ngrams
from training.baselines.nbsvm import NaiveBayesSvm
from training.baselines.words import words
from training.commands.options import BASELINE_NAMES

# What was said decides, and in the third class what was said before it.
OPINIONS = ("good", "bad", "not good")


def reviews(classes: int, count: int = 150) -> tuple[list[str], np.ndarray]:
    """Texts and their classes, each of which has a word or a pair of words of its own."""
    gold = np.arange(count) % classes
    return [f"Film no. {row} was {OPINIONS[one]}." for row, one in enumerate(gold)], gold


def test_the_command_line_knows_every_baseline() -> None:
    assert set(BASELINE_NAMES) == set(BASELINES)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", sorted(BASELINES))
def test_a_baseline_learns_two_classes_and_three(name: str, classes: int) -> None:
    texts, gold = reviews(classes)
    model = FastText(epochs=30) if name == "fasttext" else BASELINES[name]()
    model.fit(texts, gold)
    asked = [f"The {thing} was {OPINIONS[one]}." for thing in ("film", "book")
             for one in range(classes)]  # fmt: skip
    shares = model.probabilities([*asked, "", "unheard-of"])
    assert shares.shape == (2 * classes + 2, classes)
    assert shares[: 2 * classes].argmax(axis=1).tolist() == [*range(classes)] * 2
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-9)
    assert (shares >= 0).all()


def test_equal_seeds_give_equal_answers() -> None:
    texts, gold = reviews(2, 40)
    once, again = FastText(epochs=2), FastText(epochs=2)
    for model in (once, again):
        model.fit(texts, gold)
    assert (once.probabilities(texts) == again.probabilities(texts)).all()


def test_naive_bayes_weighs_ngrams_as_the_paper_says() -> None:
    model = NaiveBayesSvm()
    texts = ["good good film", "good film", "bad film", "bad film film"]
    model.fit(texts, np.array([1, 1, 0, 0]))
    # Every n-gram of two texts or more, each counted once a text, with α = 1.
    seen = dict(zip(sorted(model._ngrams.vocabulary_), model._ratios[0], strict=True))
    p = {"bad": 1, "bad film": 1, "film": 3, "good": 3, "good film": 3}
    q = {"bad": 3, "bad film": 3, "film": 3, "good": 1, "good film": 1}
    for ngram, ratio in seen.items():
        expected = np.log((p[ngram] / sum(p.values())) / (q[ngram] / sum(q.values())))
        assert ratio == pytest.approx(expected, rel=1e-5), ngram
    assert seen.keys() == p.keys()


def test_hashed_ngrams_tell_words_and_orders_apart() -> None:
    one, other = hashed_ngrams("not good , bad"), hashed_ngrams("not bad , good")
    assert len(one) == len(other) == 4 + 3
    assert set(one[:4]) == set(other[:4])  # the same words
    assert not set(one[4:]) & set(other[4:])  # no common pair
    assert hashed_ngrams("").tolist() == []
    every = hashed_ngrams(" ".join(f"word{n}" for n in range(20_000)))
    assert every.min() >= 0
    assert every.max() < BUCKETS
    # As good as drawn: 39,999 draws of 2^21 places meet some 380 times.
    assert len(every) - len(set(every.tolist())) == pytest.approx(380, abs=100)


def test_raw_and_tokenised_texts_have_the_same_words() -> None:
    raw = "I didn't like it; it's NOT good, and wouldn’t watch again!"
    tokenised = "i did n't like it ; it 's not good , and would n't watch again !"
    assert words(raw) == words(tokenised) == tokenised.split()
    assert words("can't ain't N'T") == ["ca", "n't", "ai", "n't", "n't"]
    assert words(" \n") == []
