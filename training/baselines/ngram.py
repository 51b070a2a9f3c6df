"""Counts of n words: the line that a recurrent language model has to beat.

Interpolated Kneser-Ney smoothing (Kneser and Ney 1995; Chen and Goodman 1999, section 3): an order
that has seen little hands a part of its probability to the next lower one, which counts in how many
contexts a word was seen, not how often.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from service.artifact import BOS_ID

Context = tuple[int, ...]
DISCOUNT = 0.75


class NGram:
    """The probability of a token behind the ``order - 1`` before it."""

    def __init__(
        self,
        texts: Iterable[Sequence[int]],
        order: int,
        vocabulary: int,
        discount: float = DISCOUNT,
    ) -> None:
        """texts: tokens, the end included, BOS not. discount: taken off every count; with 0 a
        context that was seen is never smoothed, and only what was seen in it is possible.
        """
        self.order = order
        self.vocabulary = vocabulary
        self._discount = discount
        self._counts: list[dict[Context, Counter[int]]] = [
            defaultdict(Counter) for _ in range(order)
        ]  # by the length of the context
        for text in texts:
            row = [*[BOS_ID] * (order - 1), *text]
            for place in range(order - 1, len(row)):
                self._counts[order - 1][tuple(row[place - order + 1 : place])][row[place]] += 1
        for length in range(order - 1, 0, -1):
            for context, after in self._counts[length].items():
                for token in after:
                    self._counts[length - 1][context[1:]][token] += 1
        self._totals = [
            {context: sum(after.values()) for context, after in counts.items()}
            for counts in self._counts
        ]

    def probability(self, context: Context, token: int) -> float:
        """p(token | the last tokens of the context, BOS before a text's first ones)."""
        result = 1.0 / self.vocabulary
        for length in range(self.order):
            own = context[len(context) - length :]
            total = self._totals[length].get(own)
            if total is None:
                break  # nor was anything longer seen
            after = self._counts[length][own]
            rest = self._discount * len(after) / total
            result = max(after[token] - self._discount, 0.0) / total + rest * result
        return result

    def nats(self, texts: Iterable[Sequence[int]]) -> float:
        """-log p of texts, summed over their tokens; infinite where one is impossible."""
        total = 0.0
        for text in texts:
            row = [*[BOS_ID] * (self.order - 1), *text]
            for place in range(self.order - 1, len(row)):
                p = self.probability(tuple(row[place - self.order + 1 : place]), row[place])
                total += -math.log(p) if p > 0 else math.inf
        return total

    def sample(self, generator: np.random.Generator, end: int, longest: int) -> list[int]:
        """A text, drawn token by token until ``end``, which is not in it."""
        row = [BOS_ID] * (self.order - 1)
        tokens: list[int] = []
        while len(tokens) < longest:
            context = tuple(row[len(row) - self.order + 1 :])
            shares = [self.probability(context, token) for token in range(self.vocabulary)]
            token = int(generator.choice(self.vocabulary, p=np.array(shares) / sum(shares)))
            if token == end:
                break
            row.append(token)
            tokens.append(token)
        return tokens
