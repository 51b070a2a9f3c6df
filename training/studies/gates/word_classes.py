"""Classes of words from sources that are not the model: what a word is before anything reads it.

Stop words are scikit-learn's list of English function words. Words of sentiment are those that the
annotators of the Stanford Sentiment Treebank called positive or negative where they saw the word
alone: every leaf of a tree is a word with a label of its own. Knows nothing about gates.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from training.data.sst import nodes, read_trees

STOP, NEGATION, POSITIVE, NEGATIVE, NEUTRAL, PUNCTUATION, OTHER = (
    "stop words", "negations", "positive words", "negative words", "neutral words",
    "punctuation", "other words",
)  # fmt: skip
CLASSES = (STOP, NEGATION, POSITIVE, NEGATIVE, NEUTRAL, PUNCTUATION, OTHER)
# The negations on scikit-learn's list; contracted ones end in n't.
NEGATIONS = frozenset({
    "cannot", "cant", "couldnt", "hasnt", "neither", "never", "no", "nobody", "none", "noone",
    "nor", "not", "nothing", "nowhere", "without",
})  # fmt: skip
_NEUTRAL_LABEL = 2  # of a tree's labels 0 (very negative) to 4 (very positive)


class Lexicon(NamedTuple):
    """Words, in lower case, by what they are; no word is in two sets."""

    stop: frozenset[str]
    positive: frozenset[str]
    negative: frozenset[str]
    neutral: frozenset[str]

    def class_of(self, word: str) -> str:
        """The class of a word of a text, however it is spelt."""
        word = word.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        if not any(character.isalnum() for character in word):
            return PUNCTUATION
        if word in NEGATIONS or word.endswith("n't"):
            return NEGATION
        named = ((STOP, self.stop), (POSITIVE, self.positive), (NEGATIVE, self.negative),
                 (NEUTRAL, self.neutral))  # fmt: skip
        return next((name for name, words in named if word in words), OTHER)


def read_lexicon(root: Path) -> Lexicon:
    """The classes, with the labels of the treebank's train part. Raises DataError."""
    labels: dict[str, set[int]] = {}
    for tree in read_trees(root)["train"]:
        for label, tokens in nodes(tree):
            if " " not in tokens:
                labels.setdefault(tokens.lower(), set()).add(label)
    return lexicon(labels)


def lexicon(labels: Mapping[str, Iterable[int]]) -> Lexicon:
    """The classes of words with these labels.

    A word whose labels lie on both sides of neutral, or are neutral at one time and not at another,
    is in no class, and neither is a stop word that the annotators found not neutral ("sincere").
    """
    of = {word: set(given) for word, given in labels.items()}
    positive = {word for word, given in of.items() if min(given) > _NEUTRAL_LABEL}
    negative = {word for word, given in of.items() if max(given) < _NEUTRAL_LABEL}
    neutral = {word for word, given in of.items() if given == {_NEUTRAL_LABEL}}
    listed = frozenset(ENGLISH_STOP_WORDS)
    return Lexicon(
        stop=listed - positive - negative - NEGATIONS,
        positive=frozenset(positive - listed),
        negative=frozenset(negative - listed),
        neutral=frozenset(neutral - listed),
    )
