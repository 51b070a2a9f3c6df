"""Text classification: tokens, batches by length, logits, labels with scores.

`classify` computes in the caller's thread. For a service, `submit` hands jobs to engines that
batch the texts of all requests. A recurrent network has no window, so a text is read whole,
whatever its length.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from service.artifact import Artifact, ClassificationManifest, UnencodableText
from service.errors import TextError, TextTooLong
from service.pipelines.options import PipelineOptions
from service.runtime.batches import batches_by_length, pad_rows
from service.runtime.batching import BatchEngine
from service.runtime.engine import EngineThread
from service.runtime.job import Item, Job
from service.runtime.session import Array, open_session

# A longer text computes for many milliseconds, and in a thread of its own, so that the short ones
# of others need not wait for it; and one after the other, because the longest take 300 MB.
LONG_TEXT_TOKENS = 512


class Prediction(NamedTuple):
    """A label and its probability in [0, 1]."""

    label: str
    score: float


class ClassificationPipeline:
    """A classifier ready to answer. Thread-safe."""

    def __init__(self, artifact: Artifact, options: PipelineOptions | None = None) -> None:
        """Raises TypeError for an artifact of another task."""
        if not isinstance(artifact.manifest, ClassificationManifest):
            raise TypeError(f"{artifact.name} is a {artifact.manifest.task} model")
        self.artifact = artifact
        self.manifest = artifact.manifest
        self.labels = self.manifest.labels
        self.options = options or PipelineOptions()
        self.full_rows = self.options.max_batch_size
        self._session = open_session(artifact.graph_path("classifier"), self.options.threads)
        self._short, self._long = (
            EngineThread(
                BatchEngine(
                    self.compute,
                    self.options.max_batch_size,
                    self.options.max_batch_tokens,
                    self.options.max_queue_delay,
                    self.options.measures(artifact.name),
                    self._results,
                ),
                f"{artifact.name}-{artifact.version}-{name}",
            )
            for name in ("short", "long")
        )

    def classify(self, texts: Sequence[str]) -> list[list[Prediction]]:
        """Every label with its score, best first, for each text.

        Raises TextError, which names the text, where one holds nothing to read, and TextTooLong.
        """
        rows = self.tokenize(texts)
        return self._ranked(self.logits(rows))

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text. Raises TextError and TextTooLong."""
        return [self._tokens(i, text) for i, text in enumerate(texts)]

    def submit(self, job: Job, rows: Sequence[Sequence[int]]) -> None:
        """Have rows of tokens classified; each result is a list as of `classify`.

        Of a job that is raw, the row's logits (classes, float32).
        """
        long = max(map(len, rows)) > LONG_TEXT_TOKENS
        (self._long if long else self._short).submit(job, job.items(rows))

    def close(self) -> None:
        """End the threads. To be called when all jobs have been answered."""
        self._short.close()
        self._long.close()

    def compute(self, rows: Sequence[Sequence[int]]) -> Array:
        """Logits (rows x classes, float32) of rows of tokens, as one batch."""
        tokens, lengths = pad_rows(rows)
        return self._session.run({"tokens": tokens, "lengths": lengths})["logits"]

    def logits(self, rows: Sequence[Sequence[int]]) -> Array:
        """Logits (rows x classes, float32) of token rows, in the order given; none may be empty."""
        logits = np.zeros((len(rows), len(self.labels)), dtype=np.float32)
        batches = batches_by_length(
            [len(row) for row in rows], self.options.max_batch_size, self.options.max_batch_tokens
        )
        for batch in batches:
            logits[batch] = self.compute([rows[i] for i in batch])
        return logits

    def _results(self, batch: Sequence[Item], logits: Array) -> list[Any]:
        """What each job of a batch wants of its logits (rows x classes, float32)."""
        results: list[Any] = self._ranked(logits)
        for i, item in enumerate(batch):
            if item.job.raw:
                results[i] = logits[i]
        return results

    def _ranked(self, logits: Array) -> list[list[Prediction]]:
        scores = softmax(logits)  # texts x classes
        ranks = np.argsort(-scores, axis=1, kind="stable").tolist()
        return [
            [Prediction(self.labels[c], line[c]) for c in rank]
            for line, rank in zip(scores.tolist(), ranks, strict=True)
        ]

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
