"""Sentence pairs with the placeholders that a translator is to carry over.

A placeholder stands on both sides for the same thing: what the service keeps by its form (an
address, a number), a name that is written alike in both languages, or a word and the one that it
became, as a glossary's term will be. Knows nothing about tokenizers or networks.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import NamedTuple

from service.pipelines.placeholders import SYMBOLS, Keeper, KnownWords, Span, composed
from training.data.alignment import Link, word_links
from training.data.examples import SentencePair

_NAME = re.compile(r"[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_OF_A_NAME = 0.5  # share of a name's places in which the other side has it in the same letters
_SHORTEST_TERM = 4  # letters of the source's word: those of a glossary are no "the"
_MOST_TERMS = 2  # a sentence


class Replaceable(NamedTuple):
    """Stretches of both sides that one placeholder can stand for."""

    source: Span
    target: Span


class MaskedPairs:
    """Pairs that get their placeholders anew each time they are read."""

    def __init__(self, pairs: Sequence[SentencePair], names: float, terms: float) -> None:
        """names: the share of names that are masked; terms: of sentences with masked terms."""
        pairs = [SentencePair(*map(composed, pair)) for pair in pairs]
        self._pairs = pairs
        self._names = names
        self._terms = terms
        self._kept: list[list[Replaceable]] = []
        self._named: list[list[Replaceable]] = []
        keeper = Keeper(None)
        for pair in pairs:
            there = keeper.spans(pair.target)
            self._kept.append(_alike(pair, keeper.spans(pair.source), _written(pair, there)))
            self._named.append(_alike(pair, _names(pair), _standing(pair, there)))
        self._links = word_links(pairs) if terms else [[] for _ in pairs]

    def pair(self, index: int, random: Random) -> SentencePair:
        """The pair of that number; which placeholders it has is drawn."""
        pair = self._pairs[index]
        chosen = [*self._kept[index]]
        chosen += [one for one in self._named[index] if random.random() < self._names]
        if random.random() < self._terms:
            links = [link for link in self._links[index] if _is_term(link)]
            drawn = random.sample(links, min(len(links), random.randint(1, _MOST_TERMS)))
            chosen += [Replaceable(Span(*link.source), Span(*link.target)) for link in drawn]
        return _replaced(pair, _apart(chosen), random)


def known_words(texts: Iterable[str], least: int = 2) -> set[str]:
    """The words that texts hold so often, case folded; see `KnownWords`."""
    counts = Counter(word.casefold() for text in texts for word in _LETTERS.findall(composed(text)))
    return {word for word, count in counts.items() if count >= least}


def names_taken_over(pairs: Iterable[SentencePair], common: int = 200) -> set[str]:
    """Words of the source that the other language takes over as they are, case folded: names.

    common: what comes as often is left out. A network learns it, and who "Tom" is, a he, as well;
    in place of a name that it has seen a few times it writes another one.
    """
    counts, taken_over = Counter[str](), Counter[str]()
    for pair in pairs:
        there = set(_LETTERS.findall(composed(pair.target)))
        for word in _LETTERS.findall(composed(pair.source)):
            folded = word.casefold()
            counts[folded] += 1
            # A genitive has an s more, in English behind an apostrophe.
            taken_over[folded] += word[0].isupper() and (word in there or f"{word}s" in there)
    return {
        word
        for word, count in taken_over.items()
        if _OF_A_NAME * counts[word] <= count and counts[word] < common
    }


def words_content(words: Sequence[str]) -> bytes:
    """A file of words, one a line."""
    return "".join(f"{word}\n" for word in words).encode("utf-8")


def _is_term(link: Link) -> bool:
    return link.source[1] - link.source[0] >= _SHORTEST_TERM


def _names(pair: SentencePair) -> list[Span]:
    """Runs of words with a capital that the target has too, but for the sentence's first word."""
    spans = []
    for match in _NAME.finditer(pair.source):
        words = list(re.finditer(r"[\w'’-]+", match.group()))
        run: Span | None = None
        for word in words:
            start, end = match.start() + word.start(), match.start() + word.end()
            text = word.group()
            if start == 0 or not text[0].isupper() or not _stands(text, pair.target):
                if run is not None:
                    spans.append(run)
                run = None
            else:
                run = Span(start if run is None else run.start, end)
        if run is not None:
            spans.append(run)
    return spans


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _written(pair: SentencePair, there: Sequence[Span]) -> Callable[[str], list[Span]]:
    """Finds what is kept of the target (there) and is written like a text."""
    return lambda text: [span for span in there if pair.target[span.start : span.end] == text]


def _standing(pair: SentencePair, there: Sequence[Span]) -> Callable[[str], list[Span]]:
    """Finds the words of the target that are a text's and are not part of what is kept (there)."""

    def find(text: str) -> list[Span]:
        matches = re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", pair.target)
        spans = [Span(*match.span()) for match in matches]
        return [span for span in spans if not any(_overlap(span, other) for other in there)]

    return find


def _alike(
    pair: SentencePair, spans: Sequence[Span], find: Callable[[str], list[Span]]
) -> list[Replaceable]:
    """Those that the target has in the same letters, and as often; the nth for the nth."""
    found: list[Replaceable] = []
    by_text: dict[str, list[Span]] = {}
    for span in spans:
        by_text.setdefault(pair.source[span.start : span.end], []).append(span)
    for text, here in by_text.items():
        there = find(text)
        if len(there) == len(here):
            found += map(Replaceable, here, there)
    return found


def _apart(chosen: Sequence[Replaceable]) -> list[Replaceable]:
    """Those that overlap none before them on either side, as many as there are symbols."""
    kept: list[Replaceable] = []
    for one in chosen:
        if not any(
            _overlap(one.source, other.source) or _overlap(one.target, other.target)
            for other in kept
        ):
            kept.append(one)
    return kept[: len(SYMBOLS)]


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _replaced(pair: SentencePair, chosen: Sequence[Replaceable], random: Random) -> SentencePair:
    # Any symbol may stand for anything, so that all are learnt alike.
    symbols = random.sample(SYMBOLS, len(chosen))
    sides = []
    for text, spans in (
        (pair.source, [one.source for one in chosen]),
        (pair.target, [one.target for one in chosen]),
    ):
        for span, symbol in sorted(zip(spans, symbols, strict=True), reverse=True):
            text = text[: span.start] + symbol + text[span.end :]
        sides.append(text)
    return SentencePair(*sides)


def keeper_of(words: Sequence[str], language: str) -> Keeper:
    """The keeper that the service makes of a model's words."""
    return Keeper(KnownWords.of(words, language))
