"""Taggers behind the protocol: texts to the tags of their words, with their places.

Its tensors are rectangular, so that every text takes as much room as the one with the most words.
"""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from fastapi import Request

from service.api.languages import warning_of
from service.api.open_inference.inputs import Received, read_texts
from service.api.open_inference.outputs import Outputs
from service.api.open_inference.parameters import RequestParameters
from service.api.open_inference.signatures import (
    END,
    LABEL,
    OUTPUT_LENGTHS,
    SCORE,
    START,
    TEXT,
)
from service.api.open_inference.tensors import OutputTensor
from service.api.services import Services
from service.api.texts import locating
from service.errors import LimitExceeded
from service.pipelines.tagging import TaggedWord, TaggingPipeline
from service.repository import Lease

# Of several texts: texts x words of the longest. Else 20 kB of texts, all but one of a word each,
# would be answered with many megabytes. A single text is never filled up.
LARGEST_TENSOR = 1 << 18
_INLINE_VALUES = 1 << 12  # in a tensor; more take milliseconds to write, and a thread


async def infer(
    request: Request,
    services: Services,
    lease: Lease[TaggingPipeline],
    tensors: dict[str, Received],
    parameters: RequestParameters,
) -> Outputs:
    """Tags, their scores and places [texts, longest], and how many words each text has.

    Behind the last word of a text stand empty labels and zeros. Raises InvalidInput,
    LimitExceeded, and as `Inference.run`.
    """
    texts = read_texts(tensors, services.settings)
    call = parameters.call(request, services, len(texts))
    with locating(TEXT.name, texts):
        answer = services.answers.tag(lease, texts, call, _check_size)
        language = lease.pipeline.manifest.language
        tagged, warnings = await services.languages.alongside(answer, texts, language, call)
    # Again: what the cache knew was not split.
    counts = [len(words) for words in tagged]
    _check_size(counts)
    warning = warning_of(TEXT.name, warnings)
    if len(counts) * max(counts) > _INLINE_VALUES:
        return await asyncio.to_thread(_outputs, tagged, warning)
    return _outputs(tagged, warning)


def _check_size(counts: Sequence[int]) -> None:
    """Raises LimitExceeded where texts of so many words make too large a tensor."""
    texts, longest = len(counts), max(counts)
    if texts > 1 and texts * longest > LARGEST_TENSOR:
        raise LimitExceeded(
            f"{TEXT.name} holds {texts:,} texts, the longest of {longest:,} words, and in the "
            f"answer all have the room of the longest: that is more than {LARGEST_TENSOR:,} "
            "words; send fewer texts at a time, long ones by themselves, or ask POST /tag"
        )


def _outputs(tagged: Sequence[Sequence[TaggedWord]], warning: str | None) -> Outputs:
    counts = [len(words) for words in tagged]
    shape = (len(tagged), max(counts))

    def numbers(value: Callable[[TaggedWord], float], dtype: type) -> np.ndarray:
        padded: np.ndarray = np.zeros(shape, dtype)
        for row, words in zip(padded, tagged, strict=True):
            row[: len(words)] = [value(word) for word in words]
        return padded

    labels = [label for words in tagged for label in _padded(words, shape[1])]
    lengths = np.array(counts, np.int32)[:, None]
    return Outputs(
        {
            LABEL.name: OutputTensor(LABEL.name, "BYTES", shape, labels),
            SCORE.name: OutputTensor(
                SCORE.name, "FP32", shape, numbers(lambda word: word.score, np.float32)
            ),
            START.name: OutputTensor(
                START.name, "INT32", shape, numbers(lambda word: word.start, np.int32)
            ),
            END.name: OutputTensor(
                END.name, "INT32", shape, numbers(lambda word: word.end, np.int32)
            ),
            OUTPUT_LENGTHS.name: OutputTensor(OUTPUT_LENGTHS.name, "INT32", lengths.shape, lengths),
        },
        warning=warning,
    )


def _padded(words: Sequence[TaggedWord], longest: int) -> list[str]:
    return [word.tag for word in words] + [""] * (longest - len(words))
