"""Splits a text into sentences and the white space between them, and joins it again.

Pure text: knows nothing about models. The splitting is sentencex's; what is ours is that the
layout survives: every text equals its parts, joined.
"""

import re
from dataclasses import dataclass

import sentencex

_LINES = re.compile(r"([\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+)")
# White space beyond ASCII before a full stop: where it stands behind a lone capital, sentencex
# 1.0.32 slices a character in two and panics.
_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]+(?=\.)")


@dataclass(frozen=True)
class SplitText:
    """A text as ``gaps[0] + sentences[0] + gaps[1] + … + sentences[-1] + gaps[-1]``."""

    sentences: tuple[str, ...]  # none is empty or begins or ends with white space
    gaps: tuple[str, ...]  # white space, one more than there are sentences

    def join(self, sentences: list[str]) -> str:
        """The text with other sentences in the places of its own."""
        parts = [self.gaps[0]]
        for sentence, gap in zip(sentences, self.gaps[1:], strict=True):
            parts += (sentence, gap)
        return "".join(parts)


def split_sentences(text: str, language: str) -> SplitText:
    """The sentences of a text. A line break always ends a sentence.

    text: without lone surrogates (else UnicodeEncodeError); language: a code such as ``en``;
    sentencex falls back to a related one or to English.
    """
    sentences: list[str] = []
    gaps = [""]
    for i, line in enumerate(_LINES.split(text)):
        if i % 2:  # the separators themselves
            gaps[-1] += line
            continue
        position = 0
        narrow = _WIDE_SPACE.sub(lambda found: " " * len(found[0]), line)
        for segment in sentencex.segment(language, narrow):
            before, sentence, after = _edges(line[position : position + len(segment)])
            position += len(segment)
            gaps[-1] += before
            if sentence:
                sentences.append(sentence)
                gaps.append(after)
            else:
                gaps[-1] += after
    return SplitText(tuple(sentences), tuple(gaps))


def _edges(segment: str) -> tuple[str, str, str]:
    # Not an expression such as (\s*)(.*?)(\s*): its time grows with the square of a run of spaces.
    sentence = segment.strip()
    begin = len(segment) - len(segment.lstrip())
    return segment[:begin], sentence, segment[begin + len(sentence) :]
