"""Which of several translations of a text a student is to learn.

What is nearest to a right translation is what a student should say; what a teacher likes best is
what a student learns to find without a search. Similarity is sacreBLEU's BLEU of one sentence,
smoothed, of as many orders as it has words for.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from sacrebleu.metrics.bleu import BLEU

Choice = Literal["closest", "consensus", "best"]

_BLEU = BLEU(effective_order=True)


def choose(choice: Choice, proposed: Sequence[Sequence[str]], references: Sequence[str]) -> str:
    """One of what teachers propose, or nothing if none proposes anything.

    proposed: each teacher's translations, best first; references: right ones, if any are known.
    "closest" is the consensus where none is known; "best" is what the teacher puts first (Kim and
    Rush 2016, section 3.2), of several the consensus of what they put first.
    """
    said = [[one for one in ranked if one.strip()] for ranked in proposed]
    if choice == "best":
        said = [ranked[:1] for ranked in said]
    candidates = [one for ranked in said for one in ranked]
    if not candidates:
        return ""
    if choice == "closest" and references:
        return closest(candidates, references)
    return consensus(candidates)


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
