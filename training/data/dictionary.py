"""The words of a language, beyond those that any data set has."""

from collections.abc import Collection, Mapping

from simplemma.strategies.dictionaries import DefaultDictionaryFactory
from wordfreq import available_languages, get_frequency_dict

SOURCE = (
    "simplemma (https://github.com/adbar/simplemma): the software under MIT, its lists of words of "
    "several sources under the Open Database License, CC BY-SA and CC BY 4.0; "
    "and wordfreq (https://github.com/rspeer/wordfreq, doi:10.5281/zenodo.7199437): the software "
    "under Apache 2.0, its frequencies of several sources under CC BY-SA 4.0"
)


def dictionary(language: str) -> Collection[str]:
    """The words of a language in all their forms, as they are written; empty for one unknown.

    language: its code, as "de" or "de-AT".
    """
    try:
        return DefaultDictionaryFactory().get_dictionary(_primary(language))
    except ValueError:
        return ()


def frequencies(language: str) -> Mapping[str, float]:
    """How often people write what they write, right or not, names and abbreviations too.

    Counted in books, news, films, encyclopedias and on the web until 2021; the share of all words,
    by the word in lower case. Empty for an unknown language. language: as above.
    """
    # Asked for a language that it lacks, the library takes the nearest one.
    primary = _primary(language)
    return get_frequency_dict(primary) if primary in available_languages() else {}


def _primary(language: str) -> str:
    return language.split("-")[0]
