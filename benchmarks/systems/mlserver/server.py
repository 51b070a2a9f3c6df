"""MLServer: the Open Inference Protocol with adaptive batching along the first axis.

settings.json and model-settings.json beside it hold the settings; the ports come from the
environment (MLSERVER_HTTP_PORT and its like).
"""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

from benchmarks.systems.classifier import Classifier


class Sentiment(MLModel):
    """Texts in one tensor; best labels and their scores in two."""

    async def load(self) -> bool:
        """Open the model."""
        self.classifier = Classifier.from_environment()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """One run for the texts of all requests that were joined."""
        texts = StringCodec.decode_input(payload.inputs[0])
        best = [labels[0] for labels in self.classifier.classify(texts)]
        scores = np.array([[label["score"]] for label in best])
        return InferenceResponse(
            model_name=self.name,
            outputs=[
                StringCodec.encode_output("label", [label["label"] for label in best]),
                NumpyCodec.encode_output("score", scores),
            ],
        )
