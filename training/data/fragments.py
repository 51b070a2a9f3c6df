"""Fragments of sentences, as people type them: a few words, any case, typos, lost accents.

A language must be told from three words of a search box as surely as from a sentence, and no
dataset has such texts. What is made of a sentence depends on the sentence and a salt alone. This
module knows nothing about datasets or languages, but for the German way to write umlauts in ASCII.
"""

import re
import string
import unicodedata
from collections.abc import Sequence
from random import Random

from training.data.splits import fraction_of

LONGEST_SPAN = 5  # words of a fragment to train on
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_PUNCTUATION = re.compile(r"[^\w\s'’-]|_")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)
_AMONG = ("12:30", "2024", "https://t.co/x7Kq", "@user_1", "#1", "😀", "—", "www.example.org")


def span(text: str, words: int, salt: str) -> str | None:
    """So many neighbouring words of a text, without the punctuation around them.

    None where the text has fewer, or those that were drawn hold no letter.
    """
    parts = text.split()
    if len(parts) < words:
        return None
    first = int(fraction_of(text, f"span {words} {salt}") * (len(parts) - words + 1))
    cut = _EDGES.sub("", " ".join(parts[first : first + words]))
    return cut if any(map(str.isalpha, cut)) else None


def some_words(text: str, salt: str) -> str:
    """One to five neighbouring words of a text, drawn at random; the whole where it has fewer."""
    wanted = 1 + int(fraction_of(text, f"words {salt}") * LONGEST_SPAN)
    return span(text, wanted, salt) or text


def joined(texts: Sequence[str], index: int, salt: str) -> str:
    """A text with up to five of those behind it: a paragraph."""
    count = 2 + int(fraction_of(texts[index], f"joined {salt}") * 5)
    return " ".join(texts[index : index + count])


def roughened(text: str, salt: str) -> str:
    """A text as somebody may have typed it: most often as it stands."""
    random = Random(fraction_of(text, f"rough {salt}"))
    if random.random() < 0.10:
        text = _without_accents(text, random)
    if random.random() < 0.30:
        text = " ".join(_PUNCTUATION.sub(" ", text).split()) or text
    if random.random() < 0.15:
        text = _mistyped(text, random)
    if random.random() < 0.35:
        text = random.choice((str.lower, str.lower, str.upper, str.title))(text)
    if random.random() < 0.05:
        among = random.choice(_AMONG)
        text = random.choice((f"{text} {among}", f"{among} {text}"))
    return text


def _without_accents(text: str, random: Random) -> str:
    if random.random() < 0.5:
        text = text.translate(_UMLAUTS)
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _mistyped(text: str, random: Random) -> str:
    """One letter in twenty left out, doubled, changed or exchanged with its neighbour."""
    letters = list(text)
    for i, letter in enumerate(letters):
        if not letter.isalpha() or random.random() >= 0.05:
            continue
        kind = random.randrange(4)
        if kind == 0 and len(text) > 4:
            letters[i] = ""
        elif kind == 1:
            letters[i] = 2 * letter
        elif kind == 2:
            letters[i] = random.choice(string.ascii_lowercase)
        elif i + 1 < len(letters) and letters[i + 1].isalpha():
            letters[i], letters[i + 1] = letters[i + 1], letter
    return "".join(letters)
