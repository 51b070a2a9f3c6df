"""The words of a language, beyond those that any data set has."""

from collections.abc import Collection

from simplemma.strategies.dictionaries import DefaultDictionaryFactory

SOURCE = (
    "simplemma (https://github.com/adbar/simplemma): the software under MIT, its lists of words of "
    "several sources under the Open Database License, CC BY-SA and CC BY 4.0"
)


def dictionary(language: str) -> Collection[str]:
    """The words of a language in all their forms, as they are written; empty for one unknown.

    language: its code, as "de" or "de-AT".
    """
    try:
        return DefaultDictionaryFactory().get_dictionary(language.split("-")[0])
    except ValueError:
        return ()
