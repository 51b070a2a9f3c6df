"""LitServe: batches of up to 32 requests, gathered for at most a millisecond."""

import argparse
from typing import Any

import litserve

from benchmarks.systems.classifier import Classifier


class Sentiment(litserve.LitAPI):
    """Requests hold a text or several; a batch joins the texts of all of them."""

    def setup(self, device: str) -> None:
        """Open the model in the worker."""
        self.classifier = Classifier.from_environment()

    def decode_request(self, request: dict[str, Any]) -> list[str]:
        """The texts of a request."""
        inputs = request["inputs"]
        return [inputs] if isinstance(inputs, str) else inputs

    def batch(self, inputs: list[list[str]]) -> list[list[str]]:
        """Requests as they are: the model call joins them."""
        return inputs

    def predict(self, batch: list[list[str]]) -> list[Any]:
        """One run for the texts of all requests."""
        answers = iter(self.classifier.classify([text for texts in batch for text in texts]))
        return [[next(answers) for _ in texts] for texts in batch]

    def unbatch(self, output: list[Any]) -> list[Any]:
        """An answer a request."""
        return output

    def encode_response(self, output: list[Any]) -> list[Any]:
        """A list of labels for one text, a list of such lists for several."""
        return output[0] if len(output) == 1 else output


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-servers", type=int, required=True)
    parser.add_argument("--wait", type=float, required=True, help="seconds")
    options = parser.parse_args()
    server = litserve.LitServer(
        Sentiment(max_batch_size=32, batch_timeout=options.wait),
        accelerator="cpu",
        workers_per_device=1,
        track_requests=False,
    )
    server.run(
        host="127.0.0.1",
        port=options.port,
        num_api_servers=options.api_servers,
        log_level="warning",
        generate_client_file=False,
    )
