"""Translators behind the protocol: texts to texts, rows of tokens to rows of tokens."""

from collections.abc import Sequence

import numpy as np
from fastapi import Request

from service.api.inference import Call
from service.api.languages import warning_of
from service.api.open_inference import raw
from service.api.open_inference.inputs import Received, read_rows, read_texts
from service.api.open_inference.outputs import Outputs
from service.api.open_inference.parameters import TranslationParameters
from service.api.open_inference.signatures import TEXT
from service.api.open_inference.tensors import OutputTensor
from service.api.services import Services
from service.api.texts import locating
from service.errors import InvalidInput
from service.pipelines.translation import TranslationPipeline
from service.repository import Lease
from service.runtime.batches import pad_rows


async def infer(
    request: Request,
    services: Services,
    lease: Lease[TranslationPipeline],
    tensors: dict[str, Received],
    parameters: TranslationParameters,
) -> Outputs:
    """What a translator answers to texts or rows of tokens.

    Raises InvalidInput, LimitExceeded, and as `Inference.run`.
    """
    if TEXT.name in tensors:
        texts = read_texts(tensors, services.settings)
        call = parameters.call(request, services, len(texts))
        return await from_texts(services, lease, texts, parameters, call)
    vocabulary = lease.pipeline.manifest.tokenizer.vocabulary
    rows = read_rows(tensors, vocabulary, services.settings.max_source_tokens)
    call = parameters.call(request, services, len(rows))
    return await from_rows(services, lease, rows, parameters, call)


async def from_texts(
    services: Services,
    lease: Lease[TranslationPipeline],
    texts: list[str],
    parameters: TranslationParameters,
    call: Call,
) -> Outputs:
    """Translations and their scores [texts, hypotheses], best first.

    A text with fewer of them than another has its last one again. Raises InvalidInput, and as
    `Answers.translate`.
    """
    options = parameters.search(services.settings)
    language = lease.pipeline.languages.source
    with locating("text_input", texts):
        answer = services.answers.translate(lease, texts, options, call)
        results, warnings = await services.languages.alongside(answer, texts, language, call)
    width = max(map(len, results))
    rows = [row + row[-1:] * (width - len(row)) for row in results]
    shape = (len(rows), width)
    translations = [alternative.text for row in rows for alternative in row]
    scores = np.array([alternative.score for row in rows for alternative in row], np.float32)
    return Outputs(
        {
            "text_output": OutputTensor("text_output", "BYTES", shape, translations),
            "score": OutputTensor("score", "FP32", shape, scores),
        },
        warning=warning_of(TEXT.name, warnings),
    )


async def from_rows(
    services: Services,
    lease: Lease[TranslationPipeline],
    rows: Sequence[Sequence[int]],
    parameters: TranslationParameters,
    call: Call,
) -> Outputs:
    """The best translation of each row: tokens [rows, longest], without the end, and their lengths.

    Raises InvalidInput, and as `Inference.run`.
    """
    options = parameters.search(services.settings)
    if options.num_hypotheses > 1:
        raise InvalidInput("num_hypotheses is for text_input; tokens give the best one each")
    if parameters.glossary:
        raise InvalidInput("glossary is for text_input; tokens are translated as they are")
    best = await raw.best_hypotheses(services, lease.pipeline, rows, options, call)
    tokens, lengths = pad_rows([hypothesis.tokens for hypothesis in best])
    scores = np.array([[hypothesis.score] for hypothesis in best], np.float32)
    return Outputs(
        {
            "output_tokens": OutputTensor("output_tokens", "INT32", tokens.shape, tokens),
            "output_lengths": OutputTensor("output_lengths", "INT32", (len(best), 1), lengths),
            "score": OutputTensor("score", "FP32", scores.shape, scores),
        }
    )
