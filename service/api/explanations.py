"""Runs explanations for requests: one at a time, in a thread of its own, behind everything else.

They are asked for rarely and take longer than answers do, so a worker computes one after the other
at the lowest priority, and takes few at a time. A translation is first searched for as any other
is, by the engine of its model, together with those of all other requests.

Owned by the worker's event loop. What a version needs to be explained is opened at its first
explanation, by the thread, and freed with it.
"""

from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from service.api.admission import Admission
from service.api.inference import Call, Inference, Raw
from service.api.work_thread import WorkThread
from service.artifact import UnencodableText
from service.errors import TextError, TextTooLong
from service.explanation.classification import ClassifierExplainer, Question
from service.explanation.translation import explain_translation, require_attention
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import SearchOptions, TranslationPipeline
from service.runtime.job import Job
from service.settings import Settings

_NICENESS = 10  # more than that of a thread that decodes
_FREE = 4  # requests that are taken whatever the estimate of the wait says
_MAX_WAITING = 16  # requests that wait or are computed; more are refused with 429
_MAX_WAIT = 5.0  # seconds that one may have to wait, as far as can be foreseen


class Explanations:
    """Explanations as JSON, which the thread writes too, because they can be long."""

    def __init__(self, settings: Settings, inference: Inference) -> None:
        self._max_tokens = settings.max_explained_tokens
        self._inference = inference
        admission = Admission(_FREE, _MAX_WAITING, _MAX_WAIT)
        self._work = WorkThread(inference, "explanations", _NICENESS, admission)
        # By what they explain, and only as long as that lives: an explainer does not know it.
        self._explainers: WeakKeyDictionary[ClassificationPipeline, ClassifierExplainer] = (
            WeakKeyDictionary()
        )

    async def of_label(
        self, pipeline: ClassificationPipeline, text: str, question: Question, call: Call
    ) -> bytes:
        """An `explanation.classification.Explanation`.

        Raises TextError, TextTooLong, InvalidInput, Unexplainable, and as `Inference.run`.
        """
        try:
            tokens, offsets = pipeline.artifact.tokenizer.encode_with_offsets(text)
        except UnencodableText as error:
            raise TextError(0, str(error)) from None
        if not tokens:
            raise TextError(0, "nothing to read is left of it; send at least one word")
        self._check(len(tokens))

        def explain(job: Job) -> bytes:
            explanation = self._explainer(pipeline).explain(text, tokens, offsets, question)
            # What was not asked for is left out.
            parts = {name: part for name, part in vars(explanation).items() if part is not None}
            return to_json(parts)

        call.artifact = pipeline.artifact
        return await self._work.run(pipeline.artifact, len(tokens), explain, call)

    async def of_translation(
        self, pipeline: TranslationPipeline, text: str, options: SearchOptions, call: Call
    ) -> bytes:
        """An `explanation.translation.Explanation`. Raises as `of_label`."""
        require_attention(pipeline)
        split = pipeline.split([text])
        tokens = sum(map(len, split.rows))
        self._check(tokens)
        call.artifact = pipeline.artifact
        found = await self._inference.run(Raw(pipeline), split.rows, call, options)
        targets: list[Sequence[int]] = [hypotheses[0].tokens for hypotheses in found]

        def explain(job: Job) -> bytes:
            return to_json(explain_translation(pipeline, text, split, targets))

        # The request was counted with its search; this is the rest of the same.
        own = replace(call, request=None)
        return await self._work.run(pipeline.artifact, tokens, explain, own)

    def close(self) -> None:
        """End the thread."""
        self._work.close()

    def _check(self, tokens: int) -> None:
        if tokens > self._max_tokens:
            raise TextTooLong(
                0,
                f"the text has {tokens:,} tokens; the limit of an explanation is "
                f"{self._max_tokens:,}: send a part of it",
            )

    def _explainer(self, pipeline: ClassificationPipeline) -> ClassifierExplainer:
        """Called by the thread alone."""
        explainer = self._explainers.get(pipeline)
        if explainer is None:
            explainer = self._explainers[pipeline] = ClassifierExplainer(pipeline.artifact)
        return explainer
