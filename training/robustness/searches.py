"""What a beam is worth to a translator: BLEU of greedy search beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU

from training.data.examples import SentencePair
from training.robustness.served import Served

BEAMS = (5, 1)  # the search that the service uses by default, and greedy


@dataclass(frozen=True)
class Searches:
    """Cased BLEU by the beam's size, and what greedy search loses beside the widest beam."""

    sentences: int
    bleu: dict[int, float]
    lost: float
    signature: str


def measure_searches(served: Served, pairs: Sequence[SentencePair]) -> Searches:
    """BLEU of each search on the same pairs."""
    metric = BLEU()
    references = [[pair.target for pair in pairs]]
    sources = [pair.source for pair in pairs]
    scores = {
        beam: metric.corpus_score(
            served.translate(sources, f"beam {beam}", beam_size=beam), references
        ).score
        for beam in BEAMS
    }
    rounded = {beam: round(score, 2) for beam, score in scores.items()}
    lost = scores[max(BEAMS)] - scores[1]
    return Searches(len(pairs), rounded, round(lost, 2), str(metric.get_signature()))
