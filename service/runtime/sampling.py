"""Sampling a text token by token, as a search that a decoder runs. Pure: no session, no clock.

Each step the caller gives the best ``candidates`` continuations, and one of them is drawn: the
likeliest at temperature 0, else with a probability in proportion to p ** (1 / temperature) among
the ``top_k`` likeliest, of which ``top_p`` leaves those that make up so much of the probability
(Fan et al. 2018, section 5; Holtzman et al. 2020, section 3.1). Every text draws from a generator
of its own, so what is sampled does not depend on what is decoded beside it.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np

from service.runtime.search import Hypothesis, Step

FinishReason = Literal["end", "stop", "length"]

_DONE = Step((), ())
_FIRST = (0,)


@dataclass(frozen=True)
class SamplingOptions:
    """What a caller may choose."""

    max_tokens: int = 100
    temperature: float = 1.0  # 0: always the likeliest token
    top_k: int = 50  # that can be drawn
    top_p: float = 1.0
    seed: int | None = None  # None: another text each time
    stop: tuple[str, ...] = ()  # texts before which a continuation ends


class Sampler:
    """The one live row of a text: its prompt is read, then each token is drawn."""

    beam_size = 1

    def __init__(
        self,
        prompt: Sequence[int],
        options: SamplingOptions,
        index: int,
        vocabulary: int,
        end_token: int,
        stops: Callable[[int], bool] | None = None,
    ) -> None:
        """index: which of the texts of one request it is; stops: takes each token that is drawn,
        and says whether a stop text is there now.
        """
        self.max_length = options.max_tokens
        self.tokens: list[int] = []  # drawn, without the end
        self.finish_reason: FinishReason = "length"
        self.candidates = 1  # as nothing is drawn while the prompt is read
        self.silent = len(prompt) > 0  # whether the last step read the prompt
        self._prompt = prompt
        self._read = 0
        self._options = options
        self._end_token = end_token
        self._stops = stops
        self._log_prob = 0.0
        self._random = None
        if options.temperature > 0:
            seed = None if options.seed is None else (options.seed, index)
            self._random = np.random.default_rng(seed)
        self._wanted = 1 if self._random is None else min(options.top_k, vocabulary)
        if not prompt:
            self.candidates = self._wanted

    def advance(
        self, log_probs: Sequence[Sequence[float]], tokens: Sequence[Sequence[int]]
    ) -> Step:
        """Take one step; as `service.runtime.search.BeamSearch.advance`, for one row."""
        if self._read < len(self._prompt):
            token = self._prompt[self._read]
            self._read += 1
            if self._read == len(self._prompt):
                self.candidates = self._wanted
            return Step(_FIRST, (token,))
        self.silent = False
        place = self._draw(log_probs[0])
        token = tokens[0][place]
        self._log_prob += log_probs[0][place]
        if token == self._end_token:
            self.finish_reason = "end"
            return _DONE
        self.tokens.append(token)
        if self._stops is not None and self._stops(token):
            self.finish_reason = "stop"
            return _DONE
        return _DONE if len(self.tokens) == self.max_length else Step(_FIRST, (token,))

    def unsaid(self) -> Sequence[int]:
        """The last token, where no row goes on with it."""
        return () if self.finish_reason == "end" else self.tokens[-1:]

    def hypotheses(self) -> list[Hypothesis]:
        """The one text, which has no score but its own log-probability."""
        complete = self.finish_reason == "end"
        return [Hypothesis(tuple(self.tokens), self._log_prob, self._log_prob, complete)]

    def _draw(self, log_probs: Sequence[float]) -> int:
        """The place of the token that is taken; log_probs: best first."""
        if self._random is None:
            return 0
        best, temperature = log_probs[0], self._options.temperature
        weights = [
            math.exp((log_prob - best) / temperature) for log_prob in log_probs[: self._wanted]
        ]
        sums = list(accumulate(weights))
        last = len(sums) - 1
        if self._options.top_p < 1.0:
            # The fewest that come to that share of the probability: the one that reaches it counts.
            last = min(bisect_left(sums, self._options.top_p * sums[-1]), last)
        return min(bisect_right(sums, self._random.random() * sums[last]), last)
