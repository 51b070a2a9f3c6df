"""FastAPI with onnxruntime and no batching: what most tutorials end with.

Two routes do the same: one computes in the event loop, the other in FastAPI's thread pool.
"""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.systems.classifier import Classifier

app = FastAPI()
classifier = Classifier.from_environment()


class Request(BaseModel):
    """A text or several."""

    inputs: str | list[str]


@app.post("/predict")
async def predict(request: Request) -> list[Any]:
    """Labels and scores, computed in the event loop."""
    return answer(request)


@app.post("/predict-in-thread")
def predict_in_thread(request: Request) -> list[Any]:
    """Labels and scores, computed in a thread of the pool."""
    return answer(request)


def answer(request: Request) -> list[Any]:
    """A list of labels for a text, a list of such lists for several."""
    if isinstance(request.inputs, str):
        return classifier.classify([request.inputs])[0]
    return classifier.classify(request.inputs)
