"""Differences of classes, all words and like with like, and how sure they are."""

import numpy as np
import pytest

from training.studies.gates.sums import Interval, Sums

A, B = [0], [1]


def sums_of(
    reviews: np.ndarray, strata: np.ndarray, classes: np.ndarray, values: np.ndarray,
    samples: int = 400,
) -> Sums:  # fmt: skip
    """All words, added some reviews at a time, in an order of their own."""
    total = int(reviews.max()) + 1
    sums = Sums(total, int(strata.max()) + 1, 2, 1, samples, seed=5)
    for part in np.array_split(np.random.default_rng(0).permutation(total), 3):
        inside = np.isin(reviews, part)
        places = {review: place for place, review in enumerate(part.tolist())}
        review = np.array([places[one] for one in reviews[inside].tolist()])
        sums.add(part, review, strata[inside], classes[inside], values[inside, None])
    return sums


def only(intervals: list[Interval | None]) -> Interval:
    (interval,) = intervals
    assert interval is not None
    return interval


def random_words(words: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    reviews, strata = random.integers(0, 60, words), random.integers(0, 3, words)
    # Class 1 is frequent in high strata, and there alone are values high.
    classes = (random.random(words) < 0.2 + 0.3 * strata).astype(int)
    return reviews, strata, classes, strata + random.normal(0, 0.5, words)


def test_means_and_differences_are_those_of_the_words() -> None:
    reviews, strata, classes, values = random_words()
    sums = sums_of(reviews, strata, classes, values)
    a, b = values[classes == 0], values[classes == 1]
    np.testing.assert_array_equal(sums.counts, [len(a), len(b)])
    mean = only(sums.means(A))
    assert mean.value == pytest.approx(a.mean())
    assert mean.low < a.mean() < mean.high
    within = np.sqrt(((len(a) * a.var()) + (len(b) * b.var())) / (len(values) - 2))
    assert only(sums.differences(B, A)).value == pytest.approx((b.mean() - a.mean()) / within)
    both = only(sums.means([0, 1]))
    assert both.value == pytest.approx(values.mean())


def test_a_difference_that_the_strata_make_is_gone_like_with_like() -> None:
    sums = sums_of(*random_words())
    assert only(sums.differences(B, A)).low > 0.5
    matched = only(sums.matched(B, A))
    assert matched.low < 0 < matched.high
    assert abs(matched.value) < 0.1


def test_a_difference_within_strata_stays() -> None:
    reviews, strata, classes, values = random_words()
    sums = sums_of(reviews, strata, classes, values + classes)
    assert only(sums.matched(B, A)).low > 0.8
    assert only(sums.matched(A, B)).high < -0.8


def test_words_without_a_like_are_left_out() -> None:
    reviews = np.array([0, 0, 1, 1, 2, 2, 2])
    strata, classes = np.array([0, 0, 0, 0, 0, 1, 1]), np.array([0, 1, 0, 1, 0, 0, 0])
    values = np.array([1.0, 3.0, 1.5, 3.5, 1.25, 90.0, 80.0])
    sums = sums_of(reviews, strata, classes, values)
    assert sums.matched_share(A, B) == pytest.approx(3 / 5)
    assert sums.matched_share(B, A) == 1
    within = np.sqrt((values[classes == 0].var() * 5 + values[classes == 1].var() * 2) / 5)
    assert only(sums.matched(B, A)).value == pytest.approx((3.25 - 1.25) / within)


def test_reviews_are_drawn_and_not_words() -> None:
    """What all words of a review share makes an estimate no surer however long the review is."""
    reviews = np.repeat(np.arange(40), 50)
    of_review = np.random.default_rng(4).normal(size=40)[reviews]
    classes = strata = np.zeros(len(reviews), int)
    interval = only(sums_of(reviews, strata, classes, of_review, samples=2000).means(A))
    width = (interval.high - interval.low) / (2 * 1.96)
    assert width == pytest.approx(of_review.std() / np.sqrt(40), rel=0.2)


def test_a_class_without_words_has_no_figures() -> None:
    reviews, strata, classes, values = random_words(50)
    sums = sums_of(reviews, strata, np.zeros_like(classes), values)
    assert sums.means(B) == sums.differences(A, B) == sums.matched(A, B) == [None]
    assert sums.matched_share(A, B) == 0
