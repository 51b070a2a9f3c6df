"""Text classification: tokens, batches by length, logits, labels with scores.

Thread-safe: holds a session and facts, and no state between calls. A recurrent network has no
window, so a text is read whole, whatever its length.
"""

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from service.artifact import Artifact, ClassificationManifest, UnencodableText
from service.errors import TextError, TextTooLong
from service.pipelines.options import PipelineOptions
from service.runtime.batches import batches_by_length, pad_rows
from service.runtime.session import Array, open_session


class Prediction(NamedTuple):
    """A label and its probability in [0, 1]."""

    label: str
    score: float


class ClassificationPipeline:
    """A classifier ready to answer."""

    def __init__(self, artifact: Artifact, options: PipelineOptions | None = None) -> None:
        """Raises TypeError for an artifact of another task."""
        if not isinstance(artifact.manifest, ClassificationManifest):
            raise TypeError(f"{artifact.name} is a {artifact.manifest.task} model")
        self.artifact = artifact
        self.manifest = artifact.manifest
        self.labels = self.manifest.labels
        self.options = options or PipelineOptions()
        # A text longer than a batch takes some 13 kB a token while it is computed; one at a time.
        self._large = threading.Lock()
        self._session = open_session(artifact.graph_path("classifier"), self.options.threads)

    def classify(self, texts: Sequence[str]) -> list[list[Prediction]]:
        """Every label with its score, best first, for each text.

        Raises TextError, which names the text, where one holds nothing to read, and TextTooLong.
        """
        rows = [self._tokens(i, text) for i, text in enumerate(texts)]
        scores = softmax(self.logits(rows))  # texts x classes
        ranks = np.argsort(-scores, axis=1, kind="stable")
        return [
            [Prediction(self.labels[c], float(line[c])) for c in rank]
            for line, rank in zip(scores, ranks, strict=True)
        ]

    def logits(self, rows: Sequence[Sequence[int]]) -> Array:
        """Logits (rows x classes, float32) of token rows, in the order given; none may be empty."""
        logits = np.zeros((len(rows), len(self.labels)), dtype=np.float32)
        batches = batches_by_length(
            [len(row) for row in rows], self.options.max_batch_size, self.options.max_batch_tokens
        )
        for batch in batches:
            tokens, lengths = pad_rows([rows[i] for i in batch])
            large = tokens.size > self.options.max_batch_tokens
            with self._large if large else nullcontext():
                output = self._session.run({"tokens": tokens, "lengths": lengths})
            logits[batch] = output["logits"]
        return logits

    def _tokens(self, index: int, text: str) -> list[int]:
        try:
            tokens = self.artifact.tokenizer.encode(text)
        except UnencodableText as error:
            raise TextError(index, str(error)) from None
        if not tokens:
            raise TextError(index, "nothing to read is left of it; send at least one word")
        if len(tokens) > self.options.max_text_tokens:
            raise TextTooLong(
                index,
                f"the text has {len(tokens):,} tokens; the limit is "
                f"{self.options.max_text_tokens:,}: send it in parts",
            )
        return tokens


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares
