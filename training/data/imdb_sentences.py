"""Sentences of IMDb's reviews with a word that may turn what they say, and the stars of the review.

"I expected to be bored and was anything but." Datasets of single sentences hold few of them,
reviews tens of thousands. That a sentence says what its review says is true more often than not,
and what holds for "could have been" over thousands of sentences is what is to be learnt (distant
supervision, Mintz et al. 2009). This module knows nothing about networks.
"""

import math
import re
from collections import Counter
from pathlib import Path

from service.pipelines.sentences import split_sentences
from training.data import imdb
from training.data.evidence import Evidence
from training.data.examples import LabelledText, LoadReport
from training.data.splits import normalise
from training.probes import read_probes

SOURCE = "imdb_sentences"
_SHORTEST, _LONGEST = 4, 25  # words
# What turns the words around it: negation, contrast, comparison, what was expected or would have
# been, what others think.
_CUES = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|neither|nor|without|hardly|\w+n['’]t|cannot"
    r"|fail(?:s|ed)? to|far from|anything but"
    r"|but|although|though|however|despite|in spite|yet|still|even if|while|instead|except"
    r"|better|worse|than|less|least"
    r"|would|could|should|might|if|wish(?:ed)?|hop(?:es?|ed|ing)|expect(?:s|ed|ing)?|suppos(?:ed|edly)"
    r"|thought|used to|at first|critics|reviews|reviewers|everyone|friends|others"
    r"|thanks|oh|yeah|sure|wow)\b",
    re.IGNORECASE,
)
# A sentence without a word that speaks as clearly as this, in either direction, tells the plot.
_OPINION = 1.0
_COMMON = 0.002  # the share of the reviews that must have the word


def load_imdb_sentences(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """A training split alone, of IMDb's training reviews. Raises DataError."""
    splits = imdb.load_splits(root)
    reviews = splits["train"][0]
    held_out = {
        normalise(sentence)
        for split in ("validation", "test")
        for row in splits[split][0]
        for sentence in split_sentences(row.text, "en").sentences
    } | {normalise(probe.text) for probe in read_probes()}
    evidence = Evidence(reviews)
    common = math.ceil(_COMMON * len(reviews))

    def clear(sentence: str) -> bool:
        return evidence.strongest(_CUES.sub(" ", sentence), common) >= _OPINION

    labels: dict[str, set[str]] = {}
    texts: dict[str, str] = {}
    dropped: Counter[str] = Counter()
    for review in reviews:
        for sentence in split_sentences(review.text, "en").sentences:
            if not _SHORTEST <= len(sentence.split()) <= _LONGEST:
                dropped["too short or too long"] += 1
            elif not _CUES.search(sentence) or not clear(sentence):
                dropped["without a turn or without an opinion"] += 1
            elif (key := normalise(sentence)) in held_out:
                dropped["also held out"] += 1
            else:
                labels.setdefault(key, set()).add(review.label)
                dropped["repeated"] += key in texts
                texts.setdefault(key, sentence)
    rows = [
        LabelledText(text, next(iter(labels[key])))
        for key, text in texts.items()
        if len(labels[key]) == 1
    ]
    dropped["in reviews of both kinds"] = len(texts) - len(rows)
    return {"train": (rows, LoadReport(SOURCE, "train", len(rows), dict(dropped)))}
