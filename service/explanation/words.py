"""Words of a text, and which of them each token belongs to. Pure text: knows no model.

A word is a run of letters, digits and marks, with apostrophes and hyphens inside it; every run of
punctuation or of symbols is one too, so that a full stop does not hide in the word before it.
"""

import unicodedata
from collections.abc import Sequence

Span = tuple[int, int]  # characters of the text: the first, and the one behind the last

_INNER = frozenset("'’-‐‑")  # between two letters or digits
_INNER_DIGITS = frozenset(".,:")  # between two digits
_WORD, _PUNCTUATION, _SYMBOL, _NOTHING = "word", "punctuation", "symbol", ""
_KINDS = {"L": _WORD, "N": _WORD, "P": _PUNCTUATION, "S": _SYMBOL}
_CONTINUING = ("M", "Cf")  # marks, joiners: they belong to what stands before them


def word_spans(text: str) -> list[Span]:
    """The words of a text, in order; white space and control characters are in none."""
    spans: list[Span] = []
    kind = _NOTHING
    for i, character in enumerate(text):
        category = unicodedata.category(character)
        if category.startswith(_CONTINUING) and kind:
            own = kind
        elif kind == _WORD and _is_inner(text, i):
            own = _WORD
        else:
            own = _KINDS.get(category[0], _WORD if category[0] == "M" else _NOTHING)
        if own and own == kind:
            spans[-1] = (spans[-1][0], i + 1)
        elif own:
            spans.append((i, i + 1))
        kind = own
    return spans


def group_tokens(text: str, offsets: Sequence[Span]) -> tuple[list[Span], list[int]]:
    """The words of a text, and for each token the index of its word.

    offsets: of the tokens, in order, never decreasing. Words that one token spans are one word,
    and what a token spans that is in no word is one of its own. A token that stands for no
    character (the space before a word, the end) belongs to the word that comes next, or to the
    last. Words that no token reads are left out.
    """
    stripped = [strip_span(text, span) for span in offsets]
    joined = _joined([*word_spans(text), *(span for span in stripped if span[0] < span[1])])
    if not joined:
        return [(0, len(text))], [0] * len(offsets)
    owners: list[int] = []
    word = 0
    for start, _ in stripped:
        while word < len(joined) - 1 and joined[word][1] <= start:
            word += 1
        owners.append(word)
    read = sorted(set(owners))
    places = {word: place for place, word in enumerate(read)}
    return [joined[word] for word in read], [places[word] for word in owners]


def _is_inner(text: str, i: int) -> bool:
    if not 0 < i < len(text) - 1:
        return False
    before, after = text[i - 1], text[i + 1]
    if text[i] in _INNER:
        return after.isalnum()
    return text[i] in _INNER_DIGITS and before.isdigit() and after.isdigit()


def strip_span(text: str, span: Span) -> Span:
    """The span without white space at its edges; an empty one stays where it ends."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _joined(spans: list[Span]) -> list[Span]:
    """Disjoint spans, in order: those that overlap are one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
