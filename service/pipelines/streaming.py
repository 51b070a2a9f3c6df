"""The text of a translation while it is decoded, token by token. Pure: no engine, no I/O.

The sentences of a text are decoded together and written one after the other: what comes for a
later one is kept until its turn.
"""

from collections.abc import Iterator

from service.artifact import Tokenizer
from service.pipelines.translation import SplitTexts

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # stands for bytes that form no character yet


class TranslationStream:
    """What is to be appended to the text so far, for each token that comes."""

    def __init__(self, tokenizer: Tokenizer, split: SplitTexts) -> None:
        """split: of one text."""
        self._tokenizer = tokenizer
        self._split = split
        (text,), (counts,) = split.splits, split.counts
        # What stands before each row, and at the end.
        self._before: list[str] = []
        gap = ""
        for sentence_gap, count in zip(text.gaps, counts, strict=False):
            gap += sentence_gap
            for part in range(count):
                self._before.append(" " if part else gap)
                gap = ""
        self._after = gap + text.gaps[-1]
        rows = len(split.rows)
        self._tokens: list[list[int]] = [[] for _ in range(rows)]
        self._ended = [False] * rows
        self._row = 0  # whose turn it is
        self._written = ""  # of that row

    def feed(self, row: int, token: int | None) -> str:
        """What a row's next token (None: its end) adds to the text; nothing before its turn."""
        if token is None:
            self._ended[row] = True
        else:
            self._tokens[row].append(token)
        return "".join(self._flush()) if row == self._row else ""

    def _flush(self) -> Iterator[str]:
        while self._row < len(self._tokens):
            if self._before[self._row]:
                yield self._before[self._row]
                self._before[self._row] = ""
            ended = self._ended[self._row]
            written = self._tokenizer.decode(self._tokens[self._row])
            text = self._split.shown(self._row, written, whole=ended)
            if not ended:
                text = text.rstrip(_REPLACEMENT)
            if text.startswith(self._written):
                yield text[len(self._written) :]
                self._written = text
            if not ended:
                return
            self._row += 1
            self._written = ""
        if self._after:
            yield self._after
            self._after = ""
