"""Tagging: sentences, words, batches by length, scores of tags, tags with offsets.

`tag` computes in the caller's thread. For a service, `submit` hands jobs to an engine that batches
the sentences of all requests. A text is split into sentences and these into words, unless whoever
asks has done so; each sentence is read by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from service.artifact import Artifact, ArtifactError, TaggingManifest, UnencodableText, encodable
from service.artifact.vocabulary import ROW, Vocabulary
from service.artifact.word_splitting import Word, split_words
from service.errors import TextError, TextTooLong
from service.pipelines.options import PipelineOptions
from service.pipelines.sentences import split_sentences
from service.pipelines.tag_decoding import TagDecoder, spans
from service.runtime.batches import batches_by_length
from service.runtime.batching import BatchEngine
from service.runtime.engine import EngineThread
from service.runtime.job import Item, Job
from service.runtime.session import Array, open_session

LONGEST_SENTENCE = 256  # words; a longer one is read in parts


class TaggedWord(NamedTuple):
    """A word, text[start:end] of its text, its tag, and the tag's probability in [0, 1]."""

    text: str
    start: int
    end: int
    tag: str
    score: float


class Entity(NamedTuple):
    """Words that are one entity, text[start:end], and the mean of their tags' scores."""

    text: str
    start: int
    end: int
    label: str
    score: float


class Tags(NamedTuple):
    """What the engine makes of a sentence: indices of tags, and their probabilities."""

    indices: list[int]
    scores: list[float]


@dataclass(frozen=True)
class SplitWords:
    """Texts as the words of their sentences."""

    sentences: list[list[list[Word]]]  # text by text

    @property
    def words(self) -> list[int]:
        """How many words each text has."""
        return [sum(map(len, sentences)) for sentences in self.sentences]

    @property
    def rows(self) -> int:
        """How many sentences there are in all texts: each is a row to a model."""
        return sum(map(len, self.sentences))


class TaggingPipeline:
    """A tagger ready to answer. Thread-safe."""

    def __init__(self, artifact: Artifact, options: PipelineOptions | None = None) -> None:
        """Raises TypeError for an artifact of another task, ArtifactError for its vocabulary."""
        if not isinstance(artifact.manifest, TaggingManifest):
            raise TypeError(f"{artifact.name} is a {artifact.manifest.task} model")
        self.artifact = artifact
        self.manifest = artifact.manifest
        self.tags = self.manifest.tags
        self.bio = self.manifest.scheme == "BIO"
        self.vocabulary = _vocabulary(artifact, self.manifest)
        self.options = options or PipelineOptions()
        self.full_rows = self.options.max_batch_size
        self._decoder = TagDecoder(self.tags, self.bio)
        self._session = open_session(artifact.graph_path("tagger"), self.options.threads)
        self._thread = EngineThread(
            BatchEngine(
                self.compute,
                self.options.max_batch_size,
                self.options.max_batch_tokens,
                self.options.max_queue_delay,
                self.options.measures(artifact.name),
                self._results,
            ),
            f"{artifact.name}-{artifact.version}",
        )

    def tag(self, texts: Sequence[str]) -> list[list[TaggedWord]]:
        """The words of each text with their tags.

        Raises TextError, which names the text, where one holds nothing to read, and TextTooLong.
        """
        split = self.split(texts)
        return self.joined(split, self.computed(self.encode(split)))

    def split(self, texts: Sequence[str]) -> SplitWords:
        """The words of each text, by rules. Raises TextError and TextTooLong."""
        language = self.manifest.language or "en"
        sentences = []
        for i, text in enumerate(texts):
            try:
                encodable(text)
            except UnencodableText as error:
                raise TextError(i, str(error)) from None
            sentences.append(_sentences(text, language))
            self._check_length(i, sum(map(len, sentences[-1])))
        return _split(sentences)

    def given(self, sentences: Sequence[Sequence[str]]) -> SplitWords:
        """Words that were split already, a sentence each; their offsets are into the words joined
        by single spaces. Raises TextError, which names the sentence, and TextTooLong.
        """
        found = []
        for i, tokens in enumerate(sentences):
            self._check_length(i, len(tokens))
            words: list[Word] = []
            place = 0
            for token in tokens:
                if not token.strip():
                    what = "only white space" if token else "empty"
                    raise TextError(
                        i, f"word {len(words)}, counted from 0, is {what}; leave it out"
                    )
                try:
                    encodable(token)
                except UnencodableText as error:
                    raise TextError(i, f"word {len(words)}: {error}") from None
                words.append(Word(token, place, place + len(token)))
                place += len(token) + 1
            found.append(_parts(words))
        return _split(found)

    def encode(self, split: SplitWords) -> list[Array]:
        """What the model reads: a row for each sentence, words x ROW, int32.

        Of some thousand words it takes longer than an event loop may.
        """
        return [self.encode_words(words) for of_text in split.sentences for words in of_text]

    def encode_words(self, words: Sequence[Word]) -> Array:
        """The row of one sentence: words x ROW, int32."""
        return self.vocabulary.encode([word.text for word in words])

    def joined(self, split: SplitWords, results: Sequence[Tags]) -> list[list[TaggedWord]]:
        """The words of each text with their tags, from what was computed of each row."""
        answers: list[list[TaggedWord]] = []
        place = 0
        for sentences in split.sentences:
            answers.append([])
            for words, found in zip(
                sentences, results[place : place + len(sentences)], strict=True
            ):
                answers[-1] += [
                    TaggedWord(*word, self.tags[index], score)
                    for word, index, score in zip(words, *found, strict=True)
                ]
            place += len(sentences)
        return answers

    def submit(self, job: Job, rows: Sequence[Any]) -> None:
        """Have rows that `encode` made tagged; each result is a `Tags`.

        Of a job that is raw, the row's logits (words x tags, float32).
        """
        self._thread.submit(job, job.items(rows))

    def close(self) -> None:
        """End the thread. To be called when all jobs have been answered."""
        self._thread.close()

    def compute(self, rows: Sequence[Any]) -> Array:
        """Logits (rows x longest x tags, float32) of rows of words, as one batch."""
        return self._session.run(self.feeds(rows))["logits"]

    def feeds(self, rows: Sequence[Any]) -> dict[str, Array]:
        """What the graph takes for rows of words: tokens (rows x longest x ROW) and lengths."""
        lengths = np.array([len(row) for row in rows], dtype=np.int32)
        tokens = np.zeros((len(rows), int(lengths.max()), ROW), dtype=np.int32)
        for i, row in enumerate(rows):
            tokens[i, : len(row)] = row
        return {"tokens": tokens, "lengths": lengths}

    def logits(self, rows: Sequence[Array]) -> list[Array]:
        """Logits (words x tags, float32) of each row, in the order given."""
        found: list[Array] = [np.zeros(0)] * len(rows)
        batches = batches_by_length(
            [len(row) for row in rows], self.options.max_batch_size, self.options.max_batch_tokens
        )
        for batch in batches:
            for i, logits in zip(batch, self.compute([rows[i] for i in batch]), strict=True):
                found[i] = logits[: len(rows[i])]
        return found

    def computed(self, rows: Sequence[Array]) -> list[Tags]:
        """The tags of each row, computed in the caller's thread."""
        return [self.decoded(logits) for logits in self.logits(rows)]

    def decoded(self, logits: Array) -> Tags:
        """The best allowed tags of a row of logits (words x tags), and their probabilities."""
        highest = logits.max(axis=1, keepdims=True)
        logs = logits - highest
        logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
        path = self._decoder.decode(logs)
        scores = np.exp(logs[np.arange(len(path)), path])
        return Tags(path.tolist(), scores.tolist())

    def _results(self, batch: Sequence[Item], logits: Array) -> list[Any]:
        """What each job of a batch wants of its logits (rows x longest x tags, float32)."""
        rows = [row[: len(item.tokens)] for row, item in zip(logits, batch, strict=True)]
        return [
            row if item.job.raw else self.decoded(row)
            for row, item in zip(rows, batch, strict=True)
        ]

    def _check_length(self, index: int, words: int) -> None:
        limit = self.options.max_text_tokens
        if words > limit:
            raise TextTooLong(
                index, f"the text has {words:,} words; the limit is {limit:,}: send it in parts"
            )


def entities(text: str, words: Sequence[TaggedWord]) -> list[Entity]:
    """The entities of BIO tags; their texts are parts of ``text``."""
    found = []
    for span in spans([word.tag for word in words]):
        inside = words[span.start : span.end]
        start, end = inside[0].start, inside[-1].end
        score = sum(word.score for word in inside) / len(inside)
        found.append(Entity(text[start:end], start, end, span.label, score))
    return found


def _vocabulary(artifact: Artifact, manifest: TaggingManifest) -> Vocabulary:
    facts = manifest.vocabulary
    vocabulary = Vocabulary.from_file(artifact.path / facts.file)
    if (vocabulary.word_count, vocabulary.character_count) != (facts.words, facts.characters):
        raise ArtifactError(
            f"{artifact.path / facts.file} has {vocabulary.word_count} words and "
            f"{vocabulary.character_count} characters; the manifest states {facts.words} and "
            f"{facts.characters}"
        )
    return vocabulary


def _split(sentences: list[list[list[Word]]]) -> SplitWords:
    """Raises TextError for a text without a word."""
    for i, of_text in enumerate(sentences):
        if not of_text:
            raise TextError(i, "there is no word in it; send at least one")
    return SplitWords(sentences)


def _sentences(text: str, language: str) -> list[list[Word]]:
    """The words of each sentence, with offsets into the whole text."""
    split = split_sentences(text, language)
    sentences = []
    place = 0
    for gap, sentence in zip(split.gaps, split.sentences, strict=False):
        place += len(gap)
        words = [
            Word(word.text, place + word.start, place + word.end) for word in split_words(sentence)
        ]
        sentences += _parts(words)
        place += len(sentence)
    return sentences


def _parts(words: list[Word]) -> list[list[Word]]:
    """The words of a sentence, in parts where there are too many to be one."""
    return [
        words[start : start + LONGEST_SENTENCE] for start in range(0, len(words), LONGEST_SENTENCE)
    ]
