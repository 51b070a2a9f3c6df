"""Where a sentence holds what a translation must keep as it stands."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import and_
from typing import NamedTuple

from service.pipelines.placeholders.accents import has_accents, is_bare
from service.pipelines.placeholders.known_words import KnownWords
from service.pipelines.placeholders.spelling import Spelling
from service.pipelines.placeholders.symbols import PRIVATE_USE


class Span(NamedTuple):
    """Characters of a text, the end excluded."""

    start: int
    end: int


WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_DOMAINS = "com|org|net|edu|gov|io|de|at|ch|fr|uk|eu|info|biz|app|dev"
_FILES = (
    "pdf|docx?|xlsx?|pptx?|odt|csv|tsv|txt|md|log|json|xml|ya?ml|toml|ini|cfg|conf|html?|css|"
    "png|jpe?g|gif|svg|mp[34]|wav|zip|tar|gz|py|js|ts|sh|bat|exe|dll|iso"
)
_PART = re.compile(r"\S+")
_INSIDE_WORDS = {"Cf", "Mn", "Mc", "Me"}  # such as soft hyphens, and accents that stay apart
_LONGEST_PART = 100  # characters; what is longer is no word
# What is written in groups: telephone numbers (two groups are one only behind a 0 or a +), and the
# numbers of bank accounts (ISO 13616).
_GROUPS = re.compile(
    r"""
    (?<![\w()/-])[+(]?\d{2,8}\)?(?:[ /-]\(?\d{2,8}\)?){2,6}(?!\w)
  | (?<![\w()/-])(?:\+\d|\(?0)\d{1,5}\)?[ /-]\d{4,9}(?!\w)
  | \b[A-Z]{2}\d{2}(?:[ ][A-Z\d]{4}){2,7}(?:[ ][A-Z\d]{1,4})?\b
    """,
    re.VERBOSE,
)
# May be the name of a machine or a part, "k8s-node-03": the words that are known decide.
_HYPHENATED = re.compile(r"(?<![\w.-])[^\W\d_]\w*(?:-\w+)+(?![\w-])")
# What no translator should rewrite, each by its form alone; the first alternative that fits wins.
_FORMS = re.compile(
    rf"""
    (?:https?|ftp)://[^\s<>"]*[^\s<>".,;:!?'’)\]}}]      # an address of the web
  | \bwww\.[^\s<>"]*[^\s<>".,;:!?'’)\]}}]
  | [\w.+%-]*\w@\w[\w-]*(?:\.\w[\w-]*)+               # an e-mail address
  | (?<![\w@])[@\#]\w(?:[\w.-]*\w)?                  # a name in a chat, a hashtag
  | (?<![\w/])(?:[A-Za-z]:\\|~?/)(?:[\w.-]+[\\/])*[\w.-]*\w           # a path
  | \b\w[\w-]*(?:\.\w[\w-]*)*\.(?:{_DOMAINS})\b(?:/[^\s<>"]*[\w/])?  # the same without http
  | \b\w[\w-]*\.(?:{_FILES})\b                        # the name of a file
  # a number, a date, a code
  | (?<![\w])[$€£¥]?(?:[A-Z]+-)?\w*\d\w*(?:[.,:/’'-]\w*\d\w*)*(?:-[A-Z]{{1,3}}\b)?[%°€£$]?
  | \b\w+(?:_\w+)+\b                                  # an identifier
  | \b[^\W\d_]+(?:[A-Z][^\W\d_A-Z]+)+\b              # a name in camel case
  | [\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]+ # emoji
    """,
    re.VERBOSE,
)


def composed(text: str) -> str:
    """The text with its accents within its letters (NFC): "e" and an acute accent are one "é".

    What is told apart here by letters would else be cut between a letter and its accent.
    """
    return unicodedata.normalize("NFC", text)


def _is_part(text: str, word: re.Match[str]) -> bool:
    """Whether a match is a part of a longer word, which has a soft hyphen or a digit inside."""
    beside = (text[word.start() - 1 : word.start()], text[word.end() : word.end() + 1])
    return any(
        one and (one == "_" or one.isdigit() or unicodedata.category(one) in _INSIDE_WORDS)
        for one in beside
    )


def _lacks_accents(text: str, words: Sequence[re.Match[str]], read: Sequence[str | None]) -> bool:
    """Whether it was written on a keyboard that lacks them: a word that must have some tells."""
    return not has_accents(text) and any(
        one is not None and is_bare(word.group().casefold(), one.casefold())
        for word, one in zip(words, read, strict=True)
    )


class Keeper:
    """Finds the spans."""

    def __init__(self, known: KnownWords | None, spelling: Spelling | None = None) -> None:
        """known: None leaves every word to the translator.

        spelling: tells mistyped words, which are no names.
        """
        self._known = known
        self.spelling = spelling

    def spans(self, text: str) -> list[Span]:
        """What is to be kept of a sentence, in order; no two overlap or touch within a word."""
        found = sorted([*self._forms(text), *self._names(text)])
        spans: list[Span] = []
        for span in found:
            if spans and span.start < spans[-1].end:
                spans[-1] = Span(spans[-1].start, max(span.end, spans[-1].end))
            else:
                spans.append(span)
        return spans

    def _forms(self, text: str) -> Iterator[Span]:
        for match in _GROUPS.finditer(text):
            yield Span(*match.span())
        # Word for word, because the time of some of these forms grows with the square of what
        # they are looked for in.
        for part in _PART.finditer(text):
            start, end = part.span()
            if end - start > _LONGEST_PART:
                yield Span(start, end)
                continue
            for match in _FORMS.finditer(text, start, end):
                yield Span(*match.span())
            for match in _HYPHENATED.finditer(text, start, end):
                if self._is_code(match.group()):
                    yield Span(*match.span())
        for match in PRIVATE_USE.finditer(text):
            yield Span(*match.span())

    def _is_code(self, text: str) -> bool:
        """Whether it has a number, and a part that is no known word: not so "mid-1990s"."""
        parts = text.split("-")
        return (
            self._known is not None
            and any(map(str.isdigit, text))
            and any(part[0].isalpha() and part not in self._known for part in parts)
        )

    def _names(self, text: str) -> Iterator[Span]:
        """Runs of words that are written as names are and are not known, and foreign letters."""
        run: Span | None = None
        slips = self.slips(text)
        for match in WORD.finditer(text):
            if Span(*match.span()) in slips or not self._keeps(match.group()):
                continue
            if run is not None and text[run.end : match.start()] == " ":
                run = Span(run.start, match.end())
                continue
            if run is not None:
                yield run
            run = Span(*match.span())
        if run is not None:
            yield run

    def slips(self, text: str) -> dict[Span, str]:
        """The mistyped words of a text, and what each must be.

        A word with a capital beside one that is a name may be a name as well: "Usain Bolt" did not
        come by boat.
        """
        if self.spelling is None:
            return {}
        words = list(WORD.finditer(text))
        lower = text.islower()
        whole = [not _is_part(text, word) for word in words]
        read = [
            self.spelling.correction(word.group(), i == 0, lower) if whole[i] else None
            for i, word in enumerate(words)
        ]
        if _lacks_accents(text, words, read):
            read = [
                self.spelling.accented(word.group(), i == 0) if one is None and whole[i] else one
                for i, (word, one) in enumerate(zip(words, read, strict=True))
            ]
        names = [
            one is None and self._keeps(word.group()) for one, word in zip(read, words, strict=True)
        ]
        joined = [text[one.end() : next_.start()] == " " for one, next_ in pairwise(words)]
        behind = [False, *map(and_, names, joined)]
        ahead = [*map(and_, names[1:], joined), False]
        return {
            Span(*word.span()): one
            for word, one, *beside in zip(words, read, behind, ahead, strict=False)
            if one is not None and not (word.group()[0].isupper() and any(beside))
        }

    def _keeps(self, word: str) -> bool:
        if len(word) > _LONGEST_PART:
            return False  # kept already, by its form
        # An apostrophe is as far behind the Latin letters as those of other alphabets.
        if any(letter > "\u024f" and letter not in "ẞ’" for letter in word):
            return True  # not written in Latin letters
        return self._known is not None and word[0].isupper() and word not in self._known
