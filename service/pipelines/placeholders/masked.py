"""A sentence as a translator with placeholders reads it, and the way back.

A symbol stands for each thing that is kept. A sentence in capitals is read in lower case, which
the translator knows better, and answered in capitals. One that ends without a full stop, as titles
do, gets none. Of a translator that knows how words are spelt a mistyped one is read as what it must
be, and a sentence in one case alone as its words are mostly written.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from service.pipelines.placeholders.glossary import Glossary
from service.pipelines.placeholders.spans import WORD, Keeper, Span, composed
from service.pipelines.placeholders.spelling import Spelling
from service.pipelines.placeholders.symbols import SYMBOLS

_SYMBOL = re.compile(f"[{SYMBOLS[0]}-{SYMBOLS[-1]}]")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
# Behind a letter or what a symbol stands for: "3." is an ordinal number.
_FULL_STOP = re.compile(rf"(?<=[^\W\d]|{_SYMBOL.pattern})\.$")
_FEWEST_WORDS = 2  # a single word in capitals may be a name, as "NATO" is


class Rewritten(NamedTuple):
    """A word of a sentence, and how it is read."""

    span: Span
    text: str


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
    spans: Sequence[Span] = ()  # of the sentence, for each symbol in the order of `values`
    capitals: bool = False  # whether the sentence is all in capitals, and its translation is to be
    open: bool = False  # whether it ends with a word, and its translation is to
    rewritten: Sequence[Rewritten] = ()  # words of the sentence, in order

    @property
    def wordless(self) -> bool:
        """Whether nothing in it is to be translated: no word, but marks and what is kept."""
        return not any(map(str.isalnum, self.text))

    def only(self, text: str) -> "Masked":
        """Of a part of the text, with what that holds alone; it has no `origins`."""
        found = [symbol in text for symbol in self.values]
        return replace(
            self,
            text=text,
            values={
                s: v for (s, v), is_in in zip(self.values.items(), found, strict=True) if is_in
            },
            spans=[span for span, is_in in zip(self.spans, found, strict=True) if is_in],
            rewritten=(),
        )

    def restored(self, translation: str, whole: bool = True) -> str:
        """A translation with every symbol replaced by what it stands for; strange ones vanish.

        What it lacks although the sentence has it (a search that ended at its limit may have left
        it out) is put behind it, where it is whole.
        """
        return "".join(self._pieces(translation, whole))

    def shown(self, translation: str, whole: bool = True) -> str:
        """The same for who asked: a sentence without words, or for which none was written, stays.

        Before the first word nothing is shown, so that a stream has nothing to take back.
        """
        return "".join(self._shown(translation, whole))

    def places(self, translation: str) -> list[Span]:
        """For each character of a translation, where it stands in what is shown of it."""
        spans: list[Span] = []
        start = 0
        for piece in self._shown(translation, True):
            spans.append(Span(start, start + len(piece)))
            start += len(piece)
        return spans[: len(translation)]

    def origins(self, sentence: str) -> list[Span]:
        """For each character of the text, which ones of the sentence it stands for."""
        whole = _composed_spans(sentence)
        origins: list[Span] = []
        end = 0
        read = sorted(
            [*((span, 1) for span in self.spans)]
            + [(span, len(text)) for span, text in self.rewritten]
        )
        for (start, stop), length in read:
            origins += whole[end:start]
            if length == stop - start:
                origins += whole[start:stop]
            else:
                origins += [Span(whole[start].start, whole[stop - 1].end)] * length
            end = stop
        return origins + whole[end:]

    def corrections(self, sentence: str) -> list[Rewritten]:
        """The words of the sentence, as it came, that are read as others."""
        whole = _composed_spans(sentence)
        return [
            Rewritten(Span(whole[start].start, whole[end - 1].end), text)
            for (start, end), text in self.rewritten
        ]

    def recognised(self, translation: str) -> tuple[str, list[Span]]:
        """A restored translation with its symbols again, and for each character where it stood.

        What is not found in it stays away.
        """
        found: list[tuple[Span, str]] = []
        for symbol, value in self.values.items():
            place = re.search(re.escape(value), translation, re.IGNORECASE)
            if place and not any(
                place.start() < span.end and span.start < place.end() for span, _ in found
            ):
                found.append((Span(*place.span()), symbol))
        text = translation.lower() if self.capitals else translation
        if len(text) != len(translation):
            text = translation
        parts: list[str] = []
        spans: list[Span] = []
        end = 0
        for span, symbol in sorted(found):
            parts += [text[end : span.start], symbol]
            spans += [*(Span(i, i + 1) for i in range(end, span.start)), span]
            end = span.end
        spans += [Span(i, i + 1) for i in range(end, len(text))]
        return "".join([*parts, text[end:]]), spans

    def _pieces(self, translation: str, whole: bool) -> list[str]:
        """What becomes of each character of a translation, and at last what it lacks."""
        pieces = list(translation.upper() if self.capitals else translation)
        if len(pieces) != len(translation):  # such as "ß", which is "SS" in capitals
            pieces = [character.upper() for character in translation]
        for i, character in enumerate(translation):
            if _SYMBOL.match(character):
                pieces[i] = self.values.get(character, "")
        if self.open and _FULL_STOP.search(translation):
            pieces[-1] = ""
        if translation[:1] in self.raised:
            pieces[0] = pieces[0][:1].upper() + pieces[0][1:]
        missing = [value for symbol, value in self.values.items() if symbol not in translation]
        if whole and missing:
            pieces.append(" ".join(["", *missing] if pieces else missing))
        return pieces

    def _shown(self, translation: str, whole: bool) -> list[str]:
        """What is shown of each character of a translation, and at last what it lacks."""
        says = any(character.isalnum() or character in self.values for character in translation)
        if says and not self.wordless:
            return self._pieces(translation, whole)
        kept = self.restored(self.text) if whole or self.wordless else ""
        return [kept, *[""] * (len(translation) - 1)]


def read(
    sentence: str,
    keeper: Keeper,
    glossary: Glossary | None = None,
    symbols: Sequence[str] = SYMBOLS,
) -> Masked:
    """A sentence as it is handed to a translator whose keeper and symbols these are."""
    sentence = composed(sentence)
    kept = find(sentence, keeper, glossary)
    shouts = _shouts(sentence)
    spelling = keeper.spelling
    if spelling is None:
        masked = mask(sentence, kept, symbols)
        masked = _calmed(masked) if shouts else masked
    else:
        one_case = shouts or _whispers(sentence)
        rewritten = _rewritten(
            sentence, kept, keeper.slips(sentence), spelling if one_case else None
        )
        masked = mask(sentence, kept, symbols, rewritten)
        masked = _begun(masked) if one_case and spelling.capitals else masked
    return replace(masked, open=sentence.rstrip()[-1:].isalnum(), capitals=shouts)


def mask(
    text: str,
    kept: Sequence[Kept],
    symbols: Sequence[str] = SYMBOLS,
    rewritten: Sequence[Rewritten] = (),
) -> Masked:
    """The text with a symbol for each of what is kept, in order, as far as there are symbols.

    kept, rewritten: sorted and apart, from each other too. Terms come first where there are more
    than symbols.
    """
    if len(kept) > len(symbols):
        first = sorted(kept, key=lambda one: (not one.is_term, one.span))[: len(symbols)]
        kept = sorted(first, key=lambda one: one.span)
    values: dict[str, str] = {}
    raised: set[str] = set()
    begins = text[:1].isupper()
    read = [(one.span, one.text) for one in rewritten]
    for (span, value, is_term), symbol in zip(kept, symbols, strict=False):
        read.append((span, symbol))
        values[symbol] = value
        if is_term and begins:
            raised.add(symbol)
    parts: list[str] = []
    end = 0
    for span, there in sorted(read):
        parts += [text[end : span.start], there]
        end = span.end
    whole = "".join([*parts, text[end:]])
    return Masked(whole, values, raised, [one.span for one in kept], rewritten=rewritten)


def find(text: str, keeper: Keeper, glossary: Glossary | None = None) -> list[Kept]:
    """What a translation of the text must hold: terms, and what stands apart from them."""
    found = [] if glossary is None else glossary.find(text)
    terms = [Kept(span, translation, True) for span, translation in found]
    kept = list(terms)
    for span in keeper.spans(text):
        if not any(span.start < term.span.end and term.span.start < span.end for term in terms):
            kept.append(Kept(span, text[span.start : span.end], False))
    return sorted(kept)


def _shouts(sentence: str) -> bool:
    return sentence.isupper() and len(_LETTERS.findall(sentence)) >= _FEWEST_WORDS


def _whispers(sentence: str) -> bool:
    """Whether all is in lower case. A single word says nothing: it may be part of something."""
    return sentence.islower() and len(_LETTERS.findall(sentence)) >= _FEWEST_WORDS


def _rewritten(
    sentence: str, kept: Sequence[Kept], slips: Mapping[Span, str], cased: Spelling | None
) -> list[Rewritten]:
    """The words outside of what is kept that are read as others.

    slips: what each mistyped one must be; cased: where all are in one case.
    """
    spans = iter([*(one.span for one in kept), Span(len(sentence), len(sentence))])
    span = next(spans)
    rewritten: list[Rewritten] = []
    for match in WORD.finditer(sentence):
        while span.end <= match.start() < len(sentence):
            span = next(spans)
        if span.start < match.end():
            continue
        word, place = match.group(), Span(*match.span())
        read = slips.get(place) or (word if cased is None else cased.cased(word))
        if read != word:
            rewritten.append(Rewritten(place, read))
    return rewritten


def _begun(masked: Masked) -> Masked:
    """With the capital that a sentence begins with."""
    first = masked.text[:1].upper()
    return replace(masked, text=first + masked.text[1:]) if len(first) == 1 else masked


def _calmed(masked: Masked) -> Masked:
    """In lower case, but for its beginning."""
    text = masked.text.lower()
    if len(text) != len(masked.text):  # a letter that is two in lower case, which no language has
        return masked
    return _begun(replace(masked, text=text))


def _composed_spans(sentence: str) -> list[Span]:
    """For each character of the composed sentence, which ones of the sentence it is made of."""
    if len(composed(sentence)) == len(sentence):
        return [Span(i, i + 1) for i in range(len(sentence))]
    spans: list[Span] = []
    start = 0
    for end in range(1, len(sentence) + 1):
        # A letter may have thousands of accents: it is composed once, with all of them.
        if end < len(sentence) and unicodedata.combining(sentence[end]):
            continue
        made = len(composed(sentence[start:end]))
        if end < len(sentence) and len(composed(sentence[start : end + 1])) == made:
            continue  # such as a syllable of Hangul
        spans += [Span(start, end)] * made
        start = end
    return spans
