"""Runs explanations for requests: one at a time, in a thread of its own, behind everything else.

They are asked for rarely and take longer than answers do, so a worker computes one after the other
at the lowest priority, and takes few at a time. A translation is first searched for as any other
is, by the engine of its model, together with those of all other requests.

Owned by the worker's event loop. What a version needs to be explained is opened at its first
explanation, by the thread, and freed with it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from service.api.admission import Admission
from service.api.answers import INLINE_SPLITTING
from service.api.inference import Call, Inference, Raw
from service.api.search_options import taken_glossary
from service.api.work_thread import WorkThread
from service.explanation.classification import ClassifierExplainer, Question
from service.explanation.forms import written
from service.explanation.reading import check_length, read_text
from service.explanation.translation import explain_translation, require_attention
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import SearchOptions, TranslationPipeline
from service.runtime.job import Job
from service.settings import Settings

if TYPE_CHECKING:  # imported where the settings ask for them, or with the first of such models
    from service.api.glossaries import Glossaries
    from service.explanation.tagging import TaggerExplainer, TagQuestion
    from service.pipelines.tagging import TaggingPipeline

_NICENESS = 10  # more than that of a thread that decodes
_FREE = 4  # requests that are taken whatever the estimate of the wait says
_MAX_WAITING = 16  # requests that wait or are computed; more are refused with 429
_MAX_WAIT = 5.0  # seconds that one may have to wait, as far as can be foreseen


class Explanations:
    """Explanations, which the thread also writes in the form asked for: that takes long, too."""

    def __init__(
        self, settings: Settings, inference: Inference, glossaries: "Glossaries | None" = None
    ) -> None:
        """glossaries: of files, for translations."""
        self._max_tokens = settings.max_explained_tokens
        self._inference = inference
        self._glossaries = glossaries
        admission = Admission(_FREE, _MAX_WAITING, _MAX_WAIT)
        self._work = WorkThread(inference, "explanations", _NICENESS, admission)
        # By what they explain, and only as long as that lives: an explainer does not know it.
        self._explainers: WeakKeyDictionary[ClassificationPipeline, ClassifierExplainer] = (
            WeakKeyDictionary()
        )
        self._taggers: WeakKeyDictionary[TaggingPipeline, TaggerExplainer] = WeakKeyDictionary()

    async def of_label(
        self,
        pipeline: ClassificationPipeline,
        text: str,
        question: Question,
        form: str,
        call: Call,
    ) -> bytes:
        """An `explanation.classification.Explanation`.

        Raises TextError, TextTooLong, InvalidInput, Unexplainable, as `Inference.run`, and of
        pictures as `written`.
        """
        tokens, offsets = read_text(pipeline.artifact.tokenizer, text)
        check_length(len(tokens), self._max_tokens)

        def explain(job: Job) -> bytes:
            explanation = self._explainer(pipeline).explain(text, tokens, offsets, question)
            return written(explanation, form, lambda: job.over)

        call.artifact = pipeline.artifact
        return await self._work.run(pipeline.artifact, len(tokens), explain, call)

    async def of_translation(
        self,
        pipeline: TranslationPipeline,
        text: str,
        options: SearchOptions,
        form: str,
        call: Call,
    ) -> bytes:
        """An `explanation.translation.Explanation`. Raises as `of_label`."""
        require_attention(pipeline)
        if self._glossaries is not None:
            options = await self._glossaries.applied(options, pipeline, call)
        glossary = taken_glossary(pipeline, options)
        split = pipeline.split([text], glossary)
        tokens = sum(map(len, split.rows))
        check_length(tokens, self._max_tokens)
        call.artifact = pipeline.artifact
        found = await self._inference.run(Raw(pipeline), split.rows, call, options)
        targets: list[Sequence[int]] = [hypotheses[0].tokens for hypotheses in found]

        def explain(job: Job) -> bytes:
            explanation = explain_translation(pipeline, text, split, targets, glossary)
            return written(explanation, form, lambda: job.over)

        # The request was counted with its search; this is the rest of the same.
        own = replace(call, request=None)
        return await self._work.run(pipeline.artifact, tokens, explain, own)

    async def of_tag(
        self, pipeline: "TaggingPipeline", text: str, question: "TagQuestion", call: Call
    ) -> bytes:
        """An `explanation.tagging.TagExplanation` as JSON. Raises as `of_label`."""
        from service.explanation.tagging import TaggerExplainer

        # Its words are not encoded before it is known that they are few enough.
        if len(text) > INLINE_SPLITTING:
            split = await asyncio.to_thread(pipeline.split, [text])
        else:
            split = pipeline.split([text])
        (words,) = split.words
        check_length(words, self._max_tokens)

        def explain(job: Job) -> bytes:
            explainer = self._taggers.get(pipeline)
            if explainer is None:
                explainer = self._taggers[pipeline] = TaggerExplainer(pipeline.artifact)
            found = vars(explainer.explain(pipeline, split, question))
            return to_json({name: part for name, part in found.items() if part is not None})

        call.artifact = pipeline.artifact
        return await self._work.run(pipeline.artifact, words, explain, call)

    def close(self) -> None:
        """End the thread."""
        self._work.close()

    def _explainer(self, pipeline: ClassificationPipeline) -> ClassifierExplainer:
        """Called by the thread alone."""
        explainer = self._explainers.get(pipeline)
        if explainer is None:
            explainer = self._explainers[pipeline] = ClassifierExplainer(pipeline.artifact)
        return explainer
