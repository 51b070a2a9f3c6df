"""mosec: worker processes behind a Rust front, with dynamic batching.

BENCHMARK_WORKERS, BENCHMARK_BATCH and BENCHMARK_WAIT (milliseconds) set it up; the port is an
argument of mosec's own.
"""

import os
from typing import Any

from mosec import Server, Worker

from benchmarks.systems.classifier import Classifier


class Sentiment(Worker):
    """Requests hold a text or several; a batch joins the texts of all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = Classifier.from_environment()

    def forward(self, data: Any) -> Any:
        """The answer to a request, or to each of a list of requests where batching is on."""
        return self.answer(data) if isinstance(data, list) else self.answer([data])[0]

    def answer(self, data: list[dict[str, Any]]) -> list[Any]:
        """One run for the texts of all requests."""
        batch = [
            [request["inputs"]] if isinstance(request["inputs"], str) else request["inputs"]
            for request in data
        ]
        answers = iter(self.classifier.classify([text for texts in batch for text in texts]))
        found = [[next(answers) for _ in texts] for texts in batch]
        return [
            answer[0] if isinstance(request["inputs"], str) else answer
            for request, answer in zip(data, found, strict=True)
        ]


if __name__ == "__main__":
    server = Server()
    server.append_worker(
        Sentiment,
        num=int(os.environ["BENCHMARK_WORKERS"]),
        max_batch_size=int(os.environ["BENCHMARK_BATCH"]),
        max_wait_time=int(os.environ["BENCHMARK_WAIT"]),
    )
    server.run()
