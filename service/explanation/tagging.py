"""Explains a tag: what the reading forwards, the reading backwards and the bias add to its logit.

The head is linear over the states of both directions side by side, logit = w→·h→ + w←·h← + b, so
that the split is exact. A tagger's graph is opened a second time, in such a way that it gives out
the values which its manifest names. Knows nothing about requests. Thread-safe.
"""

import logging
from dataclasses import dataclass

import numpy as np

from service.artifact import Artifact, TaggingManifest, TagInspection
from service.artifact.word_splitting import Word
from service.errors import InvalidInput, Unexplainable, listing, quote
from service.pipelines.tagging import SplitWords, TaggingPipeline
from service.runtime.inner_values import with_outputs
from service.runtime.session import Array, Session, open_session

logger = logging.getLogger(__name__)

_TOLERANCE = 1e-4  # of the parts' sum to the logit that the graph gives


@dataclass(frozen=True)
class TagQuestion:
    """What is to be explained of a text's tags."""

    token: int  # which word, from 0
    tag: str | None = None  # None: the one that it gets
    against: str | None = None  # by how much its logit is above this tag's


@dataclass(frozen=True)
class TagExplanation:
    """forward + backward + bias = logit; see `TaggerExplainer.explain`."""

    token: int
    text: str
    start: int
    end: int
    tag: str
    score: float  # the probability of the tag
    forward: float
    bias: float
    logit: float
    backward: float | None = None  # None of a model that reads forwards only
    against: str | None = None


class TaggerExplainer:
    """Explains what one version of a tagger answers."""

    def __init__(self, artifact: Artifact) -> None:
        """Raises Unexplainable where the manifest does not say where the values stand."""
        manifest = artifact.manifest
        assert isinstance(manifest, TaggingManifest)
        self._name = f"version {artifact.version} of {artifact.name}"
        if manifest.inspection is None:
            raise Unexplainable(
                f"{self._name} was exported without the names of the values that explain it; "
                "publish it again, or ask for another version"
            )
        self._tags = manifest.tags
        self._inspection = manifest.inspection
        self._session = self._open(artifact, manifest.inspection)

    def explain(
        self, pipeline: TaggingPipeline, split: SplitWords, question: TagQuestion
    ) -> TagExplanation:
        """The logit of a word's tag, split over the directions; with ``against`` the difference
        of two logits.

        split: of one text. Raises InvalidInput for a word or a tag that is not there, and
        Unexplainable.
        """
        words, place = _place(split, question.token)
        word = words[place]
        values = self._run(pipeline, pipeline.encode_words(words))
        logits = values["logits"][0].astype(np.float64)  # words x tags
        found = pipeline.decoded(values["logits"][0]).indices[place]
        tag = found if question.tag is None else self._tag("tag", question.tag)
        against = None if question.against is None else self._tag("against", question.against)
        if against == tag:
            raise InvalidInput(
                f"against must be another tag than the one explained, which is "
                f"{quote(self._tags[tag])}"
            )
        weight, bias, logit = (
            array[..., tag] - (0 if against is None else array[..., against])
            for array in (
                values[self._inspection.head_weight].astype(np.float64),  # states x tags
                values[self._inspection.head_bias].astype(np.float64),  # tags
                logits[place],
            )
        )
        states = values[self._inspection.states][place, 0].astype(np.float64)  # states
        parts = (states * weight).reshape(self._inspection.directions, -1).sum(axis=1)
        if abs(parts.sum() + bias - logit) > _TOLERANCE * max(1.0, abs(float(logit))):
            raise Unexplainable(
                f"{self._name} cannot be explained: the values that its manifest names do not add "
                "up to its answer; publish it again, or ask for another version"
            )
        shares = np.exp(logits[place] - logits[place].max())
        return TagExplanation(
            token=question.token,
            text=word.text,
            start=word.start,
            end=word.end,
            tag=self._tags[tag],
            score=float(shares[tag] / shares.sum()),
            forward=float(parts[0]),
            backward=float(parts[1]) if len(parts) > 1 else None,
            bias=float(bias),
            logit=float(logit),
            against=None if against is None else self._tags[against],
        )

    def _open(self, artifact: Artifact, inspection: TagInspection) -> Session:
        names = (inspection.states, inspection.head_weight, inspection.head_bias)
        try:
            model = artifact.graph_path("tagger").read_bytes()
            return open_session(with_outputs(model, dict.fromkeys(names)), threads=1)
        except Exception as error:
            logger.error("%s cannot be explained", self._name, exc_info=error)
            raise Unexplainable(
                f"{self._name} cannot be explained: its file cannot be opened with the values that "
                "its manifest names; publish it again, or ask for another version"
            ) from None

    def _run(self, pipeline: TaggingPipeline, row: Array) -> dict[str, Array]:
        inspection = self._inspection
        names = ("logits", inspection.states, inspection.head_weight, inspection.head_bias)
        return self._session.run(pipeline.feeds([row]), list(dict.fromkeys(names)))

    def _tag(self, field: str, tag: str) -> int:
        if tag not in self._tags:
            raise InvalidInput(
                f"{field} is {quote(tag)}; the tags of this model are {listing(self._tags)}"
            )
        return self._tags.index(tag)


def _place(split: SplitWords, token: int) -> tuple[list[Word], int]:
    """The sentence of a word of one text, and its place there. Raises InvalidInput."""
    (sentences,) = split.sentences
    first = 0
    for words in sentences:
        if token < first + len(words):
            return words, token - first
        first += len(words)
    raise InvalidInput(f"token is {token:,}; the words of this text are 0 to {first - 1:,}")
