"""Splits a text into words by rules, with offsets: what a tagger reads of text that nobody split.

The words are those of the Universal Dependencies' English treebanks, where a contraction is two
("do" "n't", "it" "'s"), compounds are taken apart at their hyphens, and a run of the same sign is
one; names of accounts, topics, addresses and emoticons stay whole, as corpora of tweets have them.
Every character that is no white space is in exactly one word. Knows nothing about
vocabularies; its rules are a part of what a model was trained with (`RULES`).
"""

import re
from typing import NamedTuple

RULES = "english-1"  # what a manifest says of them: others need another name


class Word(NamedTuple):
    """A part of a text: text[start:end]."""

    text: str
    start: int
    end: int


# Repetitions inside a rule are bounded, so that no text takes more than a linear time.
_LABEL = r"[^\W_][\w-]{0,62}"
_ENDINGS = "com|org|net|edu|gov|info|co|io|de|uk|us|tv|html?|pdf|docx?|xlsx?|jpe?g|png|gif|txt"
_RULES = (
    r"(?:https?://|www\.)\S{0,2000}[\w/=&#-]",  # addresses, without the stop behind them
    rf"[\w.+-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,6}}",  # of mail
    rf"{_LABEL}(?:\.{_LABEL}){{0,6}}\.(?:{_ENDINGS})\b(?!['’])",  # of sites and files
    r"[@#]\w+",  # accounts and topics
    r"(?<!\w)[:;=8xX][-'^o]?[)(\]\[DPp/\\|*3]+(?!\w)|(?<!\w)<3+(?!\w)|\^_+\^",  # emoticons
    r"(?:[^\W\d_]\.){2,}",  # U.S., a.m.
    r"(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Co|Corp|Ltd|vs|etc|No|Gen|Sen|Rep|Lt|Col|Sgt|Ave|Dept"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.(?=\s|,)",
    r"[^\W\d_]\.(?=\s+[A-Z])",  # initials
    r"\d+(?:-\d+){2,8}(?!\w)",  # telephone numbers and dates
    r"\d++(?:[.,:/]\d++){0,30}+(?:st|nd|rd|th|s)?(?![^\W\d_])",  # 3.5, 10:30, 9/11, 21st, 1990s
    r"\d++(?:[.,:/]\d++){0,30}+(?=[^\W\d_]{1,4}(?!\w))",  # the number of 5pm, 10kg
    r"(?i:e-mail\w{0,4}|[od]['’][^\W\d_]{2,40}|b/c|w/o|w/)(?!\w)",
    r"(?i:can(?=not\b)|gon(?=na\b)|wan(?=na\b)|got(?=ta\b))",
    r"\w+?(?=n['’]t\b)|(?i:n['’]t)\b",  # do n't
    r"['’](?i:s|re|ve|ll|d|m|em)\b",
    r"\w+",
    r"\.{2,}|…+|-{2,}|[!?]+|={2,}|\*{2,}|~+|_+|`{2}|'{2}|<{2,}|>{2,}|\${2,}",
    r"\S",
)
_WORD = re.compile("|".join(_RULES))


def split_words(text: str) -> list[Word]:
    """The words of a text in order; none where it is only white space."""
    return [Word(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]
