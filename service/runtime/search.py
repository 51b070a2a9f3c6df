"""Beam search over one sequence. Pure: no session, no clock, no I/O; greedy is a beam of one.

Each step the caller gives the best ``k`` continuations of every live hypothesis and gets back
which hypothesis each new one continues, and with which token. Hypotheses are compared at their
end by ``log p / length ** penalty`` (Wu et al. 2016, section 7, without the constant; penalty 1
is the mean log-probability a token). Ties go to the earlier hypothesis and the lower token, so a
search is deterministic.
"""

import math
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class SearchOptions:
    """What a caller may choose. ``None`` takes the model's own default."""

    beam_size: int = 5
    length_penalty: float | None = None
    max_length: int | None = None  # tokens, the end included


@dataclass(frozen=True)
class Hypothesis:
    """A finished translation: its tokens without the end token, and its score."""

    tokens: tuple[int, ...]
    log_prob: float  # natural logarithm, summed over the tokens and the end
    score: float  # what hypotheses are ranked by
    complete: bool  # it ended by itself, not by the limit


@dataclass(frozen=True)
class Step:
    """How the live hypotheses go on: row ``i`` continues row ``parents[i]`` with ``tokens[i]``."""

    parents: list[int]
    tokens: list[int]


class BeamSearch:
    """The live and finished hypotheses of one sequence."""

    def __init__(
        self, beam_size: int, length_penalty: float, max_length: int, end_token: int
    ) -> None:
        self.beam_size = beam_size
        self.length_penalty = length_penalty
        self.max_length = max_length
        self.end_token = end_token
        self.rows = 1  # live hypotheses
        self._log_probs = [0.0]
        self._prefixes: list[tuple[int, ...]] = [()]
        self._finished: list[Hypothesis] = []

    @property
    def candidates(self) -> int:
        """Continuations a row that ``advance`` needs: one may be the end, which frees no place."""
        return self.beam_size + 1 if self.beam_size > 1 else 1

    @property
    def done(self) -> bool:
        return self.rows == 0

    def advance(self, log_probs: Array, tokens: Array) -> Step:
        """Take one step.

        log_probs: rows x candidates, the natural logarithms of the best continuations of each
        live hypothesis, best first; tokens: the same shape. Returns no rows once the search is
        done: ``beam_size`` hypotheses have ended and the best live one scores below them, or the
        length limit is reached.
        """
        length = len(self._prefixes[0]) + 1
        pool = [
            (self._log_probs[row] + log_prob, row, token)
            for row, (row_log_probs, row_tokens) in enumerate(
                zip(log_probs.tolist(), tokens.tolist(), strict=True)
            )
            for log_prob, token in zip(row_log_probs, row_tokens, strict=True)
        ]
        pool.sort(key=lambda candidate: (-candidate[0], candidate[1], candidate[2]))
        live: list[tuple[float, int, int]] = []
        for rank, (total, row, token) in enumerate(pool):
            if len(live) == self.beam_size:
                break
            if token != self.end_token:
                live.append((total, row, token))
            elif rank < self.beam_size:
                # An end that is not among the best beam_size continuations would have been pruned.
                self._finish(self._prefixes[row], total, length, complete=True)
        if self.beam_size == 1 and self._finished:
            live = []
        prefixes = [(*self._prefixes[row], token) for _, row, token in live]
        if length == self.max_length:
            for (total, _, _), prefix in zip(live, prefixes, strict=True):
                self._finish(prefix, total, length, complete=False)
            live = []
        elif live and self._decided(live[0][0], length):
            live = []
        self._log_probs = [total for total, _, _ in live]
        self._prefixes = prefixes[: len(live)]
        self.rows = len(live)
        return Step([row for _, row, _ in live], [token for _, _, token in live])

    def hypotheses(self) -> list[Hypothesis]:
        """The finished hypotheses, best first; those that ended by themselves before cut ones."""
        return sorted(self._finished, key=lambda h: (not h.complete, -h.score))

    def _finish(self, prefix: tuple[int, ...], total: float, length: int, complete: bool) -> None:
        score = self._score(total, length)
        self._finished.append(Hypothesis(prefix, total, score, complete))

    def _score(self, log_prob: float, length: int) -> float:
        return log_prob / math.pow(length, self.length_penalty)

    def _decided(self, best_live: float, length: int) -> bool:
        """Enough hypotheses have ended, and the best live one, scored as it stands, beats none.

        A live one could still catch up by words of a higher than average probability; waiting
        for that means to run nearly every search to its length limit.
        """
        ended = sorted((h.score for h in self._finished), reverse=True)[: self.beam_size]
        return len(ended) == self.beam_size and self._score(best_live, length) <= ended[-1]
