"""From the scores of tags to tags, and from tags to entities. Pure: arrays in, values out.

Entities are written in BIO (Ramshaw and Marcus 1995; "IOB2"): B-x begins an entity of the kind x,
I-x goes on with it, O is in none. I-x can therefore not come first, nor behind O or a tag of
another kind. Such sequences are impossible here: the best of those that are allowed is found by the
algorithm of Viterbi over log-probabilities, without learnt transitions.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Array = np.ndarray

OUTSIDE = "O"
FORBIDDEN = -1e9  # added to a log-probability; finite, so that no difference of two is undefined


class Span(NamedTuple):
    """An entity: tokens[start:end]."""

    label: str
    start: int
    end: int


def is_bio(tags: Sequence[str]) -> bool:
    """Whether tags are those of BIO: O, and B-x for each I-x."""
    others = [tag for tag in tags if tag != OUTSIDE]
    named = all(tag[:2] in ("B-", "I-") and len(tag) > 2 for tag in others)
    begun = all(f"B-{tag[2:]}" in others for tag in others if named and tag[0] == "I")
    return OUTSIDE in tags and bool(others) and named and begun


class TagDecoder:
    """Finds the best allowed sequence of tags. Immutable; may be shared by threads."""

    def __init__(self, tags: Sequence[str], bio: bool) -> None:
        """bio: whether some sequences are forbidden."""
        self.tags = tuple(tags)
        self._start = np.zeros(len(tags))  # tags
        self._follow = np.zeros((len(tags), len(tags)))  # tags before x tags behind
        for j, tag in enumerate(tags if bio else ()):
            if tag.startswith("I-"):
                self._start[j] = FORBIDDEN
                for i, before in enumerate(tags):
                    if before[2:] != tag[2:] or before == OUTSIDE:
                        self._follow[i, j] = FORBIDDEN
        self._bound = bool(self._start.any())

    def decode(self, log_probs: Array) -> Array:
        """Indices of tags (tokens, int64) of log-probabilities (tokens x tags).

        Viterbi 1967; of equally good sequences, the one with the lower indices from the end.
        """
        best: Array = log_probs.argmax(axis=1)
        if not self._bound or self._allowed(best):
            return best  # no allowed sequence is better than the best of all
        scores = log_probs[0] + self._start  # tags: of the best sequence that ends in each
        came_from = np.zeros(log_probs.shape, dtype=np.int64)  # tokens x tags
        for t in range(1, len(log_probs)):
            ways = scores[:, None] + self._follow  # before x behind
            came_from[t] = ways.argmax(axis=0)
            scores = ways.max(axis=0) + log_probs[t]
        path = np.empty(len(log_probs), dtype=np.int64)
        path[-1] = scores.argmax()
        for t in range(len(path) - 1, 0, -1):
            path[t - 1] = came_from[t, path[t]]
        return path

    def _allowed(self, path: Array) -> bool:
        return not (self._start[path[0]] or self._follow[path[:-1], path[1:]].any())


def spans(tags: Sequence[str]) -> list[Span]:
    """The entities of an allowed sequence of BIO tags. An I-x that follows none begins one."""
    found: list[Span] = []
    label, start = "", 0
    for i, tag in enumerate([*tags, OUTSIDE]):
        goes_on = tag.startswith("I-") and tag[2:] == label
        if goes_on:
            continue
        if label:
            found.append(Span(label, start, i))
        label, start = ("", i) if tag == OUTSIDE else (tag[2:], i)
    return found
