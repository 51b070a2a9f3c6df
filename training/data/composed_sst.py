"""The patterns of `composed.py`, filled with what critics call films good and bad for.

The list of `composed-words.tsv` has thirty words of each kind, and a network that learns to turn
those round ("not boring at all") has not learnt to turn others. Here are the adjectives and the
nouns of the Stanford Sentiment Treebank's labelled phrases. This module knows nothing about
networks.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from training.data.composed import compose, read_words
from training.data.examples import LabelledText, LoadReport
from training.data.sst import load_phrases

SOURCE = "sst_composed"
COUNT = 40_000
SEED = 2
_SIGNS = {"positive": "+", "negative": "-"}
_ONE = r"[a-z]+(?:-[a-z]+)*"
_WORDS = rf"({_ONE}(?: {_ONE})?)"
# "is far too long": what stands alone behind a verb that asserts it; and words whose ending tells.
_ASSERTED = re.compile(rf"(?:is|was|are|were|seems|feels) {_WORDS}")
_ADJECTIVE = re.compile(r"[a-z-]{3,}(?:able|ible|ful|less|ous|ive|ish)")
_NOUN = re.compile(rf"an? {_WORDS}")
# Within a phrase these would turn it a second time, leave it half said, or say nothing.
_NOT_WITHIN = {
    "a", "about", "all", "almost", "also", "an", "and", "any", "anything", "as", "at", "back",
    "barely", "be", "been", "best", "bit", "but", "by", "else", "even", "everything",
    "everywhere", "few", "for", "from", "god", "hardly", "here", "in", "into", "it", "just",
    "less", "like", "little", "made", "merely", "more", "most", "much", "n't", "nearly",
    "neither", "never", "no", "nor", "not", "nothing", "of", "often", "on", "one", "only",
    "or", "over", "quite", "rather", "so", "something", "still", "than", "that", "the",
    "themselves", "there", "this", "to", "too", "up", "what", "when", "with", "without",
}  # fmt: skip
# Those in -ly that are adjectives; what is left of the others is the beginning of something longer.
_ADJECTIVES_IN_LY = {"chilly", "costly", "deadly", "friendly", "lively", "lovely", "silly", "ugly"}


def load_composed_sst(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """A training split alone, of the phrases of the treebank's training trees. Raises DataError."""
    phrases, _ = load_phrases(root)
    found = polar_words(phrases)
    words = {domain: dict(slots) for domain, slots in read_words().items()}
    words["any"] |= found
    made = compose(words, COUNT, SEED, ("adjective", "noun")) if all(found.values()) else []
    return {"train": (made, LoadReport(SOURCE, "train", len(made), {}))}


def polar_words(phrases: Sequence[LabelledText]) -> dict[str, list[str]]:
    """The adjectives and nouns of either label, by the names of the patterns' slots.

    What is found with both labels is left out.
    """
    labels: dict[tuple[str, str], set[str]] = defaultdict(set)
    for phrase in phrases:
        if found := _adjective_or_noun(phrase.text.lower()):
            labels[found].add(_SIGNS[phrase.label])
    adjectives = {said for kind, said in labels if kind == "adjective"}
    heads = {said.split()[1] for kind, said in labels if kind == "noun" and " " in said}
    slots: dict[str, list[str]] = {
        kind + sign: [] for kind in ("adjective", "noun") for sign in _SIGNS.values()
    }
    for (kind, said), signs in labels.items():
        last = said.split()[-1]
        # "a clever" is the beginning of something longer, "a mess" is none: there are messes of
        # some kind elsewhere.
        cut_off = kind == "noun" and (last in adjectives or (last == said and last not in heads))
        if len(signs) == 1 and not cut_off:
            slots[kind + next(iter(signs))].append(said)
    return slots


def _adjective_or_noun(text: str) -> tuple[str, str] | None:
    """The kind and the words, where a phrase is one of them."""
    if asserted := _ASSERTED.fullmatch(text):
        kind, said = "adjective", asserted[1]
        if said.endswith(("ed", "en")) and " " not in said:
            return None  # what happened to somebody
    elif noun := _NOUN.fullmatch(text):
        kind, said = "noun", noun[1]
    elif _ADJECTIVE.fullmatch(text):
        kind, said = "adjective", text
    else:
        return None
    *_, last = words = said.split()
    if _NOT_WITHIN & set(words) or (last.endswith("ly") and last not in _ADJECTIVES_IN_LY):
        return None
    return kind, said
