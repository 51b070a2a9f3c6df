"""Sequence models behind the protocol: rows of features to forecasts or logits."""

from collections.abc import Sequence

import numpy as np
from fastapi import Request

from service.api.inference import Raw
from service.api.open_inference.inputs import Received, read_lengths
from service.api.open_inference.outputs import Outputs
from service.api.open_inference.parameters import RequestParameters
from service.api.open_inference.signatures import FEATURES, LENGTHS
from service.api.open_inference.tensors import OutputTensor, floats_of_bytes, floats_of_json
from service.api.services import Services
from service.api.texts import locating
from service.pipelines.classification import Prediction
from service.pipelines.sequence import SequencePipeline
from service.repository import Lease
from service.runtime.session import Array


async def infer(
    request: Request,
    services: Services,
    lease: Lease[SequencePipeline],
    tensors: dict[str, Received],
    parameters: RequestParameters,
) -> Outputs:
    """Forecasts [rows, horizon, columns] or logits [rows, labels].

    Raises InvalidInput, LimitExceeded, and as `Inference.run`.
    """
    pipeline = lease.pipeline
    given = _rows(tensors)
    with locating(FEATURES, [""]):
        rows = pipeline.check_features(given)
    call = parameters.call(request, services, len(rows))
    call.artifact = pipeline.artifact
    results = await services.inference.run(Raw(pipeline), rows, call)
    services.metrics.engines.of(pipeline.artifact.name).texts(len(rows))
    values = np.stack(results)
    if pipeline.manifest.forecast is not None:
        return Outputs({"forecast": OutputTensor("forecast", "FP32", values.shape, values)})

    def ranked() -> Sequence[Sequence[Prediction]]:
        order = np.argsort(-values, axis=1, kind="stable")
        return [
            [Prediction(pipeline.labels[c], float(line[c])) for c in classes]
            for line, classes in zip(values, order, strict=True)
        ]

    tensor = OutputTensor("logits", "FP32", values.shape, values)
    return Outputs({"logits": tensor}, ranked, pipeline.labels)


def _rows(tensors: dict[str, Received]) -> list[Array]:
    """The steps of each row, without what stands behind its length. Raises InvalidInput."""
    facts, tensor, binary = tensors[FEATURES]
    if binary is None:
        features = floats_of_json(facts.name, tensor.shape, tensor.data)
    else:
        features = floats_of_bytes(facts.name, tensor.shape, binary)
    if LENGTHS.name not in tensors:
        return list(features)
    lengths = read_lengths(tensors[LENGTHS.name], FEATURES, len(features), features.shape[1])
    return [row[:length] for row, length in zip(features, lengths, strict=True)]
