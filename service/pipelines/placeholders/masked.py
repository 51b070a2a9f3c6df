"""A sentence with symbols in the places of what it keeps, and the way back."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.pipelines.placeholders.glossary import Glossary
from service.pipelines.placeholders.spans import Keeper, Span
from service.pipelines.placeholders.symbols import SYMBOLS

_SYMBOL = re.compile(f"[{SYMBOLS[0]}-{SYMBOLS[-1]}]")


class Kept(NamedTuple):
    """A stretch of a sentence, and what stands for it in the translation."""

    span: Span
    value: str
    is_term: bool  # of a glossary; else it is kept as it stands


@dataclass(frozen=True)
class Masked:
    """What the translator reads, and what each symbol in it stands for."""

    text: str
    values: Mapping[str, str]  # by symbol
    # Those that a sentence may begin with a capital for, as the sentence that was translated does.
    raised: Collection[str] = ()

    def restored(self, translation: str) -> str:
        """A translation with every symbol replaced by what it stands for; strange ones vanish."""
        if not self.values:
            return translation
        if translation[:1] in self.raised:
            value = self.values[translation[0]]
            translation = value[:1].upper() + value[1:] + translation[1:]
        return _SYMBOL.sub(lambda match: self.values.get(match.group(), ""), translation)


def mask(text: str, kept: Sequence[Kept], symbols: Sequence[str] = SYMBOLS) -> Masked:
    """The text with a symbol for each of what is kept, in order, as far as there are symbols.

    kept: sorted and apart. Terms come first where there are more than symbols.
    """
    if len(kept) > len(symbols):
        first = sorted(kept, key=lambda one: (not one.is_term, one.span))[: len(symbols)]
        kept = sorted(first, key=lambda one: one.span)
    parts: list[str] = []
    values: dict[str, str] = {}
    raised: set[str] = set()
    begins = text[:1].isupper()
    end = 0
    for (span, value, is_term), symbol in zip(kept, symbols, strict=False):
        parts += [text[end : span.start], symbol]
        values[symbol] = value
        if is_term and begins:
            raised.add(symbol)
        end = span.end
    return Masked("".join([*parts, text[end:]]), values, raised)


def find(text: str, keeper: Keeper, glossary: Glossary | None = None) -> list[Kept]:
    """What a translation of the text must hold: terms, and what stands apart from them."""
    found = [] if glossary is None else glossary.find(text)
    terms = [Kept(span, translation, True) for span, translation in found]
    kept = list(terms)
    for span in keeper.spans(text):
        if not any(span.start < term.span.end and term.span.start < span.end for term in terms):
            kept.append(Kept(span, text[span.start : span.end], False))
    return sorted(kept)
