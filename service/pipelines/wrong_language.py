"""Whether a text is clearly not in the language that a model reads, and what is said of it then.

The rule is made so that nobody is warned who writes the right language, whatever names, numbers or
jargon stand in the text: docs/languages.md has how often it errs. Pure; it knows nothing about
requests, and computes nothing: the probabilities of the languages are given to it.
"""

from collections.abc import Sequence

from service.pipelines.classification import Prediction
from service.pipelines.writing import (
    GLANCE_CHARACTERS,
    LATIN_LANGUAGES,
    excerpt,
    has_common_word,
    script_of,
    seems_to_be,
)

# What a text must have before a language is told from it.
CONFIDENCE = 0.99
LETTERS = 12
WORDS = 3
FOREIGN_LETTERS = 4  # of another script: two Chinese words


def primary(code: str) -> str:
    """The language of a BCP 47 code, without region or script."""
    return code.partition("-")[0].lower()


def language_name(code: str) -> str:
    """The English name of a language, or its code where this service knows no name of it."""
    return LATIN_LANGUAGES.get(primary(code), code)


def passage_of(text: str) -> str:
    """The part of a text that is looked at."""
    return excerpt(text, GLANCE_CHARACTERS)


def may_be_another(text: str, language: str, others: Sequence[str]) -> bool:
    """Whether a text should be looked at closely. False for most, within a few microseconds.

    language, others: what is expected, and what else can be told; primary codes.
    Names look like any language, to a model too. A sentence has words that only its language has:
    a text without a single one, of another language, gets no warning, whatever a model would say.
    """
    if seems_to_be(text, language):
        return False
    passage = passage_of(text)
    if script_warning(passage, language) is not None:
        return True
    long_enough = len(passage.split()) >= WORDS and sum(map(str.isalpha, passage)) >= LETTERS
    return long_enough and any(has_common_word(passage, other) for other in others)


def script_warning(passage: str, language: str) -> str | None:
    """What is to be said of a passage in letters that the language is not written with."""
    if passage.isascii() or language not in LATIN_LANGUAGES:
        return None
    script, letters = script_of(passage)
    if script in ("", "Latin") or letters < FOREIGN_LETTERS:
        return None
    return f"the text is mostly in {script} letters; this model reads {language_name(language)}"


def language_warning(passage: str, ranked: Sequence[Prediction], language: str) -> str | None:
    """What is to be said of a passage, by the probabilities of its languages, best first."""
    found, confidence = ranked[0]
    code = primary(found)
    if code == language or confidence < CONFIDENCE or not has_common_word(passage, code):
        return None
    return (
        f"the text looks {language_name(found)} (confidence {confidence:.2f}); "
        f"this model reads {language_name(language)}"
    )
