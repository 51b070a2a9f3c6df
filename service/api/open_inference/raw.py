"""Rows of tokens given to the engines as they are, and what the graphs make of them.

They wait, are batched, counted and dropped together with the texts of all other requests.
"""

from collections.abc import Sequence

import numpy as np

from service.api.inference import Call, Raw
from service.api.services import Services
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import TranslationPipeline
from service.runtime.search import Hypothesis, SearchOptions
from service.runtime.session import Array


async def logits(
    services: Services,
    pipeline: ClassificationPipeline,
    rows: Sequence[Sequence[int]],
    call: Call,
) -> Array:
    """Logits (rows x classes, float32). Raises as `Inference.run`."""
    call.artifact = pipeline.artifact
    results = await services.inference.run(Raw(pipeline), rows, call)
    services.metrics.engines.of(pipeline.artifact.name).texts(len(rows))
    return np.stack(results)


async def best_hypotheses(
    services: Services,
    pipeline: TranslationPipeline,
    rows: Sequence[Sequence[int]],
    options: SearchOptions,
    call: Call,
) -> list[Hypothesis]:
    """The best hypothesis for each row. Raises as `Inference.run`."""
    call.artifact = pipeline.artifact
    results = await services.inference.run(Raw(pipeline), rows, call, options)
    services.metrics.engines.of(pipeline.artifact.name).texts(len(rows))
    return [hypotheses[0] for hypotheses in results]
