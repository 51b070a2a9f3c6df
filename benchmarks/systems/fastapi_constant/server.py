"""A FastAPI endpoint that reads the request and answers a constant: the price of HTTP alone."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
ANSWER = [{"label": "positive", "score": 0.75}, {"label": "negative", "score": 0.25}]


class Request(BaseModel):
    """A text or several."""

    inputs: str | list[str]


@app.post("/predict")
async def predict(request: Request) -> list[Any]:
    """The same answer for every text."""
    return ANSWER if isinstance(request.inputs, str) else [ANSWER for _ in request.inputs]
