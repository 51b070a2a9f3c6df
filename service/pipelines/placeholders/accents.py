"""Words as a keyboard has them that lacks letters of their language: "fur" or "fuer" for "für".

Pure. Words, unlike texts, are case folded.
"""

import unicodedata

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def respellings(word: str) -> set[str]:
    """How a word is written without its accents, or with an "e" for an umlaut's."""
    return {without_accents(word), _spelt_out(word)} - {word}


def is_respelt(word: str, other: str) -> bool:
    """Whether a word may be another one."""
    return word in respellings(other)


def is_bare(word: str, other: str) -> bool:
    """Whether it may be another one without its accents."""
    return word != other and word == without_accents(other)


def is_spelt_out(word: str, other: str) -> bool:
    """Whether it may be another one with an "e" for each umlaut's points."""
    return word != other and word == _spelt_out(other)


def has_umlauts(word: str) -> bool:
    """Whether any letter is a German umlaut."""
    return _spelt_out(word) != word


def has_accents(text: str) -> bool:
    """Whether any letter of a text, in whatever case, is one that such a keyboard lacks."""
    return "ß" in text.lower() or without_accents(text) != text


def without_accents(text: str) -> str:
    """A text, composed, without its accents.

    Letters of other alphabets have none, but are other letters with them.
    """
    if text.isascii():
        return text
    first = ((letter, unicodedata.normalize("NFD", letter)[0]) for letter in text)
    return "".join(bare if bare.isascii() else letter for letter, bare in first)


def _spelt_out(word: str) -> str:
    return word.translate(_UMLAUTS)
