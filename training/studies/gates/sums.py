"""Sums of measures over classes of words, with those of bootstrap samples of reviews beside them.

Words of one review are not independent of each other, so whole reviews are drawn, not words. Each
review counts as often as a Poisson number of mean 1 says, which is the bootstrap of Efron for many
reviews and needs one pass (Hanley and MacGibbon 2006, "Creating non-parametric bootstrap samples
using Poisson frequencies"). Pure: knows nothing about gates or texts.
"""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Interval:
    """An estimate and the 2.5th and 97.5th percentile of its bootstrap samples."""

    value: float
    low: float
    high: float


class Sums:
    """Counts, sums and squares of measures by stratum and class; the first sample is the data.

    A stratum is what two words must share to be compared like with like.
    """

    def __init__(
        self, reviews: int, strata: int, classes: int, measures: int, samples: int, seed: int
    ) -> None:
        drawn = np.random.default_rng(seed).poisson(1.0, (samples + 1, reviews))
        self._times = np.minimum(drawn, 255).astype(np.uint8)  # samples x reviews
        self._times[0] = 1
        shape = (strata, classes, measures + 1)  # how many words, and their sums
        self._shape = shape
        self._sums = np.zeros((samples + 1, *shape))
        self._squares = np.zeros((classes, measures))

    def add(
        self, reviews: Array, review: Array, strata: Array, classes: Array, values: Array
    ) -> None:
        """Words of some reviews.

        reviews: their indices; review: words, places in `reviews`; strata, classes: words; values:
        words x measures.
        """
        cells = self._shape[0] * self._shape[1]
        places = (review * self._shape[0] + strata) * self._shape[1] + classes
        size = len(reviews) * cells
        columns = [np.bincount(places, minlength=size)]
        columns += [np.bincount(places, column, size) for column in values.T]
        of_reviews = np.stack(columns, axis=1).reshape(len(reviews), -1)  # reviews x all sums
        times = self._times[:, reviews].astype(np.float32)  # samples x reviews
        drawn = times[1:] @ of_reviews.astype(np.float32)
        self._sums[1:] += drawn.reshape(-1, *self._shape)
        self._sums[0] += of_reviews.sum(axis=0).reshape(self._shape)
        np.add.at(self._squares, classes, values**2)

    @property
    def counts(self) -> Array:
        """Words of each class."""
        counts: Array = self._sums[0, :, :, 0].sum(axis=0)
        return counts

    def means(self, classes: list[int]) -> list[Interval | None]:
        """The mean of every measure over the words of some classes; None without words."""
        counts, sums = self._of(classes)
        return _intervals(_ratio(sums.sum(axis=1), counts.sum(axis=1)[:, None]))

    def differences(self, one: list[int], other: list[int]) -> list[Interval | None]:
        """How much higher each measure is over the words of some classes than of others, in
        standard deviations over those words (Cohen's d)."""
        (a, sums_a), (b, sums_b) = self._of(one), self._of(other)
        means = [
            _ratio(s.sum(axis=1), n.sum(axis=1)[:, None]) for n, s in ((a, sums_a), (b, sums_b))
        ]
        return _intervals(_ratio(means[0] - means[1], self._deviations(one, other)))

    def matched(self, one: list[int], other: list[int]) -> list[Interval | None]:
        """The same within strata: words are compared with words of their stratum, and strata count
        by n_1 n_2 / (n_1 + n_2), which is what a difference of two means is known by."""
        (a, sums_a), (b, sums_b) = self._of(one), self._of(other)
        both = _ratio(a * b, a + b)  # samples x strata
        both = np.nan_to_num(both)
        means = [np.nan_to_num(_ratio(s, n[..., None])) for n, s in ((a, sums_a), (b, sums_b))]
        differences = ((means[0] - means[1]) * both[..., None]).sum(axis=1)
        within = _ratio(differences, both.sum(axis=1)[:, None])
        return _intervals(_ratio(within, self._deviations(one, other)))

    def matched_share(self, one: list[int], other: list[int]) -> float:
        """The share of the first classes' words that have words of the others in their stratum."""
        (a, _), (b, _) = self._of(one), self._of(other)
        return float(a[0, b[0] > 0].sum() / max(a[0].sum(), 1))

    def _of(self, classes: list[int]) -> tuple[Array, Array]:
        """Counts (samples x strata) and sums (samples x strata x measures)."""
        chosen = self._sums[:, :, classes].sum(axis=2)
        return chosen[..., 0], chosen[..., 1:]

    def _deviations(self, one: list[int], other: list[int]) -> Array:
        """The standard deviation of each measure within the two groups, pooled (measures)."""
        within, words = np.zeros(self._squares.shape[1]), 0.0
        for classes in (one, other):
            counts, sums = self._of(classes)
            count, total = counts[0].sum(), sums[0].sum(axis=0)
            within += self._squares[classes].sum(axis=0) - total**2 / max(count, 1)
            words += count
        deviations: Array = np.sqrt(np.maximum(within, 0) / max(words - 2, 1))
        return deviations


def _ratio(part: Array, whole: Array) -> Array:
    """part / whole, and NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    ratio: Array = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio


def _intervals(samples: Array) -> list[Interval | None]:
    """samples x measures; the first sample is the data."""
    found: list[Interval | None] = []
    for column in samples.T:
        drawn = column[1:][np.isfinite(column[1:])]
        if not np.isfinite(column[0]) or not len(drawn):
            found.append(None)
            continue
        low, high = np.percentile(drawn, (2.5, 97.5)).tolist()
        found.append(Interval(float(column[0]), low, high))
    return found
