"""Classifiers behind the protocol: texts to labels and scores, rows of tokens to logits."""

from collections.abc import Sequence

import numpy as np
from fastapi import Request

from service.api.inference import Call
from service.api.languages import warning_of
from service.api.open_inference import raw
from service.api.open_inference.inputs import Received, read_rows, read_texts
from service.api.open_inference.outputs import Outputs
from service.api.open_inference.parameters import ClassificationParameters
from service.api.open_inference.signatures import TEXT
from service.api.open_inference.tensors import OutputTensor
from service.api.services import Services
from service.api.texts import locating
from service.errors import InvalidInput
from service.pipelines.classification import ClassificationPipeline, Prediction
from service.repository import Lease


async def infer(
    request: Request,
    services: Services,
    lease: Lease[ClassificationPipeline],
    tensors: dict[str, Received],
    parameters: ClassificationParameters,
) -> Outputs:
    """What a classifier answers to texts or rows of tokens.

    Raises InvalidInput, LimitExceeded, and as `Inference.run`.
    """
    if TEXT.name in tensors:
        texts = read_texts(tensors, services.settings)
        call = parameters.call(request, services, len(texts))
        return await from_texts(services, lease, texts, parameters, call)
    if parameters.top_k is not None:
        raise InvalidInput(
            "top_k is for text_input; tokens give the logits of all classes, of which the output's "
            "own parameter classification picks the highest"
        )
    vocabulary = lease.pipeline.manifest.tokenizer.vocabulary
    rows = read_rows(tensors, vocabulary, services.settings.max_text_tokens)
    call = parameters.call(request, services, len(rows))
    return await from_rows(services, lease, rows, call)


async def from_texts(
    services: Services,
    lease: Lease[ClassificationPipeline],
    texts: list[str],
    parameters: ClassificationParameters,
    call: Call,
) -> Outputs:
    """Labels and their scores [texts, top_k], best first. Raises as `Answers.classify`."""
    language = lease.pipeline.manifest.language
    with locating("text_input", texts):
        answer = services.answers.classify(lease, texts, call)
        results, warnings = await services.languages.alongside(answer, texts, language, call)
    kept = [result[: parameters.top_k] for result in results]
    shape = (len(kept), len(kept[0]))
    labels = [prediction.label for row in kept for prediction in row]
    scores = np.array([prediction.score for row in kept for prediction in row], np.float32)
    return Outputs(
        {
            "label": OutputTensor("label", "BYTES", shape, labels),
            "score": OutputTensor("score", "FP32", shape, scores),
        },
        lambda: results,
        lease.pipeline.labels,
        warning_of(TEXT.name, warnings),
    )


async def from_rows(
    services: Services,
    lease: Lease[ClassificationPipeline],
    rows: Sequence[Sequence[int]],
    call: Call,
) -> Outputs:
    """Logits [rows, classes], in the order of the manifest's labels. Raises as `Inference.run`."""
    pipeline = lease.pipeline
    logits = await raw.logits(services, pipeline, rows, call)

    def ranked() -> list[list[Prediction]]:
        order = np.argsort(-logits, axis=1, kind="stable")
        return [
            [Prediction(pipeline.labels[c], float(line[c])) for c in classes]
            for line, classes in zip(logits, order, strict=True)
        ]

    tensor = OutputTensor("logits", "FP32", logits.shape, logits)
    return Outputs({"logits": tensor}, ranked, pipeline.labels)
