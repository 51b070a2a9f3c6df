"""What the routes ask for: answers of a chosen version, from its engine or from the cache.

It also gives requests to a candidate that is being tried and compares what it answers. Owned by
the worker's event loop; knows nothing about HTTP but the request whose client may go.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from service.api.cache import AnswerCache
from service.api.inference import Call, Inference
from service.api.search_options import taken_glossary
from service.engine_metrics import EngineMetrics
from service.errors import (
    DeadlineExceeded,
    GatehouseError,
    LimitExceeded,
    Overloaded,
    TextError,
)
from service.pipelines.classification import ClassificationPipeline, Prediction
from service.pipelines.streaming import TranslationStream
from service.pipelines.translation import Alternative, SplitTexts, TranslationPipeline
from service.repository import Lease
from service.runtime.job import Token
from service.runtime.search import SearchOptions
from service.settings import Settings

logger = logging.getLogger(__name__)

_INLINE_CHARACTERS = 1 << 16  # more take tens of milliseconds to tokenise, and a thread
_INLINE_CELLS = 1 << 13  # likewise of values of sequences
INLINE_SPLITTING = 1 << 13  # characters; words are found by rules, which takes longer
_INLINE_WORDS = 1 << 11  # likewise of words to tag, of which a text may have one a character
_MAX_MIRRORED = 64  # requests given to candidates and not answered yet; more are not given

if TYPE_CHECKING:  # imported where the settings ask for them, or with the first of such models
    from service.api.glossaries import Glossaries
    from service.pipelines.sequence import Cells, SequencePipeline
    from service.pipelines.tagging import SplitWords, TaggedWord, TaggingPipeline

Answer = TypeVar("Answer")
Best = TypeVar("Best", Prediction, Alternative, "TaggedWord")
Prepared = TypeVar("Prepared")
CheckWords = Callable[[Sequence[int]], None]  # of the numbers of words of texts


class Answers:
    """Answers to texts, in the order of the texts."""

    def __init__(
        self,
        settings: Settings,
        inference: Inference,
        metrics: EngineMetrics,
        glossaries: "Glossaries | None" = None,
    ) -> None:
        """glossaries: of files, for translations."""
        self._settings = settings
        self._glossaries = glossaries
        self._inference = inference
        self._metrics = metrics
        self._cache = AnswerCache(settings.cache_bytes)
        self._mirrored: set[asyncio.Task[None]] = set()

    async def classify(
        self, lease: Lease[ClassificationPipeline], texts: Sequence[str], call: Call
    ) -> list[list[Prediction]]:
        """Every label with its score, best first, for each text. Raises as `Inference.run`."""
        call.artifact = lease.pipeline.artifact
        if self._cache:
            answers = await self._cached(
                lease, texts, None, lambda some: self._classify(lease.pipeline, some, call)
            )
        else:
            answers = await self._classify(lease.pipeline, texts, call)
            self._metrics.of(lease.pipeline.artifact.name).texts(len(texts))
        if lease.mirror is not None:
            mirror = lease.mirror.extend()
            self._compare(
                mirror,
                lambda: self._classify(mirror.pipeline, texts, _background(call)),
                answers,
            )
        return answers

    async def translate(
        self,
        lease: Lease[TranslationPipeline],
        texts: Sequence[str],
        options: SearchOptions,
        call: Call,
    ) -> list[list[Alternative]]:
        """The alternatives of each text, best first. Raises as `Inference.run`."""
        call.artifact = lease.pipeline.artifact
        asked = options
        options = await self.with_glossaries(asked, lease.pipeline, call)
        answers = await self._cached(
            lease, texts, options, lambda some: self._translate(lease.pipeline, some, options, call)
        )
        if lease.mirror is not None:
            mirror = lease.mirror.extend()
            self._compare(
                mirror,
                lambda: self._mirrored_translation(mirror.pipeline, texts, asked, call),
                answers,
            )
        return answers

    async def with_glossaries(
        self, options: SearchOptions, pipeline: TranslationPipeline, call: Call
    ) -> SearchOptions:
        """The options with which `translate` translates: with what files say of terms, too."""
        if self._glossaries is None:
            return options
        return await self._glossaries.applied(options, pipeline, call)

    async def sequences(
        self, lease: Lease["SequencePipeline"], sequences: Sequence["Cells"], call: Call
    ) -> list[Any]:
        """The labels or forecast of each sequence; none is cached. Raises as `Inference.run`."""
        call.artifact = lease.pipeline.artifact
        answers = await self._sequences(lease.pipeline, sequences, call)
        self._metrics.of(lease.pipeline.artifact.name).texts(len(sequences))
        if lease.mirror is not None:
            mirror = lease.mirror.extend()
            self._compare(
                mirror,
                lambda: self._sequences(mirror.pipeline, sequences, _background(call)),
                answers,
                lease.pipeline.essence,
            )
        return answers

    async def _sequences(
        self, pipeline: "SequencePipeline", sequences: Sequence["Cells"], call: Call
    ) -> list[Any]:
        steps = sum(len(column) for cells in sequences for column in cells.values())
        if steps > _INLINE_CELLS:
            rows = await asyncio.to_thread(pipeline.encode, sequences)
        else:
            rows = pipeline.encode(sequences)
        return await self._inference.run(pipeline, rows, call)

    async def tag(
        self,
        lease: Lease["TaggingPipeline"],
        texts: Sequence[str],
        call: Call,
        check: CheckWords | None = None,
    ) -> list[list["TaggedWord"]]:
        """The words of each text with their tags.

        check: called with the numbers of words of texts before they are tagged, and may raise.
        Raises as `Inference.run`.
        """
        call.artifact = lease.pipeline.artifact
        answers = await self._cached(
            lease, texts, None, lambda some: self._tag(lease.pipeline, some, call, check)
        )
        if lease.mirror is not None:
            mirror = lease.mirror.extend()
            self._compare(
                mirror,
                lambda: self._tag(mirror.pipeline, texts, _background(call)),
                answers,
                _tags,
            )
        return answers

    async def tag_words(
        self,
        lease: Lease["TaggingPipeline"],
        sentences: Sequence[Sequence[str]],
        call: Call,
    ) -> list[list["TaggedWord"]]:
        """The tags of words that were split already, a sentence each; neither cached nor compared.

        Raises as `Inference.run`.
        """
        pipeline = lease.pipeline
        call.artifact = pipeline.artifact
        texts = [" ".join(tokens) for tokens in sentences]
        answers = await self._tag_split(pipeline, lambda _: pipeline.given(sentences), texts, call)
        self._metrics.of(pipeline.artifact.name).texts(len(sentences))
        return answers

    async def stream(
        self, lease: Lease[TranslationPipeline], text: str, options: SearchOptions, call: Call
    ) -> AsyncGenerator[str | Alternative, None]:
        """What is to be appended, bit by bit, and at last the translation. Greedy."""
        pipeline = lease.pipeline
        call.artifact = pipeline.artifact
        self._inference.expect_room(pipeline, [text], call)
        options = await self.with_glossaries(options, pipeline, call)
        split = await self._split(pipeline, [text], options)
        stream = TranslationStream(pipeline.artifact.tokenizer, split)
        events = self._inference.stream(pipeline, split.rows, call, options)
        try:
            async for event in events:
                if isinstance(event, Token):
                    addition = stream.feed(event.index, event.token)
                    if addition:
                        yield addition
                else:
                    self._metrics.of(pipeline.artifact.name).texts(1)
                    yield split.join(event)[0][0]
        finally:
            await events.aclose()

    async def _classify(
        self, pipeline: ClassificationPipeline, texts: Sequence[str], call: Call
    ) -> list[list[Prediction]]:
        self._inference.expect_room(pipeline, texts, call)
        rows = await _prepared(pipeline.tokenize, texts)
        return await self._inference.run(pipeline, rows, call)

    async def _tag(
        self,
        pipeline: "TaggingPipeline",
        texts: Sequence[str],
        call: Call,
        check: CheckWords | None = None,
    ) -> list[list["TaggedWord"]]:
        return await self._tag_split(pipeline, pipeline.split, texts, call, check)

    async def _tag_split(
        self,
        pipeline: "TaggingPipeline",
        prepare: Callable[[Sequence[str]], "SplitWords"],
        texts: Sequence[str],
        call: Call,
        check: CheckWords | None = None,
    ) -> list[list["TaggedWord"]]:
        self._inference.expect_room(pipeline, texts, call)
        split = await _prepared(prepare, texts, INLINE_SPLITTING)
        self._check_sentences(split.rows)
        words = split.words
        if check is not None:
            check(words)
        if sum(words) <= _INLINE_WORDS:
            rows = pipeline.encode(split)
            return pipeline.joined(split, await self._inference.run(pipeline, rows, call))
        rows = await asyncio.to_thread(pipeline.encode, split)
        results = await self._inference.run(pipeline, rows, call)
        return await asyncio.to_thread(pipeline.joined, split, results)

    async def _translate(
        self,
        pipeline: TranslationPipeline,
        texts: Sequence[str],
        options: SearchOptions,
        call: Call,
    ) -> list[list[Alternative]]:
        self._inference.expect_room(pipeline, texts, call)
        split = await self._split(pipeline, texts, options)
        return split.join(await self._inference.run(pipeline, split.rows, call, options))

    async def _mirrored_translation(
        self,
        pipeline: TranslationPipeline,
        texts: Sequence[str],
        options: SearchOptions,
        call: Call,
    ) -> list[list[Alternative]]:
        """What a candidate answers, which may take a glossary where the active version takes none.

        options: as the request has them.
        """
        options = await self.with_glossaries(options, pipeline, call)
        return await self._translate(pipeline, texts, options, _background(call))

    async def _split(
        self, pipeline: TranslationPipeline, texts: Sequence[str], options: SearchOptions
    ) -> SplitTexts:
        glossary = taken_glossary(pipeline, options)
        split = await _prepared(lambda some: pipeline.split(some, glossary), texts)
        self._check_sentences(len(split.rows))
        return split

    def _check_sentences(self, count: int) -> None:
        """Raises LimitExceeded for more sentences than a request may have."""
        limit = self._settings.max_sentences
        if count > limit:
            raise LimitExceeded(
                f"the texts have {count:,} sentences; the limit is {limit:,} a request: "
                "send fewer at a time"
            )

    async def _cached(
        self,
        lease: Lease[Any],
        texts: Sequence[str],
        options: Hashable,
        compute: Callable[[Sequence[str]], Awaitable[list[Answer]]],
    ) -> list[Answer]:
        name = lease.pipeline.artifact.name
        metrics = self._metrics.of(name)
        if not self._cache:
            answers = await compute(texts)
            metrics.texts(len(texts))
            return answers
        # Not its number, which can come back: a version is removed, and another published.
        key = (lease.pipeline.artifact.manifest.digest, options)
        known: list[object | None] = [self._cache.get(text, key) for text in texts]
        missing = [i for i, answer in enumerate(known) if answer is None]
        metrics.cached(len(texts) - len(missing), len(missing))
        if missing:
            try:
                computed = await compute([texts[i] for i in missing])
            except TextError as error:
                raise type(error)(missing[error.index], error.reason) from None
            for i, answer in zip(missing, computed, strict=True):
                known[i] = answer
                self._cache.put(texts[i], key, answer, _size(answer))
            self._metrics.cache_bytes.set(self._cache.bytes)
        metrics.texts(len(texts))
        return known  # type: ignore[return-value]  # none is None any more

    def _compare(
        self,
        mirror: Lease[Any],
        compute: Callable[[], Awaitable[list[list[Best]]]],
        answers: list[list[Best]],
        essence: Callable[[list[list[Best]]], list[Any]] | None = None,
    ) -> None:
        """Have the candidate compute what was answered already, and count whether it agrees.

        It does where the essence of all answers is the same: by default the best label or
        translation of every text.
        """
        essence = essence or _best
        metrics = self._metrics.of(mirror.pipeline.artifact.name)
        if len(self._mirrored) >= _MAX_MIRRORED:
            metrics.mirrored("dropped")
            mirror.release()
            return

        async def compare() -> None:
            with mirror:
                try:
                    same = essence(await compute()) == essence(answers)
                    metrics.mirrored("same" if same else "different")
                except (Overloaded, DeadlineExceeded):
                    metrics.mirrored("dropped")  # too much to do, or too slow
                except GatehouseError:
                    metrics.mirrored("failed")  # a text that it cannot read
                except Exception as error:
                    logger.error("the candidate failed", exc_info=error)
                    metrics.mirrored("failed")

        task = asyncio.create_task(compare())
        self._mirrored.add(task)
        task.add_done_callback(self._mirrored.discard)


def _best(answers: Sequence[Sequence[Any]]) -> list[str]:
    """The first label or translation of each text."""
    return [ranked[0][0] for ranked in answers]


def _tags(answers: Sequence[Sequence["TaggedWord"]]) -> list[list[str]]:
    """The tags of each text."""
    return [[word.tag for word in words] for words in answers]


def _background(call: Call) -> Call:
    """For work that no client waits for."""
    return replace(call, request=None, bulk=True, job=None)


async def _prepared(
    prepare: Callable[[Sequence[str]], Prepared],
    texts: Sequence[str],
    inline: int = _INLINE_CHARACTERS,
) -> Prepared:
    if sum(map(len, texts)) > inline:
        return await asyncio.to_thread(prepare, texts)
    return prepare(texts)


def _size(answer: object) -> int:
    """Bytes of the texts in an answer, roughly."""
    if isinstance(answer, list):
        return sum(100 + 2 * len(part[0]) for part in answer)
    return 0
