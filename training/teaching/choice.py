"""Which of several translations of a text a student is to learn.

Similarity is sacreBLEU's BLEU of one sentence, smoothed, of as many orders as it has words for.
"""

from collections import Counter
from collections.abc import Sequence

from sacrebleu.metrics.bleu import BLEU

_BLEU = BLEU(effective_order=True)


def closest(candidates: Sequence[str], references: Sequence[str]) -> str:
    """The one most like a reference, the first of equals.

    Kim and Rush 2016, "Sequence-level knowledge distillation", section 3.3: what the teacher
    would say itself, and nearest to what is right. One candidate at least.
    """
    return max(candidates, key=lambda one: max(_similarity(one, right) for right in references))


def consensus(candidates: Sequence[str]) -> str:
    """The one most like all of them on average, the first of equals.

    That of the least expected loss, where all are as likely (Kumar and Byrne 2004, "Minimum
    Bayes-risk decoding"); one that was proposed twice counts twice. One candidate at least.
    """
    votes = Counter(candidates)
    return max(
        votes,
        key=lambda one: sum(count * _similarity(one, other) for other, count in votes.items()),
    )


def _similarity(translation: str, other: str) -> float:
    return _BLEU.sentence_score(translation, [other]).score
