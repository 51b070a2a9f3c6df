"""Runs an encoder and a one-step decoder over a batch of sequences until all searches are done.

The tensor side of decoding: it gathers states and memory and knows nothing about scores; the
searches are pure and touch no tensor. A *row* is one (sequence, beam) pair; per step one gather
both reorders beams and drops finished rows. Memory (encoder states and attention keys, computed
once a sentence) is the same for all rows of a sequence, so it moves only when a row's sequence
changes. Called from a worker thread; keeps no state between calls.
"""

from collections.abc import Sequence

import numpy as np

from service.runtime.batches import pad_rows
from service.runtime.search import BeamSearch
from service.runtime.session import Array, Session


class Decoder:
    """The two graphs of a translator and the names of their tensors."""

    def __init__(
        self,
        encoder: Session,
        step: Session,
        states: Sequence[str],
        memory: Sequence[str],
        begin_token: int,
    ) -> None:
        self.encoder = encoder
        self.step = step
        self.states = tuple(states)
        self.memory = tuple(memory)
        self.begin_token = begin_token

    def decode(self, sources: Sequence[Sequence[int]], searches: Sequence[BeamSearch]) -> None:
        """Run every search to its end; their hypotheses are then ready.

        sources: token ids of each sentence, none empty; searches: one each, fresh.
        """
        tokens, lengths = pad_rows(sources)
        encoded = self.encoder.run({"tokens": tokens, "lengths": lengths})
        owners = np.arange(len(sources))  # rows: the sequence of each row
        states = {name: encoded[name] for name in self.states}  # rows x *
        memory = {name: encoded[name] for name in self.memory}  # rows x source_time x *
        source_lengths = lengths
        words = np.full(len(sources), self.begin_token, dtype=np.int32)
        while len(owners):
            k = max(searches[owner].candidates for owner in owners.tolist())
            feeds = {"token": words, "source_lengths": source_lengths, **states, **memory}
            output = self.step.run({**feeds, "k": np.array([k], dtype=np.int64)})
            parents, words = _advance(searches, owners, output["log_probs"], output["next_tokens"])
            moved = owners[parents]
            states = {name: output[f"next_{name}"][parents] for name in self.states}
            if not np.array_equal(moved, owners):
                longest = int(lengths[moved].max()) if len(moved) else 0
                memory = {name: encoded[name][moved, :longest] for name in self.memory}
                source_lengths = lengths[moved]
            owners = moved


def _advance(
    searches: Sequence[BeamSearch], owners: Array, log_probs: Array, tokens: Array
) -> tuple[Array, Array]:
    """Let each search take its rows on.

    owners: rows, ascending; log_probs, tokens: rows x k. Returns, for the rows that live on, the
    row each continues (int64) and its next token (int32).
    """
    parents: list[int] = []
    words: list[int] = []
    first = 0
    while first < len(owners):
        search = searches[owners[first]]
        last = first + search.rows
        k = search.candidates
        step = search.advance(log_probs[first:last, :k], tokens[first:last, :k])
        parents.extend(first + parent for parent in step.parents)
        words.extend(step.tokens)
        first = last
    return np.array(parents, dtype=np.int64), np.array(words, dtype=np.int32)
