"""What can be said of a text's language without a model: its script, and its commonest words.

Pure, and quick enough to be done for every request. It knows nothing about models or requests.
"""

import re
import unicodedata
from collections import Counter

EXCERPT_CHARACTERS = 400  # of a text, by which its language is told
GLANCE_CHARACTERS = 160  # of those, by which it is taken to be what was expected
_GLANCE_WORDS = 8  # a common word among so many is enough

# English names of languages, by their code: those that are written in Latin letters.
LATIN_LANGUAGES = {
    "af": "Afrikaans",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fi": "Finnish",
    "fr": "French",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sv": "Swedish",
    "tr": "Turkish",
    "vi": "Vietnamese",
}
# Words that are common in one of the languages and no words of the others.
COMMON_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and of to is it it's that this these those with for from by at he she we you "
        "they my your our their his him them i'm i've don't didn't doesn't isn't can't not no be "
        "been are were have has had do does did would could should than then there here what when "
        "where who why how if but because about into only very really never just too",
        "de": "der das und ist nicht ein eine einen einem einer eines ich er wir ihr sie mein "
        "dein sein unser zu zum zur mit auf für von vom den dem im bei nach aus wie aber auch "
        "sich haben habe wird werden wurde wurden sind bin bist kann können muss soll nur noch "
        "oder wenn dass mich dich mir dir uns euch schon sehr hier wo wer kein keine keinen über "
        "durch doch dann bis beim",
        "fr": "le la les et est une que qui quoi pas je il elle nous vous ils elles dans pour par "
        "sur sous avec sans ce cette ces cet au aux ne se ses mes tes mais où être été était sont "
        "ont suis avez avons fait c'est j'ai n'est qu'il qu'elle d'un d'une très tout tous toute "
        "comme votre notre leur chez donc",
    }.items()
}
# Addresses, and the names of people and things that are the same in every language.
_NAMED = re.compile(r"\S*(?:://|@)\S*|\bwww\.\S+|#\w+")


def excerpt(text: str, characters: int = EXCERPT_CHARACTERS) -> str:
    """The beginning of a text without addresses, mentions and hashtags; it may be empty."""
    beginning = text[:characters]
    if len(text) > characters and " " in beginning:
        beginning = beginning.rpartition(" ")[0]
    if "@" in beginning or "#" in beginning or "://" in beginning or "www." in beginning:
        beginning = _NAMED.sub(" ", beginning)
    return beginning.strip()


def has_common_word(text: str, language: str) -> bool:
    """Whether a common word of a language stands in a text.

    Of a language without a list nobody can say that there is none.
    """
    known = COMMON_WORDS.get(language)
    if known is None:
        return True
    return not known.isdisjoint(text.lower().replace("’", "'").split())


def seems_to_be(text: str, language: str) -> bool:
    """Whether a glance shows common words enough of a language. False: look more closely."""
    known = COMMON_WORDS.get(language)
    if known is None:
        return False
    words = text[:GLANCE_CHARACTERS].lower().split()
    return len(known.intersection(words)) * _GLANCE_WORDS >= max(len(words), _GLANCE_WORDS)


def script_of(text: str) -> tuple[str, int]:
    """The script of most of a text's letters, such as "Latin" or "Cyrillic", and how many it has.

    Of a text without letters it is ("", 0).
    """
    if text.isascii():
        letters = sum(map(str.isalpha, text))
        return ("Latin", letters) if letters else ("", 0)
    # Letters for decoration, as in "𝗯𝗼𝗹𝗱", are compatible with plain ones.
    plain = unicodedata.normalize("NFKC", text)
    # A character's name begins with its script.
    scripts = Counter(
        unicodedata.name(c, "unknown").partition(" ")[0] for c in plain if c.isalpha()
    )
    if not scripts:
        return "", 0
    ((name, letters),) = scripts.most_common(1)
    return _SCRIPTS.get(name, name.capitalize()), letters


# Where the first word of a character's name is not how its script is called.
_SCRIPTS = {
    "CJK": "Chinese or Japanese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
}
