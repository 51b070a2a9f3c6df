"""Tells the language of texts, and warns of texts in another language than the one expected.

A classification model whose manifest says that its labels are languages tells them, and its engine
batches them with everybody else's. Owned by the worker's event loop; knows nothing about HTTP.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, TypeVar

from service.api.answers import Answers
from service.api.inference import Call, Inference
from service.errors import GatehouseError, TextError
from service.pipelines.writing import LATIN_LANGUAGES, excerpt, script_of
from service.pipelines.wrong_language import (
    language_name,
    language_warning,
    may_be_another,
    passage_of,
    primary,
    script_warning,
)
from service.repository import Repository
from service.settings import Settings

__all__ = [
    "WARNING_HEADER",
    "WARNING_HEADERS",
    "Detected",
    "Languages",
    "language_name",
    "warning_header",
    "warning_of",
]

logger = logging.getLogger(__name__)

WARNING_HEADER = "X-Gatehouse-Warning"
WARNING_HEADERS = {  # what /docs shows of it
    WARNING_HEADER: {
        "description": "where a text is clearly not in the language that the model reads: which "
        "text, and what it looks like",
        "schema": {"type": "string"},
        "example": "inputs: the text looks German (confidence 1.00); this model reads English",
    }
}
_PATIENCE = 0.1  # seconds that an answer may wait for its warnings
_MOST_CHECKED = 32  # texts of a request that are looked at
_NAMED = 3  # texts of a request that a header names

Answer = TypeVar("Answer")


class Detected(NamedTuple):
    """A language, as the model's label names it, and the probability in [0, 1] that it is that."""

    language: str
    confidence: float


class Languages:
    """Tells languages with the model that the repository has for it, if it has one."""

    def __init__(
        self, settings: Settings, repository: Repository, inference: Inference, answers: Answers
    ) -> None:
        self._warns = settings.language_warnings
        self._repository = repository
        self._inference = inference
        self._answers = answers
        self._alternatives = lru_cache(maxsize=64)(_alternatives)

    async def detect(self, texts: Sequence[str], call: Call) -> list[list[Detected]]:
        """The languages that the model knows, best first, for each text.

        The beginning of a text counts, of some 400 characters. A text without a letter of a script
        that the model knows may be any of them: they are equally likely, in the model's order.
        Raises NoLanguageModel and ModelsNotReady, and as `Inference.run`.
        """
        with self._repository.language_identifier() as lease:
            labels = lease.pipeline.labels
            passages = [excerpt(text) for text in texts]
            readable = [i for i, passage in enumerate(passages) if _is_readable(passage, labels)]
            unknown = [Detected(label, 1 / len(labels)) for label in labels]
            detected = [list(unknown) for _ in texts]
            if readable:
                try:
                    some = [passages[i] for i in readable]
                    ranked = await self._answers.classify(lease, some, call)
                except TextError as error:
                    raise type(error)(readable[error.index], error.reason) from None
                for i, predictions in zip(readable, ranked, strict=True):
                    detected[i] = [Detected(*prediction) for prediction in predictions]
        return detected

    async def alongside(
        self, answer: Awaitable[Answer], texts: Sequence[str], expected: str | None, call: Call
    ) -> tuple[Answer, list[str | None] | None]:
        """The answer to some texts and their warnings, which are found at the same time.

        A warning says that a text is clearly not in the language expected, and is None where it
        is, where nobody can be sure, and where no model tells languages. None in place of all
        where no text looks wrong at a glance, which takes a few microseconds each. An answer
        waits for its warnings for a tenth of a second at most, and for a check that fails not at
        all.
        """
        suspects = self._suspects(texts, expected)
        if not suspects or expected is None:
            return await answer, None
        check = asyncio.ensure_future(self._check(texts, suspects, expected, call))
        try:
            result = await answer
            await asyncio.wait((check,), timeout=_PATIENCE)
        finally:
            if not check.done():
                check.cancel()
        return result, check.result() if check.done() else None

    def _suspects(self, texts: Sequence[str], expected: str | None) -> list[int]:
        """The texts that a closer look may find to be in another language: most often none."""
        if not (self._warns and expected):
            return []
        language, others = self._alternatives(expected, self._repository.identified_languages)
        if not others:
            return []
        if len(texts) == 1:
            return [0] if may_be_another(texts[0], language, others) else []
        return [
            i
            for i, text in enumerate(texts[:_MOST_CHECKED])
            if may_be_another(text, language, others)
        ]

    async def _check(
        self, texts: Sequence[str], suspects: Sequence[int], expected: str, call: Call
    ) -> list[str | None]:
        """The warnings of all texts, of which only the suspects can have one."""
        warnings: list[str | None] = [None] * len(texts)
        try:
            found = await self._look_closely([texts[i] for i in suspects], primary(expected), call)
            for i, warning in zip(suspects, found, strict=True):
                warnings[i] = warning
        except GatehouseError:
            pass  # no model is ready, too much waits, or there is no time left
        except Exception as error:
            logger.error("the language of texts could not be checked", exc_info=error)
        return warnings

    async def _look_closely(
        self, texts: Sequence[str], language: str, call: Call
    ) -> list[str | None]:
        passages = [passage_of(text) for text in texts]
        warnings = [script_warning(passage, language) for passage in passages]
        doubtful = [i for i, warning in enumerate(warnings) if warning is None]
        if doubtful:
            with self._repository.language_identifier() as lease:
                rows = lease.pipeline.tokenize([passages[i] for i in doubtful])
                # No request of a client: it counts in no metric of requests.
                own = replace(call, request=None, artifact=None, job=None)
                results = await self._inference.run(lease.pipeline, rows, own)
            for i, ranked in zip(doubtful, results, strict=True):
                warnings[i] = language_warning(passages[i], ranked, language)
        return warnings


def _alternatives(expected: str, labels: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The primary codes of a language and of what else can be told.

    Nothing else where that language is none of the labels: a model cannot say what it never saw.
    """
    language, known = primary(expected), [primary(label) for label in labels]
    if language not in known:
        return language, ()
    return language, tuple(code for code in known if code != language)


def warning_header(
    field: str, warnings: Sequence[str | None] | None, single: bool
) -> dict[str, str]:
    """The header that tells of warnings: of the first few texts, and how many more there are.

    single: whether the field holds one text, and not a list.
    """
    warning = warning_of(field, warnings, single)
    return {} if warning is None else {WARNING_HEADER: warning}


def warning_of(
    field: str, warnings: Sequence[str | None] | None, single: bool = False
) -> str | None:
    """The same in one sentence; None where there is nothing to be said."""
    if warnings is None:
        return None
    places = [i for i, warning in enumerate(warnings) if warning is not None]
    if not places:
        return None
    parts = [f"{field if single else f'{field}[{i}]'}: {warnings[i]}" for i in places[:_NAMED]]
    if len(places) > _NAMED:
        parts.append(f"and {len(places) - _NAMED} more")
    return "; ".join(parts)


def _is_readable(passage: str, labels: Sequence[str]) -> bool:
    """Whether the model can have learnt something of such letters."""
    script, letters = script_of(passage)
    if not letters:
        return False
    if all(primary(label) in LATIN_LANGUAGES for label in labels):
        return script == "Latin"
    return True
