"""Greedy and beam search over one sequence. Pure: no session, no clock, no tensors, no I/O.

Each step the caller gives the best ``candidates`` continuations of every live hypothesis and gets
back which hypothesis each new one continues, and with which token. Hypotheses are compared at
their end by ``log p / length ** penalty`` (Wu et al. 2016, section 7, without the constant;
penalty 1 is the mean log-probability a token). Ties go to the earlier hypothesis and the lower
token, so a search is deterministic.

A hypothesis that does nothing but repeat itself is ended and keeps one copy of what it repeats:
recurrent decoders fall into such loops, and would run on to their length limit.
"""

import math
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

LOOP_BLOCK = 8  # tokens of the longest block whose repetition is looked for
LOOP_COPIES = 4  # of a block, and
LOOP_TOKENS = 12  # in all: a text may well say "no, no, no, no"
_LOOP_INTERVAL = 4  # steps between two looks, because a loop does not go away


@dataclass(frozen=True)
class SearchOptions:
    """What a caller may choose. ``None`` takes the model's own default."""

    beam_size: int = 5
    length_penalty: float | None = None
    max_length: int | None = None  # tokens, the end included
    num_hypotheses: int = 1  # wanted, at most beam_size


@dataclass(frozen=True)
class Hypothesis:
    """A finished translation: its tokens without the end token, and its score."""

    tokens: tuple[int, ...]
    log_prob: float  # natural logarithm, summed over the tokens and the end
    score: float  # what hypotheses are ranked by
    complete: bool  # it ended by itself, not by the limit or in a loop


class Step(NamedTuple):
    """How the live hypotheses go on: row ``i`` continues row ``parents[i]`` with ``tokens[i]``."""

    parents: Sequence[int]
    tokens: Sequence[int]


class SequenceSearch(Protocol):
    """What a decoding engine runs for each of its sequences."""

    @property
    def beam_size(self) -> int:
        """The most rows that it may come to."""

    @property
    def candidates(self) -> int:
        """How many of the best continuations of a row it needs in the next step."""

    @property
    def max_length(self) -> int:
        """Tokens after which it ends."""

    @property
    def silent(self) -> bool:
        """Whether its last step wrote nothing: it read what is given."""

    def advance(
        self, log_probs: Sequence[Sequence[float]], tokens: Sequence[Sequence[int]]
    ) -> Step:
        """Take one step; no rows once it is done. See `BeamSearch.advance`."""

    def unsaid(self) -> Sequence[int]:
        """Of a search of one row that is done: tokens written that no row continues with."""

    def hypotheses(self) -> list[Hypothesis]:
        """What it found, best first."""


_DONE = Step((), ())
_FIRST = (0,)


class GreedySearch:
    """The one live hypothesis of a sequence, which always takes the most probable token."""

    beam_size = 1
    candidates = 1
    silent = False

    def __init__(self, length_penalty: float, max_length: int, end_token: int) -> None:
        self.length_penalty = length_penalty
        self.max_length = max_length
        self.end_token = end_token
        self.tokens: list[int] = []  # so far, without the end
        self.rows = 1  # live hypotheses
        self._log_prob = 0.0
        self._complete = False

    @property
    def done(self) -> bool:
        """Whether the hypothesis has ended."""
        return self.rows == 0

    def advance(
        self, log_probs: Sequence[Sequence[float]], tokens: Sequence[Sequence[int]]
    ) -> Step:
        """Take one step; as `BeamSearch.advance`, for one row."""
        token = tokens[0][0]
        self._log_prob += log_probs[0][0]
        if token == self.end_token:
            self._complete = True
            self.rows = 0
            return _DONE
        self.tokens.append(token)
        if len(self.tokens) == self.max_length or looping(self.tokens):
            self.rows = 0
            return _DONE
        return Step(_FIRST, (token,))

    def unsaid(self) -> Sequence[int]:
        """The last token, where the hypothesis was cut at its limit."""
        tokens = self.hypotheses()[0].tokens
        return tokens[-1:] if len(tokens) == self.max_length else ()

    def hypotheses(self) -> list[Hypothesis]:
        """The one hypothesis."""
        length = len(self.tokens) + self._complete
        score = self._log_prob / math.pow(length, self.length_penalty)
        kept = self.tokens if self._complete else without_loop(self.tokens)
        return [Hypothesis(tuple(kept), self._log_prob, score, self._complete)]


class BeamSearch:
    """The live and finished hypotheses of one sequence."""

    silent = False

    def __init__(
        self, beam_size: int, length_penalty: float, max_length: int, end_token: int
    ) -> None:
        self.beam_size = beam_size
        self.length_penalty = length_penalty
        self.max_length = max_length
        self.end_token = end_token
        # Continuations of a row that are needed: one may be the end, which frees no place.
        self.candidates = beam_size + 1 if beam_size > 1 else 1
        self.rows = 1  # live hypotheses
        self._log_probs = [0.0]
        self._prefixes: list[tuple[int, ...]] = [()]
        self._finished: list[Hypothesis] = []
        self._scores: list[float] = []  # of the finished, worst first

    @property
    def done(self) -> bool:
        """Whether no hypothesis is live any more."""
        return self.rows == 0

    def advance(
        self, log_probs: Sequence[Sequence[float]], tokens: Sequence[Sequence[int]]
    ) -> Step:
        """Take one step.

        log_probs: rows x candidates (more are ignored), the natural logarithms of the best
        continuations of each live hypothesis, best first; tokens: the same shape. Returns no rows
        once the search is done: ``beam_size`` hypotheses have ended and the best live one scores
        below them, or the length limit is reached.
        """
        prefixes = self._prefixes
        length = len(prefixes[0]) + 1
        k = self.candidates
        pool = [
            (-total - log_prob, row, token)
            for row, total in enumerate(self._log_probs)
            for log_prob, token in zip(log_probs[row][:k], tokens[row][:k], strict=True)
        ]
        pool.sort()
        live: list[tuple[float, int, int]] = []
        for rank, (negative, row, token) in enumerate(pool):
            if token != self.end_token:
                live.append((-negative, row, token))
                if len(live) == self.beam_size:
                    break
            elif rank < self.beam_size:
                # An end that is not among the best beam_size continuations would have been pruned.
                self._finish(prefixes[row], -negative, length, complete=True)
        if self.beam_size == 1 and self._finished:
            live = []
        ended = [(*prefixes[row], token) for _, row, token in live]
        if length == self.max_length:
            for (total, _, _), prefix in zip(live, ended, strict=True):
                self._finish(without_loop(prefix), total, length, complete=False)
            live = []
        elif length % _LOOP_INTERVAL == 0 and length >= LOOP_TOKENS:
            going_on = []
            for candidate, prefix in zip(live, ended, strict=True):
                if looping(prefix):
                    self._finish(without_loop(prefix), candidate[0], length, complete=False)
                else:
                    going_on.append((candidate, prefix))
            live = [candidate for candidate, _ in going_on]
            ended = [prefix for _, prefix in going_on]
        if live and self._decided(live[0][0], length):
            live = []
        self._log_probs = [total for total, _, _ in live]
        self._prefixes = ended[: len(live)]
        self.rows = len(live)
        return Step([row for _, row, _ in live], [token for _, _, token in live])

    def unsaid(self) -> Sequence[int]:
        """Nothing: it is never streamed, as its best hypothesis is known at the end alone."""
        return ()

    def hypotheses(self) -> list[Hypothesis]:
        """The finished hypotheses, best first; those that ended by themselves before cut ones."""
        return sorted(self._finished, key=lambda h: (not h.complete, -h.score))

    def _finish(self, prefix: tuple[int, ...], total: float, length: int, complete: bool) -> None:
        score = self._score(total, length)
        self._finished.append(Hypothesis(prefix, total, score, complete))
        insort(self._scores, score)

    def _score(self, log_prob: float, length: int) -> float:
        return log_prob / math.pow(length, self.length_penalty)

    def _decided(self, best_live: float, length: int) -> bool:
        """Enough hypotheses have ended, and the best live one, scored as it stands, beats none.

        A live one could still catch up by words of a higher than average probability; waiting
        for that means to run nearly every search to its length limit.
        """
        if len(self._scores) < self.beam_size:
            return False
        return self._score(best_live, length) <= self._scores[-self.beam_size]


Search = GreedySearch | BeamSearch


def begin_search(beam_size: int, length_penalty: float, max_length: int, end_token: int) -> Search:
    """A fresh search; a beam of one is greedy."""
    if beam_size == 1:
        return GreedySearch(length_penalty, max_length, end_token)
    return BeamSearch(beam_size, length_penalty, max_length, end_token)


def looping(tokens: Sequence[int]) -> bool:
    """Whether the last tokens are one block, again and again. Looks at every fourth length."""
    if len(tokens) < LOOP_TOKENS or len(tokens) % _LOOP_INTERVAL:
        return False
    return _loop(tokens) > 0


def without_loop(tokens: Sequence[int]) -> tuple[int, ...]:
    """The tokens up to the first copy of what they repeat, if they end in a loop."""
    block = _loop(tokens)
    if not block:
        return tuple(tokens)
    begin = len(tokens) - block
    while begin and tokens[begin - 1] == tokens[begin - 1 + block]:
        begin -= 1
    return tuple(tokens[: begin + block])


def _loop(tokens: Sequence[int]) -> int:
    """The length of the shortest block that the tokens end in copies of; 0 for none."""
    for block in range(1, min(LOOP_BLOCK, len(tokens) // LOOP_COPIES) + 1):
        if tokens[-1] != tokens[-1 - block]:
            continue
        span = max(LOOP_COPIES * block, LOOP_TOKENS)
        # Shifted by a block, the end of a loop is itself.
        if len(tokens) >= span and tokens[-span + block :] == tokens[-span:-block]:
            return block
    return 0
