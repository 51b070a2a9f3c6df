"""A search that carries placeholders over: each once, and none that the source has not.

It stands before another search and takes from it the continuations that would break that rule: a
placeholder twice or of another sentence, and the end while one is missing. (Hokamp and Liu 2017,
"Lexically Constrained Decoding", in its simplest form: what must come is known, and where it may
come is left to the model, which was trained to copy it.) Pure, as searches are.
"""

from collections.abc import Sequence, Set

from service.runtime.search import Hypothesis, Search, Step


class KeepingSearch:
    """A search over one sequence whose hypotheses hold all that they are to keep."""

    silent = False

    def __init__(self, search: Search, kept: Set[int], symbols: Set[int], end_token: int) -> None:
        """kept: tokens of `symbols` that a hypothesis holds once each before it may end."""
        self._search = search
        self._kept = frozenset(kept)
        self._symbols = frozenset(symbols)
        self._end = end_token
        self.beam_size = search.beam_size
        # As many as may have to be passed over are asked for besides.
        self.candidates = search.candidates + len(self._symbols) + 1
        self.max_length = search.max_length
        self._missing: list[frozenset[int]] = [self._kept]  # by live hypothesis

    @property
    def rows(self) -> int:
        """Live hypotheses."""
        return self._search.rows

    @property
    def done(self) -> bool:
        """Whether no hypothesis is live any more."""
        return self._search.done

    def advance(
        self, log_probs: Sequence[Sequence[float]], tokens: Sequence[Sequence[int]]
    ) -> Step:
        """Take one step; as `BeamSearch.advance`."""
        allowed_log_probs: list[list[float]] = []
        allowed_tokens: list[list[int]] = []
        wanted = self._search.candidates
        for missing, row_log_probs, row_tokens in zip(
            self._missing, log_probs, tokens, strict=True
        ):
            kept = [
                (log_prob, token)
                for log_prob, token in zip(row_log_probs, row_tokens, strict=True)
                if self._allows(missing, token)
            ][:wanted]
            allowed_log_probs.append([log_prob for log_prob, _ in kept])
            allowed_tokens.append([token for _, token in kept])
        step = self._search.advance(allowed_log_probs, allowed_tokens)
        self._missing = [
            self._missing[parent] - {token}
            for parent, token in zip(step.parents, step.tokens, strict=True)
        ]
        return step

    def unsaid(self) -> Sequence[int]:
        """As `SequenceSearch.unsaid`."""
        return self._search.unsaid()

    def hypotheses(self) -> list[Hypothesis]:
        """Those of the search; what was cut at a limit may lack what was to be kept."""
        return self._search.hypotheses()

    def _allows(self, missing: frozenset[int], token: int) -> bool:
        if token == self._end:
            return not missing
        return token in missing or token not in self._symbols
