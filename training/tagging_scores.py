"""Scores of tags and of entities. Knows nothing about models.

An entity counts as found where its kind, its first and its last word are right (the strict F1 of
CoNLL-2003 and of WNUT17's "entity" score).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from service.pipelines.tag_decoding import spans


class SpanScores(NamedTuple):
    """In percent, over all sentences together."""

    precision: float
    recall: float
    f1: float


def span_scores(gold: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> SpanScores:
    """Of BIO tags, sentence by sentence. Scores of which nothing is counted are 0."""
    right = right_of_gold = right_of_found = 0
    for one, other in zip(gold, found, strict=True):
        wanted, got = set(spans(one)), set(spans(other))
        right += len(wanted & got)
        right_of_gold += len(wanted)
        right_of_found += len(got)
    precision, recall = right / max(right_of_found, 1), right / max(right_of_gold, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return SpanScores(100 * precision, 100 * recall, 100 * f1)


def token_accuracy(gold: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float:
    """The share of words with the right tag, in percent. gold, found: words each."""
    right = np.concatenate([one == other for one, other in zip(gold, found, strict=True)])
    return 100 * float(right.mean())
