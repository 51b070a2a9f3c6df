"""BentoML: worker processes with adaptive batching.

BENCHMARK_WORKERS sets their number; the port is an argument of BentoML's own.
"""

import os
from typing import Any

import bentoml

from benchmarks.systems.classifier import Classifier


@bentoml.service(
    workers=int(os.environ["BENCHMARK_WORKERS"]),
    traffic={"timeout": 60},
    logging={"access": {"enabled": False}},
)
class Sentiment:
    """A batchable endpoint takes lists, and BentoML joins the lists of several requests."""

    def __init__(self) -> None:
        self.classifier = Classifier.from_environment()

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=10_000)
    def predict(self, texts: list[str]) -> list[Any]:
        """One run for the texts of all requests."""
        return list(self.classifier.classify(texts))
