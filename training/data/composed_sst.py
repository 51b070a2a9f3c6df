"""The patterns of `composed.py`, filled with what critics call films good and bad for.

The list of `composed-words.tsv` has thirty words of each kind, and a network that learns to turn
those round ("not boring at all") has not learnt to turn others. Here are the adjectives and the
nouns of the Stanford Sentiment Treebank's labelled phrases, some 1,500. This module knows nothing
about networks.
"""

import re
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
_ASSERTED = re.compile(rf"(?:is|was|are|were|be|seems|feels) {_WORDS}")
_ADJECTIVE = re.compile(r"[a-z-]{3,}(?:able|ible|ful|less|ous|ive|ish|ic|some)")
_NOUN = re.compile(rf"an? {_WORDS}")
# Within a phrase these would turn it a second time, or leave it half said.
_NOT_WITHIN = {
    "a", "about", "all", "an", "and", "any", "as", "at", "be", "been", "but", "by", "for", "from",
    "hardly", "in", "into", "it", "less", "like", "more", "most", "n't", "neither", "never", "no",
    "nor", "not", "nothing", "of", "on", "one", "or", "so", "than", "that", "the", "this", "to",
    "too", "up", "what", "when", "with", "without",
}  # fmt: skip


def load_composed_sst(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """A training split alone, of the phrases of the treebank's training trees. Raises DataError."""
    phrases, _ = load_phrases(root)
    found = polar_words(phrases)
    words = {domain: dict(slots) for domain, slots in read_words().items()}
    words["any"] |= found
    made = compose(words, COUNT, SEED, ("adjective", "noun")) if all(found.values()) else []
    return {"train": (made, LoadReport(SOURCE, "train", len(made), {}))}


def polar_words(phrases: Sequence[LabelledText]) -> dict[str, list[str]]:
    """The adjectives and nouns of either label, by the names of the patterns' slots."""
    slots: dict[str, dict[str, None]] = {
        kind + sign: {} for kind in ("adjective", "noun") for sign in _SIGNS.values()
    }
    for phrase in phrases:
        text, sign = phrase.text.lower(), _SIGNS[phrase.label]
        if asserted := _ASSERTED.fullmatch(text):
            kind, said = "adjective", asserted[1]
        elif noun := _NOUN.fullmatch(text):
            kind, said = "noun", noun[1]
        elif _ADJECTIVE.fullmatch(text):
            kind, said = "adjective", text
        else:
            continue
        # "a pathetically" is the beginning of something longer.
        cut_off = kind == "noun" and said.endswith("ly")
        if not cut_off and not _NOT_WITHIN & set(said.split()):
            slots[kind + sign][said] = None
    return {slot: list(said) for slot, said in slots.items()}
