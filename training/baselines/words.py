"""Splits English text into lower-case words for the baselines. Knows nothing about counting.

The sets come cased and raw ("didn't") or lower-cased and tokenised ("did n't"); split as the Penn
Treebank does, both give the same words.
"""

import re

_WORD = re.compile(r"\w+(?=n['’]t\b)|n['’]t\b|['’]\w+|\w+|[^\w\s]")


def words(text: str) -> list[str]:
    """The words of a text, with contractions taken apart; every other sign is a word of its own."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]
