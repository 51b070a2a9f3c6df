"""A sentence with symbols in the places of what it keeps, and the way back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.pipelines.placeholders.spans import Span
from service.pipelines.placeholders.symbols import SYMBOLS

_SYMBOL = re.compile(f"[{SYMBOLS[0]}-{SYMBOLS[-1]}]")


@dataclass(frozen=True)
class Masked:
    """What the translator reads, and what each symbol in it stands for."""

    text: str
    values: Mapping[str, str]  # by symbol

    def restored(self, translation: str) -> str:
        """A translation with every symbol replaced by what it stands for; strange ones vanish."""
        return _SYMBOL.sub(lambda match: self.values.get(match.group(), ""), translation)


def mask(
    text: str,
    spans: Sequence[Span],
    values: Sequence[str],
    symbols: Sequence[str] = SYMBOLS,
) -> Masked:
    """The text with a symbol for each span, in order, as far as there are symbols.

    spans: sorted and apart; values: what each is to become.
    """
    parts: list[str] = []
    standing: dict[str, str] = {}
    end = 0
    for span, value, symbol in zip(spans, values, symbols, strict=False):
        parts += [text[end : span.start], symbol]
        standing[symbol] = value
        end = span.end
    return Masked("".join([*parts, text[end:]]), standing)
