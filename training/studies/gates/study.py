"""The study: every word of many reviews by its class, and what the gates did when it was read.

Two words are compared like with like where they are about as frequent and as far from where the
direction begins to read. Knows nothing about plots or the command line.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.studies.gates.measures import STEPS
from training.studies.gates.readings import (
    DIRECTIONS,
    NAMES,
    GatedClassifier,
    GatesError,
    Measured,
    Reading,
    columns,
)
from training.studies.gates.sums import Interval, Sums
from training.studies.gates.word_classes import (
    CLASSES,
    NEGATION,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    STOP,
    Lexicon,
)

Array = np.ndarray
FREQUENCIES = 16  # strata, each twice as frequent as the one before, from 1 in a million words
PLACES = (16, 64, 256)  # borders of the strata of places, in tokens from where reading began
_TOGETHER = 64  # texts whose sums are added at once
SENTIMENT = (POSITIVE, NEGATIVE)
CONTRASTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sentiment words - stop words": (SENTIMENT, (STOP,)),
    "positive words - stop words": ((POSITIVE,), (STOP,)),
    "negative words - stop words": ((NEGATIVE,), (STOP,)),
    "sentiment words - neutral words": (SENTIMENT, (NEUTRAL,)),
    "neutral words - stop words": ((NEUTRAL,), (STOP,)),
    "negations - stop words": ((NEGATION,), (STOP,)),
    "positive words - negative words": ((POSITIVE,), (NEGATIVE,)),
}


@dataclass(frozen=True)
class Words:
    """The words of all texts as numbers.

    of_text: for each text the word's number of every word in it; spelt: the words; classes and
    frequencies: their classes and strata.
    """

    of_text: list[Array]
    spelt: list[str]
    classes: Array
    frequencies: Array
    counts: Array


def number_words(texts: Sequence[str], readings: Sequence[Reading], lexicon: Lexicon) -> Words:
    """The words of texts, in lower case."""
    numbers: dict[str, int] = {}
    counts: Counter[int] = Counter()
    of_text = []
    for text, reading in zip(texts, readings, strict=True):
        spelt = (text[start:end].lower() for start, end in reading.spans)
        own = [numbers.setdefault(word, len(numbers)) for word in spelt]
        counts.update(own)
        of_text.append(np.array(own, np.int64))
    total = counts.total()
    per_million = [counts[number] * 1e6 / total for number in range(len(numbers))]
    strata = [min(max(int(math.log2(rate)), 0), FREQUENCIES - 1) for rate in per_million]
    return Words(
        of_text,
        list(numbers),
        np.array([CLASSES.index(lexicon.class_of(word)) for word in numbers], np.int64),
        np.array(strata, np.int64),
        np.array([counts[number] for number in range(len(numbers))], np.int64),
    )


@dataclass(frozen=True)
class Occurrences:
    """Words of a text that were read well inside it, by one direction.

    numbers: words; places: their strata of places; values: words x `NAMES`.
    """

    numbers: Array
    places: Array
    values: Array


def occurrences(
    reading: Reading, numbers: Array, measured: Measured, backwards: bool
) -> Occurrences:
    """The words of a text that lie STEPS tokens from both its ends, where every measure has a
    meaning; a word of several tokens has their mean."""
    first, last = reading.ends
    length = len(reading.tokens)
    inside = (first >= STEPS) & (last < length - STEPS)
    values = columns(measured)  # tokens x columns
    means = np.add.reduceat(values, first, axis=0) / (last - first + 1)[:, None]
    steps = length - 1 - last if backwards else first  # read before it, in tokens
    return Occurrences(numbers[inside], np.digitize(steps, PLACES)[inside], means[inside])


@dataclass
class Findings:
    """What a run of the study gathers.

    sums: of each direction; by_word: directions x words x `NAMES`, sums over their occurrences;
    counted: words, how often each was measured.
    """

    words: Words
    sums: list[Sums]
    by_word: Array
    counted: Array
    largest_difference: float = 0.0  # of a recomputed state from the served one
    differences: float = 0.0  # the largest of each token, summed
    tokens: int = 0


def run_study(
    model: GatedClassifier,
    texts: Sequence[str],
    lexicon: Lexicon,
    samples: int,
    seed: int,
    watch: Callable[[Iterator[Any], int], Iterator[Any]] = lambda items, total: items,
) -> Findings:
    """Measures every word of the texts. Raises GatesError for texts that are all too short.

    samples: of the bootstrap; watch: sees the texts go by, for a progress bar.
    """
    readings = list(watch(map(model.read, texts), len(texts)))
    words = number_words(texts, readings, lexicon)
    findings: Findings | None = None
    pending: list[tuple[int, list[Occurrences]]] = []
    for index, measured in watch(model.measure(readings), len(texts)):
        if findings is None:
            findings = _empty(words, len(texts), len(measured), samples, seed)
        of_directions = [
            occurrences(readings[index], words.of_text[index], one, number > 0)
            for number, one in enumerate(measured)
        ]
        for one in measured:
            largest = max(findings.largest_difference, float(one.differences.max()))
            findings.largest_difference = largest
            findings.differences += float(one.differences.sum()) / len(measured)
        findings.tokens += len(readings[index].tokens)
        pending.append((index, of_directions))
        if len(pending) == _TOGETHER:
            _add(findings, pending)
            pending = []
    if findings is None:
        raise GatesError("there is no text to study")
    if pending:
        _add(findings, pending)
    if not findings.counted.any():
        raise GatesError(f"no text has a word that is {STEPS} tokens from both its ends")
    return findings


def _empty(words: Words, texts: int, directions: int, samples: int, seed: int) -> Findings:
    strata = FREQUENCIES * (len(PLACES) + 1)
    return Findings(
        words,
        [Sums(texts, strata, len(CLASSES), len(NAMES), samples, seed) for _ in range(directions)],
        np.zeros((directions, len(words.spelt), len(NAMES))),
        np.zeros(len(words.spelt), np.int64),
    )


def _add(findings: Findings, pending: Sequence[tuple[int, list[Occurrences]]]) -> None:
    words = findings.words
    indices = np.array([index for index, _ in pending])
    for number, sums in enumerate(findings.sums):
        of_texts = [found[number] for _, found in pending]
        sizes = [len(one.numbers) for one in of_texts]
        numbers = np.concatenate([one.numbers for one in of_texts])
        values = np.concatenate([one.values for one in of_texts]).astype(np.float64)
        places = np.concatenate([one.places for one in of_texts])
        strata = words.frequencies[numbers] * (len(PLACES) + 1) + places
        review = np.repeat(np.arange(len(pending)), sizes)
        sums.add(indices, review, strata, words.classes[numbers], values)
        np.add.at(findings.by_word[number], numbers, values)
    # The words are the same in every direction.
    findings.counted += np.bincount(numbers, minlength=len(words.spelt))


def results(findings: Findings) -> dict[str, Any]:
    """Means and differences as JSON has them: [value, low, high] by measure."""
    words = findings.words
    classes = {
        name: {
            "different words": int(((words.classes == number) & (findings.counted > 0)).sum()),
            "words": int(findings.counted[words.classes == number].sum()),
        }
        for number, name in enumerate(CLASSES)
    }
    directions = {
        direction: {
            "means": {
                name: _by_measure(sums.means([number])) for number, name in enumerate(CLASSES)
            },
            "differences": {
                contrast: {
                    "all words": _by_measure(sums.differences(*pair)),
                    "matched": _by_measure(sums.matched(*pair)),
                    "matched share": sums.matched_share(*pair),
                }
                for contrast, pair in _contrasts().items()
            },
        }
        for direction, sums in zip(DIRECTIONS, findings.sums, strict=False)
    }
    return {
        "tokens": findings.tokens,
        "words": int(findings.counted.sum()),
        "recomputed states": {
            "largest difference from the served": findings.largest_difference,
            "mean over tokens of their largest": findings.differences / findings.tokens,
        },
        "classes": classes,
        "directions": directions,
    }


def _contrasts() -> dict[str, tuple[list[int], list[int]]]:
    return {
        name: ([CLASSES.index(one) for one in ones], [CLASSES.index(other) for other in others])
        for name, (ones, others) in CONTRASTS.items()
    }


def _by_measure(intervals: Sequence[Interval | None]) -> dict[str, dict[str, list[float] | None]]:
    """By weighting and measure."""
    found: dict[str, dict[str, list[float] | None]] = {}
    for (weighting, measure), one in zip(NAMES, intervals, strict=True):
        value = None if one is None else [round(x, 5) for x in (one.value, one.low, one.high)]
        found.setdefault(weighting, {})[measure] = value
    return found
