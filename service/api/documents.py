"""Translates documents of HTML: their sentences with everybody else's, their tags by attention.

The event loop of the worker owns it. One thread of low priority finds where tags belong, document
by document, so that they cannot take the processor from texts. How markup is read and put back is
not known here (`service.pipelines.markup`, `service.pipelines.projection`).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from service.api.admission import Admission
from service.api.answers import Answers
from service.api.inference import Call, Inference
from service.api.work_thread import WorkThread
from service.errors import InvalidInput, TextError
from service.pipelines.alignment import align
from service.pipelines.markup import Markup
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import Alternative, TranslationPipeline, glossary_of
from service.repository import Lease
from service.runtime.search import SearchOptions

_NICENESS = 5  # as a thread that decodes
_MAX_WAITING = 256  # requests whose tags wait; more are refused with 429
_MAX_WAIT = 5.0  # seconds that one may have to wait, as far as can be foreseen
_INLINE_CHARACTERS = 1 << 13  # more take milliseconds to read or to write, and a thread


class Documents:
    """Translations of documents, in the order in which they are given."""

    def __init__(self, inference: Inference, answers: Answers) -> None:
        self._answers = answers
        admission = Admission(1, _MAX_WAITING, _MAX_WAIT)
        self._work = WorkThread(inference, "documents", _NICENESS, admission)

    async def read(self, texts: Sequence[str], language: str) -> list[Markup]:
        """The documents in some texts of a language. Raises TextError, which names the text."""
        if sum(map(len, texts)) > _INLINE_CHARACTERS:
            return await asyncio.to_thread(_read, texts, language)
        return _read(texts, language)

    async def translate(
        self,
        lease: Lease[TranslationPipeline],
        documents: Sequence[Markup],
        options: SearchOptions,
        call: Call,
    ) -> list[list[Alternative]]:
        """The alternatives of each document, best first. Raises as `Answers.translate`."""
        sentences = [sentence for document in documents for sentence in document.sentences]
        translated: list[list[Alternative]] = []
        if sentences:
            try:
                translated = await self._answers.translate(lease, sentences, options, call)
            except TextError as error:
                raise type(error)(_owner(documents, error.index), error.reason) from None
        pipeline = lease.pipeline
        glossary = glossary_of(await self._answers.with_glossaries(options, pipeline, call))

        def render(wanted: Callable[[], bool]) -> list[list[Alternative]]:
            return _render(pipeline, documents, translated, wanted, glossary)

        crossed = any(document.crossed for document in documents)
        if not crossed and sum(document.work for document in documents) <= _INLINE_CHARACTERS:
            return render(lambda: True)
        # No second request of the client: it counts in no metric of requests.
        own = replace(call, request=None, job=None)
        return await self._work.run(
            pipeline.artifact, max(1, len(sentences)), lambda job: render(lambda: not job.over), own
        )

    def close(self) -> None:
        """End the thread."""
        self._work.close()


def _read(texts: Sequence[str], language: str) -> list[Markup]:
    documents = []
    for index, text in enumerate(texts):
        try:
            documents.append(Markup(text, language))
        except InvalidInput as error:
            raise TextError(index, str(error)) from None
    return documents


def _render(
    pipeline: TranslationPipeline,
    documents: Sequence[Markup],
    translated: Sequence[Sequence[Alternative]],
    wanted: Callable[[], bool],
    glossary: Glossary | None,
) -> list[list[Alternative]]:
    position = 0
    results = []
    for document in documents:
        if not wanted():
            break  # nobody gets what there is
        own = translated[position : position + len(document.sentences)]
        position += len(own)
        # The nth alternative is made of the nth of each sentence, or of its last.
        results.append(
            [
                _alternative(
                    pipeline,
                    document,
                    [some[min(n, len(some) - 1)] for some in own],
                    wanted,
                    glossary,
                )
                for n in range(max(map(len, own), default=1))
            ]
        )
    return results


def _alternative(
    pipeline: TranslationPipeline,
    document: Markup,
    parts: Sequence[Alternative],
    wanted: Callable[[], bool],
    glossary: Glossary | None,
) -> Alternative:
    crossed = sorted(document.crossed)
    pairs = [(document.sentences[number], parts[number].text) for number in crossed]
    alignments = {
        number: alignment
        for number, alignment in zip(crossed, align(pipeline, pairs, wanted, glossary), strict=True)
        if alignment is not None
    }
    score = sum(part.score for part in parts) / len(parts) if parts else 0.0
    return Alternative(document.render([part.text for part in parts], alignments), score)


def _owner(documents: Sequence[Markup], sentence: int) -> int:
    """The document that a sentence is of."""
    for index, document in enumerate(documents):
        sentence -= len(document.sentences)
        if sentence < 0:
            return index
    raise IndexError(sentence)
