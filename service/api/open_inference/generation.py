"""Generators behind the protocol: a text, or a row of tokens, and what they write behind it."""

import numpy as np
from fastapi import Request

from service.api.generation_schemas import (
    MaxTokens,
    NumSequences,
    SampledTopK,
    Seed,
    Stop,
    Temperature,
    TopP,
)
from service.api.generations import check_prompt, sampling_options
from service.api.inference import Call
from service.api.open_inference.inputs import Received, given_texts, read_rows
from service.api.open_inference.outputs import Outputs
from service.api.open_inference.parameters import RequestParameters
from service.api.open_inference.signatures import TEXT
from service.api.open_inference.tensors import OutputTensor
from service.api.services import Services
from service.api.texts import locating
from service.artifact import PAD_ID
from service.errors import InvalidInput
from service.pipelines.generation import GenerationPipeline, SamplingOptions
from service.repository import Lease
from service.runtime.batches import pad_rows
from service.settings import Settings


class GenerationParameters(RequestParameters):
    """What a generator is to do."""

    max_tokens: MaxTokens = None
    temperature: Temperature = None
    top_k: SampledTopK = None
    top_p: TopP = None
    seed: Seed = None
    stop: Stop = None
    num_sequences: NumSequences = None

    def sampling(self, settings: Settings) -> SamplingOptions:
        """The sampling that is asked for. Raises InvalidInput where it is beyond the limits."""
        if (self.num_sequences or 1) > 1:
            raise InvalidInput(
                "num_sequences: the answer has one continuation of each text; send infer the text "
                "several times, or ask POST /generate"
            )
        return sampling_options(
            settings,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            seed=self.seed,
            stop=self.stop,
        )


async def infer(
    request: Request,
    services: Services,
    lease: Lease[GenerationPipeline],
    tensors: dict[str, Received],
    parameters: GenerationParameters,
) -> Outputs:
    """What follows each text [texts, 1], or each row of tokens, without the end.

    Raises InvalidInput, LimitExceeded, and as `Inference.run`.
    """
    options = parameters.sampling(services.settings)
    if TEXT.name in tensors:
        texts = given_texts(tensors)
        for index, text in enumerate(texts):  # which may be empty
            check_prompt(f"{TEXT.name}[{index}]", text, services.settings)
        call = parameters.call(request, services, len(texts))
        with locating("text_input", texts):
            written = await services.generations.generate(lease, texts, options, call)
        shown = OutputTensor("text_output", "BYTES", (len(texts), 1), [one.text for one in written])
        return Outputs({"text_output": shown})
    vocabulary = lease.pipeline.manifest.tokenizer.vocabulary
    rows = read_rows(tensors, vocabulary, services.settings.max_prompt_tokens)
    call = parameters.call(request, services, len(rows))
    sampled = await services.generations.sample(lease, rows, options, call)
    lengths = np.array([[len(one.tokens)] for one in sampled], np.int32)
    # A text may end at once; a tensor has a column all the same.
    tokens, _ = pad_rows([one.tokens or [PAD_ID] for one in sampled])
    return Outputs(
        {
            "output_tokens": OutputTensor("output_tokens", "INT32", tokens.shape, tokens),
            "output_lengths": OutputTensor("output_lengths", "INT32", lengths.shape, lengths),
        }
    )


async def generate(
    services: Services,
    lease: Lease[GenerationPipeline],
    text: str,
    parameters: GenerationParameters,
    call: Call,
) -> str:
    """What follows a text. Raises as `Generations.generate`."""
    options = parameters.sampling(services.settings)
    (written,) = await services.generations.generate(lease, [text], options, call)
    return written.text
