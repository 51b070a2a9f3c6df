"""Sentences of Yelp reviews, of clear opinion, joined by the patterns of `composed.py`.

"The service was slow, but we really enjoyed the patio.": what speaks against each other here are
sentences that people wrote, so a network cannot learn the few words of a list instead. This module
knows nothing about networks.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from training.data.composed import LABELS, compose, read_words
from training.data.evidence import Evidence
from training.data.examples import LabelledText, LoadReport
from training.data.sentences import load_yelp

SOURCE = "yelp_composed"
COUNT = 30_000
SEED = 1
# A clause that can stand after "although" and "but": short, with a subject, without its own turn.
_SHORTEST, _LONGEST = 4, 10  # words
_SUBJECT = re.compile(
    r"(the|my|our|their|they|we|i|he|she|it|this|everything|everyone|service|food|staff) "
)
_TURNS = {
    "and", "although", "because", "but", "could", "however", "if", "should", "though", "wish",
    "would", "yet",
}  # fmt: skip
_PLAIN = re.compile(r"[a-zA-Z' -]+")
# Labels are the stars of whole reviews. A sentence has to say the same by its own words: the log of
# the ratio of probabilities, by naive Bayes over all sentences.
_CLEAR = 3.0


def load_composed_yelp(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """A training split alone, of Yelp's training sentences. Raises DataError."""
    rows, _ = load_yelp(root)["train"]
    clauses = clear_clauses(rows)
    words = {"any": read_words()["any"], "yelp": {
        sign: clauses[label] for sign, label in (("clause+", "positive"), ("clause-", "negative"))
    }}  # fmt: skip
    made = compose(words, COUNT, SEED, ("clause",)) if all(clauses.values()) else []
    return {"train": (made, LoadReport(SOURCE, "train", len(made), {}))}


def clear_clauses(rows: Sequence[LabelledText]) -> dict[str, list[str]]:
    """Sentences, without their full stops, that say by their words what their label says."""
    evidence = Evidence(rows)
    clauses: dict[str, list[str]] = {label: [] for label in LABELS}
    for row in rows:
        text = row.text.strip(" .!")
        words = text.split()
        if (
            _SHORTEST <= len(words) <= _LONGEST
            and _PLAIN.fullmatch(text)
            and _SUBJECT.match(text)
            and not _TURNS & set(words)
            and evidence.of_text(text) * (1 if row.label == "positive" else -1) >= _CLEAR
        ):
            clauses[row.label].append(text)
    return clauses
